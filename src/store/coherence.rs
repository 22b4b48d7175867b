//! Keeps stored values of Φ_sync with all they were computed from.
//!
//! A row is written in the same transaction that computes it, so it is the value of the rows that
//! commit leaves. Rows are never changed.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::phi;
use super::words::optional;
use crate::domain::ids::RunId;
use crate::domain::mode::Mode;
use crate::domain::phi::Phi;
use crate::domain::time::Moment;

const INSERT: &str = "
INSERT INTO coherence_metrics (mode, at, wall_at, run_id, phi, coupling, inputs)
VALUES (:mode, :at, :wall, :run, :phi, :coupling, :inputs)";

/// Computes Φ_sync as the rows are now, stores it with its inputs, and returns it.
pub fn record(
    tx: &Connection,
    mode: Mode,
    run_id: Option<RunId>,
    at: Moment,
    wall: Moment,
) -> Result<Phi, StoreError> {
    let phi = phi::current(tx, mode)?;
    tx.prepare_cached(INSERT)?.execute(named_params! {
        ":mode": mode, ":at": at, ":wall": wall, ":run": run_id, ":phi": phi.value,
        ":coupling": phi.coupling, ":inputs": serde_json::to_string(&phi)?,
    })?;
    Ok(phi)
}

const STORED_BEFORE: &str = "
SELECT at, phi FROM (SELECT id, at, phi FROM coherence_metrics WHERE mode = ?1 ORDER BY id DESC
  LIMIT 10000) WHERE at <= ?2 ORDER BY id DESC LIMIT 1";

/// Returns the latest of the newest 10,000 stored values that is not later than `moment`, with its
/// time on the mode's clock. Hourly values reach back a year.
pub fn stored_before(
    conn: &Connection,
    mode: Mode,
    moment: Moment,
) -> Result<Option<(Moment, Option<f64>)>, StoreError> {
    let mut statement = conn.prepare_cached(STORED_BEFORE)?;
    optional(statement.query_row(params![mode, moment], |row| Ok((row.get(0)?, row.get(1)?))))
}

const TREND: &str = "
SELECT at, phi FROM (SELECT id, at, phi FROM coherence_metrics WHERE mode = ?1 ORDER BY id DESC
  LIMIT ?2) ORDER BY id";

/// Returns the newest `limit` stored values with their times on the mode's clock, oldest first.
pub fn trend(
    conn: &Connection,
    mode: Mode,
    limit: usize,
) -> Result<Vec<(Moment, Option<f64>)>, StoreError> {
    let mut statement = conn.prepare_cached(TREND)?;
    let rows = statement
        .query_map(params![mode, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
