//! Defines the hours in which a prospect may be reached.
//!
//! They are kept in the prospect's own zone, across changes of the clock: a call at half past six in
//! the morning is not undone by the fact that it was half past nine where the machine runs.

use jiff::ToSpan;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::time::{DAY_MS, Moment};

/// The hours in which a prospect may be written to or called, in its own zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactHours {
    /// First hour in which it may.
    pub open_hour: i8,
    /// First hour in which it may not any more.
    pub close_hour: i8,
    /// Whether Saturday and Sunday are days like others.
    pub weekends: bool,
}

impl ContactHours {
    /// Whether a prospect in `zone` may be reached at `at`.
    pub fn is_open(&self, at: Moment, zone: &TimeZone) -> bool {
        let local = at.to_timestamp().to_zoned(zone.clone());
        let weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
        (self.weekends || !weekend) && (self.open_hour..self.close_hour).contains(&local.hour())
    }

    /// Returns the first instant at or after `at` at which a prospect in `zone` may be reached.
    ///
    /// Hours that leave no time at all (open at or after close) give `at` plus ten days, so that
    /// a wrong setting shows as a late plan and not as an endless search.
    pub fn next_open(&self, at: Moment, zone: &TimeZone) -> Moment {
        if self.is_open(at, zone) {
            return at;
        }
        let local = at.to_timestamp().to_zoned(zone.clone());
        (0..=SEARCH_DAYS_MAX)
            .filter_map(|days| {
                let day = local.date().checked_add(days.days()).ok()?;
                // A clock that jumps over the opening hour opens when the jump is over.
                let opening = day.at(self.open_hour, 0, 0, 0).to_zoned(zone.clone()).ok()?;
                Some(Moment::from(opening.timestamp()))
            })
            .find(|&opening| opening >= at && self.is_open(opening, zone))
            .unwrap_or_else(|| at.plus_ms(SEARCH_DAYS_MAX * DAY_MS))
    }
}

/// Days searched for an opening: more than any weekend, with a clock change in it.
const SEARCH_DAYS_MAX: i64 = 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OFFICE: ContactHours = ContactHours { open_hour: 9, close_hour: 17, weekends: false };

    #[test]
    fn friday_evening_waits_for_monday_morning() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let hours = OFFICE;
        let friday: Moment = "2026-01-09T16:30:00Z".parse().unwrap();
        assert_eq!(hours.next_open(friday, &zone).to_string(), "2026-01-12T08:00:00Z");
    }

    #[test]
    fn nine_in_the_morning_stays_nine_when_the_clocks_change() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let hours = OFFICE;
        // The clocks go forward on Sunday 2026-03-29, and back on 2026-10-25.
        let before: Moment = "2026-03-27T17:00:00Z".parse().unwrap();
        assert_eq!(hours.next_open(before, &zone).to_string(), "2026-03-30T07:00:00Z");
        let before: Moment = "2026-10-23T17:00:00Z".parse().unwrap();
        assert_eq!(hours.next_open(before, &zone).to_string(), "2026-10-26T08:00:00Z");
    }

    #[test]
    fn an_opening_hour_that_the_clock_jumps_over_opens_after_the_jump() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let hours = ContactHours { open_hour: 2, close_hour: 5, weekends: true };
        let midnight: Moment = "2026-03-28T23:30:00Z".parse().unwrap();
        // 02:00 does not exist on that Sunday; 03:00 summer time does.
        assert_eq!(hours.next_open(midnight, &zone).to_string(), "2026-03-29T01:00:00Z");
    }

    #[test]
    fn hours_without_any_time_end_the_search() {
        let hours = ContactHours { open_hour: 17, close_hour: 9, weekends: false };
        let at = Moment(0);
        assert_eq!(hours.next_open(at, &TimeZone::UTC), at.plus_ms(SEARCH_DAYS_MAX * DAY_MS));
    }

    proptest! {
        #[test]
        fn a_planned_contact_is_never_early_and_never_in_quiet_hours(
            minutes in 0_i64..60 * 24 * 800,
            zone in prop::sample::select(vec![
                "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu",
            ]),
            open in 0_i8..12,
            width in 1_i8..12,
            weekends: bool,
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let hours = ContactHours { open_hour: open, close_hour: open + width, weekends };
            let at = "2026-01-01T00:00:00Z".parse::<Moment>().unwrap().plus_ms(minutes * 60_000);
            let open_at = hours.next_open(at, &zone);
            prop_assert!(open_at >= at);
            prop_assert!(hours.is_open(open_at, &zone), "{open_at} is closed");
            prop_assert_eq!(hours.next_open(open_at, &zone), open_at);
        }
    }
}
