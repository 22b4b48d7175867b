//! Asks a person how a meeting went, and turns a won one into a client with its first work.

use serde::Deserialize;
use serde_json::Value;

use super::MeetingPayload;
use crate::domain::effect::{Action, Audience, Effect, PersonTask, TaskKind};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::operations::{Client, ClientState, OperationsChange, Plan};
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::sales::{Meeting, MeetingOutcome, MeetingState, Prospect, SalesChange, Stage};
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::{EffectRequest, LayerContext};
use crate::layers::{finance_tracker, onboarding_flow, payload, word};
use crate::store::sales::{meetings, prospects};

pub(super) async fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let order: MeetingPayload = payload(unit)?;
    let entity = unit.name.entity.as_str();
    let (meeting, prospect) = gather(ctx, entity)?;
    if let Some(reason) = not_held(&order, &meeting) {
        return Ok(StepOutcome::skipped(reason));
    }
    if let Some(answer) = &unit.answer {
        return Ok(decide(&meeting, prospect.as_ref(), read_answer(answer)?, ctx.now)
            .with_first_work(ctx.now));
    }
    ctx.perform(EffectRequest {
        action: Action::AssignMeeting,
        entity: entity.to_owned(),
        version: order.starts_at.to_string(),
        audience: Audience::Agency,
        effect: Effect::Task(task(&meeting, &order, prospect.as_ref())),
    })
    .await?;
    Ok(StepOutcome::with(Next::Waiting { why: format!("a person: call with {}", meeting.name) }))
}

fn gather(ctx: &LayerContext<'_>, entity: &str) -> Result<(Meeting, Option<Prospect>), WorkError> {
    let (meeting, prospect) = ctx.store.read(|conn| {
        let meeting = meetings::get(conn, ctx.mode, entity)?;
        let prospect = match meeting.as_ref().and_then(|meeting| meeting.prospect.as_deref()) {
            Some(prospect) => prospects::get(conn, ctx.mode, prospect)?,
            None => None,
        };
        Ok((meeting, prospect))
    })?;
    let meeting = meeting.ok_or_else(|| {
        WorkError::bug("missing_row", format!("meeting {entity} is not in the database"))
    })?;
    Ok((meeting, prospect))
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
            meeting.email, meeting.starts_at
        ),
        // From the meeting, not from now: a repeated try has to ask for the very same task.
        due_at: order.ends_at.plus_ms(DAY_MS),
    }
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

pub(super) fn read_answer(answer: &Value) -> Result<HowItWent, WorkError> {
    let unreadable = |what: String| {
        WorkError::permanent("bad_answer", what)
            .hint("answer with won and a plan, lost, undecided or no_show, then retry the unit")
    };
    let raw = RawAnswer::deserialize(answer)
        .map_err(|error| unreadable("the answer has no result".to_owned()).caused_by(&error))?;
    let text = |key: &str| raw.data.get(key).and_then(Value::as_str);
    match word(text("outcome").unwrap_or(&raw.result)).as_str() {
        "won" => {
            let plan = text("plan").unwrap_or("starter");
            Plan::from_column(plan)
                .map(HowItWent::Won)
                .map_err(|_| unreadable(format!("{plan:?} is no plan")))
        }
        "lost" => Ok(HowItWent::Lost),
        "no_show" => Ok(HowItWent::NoShow),
        "undecided" => Ok(HowItWent::Undecided),
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

pub(super) fn decide(
    meeting: &Meeting,
    prospect: Option<&Prospect>,
    result: HowItWent,
    now: Moment,
) -> Noted {
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
        ..meeting.clone()
    };
    let step = StepOutcome::done().change(SalesChange::Meeting(row));
    let Some(prospect) = prospect else {
        let text = format!("the call with {} is noted; no prospect matches it", meeting.name);
        return Noted { outcome: step.event(NewEvent::warn("meeting_noted", text)), client: None };
    };
    let entity = prospect.entity.clone();
    let name = &prospect.name;
    if let Some(plan) = plan {
        let client = client(meeting, prospect, plan, now);
        let text = format!("{name} has signed: {}", plan.as_column());
        let outcome = step
            .change(OperationsChange::Client(Box::new(client.clone())))
            .change(SalesChange::ProspectStage { entity, stage: Stage::Client, reason: None })
            .event(NewEvent::info("client_won", text));
        return Noted { outcome, client: Some(client) };
    }
    let word = outcome.map_or("no show", MeetingOutcome::as_column);
    let step = step.event(NewEvent::info("meeting_noted", format!("call with {name}: {word}")));
    let outcome = if result == HowItWent::Undecided {
        step
    } else {
        let reason = Some(format!("call: {word}"));
        step.change(SalesChange::ProspectStage { entity, stage: Stage::Lost, reason })
    };
    Noted { outcome, client: None }
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
