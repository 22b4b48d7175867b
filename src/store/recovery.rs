//! Takes back what a dead process held.
//!
//! Runs in one commit when a layer's lease passes to a new holder. A crash before it leaves
//! everything to the next holder, a crash after it leaves nothing to do.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::attempt::{AttemptState, POISON_AFTER_LOST};
use crate::domain::lifecycle::unit::{UnitEvent, UnitState};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// What was taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Units that are ready again.
    pub ready: usize,
    /// Units that lost their process too often and are dead.
    pub poisoned: usize,
}

const LEASED: &str = "
SELECT id, lost_in_row FROM units WHERE mode = ?1 AND layer = ?2 AND state = 'leased' ORDER BY id";

const LOSE_ATTEMPTS: &str = "
UPDATE attempts SET state = 'lost', ended_at = ?2, class = 'lease_lost', code = 'process_died',
  message = 'the process that worked on it died'
WHERE unit_id = ?1 AND state = 'started'";

const TAKE_BACK: &str = "
UPDATE units SET state = :state, why = :why, epoch = epoch + 1, lease_epoch = NULL, faulted = 1,
  lost_in_row = lost_in_row + 1, ended_at = CASE WHEN :ended THEN :now END
WHERE id = :id AND state = 'leased'";

/// Ends the attempts of all leased units of `layer` as lost and makes the units ready, or dead when
/// it was the third loss in a row. Growing the epoch refuses every late write of the old holder.
pub fn take_back(
    tx: &Connection,
    mode: Mode,
    layer: Layer,
    now: Moment,
) -> Result<Recovered, StoreError> {
    let leased: Vec<(UnitId, u32)> = tx
        .prepare_cached(LEASED)?
        .query_map(params![mode, layer], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut recovered = Recovered::default();
    AttemptState::Started.end(AttemptState::Lost)?;
    for (id, lost_before) in leased {
        tx.prepare_cached(LOSE_ATTEMPTS)?.execute(params![id, now])?;
        let poisoned = lost_before + 1 >= POISON_AFTER_LOST;
        let event = if poisoned { UnitEvent::GaveUp } else { UnitEvent::LeaseLost };
        let state = UnitState::Leased.next(event)?;
        tx.prepare_cached(TAKE_BACK)?.execute(named_params! {
            ":state": state,
            ":why": poisoned.then(|| {
                format!("poison: {POISON_AFTER_LOST} processes in a row died working on it")
            }),
            ":ended": state.is_ended(),
            ":now": now,
            ":id": id,
        })?;
        if poisoned {
            recovered.poisoned += 1;
        } else {
            recovered.ready += 1;
        }
    }
    Ok(recovered)
}
