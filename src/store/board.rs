//! Reads what every picture of the machine shows: counts, what comes next, what went wrong last.
//!
//! Counts come from the rolling aggregates, everything else from the near end of an index, so a
//! picture costs the same however long the history is.

use rusqlite::types::FromSql;
use rusqlite::{Connection, params};

use super::error::StoreError;
use super::words::{count, optional};
use crate::domain::ids::{RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// So many rows of a layer in a state.
pub type Counts<S> = Vec<(Layer, S, u64)>;

const UNITS: &str = "SELECT layer, state, n FROM unit_counts WHERE mode = ?1";
const ATTEMPTS: &str = "SELECT layer, state, n FROM attempt_counts WHERE mode = ?1";
const EFFECTS: &str = "SELECT layer, state, n FROM effect_counts WHERE mode = ?1";

/// Returns how many units each layer has in each state.
pub fn units(conn: &Connection, mode: Mode) -> Result<Counts<UnitState>, StoreError> {
    counts(conn, UNITS, mode)
}

/// Returns how many attempts each layer has in each state.
pub fn attempts(conn: &Connection, mode: Mode) -> Result<Counts<AttemptState>, StoreError> {
    counts(conn, ATTEMPTS, mode)
}

/// Returns how many effects each layer has in each state.
pub fn effects(conn: &Connection, mode: Mode) -> Result<Counts<EffectState>, StoreError> {
    counts(conn, EFFECTS, mode)
}

fn counts<S: FromSql>(conn: &Connection, sql: &str, mode: Mode) -> Result<Counts<S>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([mode], |row| Ok((row.get(0)?, row.get(1)?, count(row, 2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What may run now and does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// How many units.
    pub n: u64,
    /// Since when the oldest has been due, on the mode's clock.
    pub oldest: Option<Moment>,
}

const READY_N: &str = "
SELECT n FROM unit_counts WHERE mode = ?1 AND layer = ?2 AND state = 'ready'";

const READY_OLDEST: &str = "
SELECT coalesce(run_at, created_at) FROM units
WHERE mode = ?1 AND layer = ?2 AND state = 'ready' ORDER BY id LIMIT 1";

const OVERDUE: &str = "
SELECT count(*), min(run_at) FROM units
WHERE mode = ?1 AND layer = ?2 AND state = ?3 AND run_at <= ?4";

/// Returns how many units of `layer` in `state` (ready, scheduled or waiting for a retry) may run at
/// `now`.
pub fn due_in(
    conn: &Connection,
    mode: Mode,
    layer: Layer,
    state: UnitState,
    now: Moment,
) -> Result<Due, StoreError> {
    if state == UnitState::Ready {
        let mut ready = conn.prepare_cached(READY_N)?;
        let n = optional(ready.query_row(params![mode, layer], |row| count(row, 0)))?;
        let mut oldest = conn.prepare_cached(READY_OLDEST)?;
        let oldest = optional(oldest.query_row(params![mode, layer], |row| row.get(0)))?.flatten();
        return Ok(Due { n: n.unwrap_or(0), oldest });
    }
    Ok(conn.prepare_cached(OVERDUE)?.query_row(params![mode, layer, state, now], |row| {
        Ok(Due { n: count(row, 0)?, oldest: row.get(1)? })
    })?)
}

/// A unit with a time in front of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed {
    /// Which unit.
    pub unit: UnitId,
    /// When, on the mode's clock.
    pub run_at: Moment,
    /// Why then.
    pub why: Option<String>,
    /// How many tries it has spent.
    pub tries: u32,
}

const NEXT: &str = "
SELECT id, run_at, why, tries FROM units
WHERE mode = ?1 AND layer = ?2 AND state = ?3 ORDER BY run_at LIMIT 1";

/// Returns the unit of `layer` in `state` (scheduled or waiting for a retry) that comes next.
pub fn next_of(
    conn: &Connection,
    mode: Mode,
    layer: Layer,
    state: UnitState,
) -> Result<Option<Timed>, StoreError> {
    optional(conn.prepare_cached(NEXT)?.query_row(params![mode, layer, state], |row| {
        Ok(Timed { unit: row.get(0)?, run_at: row.get(1)?, why: row.get(2)?, tries: row.get(3)? })
    }))
}

/// How many units of each troubled state are looked at for the latest cause. The latest failure is
/// among the youngest units in all but contrived cases, and a picture must not read thousands.
const LOOKED_AT: i64 = 16;

const LAST_ERROR: &str = "
SELECT a.code || ': ' || a.message FROM (
  SELECT id FROM (SELECT id FROM units WHERE mode = ?1 AND layer = ?2 AND state = 'retry_wait'
    ORDER BY run_at DESC LIMIT ?3)
  UNION ALL SELECT id FROM (SELECT id FROM units WHERE mode = ?1 AND layer = ?2 AND state = 'held'
    ORDER BY run_at DESC, id DESC LIMIT ?3)
  UNION ALL SELECT id FROM (SELECT id FROM units WHERE mode = ?1 AND layer = ?2 AND state = 'dead'
    ORDER BY run_at DESC, id DESC LIMIT ?3)) u
JOIN attempts a ON a.unit_id = u.id AND a.message IS NOT NULL
ORDER BY a.id DESC LIMIT 1";

/// Returns the cause of the latest failure of `layer` that still stands.
pub fn last_error(
    conn: &Connection,
    mode: Mode,
    layer: Layer,
) -> Result<Option<String>, StoreError> {
    let mut statement = conn.prepare_cached(LAST_ERROR)?;
    optional(statement.query_row(params![mode, layer, LOOKED_AT], |row| row.get(0)))
}

const LAST_ENDED: &str = "
SELECT wall_at + coalesce(duration_us, 0) / 1000 FROM attempts
WHERE mode = ?1 AND layer = ?2 AND state IN ('ok', 'failed', 'timed_out', 'lost')
ORDER BY ended_at DESC LIMIT 1";

/// Returns when the latest attempt of `layer` ended, on the wall clock.
pub fn last_ended_wall(
    conn: &Connection,
    mode: Mode,
    layer: Layer,
) -> Result<Option<Moment>, StoreError> {
    let mut statement = conn.prepare_cached(LAST_ENDED)?;
    optional(statement.query_row(params![mode, layer], |row| row.get(0)))
}

const RUN_WORK: &str = "SELECT layer, duration_us / 1000 FROM run_work WHERE run_id = ?1";

/// Returns the working time of each layer in a run, in milliseconds.
pub fn run_work_ms(conn: &Connection, run: RunId) -> Result<Vec<(Layer, u64)>, StoreError> {
    let mut statement = conn.prepare_cached(RUN_WORK)?;
    let rows = statement.query_map([run], |row| Ok((row.get(0)?, count(row, 1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The picture must not become slower with history, so no query of it may walk a whole table.
    #[test]
    fn no_query_of_the_picture_walks_a_whole_table() {
        let folder = tempfile::tempdir().unwrap();
        let conn = crate::store::open::writer(&folder.path().join("t.db")).unwrap();
        for sql in [
            UNITS,
            ATTEMPTS,
            EFFECTS,
            READY_N,
            READY_OLDEST,
            OVERDUE,
            NEXT,
            LAST_ERROR,
            LAST_ENDED,
            RUN_WORK,
        ] {
            let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let parameters = rusqlite::params_from_iter(vec![0; plan.parameter_count()]);
            let steps: Vec<String> =
                plan.query_map(parameters, |row| row.get(3)).unwrap().map(Result::unwrap).collect();
            // What was gathered along an index may be walked.
            let walks = |step: &String| {
                step.starts_with("SCAN")
                    && !step.starts_with("SCAN (")
                    && !["SCAN u", "SCAN CONSTANT ROW"].contains(&step.as_str())
            };
            assert!(!steps.iter().any(walks), "{sql}: {steps:?}");
        }
    }
}
