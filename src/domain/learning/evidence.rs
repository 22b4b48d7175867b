//! Defines what is counted of a variant's contacts, and how much old evidence weighs.
//!
//! A contact is pending until its window has closed, whatever happened in it: bookings are seen at
//! once and their absence only at the end, so counting bookings early would make every variant look
//! the better the more of its contacts are young.

use serde::{Deserialize, Serialize};

/// The contacts of one variant whose windows closed on one day, or are still open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmDay {
    /// The variant.
    pub arm: String,
    /// Whole days since their windows closed; `None` while they are open.
    pub closed_days: Option<u32>,
    /// Prospects contacted with it.
    pub contacts: u64,
    /// Of these, booked within the window.
    pub booked: u64,
    /// Of these, wanted no more messages.
    pub opted_out: u64,
    /// Of these, reported us.
    pub complained: u64,
}

/// What became of one variant's contacts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmOutcomes {
    /// The variant.
    pub arm: String,
    /// Prospects contacted with it.
    pub contacts: u64,
    /// Of these, booked within a window that has closed.
    pub successes: u64,
    /// Of these, the window closed without a booking. The rest is pending.
    pub failures: u64,
    /// The successes, each by its weight.
    pub weighted_successes: f64,
    /// The failures, each by its weight.
    pub weighted_failures: f64,
    /// Contacts that wanted no more messages, pending ones included.
    pub opted_out: u64,
    /// Contacts that reported us, pending ones included.
    pub complained: u64,
}

/// Adds days up to outcomes, one for each variant in the order of the names.
///
/// `discount` is what a day's age leaves of a contact's weight, 0–1: at 0.99 half is left after 69
/// days. Guards count every contact in full: harm does not fade.
pub fn tally(days: &[ArmDay], discount: f64) -> Vec<ArmOutcomes> {
    let mut outcomes: Vec<ArmOutcomes> = Vec::new();
    for day in days {
        let place = outcomes.iter().position(|arm| arm.arm == day.arm).unwrap_or_else(|| {
            outcomes.push(ArmOutcomes { arm: day.arm.clone(), ..ArmOutcomes::default() });
            outcomes.len() - 1
        });
        let arm = &mut outcomes[place];
        arm.contacts += day.contacts;
        arm.opted_out += day.opted_out;
        arm.complained += day.complained;
        if let Some(age) = day.closed_days {
            let failed = day.contacts.saturating_sub(day.booked);
            let weight = discount.powi(i32::try_from(age).unwrap_or(i32::MAX));
            arm.successes += day.booked;
            arm.failures += failed;
            arm.weighted_successes += weight * real(day.booked);
            arm.weighted_failures += weight * real(failed);
        }
    }
    outcomes.sort_by(|left, right| left.arm.cmp(&right.arm));
    outcomes
}

#[expect(clippy::cast_precision_loss, reason = "counts of contacts are far below 2^53")]
const fn real(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(arm: &str, closed_days: Option<u32>, contacts: u64, booked: u64) -> ArmDay {
        ArmDay { arm: arm.to_owned(), closed_days, contacts, booked, opted_out: 1, complained: 0 }
    }

    #[test]
    fn open_windows_are_pending_even_when_a_booking_came() {
        let outcomes = tally(&[day("a", None, 10, 4), day("a", Some(0), 20, 3)], 0.99);
        let [a] = &outcomes[..] else { panic!("{outcomes:?}") };
        assert_eq!((a.contacts, a.successes, a.failures, a.opted_out), (30, 3, 17, 2));
    }

    #[test]
    fn evidence_halves_in_69_days_at_099_and_the_counts_stay_whole() {
        let outcomes = tally(&[day("a", Some(69), 20, 10)], 0.99);
        assert_eq!((outcomes[0].successes, outcomes[0].failures), (10, 10));
        assert!((outcomes[0].weighted_successes - 5.0).abs() < 0.01, "{outcomes:?}");
    }

    proptest! {
        #[test]
        fn weighted_evidence_is_never_more_than_was_counted(
            days in proptest::collection::vec((0_u32..400, 0_u64..50, 0_u64..50), 0..20),
            discount in 0.5_f64..=1.0,
        ) {
            let days: Vec<ArmDay> = days
                .into_iter()
                .map(|(age, contacts, booked)| day("a", Some(age), contacts, booked.min(contacts)))
                .collect();
            for arm in tally(&days, discount) {
                prop_assert!(arm.weighted_successes <= real(arm.successes) + 1e-9);
                prop_assert!(arm.weighted_failures <= real(arm.failures) + 1e-9);
                prop_assert_eq!(arm.successes + arm.failures, arm.contacts);
            }
        }
    }
}
