//! Defines the only doors to real time, processes and deliberate crashes.
//!
//! Everything above this module gets time as an argument or through `Clock`, so a test can hold it
//! still.

pub mod alarm;
pub mod clock;
pub mod durable;
pub mod failpoint;
pub mod process;
pub mod spawn;
