//! Feels whether anything has changed, for whoever watches a database that others write to.

use rusqlite::Connection;

use super::error::StoreError;

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
