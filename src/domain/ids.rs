//! Defines the identifiers of rows, one type each, so that a unit can never be looked up by a run.
//!
//! Row ids are assigned by SQLite and mean nothing outside one database. Whatever must mean the
//! same thing tomorrow, in another file or at a provider, is named by a natural key instead
//! (`domain::effect::EffectKey`, a unit's `entity`).

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

row_id! {
    /// One execution of a layer, or of all of them.
    RunId
}
row_id! {
    /// The smallest piece of one layer's work.
    UnitId
}
row_id! {
    /// One try of a unit.
    AttemptId
}
row_id! {
    /// A change that a person may approve.
    ProposalId
}
row_id! {
    /// A fact in the append-only `events` table; ids only grow.
    EventId
}
row_id! {
    /// A request to change something, kept with its answer.
    CommandId
}

/// The fencing token of a lease: every write of its holder carries it, and a newer one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub i64);
