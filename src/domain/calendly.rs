//! Defines what a Calendly webhook says (API v2), in our words.
//!
//! There is no event id in these bodies, they arrive in any order, some of them twice, and a
//! reschedule is two of them. So each delivery is reduced to facts about one invitee that can be
//! merged in any order; `domain::booking` derives the meeting from those facts.

use serde::Deserialize;
use serde_json::Value;

use super::sales::Canceler;
use super::time::{HOUR_MS, Moment};

/// The longest call that is taken for one: whatever is longer blocks a day and is no call.
const CALL_MS_MAX: i64 = 8 * HOUR_MS;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendlyEvent {
    /// Somebody booked, or booked the new time of a reschedule.
    Created,
    /// Somebody cancelled, or gave up the old time of a reschedule.
    Canceled,
    /// The host noted that nobody came.
    NoShow,
    /// The host took that note back.
    NoShowWithdrawn,
}

/// One delivery, read.
#[derive(Clone, Debug, PartialEq)]
pub struct CalendlyDelivery {
    /// What happened.
    pub event: CalendlyEvent,
    /// When.
    pub created_at: Moment,
    /// The invitee it is about.
    pub uri: String,
    /// Lower-cased address of the invitee.
    pub email: String,
    /// Name of the invitee.
    pub name: String,
    /// Time zone of the invitee as written, empty when it says none.
    pub zone: String,
    /// Start of the call.
    pub starts_at: Moment,
    /// End of the call.
    pub ends_at: Moment,
    /// Whether a cancellation is the first half of a reschedule.
    pub rescheduled: bool,
    /// The invitee that this one replaces.
    pub old_invitee: Option<String>,
    /// The invitee that replaces this one.
    pub new_invitee: Option<String>,
    /// `utm_campaign` of the booking link: the prospect's entity, when it is ours.
    pub campaign: Option<String>,
    /// Which side cancelled it.
    pub canceled_by: Option<Canceler>,
    /// Why it was cancelled, and by whom, if a reason was given.
    pub reason: Option<String>,
}

impl CalendlyDelivery {
    /// Refuses a call that no calendar can hold: one without length, one that ends before it starts,
    /// one of a whole day.
    pub fn checked(self) -> Result<Self, CalendlyFault> {
        let why = match self.ends_at.since(self.starts_at) {
            i64::MIN..0 => "ends before it starts",
            0 => "has no length",
            1..=CALL_MS_MAX => return Ok(self),
            _ => "takes longer than eight hours",
        };
        Err(CalendlyFault::Length { starts_at: self.starts_at, ends_at: self.ends_at, why })
    }
}

/// Why a body is not a delivery that we can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendlyFault {
    /// Bodies of API version 1 nest the invitee; the subscription is an old one.
    #[error("the body has the shape of Calendly's API version 1")]
    VersionOne,
    /// An event that we did not subscribe to.
    #[error("event {0:?} is not one of ours")]
    OtherEvent(String),
    /// A field is missing or has another type.
    #[error("the body cannot be read: {0}")]
    Shape(String),
    /// A time is not RFC 3339.
    #[error("{field} {text:?} is not a time")]
    Time {
        /// Which.
        field: &'static str,
        /// What it says.
        text: String,
    },
    /// The call is none that a calendar can hold.
    #[error("the call from {starts_at} to {ends_at} {why}")]
    Length {
        /// Its start.
        starts_at: Moment,
        /// Its end.
        ends_at: Moment,
        /// What is wrong with it.
        why: &'static str,
    },
}

#[derive(Deserialize)]
struct RawBody {
    created_at: String,
    payload: RawInvitee,
    /// Some captured samples carry it beside the payload instead of inside.
    cancellation: Option<RawCancellation>,
}

#[derive(Deserialize)]
struct RawInvitee {
    uri: String,
    email: String,
    name: String,
    timezone: Option<String>,
    #[serde(default)]
    rescheduled: bool,
    old_invitee: Option<String>,
    new_invitee: Option<String>,
    tracking: Option<RawTracking>,
    scheduled_event: RawSlot,
    cancellation: Option<RawCancellation>,
}

#[derive(Deserialize)]
struct RawTracking {
    utm_campaign: Option<String>,
}

#[derive(Deserialize)]
struct RawSlot {
    start_time: String,
    end_time: String,
}

#[derive(Deserialize)]
struct RawCancellation {
    canceled_by: Option<String>,
    canceler_type: Option<String>,
    reason: Option<String>,
}

/// Reads the body of a delivery whose signature was verified.
pub fn parse(body: &Value) -> Result<CalendlyDelivery, CalendlyFault> {
    if body.pointer("/payload/invitee/uuid").is_some() {
        return Err(CalendlyFault::VersionOne);
    }
    let event = match body.get("event").and_then(Value::as_str).unwrap_or_default() {
        "invitee.created" => CalendlyEvent::Created,
        "invitee.canceled" => CalendlyEvent::Canceled,
        "invitee_no_show.created" => CalendlyEvent::NoShow,
        "invitee_no_show.deleted" => CalendlyEvent::NoShowWithdrawn,
        other => return Err(CalendlyFault::OtherEvent(other.to_owned())),
    };
    let raw =
        RawBody::deserialize(body).map_err(|error| CalendlyFault::Shape(error.to_string()))?;
    let time = |field, text: &str| {
        text.parse::<Moment>().map_err(|_| CalendlyFault::Time { field, text: text.to_owned() })
    };
    let invitee = raw.payload;
    let present = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let cancellation = invitee.cancellation.or(raw.cancellation);
    let canceler = cancellation.as_ref().and_then(|it| it.canceler_type.as_deref());
    Ok(CalendlyDelivery {
        event,
        created_at: time("created_at", &raw.created_at)?,
        email: invitee.email.trim().to_lowercase(),
        name: invitee.name,
        zone: invitee.timezone.unwrap_or_default().trim().to_owned(),
        starts_at: time("start_time", &invitee.scheduled_event.start_time)?,
        ends_at: time("end_time", &invitee.scheduled_event.end_time)?,
        rescheduled: invitee.rescheduled,
        old_invitee: present(invitee.old_invitee),
        new_invitee: present(invitee.new_invitee),
        campaign: present(invitee.tracking.and_then(|tracking| tracking.utm_campaign)),
        canceled_by: canceler.and_then(|word| Canceler::from_column(word).ok()),
        reason: cancellation.and_then(|cancellation| {
            match (present(cancellation.canceled_by), present(cancellation.reason)) {
                (Some(by), Some(why)) => Some(format!("{by}: {why}")),
                (by, why) => by.or(why),
            }
        }),
        uri: invitee.uri,
    })
}

/// Returns what duplicates of a delivery share, or `None` for a body without it.
pub fn delivery_id(body: &Value) -> Option<String> {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    Some(format!("{}|{}|{}", text("/event")?, text("/payload/uri")?, text("/created_at")?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::test_data;

    fn sample(name: &str) -> Option<Value> {
        let text = test_data::read(&format!("webhooks-calendly/{name}"))?;
        Some(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn captured_bookings_are_read() {
        for name in ["invitee.created.json", "invitee.created-full.json"] {
            let Some(body) = sample(name) else { return };
            let delivery = parse(&body).unwrap();
            assert_eq!(delivery.event, CalendlyEvent::Created);
            assert_eq!(delivery.email, "test@example.com");
            assert_eq!(delivery.zone, "America/New_York");
            assert_eq!(delivery.starts_at.to_string(), "2019-08-24T14:15:22Z");
            assert_eq!((delivery.campaign, delivery.rescheduled), (None, false));
        }
    }

    #[test]
    fn a_captured_cancellation_is_read_with_its_reason() {
        let Some(body) = sample("invitee.canceled.json") else { return };
        let delivery = parse(&body).unwrap();
        assert_eq!(delivery.event, CalendlyEvent::Canceled);
        assert_eq!(delivery.reason.as_deref(), Some("John Doe: Cannot make it"));
        assert_eq!(delivery.canceled_by, Some(Canceler::Invitee));
    }

    #[test]
    fn a_body_of_the_old_api_is_named_as_such() {
        let Some(body) = sample("sample-v1-shape.json") else { return };
        assert_eq!(parse(&body), Err(CalendlyFault::VersionOne));
    }

    #[test]
    fn what_duplicates_share_is_event_invitee_and_instant() {
        let body = json!({
            "event": "invitee.created", "created_at": "2026-01-05T09:00:00Z",
            "payload": {"uri": "https://api.calendly.com/scheduled_events/E/invitees/I"},
        });
        assert_eq!(
            delivery_id(&body).unwrap(),
            "invitee.created|https://api.calendly.com/scheduled_events/E/invitees/I|2026-01-05T09:00:00Z"
        );
        assert_eq!(delivery_id(&json!({"event": "x"})), None);
    }

    #[test]
    fn a_body_that_cannot_be_used_says_why() {
        let fault = |body: Value| parse(&body).unwrap_err();
        assert!(matches!(fault(json!({"event": "x"})), CalendlyFault::OtherEvent(_)));
        assert!(matches!(fault(json!([])), CalendlyFault::OtherEvent(_)));
        assert!(matches!(fault(json!({"event": "invitee.created"})), CalendlyFault::Shape(_)));
        let mut body = json!({
            "event": "invitee.created", "created_at": "2026-01-05T09:00:00Z",
            "payload": {
                "uri": "u", "email": "A@B.example", "name": "A", "timezone": null,
                "scheduled_event": {"start_time": "soon", "end_time": "2026-01-05T09:00:00Z"},
            },
        });
        assert!(matches!(fault(body.clone()), CalendlyFault::Time { field: "start_time", .. }));
        body["payload"]["scheduled_event"]["start_time"] = json!("2026-01-05T08:30:00.000000Z");
        let delivery = parse(&body).unwrap();
        assert_eq!((delivery.email.as_str(), delivery.zone.as_str()), ("a@b.example", ""));
    }

    #[test]
    fn a_call_that_no_calendar_can_hold_is_refused_with_the_reason() {
        let call = |minutes: i64| {
            let start = Moment(1_767_603_600_000);
            let body = json!({
                "event": "invitee.created", "created_at": "2026-01-05T09:00:00Z",
                "payload": {
                    "uri": "u", "email": "a@b.example", "name": "A", "timezone": "UTC",
                    "scheduled_event": {
                        "start_time": start.to_string(),
                        "end_time": start.plus_ms(minutes * 60_000).to_string(),
                    },
                },
            });
            parse(&body).unwrap().checked().map_err(|fault| fault.to_string())
        };
        assert!(call(15).is_ok());
        assert!(call(8 * 60).is_ok());
        for (minutes, why) in [(0, "no length"), (-30, "before it starts"), (24 * 60, "eight")] {
            assert!(call(minutes).unwrap_err().contains(why), "{minutes}");
        }
    }
}
