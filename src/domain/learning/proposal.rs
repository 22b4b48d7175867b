//! Defines proposals: a typed change, its way through people's hands, and what came of it.
//!
//! ```text
//! open ──▶ approved ──▶ applied ──▶ rolled_back
//!   └─────────┴──▶ rejected
//! ```
//!
//! Only people move a proposal. Its effect is measured once, at a time that is fixed when it is
//! applied: a look each week would sooner or later find an effect of anything.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::column::{self, UnknownWord};
use crate::domain::ids::ProposalId;
use crate::domain::lifecycle::IllegalTransition;
use crate::domain::sales::Channel;
use crate::domain::stats::{Interval, TwoProportions, sample_size, two_proportions, wilson};
use crate::domain::time::Moment;

/// Where a proposal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Waits for a person.
    Open,
    /// A person wants it.
    Approved,
    /// It is in force.
    Applied,
    /// A person does not want it.
    Rejected,
    /// It was in force and is not any more.
    RolledBack,
}

/// What a person can do with a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalEvent {
    /// Want it.
    Approve,
    /// Not want it.
    Reject,
    /// Put it in force.
    Apply,
    /// Take it back.
    RollBack,
}

impl ProposalEvent {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Approve, Self::Reject, Self::Apply, Self::RollBack];

    /// Its name in commands and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Apply => "apply",
            Self::RollBack => "roll-back",
        }
    }
}

impl ProposalState {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Approved, Self::Applied, Self::Rejected, Self::RolledBack];

    /// Returns the state that follows `event`.
    ///
    /// # Errors
    /// Every pair that the diagram does not have.
    pub fn next(self, event: ProposalEvent) -> Result<Self, IllegalTransition> {
        use ProposalEvent as E;
        match (self, event) {
            (Self::Open, E::Approve) => Ok(Self::Approved),
            (Self::Open | Self::Approved, E::Reject) => Ok(Self::Rejected),
            (Self::Approved, E::Apply) => Ok(Self::Applied),
            (Self::Applied, E::RollBack) => Ok(Self::RolledBack),
            (from, event) => Err(IllegalTransition {
                what: "proposal",
                from: from.as_column(),
                event: event.name(),
            }),
        }
    }

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Applied => "applied",
            Self::Rejected => "rejected",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("proposal state", word, &Self::ALL, Self::as_column)
    }
}

/// A setting that a proposal may change while the machine runs. Those that law or consent rest on
/// (SMS, quiet hours, the sender) are not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum SettingKey {
    /// `learning.floor`, a share of 1.
    Floor,
    /// `outreach.caps.<channel>`, messages a day.
    DailyCap(Channel),
    /// `outreach.sequence_hours.<channel>`, hours after the start of a sequence.
    FollowUpHours(Channel),
}

impl SettingKey {
    /// Returns the least and the most that a proposal may set.
    pub const fn limits(self) -> (f64, f64) {
        match self {
            Self::Floor => (0.0, 0.5),
            // A channel is not turned off by a quota, and approval is no reason to send by the thousand.
            Self::DailyCap(_) => (1.0, 500.0),
            Self::FollowUpHours(_) => (0.0, 720.0),
        }
    }

    /// Whether `value` is one that the setting can have.
    pub fn takes(self, value: f64) -> bool {
        let (least, most) = self.limits();
        let whole = matches!(self, Self::Floor) || value.fract() == 0.0;
        whole && (least..=most).contains(&value)
    }
}

impl fmt::Display for SettingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Floor => f.write_str("learning.floor"),
            Self::DailyCap(channel) => write!(f, "outreach.caps.{}", channel.as_column()),
            Self::FollowUpHours(channel) => {
                write!(f, "outreach.sequence_hours.{}", channel.as_column())
            }
        }
    }
}

impl FromStr for SettingKey {
    type Err = UnknownWord;

    fn from_str(key: &str) -> Result<Self, UnknownWord> {
        let unknown =
            || UnknownWord { what: "setting that a proposal may change", word: key.to_owned() };
        if let Some(channel) = key.strip_prefix("outreach.caps.") {
            return Channel::from_column(channel).map(Self::DailyCap).map_err(|_| unknown());
        }
        if let Some(channel) = key.strip_prefix("outreach.sequence_hours.") {
            return Channel::from_column(channel).map(Self::FollowUpHours).map_err(|_| unknown());
        }
        if key == "learning.floor" { Ok(Self::Floor) } else { Err(unknown()) }
    }
}

impl From<SettingKey> for String {
    fn from(key: SettingKey) -> Self {
        key.to_string()
    }
}

impl TryFrom<String> for SettingKey {
    type Error = UnknownWord;

    fn try_from(key: String) -> Result<Self, UnknownWord> {
        key.parse()
    }
}

/// A setting with its value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// Which.
    pub key: SettingKey,
    /// In the setting's own unit.
    pub value: f64,
}

/// A setting that a person has put in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingOverride {
    /// What holds.
    #[serde(flatten)]
    pub setting: Setting,
    /// By which proposal.
    pub proposal: ProposalId,
    /// Who applied it.
    pub by: String,
    /// When, on the mode's clock.
    pub at: Moment,
}

/// What a proposal would change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum ProposedChange {
    /// Nothing that the machine can do: advice for a person.
    Advice,
    /// A variant is not chosen any more.
    StopVariant {
        /// Which.
        arm: String,
    },
    /// A stopped variant may be chosen again, with its counts begun anew.
    ReviveVariant {
        /// Which.
        arm: String,
    },
    /// Nothing more of a campaign goes out.
    StopCampaign {
        /// Which.
        campaign: String,
    },
    /// Settings of one mode get other values.
    Set {
        /// Which, and which values.
        settings: Vec<Setting>,
    },
    /// An applied proposal is taken back.
    RollBack {
        /// Which.
        proposal: ProposalId,
    },
}

impl ProposedChange {
    /// Returns what is done when it is applied, for a person.
    pub fn told(&self) -> String {
        match self {
            Self::Advice => "advice for a person: the machine changes nothing".to_owned(),
            Self::StopVariant { arm } => format!("stop variant {arm}"),
            Self::ReviveVariant { arm } => format!("bring variant {arm} back, counts begun anew"),
            Self::StopCampaign { campaign } => format!("stop campaign {campaign}"),
            Self::Set { settings } => {
                let each: Vec<String> = settings
                    .iter()
                    .map(|setting| format!("{} = {}", setting.key, setting.value))
                    .collect();
                format!("set {}", each.join(", "))
            }
            Self::RollBack { proposal } => format!("roll proposal {proposal} back"),
        }
    }
}

/// By which share the effect of a proposal is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Contacts that booked within the window.
    Booking,
    /// Due calls that were held.
    ShowingUp,
    /// Decided calls that became clients.
    Closing,
    /// Qualified prospects whom a channel reaches.
    Reach,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Booking, Self::ShowingUp, Self::Closing, Self::Reach];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Booking => "booking",
            Self::ShowingUp => "showing_up",
            Self::Closing => "closing",
            Self::Reach => "reach",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("measure", word, &Self::ALL, Self::as_column)
    }

    /// What is counted, for a person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Booking => "contacts booked a call",
            Self::ShowingUp => "due calls were held",
            Self::Closing => "decided calls became clients",
            Self::Reach => "qualified prospects could be reached",
        }
    }
}

/// What a measured proposal came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The share rose by more than chance would.
    Better,
    /// It fell by more than chance would.
    Worse,
    /// Neither, or too few to say.
    NoMeasurableEffect,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Better, Self::Worse, Self::NoMeasurableEffect];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::NoMeasurableEffect => "no_measurable_effect",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("verdict", word, &Self::ALL, Self::as_column)
    }
}

/// A proposal's effect: one comparison of as long before as after it was applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredEffect {
    /// By which share.
    pub measure: Measure,
    /// Hits and all before.
    pub before: (u64, u64),
    /// Hits and all after.
    pub after: (u64, u64),
    /// Interval of the share before.
    pub before_interval: Interval,
    /// Interval of the share after.
    pub after_interval: Interval,
    /// The comparison; `None` where it says nothing.
    pub test: Option<TwoProportions>,
    /// How many each side would need to show a rise by half; `None` where nothing was seen before.
    pub n_for_a_half_more: Option<u64>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// Judges an effect from hits and all before and after. Below `n_min` on a side it says nothing.
pub fn judge(
    measure: Measure,
    before: (u64, u64),
    after: (u64, u64),
    n_min: u64,
) -> MeasuredEffect {
    const LEVEL: f64 = 0.05;
    let test = two_proportions(before, after);
    let enough = before.1 >= n_min && after.1 >= n_min;
    let verdict = match test {
        Some(test) if enough && test.p < LEVEL && test.z > 0.0 => Verdict::Better,
        Some(test) if enough && test.p < LEVEL => Verdict::Worse,
        Some(_) | None => Verdict::NoMeasurableEffect,
    };
    let share = share(before);
    MeasuredEffect {
        measure,
        before,
        after,
        before_interval: wilson(before.0, before.1),
        after_interval: wilson(after.0, after.1),
        test,
        n_for_a_half_more: share.and_then(|share| sample_size(share, (1.5 * share).min(1.0))),
        verdict,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn share((hits, n): (u64, u64)) -> Option<f64> {
    (n > 0 && hits > 0).then(|| hits as f64 / n as f64)
}

/// A change that a person may approve, as it is first written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Natural key.
    pub entity: String,
    /// What to change, and why.
    pub text: String,
    /// What the machine does when it is applied.
    pub change: ProposedChange,
    /// By which share its effect will be measured.
    pub measure: Measure,
    /// The figures.
    pub evidence: Value,
    /// When it was made.
    pub at: Moment,
}

/// A proposal as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredProposal {
    /// Its number.
    pub id: ProposalId,
    /// What it says.
    #[serde(flatten)]
    pub proposal: Proposal,
    /// Where it is.
    pub state: ProposalState,
    /// Who decided last, if anybody has.
    pub decided_by: Option<String>,
    /// When, on the mode's clock.
    pub decided_at: Option<Moment>,
    /// What that person noted.
    pub note: Option<String>,
    /// When it was applied, on the mode's clock.
    pub applied_at: Option<Moment>,
    /// When its effect is or was measured: fixed when it is applied.
    pub measure_at: Option<Moment>,
    /// What was before, to come back to.
    pub previous: Option<Value>,
    /// Its effect, once measured.
    pub effect: Option<MeasuredEffect>,
}

impl StoredProposal {
    /// Returns its effect in words: `too early` until it is measured.
    pub fn effect_words(&self) -> Option<String> {
        if let Some(effect) = &self.effect {
            return Some(effect.verdict.as_column().replace('_', " "));
        }
        (self.state == ProposalState::Applied).then(|| "too early".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_proposal_goes_from_open_over_approved_to_applied_and_back() {
        use ProposalEvent::{Apply, Approve, RollBack};
        let end = [Approve, Apply, RollBack]
            .into_iter()
            .try_fold(ProposalState::Open, ProposalState::next)
            .unwrap();
        assert_eq!(end, ProposalState::RolledBack);
    }

    proptest! {
        #[test]
        fn whatever_people_do_nothing_is_applied_that_was_not_approved_and_ends_are_ends(
            events in proptest::collection::vec(0_usize..4, 0..12),
        ) {
            let mut state = ProposalState::Open;
            let mut path = vec![state];
            for event in events {
                let event = ProposalEvent::ALL[event];
                match state.next(event) {
                    Ok(next) => {
                        prop_assert_ne!(next, state);
                        path.push(next);
                        state = next;
                    }
                    Err(refused) => {
                        prop_assert_eq!(refused.from, state.as_column());
                        prop_assert_eq!(refused.event, event.name());
                    }
                }
            }
            let ends = [ProposalState::Rejected, ProposalState::RolledBack];
            for pair in path.windows(2) {
                prop_assert!(!ends.contains(&pair[0]), "{:?} left its end", path);
                prop_assert!(pair[1] != ProposalState::Applied || pair[0] == ProposalState::Approved);
                prop_assert!(pair[1] != ProposalState::RolledBack || pair[0] == ProposalState::Applied);
            }
            prop_assert!(path.len() <= 4);
        }

        #[test]
        fn a_setting_key_is_read_back_as_it_was_written(channel in 0_usize..4, kind in 0_u8..3) {
            let channel = Channel::ALL[channel];
            let key = match kind {
                0 => SettingKey::Floor,
                1 => SettingKey::DailyCap(channel),
                _ => SettingKey::FollowUpHours(channel),
            };
            prop_assert_eq!(key.to_string().parse::<SettingKey>().unwrap(), key);
        }
    }

    #[test]
    fn only_settings_that_a_proposal_may_change_have_a_key_and_only_sound_values_fit() {
        assert!("outreach.sms_enabled".parse::<SettingKey>().is_err());
        assert!("outreach.caps.fax".parse::<SettingKey>().is_err());
        assert!(SettingKey::Floor.takes(0.1) && !SettingKey::Floor.takes(0.6));
        let cap = SettingKey::DailyCap(Channel::Email);
        assert!(cap.takes(60.0) && !cap.takes(60.5) && !cap.takes(f64::NAN) && !cap.takes(-1.0));
    }

    #[test]
    fn an_effect_is_better_worse_or_not_measurable() {
        let verdict = |before, after| judge(Measure::Booking, before, after, 30).verdict;
        assert_eq!(verdict((20, 1_000), (36, 1_000)), Verdict::Better);
        assert_eq!(verdict((36, 1_000), (20, 1_000)), Verdict::Worse);
        assert_eq!(verdict((20, 1_000), (22, 1_000)), Verdict::NoMeasurableEffect);
        assert_eq!(verdict((0, 20), (20, 20)), Verdict::NoMeasurableEffect);
        assert_eq!(verdict((0, 0), (0, 0)), Verdict::NoMeasurableEffect);
        let effect = judge(Measure::Booking, (20, 1_000), (36, 1_000), 30);
        assert_eq!(effect.n_for_a_half_more, sample_size(0.02, 0.03));
    }
}
