//! Reads what a run has left behind, to judge whether anything due is left.

use rusqlite::{Connection, params};

use super::error::StoreError;
use super::words::count;
use super::{board, units};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::unit::{PlannedUnits, UnitName};

const BLOCKERS: &str = "
SELECT blocked_on, count(*) FROM units
WHERE mode = ?1 AND state = 'blocked' AND blocked_on IS NOT NULL GROUP BY blocked_on";

/// Returns how many blocked units name a blocker that is done, or that does not exist: they would
/// never go on.
pub fn stranded(conn: &Connection, mode: Mode) -> Result<u64, StoreError> {
    let mut statement = conn.prepare_cached(BLOCKERS)?;
    let mut rows = statement.query([mode])?;
    let mut stranded = 0;
    while let Some(row) = rows.next()? {
        let blocker: String = row.get(0)?;
        let Some(name) = UnitName::from_column(&blocker) else {
            return Err(StoreError::Unreadable(format!("{blocker:?} names no unit")));
        };
        match units::state_of(conn, mode, &name)? {
            Some((_, UnitState::Done)) | None => stranded += count(row, 1)?,
            Some(_) => {}
        }
    }
    Ok(stranded)
}

/// Returns how many units are planned up to `horizon`.
pub fn planned_until(conn: &Connection, mode: Mode, horizon: Moment) -> Result<u64, StoreError> {
    Layer::ALL.into_iter().try_fold(0, |n, layer| {
        Ok(n + board::due_in(conn, mode, layer, UnitState::Scheduled, horizon)?.n)
    })
}

const BEYOND: &str = "
SELECT u.layer, u.kind, count(*), min(u.run_at), max(u.run_at)
FROM layers l JOIN units u ON u.mode = ?1 AND u.layer = l.layer AND u.state = 'scheduled'
WHERE u.run_at > ?2 GROUP BY u.layer, u.kind ORDER BY u.layer, u.kind";

/// Returns what is planned after `horizon`, by layer and kind.
pub fn beyond(
    conn: &Connection,
    mode: Mode,
    horizon: Moment,
) -> Result<Vec<PlannedUnits>, StoreError> {
    let mut statement = conn.prepare_cached(BEYOND)?;
    let rows = statement.query_map(params![mode, horizon], |row| {
        Ok(PlannedUnits {
            layer: row.get(0)?,
            kind: row.get(1)?,
            n: count(row, 2)?,
            first: row.get(3)?,
            last: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const ATTRIBUTIONS: &str = "
SELECT DISTINCT attribution FROM prospects WHERE mode = ?1 AND attribution <> ''
ORDER BY attribution LIMIT ?2";

/// Returns whom the businesses' data must be credited to.
pub fn attributions(conn: &Connection, mode: Mode, limit: u32) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(ATTRIBUTIONS)?;
    let rows = statement.query_map(params![mode, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
