//! Money told twice and in any order gives one ledger.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::bookkeeping::{Known, book};
use crate::domain::finance::{Account, FinanceChange, Invoice};
use crate::domain::money::Money;
use crate::domain::stripe::StripeEvent;
use crate::domain::test_data;

const MODE: Mode = Mode::Dry;

fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let conn = crate::store::open::writer(&folder.path().join("t.db")).unwrap();
    conn.execute_batch(
        "INSERT INTO clients (mode, entity, name, category, email, zone, language, plan, state,
           customer_id, signed_at)
         VALUES ('dry', 'osm:node/1', 'A Dental', 'dental', 'a@example.com', 'UTC', 'en', 'starter',
                 'active', 'cus_test0001', 0)",
    )
    .unwrap();
    (folder, conn)
}

/// Books an event as layer 8 does: look up, decide, apply.
fn tell(conn: &Connection, body: &Value) {
    let event = StripeEvent::read(body).unwrap();
    let invoice = event.invoice().and_then(|id| invoices::by_provider(conn, MODE, id).unwrap());
    let client = event.customer().and_then(|id| client_of_customer(conn, MODE, id).unwrap());
    for change in book(&event, &Known { client, invoice }, 7).changes {
        apply(conn, MODE, Moment(0), &change).unwrap();
    }
}

/// All that the books say: what each account has at each instant, and what follows from it. Lines
/// that a later one took back are nothing.
fn books(conn: &Connection) -> Vec<String> {
    let mut lines = Vec::new();
    for sql in [
        "SELECT account || ' ' || coalesce(movement, '-') || ' ' || sum(minor) || ' ' || at
         FROM ledger GROUP BY account, movement, at HAVING sum(minor) <> 0 ORDER BY account, at",
        "SELECT 'sum ' || account || ' ' || sum(minor) || ' ' || currency FROM ledger
         GROUP BY account, currency HAVING sum(minor) <> 0 ORDER BY account",
        "SELECT provider_id || ' ' || status || ' ' || mrr_minor || ' ' || told_by
         FROM subscriptions ORDER BY provider_id",
        "SELECT period || ' ' || state || ' ' || paid_minor || ' ' || paid_at || ' ' || due_at
         FROM invoices ORDER BY period",
    ] {
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        lines.extend(rows.map(Result::unwrap));
    }
    lines
}

/// Tells `events` in the order of `order` and returns the books; nothing stays.
fn books_after(conn: &Connection, events: &[Value], order: &[usize]) -> Vec<String> {
    conn.execute_batch("BEGIN").unwrap();
    for index in order {
        tell(conn, &events[*index]);
    }
    let books = books(conn);
    conn.execute_batch("ROLLBACK").unwrap();
    books
}

fn recorded() -> Vec<Value> {
    let Some(folder) = test_data::path("webhooks-stripe") else { return Vec::new() };
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension().is_some_and(|end| end == "json") && !path.ends_with("signatures.json")
    });
    paths.sort();
    let read = |path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    paths.into_iter().map(read).collect()
}

/// Every order is tried as a rotation, forwards and backwards, each event also twice.
#[test]
fn the_recorded_events_give_the_same_books_in_any_order_and_twice() {
    let events = recorded();
    if events.is_empty() {
        return;
    }
    let (_folder, conn) = database();
    let straight: Vec<usize> = (0..events.len()).collect();
    let expected = books_after(&conn, &events, &straight);
    insta::assert_snapshot!(expected.join("\n"), @r"
    refund - -9900 1769818100000
    revenue - 9900 1767225660000
    sum refund -9900 USD
    sum revenue 9900 USD
    sub_test0001 canceled 0 evt_1_06
    2026-01 paid 9900 1767225660000 1767830400000
    ");
    for first in 0..events.len() {
        let mut order = straight.clone();
        order.rotate_left(first);
        for order in [order.clone(), order.iter().rev().copied().collect()] {
            assert_eq!(books_after(&conn, &events, &order), expected, "{order:?}");
            let doubled: Vec<usize> = order.iter().flat_map(|index| [*index, 0, *index]).collect();
            assert_eq!(books_after(&conn, &events, &doubled), expected, "{doubled:?}");
        }
    }
}

fn subscription(event: &str, id: &str, status: &str, monthly: i64, at: i64) -> Value {
    json!({"id": event, "created": at, "type": match status {
            "canceled" => "customer.subscription.deleted",
            _ => "customer.subscription.updated",
        },
        "data": {"object": {"id": id, "customer": "cus_test0001", "status": status,
            "currency": "usd", "start_date": if id == "sub_1" { 100 } else { 300 }, "ended_at": at,
            "items": {"data": [{"quantity": 1, "price": {"unit_amount": monthly,
                "currency": "usd", "recurring": {"interval": "month"}}}]}}}})
}

fn movements(conn: &Connection) -> Vec<(String, i64)> {
    conn.prepare("SELECT movement, minor FROM ledger WHERE account = 'mrr' ORDER BY id")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn a_second_subscription_is_expansion_and_the_end_of_one_of_two_contraction() {
    let (_folder, conn) = database();
    for told in [
        subscription("evt_1", "sub_1", "active", 50_000, 200),
        subscription("evt_2", "sub_2", "active", 30_000, 300),
        subscription("evt_3", "sub_1", "canceled", 50_000, 400),
        subscription("evt_4", "sub_2", "unpaid", 30_000, 500),
        subscription("evt_5", "sub_2", "active", 30_000, 600),
    ] {
        tell(&conn, &told);
    }
    let expected = [
        ("new", 50_000),
        ("expansion", 30_000),
        ("contraction", -50_000),
        ("churn", -30_000),
        ("reactivation", 30_000),
    ];
    assert_eq!(movements(&conn), expected.map(|(name, minor)| (name.to_owned(), minor)));
}

#[test]
fn what_has_ended_never_comes_back_and_what_is_older_changes_nothing() {
    let (_folder, conn) = database();
    tell(&conn, &subscription("evt_3", "sub_1", "past_due", 50_000, 300));
    tell(&conn, &subscription("evt_2", "sub_1", "active", 50_000, 200));
    let status = || subscriptions::get(&conn, MODE, "sub_1").unwrap().unwrap().status;
    assert_eq!(status(), "past_due", "the older event came later");
    tell(&conn, &subscription("evt_4", "sub_1", "canceled", 50_000, 400));
    tell(&conn, &subscription("evt_5", "sub_1", "active", 50_000, 500));
    assert_eq!(status(), "canceled");
}

#[test]
fn two_invoices_of_one_month_are_two_rows() {
    let (_folder, conn) = database();
    let month = |event: &str, id: &str, paid: i64| {
        json!({"id": event, "created": 100, "type": "invoice.paid", "data": {"object": {
            "id": id, "customer": "cus_test0001", "subscription": "sub_1", "currency": "usd",
            "amount_paid": paid, "total": paid, "created": 100}}})
    };
    for (event, id, paid) in
        [("evt_1", "in_1", 500), ("evt_2", "in_2", 300), ("evt_3", "in_2", 300)]
    {
        tell(&conn, &month(event, id, paid));
    }
    let row = |id| invoices::by_provider(&conn, MODE, id).unwrap().unwrap();
    assert_eq!((row("in_1").period.as_str(), row("in_1").paid_minor), ("1970-01", 500));
    assert_eq!((row("in_2").period.as_str(), row("in_2").paid_minor), ("1970-01/in_2", 300));
}

#[test]
fn a_refund_of_a_taxed_invoice_splits_like_it_whatever_the_steps() {
    let invoice = json!({"id": "evt_1", "created": 100, "type": "invoice.paid", "data": {"object": {
        "id": "in_1", "customer": "cus_test0001", "currency": "usd", "amount_paid": 11_900,
        "total": 11_900, "total_excluding_tax": 10_000, "created": 100}}});
    let refund = |event: &str, cumulative: i64| {
        json!({"id": event, "created": 200, "type": "charge.refunded", "data": {"object": {
            "id": "ch_1", "customer": "cus_test0001", "invoice": "in_1", "currency": "usd",
            "amount": 11_900, "amount_refunded": cumulative}}})
    };
    for steps in [vec![11_900], vec![333, 7_777, 11_900], vec![7_777, 333, 11_900, 11_900]] {
        let (_folder, conn) = database();
        tell(&conn, &invoice);
        for (index, cumulative) in steps.iter().enumerate() {
            tell(&conn, &refund(&format!("evt_r{index}"), *cumulative));
        }
        let sum = |account| {
            ledger::rows(&conn, MODE, &ledger::Wanted::default())
                .unwrap()
                .iter()
                .filter(|row| row.entry.account == account)
                .map(|row| row.entry.amount.minor)
                .sum::<i64>()
        };
        assert_eq!((sum(Account::Refund), sum(Account::Tax)), (-10_000, 0), "{steps:?}");
        let row = invoices::by_provider(&conn, MODE, "in_1").unwrap().unwrap();
        assert_eq!(row.refunded_minor, 11_900);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn booked_movements_sum_to_the_mrr_of_the_subscriptions(
        told in proptest::collection::vec((0_u8..3, 0_usize..4, 1_i64..4, 100_i64..200), 1..25),
    ) {
        let (_folder, conn) = database();
        let statuses = ["active", "past_due", "unpaid", "canceled"];
        for (index, (which, status, units, at)) in told.iter().enumerate() {
            let id = format!("sub_{which}");
            let event = format!("evt_{index}");
            tell(&conn, &subscription(&event, &id, statuses[*status], units * 10_000, *at));
        }
        let sum: i64 = movements(&conn).iter().map(|(_, minor)| minor).sum();
        let stored: i64 = subscriptions::of_client(&conn, MODE, "osm:node/1")
            .unwrap()
            .iter()
            .map(|one| one.mrr.minor)
            .sum();
        prop_assert_eq!(sum, stored);
    }
}

fn planned(entity: &str) -> Invoice {
    let usd = |minor| Money::new(minor, crate::domain::money::Currency::new("USD").unwrap());
    Invoice {
        entity: entity.to_owned(),
        period: "setup".to_owned(),
        number: None,
        provider_id: None,
        net: usd(100),
        tax: usd(0),
        total: usd(100),
        lines: json!([]),
        issued_at: None,
        due_at: Moment(0),
        paid_at: None,
        paid_minor: 0,
        refunded_minor: 0,
        lost_minor: 0,
        credited_minor: 0,
        attempts: 0,
        next_attempt_at: None,
        dunned: 0,
        dunned_at: None,
        state: crate::domain::finance::InvoiceState::Planned,
    }
}

#[test]
fn numbers_of_a_year_and_world_have_no_gap_even_when_a_commit_is_lost() {
    let (_folder, conn) = database();
    let (year_25, year_26) = (Moment(1_766_000_000_000), Moment(1_768_000_000_000));
    let number = |mode, at, entity: &str| {
        apply(&conn, mode, at, &FinanceChange::Number(Box::new(planned(entity)))).unwrap();
        invoices::get(&conn, mode, entity, "setup").unwrap().unwrap().number.unwrap()
    };
    assert_eq!(number(MODE, year_25, "a"), "DRY-2025-0001");
    assert_eq!(number(MODE, year_26, "b"), "DRY-2026-0001");
    conn.execute_batch("BEGIN").unwrap();
    assert_eq!(number(MODE, year_26, "lost"), "DRY-2026-0002");
    conn.execute_batch("ROLLBACK").unwrap();
    assert_eq!(number(MODE, year_26, "c"), "DRY-2026-0002");
    assert_eq!(number(MODE, year_26, "b"), "DRY-2026-0001", "a second try keeps its number");
    assert_eq!(number(Mode::Live, year_26, "b"), "2026-0001", "dry and live count apart");
}
