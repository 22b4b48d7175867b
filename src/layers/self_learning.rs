//! Works the units of layer 9, Self-Learning: once a week, what the rows of Sales show.
//!
//! A `period` unit counts outcomes anew, judges them and writes variants (which layer 2 chooses
//! by), insights with the rows they rest on, and proposals for a person; it measures what came of the
//! proposals that were applied. It changes nothing outside and nothing of another layer: a variant
//! stops by a guard alone, everything else waits for a person.

mod decide;
mod guards;
mod insights;

use rusqlite::Connection;
use serde_json::json;

use super::unknown_kind;
use crate::config::{Learning, Settings};
use crate::domain::error::WorkError;
use crate::domain::layer::Layer;
use crate::domain::learning::tally;
use crate::domain::mode::Mode;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::report::{Cadence, Period};
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, LayerContext};
use crate::store::error::StoreError;
use crate::store::learning;
use crate::store::units;

use self::decide::{Counted, Facts};

/// What all periods concern.
const ENTITY: &str = "learning";

/// Plans the running week for its end, once there is something to learn from.
pub fn discover(ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    let week = Period::containing(Cadence::Weekly, ctx.now);
    let name = UnitName::new(Layer::SelfLearning, ENTITY, week.label());
    let wanted = ctx.store.read(|conn| {
        let known = units::state_of(conn, ctx.mode, &name)?.is_some();
        Ok::<_, StoreError>(!known && learning::has_pitches(conn, ctx.mode)?)
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
    let period = &unit.name.version;
    Ok(ctx.store.read(|conn| facts(conn, (ctx.mode, ctx.now), ctx.settings, period))?)
}

/// Reads all that a period is judged from.
fn facts(
    conn: &Connection,
    (mode, now): (Mode, Moment),
    settings: &Settings,
    period: &str,
) -> Result<Facts, StoreError> {
    let (rules, outreach) = (settings.learning, &settings.outreach);
    let window_ms = i64::from(rules.window_days) * DAY_MS;
    let days = learning::outcomes(conn, mode, now, window_ms)?;
    Ok(Facts {
        period: period.to_owned(),
        now,
        settings: rules,
        campaign: outreach.campaign.clone(),
        harm: learning::harm(conn, mode, now, &outreach.campaign)?,
        caps: outreach.caps,
        sequence_hours: outreach.sequence_hours,
        outcomes: tally(&days, rules.discount_per_day),
        variants: learning::variants(conn, mode)?,
        funnel: learning::funnel(conn, mode)?,
        backlog: learning::backlog(conn, mode, &outreach.campaign)?,
        contacts: learning::contacts(conn, mode)?,
        earlier: learning::earlier_looks(conn, mode)?,
        due: due(conn, (mode, now), rules)?,
    })
}

/// Counts as long before as after each applied proposal whose effect is due.
fn due(
    conn: &Connection,
    (mode, now): (Mode, Moment),
    settings: Learning,
) -> Result<Vec<Counted>, StoreError> {
    let span_ms = i64::from(settings.measure_days) * DAY_MS;
    let window_ms = i64::from(settings.window_days) * DAY_MS;
    let mut counted = Vec::new();
    for stored in learning::proposals::due(conn, mode, now)? {
        let Some(at) = stored.applied_at else { continue };
        let count = |from: Moment, until: Moment| {
            learning::counted(conn, mode, stored.proposal.measure, (from, until), window_ms)
        };
        let (before, after) = (count(at.plus_ms(-span_ms), at)?, count(at, at.plus_ms(span_ms))?);
        counted.push(Counted { stored, before, after });
    }
    Ok(counted)
}

/// When the effect of a proposal that is applied at `now` is measured: when the booking window of the
/// last contact of its span has closed, and not before.
pub fn measured_at(settings: &Learning, now: Moment) -> Moment {
    let days = i64::from(settings.measure_days) + i64::from(settings.window_days);
    now.plus_ms(days * DAY_MS)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod trial;
