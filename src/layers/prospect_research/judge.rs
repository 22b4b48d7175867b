//! Judges one business: for the first time, or again because its listing changed.
//!
//! A new judgement never moves a prospect back and never erases. Before outreach has begun it stands
//! in the place of the old one; afterwards it only updates what is known, and a business that has
//! closed is left in peace.

use serde_json::Value;

use super::{Entry, from_json, place};
use crate::config::Research;
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::outcome::StepOutcome;
use crate::domain::prospect::{
    Assessment, Found, Likeness, Listed, assess, closed_tag, has_begun, updated,
};
use crate::domain::sales::{Prospect, SalesChange, Stage, Suppression, SuppressionReason, Tier};
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, Unit};
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::outreach_engine::{self, Pending};
use crate::layers::pitch_generator;
use crate::store::error::StoreError;
use crate::store::sales::{listings, profiles, prospects, suppressions};
use crate::store::units;

/// What the database knows of the business already.
pub(super) struct Existing {
    pub(super) prospect: Prospect,
    /// The facts of the latest audit of a listing.
    pub(super) facts: Option<Value>,
    /// Where the unit that writes its pitch stands.
    pub(super) pitch: Option<UnitState>,
    /// Its address, when that must not be written to.
    pub(super) suppressed: Option<String>,
    /// Messages that are planned.
    pub(super) pending: Pending,
}

/// What a judgement rests on beside the listing.
pub(super) struct Case<'a> {
    pub(super) research: &'a Research,
    pub(super) campaign: &'a str,
    /// The unit's version: `found`, or `read/5` in run 5.
    pub(super) version: &'a str,
    pub(super) now: Moment,
}

pub(super) fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let mut entry: Entry = from_json(&unit.payload)?;
    if entry.found.twin.is_none() {
        entry.found.twin = known_elsewhere(ctx, &entry)?;
    }
    let case = Case {
        research: &ctx.settings.research,
        campaign: &ctx.settings.outreach.campaign,
        version: &unit.name.version,
        now: ctx.now,
    };
    let existing = existing(ctx, &entry.found.record.entity, case.campaign)?;
    Ok(judge(&entry, existing, &case))
}

fn existing(
    ctx: &LayerContext<'_>,
    entity: &str,
    campaign: &str,
) -> Result<Option<Existing>, WorkError> {
    let mode = ctx.mode;
    let read = ctx.store.read(|conn| {
        let Some(prospect) = prospects::get(conn, mode, entity)? else { return Ok(None) };
        let facts = profiles::found(conn, mode, entity)?.map(|audit| audit.facts);
        let pitch = pitch_generator::unit(entity, "", campaign).name;
        let pitch = units::state_of(conn, mode, &pitch)?.map(|(_, state)| state);
        let suppressed = match &prospect.email {
            Some(email) if suppressions::has(conn, mode, email)? => Some(email.clone()),
            Some(_) | None => None,
        };
        Ok::<_, StoreError>(Some((prospect, facts, pitch, suppressed)))
    })?;
    let Some((prospect, facts, pitch, suppressed)) = read else { return Ok(None) };
    let pending = outreach_engine::pending(ctx.store, mode, entity)?;
    Ok(Some(Existing { prospect, facts, pitch, suppressed, pending }))
}

/// Looks for the same business among those that another source listed: nobody is approached twice
/// because two sources know them. Within one source the reading has told twins apart; there only a
/// business that is approached already goes first.
fn known_elsewhere(
    ctx: &LayerContext<'_>,
    entry: &Entry,
) -> Result<Option<(String, Likeness)>, WorkError> {
    let prospect = assess(&entry.found.record, None, &place(&ctx.settings.research)).prospect;
    let known = ctx.store.read(|conn| {
        let of_phone = match &prospect.phone {
            Some(phone) => prospects::by_phone(conn, ctx.mode, phone)?,
            None => None,
        };
        let of_email = match &prospect.email {
            Some(email) => prospects::by_email(conn, ctx.mode, email)?,
            None => None,
        };
        for (other, because) in [(of_phone, Likeness::Phone), (of_email, Likeness::Email)] {
            let Some(other) = other.filter(|other| other.entity != prospect.entity) else {
                continue;
            };
            let source = listings::source_of(conn, ctx.mode, &other.entity)?;
            if source.as_deref() != Some(&*entry.source) || has_begun(other.stage) {
                return Ok::<_, StoreError>(Some((other.entity, because)));
            }
        }
        Ok(None)
    })?;
    Ok(known)
}

/// Decides what becomes of one business.
pub(super) fn judge(entry: &Entry, existing: Option<Existing>, case: &Case<'_>) -> StepOutcome {
    let begun = existing.as_ref().is_some_and(|known| has_begun(known.prospect.stage));
    let found = before_outreach(&entry.found, begun);
    let assessment = assess(&found.record, found.twin.as_ref(), &place(case.research));
    let reason = assessment.prospect.reason.clone().unwrap_or_default();
    let left = assessment.prospect.stage == Stage::LeftOut;
    if matches!(found.twin, Some((_, Likeness::Element))) && left {
        // The row belongs to the first listing of this element.
        return StepOutcome::skipped(reason);
    }
    let mut outcome =
        if left && !begun { StepOutcome::skipped(reason) } else { StepOutcome::done() };
    if !left {
        outcome = audited(outcome, &assessment, &found, existing.as_ref(), case);
    }
    let listed = listed(entry, &assessment, case.now);
    let prospect = match existing {
        None => {
            let prospect = assessment.prospect;
            outcome.units.extend(pitch(&prospect, None, case));
            outcome.events.extend(qualified(&prospect));
            prospect
        }
        Some(known) => {
            let (now, changed) = updated(&known.prospect, assessment.prospect);
            outcome = followed(outcome, &now, &changed, known, &found, case);
            now
        }
    };
    // The row comes first: what follows moves it.
    outcome.changes.insert(0, SalesChange::Prospect(Box::new(prospect)).into());
    outcome.change(SalesChange::Listing(Box::new(listed)))
}

/// Once a business is approached it is not taken for somebody's duplicate any more; the other record
/// is.
fn before_outreach(found: &Found, begun: bool) -> Found {
    let twin = found.twin.clone().filter(|(_, why)| !begun || *why == Likeness::Element);
    Found { record: found.record.clone(), twin }
}

/// Adds the audit, unless it says what the latest one said. Audits are never overwritten.
fn audited(
    outcome: StepOutcome,
    assessment: &Assessment,
    found: &Found,
    existing: Option<&Existing>,
    case: &Case<'_>,
) -> StepOutcome {
    let before = existing.and_then(|known| known.facts.as_ref());
    let version = match before {
        None => "found".to_owned(),
        Some(_) => format!("found/{}", case.version.rsplit('/').next().unwrap_or_default()),
    };
    let audit = assessment.audit.to_row(
        &assessment.prospect.entity,
        found.record.source,
        &version,
        case.now,
        &assessment.facts,
    );
    if before == Some(&audit.facts) { outcome } else { outcome.change(SalesChange::Profile(audit)) }
}

fn listed(entry: &Entry, assessment: &Assessment, now: Moment) -> Listed {
    let record = &entry.found.record;
    Listed {
        entity: assessment.prospect.entity.clone(),
        source: entry.source.clone(),
        licence: record.source.licence().to_owned(),
        as_of: record.as_of.clone(),
        digest: entry.digest.clone(),
        seen_at: now,
    }
}

/// Returns the unit that writes a qualified prospect's pitch. One that was stopped before is not
/// worked again, so a business that qualifies once more gets another.
fn pitch(prospect: &Prospect, before: Option<UnitState>, case: &Case<'_>) -> Option<NewUnit> {
    (prospect.stage == Stage::Qualified).then(|| {
        let mut unit = pitch_generator::unit(&prospect.entity, &prospect.name, case.campaign);
        if before.is_some() {
            unit.name.version = format!("{}/{}", unit.name.version, case.version);
        }
        unit
    })
}

fn qualified(prospect: &Prospect) -> Option<NewEvent> {
    (prospect.stage == Stage::Qualified).then(|| {
        let tier = prospect.tier.map_or("", Tier::as_column);
        let score = prospect.score.unwrap_or_default();
        let text = format!("{} is {tier}: {score:.0} of 100", prospect.name);
        NewEvent::info("prospect_qualified", text)
    })
}

/// Adds what follows from a new reading of a business that is known.
fn followed(
    mut outcome: StepOutcome,
    now: &Prospect,
    changed: &[&str],
    known: Existing,
    found: &Found,
    case: &Case<'_>,
) -> StepOutcome {
    let (old, entity) = (&known.prospect, now.entity.clone());
    if !changed.is_empty() {
        let text = format!("{}: {} changed in its listing", now.name, changed.join(", "));
        outcome = outcome.event(NewEvent::info("prospect_updated", text));
    }
    if let (Some(address), Some(email)) = (&known.suppressed, &now.email)
        && address != email
    {
        // Whoever does not want to hear from us does not under another address either.
        outcome = outcome.change(SalesChange::Suppress(Suppression {
            address: email.clone(),
            reason: SuppressionReason::ByHand,
            evidence: format!("the same business as {address}, which is suppressed"),
            at: case.now,
        }));
    }
    if !has_begun(old.stage) {
        if now.stage == Stage::Qualified && old.stage != Stage::Qualified {
            outcome.units.extend(pitch(now, known.pitch, case));
            outcome.events.extend(qualified(now));
        } else if now.stage != Stage::Qualified && old.stage == Stage::Qualified {
            let unit = pitch_generator::unit(&entity, &now.name, case.campaign);
            let why = now.reason.clone().unwrap_or_else(|| "does not qualify any more".to_owned());
            outcome = outcome.stop(unit.name, why);
        }
        return outcome;
    }
    match closed_tag(&found.record) {
        Some(tag) => closed(outcome, now, old.stage, known.pending, &tag),
        None => outcome,
    }
}

/// Stops the outreach to a business that its listing calls closed. Whoever has a call or a contract
/// with us knows better than a map; there a person is told to look.
fn closed(
    outcome: StepOutcome,
    now: &Prospect,
    stage: Stage,
    pending: Pending,
    tag: &str,
) -> StepOutcome {
    let reason = format!("closed: {tag}");
    match stage {
        Stage::Pitched | Stage::NoChannel | Stage::Contacted => {
            let text = format!("{}: the outreach stops, {reason}", now.name);
            pending
                .stopped(outcome, &reason)
                .change(SalesChange::ProspectStage {
                    entity: now.entity.clone(),
                    stage: Stage::Lost,
                    reason: Some(reason),
                })
                .event(NewEvent::warn("outreach_stopped", text))
        }
        Stage::Booked | Stage::Client => {
            let word = stage.as_column();
            let text = format!("{} is {word}, but its listing says {reason}; look", now.name);
            outcome.event(NewEvent::warn("closed_in_listing", text))
        }
        Stage::Found | Stage::LeftOut | Stage::NotQualified | Stage::Qualified | Stage::Lost => {
            outcome
        }
    }
}

#[cfg(test)]
mod tests;
