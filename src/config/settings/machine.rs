//! Defines the engine and the simulated world that it is rehearsed in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::domain::fault::FaultPlan;
use crate::domain::market::MarketName;
use crate::domain::time::{Moment, SECOND_MS};

/// The engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Orchestrator {
    /// Units worked at the same time.
    pub concurrency: usize,
    /// Units claimed in one transaction.
    pub claim_batch: usize,
    /// Seconds an attempt may take.
    pub unit_timeout_s: u32,
    /// Seconds a receiver may take to answer.
    pub call_timeout_s: u32,
    /// Seconds a lease holds without renewal; at least twice as long as a call.
    pub lease_s: u32,
    /// Days of dry time that a whole run covers.
    pub horizon_days: u32,
    /// Days after the horizon in which awaited answers may still arrive.
    pub settle_days: u32,
    /// First instant of dry time.
    pub dry_start: Moment,
}

impl Orchestrator {
    /// Returns how long a receiver may take to answer, in milliseconds.
    pub const fn call_timeout_ms(&self) -> i64 {
        self.call_timeout_s as i64 * SECOND_MS
    }

    /// Returns how long a lease holds without renewal, in milliseconds.
    pub const fn lease_ms(&self) -> i64 {
        self.lease_s as i64 * SECOND_MS
    }
}

/// The simulated world.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sim {
    /// Everything simulated follows from it.
    pub seed: u64,
    /// How its people behave.
    pub market: MarketName,
    /// Rates of the market that have another value, by `section.rate`.
    pub rates: BTreeMap<String, f64>,
    /// Which calls fail.
    pub faults: FaultPlan,
    /// Whether the simulated mail server knows a mail that is sent again.
    pub mail_keys: bool,
    /// Where the simulated receivers note every call that arrives, if anywhere.
    pub receiver_log: Option<PathBuf>,
}
