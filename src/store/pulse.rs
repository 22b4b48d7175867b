//! Feels whether anything has changed, for whoever watches a database that others write to.

use std::path::Path;

use rusqlite::Connection;

use super::error::StoreError;
use super::open;

/// Tells whether anybody has committed since it was last asked, in this process or another. It asks
/// SQLite for one number and reads no rows, so it may be asked ten times a second for a whole night.
pub struct Watch {
    conn: Connection,
    version: Option<i64>,
}

impl Watch {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { conn: open::reader(path)?, version: None })
    }

    /// Whether something may have changed; the first time it may have.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn has_moved(&mut self) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached("PRAGMA data_version")?;
        let version = Some(statement.query_row([], |row| row.get(0))?);
        Ok(std::mem::replace(&mut self.version, version) != version)
    }
}

/// A fingerprint of the rows: two that are equal mean that nothing a picture shows has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulse(Vec<(String, i64)>);

const FEEL: &str = "
SELECT name, seq FROM sqlite_sequence
UNION ALL SELECT 'unit' || layer || state || mode, n FROM unit_counts
UNION ALL SELECT 'attempt' || layer || state || mode, n FROM attempt_counts
UNION ALL SELECT 'effect' || layer || state || mode, n FROM effect_counts
UNION ALL SELECT 'clock', CAST(value AS INTEGER) FROM settings WHERE key = 'dry_clock'
UNION ALL SELECT state, id FROM (SELECT state, id FROM runs ORDER BY id DESC LIMIT 8)
UNION ALL SELECT owner, epoch FROM leases";

/// Returns the fingerprint. It reads a few hundred short rows however long the history is.
pub fn feel(conn: &Connection) -> Result<Pulse, StoreError> {
    let mut statement = conn.prepare_cached(FEEL)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Pulse(rows.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::runtime::clock::SystemClock;
    use crate::store::Store;

    #[tokio::test]
    async fn who_watches_is_told_of_every_commit_of_anybody_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Store::open(&folder.path().join("a.db"), Arc::new(SystemClock::new()));
        let (ours, theirs) = (open().unwrap(), open().unwrap());
        let mut watch = ours.watch().unwrap();
        assert!(watch.has_moved().unwrap(), "nothing was known before");
        assert!(!watch.has_moved().unwrap());
        for store in [&ours, &theirs] {
            let sql = "INSERT OR REPLACE INTO settings (key, value, changed_at) \
                       VALUES ('watched', '1', 0)";
            store.write("test", |tx| Ok(tx.execute(sql, [])?)).await.unwrap();
            assert!(watch.has_moved().unwrap(), "somebody wrote");
            assert!(!watch.has_moved().unwrap(), "once");
        }
        ours.read(super::feel).unwrap();
        assert!(!watch.has_moved().unwrap(), "who reads changes nothing");
    }
}
