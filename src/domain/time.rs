//! Defines `Moment`, the one representation of an instant: UTC milliseconds.
//!
//! Rows, events and JSON carry the same integer, so two databases compare without parsing. This
//! file never asks what time it is; `runtime::Clock` does, and hands a `Moment` in.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// One second in milliseconds.
pub const SECOND_MS: i64 = 1_000;
/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60 * SECOND_MS;
/// One hour in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// One day in milliseconds. Days here are 24 hours; calendar days need a zone, see `civil_date`.
pub const DAY_MS: i64 = 24 * HOUR_MS;
/// Planned times are rounded up to this step, so that plans of one quarter hour run together.
pub const QUARTER_HOUR_MS: i64 = 15 * MINUTE_MS;

/// An instant in UTC milliseconds since 1970.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// Returns the instant `ms` milliseconds later; it saturates instead of overflowing.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Returns the milliseconds from `earlier` to here, negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Returns the next multiple of `step_ms` at or after this instant.
    #[must_use]
    pub const fn ceil_to(self, step_ms: i64) -> Self {
        Self(self.0.saturating_add(step_ms - 1).div_euclid(step_ms) * step_ms)
    }

    /// Returns the next full quarter hour at or after this instant: where plans are put.
    #[must_use]
    pub const fn ceil_quarter_hour(self) -> Self {
        self.ceil_to(QUARTER_HOUR_MS)
    }

    /// Converts to the calendar library's type; out-of-range values are clamped to its ends.
    pub fn to_timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        })
    }

    /// Returns the calendar date of this instant in `zone`.
    pub fn civil_date(self, zone: &TimeZone) -> Date {
        self.to_timestamp().to_zoned(zone.clone()).date()
    }

    /// Writes this instant as clocks in `zone` show it, with the zone's short name and its offset:
    /// `Tue 2026-01-06 15:00 GMT (UTC+00:00, Europe/London)`. A zone that nobody knows is not guessed
    /// at: the time is given in UTC and says so.
    pub fn in_zone(self, zone: &str) -> String {
        let known = TimeZone::get(zone).ok().filter(|_| zone != "UTC");
        let Some(known) = known else {
            return self.to_timestamp().strftime("%a %Y-%m-%d %H:%M UTC").to_string();
        };
        let local = self.to_timestamp().to_zoned(known);
        let clock = local.strftime("%a %Y-%m-%d %H:%M %Z (UTC%:z");
        format!("{clock}, {zone})")
    }

    /// Returns the UTC date, `2026-01-05`.
    pub fn utc_date(self) -> Date {
        self.civil_date(&TimeZone::UTC)
    }
}

/// Milliseconds since the machine booted, time in suspend included. Nobody can set it, so it is what
/// leases end by; it means nothing after another boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Uptime(pub i64);

impl Uptime {
    /// Returns the instant `ms` milliseconds later; it saturates instead of overflowing.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Returns the milliseconds from `earlier` to here, negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<Timestamp> for Moment {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}

impl fmt::Display for Moment {
    /// Writes RFC 3339 in UTC to the second: `2026-01-05T09:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_timestamp().strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

impl FromStr for Moment {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Timestamp>().map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_rounded_up_to_the_quarter_hour_and_never_down() {
        let nine: Moment = "2026-01-05T09:00:00Z".parse().unwrap();
        assert_eq!(nine.ceil_quarter_hour(), nine);
        assert_eq!(nine.plus_ms(1).ceil_quarter_hour(), nine.plus_ms(QUARTER_HOUR_MS));
    }

    #[test]
    fn the_same_hour_of_the_week_is_another_instant_after_the_clocks_change() {
        for (utc, zone, local) in [
            ("2026-03-28T14:00:00Z", "Europe/Berlin", "Sat 2026-03-28 15:00 CET (UTC+01:00, "),
            ("2026-03-29T13:00:00Z", "Europe/Berlin", "Sun 2026-03-29 15:00 CEST (UTC+02:00, "),
            ("2026-11-01T05:30:00Z", "America/New_York", "Sun 2026-11-01 01:30 EDT (UTC-04:00, "),
            ("2026-11-01T06:30:00Z", "America/New_York", "Sun 2026-11-01 01:30 EST (UTC-05:00, "),
            ("2026-01-06T15:00:00Z", "Asia/Kathmandu", "Tue 2026-01-06 20:45 +0545 (UTC+05:45, "),
        ] {
            let shown = utc.parse::<Moment>().unwrap().in_zone(zone);
            assert_eq!(shown, format!("{local}{zone})"));
        }
    }

    #[test]
    fn a_zone_that_nobody_knows_is_shown_as_utc_and_said_to_be() {
        let at: Moment = "2026-01-06T15:00:00Z".parse().unwrap();
        for zone in ["", "UTC", "Mars/Olympus", "../etc/passwd"] {
            assert_eq!(at.in_zone(zone), "Tue 2026-01-06 15:00 UTC", "{zone}");
        }
    }

    #[test]
    fn an_instant_prints_as_rfc_3339_and_reads_back() {
        let text = "2026-01-05T09:30:00Z";
        assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
    }
}
