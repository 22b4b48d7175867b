//! Puts prices on invoices: net amounts, the tax on them, and both.
//!
//! What a plan costs is a setting (`pricing`); what is done with it stands here.

use serde::Serialize;

use super::effect::InvoiceLine;
use super::money::Money;
use super::operations::Plan;

/// A net amount with its tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taxed {
    /// Without tax.
    pub net: Money,
    /// The tax.
    pub tax: Money,
    /// Both.
    pub total: Money,
}

/// Adds `tax_bp` basis points of tax, rounded half to even, once on the whole net amount of the
/// invoice and not line by line.
pub fn taxed(net: Money, tax_bp: i64) -> Taxed {
    let tax = net.share(tax_bp);
    Taxed { net, tax, total: Money::new(net.minor.saturating_add(tax.minor), net.currency) }
}

/// How a client's services are taxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// At a rate in basis points.
    Rate(i64),
    /// The client owes the tax in its own country; the invoice shows none and says why.
    ReverseCharge,
    /// There is no tax on it.
    Exempt,
}

impl Treatment {
    /// Reads a rate in basis points, `reverse_charge` or `exempt`.
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "reverse_charge" => Some(Self::ReverseCharge),
            "exempt" => Some(Self::Exempt),
            rate => rate.parse().ok().filter(|bp| (0..=10_000).contains(bp)).map(Self::Rate),
        }
    }

    /// The rate that is charged, in basis points.
    pub const fn rate_bp(self) -> i64 {
        match self {
            Self::Rate(bp) => bp,
            Self::ReverseCharge | Self::Exempt => 0,
        }
    }

    /// What stands on the invoice beside the tax.
    pub fn note(self, language: &str) -> String {
        let german = language == "de";
        match self {
            Self::Rate(bp) => format!("{}.{:02} %", bp / 100, bp % 100),
            Self::ReverseCharge if german => {
                "Steuerschuldnerschaft des Leistungsempfängers".to_owned()
            }
            Self::ReverseCharge => "reverse charge: the customer owes the tax".to_owned(),
            Self::Exempt if german => "steuerfrei".to_owned(),
            Self::Exempt => "exempt".to_owned(),
        }
    }
}

/// How the services of clients in one country are taxed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaxRule {
    /// ISO 3166-1, two capitals.
    pub country: String,
    /// How.
    pub treatment: Treatment,
}

/// Returns how a client in `country` is taxed: by its country's rule, else at the usual rate.
pub fn treatment(rules: &[TaxRule], usual_bp: i64, country: Option<&str>) -> Treatment {
    let rule = rules.iter().find(|rule| Some(rule.country.as_str()) == country);
    rule.map_or(Treatment::Rate(usual_bp), |rule| rule.treatment)
}

/// Writes the one line of a set-up invoice.
pub fn setup_line(plan: Plan, net: Money) -> InvoiceLine {
    InvoiceLine { text: format!("Set-up, plan {}", plan.as_column()), net }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Currency;

    #[test]
    fn tax_is_rounded_once_and_sums_to_the_total() {
        let eur = |minor| Money::new(minor, Currency::new("EUR").unwrap());
        let price = taxed(eur(100_000), 1_900);
        assert_eq!((price.tax, price.total), (eur(19_000), eur(119_000)));
        let odd = taxed(eur(50), 1_900);
        assert_eq!((odd.tax, odd.total), (eur(10), eur(60)), "9.5 rounds to the even 10");
        assert_eq!(taxed(eur(100_000), 0).total, eur(100_000));
    }

    #[test]
    fn tax_follows_the_country_and_says_why_there_is_none() {
        let rule = |country: &str, word: &str| TaxRule {
            country: country.to_owned(),
            treatment: Treatment::read(word).unwrap(),
        };
        let rules = [rule("DE", "1900"), rule("AT", "reverse_charge"), rule("CH", "exempt")];
        let of = |country| treatment(&rules, 700, country);
        assert_eq!((of(Some("DE")).rate_bp(), of(Some("AT")).rate_bp()), (1_900, 0));
        assert_eq!((of(Some("FR")).rate_bp(), of(None).rate_bp()), (700, 700));
        assert_eq!(of(Some("AT")).note("en"), "reverse charge: the customer owes the tax");
        assert_eq!(of(Some("DE")).note("de"), "19.00 %");
        for wrong in ["", "-1", "10001", "often"] {
            assert_eq!(Treatment::read(wrong), None, "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn tax_is_the_nearest_cent_to_even_and_net_and_tax_are_the_total(
            net in 0_i64..100_000_000, bp in 0_i64..=10_000,
        ) {
            let price = taxed(Money::new(net, Currency::new("EUR").unwrap()), bp);
            proptest::prop_assert_eq!(price.total.minor, price.net.minor + price.tax.minor);
            let off = price.tax.minor * 10_000 - net * bp;
            proptest::prop_assert!(off.abs() <= 5_000);
            proptest::prop_assert!(off.abs() < 5_000 || price.tax.minor % 2 == 0, "a half goes to even");
        }
    }

    #[test]
    fn an_invoice_line_says_what_was_bought() {
        let usd = Money::new(250_000, Currency::new("USD").unwrap());
        assert_eq!(setup_line(Plan::Professional, usd).text, "Set-up, plan professional");
    }
}
