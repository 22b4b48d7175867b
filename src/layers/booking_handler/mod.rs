//! Works the units of layer 4, Booking Handler: deliveries become meetings, meetings become clients.
//!
//! A delivery only adds facts about an invitee. A second unit, `settle`, then derives the meeting
//! from all facts there are, so that two deliveries worked at the same moment cannot hide each
//! other. Invites carry their times in their own payload: what is sent under one SEQUENCE never
//! changes, and a later one says what is new.

mod delivery;
mod invite;
mod meeting;
mod new_time;
mod reply;
mod settle;

use serde::{Deserialize, Serialize};

use super::unknown_kind;
use crate::domain::error::WorkError;
use crate::domain::layer::Layer;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::sales::{Meeting, MeetingState, Prospect};
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, LayerContext};

/// Returns work that time or earlier rows call for: none, every unit follows from a delivery.
pub const fn discover(_ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    Ok(Vec::new())
}

/// Works one unit.
pub async fn run_layer(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    match unit.kind.as_str() {
        "delivery" => Ok(delivery::run(ctx, unit)?),
        "mail" => Ok(reply::run(ctx, unit)?),
        "settle" => Ok(settle::run(ctx, unit)?),
        "invite" => invite::run(ctx, unit).await,
        "meeting" => meeting::run(ctx, unit).await,
        "new_time" => new_time::run(ctx, unit).await,
        "lapse" => Ok(new_time::lapse(ctx, unit)?),
        _ => Err(unknown_kind(unit)),
    }
}

/// What a settle unit carries: the invitee whose chain is to be derived, and until when a missing
/// part of the chain is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SettlePayload {
    uri: String,
    until: Moment,
}

/// What the offer of a new time and its end carry: the call that did not take place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct NewTimePayload {
    starts_at: Moment,
}

/// What an invite unit carries: everything that goes into the calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct InvitePayload {
    sequence: i64,
    state: MeetingState,
    starts_at: Moment,
    ends_at: Moment,
    stamped_at: Moment,
    email: String,
    name: String,
    zone: String,
    #[serde(default)]
    language: String,
}

/// What a meeting unit carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MeetingPayload {
    starts_at: Moment,
    ends_at: Moment,
}

/// Names what is asked about a meeting: each of its times is one question, and a no-show that was
/// taken back asks it again.
fn question(meeting: &Meeting) -> String {
    let asked_again = meeting.asked_again_at.map(|at| format!("/{at}"));
    format!("{}{}", meeting.starts_at, asked_again.unwrap_or_default())
}

fn meeting_unit_name(meeting: &Meeting) -> UnitName {
    let version = format!("meeting/{}", question(meeting));
    UnitName::new(Layer::BookingHandler, &meeting.entity, version)
}

fn meeting_unit(meeting: &Meeting, now: Moment) -> NewUnit {
    let payload = MeetingPayload { starts_at: meeting.starts_at, ends_at: meeting.ends_at };
    NewUnit::ready(
        meeting_unit_name(meeting),
        "meeting",
        format!("meeting with {}", meeting.name),
        serde_json::json!(payload),
    )
    .at(meeting.ends_at.max(now))
}

fn invite_unit(meeting: &Meeting, prospect: Option<&Prospect>, now: Moment) -> NewUnit {
    let payload = InvitePayload {
        sequence: meeting.sequence,
        state: meeting.state,
        starts_at: meeting.starts_at,
        ends_at: meeting.ends_at,
        stamped_at: now,
        email: meeting.email.clone(),
        name: meeting.name.clone(),
        zone: meeting.zone.clone(),
        language: prospect.map_or_else(|| "en".to_owned(), |it| it.language.clone()),
    };
    NewUnit::ready(
        UnitName::new(
            Layer::BookingHandler,
            &meeting.entity,
            format!("invite/{}", meeting.sequence),
        ),
        "invite",
        format!("invite {} to {}", meeting.sequence, meeting.name),
        serde_json::json!(payload),
    )
}

#[cfg(test)]
mod tests;
