//! Keeps attempts: one row per try, written at the claim, ended once, never overwritten.
//!
//! What each commit leaves after a crash: an attempt is `started` from its claim to the commit of
//! its unit's next state, which ends it in the same transaction. A dead process leaves `started`;
//! recovery ends it as `lost`.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use crate::domain::error::WorkError;
use crate::domain::ids::{AttemptId, Epoch};
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::time::Moment;
use crate::domain::unit::Unit;

const START: &str = "
INSERT INTO attempts (unit_id, mode, layer, number, state, epoch, owner, run_id, trace_id, at, wall_at)
SELECT :unit, :mode, :layer, 1 + (SELECT count(*) FROM attempts WHERE unit_id = :unit), 'started',
       :epoch, :owner, :run, :trace, :now, :wall
RETURNING id, number";

/// Writes the attempt of a unit that was just claimed; returns its id and its number in the unit.
pub fn start(
    tx: &Connection,
    unit: &Unit,
    owner: &str,
    trace_id: &str,
    now: Moment,
    wall: Moment,
) -> Result<(AttemptId, u32), StoreError> {
    Ok(tx.prepare_cached(START)?.query_row(
        named_params! {
            ":unit": unit.id, ":mode": unit.mode, ":layer": unit.name.layer, ":epoch": unit.epoch,
            ":owner": owner, ":run": unit.run_id, ":trace": trace_id, ":now": now, ":wall": wall,
        },
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

const NUMBER: &str = "SELECT number FROM attempts WHERE id = ?1";

/// Returns which of its unit's attempts this one is; the first is 1.
pub fn number(conn: &Connection, id: AttemptId) -> Result<u32, StoreError> {
    Ok(conn.prepare_cached(NUMBER)?.query_row([id], |row| row.get(0))?)
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct AttemptEnd {
    /// Its outcome.
    pub state: AttemptState,
    /// When, on the mode's clock.
    pub at: Moment,
    /// How long it took, monotonic.
    pub duration_us: u64,
    /// The error and its fingerprint, if there was one.
    pub error: Option<(WorkError, String)>,
    /// When the next try is planned, and why then.
    pub retry: Option<(Moment, String)>,
}

const END: &str = "
UPDATE attempts SET state = :state, ended_at = :at, duration_us = :duration, class = :class,
  code = :code, message = :message, causes = :causes, fingerprint = :fingerprint,
  retry_at = :retry_at, retry_why = :retry_why
WHERE id = :id AND epoch = :epoch AND state = 'started'";

/// Ends an attempt.
///
/// # Errors
/// `Fenced` when it has ended already or was made under another claim.
pub fn end(
    tx: &Connection,
    id: AttemptId,
    epoch: Epoch,
    end: &AttemptEnd,
) -> Result<(), StoreError> {
    let state = AttemptState::Started.end(end.state)?;
    let error = end.error.as_ref().map(|(error, _)| error);
    let changed = tx.prepare_cached(END)?.execute(named_params! {
        ":state": state,
        ":at": end.at,
        ":duration": i64::try_from(end.duration_us).unwrap_or(i64::MAX),
        ":class": error.map(|error| error.class),
        ":code": error.map(|error| &error.code),
        ":message": error.map(|error| &error.message),
        ":causes": error.map(|error| serde_json::json!({
            "causes": error.causes, "hint": error.hint,
        }).to_string()),
        ":fingerprint": end.error.as_ref().map(|(_, fingerprint)| fingerprint),
        ":retry_at": end.retry.as_ref().map(|(at, _)| *at),
        ":retry_why": end.retry.as_ref().map(|(_, why)| why),
        ":id": id,
        ":epoch": epoch,
    })?;
    if changed != 1 {
        return Err(StoreError::Fenced { what: "the attempt" });
    }
    Ok(())
}

const FENCE: &str = "
UPDATE attempts SET state = 'fenced', ended_at = ?2 WHERE id = ?1 AND state = 'started'";

/// Notes that an attempt's writes were refused because its unit has another holder.
pub fn fence(tx: &Connection, id: AttemptId, now: Moment) -> Result<(), StoreError> {
    AttemptState::Started.end(AttemptState::Fenced)?;
    tx.prepare_cached(FENCE)?.execute(params![id, now])?;
    Ok(())
}
