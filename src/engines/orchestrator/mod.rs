//! Defines the orchestrator: it claims units, runs their layers, commits what they return, and waits.
//!
//! `contract` is what it drives, `plan` decides (pure), `worker` takes one unit from claim to
//! commit, `upcoming` knows what counterparties will do, `hold` keeps the leases, `engine` drives a
//! run to its end.

pub mod contract;
pub mod engine;
mod hold;
mod plan;
mod upcoming;
mod worker;
