//! Reads what has changed since a moment of the wall clock: for whoever takes over a shift.
//!
//! Rows are appended in the order of the wall clock, so the first one since a moment is found by
//! halving the range of ids, and only what came after it is read. A clock that was set back makes a
//! few rows more or fewer appear; none is lost.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::events;
use super::words::{count, json, optional};
use crate::domain::event::Event;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// A command as it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// When.
    pub wall_at: Moment,
    /// Who.
    pub actor: String,
    /// From where: `cli`, `screen`, `server`, `machine`.
    pub origin: String,
    /// Which world.
    pub mode: Mode,
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub args: serde_json::Value,
    /// `accepted`, `done` or `refused`.
    pub state: String,
    /// What was done, or why it was refused.
    pub answer: Option<String>,
}

/// A cause that made attempts fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Which world.
    pub mode: Mode,
    /// The layer of the latest one.
    pub layer: Layer,
    /// What the attempts share.
    pub fingerprint: String,
    /// The latest one's code and message.
    pub cause: String,
    /// Attempts since the moment.
    pub attempts: u64,
    /// Units since the moment.
    pub units: u64,
    /// The first attempt since the moment.
    pub first_wall: Moment,
    /// The latest attempt.
    pub last_wall: Moment,
}

const NEXT_EVENT: &str = "SELECT id, wall_at FROM events WHERE id >= ?1 ORDER BY id LIMIT 1";
const NEXT_COMMAND: &str = "SELECT id, wall_at FROM commands WHERE id >= ?1 ORDER BY id LIMIT 1";
const NEXT_ATTEMPT: &str = "SELECT id, wall_at FROM attempts WHERE id >= ?1 ORDER BY id LIMIT 1";
const NEWEST: &str = "
SELECT coalesce(max(id), 0) FROM events UNION ALL SELECT coalesce(max(id), 0) FROM commands
UNION ALL SELECT coalesce(max(id), 0) FROM attempts";

/// Returns the least id whose row, or the next one there is, is not older than `since`.
fn first_since(conn: &Connection, next: &str, since: Moment) -> Result<i64, StoreError> {
    let mut newest = conn.prepare_cached(NEWEST)?;
    let ids = newest.query_map([], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?;
    let mut statement = conn.prepare_cached(next)?;
    let (mut low, mut high) = (1, ids.into_iter().max().unwrap_or(0) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let found: Option<(i64, Moment)> =
            optional(statement.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?))))?;
        match found {
            Some((id, wall_at)) if wall_at < since => low = id + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

const GIVEN: &str = "
SELECT wall_at, actor, origin, mode, name, args, state, answer FROM commands
WHERE id >= ?1 AND name <> 'view' ORDER BY id DESC LIMIT ?2";

/// Returns the commands given since `since`, the latest first, at most `limit`.
pub fn commands(conn: &Connection, since: Moment, limit: u32) -> Result<Vec<Given>, StoreError> {
    let first = first_since(conn, NEXT_COMMAND, since)?;
    let mut statement = conn.prepare_cached(GIVEN)?;
    let rows = statement.query_map(params![first, limit], |row| {
        Ok(Given {
            wall_at: row.get(0)?,
            actor: row.get(1)?,
            origin: row.get(2)?,
            mode: row.get(3)?,
            name: row.get(4)?,
            args: json(row, "args")?,
            state: row.get(6)?,
            answer: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Runs, settings, and whatever somebody may want to know. What a single unit's failure says is left
/// to its cause.
const TELLING: &str = "
SELECT * FROM events WHERE id >= :first AND kind NOT IN ('attempt_failed', 'unit_dead')
  AND (level <> 'info' OR kind IN ('run_started', 'run_ended', 'settings_changed', 'backup_made'))
ORDER BY id DESC LIMIT :limit";

/// Returns the events since `since` that a shift is told of, the latest first, at most `limit`.
pub fn events(conn: &Connection, since: Moment, limit: u32) -> Result<Vec<Event>, StoreError> {
    let first = first_since(conn, NEXT_EVENT, since)?;
    let mut statement = conn.prepare_cached(TELLING)?;
    let rows = statement
        .query_map(named_params! { ":first": first, ":limit": limit }, events::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const FAILING: &str = "
SELECT last.mode, last.layer, last.fingerprint, last.code, last.message, of.attempts, of.units,
  first.wall_at, last.wall_at
FROM (SELECT count(*) attempts, count(DISTINCT unit_id) units, min(id) first_id, max(id) last_id
      FROM attempts WHERE id >= ?1 AND fingerprint IS NOT NULL GROUP BY mode, fingerprint) of
JOIN attempts first ON first.id = of.first_id JOIN attempts last ON last.id = of.last_id
ORDER BY last.id DESC LIMIT ?2";

/// Returns the causes that made attempts fail since `since`, the latest first, at most `limit`.
pub fn failing(conn: &Connection, since: Moment, limit: u32) -> Result<Vec<Failing>, StoreError> {
    let first = first_since(conn, NEXT_ATTEMPT, since)?;
    let mut statement = conn.prepare_cached(FAILING)?;
    let rows = statement.query_map(params![first, limit], |row| {
        let (code, message): (String, String) = (row.get(3)?, row.get(4)?);
        Ok(Failing {
            mode: row.get(0)?,
            layer: row.get(1)?,
            fingerprint: row.get(2)?,
            cause: format!("{code}: {message}"),
            attempts: count(row, 5)?,
            units: count(row, 6)?,
            first_wall: row.get(7)?,
            last_wall: row.get(8)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::NewEvent;
    use crate::store::commands::{self as given, NewCommand};
    use crate::store::events::About;

    fn event(conn: &Connection, wall_at: i64, event: &NewEvent) {
        let about = About {
            mode: Mode::Live,
            at: Moment(0),
            wall_at: Moment(wall_at),
            layer: None,
            unit_id: None,
            run_id: None,
        };
        events::append(conn, about, event).unwrap();
    }

    #[test]
    fn a_shift_is_told_of_what_came_after_its_beginning_and_of_nothing_else() {
        let conn = crate::store::open::in_memory();
        for n in 0..50 {
            event(&conn, n * 10, &NewEvent::warn("breaker_opened", format!("number {n}")));
            event(&conn, n * 10, &NewEvent::info("prospect_qualified", "calm"));
        }
        let told = |since| {
            let found = super::events(&conn, Moment(since), 100).unwrap();
            found.into_iter().map(|event| event.text).collect::<Vec<_>>()
        };
        assert_eq!(told(480), ["number 49", "number 48"]);
        assert_eq!(told(481), ["number 49"]);
        assert_eq!(told(500), [""; 0]);
        assert_eq!(told(-1).len(), 50);
    }

    #[test]
    fn commands_are_told_with_who_gave_them_and_looking_is_none() {
        let conn = crate::store::open::in_memory();
        for (wall, name) in [(10, "retry"), (20, "view"), (30, "arm_live")] {
            let command = NewCommand {
                actor: "ada@desk".to_owned(),
                origin: "screen",
                mode: Mode::Live,
                name: name.to_owned(),
                args: serde_json::json!({}),
                performer: None,
            };
            given::accept(&conn, &command, Moment(wall)).unwrap();
        }
        let names = |since| {
            let found = super::commands(&conn, Moment(since), 100).unwrap();
            found.into_iter().map(|given| (given.name, given.actor)).collect::<Vec<_>>()
        };
        let ada = |name: &str| (name.to_owned(), "ada@desk".to_owned());
        assert_eq!(names(0), [ada("arm_live"), ada("retry")]);
        assert_eq!(names(11), [ada("arm_live")]);
    }

    #[test]
    fn finding_the_first_row_costs_the_same_however_long_the_history_is() {
        for next in [NEXT_EVENT, NEXT_COMMAND, NEXT_ATTEMPT] {
            let plan = crate::store::open::plan_of(next);
            assert!(plan.iter().all(|step| step.contains("SEARCH")), "{plan:?}");
        }
    }
}
