//! Asks a person how a meeting went, and turns a won one into a client with its first work.

use serde::Deserialize;
use serde_json::Value;

use super::{MeetingPayload, new_time, settle};
use crate::config::Settings;
use crate::domain::booking;
use crate::domain::effect::{Action, Audience, Effect, PersonTask, TaskKind};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::operations::{Client, ClientState, OperationsChange, Plan};
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::sales::{Meeting, MeetingOutcome, MeetingState, Prospect, SalesChange};
use crate::domain::task;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::{EffectRequest, LayerContext};
use crate::layers::{finance_tracker, onboarding_flow, payload};
use crate::store::operations::clients;
use crate::store::sales::{invitees, meetings, prospects};

pub(super) async fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let order: MeetingPayload = payload(unit)?;
    let entity = unit.name.entity.as_str();
    let known = gather(ctx, entity)?;
    let meeting = &known.meeting;
    if unit.answer.is_some() && told_by_host(&order, meeting) {
        let text = format!("call with {}: no show, noted by the host", meeting.name);
        return Ok(StepOutcome::done().event(NewEvent::info("meeting_noted", text)));
    }
    if let Some(reason) = not_held(&order, meeting) {
        return Ok(StepOutcome::skipped(reason));
    }
    if known.given_up {
        let text = format!("{} gave the time up, the new one has not arrived", meeting.name);
        return Ok(StepOutcome::skipped(text.clone())
            .event(NewEvent::warn("new_time_missing", format!("{text}: look in Calendly"))));
    }
    let prospect = known.prospect.as_ref();
    let Some(answer) = &unit.answer else {
        let version = super::question(meeting);
        let why = format!("a person: call with {}", meeting.name);
        return ask(ctx, entity, version, task(meeting, &order, prospect), why).await;
    };
    match read_answer(answer)? {
        Answer::Noted(how) => {
            let noted = decide(&known, how, ctx.settings, ctx.now);
            Ok(noted.with_first_work(ctx.now))
        }
        Answer::WonWithoutPlan => {
            // Which plan is what the client pays: nobody guesses it, not even the cheapest one.
            let version = format!("{}/plan", super::question(meeting));
            let why = format!("a person: which plan {} has bought", meeting.name);
            let asked =
                ask(ctx, entity, version, which_plan(meeting, &order, prospect), why).await?;
            let text = format!("the call with {} is won and no plan is named", meeting.name);
            Ok(asked.event(NewEvent::warn("plan_unknown", text)))
        }
    }
}

/// Asks a person, and waits for the answer.
async fn ask(
    ctx: &LayerContext<'_>,
    entity: &str,
    version: String,
    task: PersonTask,
    why: String,
) -> Result<StepOutcome, Stop> {
    ctx.perform(EffectRequest {
        action: Action::AssignMeeting,
        entity: entity.to_owned(),
        version,
        audience: Audience::Agency,
        effect: Effect::Task(task),
    })
    .await?;
    Ok(StepOutcome::with(Next::Waiting { why }))
}

/// What is known of a meeting before it is noted.
pub(super) struct Known {
    pub(super) meeting: Meeting,
    pub(super) prospect: Option<Prospect>,
    /// The client that the prospect is already.
    pub(super) client: Option<Client>,
    /// Whether the time was given up for one that is not known yet.
    pub(super) given_up: bool,
}

fn gather(ctx: &LayerContext<'_>, entity: &str) -> Result<Known, WorkError> {
    let known = ctx.store.read(|conn| {
        let Some(meeting) = meetings::get(conn, ctx.mode, entity)? else { return Ok(None) };
        let (prospect, client) = match &meeting.prospect {
            Some(prospect) => {
                (prospects::get(conn, ctx.mode, prospect)?, clients::get(conn, ctx.mode, prospect)?)
            }
            None => (None, None),
        };
        let chain = invitees::chain(conn, ctx.mode, &[&meeting.invitee_uri])?;
        let given_up = booking::meeting(&chain, None).is_none();
        Ok(Some(Known { meeting, prospect, client, given_up }))
    })?;
    known.ok_or_else(|| {
        WorkError::bug("missing_row", format!("meeting {entity} is not in the database"))
    })
}

/// Whether the host has said in Calendly that nobody came.
fn told_by_host(order: &MeetingPayload, meeting: &Meeting) -> bool {
    meeting.state == MeetingState::NoShow
        && meeting.noted_at.is_none()
        && meeting.starts_at == order.starts_at
}

/// Why there is nothing to ask, if there is nothing.
pub(super) fn not_held(order: &MeetingPayload, meeting: &Meeting) -> Option<&'static str> {
    match meeting.state {
        MeetingState::Cancelled => Some("the call was cancelled"),
        MeetingState::Held | MeetingState::NoShow => Some("the call is noted already"),
        MeetingState::Booked if meeting.starts_at != order.starts_at => Some("the call was moved"),
        MeetingState::Booked => None,
    }
}

fn task(meeting: &Meeting, order: &MeetingPayload, prospect: Option<&Prospect>) -> PersonTask {
    let entity = meeting.prospect.clone().unwrap_or_else(|| meeting.entity.clone());
    let business = prospect.map_or("a business we do not know", |prospect| prospect.name.as_str());
    PersonTask {
        kind: TaskKind::Meeting,
        entity,
        title: format!("Note how the call with {} went", meeting.name),
        details: format!(
            "{business}, {}, {}.\n\nNote one of: won with the plan (starter, professional, \
             enterprise), lost, no_show.",
            meeting.email,
            meeting.starts_at.in_zone(&meeting.zone)
        ),
        // From the meeting, not from now: a repeated try has to ask for the very same task.
        due_at: order.ends_at.plus_ms(DAY_MS),
    }
}

/// Asks which plan was sold, after an answer that says no more than that the call was won.
fn which_plan(
    meeting: &Meeting,
    order: &MeetingPayload,
    prospect: Option<&Prospect>,
) -> PersonTask {
    let asked = task(meeting, order, prospect);
    PersonTask {
        title: format!("Say which plan {} has bought", meeting.name),
        details: format!(
            "The call is noted as won, without the plan.\n\n{}\n\nAnswer won with the plan: starter, \
             professional or enterprise. Nothing is invoiced and nobody is welcomed before that.",
            asked.details.split("\n\n").next().unwrap_or_default(),
        ),
        ..asked
    }
}

/// What a person said of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Enough to go on.
    Noted(HowItWent),
    /// A contract, and nobody knows over what.
    WonWithoutPlan,
}

/// How a meeting went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HowItWent {
    /// A contract over this plan.
    Won(Plan),
    /// A no.
    Lost,
    /// Talked, and nothing decided.
    Undecided,
    /// Nobody came.
    NoShow,
}

#[derive(Deserialize)]
struct RawAnswer {
    result: String,
    #[serde(default)]
    data: Value,
}

pub(super) fn read_answer(answer: &Value) -> Result<Answer, WorkError> {
    let unreadable = |what: String| {
        WorkError::permanent("bad_answer", what)
            .hint("answer with won and a plan, lost, undecided or no_show, then retry the unit")
    };
    let raw = RawAnswer::deserialize(answer)
        .map_err(|error| unreadable("the answer has no result".to_owned()).caused_by(&error))?;
    let text = |key: &str| raw.data.get(key).and_then(Value::as_str);
    match task::typed(text("outcome").unwrap_or(&raw.result)).as_str() {
        // A word that is none of our plans says as little as no word.
        "won" => Ok(text("plan")
            .and_then(|plan| Plan::from_column(&task::typed(plan)).ok())
            .map_or(Answer::WonWithoutPlan, |plan| Answer::Noted(HowItWent::Won(plan)))),
        "lost" => Ok(Answer::Noted(HowItWent::Lost)),
        "no_show" => Ok(Answer::Noted(HowItWent::NoShow)),
        "undecided" => Ok(Answer::Noted(HowItWent::Undecided)),
        other => Err(unreadable(format!("{other:?} is no outcome of a meeting"))),
    }
}

/// What a noted meeting writes, and the client that came of it, if one did.
pub(super) struct Noted {
    pub(super) outcome: StepOutcome,
    pub(super) client: Option<Client>,
}

impl Noted {
    /// Adds the work of other layers with which a client begins.
    pub(super) fn with_first_work(self, now: Moment) -> StepOutcome {
        let Some(client) = self.client else { return self.outcome };
        let mut outcome = self.outcome;
        outcome.units.extend(onboarding_flow::first_units(&client, now));
        outcome.units.push(finance_tracker::setup_unit(&client));
        outcome
    }
}

pub(super) fn decide(known: &Known, result: HowItWent, settings: &Settings, now: Moment) -> Noted {
    let Known { meeting, prospect, .. } = known;
    let (state, outcome, plan) = match result {
        HowItWent::Won(plan) => (MeetingState::Held, Some(MeetingOutcome::Won), Some(plan)),
        HowItWent::Lost => (MeetingState::Held, Some(MeetingOutcome::Lost), None),
        HowItWent::Undecided => (MeetingState::Held, Some(MeetingOutcome::Undecided), None),
        HowItWent::NoShow => (MeetingState::NoShow, None, None),
    };
    let row = Meeting {
        state,
        outcome,
        plan: plan.map(|plan| plan.as_column().to_owned()),
        noted_at: Some(now),
        ..meeting.clone()
    };
    let step = StepOutcome::done().change(SalesChange::Meeting(row.clone()));
    let Some(prospect) = prospect else {
        let text = format!("the call with {} is noted; no prospect matches it", meeting.name);
        return Noted { outcome: step.event(NewEvent::warn("meeting_noted", text)), client: None };
    };
    let name = &prospect.name;
    let step = settle::standing(step, Some(prospect.entity.clone()), settings);
    let Some(plan) = plan else {
        let word = outcome.map_or("no show", MeetingOutcome::as_column);
        let step = step.event(NewEvent::info("meeting_noted", format!("call with {name}: {word}")));
        let outcome = new_time::after(step, &row, prospect, settings, now);
        return Noted { outcome, client: None };
    };
    let plan_word = plan.as_column();
    if let Some(client) = &known.client {
        let text = format!(
            "{name} is a client already ({}, {}): change the plan to {plan_word} by hand",
            client.plan.as_column(),
            client.state.as_column()
        );
        return Noted { outcome: step.event(NewEvent::warn("client_known", text)), client: None };
    }
    let client = client(meeting, prospect, plan, now);
    let outcome = step
        .change(OperationsChange::Client(Box::new(client.clone())))
        .event(NewEvent::info("client_won", format!("{name} has signed: {plan_word}")));
    Noted { outcome, client: Some(client) }
}

fn client(meeting: &Meeting, prospect: &Prospect, plan: Plan, now: Moment) -> Client {
    Client {
        entity: prospect.entity.clone(),
        name: prospect.name.clone(),
        category: prospect.category.clone(),
        email: meeting.email.clone(),
        phone: prospect.phone.clone(),
        zone: prospect.zone.clone(),
        language: prospect.language.clone(),
        plan,
        state: ClientState::Onboarding,
        workspace: None,
        customer_id: None,
        signed_at: now,
        live_at: None,
        churned_at: None,
    }
}
