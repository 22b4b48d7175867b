//! Sends a calendar invite, its update or its cancellation.

use super::InvitePayload;
use crate::config::Settings;
use crate::domain::effect::{Action, Audience, Effect, EffectKey, Invite, InviteMethod, Mail};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::mode::Mode;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::sales::{Meeting, MeetingState};
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::{EffectRequest, LayerContext};
use crate::layers::payload;
use crate::store::effects;
use crate::store::sales::meetings;

pub(super) async fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let order: InvitePayload = payload(unit)?;
    let entity = unit.name.entity.as_str();
    let (meeting, sent) = ctx
        .store
        .read(|conn| {
            let sent = effects::of_entity(conn, ctx.mode, entity, Action::SendInvite)?;
            Ok((meetings::get(conn, ctx.mode, entity)?, sent))
        })
        .map_err(WorkError::from)?;
    if let Some(reason) = superseded(&order, meeting.as_ref()) {
        return Ok(StepOutcome::skipped(reason));
    }
    // What may have gone out counts as told: a cancellation too many harms nobody.
    let told = sent.iter().any(|effect| effect.state != EffectState::Rejected);
    if order.state == MeetingState::Cancelled && !told {
        return Ok(StepOutcome::skipped("the invite was not sent, so it need not be cancelled"));
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
    let local = order.starts_at.in_zone(&order.zone);
    let summary = summary(order, &agency.name);
    let (method, subject, text) = wording(order, &summary, &local);
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

fn summary(order: &InvitePayload, agency: &str) -> String {
    if order.language == "de" {
        format!("Profil-Durchsicht: {agency} und {}", order.name)
    } else {
        format!("Profile review: {agency} and {}", order.name)
    }
}

/// Returns what is asked of the calendar, and the subject and text that tell a person.
fn wording(order: &InvitePayload, summary: &str, local: &str) -> (InviteMethod, String, String) {
    let (german, name) = (order.language == "de", &order.name);
    let (method, word, text) = match (order.state, german) {
        (MeetingState::Cancelled, false) => (
            InviteMethod::Cancel,
            "Cancelled",
            format!("Hello {name},\n\nour call on {local} is cancelled.\n"),
        ),
        (MeetingState::Cancelled, true) => (
            InviteMethod::Cancel,
            "Abgesagt",
            format!("Guten Tag {name},\n\nunser Gespräch am {local} entfällt.\n"),
        ),
        (_, false) => (
            InviteMethod::Request,
            if order.sequence == 0 { "Confirmed" } else { "New time" },
            format!("Hello {name},\n\nwe will talk on {local}.\n"),
        ),
        (_, true) => (
            InviteMethod::Request,
            if order.sequence == 0 { "Bestätigt" } else { "Neuer Termin" },
            format!("Guten Tag {name},\n\nwir sprechen uns am {local}.\n"),
        ),
    };
    (method, format!("{word}: {summary}"), text)
}

/// Returns subject and text of the one mail that offers a new time; `ours` says that we cancelled.
pub(super) fn new_time_text(
    language: &str,
    name: &str,
    local: &str,
    link: &str,
    ours: bool,
) -> (String, String) {
    if language == "de" {
        let what = if ours { "mussten wir leider absagen" } else { "kam nicht zustande" };
        let text = format!(
            "Guten Tag {name},\n\nunser Gespräch am {local} {what}. Wenn es Ihnen passt, wählen Sie \
             hier eine neue Zeit:\n\n{link}\n\nWenn nicht, brauchen Sie nichts zu tun.\n"
        );
        ("Neuer Termin?".to_owned(), text)
    } else {
        let what = if ours { "had to be cancelled on our side" } else { "did not take place" };
        let text = format!(
            "Hello {name},\n\nour call on {local} {what}. If it suits you, pick a new time \
             here:\n\n{link}\n\nIf not, there is nothing you need to do.\n"
        );
        ("Another time?".to_owned(), text)
    }
}
