//! Works the units of layer 7, Reporting Engine: one report for each client and period.
//!
//! A report is one unit with three steps, each committed before the next:
//! *plan* writes the row with its due date, so that a report nobody delivers is still missed, and
//! plans the next period's unit; *measure*, some days after the period when figures have settled,
//! stores figures and text; *deliver* sends what is stored. A retry on another day therefore sends
//! the very same report, and a crash between two steps repeats none of them.

mod decide;

use serde::Deserialize;
use serde_json::json;

use super::unknown_kind;
use crate::domain::effect::{Action, Audience, Effect, ProfileRead, Receipt};
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::gbp::ProfileReading;
use crate::domain::layer::Layer;
use crate::domain::onboarding::INTAKE_FORM;
use crate::domain::operations::Client;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::report::{Days, Period, Window};
use crate::domain::time::DAY_MS;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, EffectRequest, LayerContext};
use crate::layers::gbp_optimizer;
use crate::store::finance::{figures, reports};
use crate::store::operations::{clients, onboarding};

use self::decide::{Facts, Step, Stored, Windows};

/// Audits that a report shows: two years of monthly ones.
const SCORES_MAX: u32 = 24;

/// Plans the first report of clients who went live in this period or the last one; every later
/// report is planned by the one before it.
pub fn discover(ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    let mut units = Vec::new();
    for &cadence in &ctx.settings.reporting.cadences {
        let period = Period::containing(cadence, ctx.now);
        for period in [period.previous(), period] {
            let version = period.to_string();
            let newly_live = ctx.store.read(|conn| {
                reports::newly_live(conn, ctx.mode, period.starts_at, period.ends_at, &version)
            })?;
            units.extend(newly_live.iter().map(|(entity, name)| report_unit(entity, name, period)));
        }
    }
    Ok(units)
}

/// The unit of one client's report.
fn report_unit(entity: &str, name: &str, period: Period) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::ReportingEngine, entity, period.to_string()),
        "report",
        format!("report {} to {name}", period.label()),
        json!({}),
    )
}

/// Works one unit.
pub async fn run_layer(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    if unit.kind != "report" {
        return Err(unknown_kind(unit));
    }
    let facts = gather(ctx, unit)?;
    match decide::step(&facts, ctx.now) {
        Step::End(outcome) => Ok(*outcome),
        Step::Measure => {
            let Some(windows) = decide::windows(&facts) else {
                return Ok(StepOutcome::skipped("the client was not live in this period"));
            };
            let (reading, why_not) = read_profile(ctx, &facts.client, &unit.name.version).await?;
            let read = reading.map(|read| decide::settled(&read, ctx.now)).unwrap_or_default();
            let stored = stored(ctx, &facts, &windows, &read)?;
            Ok(decide::measured(&facts, &windows, stored, &read, why_not))
        }
        Step::Deliver(delivery) => {
            let period = delivery.period.clone();
            let effect = Effect::Report(*delivery);
            perform(ctx, &facts.client, Action::DeliverReport, &period, effect).await?;
            Ok(decide::delivered(&facts, ctx.now))
        }
    }
}

fn gather<'a>(ctx: &'a LayerContext<'_>, unit: &Unit) -> Result<Facts<'a>, WorkError> {
    let entity = &unit.name.entity;
    let period = Period::read(&unit.name.version).ok_or_else(|| {
        WorkError::bug("bad_period", format!("{:?} names no period", unit.name.version))
    })?;
    let (client, report) = ctx.store.read(|conn| {
        Ok((
            clients::get(conn, ctx.mode, entity)?,
            reports::get(conn, ctx.mode, entity, &period.to_string())?,
        ))
    })?;
    let client = client.ok_or_else(|| {
        WorkError::permanent("no_client", format!("{entity} is no client"))
            .hint("the contract's row is missing; skip the unit or enter the client")
    })?;
    Ok(Facts { mode: ctx.mode, settings: ctx.settings, client, period, report })
}

/// Reads what our own rows know of the windows of a report.
fn stored(
    ctx: &LayerContext<'_>,
    facts: &Facts<'_>,
    windows: &Windows,
    read: &Days,
) -> Result<Stored, WorkError> {
    let (mode, entity) = (ctx.mode, facts.client.entity.as_str());
    let (covers, live_from) = (windows.covers, facts.client.live_at);
    let known = ctx.store.read(|conn| {
        let reading = |window: Window| {
            // The day of go-live counts as a whole one.
            let was_live = live_from.is_none_or(|at| window.from.plus_ms(DAY_MS) > at);
            figures::reading(conn, mode, entity, window, was_live)
        };
        let months = windows.months.iter().map(|(_, window)| reading(*window));
        let form = onboarding::document(conn, mode, entity, INTAKE_FORM)?;
        let days = match (read.keys().next(), read.keys().next_back()) {
            (Some(first), Some(last)) => figures::days(conn, mode, entity, first, last)?,
            _ => Days::new(),
        };
        Ok(Stored {
            current: reading(covers)?,
            previous: reading(covers.before())?,
            year_ago: reading(covers.a_year_ago())?,
            months: months.collect::<Result<_, _>>()?,
            baseline: reading(windows.baseline)?,
            days,
            fields: figures::fields_done(conn, mode, entity, covers)?,
            scores: figures::scores(conn, mode, entity, covers.to, SCORES_MAX)?,
            intake: gbp_optimizer::intake(form),
        })
    })?;
    Ok(known)
}

/// Reads the client's profile for its figures. A provider that says no for good leaves a gap in the
/// report and not a dead unit; why is told.
async fn read_profile(
    ctx: &LayerContext<'_>,
    client: &Client,
    version: &str,
) -> Result<(Option<ProfileReading>, Option<String>), Stop> {
    let effect = Effect::ProfileRead(ProfileRead { entity: client.entity.clone() });
    match perform(ctx, client, Action::ReadProfile, version, effect).await {
        Ok(receipt) => match ProfileReading::deserialize(&receipt.data) {
            Ok(reading) => Ok((Some(reading), None)),
            Err(error) => Ok((None, Some(error.to_string()))),
        },
        Err(Stop::Failed(error)) if error.class == ErrorClass::Permanent => {
            Ok((None, Some(error.to_string())))
        }
        Err(stop) => Err(stop),
    }
}

async fn perform(
    ctx: &LayerContext<'_>,
    client: &Client,
    action: Action,
    version: &str,
    effect: Effect,
) -> Result<Receipt, Stop> {
    ctx.perform(EffectRequest {
        action,
        entity: client.entity.clone(),
        version: version.to_owned(),
        audience: Audience::Client,
        effect,
    })
    .await
}

#[cfg(test)]
mod tests;
