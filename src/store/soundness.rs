//! Looks whether the file is sound, before work begins on it.
//!
//! A page that a failing disk or a copy made by hand has spoilt would otherwise be met in the middle of
//! the work. The look has a time limit, so a large file is looked at in part; reading never needs it.

use std::sync::Arc;

use rusqlite::{Connection, ErrorCode};

use super::Store;
use super::error::StoreError;
use crate::runtime::clock::Clock;

/// How long a look may take, in microseconds. A run resumes within two seconds of its start; an
/// eighth of that is spent on not working on a spoilt file.
const LIMIT_US: u64 = 250_000;

/// After how many steps of SQLite's machine the clock is read; thousands of them take a millisecond.
const STEPS: i32 = 1_000;

const CHECK: &str = "PRAGMA quick_check(1)";

impl Store {
    /// Looks at as many pages as the time limit allows.
    ///
    /// # Errors
    /// `Damaged` with the first thing found, or a file that cannot be read.
    pub fn assert_sound(&self, clock: &Arc<dyn Clock>) -> Result<(), StoreError> {
        let found = self.read(|conn| look(conn, Arc::clone(clock), LIMIT_US))?;
        match found {
            None => Ok(()),
            Some(what) => Err(StoreError::Damaged { path: self.path().to_owned(), what }),
        }
    }
}

/// Returns the first thing that is wrong; `None` when nothing is, as far as the time sufficed.
fn look(
    conn: &Connection,
    clock: Arc<dyn Clock>,
    limit_us: u64,
) -> Result<Option<String>, StoreError> {
    let until = clock.monotonic_us().saturating_add(limit_us);
    conn.progress_handler(STEPS, Some(move || clock.monotonic_us() >= until))?;
    let found = conn.query_row(CHECK, [], |row| row.get::<_, String>(0));
    conn.progress_handler(0, None::<fn() -> bool>)?;
    match found {
        Ok(word) if word == "ok" => Ok(None),
        Ok(what) => Ok(Some(what)),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Ok(None),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Ok(Some(error.to_string()))
            }
            _ => Err(error.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;
    use crate::runtime::clock::SystemClock;

    #[test]
    fn a_spoilt_page_is_found_and_a_sound_file_is_not_complained_about() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let store = Store::open(&path, Arc::clone(&clock)).unwrap();
        store.assert_sound(&clock).unwrap();
        // Without any time it is not looked at to the end, and nothing is complained about.
        assert_eq!(store.read(|conn| look(conn, Arc::clone(&clock), 0)).unwrap(), None);
        // Everything is brought into the file; its tables lie in the middle.
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        drop((conn, store));
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let pages = file.metadata().unwrap().len() / 4_096;
        for page in pages / 2..pages {
            file.write_all_at(&[0xA5; 4_096], page * 4_096).unwrap();
        }
        let conn = Connection::open(&path).unwrap();
        let found = look(&conn, clock, LIMIT_US).unwrap();
        assert!(found.is_some(), "garbage was taken for pages");
    }
}
