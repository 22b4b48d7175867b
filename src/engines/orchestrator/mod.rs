//! Defines the orchestrator: it claims units, runs their layers, commits what they return, and waits.
//!
//! `contract` is what it drives, `order` what a run is told, `plan` decides (pure), `worker` takes
//! one unit from claim to commit, `upcoming` knows what counterparties will do, `hold` keeps the
//! leases, `course` starts and ends a run, `round` commits what a moment brings, `engine` drives it,
//! and `standing` keeps one going for good.

pub mod contract;
mod course;
pub mod engine;
pub mod hold;
pub mod order;
mod plan;
mod round;
mod standing;
mod upcoming;
mod worker;
