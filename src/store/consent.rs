//! Answers whether somebody may be written to; asked inside the transaction that decides.

use rusqlite::{Connection, params};

use super::error::StoreError;
use super::words::optional;
use crate::domain::mode::Mode;

const SUPPRESSED: &str = "SELECT reason FROM suppressions WHERE mode = ?1 AND address = ?2";

/// Returns why `address` must not be written to, `None` when it may. Addresses are compared in
/// lower case.
pub fn suppression(
    conn: &Connection,
    mode: Mode,
    address: &str,
) -> Result<Option<String>, StoreError> {
    optional(
        conn.prepare_cached(SUPPRESSED)?
            .query_row(params![mode, address.to_lowercase()], |row| row.get(0)),
    )
}
