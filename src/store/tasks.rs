//! Reads the work that waits for people, and keeps their notes.
//!
//! A task is a unit that waits and whose latest effect handed it to a person; there is no second
//! list of tasks that could disagree with the units. One that a rule has ended meanwhile is read as
//! withdrawn, so that nobody goes on with it unawares.

use rusqlite::{Connection, Row, params};

use super::error::StoreError;
use super::words::optional;
use crate::domain::effect::PersonTask;
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// A task as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskLine {
    /// The unit that waits for it.
    pub unit: UnitId,
    /// Its world.
    pub mode: Mode,
    /// Its layer.
    pub layer: Layer,
    /// What is asked.
    pub task: PersonTask,
    /// When it was handed over, on the mode's clock.
    pub asked_at: Moment,
    /// Why a rule took it back, if one did.
    pub withdrawn: Option<String>,
    /// How many notes it has.
    pub notes: u32,
}

/// A note on a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteLine {
    /// When, on the wall clock.
    pub wall_at: Moment,
    /// Who.
    pub actor: String,
    /// What.
    pub text: String,
}

/// The columns of a task; a unit that asked more than once shows its latest question.
macro_rules! task {
    ($rest:literal) => {
        concat!(
            "
SELECT u.id, u.mode, u.layer, e.payload, e.settled_at,
  CASE WHEN u.state = 'skipped' THEN coalesce(u.why, 'by rule') END AS withdrawn,
  (SELECT count(*) FROM task_notes n WHERE n.unit_id = u.id) AS notes
FROM units u JOIN effects e ON e.id = (
  SELECT max(id) FROM effects
  WHERE unit_id = u.id AND state = 'confirmed' AND json_extract(payload, '$.effect') = 'task')
",
            $rest
        )
    };
}

const WAITING: &str =
    task!("WHERE u.mode = ?1 AND u.layer = ?2 AND u.state = 'waiting' ORDER BY u.id LIMIT ?3");

/// Returns the tasks of a layer that wait, the oldest first.
pub fn waiting(
    conn: &Connection,
    mode: Mode,
    layer: Layer,
    limit: u32,
) -> Result<Vec<TaskLine>, StoreError> {
    let mut statement = conn.prepare_cached(WAITING)?;
    let rows = statement.query_map(params![mode, layer, limit], from_row)?;
    rows.map(|row| row?).collect()
}

const WITHDRAWN: &str = task!(
    "WHERE u.mode = ?1 AND u.layer = ?2 AND u.skipped_by = 'rule' AND u.ended_at >= ?3
ORDER BY u.ended_at DESC LIMIT ?4"
);

/// Returns the tasks of a layer that a rule has taken back since `since`, the latest first.
pub fn withdrawn(
    conn: &Connection,
    mode: Mode,
    layer: Layer,
    since: Moment,
    limit: u32,
) -> Result<Vec<TaskLine>, StoreError> {
    let mut statement = conn.prepare_cached(WITHDRAWN)?;
    let rows = statement.query_map(params![mode, layer, since, limit], from_row)?;
    rows.map(|row| row?).collect()
}

const OF_UNIT: &str = task!("WHERE u.id = ?1");

/// Returns the task that a unit handed to a person, whatever has become of it; `None` for a unit
/// that asked nobody.
pub fn of_unit(conn: &Connection, unit: UnitId) -> Result<Option<TaskLine>, StoreError> {
    optional(conn.prepare_cached(OF_UNIT)?.query_row([unit], from_row))?.transpose()
}

const COUNTS: &str = "
SELECT count(*), coalesce(sum(json_extract(e.payload, '$.due_at') < ?3), 0)
FROM units u JOIN effects e ON e.id = (
  SELECT max(id) FROM effects
  WHERE unit_id = u.id AND state = 'confirmed' AND json_extract(payload, '$.effect') = 'task')
WHERE u.mode = ?1 AND u.layer = ?2 AND u.state = 'waiting'";

/// Returns how many tasks wait in all layers of a world, and how many of them are overdue at `now`.
pub fn counts(conn: &Connection, mode: Mode, now: Moment) -> Result<(u64, u64), StoreError> {
    let mut statement = conn.prepare_cached(COUNTS)?;
    let mut sum = (0, 0);
    for layer in Layer::ALL {
        let (open, overdue) = statement.query_row(params![mode, layer, now], |row| {
            Ok((super::words::count(row, 0)?, super::words::count(row, 1)?))
        })?;
        sum = (sum.0 + open, sum.1 + overdue);
    }
    Ok(sum)
}

const NOTE: &str = "
INSERT INTO task_notes (mode, unit_id, wall_at, actor, text)
SELECT mode, id, ?2, ?3, ?4 FROM units WHERE id = ?1";

/// Adds a note to a unit's task.
pub fn note(
    tx: &Connection,
    unit: UnitId,
    wall_at: Moment,
    actor: &str,
    text: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(NOTE)?.execute(params![unit, wall_at, actor, text])?;
    Ok(())
}

const NOTES: &str = "SELECT wall_at, actor, text FROM task_notes WHERE unit_id = ?1 ORDER BY id";

/// Returns the notes on a unit's task, the oldest first.
pub fn notes(conn: &Connection, unit: UnitId) -> Result<Vec<NoteLine>, StoreError> {
    let mut statement = conn.prepare_cached(NOTES)?;
    let rows = statement.query_map([unit], |row| {
        Ok(NoteLine { wall_at: row.get(0)?, actor: row.get(1)?, text: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads a row; the inner error is a payload that this version cannot read.
fn from_row(row: &Row<'_>) -> rusqlite::Result<Result<TaskLine, StoreError>> {
    let payload: String = row.get("payload")?;
    let task = match serde_json::from_str::<PersonTask>(&payload) {
        Ok(task) => task,
        Err(error) => return Ok(Err(error.into())),
    };
    Ok(Ok(TaskLine {
        unit: row.get("id")?,
        mode: row.get("mode")?,
        layer: row.get("layer")?,
        task,
        asked_at: row.get("settled_at")?,
        withdrawn: row.get("withdrawn")?,
        notes: row.get("notes")?,
    }))
}
