//! Keeps what was said of each month, every time it was closed.

use rusqlite::{Connection, named_params, params};

use crate::domain::finance::MonthClose;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{json, optional};

const PUT: &str = "
INSERT OR IGNORE INTO month_closes (mode, month, revision, ledger_id, figures, at)
VALUES (:mode, :month, :revision, :ledger, :figures, :now)";

const SETTLE_OLDER: &str = "UPDATE month_closes SET outdated = 0 WHERE mode = ?1 AND month = ?2";

/// A close books the cost of its own contacts, which is no news of its month. What was booked between
/// its reading and its writing is.
const MARK_NEW: &str = "
UPDATE month_closes SET outdated = 1 WHERE mode = ?1 AND month = ?2 AND revision = ?3
  AND EXISTS (SELECT 1 FROM ledger l WHERE l.mode = ?1 AND l.id > ?4
    AND l.reference NOT LIKE 'contacts/%' AND l.at < unixepoch(?2 || '-01', '+1 month') * 1000)";

/// Writes a close; what was said before stays.
pub(super) fn put(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    close: &MonthClose,
) -> Result<(), StoreError> {
    tx.prepare_cached(SETTLE_OLDER)?.execute(params![mode, close.month])?;
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode, ":month": close.month, ":revision": close.revision,
        ":ledger": close.ledger_id, ":figures": close.figures.to_string(), ":now": now,
    })?;
    tx.prepare_cached(MARK_NEW)?.execute(params![
        mode,
        close.month,
        close.revision,
        close.ledger_id
    ])?;
    Ok(())
}

const LATEST: &str = "
SELECT * FROM month_closes WHERE mode = ?1 AND month = ?2 ORDER BY revision DESC LIMIT 1";

/// Returns the last close of a month.
pub fn latest(
    conn: &Connection,
    mode: Mode,
    month: &str,
) -> Result<Option<MonthClose>, StoreError> {
    optional(conn.prepare_cached(LATEST)?.query_row(params![mode, month], |row| {
        Ok(MonthClose {
            month: row.get("month")?,
            revision: row.get("revision")?,
            ledger_id: row.get("ledger_id")?,
            figures: json(row, "figures")?,
        })
    }))
}

const OUTDATE: &str = "
UPDATE month_closes SET outdated = 1
WHERE mode = ?1 AND month >= strftime('%Y-%m', ?2 / 1000, 'unixepoch')";

/// Notes that the ledger has a new line at `at`: every closed month from then on says something else.
pub(super) fn outdate(tx: &Connection, mode: Mode, at: Moment) -> Result<(), StoreError> {
    tx.prepare_cached(OUTDATE)?.execute(params![mode, at])?;
    Ok(())
}

const OUTDATED: &str = "
SELECT month, revision FROM month_closes c WHERE mode = ?1 AND outdated = 1 AND NOT EXISTS
  (SELECT 1 FROM month_closes n WHERE n.mode = ?1 AND n.month = c.month AND n.revision > c.revision)
ORDER BY month";

/// Returns the closed months of which the ledger has learnt since, with their last revision.
pub fn outdated(conn: &Connection, mode: Mode) -> Result<Vec<(String, u32)>, StoreError> {
    let mut statement = conn.prepare_cached(OUTDATED)?;
    let found = statement.query_map([mode], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}
