//! Carries over what the replaced database knows and the backup does not.
//!
//! An effect of a unit that the backup does not have cannot be a row of the journal, which names its
//! unit. It waits here until the unit is found again and asks for it under the same key.

use rusqlite::{Connection, named_params, params};

use super::super::effects::{self, EffectRow, NewEffect};
use super::super::error::StoreError;
use super::super::words::optional;
use super::lose_sight;
use crate::domain::effect::{EffectKey, Receipt};
use crate::domain::lifecycle::effect::{EffectEvent, EffectState};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

const SENDS: &str = "
SELECT sends FROM carried_effects WHERE mode = ?1 AND key = ?2 AND state = 'unknown'";

/// Returns how many times a carried effect was sent whose fate is unknown.
pub fn carried(conn: &Connection, mode: Mode, key: &EffectKey) -> Result<Option<u32>, StoreError> {
    optional(conn.prepare_cached(SENDS)?.query_row(params![mode, key], |row| row.get(0)))
}

/// The row stands as it was sent, under the unit that asks for it now. A time that lies ahead of the
/// restored clock would be a send in the future.
const ADOPT: &str = "
INSERT INTO effects (mode, key, layer, unit_id, action, entity, version, state, recovery, host,
  payload, digest, sends, owner, attempt_id, sent_at, settled_at, confirmed_no, wall_at, receipt,
  evidence, doubted_in)
SELECT mode, key, :layer, :unit, :action, :entity, :version, state, recovery, host, payload, digest,
  sends, owner, :attempt, min(sent_at, :now), CASE WHEN state = 'unknown' THEN NULL ELSE :now END,
  CASE WHEN state = 'confirmed' THEN
    (SELECT coalesce(max(confirmed_no), 0) + 1 FROM effects
     WHERE mode = :mode AND confirmed_no IS NOT NULL) END,
  wall_at, receipt, evidence, (SELECT max(generation) FROM restores)
FROM carried_effects WHERE mode = :mode AND key = :key";
const ADOPTED: &str = "DELETE FROM carried_effects WHERE mode = ?1 AND key = ?2";

/// Makes a carried effect a row of the journal, under the unit that asks for it.
pub fn adopt(
    tx: &Connection,
    new: &NewEffect,
    now: Moment,
) -> Result<Option<EffectRow>, StoreError> {
    let adopted = tx.prepare_cached(ADOPT)?.execute(named_params! {
        ":mode": new.mode, ":key": new.key, ":layer": new.layer, ":unit": new.unit,
        ":action": new.action, ":entity": new.entity, ":version": new.version,
        ":attempt": new.attempt, ":now": now,
    })?;
    if adopted == 0 {
        return Ok(None);
    }
    tx.prepare_cached(ADOPTED)?.execute(params![new.mode, new.key])?;
    effects::get(tx, new.mode, &new.key)
}

/// What was refused had no effect, so it is not carried; what was being sent is unknown. A receiver
/// remembers a key from its first send, so that is the one that is told.
const EFFECTS: &str = "
INSERT INTO carried_effects (mode, key, state, recovery, host, payload, digest, sends, owner, sent_at,
  wall_at, receipt, evidence)
SELECT mode, key, CASE WHEN state = 'sending' THEN 'unknown' ELSE state END, recovery, host, payload,
  digest, sends, owner, coalesce(first_sent_at, sent_at), wall_at, receipt,
  CASE WHEN state = 'sending' THEN 'its sender stopped before the restore' ELSE evidence END
FROM old.effects AS before
WHERE state <> 'rejected'
  AND NOT EXISTS (SELECT 1 FROM main.effects WHERE mode = before.mode AND key = before.key)";
const WAITING: &str = "
INSERT OR IGNORE INTO carried_effects SELECT * FROM old.carried_effects AS before
WHERE NOT EXISTS (SELECT 1 FROM main.effects WHERE mode = before.mode AND key = before.key)";

/// Messages sent today count against today's caps, whichever database remembers them.
const SENT: &str = "
INSERT INTO limits (mode, kind, name, state, changed_at)
SELECT mode, kind, name, state, changed_at FROM old.limits WHERE kind = 'slot' AND name LIKE 'sent/%'
ON CONFLICT (mode, kind, name) DO UPDATE SET
  state = CASE WHEN CAST(excluded.state AS INTEGER) > CAST(state AS INTEGER)
               THEN excluded.state ELSE state END";
/// Dry time goes back with the rows, so what its receivers bear goes back with it.
const RECEIVERS: &str = "
INSERT INTO limits (mode, kind, name, state, changed_at)
SELECT mode, kind, name, state, changed_at FROM old.limits WHERE mode = 'live' AND kind <> 'slot'
ON CONFLICT (mode, kind, name) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at";
/// Whoever has opted out since the backup has opted out.
const OPT_OUTS: &str = "
INSERT OR IGNORE INTO suppressions (mode, address, reason, evidence, at)
SELECT mode, address, reason, evidence, at FROM old.suppressions WHERE mode = 'live'";
const INVOICES: &str = "
INSERT OR IGNORE INTO reserved_numbers (mode, series, paper, year, serial, number)
SELECT mode, 'invoices', entity || '|' || period, serial_year, serial, number
FROM old.invoices AS before WHERE serial IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM main.invoices AS known WHERE known.mode = before.mode
    AND known.serial_year = before.serial_year AND known.serial = before.serial)";
const NOTES: &str = "
INSERT OR IGNORE INTO reserved_numbers (mode, series, paper, year, serial, number)
SELECT mode, 'credit_notes', entity || '|' || period || '|' || place, serial_year, serial, number
FROM old.credit_notes AS before WHERE NOT EXISTS (
  SELECT 1 FROM main.credit_notes AS known WHERE known.mode = before.mode
    AND known.serial_year = before.serial_year AND known.serial = before.serial)";
const NUMBERS_WAITING: &str = "
INSERT OR IGNORE INTO reserved_numbers SELECT * FROM old.reserved_numbers";

/// What was carried over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) effects: usize,
    pub(super) opt_outs: usize,
}

/// Carries over from the attached database `old`, which has this version's schema.
pub(super) fn carry(tx: &Connection, now: [Moment; 2]) -> Result<Carried, StoreError> {
    let mut carried = Carried::default();
    carried.effects += tx.execute(EFFECTS, [])?;
    carried.effects += tx.execute(WAITING, [])?;
    carried.opt_outs = tx.execute(OPT_OUTS, [])?;
    for sql in [SENT, RECEIVERS, INVOICES, NOTES, NUMBERS_WAITING] {
        tx.execute(sql, [])?;
    }
    for (mode, now) in Mode::ALL.into_iter().zip(now) {
        carried.effects += bring_up_to_date(tx, mode, now)?;
    }
    Ok(carried)
}

/// Effects that both know and that were settled or sent again after the backup.
const MOVED_ON: &str = "
SELECT known.key, known.state, before.state, before.receipt, before.evidence
FROM effects AS known JOIN old.effects AS before USING (mode, key)
WHERE known.mode = ?1 AND known.state <> 'confirmed'
  AND (known.state <> before.state OR known.sends <> before.sends)";
const SENT_AGAIN: &str = "
UPDATE effects SET
  sends = (SELECT sends FROM old.effects AS before WHERE before.mode = ?1 AND before.key = ?2),
  sent_at = min(?3,
    (SELECT coalesce(first_sent_at, sent_at) FROM old.effects AS before WHERE before.mode = ?1 AND before.key = ?2))
WHERE mode = ?1 AND key = ?2";

type Moved = (EffectKey, EffectState, EffectState, Option<String>, Option<String>);

fn bring_up_to_date(tx: &Connection, mode: Mode, now: Moment) -> Result<usize, StoreError> {
    let moved: Vec<Moved> = tx
        .prepare(MOVED_ON)?
        .query_map([mode], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })?
        .collect::<Result<_, _>>()?;
    for (key, known, before, receipt, evidence) in &moved {
        if *known != EffectState::Unknown {
            let why = "the replaced database knows more of it";
            lose_sight(tx, mode, key, *known, why, now)?;
        }
        tx.prepare_cached(SENT_AGAIN)?.execute(params![mode, key, now])?;
        let receipt: Option<Receipt> = receipt.as_deref().map(serde_json::from_str).transpose()?;
        let event = match before {
            EffectState::Confirmed => EffectEvent::FoundDone,
            EffectState::Rejected => EffectEvent::FoundAbsent,
            EffectState::Sending | EffectState::Unknown => continue,
        };
        let (from, evidence) = (EffectState::Unknown, evidence.as_deref());
        effects::settle(tx, mode, key, from, event, receipt.as_ref(), evidence, now)?;
    }
    Ok(moved.len())
}
