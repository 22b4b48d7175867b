//! Carries out what operators do to units and effects.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, Refusal, RefusalKind, Verdict};
use crate::app::trouble;
use crate::domain::effect::{EffectKey, Receipt};
use crate::domain::event::NewEvent;
use crate::domain::ids::UnitId;
use crate::domain::lifecycle::effect::{EffectEvent, EffectState};
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::{task, text};
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::operate::{self, Handled};
use crate::store::tasks::{self, TaskLine};
use crate::store::{effects, units};

type Acted = Result<Result<Outcome, Refusal>, StoreError>;

impl Owner {
    /// Returns the unit with this number, in whichever world it is.
    fn see(&self, id: UnitId) -> Result<Handled, Refusal> {
        let seen = self.parts.store.read(|conn| operate::see(conn, id));
        seen.map_err(|error| crate::app::queries::failed(&error))?.ok_or_else(|| {
            refuse(RefusalKind::Usage, format!("there is no unit {id}"), "`cep units` lists them")
        })
    }

    pub(super) async fn retry(&self, id: UnitId) -> Result<Ack, Refusal> {
        let unit = self.see(id)?;
        let wall = self.parts.clock.wall();
        self.at_once(unit.mode, "retry", json!({ "unit": id }), move |tx, now| {
            if unit.state == UnitState::Held {
                return Ok(Err(refuse(
                    RefusalKind::Safeguard,
                    format!("unit {id} is held: its effect may have happened already"),
                    "find out whether it did, then `cep resolve KEY happened|did-not-happen`",
                )));
            }
            operate::make_ready(tx, &unit)?;
            tell(tx, &unit, now, wall, "unit_retried", format!("{} is tried again", unit.label))?;
            let text = format!("unit {id} is ready: {}", unit.label);
            Ok(Ok(Outcome::new(text).changed(unit.state.as_column(), "ready")))
        })
        .await
    }

    pub(super) async fn retry_fingerprint(
        &self,
        mode: Mode,
        fingerprint: String,
    ) -> Result<Ack, Refusal> {
        let args = json!({ "fingerprint": fingerprint });
        let wall = self.parts.clock.wall();
        self.at_once(mode, "retry_fingerprint", args, move |tx, now| {
            let mut ready = 0_u64;
            let mut held = Vec::new();
            for id in trouble::units_of(tx, mode, &fingerprint)? {
                let Some(unit) = operate::see(tx, id)? else { continue };
                if matches!(unit.state, UnitState::Dead | UnitState::RetryWait) {
                    operate::make_ready(tx, &unit)?;
                    let told = format!("{} is tried again, with all of its cause", unit.label);
                    tell(tx, &unit, now, wall, "unit_retried", told)?;
                    ready += 1;
                } else if unit.state == UnitState::Held {
                    held.push(id);
                }
            }
            let not_these = held_back(&held);
            if ready == 0 {
                let why = format!("no dead or retrying unit failed with {fingerprint}{not_these}");
                let hint = if held.is_empty() {
                    "`cep errors` lists the causes that still stand"
                } else {
                    "find out at the receiver, then `cep resolve KEY happened|did-not-happen`"
                };
                return Ok(Err(refuse(RefusalKind::Usage, why, hint)));
            }
            let text = format!("{ready} units that failed with {fingerprint} are ready{not_these}");
            Ok(Ok(Outcome::new(text).changed("dead or retry_wait", "ready")))
        })
        .await
    }

    pub(super) async fn skip(&self, id: UnitId, reason: String) -> Result<Ack, Refusal> {
        let unit = self.see(id)?;
        let wall = self.parts.clock.wall();
        let args = json!({ "unit": id, "reason": reason });
        self.at_once(unit.mode, "skip", args, move |tx, now| {
            operate::skip(tx, &unit, &reason, now)?;
            let told = format!("{} is skipped by a person: {reason}", unit.label);
            tell(tx, &unit, now, wall, "unit_skipped", told)?;
            let text = format!("unit {id} is skipped: {}", unit.label);
            Ok(Ok(Outcome::new(text).changed(unit.state.as_column(), "skipped")))
        })
        .await
    }

    pub(super) async fn answer(
        &self,
        id: UnitId,
        result: String,
        note: Option<String>,
        data: Option<Value>,
    ) -> Result<Ack, Refusal> {
        let unit = self.see(id)?;
        let wall = self.parts.clock.wall();
        let note = note.map(|note| text::clean(&note, task::NOTE_CHARS_MAX));
        let mut answer = json!({
            "unit": unit.name, "result": result, "note": note, "data": data,
        });
        self.at_once(unit.mode, "answer", answer.clone(), move |tx, now| {
            let task = tasks::of_unit(tx, id)?;
            if let Some(refusal) = not_waiting(&unit, task.as_ref()) {
                return Ok(Err(refusal));
            }
            // Work that no person was asked for (a payment) is answered in its layer's own words.
            if let Some(TaskLine { task, .. }) = &task {
                match task::check(task.kind, &result, note.as_deref(), data.as_ref()) {
                    Ok(word) => answer["result"] = word.into(),
                    Err(why) => {
                        let hint = format!("`cep tasks show {id}` says what each word means");
                        return Ok(Err(refuse(RefusalKind::Usage, why, &hint)));
                    }
                }
            }
            units::answer(tx, unit.mode, &unit.name, &answer)?;
            let told = format!("{}: a person answered {result}", unit.label);
            tell(tx, &unit, now, wall, "unit_answered", told)?;
            let text = format!("unit {id} is answered and goes on: {}", unit.label);
            Ok(Ok(Outcome::new(text).changed("waiting", "ready")))
        })
        .await
    }

    pub(super) async fn note(&self, id: UnitId, written: String) -> Result<Ack, Refusal> {
        let unit = self.see(id)?;
        let wall = self.parts.clock.wall();
        let by = self.parts.actor.clone();
        let args = json!({ "unit": id, "text": written });
        self.at_once(unit.mode, "note", args, move |tx, now| {
            let task = tasks::of_unit(tx, id)?;
            if let Some(refusal) = not_waiting(&unit, task.as_ref()) {
                return Ok(Err(refusal));
            }
            let Some(note) = text::clean_or_none(&written, task::NOTE_CHARS_MAX) else {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    "the note is empty",
                    "write what the next reader has to know",
                )));
            };
            tasks::note(tx, id, wall, &by, &note)?;
            tell(tx, &unit, now, wall, "task_noted", format!("{}: {note}", unit.label))?;
            let told = format!("task {id} has the note and goes on waiting: {}", unit.label);
            Ok(Ok(Outcome::new(told)))
        })
        .await
    }

    pub(super) async fn resolve(
        &self,
        key: EffectKey,
        verdict: Verdict,
        evidence: String,
    ) -> Result<Ack, Refusal> {
        let found = self.parts.store.read(|conn| operate::effect(conn, &key));
        let found = found.map_err(|error| crate::app::queries::failed(&error))?;
        let Some((mode, state, unit)) = found else {
            return Err(refuse(
                RefusalKind::Usage,
                format!("there is no effect {key}"),
                "`cep effects --state unknown` lists those that need a verdict",
            ));
        };
        let args = json!({ "key": key, "verdict": verdict, "evidence": evidence });
        let wall = self.parts.clock.wall();
        let by = self.parts.actor.clone();
        self.at_once(mode, "resolve", args, move |tx, now| {
            let case = Case { mode, key, state, unit, verdict, evidence, by };
            settle(tx, &case, now, wall)
        })
        .await
    }
}

/// How many units that are not tried again a command names; the rest is counted.
const NAMED_MAX: usize = 5;

/// Names the units that a retry leaves alone, because their effects may have happened.
fn held_back(held: &[UnitId]) -> String {
    if held.is_empty() {
        return String::new();
    }
    let mut names: Vec<String> = held.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    if held.len() > NAMED_MAX {
        names.push(format!("{} more", held.len() - NAMED_MAX));
    }
    let (n, names) = (held.len(), names.join(", "));
    format!("; {n} are held and not tried again, because their acts may have happened: {names}")
}

/// Refuses what is said of a unit that waits for nobody; a task that was taken back says why.
fn not_waiting(unit: &Handled, task: Option<&TaskLine>) -> Option<Refusal> {
    if unit.state == UnitState::Waiting {
        return None;
    }
    let withdrawn = task.and_then(|task| task.withdrawn.as_ref());
    let why = match withdrawn {
        Some(why) => format!("task {} is withdrawn: {why}", unit.id),
        None => format!("unit {} is {} and waits for nobody", unit.id, unit.state.as_column()),
    };
    Some(refuse(RefusalKind::Usage, why, "`cep tasks` lists what waits for a person"))
}

/// An unknown effect and what a person found out about it.
struct Case {
    mode: Mode,
    key: EffectKey,
    state: EffectState,
    unit: UnitId,
    verdict: Verdict,
    evidence: String,
    by: String,
}

/// Settles an unknown effect and lets its unit go on: with the receipt it now has, or with another
/// call. The unit's layer writes what follows, so nothing of its outcome is lost.
fn settle(tx: &Connection, case: &Case, now: Moment, wall: Moment) -> Acted {
    let (event, word) = match case.verdict {
        Verdict::Happened => (EffectEvent::FoundDone, "confirmed"),
        Verdict::DidNotHappen => (EffectEvent::FoundAbsent, "rejected"),
    };
    let evidence = format!("{} says: {}", case.by, case.evidence);
    let receipt = (case.verdict == Verdict::Happened).then(|| Receipt {
        reference: format!("resolved by {}", case.by),
        data: json!({ "evidence": case.evidence }),
    });
    effects::settle(
        tx,
        case.mode,
        &case.key,
        case.state,
        event,
        receipt.as_ref(),
        Some(&evidence),
        now,
    )?;
    let mut text = format!("effect {} is {word}", case.key);
    if let Some(unit) = operate::see(tx, case.unit)?
        && unit.state == UnitState::Held
    {
        operate::make_ready(tx, &unit)?;
        let told = format!("{}: its effect is {word}, {evidence}", unit.label);
        tell(tx, &unit, now, wall, "effect_resolved", told)?;
        text = format!("{text}; unit {} goes on: {}", unit.id, unit.label);
    }
    Ok(Ok(Outcome::new(text).changed(case.state.as_column(), word)))
}

/// Appends the event that tells of an operator's act.
fn tell(
    tx: &Connection,
    unit: &Handled,
    now: Moment,
    wall: Moment,
    kind: &str,
    text: String,
) -> Result<(), StoreError> {
    let about = About {
        mode: unit.mode,
        at: now,
        wall_at: wall,
        layer: Some(unit.name.layer),
        unit_id: Some(unit.id),
        run_id: None,
    };
    events::append(tx, about, &NewEvent::info(kind, text))
}
