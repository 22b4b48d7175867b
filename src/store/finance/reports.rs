//! Keeps reports, one for each client and period.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::finance::Report;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{json_opt, optional};

const PUT: &str = "
INSERT INTO reports
  (mode, entity, period, starts_at, ends_at, due_at, delivered_at, metrics, markdown)
VALUES (:mode, :entity, :period, :starts, :ends, :due, :delivered, :metrics, :markdown)
ON CONFLICT (mode, entity, period) DO UPDATE SET
  delivered_at = coalesce(delivered_at, excluded.delivered_at),
  metrics = coalesce(metrics, excluded.metrics),
  markdown = coalesce(markdown, excluded.markdown)";

/// Inserts a report, or adds what was measured and when it was delivered; neither is ever replaced.
pub(super) fn put(tx: &Connection, mode: Mode, report: &Report) -> Result<(), StoreError> {
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode,
        ":entity": report.entity,
        ":period": report.period,
        ":starts": report.starts_at,
        ":ends": report.ends_at,
        ":due": report.due_at,
        ":delivered": report.delivered_at,
        ":metrics": report.metrics.as_ref().map(ToString::to_string),
        ":markdown": report.markdown,
    })?;
    Ok(())
}

const GET: &str = "SELECT * FROM reports WHERE mode = ?1 AND entity = ?2 AND period = ?3";

/// Returns a client's report of a period.
pub fn get(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    period: &str,
) -> Result<Option<Report>, StoreError> {
    optional(conn.prepare_cached(GET)?.query_row(params![mode, entity, period], from_row))
}

const LIST: &str = "
SELECT c.name AS client_name, r.* FROM reports r
JOIN clients c ON c.mode = r.mode AND c.entity = r.entity
WHERE r.mode = ?1 AND (?2 IS NULL OR r.entity = ?2)
ORDER BY r.due_at DESC, r.id DESC LIMIT ?3";

/// Returns reports with their clients' names, the latest due first; only those of `entity` if given.
pub fn list(
    conn: &Connection,
    mode: Mode,
    entity: Option<&str>,
    limit: u32,
) -> Result<Vec<(String, Report)>, StoreError> {
    let mut statement = conn.prepare_cached(LIST)?;
    let rows = statement.query_map(params![mode, entity, limit], |row| {
        Ok((row.get("client_name")?, from_row(row)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Report> {
    Ok(Report {
        entity: row.get("entity")?,
        period: row.get("period")?,
        starts_at: row.get("starts_at")?,
        ends_at: row.get("ends_at")?,
        due_at: row.get("due_at")?,
        delivered_at: row.get("delivered_at")?,
        metrics: json_opt(row, "metrics")?,
        markdown: row.get("markdown")?,
    })
}

const NEWLY_LIVE: &str = "
SELECT entity, name FROM clients c
WHERE mode = ?1 AND live_at >= ?2 AND live_at < ?3 AND churned_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM units u
                  WHERE u.mode = c.mode AND u.layer = 7 AND u.entity = c.entity AND u.version = ?4)
ORDER BY id";

/// Returns entity and name of the clients who went live between two instants and for whom no unit
/// of layer 7 called `version` exists.
pub fn newly_live(
    conn: &Connection,
    mode: Mode,
    from: Moment,
    to: Moment,
    version: &str,
) -> Result<Vec<(String, String)>, StoreError> {
    let mut statement = conn.prepare_cached(NEWLY_LIVE)?;
    let found = statement
        .query_map(params![mode, from, to, version], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    Ok(found)
}
