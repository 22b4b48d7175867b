//! Books money: what a payment, a refund or a change of a subscription means for the ledger.
//!
//! The ledger is append-only: what turns out otherwise is taken back by a new line of the same
//! instant. For every customer and for all of them, ΔMRR = Σ movements, exactly.

use std::collections::{BTreeMap, BTreeSet};

use super::finance::{Account, LedgerEntry, Movement};
use super::money::{Currency, Money, round_half_even};
use super::time::Moment;

/// Names the movement that takes a customer's MRR from `before` to `after` and its signed amount.
///
/// `known` says whether the customer had MRR at any earlier time: coming back is not being new.
pub fn movement(before: i64, after: i64, known: bool) -> Option<(Movement, i64)> {
    let kind = match (before, after) {
        (before, after) if before == after => return None,
        (0, _) if known => Movement::Reactivation,
        (0, _) => Movement::New,
        (_, 0) => Movement::Churn,
        (before, after) if after > before => Movement::Expansion,
        _ => Movement::Contraction,
    };
    Some((kind, after - before))
}

/// Splits a payment into net and tax in the proportion of its invoice; both sum to the payment.
pub fn split_tax(paid: Money, total: Money, tax: Money) -> (Money, Money) {
    let tax_minor = if total.minor == 0 {
        0
    } else {
        let scaled = i128::from(paid.minor) * i128::from(tax.minor);
        let sign = if total.minor < 0 { -1 } else { 1 };
        round_half_even(scaled * sign, i128::from(total.minor) * sign)
    };
    (Money::new(paid.minor - tax_minor, paid.currency), Money::new(tax_minor, paid.currency))
}

/// Cash revenue without tax: payments less refunds less lost disputes, of one currency, over
/// `from..to`. It is not MRR.
pub fn cash_revenue(
    entries: &[LedgerEntry],
    currency: Currency,
    from: Moment,
    to: Moment,
) -> Money {
    let minor = entries
        .iter()
        .filter(|entry| entry.amount.currency == currency && entry.at >= from && entry.at < to)
        .filter(|entry| {
            matches!(entry.account, Account::Revenue | Account::Refund | Account::Dispute)
        })
        .map(|entry| entry.amount.minor)
        .sum();
    Money::new(minor, currency)
}

/// Each customer's MRR of one currency just before `at`; customers at zero are left out.
pub fn mrr_at(entries: &[LedgerEntry], currency: Currency, at: Moment) -> BTreeMap<&str, i64> {
    let mut by_customer = BTreeMap::new();
    for entry in entries {
        if entry.account == Account::Mrr && entry.amount.currency == currency && entry.at < at {
            *by_customer.entry(entry.entity.as_str()).or_insert(0) += entry.amount.minor;
        }
    }
    by_customer.retain(|_, minor| *minor != 0);
    by_customer
}

/// Returns the customers that had MRR of one currency at any time before `at`. A line that a later
/// one of the same instant takes back has never been.
fn ever_before(entries: &[LedgerEntry], currency: Currency, at: Moment) -> BTreeSet<&str> {
    let mut moved = BTreeMap::new();
    for entry in entries {
        if entry.account == Account::Mrr && entry.amount.currency == currency && entry.at < at {
            *moved.entry((entry.entity.as_str(), entry.at)).or_insert(0) += entry.amount.minor;
        }
    }
    moved.into_iter().filter(|(_, minor)| *minor != 0).map(|((customer, _), _)| customer).collect()
}

/// How MRR got from one date to another: the bridge that every report of it shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bridge {
    /// MRR at the start.
    pub start: i64,
    /// From customers that never had any.
    pub new: i64,
    /// From customers that came back.
    pub reactivation: i64,
    /// More from customers of the start.
    pub expansion: i64,
    /// Less from customers of the start; not positive.
    pub contraction: i64,
    /// All of what lost customers paid; not positive.
    pub churn: i64,
    /// MRR at the end.
    pub end: i64,
    /// Customers at the start.
    pub customers_start: u64,
    /// Customers of the start that are gone at the end.
    pub customers_lost: u64,
    /// Customers at the end that never were before.
    pub customers_new: u64,
    /// Customers at the end.
    pub customers_end: u64,
}

/// Compares each customer's MRR at two dates. What came and went in between shows in neither.
pub fn bridge(entries: &[LedgerEntry], currency: Currency, from: Moment, to: Moment) -> Bridge {
    let (start, end) = (mrr_at(entries, currency, from), mrr_at(entries, currency, to));
    let paid_before = ever_before(entries, currency, from);
    let mut bridge = Bridge {
        start: start.values().sum(),
        end: end.values().sum(),
        customers_start: start.len() as u64,
        customers_end: end.len() as u64,
        ..Bridge::default()
    };
    let mut customers: Vec<&str> = start.keys().chain(end.keys()).copied().collect();
    customers.sort_unstable();
    customers.dedup();
    for customer in customers {
        let at = |date: &BTreeMap<&str, i64>| date.get(customer).copied().unwrap_or(0);
        let known = paid_before.contains(customer);
        let Some((kind, amount)) = movement(at(&start), at(&end), known) else { continue };
        match kind {
            Movement::New => {
                bridge.new += amount;
                bridge.customers_new += 1;
            }
            Movement::Reactivation => bridge.reactivation += amount,
            Movement::Expansion => bridge.expansion += amount,
            Movement::Contraction => bridge.contraction += amount,
            Movement::Churn => {
                bridge.churn += amount;
                bridge.customers_lost += 1;
            }
        }
    }
    bridge
}

#[cfg(test)]
mod tests;
