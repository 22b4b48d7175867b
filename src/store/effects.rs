//! Keeps the journal of effects.
//!
//! What each commit leaves after a crash: `intend` is committed before the call and `settle` after
//! it, so a row in `sending` whose owner is gone means that nobody here knows what happened, and a
//! row in `confirmed` means that it happened once. Payload and digest never change after `intend`.

use rusqlite::{Connection, Row, named_params, params};

use super::error::StoreError;
use super::words::{json, json_opt, optional};
use crate::domain::effect::{Action, Effect, EffectKey, Receipt};
use crate::domain::ids::{AttemptId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::effect::{EffectEvent, EffectState};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::unit::UnitName;

/// A row of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectRow {
    /// Its place in the journal.
    pub id: i64,
    /// Its key.
    pub key: EffectKey,
    /// The layer that performs it.
    pub layer: Layer,
    /// The unit that performs it.
    pub unit_id: UnitId,
    /// What is done.
    pub action: Action,
    /// To what.
    pub entity: String,
    /// Which of several.
    pub version: String,
    /// What is known of it.
    pub state: EffectState,
    /// Whom it calls.
    pub host: String,
    /// What was sent; a retry sends this.
    pub payload: Effect,
    /// Digest of the payload.
    pub digest: String,
    /// How many times it was sent.
    pub sends: u32,
    /// When it was last sent, on the mode's clock.
    pub sent_at: Moment,
    /// When it was first sent of all the sends that may have happened.
    pub first_sent_at: Moment,
    /// When its fate was settled.
    pub settled_at: Option<Moment>,
    /// What the receiver answered.
    pub receipt: Option<Receipt>,
    /// Why it is unknown, or who resolved it and how.
    pub evidence: Option<String>,
    /// The restore after which it was taken in or put in doubt.
    pub doubted_in: Option<i64>,
}

const BY_KEY: &str = "SELECT * FROM effects WHERE mode = ?1 AND key = ?2";

/// Returns the effect with this key.
pub fn get(
    conn: &Connection,
    mode: Mode,
    key: &EffectKey,
) -> Result<Option<EffectRow>, StoreError> {
    optional(conn.prepare_cached(BY_KEY)?.query_row(params![mode, key], from_row))
}

/// An effect that is about to be sent for the first time.
#[derive(Clone, Debug)]
pub struct NewEffect {
    /// The world.
    pub mode: Mode,
    /// Its key.
    pub key: EffectKey,
    /// The layer that performs it.
    pub layer: Layer,
    /// The unit that performs it.
    pub unit: UnitId,
    /// The attempt that performs it.
    pub attempt: AttemptId,
    /// What is done.
    pub action: Action,
    /// To what.
    pub entity: String,
    /// Which of several.
    pub version: String,
    /// Stored word of the adapter's recovery class.
    pub recovery: &'static str,
    /// Whom it calls.
    pub host: &'static str,
    /// The payload as JSON.
    pub payload: String,
    /// Digest of the payload.
    pub digest: String,
    /// This process.
    pub owner: String,
}

const INTEND: &str = "
INSERT INTO effects (mode, key, layer, unit_id, action, entity, version, state, recovery, host,
  payload, digest, owner, attempt_id, sent_at, first_sent_at, wall_at)
VALUES (:mode, :key, :layer, :unit, :action, :entity, :version, 'sending', :recovery, :host,
  :payload, :digest, :owner, :attempt, :now, :now, :wall)";

/// Writes `sending`: from here on the effect may have happened.
pub fn intend(
    tx: &Connection,
    new: &NewEffect,
    now: Moment,
    wall: Moment,
) -> Result<(), StoreError> {
    tx.prepare_cached(INTEND)?.execute(named_params! {
        ":mode": new.mode, ":key": new.key, ":layer": new.layer, ":unit": new.unit,
        ":action": new.action, ":entity": new.entity, ":version": new.version,
        ":recovery": new.recovery, ":host": new.host, ":payload": new.payload,
        ":digest": new.digest, ":owner": new.owner, ":attempt": new.attempt, ":now": now,
        ":wall": wall,
    })?;
    Ok(())
}

const RESEND: &str = "
UPDATE effects SET state = :state, sends = sends + 1, owner = :owner, attempt_id = :attempt,
  unit_id = :unit, sent_at = :now, wall_at = :wall, settled_at = NULL, evidence = NULL,
  first_sent_at = CASE WHEN :from = 'rejected' THEN :now ELSE coalesce(first_sent_at, sent_at) END
WHERE mode = :mode AND key = :key AND state = :from";

/// Writes `sending` again for an effect that was rejected, or that may be replayed.
pub fn resend(
    tx: &Connection,
    new: &NewEffect,
    from: EffectState,
    event: EffectEvent,
    now: Moment,
    wall: Moment,
) -> Result<(), StoreError> {
    let changed = tx.prepare_cached(RESEND)?.execute(named_params! {
        ":state": from.next(event)?, ":owner": new.owner, ":attempt": new.attempt,
        ":unit": new.unit, ":now": now, ":wall": wall, ":mode": new.mode, ":key": new.key,
        ":from": from,
    })?;
    if changed != 1 {
        return Err(StoreError::Fenced { what: "the effect" });
    }
    Ok(())
}

// The partial index answers max() only where its condition is repeated; without it every
// confirmation would read all effects of the mode.
const SETTLE: &str = "
UPDATE effects SET state = :state, receipt = :receipt, evidence = :evidence,
  settled_at = CASE WHEN :settled THEN :now END,
  confirmed_no = CASE WHEN :state = 'confirmed' THEN
    (SELECT coalesce(max(confirmed_no), 0) + 1 FROM effects
     WHERE mode = :mode AND confirmed_no IS NOT NULL) END
WHERE mode = :mode AND key = :key AND state = :from";

/// Writes what became known about an effect.
///
/// # Errors
/// `Fenced` when its state is not `from` any more.
#[expect(clippy::too_many_arguments, reason = "each one is a column of the row that is written")]
pub fn settle(
    tx: &Connection,
    mode: Mode,
    key: &EffectKey,
    from: EffectState,
    event: EffectEvent,
    receipt: Option<&Receipt>,
    evidence: Option<&str>,
    now: Moment,
) -> Result<EffectState, StoreError> {
    let state = from.next(event)?;
    let changed = tx.prepare_cached(SETTLE)?.execute(named_params! {
        ":state": state,
        ":receipt": receipt.map(serde_json::to_string).transpose()?,
        ":evidence": evidence,
        ":settled": matches!(state, EffectState::Confirmed | EffectState::Rejected),
        ":now": now, ":mode": mode, ":key": key, ":from": from,
    })?;
    if changed != 1 {
        return Err(StoreError::Fenced { what: "the effect" });
    }
    Ok(state)
}

const TAKE_BACK: &str = "
UPDATE effects SET state = :state, sends = sends - 1, evidence = :why,
  sent_at = coalesce(:sent_at, sent_at), settled_at = CASE WHEN :settled THEN :now END
WHERE mode = :mode AND key = :key AND state = 'sending'";

/// Takes `sending` back for a call that was not made. `before` is what was known of the effect, and
/// when it was last sent: one that may have happened is unknown again, any other one has definitely
/// not happened.
///
/// # Errors
/// `Fenced` when its state is not `sending` any more.
pub fn take_back(
    tx: &Connection,
    mode: Mode,
    key: &EffectKey,
    before: Option<(EffectState, Moment)>,
    why: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let event = match before.map(|(state, _)| state) {
        Some(EffectState::Unknown) => EffectEvent::LostSight,
        Some(EffectState::Sending | EffectState::Confirmed | EffectState::Rejected) | None => {
            EffectEvent::Rejected
        }
    };
    let state = EffectState::Sending.next(event)?;
    let changed = tx.prepare_cached(TAKE_BACK)?.execute(named_params! {
        ":state": state, ":why": why, ":settled": state == EffectState::Rejected, ":now": now,
        ":sent_at": before.map(|(_, sent_at)| sent_at), ":mode": mode, ":key": key,
    })?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Fenced { what: "the effect" }) }
}

const CONFIRMED_AFTER: &str = "
SELECT e.*, u.entity AS unit_entity, u.version AS unit_version, u.layer AS unit_layer
FROM effects e JOIN units u ON u.id = e.unit_id
WHERE e.mode = ?1 AND e.confirmed_no > ?2 ORDER BY e.confirmed_no";

/// A confirmed effect with its place in the order of confirmations.
#[derive(Clone, Debug, PartialEq)]
pub struct Confirmed {
    /// Its place: grows with each confirmation, also of an effect that was rejected or unknown
    /// while younger ones were confirmed.
    pub number: i64,
    /// The effect.
    pub row: EffectRow,
    /// The unit that performed it.
    pub unit: UnitName,
}

/// Returns the effects confirmed after place `after`, in the order of their confirmation.
pub fn confirmed_after(
    conn: &Connection,
    mode: Mode,
    after: i64,
) -> Result<Vec<Confirmed>, StoreError> {
    let mut statement = conn.prepare_cached(CONFIRMED_AFTER)?;
    let rows = statement.query_map(params![mode, after], |row| {
        Ok(Confirmed {
            number: row.get("confirmed_no")?,
            row: from_row(row)?,
            unit: UnitName {
                layer: row.get("unit_layer")?,
                entity: row.get("unit_entity")?,
                version: row.get("unit_version")?,
            },
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const BY_ENTITY: &str = "
SELECT * FROM effects WHERE mode = ?1 AND entity = ?2 AND action = ?3 ORDER BY id";

/// Returns all effects of one action on one entity, oldest first.
pub fn of_entity(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    action: Action,
) -> Result<Vec<EffectRow>, StoreError> {
    let mut statement = conn.prepare_cached(BY_ENTITY)?;
    let rows = statement.query_map(params![mode, entity, action], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads a row that has all columns of the table.
pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<EffectRow> {
    Ok(EffectRow {
        id: row.get("id")?,
        key: row.get("key")?,
        layer: row.get("layer")?,
        unit_id: row.get("unit_id")?,
        action: row.get("action")?,
        entity: row.get("entity")?,
        version: row.get("version")?,
        state: row.get("state")?,
        host: row.get("host")?,
        payload: json(row, "payload")?,
        digest: row.get("digest")?,
        sends: row.get("sends")?,
        sent_at: row.get("sent_at")?,
        first_sent_at: match row.get("first_sent_at")? {
            Some(at) => at,
            None => row.get("sent_at")?,
        },
        settled_at: row.get("settled_at")?,
        receipt: json_opt(row, "receipt")?,
        evidence: row.get("evidence")?,
        doubted_in: row.get("doubted_in")?,
    })
}

const RECIPIENTS: &str = "
SELECT DISTINCT json_extract(payload, '$.to') FROM effects
WHERE mode = ?1 AND entity = ?2 AND json_extract(payload, '$.to') IS NOT NULL";

/// Returns every mail address that something about `entity` was sent to.
pub fn recipients(conn: &Connection, mode: Mode, entity: &str) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(RECIPIENTS)?;
    let rows = statement.query_map(params![mode, entity], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::open::plan_of;

    #[test]
    fn what_the_gate_asks_costs_the_same_however_many_effects_there_are() {
        for sql in [BY_KEY, RESEND, SETTLE, TAKE_BACK, CONFIRMED_AFTER, BY_ENTITY] {
            let plan = plan_of(sql);
            assert!(!plan.iter().any(|step| step.ends_with("(mode=?)")), "{plan:?} of {sql}");
        }
    }
}
