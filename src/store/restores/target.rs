//! Looks at the place where a database is to be restored.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::super::error::StoreError;
use super::super::{leases, open};
use crate::domain::mode::Mode;
use crate::runtime::clock::Now;
use crate::runtime::process::ProcessIdentity;

/// What stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Before {
    /// Nothing, or an empty file.
    Nothing,
    /// A sound database that nobody works.
    Quiet,
    /// A database that somebody works with.
    InUse(String),
    /// Something that cannot be read as a database of ours.
    Unreadable(String),
}

const HELD: &str = "SELECT mode, name FROM leases WHERE pid <> 0 ORDER BY mode, name";

/// Returns what stands at `target`, and changes nothing in it.
///
/// # Errors
/// The file cannot be looked at.
pub fn look(target: &Path, me: &ProcessIdentity, now: Now) -> Result<Before, StoreError> {
    match std::fs::metadata(target) {
        Ok(data) if data.len() > 0 => {}
        Ok(_) => return Ok(Before::Nothing),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Before::Nothing),
        Err(source) => {
            return Err(StoreError::File { what: "look at", path: target.to_owned(), source });
        }
    }
    let looked = open::as_it_is(target, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .and_then(|conn| Ok((who_works(&conn, me, now)?, damage(&conn)?)));
    match looked {
        Ok((Some(who), _)) => Ok(Before::InUse(who)),
        Ok((None, None)) => Ok(Before::Quiet),
        Ok((None, Some(damage))) => Ok(Before::Unreadable(damage)),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
            Ok(Before::Unreadable(format!("{error}{cause}")))
        }
    }
}

fn damage(conn: &Connection) -> Result<Option<String>, StoreError> {
    let found: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}

/// Returns who holds a lease with a process that lives.
fn who_works(
    conn: &Connection,
    me: &ProcessIdentity,
    now: Now,
) -> Result<Option<String>, StoreError> {
    let mut statement = conn.prepare(HELD)?;
    let held: Vec<(Mode, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (mode, name) in held {
        if let Some(owner) = leases::living_holder(conn, mode, &name, me, now)? {
            return Ok(Some(format!("{owner} holds the lease {name} of {mode}")));
        }
    }
    Ok(None)
}

/// Brings all of a database into its one file, which it can be only while nobody else has it open;
/// `false` when somebody has. Whoever looks on would go on with the file that was replaced.
///
/// # Errors
/// The database cannot be written.
pub fn gather(target: &Path) -> Result<bool, StoreError> {
    let conn = open::as_it_is(target, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.busy_timeout(std::time::Duration::ZERO)?;
    let mode = conn.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0));
    match mode {
        Ok(mode) => Ok(mode == "delete"),
        Err(error) => match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Ok(false)
            }
            _ => Err(error.into()),
        },
    }
}

/// How many receipts of the outbox are looked for: people move files away, but hardly all of the latest.
const RECEIPTS: i64 = 50;

const LATEST_RECEIPTS: &str = "
SELECT json_extract(receipt, '$.reference') FROM effects
WHERE mode = 'live' AND host = 'outbox' AND confirmed_no IS NOT NULL
ORDER BY confirmed_no DESC LIMIT ?1";

/// Returns the files that live work last wrote for people, as a backup's receipts name them.
///
/// # Errors
/// The backup cannot be read.
pub fn outbox_receipts(backup: &Path) -> Result<Vec<String>, StoreError> {
    let conn = open::as_it_is(backup, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = conn.prepare(LATEST_RECEIPTS)?;
    let rows = statement.query_map([RECEIPTS], |row| row.get::<_, Option<String>>(0))?;
    Ok(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}
