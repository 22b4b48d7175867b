use serde_json::{Value, json};

use super::decide::{Gathered, book, issued, setup_invoice, subscribed, subscription};
use crate::config::{PlanPrice, Pricing};
use crate::domain::change::Change;
use crate::domain::effect::Receipt;
use crate::domain::finance::{FinanceChange, Invoice, InvoiceState, Subscription};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::money::{Currency, Money};
use crate::domain::operations::{Client, ClientState, OperationsChange, Plan};
use crate::domain::outcome::StepOutcome;
use crate::domain::pricing::Treatment;
use crate::domain::stripe::StripeEvent;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::UnitName;

const CLIENT: &str = "osm:node/1";
const SIGNED: Moment = Moment(1_768_000_000_000);

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::new("USD").unwrap())
}

pub(super) fn pricing() -> Pricing {
    let plan = |monthly, setup| PlanPrice {
        monthly: usd(monthly),
        yearly: usd(monthly * 10),
        setup: usd(setup),
    };
    Pricing {
        currency: Currency::new("USD").unwrap(),
        tax_bp: 1_900,
        tax_rules: Vec::new(),
        dunning_days: [3, 10, 20, 30],
        due_days: 7,
        contact_cost: usd(250),
        starter: plan(50_000, 100_000),
        professional: plan(150_000, 250_000),
        enterprise: plan(300_000, 500_000),
    }
}

fn client() -> Client {
    Client {
        entity: CLIENT.to_owned(),
        name: "A Dental".to_owned(),
        category: "dental".to_owned(),
        email: "a@dental.example".to_owned(),
        phone: None,
        zone: "UTC".to_owned(),
        language: "en".to_owned(),
        plan: Plan::Professional,
        state: ClientState::Active,
        workspace: None,
        customer_id: None,
        signed_at: SIGNED,
        live_at: None,
        churned_at: None,
    }
}

fn receipt() -> Receipt {
    Receipt { reference: "sim:in_1".to_owned(), data: json!({"id": "in_1", "customer": "cus_1"}) }
}

fn finance(outcome: &StepOutcome) -> Vec<&FinanceChange> {
    outcome
        .changes
        .iter()
        .filter_map(|change| {
            let Change::Finance(change) = change else { return None };
            Some(change)
        })
        .collect()
}

fn standing(outcome: &StepOutcome) -> Option<ClientState> {
    outcome.changes.iter().find_map(|change| {
        let Change::Operations(OperationsChange::Client(client)) = change else { return None };
        Some(client.state)
    })
}

fn event(kind: &str, livemode: bool, object: &Value) -> StripeEvent {
    StripeEvent::read(&json!({"id": "evt_1", "created": 1_768_100_000, "livemode": livemode,
        "type": kind, "data": {"object": object}}))
    .unwrap()
}

fn paid_setup() -> StripeEvent {
    event(
        "invoice.paid",
        false,
        &json!({"id": "in_1", "customer": "cus_1", "currency": "usd", "total": 297_500,
            "total_excluding_tax": 250_000, "amount_paid": 297_500, "created": 1_768_000_000,
            "metadata": {"client": CLIENT, "period": "setup"}}),
    )
}

fn told(status: &str) -> StripeEvent {
    event(
        "customer.subscription.updated",
        false,
        &json!({"id": "sub_1", "customer": "cus_1", "status": status, "currency": "usd",
            "start_date": 1_768_000_000, "items": {"data": [{"quantity": 1, "price": {
                "unit_amount": 150_000, "currency": "usd", "recurring": {"interval": "month"}}}]}}),
    )
}

fn known_subscription(id: &str, status: &str) -> Subscription {
    Subscription {
        provider_id: id.to_owned(),
        entity: CLIENT.to_owned(),
        status: status.to_owned(),
        mrr: usd(150_000),
        started_at: SIGNED,
        told_at: SIGNED,
        told_by: "evt_0".to_owned(),
    }
}

#[test]
fn a_set_up_invoice_is_priced_by_plan_with_tax_and_due_a_week_after_the_contract() {
    let request = setup_invoice(&client(), &pricing(), Treatment::Rate(1_900));
    assert_eq!((request.tax, request.total), (usd(47_500), usd(297_500)));
    let abroad = setup_invoice(&client(), &pricing(), Treatment::ReverseCharge);
    assert_eq!((abroad.tax, abroad.total), (usd(0), usd(250_000)));
    assert_eq!(request.due_at, SIGNED.plus_ms(7 * DAY_MS));
    assert_eq!(request.period, "setup");
}

#[test]
fn an_issued_invoice_is_open_under_the_provider_s_id_and_books_no_money() {
    let outcome =
        issued(&setup_invoice(&client(), &pricing(), Treatment::Rate(1_900)), &receipt(), SIGNED);
    let changes = finance(&outcome);
    let FinanceChange::Invoice(invoice) = changes[0] else { panic!("{changes:?}") };
    assert_eq!((invoice.state, invoice.provider_id.as_deref()), (InvoiceState::Open, Some("in_1")));
    assert_eq!((invoice.net, invoice.paid_minor), (usd(250_000), 0));
    assert_eq!(
        changes[1],
        &FinanceChange::Customer { entity: CLIENT.to_owned(), customer_id: "cus_1".to_owned() }
    );
    assert_eq!(changes.len(), 2);
}

#[test]
fn an_invoice_that_a_person_sends_from_a_file_has_no_provider_s_id() {
    let file =
        Receipt { reference: "/outbox/invoices/1.md".to_owned(), data: serde_json::Value::Null };
    let outcome =
        issued(&setup_invoice(&client(), &pricing(), Treatment::Rate(1_900)), &file, SIGNED);
    let changes = finance(&outcome);
    let FinanceChange::Invoice(invoice) = changes[0] else { panic!("{changes:?}") };
    assert_eq!((invoice.provider_id.as_deref(), changes.len()), (None, 1));
}

#[test]
fn a_started_subscription_counts_nothing_until_the_provider_tells_of_it() {
    let request = subscription(&client(), client().plan, &pricing(), Treatment::Exempt);
    assert_eq!((request.plan.as_str(), request.monthly), ("professional", usd(150_000)));
    let outcome = subscribed(&request, &receipt());
    assert!(matches!(finance(&outcome)[..], [FinanceChange::Customer { .. }]));
}

#[test]
fn a_paid_set_up_answers_the_onboarding_task_that_waits_for_it() {
    let gathered = Gathered { client: Some(client()), ..Gathered::default() };
    let outcome = book(&paid_setup(), &gathered, Mode::Dry, 7);
    let expected = UnitName::new(Layer::OnboardingFlow, CLIENT, "task/payment");
    assert_eq!(outcome.answers[0].0, expected);
    assert_eq!(outcome.answers[0].1["result"], "done");
}

#[test]
fn test_money_never_reaches_the_live_books_nor_real_money_the_rehearsal() {
    let gathered = Gathered { client: Some(client()), ..Gathered::default() };
    let outcome = book(&paid_setup(), &gathered, Mode::Live, 7);
    assert_eq!((outcome.changes.len(), outcome.answers.len()), (0, 0));
    assert_eq!(outcome.events[0].kind, "billing_wrong_world");
    let real = event("invoice.upcoming", true, &json!({}));
    assert_eq!(book(&real, &gathered, Mode::Dry, 7).events[0].kind, "billing_wrong_world");
}

#[test]
fn an_event_of_an_unknown_customer_is_done_with_a_warning_and_kept_for_when_it_is_known() {
    let outcome = book(&paid_setup(), &Gathered::default(), Mode::Dry, 7);
    assert!(matches!(finance(&outcome)[..], [FinanceChange::Unmatched { .. }]));
    assert!(outcome.answers.is_empty());
    assert_eq!(outcome.events[0].kind, "billing_unmatched");
}

#[test]
fn a_client_leaves_with_its_last_subscription_and_not_before() {
    let with = |others: Vec<Subscription>| Gathered {
        client: Some(client()),
        subscriptions: others,
        ..Gathered::default()
    };
    let ended = |gathered| standing(&book(&told("canceled"), &gathered, Mode::Dry, 7));
    assert_eq!(ended(with(vec![])), Some(ClientState::Churned));
    assert_eq!(ended(with(vec![known_subscription("sub_2", "active")])), None);
    assert_eq!(
        ended(with(vec![known_subscription("sub_1", "canceled")])),
        None,
        "it has left already"
    );
}

#[test]
fn a_client_who_left_is_back_with_a_new_subscription_but_not_by_an_old_message() {
    let gone = Client { state: ClientState::Churned, churned_at: Some(SIGNED), ..client() };
    let with = |subscriptions| Gathered {
        client: Some(gone.clone()),
        subscriptions,
        ..Gathered::default()
    };
    let outcome = book(&told("active"), &with(vec![]), Mode::Dry, 7);
    assert_eq!(standing(&outcome), Some(ClientState::Active));
    let old = with(vec![known_subscription("sub_1", "canceled")]);
    assert_eq!(standing(&book(&told("active"), &old, Mode::Dry, 7)), None);
}

#[test]
fn a_known_invoice_keeps_its_lines_when_it_is_paid() {
    let numbered = setup_invoice(&client(), &pricing(), Treatment::Rate(1_900));
    let issued = issued(&numbered, &receipt(), SIGNED);
    let FinanceChange::Invoice(ours) = finance(&issued)[0] else { panic!("{issued:?}") };
    let ours: Invoice = (**ours).clone();
    let gathered =
        Gathered { client: Some(client()), invoice: Some(ours.clone()), ..Gathered::default() };
    let outcome = book(&paid_setup(), &gathered, Mode::Dry, 7);
    let FinanceChange::Invoice(paid) = finance(&outcome)[0] else { panic!("no invoice") };
    assert_eq!(
        (paid.state, &paid.lines, paid.due_at),
        (InvoiceState::Paid, &ours.lines, ours.due_at)
    );
}
