//! Reads one Calendly delivery and keeps what it tells.

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use super::SettlePayload;
use crate::config::Settings;
use crate::domain::booking::Invitee;
use crate::domain::calendly::{self, CalendlyDelivery, CalendlyEvent, CalendlyFault};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::outcome::StepOutcome;
use crate::domain::sales::{Prospect, SalesChange};
use crate::domain::text::{clean, clean_or_none};
use crate::domain::time::{HOUR_MS, Moment};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::payload;
use crate::store::sales::prospects;

/// Characters of a name that somebody typed into a booking form.
const NAME_CHARS_MAX: usize = 100;

/// Characters of a reason that somebody typed when they cancelled: a sentence or two.
const REASON_CHARS_MAX: usize = 300;

/// Before a call somebody has to be told of it, whatever else may still arrive.
const NOTICE_MS: i64 = 4 * HOUR_MS;

#[derive(Deserialize)]
struct Payload {
    body: Value,
}

pub(super) fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let Payload { body } = payload(unit)?;
    let delivery = match calendly::parse(&body).and_then(CalendlyDelivery::checked) {
        Ok(delivery) => cleaned(delivery),
        Err(CalendlyFault::OtherEvent(event)) => {
            return Ok(StepOutcome::skipped(format!("event {event:?} is not one of ours")));
        }
        Err(fault) => return Err(unreadable(&fault)),
    };
    let prospect = ctx.store.read(|conn| {
        let named = match delivery.campaign.as_deref() {
            Some(entity) => prospects::get(conn, ctx.mode, entity)?,
            None => None,
        };
        match named {
            Some(prospect) => Ok(Some(prospect)),
            None => prospects::by_email(conn, ctx.mode, &delivery.email),
        }
    })?;
    Ok(decide(delivery, prospect.as_ref(), unit, ctx.settings, ctx.now))
}

fn cleaned(delivery: CalendlyDelivery) -> CalendlyDelivery {
    CalendlyDelivery {
        name: clean(&delivery.name, NAME_CHARS_MAX),
        reason: delivery.reason.and_then(|reason| clean_or_none(&reason, REASON_CHARS_MAX)),
        ..delivery
    }
}

pub(super) fn decide(
    mut delivery: CalendlyDelivery,
    prospect: Option<&Prospect>,
    unit: &Unit,
    settings: &Settings,
    now: Moment,
) -> StepOutcome {
    let mut outcome = StepOutcome::done();
    if TimeZone::get(&delivery.zone).is_err() {
        let named = clean(&delivery.zone, NAME_CHARS_MAX);
        let zone = prospect.map_or_else(|| "UTC".to_owned(), |prospect| prospect.zone.clone());
        let text = format!("{}: time zone {named:?} is not known, {zone} is used", delivery.name);
        outcome = outcome.event(NewEvent::warn("unknown_zone", text));
        delivery.zone = zone;
    }
    // The first half of a chain may be late; a call that is near cannot wait for it.
    let patience = now.plus_ms(i64::from(settings.booking.chain_wait_h) * HOUR_MS);
    let until = patience.min(delivery.starts_at.plus_ms(-NOTICE_MS)).max(now);
    let settle = NewUnit::ready(
        UnitName::new(Layer::BookingHandler, &unit.name.entity, "settle"),
        "settle",
        format!("meeting of {}", delivery.name),
        json!(SettlePayload { uri: delivery.uri.clone(), until }),
    );
    let told = told(&delivery, prospect);
    let invitee = Invitee::from_delivery(&delivery, prospect.map(|it| it.entity.clone()));
    outcome.change(SalesChange::Invitee(invitee)).unit(settle).event(told)
}

fn told(delivery: &CalendlyDelivery, prospect: Option<&Prospect>) -> NewEvent {
    let what = match (delivery.event, delivery.rescheduled, &delivery.old_invitee) {
        (CalendlyEvent::NoShow, _, _) => "did not come to the call",
        (CalendlyEvent::NoShowWithdrawn, _, _) => "did come after all to the call",
        (CalendlyEvent::Canceled, true, _) => "gave up a time for another",
        (CalendlyEvent::Canceled, false, _) => "cancelled a call",
        (CalendlyEvent::Created, _, Some(_)) => "moved a call",
        (CalendlyEvent::Created, _, None) => "booked a call",
    };
    let text = format!("{} {what} at {}", delivery.name, delivery.starts_at);
    match prospect {
        Some(_) => NewEvent::info("booking_delivered", text),
        None => NewEvent::warn("booking_of_a_stranger", format!("{text}; no prospect matches")),
    }
}

pub(super) fn unreadable(fault: &CalendlyFault) -> WorkError {
    let hint = match fault {
        CalendlyFault::VersionOne => "make a new webhook subscription with API v2, then skip this",
        CalendlyFault::Length { .. } => {
            "look at the event in Calendly; book by hand if it is real, then skip this"
        }
        CalendlyFault::OtherEvent(_) | CalendlyFault::Shape(_) | CalendlyFault::Time { .. } => {
            "look at the raw delivery in the inbox; book by hand if it is real, then skip this"
        }
    };
    WorkError::permanent("calendly_body", fault.to_string()).hint(hint)
}
