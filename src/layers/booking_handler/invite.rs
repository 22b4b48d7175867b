//! Sends a calendar invite, its update or its cancellation.

use super::InvitePayload;
use crate::config::Settings;
use crate::domain::effect::{Action, Audience, Effect, EffectKey, Invite, InviteMethod, Mail};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::sales::{Meeting, MeetingState};
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::{EffectRequest, LayerContext};
use crate::layers::payload;
use crate::store::sales::meetings;

pub(super) async fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let order: InvitePayload = payload(unit)?;
    let entity = unit.name.entity.as_str();
    let meeting =
        ctx.store.read(|conn| meetings::get(conn, ctx.mode, entity)).map_err(WorkError::from)?;
    if let Some(reason) = superseded(&order, meeting.as_ref()) {
        return Ok(StepOutcome::skipped(reason));
    }
    ctx.perform(EffectRequest {
        action: Action::SendInvite,
        entity: entity.to_owned(),
        version: order.sequence.to_string(),
        audience: Audience::Client,
        effect: Effect::Invite(invite(&order, entity, ctx.settings, ctx.mode)),
    })
    .await?;
    let text = format!("invite {} to {}", order.sequence, order.name);
    Ok(StepOutcome::done().event(NewEvent::info("invite_sent", text)))
}

/// An invite whose meeting has moved on since would only confuse: the later one says it all.
pub(super) fn superseded(order: &InvitePayload, meeting: Option<&Meeting>) -> Option<String> {
    let sequence = meeting?.sequence;
    (sequence > order.sequence).then(|| format!("SEQUENCE {sequence} says what is new"))
}

pub(super) fn invite(
    order: &InvitePayload,
    entity: &str,
    settings: &Settings,
    mode: Mode,
) -> Invite {
    let agency = &settings.agency;
    let domain = agency.from_email.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    let uid = EffectKey::new(mode, Layer::BookingHandler, entity, Action::SendInvite, "uid");
    let cancelled = order.state == MeetingState::Cancelled;
    let summary = format!("Profile review: {} and {}", agency.name, order.name);
    let local = local_time(order);
    let (method, subject, text) = if cancelled {
        (
            InviteMethod::Cancel,
            format!("Cancelled: {summary}"),
            format!("Hello {},\n\nour call on {local} is cancelled.\n", order.name),
        )
    } else {
        let what = if order.sequence == 0 { "Confirmed" } else { "New time" };
        (
            InviteMethod::Request,
            format!("{what}: {summary}"),
            format!("Hello {},\n\nwe will talk on {local}.\n", order.name),
        )
    };
    Invite {
        uid: format!("{uid}@{domain}"),
        sequence: order.sequence,
        method,
        starts_at: order.starts_at,
        ends_at: order.ends_at,
        stamped_at: order.stamped_at,
        summary,
        organizer: agency.from_email.clone(),
        attendee: order.email.clone(),
        mail: Mail {
            to: order.email.clone(),
            to_name: order.name.clone(),
            from: agency.from_email.clone(),
            from_name: agency.from_name.clone(),
            subject,
            text: format!("{text}\n{}\n{}\n", agency.from_name, agency.name),
            unsubscribe_url: None,
            booking_url: None,
        },
    }
}

/// The start as the invitee's clock shows it.
fn local_time(order: &InvitePayload) -> String {
    let zone = jiff::tz::TimeZone::get(&order.zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let local = order.starts_at.to_timestamp().to_zoned(zone);
    format!("{} ({})", local.strftime("%Y-%m-%d %H:%M"), order.zone)
}
