//! Sends one message: by mail itself, by LinkedIn and phone through a person.

use serde::Deserialize;
use serde_json::Value;

use super::{
    MessagePayload, Pending, addresses, mail_refused, message_name, pending, planned, sender,
    suppressed, told,
};
use crate::domain::effect::{Action, Audience, Effect, EffectKey, Mail, PersonTask, TaskKind};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::sales::{
    Channel, Conclusion, Message, MessageState, Pitch, Prospect, SalesChange, Stage,
    SuppressionReason,
};
use crate::domain::sender::Sender;
use crate::domain::sequence::SequenceRules;
use crate::domain::task::typed;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::{EffectRequest, LayerContext};
use crate::layers::payload;
use crate::store::effects;
use crate::store::sales::{campaigns, messages, pitches, prospects, returns};

/// Everything that the decision rests on.
pub(super) struct Facts {
    pub(super) order: MessagePayload,
    pub(super) row: Message,
    pub(super) prospect: Prospect,
    pub(super) pitch: Pitch,
    pub(super) concluded: Option<Conclusion>,
    pub(super) campaign_stopped: Option<String>,
    /// Until when the prospect's sequence waits, and why.
    pub(super) paused: Option<(Moment, String)>,
    /// Whether mail has come in that is not read yet.
    pub(super) unread_mail: bool,
    pub(super) now: Moment,
    pub(super) sender: Sender,
    pub(super) rules: SequenceRules,
    /// The address has changed since the message was planned, and it goes to the new one.
    pub(super) moved: bool,
}

/// What is to be done with a message.
#[derive(Debug)]
pub(super) enum Decision {
    /// Nothing: a rule ended the sequence.
    Skip(String),
    /// Not now: a receiver's policy has stopped the campaign, and a person has to mend the cause.
    Hold(String),
    /// Not this one: the law of the prospect's country forbids it. The sequence goes on.
    Forbidden(String),
    /// Later: the prospect is away, or mail that may say something of it is not read yet.
    Later(Moment, String),
    /// Send it.
    Send(Box<EffectRequest>),
    /// Ask a person to send it or to call.
    Assign(Box<EffectRequest>),
    /// The person has answered.
    Answered(Answer),
}

/// What a person says of a LinkedIn message or a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was sent, or somebody was called.
    Done,
    /// It could not be done.
    Failed(String),
    /// The prospect said no.
    Declined,
    /// The prospect wants no more contact.
    OptedOut,
}

#[derive(Deserialize)]
struct RawAnswer {
    result: String,
    note: Option<String>,
    #[serde(default)]
    data: Value,
}

pub(super) async fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let facts = gather(ctx, unit)?;
    match decide(&facts, unit.answer.as_ref())? {
        Decision::Skip(reason) => Ok(skipped(&facts, reason)),
        Decision::Hold(why) => Ok(StepOutcome::with(Next::Waiting { why })),
        Decision::Later(at, why) => Ok(StepOutcome::with(Next::Scheduled { at, why })),
        Decision::Forbidden(why) => Ok(forbidden(&facts, &why, ctx.now)),
        Decision::Send(request) => {
            let key = ctx.effect_key(&request.entity, request.action, &request.version);
            ctx.perform(*request).await?;
            Ok(told_of_move(sent(&facts, Some(key), ctx.now), &facts))
        }
        Decision::Assign(request) => {
            let key = ctx.effect_key(&request.entity, request.action, &request.version);
            ctx.perform(*request).await?;
            Ok(told_of_move(assigned(&facts, key), &facts))
        }
        Decision::Answered(answer) => {
            let mut open =
                pending(ctx.store, ctx.mode, &facts.prospect.entity).map_err(WorkError::from)?;
            // This unit is the one that is being worked; it ends by itself.
            open.units.retain(|name| *name != unit.name);
            Ok(answered(&facts, &answer, open, ctx.now))
        }
    }
}

fn gather(ctx: &LayerContext<'_>, unit: &Unit) -> Result<Facts, WorkError> {
    let mut order: MessagePayload = payload(unit)?;
    let (mode, entity) = (ctx.mode, unit.name.entity.as_str());
    let (row, prospect, pitch, concluded, campaign_stopped, paused, unread, journal) =
        ctx.store.read(|conn| {
            Ok((
                messages::get(conn, mode, entity, &order.campaign, order.step)?,
                prospects::get(conn, mode, entity)?,
                pitches::get(conn, mode, entity, &order.campaign)?,
                prospects::conclusion(conn, mode, entity)?,
                campaigns::stopped_because(conn, mode, &order.campaign)?,
                returns::paused(conn, mode, entity)?,
                returns::has_unread(conn, mode)?,
                effects::of_entity(conn, mode, entity, action(order.channel))?,
            ))
        })?;
    let missing = |what: &str| {
        WorkError::permanent("missing_row", format!("{entity} has no {what} in the database"))
            .hint("run layers 1 and 2 again, then retry the unit")
    };
    let prospect = prospect.ok_or_else(|| missing("row"))?;
    // What the journal has stays as it was first sent, to the address it was sent to.
    let begun = journal.iter().any(|effect| effect.version == version(&order));
    let moved = !begun && follow(&mut order, &prospect);
    Ok(Facts {
        row: row.ok_or_else(|| missing("message"))?,
        prospect,
        moved,
        pitch: pitch.ok_or_else(|| missing("pitch"))?,
        concluded,
        campaign_stopped,
        paused,
        unread_mail: unread,
        now: ctx.now,
        sender: sender(ctx.settings, mode),
        rules: ctx.settings.outreach.rules(mode),
        order,
    })
}

/// Lets a message follow its prospect to an address that has changed since it was planned; returns
/// whether it did. One that is not known any more stays: a reading that names none erases nothing.
pub(super) fn follow(order: &mut MessagePayload, prospect: &Prospect) -> bool {
    let now = match order.channel {
        Channel::Email => &prospect.email,
        Channel::Linkedin => &prospect.linkedin,
        Channel::Sms | Channel::Phone => &prospect.phone,
    };
    let Some(now) = now.as_deref().map(str::trim).filter(|now| !now.is_empty()) else {
        return false;
    };
    let moved = !now.eq_ignore_ascii_case(&order.address);
    if moved {
        now.clone_into(&mut order.address);
    }
    moved
}

/// By which act a channel's messages go out.
const fn action(channel: Channel) -> Action {
    match channel {
        Channel::Email => Action::SendEmail,
        Channel::Linkedin | Channel::Sms | Channel::Phone => Action::AssignOutreach,
    }
}

fn version(order: &MessagePayload) -> String {
    match order.again {
        0 => format!("{}/{}", order.campaign, order.step),
        again => format!("{}/{}+{again}", order.campaign, order.step),
    }
}

pub(super) fn decide(facts: &Facts, answer: Option<&Value>) -> Result<Decision, WorkError> {
    if let Some(answer) = answer {
        return read_answer(answer).map(Decision::Answered);
    }
    if let Some(conclusion) = facts.concluded {
        let why = conclusion.as_column().replace('_', " ");
        return Ok(Decision::Skip(format!("sequence ended: {why}")));
    }
    if facts.row.state == MessageState::Stopped {
        let why = facts.row.reason.as_deref().unwrap_or("by rule");
        return Ok(Decision::Skip(format!("stopped: {why}")));
    }
    if let Some(reason) = &facts.campaign_stopped {
        let name = &facts.order.campaign;
        let why = format!("campaign stopped: {reason}; `cep campaigns resume {name}` goes on");
        return Ok(Decision::Hold(why));
    }
    if let Some(later) = later(facts) {
        return Ok(later);
    }
    if matches!(facts.order.channel, Channel::Email | Channel::Sms)
        && let Some(why) = facts.rules.mail_refusal(&facts.prospect)
    {
        return Ok(Decision::Forbidden(why));
    }
    facts.sender.checked()?;
    match facts.order.channel {
        Channel::Email => Ok(Decision::Send(Box::new(request(facts, Effect::Mail(mail(facts)?))))),
        Channel::Linkedin | Channel::Sms | Channel::Phone => {
            Ok(Decision::Assign(Box::new(request(facts, Effect::Task(task(facts))))))
        }
    }
}

/// Whether the message has to wait, and how long.
fn later(facts: &Facts) -> Option<Decision> {
    if let Some((until, why)) = &facts.paused
        && *until > facts.now
    {
        return Some(Decision::Later(*until, why.clone()));
    }
    let soon = facts.now.plus_ms(1).ceil_quarter_hour();
    let why = "mail that has come in is read first".to_owned();
    facts.unread_mail.then_some(Decision::Later(soon, why))
}

fn request(facts: &Facts, effect: Effect) -> EffectRequest {
    EffectRequest {
        action: action(facts.order.channel),
        entity: facts.prospect.entity.clone(),
        version: version(&facts.order),
        audience: Audience::Prospect {
            address: facts.order.address.to_lowercase(),
            zone: facts.prospect.zone.clone(),
            channel: facts.order.channel.as_column().to_owned(),
        },
        effect,
    }
}

fn mail(facts: &Facts) -> Result<Mail, WorkError> {
    let (sender, prospect) = (&facts.sender, &facts.prospect);
    let link =
        sender.unsubscribe_link(&prospect.entity, &facts.order.address, &facts.order.campaign)?;
    Ok(Mail {
        to: facts.order.address.clone(),
        to_name: prospect.name.clone(),
        from: sender.from.clone(),
        from_name: sender.from_name.clone(),
        subject: facts.pitch.subject.clone(),
        text: sender.letter(&facts.pitch.email, &prospect.language, &link),
        unsubscribe_url: Some(link),
        booking_url: Some(sender.booking_link(&prospect.entity)),
    })
}

fn task(facts: &Facts) -> PersonTask {
    let (name, address) = (&facts.prospect.name, &facts.order.address);
    let (kind, title, details) = match facts.order.channel {
        Channel::Linkedin => (
            TaskKind::Linkedin,
            format!("Write to {name} on LinkedIn"),
            format!("Profile: {address}\n\nText:\n{}", facts.pitch.linkedin),
        ),
        Channel::Sms => (
            TaskKind::Phone,
            format!("Send {name} an SMS"),
            format!("Number: {address}\n\nText:\n{}", facts.pitch.sms),
        ),
        Channel::Email | Channel::Phone => (
            TaskKind::Phone,
            format!("Call {name}"),
            format!("Number: {address}\n\n{}", facts.pitch.phone),
        ),
    };
    PersonTask {
        kind,
        entity: facts.prospect.entity.clone(),
        title,
        details,
        // From the plan, not from now: a repeated try has to ask for the very same task.
        due_at: facts.row.planned_at.plus_ms(DAY_MS),
    }
}

fn read_answer(answer: &Value) -> Result<Answer, WorkError> {
    let raw = RawAnswer::deserialize(answer).map_err(|error| {
        WorkError::permanent("bad_answer", "the person's answer cannot be read")
            .caused_by(&error)
            .hint("answer with result done or failed, then retry the unit")
    })?;
    let said = raw.data.get("outcome").and_then(Value::as_str).unwrap_or(&raw.result);
    let said = typed(said);
    Ok(match said.as_str() {
        "declined" => Answer::Declined,
        "opted_out" => Answer::OptedOut,
        "no_answer" => Answer::Failed("nobody answered".to_owned()),
        "failed" => Answer::Failed(raw.note.unwrap_or_else(|| "a person could not".to_owned())),
        _ if typed(&raw.result) == "failed" => Answer::Failed(said),
        _ => Answer::Done,
    })
}

fn skipped(facts: &Facts, reason: String) -> StepOutcome {
    let outcome = StepOutcome::skipped(reason.clone());
    if facts.row.state != MessageState::Planned {
        return outcome;
    }
    outcome.change(SalesChange::Message(Message {
        state: MessageState::Stopped,
        reason: Some(reason),
        ..facts.row.clone()
    }))
}

/// Leaves out a step that was planned while mail to its country was still allowed.
fn forbidden(facts: &Facts, why: &str, now: Moment) -> StepOutcome {
    let outcome = skipped(facts, why.to_owned()).event(mail_refused(&facts.prospect, why));
    with_next_step(outcome, facts, now)
}

/// Says that a message went to another address than it was planned for.
fn told_of_move(outcome: StepOutcome, facts: &Facts) -> StepOutcome {
    if !facts.moved {
        return outcome;
    }
    let (what, name) = (super::channel_word(facts.order.channel), &facts.prospect.name);
    let text = format!("{what} to {name} goes to the address that it has now");
    outcome.event(told("address_followed", text))
}

fn assigned(facts: &Facts, key: EffectKey) -> StepOutcome {
    let what = super::channel_word(facts.order.channel);
    StepOutcome::with(Next::Waiting { why: format!("a person: {what} to {}", facts.prospect.name) })
        .change(SalesChange::Message(Message { effect_key: Some(key), ..facts.row.clone() }))
        .event(told("outreach_assigned", format!("{what} to {} is a task", facts.prospect.name)))
}

/// Notes that a message went out, and plans the next step after it.
pub(super) fn sent(facts: &Facts, key: Option<EffectKey>, now: Moment) -> StepOutcome {
    let entity = facts.prospect.entity.clone();
    let row = Message {
        state: MessageState::Sent,
        sent_at: Some(now),
        effect_key: key.or_else(|| facts.row.effect_key.clone()),
        ..facts.row.clone()
    };
    let what = super::channel_word(facts.order.channel);
    let text = format!("{what} {} to {}", facts.order.step, facts.prospect.name);
    let outcome = StepOutcome::done()
        .change(SalesChange::Message(row))
        .change(SalesChange::FirstContact { entity: entity.clone(), at: now })
        .change(SalesChange::ProspectStage { entity, stage: Stage::Contacted, reason: None })
        .event(told("message_sent", text));
    with_next_step(outcome, facts, now)
}

fn with_next_step(outcome: StepOutcome, facts: &Facts, now: Moment) -> StepOutcome {
    // What is tried again had its next step planned when it was tried first.
    if facts.concluded.is_some() || facts.order.again > 0 {
        return outcome;
    }
    let steps = facts.rules.plan(&facts.prospect);
    let this = steps.iter().find(|step| step.step == facts.order.step);
    let next = steps.iter().find(|step| step.step > facts.order.step);
    let Some(next) = next else { return outcome };
    let at = now.plus_ms(next.after_ms - this.map_or(0, |this| this.after_ms));
    planned(outcome, &facts.prospect, &facts.order.campaign, &facts.rules, next, at)
}

/// What follows from a person's answer; `open` is what else is planned for the prospect.
pub(super) fn answered(facts: &Facts, answer: &Answer, open: Pending, now: Moment) -> StepOutcome {
    let mut closing = sent(facts, None, now);
    // The sequence ends here, so the step that `sent` would plan is not wanted.
    let next_name =
        message_name(&facts.prospect.entity, &facts.order.campaign, facts.order.step + 1, 0);
    match answer {
        Answer::Done => closing,
        Answer::Failed(why) => {
            let row = Message {
                state: MessageState::Failed,
                reason: Some(why.clone()),
                ..facts.row.clone()
            };
            let what = super::channel_word(facts.order.channel);
            let text = format!("{what} to {} was not done: {why}", facts.prospect.name);
            let outcome = StepOutcome::done()
                .change(SalesChange::Message(row))
                .event(NewEvent::warn("outreach_failed", text));
            with_next_step(outcome, facts, now)
        }
        Answer::Declined => {
            closing.units.retain(|unit| unit.name != next_name);
            open.concluded(closing, Conclusion::Declined, now)
        }
        Answer::OptedOut => {
            closing.units.retain(|unit| unit.name != next_name);
            let evidence = format!("told a person, step {}", facts.order.step);
            let known = addresses(&facts.prospect);
            let reason = SuppressionReason::OptedOut;
            let outcome = suppressed(closing, &known, reason, &evidence, now);
            open.concluded(outcome, Conclusion::OptedOut, now)
        }
    }
}
