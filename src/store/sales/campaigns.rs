//! Keeps the campaigns that a receiver's policy has stopped.

use rusqlite::{Connection, params};

use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::optional;

const STOP: &str = "INSERT OR IGNORE INTO stopped_campaigns VALUES (?1, ?2, ?3, ?4)";

/// Stops a campaign; the first reason stays.
pub fn stop(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    campaign: &str,
    reason: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(STOP)?.execute(params![mode, campaign, reason, now])?;
    Ok(())
}

const RESUME: &str = "DELETE FROM stopped_campaigns WHERE mode = ?1 AND campaign = ?2";

/// Lets a stopped campaign go on.
pub fn resume(tx: &Connection, mode: Mode, campaign: &str) -> Result<(), StoreError> {
    tx.prepare_cached(RESUME)?.execute(params![mode, campaign])?;
    Ok(())
}

const WHY: &str = "SELECT reason FROM stopped_campaigns WHERE mode = ?1 AND campaign = ?2";

/// Returns why a campaign is stopped, `None` for one that goes on.
pub fn stopped_because(
    conn: &Connection,
    mode: Mode,
    campaign: &str,
) -> Result<Option<String>, StoreError> {
    optional(conn.prepare_cached(WHY)?.query_row(params![mode, campaign], |row| row.get(0)))
}
