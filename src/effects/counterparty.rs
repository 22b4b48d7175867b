//! Defines what comes back from outside: raw deliveries, and the counterparties that send them in
//! dry mode.

use crate::domain::effect::{Action, Effect, EffectKey, Receipt};
use crate::domain::time::Moment;
use crate::domain::unit::UnitName;

/// A message from outside, raw as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDelivery {
    /// `calendly`, `stripe`, `mailbox`, `person` or `profile`.
    pub provider: &'static str,
    /// What duplicates of one delivery share.
    pub delivery_id: String,
    /// Header names in lower case, with values.
    pub headers: Vec<(String, String)>,
    /// The bytes that were signed.
    pub body: Vec<u8>,
}

/// An effect that the receiver confirmed: what the simulated world reacts to.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfirmedEffect {
    /// Its place in the journal.
    pub id: i64,
    /// Its key.
    pub key: EffectKey,
    /// The unit that performed it, by its natural name.
    pub unit: UnitName,
    /// What was done.
    pub action: Action,
    /// To what.
    pub entity: String,
    /// Which of several.
    pub version: String,
    /// What was sent.
    pub effect: Effect,
    /// What the receiver answered.
    pub receipt: Receipt,
    /// When, on the mode's clock.
    pub settled_at: Moment,
}

/// Something a counterparty does because of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// When, on the mode's clock.
    pub due: Moment,
    /// Whether it answers a waiting unit, and so may settle after the horizon.
    pub settles: bool,
    /// What arrives.
    pub delivery: RawDelivery,
    /// What it belongs to, when a later effect can take it back.
    pub belongs: Option<Belongs>,
}

/// What a consequence belongs to at the counterparty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Belongs {
    /// The counterparty's own id of it: a subscription, an invoice.
    pub to: String,
    /// The instant of it that the consequence is of: the begin of a month that is billed.
    pub at: Moment,
}

/// Those who answer in dry mode: prospects, clients, payers, reviewers, our own people.
///
/// Pure: the same effect always has the same consequences, so nothing is lost when a process dies
/// before delivering them.
pub trait Counterparties: Send + Sync {
    /// Returns everything that follows from one confirmed effect, at any time.
    fn consequences(&self, effect: &ConfirmedEffect) -> Vec<Consequence>;

    /// Returns what will not follow any more because of one confirmed effect: all that earlier
    /// effects made belong to it, at its instant or later.
    fn takes_back(&self, effect: &ConfirmedEffect) -> Option<Belongs>;
}
