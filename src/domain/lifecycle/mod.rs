//! Defines the four lifecycles, one file each: one state enum, one event enum, one total `next`.
//!
//! Nothing else in the program decides what may follow what. The store writes the state that
//! `next` returned, and an illegal transition is a typed error that names both ends.

pub mod attempt;
pub mod effect;
pub mod run;
pub mod unit;

#[cfg(test)]
mod walks;

/// A transition that the lifecycle does not have; reaching one is a bug, never bad luck.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a {what} that is {from} cannot take {event}")]
pub struct IllegalTransition {
    /// Which lifecycle.
    pub what: &'static str,
    /// The state it was in.
    pub from: &'static str,
    /// The event it was given.
    pub event: &'static str,
}
