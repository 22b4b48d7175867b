//! Decides, from rows alone, what is charged and what the provider's events mean.
//!
//! What is sent to the provider depends on the client's row and the settings and not on the time,
//! so that a retry on another day sends the very same invoice.

use serde_json::json;

use crate::config::Pricing;
use crate::domain::bookkeeping::{self, Known, SETUP};
use crate::domain::change::Change;
use crate::domain::effect::{InvoiceRequest, Receipt, SubscriptionRequest};
use crate::domain::event::NewEvent;
use crate::domain::finance::{FinanceChange, Invoice, InvoiceState, Subscription};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::operations::{Client, ClientState, OperationsChange};
use crate::domain::outcome::StepOutcome;
use crate::domain::pricing::{setup_line, taxed};
use crate::domain::stripe::{StripeEvent, SubscriptionStatus};
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

/// The invoice for setting a client up, due some days after the contract.
pub(super) fn setup_invoice(client: &Client, pricing: &Pricing) -> InvoiceRequest {
    let line = setup_line(client.plan, pricing.of(client.plan).setup);
    let price = taxed(line.net, pricing.tax_bp);
    InvoiceRequest {
        entity: client.entity.clone(),
        period: SETUP.to_owned(),
        name: client.name.clone(),
        email: client.email.clone(),
        lines: vec![line],
        tax: price.tax,
        total: price.total,
        due_at: bookkeeping::due_at(client.signed_at, pricing.due_days),
    }
}

/// The subscription of a client's plan.
pub(super) fn subscription(client: &Client, pricing: &Pricing) -> SubscriptionRequest {
    SubscriptionRequest {
        entity: client.entity.clone(),
        email: client.email.clone(),
        plan: client.plan.as_column().to_owned(),
        monthly: pricing.of(client.plan).monthly,
        tax_bp: pricing.tax_bp,
    }
}

/// The outcome of an issued invoice.
pub(super) fn issued(request: &InvoiceRequest, receipt: &Receipt, now: Moment) -> StepOutcome {
    let currency = request.total.currency;
    let invoice = Invoice {
        entity: request.entity.clone(),
        period: request.period.clone(),
        provider_id: provider_id(receipt),
        net: Money::new(request.total.minor - request.tax.minor, currency),
        tax: request.tax,
        total: request.total,
        lines: json!(request.lines),
        issued_at: Some(now),
        due_at: request.due_at,
        paid_at: None,
        paid_minor: 0,
        refunded_minor: 0,
        state: InvoiceState::Open,
    };
    let text = format!(
        "invoice {} to {} over {}, due {}",
        request.period,
        request.name,
        request.total,
        request.due_at.utc_date()
    );
    let outcome = StepOutcome::done()
        .change(FinanceChange::Invoice(Box::new(invoice)))
        .event(NewEvent::info("invoice_issued", text));
    with_customer(outcome, &request.entity, receipt)
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
    let FinanceChange::Subscription { subscription: told, .. } = change else { return outcome };
    let status = |one: &Subscription| SubscriptionStatus(one.status.clone());
    let (own, others): (Vec<_>, Vec<_>) =
        gathered.subscriptions.iter().partition(|one| one.provider_id == told.provider_id);
    if own.iter().any(|known| status(known).is_final()) {
        return outcome; // an old message about what has ended
    }
    let pays_otherwise = others.iter().any(|one| status(one).counts());
    let left = status(told).is_final() && !pays_otherwise && client.state != ClientState::Churned;
    let back = status(told).counts() && client.state == ClientState::Churned;
    let (state, churned_at, what) = if left {
        (ClientState::Churned, Some(told.told_at), "has left")
    } else if back {
        (ClientState::Active, None, "is back")
    } else {
        return outcome;
    };
    let event = NewEvent::warn("client_standing", format!("{} {what}", client.name));
    let changed = Client { state, churned_at, ..client.clone() };
    outcome.change(OperationsChange::Client(Box::new(changed))).event(event)
}
