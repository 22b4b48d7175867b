//! Defines the one door to the outside world: ports, the permit they demand, and the gate.

pub mod gate;
pub mod permit;
pub mod port;
