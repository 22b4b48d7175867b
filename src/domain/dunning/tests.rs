use serde_json::json;

use super::*;
use crate::domain::money::Currency;
use crate::domain::operations::{ClientState, Plan};

const DAYS: [u32; STEPS] = [3, 10, 20, 30];
const DUE: Moment = Moment(1_768_176_000_000);

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::new("EUR").unwrap())
}

fn invoice() -> Invoice {
    Invoice {
        entity: "osm:node/1".to_owned(),
        period: "setup".to_owned(),
        number: Some("2026-0007".to_owned()),
        provider_id: None,
        net: eur(100_000),
        tax: eur(19_000),
        total: eur(119_000),
        lines: json!([]),
        issued_at: None,
        due_at: DUE,
        paid_at: None,
        paid_minor: 19_000,
        refunded_minor: 0,
        lost_minor: 0,
        credited_minor: 0,
        attempts: 0,
        next_attempt_at: None,
        dunned: 0,
        dunned_at: None,
        state: InvoiceState::Open,
    }
}

fn client(language: &str) -> Client {
    Client {
        entity: "osm:node/1".to_owned(),
        name: "A Dental".to_owned(),
        category: "dental".to_owned(),
        email: "a@dental.example".to_owned(),
        phone: None,
        zone: "UTC".to_owned(),
        language: language.to_owned(),
        plan: Plan::Starter,
        state: ClientState::Active,
        workspace: None,
        customer_id: None,
        signed_at: DUE,
        live_at: None,
        churned_at: None,
    }
}

fn day(n: i64) -> Moment {
    DUE.plus_ms(n * DAY_MS)
}

#[test]
fn steps_come_in_order_and_never_sooner_after_each_other_than_planned() {
    assert_eq!(next_step(&invoice(), &DAYS), Some((1, day(3))));
    let late = Invoice { dunned: 1, dunned_at: Some(day(40)), ..invoice() };
    assert_eq!(next_step(&late, &DAYS), Some((2, day(47))), "seven days after the first");
    assert_eq!(next_step(&Invoice { dunned: 4, ..invoice() }, &DAYS), None);
}

#[test]
fn who_has_paid_is_not_reminded_and_a_card_that_is_tried_again_is_waited_for() {
    assert_eq!(next_step(&Invoice { paid_minor: 119_000, ..invoice() }, &DAYS), None);
    assert_eq!(next_step(&Invoice { state: InvoiceState::Void, ..invoice() }, &DAYS), None);
    let tried = Invoice { next_attempt_at: Some(day(5)), ..invoice() };
    assert_eq!(next_step(&tried, &DAYS), Some((1, day(5))));
}

#[test]
fn a_letter_names_what_is_open_in_the_client_s_language() {
    let from = Sender { agency: "Agency", name: "Ann", email: "ann@agency.example" };
    let english = letter(&invoice(), &client("en"), 1, &from);
    assert_eq!(english.subject, "Payment reminder: invoice 2026-0007");
    assert!(english.text.contains("1,000.00 EUR of invoice 2026-0007, due on 2026-01-12, is open"));
    let german = letter(&invoice(), &client("de"), 3, &from);
    assert_eq!(german.subject, "Letzte Mahnung: Rechnung 2026-0007");
    assert!(german.text.contains("sind 1,000.00 EUR offen"));
    let task = call(&invoice(), &client("en"), day(30));
    assert_eq!(task.title, "Call A Dental about invoice 2026-0007, or suspend services");
}
