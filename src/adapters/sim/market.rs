//! Reads how the people of the simulated world behave: `config/demo/market.yaml`.
//!
//! Every rate carries its source, or the word `assumed`. Each section belongs to one kind of
//! counterparty, which defines its shape beside the code that draws by it.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _};

const WARM_TOWN: &str = include_str!("../../../config/demo/market.yaml");

/// One number with where it comes from.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The number; its key says the unit, and one without a unit is a share of 1.
    pub value: f64,
    /// Where it was read, or `assumed`.
    pub source: String,
}

/// A market that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the market's section {section} cannot be read")]
pub struct MarketError {
    section: &'static str,
    #[source]
    source: serde_yaml::Error,
}

/// How everybody behaves.
#[derive(Clone, Debug)]
pub struct Market(serde_yaml::Value);

impl Market {
    /// Reads the warm demo town.
    ///
    /// # Errors
    /// A mistake in the embedded file, which a test rules out.
    pub fn warm_town() -> Result<Self, MarketError> {
        Self::of(WARM_TOWN)
    }

    fn of(text: &str) -> Result<Self, MarketError> {
        serde_yaml::from_str(text)
            .map(Self)
            .map_err(|source| MarketError { section: "(all)", source })
    }

    /// Reads one section in its owner's shape.
    ///
    /// # Errors
    /// A section that is missing or has another shape.
    pub fn section<T: DeserializeOwned>(&self, section: &'static str) -> Result<T, MarketError> {
        let broken = |source| MarketError { section, source };
        let part = self.0.get(section).cloned();
        let part = part.ok_or_else(|| broken(serde_yaml::Error::custom("it is missing")))?;
        serde_yaml::from_value(part).map_err(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rate_of_the_embedded_market_names_its_source() {
        let Market(tree) = Market::warm_town().unwrap();
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
