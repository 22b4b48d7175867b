//! Works the units of layer 9, Self-Learning: once a week, what the rows of Sales show.
//!
//! A `period` unit counts outcomes anew, judges them and writes variants (which layer 2 chooses
//! by), insights with the counts they rest on, and proposals for a person. It changes nothing
//! outside and nothing of another layer: a variant stops by a guard alone, everything else waits for
//! a person.

mod decide;

use serde_json::json;

use super::unknown_kind;
use crate::domain::error::WorkError;
use crate::domain::layer::Layer;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::report::{Cadence, Period};
use crate::domain::time::DAY_MS;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, LayerContext};
use crate::store::learning;
use crate::store::units;

use self::decide::Facts;

/// What all periods concern.
const ENTITY: &str = "learning";

/// Plans the running week for its end, once there is something to learn from.
pub fn discover(ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    let week = Period::containing(Cadence::Weekly, ctx.now);
    let name = UnitName::new(Layer::SelfLearning, ENTITY, week.label());
    let wanted = ctx.store.read(|conn| {
        let known = units::state_of(conn, ctx.mode, &name)?.is_some();
        Ok::<_, crate::store::error::StoreError>(!known && learning::has_pitches(conn, ctx.mode)?)
    })?;
    if !wanted {
        return Ok(Vec::new());
    }
    let label = format!("what week {} shows", week.label());
    Ok(vec![NewUnit::ready(name, "period", label, json!({})).at(week.ends_at)])
}

/// Works one unit.
#[expect(clippy::unused_async, reason = "every layer has the same signature")]
pub async fn run_layer(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    if unit.kind != "period" {
        return Err(unknown_kind(unit));
    }
    Ok(decide::learn(&gather(ctx, unit)?))
}

fn gather(ctx: &LayerContext<'_>, unit: &Unit) -> Result<Facts, WorkError> {
    let settings = ctx.settings.learning;
    let window_ms = i64::from(settings.window_days) * DAY_MS;
    Ok(ctx.store.read(|conn| {
        Ok::<_, crate::store::error::StoreError>(Facts {
            period: unit.name.version.clone(),
            now: ctx.now,
            settings,
            outcomes: learning::outcomes(conn, ctx.mode, ctx.now, window_ms)?,
            variants: learning::variants(conn, ctx.mode)?,
            funnel: learning::funnel(conn, ctx.mode)?,
        })
    })?)
}

#[cfg(test)]
mod tests;
