//! Puts prices on invoices: net amounts, the tax on them, and both.
//!
//! What a plan costs is a setting (`pricing`); what is done with it stands here.

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

/// Adds `tax_bp` basis points of tax, rounded once on the whole net amount.
pub fn taxed(net: Money, tax_bp: i64) -> Taxed {
    let tax = net.share(tax_bp);
    Taxed { net, tax, total: Money::new(net.minor.saturating_add(tax.minor), net.currency) }
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
    fn an_invoice_line_says_what_was_bought() {
        let usd = Money::new(250_000, Currency::new("USD").unwrap());
        assert_eq!(setup_line(Plan::Professional, usd).text, "Set-up, plan professional");
    }
}
