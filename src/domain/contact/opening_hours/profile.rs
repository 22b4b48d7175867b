//! Turns opening hours into what a public profile takes: one week, and exceptions with dates.
//!
//! A profile has no rule for "public holidays" and none for a part of the year. So a rule becomes an
//! exception only when its dates are certain: they are written, or they are public holidays by law
//! in the whole country. What is left out is named; a day is never guessed.

use jiff::ToSpan;
use jiff::civil::Date;
use opening_hours_syntax::parse;
use opening_hours_syntax::rules::day::{
    Date as RuleDate, HolidayKind, MonthdayRange, WeekDayRange,
};
use opening_hours_syntax::rules::time::{Time, TimeSpan};
use opening_hours_syntax::rules::{OpeningHoursExpression, RuleKind, RuleOperator, RuleSequence};

use super::{is_holiday, is_holiday_only, tidy, whole_day};

const DAY_NAMES: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const MINUTES_OF_DAY: u16 = 24 * 60;

/// Zones of the countries whose law is known here: all of them keep the days of `SURE_HOLIDAYS`.
const KNOWN_ZONES: [&str; 13] = [
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/New_York",
    "America/Toronto",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Monaco",
    "Europe/Paris",
    "Europe/Rome",
    "Europe/Vaduz",
    "Europe/Vienna",
    "Europe/Zurich",
];

/// Months and days that are public holidays in every state, canton and province of those countries.
/// All others move, differ by region or by year, or are kept by some businesses alone.
const SURE_HOLIDAYS: [(i8, i8); 2] = [(1, 1), (12, 25)];

/// One stretch of open time: day 0 is Monday, minutes count from its midnight; `to` may lie on the
/// next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Open {
    day: usize,
    from: u16,
    to: u16,
}

/// Days that are not as the week says, as a profile takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions {
    /// `2026-12-24 10:00-14:00; 2026-12-25 off`, by date; empty when no date is certain.
    pub dated: String,
    /// What is left out, and why, for a person; `None` when nothing is.
    pub left_out: Option<String>,
}

/// Reads the week that a profile takes, in the notation's normal form; rules for holidays alone are
/// not part of it.
///
/// # Errors
/// Why there is no such week, in words for a person.
pub fn week(raw: &str) -> Result<String, String> {
    let mut rules = rules(raw)?;
    rules.retain(|rule| !is_holiday_only(rule));
    for rule in &mut rules {
        rule.day_selector.weekday.retain(|day| !is_holiday(day));
    }
    let mut days: [Vec<(u16, u16)>; 7] = Default::default();
    for rule in &rules {
        let times = times(rule)?;
        for day in days_of(rule)? {
            match rule.operator {
                RuleOperator::Normal => days[day].clone_from(&times),
                RuleOperator::Additional => days[day].extend(&times),
                RuleOperator::Fallback => return Err(refused(rule, "is no fixed time")),
            }
        }
    }
    let mut open: Vec<Open> = days
        .into_iter()
        .enumerate()
        .flat_map(|(day, times)| times.into_iter().map(move |(from, to)| Open { day, from, to }))
        .collect();
    if open.is_empty() {
        return Err("no day is open".to_owned());
    }
    open.sort_unstable();
    match overlap(&open) {
        Some(why) => Err(why),
        None => Ok(OpeningHoursExpression { rules }.normalize().to_string()),
    }
}

/// Reads what is said about holidays and single days (`PH off`, `Dec 24 10:00-14:00`,
/// `2026-12-25 off`) as a profile in `zone` takes it from `today` on, for the coming year.
///
/// # Errors
/// What cannot be understood, or that every date has passed.
pub fn exceptions(raw: &str, zone: &str, today: Date) -> Result<Exceptions, String> {
    let mut dated: Vec<(Date, String)> = Vec::new();
    let (mut left_out, mut has_passed) = (Vec::new(), false);
    for text in raw.split(';').map(str::trim).filter(|text| !text.is_empty()) {
        for (dates, times) in exception(text, zone, today)? {
            match dates {
                Dates::Written(date) if date < today => has_passed = true,
                Dates::Written(date) => put(&mut dated, date, &times),
                Dates::Holidays(dates) => {
                    left_out.push(unsure(text, &dates));
                    for date in dates {
                        put(&mut dated, date, &times);
                    }
                }
            }
        }
    }
    if has_passed && dated.is_empty() && left_out.is_empty() {
        return Err("every date has passed".to_owned());
    }
    dated.sort();
    let dated: Vec<_> = dated.into_iter().map(|(date, times)| format!("{date} {times}")).collect();
    left_out.dedup();
    Ok(Exceptions {
        dated: dated.join("; "),
        left_out: (!left_out.is_empty()).then(|| left_out.join("; ")),
    })
}

/// Returns the rules of a text that name public holidays; a week may hold some.
pub fn holiday_rules(raw: &str) -> Option<String> {
    super::read(raw)?.special.filter(|rules| rules != "24/7")
}

/// On which days an exception holds.
enum Dates {
    /// The date that stands there.
    Written(Date),
    /// The public holidays of the coming year whose dates are certain.
    Holidays(Vec<Date>),
}

fn put(dated: &mut Vec<(Date, String)>, date: Date, times: &str) {
    // What is said later of the same day holds.
    dated.retain(|(known, _)| *known != date);
    dated.push((date, times.to_owned()));
}

fn unsure(rule: &str, sure: &[Date]) -> String {
    let sure: Vec<String> = sure.iter().map(Date::to_string).collect();
    if sure.is_empty() {
        format!("{rule:?}: no public holiday is certain there; send the dates")
    } else {
        let sure = sure.join(" and ");
        format!("{rule:?} on other days than {sure}: their dates are not certain; send them")
    }
}

/// Reads one rule; its times are written anew.
fn exception(text: &str, zone: &str, today: Date) -> Result<Vec<(Dates, String)>, String> {
    let no_date = || format!("{text:?} names no date; use for example 2026-12-25 off");
    if let Some((first, rest)) = text.split_once(' ')
        && let Ok(date) = first.parse::<Date>()
    {
        let [rule] = rules(rest)?.try_into().map_err(|_| no_date())?;
        if !rule.day_selector.is_empty() {
            return Err(no_date());
        }
        return Ok(vec![(Dates::Written(date), written(&rule)?)]);
    }
    let mut found = Vec::new();
    for rule in rules(text)? {
        let (days, times) = (&rule.day_selector, written(&rule)?);
        if !days.year.is_empty() || !days.week.is_empty() {
            return Err(no_date());
        }
        let is_public = |day: &WeekDayRange| {
            matches!(day, WeekDayRange::Holiday { kind: HolidayKind::Public, offset: 0 })
        };
        if days.monthday.is_empty() && days.weekday.iter().any(is_public) {
            found.push((Dates::Holidays(sure_holidays(zone, today)), times));
        } else if !days.monthday.is_empty() && days.weekday.is_empty() {
            for range in &days.monthday {
                let date = single(range, today).ok_or_else(no_date)?;
                found.push((Dates::Written(date), times.clone()));
            }
        } else {
            return Err(no_date());
        }
    }
    Ok(found)
}

/// Returns the one day of a range; a date without a year is the next such day.
fn single(range: &MonthdayRange, today: Date) -> Option<Date> {
    let MonthdayRange::Date { start, end } = range else { return None };
    let RuleDate::Fixed { year, month, day } = start.0 else { return None };
    if start != end || start.1 != opening_hours_syntax::rules::day::DateOffset::default() {
        return None;
    }
    let (month, day) = (i8::try_from(month as u8).ok()?, i8::try_from(day).ok()?);
    match year {
        Some(year) => Date::new(i16::try_from(*year).ok()?, month, day).ok(),
        None => next(today, month, day),
    }
}

fn next(today: Date, month: i8, day: i8) -> Option<Date> {
    let this = Date::new(today.year(), month, day).ok()?;
    if this < today { this.checked_add(1.year()).ok() } else { Some(this) }
}

fn sure_holidays(zone: &str, today: Date) -> Vec<Date> {
    if !KNOWN_ZONES.contains(&zone) {
        return Vec::new();
    }
    let mut dates: Vec<Date> =
        SURE_HOLIDAYS.iter().filter_map(|(month, day)| next(today, *month, *day)).collect();
    dates.sort();
    dates
}

/// Parses a value that has one reading.
fn rules(raw: &str) -> Result<Vec<RuleSequence>, String> {
    let text = raw.trim();
    let unread = || format!("{text:?} has no single reading; use for example Mo-Fr 09:00-17:30");
    if raw.chars().count() > super::CHARS_MAX {
        return Err(format!("it is longer than {} characters", super::CHARS_MAX));
    }
    if text.is_empty() {
        return Err("no day is open".to_owned());
    }
    Ok(parse(&tidy::tidy(raw)).map_err(|_| unread())?.rules)
}

fn refused(rule: &RuleSequence, why: &str) -> String {
    format!("\"{rule}\" {why}, and a profile takes one week with fixed times")
}

/// Returns the days of the week on which a rule holds.
fn days_of(rule: &RuleSequence) -> Result<Vec<usize>, String> {
    let days = &rule.day_selector;
    if !days.year.is_empty() || !days.monthday.is_empty() || !days.week.is_empty() {
        return Err(refused(rule, "holds in a part of the year"));
    }
    if days.weekday.is_empty() {
        return Ok((0..7).collect());
    }
    let mut all = Vec::new();
    for day in &days.weekday {
        let WeekDayRange::Fixed { range, offset, nth_from_start, nth_from_end } = day else {
            continue;
        };
        if *offset != 0 || nth_from_start.contains(&false) || nth_from_end.contains(&false) {
            return Err(refused(rule, "does not hold in every week"));
        }
        let place = |day: &opening_hours_syntax::rules::day::Weekday| {
            usize::try_from(day.num_days_from_monday()).unwrap_or(0)
        };
        let (first, last) = (place(range.start()), place(range.end()));
        all.extend((0..=(last + 7 - first) % 7).map(|step| (first + step) % 7));
    }
    Ok(all)
}

/// Returns the open times of a rule, in minutes; none when it says that it is closed.
fn times(rule: &RuleSequence) -> Result<Vec<(u16, u16)>, String> {
    let spans = &rule.time_selector.spans;
    let is_whole_day = spans.iter().all(|span| *span == whole_day());
    match rule.kind {
        RuleKind::Open if rule.comment.is_empty() => spans
            .iter()
            .map(|span| {
                fixed(span).ok_or_else(|| refused(rule, "does not say when it begins or ends"))
            })
            .collect(),
        RuleKind::Closed if is_whole_day => Ok(Vec::new()),
        RuleKind::Open | RuleKind::Unknown | RuleKind::Closed => {
            Err(refused(rule, "is no fixed time"))
        }
    }
}

fn fixed(span: &TimeSpan) -> Option<(u16, u16)> {
    let (Time::Fixed(from), Time::Fixed(to)) = (&span.range.start, &span.range.end) else {
        return None;
    };
    let (from, mut to) = (from.mins_from_midnight(), to.mins_from_midnight());
    if to < from {
        // What ends before it begins runs over midnight.
        to += MINUTES_OF_DAY;
    }
    let in_a_day = from < MINUTES_OF_DAY && from < to && to - from <= MINUTES_OF_DAY;
    (in_a_day && to < 2 * MINUTES_OF_DAY && !span.open_end && span.repeats.is_none())
        .then_some((from, to))
}

/// Writes the times of an exception anew.
fn written(rule: &RuleSequence) -> Result<String, String> {
    let times = times(rule)?;
    if times.is_empty() {
        return Ok("off".to_owned());
    }
    let clock = |minutes: u16| match minutes {
        MINUTES_OF_DAY => "24:00".to_owned(),
        minutes => format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60),
    };
    let spans: Vec<_> =
        times.into_iter().map(|(from, to)| format!("{}-{}", clock(from), clock(to))).collect();
    Ok(spans.join(","))
}

/// Says where two stretches overlap, the last of the week with the first included.
fn overlap(open: &[Open]) -> Option<String> {
    let minutes = usize::from(MINUTES_OF_DAY);
    let start = |one: &Open| one.day * minutes + usize::from(one.from);
    open.iter().enumerate().find_map(|(at, one)| {
        let end = start(one) + usize::from(one.to - one.from);
        let next = open.get(at + 1).map(start).or(Some(start(open.first()?) + 7 * minutes))?;
        (end > next).then(|| format!("two times on {} overlap", DAY_NAMES[one.day]))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 12, 25);
    const ZONE: &str = "Europe/Berlin";

    #[test]
    fn a_week_is_written_in_one_form_whatever_people_write() {
        for (raw, expected) in [
            ("Mo 09:00-12:00,13:00-17:00", "Mo 09:00-12:00,13:00-17:00"),
            ("Mo-Fr 9:00 bis 17:00 Uhr", "Mo-Fr 09:00-17:00"),
            ("Sa 18:00-24:00", "Sa 18:00-24:00"),
            ("Mon-Fri 09:00-17:00; We off", "Mo-Tu,Th-Fr 09:00-17:00"),
            ("24/7", "24/7"),
            ("Mo-Fr 09:00-17:00; PH off", "Mo-Fr 09:00-17:00"),
            ("Tu-Su,PH 11:00-23:00", "Tu-Su 11:00-23:00"),
        ] {
            assert_eq!(week(raw).as_deref(), Ok(expected), "{raw}");
        }
        assert!(week("Su 22:00-02:00").is_ok(), "over midnight");
        assert!(week("Sa-Mo 10:00-12:00").is_ok(), "over the end of the week");
    }

    #[test]
    fn what_is_no_week_of_a_profile_is_named() {
        for (text, why) in [
            ("9 to 5", "no single reading"),
            ("Mo 09:00-25:00:00", "no single reading"),
            ("Mo 09:00-13:00,12:00-17:00", "overlap"),
            ("Mo 22:00-10:00; Tu 09:00-12:00", "overlap"),
            ("Su 20:00-09:00; Mo 08:00-12:00", "overlap"),
            ("Mo-Su off", "no day is open"),
            ("PH off", "no day is open"),
            ("", "no day is open"),
            ("Mo-Fr 18:00+", "begins or ends"),
            ("Mo-Fr sunrise-sunset", "begins or ends"),
            ("Jun-Aug Mo-Fr 08:00-20:00", "part of the year"),
            ("Mo[1] 08:00-20:00", "every week"),
            ("Mo-Fr 08:00-13:00 || \"nach Vereinbarung\"", "no fixed time"),
            ("Mo-Fr 08:00-18:00; Mo 12:00-13:00 off", "no fixed time"),
        ] {
            let error = week(text).unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
        }
    }

    #[test]
    fn written_dates_are_kept_in_order_and_those_that_have_passed_are_left_out() {
        let kept = exceptions("2027-01-01 off; 2026-12-24 off; 2026-12-25 10-12 Uhr", ZONE, TODAY);
        assert!(kept.unwrap_err().contains("no single reading"));
        let kept =
            exceptions("2027-01-01 off; 2026-12-24 off; 2026-12-31 10:00-14:00", ZONE, TODAY);
        let kept = kept.unwrap();
        assert_eq!(kept.dated, "2026-12-31 10:00-14:00; 2027-01-01 off");
        assert_eq!(kept.left_out, None);
        let by_month = exceptions("Dec 24,Dec 31 09:00-12:00", "Asia/Tokyo", TODAY).unwrap();
        assert_eq!(by_month.dated, "2026-12-31 09:00-12:00; 2027-12-24 09:00-12:00");
        assert!(exceptions("2026-12-24 off", ZONE, TODAY).unwrap_err().contains("passed"));
        assert!(exceptions("Mo off", ZONE, TODAY).unwrap_err().contains("no date"));
        assert!(exceptions("SH off", ZONE, TODAY).unwrap_err().contains("no date"));
        assert!(exceptions("easter off", ZONE, TODAY).unwrap_err().contains("no date"));
    }

    #[test]
    fn public_holidays_become_the_days_that_are_certain_and_the_others_are_named() {
        let sure = exceptions("PH off", ZONE, TODAY).unwrap();
        assert_eq!(sure.dated, "2026-12-25 off; 2027-01-01 off");
        let left_out = sure.left_out.unwrap();
        assert!(left_out.contains("\"PH off\"") && left_out.contains("2027-01-01"), "{left_out}");
        let elsewhere = exceptions("PH 10:00-14:00", "Asia/Tokyo", TODAY).unwrap();
        assert_eq!(elsewhere.dated, "");
        assert!(elsewhere.left_out.unwrap().contains("send the dates"));
        let own = exceptions("PH off; 2026-12-25 10:00-12:00", ZONE, TODAY).unwrap();
        assert_eq!(own.dated, "2026-12-25 10:00-12:00; 2027-01-01 off", "the client's date holds");
    }

    #[test]
    fn a_week_with_rules_for_holidays_gives_them_away() {
        assert_eq!(holiday_rules("Mo-Fr 09:00-17:00; PH off").as_deref(), Some("PH off"));
        assert_eq!(holiday_rules("24/7"), None);
        assert_eq!(holiday_rules("Mo-Fr 09:00-17:00"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_written_nothing_panics_and_a_week_read_again_is_the_same(
            text in "[MoTuWeSaPH0-9:;,|+ \\-]{0,40}"
        ) {
            if let Ok(first) = week(&text) {
                prop_assert_eq!(week(&first), Ok(first));
            }
            if let Ok(read) = exceptions(&text, ZONE, TODAY) && !read.dated.is_empty() {
                let again = exceptions(&read.dated, ZONE, TODAY).unwrap();
                prop_assert_eq!(again.dated, read.dated);
            }
        }
    }
}
