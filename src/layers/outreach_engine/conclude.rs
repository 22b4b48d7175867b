//! Concludes an outreach that nothing has come back from, and sees the message that never left.

use super::mailbox::REPLIED;
use super::{CampaignPayload, TrackedMessage, tracked};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::outcome::{Next, StepOutcome};
use crate::domain::sales::{Conclusion, Message, MessageState, SalesChange, Stage};
use crate::domain::sequence::SequenceRules;
use crate::domain::time::Moment;
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::payload;
use crate::store::sales::{prospects, returns};

pub(super) fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let CampaignPayload { campaign } = payload(unit)?;
    let entity = unit.name.entity.as_str();
    let (concluded, paused) = ctx.store.read(|conn| {
        let paused = returns::paused(conn, ctx.mode, entity)?;
        Ok((prospects::conclusion(conn, ctx.mode, entity)?, paused.map(|(until, _)| until)))
    })?;
    let mut messages = tracked(ctx.store, ctx.mode, entity)?;
    messages.retain(|message| message.row.campaign == campaign);
    let rules = ctx.settings.outreach.rules(ctx.mode);
    Ok(decide(entity, concluded, paused, &messages, &rules, ctx.now))
}

/// Where a message stands for the purpose of a conclusion.
enum Standing {
    /// It went out then.
    Sent(Moment),
    /// Its work goes on, next at that time if one is known.
    Alive(Option<Moment>),
    /// It will not go out: its unit gave up.
    Dead,
    /// It will not go out, by a rule or a person.
    Stopped,
}

fn standing(message: &TrackedMessage) -> Standing {
    match (message.row.state, message.row.sent_at) {
        (MessageState::Sent, Some(at)) => return Standing::Sent(at),
        (MessageState::Sent | MessageState::Stopped, _) => return Standing::Stopped,
        (MessageState::Failed, _) => return Standing::Dead,
        (MessageState::Planned, _) => {}
    }
    let Some(work) = &message.work else { return Standing::Dead };
    match work.state {
        UnitState::Dead => Standing::Dead,
        UnitState::Done | UnitState::Skipped | UnitState::Cancelled => Standing::Stopped,
        UnitState::Blocked
        | UnitState::Scheduled
        | UnitState::Ready
        | UnitState::Leased
        | UnitState::RetryWait
        | UnitState::Waiting
        | UnitState::Held => Standing::Alive(work.run_at),
    }
}

pub(super) fn decide(
    entity: &str,
    concluded: Option<Conclusion>,
    paused: Option<Moment>,
    messages: &[TrackedMessage],
    rules: &SequenceRules,
    now: Moment,
) -> StepOutcome {
    if concluded.is_some() {
        return StepOutcome::done();
    }
    let standings: Vec<Standing> = messages.iter().map(standing).collect();
    let alive = standings.iter().find_map(|standing| match standing {
        Standing::Alive(run_at) => Some(run_at.unwrap_or(now).max(now)),
        Standing::Sent(_) | Standing::Dead | Standing::Stopped => None,
    });
    if let Some(last_step) = alive {
        return later(rules.concluded_at(last_step), "a step has not been sent yet");
    }
    let last_sent = standings.iter().filter_map(|standing| match standing {
        Standing::Sent(at) => Some(*at),
        Standing::Alive(_) | Standing::Dead | Standing::Stopped => None,
    });
    let outcome = unsent_noted(messages, &standings);
    // Whoever is away cannot answer: the days of silence begin when they are back.
    let silent_since = last_sent.max().map(|sent| paused.map_or(sent, |until| until.max(sent)));
    match silent_since {
        Some(at) if rules.concluded_at(at) > now => {
            later(rules.concluded_at(at), "the last step is not long enough ago")
        }
        Some(_) => {
            let replied = |message: &TrackedMessage| message.row.reason.as_deref() == Some(REPLIED);
            let why = if messages.iter().any(replied) {
                "they replied, and nothing came of it"
            } else {
                "no answer"
            };
            ended(outcome, entity, Conclusion::Expired, why, now)
        }
        None if standings.iter().any(|standing| matches!(standing, Standing::Dead)) => {
            ended(outcome, entity, Conclusion::FirstContactDead, "no message could be sent", now)
        }
        // A rule stopped everything before the first message: nobody was contacted, so there is no
        // outreach to conclude.
        None => outcome.change(SalesChange::ProspectStage {
            entity: entity.to_owned(),
            stage: Stage::Lost,
            reason: Some("stopped before the first message".to_owned()),
        }),
    }
}

fn later(at: Moment, why: &str) -> StepOutcome {
    StepOutcome::with(Next::Scheduled { at: at.ceil_quarter_hour(), why: why.to_owned() })
}

/// Notes the messages whose units gave up or were stopped while their rows said planned.
fn unsent_noted(messages: &[TrackedMessage], standings: &[Standing]) -> StepOutcome {
    let mut outcome = StepOutcome::done();
    for (message, standing) in messages.iter().zip(standings) {
        let (state, reason) = match standing {
            Standing::Dead => (MessageState::Failed, "gave up; see the unit's attempts"),
            Standing::Stopped => (MessageState::Stopped, "the unit was skipped"),
            Standing::Sent(_) | Standing::Alive(_) => continue,
        };
        if message.row.state == MessageState::Planned {
            let reason = Some(reason.to_owned());
            let row = Message { state, reason, ..message.row.clone() };
            outcome = outcome.change(SalesChange::Message(row));
        }
    }
    outcome
}

fn ended(
    outcome: StepOutcome,
    entity: &str,
    conclusion: Conclusion,
    reason: &str,
    now: Moment,
) -> StepOutcome {
    outcome
        .change(SalesChange::Concluded { entity: entity.to_owned(), conclusion, at: now })
        .change(SalesChange::ProspectStage {
            entity: entity.to_owned(),
            stage: Stage::Lost,
            reason: Some(reason.to_owned()),
        })
        .event(NewEvent::info("outreach_concluded", format!("{entity}: {reason}")))
}
