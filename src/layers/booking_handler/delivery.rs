//! Reads one Calendly delivery and keeps what it tells.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{SettlePayload, meeting_unit_name};
use crate::domain::booking::Invitee;
use crate::domain::calendly::{self, CalendlyDelivery, CalendlyEvent, CalendlyFault};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::outcome::StepOutcome;
use crate::domain::sales::{Meeting, SalesChange};
use crate::domain::text::clean;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::payload;
use crate::store::sales::{meetings, prospects};

/// Characters of a name that somebody typed into a booking form.
const NAME_CHARS_MAX: usize = 100;

#[derive(Deserialize)]
struct Payload {
    body: Value,
}

pub(super) fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let Payload { body } = payload(unit)?;
    let mut delivery = match calendly::parse(&body) {
        Ok(delivery) => delivery,
        Err(CalendlyFault::OtherEvent(event)) => {
            return Ok(StepOutcome::skipped(format!("event {event:?} is not one of ours")));
        }
        Err(fault) => return Err(unreadable(&fault)),
    };
    delivery.name = clean(&delivery.name, NAME_CHARS_MAX);
    let (prospect, meeting) = ctx.store.read(|conn| {
        let named = match delivery.campaign.as_deref() {
            Some(entity) => prospects::get(conn, ctx.mode, entity)?,
            None => None,
        };
        let found = match named {
            Some(prospect) => Some(prospect),
            None => prospects::by_email(conn, ctx.mode, &delivery.email)?,
        };
        let meeting = meetings::by_invitee(conn, ctx.mode, &delivery.uri)?;
        Ok((found.map(|prospect| prospect.entity), meeting))
    })?;
    Ok(decide(&delivery, prospect, meeting.as_ref(), unit))
}

pub(super) fn decide(
    delivery: &CalendlyDelivery,
    prospect: Option<String>,
    meeting: Option<&Meeting>,
    unit: &Unit,
) -> StepOutcome {
    match delivery.event {
        CalendlyEvent::Created | CalendlyEvent::Canceled => {
            let settle = NewUnit::ready(
                UnitName::new(Layer::BookingHandler, &unit.name.entity, "settle"),
                "settle",
                format!("meeting of {}", delivery.name),
                json!(SettlePayload { uri: delivery.uri.clone() }),
            );
            let invitee = Invitee::from_delivery(delivery, prospect);
            let told = told(delivery, invitee.prospect.as_deref());
            StepOutcome::done().change(SalesChange::Invitee(invitee)).unit(settle).event(told)
        }
        CalendlyEvent::NoShow => match meeting {
            Some(meeting) => StepOutcome::done().answer(
                meeting_unit_name(&meeting.entity, meeting.starts_at),
                json!({ "result": "no_show", "note": "noted in Calendly" }),
            ),
            None => StepOutcome::skipped("no meeting of this invitee is known"),
        },
        CalendlyEvent::NoShowWithdrawn => {
            let text =
                format!("{} was not a no-show after all: correct the meeting", delivery.name);
            StepOutcome::done().event(NewEvent::warn("no_show_withdrawn", text))
        }
    }
}

fn told(delivery: &CalendlyDelivery, prospect: Option<&str>) -> NewEvent {
    let what = match (delivery.event, delivery.rescheduled, &delivery.old_invitee) {
        (CalendlyEvent::Canceled, true, _) => "gave up a time for another",
        (CalendlyEvent::Canceled, false, _) => "cancelled a call",
        (_, _, Some(_)) => "moved a call",
        (_, _, None) => "booked a call",
    };
    let text = format!("{} {what} at {}", delivery.name, delivery.starts_at);
    match prospect {
        Some(_) => NewEvent::info("booking_delivered", text),
        None => NewEvent::warn("booking_of_a_stranger", format!("{text}; no prospect matches")),
    }
}

fn unreadable(fault: &CalendlyFault) -> WorkError {
    let hint = match fault {
        CalendlyFault::VersionOne => "make a new webhook subscription with API v2, then skip this",
        CalendlyFault::OtherEvent(_) | CalendlyFault::Shape(_) | CalendlyFault::Time { .. } => {
            "look at the raw delivery in the inbox; book by hand if it is real, then skip this"
        }
    };
    WorkError::permanent("calendly_body", fault.to_string()).hint(hint)
}
