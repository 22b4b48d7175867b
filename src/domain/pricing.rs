//! Defines what the plans cost: one price list, from which invoices and subscriptions are written.

use serde::{Deserialize, Serialize};

use super::effect::{InvoiceLine, SubscriptionRequest};
use super::money::{Currency, Money};
use super::operations::Plan;

/// What one plan costs, in whole units of the list's currency, net of tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPrice {
    /// Each month, from go-live.
    pub monthly: i64,
    /// Once, at signing.
    pub setup: i64,
}

/// The price list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceList {
    /// The one currency in which prices are stated.
    pub currency: Currency,
    /// Tax on every net amount, in basis points: 1900 is 19 %.
    pub tax_bp: i64,
    /// The smallest plan.
    pub starter: PlanPrice,
    /// The middle plan.
    pub professional: PlanPrice,
    /// The largest plan.
    pub enterprise: PlanPrice,
}

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

impl PriceList {
    /// Returns the list of the first price sheet: 500/1,000, 1,500/2,500 and 3,000/5,000.
    pub const fn standard(currency: Currency, tax_bp: i64) -> Self {
        Self {
            currency,
            tax_bp,
            starter: PlanPrice { monthly: 500, setup: 1_000 },
            professional: PlanPrice { monthly: 1_500, setup: 2_500 },
            enterprise: PlanPrice { monthly: 3_000, setup: 5_000 },
        }
    }

    /// The price of `plan` in whole units.
    pub const fn of(&self, plan: Plan) -> PlanPrice {
        match plan {
            Plan::Starter => self.starter,
            Plan::Professional => self.professional,
            Plan::Enterprise => self.enterprise,
        }
    }

    /// The net price of a month of `plan`.
    pub fn monthly(&self, plan: Plan) -> Money {
        self.minor(self.of(plan).monthly)
    }

    /// The net price of setting `plan` up.
    pub fn setup(&self, plan: Plan) -> Money {
        self.minor(self.of(plan).setup)
    }

    /// Adds the tax, rounded once on the whole net amount.
    pub fn taxed(&self, net: Money) -> Taxed {
        let tax = net.share(self.tax_bp);
        Taxed { net, tax, total: Money::new(net.minor.saturating_add(tax.minor), net.currency) }
    }

    /// The line of the set-up invoice.
    pub fn setup_line(&self, plan: Plan) -> InvoiceLine {
        InvoiceLine { text: format!("Set-up, plan {}", plan.as_column()), net: self.setup(plan) }
    }

    /// The subscription to start for a client.
    pub fn subscription(&self, entity: &str, email: &str, plan: Plan) -> SubscriptionRequest {
        SubscriptionRequest {
            entity: entity.to_owned(),
            email: email.to_owned(),
            plan: plan.as_column().to_owned(),
            monthly: self.monthly(plan),
            tax_bp: self.tax_bp,
        }
    }

    fn minor(&self, whole: i64) -> Money {
        Money::new(whole.saturating_mul(10_i64.pow(self.currency.decimals())), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_units_become_minor_units_of_the_currency() {
        let usd = PriceList::standard(Currency::new("USD").unwrap(), 0);
        assert_eq!(usd.monthly(Plan::Starter).to_string(), "500.00 USD");
        assert_eq!(usd.setup(Plan::Enterprise).to_string(), "5,000.00 USD");
        let yen = PriceList::standard(Currency::new("JPY").unwrap(), 0);
        assert_eq!(yen.monthly(Plan::Professional).to_string(), "1,500 JPY");
    }

    #[test]
    fn tax_is_rounded_once_and_sums_to_the_total() {
        let list = PriceList::standard(Currency::new("EUR").unwrap(), 1_900);
        let price = list.taxed(list.setup(Plan::Starter));
        assert_eq!(
            (price.net.minor, price.tax.minor, price.total.minor),
            (100_000, 19_000, 119_000)
        );
    }
}
