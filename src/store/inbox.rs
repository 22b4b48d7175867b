//! Keeps deliveries raw, as they came.
//!
//! A delivery and the unit that processes it are one commit: an acknowledged delivery is never
//! without its work, and a duplicate makes neither.

use rusqlite::{Connection, params};

use super::error::StoreError;
use super::words::optional;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

const PUT: &str = "
INSERT OR IGNORE INTO inbox (mode, provider, delivery_id, headers, body, at, wall_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

/// Stores a delivery and returns its id, or `None` for one that is known.
#[expect(clippy::too_many_arguments, reason = "each one is a column of the row that is written")]
pub fn put(
    tx: &Connection,
    mode: Mode,
    provider: &str,
    delivery_id: &str,
    headers: &[(String, String)],
    body: &[u8],
    at: Moment,
    wall_at: Moment,
) -> Result<Option<i64>, StoreError> {
    let headers = serde_json::to_string(headers)?;
    let inserted = tx.prepare_cached(PUT)?.execute(params![
        mode,
        provider,
        delivery_id,
        headers,
        body,
        at,
        wall_at
    ])?;
    Ok((inserted == 1).then(|| tx.last_insert_rowid()))
}

const BODY: &str = "SELECT body FROM inbox WHERE id = ?1";

/// Returns the raw body of a delivery.
pub fn body(conn: &Connection, id: i64) -> Result<Option<Vec<u8>>, StoreError> {
    optional(conn.prepare_cached(BODY)?.query_row([id], |row| row.get(0)))
}
