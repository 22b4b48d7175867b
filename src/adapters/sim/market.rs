//! Reads how the people of the simulated world behave: `config/demo/market.yaml`, the warm demo town,
//! and what `realistic.yaml` lays over it.
//!
//! Every rate carries its source, or the word `assumed`. Each section belongs to one kind of
//! counterparty, which defines its shape beside the code that draws by it.

use std::collections::BTreeMap;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};
use serde_yaml::Value;

use crate::domain::market::MarketName;

const WARM_TOWN: &str = include_str!("../../../config/demo/market.yaml");
const REALISTIC: &str = include_str!("../../../config/demo/realistic.yaml");

/// One number with where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The number; its key says the unit, and one without a unit is a share of 1.
    pub value: f64,
    /// Where it was read, or `assumed`.
    pub source: String,
}

/// A market that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// A section that is missing or has another shape: a mistake in an embedded file.
    #[error("the market's section {section} cannot be read")]
    Unreadable {
        /// Which.
        section: &'static str,
        /// What is wrong.
        #[source]
        source: serde_yaml::Error,
    },
    /// A rate that no market has: a slip in `sim.rates`.
    #[error("no market has a rate {key:?}")]
    NoSuchRate {
        /// As it was written.
        key: String,
    },
}

/// How everybody behaves.
#[derive(Clone, Debug)]
pub struct Market(Value);

impl Market {
    /// Reads the warm demo town.
    ///
    /// # Errors
    /// A mistake in the embedded file, which a test rules out.
    pub fn warm_town() -> Result<Self, MarketError> {
        Self::of(WARM_TOWN)
    }

    /// Reads the market called `name`.
    ///
    /// # Errors
    /// A mistake in an embedded file, which a test rules out.
    pub fn named(name: MarketName) -> Result<Self, MarketError> {
        let mut market = Self::warm_town()?;
        if name == MarketName::Realistic {
            let Self(upper) = Self::of(REALISTIC)?;
            for (section, rates) in upper.as_mapping().into_iter().flatten() {
                for (rate, value) in rates.as_mapping().into_iter().flatten() {
                    *market.0.rate_mut(section, rate)? = value.clone();
                }
            }
        }
        Ok(market)
    }

    /// Gives some rates other values, by `section.rate`.
    ///
    /// # Errors
    /// A rate that the market does not have.
    pub fn with(mut self, rates: &BTreeMap<String, f64>) -> Result<Self, MarketError> {
        for (key, value) in rates {
            let no_such = || MarketError::NoSuchRate { key: key.clone() };
            let (section, rate) = key.split_once('.').ok_or_else(no_such)?;
            let changed = Rate { value: *value, source: "sim.rates".to_owned() };
            let of = self.0.rate_mut(&section.into(), &rate.into())?;
            *of = serde_yaml::to_value(changed).map_err(|source| unreadable("(all)", source))?;
        }
        Ok(self)
    }

    /// Returns every rate by `section.rate`, in the order of the file.
    pub fn rates(&self) -> Vec<(String, f64)> {
        let mut rates = Vec::new();
        for (section, of) in self.0.as_mapping().into_iter().flatten() {
            for (rate, value) in of.as_mapping().into_iter().flatten() {
                let names = section.as_str().zip(rate.as_str());
                let value = value.get("value").and_then(Value::as_f64);
                if let (Some((section, rate)), Some(value)) = (names, value) {
                    rates.push((format!("{section}.{rate}"), value));
                }
            }
        }
        rates
    }

    fn of(text: &str) -> Result<Self, MarketError> {
        serde_yaml::from_str(text).map(Self).map_err(|source| unreadable("(all)", source))
    }

    /// Reads one section in its owner's shape.
    ///
    /// # Errors
    /// A section that is missing or has another shape.
    pub fn section<T: DeserializeOwned>(&self, section: &'static str) -> Result<T, MarketError> {
        let broken = |source| unreadable(section, source);
        let part = self.0.get(section).cloned();
        let part = part.ok_or_else(|| broken(serde_yaml::Error::custom("it is missing")))?;
        serde_yaml::from_value(part).map_err(broken)
    }
}

const fn unreadable(section: &'static str, source: serde_yaml::Error) -> MarketError {
    MarketError::Unreadable { section, source }
}

/// A tree of sections and rates.
trait Rates {
    /// Returns one rate, which must be there.
    fn rate_mut(&mut self, section: &Value, rate: &Value) -> Result<&mut Value, MarketError>;
}

impl Rates for Value {
    fn rate_mut(&mut self, section: &Value, rate: &Value) -> Result<&mut Value, MarketError> {
        let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
        let key = format!("{}.{}", word(section), word(rate));
        self.get_mut(section)
            .and_then(|rates| rates.get_mut(rate))
            .ok_or(MarketError::NoSuchRate { key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_realistic_market_differs_where_it_says_so_and_books_about_three_of_a_hundred() {
        let booked = |name| -> f64 {
            let rates = Market::named(name).unwrap().rates();
            rates.iter().filter(|(key, _)| key.contains(".books_at_")).map(|(_, value)| value).sum()
        };
        assert!((booked(MarketName::Realistic) - 0.03).abs() < 1e-9);
        assert!(booked(MarketName::Warm) > 0.3);
        let realistic = Market::named(MarketName::Realistic).unwrap().rates();
        let warm = Market::warm_town().unwrap().rates();
        assert_eq!(realistic.len(), warm.len());
        let value = |rates: &[(String, f64)], key: &str| {
            rates.iter().find(|(of, _)| of == key).map(|(_, value)| *value)
        };
        let same = "profile.has_phone";
        assert_eq!(value(&realistic, same), value(&warm, same));
    }

    #[test]
    fn a_single_rate_can_be_moved_and_one_that_is_not_there_is_named() {
        let one = |key: &str| BTreeMap::from([(key.to_owned(), 0.9)]);
        let market = Market::warm_town().unwrap().with(&one("prospect.declines")).unwrap();
        assert!(market.rates().contains(&("prospect.declines".to_owned(), 0.9)));
        for wrong in ["prospect.declined", "declines", "nobody.declines"] {
            let error = Market::warm_town().unwrap().with(&one(wrong)).unwrap_err();
            assert!(error.to_string().contains("no market has a rate"), "{error}");
        }
    }

    #[test]
    fn every_rate_of_the_embedded_markets_names_its_source() {
        let Market(tree) = Market::named(MarketName::Realistic).unwrap();
        rates_name_their_source(&tree);
        let Market(tree) = Market::warm_town().unwrap();
        rates_name_their_source(&tree);
    }

    fn rates_name_their_source(tree: &Value) {
        for (section, rates) in tree.as_mapping().unwrap() {
            for (name, rate) in rates.as_mapping().unwrap() {
                let rate: Rate = serde_yaml::from_value(rate.clone()).unwrap();
                assert!(!rate.source.is_empty() && rate.value >= 0.0, "{section:?}.{name:?}");
            }
        }
    }

    #[test]
    fn a_section_that_is_missing_is_an_error_that_names_it() {
        let market = Market::of("client: {}\n").unwrap();
        let error = market.section::<Vec<u8>>("payer").unwrap_err();
        assert!(error.to_string().contains("payer"));
    }
}
