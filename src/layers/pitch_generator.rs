//! Works the units of layer 2, Pitch Generator: a qualified prospect becomes a pitch and the first
//! step of its outreach.
//!
//! The variant is drawn by what earlier pitches achieved, with the probability kept beside it, so
//! that layer 9 can weigh outcomes fairly. Everything a pitch says rests on the audit that layer 1
//! stored; a business that no channel reaches is counted as such and not written to.

mod ground;

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
use crate::domain::pitch::{PitchFault, Trace};
use crate::domain::sales::{ByHand, Channel, Pitch, ProfileAudit, Prospect, SalesChange, Stage};
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, LayerContext};
use crate::store::learning;
use crate::store::sales::{messages, pitches, profiles, prospects};

pub use ground::PitchGround;

/// Makes the unit that writes a qualified prospect's pitch for a campaign.
pub fn unit(prospect: &str, name: &str, campaign: &str) -> NewUnit {
    let unit = UnitName::new(Layer::PitchGenerator, prospect, format!("pitch/{campaign}"));
    let payload = json!({ "campaign": campaign });
    NewUnit::ready(unit, "pitch", format!("pitch for {name}"), payload)
}

/// Makes the unit that writes a pitch again, for the `n`-th time, because a person asked for it.
pub fn rewrite_unit(prospect: &Prospect, campaign: &str, n: u32, variant: Option<&str>) -> NewUnit {
    let version = format!("pitch/{campaign}/again/{n}");
    let unit = UnitName::new(Layer::PitchGenerator, &prospect.entity, version);
    let payload = json!({ "campaign": campaign, "again": true, "variant": variant });
    NewUnit::ready(unit, "pitch", format!("pitch for {}, again", prospect.name), payload)
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
    /// Whether a person wants the pitch written again.
    #[serde(default)]
    again: bool,
    /// The variant that the person chose.
    #[serde(default)]
    variant: Option<String>,
}

/// Everything that the decision rests on.
struct Facts<'a> {
    mode: Mode,
    campaign: String,
    prospect: Prospect,
    audit: ProfileAudit,
    variants: Vec<Variant>,
    pinned: Option<Assignment>,
    /// The sequence of messages is planned.
    has_begun: bool,
    /// Why nothing of the pitch may be changed any more, if so.
    gone_out: Option<String>,
    /// The pitch as it stands.
    existing: Option<Pitch>,
    /// What a person asked for: to write it again, and how.
    again: bool,
    wanted: Option<String>,
    settings: &'a Settings,
    seed: Seed,
}

fn gather<'a>(ctx: &LayerContext<'a>, unit: &Unit) -> Result<Facts<'a>, WorkError> {
    let Payload { campaign, again, variant: wanted } = super::payload(unit)?;
    let entity = unit.name.entity.as_str();
    let (prospect, audit, variants, pinned, has_begun, gone_out, existing) =
        ctx.store.read(|conn| {
            let steps = messages::of_entity(conn, ctx.mode, entity)?;
            Ok((
                prospects::get(conn, ctx.mode, entity)?,
                profiles::found(conn, ctx.mode, entity)?,
                learning::variants(conn, ctx.mode)?,
                learning::assignment(conn, ctx.mode, entity, &campaign)?,
                steps.iter().any(|step| step.campaign == campaign),
                messages::begun(conn, ctx.mode, entity, &campaign, None)?,
                pitches::get(conn, ctx.mode, entity, &campaign)?,
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
        gone_out,
        existing,
        again,
        wanted,
        settings: ctx.settings,
        seed: ctx.seed,
    })
}

fn decide(facts: &Facts<'_>, now: Moment) -> Result<StepOutcome, WorkError> {
    let prospect = &facts.prospect;
    if let Some(reason) = not_to_be_approached(prospect.stage) {
        return Ok(StepOutcome::skipped(reason));
    }
    if facts.again
        && let Some(why) = &facts.gone_out
    {
        return Ok(StepOutcome::skipped(format!("not written again: {why}")));
    }
    if facts.has_begun && !facts.again {
        return Ok(StepOutcome::skipped("the outreach has begun with another pitch"));
    }
    let rules = facts.settings.outreach.rules(facts.mode);
    let steps = rules.plan(prospect);
    if steps.is_empty() {
        return Ok(outreach_engine::no_channel(prospect));
    }
    let ground = PitchGround::of(prospect.clone(), &facts.audit, facts.settings, facts.mode)?;
    let Some((pitch, drawn, told)) = written(facts, &ground)? else {
        return Ok(StepOutcome::skipped("no observed gap to speak of"));
    };
    let mut outcome = StepOutcome::done();
    if let Some(drawn) = drawn {
        outcome = outcome.change(LearningChange::Assignment(drawn));
    }
    let outcome = outcome
        .change(SalesChange::Pitch(Box::new(pitch)))
        .change(SalesChange::ProspectStage {
            entity: prospect.entity.clone(),
            stage: Stage::Pitched,
            reason: None,
        })
        .event(told);
    if facts.has_begun {
        // The planned messages take their words from the pitch when they go out.
        return Ok(outcome);
    }
    Ok(outreach_engine::begin(outcome, prospect, &facts.campaign, &rules, now))
}

/// Writes the pitch, or keeps the one that a person made; `None` when there is nothing to say.
fn written(
    facts: &Facts<'_>,
    ground: &PitchGround,
) -> Result<Option<(Pitch, Option<Assignment>, NewEvent)>, WorkError> {
    let name = &facts.prospect.name;
    let by_person = facts.existing.as_ref().filter(|pitch| !facts.again && by_hand(pitch));
    if let Some(pitch) = by_person.filter(|pitch| !pitch.by_hand.edited.is_empty()) {
        recheck(ground, pitch)?;
        let told = NewEvent::info("pitch_kept", format!("{name}: the pitch that a person edited"));
        return Ok(Some((pitch.clone(), None, told)));
    }
    let chosen = facts.wanted.as_ref().or_else(|| by_person.map(|pitch| &pitch.variant));
    // What a person chose was not drawn, so layer 9 keeps no assignment of it.
    let drawn = if chosen.is_some() { None } else { Some(choose(facts)?) };
    let arm = drawn.as_ref().map(|drawn| &drawn.arm).or(chosen).map_or("", String::as_str);
    let propensity = drawn.as_ref().map_or(1.0, |drawn| drawn.propensity);
    let written = ground.desk().compose(&facts.campaign, arm, propensity);
    let mut pitch = match written {
        Ok(pitch) => pitch,
        Err(PitchFault::NothingToSay) => return Ok(None),
        Err(fault) => return Err(rejected(&format!("variant {arm:?}"), &fault)),
    };
    pitch.by_hand.chosen = chosen.is_some();
    let n = n_claims(&pitch);
    let told = NewEvent::info("pitch_written", format!("{name}: pitch {arm} with {n} claims"))
        .with(json!({ "variant": arm, "propensity": propensity }));
    Ok(Some((pitch, drawn, told)))
}

fn by_hand(pitch: &Pitch) -> bool {
    pitch.by_hand != ByHand::default()
}

/// Checks a person's texts again: the audit or the sender may have changed since.
fn recheck(ground: &PitchGround, pitch: &Pitch) -> Result<(), WorkError> {
    let desk = ground.desk();
    let faulty = |fault| rejected("the edited text", &fault);
    for &channel in &pitch.by_hand.edited {
        desk.check(Some(channel), pitch.text(channel)).map_err(faulty)?;
        if channel == Channel::Email {
            desk.check(None, &pitch.subject).map_err(faulty)?;
        }
    }
    Ok(())
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

fn rejected(what: &str, fault: &PitchFault) -> WorkError {
    WorkError::permanent("pitch_rejected", format!("{what}: {fault}")).hint(
        "mend the template (`cep config check` reads all of them) or the text (`cep pitches edit`), \
         then retry the unit",
    )
}

/// How many observations a pitch names.
fn n_claims(pitch: &Pitch) -> usize {
    let trace: Trace = serde_json::from_value(pitch.claims.clone()).unwrap_or_default();
    let codes = trace.values().flatten().flat_map(|sentence| sentence.rests_on.iter());
    codes.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests;
