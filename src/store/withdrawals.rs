//! Plans that a task which nobody needs any more is taken back from where it was handed over.
//!
//! Whichever rule or person ends the unit of a task, here is the one place that sees it, in the same
//! transaction; so no task is left standing for somebody who acts on it.

use rusqlite::{Connection, params};
use serde_json::json;

use super::error::StoreError;
use super::units;
use super::words::optional;
use crate::domain::effect::{EffectKey, TaskWithdrawal};
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, UnitName};

// A rehearsal hands nothing over, so there is nothing to take back.
const HANDED_OVER: &str = "
SELECT u.layer, u.entity, e.key, json_extract(e.payload, '$.title') AS title
FROM units u JOIN effects e ON e.id = (
  SELECT max(id) FROM effects
  WHERE unit_id = u.id AND state = 'confirmed' AND json_extract(payload, '$.effect') = 'task')
WHERE u.id = ?1 AND u.mode = 'live'";

/// Plans the withdrawal of the task that `unit` handed to a person in the live world, if it did.
pub(super) fn follow(
    tx: &Connection,
    unit: UnitId,
    why: &str,
    now: Moment,
) -> Result<(), StoreError> {
    let handed: Option<(Layer, String, EffectKey, String)> =
        optional(tx.prepare_cached(HANDED_OVER)?.query_row(params![unit], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        }))?;
    let Some((layer, entity, task, title)) = handed else { return Ok(()) };
    let name = UnitName::new(layer, entity, format!("withdraw/{}", unit.0));
    let label = format!("take back: {title}");
    let payload = json!(TaskWithdrawal { task, title, why: why.to_owned() });
    units::insert(tx, Mode::Live, None, now, &NewUnit::ready(name, "withdraw", label, payload))?;
    Ok(())
}
