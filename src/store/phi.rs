//! Counts the rows that Φ_sync rests on.
//!
//! All windows of a container end at its latest ended unit and are open at their start. A held unit
//! has not ended for the orchestrator, but Φ_sync counts it as ended without success, at the end of
//! its latest attempt. Every query follows an index through its window alone, so the cost grows
//! with the work of a window and not with history.

use rusqlite::{Connection, params};

use super::error::StoreError;
use super::words::count;
use crate::domain::layer::{Container, Layer};
use crate::domain::mode::Mode;
use crate::domain::phi::{
    CONVERSION_WINDOW_MS, ContainerInputs, IdRange, LayerInputs, Phi, Tally, recent_window_ms,
};
use crate::domain::time::Moment;

/// After everything that has happened.
const NOW: Moment = Moment(i64::MAX);

/// Computes Φ_sync of a world from its rows.
pub fn current(conn: &Connection, mode: Mode) -> Result<Phi, StoreError> {
    as_of(conn, mode, NOW)
}

/// Computes Φ_sync of a world from those of its rows that had ended, concluded or been done at
/// `moment`. Attempts never change, so its error rates are those of then; a unit that has been taken
/// up again since is missing among those that had ended.
pub fn as_of(conn: &Connection, mode: Mode, moment: Moment) -> Result<Phi, StoreError> {
    let inputs = Container::ALL.into_iter().map(|one| inputs_as_of(conn, mode, one, moment));
    Ok(Phi::of(inputs.collect::<Result<_, _>>()?))
}

/// Returns what one container rests on.
pub fn inputs(
    conn: &Connection,
    mode: Mode,
    container: Container,
) -> Result<ContainerInputs, StoreError> {
    inputs_as_of(conn, mode, container, NOW)
}

fn inputs_as_of(
    conn: &Connection,
    mode: Mode,
    container: Container,
    moment: Moment,
) -> Result<ContainerInputs, StoreError> {
    let mut window_end = None;
    for layer in container.layers() {
        window_end = window_end.max(latest_end(conn, mode, layer, moment)?);
    }
    // Without an ended unit the windows are empty; any end will do, for nothing lies before it.
    let to = window_end.unwrap_or(Moment(i64::MIN));
    let from = to.plus_ms(-recent_window_ms(container));
    let layers = container
        .layers()
        .map(|layer| layer_inputs(conn, mode, layer, from, to))
        .collect::<Result<_, _>>()?;
    let conversion_from = to.plus_ms(-CONVERSION_WINDOW_MS);
    let conversion = conversions(container)
        .iter()
        .map(|count| count.run(conn, mode, conversion_from, to, moment))
        .collect::<Result<_, _>>()?;
    Ok(ContainerInputs { container, window_end, layers, conversion })
}

const LATEST_ENDED: &str = "
SELECT max(ended_at) FROM units
WHERE mode = ?1 AND layer = ?2 AND ended_at <= ?3
  AND (state IN ('done', 'dead') OR skipped_by = 'person')";

const LATEST_HELD: &str = "
SELECT max(a.ended_at) FROM units u JOIN attempts a ON a.unit_id = u.id
WHERE u.mode = ?1 AND u.layer = ?2 AND u.state = 'held' AND a.ended_at <= ?3";

fn latest_end(
    conn: &Connection,
    mode: Mode,
    layer: Layer,
    moment: Moment,
) -> Result<Option<Moment>, StoreError> {
    let latest = |sql| -> Result<Option<Moment>, StoreError> {
        Ok(conn.prepare_cached(sql)?.query_row(params![mode, layer, moment], |row| row.get(0))?)
    };
    Ok(latest(LATEST_ENDED)?.max(latest(LATEST_HELD)?))
}

const ATTEMPTS: &str = "
SELECT coalesce(sum(state <> 'ok'), 0), count(*), min(id), max(id) FROM attempts
WHERE mode = ?1 AND layer = ?2 AND ended_at > ?3 AND ended_at <= ?4
  AND state IN ('ok', 'failed', 'timed_out', 'lost')";

const UNITS: &str = "
SELECT coalesce(sum(state = 'done' AND faulted = 0 AND operated = 0), 0), count(*), min(id), max(id),
       coalesce(sum(state = 'done'), 0)
FROM units
WHERE mode = ?1 AND layer = ?2 AND ended_at > ?3 AND ended_at <= ?4
  AND (state IN ('done', 'dead') OR skipped_by = 'person')";

const HELD: &str = "
SELECT 0, count(*), min(id), max(id) FROM units u
WHERE mode = ?1 AND layer = ?2 AND state = 'held'
  AND (SELECT max(ended_at) FROM attempts WHERE unit_id = u.id) BETWEEN ?3 + 1 AND ?4";

fn layer_inputs(
    conn: &Connection,
    mode: Mode,
    layer: Layer,
    from: Moment,
    to: Moment,
) -> Result<LayerInputs, StoreError> {
    let window = params![mode, layer, from, to];
    let attempts = conn
        .prepare_cached(ATTEMPTS)?
        .query_row(window, |row| tally("failed ÷ attempts", "attempts", row))?;
    let (ended, done) = conn
        .prepare_cached(UNITS)?
        .query_row(window, |row| Ok((tally("clean ÷ ended", "units", row)?, count(row, 4)?)))?;
    let held =
        conn.prepare_cached(HELD)?.query_row(window, |row| tally("clean ÷ ended", "units", row))?;
    Ok(LayerInputs { layer, attempts, units: joined(ended, held), done })
}

/// How achieved rows of one table are counted.
struct Conversion {
    of: &'static str,
    table: &'static str,
    sql: &'static str,
}

impl Conversion {
    fn run(
        &self,
        conn: &Connection,
        mode: Mode,
        from: Moment,
        to: Moment,
        moment: Moment,
    ) -> Result<Tally, StoreError> {
        Ok(conn
            .prepare_cached(self.sql)?
            .query_row(params![mode, from, to, moment], |row| tally(self.of, self.table, row))?)
    }
}

const PROSPECTS: &str = "
SELECT coalesce(sum(conclusion = 'booked'), 0), count(*), min(id), max(id) FROM prospects
WHERE mode = ?1 AND concluded_at > ?2 AND concluded_at <= min(?3, ?4)";
const TASKS: &str = "
SELECT coalesce(sum(done_at <= ?4), 0), count(*), min(id), max(id) FROM onboarding_tasks
WHERE mode = ?1 AND due_at > ?2 AND due_at <= ?3";
const ACTIONS: &str = "
SELECT coalesce(sum(done_at <= ?4), 0), count(*), min(id), max(id) FROM profile_actions
WHERE mode = ?1 AND due_at > ?2 AND due_at <= ?3";
const INVOICES: &str = "
SELECT coalesce(sum(paid_at <= ?4), 0), count(*), min(id), max(id) FROM invoices
WHERE mode = ?1 AND due_at > ?2 AND due_at <= ?3 AND state <> 'void'";
const REPORTS: &str = "
SELECT coalesce(sum(delivered_at <= ?4), 0), count(*), min(id), max(id) FROM reports
WHERE mode = ?1 AND due_at > ?2 AND due_at <= ?3";

const fn conversions(container: Container) -> &'static [Conversion] {
    match container {
        Container::Sales => {
            &[Conversion { of: "booked ÷ concluded", table: "prospects", sql: PROSPECTS }]
        }
        Container::Operations => &[
            Conversion { of: "tasks done ÷ due", table: "onboarding_tasks", sql: TASKS },
            Conversion { of: "actions done ÷ due", table: "profile_actions", sql: ACTIONS },
        ],
        Container::Finance => &[
            Conversion { of: "invoices paid ÷ due", table: "invoices", sql: INVOICES },
            Conversion { of: "reports delivered ÷ due", table: "reports", sql: REPORTS },
        ],
    }
}

/// Reads (counted above, counted below, lowest id, highest id).
fn tally(
    of: &'static str,
    table: &'static str,
    row: &rusqlite::Row<'_>,
) -> rusqlite::Result<Tally> {
    let first: Option<i64> = row.get(2)?;
    let last: Option<i64> = row.get(3)?;
    let ids = first.zip(last).map(|(first, last)| IdRange { first, last });
    Ok(Tally { of, table, hits: count(row, 0)?, n: count(row, 1)?, ids })
}

fn joined(one: Tally, other: Tally) -> Tally {
    let ids = match (one.ids, other.ids) {
        (Some(a), Some(b)) => {
            Some(IdRange { first: a.first.min(b.first), last: a.last.max(b.last) })
        }
        (a, b) => a.or(b),
    };
    Tally { hits: one.hits + other.hits, n: one.n + other.n, ids, ..one }
}

#[cfg(test)]
mod tests;
