//! Reads effects for people.

use rusqlite::{Connection, Row, params};

use super::effects::{self, EffectRow};
use super::error::StoreError;
use super::late_writes::{self, LateLine};
use super::words::optional;
use crate::domain::effect::EffectKey;
use crate::domain::ids::{AttemptId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// An effect as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectLine {
    /// Its world.
    pub mode: Mode,
    /// The journal's row.
    pub row: EffectRow,
    /// When it was last sent, on the wall clock.
    pub wall_at: Moment,
    /// What was refused about it because it came too late.
    pub late: Vec<LateLine>,
}

const NEWEST_IDS: &str = "
SELECT id FROM effects WHERE mode = ?1 AND layer = ?2 AND state = ?3 ORDER BY id DESC LIMIT ?4";
const BY_ID: &str = "SELECT * FROM effects WHERE id = ?1";

/// Returns effects of the layers in the states, the newest first.
pub fn list(
    conn: &Connection,
    mode: Mode,
    layers: &[Layer],
    states: &[EffectState],
    limit: u32,
) -> Result<Vec<EffectLine>, StoreError> {
    let mut ids: Vec<i64> = Vec::new();
    for (layer, state) in layers.iter().flat_map(|layer| states.iter().map(move |s| (layer, s))) {
        let mut statement = conn.prepare_cached(NEWEST_IDS)?;
        let rows = statement.query_map(params![mode, layer, state, limit], |row| row.get(0))?;
        ids.extend(rows.collect::<Result<Vec<i64>, _>>()?);
    }
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.truncate(limit as usize);
    let mut statement = conn.prepare_cached(BY_ID)?;
    let lines = ids.into_iter().map(|id| statement.query_row([id], from_row));
    with_late(conn, lines.collect::<Result<_, _>>()?)
}

/// An effect with what only its page shows.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectInFull {
    /// As a list shows it.
    pub line: EffectLine,
    /// Stored word of what the receiver allows when an answer was lost.
    pub recovery: String,
    /// The process that last sent it.
    pub owner: String,
    /// The attempt that last sent it.
    pub attempt: AttemptId,
}

const BY_KEY: &str = "SELECT * FROM effects WHERE mode = ?1 AND key = ?2";

/// Returns the effect with this key, with all that the journal has of it.
pub fn in_full(
    conn: &Connection,
    mode: Mode,
    key: &EffectKey,
) -> Result<Option<EffectInFull>, StoreError> {
    let found = conn.prepare_cached(BY_KEY)?.query_row(params![mode, key], |row| {
        Ok(EffectInFull {
            line: from_row(row)?,
            recovery: row.get("recovery")?,
            owner: row.get("owner")?,
            attempt: row.get("attempt_id")?,
        })
    });
    let Some(mut found) = optional(found)? else { return Ok(None) };
    found.line.late = late_writes::of_effect(conn, mode, key)?;
    Ok(Some(found))
}

const OF_UNIT: &str = "SELECT * FROM effects WHERE unit_id = ?1 ORDER BY id DESC";

/// Returns the effects of a unit, the newest first.
pub fn of_unit(conn: &Connection, unit: UnitId) -> Result<Vec<EffectLine>, StoreError> {
    let mut statement = conn.prepare_cached(OF_UNIT)?;
    let rows = statement.query_map([unit], from_row)?;
    with_late(conn, rows.collect::<Result<_, _>>()?)
}

fn with_late(conn: &Connection, mut lines: Vec<EffectLine>) -> Result<Vec<EffectLine>, StoreError> {
    for line in &mut lines {
        line.late = late_writes::of_effect(conn, line.mode, &line.row.key)?;
    }
    Ok(lines)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<EffectLine> {
    Ok(EffectLine {
        mode: row.get("mode")?,
        row: effects::from_row(row)?,
        wall_at: row.get("wall_at")?,
        late: Vec::new(),
    })
}
