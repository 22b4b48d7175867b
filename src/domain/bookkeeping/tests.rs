use serde_json::Value;

use super::*;
use crate::domain::event::Level;

const CLIENT: &str = "osm:node/1";

fn event(kind: &str, object: &Value) -> StripeEvent {
    StripeEvent::read(&json!({"id": "evt_1", "created": 1_767_225_660, "livemode": false,
        "type": kind, "data": {"object": object}}))
    .unwrap()
}

fn known() -> Known {
    Known { client: Some(CLIENT.to_owned()), invoice: None }
}

fn setup_invoice() -> Value {
    json!({"id": "in_1", "customer": "cus_1", "currency": "eur", "amount_paid": 119_000,
        "total": 119_000, "total_excluding_tax": 100_000, "created": 1_767_225_600,
        "attempt_count": 1, "metadata": {"client": CLIENT, "period": "setup"}})
}

fn subscription_invoice() -> Value {
    json!({"id": "in_2", "customer": "cus_1", "currency": "eur", "amount_paid": 50_000,
        "total": 50_000, "created": 1_769_904_000, "subscription": "sub_1",
        "lines": {"data": [{"period": {"start": 1_769_904_000, "end": 1_772_323_200}}]}})
}

/// What a booking tells of money: kind, amount and instant.
fn told(booking: &Booking) -> Vec<(FactKind, i64, Moment)> {
    let mut told = Vec::new();
    for change in &booking.changes {
        if let FinanceChange::Payment { fact, .. } = change {
            told.push(fact);
        } else if let FinanceChange::Charge(charge) = change {
            told.extend(&charge.facts);
        }
    }
    told.iter().map(|fact| (fact.kind, fact.amount.minor, fact.at)).collect()
}

fn invoice_of(booking: &Booking) -> &Invoice {
    let invoice = booking.changes.iter().find_map(|change| {
        let FinanceChange::Invoice(invoice) = change else { return None };
        Some(invoice.as_ref())
    });
    invoice.unwrap()
}

#[test]
fn a_paid_set_up_tells_what_was_paid_and_answers_the_onboarding() {
    let booking = book(&event("invoice.paid", &setup_invoice()), &known(), 7);
    assert_eq!(told(&booking), [(FactKind::PaidSoFar, 119_000, Moment(1_767_225_660_000))]);
    assert_eq!(booking.setup_paid.as_deref(), Some(CLIENT));
    let invoice = invoice_of(&booking);
    assert_eq!((invoice.period.as_str(), invoice.state), ("setup", InvoiceState::Paid));
    assert_eq!(invoice.due_at, Moment(1_767_225_600_000).plus_ms(7 * DAY_MS));
}

#[test]
fn a_paid_month_is_named_by_the_month_it_bills_and_answers_nothing() {
    let booking = book(&event("invoice.paid", &subscription_invoice()), &known(), 7);
    assert_eq!(invoice_of(&booking).period, "2026-02");
    assert_eq!(booking.setup_paid, None);
    assert_eq!(told(&booking), [(FactKind::PaidSoFar, 50_000, Moment(1_767_225_660_000))]);
}

#[test]
fn the_row_we_have_keeps_its_lines_and_its_due_date() {
    let ours = Invoice {
        lines: json!([{"text": "Set-up"}]),
        due_at: Moment(5),
        ..invoice_of(&book(&event("invoice.paid", &setup_invoice()), &known(), 7)).clone()
    };
    let ours = Invoice { state: InvoiceState::Open, paid_at: None, paid_minor: 0, ..ours };
    let known = Known { invoice: Some(ours), ..known() };
    let booking = book(&event("invoice.paid", &setup_invoice()), &known, 7);
    let invoice = invoice_of(&booking);
    assert_eq!((invoice.due_at, invoice.state), (Moment(5), InvoiceState::Paid));
    assert_eq!(invoice.lines, json!([{"text": "Set-up"}]));
}

#[test]
fn a_failed_payment_says_when_the_next_try_is_and_never_undoes_a_paid_one() {
    let mut object = setup_invoice();
    object["next_payment_attempt"] = json!(1_767_484_800);
    let booking = book(&event("invoice.payment_failed", &object), &known(), 7);
    assert_eq!(invoice_of(&booking).state, InvoiceState::Failed);
    assert_eq!(
        booking.events[0].text,
        "payment 1 of invoice setup of osm:node/1 failed; the provider tries again at \
         2026-01-04T00:00:00Z"
    );
    let paid = invoice_of(&book(&event("invoice.paid", &setup_invoice()), &known(), 7)).clone();
    let late = book(
        &event("invoice.payment_failed", &object),
        &Known { invoice: Some(paid), ..known() },
        7,
    );
    assert_eq!(invoice_of(&late).state, InvoiceState::Paid);
}

#[test]
fn an_event_of_nobody_books_nothing_and_says_so() {
    for kind in ["invoice.paid", "invoice.payment_failed"] {
        let booking = book(&event(kind, &setup_invoice()), &Known::default(), 7);
        assert_eq!(
            booking.changes,
            [FinanceChange::Unmatched { event: "evt_1".to_owned(), customer: "cus_1".to_owned() }]
        );
        assert_eq!(booking.events[0].level, Level::Warn);
        assert_eq!(booking.events[0].kind, "billing_unmatched");
    }
}

#[test]
fn an_ignored_event_tells_why_and_changes_nothing() {
    let booking = book(&event("invoice.upcoming", &json!({})), &Known::default(), 7);
    assert_eq!(booking.changes, []);
    assert_eq!(booking.events[0].level, Level::Info);
}

#[test]
fn a_lost_dispute_of_an_unknown_client_is_still_lost_money() {
    let object = |status: &str| {
        json!({"id": "dp_1", "charge": "ch_1", "amount": 5_000, "currency": "eur",
            "status": status})
    };
    let closed =
        |status| book(&event("charge.dispute.closed", &object(status)), &Known::default(), 7);
    let at = Moment(1_767_225_660_000);
    assert_eq!(told(&closed("lost")), [(FactKind::DisputeLost, 5_000, at)]);
    assert_eq!(told(&closed("won")), [(FactKind::DisputeWon, 5_000, at)]);
}

#[test]
fn the_provider_s_customer_is_noted_with_every_event_that_names_one() {
    let booking = book(&event("invoice.paid", &setup_invoice()), &known(), 7);
    assert!(booking.changes.contains(&FinanceChange::Customer {
        entity: CLIENT.to_owned(),
        customer_id: "cus_1".to_owned(),
    }));
}
