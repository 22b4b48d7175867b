//! Kills the machine at every commit and effect boundary, cuts its power, fills its disk, and compares
//! what is left with what the receivers saw.
//!
//! The receivers' record is a file of its own, fsynced at each arrival, so it tells the truth however
//! the machine died. `CEP_CRASH_FULL=1` is the long form of every suite here; `CEP_KILLS=500` says how
//! often two processes are killed at random.

#![expect(clippy::print_stderr, reason = "a skipped test says so, and each kill is reported")]
#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has to fail")]

mod bench;
mod boundaries;
mod commits;
mod disk;
mod invariants;
mod kills;
mod people;
mod points;
#[path = "../provider/mod.rs"]
mod provider;
mod serving;
mod trouble;
