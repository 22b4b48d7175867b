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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::DAY_MS;

    fn usd() -> Currency {
        Currency::new("USD").unwrap()
    }

    fn entry(entity: &str, account: Account, minor: i64, day: i64) -> LedgerEntry {
        LedgerEntry {
            entity: entity.to_owned(),
            account,
            movement: None,
            category: None,
            amount: Money::new(minor, usd()),
            at: Moment(day * DAY_MS),
            reference: String::new(),
        }
    }

    /// Books a history of (customer, MRR, day) the way the store does.
    fn book(history: &[(String, i64, i64)]) -> Vec<LedgerEntry> {
        let mut entries: Vec<LedgerEntry> = Vec::new();
        for (customer, after, day) in history {
            let own = || entries.iter().filter(|booked| booked.entity == *customer);
            let before = own().map(|booked| booked.amount.minor).sum();
            let known = own().next().is_some();
            if let Some((kind, amount)) = movement(before, *after, known) {
                entries.push(LedgerEntry {
                    movement: Some(kind),
                    ..entry(customer, Account::Mrr, amount, *day)
                });
            }
        }
        entries
    }

    #[test]
    fn each_movement_has_its_name() {
        assert_eq!(movement(0, 500, false), Some((Movement::New, 500)));
        assert_eq!(movement(0, 500, true), Some((Movement::Reactivation, 500)));
        assert_eq!(movement(500, 800, true), Some((Movement::Expansion, 300)));
        assert_eq!(movement(800, 500, true), Some((Movement::Contraction, -300)));
        assert_eq!(movement(500, 0, true), Some((Movement::Churn, -500)));
        assert_eq!(movement(500, 500, true), None);
    }

    #[test]
    fn a_payment_splits_into_net_and_tax_without_losing_a_cent() {
        let money = |minor| Money::new(minor, usd());
        let split = |paid, total, tax| {
            let (net, tax) = split_tax(money(paid), money(total), money(tax));
            (net.minor, tax.minor)
        };
        assert_eq!(split(119_000, 119_000, 19_000), (100_000, 19_000));
        assert_eq!(split(50_000, 119_000, 19_000), (42_017, 7_983));
        assert_eq!(split(0, 0, 0), (0, 0));
        assert_eq!(split(-11_900, -11_900, -1_900), (-10_000, -1_900));
    }

    #[test]
    fn a_month_kept_by_hand_comes_out_the_same() {
        let history = [
            ("stays", 50_000, 1),
            ("grows", 50_000, 2),
            ("shrinks", 300_000, 3),
            ("leaves", 150_000, 4),
            ("returns", 50_000, 5),
            ("returns", 0, 8),
            ("grows", 150_000, 40),
            ("shrinks", 150_000, 41),
            ("leaves", 0, 42),
            ("returns", 50_000, 43),
            ("comes", 50_000, 44),
            ("visits", 50_000, 45),
            ("visits", 0, 50),
        ]
        .map(|(customer, mrr, day)| (customer.to_owned(), mrr, day));
        let bridge = bridge(&book(&history), usd(), Moment(31 * DAY_MS), Moment(61 * DAY_MS));
        assert_eq!(
            bridge,
            Bridge {
                start: 550_000,
                new: 50_000,
                reactivation: 50_000,
                expansion: 100_000,
                contraction: -150_000,
                churn: -150_000,
                end: 450_000,
                customers_start: 4,
                customers_lost: 1,
                customers_new: 1,
                customers_end: 5,
            }
        );
    }

    #[test]
    fn cash_revenue_is_payments_less_refunds_less_lost_disputes_and_no_tax_or_mrr() {
        let entries = [
            entry("a", Account::Revenue, 100_000, 1),
            entry("a", Account::Tax, 19_000, 1),
            entry("a", Account::Mrr, 50_000, 1),
            entry("a", Account::Refund, -20_000, 2),
            entry("a", Account::Dispute, -5_000, 3),
            entry("a", Account::Revenue, 7, 9),
        ];
        let revenue = cash_revenue(&entries, usd(), Moment(0), Moment(9 * DAY_MS));
        assert_eq!(revenue.minor, 75_000);
        let eur = Currency::new("EUR").unwrap();
        assert_eq!(cash_revenue(&entries, eur, Moment(0), Moment(9 * DAY_MS)).minor, 0);
    }

    proptest! {
        #[test]
        fn the_change_of_mrr_is_the_sum_of_its_movements_over_any_span(
            history in proptest::collection::vec((0_u8..5, 0_i64..4, 0_i64..100), 0..60),
            from in 0_i64..100, length in 0_i64..100,
        ) {
            let mut history: Vec<_> = history
                .into_iter()
                .map(|(customer, mrr, day)| (format!("c{customer}"), mrr * 500, day))
                .collect();
            history.sort_by_key(|(_, _, day)| *day);
            let entries = book(&history);
            let last: BTreeMap<_, _> =
                history.iter().map(|(customer, mrr, _)| (customer, *mrr)).collect();
            let booked: i64 = entries.iter().map(|booked| booked.amount.minor).sum();
            prop_assert_eq!(booked, last.values().sum::<i64>());

            let b = bridge(&entries, usd(), Moment(from * DAY_MS), Moment((from + length) * DAY_MS));
            prop_assert_eq!(
                b.end - b.start,
                b.new + b.reactivation + b.expansion + b.contraction + b.churn
            );
            prop_assert!(b.churn <= 0 && b.contraction <= 0 && b.customers_lost <= b.customers_start);
        }

        #[test]
        fn net_and_tax_sum_to_the_payment(
            paid in -1_000_000_i64..1_000_000, total in -1_000_000_i64..1_000_000, tax in 0_i64..500_000,
        ) {
            let money = |minor| Money::new(minor, usd());
            let (net, part) = split_tax(money(paid), money(total), money(tax));
            prop_assert_eq!(net.minor + part.minor, paid);
        }
    }
}
