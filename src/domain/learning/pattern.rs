//! Looks for groups of contacts that book more or less than the others, without selling chance.
//!
//! Among twenty groups one differs "significantly" by chance alone, and among fifty weeks some week
//! does. Both are paid for: within one look by Holm's rule, and over the looks by halving the level
//! each time and by looking again only when the contacts have doubled.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::RowRange;
use crate::domain::stats::{Interval, holm, two_proportions, wilson};
use crate::domain::time::Moment;

/// The level of all looks together.
const LEVEL: f64 = 0.05;

/// Hours of one block of the day: with eight contact hours, four groups to compare.
const BLOCK_HOURS: i8 = 2;

/// Concluded contacts that have everything in common that is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contacts {
    /// Our category of the business.
    pub category: String,
    /// How weak its profile is, if known.
    pub tier: Option<String>,
    /// The channel of the first message.
    pub channel: String,
    /// The prospect's IANA zone.
    pub zone: String,
    /// The hour of the first message.
    pub sent_at: Moment,
    /// The channel of the second message and the days after which it was planned when the first went
    /// out, whatever came of it: a plan is no consequence of the answer.
    pub follow_up: Option<(String, i64)>,
    /// How many.
    pub n: u64,
    /// Of these, booked.
    pub booked: u64,
    /// Their rows of `prospects`.
    pub rows: RowRange,
}

/// What groups are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// The category of the business.
    Category,
    /// The channel of the first message.
    Channel,
    /// How weak the profile is.
    Tier,
    /// The hour of the first message, where the prospect is.
    SendHour,
    /// Channel and day of the second message, as planned.
    FollowUp,
}

impl Dimension {
    const ALL: [Self; 5] =
        [Self::Category, Self::Channel, Self::Tier, Self::SendHour, Self::FollowUp];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Channel => "channel",
            Self::Tier => "tier",
            Self::SendHour => "send hour",
            Self::FollowUp => "follow-up",
        }
    }

    fn value(self, contacts: &Contacts) -> Option<String> {
        match self {
            Self::Category => Some(contacts.category.clone()),
            Self::Channel => Some(contacts.channel.clone()),
            Self::Tier => contacts.tier.clone(),
            Self::FollowUp => {
                let (channel, days) = contacts.follow_up.as_ref()?;
                Some(format!("{channel} after {days} days"))
            }
            Self::SendHour => {
                let zone = TimeZone::get(&contacts.zone).ok()?;
                let hour = contacts.sent_at.to_timestamp().to_zoned(zone).hour();
                let from = hour / BLOCK_HOURS * BLOCK_HOURS;
                Some(format!("{from:02}-{:02}", from + BLOCK_HOURS))
            }
        }
    }
}

/// One group against all the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// By what.
    pub dimension: Dimension,
    /// Which group: `email`, `dental`, `hot`, `10-12`.
    pub value: String,
    /// Booked and all of the group.
    pub group: (u64, u64),
    /// Booked and all of the others.
    pub others: (u64, u64),
    /// Interval of the group's share.
    pub interval: Interval,
    /// Interval of the others' share.
    pub others_interval: Interval,
    /// Chance of so large a difference if there were none, before the correction.
    pub p: f64,
    /// Whether it stands after the correction.
    pub stands: bool,
    /// The group's rows of `prospects`.
    pub rows: RowRange,
}

/// Everything compared at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The how manieth look.
    pub number: u32,
    /// Concluded contacts looked at.
    pub n: u64,
    /// The level that this look may spend.
    pub level: f64,
    /// How the comparisons were corrected.
    pub correction: String,
    /// All that were made, those that say nothing too.
    pub comparisons: Vec<Comparison>,
}

/// What was looked at before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EarlierLooks {
    /// How many looks.
    pub count: u32,
    /// Contacts of the last one.
    pub n: u64,
}

/// Compares each group with the others, if it is time for another look: when there are contacts
/// enough for one comparison, and twice those of the last look.
///
/// A group is compared when it and the others have `n_min` contacts each.
pub fn look(contacts: &[Contacts], earlier: EarlierLooks, n_min: u64) -> Option<Look> {
    let n: u64 = contacts.iter().map(|some| some.n).sum();
    if n < (2 * n_min).max(2 * earlier.n) {
        return None;
    }
    let booked: u64 = contacts.iter().map(|some| some.booked).sum();
    let mut comparisons: Vec<Comparison> = Dimension::ALL
        .into_iter()
        .flat_map(|dimension| groups(contacts, dimension))
        .filter(|group| group.n >= n_min && n - group.n >= n_min)
        .filter_map(|group| compared(group, (booked, n)))
        .collect();
    if comparisons.is_empty() {
        return None;
    }
    let number = earlier.count + 1;
    let level = LEVEL * 0.5_f64.powi(i32::try_from(number).unwrap_or(i32::MAX));
    let values: Vec<f64> = comparisons.iter().map(|comparison| comparison.p).collect();
    for (comparison, stands) in comparisons.iter_mut().zip(holm(&values, level)) {
        comparison.stands = stands;
    }
    Some(Look { number, n, level, correction: "holm".to_owned(), comparisons })
}

struct Group {
    dimension: Dimension,
    value: String,
    n: u64,
    booked: u64,
    rows: RowRange,
}

fn groups(contacts: &[Contacts], dimension: Dimension) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for some in contacts {
        let Some(value) = dimension.value(some) else { continue };
        match groups.iter_mut().find(|group| group.value == value) {
            Some(group) => {
                group.n += some.n;
                group.booked += some.booked;
                group.rows = group.rows.joined(some.rows);
            }
            None => groups.push(Group {
                dimension,
                value,
                n: some.n,
                booked: some.booked,
                rows: some.rows,
            }),
        }
    }
    groups.sort_by(|left, right| left.value.cmp(&right.value));
    groups
}

fn compared(group: Group, (booked, n): (u64, u64)) -> Option<Comparison> {
    let others = (booked - group.booked, n - group.n);
    let test = two_proportions(others, (group.booked, group.n))?;
    Some(Comparison {
        dimension: group.dimension,
        value: group.value,
        group: (group.booked, group.n),
        others,
        interval: wilson(group.booked, group.n),
        others_interval: wilson(others.0, others.1),
        p: test.p,
        stands: false,
        rows: group.rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::draw::Seed;
    use crate::domain::time::HOUR_MS;

    fn contact(index: u32, booked: bool) -> Contacts {
        let pick = |words: &[&str]| words[index as usize % words.len()].to_owned();
        Contacts {
            category: pick(&["dental", "hvac", "restaurant", "salon", "legal"]),
            tier: Some(pick(&["hot", "warm", "cold"])),
            channel: pick(&["email", "linkedin", "phone", "email"]),
            zone: "America/New_York".to_owned(),
            sent_at: Moment(1_767_625_200_000 + i64::from(index % 8) * HOUR_MS),
            follow_up: None,
            n: 1,
            booked: u64::from(booked),
            rows: RowRange { from: index.into(), to: index.into() },
        }
    }

    #[test]
    fn a_real_difference_stands_and_names_its_rows() {
        let contacts: Vec<Contacts> = (0..600)
            .map(|index| {
                let one = contact(index, false);
                let share = if one.channel == "phone" { 0.30 } else { 0.05 };
                let booked = Seed(2).unit(&["booked", &index.to_string()]) < share;
                contact(index, booked)
            })
            .collect();
        let look = look(&contacts, EarlierLooks::default(), 30).unwrap();
        let standing: Vec<_> =
            look.comparisons.iter().filter(|one| one.stands).map(|one| &one.value).collect();
        assert!(standing.contains(&&"phone".to_owned()), "{standing:?}");
        let phone = look.comparisons.iter().find(|one| one.value == "phone").unwrap();
        assert_eq!((phone.rows, phone.group.1), (RowRange { from: 2, to: 598 }, 150));
        assert!(phone.interval.low > phone.others_interval.high, "{phone:?}");
    }

    #[test]
    fn chance_alone_sells_a_pattern_in_at_most_one_of_twenty_histories() {
        let sold = (0..60_u32)
            .filter(|history| {
                let contacts: Vec<Contacts> = (0..1_600)
                    .map(|index| {
                        let key = format!("{history}/{index}");
                        contact(index, Seed(9).unit(&["booked", &key]) < 0.1)
                    })
                    .collect();
                let mut earlier = EarlierLooks::default();
                (1..=16_usize).any(|week| {
                    let Some(look) = look(&contacts[..week * 100], earlier, 30) else {
                        return false;
                    };
                    earlier = EarlierLooks { count: look.number, n: look.n };
                    look.comparisons.iter().any(|one| one.stands)
                })
            })
            .count();
        assert!(sold <= 3, "{sold} of 60 histories sold a pattern that is not there");
    }

    #[test]
    fn nothing_is_looked_at_before_there_is_enough_or_before_it_has_doubled() {
        let contacts: Vec<Contacts> =
            (0..100).map(|index| contact(index, index % 9 == 0)).collect();
        assert_eq!(look(&contacts[..59], EarlierLooks::default(), 30), None);
        assert!(look(&contacts, EarlierLooks::default(), 30).is_some());
        assert_eq!(look(&contacts, EarlierLooks { count: 1, n: 51 }, 30), None);
    }

    #[test]
    fn the_hour_is_the_prospects_own() {
        let at_fourteen_utc = Contacts { sent_at: Moment(1_767_621_600_000), ..contact(0, false) };
        assert_eq!(Dimension::SendHour.value(&at_fourteen_utc).unwrap(), "08-10");
    }
}
