//! Writes what operators do to units: retry, skip, release, cancel.
//!
//! Every function moves a unit by the lifecycle and marks it as operated, because work that needed
//! a hand is not clean for Φ_sync. It compares the state it saw, so an operator and a worker who act
//! at the same instant cannot both win.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::words::optional;
use crate::domain::effect::EffectKey;
use crate::domain::ids::{RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::IllegalTransition;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::unit::{UnitEvent, UnitState};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::unit::UnitName;

/// What an operator sees of a unit before acting on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    /// Which unit.
    pub id: UnitId,
    /// Its world.
    pub mode: Mode,
    /// Its name.
    pub name: UnitName,
    /// Where it is.
    pub state: UnitState,
    /// One line for a person.
    pub label: String,
}

const SEEN: &str = "
SELECT id, mode, layer, entity, version, state, label FROM units WHERE id = ?1";

/// Returns a unit as an operator sees it.
pub fn see(conn: &Connection, id: UnitId) -> Result<Option<Handled>, StoreError> {
    optional(conn.prepare_cached(SEEN)?.query_row([id], |row| {
        Ok(Handled {
            id: row.get(0)?,
            mode: row.get(1)?,
            name: UnitName { layer: row.get(2)?, entity: row.get(3)?, version: row.get(4)? },
            state: row.get(5)?,
            label: row.get(6)?,
        })
    }))
}

const TOUCH: &str = "
UPDATE units SET operated = 1 WHERE mode = ?1 AND layer = ?2 AND entity = ?3";

/// Notes that a person changed what a layer had made for an entity.
pub fn touch(tx: &Connection, mode: Mode, layer: Layer, entity: &str) -> Result<(), StoreError> {
    tx.prepare_cached(TOUCH)?.execute(params![mode, layer, entity])?;
    Ok(())
}

const READY: &str = "
UPDATE units SET state = :state, operated = 1, why = NULL, run_at = NULL, ended_at = NULL,
  lost_in_row = 0,
  tries = CASE WHEN :anew THEN 0 ELSE tries END,
  first_failed_at = CASE WHEN :anew THEN NULL ELSE first_failed_at END
WHERE id = :id AND state = :from";

/// Makes a unit ready at once: a dead one with all its tries again, a retrying one before its time,
/// a held one because somebody settled its effect.
///
/// # Errors
/// A unit in another state.
pub fn make_ready(tx: &Connection, unit: &Handled) -> Result<(), StoreError> {
    let event = match unit.state {
        UnitState::Dead => UnitEvent::Revived,
        UnitState::Held => UnitEvent::ReleasedToRetry,
        UnitState::RetryWait
        | UnitState::Scheduled
        | UnitState::Blocked
        | UnitState::Ready
        | UnitState::Leased
        | UnitState::Waiting
        | UnitState::Done
        | UnitState::Skipped
        | UnitState::Cancelled => UnitEvent::Due,
    };
    if unit.state == UnitState::Scheduled {
        // A plan comes due by time alone; a person does not send a message before its hour.
        let from = unit.state.as_column();
        return Err(IllegalTransition { what: "unit", from, event: "retried" }.into());
    }
    let changed = tx.prepare_cached(READY)?.execute(named_params! {
        ":state": unit.state.next(event)?, ":anew": unit.state == UnitState::Dead,
        ":id": unit.id, ":from": unit.state,
    })?;
    won(changed, "the unit")
}

const SKIP: &str = "
UPDATE units SET state = 'skipped', skipped_by = 'person', operated = 1, why = :why,
  ended_at = :now, run_at = NULL
WHERE id = :id AND state = :from";

/// Ends a unit because a person says it is not worth doing. What was blocked on it stays blocked
/// until that is skipped too: nothing follows from work that was not done.
///
/// # Errors
/// A unit that a worker has, or that has ended.
pub fn skip(tx: &Connection, unit: &Handled, why: &str, now: Moment) -> Result<(), StoreError> {
    if unit.state == UnitState::Leased {
        let from = unit.state.as_column();
        return Err(IllegalTransition { what: "unit", from, event: "skipped" }.into());
    }
    unit.state.next(UnitEvent::Skipped)?;
    let changed = tx.prepare_cached(SKIP)?.execute(named_params! {
        ":why": why, ":now": now, ":id": unit.id, ":from": unit.state,
    })?;
    won(changed, "the unit")
}

const HELD_BY: &str = "SELECT unit_id, state FROM effects WHERE mode = ?1 AND key = ?2";

/// Finds an effect by its key: its world, its state and the unit it holds up.
pub fn effect(
    conn: &Connection,
    key: &EffectKey,
) -> Result<Option<(Mode, EffectState, UnitId)>, StoreError> {
    for mode in Mode::ALL {
        let mut statement = conn.prepare_cached(HELD_BY)?;
        let found = statement.query_row(params![mode, key], |row| Ok((row.get(0)?, row.get(1)?)));
        if let Some((unit, state)) = optional(found)? {
            return Ok(Some((mode, state, unit)));
        }
    }
    Ok(None)
}

const CANCEL: &str = "
UPDATE units SET state = 'cancelled', why = 'its run was cancelled', ended_at = :now, run_at = NULL
WHERE run_id = :run
  AND state IN ('blocked', 'scheduled', 'ready', 'retry_wait', 'waiting')";

/// Ends the unfinished units of a cancelled run; held and dead ones stay for a person to judge.
/// Returns how many there were.
pub fn cancel_units(tx: &Connection, run: RunId, now: Moment) -> Result<usize, StoreError> {
    for state in [
        UnitState::Blocked,
        UnitState::Scheduled,
        UnitState::Ready,
        UnitState::RetryWait,
        UnitState::Waiting,
    ] {
        state.next(UnitEvent::Cancelled)?;
    }
    Ok(tx.prepare_cached(CANCEL)?.execute(named_params! { ":now": now, ":run": run })?)
}

fn won(changed: usize, what: &'static str) -> Result<(), StoreError> {
    if changed == 1 { Ok(()) } else { Err(StoreError::Fenced { what }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(conn: &Connection, state: &str) -> UnitId {
        let ended = matches!(state, "dead" | "done").then_some(1);
        let run_at = matches!(state, "retry_wait" | "scheduled").then_some(99);
        let id = conn
            .query_row(
                "INSERT INTO units (mode, layer, kind, entity, version, label, state, run_at,
                   tries, first_failed_at, created_at, ended_at)
                 VALUES ('dry', 3, 'k', ?1, 'v', 'l', ?1, ?2, 8, 5, 0, ?3) RETURNING id",
                params![state, run_at, ended],
                |row| row.get(0),
            )
            .unwrap();
        UnitId(id)
    }

    fn database() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let conn = crate::store::open::writer(&folder.path().join("t.db")).unwrap();
        (folder, conn)
    }

    #[test]
    fn a_dead_unit_comes_back_with_all_its_tries_and_marked_as_operated() {
        let (_folder, conn) = database();
        let dead = see(&conn, put(&conn, "dead")).unwrap().unwrap();
        make_ready(&conn, &dead).unwrap();
        let row: (String, u32, Option<i64>, bool) = conn
            .query_row("SELECT state, tries, first_failed_at, operated FROM units", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .unwrap();
        assert_eq!(row, ("ready".to_owned(), 0, None, true));
    }

    #[test]
    fn a_unit_that_changed_meanwhile_is_left_alone() {
        let (_folder, conn) = database();
        let seen = see(&conn, put(&conn, "retry_wait")).unwrap().unwrap();
        conn.execute("UPDATE units SET state = 'ready'", []).unwrap();
        assert!(matches!(make_ready(&conn, &seen), Err(StoreError::Fenced { .. })));
        assert!(matches!(skip(&conn, &seen, "x", Moment(9)), Err(StoreError::Fenced { .. })));
    }

    #[test]
    fn neither_a_planned_nor_a_done_unit_can_be_retried() {
        let (_folder, conn) = database();
        for state in ["scheduled", "done"] {
            let seen = see(&conn, put(&conn, state)).unwrap().unwrap();
            assert!(matches!(make_ready(&conn, &seen), Err(StoreError::Illegal(_))), "{state}");
        }
    }
}
