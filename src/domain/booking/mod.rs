//! Defines how the facts about invitees become one meeting, in whatever order they arrive.
//!
//! A reschedule is a new invitee that replaces an old one, told by two deliveries. Each delivery
//! only adds facts to its invitee; nothing is taken back. The meeting is then derived from the
//! last invitee of the chain, so every order of the same deliveries gives the same meeting.
//! What this file must never do is call a reschedule a cancellation.

mod stage;

use serde::{Deserialize, Serialize};

use super::calendly::{CalendlyDelivery, CalendlyEvent};
use super::sales::{Canceler, Meeting, MeetingState};
use super::time::Moment;

pub use stage::{Standing, standing};

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
    /// Whether it was given up for another time.
    pub rescheduled: bool,
    /// Who gave it up.
    pub canceled_by: Option<Canceler>,
    /// Why, if a reason was given.
    pub reason: Option<String>,
    /// When the host last noted that nobody came.
    pub no_show_at: Option<Moment>,
    /// When the host last took such a note back.
    pub no_show_withdrawn_at: Option<Moment>,
    /// The invitee that it replaces.
    pub old_invitee: Option<String>,
    /// The invitee that replaces it.
    pub new_invitee: Option<String>,
}

impl Invitee {
    /// Makes the facts that one delivery tells.
    pub fn from_delivery(delivery: &CalendlyDelivery, prospect: Option<String>) -> Self {
        let at = |event| (delivery.event == event).then_some(delivery.created_at);
        let canceled = delivery.event == CalendlyEvent::Canceled;
        Self {
            uri: delivery.uri.clone(),
            prospect,
            email: delivery.email.clone(),
            name: delivery.name.clone(),
            zone: delivery.zone.clone(),
            starts_at: delivery.starts_at,
            ends_at: delivery.ends_at,
            canceled,
            rescheduled: canceled && delivery.rescheduled,
            canceled_by: delivery.canceled_by,
            reason: delivery.reason.clone(),
            no_show_at: at(CalendlyEvent::NoShow),
            no_show_withdrawn_at: at(CalendlyEvent::NoShowWithdrawn),
            old_invitee: delivery.old_invitee.clone(),
            new_invitee: delivery.new_invitee.clone(),
        }
    }

    /// Adds what another delivery about the same invitee tells. The order does not matter.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self {
            prospect: either(self.prospect, other.prospect),
            canceled: self.canceled || other.canceled,
            rescheduled: self.rescheduled || other.rescheduled,
            canceled_by: either(self.canceled_by, other.canceled_by),
            reason: either(self.reason, other.reason),
            no_show_at: self.no_show_at.max(other.no_show_at),
            no_show_withdrawn_at: self.no_show_withdrawn_at.max(other.no_show_withdrawn_at),
            old_invitee: either(self.old_invitee, other.old_invitee),
            new_invitee: either(self.new_invitee, other.new_invitee),
            ..self
        }
    }

    /// Whether the host says that nobody came. A note and its withdrawal at one instant cancel out.
    fn is_no_show(&self) -> bool {
        self.no_show_at > self.no_show_withdrawn_at
    }

    /// Whether another invitee replaces this one, known or still on its way.
    fn is_replaced_in(&self, chain: &[Self]) -> bool {
        self.new_invitee.is_some()
            || self.rescheduled
            || chain.iter().any(|other| other.old_invitee.as_deref() == Some(&self.uri))
    }
}

/// The one fact that is there; of two different ones the smaller, so that order does not matter.
fn either<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Derives the meeting from a chain of invitees and the row it had before, if it had one.
///
/// Returns `None` while there is nothing to say: an empty chain, or one of which only the given-up
/// end is known and the new time is still on its way.
pub fn meeting(chain: &[Invitee], before: Option<&Meeting>) -> Option<Meeting> {
    let Some(last) = last_of(chain) else { return before.cloned() };
    let state = state(last, before);
    let cancelled = state == MeetingState::Cancelled;
    let moved = before.is_some_and(|old| {
        let told = old.state == MeetingState::Cancelled;
        (told, old.starts_at, old.ends_at) != (cancelled, last.starts_at, last.ends_at)
    });
    let in_chain = moves(chain, last) + i64::from(cancelled);
    let noted = before.filter(|_| matches!(state, MeetingState::Held | MeetingState::NoShow));
    Some(Meeting {
        entity: before.map_or_else(|| first_of(chain, last).to_owned(), |old| old.entity.clone()),
        prospect: chain.iter().filter_map(|invitee| invitee.prospect.clone()).min(),
        invitee_uri: last.uri.clone(),
        email: last.email.clone(),
        name: last.name.clone(),
        starts_at: last.starts_at,
        ends_at: last.ends_at,
        zone: last.zone.clone(),
        // The place in the chain is the same in every order of deliveries; what was sent already
        // decides only where a provider contradicts itself.
        sequence: before.map_or(in_chain, |old| in_chain.max(old.sequence + i64::from(moved))),
        state,
        outcome: noted.and_then(|old| old.outcome),
        plan: noted.and_then(|old| old.plan.clone()),
        noted_at: noted.and_then(|old| old.noted_at),
        asked_again_at: last.no_show_withdrawn_at,
        cancelled_by: last.canceled_by.filter(|_| cancelled),
        reason: last.reason.clone().filter(|_| cancelled),
    })
}

/// Where a meeting is: what a person has noted of the same call stands, unless it was a no-show that
/// the host has taken back since.
fn state(last: &Invitee, before: Option<&Meeting>) -> MeetingState {
    let same_call = before.filter(|old| old.invitee_uri == last.uri);
    let noted_no_show = same_call.is_some_and(|old| {
        old.state == MeetingState::NoShow
            && old.noted_at.is_some_and(|noted| last.no_show_withdrawn_at < Some(noted))
    });
    match same_call.map(|old| old.state) {
        Some(MeetingState::Held) => MeetingState::Held,
        _ if last.is_no_show() || noted_no_show => MeetingState::NoShow,
        _ if last.canceled => MeetingState::Cancelled,
        _ => MeetingState::Booked,
    }
}

/// Whether the chain is known back to its first booking. While it is not, the meeting may belong to
/// one that is known under another name.
pub fn is_whole(chain: &[Invitee]) -> bool {
    let Some(last) = last_of(chain) else { return true };
    let first = first_of(chain, last);
    chain.iter().any(|invitee| invitee.uri == first)
}

/// Returns the invitee that nothing replaces, or `None` when its replacement is not here yet.
fn last_of(chain: &[Invitee]) -> Option<&Invitee> {
    chain
        .iter()
        .filter(|invitee| !invitee.is_replaced_in(chain))
        // Two ends are a provider's fault; the one that still stands and is later wins.
        .max_by_key(|invitee| (!invitee.canceled, invitee.starts_at, invitee.uri.as_str()))
}

/// Follows the links from `last` back to the first booking that is known by name.
fn walk_back<'a>(chain: &'a [Invitee], last: &'a Invitee) -> impl Iterator<Item = &'a str> {
    let older = move |uri: &&'a str| {
        let found = chain.iter().find_map(|invitee| {
            if invitee.uri == *uri {
                invitee.old_invitee.as_deref()
            } else {
                (invitee.new_invitee.as_deref() == Some(*uri)).then_some(invitee.uri.as_str())
            }
        });
        found.filter(|&uri| uri != last.uri)
    };
    // Between two known members there may be one that is known by name alone, and one before the
    // first; a circle ends here.
    std::iter::successors(Some(last.uri.as_str()), older).take(2 * chain.len() + 1)
}

fn first_of<'a>(chain: &'a [Invitee], last: &'a Invitee) -> &'a str {
    walk_back(chain, last).last().unwrap_or(&last.uri)
}

/// How often the call was moved.
fn moves(chain: &[Invitee], last: &Invitee) -> i64 {
    i64::try_from(walk_back(chain, last).count()).map_or(0, |n| n - 1)
}

#[cfg(test)]
mod tests;
