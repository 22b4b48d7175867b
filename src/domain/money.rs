//! Defines money: integer minor units with their currency. There is no floating-point amount.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency, three capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// A text that is not a currency code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a three-letter currency code")]
pub struct BadCurrency(String);

/// Currencies without minor units (Stripe's list): the amount is in whole units.
const ZERO_DECIMAL: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV",
    "XAF", "XOF", "XPF",
];

impl Currency {
    /// Reads a code in either case.
    ///
    /// # Errors
    /// Anything but three ASCII letters.
    pub fn new(code: &str) -> Result<Self, BadCurrency> {
        match code.as_bytes() {
            [a, b, c] if code.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase(), c.to_ascii_uppercase()]))
            }
            _ => Err(BadCurrency(code.to_owned())),
        }
    }

    /// The code, `USD`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many decimals an amount is written with.
    pub fn decimals(&self) -> u32 {
        if ZERO_DECIMAL.contains(&self.code()) { 0 } else { 2 }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::new(&code).map_err(serde::de::Error::custom)
    }
}

/// An amount in minor units of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units; negative for money going out.
    pub minor: i64,
    /// The currency; amounts of two currencies are never added.
    pub currency: Currency,
}

impl Money {
    /// Makes an amount.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Adds, or returns `None` for two currencies or an overflow.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self::new(self.minor.checked_add(other.minor)?, self.currency))
    }

    /// Returns `basis_points`/10,000 of the amount, rounded half to even to a whole minor unit.
    #[must_use]
    pub fn share(self, basis_points: i64) -> Self {
        Self::new(
            round_half_even(i128::from(self.minor) * i128::from(basis_points), 10_000),
            self.currency,
        )
    }
}

impl fmt::Display for Money {
    /// Writes `1,234.50 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = 10_u64.pow(self.currency.decimals());
        let (whole, rest) = (self.minor.unsigned_abs() / scale, self.minor.unsigned_abs() % scale);
        let digits = whole.to_string();
        let mut grouped = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if self.minor < 0 { "-" } else { "" };
        if scale == 1 {
            write!(f, "{sign}{grouped} {}", self.currency)
        } else {
            write!(f, "{sign}{grouped}.{rest:02} {}", self.currency)
        }
    }
}

/// Divides and rounds half to even, the rule that does not drift over many invoices.
pub fn round_half_even(numerator: i128, denominator: i128) -> i64 {
    let quotient = numerator.div_euclid(denominator);
    let twice_rest = numerator.rem_euclid(denominator) * 2;
    let up = twice_rest > denominator || (twice_rest == denominator && quotient.rem_euclid(2) == 1);
    i64::try_from(quotient + i128::from(up)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
