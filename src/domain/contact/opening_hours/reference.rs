//! Compares our reading with a second implementation on real values. Every disagreement stands in
//! the table below with its reason; a new one, or one that is gone, fails the test.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::*;
use crate::domain::test_data;

#[derive(Deserialize)]
struct Row {
    value: String,
    parses: bool,
    #[serde(default)]
    open_at: BTreeMap<String, String>,
}

/// How a value is read differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Differs {
    /// We read it, the reference refuses it.
    OnlyWe,
    /// The reference reads it, we refuse it.
    OnlyTheReference,
    /// Both read it, and not every moment has the same state.
    State,
}

const ENGLISH_DAYS: &str = "`Thu` has one reading, and the reference itself reads `Tue`";
const END_BEFORE_START: &str =
    "a span that ends before it begins runs past midnight; the plus adds doubt, not an error";
const TYPING_ERROR: &str =
    "three digits of minutes are a typing error; which one is wrong cannot be known";

/// Every disagreement on the values of the towns.
const DISAGREEMENTS: [(&str, Differs, &str); 11] = [
    (
        "Mo 09:00-19:00, Tu 08:00-14:00,We 09:00-19:00, Thu 09:00-15:00, Fr 10:00-15:00",
        Differs::OnlyWe,
        ENGLISH_DAYS,
    ),
    ("Thu-Tue 10:00-18:00", Differs::OnlyWe, ENGLISH_DAYS),
    ("Mo-Su 21:00-18:00+", Differs::OnlyWe, END_BEFORE_START),
    ("Tu-Su 19:00-18:00+", Differs::OnlyWe, END_BEFORE_START),
    ("We-Sa 19:00-18:00+", Differs::OnlyWe, END_BEFORE_START),
    ("Mo,Tu,We, Th 08:00-20:000; Fr 08:00-14:00", Differs::OnlyTheReference, TYPING_ERROR),
    (
        "Mo-Sa 12:00-03:00, Su 13:00-03:00; PH 00:000-03:00,13:00-03:00",
        Differs::OnlyTheReference,
        TYPING_ERROR,
    ),
    (
        "Tu-Fr 10:00-24:00; Sa 12-24",
        Differs::OnlyTheReference,
        "`12-24` is a span of hours here and of days of a month elsewhere; it is not guessed",
    ),
    (
        "Mo,Th 08:00-13:00; 14:00-18:00; Tu,We 09:00-13:00; 14:00-19:00; Fr 09:00-13:00",
        Differs::State,
        "a rule without days holds on every day and replaces what stood before; the reference \
         adds it, which is surely meant but is not what the notation says",
    ),
    (
        "Mo-Su.PH 11:00-22:00",
        Differs::State,
        "the dot is read as a comma, so Saturday and Sunday are in it; the reference loses them",
    ),
    (
        "Mo-Fr 11:00-22:00 Sa-Su 12:00-22:00",
        Differs::State,
        "Saturday 11:00 is before the 12:00 that stands there; the reference joins both spans",
    ),
];

fn differs(row: &Row) -> Option<Differs> {
    let timetable = match (Timetable::read(&row.value), row.parses) {
        (Some(_), false) => return Some(Differs::OnlyWe),
        (None, true) => return Some(Differs::OnlyTheReference),
        (None, false) => return None,
        (Some(timetable), true) => timetable,
    };
    let word = |state| match state {
        State::Open => "open",
        State::Closed => "closed",
        State::Unknown => "unknown",
    };
    row.open_at
        .iter()
        .any(|(at, expected)| word(timetable.state_at(at.parse().unwrap())) != expected)
        .then_some(Differs::State)
}

fn rows() -> Option<Vec<Row>> {
    let text = test_data::read("contact-strings/opening_hours.json")?;
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn every_disagreement_with_the_reference_is_listed_with_its_reason() {
    let Some(rows) = rows() else { return };
    let found: BTreeMap<&str, Differs> =
        rows.iter().filter_map(|row| Some((row.value.as_str(), differs(row)?))).collect();
    let listed: BTreeMap<&str, Differs> =
        DISAGREEMENTS.iter().map(|(value, how, _)| (*value, *how)).collect();
    assert_eq!(found, listed, "of {} values", rows.len());
    assert!(DISAGREEMENTS.iter().all(|(_, _, reason)| !reason.is_empty()));
}

#[test]
fn the_normalised_week_is_open_when_what_was_written_is() {
    let Some(rows) = rows() else { return };
    let moments = ["2026-01-05T10:00:00", "2026-01-10T11:00:00", "2026-06-03T03:20:00"];
    for row in rows.iter().filter(|row| row.parses) {
        let Some(hours) = read(&row.value) else { continue };
        let Some(regular) = hours.regular.filter(|_| hours.form == HoursForm::Stated) else {
            continue;
        };
        let [written, normal] = [&row.value, &regular].map(|text| Timetable::read(text).unwrap());
        for moment in moments {
            let at = moment.parse().unwrap();
            let (was, is) = (written.state_at(at), normal.state_at(at));
            assert_eq!(was, is, "{:?} as {regular:?}, {moment}", row.value);
        }
    }
}

#[test]
fn values_without_hours_are_the_ones_that_name_none() {
    let Some(rows) = rows() else { return };
    let silent: Vec<&str> = rows
        .iter()
        .filter(|row| row.parses && read(&row.value).is_none())
        .map(|row| row.value.as_str())
        .collect();
    for value in &silent {
        let named = value.bytes().any(|b| b.is_ascii_digit()) && value.contains(':');
        assert!(!named, "{value:?} names a time");
    }
    assert!(silent.len() <= 12, "{silent:?}");
}
