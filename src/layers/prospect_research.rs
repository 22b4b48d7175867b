//! Works the units of layer 1, Prospect Research.
//!
//! A `source` unit reads one source whole and plans a `business` unit for everything in it that is
//! new or has changed, and a `row` unit for each entry that cannot be read, which only says why. A
//! business unit judges one of them and, when it is worth it, asks layer 2 for a pitch. All are pure
//! but for the one reading, so a crash anywhere only means that a unit is worked again.

mod judge;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::unknown_kind;
use crate::config::Research;
use crate::domain::effect::{Action, Audience, Effect, SourceRead};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::RunState;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::prospect::{
    ColumnMap, Columns, Found, Known, LeftEntry, Likeness, Place, Standing, Survey, compare,
    digest, source, survey,
};
use crate::domain::sales::SalesChange;
use crate::domain::text;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, EffectRequest, LayerContext};
use crate::store::error::StoreError;
use crate::store::sales::listings;
use crate::store::{runs, units};

/// Kinds of main tags counted one by one in the event; a hostile file could have any number.
const TAGS_TOLD_MAX: usize = 1_000;
/// Entries that are left out unread and get a unit of their own; a file of more is told by their
/// number.
const LEFT_TOLD_MAX: usize = 1_000;
/// Businesses gone from a source that are named in the event.
const GONE_TOLD_MAX: usize = 100;

/// What a `source` unit is to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reading {
    /// A file's path, or the demo town.
    source: String,
    /// At most so many reachable, qualified businesses.
    limit: Option<u32>,
    /// What its columns are, as a person said when the run began.
    #[serde(default, skip_serializing_if = "ColumnMap::is_empty")]
    columns: ColumnMap,
}

/// What a `business` unit carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    found: Found,
    /// Where it is listed.
    #[serde(default)]
    source: String,
    /// Digest of what is listed.
    #[serde(default)]
    digest: String,
}

/// A source's text, and what a person and the database know of it.
struct Read<'a> {
    text: &'a str,
    encoding: &'a str,
    known: &'a BTreeMap<String, Known>,
    /// The run that reads, as a word: `5`.
    run: &'a str,
}

/// Plans the reading of what the running run was given, once for each run: the file may have
/// changed since the last one, and businesses that are known already are not planned twice.
pub fn discover(ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    let planned = ctx.store.read(|conn| {
        let run = runs::open(conn, ctx.mode)?
            .into_iter()
            .rfind(|run| run.state == RunState::Running && run.input.is_some());
        let Some(run) = run else { return Ok(None) };
        let source = run.input.unwrap_or_default();
        let columns = listings::columns_of(conn, ctx.mode, &source)?;
        let reading = Reading { source, limit: run.input_limit, columns };
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
        "source" => read_source(ctx, unit).await,
        "business" => Ok(judge::run(ctx, unit)?),
        "row" => Ok(StepOutcome::skipped(from_json::<LeftEntry>(&unit.payload)?.reason)),
        _ => Err(unknown_kind(unit)),
    }
}

async fn read_source(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let reading: Reading = from_json(&unit.payload)?;
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
    let known = ctx.store.read(|conn| listings::known(conn, ctx.mode)).map_err(WorkError::from)?;
    let read = Read {
        text,
        encoding: receipt.data["encoding"].as_str().unwrap_or("UTF-8"),
        known: &known,
        run: unit.name.version.rsplit('/').next().unwrap_or_default(),
    };
    Ok(plan(&reading, &read, &ctx.settings.research)?)
}

/// Decides what a source's text means: one unit for each business that is new or has changed, one
/// for each entry that cannot be read, and what is told of it.
fn plan(reading: &Reading, read: &Read<'_>, research: &Research) -> Result<StepOutcome, WorkError> {
    let listing = source::read(&reading.source, read.text, &reading.columns)
        .map_err(|error| error.in_source(&reading.source))?;
    let (left, columns) = (listing.left, listing.columns);
    let listed: Vec<String> = listing.records.iter().map(|one| one.entity.clone()).collect();
    let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    let default = place(research);
    let survey = survey(listing.records, &default, research.dedupe_radius_m, reading.limit);
    let (standings, gone) = compare(&survey.taken, &listed, read.known, &reading.source, &default);
    // An entry that cannot be read may be any of those that seem gone.
    let gone = if left.is_empty() { gone } else { Vec::new() };
    let told = Told { reading, survey: &survey, standings: &standings, gone: &gone, left: &left };
    let mut outcome = StepOutcome::done().event(told.read(read.encoding, columns.as_ref()));
    outcome.events.extend(told.more());
    for (index, (found, standing)) in survey.taken.iter().zip(&standings).enumerate() {
        if let Some(version) = version(index, found, *standing, read.run) {
            outcome.units.push(business(found, version, &reading.source, &default)?);
        }
    }
    for entry in left.iter().take(LEFT_TOLD_MAX) {
        let entity = format!("{}#{}", reading.source, entry.number);
        let name = UnitName::new(Layer::ProspectResearch, entity, format!("row/{}", read.run));
        let label = format!("entry {} {}", entry.number, entry.label);
        outcome.units.push(NewUnit::ready(name, "row", label, to_json(entry)?));
    }
    for entity in gone {
        outcome = outcome.change(SalesChange::ListingGone { entity });
    }
    Ok(outcome)
}

/// Which of a business's works is to be done: none when nothing is new. An element that a source
/// lists again has the same natural key, so its place in the source is added; the unit exists only
/// to say why it was left out.
fn version(index: usize, found: &Found, standing: Standing, run: &str) -> Option<String> {
    let again = matches!(found.twin, Some((_, Likeness::Element)));
    match standing {
        Standing::New if again => Some(format!("again/{}", index + 1)),
        Standing::New => Some("found".to_owned()),
        Standing::Changed if !again => Some(format!("read/{run}")),
        Standing::Changed | Standing::Unchanged | Standing::Older => None,
    }
}

fn business(
    found: &Found,
    version: String,
    source: &str,
    default: &Place,
) -> Result<NewUnit, WorkError> {
    let entity = &found.record.entity;
    let name = UnitName::new(Layer::ProspectResearch, entity, version);
    let label = found.record.tags.get("name").unwrap_or(entity).clone();
    let entry =
        Entry { found: found.clone(), source: source.to_owned(), digest: digest(found, default) };
    Ok(NewUnit::ready(name, "business", label, to_json(&entry)?))
}

/// What is told of a reading.
struct Told<'a> {
    reading: &'a Reading,
    survey: &'a Survey,
    standings: &'a [Standing],
    gone: &'a [String],
    left: &'a [LeftEntry],
}

impl Told<'_> {
    fn source(&self) -> String {
        text::clean(&self.reading.source, 120)
    }

    fn n(&self, wanted: Standing) -> usize {
        self.standings.iter().filter(|standing| **standing == wanted).count()
    }

    /// The event that a reading always leaves.
    fn read(&self, encoding: &str, columns: Option<&Columns>) -> NewEvent {
        let survey = self.survey;
        let (new, updated) = (self.n(Standing::New), self.n(Standing::Changed));
        let unchanged = self.n(Standing::Unchanged);
        let text = format!(
            "{}: {} elements listed, {} reachable prospects among {} taken: {new} new, {updated} \
             changed, {unchanged} unchanged, {} gone, {} unreadable",
            self.source(),
            survey.n_listed,
            survey.n_prospects,
            survey.taken.len(),
            self.gone.len(),
            self.left.len(),
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
            "source": self.reading.source,
            "encoding": encoding,
            "columns": columns,
            "listed": survey.n_listed,
            "taken": survey.taken.len(),
            "prospects": survey.n_prospects,
            "left_for_later": survey.n_left_for_later,
            "new": new,
            "updated": updated,
            "unchanged": unchanged,
            "older": self.n(Standing::Older),
            "gone": self.gone.len(),
            "unreadable": self.left.len(),
            "kinds": survey.by_tag.len(),
            "by_tag": by_tag,
        }))
    }

    /// The events of what not every reading has.
    fn more(&self) -> Vec<NewEvent> {
        let source = self.source();
        let mut events = Vec::new();
        if self.survey.n_left_for_later > 0 {
            let text = format!(
                "{source}: {} elements left for a later run, after {} prospects",
                self.survey.n_left_for_later, self.survey.n_prospects
            );
            events.push(NewEvent::info("source_left_for_later", text));
        }
        if let Some(first) = self.left.first() {
            let text = format!(
                "{source}: {} entries cannot be read and are left out; the first is {}: {}",
                self.left.len(),
                first.number,
                first.reason
            );
            let told: Vec<_> = self.left.iter().take(LEFT_TOLD_MAX).collect();
            let event = NewEvent::warn("source_entries_unreadable", text);
            events.push(event.with(json!({ "entries": told })));
        }
        let older = self.n(Standing::Older);
        if older > 0 {
            let text = format!("{source}: {older} entries are older than what is known; not taken");
            events.push(NewEvent::warn("source_older", text));
        }
        if !self.gone.is_empty() {
            let text = format!(
                "{source}: {} businesses are not listed any more; that is noted and nothing stops",
                self.gone.len()
            );
            let told: Vec<_> = self.gone.iter().take(GONE_TOLD_MAX).collect();
            events.push(NewEvent::info("source_gone", text).with(json!({ "entities": told })));
        }
        events
    }
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
