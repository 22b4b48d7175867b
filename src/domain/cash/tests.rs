use proptest::prelude::*;

use super::*;
use crate::domain::money::Currency;
use crate::domain::time::DAY_MS;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::new("EUR").unwrap())
}

fn fact(kind: FactKind, name: &str, minor: i64, day: i64) -> Fact {
    Fact {
        kind,
        name: name.to_owned(),
        amount: eur(minor),
        at: Moment(day * DAY_MS),
        told_by: format!("evt_{day}"),
    }
}

fn taxed() -> Taxes {
    Taxes { total: eur(11_900), tax: eur(1_900) }
}

/// (account, minor units, day), oldest first.
fn short(lines: &[Line]) -> Vec<(Account, i64, i64)> {
    lines.iter().map(|line| (line.account, line.amount.minor, line.at.0 / DAY_MS)).collect()
}

#[test]
fn a_payment_in_two_parts_is_booked_in_two_months_and_is_full_with_the_second() {
    let facts = [
        fact(FactKind::PaidSoFar, "", 5_950, 20),
        fact(FactKind::PaidSoFar, "", 11_900, 40),
        fact(FactKind::PaidSoFar, "", 11_900, 41),
    ];
    let paid = payments(&facts, taxed());
    assert_eq!(
        short(&paid.lines),
        [
            (Account::Revenue, 5_000, 20),
            (Account::Tax, 950, 20),
            (Account::Revenue, 5_000, 40),
            (Account::Tax, 950, 40),
        ]
    );
    assert_eq!((paid.paid_minor, paid.full_at), (11_900, Some(Moment(40 * DAY_MS))));
    assert_eq!(payments(&facts[..1], taxed()).full_at, None);
}

#[test]
fn what_is_paid_beyond_the_total_is_the_client_s_credit_and_no_revenue() {
    let facts = [
        fact(FactKind::Received, "transfer 1", 10_000, 1),
        fact(FactKind::Received, "transfer 2", 3_000, 2),
    ];
    let paid = payments(&facts, taxed());
    let sum = |account| {
        paid.lines.iter().filter(|line| line.account == account).map(|line| line.amount.minor).sum()
    };
    assert_eq!(
        (sum(Account::Revenue), sum(Account::Tax), sum(Account::Credit)),
        (10_000, 1_900, 1_100_i64)
    );
    assert_eq!((paid.paid_minor, paid.full_at), (13_000, Some(Moment(2 * DAY_MS))));
}

#[test]
fn a_payment_told_alone_and_in_the_sum_is_one_payment() {
    let facts = [
        fact(FactKind::Received, "inpay_1", 4_000, 1),
        fact(FactKind::PaidSoFar, "", 4_000, 1),
        fact(FactKind::PaidSoFar, "", 11_900, 5),
        fact(FactKind::Received, "inpay_2", 7_900, 5),
    ];
    assert_eq!(payments(&facts, taxed()).paid_minor, 11_900);
}

#[test]
fn another_currency_pays_nothing() {
    let usd = Fact {
        amount: Money::new(11_900, Currency::new("USD").unwrap()),
        ..fact(FactKind::Received, "x", 0, 1)
    };
    assert_eq!(payments(&[usd], taxed()), Payments::default());
}

#[test]
fn a_refund_over_two_months_is_booked_in_each_with_its_part_of_the_tax() {
    let facts = [
        fact(FactKind::RefundedSoFar, "", 11_900, 40),
        fact(FactKind::RefundedSoFar, "", 2_380, 20),
    ];
    let back = given_back(&facts, Some(eur(11_900)), Some(taxed()));
    assert_eq!(
        short(&back.lines),
        [
            (Account::Refund, -2_000, 20),
            (Account::Tax, -380, 20),
            (Account::Refund, -8_000, 40),
            (Account::Tax, -1_520, 40),
        ]
    );
    assert_eq!(back.refunded_minor, 11_900);
}

#[test]
fn a_refund_that_failed_is_money_again_and_can_be_paid_back_again() {
    let facts = [
        fact(FactKind::RefundedSoFar, "", 5_000, 1),
        fact(FactKind::RefundFailed, "re_1", 5_000, 3),
        fact(FactKind::RefundedSoFar, "", 5_000, 6),
    ];
    let back = |n: usize| given_back(&facts[..n], Some(eur(9_000)), None);
    assert_eq!(short(&back(2).lines), [(Account::Refund, -5_000, 1), (Account::Refund, 5_000, 3)]);
    assert_eq!((back(2).refunded_minor, back(3).refunded_minor), (0, 5_000));
}

#[test]
fn a_refund_after_a_lost_dispute_of_the_same_money_is_not_a_second_loss() {
    let facts = [
        fact(FactKind::DisputeLost, "dp_1", 9_900, 10),
        fact(FactKind::RefundedSoFar, "", 9_900, 12),
        fact(FactKind::DisputeFee, "dp_1", 1_500, 10),
    ];
    let back = given_back(&facts, Some(eur(9_900)), None);
    assert_eq!(short(&back.lines), [(Account::Dispute, -9_900, 10), (Account::Cost, -1_500, 10)]);
}

#[test]
fn a_dispute_is_a_risk_until_it_ends() {
    let open = fact(FactKind::Disputed, "dp_1", 9_900, 10);
    assert_eq!(at_risk(std::slice::from_ref(&open)), 9_900);
    assert_eq!(at_risk(&[open, fact(FactKind::DisputeWon, "dp_1", 9_900, 30)]), 0);
}

proptest! {
    #[test]
    fn whatever_is_told_net_and_tax_and_credit_sum_to_what_was_paid(
        told in proptest::collection::vec((0_i64..20_000, 0_i64..60), 0..12),
        total in 1_i64..20_000, rate in 0_i64..30,
    ) {
        let facts: Vec<_> = told
            .iter()
            .map(|(minor, day)| fact(FactKind::PaidSoFar, "", *minor, *day))
            .collect();
        let invoice = Taxes { total: eur(total), tax: eur(total * rate / 100) };
        let paid = payments(&facts, invoice);
        let booked: i64 = paid.lines.iter().map(|line| line.amount.minor).sum();
        prop_assert_eq!(booked, paid.paid_minor);
        prop_assert_eq!(paid.paid_minor, told.iter().map(|(minor, _)| *minor).max().unwrap_or(0));
        let mut shuffled = facts;
        shuffled.reverse();
        prop_assert_eq!(payments(&shuffled, invoice), paid);
    }

    #[test]
    fn never_more_is_given_back_than_was_charged(
        told in proptest::collection::vec((0_i64..20_000, 0_i64..60), 0..8),
        lost in 0_i64..20_000, day in 0_i64..60,
    ) {
        let mut facts: Vec<_> = told
            .iter()
            .map(|(minor, day)| fact(FactKind::RefundedSoFar, "", *minor, *day))
            .collect();
        facts.push(fact(FactKind::DisputeLost, "dp", lost, day));
        let back = given_back(&facts, Some(eur(11_900)), Some(taxed()));
        let gone: i64 = back.lines.iter().map(|line| line.amount.minor).sum();
        prop_assert!((-11_900..=0).contains(&gone), "{}", gone);
        let tax: i64 =
            back.lines.iter().filter(|line| line.account == Account::Tax).map(|l| l.amount.minor).sum();
        prop_assert!((-1_900..=0).contains(&tax));
    }
}
