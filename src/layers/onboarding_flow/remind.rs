//! Reminds of open steps before and after their day, and then asks a person to call.

use jiff::tz::TimeZone;
use serde_json::json;

use super::{perform, sender, step_of};
use crate::domain::effect::{Action, Effect};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::onboarding::{self, REMINDER_HOURS, call_unit, due_at, nudge_unit};
use crate::domain::operations::{Client, ClientDocument, ClientState, OnboardingStep};
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::LayerContext;
use crate::store::operations::{documents, onboarding as tasks};

/// Time that everybody has from being asked to the day that reminders count from, however late the
/// steps before were.
const TIME_TO_ANSWER_MS: i64 = 2 * DAY_MS;

fn zone(client: &Client) -> TimeZone {
    TimeZone::get(&client.zone).unwrap_or(TimeZone::UTC)
}

/// Plans the reminders of a step that was handed over at `now`, and the call after them.
pub(super) fn planned(
    outcome: StepOutcome,
    client: &Client,
    step: OnboardingStep,
    now: Moment,
) -> StepOutcome {
    let node = step.node();
    let due = due_at(client, step).max(now.plus_ms(TIME_TO_ANSWER_MS));
    let at = |days: i64| REMINDER_HOURS.next_open(due.plus_ms(days * DAY_MS), &zone(client));
    let unit = |name: UnitName, kind: &str, label: String, days: i64| {
        NewUnit::ready(name, kind, label, json!({ "task": step })).at(at(days))
    };
    let word = step.as_column().replace('_', "-");
    let nudges = node.reminders.iter().enumerate().map(|(number, &days)| {
        let label = format!("reminder {} of {word} to {}", number + 1, client.name);
        unit(nudge_unit(&client.entity, step, number + 1), "nudge", label, days)
    });
    let calls = node.call_after_days.map(|days| {
        let label = format!("call to {} about {word}", client.name);
        unit(call_unit(&client.entity, step), "call", label, days)
    });
    nudges.chain(calls).fold(outcome, StepOutcome::unit)
}

/// Stops what was planned for a step that is done.
pub(super) fn stopped(
    outcome: StepOutcome,
    client: &Client,
    step: OnboardingStep,
    reason: &str,
) -> StepOutcome {
    let nudges = (1..=step.node().reminders.len()).map(|n| nudge_unit(&client.entity, step, n));
    let all = nudges.chain([call_unit(&client.entity, step)]);
    all.fold(outcome, |outcome, name| outcome.stop(name, reason))
}

/// Why nobody is to be reminded, if nobody is: what is known now counts, not what was when planned.
fn settled(
    ctx: &LayerContext<'_>,
    client: &Client,
    step: OnboardingStep,
) -> Result<Option<&'static str>, WorkError> {
    if client.state == ClientState::Churned {
        return Ok(Some("the client has left"));
    }
    let rows = ctx.store.read(|conn| tasks::tasks(conn, ctx.mode, &client.entity))?;
    let done = rows.iter().any(|row| row.task == step && row.done_at.is_some());
    Ok(done.then_some("the step is done"))
}

/// Puts a reminder off until the client's office hours, unless it is in them.
pub(super) fn in_office_hours(client: &Client, now: Moment) -> Option<StepOutcome> {
    let opens = REMINDER_HOURS.next_open(now, &zone(client));
    (opens > now).then(|| {
        let why = format!("office hours in {}", client.zone);
        StepOutcome::with(Next::Scheduled { at: opens.ceil_quarter_hour(), why })
    })
}

/// Asks again for what is missing, in the client's office hours and only while it is.
pub(super) async fn again(
    ctx: &LayerContext<'_>,
    unit: &Unit,
    client: &Client,
) -> Result<StepOutcome, Stop> {
    let step = unit.name.version.split('/').nth(1).map(OnboardingStep::from_column);
    if let Some(Ok(step)) = step
        && let Some(reason) = settled(ctx, client, step)?
    {
        return Ok(StepOutcome::skipped(reason));
    }
    if let Some(later) = in_office_hours(client, ctx.now) {
        return Ok(later);
    }
    let missing: Vec<String> =
        serde_json::from_value(unit.payload["missing"].clone()).unwrap_or_default();
    let reason = unit.payload["reason"].as_str();
    let mail = Effect::Mail(onboarding::reminder(client, &missing, reason, sender(ctx)?));
    perform(ctx, client, Action::SendClientMail, &unit.name.version, mail).await?;
    Ok(StepOutcome::done())
}

/// Sends one reminder; one that comes late waits for the client's office hours.
pub(super) async fn nudge(
    ctx: &LayerContext<'_>,
    unit: &Unit,
    client: &Client,
) -> Result<StepOutcome, Stop> {
    let step = step_of(unit)?;
    if let Some(reason) = settled(ctx, client, step)? {
        return Ok(StepOutcome::skipped(reason));
    }
    if let Some(later) = in_office_hours(client, ctx.now) {
        return Ok(later);
    }
    let documents: Vec<ClientDocument> = ctx
        .store
        .read(|conn| documents::of_client(conn, ctx.mode, &client.entity))
        .map_err(WorkError::from)?;
    let late = ctx.now > due_at(client, step);
    let mail = onboarding::nudge(client, step, &documents, late, sender(ctx)?);
    perform(ctx, client, Action::SendClientMail, &unit.name.version, Effect::Mail(mail)).await?;
    let text = format!("{} was reminded of {}", client.name, step.as_column());
    Ok(StepOutcome::done().event(NewEvent::info("client_reminded", text)))
}

/// Asks a person to call.
pub(super) async fn call(
    ctx: &LayerContext<'_>,
    unit: &Unit,
    client: &Client,
) -> Result<StepOutcome, Stop> {
    let step = step_of(unit)?;
    if unit.answer.is_some() {
        let text = format!("{} was called about {}", client.name, step.as_column());
        return Ok(StepOutcome::done().event(NewEvent::info("client_called", text)));
    }
    if let Some(reason) = settled(ctx, client, step)? {
        return Ok(StepOutcome::skipped(reason));
    }
    let task = onboarding::call(client, step, step.node().reminders.len());
    let version = unit.name.version.as_str();
    perform(ctx, client, Action::AssignOnboarding, version, Effect::Task(task)).await?;
    let text = format!("{}: reminders did not help, somebody has to call", client.name);
    let why = format!("a person: call {} about {}", client.name, step.as_column());
    Ok(StepOutcome::with(Next::Waiting { why }).event(NewEvent::warn("onboarding_stuck", text)))
}
