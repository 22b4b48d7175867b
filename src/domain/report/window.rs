//! Defines windows: whole UTC days in a row, over which a figure is measured and compared.
//!
//! Two windows are compared only when they have the same number of days, and a window counts as
//! measured only when every one of its days was. So a short month never looks worse than a long one
//! for being short.

use serde::{Deserialize, Serialize};

use super::Period;
use crate::domain::time::{DAY_MS, Moment};

/// Days between a window and the same weekdays of the year before.
const YEAR_DAYS: i64 = 364;

/// Days of a week: windows that are moved by whole weeks keep their weekdays.
const WEEK_DAYS: i64 = 7;

/// Whole UTC days in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// First instant.
    pub from: Moment,
    /// First instant after it.
    pub to: Moment,
}

impl Window {
    /// The days of `period` from the day of `live_at` on; `None` when there is none.
    pub fn of(period: &Period, live_at: Option<Moment>) -> Option<Self> {
        let live_day =
            live_at.map_or(period.starts_at, |at| Moment(at.0.div_euclid(DAY_MS) * DAY_MS));
        let from = live_day.max(period.starts_at);
        (from < period.ends_at).then_some(Self { from, to: period.ends_at })
    }

    /// How many days it has.
    pub const fn days(self) -> i64 {
        (self.to.0 - self.from.0) / DAY_MS
    }

    /// The first day, `2026-02-02`.
    pub fn first_day(self) -> String {
        self.from.utc_date().to_string()
    }

    /// The last day.
    pub fn last_day(self) -> String {
        self.to.plus_ms(-1).utc_date().to_string()
    }

    /// As many days just before.
    #[must_use]
    pub fn before(self) -> Self {
        self.moved(-self.days())
    }

    /// The same weekdays of the year before.
    #[must_use]
    pub fn a_year_ago(self) -> Self {
        self.moved(-YEAR_DAYS)
    }

    /// The last equally long window with the same weekdays that ends by `end`.
    #[must_use]
    pub fn ending_by(self, end: Moment) -> Self {
        let over = self.to.since(end).max(0);
        let weeks = over.div_euclid(WEEK_DAYS * DAY_MS)
            + i64::from(over.rem_euclid(WEEK_DAYS * DAY_MS) > 0);
        self.moved(-weeks * WEEK_DAYS)
    }

    /// The part of it that lies in `other`.
    pub fn within(self, other: Self) -> Option<Self> {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        (from < to).then_some(Self { from, to })
    }

    fn moved(self, days: i64) -> Self {
        Self { from: self.from.plus_ms(days * DAY_MS), to: self.to.plus_ms(days * DAY_MS) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn window(period: &str, live_at: &str) -> Option<(String, String)> {
        let window = Window::of(&Period::read(period).unwrap(), Some(at(live_at)))?;
        Some((window.first_day(), window.last_day()))
    }

    #[test]
    fn the_first_period_begins_on_the_day_of_go_live() {
        let days = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
        let found = window("monthly:2026-02", "2026-02-11T15:00:00Z");
        assert_eq!(found, days("2026-02-11", "2026-02-28"));
        let found = window("monthly:2026-03", "2026-02-11T15:00:00Z");
        assert_eq!(found, days("2026-03-01", "2026-03-31"));
        assert_eq!(window("monthly:2026-01", "2026-02-11T15:00:00Z"), None);
    }

    #[test]
    fn february_is_compared_with_the_twenty_eight_days_before_it_and_not_with_january() {
        let february = Window::of(&Period::read("monthly:2026-02").unwrap(), None).unwrap();
        let before = february.before();
        assert_eq!((before.days(), before.first_day()), (28, "2026-01-04".to_owned()));
        assert_eq!(before.last_day(), "2026-01-31");
    }

    proptest! {
        #[test]
        fn a_window_to_compare_with_is_as_long_and_a_moved_one_keeps_its_weekdays(
            first in 0_i64..20_000, n in 1_i64..92, end in 0_i64..20_000
        ) {
            let window = Window { from: Moment(first * DAY_MS), to: Moment((first + n) * DAY_MS) };
            prop_assert_eq!(window.before().days(), n);
            prop_assert_eq!(window.before().to, window.from);
            prop_assert_eq!(window.a_year_ago().days(), n);
            let early = window.ending_by(Moment(end * DAY_MS));
            prop_assert!(early.to <= Moment(end * DAY_MS) || early == window);
            for other in [window.a_year_ago(), early] {
                prop_assert_eq!(window.from.since(other.from).rem_euclid(7 * DAY_MS), 0);
            }
        }
    }
}
