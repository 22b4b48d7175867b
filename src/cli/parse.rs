//! Reads what is typed on a command line into what it means.

use crate::domain::layer::Layer;
use crate::domain::market::MarketName;
use crate::domain::mode::Mode;
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// Reads `dry` or `live`.
pub(super) fn mode(word: &str) -> Result<Mode, String> {
    word.parse().map_err(|_| "use dry or live".to_owned())
}

/// Reads the name of a simulated market.
pub(super) fn market(word: &str) -> Result<MarketName, String> {
    word.parse().map_err(|_| "use warm or realistic".to_owned())
}

/// Reads a share of one.
pub(super) fn rate(word: &str) -> Result<f64, String> {
    let rate: f64 = word.parse().map_err(|_| "use a number from 0 to 1".to_owned())?;
    if (0.0..=1.0).contains(&rate) { Ok(rate) } else { Err("use a number from 0 to 1".to_owned()) }
}

/// Reads one layer's number.
pub(super) fn layer(word: &str) -> Result<Layer, String> {
    let number = word.parse().ok().and_then(Layer::from_number);
    number.ok_or_else(|| "use a number from 1 to 9".to_owned())
}

/// The layers of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope(pub(super) Vec<Layer>);

/// Reads `all` or one layer's number.
pub(super) fn scope(word: &str) -> Result<Scope, String> {
    if word == "all" {
        return Ok(Scope(Layer::ALL.to_vec()));
    }
    layer(word).map(|layer| Scope(vec![layer])).map_err(|_| "use 1 to 9, or all".to_owned())
}

/// Reads a length of time, `1d`, `2h`, `30m`, `45s` or several in a row: `1d12h`.
pub(super) fn duration_ms(word: &str) -> Result<i64, String> {
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
            _ => return Err(FORM.to_owned()),
        };
        total = number
            .checked_mul(unit_ms)
            .and_then(|ms| total.checked_add(ms))
            .ok_or("that is longer than time itself")?;
        rest = &rest[digits + 1..];
    }
    if total > 0 { Ok(total) } else { Err(FORM.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        assert_eq!(duration_ms("1d"), Ok(DAY_MS));
        assert_eq!(duration_ms("1d12h"), Ok(DAY_MS + 12 * HOUR_MS));
        assert_eq!(duration_ms("30m"), Ok(30 * MINUTE_MS));
        for wrong in ["", "d", "12", "0h", "-1d", "1w", "1é", "99999999999999d"] {
            assert!(duration_ms(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_run_is_of_one_layer_or_of_all() {
        assert_eq!(scope("all").map(|scope| scope.0.len()), Ok(9));
        assert_eq!(scope("3"), Ok(Scope(vec![Layer::OutreachEngine])));
        for wrong in ["0", "10", "everything", ""] {
            assert!(scope(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_fault_rate_is_a_share_of_one() {
        assert_eq!(rate("0.4"), Ok(0.4));
        for wrong in ["1.1", "-0.1", "NaN", "ten"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }
}
