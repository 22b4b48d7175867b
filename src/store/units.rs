//! Keeps units: inserting, promoting, claiming, and every change of state.
//!
//! What each commit leaves after a crash: `insert` and the outcome that asked for it are one
//! commit, so work is never forgotten and never half planned. `claim` commits the lease of the unit
//! together with its attempt in `started`, so a dead worker leaves a row that says so. Every later
//! write compares the epoch of that claim; a zombie's write changes nothing and is told.

use rusqlite::{Connection, Row, named_params, params};

use super::error::StoreError;
use super::words::{json, json_opt, optional};
use super::{joins, limits, withdrawals};
use crate::domain::ids::{Epoch, RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::attempt::POISON_AFTER_LOST;
use crate::domain::lifecycle::unit::{UnitEvent, UnitState};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, SlotRequest, Unit, UnitName};

const INSERT: &str = "
INSERT OR IGNORE INTO units
  (mode, layer, kind, entity, version, label, payload, state, run_at, due_at, blocked_on,
   then_blocked_on, run_id, created_at)
VALUES (:mode, :layer, :kind, :entity, :version, :label, :payload, :state, :run_at, :due_at,
        :blocked_on, :then_blocked_on, :run_id, :now)";

const EXISTS: &str = "
SELECT EXISTS (SELECT 1 FROM units WHERE mode = ?1 AND layer = ?2 AND entity = ?3 AND version = ?4)";

const TRACE: &str = "
UPDATE units SET traceparent = ?5
WHERE mode = ?1 AND layer = ?2 AND entity = ?3 AND version = ?4 AND traceparent IS NULL";

/// Notes the trace in which a unit was asked for; the first one stays.
pub fn trace(
    tx: &Connection,
    mode: Mode,
    name: &UnitName,
    traceparent: &str,
) -> Result<(), StoreError> {
    let name = params![mode, name.layer, name.entity, name.version, traceparent];
    tx.prepare_cached(TRACE)?.execute(name)?;
    Ok(())
}

const TRACE_OF: &str = "SELECT traceparent FROM units WHERE id = ?1 AND traceparent IS NOT NULL";

/// Returns the trace in which a unit was asked for, if it came with one.
pub fn trace_of(conn: &Connection, id: UnitId) -> Result<Option<String>, StoreError> {
    optional(conn.prepare_cached(TRACE_OF)?.query_row([id], |row| row.get(0)))
}

/// Inserts a unit unless one with its name exists, and returns whether it did.
pub fn insert(
    tx: &Connection,
    mode: Mode,
    run_id: Option<RunId>,
    now: Moment,
    unit: &NewUnit,
) -> Result<bool, StoreError> {
    let name = &unit.name;
    let mut run_at = unit.run_at;
    if let Some(slot) = &unit.slot {
        let known: bool = tx
            .prepare_cached(EXISTS)?
            .query_row(params![mode, name.layer, name.entity, name.version], |row| row.get(0))?;
        if known {
            return Ok(false);
        }
        run_at = Some(limits::take_slot(tx, mode, run_at.unwrap_or(now), now, slot)?);
    }
    let mut open = joins::open(tx, mode, unit.blocked_on.clone())?.into_iter();
    let blocker = open.next();
    let state = match (&blocker, run_at) {
        (Some(_), _) => UnitState::Blocked,
        (None, Some(at)) if at > now => UnitState::Scheduled,
        (None, _) => UnitState::Ready,
    };
    let inserted = tx.prepare_cached(INSERT)?.execute(named_params! {
        ":mode": mode,
        ":layer": name.layer,
        ":kind": unit.kind,
        ":entity": name.entity,
        ":version": name.version,
        ":label": unit.label,
        ":payload": unit.payload.to_string(),
        ":state": state,
        ":run_at": run_at,
        ":due_at": unit.due_at,
        ":blocked_on": blocker.as_ref().or(unit.blocked_on.last()).map(UnitName::as_column),
        ":then_blocked_on": joins::as_column(open),
        ":run_id": run_id,
        ":now": now,
    })?;
    Ok(inserted == 1)
}

const STATE_BY_NAME: &str = "
SELECT id, state, epoch FROM units WHERE mode = ?1 AND layer = ?2 AND entity = ?3 AND version = ?4";

/// Returns the id and state of the unit called `name`.
pub fn state_of(
    conn: &Connection,
    mode: Mode,
    name: &UnitName,
) -> Result<Option<(UnitId, UnitState)>, StoreError> {
    optional(
        conn.prepare_cached(STATE_BY_NAME)?
            .query_row(params![mode, name.layer, name.entity, name.version], |row| {
                Ok((row.get(0)?, row.get(1)?))
            }),
    )
}

// One statement per state: a partial index is used only where the query names its very condition.
const PROMOTE_SCHEDULED: &str = "
UPDATE units SET state = 'ready', why = NULL
WHERE mode = ?1 AND layer = ?2 AND state = 'scheduled' AND run_at <= ?3";
const PROMOTE_RETRYING: &str = "
UPDATE units SET state = 'ready', why = NULL
WHERE mode = ?1 AND layer = ?2 AND state = 'retry_wait' AND run_at <= ?3";

/// Makes ready what has come due in `layer`: back-offs up to `now`, plans up to `now` and at most
/// `plans_until` (the horizon of a dry run).
pub fn promote_due(
    tx: &Connection,
    mode: Mode,
    layer: Layer,
    now: Moment,
    plans_until: Moment,
) -> Result<usize, StoreError> {
    for from in [UnitState::Scheduled, UnitState::RetryWait] {
        from.next(UnitEvent::Due)?;
    }
    let plans = params![mode, layer, now.min(plans_until)];
    let planned = tx.prepare_cached(PROMOTE_SCHEDULED)?.execute(plans)?;
    let retried = tx.prepare_cached(PROMOTE_RETRYING)?.execute(params![mode, layer, now])?;
    Ok(planned + retried)
}

const CALLING: &str = "
SELECT l.layer FROM layers l
WHERE EXISTS (SELECT 1 FROM units WHERE mode = ?1 AND layer = l.layer AND state = 'ready')
  OR EXISTS (SELECT 1 FROM units
    WHERE mode = ?1 AND layer = l.layer AND state = 'scheduled' AND run_at <= ?2)
  OR EXISTS (SELECT 1 FROM units
    WHERE mode = ?1 AND layer = l.layer AND state = 'retry_wait' AND run_at <= ?3)";

/// Returns the layers in which something is ready or has come due: one look at all of them, because
/// most moments concern one or two.
pub fn calling(
    conn: &Connection,
    mode: Mode,
    now: Moment,
    plans_until: Moment,
) -> Result<Vec<Layer>, StoreError> {
    let mut statement = conn.prepare_cached(CALLING)?;
    let rows = statement.query_map(params![mode, now.min(plans_until), now], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const READY: &str = "
SELECT id, lost_in_row FROM units WHERE mode = ?1 AND layer = ?2 AND state = 'ready'
ORDER BY id LIMIT ?3";

const CLAIM: &str = "
UPDATE units SET state = :state, epoch = epoch + 1, lease_epoch = :lease, run_id = :run,
  started_at = coalesce(started_at, :now), run_at = NULL, why = NULL
WHERE id = :id AND state = 'ready'";

const BY_ID: &str = "
SELECT id, mode, layer, kind, entity, version, label, payload, answer, state, epoch,
  tries, due_at, first_failed_at, run_id
FROM units WHERE id = ?1";

/// Places in a wave.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// How many units are worked at the same time.
    pub all: usize,
    /// How many of them have been claimed already.
    pub taken: usize,
}

/// Units that were claimed together.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// The units.
    pub units: Vec<Unit>,
    /// Whether nothing else may be claimed with them.
    pub is_alone: bool,
}

/// Claims ready units of `layer` under the lease `lease_epoch`, oldest first, as many as have a place.
///
/// A unit that has lost so many processes that the next loss ends it is claimed alone: all that work
/// in a process are lost with it, and only one of them can be the cause.
pub fn claim(
    tx: &Connection,
    mode: Mode,
    layer: Layer,
    lease_epoch: Epoch,
    run_id: RunId,
    now: Moment,
    places: Places,
) -> Result<Claim, StoreError> {
    let state = UnitState::Ready.next(UnitEvent::Claimed)?;
    let limit = i64::try_from(places.all.saturating_sub(places.taken)).unwrap_or(i64::MAX);
    let ready: Vec<(UnitId, u32)> = tx
        .prepare_cached(READY)?
        .query_map(params![mode, layer, limit], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut claim = Claim::default();
    for (id, lost_in_row) in ready {
        let is_suspect = lost_in_row + 1 >= POISON_AFTER_LOST;
        if is_suspect && places.taken + claim.units.len() > 0 {
            break;
        }
        tx.prepare_cached(CLAIM)?.execute(named_params! {
            ":state": state, ":lease": lease_epoch, ":run": run_id, ":now": now, ":id": id,
        })?;
        claim.units.push(tx.prepare_cached(BY_ID)?.query_row([id], from_row)?);
        if is_suspect {
            claim.is_alone = true;
            break;
        }
    }
    Ok(claim)
}

/// Returns the unit with this id.
pub fn get(conn: &Connection, id: UnitId) -> Result<Option<Unit>, StoreError> {
    optional(conn.prepare_cached(BY_ID)?.query_row([id], from_row))
}

/// What a worker's write does to its unit besides the state.
#[derive(Clone, Debug, Default)]
pub struct Settled {
    /// Why it waits, was skipped, is held or dead.
    pub why: Option<String>,
    /// When it goes on.
    pub run_at: Option<Moment>,
    /// Whether a try was spent.
    pub spent_try: bool,
    /// Whether the attempt counts as an error.
    pub faulted: bool,
    /// Whether a rule ended it.
    pub skipped_by_rule: bool,
}

const SETTLE: &str = "
UPDATE units SET state = :state, why = :why, run_at = :run_at, tries = tries + :spent,
  faulted = max(faulted, :faulted), lost_in_row = 0,
  first_failed_at = CASE WHEN :spent THEN coalesce(first_failed_at, :now) ELSE first_failed_at END,
  skipped_by = CASE WHEN :skipped THEN 'rule' END,
  ended_at = CASE WHEN :ended THEN :now END, lease_epoch = NULL
WHERE id = :id AND epoch = :epoch AND state = 'leased'";

/// Moves a leased unit on, if `epoch` is still the one of its claim.
///
/// # Errors
/// `Fenced` when the unit has passed to another holder; nothing is written then.
pub fn settle(
    tx: &Connection,
    unit: UnitId,
    epoch: Epoch,
    event: UnitEvent,
    now: Moment,
    settled: &Settled,
) -> Result<(), StoreError> {
    let state = UnitState::Leased.next(event)?;
    let changed = tx.prepare_cached(SETTLE)?.execute(named_params! {
        ":state": state,
        ":why": settled.why,
        ":run_at": settled.run_at,
        ":spent": i64::from(settled.spent_try),
        ":faulted": i64::from(settled.faulted),
        ":skipped": settled.skipped_by_rule && state == UnitState::Skipped,
        ":ended": state.is_ended(),
        ":now": now,
        ":id": unit,
        ":epoch": epoch,
    })?;
    if changed != 1 {
        return Err(StoreError::Fenced { what: "the unit" });
    }
    Ok(())
}

const HOLDS: &str =
    "SELECT EXISTS (SELECT 1 FROM units WHERE id = ?1 AND epoch = ?2 AND state = 'leased')";

/// Checks that a worker still holds its unit.
///
/// # Errors
/// `Fenced` when it does not.
pub fn assert_held(tx: &Connection, unit: UnitId, epoch: Epoch) -> Result<(), StoreError> {
    let held: bool = tx.prepare_cached(HOLDS)?.query_row(params![unit, epoch], |row| row.get(0))?;
    if held { Ok(()) } else { Err(StoreError::Fenced { what: "the unit" }) }
}

const ANSWER: &str = "
UPDATE units SET answer = :answer,
  state = CASE WHEN state = 'waiting' THEN 'ready' ELSE state END,
  why = CASE WHEN state = 'waiting' THEN NULL ELSE why END
WHERE mode = :mode AND layer = :layer AND entity = :entity AND version = :version
  AND ended_at IS NULL";

/// Stores the answer to the unit called `name` and wakes it if it waits for it; one that has not
/// asked yet finds the answer when it does. Returns whether there is such a unit.
pub fn answer(
    tx: &Connection,
    mode: Mode,
    name: &UnitName,
    answer: &serde_json::Value,
) -> Result<bool, StoreError> {
    UnitState::Waiting.next(UnitEvent::Answered)?;
    let changed = tx.prepare_cached(ANSWER)?.execute(named_params! {
        ":answer": answer.to_string(), ":mode": mode, ":layer": name.layer,
        ":entity": name.entity, ":version": name.version,
    })?;
    Ok(changed == 1)
}

const ANSWER_OF_WAITING: &str =
    "SELECT answer FROM units WHERE id = ?1 AND state = 'waiting' AND answer IS NOT NULL";

const WAKE: &str = "UPDATE units SET state = ?2, why = NULL WHERE id = ?1 AND state = 'waiting'";

/// Wakes a unit that was handed over while its answer was already there. `known` is the answer that
/// its worker had seen; the two are compared by what they say, not by how it was written.
pub fn wake_if_answered(
    tx: &Connection,
    id: UnitId,
    known: Option<&serde_json::Value>,
) -> Result<(), StoreError> {
    let mut asked = tx.prepare_cached(ANSWER_OF_WAITING)?;
    let answer = optional(asked.query_row([id], |row| json::<serde_json::Value>(row, "answer")))?;
    if answer.is_some() && answer.as_ref() != known {
        let state = UnitState::Waiting.next(UnitEvent::Answered)?;
        tx.prepare_cached(WAKE)?.execute(params![id, state])?;
    }
    Ok(())
}

const RELEASE: &str = "
UPDATE units SET state = ?2, why = NULL WHERE id = ?1 AND state = 'held'
  AND NOT EXISTS (SELECT 1 FROM effects WHERE unit_id = ?1 AND state = 'unknown')";

/// Lets a unit that was just held go on if a person has settled its effect meanwhile: the effect could
/// be seen as unknown, and resolved, before the unit was held for it.
pub fn release_if_resolved(tx: &Connection, id: UnitId) -> Result<(), StoreError> {
    let state = UnitState::Held.next(UnitEvent::ReleasedToRetry)?;
    tx.prepare_cached(RELEASE)?.execute(params![id, state])?;
    Ok(())
}

const STOP: &str = "
UPDATE units SET state = 'skipped', skipped_by = :by, why = :why, ended_at = :now, run_at = NULL
WHERE id = :id AND state NOT IN ('leased', 'done', 'skipped', 'cancelled')";

/// Ends a unit that nobody is working: by rule, or by a person. A unit that is leased or has ended
/// is left alone, and `false` says so.
pub fn skip(
    tx: &Connection,
    id: UnitId,
    state: UnitState,
    by_person: bool,
    why: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    if state.next(UnitEvent::Skipped).is_err() {
        return Ok(false);
    }
    let changed = tx.prepare_cached(STOP)?.execute(named_params! {
        ":by": if by_person { "person" } else { "rule" }, ":why": why, ":now": now, ":id": id,
    })?;
    if changed == 1 {
        withdrawals::follow(tx, id, why, now)?;
    }
    Ok(changed == 1)
}

const OPEN_OF_KIND: &str = "
SELECT id, state FROM units
WHERE mode = ?1 AND layer = ?2 AND entity = ?3 AND (?4 IS NULL OR kind = ?4)
  AND ended_at IS NULL";

/// Ends every open unit that an entity has in a layer and nobody is working, by rule, and returns how
/// many there were; of one kind only if given.
pub fn stop_open(
    tx: &Connection,
    mode: Mode,
    layer: Layer,
    entity: &str,
    kind: Option<&str>,
    why: &str,
    now: Moment,
) -> Result<usize, StoreError> {
    let open: Vec<(UnitId, UnitState)> = tx
        .prepare_cached(OPEN_OF_KIND)?
        .query_map(params![mode, layer, entity, kind], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    open.into_iter().try_fold(0, |stopped, (id, state)| {
        Ok(stopped + usize::from(skip(tx, id, state, false, why, now)?))
    })
}

const PLAN_AGAIN: &str = "
UPDATE units SET state = :state, why = NULL, run_at = :at WHERE id = :id AND state = 'waiting'";

/// Plans a unit that waited for something to be permitted again, in a new place of its quotas.
pub fn plan_again(
    tx: &Connection,
    mode: Mode,
    id: UnitId,
    now: Moment,
    slot: Option<&SlotRequest>,
) -> Result<(), StoreError> {
    let ready = UnitState::Waiting.next(UnitEvent::Answered)?;
    let at = match slot {
        Some(slot) => limits::take_slot(tx, mode, now, now, slot)?,
        None => now,
    };
    let state = if at > now { UnitState::Scheduled } else { ready };
    let changed = tx
        .prepare_cached(PLAN_AGAIN)?
        .execute(named_params! { ":state": state, ":at": at, ":id": id })?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Fenced { what: "the unit" }) }
}

const NEXT_DUE: &str = "
SELECT l.layer,
  (SELECT min(run_at) FROM units
   WHERE mode = ?1 AND layer = l.layer AND state = 'scheduled' AND run_at <= ?2),
  (SELECT min(run_at) FROM units WHERE mode = ?1 AND layer = l.layer AND state = 'retry_wait')
FROM layers l";

/// Returns the next time at which something in `layers` comes due, plans only up to `plans_until`.
pub fn next_due(
    conn: &Connection,
    mode: Mode,
    layers: &[Layer],
    plans_until: Moment,
) -> Result<Option<Moment>, StoreError> {
    let mut statement = conn.prepare_cached(NEXT_DUE)?;
    let mut rows = statement.query(params![mode, plans_until])?;
    let mut next = None;
    while let Some(row) = rows.next()? {
        if layers.contains(&row.get(0)?) {
            let due: [Option<Moment>; 2] = [row.get(1)?, row.get(2)?];
            next = next.into_iter().chain(due.into_iter().flatten()).min();
        }
    }
    Ok(next)
}

const TROUBLED: &str = "
SELECT coalesce(sum(n), 0) FROM unit_counts
WHERE mode = ?1 AND layer = ?2 AND state IN ('dead', 'held')";

/// Returns how many units of `layers` are dead or held.
pub fn troubled(conn: &Connection, mode: Mode, layers: &[Layer]) -> Result<i64, StoreError> {
    let mut statement = conn.prepare_cached(TROUBLED)?;
    layers.iter().try_fold(0, |sum, &layer| {
        let n: i64 = statement.query_row(params![mode, layer], |row| row.get(0))?;
        Ok(sum + n)
    })
}

/// Reads a unit from a row that has all columns of the table.
pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Unit> {
    Ok(Unit {
        id: row.get("id")?,
        mode: row.get("mode")?,
        name: UnitName {
            layer: row.get("layer")?,
            entity: row.get("entity")?,
            version: row.get("version")?,
        },
        kind: row.get("kind")?,
        label: row.get("label")?,
        payload: json(row, "payload")?,
        answer: json_opt(row, "answer")?,
        state: row.get("state")?,
        epoch: row.get("epoch")?,
        tries: row.get("tries")?,
        due_at: row.get("due_at")?,
        first_failed_at: row.get("first_failed_at")?,
        run_id: row.get("run_id")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::open::plan_of;

    #[test]
    fn looking_for_work_costs_the_same_however_many_units_have_ended() {
        for sql in [CALLING, NEXT_DUE] {
            let plan = plan_of(sql);
            let looks: Vec<_> = plan.iter().filter(|step| step.contains(" units ")).collect();
            assert!(looks.len() >= 2, "{plan:?}");
            // An index that starts with the state, or one that holds no other states.
            let by_state = |step: &&&String| {
                step.contains("state=?")
                    || ["units_ready", "units_scheduled", "units_retrying"]
                        .iter()
                        .any(|index| step.contains(index))
            };
            assert_eq!(looks.iter().filter(by_state).count(), looks.len(), "{plan:?}");
        }
    }
}
