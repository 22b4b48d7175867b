//! Keeps writes that came too late: the writer's lease or unit had passed to another holder.
//!
//! Nothing of such a write takes effect. What its writer knew is kept with an event, because it may be
//! all that anybody knows of an effect; a crash before that leaves the effect `unknown`, as if the
//! writer had never come back. Nothing here decides anything: a person reads it.

use rusqlite::{Connection, Row, named_params, params};

use super::error::StoreError;
use super::events::{self, About};
use super::leases::Fence;
use super::words::json_opt;
use super::{Store, leases};
use crate::domain::effect::{EffectKey, Receipt};
use crate::domain::event::NewEvent;
use crate::domain::ids::{AttemptId, RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::text;
use crate::domain::time::Moment;

/// Characters of what the writer knew: a line with an error and its cause.
const KNEW_CHARS_MAX: usize = 1_000;

/// What the writer knew of an effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// The receiver was not called.
    NotSent,
    /// The receiver said yes.
    Confirmed(Receipt),
    /// The receiver said no, and why.
    Rejected(String),
    /// It was called, and gave no answer that can be trusted; why not.
    Unknown(String),
}

impl Fate {
    /// The stored word.
    pub const fn as_column(&self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Confirmed(_) => "confirmed",
            Self::Rejected(_) => "rejected",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// A write that was refused.
#[derive(Clone, Debug)]
pub struct LateWrite {
    /// The world.
    pub mode: Mode,
    /// When, on the mode's clock of the writer.
    pub at: Moment,
    /// When, on the wall clock.
    pub wall_at: Moment,
    /// Who wrote: `cli pid 412@host`.
    pub owner: String,
    /// What: `effect result`, `unit outcome`, `end run`.
    pub command: &'static str,
    /// The layer, if one.
    pub layer: Option<Layer>,
    /// The run, if in one.
    pub run: Option<RunId>,
    /// The unit, if one.
    pub unit: Option<UnitId>,
    /// The attempt, if one.
    pub attempt: Option<AttemptId>,
    /// The effect with what the writer knew of it.
    pub effect: Option<(EffectKey, Fate)>,
    /// What the writer knew, in words.
    pub knew: String,
}

const KEEP: &str = "
INSERT INTO late_writes (mode, at, wall_at, owner, command, held_by, layer, run_id, unit_id, attempt_id,
  effect_key, fate, receipt, knew)
VALUES (:mode, :at, :wall, :owner, :command, :held_by, :layer, :run, :unit, :attempt, :key, :fate,
  :receipt, :knew)";

/// Keeps a refused write and tells of it. `fence` is what it compared, when that was leases and not a
/// unit's epoch.
pub fn keep(tx: &Connection, late: &LateWrite, fence: Option<&Fence>) -> Result<(), StoreError> {
    let held_by = match (fence, late.layer) {
        (Some(fence), _) => fence.passed_to(tx)?,
        (None, Some(layer)) => {
            let lease = leases::get(tx, late.mode, &leases::name_of(layer))?;
            lease.filter(|lease| lease.owner != late.owner).map(|lease| lease.owner)
        }
        (None, None) => None,
    };
    let fate = late.effect.as_ref().map(|(_, fate)| fate);
    let receipt = match fate {
        Some(Fate::Confirmed(receipt)) => Some(serde_json::to_string(receipt)?),
        Some(Fate::NotSent | Fate::Rejected(_) | Fate::Unknown(_)) | None => None,
    };
    let knew = text::clean(&late.knew, KNEW_CHARS_MAX);
    tx.prepare_cached(KEEP)?.execute(named_params! {
        ":mode": late.mode, ":at": late.at, ":wall": late.wall_at, ":owner": late.owner,
        ":command": late.command, ":held_by": held_by, ":layer": late.layer, ":run": late.run,
        ":unit": late.unit, ":attempt": late.attempt,
        ":key": late.effect.as_ref().map(|(key, _)| key), ":fate": fate.map(Fate::as_column),
        ":receipt": receipt, ":knew": knew,
    })?;
    let about = About {
        mode: late.mode,
        at: late.at,
        wall_at: late.wall_at,
        layer: late.layer,
        unit_id: late.unit,
        run_id: late.run,
    };
    let holder = held_by.as_deref().unwrap_or("another holder");
    let told = format!("{} of {} came too late, {holder} has it: {knew}", late.command, late.owner);
    let key = late.effect.as_ref().map(|(key, _)| key);
    let told = NewEvent::warn("late_write", told).with(serde_json::json!({ "key": key }));
    events::append(tx, about, &told)
}

/// Passes `result` on; a refused write is kept before, as by `keep`.
pub async fn kept<T>(
    store: &Store,
    result: Result<T, StoreError>,
    fence: Option<&Fence>,
    late: impl FnOnce() -> LateWrite,
) -> Result<T, StoreError> {
    if let Err(StoreError::Fenced { what }) = &result {
        let late = late();
        tracing::warn!(what, command = late.command, knew = late.knew, "a late write was refused");
        let fence = fence.cloned();
        let keeping = store.write("late write", move |tx| keep(tx, &late, fence.as_ref()));
        if let Err(error) = keeping.await {
            tracing::error!(%error, "a late write was refused, and could not be kept");
        }
    }
    result
}

/// A refused write as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct LateLine {
    /// When it was refused, on the wall clock.
    pub wall_at: Moment,
    /// Who wrote.
    pub owner: String,
    /// What.
    pub command: String,
    /// Who had the lease by then.
    pub held_by: Option<String>,
    /// What the writer knew of the effect: `not_sent`, `confirmed`, `rejected` or `unknown`.
    pub fate: Option<String>,
    /// What the receiver had answered it.
    pub receipt: Option<Receipt>,
    /// What the writer knew, in words.
    pub knew: String,
}

const OF_EFFECT: &str = "
SELECT * FROM late_writes WHERE mode = ?1 AND effect_key = ?2 ORDER BY id";

/// Returns what was kept about an effect, oldest first.
pub fn of_effect(
    conn: &Connection,
    mode: Mode,
    key: &EffectKey,
) -> Result<Vec<LateLine>, StoreError> {
    let mut statement = conn.prepare_cached(OF_EFFECT)?;
    let rows = statement.query_map(params![mode, key], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<LateLine> {
    Ok(LateLine {
        wall_at: row.get("wall_at")?,
        owner: row.get("owner")?,
        command: row.get("command")?,
        held_by: row.get("held_by")?,
        fate: row.get("fate")?,
        receipt: json_opt(row, "receipt")?,
        knew: row.get("knew")?,
    })
}
