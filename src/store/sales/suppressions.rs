//! Keeps the addresses that must not be written to. Rows are never updated and never deleted.

use rusqlite::{Connection, params};

use crate::domain::mode::Mode;
use crate::domain::sales::{Suppression, SuppressionReason};
use crate::store::error::StoreError;

const PUT: &str = "
INSERT OR IGNORE INTO suppressions (mode, address, reason, evidence, at) VALUES (?1, ?2, ?3, ?4, ?5)";

const HAS: &str = "SELECT count(*) FROM suppressions WHERE mode = ?1 AND address = ?2";

/// Whether an address (lower case) must not be written to.
pub fn has(conn: &Connection, mode: Mode, address: &str) -> Result<bool, StoreError> {
    let n: i64 = conn.prepare_cached(HAS)?.query_row(params![mode, address], |row| row.get(0))?;
    Ok(n > 0)
}

/// Suppresses an address; the first reason stays.
pub(super) fn put(
    tx: &Connection,
    mode: Mode,
    suppression: &Suppression,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT)?.execute(params![
        mode,
        suppression.address,
        suppression.reason.as_column(),
        suppression.evidence,
        suppression.at,
    ])?;
    Ok(())
}

const LIST: &str = "
SELECT address, reason, evidence, at FROM suppressions WHERE mode = ?1 ORDER BY at DESC, address
LIMIT ?2";

/// Returns the suppressed addresses, the latest first.
pub fn list(conn: &Connection, mode: Mode, limit: u32) -> Result<Vec<Suppression>, StoreError> {
    let mut statement = conn.prepare_cached(LIST)?;
    let rows = statement.query_map(params![mode, limit], |row| {
        let reason: String = row.get(1)?;
        Ok((row.get(0)?, reason, row.get(2)?, row.get(3)?))
    })?;
    rows.map(|row| {
        let (address, reason, evidence, at) = row?;
        let reason = SuppressionReason::from_column(&reason)?;
        Ok(Suppression { address, reason, evidence, at })
    })
    .collect()
}
