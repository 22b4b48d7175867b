//! Reads attempts for people: every try of a unit with its cause, and the causes that units share.

use rusqlite::{Connection, Row, params};
use serde::Deserialize;

use super::error::StoreError;
use super::words::{json_opt, optional};
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::ids::{AttemptId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// One try of a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct AttemptLine {
    /// Its row.
    pub id: AttemptId,
    /// Which try, from 1.
    pub number: u32,
    /// How it ended.
    pub state: AttemptState,
    /// Start, mode clock.
    pub at: Moment,
    /// End, mode clock.
    pub ended_at: Option<Moment>,
    /// Start, wall clock.
    pub wall_at: Moment,
    /// How long it took.
    pub duration_us: Option<i64>,
    /// What it failed with.
    pub error: Option<WorkError>,
    /// The fingerprint of that.
    pub fingerprint: Option<String>,
    /// When the next try was planned for.
    pub retry_at: Option<Moment>,
    /// Why then.
    pub retry_why: Option<String>,
    /// Who worked it.
    pub owner: String,
}

const OF_UNIT: &str = "SELECT * FROM attempts WHERE unit_id = ?1 ORDER BY number";

/// Returns every try of a unit, the first one first.
pub fn of_unit(conn: &Connection, unit: UnitId) -> Result<Vec<AttemptLine>, StoreError> {
    let mut statement = conn.prepare_cached(OF_UNIT)?;
    let rows = statement.query_map([unit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A unit in trouble with the failure that put it there.
#[derive(Clone, Debug, PartialEq)]
pub struct Troubled {
    /// Which unit.
    pub unit: UnitId,
    /// Its layer.
    pub layer: Layer,
    /// Dead, held, or waiting for a retry.
    pub state: UnitState,
    /// When it is tried again.
    pub run_at: Option<Moment>,
    /// Its latest failed attempt.
    pub latest: AttemptLine,
}

const IN_TROUBLE: &str = "
SELECT id, run_at FROM units WHERE mode = ?1 AND layer = ?2 AND state = ?3
ORDER BY run_at DESC, id DESC LIMIT ?4";

const LATEST_FAILED: &str = "
SELECT * FROM attempts WHERE unit_id = ?1 AND message IS NOT NULL ORDER BY number DESC LIMIT 1";

/// Returns the units of `layer` that are dead, held or waiting for a retry, at most `limit` of each
/// state.
pub fn troubled(
    conn: &Connection,
    mode: Mode,
    layer: Layer,
    limit: u32,
) -> Result<Vec<Troubled>, StoreError> {
    let mut found = Vec::new();
    for state in [UnitState::Dead, UnitState::Held, UnitState::RetryWait] {
        let ids: Vec<(UnitId, Option<Moment>)> = conn
            .prepare_cached(IN_TROUBLE)?
            .query_map(params![mode, layer, state, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (unit, run_at) in ids {
            let mut statement = conn.prepare_cached(LATEST_FAILED)?;
            if let Some(latest) = optional(statement.query_row([unit], from_row))? {
                let run_at = run_at.filter(|_| state == UnitState::RetryWait);
                found.push(Troubled { unit, layer, state, run_at, latest });
            }
        }
    }
    Ok(found)
}

const FIRST_SEEN: &str = "
SELECT wall_at FROM attempts WHERE mode = ?1 AND fingerprint = ?2 ORDER BY id LIMIT 1";

/// Returns when an error with this fingerprint first happened, on the wall clock.
pub fn first_seen(
    conn: &Connection,
    mode: Mode,
    fingerprint: &str,
) -> Result<Option<Moment>, StoreError> {
    let mut statement = conn.prepare_cached(FIRST_SEEN)?;
    optional(statement.query_row(params![mode, fingerprint], |row| row.get(0)))
}

/// The column `causes`: what an error says besides its message.
#[derive(Deserialize)]
struct Causes {
    causes: Vec<String>,
    hint: Option<String>,
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<AttemptLine> {
    let class: Option<ErrorClass> = row.get("class")?;
    let causes: Option<Causes> = json_opt(row, "causes")?;
    let error = match class {
        Some(class) => {
            let mut error = WorkError::new(
                class,
                row.get::<_, Option<String>>("code")?.unwrap_or_default(),
                row.get::<_, Option<String>>("message")?.unwrap_or_default(),
            );
            if let Some(Causes { causes, hint }) = causes {
                (error.causes, error.hint) = (causes, hint);
            }
            Some(error)
        }
        None => None,
    };
    Ok(AttemptLine {
        id: row.get("id")?,
        number: row.get("number")?,
        state: row.get("state")?,
        at: row.get("at")?,
        ended_at: row.get("ended_at")?,
        wall_at: row.get("wall_at")?,
        duration_us: row.get("duration_us")?,
        error,
        fingerprint: row.get("fingerprint")?,
        retry_at: row.get("retry_at")?,
        retry_why: row.get("retry_why")?,
        owner: row.get("owner")?,
    })
}
