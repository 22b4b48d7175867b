//! Reads for people what a run has done.
//!
//! Attempts have no index by run, because every attempt would pay for it and few runs are looked at.
//! Their ids grow with the wall clock, so the stretch in which a run lies is found by halving, and no
//! more than `ATTEMPTS_MAX` of it are read.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::runs::RunRow;
use super::words::{count, optional};
use crate::domain::error::ErrorClass;
use crate::domain::ids::{EventId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::time::{MINUTE_MS, Moment};

/// How many attempts of a run are looked at, the first ones. A run of the whole pipeline over a city
/// makes some ten thousand.
pub const ATTEMPTS_MAX: i64 = 100_000;

/// How many causes are told. A person reads the first few.
const CAUSES_MAX: u32 = 20;

/// How far the wall clock may have been set between the rows of a run.
const CLOCK_SLACK_MS: i64 = MINUTE_MS;

/// What a run has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worked {
    /// The units it worked by layer and present state.
    pub units: Vec<(Layer, UnitState, u64)>,
    /// How many attempts it made.
    pub attempts: u64,
    /// Whether there are more attempts than were looked at.
    pub cut: bool,
    /// What failed, the most frequent first.
    pub causes: Vec<CauseLine>,
}

/// One cause of failed attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CauseLine {
    /// In which layer.
    pub layer: Layer,
    /// Of what class.
    pub class: ErrorClass,
    /// Its code.
    pub code: String,
    /// The latest message.
    pub message: String,
    /// How many attempts failed so.
    pub attempts: u64,
    /// How many units that were.
    pub units: u64,
    /// The unit of the latest.
    pub unit: UnitId,
}

const ATTEMPT_FROM: &str = "SELECT id, wall_at FROM attempts WHERE id >= ?1 ORDER BY id LIMIT 1";
const EVENT_FROM: &str = "SELECT id, wall_at FROM events WHERE id >= ?1 ORDER BY id LIMIT 1";
const LAST_ATTEMPT: &str = "SELECT coalesce(max(id), 0) FROM attempts";
const LAST_EVENT: &str = "SELECT coalesce(max(id), 0) FROM events";

/// Returns the first id of a row that is not older than `wall`, or one past the last.
fn first_from(conn: &Connection, last: &str, from: &str, wall: Moment) -> Result<i64, StoreError> {
    let last: i64 = conn.prepare_cached(last)?.query_row([], |row| row.get(0))?;
    let mut statement = conn.prepare_cached(from)?;
    let (mut low, mut high) = (1, last + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found = statement.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?)));
        let found: Option<(i64, Moment)> = optional(found)?;
        match found {
            Some((id, at)) if at < wall => low = id + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Returns the event before which those of a run lie; `None` while it has not ended.
pub fn events_end(conn: &Connection, run: &RunRow) -> Result<Option<EventId>, StoreError> {
    let Some(ended) = run.wall_ended_at else { return Ok(None) };
    let after = ended.plus_ms(CLOCK_SLACK_MS);
    Ok(Some(EventId(first_from(conn, LAST_EVENT, EVENT_FROM, after)?)))
}

const COUNT: &str = "
SELECT count(*) FROM attempts WHERE id >= :first AND id < :end AND run_id = :run";

const UNITS: &str = "
SELECT layer, state, count(*) FROM units WHERE id IN (
  SELECT unit_id FROM attempts WHERE id >= :first AND id < :end AND run_id = :run)
GROUP BY layer, state ORDER BY layer, state";

const CAUSES: &str = "
SELECT layer, class, code, message, count(*) AS attempts, count(DISTINCT unit_id) AS units,
  unit_id, max(id)
FROM attempts
WHERE id >= :first AND id < :end AND run_id = :run AND class IS NOT NULL
GROUP BY layer, coalesce(fingerprint, code) ORDER BY attempts DESC, max(id) DESC LIMIT :limit";

/// Returns what a run has done.
pub fn worked(conn: &Connection, run: &RunRow) -> Result<Worked, StoreError> {
    let started = run.wall_started_at.plus_ms(-CLOCK_SLACK_MS);
    let first = first_from(conn, LAST_ATTEMPT, ATTEMPT_FROM, started)?;
    let end = run.wall_ended_at.map_or(Moment(i64::MAX), |at| at.plus_ms(CLOCK_SLACK_MS));
    let end = first_from(conn, LAST_ATTEMPT, ATTEMPT_FROM, end)?;
    let cut = end - first > ATTEMPTS_MAX;
    let end = end.min(first + ATTEMPTS_MAX);
    let within = named_params! { ":first": first, ":end": end, ":run": run.id };
    let attempts = conn.prepare_cached(COUNT)?.query_row(within, |row| count(row, 0))?;
    let units = conn
        .prepare_cached(UNITS)?
        .query_map(within, |row| Ok((row.get(0)?, row.get(1)?, count(row, 2)?)))?
        .collect::<Result<_, _>>()?;
    let named = named_params! {
        ":first": first, ":end": end, ":run": run.id, ":limit": CAUSES_MAX,
    };
    let causes = conn
        .prepare_cached(CAUSES)?
        .query_map(named, |row| {
            Ok(CauseLine {
                layer: row.get("layer")?,
                class: row.get("class")?,
                code: row.get::<_, Option<String>>("code")?.unwrap_or_default(),
                message: row.get::<_, Option<String>>("message")?.unwrap_or_default(),
                attempts: count(row, 4)?,
                units: count(row, 5)?,
                unit: row.get("unit_id")?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Worked { units, attempts, cut, causes })
}

const PHI: &str = "
SELECT at, phi FROM coherence_metrics WHERE mode = ?1 AND run_id = ?2 ORDER BY id DESC LIMIT 1";

/// Returns the last value of Φ_sync that a run stored.
pub fn phi(conn: &Connection, run: &RunRow) -> Result<Option<(Moment, Option<f64>)>, StoreError> {
    let row = conn
        .prepare_cached(PHI)?
        .query_row(params![run.mode, run.id], |row| Ok((row.get(0)?, row.get(1)?)));
    optional(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_of_a_time_is_found_by_halving_even_where_ids_are_missing() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE events (id INTEGER PRIMARY KEY, wall_at INTEGER)")
            .unwrap();
        let find = |wall| first_from(&conn, LAST_EVENT, EVENT_FROM, Moment(wall)).unwrap();
        assert_eq!(find(10), 1, "an empty table");
        for id in [3_i64, 4, 9, 20, 21] {
            conn.execute("INSERT INTO events VALUES (?1, ?2)", [id, id * 10]).unwrap();
        }
        let found: Vec<_> = [0, 30, 31, 90, 91, 200, 210, 211].map(find).into();
        let row_at = |from: &i64| {
            let sql = "SELECT coalesce(min(id), 22) FROM events WHERE id >= ?1";
            conn.query_row(sql, [from], |row| row.get::<_, i64>(0)).unwrap()
        };
        let rows: Vec<_> = found.iter().map(row_at).collect();
        assert_eq!(rows, [3, 3, 4, 9, 20, 20, 21, 22]);
    }
}
