//! Reads units for people: lists, one unit, and what hangs on it.

use rusqlite::{Connection, Row, params};

use super::error::StoreError;
use super::words::{count, json, optional};
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::unit::UnitName;

/// A unit as a list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitLine {
    /// Its row.
    pub id: UnitId,
    /// Its world.
    pub mode: Mode,
    /// Its name.
    pub name: UnitName,
    /// The layer's word for it.
    pub kind: String,
    /// One line for a person.
    pub label: String,
    /// Its input.
    pub payload: serde_json::Value,
    /// Where it is.
    pub state: UnitState,
    /// Tries spent.
    pub tries: u32,
    /// When it goes on, on the mode's clock.
    pub run_at: Option<Moment>,
    /// Who works it now.
    pub worker: Option<String>,
    /// Why it is where it is.
    pub why: Option<String>,
    /// The unit it is blocked on.
    pub blocked_on: Option<String>,
    /// Its latest error, `code: message`.
    pub last_error: Option<String>,
    /// When it last changed, on the wall clock.
    pub changed_wall: Moment,
}

const TIMED_IDS: &str = "
SELECT id, run_at FROM units WHERE mode = ?1 AND layer = ?2 AND state = ?3 ORDER BY run_at LIMIT ?4";

const NEWEST_IDS: &str = "
SELECT id, run_at FROM units WHERE mode = ?1 AND layer = ?2 AND state = ?3
ORDER BY run_at DESC, id DESC LIMIT ?4";

/// Returns units of the layers in the states: those with a time in front of them first and in the
/// order of that time, then the others, the newest first.
pub fn list(
    conn: &Connection,
    mode: Mode,
    layers: &[Layer],
    states: &[UnitState],
    limit: u32,
) -> Result<Vec<UnitLine>, StoreError> {
    let mut timed: Vec<(Moment, UnitId)> = Vec::new();
    let mut others: Vec<UnitId> = Vec::new();
    for (layer, state) in layers.iter().flat_map(|layer| states.iter().map(move |s| (layer, s))) {
        let has_time = matches!(state, UnitState::Scheduled | UnitState::RetryWait);
        let sql = if has_time { TIMED_IDS } else { NEWEST_IDS };
        let mut statement = conn.prepare_cached(sql)?;
        let rows = statement.query_map(params![mode, layer, state, limit], |row| {
            Ok((row.get::<_, UnitId>(0)?, row.get::<_, Option<Moment>>(1)?))
        })?;
        for row in rows {
            let (id, run_at) = row?;
            match run_at {
                Some(at) if has_time => timed.push((at, id)),
                _ => others.push(id),
            }
        }
    }
    timed.sort_unstable();
    others.sort_unstable_by(|a, b| b.cmp(a));
    let ids = timed.into_iter().map(|(_, id)| id).chain(others).take(limit as usize);
    let mut lines = Vec::new();
    for id in ids {
        lines.extend(get(conn, id)?);
    }
    Ok(lines)
}

const BY_ID: &str = "
SELECT u.*,
  (SELECT owner FROM attempts WHERE unit_id = u.id AND state = 'started'
   ORDER BY number DESC LIMIT 1) AS worker,
  (SELECT code || ': ' || message FROM attempts WHERE unit_id = u.id AND message IS NOT NULL
   ORDER BY number DESC LIMIT 1) AS last_error,
  coalesce(
    (SELECT wall_at + coalesce(duration_us, 0) / 1000 FROM attempts WHERE unit_id = u.id
     ORDER BY number DESC LIMIT 1),
    (SELECT wall_started_at FROM runs WHERE id = u.run_id),
    u.created_at) AS changed_wall
FROM units u WHERE u.id = ?1";

/// Returns one unit.
pub fn get(conn: &Connection, id: UnitId) -> Result<Option<UnitLine>, StoreError> {
    optional(conn.prepare_cached(BY_ID)?.query_row([id], from_row))
}

const OF_ENTITY: &str = "
SELECT id FROM units WHERE mode = ?1 AND entity = ?2 ORDER BY id DESC LIMIT ?3";

/// Returns the units of an entity, the newest first.
pub fn of_entity(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    limit: u32,
) -> Result<Vec<UnitLine>, StoreError> {
    let mut statement = conn.prepare_cached(OF_ENTITY)?;
    let ids = statement.query_map(params![mode, entity, limit], |row| row.get(0))?;
    let ids: Vec<UnitId> = ids.collect::<Result<_, _>>()?;
    let lines = ids.into_iter().map(|id| get(conn, id));
    lines.filter_map(Result::transpose).collect()
}

const BLOCKED: &str = "
SELECT count(*), min(label) FROM units WHERE mode = ?1 AND state = 'blocked' AND blocked_on = ?2";

/// Returns how many units wait for the one called `name`, and the label of one of them.
pub fn blocked_on(
    conn: &Connection,
    mode: Mode,
    name: &UnitName,
) -> Result<(u64, Option<String>), StoreError> {
    Ok(conn
        .prepare_cached(BLOCKED)?
        .query_row(params![mode, name.as_column()], |row| Ok((count(row, 0)?, row.get(1)?)))?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<UnitLine> {
    Ok(UnitLine {
        id: row.get("id")?,
        mode: row.get("mode")?,
        name: UnitName {
            layer: row.get("layer")?,
            entity: row.get("entity")?,
            version: row.get("version")?,
        },
        kind: row.get("kind")?,
        label: row.get("label")?,
        payload: json(row, "payload")?,
        state: row.get("state")?,
        tries: row.get("tries")?,
        run_at: row.get("run_at")?,
        worker: row.get("worker")?,
        why: row.get("why")?,
        blocked_on: row.get("blocked_on")?,
        last_error: row.get("last_error")?,
        changed_wall: row.get("changed_wall")?,
    })
}
