//! Copies a whole database into one file while others write to it, and says what such a file holds.
//!
//! The copy is one state of the database: `VACUUM INTO` reads in a transaction of its own, on a
//! connection of its own, and neither waits for the writer nor holds it up. What a crash leaves is a
//! file under a name that nobody takes for a copy; the caller gives it its name when it is verified.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::open;
use super::words::{count, optional};
use crate::domain::time::Moment;

/// The setting of a copy that says when it was made; no other database has it.
const MADE: &str = "backup/made";

/// The setting in which a database keeps what came of its latest backup.
const LATEST: &str = "backup/latest";

/// What a copy holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// Its schema.
    pub schema: i64,
    /// When it was made, on the wall clock. Everything committed before is in it, and of a file that
    /// does not say when, everything up to its last event.
    pub made_at: Moment,
    /// How many times the database had been restored before.
    pub generation: i64,
    /// Units in it.
    pub units: u64,
    /// Effects in it.
    pub effects: u64,
    /// The number of its last event.
    pub events: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

/// What came of the latest backup of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// When it was made, wall clock.
    pub at: Moment,
    /// The file.
    pub file: PathBuf,
    /// Its size; `None` when there is none because it failed.
    pub bytes: Option<u64>,
    /// Why it failed.
    pub why: Option<String>,
}

/// Copies the database `source` into the new file `to`, which only its owner may read, and makes it
/// durable. `stamp` is the instant to note in the copy: one at which everything before was committed.
///
/// # Errors
/// A source that is not ours or cannot be read, a file that exists, a disk that is full. What was
/// written of `to` is left for the caller to remove.
pub fn copy(source: &Path, to: &Path, stamp: Option<Moment>) -> Result<(), StoreError> {
    let conn = open::as_it_is(source, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let failed = |source| StoreError::File { what: "write", path: to.to_owned(), source };
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(failed)?;
    conn.execute("VACUUM INTO ?1", [path_text(to)?])
        .map_err(|source| StoreError::Sqlite { what: "the copy", source })?;
    if let Some(at) = stamp {
        let copy = open::as_it_is(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        put(&copy, MADE, &at.0.to_string(), at)?;
    }
    File::open(to).and_then(|file| file.sync_all()).map_err(failed)
}

/// SQLite takes names as text.
fn path_text(path: &Path) -> Result<&str, StoreError> {
    path.to_str().ok_or_else(|| StoreError::File {
        what: "write",
        path: path.to_owned(),
        source: io::Error::new(io::ErrorKind::InvalidInput, "its name is not UTF-8"),
    })
}

/// Makes a renaming in the folder of `path` durable.
///
/// # Errors
/// The folder cannot be opened or synced.
pub fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder).and_then(|file| file.sync_all()).map_err(|source| StoreError::File {
        what: "sync",
        path: folder.to_owned(),
        source,
    })
}

const COUNTS: &str = "
SELECT (SELECT count(*) FROM units), (SELECT coalesce(sum(n), 0) FROM unit_counts),
  (SELECT count(*) FROM effects), (SELECT coalesce(sum(n), 0) FROM effect_counts),
  (SELECT coalesce(max(id), 0) FROM events),
  (SELECT coalesce(max(wall_at), 0) FROM (SELECT wall_at FROM events ORDER BY id DESC LIMIT 1))";

/// Reads `path` through and returns what it holds. Nothing in it is changed.
///
/// # Errors
/// A file that is not ours, is newer or damaged, or whose rows do not agree with each other.
pub fn verify(path: &Path) -> Result<Contents, StoreError> {
    let unsound = |why: String| StoreError::Unsound { path: path.to_owned(), why };
    let conn = open::as_it_is(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let schema = open::schema_of(&conn, path)?;
    if schema == 0 {
        return Err(unsound("it is empty".to_owned()));
    }
    let quick: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if quick != "ok" {
        return Err(unsound(quick));
    }
    let stray: Option<String> =
        optional(conn.query_row("PRAGMA foreign_key_check", [], |row| row.get(0)))?;
    if let Some(table) = stray {
        return Err(unsound(format!("a row of {table} names one that is not there")));
    }
    let (units, units_told, effects, effects_told, events, last) =
        conn.query_row(COUNTS, [], |row| {
            let told = |column| count(row, column);
            Ok((told(0)?, told(1)?, told(2)?, told(3)?, told(4)?, row.get::<_, Moment>(5)?))
        })?;
    for (what, found, told) in [("units", units, units_told), ("effects", effects, effects_told)] {
        if found != told {
            return Err(unsound(format!("it has {found} {what} and counted {told}")));
        }
    }
    let made_at = number(&conn, MADE)?.map_or(last, Moment);
    let generation = number(&conn, super::restores::GENERATION)?.unwrap_or(0);
    let bytes = fs::metadata(path).map_or(0, |data| data.len());
    Ok(Contents { schema, made_at, generation, units, effects, events, bytes })
}

/// Notes in the database at `path` what came of its backup, beside its writer.
///
/// # Errors
/// The database cannot be written.
pub fn note(path: &Path, latest: &Latest) -> Result<(), StoreError> {
    let conn = open::as_it_is(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    put(&conn, LATEST, &serde_json::to_string(latest)?, latest.at)
}

/// Returns what came of the latest backup, `None` before the first one.
pub fn latest(conn: &Connection) -> Result<Option<Latest>, StoreError> {
    let text = value(conn, LATEST)?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

const PUT: &str = "INSERT OR REPLACE INTO settings (key, value, changed_at) VALUES (?1, ?2, ?3)";

pub(super) fn put(
    conn: &Connection,
    key: &str,
    value: &str,
    wall: Moment,
) -> Result<(), StoreError> {
    conn.prepare_cached(PUT)?.execute(params![key, value, wall])?;
    Ok(())
}

const REMOVE_MADE: &str = "DELETE FROM settings WHERE key = 'backup/made'";

/// Takes out of a copy what says that it is one, because from here on it is the database.
pub(super) fn unstamp(tx: &Connection) -> Result<(), StoreError> {
    tx.execute(REMOVE_MADE, [])?;
    Ok(())
}

const VALUE: &str = "SELECT value FROM settings WHERE key = ?1";

fn value(conn: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    optional(conn.prepare_cached(VALUE)?.query_row([key], |row| row.get(0)))
}

/// Returns a setting that is a number.
pub(super) fn number(conn: &Connection, key: &str) -> Result<Option<i64>, StoreError> {
    let text = value(conn, key)?;
    text.map(|text| {
        text.parse().map_err(|_| StoreError::Unreadable(format!("{key} {text:?} is no number")))
    })
    .transpose()
}
