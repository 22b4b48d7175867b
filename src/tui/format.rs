//! Writes instants, durations and figures the way every screen shows them.
//!
//! Absolute times are preferred to ages, because an age changes its cells every second and would
//! keep a slow link busy for nothing.

use crate::app::snapshot::{DryClock, Figure};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Moment, SECOND_MS};

/// What stands where a figure is unknown. Never 0.
pub const UNKNOWN: &str = "-";

/// Returns `12:04:31Z`, or `12:04Z` when seconds would only keep the link busy.
pub fn wall_clock(at: Moment, seconds: bool) -> String {
    let form = if seconds { "%H:%M:%SZ" } else { "%H:%MZ" };
    at.to_timestamp().strftime(form).to_string()
}

/// Returns `12:04:31`.
pub fn time_of_day(at: Moment) -> String {
    at.to_timestamp().strftime("%H:%M:%S").to_string()
}

/// Returns `01-05 12:04`, for lists that reach over days.
pub fn day_and_time(at: Moment) -> String {
    at.to_timestamp().strftime("%m-%d %H:%M").to_string()
}

/// Returns `2026-01-05 12:04:31`.
pub fn full_time(at: Moment) -> String {
    at.to_timestamp().strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Returns dry time as the header shows it: `day 12 09:30`.
pub fn dry_time(clock: &DryClock, at: Moment) -> String {
    let day = at.since(Moment(clock.start.0.div_euclid(DAY_MS) * DAY_MS)).div_euclid(DAY_MS) + 1;
    format!("day {day} {}", at.to_timestamp().strftime("%H:%M"))
}

/// Returns a duration in a form that grows with it: `4ms`, `0.41s`, `12s`, `3:12`, `2:03:12`, `3d 4h`.
pub fn duration(ms: i64) -> String {
    let ms = ms.max(0);
    match ms {
        1..10 => format!("{ms}ms"),
        0..10_000 if ms % SECOND_MS != 0 => {
            format!("{}.{:02}s", ms / SECOND_MS, ms % SECOND_MS / 10)
        }
        0..MINUTE_MS => format!("{}s", ms / SECOND_MS),
        MINUTE_MS..HOUR_MS => format!("{}:{:02}", ms / MINUTE_MS, ms % MINUTE_MS / SECOND_MS),
        HOUR_MS..DAY_MS => format!(
            "{}:{:02}:{:02}",
            ms / HOUR_MS,
            ms % HOUR_MS / MINUTE_MS,
            ms % MINUTE_MS / SECOND_MS
        ),
        _ => format!("{}d {}h", ms / DAY_MS, ms % DAY_MS / HOUR_MS),
    }
}

/// Returns what is left until something happens, rounded up to what a person reads: `8s`, `5m`,
/// `3h`, `2d`.
pub fn left(ms: i64) -> String {
    let up = |step: i64| (ms.max(0) + step - 1) / step;
    if ms <= MINUTE_MS {
        format!("{}s", up(SECOND_MS))
    } else if ms <= HOUR_MS {
        format!("{}m", up(MINUTE_MS))
    } else if ms <= DAY_MS {
        format!("{}h", up(HOUR_MS))
    } else {
        format!("{}d", up(DAY_MS))
    }
}

/// Returns how long ago something was, rounded down: `8s`, `5m`, `3h`, `2d`.
pub fn age(ms: i64) -> String {
    match ms.max(0) {
        ms @ 0..MINUTE_MS => format!("{}s", ms / SECOND_MS),
        ms @ MINUTE_MS..HOUR_MS => format!("{}m", ms / MINUTE_MS),
        ms @ HOUR_MS..DAY_MS => format!("{}h", ms / HOUR_MS),
        ms => format!("{}d", ms / DAY_MS),
    }
}

/// Returns a share of one with two digits, or the mark for unknown.
pub fn share(value: Option<f64>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{value:.2}"))
}

/// Returns a share of one as a percentage, or the mark for unknown.
pub fn percent(figure: Figure) -> String {
    figure.value.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{:.1}%", value * 100.0))
}

/// Returns a rate per hour in at most five characters.
pub fn rate(figure: Figure) -> String {
    match figure.value {
        None => UNKNOWN.to_owned(),
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) => format!("{value:.0}"),
    }
}

/// Returns a count with its thousands apart: `1,204`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a count in at most four columns: `998`, `12k`, `3M`.
pub fn short_count(n: u64) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{}k", n / 1_000),
        _ => format!("{}M", n / 1_000_000),
    }
}

/// Returns a size: `912B`, `2.1M`.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub fn bytes(n: u64) -> String {
    match n {
        0..1_024 => format!("{n}B"),
        1_024..1_048_576 => format!("{:.1}K", n as f64 / 1_024.0),
        _ => format!("{:.1}M", n as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dry_time_counts_days_from_the_start_and_from_one() {
        let start: Moment = "2026-01-05T09:00:00Z".parse().unwrap();
        let clock = DryClock { start, now: start, jump: None };
        assert_eq!(dry_time(&clock, start), "day 1 09:00");
        let later: Moment = "2026-01-16T09:30:00Z".parse().unwrap();
        assert_eq!(dry_time(&clock, later), "day 12 09:30");
    }

    #[test]
    fn durations_grow_in_form_with_their_length() {
        let shown: Vec<_> =
            [0, 4, 410, 12_000, 192_000, 7_392_000, 3 * DAY_MS + 4 * HOUR_MS].map(duration).into();
        assert_eq!(shown, ["0s", "4ms", "0.41s", "12s", "3:12", "2:03:12", "3d 4h"]);
    }

    #[test]
    fn what_is_left_never_reads_zero_before_its_time() {
        assert_eq!(left(1), "1s");
        assert_eq!(left(7_001), "8s");
        assert_eq!(left(90_000), "2m");
        assert_eq!(left(0), "0s");
        assert_eq!(left(-5), "0s");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(count(1_204), "1,204");
        assert_eq!(count(12), "12");
        assert_eq!(count(1_000_000), "1,000,000");
    }
}
