//! Keeps runs.
//!
//! A crash leaves a run in `running`, `paused` or `draining` with a dead owner. Whoever finds it so
//! moves it to `interrupted`, from where it can be taken up again.
use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::words::optional;
use crate::domain::ids::RunId;
use crate::domain::lifecycle::run::{RunEvent, RunState};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// A run as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// The world.
    pub mode: Mode,
    /// `all`, or a layer's number.
    pub scope: String,
    /// Where it is.
    pub state: RunState,
    /// The source it was given.
    pub input: Option<String>,
    /// Most prospects to take.
    pub input_limit: Option<u32>,
    /// Start, mode clock.
    pub started_at: Moment,
    /// End, mode clock.
    pub ended_at: Option<Moment>,
    /// Start, wall clock.
    pub wall_started_at: Moment,
    /// End, wall clock.
    pub wall_ended_at: Option<Moment>,
    /// Who works it.
    pub owner: String,
    /// Why it ended as it did.
    pub why: Option<String>,
}

const START: &str = "
INSERT INTO runs (mode, scope, state, input, input_limit, started_at, wall_started_at, owner)
VALUES (:mode, :scope, :state, :input, :input_limit, :now, :wall, :owner) RETURNING id";

/// A run to start.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The world.
    pub mode: Mode,
    /// `all`, or a layer's number.
    pub scope: String,
    /// The source it is given.
    pub input: Option<String>,
    /// Most prospects to take.
    pub input_limit: Option<u32>,
    /// Who works it.
    pub owner: String,
}

/// Writes a run that is starting.
pub fn start(
    tx: &Connection,
    run: &NewRun,
    now: Moment,
    wall: Moment,
) -> Result<RunId, StoreError> {
    Ok(tx.prepare_cached(START)?.query_row(
        named_params! {
            ":mode": run.mode, ":scope": run.scope,
            ":state": RunState::Planned.next(RunEvent::Started)?, ":input": run.input,
            ":input_limit": run.input_limit, ":now": now, ":wall": wall, ":owner": run.owner,
        },
        |row| row.get(0),
    )?)
}

const STATE: &str = "SELECT state FROM runs WHERE id = ?1";
const MOVE: &str = "
UPDATE runs SET state = :state, why = coalesce(:why, why),
  ended_at = CASE WHEN :ended THEN :now END, wall_ended_at = CASE WHEN :ended THEN :wall END
WHERE id = :id AND state = :from";

/// Moves a run on.
///
/// # Errors
/// An impossible step, or a run that somebody else moved meanwhile.
pub fn step(
    tx: &Connection,
    id: RunId,
    event: RunEvent,
    why: Option<&str>,
    now: Moment,
    wall: Moment,
) -> Result<RunState, StoreError> {
    let from: RunState = tx.prepare_cached(STATE)?.query_row([id], |row| row.get(0))?;
    let state = from.next(event)?;
    let changed = tx.prepare_cached(MOVE)?.execute(named_params! {
        ":state": state, ":why": why, ":ended": state.is_ended(), ":now": now, ":wall": wall,
        ":id": id, ":from": from,
    })?;
    if changed == 1 { Ok(state) } else { Err(StoreError::Fenced { what: "the run" }) }
}

const LATEST: &str = "SELECT * FROM runs ORDER BY id DESC LIMIT ?1";
const BY_ID: &str = "SELECT * FROM runs WHERE id = ?1";
const OPEN: &str = "SELECT * FROM runs WHERE mode = ?1 AND wall_ended_at IS NULL ORDER BY id";

/// Returns the newest runs, newest first.
pub fn latest(conn: &Connection, limit: u32) -> Result<Vec<RunRow>, StoreError> {
    let mut statement = conn.prepare_cached(LATEST)?;
    let rows = statement.query_map([limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const LATEST_IN: &str = "SELECT * FROM runs WHERE mode = ?1 ORDER BY id DESC LIMIT ?2";

/// Returns the newest runs of a world, newest first.
pub fn latest_in(conn: &Connection, mode: Mode, limit: u32) -> Result<Vec<RunRow>, StoreError> {
    let mut statement = conn.prepare_cached(LATEST_IN)?;
    let rows = statement.query_map(params![mode, limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const LATEST_WHOLE: &str =
    "SELECT * FROM runs WHERE mode = ?1 AND scope = 'all' ORDER BY id DESC LIMIT 1";

/// Returns the newest run of all layers in a world.
pub fn latest_whole(conn: &Connection, mode: Mode) -> Result<Option<RunRow>, StoreError> {
    optional(conn.prepare_cached(LATEST_WHOLE)?.query_row([mode], from_row))
}

/// Returns one run.
pub fn get(conn: &Connection, id: RunId) -> Result<Option<RunRow>, StoreError> {
    optional(conn.prepare_cached(BY_ID)?.query_row([id], from_row))
}

/// Returns the runs of a mode that have not ended, oldest first.
pub fn open(conn: &Connection, mode: Mode) -> Result<Vec<RunRow>, StoreError> {
    let mut statement = conn.prepare_cached(OPEN)?;
    let rows = statement.query_map(params![mode], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const ADOPT: &str = "UPDATE runs SET owner = ?2 WHERE id = ?1";

/// Notes who works a run that was taken up again.
pub fn adopt(tx: &Connection, id: RunId, owner: &str) -> Result<(), StoreError> {
    tx.prepare_cached(ADOPT)?.execute(params![id, owner])?;
    Ok(())
}

fn from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: row.get("id")?,
        mode: row.get("mode")?,
        scope: row.get("scope")?,
        state: row.get("state")?,
        input: row.get("input")?,
        input_limit: row.get("input_limit")?,
        started_at: row.get("started_at")?,
        ended_at: row.get("ended_at")?,
        wall_started_at: row.get("wall_started_at")?,
        wall_ended_at: row.get("wall_ended_at")?,
        owner: row.get("owner")?,
        why: row.get("why")?,
    })
}

#[cfg(test)]
mod tests {
    use super::LATEST_WHOLE;
    use crate::store::open::plan_of;

    #[test]
    fn the_latest_whole_run_is_found_however_many_runs_of_one_layer_came_after_it() {
        let plan = plan_of(LATEST_WHOLE);
        assert!(plan[0].contains("runs_whole"), "{plan:?}");
    }
}
