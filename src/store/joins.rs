//! Keeps what units wait for: one other unit, or several.
//!
//! A blocked unit's row names the blocker that it waits for now, and behind it those that come after.
//! When a blocker is done the next one that is not takes its place, in the same commit; so a crash
//! leaves no unit that waits for something that is over.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::units;
use crate::domain::ids::UnitId;
use crate::domain::lifecycle::unit::{UnitEvent, UnitState};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::unit::UnitName;

/// Returns those of `blockers` that are not done, in their order.
pub(super) fn open(
    tx: &Connection,
    mode: Mode,
    blockers: Vec<UnitName>,
) -> Result<Vec<UnitName>, StoreError> {
    let mut open = Vec::new();
    for blocker in blockers {
        let state = units::state_of(tx, mode, &blocker)?.map(|(_, state)| state);
        if state != Some(UnitState::Done) {
            open.push(blocker);
        }
    }
    Ok(open)
}

/// Writes further blockers as their column holds them: a JSON list of names, none as NULL.
pub(super) fn as_column(blockers: impl Iterator<Item = UnitName>) -> Option<String> {
    let names: Vec<String> = blockers.map(|name| name.as_column()).collect();
    (!names.is_empty()).then(|| serde_json::json!(names).to_string())
}

const WAITING: &str = "
SELECT id, then_blocked_on FROM units
WHERE mode = ?1 AND state = 'blocked' AND blocked_on = ?2";

const PASS_ON: &str = "
UPDATE units SET blocked_on = :next, then_blocked_on = :then WHERE id = :id AND state = 'blocked'";

const UNBLOCK: &str = "
UPDATE units SET state = :state, run_at = max(coalesce(run_at, 0), :at), then_blocked_on = NULL
WHERE id = :id AND state = 'blocked'";

/// Plans the units that waited for `done` and for nothing else for the next quarter hour, or for
/// their own time; the others wait for what is next. Returns how many are planned.
pub fn unblock(
    tx: &Connection,
    mode: Mode,
    done: &UnitName,
    now: Moment,
) -> Result<usize, StoreError> {
    let state = UnitState::Blocked.next(UnitEvent::Unblocked)?;
    let waiting: Vec<(UnitId, Option<String>)> = tx
        .prepare_cached(WAITING)?
        .query_map(params![mode, done.as_column()], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut planned = 0;
    for (id, then) in waiting {
        let mut open = open(tx, mode, read(then.as_deref())?)?.into_iter();
        if let Some(next) = open.next() {
            tx.prepare_cached(PASS_ON)?.execute(named_params! {
                ":next": next.as_column(), ":then": as_column(open), ":id": id,
            })?;
            continue;
        }
        planned += tx.prepare_cached(UNBLOCK)?.execute(named_params! {
            ":state": state, ":at": now.ceil_quarter_hour(), ":id": id,
        })?;
    }
    Ok(planned)
}

fn read(column: Option<&str>) -> Result<Vec<UnitName>, StoreError> {
    let Some(text) = column else { return Ok(Vec::new()) };
    let unreadable = || StoreError::Unreadable(format!("further blockers {text:?}"));
    let names: Vec<String> = serde_json::from_str(text).map_err(|_| unreadable())?;
    names.iter().map(|name| UnitName::from_column(name).ok_or_else(unreadable)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::layer::Layer;
    use crate::domain::unit::NewUnit;

    fn name(version: &str) -> UnitName {
        UnitName::new(Layer::OnboardingFlow, "c", version)
    }

    fn unit(version: &str) -> NewUnit {
        NewUnit::ready(name(version), "task", version, serde_json::json!({}))
    }

    fn database() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let conn = crate::store::open::writer(&folder.path().join("t.db")).unwrap();
        for version in ["a", "b"] {
            units::insert(&conn, Mode::Dry, None, Moment(0), &unit(version)).unwrap();
        }
        let joined = unit("joined").after(name("a")).after(name("b"));
        units::insert(&conn, Mode::Dry, None, Moment(0), &joined).unwrap();
        (folder, conn)
    }

    fn finish(conn: &Connection, version: &str) -> usize {
        let sql = "UPDATE units SET state = 'done', ended_at = 1 WHERE version = ?1";
        conn.execute(sql, [version]).unwrap();
        unblock(conn, Mode::Dry, &name(version), Moment(1)).unwrap()
    }

    fn joined(conn: &Connection) -> (String, Option<String>, Option<String>) {
        let sql = "SELECT state, blocked_on, then_blocked_on FROM units WHERE version = 'joined'";
        conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    }

    #[test]
    fn a_unit_that_waits_for_two_is_planned_when_both_are_done_whichever_is_first() {
        for order in [["a", "b"], ["b", "a"]] {
            let (_folder, conn) = database();
            assert_eq!(finish(&conn, order[0]), 0);
            let (state, blocker, _) = joined(&conn);
            assert_eq!((state.as_str(), blocker), ("blocked", Some(name(order[1]).as_column())));
            assert_eq!(finish(&conn, order[1]), 1);
            assert_eq!(joined(&conn).0, "scheduled");
        }
    }

    #[test]
    fn a_blocker_that_was_done_before_is_not_waited_for() {
        let (_folder, conn) = database();
        finish(&conn, "a");
        let late = unit("late").after(name("a")).after(name("b"));
        units::insert(&conn, Mode::Dry, None, Moment(2), &late).unwrap();
        let late = unit("later").after(name("a"));
        units::insert(&conn, Mode::Dry, None, Moment(2), &late).unwrap();
        let state = |version: &str| units::state_of(&conn, Mode::Dry, &name(version)).unwrap();
        assert_eq!(state("late").unwrap().1, UnitState::Blocked);
        assert_eq!(state("later").unwrap().1, UnitState::Ready);
    }
}
