//! Reads from an automatic answer when somebody is back, where it says so beyond doubt.
//!
//! In English and German, with a word that says what the date is: until, back on, bis, ab ... wieder.
//! A date that can be read in two ways (`3/4/2026`), one that has passed, or two that contradict each
//! other are no answer. Better to wait a named number of days than to trust a guess.

use jiff::ToSpan;
use jiff::civil::Date;

use super::own_lines;

/// Days that an absence may still take: longer ones are read by a person, or are a wrong year.
const AWAY_DAYS_MAX: i64 = 120;

/// Days by which two dates of one answer may differ: away until Friday, back on Tuesday.
const AGREE_DAYS_MAX: i64 = 4;

/// Words after or before a date in which its meaning is looked for.
const WORDS_AROUND: usize = 8;

/// After these the absence ends.
const UNTIL: [&str; 6] = ["until", "till", "til", "through", "thru", "bis"];

/// After these the absence has ended.
const BACK: [&str; 9] = [
    "back",
    "return",
    "returning",
    "returns",
    "available",
    "reachable",
    "zurück",
    "erreichbar",
    "wieder",
];

/// After these the absence ends or begins; what stands around tells which.
const FROM: [&str; 2] = ["ab", "von"];

/// What says that somebody is there again.
const AGAIN: [&str; 3] = ["wieder", "zurück", "zurueck"];

const NOT: [&str; 8] = ["not", "no", "nicht", "kein", "keine", "won't", "cannot", "unable"];

/// What may stand between such a word and its date.
const BETWEEN: [&str; 44] = [
    "the",
    "on",
    "from",
    "in",
    "at",
    "my",
    "desk",
    "office",
    "of",
    "and",
    "including",
    "inclusive",
    "incl",
    "again",
    "work",
    "to",
    "am",
    "an",
    "zum",
    "zur",
    "den",
    "dem",
    "der",
    "im",
    "büro",
    "einschließlich",
    "einschl",
    "inklusive",
    "inkl",
    "und",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "montag",
    "dienstag",
    "mittwoch",
    "donnerstag",
    "freitag",
    "samstag",
    "sonntag",
];

/// The first letters of the months in English and German, in lower case, and their numbers.
const MONTHS: [(&str, i8); 17] = [
    ("jan", 1),
    ("jän", 1),
    ("feb", 2),
    ("mar", 3),
    ("mär", 3),
    ("mrz", 3),
    ("apr", 4),
    ("may", 5),
    ("mai", 5),
    ("jun", 6),
    ("jul", 7),
    ("aug", 8),
    ("sep", 9),
    ("oct", 10),
    ("okt", 10),
    ("nov", 11),
    ("de", 12),
];

/// Returns the first day on which somebody is back, seen from `today`; `None` when nothing is
/// certain.
pub fn back_on(text: &str, today: Date) -> Option<Date> {
    let own: Vec<String> = own_lines(text).flat_map(words).collect();
    let dates = dates(&own, today);
    let mut told: Vec<Date> = Vec::new();
    for (n, found) in dates.iter().enumerate() {
        let before = if n == 0 { 0 } else { dates[n - 1].end };
        let after = dates.get(n + 1).map_or(own.len(), |next| next.start);
        let Some(meaning) = meaning(&own, before, found, after) else { continue };
        // A date that matters and cannot be read leaves nothing certain.
        let date = found.date?;
        let back = match meaning {
            Meaning::LastDay => date.checked_add(1.day()).ok()?,
            Meaning::FirstDay => date,
        };
        told.push(back);
    }
    let (first, last) = (*told.iter().min()?, *told.iter().max()?);
    let days = |from: Date, to: Date| from.until(to).map(|span| i64::from(span.get_days()));
    let agree = days(first, last).ok()? <= AGREE_DAYS_MAX;
    let ahead = days(today, last).ok()?;
    (agree && (1..=AWAY_DAYS_MAX).contains(&ahead)).then_some(last)
}

fn words(line: &str) -> impl Iterator<Item = String> {
    let trims =
        |c: char| c.is_ascii_punctuation() && c != '.' || matches!(c, '„' | '“' | '”' | '–');
    line.split_whitespace()
        .map(move |word| word.trim_matches(trims).to_lowercase())
        .filter(|word| !word.is_empty())
}

enum Meaning {
    LastDay,
    FirstDay,
}

/// What a date says, by the words around it that belong to no other date.
fn meaning(words: &[String], from: usize, date: &Found, to: usize) -> Option<Meaning> {
    let plain = |at: usize| words[at].trim_end_matches('.');
    let mut at = date.start;
    while at > from && BETWEEN.contains(&plain(at - 1)) {
        at -= 1;
    }
    // `from 3 to 9 January`: the second of two dates that only `to` parts.
    let parted = (from..date.start).map(plain).eq(["to"]) && from > 0;
    if parted {
        return Some(Meaning::LastDay);
    }
    let key = plain(at.checked_sub(1).filter(|&key| key >= from)?);
    let key_at = at - 1;
    let near_before = key_at.saturating_sub(WORDS_AROUND).max(from)..key_at;
    let sentence = (date.end..to.min(date.end + WORDS_AROUND)).map(plain);
    if UNTIL.contains(&key) {
        return Some(Meaning::LastDay);
    }
    if FROM.contains(&key) {
        let again = sentence.chain(near_before.map(plain)).any(|word| AGAIN.contains(&word));
        return (again && key == "ab").then_some(Meaning::FirstDay);
    }
    let denied = near_before.rev().take(4).any(|at| NOT.contains(&plain(at)));
    (BACK.contains(&key) && !denied).then_some(Meaning::FirstDay)
}

/// A date in a text: the words it takes, and its day if it can be read in one way alone.
struct Found {
    start: usize,
    end: usize,
    date: Option<Date>,
}

fn dates(words: &[String], today: Date) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match date_at(&words[at..], today) {
            Some((len, date)) => {
                found.push(Found { start: at, end: at + len, date });
                at += len;
            }
            None => at += 1,
        }
    }
    found
}

/// Reads a date at the start of `words`: how many it takes, and its day.
fn date_at(words: &[String], today: Date) -> Option<(usize, Option<Date>)> {
    let first = words.first()?.as_str();
    if let Some(found) = numeric(first, today) {
        return Some(found);
    }
    let second = words.get(1).map(String::as_str);
    // `12. Januar 2026`, `12th of January`, `January 12, 2026`.
    let (day, month, len) = match (day(first), second.and_then(month), month(first)) {
        (Some(day), Some(month), _) => (day, month, 2),
        (Some(day), None, _) if second == Some("of") => (day, month(words.get(2)?)?, 3),
        (None, _, Some(month)) => (day_of(second?)?, month, 2),
        _ => return None,
    };
    let year = words.get(len).and_then(|word| year(word.trim_end_matches('.')));
    Some((len + usize::from(year.is_some()), the_day(day, month, year, today)))
}

/// Reads `2026-01-12`, `12.01.2026`, `12.1.` and `13/01/2026`, as `date_at`.
fn numeric(word: &str, today: Date) -> Option<(usize, Option<Date>)> {
    let parts = |by: char| -> Option<Vec<i16>> {
        let trimmed = if by == '.' { word } else { word.trim_end_matches('.') };
        trimmed.split(by).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect()
    };
    let small = |n: i16| i8::try_from(n).ok();
    let day = |d: i16, m: i16, y: Option<i16>| {
        Some((1, the_day(small(d)?, small(m)?, y.map(century), today)))
    };
    if let Some([y, m, d]) = parts('-').as_deref()
        && *y > 1_000
    {
        return day(*d, *m, Some(*y));
    }
    if word.matches('.').count() >= 2 {
        return match parts('.').as_deref() {
            Some([d, m]) => day(*d, *m, None),
            Some([d, m, y]) => day(*d, *m, Some(*y)),
            _ => None,
        };
    }
    let slashed = parts('/')?;
    let [a, b, y] = *slashed.as_slice() else { return None };
    match (a > 12, b > 12) {
        (false, true) => day(b, a, Some(y)),
        (true, false) => day(a, b, Some(y)),
        _ if a == b => day(a, b, Some(y)),
        // Which of the two is the month cannot be known.
        _ => Some((1, None)),
    }
}

const fn century(year: i16) -> i16 {
    if year < 100 { 2_000 + year } else { year }
}

/// A day with a point or an English ending: a bare number could be anything.
fn day(word: &str) -> Option<i8> {
    let number = ["st", "nd", "rd", "th", "."].iter().find_map(|end| word.strip_suffix(end));
    number.unwrap_or(word).parse().ok().filter(|day| (1..=31).contains(day))
}

fn day_of(word: &str) -> Option<i8> {
    day(word.trim_end_matches('.'))
}

fn month(word: &str) -> Option<i8> {
    let word = word.trim_end_matches('.');
    let is_word = word.chars().count() >= 3 && word.chars().all(char::is_alphabetic);
    let names = [
        "january",
        "january",
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "januar",
        "jänner",
        "februar",
        "märz",
        "mai",
        "juni",
        "juli",
        "oktober",
        "dezember",
        "mrz",
        "sept",
    ];
    let known = is_word && (names.contains(&word) || word.chars().count() == 3);
    let of = |(start, number): &(&str, i8)| word.starts_with(start).then_some(*number);
    known.then(|| MONTHS.iter().find_map(of)).flatten().filter(|_| word != "der" && word != "den")
}

fn year(word: &str) -> Option<i16> {
    word.parse().ok().filter(|year| (2_000..2_100).contains(year))
}

/// Makes a date; without a year it is the next such day.
fn the_day(day: i8, month: i8, year: Option<i16>, today: Date) -> Option<Date> {
    if let Some(year) = year {
        return Date::new(year, month, day).ok();
    }
    let this_year = Date::new(today.year(), month, day).ok();
    match this_year {
        Some(date) if date >= today => Some(date),
        _ => Date::new(today.year() + 1, month, day).ok(),
    }
}

#[cfg(test)]
mod tests;
