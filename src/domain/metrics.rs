//! Computes the figures by which a subscription business is judged.
//!
//! A figure whose denominator is zero is undefined: `None`, shown as unknown, never 0. Inputs are
//! counts and minor units from `domain::ledger`; what is an assumption is an argument, so that it can
//! be shown beside the result.

use super::ledger::Bridge;

/// The horizon over which a customer's value is summed when nobody has left yet.
pub const LTV_CAP_MONTHS: f64 = 36.0;

/// What a customer is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifetimeValue {
    /// In minor units.
    pub minor: f64,
    /// Whether churn was zero and the horizon was cut at `LTV_CAP_MONTHS`.
    pub capped: bool,
}

/// Share of the starting customers that left.
pub fn logo_churn(bridge: &Bridge) -> Option<f64> {
    ratio(count(bridge.customers_lost), count(bridge.customers_start))
}

/// Share of the starting MRR that was lost to churn and contraction.
pub fn gross_revenue_churn(bridge: &Bridge) -> Option<f64> {
    ratio(minor(-(bridge.churn + bridge.contraction)), minor(bridge.start))
}

/// Net revenue retention: what the starting customers pay now, over what they paid.
pub fn net_revenue_retention(bridge: &Bridge) -> Option<f64> {
    let kept = bridge.start + bridge.expansion + bridge.contraction + bridge.churn;
    ratio(minor(kept), minor(bridge.start))
}

/// Gross revenue retention: as net, without expansion; never above 1.
pub fn gross_revenue_retention(bridge: &Bridge) -> Option<f64> {
    ratio(minor(bridge.start + bridge.contraction + bridge.churn), minor(bridge.start))
}

/// Average MRR of a paying customer, in minor units.
pub fn revenue_per_account(mrr: i64, paying: u64) -> Option<f64> {
    ratio(minor(mrr), count(paying))
}

/// Share of revenue that remains after the cost of delivery.
pub fn gross_margin(revenue: i64, cost: i64) -> Option<f64> {
    ratio(minor(revenue - cost), minor(revenue))
}

/// Average revenue per account × gross margin ÷ monthly churn. Nobody having left is not an
/// infinite value: the horizon is cut, and the result says so.
pub fn lifetime_value(
    revenue_per_account: Option<f64>,
    gross_margin: Option<f64>,
    monthly_churn: Option<f64>,
) -> Option<LifetimeValue> {
    let monthly = revenue_per_account? * gross_margin?;
    let churn = monthly_churn?;
    let months = if churn > 0.0 { 1.0 / churn } else { LTV_CAP_MONTHS };
    Some(LifetimeValue { minor: monthly * months, capped: churn <= 0.0 })
}

/// Cost of sales and marketing per new customer, in minor units.
pub fn acquisition_cost(cost: i64, new_customers: u64) -> Option<f64> {
    ratio(minor(cost), count(new_customers))
}

/// Months until a customer has paid back what winning it cost.
pub fn payback_months(
    acquisition_cost: Option<f64>,
    revenue_per_account: Option<f64>,
    gross_margin: Option<f64>,
) -> Option<f64> {
    ratio(acquisition_cost?, revenue_per_account? * gross_margin?)
}

/// Gain over cost, less one.
pub fn return_on_investment(gain: i64, cost: i64) -> Option<f64> {
    ratio(minor(gain - cost), minor(cost))
}

pub(super) fn ratio(top: f64, bottom: f64) -> Option<f64> {
    (bottom > 0.0).then(|| top / bottom)
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 minor units, 90 trillion dollars")]
pub(super) const fn minor(amount: i64) -> f64 {
    amount as f64
}

#[expect(clippy::cast_precision_loss, reason = "customers are fewer than 2^53")]
pub(super) const fn count(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests;
