//! Decides how a client's MRR moved from everything told of its subscriptions.
//!
//! The provider repeats and reorders, so no movement is booked from one message alone: all messages
//! of a client, in the order in which they were made, give its movements. Told in another order they
//! give the same; what changes is only when the store appends them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::column::{self, UnknownWord};
use super::finance::Movement;
use super::ledger::movement;
use super::money::{Currency, Money};
use super::stripe::SubscriptionStatus;
use super::time::Moment;

/// What kind of message it was: it orders two that were made in one second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// A subscription began.
    Created,
    /// It changed.
    Updated,
    /// It ended.
    Ended,
}

impl Telling {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Created, Self::Updated, Self::Ended];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Ended => "ended",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("telling", word, &Self::ALL, Self::as_column)
    }
}

/// A subscription as one message of the provider showed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The provider's id of the subscription.
    pub subscription: String,
    /// The client.
    pub entity: String,
    /// What kind of message it was.
    pub telling: Telling,
    /// The provider's word; `paused` when nothing is collected.
    pub status: String,
    /// What it counts in MRR.
    pub mrr: Money,
    /// Its monthly price whatever its status.
    pub monthly: Money,
    /// Since when it runs.
    pub started_at: Moment,
    /// When the provider made the message; for an end, when it ended.
    pub at: Moment,
    /// The message's id.
    pub told_by: String,
}

impl Told {
    fn ends(&self) -> bool {
        SubscriptionStatus(self.status.clone()).is_final()
    }

    fn order(&self) -> (Moment, bool, Telling, &str) {
        (self.at, self.ends(), self.telling, &self.told_by)
    }
}

/// One movement of a client's MRR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Its name.
    pub movement: Movement,
    /// How much; signed.
    pub amount: Money,
    /// When.
    pub at: Moment,
    /// What it rests on.
    pub reference: String,
}

/// Returns the messages of one subscription in order, up to its end: what has ended never comes back.
fn in_order<'t>(told: impl Iterator<Item = &'t Told>) -> Vec<&'t Told> {
    let mut told: Vec<_> = told.collect();
    told.sort_by(|a, b| a.order().cmp(&b.order()));
    if let Some(end) = told.iter().position(|one| one.ends()) {
        told.truncate(end + 1);
    }
    told
}

/// Returns the last word on a subscription.
pub fn latest<'t>(told: impl Iterator<Item = &'t Told>) -> Option<&'t Told> {
    in_order(told).pop()
}

/// Returns the movements of one client, oldest first.
///
/// The name of a movement is the client's and not the subscription's: a second subscription is
/// expansion, one of two ending is contraction. Currencies are apart: a change of currency is churn
/// in one and new in the other.
pub fn movements(told: &[Told]) -> Vec<Moved> {
    let mut changes: BTreeMap<(Moment, Currency), (i64, String)> = BTreeMap::new();
    let subscriptions: BTreeSet<&str> = told.iter().map(|one| one.subscription.as_str()).collect();
    for subscription in subscriptions {
        let own = in_order(told.iter().filter(|one| one.subscription == subscription));
        for (at, amount, reference) in steps(subscription, &own) {
            let change = changes.entry((at, amount.currency)).or_insert_with(|| (0, String::new()));
            change.0 = change.0.saturating_add(amount.minor);
            change.1 = reference;
        }
    }
    let mut totals: BTreeMap<Currency, (i64, bool)> = BTreeMap::new();
    let mut moved = Vec::new();
    for ((at, currency), (minor, reference)) in changes {
        let (before, ever) = totals.get(&currency).copied().unwrap_or_default();
        let after = before + minor;
        let Some((movement, minor)) = movement(before, after, ever) else { continue };
        totals.insert(currency, (after, true));
        moved.push(Moved { movement, amount: Money::new(minor, currency), at, reference });
    }
    moved
}

/// Returns how one subscription's MRR changed: when, by how much, told by what.
///
/// It is believed to have been since its start what the first message shows. Of one whose end is the
/// first that is heard, the price counted until then; what only expired never counted.
fn steps(subscription: &str, own: &[&Told]) -> Vec<(Moment, Money, String)> {
    let Some(first) = own.first() else { return Vec::new() };
    let began = first.started_at.min(first.at);
    let counted = if first.status == "canceled" { first.monthly } else { first.mrr };
    let mut steps = vec![(began, counted, format!("{subscription}/began"))];
    let mut now = counted;
    for one in own {
        if one.mrr.currency == now.currency {
            let change = one.mrr.minor - now.minor;
            steps.push((one.at, Money::new(change, now.currency), one.told_by.clone()));
        } else {
            steps.push((one.at, Money::new(-now.minor, now.currency), one.told_by.clone()));
            steps.push((one.at, one.mrr, one.told_by.clone()));
        }
        now = one.mrr;
    }
    steps.retain(|(_, amount, _)| amount.minor != 0);
    steps
}

#[cfg(test)]
mod tests;
