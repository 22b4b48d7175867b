//! Counts the calendar: ISO weeks, months and quarters in UTC.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::domain::column::{self, UnknownWord};
use crate::domain::time::Moment;

/// How often a report is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// Each ISO week.
    Weekly,
    /// Each calendar month.
    Monthly,
    /// Each calendar quarter.
    Quarterly,
}

impl Cadence {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Weekly, Self::Monthly, Self::Quarterly];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("cadence", word, &Self::ALL, Self::as_column)
    }

    /// How its periods are spoken of: `week`.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Weekly => "week",
            Self::Monthly => "month",
            Self::Quarterly => "quarter",
        }
    }

    /// The first day of the period that holds `date`.
    fn first_day(self, date: Date) -> Date {
        match self {
            Self::Weekly => {
                let back = date.weekday().to_monday_zero_offset();
                date.saturating_sub(i32::from(back).days())
            }
            Self::Monthly => date.first_of_month(),
            Self::Quarterly => {
                let back = (date.month() - 1) % 3;
                date.first_of_month().saturating_sub(i32::from(back).months())
            }
        }
    }

    /// The first day of the period after the one that begins on `first`.
    fn next_first_day(self, first: Date) -> Date {
        match self {
            Self::Weekly => first.saturating_add(7.days()),
            Self::Monthly => first.saturating_add(1.month()),
            Self::Quarterly => first.saturating_add(3.months()),
        }
    }
}

/// One period of one cadence; it is named by its first day alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period {
    /// How long it is.
    pub cadence: Cadence,
    /// First instant.
    pub starts_at: Moment,
    /// First instant after it.
    pub ends_at: Moment,
}

impl Period {
    /// The period of `cadence` in which `at` lies.
    pub fn containing(cadence: Cadence, at: Moment) -> Self {
        Self::beginning(cadence, cadence.first_day(at.utc_date()))
    }

    /// The one after.
    #[must_use]
    pub fn next(self) -> Self {
        Self::containing(self.cadence, self.ends_at)
    }

    /// The one before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self::containing(self.cadence, self.starts_at.plus_ms(-1))
    }

    /// Whether `at` lies in it.
    pub fn holds(&self, at: Moment) -> bool {
        self.starts_at <= at && at < self.ends_at
    }

    /// Its short name: `2026-W06`, `2026-02`, `2026-Q1`.
    pub fn label(&self) -> String {
        let first = self.starts_at.utc_date();
        match self.cadence {
            Cadence::Weekly => {
                let week = first.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Cadence::Monthly => format!("{:04}-{:02}", first.year(), first.month()),
            Cadence::Quarterly => format!("{:04}-Q{}", first.year(), (first.month() - 1) / 3 + 1),
        }
    }

    /// Reads the stored name, `weekly:2026-W06`; `None` for anything else.
    pub fn read(name: &str) -> Option<Self> {
        let (cadence, label) = name.split_once(':')?;
        let cadence = Cadence::from_column(cadence).ok()?;
        let (year, rest) = label.split_once('-')?;
        let year: i16 = year.parse().ok()?;
        let first = match cadence {
            Cadence::Weekly => {
                let week = rest.strip_prefix('W')?.parse().ok()?;
                ISOWeekDate::new(year, week, Weekday::Monday).ok()?.date()
            }
            Cadence::Monthly => Date::new(year, rest.parse().ok()?, 1).ok()?,
            Cadence::Quarterly => {
                let quarter: i8 = rest.strip_prefix('Q')?.parse().ok()?;
                Date::new(year, quarter.checked_mul(3)?.checked_sub(2)?, 1).ok()?
            }
        };
        let period = Self::beginning(cadence, first);
        (period.to_string() == name).then_some(period)
    }

    fn beginning(cadence: Cadence, first: Date) -> Self {
        Self {
            cadence,
            starts_at: midnight(first),
            ends_at: midnight(cadence.next_first_day(first)),
        }
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::read(&name).ok_or_else(|| format!("{name:?} names no period"))
    }
}

impl fmt::Display for Period {
    /// Writes the stored name, `weekly:2026-W06`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.cadence.as_column(), self.label())
    }
}

/// The first instant of a day; dates at the very end of the calendar saturate like `Moment` does.
fn midnight(date: Date) -> Moment {
    date.to_zoned(TimeZone::UTC).map_or(Moment(i64::MAX), |zoned| Moment::from(zoned.timestamp()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::DAY_MS;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn named(cadence: Cadence, text: &str) -> String {
        Period::containing(cadence, at(text)).to_string()
    }

    #[test]
    fn an_iso_week_belongs_to_the_year_of_its_thursday() {
        assert_eq!(named(Cadence::Weekly, "2026-01-05T09:00:00Z"), "weekly:2026-W02");
        assert_eq!(named(Cadence::Weekly, "2026-01-01T00:00:00Z"), "weekly:2026-W01");
        assert_eq!(named(Cadence::Weekly, "2025-12-29T00:00:00Z"), "weekly:2026-W01");
        assert_eq!(named(Cadence::Weekly, "2027-01-03T23:59:59Z"), "weekly:2026-W53");
    }

    #[test]
    fn months_and_quarters_begin_on_their_first_day() {
        let february = Period::containing(Cadence::Monthly, at("2028-02-29T12:00:00Z"));
        assert_eq!(february.label(), "2028-02");
        assert_eq!(february.ends_at, at("2028-03-01T00:00:00Z"));
        let quarter = Period::containing(Cadence::Quarterly, at("2026-06-30T23:59:59Z"));
        assert_eq!(
            (quarter.label().as_str(), quarter.starts_at),
            ("2026-Q2", at("2026-04-01T00:00:00Z"))
        );
    }

    #[test]
    fn a_name_that_is_not_a_period_is_not_read() {
        for name in [
            "weekly:2026-W54",
            "monthly:2026-13",
            "quarterly:2026-Q5",
            "daily:2026-01-01",
            "weekly:2026-W6",
            "2026-W06",
            "",
            "quarterly:2026-Q-9",
        ] {
            assert_eq!(Period::read(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn periods_tile_the_calendar_and_their_names_read_back(
            day in 0_i64..60_000, part in 0_i64..DAY_MS,
        ) {
            let moment = Moment(day * DAY_MS + part);
            for cadence in Cadence::ALL {
                let period = Period::containing(cadence, moment);
                prop_assert!(period.holds(moment));
                prop_assert_eq!(period.next().starts_at, period.ends_at);
                prop_assert_eq!(period.next().previous(), period);
                prop_assert_eq!(Period::read(&period.to_string()), Some(period));
            }
        }
    }
}
