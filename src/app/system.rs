//! Reads what is known of the machine under the machine.

use rusqlite::Connection;

use super::parts::Parts;
use super::query::{BreakerRow, BucketRow, CommitFigures, LeaseRow, ProcessRow, SystemFacts};
use crate::domain::mode::Mode;
use crate::domain::resilience::breaker::Breaker;
use crate::domain::resilience::bucket::Bucket;
use crate::domain::time::{Moment, SECOND_MS};
use crate::store::clocks;
use crate::store::error::StoreError;
use crate::store::leases::{self, Standing};
use crate::store::limits::{self, LimitKind};

/// Clock ticks of a second, in which Linux tells the start of a process.
const TICKS_PER_S: i64 = 100;

/// Returns the facts of both worlds.
pub(super) fn facts(conn: &Connection, parts: &Parts) -> Result<SystemFacts, StoreError> {
    let mut facts = SystemFacts {
        commits: parts.store.commit_figures().map(|it| CommitFigures {
            n: it.n,
            p50_us: it.p50_us,
            p99_us: it.p99_us,
            max_us: it.max_us,
        }),
        ..SystemFacts::default()
    };
    let wall = parts.clock.wall();
    for mode in Mode::ALL {
        let now = match mode {
            Mode::Dry => clocks::dry(conn)?.unwrap_or(parts.settings.orchestrator.dry_start),
            Mode::Live => wall,
        };
        for standing in leases::standing(conn, mode, &parts.process, parts.clock.now())? {
            add_process(&mut facts.processes, mode, &standing, parts);
            let Standing { name, lease, .. } = standing;
            let (owner, until) = (lease.owner, lease.until);
            facts.leases.push(LeaseRow { mode, name, owner, until });
        }
        for (host, bucket) in limits::of_kind::<Bucket>(conn, mode, LimitKind::Bucket)? {
            let limit = parts.settings.rate.of(&host).limit();
            let left = bucket.left(limit, now);
            let (of, per_minute) = (limit.burst, limit.per_minute);
            facts.buckets.push(BucketRow { mode, host, left, of, per_minute });
        }
        for (host, breaker) in limits::of_kind::<Breaker>(conn, mode, LimitKind::Breaker)? {
            let (state, until) = match breaker {
                Breaker::Closed { .. } => continue,
                Breaker::Open { until } => ("open", until),
                Breaker::HalfOpen { until } => ("probing", until),
            };
            facts.breakers.push(BreakerRow { mode, host, state: state.to_owned(), until });
        }
    }
    Ok(facts)
}

/// Adds a lease to what its process holds.
fn add_process(processes: &mut Vec<ProcessRow>, mode: Mode, of: &Standing, parts: &Parts) {
    let lease = &of.lease;
    let held = format!("{mode} {}", of.name);
    let renewed = lease.until.plus_ms(-parts.settings.orchestrator.lease_ms());
    let same = |row: &&mut ProcessRow| row.owner == lease.owner;
    if let Some(row) = processes.iter_mut().find(same) {
        row.holds = format!("{}, {held}", row.holds);
        row.renewed = row.renewed.max(renewed);
        row.is_alive |= of.is_alive;
        return;
    }
    processes.push(ProcessRow {
        owner: lease.owner.clone(),
        pid: lease.pid,
        holds: held,
        since: started(lease.pid_start, &lease.boot_id, parts),
        renewed,
        is_alive: of.is_alive,
    });
}

/// Returns when a process of this boot started, by the wall clock of now.
fn started(ticks: i64, boot_id: &str, parts: &Parts) -> Option<Moment> {
    let now = parts.clock.now();
    let known = ticks > 0 && !boot_id.is_empty() && boot_id == parts.process.boot_id;
    known.then(|| now.wall.plus_ms(ticks * SECOND_MS / TICKS_PER_S - now.uptime.0))
}
