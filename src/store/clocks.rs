//! Keeps dry time, one stored value that stands still between jumps.
//!
//! A jump is a compare-and-set in one commit: of two processes that would move it, one does.

use rusqlite::{Connection, params};

use super::error::StoreError;
use super::words::optional;
use crate::domain::time::Moment;

const READ: &str = "SELECT value FROM settings WHERE key = 'dry_clock'";

/// Returns dry time, `None` before the first dry run of this database.
pub fn dry(conn: &Connection) -> Result<Option<Moment>, StoreError> {
    let text: Option<String> =
        optional(conn.prepare_cached(READ)?.query_row([], |row| row.get(0)))?;
    text.map(|text| {
        text.parse()
            .map(Moment)
            .map_err(|_| StoreError::Unreadable(format!("dry time {text:?} is not a number")))
    })
    .transpose()
}

const START: &str = "
INSERT OR IGNORE INTO settings (key, value, changed_at) VALUES ('dry_clock', ?1, ?2)";
const START_KEPT: &str = "
INSERT OR IGNORE INTO settings (key, value, changed_at) VALUES ('dry_start', ?1, ?2)";
const READ_START: &str = "SELECT value FROM settings WHERE key = 'dry_start'";

/// Starts dry time at `at` unless it has started; returns the time it has now.
pub fn start_dry(tx: &Connection, at: Moment, wall: Moment) -> Result<Moment, StoreError> {
    tx.prepare_cached(START)?.execute(params![at.0.to_string(), wall])?;
    tx.prepare_cached(START_KEPT)?.execute(params![at.0.to_string(), wall])?;
    Ok(dry(tx)?.unwrap_or(at))
}

/// Returns where dry time started.
pub fn dry_start(conn: &Connection) -> Result<Option<Moment>, StoreError> {
    let text: Option<String> =
        optional(conn.prepare_cached(READ_START)?.query_row([], |row| row.get(0)))?;
    Ok(text.and_then(|text| text.parse().ok()).map(Moment))
}

const MOVE: &str = "
UPDATE settings SET value = ?2, changed_at = ?3 WHERE key = 'dry_clock' AND value = ?1";

/// Moves dry time from `from` forward to `to`; `false` when it is not at `from` any more.
pub fn move_dry(
    tx: &Connection,
    from: Moment,
    to: Moment,
    wall: Moment,
) -> Result<bool, StoreError> {
    if to < from {
        return Ok(false);
    }
    let moved =
        tx.prepare_cached(MOVE)?.execute(params![from.0.to_string(), to.0.to_string(), wall])?;
    Ok(moved == 1)
}
