//! Carries out what people decide about proposals: approve, reject, apply, roll back.
//!
//! The proposal moves in the transaction that changes what it proposes, so that neither stands alone.

use std::sync::Arc;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, Refusal, RefusalKind};
use crate::domain::event::NewEvent;
use crate::domain::ids::ProposalId;
use crate::domain::layer::Layer;
use crate::domain::learning::{
    Measure, Proposal, ProposalEvent, ProposalState, ProposedChange, Setting, SettingOverride,
    StoredProposal, VariantState,
};
use crate::domain::mode::Mode;
use crate::domain::pitch::Book;
use crate::domain::sequence::SequenceRules;
use crate::domain::time::Moment;
use crate::layers::self_learning;
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::learning::{self, proposals};
use crate::store::sales::campaigns;

/// What was done, in words, and what was before; or why nothing was.
type Done = Result<Result<(String, Value), Refusal>, StoreError>;

/// One person's decision, with the instant at which it is carried out.
#[derive(Clone)]
struct Act {
    mode: Mode,
    now: Moment,
    by: String,
    note: Option<String>,
    /// When the effect of something applied now is measured.
    measure_at: Moment,
    /// The templates, which know the variants.
    book: Arc<Book>,
    /// How messages that a stopped campaign held back are planned anew.
    rules: SequenceRules,
}

impl Owner {
    pub(super) async fn decide(
        &self,
        id: ProposalId,
        event: ProposalEvent,
        note: Option<String>,
    ) -> Result<Ack, Refusal> {
        let found = self.parts.store.read(|conn| proposals::get(conn, id));
        let found = found.map_err(|error| crate::app::queries::failed(&error))?;
        let Some((mode, _)) = found else { return Err(no_such(id)) };
        let args = json!({ "proposal": id, "event": event, "note": note });
        let (by, wall) = (self.parts.actor.clone(), self.parts.clock.wall());
        let settings = self.parts.settings.learning;
        let book = Arc::clone(&self.parts.settings.pitch.book);
        let rules = self.parts.settings.outreach.rules(mode);
        self.at_once(mode, "proposal", args, move |tx, now| {
            let measure_at = self_learning::measured_at(&settings, now);
            let act = Act { mode, now, by, note, measure_at, book, rules };
            let Some((_, stored)) = proposals::get(tx, id)? else { return Ok(Err(no_such(id))) };
            let moved = match moved(tx, &act, &stored, event)? {
                Ok(moved) => moved,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let about = About {
                mode,
                at: now,
                wall_at: wall,
                layer: Some(Layer::SelfLearning),
                unit_id: None,
                run_id: None,
            };
            let kind = format!("proposal_{}", moved.to.as_column());
            events::append(tx, about, &NewEvent::info(&kind, moved.text.clone()))?;
            let from = stored.state.as_column();
            Ok(Ok(Outcome::new(moved.text).changed(from, moved.to.as_column())))
        })
        .await
    }

    pub(super) async fn propose(
        &self,
        mode: Mode,
        change: ProposedChange,
        note: String,
    ) -> Result<Ack, Refusal> {
        let args = json!({ "change": change, "note": note });
        let by = self.parts.actor.clone();
        self.at_once(mode, "propose", args, move |tx, now| {
            if let Err(refusal) = makes_sense(&change) {
                return Ok(Err(refusal));
            }
            let proposal = Proposal {
                entity: format!("by_hand/{}/{}", now.0, change.told()),
                text: note,
                measure: Measure::Booking,
                evidence: json!({ "by": by }),
                at: now,
                change,
            };
            let Some(id) = proposals::insert(tx, mode, &proposal)? else {
                let why = "the same was proposed at this very moment";
                return Ok(Err(refuse(RefusalKind::Usage, why, "`cep proposals` lists it")));
            };
            let text = format!("proposal {id} is open: {}", proposal.change.told());
            Ok(Ok(Outcome::new(text)))
        })
        .await
    }
}

fn no_such(id: ProposalId) -> Refusal {
    refuse(RefusalKind::Usage, format!("there is no proposal {id}"), "`cep proposals` lists them")
}

struct Moved {
    to: ProposalState,
    text: String,
}

/// Moves a proposal, and does what the move means.
fn moved(
    tx: &Connection,
    act: &Act,
    stored: &StoredProposal,
    event: ProposalEvent,
) -> Result<Result<Moved, Refusal>, StoreError> {
    let id = stored.id;
    let to = match stored.state.next(event) {
        Ok(to) => to,
        Err(illegal) => {
            let hint = "a proposal is approved, then applied, then perhaps rolled back";
            return Ok(Err(refuse(RefusalKind::Usage, illegal.to_string(), hint)));
        }
    };
    let change = &stored.proposal.change;
    let done = match event {
        ProposalEvent::Approve => Ok((format!("proposal {id} is approved"), Value::Null)),
        ProposalEvent::Reject => Ok((format!("proposal {id} is rejected"), Value::Null)),
        ProposalEvent::Apply => apply(tx, act, id, change)?,
        ProposalEvent::RollBack => take_back(tx, act, stored)?.map(|text| (text, Value::Null)),
    };
    let (text, previous) = match done {
        Ok(done) => done,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let applied = (event == ProposalEvent::Apply).then_some((&previous, act.measure_at));
    proposals::decide(
        tx,
        act.now,
        &proposals::Decision {
            id,
            from: stored.state,
            to,
            by: &act.by,
            note: act.note.as_deref(),
            applied,
        },
    )?;
    Ok(Ok(Moved { to, text }))
}

/// Puts a change in force and returns what was before.
fn apply(tx: &Connection, act: &Act, id: ProposalId, change: &ProposedChange) -> Done {
    let told =
        |previous| Ok(Ok((format!("proposal {id} is applied: {}", change.told()), previous)));
    match change {
        ProposedChange::Advice => {
            let text =
                format!("proposal {id} is noted as done by a person; the machine changed nothing");
            Ok(Ok((text, json!({}))))
        }
        ProposedChange::StopVariant { arm } => {
            let (state, reason) = learning::variant_state(tx, act.mode, arm)?;
            if let Err(refusal) = may_stop(tx, act, arm, state)? {
                return Ok(Err(refusal));
            }
            let why = format!("proposal {id}, by {}", act.by);
            learning::set_state(tx, act.mode, act.now, arm, (VariantState::Stopped, Some(&why)))?;
            told(json!({ "state": state, "reason": reason }))
        }
        ProposedChange::ReviveVariant { arm } => {
            let (state, reason) = learning::variant_state(tx, act.mode, arm)?;
            if state == VariantState::Live {
                let why = format!("variant {arm} is live already");
                return Ok(Err(refuse(RefusalKind::Usage, why, "reject the proposal")));
            }
            learning::revive_variant(tx, act.mode, act.now, arm)?;
            told(json!({ "state": state, "reason": reason }))
        }
        ProposedChange::StopCampaign { campaign } => {
            if let Some(why) = campaigns::stopped_because(tx, act.mode, campaign)? {
                let why = format!("campaign {campaign} is stopped already: {why}");
                return Ok(Err(refuse(RefusalKind::Usage, why, "reject the proposal")));
            }
            let why = format!("proposal {id}, by {}", act.by);
            campaigns::stop(tx, act.mode, act.now, campaign, &why)?;
            told(json!({ "stopped": false }))
        }
        ProposedChange::Set { settings } => {
            if let Err(refusal) = makes_sense(change) {
                return Ok(Err(refusal));
            }
            let before = proposals::overrides(tx, act.mode)?;
            for &setting in settings {
                let by = act.by.clone();
                let one = SettingOverride { setting, proposal: id, by, at: act.now };
                proposals::set(tx, act.mode, &one)?;
            }
            let held = before
                .iter()
                .filter(|one| settings.iter().any(|setting| setting.key == one.setting.key));
            told(json!(held.collect::<Vec<_>>()))
        }
        ProposedChange::RollBack { proposal } => {
            let Some((_, other)) = proposals::get(tx, *proposal)? else {
                return Ok(Err(no_such(*proposal)));
            };
            match moved(tx, act, &other, ProposalEvent::RollBack)? {
                Ok(_) => told(json!({ "rolled_back": proposal })),
                Err(refusal) => Ok(Err(refusal)),
            }
        }
    }
}

/// Whether a variant may be stopped by a person: one that is written with, and nowhere the last.
fn may_stop(
    tx: &Connection,
    act: &Act,
    arm: &str,
    state: VariantState,
) -> Result<Result<(), Refusal>, StoreError> {
    let usage =
        |why: String| refuse(RefusalKind::Usage, why, "`cep proposals show` has the figures");
    if state == VariantState::Stopped {
        return Ok(Err(usage(format!("variant {arm} is stopped already"))));
    }
    let mut choices = Vec::new();
    for language in ["en", "de"] {
        let categories = act.book.sample_categories();
        choices.extend(categories.into_iter().map(|one| act.book.variants(language, one)));
    }
    choices.retain(|variants| variants.contains(&arm));
    if choices.is_empty() {
        return Ok(Err(usage(format!("no template has a variant {arm:?}"))));
    }
    let rows = learning::variants(tx, act.mode)?;
    let stopped =
        |name: &str| rows.iter().any(|row| row.arm == name && row.state == VariantState::Stopped);
    let last = |variants: &Vec<&str>| variants.iter().all(|name| *name == arm || stopped(name));
    if choices.iter().any(last) {
        let why = format!("{arm} is the last live variant of some businesses");
        return Ok(Err(refuse(RefusalKind::Safeguard, why, "bring another variant back first")));
    }
    Ok(Ok(()))
}

/// Refuses values that a setting cannot have.
fn makes_sense(change: &ProposedChange) -> Result<(), Refusal> {
    let ProposedChange::Set { settings } = change else { return Ok(()) };
    for setting in settings {
        if !setting.key.takes(setting.value) {
            let (least, most) = setting.key.limits();
            let why = format!("{} cannot be {}", setting.key, setting.value);
            let hint = format!("use a number from {least} to {most}");
            return Err(Refusal { kind: RefusalKind::Usage, why, hint: Some(hint) });
        }
    }
    Ok(())
}

/// Restores what was before a proposal was applied.
fn take_back(
    tx: &Connection,
    act: &Act,
    stored: &StoredProposal,
) -> Result<Result<String, Refusal>, StoreError> {
    let (id, change) = (stored.id, &stored.proposal.change);
    let previous = stored.previous.clone().unwrap_or(Value::Null);
    let mut text = format!("proposal {id} is rolled back");
    match change {
        ProposedChange::Advice => {
            text = format!("{text}: what a person did, a person undoes");
        }
        ProposedChange::StopVariant { arm } | ProposedChange::ReviveVariant { arm } => {
            let stopped = matches!(change, ProposedChange::ReviveVariant { .. });
            let to = if stopped { VariantState::Stopped } else { VariantState::Live };
            let reason = previous["reason"].as_str().filter(|_| stopped);
            learning::set_state(tx, act.mode, act.now, arm, (to, reason))?;
        }
        ProposedChange::StopCampaign { campaign } => {
            super::sales::resume(tx, act.mode, campaign, &act.rules, act.now)?;
        }
        ProposedChange::Set { settings } => {
            let held: Vec<SettingOverride> = serde_json::from_value(previous).unwrap_or_default();
            if let Some(refusal) = taken_over(tx, act.mode, id, settings)? {
                return Ok(Err(refusal));
            }
            for &setting in settings {
                match held.iter().find(|one| one.setting.key == setting.key) {
                    Some(before) => proposals::set(tx, act.mode, before)?,
                    None => proposals::unset(tx, act.mode, setting)?,
                }
            }
        }
        ProposedChange::RollBack { proposal } => {
            return Ok(Err(refuse(
                RefusalKind::Usage,
                format!("proposal {id} took proposal {proposal} back, which stays so"),
                "make a new proposal of the same change: `cep proposals make --help`",
            )));
        }
    }
    Ok(Ok(text))
}

/// Refuses to restore a setting that a later proposal has changed since.
fn taken_over(
    tx: &Connection,
    mode: Mode,
    id: ProposalId,
    settings: &[Setting],
) -> Result<Option<Refusal>, StoreError> {
    let now = proposals::overrides(tx, mode)?;
    let later = now.iter().find(|one| {
        one.proposal != id && settings.iter().any(|setting| setting.key == one.setting.key)
    });
    Ok(later.map(|one| Refusal {
        kind: RefusalKind::Safeguard,
        why: format!("{} is set by proposal {} since", one.setting.key, one.proposal),
        hint: Some(format!("roll that one back first: `cep proposals roll-back {}`", one.proposal)),
    }))
}
