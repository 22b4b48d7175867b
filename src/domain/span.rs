//! Reads lengths of time and moments of the past as people type them.

use super::time::{DAY_MS, HOUR_MS, MINUTE_MS, Moment, SECOND_MS};

/// Reads a length of time in milliseconds: `1d`, `2h`, `30m`, `45s` or several in a row, `1d12h`.
///
/// # Errors
/// The form that it has.
pub fn length_ms(word: &str) -> Result<i64, &'static str> {
    const FORM: &str = "use a number and d, h, m or s: 1d, 2h, 30m, 1d12h";
    let mut total = 0_i64;
    let mut rest = word;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or(FORM)?;
        let number: i64 = rest[..digits].parse().map_err(|_| FORM)?;
        let unit_ms = match rest.as_bytes()[digits] {
            b'd' => DAY_MS,
            b'h' => HOUR_MS,
            b'm' => MINUTE_MS,
            b's' => SECOND_MS,
            _ => return Err(FORM),
        };
        total = number
            .checked_mul(unit_ms)
            .and_then(|ms| total.checked_add(ms))
            .ok_or("that is longer than time itself")?;
        rest = &rest[digits + 1..];
    }
    if total > 0 { Ok(total) } else { Err(FORM) }
}

/// Reads a moment of the past: `22:00` is the latest such time in UTC before `now`, `8h` so long ago,
/// and `2026-01-31T22:00:00Z` that instant.
///
/// # Errors
/// The forms that it has.
pub fn since(word: &str, now: Moment) -> Result<Moment, &'static str> {
    const FORM: &str = "use 22:00 (UTC), 8h, 2d, or 2026-01-31T22:00:00Z";
    if let Ok(length) = length_ms(word) {
        return Ok(now.plus_ms(-length));
    }
    if let Some((hour, minute)) = word.split_once(':')
        && word.len() <= 5
    {
        let number = |text: &str, most: i64| {
            let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<i64>().ok().filter(|n| all_digits && *n <= most).ok_or(FORM)
        };
        let of_day = number(hour, 23)? * HOUR_MS + number(minute, 59)? * MINUTE_MS;
        let today = Moment(now.0.div_euclid(DAY_MS) * DAY_MS).plus_ms(of_day);
        return Ok(if today <= now { today } else { today.plus_ms(-DAY_MS) });
    }
    word.parse().map_err(|_| FORM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        assert_eq!(length_ms("1d"), Ok(DAY_MS));
        assert_eq!(length_ms("1d12h"), Ok(DAY_MS + 12 * HOUR_MS));
        assert_eq!(length_ms("30m"), Ok(30 * MINUTE_MS));
        for wrong in ["", "d", "12", "0h", "-1d", "1w", "1é", "99999999999999d"] {
            assert!(length_ms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_of_day_is_the_latest_there_was() {
        let now: Moment = "2026-01-05T09:30:00Z".parse().unwrap();
        let text = |word| since(word, now).map(|moment| moment.to_string());
        assert_eq!(text("09:30").as_deref(), Ok("2026-01-05T09:30:00Z"));
        assert_eq!(text("9:31").as_deref(), Ok("2026-01-04T09:31:00Z"));
        assert_eq!(text("22:00").as_deref(), Ok("2026-01-04T22:00:00Z"));
        assert_eq!(text("8h").as_deref(), Ok("2026-01-05T01:30:00Z"));
        assert_eq!(text("2026-01-01T00:00:00Z").as_deref(), Ok("2026-01-01T00:00:00Z"));
        for wrong in ["24:00", "9:60", "+9:00", "noon", "", ":", "yesterday"] {
            assert!(since(wrong, now).is_err(), "{wrong}");
        }
    }
}
