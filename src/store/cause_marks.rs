//! Keeps what people say about a cause of failures: that somebody looks after it, and notes for the
//! next reader.
//!
//! Marks are added and never changed. Whether an acknowledgement still stands is not stored: it is
//! taken back by the first attempt that fails of the same cause afterwards, and that is counted from
//! the attempts themselves.

use rusqlite::{Connection, params};

use super::error::StoreError;
use super::words::{count, optional};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// That a person said something about a cause.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// In which world.
    pub mode: Mode,
    /// The fingerprint, or the code of a failure that has none.
    pub cause: &'a str,
    /// Who.
    pub by: &'a str,
    /// When, wall clock.
    pub wall: Moment,
}

/// An acknowledgement as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Who looks after the cause.
    pub by: String,
    /// Since when, wall clock.
    pub wall_at: Moment,
    /// In which words, if any.
    pub note: Option<String>,
    /// Attempts that failed of the cause after it.
    pub failed_since: u64,
}

/// A note on a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Who wrote it.
    pub by: String,
    /// When, wall clock.
    pub wall_at: Moment,
    /// What.
    pub text: String,
}

// An attempt that is under way may fail after the acknowledgement, whatever its number.
const FIRST_OPEN: &str = "
SELECT coalesce((SELECT min(id) FROM attempts WHERE mode = ?1 AND state = 'started'),
                (SELECT coalesce(max(id), 0) + 1 FROM attempts))";

const FAILED: &str = "
SELECT count(*) FROM attempts
WHERE mode = ?1 AND fingerprint = ?2 AND id >= ?3 AND state IN ('failed', 'timed_out', 'lost')";

const LOST: &str = "
SELECT count(*) FROM attempts
WHERE mode = ?1 AND code = ?2 AND id >= ?3 AND state = 'lost' AND fingerprint IS NULL";

/// Counts the attempts from `from` on that failed of a cause.
fn failed(conn: &Connection, mode: Mode, cause: &str, from: i64) -> Result<u64, StoreError> {
    let of = |sql| -> Result<u64, StoreError> {
        let mut statement = conn.prepare_cached(sql)?;
        Ok(statement.query_row(params![mode, cause, from], |row| count(row, 0))?)
    };
    Ok(of(FAILED)? + of(LOST)?)
}

const IS_KNOWN: &str = "
SELECT EXISTS (SELECT 1 FROM attempts WHERE mode = ?1 AND fingerprint = ?2)
    OR EXISTS (SELECT 1 FROM attempts WHERE mode = ?1 AND code = ?2 AND state = 'lost')";

/// Whether anything ever failed of this cause.
pub fn is_known(conn: &Connection, mode: Mode, cause: &str) -> Result<bool, StoreError> {
    Ok(conn.prepare_cached(IS_KNOWN)?.query_row(params![mode, cause], |row| row.get(0))?)
}

const ACKNOWLEDGE: &str = "
INSERT INTO acknowledgements (mode, cause, wall_at, by, note, from_attempt, failed_then)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// Notes that `by` looks after a cause from now on.
pub fn acknowledge(tx: &Connection, said: Said<'_>, note: Option<&str>) -> Result<(), StoreError> {
    let Said { mode, cause, by, wall } = said;
    let from: i64 = tx.prepare_cached(FIRST_OPEN)?.query_row([mode], |row| row.get(0))?;
    let failed = failed(tx, mode, cause, from)?.cast_signed();
    let mut insert = tx.prepare_cached(ACKNOWLEDGE)?;
    insert.execute(params![mode, cause, wall, by, note, from, failed])?;
    Ok(())
}

const NOTE: &str =
    "INSERT INTO cause_notes (mode, cause, wall_at, by, text) VALUES (?1, ?2, ?3, ?4, ?5)";

/// Adds a note to a cause.
pub fn note(tx: &Connection, said: Said<'_>, text: &str) -> Result<(), StoreError> {
    let Said { mode, cause, by, wall } = said;
    tx.prepare_cached(NOTE)?.execute(params![mode, cause, wall, by, text])?;
    Ok(())
}

const LATEST: &str = "
SELECT by, wall_at, note, from_attempt, failed_then FROM acknowledgements
WHERE mode = ?1 AND cause = ?2 ORDER BY id DESC LIMIT 1";

/// Returns the latest acknowledgement of a cause, and what failed of it since.
pub fn acknowledged(
    conn: &Connection,
    mode: Mode,
    cause: &str,
) -> Result<Option<Acknowledged>, StoreError> {
    let latest = optional(conn.prepare_cached(LATEST)?.query_row(params![mode, cause], |row| {
        let (from, failed_then): (i64, u64) = (row.get(3)?, count(row, 4)?);
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, from, failed_then))
    }))?;
    let Some((by, wall_at, note, from, failed_then)) = latest else { return Ok(None) };
    let failed_since = failed(conn, mode, cause, from)?.saturating_sub(failed_then);
    Ok(Some(Acknowledged { by, wall_at, note, failed_since }))
}

const NOTES: &str = "
SELECT by, wall_at, text FROM cause_notes WHERE mode = ?1 AND cause = ?2
ORDER BY id DESC LIMIT ?3";

/// Returns the notes on a cause, the latest first, at most `limit`.
pub fn notes(
    conn: &Connection,
    mode: Mode,
    cause: &str,
    limit: u32,
) -> Result<Vec<Note>, StoreError> {
    let mut statement = conn.prepare_cached(NOTES)?;
    let rows = statement.query_map(params![mode, cause, limit], |row| {
        Ok(Note { by: row.get(0)?, wall_at: row.get(1)?, text: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bench() -> Connection {
        let conn = crate::store::open::in_memory();
        conn.pragma_update(None, "foreign_keys", false).unwrap();
        conn
    }

    /// An attempt as it is begun, and as it fails.
    fn begin(conn: &Connection, number: i64) {
        let sql =
            "INSERT INTO attempts (unit_id, mode, layer, number, state, epoch, owner, trace_id,
                   at, wall_at) VALUES (1, 'live', 3, ?1, 'started', 1, 'w', 't', 0, 0)";
        conn.execute(sql, [number]).unwrap();
    }

    fn fail(conn: &Connection, number: i64, state: &str, fingerprint: Option<&str>, code: &str) {
        let sql = "UPDATE attempts SET state = ?2, fingerprint = ?3, code = ?4, ended_at = 1
                   WHERE number = ?1";
        assert_eq!(conn.execute(sql, params![number, state, fingerprint, code]).unwrap(), 1);
    }

    fn ann(cause: &str) -> Said<'_> {
        Said { mode: Mode::Live, cause, by: "ann@desk", wall: Moment(9) }
    }

    fn since(conn: &Connection, cause: &str) -> u64 {
        acknowledged(conn, Mode::Live, cause).unwrap().unwrap().failed_since
    }

    #[test]
    fn an_acknowledgement_is_taken_back_by_what_fails_after_it_and_by_nothing_else() {
        let conn = bench();
        for number in 1..=3 {
            begin(&conn, number);
        }
        fail(&conn, 2, "failed", Some("f1"), "c");
        assert_eq!(acknowledged(&conn, Mode::Live, "f1").unwrap(), None);
        acknowledge(&conn, ann("f1"), None).unwrap();
        assert_eq!(since(&conn, "f1"), 0, "what failed before is what was acknowledged");
        fail(&conn, 3, "failed", Some("f2"), "c");
        assert_eq!(since(&conn, "f1"), 0, "another cause");
        fail(&conn, 1, "timed_out", Some("f1"), "c");
        assert_eq!(since(&conn, "f1"), 1, "it began before and failed after");
        begin(&conn, 4);
        fail(&conn, 4, "deferred", Some("f1"), "c");
        assert_eq!(since(&conn, "f1"), 1, "a wait is no failure");
        acknowledge(&conn, Said { by: "bob@desk", ..ann("f1") }, None).unwrap();
        let now = acknowledged(&conn, Mode::Live, "f1").unwrap().unwrap();
        assert_eq!((now.by.as_str(), now.failed_since), ("bob@desk", 0));
        assert_eq!(acknowledged(&conn, Mode::Dry, "f1").unwrap(), None, "the other world");
    }

    #[test]
    fn what_died_with_its_process_is_known_by_its_code() {
        let conn = bench();
        begin(&conn, 1);
        fail(&conn, 1, "lost", None, "process_died");
        assert!(is_known(&conn, Mode::Live, "process_died").unwrap());
        assert!(!is_known(&conn, Mode::Dry, "process_died").unwrap());
        acknowledge(&conn, ann("process_died"), None).unwrap();
        begin(&conn, 2);
        fail(&conn, 2, "lost", None, "process_died");
        assert_eq!(since(&conn, "process_died"), 1);
    }

    #[test]
    fn the_latest_note_comes_first_and_an_acknowledgement_is_none() {
        let conn = bench();
        for text in ["one", "two"] {
            note(&conn, ann("f1"), text).unwrap();
        }
        acknowledge(&conn, ann("f1"), None).unwrap();
        let notes = notes(&conn, Mode::Live, "f1", 5).unwrap();
        let texts: Vec<_> = notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(texts, ["two", "one"]);
    }

    #[test]
    fn no_question_walks_the_history() {
        for sql in [FAILED, LOST, LATEST, NOTES, FIRST_OPEN] {
            let plan = crate::store::open::plan_of(sql);
            assert!(plan.iter().all(|step| !step.contains("SCAN attempts")), "{sql}: {plan:?}");
            assert!(plan.iter().all(|step| !step.contains("SCAN cause_notes")), "{plan:?}");
            assert!(plan.iter().all(|step| !step.contains("SCAN acknowl")), "{plan:?}");
        }
    }
}
