//! Keeps the settings of the process that served last. Secrets stand there as set or unset.

use rusqlite::{Connection, params};
use serde_json::Value;

use super::error::StoreError;
use super::words::{json, optional};
use crate::domain::time::Moment;

const GET: &str = "SELECT value FROM settings WHERE key = 'served_settings'";

/// Returns the settings of the process that served last.
pub fn settings(conn: &Connection) -> Result<Option<Value>, StoreError> {
    optional(conn.prepare_cached(GET)?.query_row([], |row| json(row, "value")))
}

const KEEP: &str = "
INSERT INTO settings (key, value, changed_at) VALUES ('served_settings', ?1, ?2)
ON CONFLICT (key) DO UPDATE SET value = ?1, changed_at = ?2";

/// Keeps the settings of the process that serves.
pub fn keep_settings(tx: &Connection, settings: &Value, wall: Moment) -> Result<(), StoreError> {
    tx.prepare_cached(KEEP)?.execute(params![settings.to_string(), wall])?;
    Ok(())
}
