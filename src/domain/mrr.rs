//! Normalises recurring prices to one month, in exact integer maths.
//!
//! A month is 1, a year 1/12, a week 52/12, a day 365/12 of the price. Fractions are summed exactly
//! and rounded once, half to even, at the end of each subscription; what is metered, billed once or
//! tax does not count.

use serde::{Deserialize, Serialize};

use super::money::round_half_even;

/// How far prices may have decimals below the minor unit: Stripe allows twelve.
const DECIMALS_MAX: usize = 12;

/// A decimal number kept exactly: `units` / 10^`scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decimal {
    /// All digits as one integer.
    pub units: i64,
    /// How many of them stand behind the point.
    pub scale: u32,
}

impl Decimal {
    /// Nothing.
    pub const ZERO: Self = Self { units: 0, scale: 0 };

    /// Makes a whole number.
    pub const fn whole(units: i64) -> Self {
        Self { units, scale: 0 }
    }

    /// Reads `2000`, `12.5` or `0.015`; anything else is `None`.
    pub fn read(text: &str) -> Option<Self> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let rest = rest.trim_end_matches('0');
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty()
            || !all_digits(digits)
            || !all_digits(rest)
            || rest.len() > DECIMALS_MAX
        {
            return None;
        }
        let units = format!("{whole}{rest}").parse().ok()?;
        Some(Self { units, scale: u32::try_from(rest.len()).ok()? })
    }
}

/// How often a price is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Each day.
    Day,
    /// Each week.
    Week,
    /// Each month.
    Month,
    /// Each year.
    Year,
}

impl Interval {
    /// Reads the provider's word.
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "day" => Some(Self::Day),
            "week" => Some(Self::Week),
            "month" => Some(Self::Month),
            "year" => Some(Self::Year),
            _ => None,
        }
    }

    /// How many twelfths of its price fall into one month.
    const fn twelfths(self) -> i128 {
        match self {
            Self::Day => 365,
            Self::Week => 52,
            Self::Month => 12,
            Self::Year => 1,
        }
    }
}

/// One recurring price of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecurringItem {
    /// Price of one, in minor units with decimals.
    pub unit_amount: Decimal,
    /// How many.
    pub quantity: i64,
    /// How often.
    pub interval: Interval,
    /// Every how many intervals; a quarter is three months.
    pub interval_count: i64,
    /// Charged by use, and so not recurring.
    pub metered: bool,
}

/// A discount that recurs with the subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Discount {
    /// Per cent of the price.
    Percent(Decimal),
    /// Minor units off each bill.
    Amount(i64),
}

/// A fraction with a positive denominator; every operation is checked, because the numbers come
/// from outside.
#[derive(Clone, Copy)]
struct Fraction {
    top: i128,
    bottom: i128,
}

impl Fraction {
    fn new(top: i128, bottom: i128) -> Self {
        let divisor = greatest_common_divisor(top.unsigned_abs(), bottom.unsigned_abs()).max(1);
        let divisor = i128::try_from(divisor).unwrap_or(1);
        Self { top: top / divisor, bottom: bottom / divisor }
    }

    fn plus(self, other: Self) -> Option<Self> {
        let top =
            self.top.checked_mul(other.bottom)?.checked_add(other.top.checked_mul(self.bottom)?)?;
        Some(Self::new(top, self.bottom.checked_mul(other.bottom)?))
    }

    fn times(self, top: i128, bottom: i128) -> Option<Self> {
        Some(Self::new(self.top.checked_mul(top)?, self.bottom.checked_mul(bottom)?))
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Returns the monthly price of a subscription in minor units, never below zero.
///
/// `None` means that the numbers cannot be a price: an interval of zero, a negative quantity, an
/// amount beyond all money.
pub fn monthly(items: &[RecurringItem], discounts: &[Discount]) -> Option<i64> {
    let mut sum = Fraction { top: 0, bottom: 1 };
    for item in items.iter().filter(|item| !item.metered) {
        if item.interval_count < 1 || item.quantity < 0 {
            return None;
        }
        let price =
            Fraction::new(i128::from(item.unit_amount.units), power(item.unit_amount.scale)?)
                .times(i128::from(item.quantity), 1)?;
        sum = sum.plus(per_month(price, item)?)?;
    }
    for discount in discounts {
        sum = match discount {
            Discount::Percent(percent) => {
                let hundred = 100_i128.checked_mul(power(percent.scale)?)?;
                sum.times(hundred.checked_sub(i128::from(percent.units))?, hundred)?
            }
            Discount::Amount(minor) => {
                let bill = items.iter().find(|item| !item.metered)?;
                let off = Fraction { top: -i128::from(*minor), bottom: 1 };
                sum.plus(per_month(off, bill)?)?
            }
        };
    }
    // The rounding doubles a remainder; what would overflow there is refused.
    sum.bottom.checked_mul(2)?;
    Some(round_half_even(sum.top, sum.bottom).max(0))
}

fn per_month(amount: Fraction, item: &RecurringItem) -> Option<Fraction> {
    amount.times(item.interval.twelfths(), 12_i128.checked_mul(i128::from(item.interval_count))?)
}

fn power(scale: u32) -> Option<i128> {
    10_i128.checked_pow(scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn item(price: &str, quantity: i64, interval: Interval, interval_count: i64) -> RecurringItem {
        RecurringItem {
            unit_amount: Decimal::read(price).unwrap(),
            quantity,
            interval,
            interval_count,
            metered: false,
        }
    }

    #[test]
    fn the_worked_examples_come_out_to_the_cent() {
        let seats = item("9900", 2, Interval::Month, 1);
        let yearly = item("118800", 1, Interval::Year, 1);
        assert_eq!(monthly(&[seats, yearly], &[]), Some(29_700));
        assert_eq!(monthly(&[item("300", 1, Interval::Week, 1)], &[]), Some(1_300));
        assert_eq!(monthly(&[item("30000", 1, Interval::Month, 3)], &[]), Some(10_000));
        assert_eq!(monthly(&[item("1200", 1, Interval::Day, 1)], &[]), Some(36_500));
    }

    #[test]
    fn thirds_are_summed_before_they_are_rounded() {
        let third = item("100", 1, Interval::Month, 3);
        assert_eq!(monthly(&[third], &[]), Some(33));
        assert_eq!(monthly(&[third, third, third], &[]), Some(100));
        assert_eq!(monthly(&[item("0.5", 1, Interval::Month, 1)], &[]), Some(0), "half to even");
        assert_eq!(monthly(&[item("1.5", 1, Interval::Month, 1)], &[]), Some(2));
    }

    #[test]
    fn recurring_discounts_come_off_and_never_below_nothing() {
        let seat = item("10000", 1, Interval::Month, 1);
        let percent = |text: &str| Discount::Percent(Decimal::read(text).unwrap());
        assert_eq!(monthly(&[seat], &[percent("12.5")]), Some(8_750));
        assert_eq!(monthly(&[seat], &[Discount::Amount(2_000)]), Some(8_000));
        assert_eq!(monthly(&[seat], &[Discount::Amount(20_000)]), Some(0));
        let yearly = item("120000", 1, Interval::Year, 1);
        assert_eq!(monthly(&[yearly], &[Discount::Amount(12_000)]), Some(9_000));
    }

    #[test]
    fn what_is_metered_does_not_recur() {
        let metered = RecurringItem { metered: true, ..item("100", 5, Interval::Month, 1) };
        assert_eq!(monthly(&[metered], &[]), Some(0));
    }

    #[test]
    fn numbers_that_cannot_be_a_price_are_refused_and_do_not_overflow() {
        assert_eq!(monthly(&[item("100", 1, Interval::Month, 0)], &[]), None);
        assert_eq!(monthly(&[item("100", -1, Interval::Month, 1)], &[]), None);
        assert_eq!(Decimal::read("1e9"), None);
        assert_eq!(Decimal::read(""), None);
        assert_eq!(Decimal::read("."), None);
        assert_eq!(Decimal::read("1.2.3"), None);
        assert_eq!(Decimal::read("-7.50"), Some(Decimal { units: -75, scale: 1 }));
    }

    proptest! {
        #[test]
        fn a_yearly_price_is_its_twelfth_and_any_input_ends(
            price in 0_i64..1_000_000, quantity in 0_i64..1_000, units in any::<i64>(),
            scale in 0_u32..13, count in any::<i64>(), wild in any::<i64>(),
        ) {
            let yearly = item(&(price * 12).to_string(), quantity, Interval::Year, 1);
            prop_assert_eq!(monthly(&[yearly], &[]), Some(price * quantity));
            let hostile = RecurringItem {
                unit_amount: Decimal { units, scale },
                quantity: wild,
                interval: Interval::Day,
                interval_count: count,
                metered: false,
            };
            let all = monthly(&[hostile; 4], &[Discount::Amount(wild)]);
            prop_assert!(all.is_none_or(|minor| minor >= 0));
        }
    }
}
