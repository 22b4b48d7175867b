//! Works the units of layer 1, Prospect Research.
//!
//! A `source` unit reads one source whole and plans a `business` unit for everything it lists; a
//! business unit judges one of them and, when it is worth it, asks layer 2 for a pitch. Both are
//! pure but for the one reading, so a crash anywhere only means that a unit is worked again.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{pitch_generator, unknown_kind};
use crate::config::Research;
use crate::domain::effect::{Action, Audience, Effect, SourceRead};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::RunState;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::prospect::{Found, Likeness, Place, Survey, assess, source, survey};
use crate::domain::sales::{SalesChange, Stage};
use crate::domain::text;
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, EffectRequest, LayerContext};
use crate::store::error::StoreError;
use crate::store::sales::prospects;
use crate::store::{runs, units};

/// Kinds of main tags counted one by one in the event; a hostile file could have any number.
const TAGS_TOLD_MAX: usize = 1_000;

/// What a `source` unit is to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reading {
    /// A file's path, or the demo town.
    source: String,
    /// At most so many reachable, qualified businesses.
    limit: Option<u32>,
}

/// Plans the reading of what the running run was given, once for each run: the file may have
/// changed since the last one, and businesses that are known already are not planned twice.
pub fn discover(ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    let planned = ctx.store.read(|conn| {
        let run = runs::open(conn, ctx.mode)?
            .into_iter()
            .rfind(|run| run.state == RunState::Running && run.input.is_some());
        let Some(run) = run else { return Ok(None) };
        let reading = Reading { source: run.input.unwrap_or_default(), limit: run.input_limit };
        let name = UnitName::new(
            Layer::ProspectResearch,
            format!("source:{}", reading.source),
            format!("run/{}", run.id),
        );
        let known = units::state_of(conn, ctx.mode, &name)?.is_some();
        Ok::<_, StoreError>((!known).then_some((name, reading)))
    })?;
    let Some((name, reading)) = planned else { return Ok(Vec::new()) };
    let label = format!("source {}", text::clean(&reading.source, 120));
    Ok(vec![NewUnit::ready(name, "source", label, to_json(&reading)?)])
}

/// Works one unit.
pub async fn run_layer(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    match unit.kind.as_str() {
        "source" => read_source(ctx, from_json(&unit.payload)?).await,
        "business" => {
            let mut found: Found = from_json(&unit.payload)?;
            if found.twin.is_none() {
                found.twin = known_elsewhere(ctx, &found)?;
            }
            Ok(judge(&found, &ctx.settings.research, &ctx.settings.outreach.campaign, ctx.now))
        }
        _ => Err(unknown_kind(unit)),
    }
}

async fn read_source(ctx: &LayerContext<'_>, reading: Reading) -> Result<StepOutcome, Stop> {
    let receipt = ctx
        .perform(EffectRequest {
            action: Action::ReadSource,
            entity: reading.source.clone(),
            version: "1".to_owned(),
            audience: Audience::Agency,
            effect: Effect::SourceRead(SourceRead {
                source: reading.source.clone(),
                wanted: reading.limit,
            }),
        })
        .await?;
    let text = receipt.data["text"]
        .as_str()
        .ok_or_else(|| WorkError::bug("source_text", "the source was read without a text"))?;
    Ok(plan(&reading, text, &ctx.settings.research)?)
}

/// Decides what a source's text means: one unit for each business taken, and what is told of it.
fn plan(reading: &Reading, text: &str, research: &Research) -> Result<StepOutcome, WorkError> {
    let records =
        source::read(&reading.source, text).map_err(|error| error.in_source(&reading.source))?;
    let survey = survey(records, &place(research), research.dedupe_radius_m, reading.limit);
    let mut outcome = StepOutcome::done().event(told(reading, &survey));
    if survey.n_left_for_later > 0 {
        let text = format!(
            "{}: {} elements left for a later run, after {} prospects",
            text::clean(&reading.source, 120),
            survey.n_left_for_later,
            survey.n_prospects
        );
        outcome = outcome.event(NewEvent::info("source_left_for_later", text));
    }
    for (index, found) in survey.taken.iter().enumerate() {
        outcome.units.push(business(index, found)?);
    }
    Ok(outcome)
}

fn told(reading: &Reading, survey: &Survey) -> NewEvent {
    let text = format!(
        "{}: {} elements listed, {} reachable prospects among {} taken",
        text::clean(&reading.source, 120),
        survey.n_listed,
        survey.n_prospects,
        survey.taken.len()
    );
    let by_tag: serde_json::Map<String, Value> = survey
        .by_tag
        .iter()
        .take(TAGS_TOLD_MAX)
        .map(|(tag, count)| (tag.clone(), (*count).into()))
        .collect();
    let event = if survey.n_listed == 0 {
        NewEvent::warn("source_empty", text)
    } else {
        NewEvent::info("source_read", text)
    };
    event.with(json!({
        "source": reading.source,
        "listed": survey.n_listed,
        "taken": survey.taken.len(),
        "prospects": survey.n_prospects,
        "left_for_later": survey.n_left_for_later,
        "kinds": survey.by_tag.len(),
        "by_tag": by_tag,
    }))
}

/// Makes the unit of one business. An element that a source lists again has the same natural key,
/// so its place in the source is added; the unit exists only to say why it was left out.
fn business(index: usize, found: &Found) -> Result<NewUnit, WorkError> {
    let entity = &found.record.entity;
    let version = match found.twin {
        Some((_, Likeness::Element)) => format!("again/{}", index + 1),
        Some(_) | None => "found".to_owned(),
    };
    let name = UnitName::new(Layer::ProspectResearch, entity, version);
    let label = found.record.tags.get("name").unwrap_or(entity).clone();
    Ok(NewUnit::ready(name, "business", label, to_json(found)?))
}

/// Looks for the same business among those that another source listed: nobody is approached twice
/// because two sources know them.
fn known_elsewhere(
    ctx: &LayerContext<'_>,
    found: &Found,
) -> Result<Option<(String, Likeness)>, WorkError> {
    let prospect = assess(&found.record, None, &place(&ctx.settings.research)).prospect;
    let known = ctx.store.read(|conn| {
        let of_phone = match &prospect.phone {
            Some(phone) => prospects::by_phone(conn, ctx.mode, phone)?,
            None => None,
        };
        let of_email = match &prospect.email {
            Some(email) => prospects::by_email(conn, ctx.mode, email)?,
            None => None,
        };
        Ok::<_, StoreError>([(of_phone, Likeness::Phone), (of_email, Likeness::Email)])
    })?;
    Ok(known.into_iter().find_map(|(other, because)| {
        let other = other.filter(|other| other.entity != prospect.entity)?;
        Some((other.entity, because))
    }))
}

/// Decides what becomes of one business.
fn judge(found: &Found, research: &Research, campaign: &str, now: Moment) -> StepOutcome {
    let assessment = assess(&found.record, found.twin.as_ref(), &place(research));
    let prospect = assessment.prospect;
    if let (Stage::LeftOut, Some(reason)) = (prospect.stage, &prospect.reason) {
        let outcome = StepOutcome::skipped(reason);
        return match found.twin {
            // The row belongs to the first listing of this element.
            Some((_, Likeness::Element)) => outcome,
            Some(_) | None => outcome.change(SalesChange::Prospect(Box::new(prospect))),
        };
    }
    let audit = assessment.audit.to_row(
        &prospect.entity,
        found.record.source,
        "found",
        now,
        &assessment.facts,
    );
    let mut outcome = StepOutcome::done();
    if prospect.stage == Stage::Qualified {
        let tier = prospect.tier.map_or("", crate::domain::sales::Tier::as_column);
        let score = prospect.score.unwrap_or_default();
        let text = format!("{} is {tier}: {score:.0} of 100", prospect.name);
        outcome = outcome
            .event(NewEvent::info("prospect_qualified", text))
            .unit(pitch_generator::unit(&prospect.entity, &prospect.name, campaign));
    }
    outcome.change(SalesChange::Prospect(Box::new(prospect))).change(SalesChange::Profile(audit))
}

/// What is assumed about a business whose source does not say it.
fn place(research: &Research) -> Place {
    Place {
        country: research.default_country.clone(),
        zone: research.zone.clone(),
        language: research.language.clone(),
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<Value, WorkError> {
    serde_json::to_value(value).map_err(|error| WorkError::bug("payload", error.to_string()))
}

fn from_json<T: for<'de> Deserialize<'de>>(payload: &Value) -> Result<T, WorkError> {
    T::deserialize(payload).map_err(|error| {
        WorkError::bug("payload", error.to_string())
            .hint("use the version of cep that wrote this unit")
    })
}

#[cfg(test)]
mod tests;
