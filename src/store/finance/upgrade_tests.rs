//! Books of the time before facts were kept go on as they were, and what is told later is booked to them.

use rusqlite::Connection;

use super::*;
use crate::domain::cash::{Fact, FactKind};
use crate::domain::finance::Charge;
use crate::domain::history::{Telling, Told};
use crate::domain::money::{Currency, Money};

const MODE: Mode = Mode::Dry;

/// One client: 500.00 then 1,500.00 a month, one invoice of 595.00 paid, 119.00 of it given back.
const BEFORE: &str = "
INSERT INTO clients (mode, entity, name, category, email, zone, language, plan, state, customer_id, signed_at)
VALUES ('dry', 'osm:node/1', 'A Dental', 'dental', 'a@example.com', 'UTC', 'en', 'professional', 'active', 'cus_1', 0);
INSERT INTO subscriptions (mode, provider_id, entity, status, mrr_minor, currency, started_at, told_at, told_by, changed_at)
VALUES ('dry', 'sub_1', 'osm:node/1', 'active', 150000, 'USD', 100, 200, 'evt_2', 200);
INSERT INTO invoices (mode, entity, period, provider_id, net_minor, tax_minor, total_minor, currency, lines,
  issued_at, due_at, paid_at, paid_minor, refunded_minor, state)
VALUES ('dry', 'osm:node/1', '2026-01', 'in_1', 50000, 9500, 59500, 'USD', '[]', 90, 900, 300, 59500, 11900, 'paid');
INSERT INTO ledger (mode, entity, account, movement, minor, currency, at, reference) VALUES
  ('dry', 'osm:node/1', 'mrr', 'new', 50000, 'USD', 100, 'evt_1'),
  ('dry', 'osm:node/1', 'mrr', 'expansion', 100000, 'USD', 200, 'evt_2'),
  ('dry', 'osm:node/1', 'revenue', NULL, 50000, 'USD', 300, 'in_1'),
  ('dry', 'osm:node/1', 'tax', NULL, 9500, 'USD', 300, 'in_1'),
  ('dry', 'osm:node/1', 'refund', NULL, -10000, 'USD', 400, 'ch_1/11900'),
  ('dry', 'osm:node/1', 'tax', NULL, -1900, 'USD', 400, 'ch_1/11900'),
  ('dry', '', 'cost', NULL, -250, 'USD', 50, 'contacts/2026-01');";

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::new("USD").unwrap())
}

fn lines(conn: &Connection) -> Vec<String> {
    let sql = "SELECT account || ' ' || sum(minor) || ' ' || at FROM ledger
               GROUP BY account, movement, at HAVING sum(minor) <> 0 ORDER BY account, at";
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn fact(kind: FactKind, minor: i64, at: i64) -> Fact {
    let told_by = format!("evt_{at}");
    Fact { kind, name: String::new(), amount: usd(minor), at: Moment(at), told_by }
}

fn tell(conn: &Connection, change: &FinanceChange) {
    apply(conn, MODE, Moment(1_000), change).unwrap();
}

/// The old database, opened by this version.
fn upgraded() -> (tempfile::TempDir, Connection, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let old = crate::store::open::of_version(&path, 4);
    old.execute_batch(BEFORE).unwrap();
    let before = lines(&old);
    drop(old);
    let conn = crate::store::open::writer(&path).unwrap();
    (folder, conn, before)
}

#[test]
fn an_old_ledger_is_the_same_after_the_upgrade_and_after_everything_is_told_again() {
    let (_folder, conn, before) = upgraded();
    assert_eq!(lines(&conn), before);
    let count = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        conn.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    let facts = ["subscriptions_told", "money_facts", "charges"].map(count);
    assert_eq!(facts, [2, 2, 1], "two messages, a payment and a refund, a charge");
    let sales = "SELECT count(*) FROM ledger WHERE account = 'cost' AND category = 'sales'";
    assert_eq!(conn.query_row::<i64, _, _>(sales, [], |row| row.get(0)).unwrap(), 1);
    // The provider tells once more what is booked, and by what the invoice was paid.
    tell(&conn, &FinanceChange::PaidBy { payment: "ch_1".to_owned(), invoice: "in_1".to_owned() });
    tell(&conn, &paid(59_500, 300));
    tell(&conn, &refunded(11_900, 400));
    tell(&conn, &subscribed(150_000, 200, "evt_2"));
    assert_eq!(lines(&conn), before);
}

#[test]
fn what_is_told_after_the_upgrade_is_booked_as_the_difference_to_the_old_lines() {
    let (_folder, conn, _) = upgraded();
    tell(&conn, &FinanceChange::PaidBy { payment: "ch_1".to_owned(), invoice: "in_1".to_owned() });
    tell(&conn, &refunded(23_800, 500));
    tell(&conn, &subscribed(50_000, 600, "evt_3"));
    let lines = lines(&conn);
    for line in ["refund -10000 500", "tax -1900 500", "mrr -100000 600"] {
        assert!(lines.iter().any(|it| it == line), "{line} is not in {lines:?}");
    }
    let invoice = invoices::by_provider(&conn, MODE, "in_1").unwrap().unwrap();
    assert_eq!((invoice.paid_minor, invoice.refunded_minor), (59_500, 23_800));
}

fn paid(minor: i64, at: i64) -> FinanceChange {
    FinanceChange::Payment {
        entity: "osm:node/1".to_owned(),
        period: "2026-01".to_owned(),
        provider_id: Some("in_1".to_owned()),
        fact: fact(FactKind::PaidSoFar, minor, at),
    }
}

fn refunded(minor: i64, at: i64) -> FinanceChange {
    FinanceChange::Charge(Box::new(Charge {
        id: "ch_1".to_owned(),
        entity: Some("osm:node/1".to_owned()),
        payment_intent: None,
        invoice: None,
        amount: Some(usd(59_500)),
        facts: vec![fact(FactKind::RefundedSoFar, minor, at)],
    }))
}

fn subscribed(minor: i64, at: i64, told_by: &str) -> FinanceChange {
    FinanceChange::Subscription(Told {
        subscription: "sub_1".to_owned(),
        entity: "osm:node/1".to_owned(),
        telling: Telling::Updated,
        status: "active".to_owned(),
        mrr: usd(minor),
        monthly: usd(minor),
        started_at: Moment(100),
        at: Moment(at),
        told_by: told_by.to_owned(),
    })
}
