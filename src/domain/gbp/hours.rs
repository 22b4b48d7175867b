//! Checks the opening hours that a client gives, before they are written to a profile.
//!
//! The notation is that of map data (`Mo-Fr 09:00-12:00,13:00-17:00; Sa off`). A week is read into
//! periods as the provider takes them: a day may be split, end at 24:00, or run over midnight.

/// One stretch of open time: day 0 is Monday, minutes count from its midnight; `to` may lie on the
/// next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Open {
    /// The day on which it begins, 0–6.
    pub day: u8,
    /// First minute, 0–1439.
    pub from: u16,
    /// Minute at which it ends, up to 2879: from 1440 on it is the next day's.
    pub to: u16,
}

const DAY_NAMES: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const MINUTES_OF_DAY: u16 = 24 * 60;

/// Reads a week.
///
/// # Errors
/// What cannot be understood, in words for a person.
pub fn week(text: &str) -> Result<Vec<Open>, String> {
    if text.trim() == "24/7" {
        let all = |day| Open { day, from: 0, to: MINUTES_OF_DAY };
        return Ok((0..7).map(all).collect());
    }
    let mut days: [Option<Vec<(u16, u16)>>; 7] = Default::default();
    for rule in text.split(';').map(str::trim).filter(|rule| !rule.is_empty()) {
        let (names, times) = match rule.split_once(' ') {
            Some((names, times)) if names.chars().next().is_some_and(char::is_alphabetic) => {
                (names, times.trim())
            }
            _ => ("Mo-Su", rule),
        };
        let times = times_of(times)?;
        for day in days_of(names)? {
            days[day] = Some(times.clone());
        }
    }
    let mut open: Vec<Open> = (0_u8..)
        .zip(days)
        .flat_map(|(day, times)| {
            times.unwrap_or_default().into_iter().map(move |(from, to)| Open { day, from, to })
        })
        .collect();
    if open.is_empty() {
        return Err("no day is open".to_owned());
    }
    open.sort_unstable();
    overlap(&open).map_or(Ok(open), Err)
}

/// Says where two stretches overlap, the last of the week with the first included.
fn overlap(open: &[Open]) -> Option<String> {
    const WEEK: u32 = 7 * MINUTES_OF_DAY as u32;
    let start = |one: &Open| u32::from(one.day) * u32::from(MINUTES_OF_DAY) + u32::from(one.from);
    open.iter().enumerate().find_map(|(at, one)| {
        let end = start(one) + u32::from(one.to - one.from);
        let next = open.get(at + 1).map(start).or_else(|| Some(start(open.first()?) + WEEK))?;
        (end > next).then(|| format!("two times on {} overlap", DAY_NAMES[usize::from(one.day)]))
    })
}

fn days_of(names: &str) -> Result<Vec<usize>, String> {
    let place = |name: &str| {
        DAY_NAMES
            .iter()
            .position(|known| *known == name)
            .ok_or_else(|| format!("{name:?} is no day; use Mo, Tu, We, Th, Fr, Sa, Su"))
    };
    let mut days = Vec::new();
    for part in names.split(',') {
        match part.split_once('-') {
            Some((first, last)) => {
                let (first, last) = (place(first)?, place(last)?);
                let n = (last + 7 - first) % 7;
                days.extend((0..=n).map(|step| (first + step) % 7));
            }
            None => days.push(place(part)?),
        }
    }
    Ok(days)
}

/// Reads `09:00-12:00,13:00-17:00`; `off` and `closed` are no time at all.
fn times_of(text: &str) -> Result<Vec<(u16, u16)>, String> {
    if matches!(text, "off" | "closed") {
        return Ok(Vec::new());
    }
    text.split(',')
        .map(|span| {
            let bad = || format!("{span:?} is no time; use for example 09:00-17:30");
            let (from, to) = span.trim().split_once('-').ok_or_else(bad)?;
            let (from, to) = (minute(from).ok_or_else(bad)?, minute(to).ok_or_else(bad)?);
            if from >= MINUTES_OF_DAY || from == to {
                return Err(bad());
            }
            // What ends before it begins runs over midnight.
            Ok((from, if to < from { to + MINUTES_OF_DAY } else { to }))
        })
        .collect()
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let is_plain = |digits: &str| digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_plain(hour) || !is_plain(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= MINUTES_OF_DAY).then_some(hour * 60 + minute)
}

/// Checks what a client says about holidays: `PH off`, `PH 10:00-14:00`, or dated exceptions
/// (`2026-12-24 10:00-14:00; 2026-12-25 off`), of which those before `today` are left out.
///
/// # Errors
/// What cannot be understood, or that every date has passed.
pub fn special(text: &str, today: jiff::civil::Date) -> Result<String, String> {
    let mut kept = Vec::new();
    for rule in text.split(';').map(str::trim).filter(|rule| !rule.is_empty()) {
        let (when, times) = rule
            .split_once(' ')
            .ok_or_else(|| format!("{rule:?} is no holiday; use for example 2026-12-25 off"))?;
        times_of(times.trim())?;
        let is_over = match when {
            "PH" => false,
            date => {
                date.parse::<jiff::civil::Date>()
                    .map_err(|_| format!("{date:?} is no date; use for example 2026-12-25"))?
                    < today
            }
        };
        if !is_over {
            kept.push(rule);
        }
    }
    if kept.is_empty() { Err("every date has passed".to_owned()) } else { Ok(kept.join("; ")) }
}

#[cfg(test)]
mod tests;
