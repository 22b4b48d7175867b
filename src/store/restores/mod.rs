//! Keeps what a restored database knows of the time that it has lost.
//!
//! Between a backup and its restore acts may have gone out that no row of the backup tells of. Where
//! the replaced database can be read they are carried over (`carried`), and each is adopted when its
//! unit asks for it. Where it cannot, the world is in doubt until a person says that all of them are
//! told: the gate then sends nothing new that it has not asked for, or that a receiver would not
//! recognise. Why it is so stands in docs/adr/0020.

mod carried;
mod commit;
mod target;

use rusqlite::{Connection, named_params, params};

pub use self::carried::{adopt, carried};
pub use self::commit::{Order, Restored, begin};
pub use self::target::{Before, gather, look, outbox_receipts};
use super::effects::{self, EffectRow, NewEffect};
use super::error::StoreError;
use super::operate;
use super::words::{count, optional};
use crate::domain::effect::EffectKey;
use crate::domain::ids::UnitId;
use crate::domain::lifecycle::effect::{EffectEvent, EffectState};
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// The setting that counts how many times a database was restored.
pub(super) const GENERATION: &str = "db_generation";

/// Why an act may have gone out without a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Of which restore.
    pub generation: i64,
    /// When the backup was made, on the mode's clock: what was sent since is not in it.
    pub made_at: Moment,
    /// The same on the wall clock.
    pub backup_at: Moment,
    /// Whether what was written on this machine for people is still there.
    pub remembers: bool,
}

impl Doubt {
    /// Returns what is known of an act in doubt, for the person who has to find out.
    pub fn evidence(&self) -> String {
        format!(
            "restored from a backup of {}; it may have gone out between backup and restore",
            self.backup_at
        )
    }
}

const DOUBT: &str = "
SELECT d.generation, d.made_at, r.backup_at, d.remembers FROM doubts d JOIN restores r USING (generation)
WHERE d.mode = ?1 AND d.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM units WHERE id = ?2 AND certain_in >= d.generation)
ORDER BY d.made_at LIMIT 1";

/// Returns why an act of `unit` that has no row may have gone out all the same, if it may.
pub fn doubt(conn: &Connection, mode: Mode, unit: UnitId) -> Result<Option<Doubt>, StoreError> {
    optional(conn.prepare_cached(DOUBT)?.query_row(params![mode, unit], |row| {
        Ok(Doubt {
            generation: row.get(0)?,
            made_at: row.get(1)?,
            backup_at: row.get(2)?,
            remembers: row.get(3)?,
        })
    }))
}

const DOUBTED: &str = "
UPDATE effects SET doubted_in = :generation WHERE mode = :mode AND key = :key";

/// Writes an act in doubt as unknown, so that a person can say what became of it.
pub fn hold(
    tx: &Connection,
    new: &NewEffect,
    doubt: &Doubt,
    now: Moment,
    wall: Moment,
) -> Result<(), StoreError> {
    effects::intend(tx, new, now, wall)?;
    lose_sight(tx, new.mode, &new.key, EffectState::Sending, &doubt.evidence(), now)?;
    mark(tx, new.mode, &new.key, doubt.generation)
}

fn mark(tx: &Connection, mode: Mode, key: &EffectKey, generation: i64) -> Result<(), StoreError> {
    tx.prepare_cached(DOUBTED)?
        .execute(named_params! { ":generation": generation, ":mode": mode, ":key": key })?;
    Ok(())
}

/// Makes an effect unknown: one that was being sent, or one that was refused before the backup.
fn lose_sight(
    tx: &Connection,
    mode: Mode,
    key: &EffectKey,
    from: EffectState,
    evidence: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let event = match from {
        EffectState::Rejected => EffectEvent::Doubted,
        EffectState::Sending | EffectState::Confirmed | EffectState::Unknown => {
            EffectEvent::LostSight
        }
    };
    effects::settle(tx, mode, key, from, event, None, Some(evidence), now).map(drop)
}

/// How a world stands since its database was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many times it was restored.
    pub generation: i64,
    /// When the latest backup it was restored from was made, wall clock.
    pub backup_at: Moment,
    /// When that was, wall clock.
    pub restored_at: Moment,
    /// Whether acts without a row are in doubt.
    pub is_in_doubt: bool,
    /// Acts of the replaced database that wait for their unit.
    pub carried: u64,
    /// Acts in doubt that a person has to find out about.
    pub held: u64,
}

const STANDING: &str = "
SELECT r.generation, r.backup_at, r.restored_at,
  EXISTS (SELECT 1 FROM doubts WHERE mode = ?1 AND ended_at IS NULL),
  (SELECT count(*) FROM carried_effects WHERE mode = ?1),
  (SELECT count(*) FROM effects
   WHERE mode = ?1 AND state = 'unknown' AND doubted_in IS NOT NULL)
FROM restores r ORDER BY r.generation DESC LIMIT 1";

/// Returns how a world stands since the restore, `None` in a database that never was restored.
pub fn standing(conn: &Connection, mode: Mode) -> Result<Option<Standing>, StoreError> {
    optional(conn.prepare_cached(STANDING)?.query_row([mode], |row| {
        Ok(Standing {
            generation: row.get(0)?,
            backup_at: row.get(1)?,
            restored_at: row.get(2)?,
            is_in_doubt: row.get(3)?,
            carried: count(row, 4)?,
            held: count(row, 5)?,
        })
    }))
}

const END: &str = "UPDATE doubts SET ended_at = ?2 WHERE mode = ?1 AND ended_at IS NULL";
const LEFT: &str = "
SELECT key, unit_id FROM effects
WHERE mode = ?1 AND state = 'unknown' AND doubted_in IS NOT NULL
  AND doubted_in IN (SELECT generation FROM doubts WHERE mode = ?1)
ORDER BY id";

/// Ends the doubt of a world: whoever says so has told of every act that went out between backup
/// and restore, so what is left has not. Returns how many that were, `None` without a doubt.
pub fn end_doubt(
    tx: &Connection,
    mode: Mode,
    evidence: &str,
    now: Moment,
    wall: Moment,
) -> Result<Option<usize>, StoreError> {
    if tx.prepare_cached(END)?.execute(params![mode, wall])? == 0 {
        return Ok(None);
    }
    let left: Vec<(EffectKey, UnitId)> = tx
        .prepare_cached(LEFT)?
        .query_map([mode], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (key, unit) in &left {
        let (from, event) = (EffectState::Unknown, EffectEvent::FoundAbsent);
        effects::settle(tx, mode, key, from, event, None, Some(evidence), now)?;
        if let Some(unit) = operate::see(tx, *unit)?
            && unit.state == UnitState::Held
        {
            operate::make_ready(tx, &unit)?;
        }
    }
    Ok(Some(left.len()))
}

/// Returns the row of an act: the journal's, or one that was carried over and is adopted here.
pub fn row_of(
    tx: &Connection,
    new: &NewEffect,
    now: Moment,
) -> Result<Option<EffectRow>, StoreError> {
    match effects::get(tx, new.mode, &new.key)? {
        Some(row) => Ok(Some(row)),
        None => adopt(tx, new, now),
    }
}

const MARKED: &str = "
SELECT max(d.generation) FROM doubts d JOIN restores r USING (generation)
WHERE d.mode = ?1 AND (d.mode = 'dry' OR r.restored_at >= ?2)";

/// Returns the generation that numbers of papers have to carry in a year which begins at
/// `year_begins`: in the time that was lost some of that year may have been given away.
pub(super) fn mark_of_numbers(
    tx: &Connection,
    mode: Mode,
    year_begins: Moment,
) -> Result<Option<i64>, StoreError> {
    Ok(tx
        .prepare_cached(MARKED)?
        .query_row(params![mode, year_begins], |row| row.get::<_, Option<i64>>(0))?)
}

const RESERVED: &str = "
DELETE FROM reserved_numbers WHERE mode = ?1 AND series = ?2 AND paper = ?3
RETURNING year, serial, number";

/// Takes the number that a paper had in the replaced database, if it had one.
pub(super) fn reserved_number(
    tx: &Connection,
    mode: Mode,
    series: &str,
    paper: &str,
) -> Result<Option<(i64, i64, String)>, StoreError> {
    optional(
        tx.prepare_cached(RESERVED)?.query_row(params![mode, series, paper], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        }),
    )
}

const LAST_RESERVED: &str = "
SELECT coalesce(max(serial), 0) FROM reserved_numbers WHERE mode = ?1 AND series = ?2 AND year = ?3";

/// Returns the highest number of a year that waits for its paper, 0 when none does.
pub(super) fn last_reserved(
    tx: &Connection,
    mode: Mode,
    series: &str,
    year: i64,
) -> Result<i64, StoreError> {
    Ok(tx
        .prepare_cached(LAST_RESERVED)?
        .query_row(params![mode, series, year], |row| row.get(0))?)
}

#[cfg(test)]
mod tests;
