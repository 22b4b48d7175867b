//! Defines how the facts about invitees become one meeting, in whatever order they arrive.
//!
//! A reschedule is a new invitee that replaces an old one, told by two deliveries. Each delivery
//! only adds facts to its invitee; nothing is taken back. The meeting is then derived from the
//! last invitee of the chain, so every order of the same deliveries gives the same meeting.
//! What this file must never do is call a reschedule a cancellation.

use serde::{Deserialize, Serialize};

use super::calendly::{CalendlyDelivery, CalendlyEvent};
use super::sales::{Meeting, MeetingState};
use super::time::Moment;

/// All that is known of one invitee: the sum of the deliveries about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitee {
    /// Its URI.
    pub uri: String,
    /// The prospect it was matched to.
    pub prospect: Option<String>,
    /// Lower-cased address.
    pub email: String,
    /// Name.
    pub name: String,
    /// Time zone.
    pub zone: String,
    /// Start of the call.
    pub starts_at: Moment,
    /// End of the call.
    pub ends_at: Moment,
    /// Whether it was given up, for good or for another time.
    pub canceled: bool,
    /// Why, if a reason was given.
    pub reason: Option<String>,
    /// The invitee that it replaces.
    pub old_invitee: Option<String>,
    /// The invitee that replaces it.
    pub new_invitee: Option<String>,
}

impl Invitee {
    /// Makes the facts that one delivery tells.
    pub fn from_delivery(delivery: &CalendlyDelivery, prospect: Option<String>) -> Self {
        Self {
            uri: delivery.uri.clone(),
            prospect,
            email: delivery.email.clone(),
            name: delivery.name.clone(),
            zone: delivery.zone.clone(),
            starts_at: delivery.starts_at,
            ends_at: delivery.ends_at,
            canceled: delivery.event == CalendlyEvent::Canceled,
            reason: delivery.reason.clone(),
            old_invitee: delivery.old_invitee.clone(),
            new_invitee: delivery.new_invitee.clone(),
        }
    }

    /// Adds what another delivery about the same invitee tells. The order does not matter.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self {
            prospect: self.prospect.or(other.prospect),
            canceled: self.canceled || other.canceled,
            reason: self.reason.or(other.reason),
            old_invitee: self.old_invitee.or(other.old_invitee),
            new_invitee: self.new_invitee.or(other.new_invitee),
            ..self
        }
    }

    /// Whether the two are parts of one chain of reschedules.
    pub fn is_linked_to(&self, other: &Self) -> bool {
        let names = |link: &Option<String>, uri: &str| link.as_deref() == Some(uri);
        names(&self.old_invitee, &other.uri)
            || names(&self.new_invitee, &other.uri)
            || names(&other.old_invitee, &self.uri)
            || names(&other.new_invitee, &self.uri)
    }
}

/// Derives the meeting from a chain of invitees and the row it had before, if it had one.
///
/// Returns `None` while there is nothing to say: an empty chain, or one of which only the given-up
/// end is known and the new time is still on its way.
pub fn meeting(chain: &[Invitee], before: Option<&Meeting>) -> Option<Meeting> {
    let Some(last) = last_of(chain) else { return before.cloned() };
    let state = match before {
        // What has happened cannot be unbooked by a late delivery about the same time.
        Some(held) if is_over(held.state) && held.invitee_uri == last.uri => held.state,
        _ if last.canceled => MeetingState::Cancelled,
        _ => MeetingState::Booked,
    };
    let changed = before.is_some_and(|old| {
        (old.state, old.starts_at, old.ends_at) != (state, last.starts_at, last.ends_at)
    });
    Some(Meeting {
        entity: before.map_or_else(|| first_uri(chain, last), |old| old.entity.clone()),
        prospect: chain.iter().find_map(|invitee| invitee.prospect.clone()),
        invitee_uri: last.uri.clone(),
        email: last.email.clone(),
        name: last.name.clone(),
        starts_at: last.starts_at,
        ends_at: last.ends_at,
        zone: last.zone.clone(),
        sequence: before.map_or(0, |old| old.sequence + i64::from(changed)),
        state,
        outcome: before.and_then(|old| old.outcome),
        plan: before.and_then(|old| old.plan.clone()),
    })
}

fn is_over(state: MeetingState) -> bool {
    matches!(state, MeetingState::Held | MeetingState::NoShow)
}

/// Returns the invitee that nothing replaces, or `None` when its replacement is not here yet.
fn last_of(chain: &[Invitee]) -> Option<&Invitee> {
    chain
        .iter()
        .filter(|invitee| {
            invitee.new_invitee.is_none()
                && !chain.iter().any(|other| other.old_invitee.as_deref() == Some(&invitee.uri))
        })
        // Two ends are a provider's fault; the one that still stands and is later wins.
        .max_by_key(|invitee| (!invitee.canceled, invitee.starts_at, invitee.uri.as_str()))
}

/// Follows the links back to the first booking that is known by name.
fn first_uri(chain: &[Invitee], last: &Invitee) -> String {
    let mut first = last.uri.as_str();
    // A chain has at most as many links as members; a circle ends with them.
    for _ in 0..chain.len() {
        let older = chain.iter().find_map(|invitee| {
            if invitee.uri == first {
                invitee.old_invitee.as_deref()
            } else {
                (invitee.new_invitee.as_deref() == Some(first)).then_some(invitee.uri.as_str())
            }
        });
        match older {
            Some(uri) if uri != last.uri => first = uri,
            _ => break,
        }
    }
    first.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(event: CalendlyEvent, uri: &str, hour: i64) -> CalendlyDelivery {
        CalendlyDelivery {
            event,
            created_at: "2026-01-05T09:00:00Z".to_owned(),
            uri: uri.to_owned(),
            email: "a@b.example".to_owned(),
            name: "Ann".to_owned(),
            zone: "UTC".to_owned(),
            starts_at: Moment(hour * 3_600_000),
            ends_at: Moment(hour * 3_600_000 + 1_800_000),
            rescheduled: false,
            old_invitee: None,
            new_invitee: None,
            campaign: Some("osm:node/1".to_owned()),
            reason: None,
        }
    }

    /// The four deliveries of: booked at 10, moved to 20, cancelled.
    fn story() -> Vec<CalendlyDelivery> {
        let mut given_up = delivery(CalendlyEvent::Canceled, "I1", 10);
        given_up.rescheduled = true;
        given_up.new_invitee = Some("I2".to_owned());
        let mut moved = delivery(CalendlyEvent::Created, "I2", 20);
        moved.old_invitee = Some("I1".to_owned());
        let mut cancelled = delivery(CalendlyEvent::Canceled, "I2", 20);
        cancelled.old_invitee = Some("I1".to_owned());
        vec![delivery(CalendlyEvent::Created, "I1", 10), given_up, moved, cancelled]
    }

    fn orders<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
        if items.is_empty() {
            return vec![Vec::new()];
        }
        (0..items.len())
            .flat_map(|first| {
                let mut rest = items.to_vec();
                let head = rest.remove(first);
                orders(&rest).into_iter().map(move |mut tail| {
                    tail.insert(0, head.clone());
                    tail
                })
            })
            .collect()
    }

    /// Applies deliveries one by one, as the layer does with rows.
    fn replay(deliveries: &[CalendlyDelivery]) -> Option<Meeting> {
        let mut known: Vec<Invitee> = Vec::new();
        let mut row = None;
        for delivery in deliveries {
            let facts = Invitee::from_delivery(delivery, delivery.campaign.clone());
            match known.iter().position(|invitee| invitee.uri == facts.uri) {
                Some(at) => known[at] = known[at].clone().merged(facts),
                None => known.push(facts),
            }
            row = meeting(&known, row.as_ref());
        }
        row
    }

    fn essence(meeting: &Meeting) -> (String, String, Moment, Moment, MeetingState) {
        let Meeting { entity, invitee_uri, starts_at, ends_at, state, .. } = meeting.clone();
        (entity, invitee_uri, starts_at, ends_at, state)
    }

    #[test]
    fn every_order_of_booking_reschedule_and_cancellation_ends_in_the_same_meeting() {
        // Two of the four are half a reschedule, whose new time is still unknown.
        for n in [1, 3, 4] {
            let expected = replay(&story()[..n]).map(|meeting| essence(&meeting));
            for order in orders(&story()[..n]) {
                assert_eq!(replay(&order).map(|meeting| essence(&meeting)), expected, "{order:?}");
            }
        }
        let end = replay(&story()).unwrap();
        assert_eq!((end.entity.as_str(), end.state), ("I1", MeetingState::Cancelled));
    }

    #[test]
    fn duplicates_change_nothing() {
        let twice: Vec<CalendlyDelivery> =
            story()[..3].iter().flat_map(|delivery| [delivery.clone(), delivery.clone()]).collect();
        assert_eq!(replay(&twice), replay(&story()[..3]));
    }

    #[test]
    fn a_reschedule_moves_the_meeting_and_never_shows_it_as_cancelled() {
        let mut seen = Vec::new();
        for n in 1..=3 {
            seen.push(replay(&story()[..n]).unwrap());
        }
        assert!(seen.iter().all(|meeting| meeting.state == MeetingState::Booked));
        assert_eq!(seen[2].starts_at, Moment(20 * 3_600_000));
        assert_eq!((seen[1].sequence, seen[2].sequence), (0, 1));
    }

    #[test]
    fn the_first_half_of_a_reschedule_alone_books_nothing() {
        assert_eq!(replay(&story()[1..2]), None);
    }

    #[test]
    fn a_late_cancellation_does_not_undo_a_call_that_was_held() {
        let booked = replay(&story()[..1]).unwrap();
        let held = Meeting { state: MeetingState::Held, ..booked };
        let late = delivery(CalendlyEvent::Canceled, "I1", 10);
        let chain = [Invitee::from_delivery(&late, None)];
        assert_eq!(meeting(&chain, Some(&held)).unwrap().state, MeetingState::Held);
    }

    #[test]
    fn links_in_a_circle_end() {
        let mut one = Invitee::from_delivery(&delivery(CalendlyEvent::Created, "I1", 1), None);
        one.old_invitee = Some("I1".to_owned());
        assert!(meeting(&[one], None).is_none());
    }
}
