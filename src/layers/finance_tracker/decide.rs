//! Decides, from rows alone, what is charged and what the provider's events mean.
//!
//! What is sent to the provider depends on the client's row and the settings and not on the time,
//! so that a retry on another day sends the very same invoice.

use serde_json::json;

use super::dunning;
use crate::config::{Agency, Pricing};
use crate::domain::bookkeeping::{self, Known, SETUP};
use crate::domain::change::Change;
use crate::domain::dunning::PERSON;
use crate::domain::effect::{InvoicePaper, InvoiceRequest, Receipt, SubscriptionRequest};
use crate::domain::event::NewEvent;
use crate::domain::finance::{FinanceChange, Invoice, InvoiceState, Subscription};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::operations::{Client, ClientState, OperationsChange, Plan};
use crate::domain::outcome::{Next, StepOutcome};
use crate::domain::pricing::{Treatment, setup_line, taxed};
use crate::domain::stripe::{News, StripeEvent, SubscriptionStatus};
use crate::domain::time::Moment;
use crate::domain::unit::UnitName;

/// What is known of the client an event concerns.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The client.
    pub(super) client: Option<Client>,
    /// The invoice that the event speaks of.
    pub(super) invoice: Option<Invoice>,
    /// All of the client's subscriptions.
    pub(super) subscriptions: Vec<Subscription>,
}

/// The invoice for setting a client up, due some days after the contract, as it is numbered.
pub(super) fn setup_invoice(client: &Client, pricing: &Pricing, tax: Treatment) -> Invoice {
    let line = setup_line(client.plan, pricing.of(client.plan).setup);
    let price = taxed(line.net, tax.rate_bp());
    Invoice {
        entity: client.entity.clone(),
        period: SETUP.to_owned(),
        number: None,
        provider_id: None,
        net: price.net,
        tax: price.tax,
        total: price.total,
        lines: json!([line]),
        issued_at: None,
        due_at: bookkeeping::due_at(client.signed_at, pricing.due_days),
        paid_at: None,
        paid_minor: 0,
        refunded_minor: 0,
        lost_minor: 0,
        credited_minor: 0,
        attempts: 0,
        next_attempt_at: None,
        dunned: 0,
        dunned_at: None,
        state: InvoiceState::Planned,
    }
}

/// What is sent of an invoice that has its number. It rests on the row, so that a retry after a change
/// of prices sends the very same invoice.
pub(super) fn request(
    invoice: &Invoice,
    client: &Client,
    agency: &Agency,
    tax: Treatment,
) -> InvoiceRequest {
    InvoiceRequest {
        entity: client.entity.clone(),
        period: invoice.period.clone(),
        name: client.name.clone(),
        email: client.email.clone(),
        lines: serde_json::from_value(invoice.lines.clone()).unwrap_or_default(),
        tax: invoice.tax,
        total: invoice.total,
        due_at: invoice.due_at,
        paper: InvoicePaper {
            number: invoice.number.clone().unwrap_or_default(),
            issuer: agency.name.clone(),
            issuer_address: agency.postal_address.clone(),
            language: client.language.clone(),
            tax_note: tax.note(&client.language),
        },
    }
}

/// The subscription of a plan: started, or a running one put on it.
pub(super) fn subscription(
    client: &Client,
    plan: Plan,
    pricing: &Pricing,
    tax: Treatment,
) -> SubscriptionRequest {
    SubscriptionRequest {
        entity: client.entity.clone(),
        email: client.email.clone(),
        plan: plan.as_column().to_owned(),
        monthly: pricing.of(plan).monthly,
        tax_bp: tax.rate_bp(),
        yearly: None,
        changes: None,
    }
}

/// The outcome of a change that the provider took. MRR moves when it tells of it.
pub(super) fn plan_changed(client: &Client, plan: Plan, from: Moment) -> StepOutcome {
    let text = format!(
        "{} goes from {} to {} on {}",
        client.name,
        client.plan.as_column(),
        plan.as_column(),
        from.utc_date()
    );
    let changed = Client { plan, ..client.clone() };
    StepOutcome::done()
        .change(OperationsChange::Client(Box::new(changed)))
        .event(NewEvent::info("plan_changed", text))
}

/// The outcome of an invoice that has no number yet: it takes one and goes on.
pub(super) fn numbered(invoice: Invoice, now: Moment) -> StepOutcome {
    let why = "its number is taken first".to_owned();
    StepOutcome::with(Next::Scheduled { at: now, why })
        .change(FinanceChange::Number(Box::new(invoice)))
}

/// The outcome of an issued invoice.
pub(super) fn issued(numbered: &Invoice, receipt: &Receipt, now: Moment) -> StepOutcome {
    let invoice = Invoice {
        provider_id: provider_id(receipt),
        issued_at: Some(now),
        state: InvoiceState::Open,
        ..numbered.clone()
    };
    let text = format!(
        "invoice {} to {} over {}, due {}",
        invoice.name(),
        invoice.entity,
        invoice.total,
        invoice.due_at.utc_date()
    );
    let outcome = StepOutcome::done()
        .change(FinanceChange::Invoice(Box::new(invoice)))
        .event(NewEvent::info("invoice_issued", text));
    with_customer(outcome, &numbered.entity, receipt)
}

/// The outcome of a subscription that was asked for. It counts when the provider tells of it.
pub(super) fn subscribed(request: &SubscriptionRequest, receipt: &Receipt) -> StepOutcome {
    let text = format!(
        "subscription {} of {}: {} a month, {}",
        request.plan, request.entity, request.monthly, receipt.reference
    );
    let outcome = StepOutcome::done().event(NewEvent::info("subscription_started", text));
    with_customer(outcome, &request.entity, receipt)
}

/// The provider's id of what was made, when a provider made it and not a person's file.
fn provider_id(receipt: &Receipt) -> Option<String> {
    receipt.data["id"].as_str().map(str::to_owned)
}

fn with_customer(outcome: StepOutcome, entity: &str, receipt: &Receipt) -> StepOutcome {
    match receipt.data["customer"].as_str() {
        Some(customer) => outcome.change(FinanceChange::Customer {
            entity: entity.to_owned(),
            customer_id: customer.to_owned(),
        }),
        None => outcome,
    }
}

/// The outcome of one event of the provider.
pub(super) fn book(
    event: &StripeEvent,
    gathered: &Gathered,
    mode: Mode,
    due_days: u32,
) -> StepOutcome {
    if event.livemode != (mode == Mode::Live) {
        let text = format!(
            "billing event {} speaks of {} money and was left out of the {mode} books",
            event.id,
            if event.livemode { "real" } else { "test" }
        );
        return StepOutcome::done().event(NewEvent::warn("billing_wrong_world", text));
    }
    let known = Known {
        client: gathered.client.as_ref().map(|client| client.entity.clone()),
        invoice: gathered.invoice.clone(),
    };
    let booking = bookkeeping::book(event, &known, due_days);
    let mut outcome = StepOutcome::done();
    if let Some(client) = &gathered.client {
        for change in &booking.changes {
            outcome = with_standing(outcome, client, gathered, change);
        }
    }
    outcome.changes.extend(booking.changes.into_iter().map(Change::Finance));
    outcome.events.extend(booking.events);
    // A person who was asked to call about it need not.
    if let (News::InvoicePaid(_), Some(invoice)) = (&event.news, &gathered.invoice)
        && invoice.dunned >= PERSON
    {
        let name = dunning::unit_name(&invoice.entity, &invoice.period, PERSON);
        outcome = outcome.answer(name, json!({"result": "paid", "note": "it was paid meanwhile"}));
    }
    match booking.setup_paid {
        Some(entity) => outcome.answer(
            UnitName::new(Layer::OnboardingFlow, entity, "task/payment"),
            json!({"result": "done", "note": "the set-up invoice is paid"}),
        ),
        None => outcome,
    }
}

/// Adds what a told subscription means for the client: the last one ending is leaving, a new one
/// is coming back.
fn with_standing(
    outcome: StepOutcome,
    client: &Client,
    gathered: &Gathered,
    change: &FinanceChange,
) -> StepOutcome {
    let FinanceChange::Subscription(told) = change else { return outcome };
    let status = |word: &str| SubscriptionStatus(word.to_owned());
    let (own, others): (Vec<_>, Vec<_>) =
        gathered.subscriptions.iter().partition(|one| one.provider_id == told.subscription);
    if own.iter().any(|known| status(&known.status).is_final()) {
        return outcome; // an old message about what has ended
    }
    let pays_otherwise = others.iter().any(|one| status(&one.status).counts());
    let left =
        status(&told.status).is_final() && !pays_otherwise && client.state != ClientState::Churned;
    let back = status(&told.status).counts() && client.state == ClientState::Churned;
    let (state, churned_at, what) = if left {
        (ClientState::Churned, Some(told.at), "has left")
    } else if back {
        (ClientState::Active, None, "is back")
    } else {
        return outcome;
    };
    let event = NewEvent::warn("client_standing", format!("{} {what}", client.name));
    let changed = Client { state, churned_at, ..client.clone() };
    outcome.change(OperationsChange::Client(Box::new(changed))).event(event)
}
