//! Writes what Calendly delivers when a simulated prospect books: sometimes twice, sometimes moved
//! by a pair of deliveries in either order, sometimes cancelled.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::letter;
use super::prospect::{Contact, ProspectMarket, scaled};
use crate::domain::calendly;
use crate::domain::draw::Seed;
use crate::domain::hours::ContactHours;
use crate::domain::signature::Provider;
use crate::domain::time::{DAY_MS, MINUTE_MS, Moment};
use crate::effects::counterparty::{ConfirmedEffect, Consequence};

/// Length of the first call.
const CALL_MS: i64 = 30 * MINUTE_MS;

/// When calls can be booked.
const CALL_HOURS: ContactHours = ContactHours { open_hour: 9, close_hour: 17, weekends: false };

/// One invitee as Calendly knows it.
struct Invitee<'a> {
    contact: &'a Contact,
    entity: &'a str,
    id: String,
    starts_at: Moment,
}

/// Returns everything that follows from one booking made at `due`.
pub(super) fn bookings(
    seed: Seed,
    market: &ProspectMarket,
    effect: &ConfirmedEffect,
    contact: &Contact,
    due: Moment,
) -> Vec<Consequence> {
    let key = effect.key.0.as_str();
    let draw = |question: &str| seed.unit(&[question, key]);
    let starts_at = slot(due, draw("call day") * market.call_days.value);
    let first = Invitee { contact, entity: &effect.entity, id: format!("{key}A"), starts_at };
    let mut all = vec![first.delivery("invitee.created", due, &json!({}))];
    if draw("delivered twice") < market.delivered_twice.value {
        all.push(first.delivery("invitee.created", due, &json!({})).delayed(15 * MINUTE_MS));
    }
    // People change their minds somewhere between booking and call.
    let later = due.plus_ms(scaled(draw("second thought"), starts_at.since(due).max(0)));
    let second_thought = draw("change");
    if second_thought < market.reschedules.value {
        let id = format!("{key}B");
        let moved = Invitee { id, starts_at: slot(starts_at, 1.0), ..first.same() };
        let given_up = first.delivery(
            "invitee.canceled",
            later,
            &json!({ "rescheduled": true, "new_invitee": moved.uri(), "status": "canceled" }),
        );
        let taken =
            moved.delivery("invitee.created", later, &json!({ "old_invitee": first.uri() }));
        // The pair arrives together, or either half a quarter of an hour late.
        all.extend(match draw("order") {
            order if order < 0.4 => [given_up, taken],
            order if order < 0.7 => [given_up, taken.delayed(15 * MINUTE_MS)],
            _ => [taken, given_up.delayed(15 * MINUTE_MS)],
        });
    } else if second_thought < market.reschedules.value + market.cancels.value {
        let cancellation = json!({
            "canceled_by": contact.name, "reason": "no time (simulated)", "canceler_type": "invitee",
        });
        let gone = json!({ "status": "canceled", "cancellation": cancellation });
        all.push(first.delivery("invitee.canceled", later, &gone));
    }
    all
}

/// Returns the first half hour at which a call can be, at least a day and `days` after `from`.
fn slot(from: Moment, days: f64) -> Moment {
    let wanted = from.plus_ms(DAY_MS + scaled(days, DAY_MS)).ceil_to(CALL_MS);
    CALL_HOURS.next_open(wanted, &TimeZone::UTC)
}

impl Invitee<'_> {
    fn same(&self) -> Self {
        Self { id: self.id.clone(), ..*self }
    }

    fn event(&self) -> String {
        format!("https://api.calendly.com/scheduled_events/{}", self.id)
    }

    fn uri(&self) -> String {
        format!("{}/invitees/{}", self.event(), self.id)
    }

    /// Writes one delivery about this invitee, with the fields of `changes` on top.
    fn delivery(&self, event: &str, due: Moment, changes: &Value) -> Consequence {
        let at = due.ceil_quarter_hour().to_string();
        let mut payload = json!({
            "uri": self.uri(), "email": self.contact.email, "name": self.contact.name,
            "first_name": null, "last_name": null, "status": "active", "timezone": "Europe/London",
            "event": self.event(), "created_at": at, "updated_at": at,
            "questions_and_answers": [], "text_reminder_number": null,
            "tracking": { "utm_campaign": self.entity, "utm_source": "email", "utm_medium": null,
                "utm_content": null, "utm_term": null, "salesforce_uuid": null },
            "rescheduled": false, "old_invitee": null, "new_invitee": null,
            "cancel_url": format!("https://calendly.com/cancellations/{}", self.id),
            "reschedule_url": format!("https://calendly.com/reschedulings/{}", self.id),
            "routing_form_submission": null, "payment": null, "no_show": null,
            "reconfirmation": null, "scheduling_method": null, "invitee_scheduled_by": null,
            "scheduled_event": {
                "uri": self.event(), "name": "Intro", "status": "active",
                "start_time": self.starts_at.to_string(),
                "end_time": self.starts_at.plus_ms(CALL_MS).to_string(),
                "event_type": "https://api.calendly.com/event_types/SIM",
                "location": { "type": "zoom", "join_url": "https://zoom.example/j/1" },
                "invitees_counter": { "total": 1, "active": 1, "limit": 1 },
                "created_at": at, "updated_at": at, "event_memberships": [], "event_guests": [],
            },
        });
        if let (Some(payload), Some(changes)) = (payload.as_object_mut(), changes.as_object()) {
            payload.extend(changes.clone());
        }
        let body = json!({
            "event": event, "created_at": at,
            "created_by": "https://api.calendly.com/users/SIM", "payload": payload,
        });
        let id = calendly::delivery_id(&body).unwrap_or_default();
        Consequence {
            due,
            settles: false,
            delivery: letter(Provider::Calendly, id, &body, due),
            belongs: None,
        }
    }
}

impl Consequence {
    /// The same letter, brought later: still signed when it was written, as a postponed one is.
    fn delayed(self, by_ms: i64) -> Self {
        Self { due: self.due.plus_ms(by_ms), ..self }
    }
}
