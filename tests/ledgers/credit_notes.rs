//! What is given back, lost or withdrawn is said on a paper of its own, once and to the cent.

use std::sync::Arc;

use cep_machine::app::finance::{FinanceAnswer, FinanceQuery, InvoiceDetail, LedgerView};
use cep_machine::app::port::Machine;
use cep_machine::app::query::{Answer, Query};
use cep_machine::app::{Handle, Show};
use cep_machine::domain::mode::Mode;

use super::stage::{Desk, Event, Shape};
use super::worlds::{dispute, invoice, refund_failed, refunded};

/// Every note with its reason, its total and the tax that it reverses.
const NOTES: &str = "
SELECT number || ' ' || reason || ' ' || total_minor || ' ' || tax_minor FROM credit_notes ORDER BY id";
const SENT: &str =
    "SELECT count(*) FROM effects WHERE action = 'issue_credit_note' AND state = 'confirmed'";

async fn tell(desk: &Desk, events: &[Event]) {
    for event in events {
        let id = format!("evt_{}_{}_{}", event.day, event.kind, event.new["amount_refunded"]);
        desk.deliver(&event.body(&id, Shape::New)).await;
        desk.book().await;
    }
}

async fn asked(desk: &Desk, query: FinanceQuery) -> FinanceAnswer {
    let handle = Handle::start(Arc::clone(&desk.parts), Show::Headless, Mode::Dry).unwrap();
    let Answer::Finance(answer) = handle.ask(Query::Finance(query)).await.unwrap() else {
        panic!("another question's answer")
    };
    *answer
}

async fn shown(desk: &Desk, number: &str) -> InvoiceDetail {
    let query = FinanceQuery::Invoice { mode: Mode::Dry, number: number.to_owned() };
    let FinanceAnswer::Invoice(detail) = asked(desk, query).await else { panic!("no invoice") };
    *detail
}

fn paid() -> Event {
    invoice("2026-01-12", "invoice.paid", "paid", 11_900)
}

/// Of 119.00 with 19.00 of tax: 23.80 back (3.80 of it tax), 23.80 back again, and then the whole
/// charge is lost in a dispute, of which 71.40 (11.40) are left to lose. 3.80 + 3.80 + 11.40 = 19.00.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refund_and_a_lost_dispute_have_their_own_paper_and_together_reverse_the_tax() {
    let desk = Desk::open();
    let lost = dispute("2026-01-25", "charge.dispute.closed", "lost");
    tell(&desk, &[paid(), refunded("2026-01-15", 2_380)]).await;
    assert_eq!(desk.lines(NOTES), ["DRY-CN-2026-0001 refund 2380 380"]);
    tell(&desk, &[refunded("2026-01-18", 4_760), lost]).await;
    let expected = [
        "DRY-CN-2026-0001 refund 2380 380",
        "DRY-CN-2026-0002 refund 2380 380",
        "DRY-CN-2026-0003 dispute 7140 1140",
    ];
    assert_eq!(desk.lines(NOTES), expected);
    desk.book().await;
    assert_eq!((desk.lines(NOTES).len(), desk.number(SENT)), (3, 3), "nothing is said twice");
    let tax = "SELECT sum(minor) FROM ledger WHERE account = 'tax'";
    assert_eq!(desk.number(tax), 0, "the ledger and the papers say the same");
    let detail = shown(&desk, "in_1").await;
    assert_eq!(
        (detail.credit_notes.len(), detail.view.open_minor, detail.view.credit_minor),
        (3, 0, 0)
    );
    assert!(detail.credit_notes.iter().all(|note| note.issued_at.is_some()));
    let named = shown(&desk, "DRY-CN-2026-0002").await;
    assert_eq!(
        named.view.invoice.period, detail.view.invoice.period,
        "a note leads to its invoice"
    );
    let ledger = FinanceQuery::Ledger {
        mode: Mode::Dry,
        client: Some("osm:node/1".to_owned()),
        month: Some("2026-01".to_owned()),
        limit: 100,
    };
    let FinanceAnswer::Ledger(LedgerView { credit_notes, .. }) = asked(&desk, ledger).await else {
        panic!("no ledger")
    };
    assert_eq!(credit_notes, detail.credit_notes, "they stand beside the ledger of their month");
}

/// The provider withdraws an open invoice; when it is paid all the same, the money is the client's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_invoice_is_taken_back_whole_and_a_late_payment_is_credit_and_no_revenue() {
    let desk = Desk::open();
    let open = invoice("2026-01-11", "invoice.finalized", "open", 0);
    let void = invoice("2026-01-20", "invoice.voided", "void", 0);
    tell(&desk, &[open, void]).await;
    assert_eq!(desk.lines(NOTES), ["DRY-CN-2026-0001 withdrawn 11900 1900"]);
    assert_eq!(desk.months(), [""; 0], "nothing was paid and nothing is booked");
    assert_eq!(shown(&desk, "in_1").await.view.open_minor, 0);
    tell(&desk, &[paid()]).await;
    assert_eq!(desk.months(), ["2026-01 EUR credit 11900"]);
    assert_eq!(desk.lines(NOTES).len(), 1);
    assert_eq!(shown(&desk, "in_1").await.view.credit_minor, 11_900);
}

/// A dispute that is open or won takes nothing back, and a refund that failed no second time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_did_not_happen_in_the_end_leads_to_no_paper() {
    let desk = Desk::open();
    let open = dispute("2026-01-20", "charge.dispute.created", "needs_response");
    let won = dispute("2026-01-25", "charge.dispute.closed", "won");
    tell(&desk, &[paid(), open, won]).await;
    assert!(desk.lines(NOTES).is_empty());
    tell(&desk, &[refunded("2026-01-26", 2_380), refund_failed("2026-01-28", 2_380)]).await;
    tell(&desk, &[refunded("2026-01-30", 2_380)]).await;
    assert_eq!(desk.lines(NOTES), ["DRY-CN-2026-0001 refund 2380 380"]);
}

/// In whatever order it is told, the papers sum to what went back, and their numbers have no gap.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_of_the_messages_changes_the_papers_and_not_their_sum() {
    let lost = || dispute("2026-01-25", "charge.dispute.closed", "lost");
    let events = || [paid(), refunded("2026-01-15", 2_380), refunded("2026-01-18", 4_760), lost()];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
        let desk = Desk::open();
        let told = order.map(|index| events()[index].clone());
        tell(&desk, &told).await;
        let sums = "SELECT sum(total_minor) || ' ' || sum(tax_minor) FROM credit_notes";
        assert_eq!(desk.lines(sums), ["11900 1900"], "{order:?}");
        let gaps = "SELECT count(*) - max(serial) FROM credit_notes";
        assert_eq!(desk.number(gaps), 0, "{order:?}");
    }
}
