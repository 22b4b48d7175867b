//! Defines the one door to the outside world: ports, the permit they demand, the gate, and
//! what comes back.

pub mod counterparty;
pub mod gate;
pub mod permit;
pub mod port;
