//! Defines how many messages fit in one day: of a channel, and to one mail domain.
//!
//! A new sender has no reputation, and a mail provider that sees fifty messages from a stranger in
//! one morning takes him for a spammer. So the cap of a day grows with the days on which mail was
//! sent before. Which day it is follows from the counters of those days; it is stored nowhere else.

use serde::{Deserialize, Serialize};

/// The most that fits in one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyCap {
    /// The cap once nothing has to grow any more.
    pub full: u32,
    /// How it grows towards that; `None` holds it there from the first day.
    pub warm_up: Option<WarmUp>,
}

/// How the cap of a new sender grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmUp {
    /// The cap of the first day on which something is sent.
    pub start_per_day: u32,
    /// By how many percent it grows from one day of sending to the next, rounded up.
    pub growth_percent: u32,
}

/// A quota and its cap. Its counter of a day is called `NAME/2026-01-05`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// `email`, `phone`, `domain:gmail.com`.
    pub name: String,
    /// The most that fits in one of its days.
    pub cap: DailyCap,
}

/// Days after which a cap that still grows is taken as full: growth of one a day reaches any cap
/// that a person would set, and a search over more days would cost more than it could find.
const GROWING_DAYS_MAX: u32 = 366;

impl DailyCap {
    /// Makes a cap that is the same on every day.
    pub const fn flat(full: u32) -> Self {
        Self { full, warm_up: None }
    }

    /// Returns the cap of a day before which there were `days_before` days of sending.
    pub fn after(self, days_before: u32) -> u32 {
        let Some(WarmUp { start_per_day, growth_percent }) = self.warm_up else { return self.full };
        let mut cap = start_per_day.min(self.full);
        for _ in 0..days_before.min(GROWING_DAYS_MAX) {
            if cap >= self.full {
                break;
            }
            let grown = u64::from(cap) * u64::from(growth_percent);
            let more = u32::try_from(grown.div_ceil(100)).unwrap_or(u32::MAX).max(1);
            cap = cap.saturating_add(more).min(self.full);
        }
        if days_before > GROWING_DAYS_MAX { self.full } else { cap }
    }

    /// Returns the cap of the first day, below which no day has to be counted.
    pub fn least(self) -> u32 {
        self.after(0)
    }

    /// Returns after how many days of sending the cap is full: no more need to be counted.
    pub fn grows_for_days(self) -> u32 {
        (0..=GROWING_DAYS_MAX)
            .find(|&days| self.after(days) >= self.full)
            .unwrap_or(GROWING_DAYS_MAX + 1)
    }
}

/// Returns the mail domain that an address shares with other mailboxes of one provider, in lower
/// case; `None` for what is no address.
///
/// Who hosts the mail of a business's own domain is not visible in the address, so such a domain
/// counts by itself, and in practice it is one recipient.
pub fn mail_domain(address: &str) -> Option<String> {
    let (_, domain) = address.trim().rsplit_once('@')?;
    let domain = domain.to_lowercase();
    match domain.as_str() {
        "" => None,
        // One provider under its two names; every other name is a domain of its own.
        "googlemail.com" => Some("gmail.com".to_owned()),
        _ => Some(domain),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NEW_SENDER: DailyCap =
        DailyCap { full: 50, warm_up: Some(WarmUp { start_per_day: 10, growth_percent: 20 }) };

    #[test]
    fn a_new_sender_grows_by_a_fifth_a_day_to_exactly_fifty() {
        let caps: Vec<u32> = (0..12).map(|day| NEW_SENDER.after(day)).collect();
        assert_eq!(caps, [10, 12, 15, 18, 22, 27, 33, 40, 48, 50, 50, 50]);
        assert_eq!(NEW_SENDER.grows_for_days(), 9);
        assert_eq!(DailyCap::flat(50).grows_for_days(), 0);
    }

    #[test]
    fn both_names_of_one_provider_are_one_domain_and_a_business_has_its_own() {
        assert_eq!(mail_domain("A@GoogleMail.com").as_deref(), Some("gmail.com"));
        assert_eq!(mail_domain("b@gmail.com").as_deref(), Some("gmail.com"));
        assert_eq!(mail_domain("c@gmx.de").as_deref(), Some("gmx.de"));
        assert_eq!(mail_domain("info@dental.example").as_deref(), Some("dental.example"));
        assert_eq!((mail_domain("nobody"), mail_domain("a@")), (None, None));
    }

    proptest! {
        #[test]
        fn a_cap_never_shrinks_and_never_passes_the_full_one(
            full in 0_u32..500, start in 1_u32..500, growth in 1_u32..200, day in 0_u32..800,
        ) {
            let warm_up = WarmUp { start_per_day: start, growth_percent: growth };
            let cap = DailyCap { full, warm_up: Some(warm_up) };
            prop_assert!(cap.after(day) <= cap.after(day + 1));
            prop_assert!(cap.after(day) <= full);
            prop_assert_eq!(cap.after(cap.grows_for_days()), full);
        }
    }
}
