//! Keeps events, the append-only stream that feeds every screen.
//!
//! An event is committed together with the change it tells of: there is no event without its
//! change and no change without its event.

use rusqlite::{Connection, Row, named_params, params};

use super::error::StoreError;
use super::words::json_opt;
use crate::domain::event::{Event, NewEvent};
use crate::domain::ids::{EventId, RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// What an event is about, besides its own words.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The world.
    pub mode: Mode,
    /// When, on the mode's clock.
    pub at: Moment,
    /// When, on the wall clock.
    pub wall_at: Moment,
    /// The layer, if one.
    pub layer: Option<Layer>,
    /// The unit, if one.
    pub unit_id: Option<UnitId>,
    /// The run, if in one.
    pub run_id: Option<RunId>,
}

const APPEND: &str = "
INSERT INTO events (mode, at, wall_at, level, layer, unit_id, run_id, kind, text, data)
VALUES (:mode, :at, :wall, :level, :layer, :unit, :run, :kind, :text, :data)";

/// Appends an event.
pub fn append(tx: &Connection, about: About, event: &NewEvent) -> Result<(), StoreError> {
    tx.prepare_cached(APPEND)?.execute(named_params! {
        ":mode": about.mode, ":at": about.at, ":wall": about.wall_at, ":level": event.level,
        ":layer": about.layer, ":unit": about.unit_id, ":run": about.run_id, ":kind": event.kind,
        ":text": event.text, ":data": event.data.as_ref().map(ToString::to_string),
    })?;
    Ok(())
}

const AFTER: &str = "SELECT * FROM events WHERE id > ?1 ORDER BY id LIMIT ?2";
const LATEST: &str = "
SELECT * FROM (SELECT * FROM events ORDER BY id DESC LIMIT ?1) ORDER BY id";

/// Returns up to `limit` events after `after`, oldest first.
pub fn after(conn: &Connection, after: EventId, limit: u32) -> Result<Vec<Event>, StoreError> {
    let mut statement = conn.prepare_cached(AFTER)?;
    let rows = statement.query_map(params![after, limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns the newest `limit` events, oldest first.
pub fn latest(conn: &Connection, limit: u32) -> Result<Vec<Event>, StoreError> {
    let mut statement = conn.prepare_cached(LATEST)?;
    let rows = statement.query_map([limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const NEWEST: &str = "SELECT coalesce(max(id), 0) FROM events";

/// Returns the id of the newest event, 0 when there is none.
pub fn newest(conn: &Connection) -> Result<EventId, StoreError> {
    Ok(conn.prepare_cached(NEWEST)?.query_row([], |row| row.get(0))?)
}

/// Reads a row that has all columns of the table.
pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        id: row.get("id")?,
        mode: row.get("mode")?,
        at: row.get("at")?,
        wall_at: row.get("wall_at")?,
        level: row.get("level")?,
        layer: row.get("layer")?,
        unit_id: row.get("unit_id")?,
        run_id: row.get("run_id")?,
        kind: row.get("kind")?,
        text: row.get("text")?,
        data: json_opt(row, "data")?,
    })
}
