//! Defines what is known of the machine under the machine: who works it, what holds calls back, and
//! how long the database takes.

use serde::{Deserialize, Serialize};

use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// The machine under the machine, of both worlds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SystemFacts {
    /// How long commits of this process took; `None` before its first.
    pub commits: Option<CommitFigures>,
    /// Processes that hold a lease.
    pub processes: Vec<ProcessRow>,
    /// Leases that nobody has given back.
    pub leases: Vec<LeaseRow>,
    /// What each receiver may still get.
    pub buckets: Vec<BucketRow>,
    /// Circuits that are not closed.
    pub breakers: Vec<BreakerRow>,
}

/// How long the latest commits of this process took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitFigures {
    /// How many of them were measured, at most the latest 512.
    pub n: u64,
    /// Half of them took at most so many microseconds.
    pub p50_us: u64,
    /// 99 of 100 took at most so many.
    pub p99_us: u64,
    /// The longest.
    pub max_us: u64,
}

/// A process that works something here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessRow {
    /// Its name: `serve pid 412@host`.
    pub owner: String,
    /// Its number.
    pub pid: u32,
    /// What it holds: `live layers 1-9, serving`.
    pub holds: String,
    /// When it started, wall clock; `None` when it ran in another boot.
    pub since: Option<Moment>,
    /// When it last renewed a lease, wall clock, if it has the same lease length as this process.
    pub renewed: Moment,
    /// Whether it still runs and its leases stand.
    pub is_alive: bool,
}

/// A lease.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseRow {
    /// Which world.
    pub mode: Mode,
    /// What it is of: `layer/3`, `clock`, `serve`.
    pub name: String,
    /// Who holds it.
    pub owner: String,
    /// When it ends unless renewed, wall clock.
    pub until: Moment,
}

/// The calls that a receiver may still get.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BucketRow {
    /// Which world.
    pub mode: Mode,
    /// The receiver.
    pub host: String,
    /// Calls that could be made at this moment.
    pub left: u32,
    /// Calls that could be made at once after a pause.
    pub of: u32,
    /// Calls that come back each minute.
    pub per_minute: u32,
}

/// A circuit that is not closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerRow {
    /// Which world.
    pub mode: Mode,
    /// The receiver.
    pub host: String,
    /// `open`, or `probing` while one call is let out.
    pub state: String,
    /// Until when no call passes, on the world's clock.
    pub until: Moment,
}
