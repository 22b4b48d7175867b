//! What people tell about money, and what the machine does by itself as days go by.

use std::sync::Arc;

use cep_machine::app::command::{Ack, Command, Refusal, RefusalKind};
use cep_machine::app::finance::{FinanceAnswer, FinanceCommand, FinanceQuery, InvoiceDetail};
use cep_machine::app::port::Machine;
use cep_machine::app::query::{Answer, Query};
use cep_machine::app::{Handle, Show};
use cep_machine::domain::finance::CostCategory;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::money::{Currency, Money};
use cep_machine::domain::time::{DAY_MS, Moment};

use super::stage::{Desk, Shape};
use super::worlds::{invoice, refunded};

/// An invoice of ours that no provider collects: 119.00 EUR, due 16 days before dry time begins.
const OURS: &str = "
INSERT INTO invoices (mode, entity, period, number, net_minor, tax_minor, total_minor, currency, lines,
  issued_at, due_at, state)
VALUES ('dry', 'osm:node/1', 'setup', 'DRY-2025-0001', 10000, 1900, 11900, 'EUR', '[]', 1765584000000,
  1766188800000, 'open')";

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::new(code).unwrap())
}

fn at(day: &str) -> Moment {
    format!("{day}T00:00:00Z").parse().unwrap()
}

fn start(desk: &Desk) -> Handle {
    Handle::start(Arc::clone(&desk.parts), Show::Headless, Mode::Dry).unwrap()
}

async fn pay(handle: &Handle, amount: Money, reference: &str) -> Result<Ack, Refusal> {
    let payment = FinanceCommand::Payment {
        mode: Mode::Dry,
        invoice: "DRY-2025-0001".to_owned(),
        amount,
        at: at("2026-01-04"),
        reference: reference.to_owned(),
    };
    handle.submit(Command::Finance(payment)).await
}

async fn shown(handle: &Handle) -> InvoiceDetail {
    let query = FinanceQuery::Invoice { mode: Mode::Dry, number: "DRY-2025-0001".to_owned() };
    let Answer::Finance(answer) = handle.ask(Query::Finance(query)).await.unwrap() else {
        panic!("another question's answer")
    };
    let FinanceAnswer::Invoice(detail) = *answer else { panic!("no invoice") };
    *detail
}

/// 60.00 and 70.00 on 119.00: paid with the second, and 11.00 is the client's credit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bank_transfers_add_up_and_what_is_too_much_is_credit() {
    let desk = Desk::open();
    desk.books.execute_batch(OURS).unwrap();
    let handle = start(&desk);
    let refused = pay(&handle, money(5_000, "USD"), "T0").await.unwrap_err();
    assert_eq!(refused.kind, RefusalKind::Safeguard, "another currency is a person's matter");
    pay(&handle, money(6_000, "EUR"), "T1").await.unwrap();
    let part = shown(&handle).await.view;
    assert_eq!((part.open_minor, part.invoice.state.as_column()), (5_900, "open"));
    assert!(pay(&handle, money(6_000, "EUR"), "T1").await.is_err(), "the same transfer again");
    let ack = pay(&handle, money(7_000, "EUR"), "T2").await.unwrap();
    assert_eq!(
        ack.text,
        "70.00 EUR is booked on invoice DRY-2025-0001: 130.00 EUR of 119.00 EUR paid, paid"
    );
    let whole = shown(&handle).await;
    assert_eq!(
        (whole.view.open_minor, whole.view.credit_minor, whole.payments.len()),
        (0, 1_100, 2)
    );
    assert_eq!(
        desk.months(),
        ["2026-01 EUR credit 1100", "2026-01 EUR revenue 10000", "2026-01 EUR tax 1900"]
    );
    let audited = "SELECT count(*) FROM audit_log WHERE what LIKE '%booked on invoice%'";
    assert_eq!(desk.number(audited), 2);
}

/// 300.00 of advertising and 200.00 of labour; the second is no part of what a new client costs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cost_is_entered_once_and_counts_by_its_category() {
    let desk = Desk::open();
    let handle = start(&desk);
    let cost = |category, minor| {
        Command::Finance(FinanceCommand::Cost {
            mode: Mode::Dry,
            category,
            amount: money(minor, "USD"),
            at: at("2026-01-03"),
            note: Some("a bill".to_owned()),
            reference: None,
        })
    };
    handle.submit(cost(CostCategory::Marketing, 30_000)).await.unwrap();
    handle.submit(cost(CostCategory::Delivery, 20_000)).await.unwrap();
    assert!(handle.submit(cost(CostCategory::Marketing, 30_000)).await.is_err());
    assert!(handle.submit(cost(CostCategory::Sales, -5)).await.is_err());
    let query = FinanceQuery::Month { mode: Mode::Dry, month: Some("2026-01".to_owned()) };
    let Answer::Finance(answer) = handle.ask(Query::Finance(query)).await.unwrap() else {
        panic!("another question's answer")
    };
    let FinanceAnswer::Month(view) = *answer else { panic!("no month") };
    let figures = &view.currencies[0];
    assert_eq!(figures.value("sales_cost"), Some(30_000.0));
    assert_eq!(figures.value("delivery_cost"), Some(20_000.0));
    assert_eq!(figures.value("cost"), Some(50_000.0));
    assert_eq!(figures.value("acquisition_cost"), None, "nobody was won");
    let wrong = FinanceQuery::Month { mode: Mode::Dry, month: Some("January".to_owned()) };
    assert!(handle.ask(Query::Finance(wrong)).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overdue_client_is_reminded_step_by_step_and_never_after_paying() {
    let desk = Desk::open();
    desk.books.execute_batch(OURS).unwrap();
    desk.book().await;
    let sent =
        "SELECT count(*) FROM effects WHERE action = 'send_reminder' AND state = 'confirmed'";
    assert_eq!(desk.number(sent), 1, "16 days late is one reminder, and not two at once");
    desk.book().await;
    assert_eq!(desk.number(sent), 1);
    let handle = start(&desk);
    handle.submit(Command::Advance { ms: 7 * DAY_MS }).await.unwrap();
    desk.book().await;
    assert_eq!(desk.number(sent), 2, "the second follows seven days after the first");
    pay(&handle, money(11_900, "EUR"), "T1").await.unwrap();
    handle.submit(Command::Advance { ms: 20 * DAY_MS }).await.unwrap();
    desk.book().await;
    assert_eq!(desk.number(sent), 2, "who has paid is left alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_disputes_a_charge_is_not_reminded() {
    let desk = Desk::open();
    desk.books.execute_batch(OURS).unwrap();
    desk.books
        .execute_batch(
            "INSERT INTO charges (mode, id, entity) VALUES ('dry', 'ch_9', 'osm:node/1');
             INSERT INTO money_facts VALUES ('dry', 'charge:ch_9', 'disputed', 'dp_9', 500, 'EUR', 1, 'evt')",
        )
        .unwrap();
    desk.book().await;
    assert_eq!(desk.number("SELECT count(*) FROM effects WHERE action = 'send_reminder'"), 0);
    let why = desk.lines("SELECT why FROM units WHERE kind = 'dunning'");
    assert_eq!(why, ["the client disputes a charge"]);
}

/// January is closed on 2 February with 100.00 of cash; a refund of 20.00 net told later, but of
/// January, closes it again with 80.00.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_month_is_closed_again_when_the_ledger_learns_of_it() {
    let desk = Desk::open();
    // The figures of a close are in the currency of the prices.
    let dollars = |event: super::stage::Event, id: &str| {
        let mut body = event.body(id, Shape::New);
        body["data"]["object"]["currency"] = "usd".into();
        body
    };
    desk.deliver(&dollars(invoice("2026-01-12", "invoice.paid", "paid", 11_900), "evt_1")).await;
    desk.book().await;
    let handle = start(&desk);
    handle.submit(Command::Advance { ms: 29 * DAY_MS }).await.unwrap();
    desk.book().await;
    let closes = "SELECT json_extract(figures, '$.cash') || ' ' || revision FROM month_closes
                  WHERE month = '2026-01' ORDER BY revision";
    assert_eq!(desk.lines(closes), ["10000 1"]);
    desk.deliver(&dollars(refunded("2026-01-30", 2_380), "evt_2")).await;
    desk.book().await;
    assert_eq!(desk.lines(closes), ["10000 1", "8000 2"]);
    let told = desk.lines("SELECT text FROM events WHERE kind = 'books_closed_again'");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("2026-01 closed again (2): "), "{told:?}");
    assert!(told[0].contains("cash 100.00 USD → 80.00 USD"), "{told:?}");
}
