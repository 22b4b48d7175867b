//! Has a person read a mail that no rule decides, and does what the person says of it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::mailbox::Facts;
use super::{addresses, pending, suppressed};
use crate::domain::effect::{Action, Audience, Effect, PersonTask, TaskKind};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::letter::Item;
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::sales::{Conclusion, SuppressionReason};
use crate::domain::task;
use crate::domain::text::clean_lines;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{EffectRequest, LayerContext};
use crate::layers::payload;
use crate::store::sales::prospects;

/// Characters of a mail that stand in its task: two pages. The whole of it stays in the inbox.
const TASK_CHARS_MAX: usize = 4_000;

/// A mail for a person to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::layers) struct Reading {
    /// The prospect, where one is known.
    pub(in crate::layers) prospect: Option<String>,
    /// The task's line: who wrote.
    pub(in crate::layers) title: String,
    /// Why no rule decides it.
    pub(in crate::layers) why: String,
    /// Who wrote, or whom it is about.
    pub(in crate::layers) address: String,
    /// Its subject.
    pub(in crate::layers) subject: String,
    /// Its text.
    pub(in crate::layers) text: String,
    /// When it came.
    pub(in crate::layers) at: Moment,
}

impl Reading {
    /// Returns the unit that has a person read this mail of the delivery called `delivery`.
    pub(in crate::layers) fn unit(&self, delivery: &str, version: &str) -> NewUnit {
        let name = UnitName::new(Layer::OutreachEngine, delivery, version);
        NewUnit::ready(name, "read", self.title.clone(), json!(self))
    }
}

/// Adds the unit that has a person read an item.
pub(super) fn read_by_person(
    outcome: StepOutcome,
    item: &Item,
    facts: &Facts,
    why: &str,
) -> StepOutcome {
    let who = match (super::mailbox::names(facts), item.address.as_str()) {
        (names, _) if !names.is_empty() => names,
        (_, "") => "somebody unknown".to_owned(),
        (_, address) => address.to_owned(),
    };
    let one = facts.concerned.first().filter(|_| facts.concerned.len() == 1);
    let reading = Reading {
        prospect: one.map(|one| one.prospect.entity.clone()),
        title: format!("Read the {} of {who}", item.kind.word()),
        why: why.to_owned(),
        address: item.address.clone(),
        subject: item.subject.clone(),
        text: item.text.clone(),
        at: facts.now,
    };
    // One delivery may concern several recipients, each with a task of its own.
    let version = format!("read/{}", item.address);
    outcome.unit(reading.unit(&facts.delivery, &version))
}

pub(super) async fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let reading: Reading = payload(unit)?;
    if let Some(answer) = &unit.answer {
        return Ok(answered(ctx, &reading, answer)?);
    }
    ctx.perform(EffectRequest {
        action: Action::AssignMail,
        entity: unit.name.entity.clone(),
        version: unit.name.version.clone(),
        audience: Audience::Agency,
        effect: Effect::Task(task(&reading, &unit.name.entity)),
    })
    .await?;
    let why = format!("a person: {}", reading.title);
    Ok(StepOutcome::with(Next::Waiting { why }))
}

fn task(reading: &Reading, delivery: &str) -> PersonTask {
    let shown = clean_lines(&reading.text, TASK_CHARS_MAX);
    let cut = if shown.len() < reading.text.len() { "\n(cut here)" } else { "" };
    PersonTask {
        kind: TaskKind::Mail,
        entity: reading.prospect.clone().unwrap_or_else(|| delivery.to_owned()),
        title: reading.title.clone(),
        details: format!(
            "Why you: {}. A mail proves nothing of its sender.\n\nFrom or about: {}\nSubject: {}\n\n{shown}{cut}",
            reading.why, reading.address, reading.subject,
        ),
        // From its arrival, not from now: a repeated try has to ask for the very same task.
        due_at: reading.at.plus_ms(DAY_MS),
    }
}

#[derive(Deserialize)]
struct RawAnswer {
    result: String,
}

fn answered(
    ctx: &LayerContext<'_>,
    reading: &Reading,
    answer: &Value,
) -> Result<StepOutcome, WorkError> {
    let raw = RawAnswer::deserialize(answer).map_err(|error| {
        WorkError::permanent("bad_answer", "the person's answer cannot be read")
            .caused_by(&error)
            .hint("answer with done, declined, opted_out or failed, then retry the unit")
    })?;
    let word = task::typed(&raw.result);
    let told = NewEvent::info("mail_read", format!("{}: {word}", reading.title));
    let outcome = StepOutcome::done().event(told);
    let prospect = match &reading.prospect {
        Some(entity) => ctx.store.read(|conn| prospects::get(conn, ctx.mode, entity))?,
        None => None,
    };
    let conclusion = match word.as_str() {
        "declined" => Conclusion::Declined,
        "opted_out" => Conclusion::OptedOut,
        _ => return Ok(outcome),
    };
    let outcome = if conclusion == Conclusion::OptedOut {
        let mut known = prospect.as_ref().map(addresses).unwrap_or_default();
        if reading.address.contains('@') && !known.contains(&reading.address.as_str()) {
            known.push(&reading.address);
        }
        suppressed(outcome, &known, SuppressionReason::OptedOut, "told in a mail", ctx.now)
    } else {
        outcome
    };
    let Some(prospect) = prospect else { return Ok(outcome) };
    let open = pending(ctx.store, ctx.mode, &prospect.entity)?;
    Ok(open.concluded(outcome, conclusion, ctx.now))
}
