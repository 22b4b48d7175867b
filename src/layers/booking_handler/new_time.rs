//! Offers a new time after a call that did not take place through nobody's no, once.

use jiff::tz::TimeZone;
use serde_json::json;

use super::{NewTimePayload, invite};
use crate::config::{NewTimeBy, Settings};
use crate::domain::booking::{self, Standing};
use crate::domain::effect::{Action, Audience, Effect, Mail, PersonTask, TaskKind};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::sales::{Canceler, Meeting, MeetingState, Prospect, SalesChange};
use crate::domain::time::{DAY_MS, HOUR_MS, Moment};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{EffectRequest, LayerContext};
use crate::layers::{outreach_engine, payload};
use crate::store::effects;
use crate::store::sales::{meetings, prospects};

/// The one version of the offer: a second one would be a nuisance.
const ONCE: &str = "once";

/// Whether anybody offers new times at all.
pub(super) fn is_offered(settings: &Settings) -> bool {
    settings.booking.new_time_by != NewTimeBy::Nobody
}

/// Plans the offer after a meeting that did not take place.
pub(super) fn after(
    outcome: StepOutcome,
    meeting: &Meeting,
    prospect: &Prospect,
    settings: &Settings,
    now: Moment,
) -> StepOutcome {
    let missed = meeting.state == MeetingState::NoShow
        || meeting.state == MeetingState::Cancelled && meeting.cancelled_by == Some(Canceler::Host);
    if !missed || !is_offered(settings) {
        return outcome;
    }
    let wanted = now.plus_ms(i64::from(settings.booking.new_time_after_h) * HOUR_MS);
    let zone = TimeZone::get(&prospect.zone).unwrap_or(TimeZone::UTC);
    let at = settings.outreach.quiet_hours.contact_hours().next_open(wanted, &zone);
    let what = format!("new time for {}", prospect.name);
    outcome.unit(unit("new_time", meeting.entity.as_str(), meeting, what).at(at))
}

fn unit(kind: &str, entity: &str, meeting: &Meeting, label: String) -> NewUnit {
    let version = format!("{kind}/{}", super::question(meeting));
    let payload = NewTimePayload { starts_at: meeting.starts_at };
    NewUnit::ready(
        UnitName::new(Layer::BookingHandler, entity, version),
        kind,
        label,
        json!(payload),
    )
}

struct Known {
    meeting: Meeting,
    prospect: Prospect,
    /// Where the prospect stands by all its meetings.
    standing: Option<Standing>,
    /// Whether a new time was offered before, after this call or another.
    offered: bool,
}

fn gather(ctx: &LayerContext<'_>, unit: &Unit) -> Result<Option<Known>, WorkError> {
    let known = ctx.store.read(|conn| {
        let Some(meeting) = meetings::get(conn, ctx.mode, &unit.name.entity)? else {
            return Ok(None);
        };
        let Some(entity) = meeting.prospect.clone() else { return Ok(None) };
        let Some(prospect) = prospects::get(conn, ctx.mode, &entity)? else { return Ok(None) };
        let all = meetings::of_prospect(conn, ctx.mode, &entity)?;
        let before = effects::of_entity(conn, ctx.mode, &entity, Action::OfferNewTime)?;
        let offered = before.iter().any(|effect| effect.unit_id != unit.id);
        Ok(Some(Known { standing: booking::standing(&all, false), meeting, prospect, offered }))
    })?;
    Ok(known)
}

/// Why there is nothing to offer, if there is nothing.
fn settled(order: &NewTimePayload, known: &Known) -> Option<&'static str> {
    if known.meeting.starts_at != order.starts_at {
        return Some("the call was moved");
    }
    let open = known.standing.as_ref().is_some_and(|standing| standing.may_rebook);
    (!open).then_some("the prospect has another call, or has said no")
}

pub(super) async fn run(ctx: &LayerContext<'_>, unit_: &Unit) -> Result<StepOutcome, Stop> {
    let order: NewTimePayload = payload(unit_)?;
    let Some(known) = gather(ctx, unit_)? else {
        return Ok(StepOutcome::skipped("no prospect matches the call"));
    };
    let Known { meeting, prospect, offered, .. } = &known;
    let days = i64::from(ctx.settings.booking.new_time_days);
    let label = format!("last day for a new time, {}", prospect.name);
    let lapse = unit("lapse", &meeting.entity, meeting, label).at(ctx.now.plus_ms(days * DAY_MS));
    let by_person = ctx.settings.booking.new_time_by == NewTimeBy::Task;
    if by_person && unit_.answer.is_some() {
        let text = format!("{} was called about a new time", prospect.name);
        return Ok(StepOutcome::done().unit(lapse).event(NewEvent::info("new_time_offered", text)));
    }
    if let Some(reason) = settled(&order, &known) {
        return Ok(StepOutcome::skipped(reason));
    }
    if *offered {
        return Ok(StepOutcome::done().unit(lapse));
    }
    let (audience, effect) = if by_person {
        (Audience::Agency, Effect::Task(task(meeting, prospect)))
    } else {
        let address = meeting.email.clone();
        let (zone, channel) = (prospect.zone.clone(), "email".to_owned());
        let audience = Audience::Prospect { address, zone, channel };
        (audience, Effect::Mail(mail(meeting, prospect, ctx)?))
    };
    ctx.perform(EffectRequest {
        action: Action::OfferNewTime,
        entity: prospect.entity.clone(),
        version: ONCE.to_owned(),
        audience,
        effect,
    })
    .await?;
    if by_person {
        let why = format!("a person: call {} about a new time", prospect.name);
        return Ok(StepOutcome::with(Next::Waiting { why }));
    }
    let text = format!("{} was offered a new time", prospect.name);
    Ok(StepOutcome::done().unit(lapse).event(NewEvent::info("new_time_offered", text)))
}

/// Loses a prospect that took no new time.
pub(super) fn lapse(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let order: NewTimePayload = payload(unit)?;
    let Some(known) = gather(ctx, unit)? else {
        return Ok(StepOutcome::skipped("no prospect matches the call"));
    };
    if let Some(reason) = settled(&order, &known) {
        return Ok(StepOutcome::skipped(reason));
    }
    let entity = known.prospect.entity;
    let text = format!("{}: no new time booked", known.prospect.name);
    Ok(StepOutcome::done()
        .change(SalesChange::StageByMeetings { entity, lapsed: true })
        .event(NewEvent::info("new_time_lapsed", text)))
}

fn task(meeting: &Meeting, prospect: &Prospect) -> PersonTask {
    let phone = prospect.phone.as_deref().unwrap_or("no number is known");
    PersonTask {
        kind: TaskKind::Phone,
        entity: prospect.entity.clone(),
        title: format!("Offer {} a new time", prospect.name),
        details: format!(
            "{}, {}, {phone}.\n\nThe call on {} did not take place. Ask once, kindly, whether \
             another time suits. Answer done.",
            meeting.name,
            meeting.email,
            meeting.starts_at.in_zone(&meeting.zone)
        ),
        // From the meeting, not from now: a repeated try has to ask for the very same task.
        due_at: meeting.ends_at.plus_ms(3 * DAY_MS),
    }
}

fn mail(meeting: &Meeting, prospect: &Prospect, ctx: &LayerContext<'_>) -> Result<Mail, WorkError> {
    let sender = outreach_engine::sender(ctx.settings, ctx.mode);
    let incomplete = |fault: crate::domain::sender::SenderFault| {
        WorkError::permanent("sender_incomplete", fault.to_string())
            .hint("complete the section agency of the configuration, then retry the unit")
    };
    sender.checked().map_err(incomplete)?;
    let campaign = &ctx.settings.outreach.campaign;
    let way_out =
        sender.unsubscribe_link(&prospect.entity, &meeting.email, campaign).map_err(incomplete)?;
    let link = sender.booking_link(&prospect.entity);
    let ours = meeting.state == MeetingState::Cancelled;
    let local = meeting.starts_at.in_zone(&meeting.zone);
    let language = prospect.language.as_str();
    let (subject, text) = invite::new_time_text(language, &meeting.name, &local, &link, ours);
    let footer = sender.footer(language, &way_out);
    Ok(Mail {
        to: meeting.email.clone(),
        to_name: meeting.name.clone(),
        from: sender.from.clone(),
        from_name: sender.from_name.clone(),
        subject,
        text: format!("{text}\n{}\n{}\n\n{footer}", sender.from_name, sender.agency),
        unsubscribe_url: Some(way_out),
        booking_url: Some(link),
    })
}
