//! Works the units of layer 2, Pitch Generator: a qualified prospect becomes a pitch and the first
//! step of its outreach.
//!
//! The variant is drawn by what earlier pitches achieved, with the probability kept beside it, so
//! that layer 9 can weigh outcomes fairly. Everything a pitch says rests on the audit that layer 1
//! stored; a business that no channel reaches is counted as such and not written to.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::{outreach_engine, unknown_kind};
use crate::config::Settings;
use crate::domain::draw::Seed;
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::learning::{Assignment, LearningChange, Variant, assign};
use crate::domain::mode::Mode;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::pitch::{Claim, Desk, PitchFault, Trace};
use crate::domain::profile::{Audit, SignalScore, Source, opportunities};
use crate::domain::sales::{Pitch, ProfileAudit, Prospect, SalesChange, Stage};
use crate::domain::sender::Sender;
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, LayerContext};
use crate::store::learning;
use crate::store::sales::{messages, profiles, prospects};

/// Makes the unit that writes a qualified prospect's pitch for a campaign.
pub fn unit(prospect: &str, name: &str, campaign: &str) -> NewUnit {
    let unit = UnitName::new(Layer::PitchGenerator, prospect, format!("pitch/{campaign}"));
    let payload = json!({ "campaign": campaign });
    NewUnit::ready(unit, "pitch", format!("pitch for {name}"), payload)
}

/// Returns work that time or earlier rows call for: none, every pitch follows from a prospect.
pub const fn discover(_ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    Ok(Vec::new())
}

/// Works one unit. It has no effect outside: a pitch is our own text.
#[expect(clippy::unused_async, reason = "every layer has the same signature")]
pub async fn run_layer(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    match unit.kind.as_str() {
        "pitch" => {
            let facts = gather(ctx, unit)?;
            Ok(decide(&facts, ctx.now)?)
        }
        _ => Err(unknown_kind(unit)),
    }
}

#[derive(Deserialize)]
struct Payload {
    campaign: String,
}

/// Everything that the decision rests on.
struct Facts<'a> {
    mode: Mode,
    campaign: String,
    prospect: Prospect,
    audit: ProfileAudit,
    variants: Vec<Variant>,
    pinned: Option<Assignment>,
    has_begun: bool,
    sender: Sender,
    settings: &'a Settings,
    seed: Seed,
}

fn gather<'a>(ctx: &LayerContext<'a>, unit: &Unit) -> Result<Facts<'a>, WorkError> {
    let Payload { campaign } = super::payload(unit)?;
    let entity = unit.name.entity.as_str();
    let (prospect, audit, variants, pinned, has_begun) = ctx.store.read(|conn| {
        let steps = messages::of_entity(conn, ctx.mode, entity)?;
        Ok((
            prospects::get(conn, ctx.mode, entity)?,
            profiles::version(conn, ctx.mode, entity, "found")?,
            learning::variants(conn, ctx.mode)?,
            learning::assignment(conn, ctx.mode, entity, &campaign)?,
            steps.iter().any(|step| step.campaign == campaign),
        ))
    })?;
    let missing = |what: &str| {
        WorkError::permanent("missing_row", format!("{entity} has no {what} in the database"))
            .hint("run layer 1 again, then retry the unit")
    };
    Ok(Facts {
        mode: ctx.mode,
        campaign,
        prospect: prospect.ok_or_else(|| missing("row"))?,
        audit: audit.ok_or_else(|| missing("audit"))?,
        variants,
        pinned,
        has_begun,
        sender: outreach_engine::sender(ctx.settings, ctx.mode),
        settings: ctx.settings,
        seed: ctx.seed,
    })
}

fn decide(facts: &Facts<'_>, now: Moment) -> Result<StepOutcome, WorkError> {
    let prospect = &facts.prospect;
    if let Some(reason) = not_to_be_approached(prospect.stage) {
        return Ok(StepOutcome::skipped(reason));
    }
    if facts.has_begun {
        return Ok(StepOutcome::skipped("the outreach has begun with another pitch"));
    }
    let rules = facts.settings.outreach.rules(facts.mode);
    let steps = rules.plan(prospect);
    if steps.is_empty() {
        return Ok(outreach_engine::no_channel(prospect));
    }
    let observed = observed(facts)?;
    let choice = choose(facts)?;
    let desk = Desk {
        book: &facts.settings.pitch.book,
        prospect,
        observed: &observed,
        sender: &facts.sender,
    };
    let pitch = match desk.compose(&facts.campaign, &choice.arm, choice.propensity) {
        Ok(pitch) => pitch,
        Err(PitchFault::NothingToSay) => {
            return Ok(StepOutcome::skipped("no observed gap to speak of"));
        }
        Err(fault) => return Err(rejected(&choice, &fault)),
    };
    let told = NewEvent::info(
        "pitch_written",
        format!("{}: pitch {} with {} claims", prospect.name, choice.arm, n_claims(&pitch)),
    )
    .with(json!({ "variant": choice.arm, "propensity": choice.propensity }));
    let outcome = StepOutcome::done()
        .change(LearningChange::Assignment(choice))
        .change(SalesChange::Pitch(Box::new(pitch)))
        .change(SalesChange::ProspectStage {
            entity: prospect.entity.clone(),
            stage: Stage::Pitched,
            reason: None,
        })
        .event(told);
    Ok(outreach_engine::begin(outcome, prospect, &facts.campaign, &rules, now))
}

/// Why a prospect at this stage gets no pitch, if it gets none.
const fn not_to_be_approached(stage: Stage) -> Option<&'static str> {
    match stage {
        Stage::LeftOut => Some("the business was left out"),
        Stage::NotQualified => Some("the profile needs no help"),
        Stage::Booked => Some("a call is booked already"),
        Stage::Client => Some("the business is a client already"),
        Stage::Found
        | Stage::Qualified
        | Stage::Pitched
        | Stage::NoChannel
        | Stage::Contacted
        | Stage::Lost => None,
    }
}

/// What the audit found missing, as sentences in the prospect's language.
fn observed(facts: &Facts<'_>) -> Result<Vec<Claim>, WorkError> {
    let unreadable = |what: &str| {
        WorkError::bug("audit_unreadable", format!("the audit's {what} cannot be read"))
    };
    let source = Source::from_column(&facts.audit.source).map_err(|_| unreadable("source"))?;
    let signals: Vec<SignalScore> = serde_json::from_value(facts.audit.signals.clone())
        .map_err(|error| unreadable("signals").caused_by(&error))?;
    let audit = Audit { signals, score: facts.audit.score, coverage: facts.audit.coverage };
    let language = &facts.prospect.language;
    Ok(opportunities(&audit).iter().map(|found| Claim::of(found, source, language)).collect())
}

/// Returns the variant that the recipient is written to with: the one it has, or a new draw.
fn choose(facts: &Facts<'_>) -> Result<Assignment, WorkError> {
    let Prospect { entity, language, category, .. } = &facts.prospect;
    let arms = facts.settings.pitch.book.variants(language, category);
    let recipient = (entity.as_str(), facts.campaign.as_str());
    let floor = facts.settings.learning.floor;
    assign(recipient, facts.pinned.as_ref(), &arms, &facts.variants, floor, facts.seed).ok_or_else(
        || {
            WorkError::permanent("no_variant", "every pitch variant is stopped")
                .hint("`cep proposals` shows why, and one of them brings a variant back")
        },
    )
}

fn rejected(choice: &Assignment, fault: &PitchFault) -> WorkError {
    WorkError::permanent("pitch_rejected", format!("variant {:?}: {fault}", choice.arm))
        .hint("mend the template (`cep config check` reads all of them), then retry the unit")
}

/// How many observations a pitch names.
fn n_claims(pitch: &Pitch) -> usize {
    let trace: Trace = serde_json::from_value(pitch.claims.clone()).unwrap_or_default();
    let codes = trace.values().flatten().flat_map(|sentence| sentence.rests_on.iter());
    codes.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests;
