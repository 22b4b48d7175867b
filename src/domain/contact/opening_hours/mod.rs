//! Defines how opening hours are read: the map's notation, put in order, parsed and evaluated.
//!
//! The parser is the library `opening-hours`. Around it stand three decisions of our own, each
//! measured against a second implementation in `reference.rs`: what people write is put in order
//! first (`tidy`), an end that is not stated is unknown and not midnight, and what is said after
//! `||` holds whenever nothing before it does. Holidays have no calendar here: whether a day is one
//! is not guessed, their rules are only told apart.

use chrono::NaiveDate;
use jiff::civil::DateTime;
use opening_hours::OpeningHours;
use opening_hours_syntax::rules::day::WeekDayRange;
use opening_hours_syntax::rules::time::{Time, TimeSpan};
use opening_hours_syntax::rules::{OpeningHoursExpression, RuleKind, RuleOperator, RuleSequence};
use opening_hours_syntax::{ExtendedTime, parse};
use serde::{Deserialize, Serialize};

mod profile;
mod tidy;

#[cfg(test)]
mod reference;

pub use profile::{Exceptions, exceptions, holiday_rules, week};

/// Longer values are no notation; the longest real one has 250 characters.
const CHARS_MAX: usize = 500;

/// In what form opening hours are stated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoursForm {
    /// Days and times that can be read.
    Stated,
    /// By appointment.
    OnRequest,
    /// Something with times in it that has no single reading.
    Unreadable,
}

/// What is said of opening hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The ordinary week, normalised: `Mo-Fr 09:00-17:00`; as written where it cannot be read.
    pub regular: Option<String>,
    /// The rules for public holidays, as written but in order.
    pub special: Option<String>,
    /// In what form.
    pub form: HoursForm,
}

/// Whether a business is open at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is.
    Open,
    /// It is not.
    Closed,
    /// The notation does not say.
    Unknown,
}

/// Reads the value of `opening_hours`; text that says nothing of hours is none.
pub fn read(raw: &str) -> Option<Hours> {
    if raw.chars().count() > CHARS_MAX {
        return None;
    }
    let text = tidy::tidy(raw);
    match parse(&text) {
        Ok(expression) => parsed(&text, expression),
        Err(_) if has_time(&text) => Some(Hours {
            regular: Some(raw.split_whitespace().collect::<Vec<_>>().join(" ")),
            special: None,
            form: HoursForm::Unreadable,
        }),
        Err(_) => is_on_request(&text).then(|| on_request(&text)),
    }
}

fn parsed(text: &str, expression: OpeningHoursExpression) -> Option<Hours> {
    let (ordinary, special): (Vec<_>, Vec<_>) =
        expression.rules.into_iter().partition(|rule| !is_holiday_only(rule));
    let names_holidays = special.iter().chain(&ordinary).any(names_public_holiday);
    let states_times = ordinary.iter().any(states_a_time);
    if !states_times && is_on_request(text) {
        return Some(on_request(text));
    }
    // "24/7" has no exceptions, so it answers for holidays too.
    let always = text == "24/7";
    let special = (names_holidays || always).then(|| rules_of_holidays(text)).flatten();
    // In the library's normal form a comment hides the word that says what it means.
    let commented = ordinary.iter().any(|rule| !rule.comment.is_empty());
    let regular = states_times.then(|| {
        if commented {
            text.to_owned()
        } else {
            OpeningHoursExpression { rules: ordinary }.normalize().to_string()
        }
    });
    (regular.is_some() || special.is_some()).then_some(Hours {
        regular,
        special,
        form: HoursForm::Stated,
    })
}

fn on_request(text: &str) -> Hours {
    Hours { regular: Some(text.to_owned()), special: None, form: HoursForm::OnRequest }
}

/// Whether a rule opens at all, at a stated time or the whole day.
fn states_a_time(rule: &RuleSequence) -> bool {
    rule.kind != RuleKind::Closed && rule.comment.is_empty()
        || rule.time_selector.spans.iter().any(|span| *span != whole_day())
}

fn whole_day() -> TimeSpan {
    TimeSpan::fixed_range(ExtendedTime::MIDNIGHT_00, ExtendedTime::MIDNIGHT_24)
}

fn is_holiday(day: &WeekDayRange) -> bool {
    matches!(day, WeekDayRange::Holiday { .. })
}

fn is_holiday_only(rule: &RuleSequence) -> bool {
    let days = &rule.day_selector.weekday;
    !days.is_empty() && days.iter().all(is_holiday)
}

fn names_public_holiday(rule: &RuleSequence) -> bool {
    rule.day_selector.weekday.iter().any(is_holiday)
}

/// Returns the rules that name public holidays, as they are written.
fn rules_of_holidays(text: &str) -> Option<String> {
    if text == "24/7" {
        return Some(text.to_owned());
    }
    let rules: Vec<&str> = text
        .split(';')
        .map(str::trim)
        .filter(|rule| rule.split(|c: char| !c.is_alphanumeric()).any(|word| word == "PH"))
        .collect();
    (!rules.is_empty()).then(|| rules.join("; "))
}

/// Whether a clock time stands in the text, or two whole hours as a span.
fn has_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len()).any(|at| {
        digit(at)
            && match bytes.get(at + 1) {
                Some(b':') => digit(at + 2) && digit(at + 3),
                Some(b'-') => at > 0 && digit(at - 1) && digit(at + 2) && digit(at + 3),
                _ => false,
            }
    })
}

fn is_on_request(text: &str) -> bool {
    let text = text.to_lowercase();
    ["vereinba", "anfrage", "appointment", "arrangement", "request", "rendez-vous"]
        .iter()
        .any(|word| text.contains(word))
}

/// Opening hours that can be asked.
#[derive(Clone, Debug)]
pub struct Timetable {
    /// The rules, parted at each `||`: the next part holds where the ones before are closed.
    parts: Vec<OpeningHours>,
}

impl Timetable {
    /// Reads the value of `opening_hours`; `None` when it has no single reading.
    pub fn read(raw: &str) -> Option<Self> {
        let text = tidy::tidy(raw);
        let hours: OpeningHours = text.parse().ok()?;
        let rules = &hours.get_expression().rules;
        let states_kind = text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "open");
        let honest = rules.iter().map(|rule| honest(rule.clone(), states_kind)).collect();
        let parts = fallback_groups(honest);
        if parts.len() == 1 && parts.first() == Some(rules) {
            return Some(Self { parts: vec![hours] });
        }
        let parts = parts.into_iter().map(|rules| OpeningHoursExpression { rules });
        Some(Self {
            parts: parts.map(|part| part.to_string().parse().ok()).collect::<Option<_>>()?,
        })
    }

    /// Returns whether the business is open at a local time. Holidays are taken for ordinary days.
    pub fn state_at(&self, local: DateTime) -> State {
        let day = NaiveDate::from_ymd_opt(
            local.year().into(),
            u32::from(local.month().unsigned_abs()),
            u32::from(local.day().unsigned_abs()),
        );
        let at = ExtendedTime::new(local.hour().unsigned_abs(), local.minute().unsigned_abs());
        let Some((day, at)) = day.zip(at) else { return State::Unknown };
        let states = self.parts.iter().map(|part| {
            let range = part.schedule_at(day).into_iter().find(|range| range.range.contains(&at));
            match range.map(|range| range.kind) {
                Some(RuleKind::Open) => State::Open,
                Some(RuleKind::Unknown) => State::Unknown,
                Some(RuleKind::Closed) | None => State::Closed,
            }
        });
        states.into_iter().find(|state| *state != State::Closed).unwrap_or(State::Closed)
    }
}

/// Parts the rules at each `||`.
fn fallback_groups(rules: Vec<RuleSequence>) -> Vec<Vec<RuleSequence>> {
    let mut groups: Vec<Vec<RuleSequence>> = Vec::new();
    for mut rule in rules {
        if rule.operator == RuleOperator::Fallback {
            rule.operator = RuleOperator::Normal;
            groups.push(vec![rule]);
        } else if let Some(group) = groups.last_mut() {
            group.push(rule);
        } else {
            groups.push(vec![rule]);
        }
    }
    groups
}

/// A comment without a word for the state, and an end that is not stated, leave it unknown.
fn honest(mut rule: RuleSequence, states_kind: bool) -> RuleSequence {
    let midnight = Time::Fixed(ExtendedTime::MIDNIGHT_24);
    let spans = &rule.time_selector.spans;
    let open_ended =
        !spans.is_empty() && spans.iter().all(|span| span.open_end && span.range.end == midnight);
    let commented = !rule.comment.is_empty();
    if rule.kind == RuleKind::Open && (open_ended && !commented || commented && !states_kind) {
        rule.kind = RuleKind::Unknown;
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(raw: &str) -> Option<(Option<String>, Option<String>, HoursForm)> {
        read(raw).map(|hours| (hours.regular, hours.special, hours.form))
    }

    #[test]
    fn the_ordinary_week_and_the_holiday_rules_are_told_apart() {
        let own = |text: &str| Some(text.to_owned());
        assert_eq!(
            parts(" Mo-Fr  09:00-17:00;\tPH off"),
            Some((own("Mo-Fr 09:00-17:00"), own("PH off"), HoursForm::Stated))
        );
        assert_eq!(
            parts("Di-So,PH 11.00–23.00"),
            Some((own("Tu-Su,PH 11:00-23:00"), own("Tu-Su,PH 11:00-23:00"), HoursForm::Stated))
        );
        assert_eq!(parts("Mo-Fr 09:00-17:00").unwrap().1, None);
    }

    #[test]
    fn a_holiday_rule_alone_says_nothing_of_an_ordinary_week() {
        assert_eq!(parts("PH off").unwrap().0, None);
    }

    #[test]
    fn always_open_answers_for_holidays_too() {
        assert_eq!(read("24/7").unwrap().special.as_deref(), Some("24/7"));
    }

    #[test]
    fn by_appointment_is_an_answer_and_a_riddle_is_told_as_one() {
        for raw in ["\"nach Vereinbarung\"", "Sprechzeiten nach Vereinbarung", "by appointment"] {
            assert_eq!(read(raw).unwrap().form, HoursForm::OnRequest, "{raw}");
        }
        let riddle = read("Mo-Sa 08-20, So (Notfall) 10-16").unwrap();
        assert_eq!(riddle.form, HoursForm::Unreadable);
        assert_eq!(riddle.regular.as_deref(), Some("Mo-Sa 08-20, So (Notfall) 10-16"));
    }

    #[test]
    fn text_without_a_time_is_no_opening_hours() {
        for raw in ["", "\"call us\"", "yes", "https://a.example/", "+423 233 44 22", ";;", "\""] {
            assert_eq!(read(raw), None, "{raw:?}");
        }
    }
}
