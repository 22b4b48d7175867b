//! Reads what is typed on a command line into what it means.

use crate::domain::layer::Layer;
use crate::domain::market::MarketName;
use crate::domain::mode::Mode;
use crate::domain::money::{Currency, Money};
use crate::domain::mrr::Decimal;
use crate::domain::span;
use crate::domain::time::Moment;

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
    span::length_ms(word).map_err(str::to_owned)
}

/// Reads a day as its first instant in UTC.
pub(super) fn day(word: &str) -> Result<Moment, String> {
    let at = format!("{word}T00:00:00Z").parse::<Moment>();
    at.map_err(|_| "write a day as year, month, day: 2026-01-31".to_owned())
}

/// Reads an amount with its currency, `120.50 EUR`. Decimals are exact; a comma is refused rather than
/// guessed at.
pub(super) fn money(text: &str) -> Result<Money, String> {
    const FORM: &str = "write an amount with its currency: 120.50 EUR, or 120.50EUR";
    let text = text.trim();
    let code = text.get(text.len().saturating_sub(3)..).ok_or(FORM)?;
    let currency = Currency::new(code).map_err(|_| FORM)?;
    let number = text[..text.len() - 3].trim();
    let amount = Decimal::read(number).ok_or(FORM)?;
    let decimals = currency.decimals();
    if amount.scale > decimals {
        return Err(format!("{currency} has {decimals} decimals"));
    }
    let minor = amount.units.checked_mul(10_i64.pow(decimals - amount.scale)).ok_or(FORM)?;
    Ok(Money::new(minor, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn an_amount_is_read_to_the_cent_or_refused() {
        let text = |word: &str| money(word).map(|amount| amount.to_string());
        assert_eq!(text("120.50 EUR").as_deref(), Ok("120.50 EUR"));
        assert_eq!(text("120.5eur").as_deref(), Ok("120.50 EUR"));
        assert_eq!(text("1000 JPY").as_deref(), Ok("1,000 JPY"));
        for wrong in
            ["", "12", "EUR", "1,50 EUR", "1.505 EUR", "1.5 JPY", "é€", "99999999999999999999 EUR"]
        {
            assert!(money(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_is_its_first_instant() {
        assert_eq!(day("2026-01-05"), Ok(Moment(1_767_571_200_000)));
        for wrong in ["2026-02-30", "5.1.2026", "today"] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }
}
