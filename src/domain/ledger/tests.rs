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
