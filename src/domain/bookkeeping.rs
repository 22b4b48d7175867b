//! Decides what an event of the billing provider means for a client's books.
//!
//! Pure: the event and what is known of its client in, the rows to write out. It never looks at
//! order or repeats: what it returns are facts, and what is booked of them follows from all facts
//! together (`domain::cash`, `domain::history`).

use serde_json::json;

use super::cash::{Fact, FactKind};
use super::event::NewEvent;
use super::finance::{Charge, FinanceChange, Invoice, InvoiceState};
use super::history::{Telling, Told};
use super::money::Money;
use super::report::{Cadence, Period};
use super::stripe::{
    ChargeFacts, DisputeFacts, DisputeOutcome, InvoiceFacts, News, PaymentFacts, RefundFacts,
    StripeEvent, SubscriptionFacts,
};
use super::time::{DAY_MS, Moment};

/// The period of the invoice for setting a client up.
pub const SETUP: &str = "setup";

/// What is known of the client that an event concerns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The client, if one was found.
    pub client: Option<String>,
    /// Its row of the invoice that the event speaks of.
    pub invoice: Option<Invoice>,
}

/// What an event means.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Booking {
    /// Rows to write.
    pub changes: Vec<FinanceChange>,
    /// Facts to tell.
    pub events: Vec<NewEvent>,
    /// The client whose set-up is paid now.
    pub setup_paid: Option<String>,
}

impl Booking {
    fn change(mut self, change: FinanceChange) -> Self {
        self.changes.push(change);
        self
    }

    fn event(mut self, event: NewEvent) -> Self {
        self.events.push(event);
        self
    }
}

/// Books one event. An event of nobody we know books nothing and says so; the raw delivery is kept,
/// and worked again when its customer is known.
pub fn book(event: &StripeEvent, known: &Known, due_days: u32) -> Booking {
    let client = known.client.as_deref();
    match (&event.news, client) {
        (News::Ignored { kind, why }, _) => Booking::default()
            .event(NewEvent::info("billing_ignored", format!("{kind} changes nothing: {why}"))),
        (News::RefundFailed(facts), _) => refund_failed(event, facts, client),
        (News::DisputeCreated(facts) | News::DisputeClosed(facts), _) => {
            disputed(event, facts, client)
        }
        (News::PaymentMade(facts), _) => payment_made(event, facts, known),
        (_, None) => unmatched(event),
        (News::SubscriptionCreated(facts), Some(client)) => {
            subscribed(event, facts, client, (Telling::Created, event.created))
        }
        (News::SubscriptionUpdated(facts), Some(client)) => {
            subscribed(event, facts, client, (Telling::Updated, event.created))
        }
        (News::SubscriptionDeleted(facts), Some(client)) => {
            let ended = facts.ended_at.unwrap_or(event.created);
            subscribed(event, facts, client, (Telling::Ended, ended))
        }
        (News::InvoicePaid(facts), Some(client)) => {
            let paid_at = facts.paid_at.unwrap_or(event.created);
            let invoice = invoice_row(facts, client, known, due_days);
            let text = format!("invoice {} of {client} is paid: {}", invoice.name(), facts.paid);
            let setup = invoice.period == SETUP;
            let mut booking = Booking::default().event(NewEvent::info("invoice_paid", text));
            booking.setup_paid = setup.then(|| client.to_owned());
            invoice_told(booking, event, facts, (invoice, InvoiceState::Paid), paid_at)
        }
        (News::InvoiceFailed(facts), Some(client)) => failed(event, facts, client, known, due_days),
        (News::InvoiceTold(facts), Some(client)) => changed(event, facts, client, known, due_days),
        (News::ChargeRefunded(facts), Some(client)) => refunded(event, facts, client),
        (News::CheckoutCompleted(facts), Some(client)) => {
            linked(Booking::default(), client, facts.customer.as_deref())
        }
    }
}

fn unmatched(event: &StripeEvent) -> Booking {
    let customer = event.customer().unwrap_or("no customer");
    let text = format!("billing event {} of {customer} belongs to no client of ours", event.id);
    let booking = Booking::default()
        .event(NewEvent::warn("billing_unmatched", text).with(json!({"event": event.id})));
    match event.customer() {
        Some(customer) => booking.change(FinanceChange::Unmatched {
            event: event.id.clone(),
            customer: customer.to_owned(),
        }),
        None => booking,
    }
}

/// Notes which customer of the provider a client is.
fn linked(booking: Booking, client: &str, customer: Option<&str>) -> Booking {
    match customer {
        Some(customer) => booking.change(FinanceChange::Customer {
            entity: client.to_owned(),
            customer_id: customer.to_owned(),
        }),
        None => booking,
    }
}

fn subscribed(
    event: &StripeEvent,
    facts: &SubscriptionFacts,
    client: &str,
    (telling, at): (Telling, Moment),
) -> Booking {
    let told = Told {
        subscription: facts.id.clone(),
        entity: client.to_owned(),
        telling,
        status: facts.status.0.clone(),
        mrr: facts.mrr(),
        monthly: facts.monthly,
        started_at: facts.started_at,
        at,
        told_by: event.id.clone(),
    };
    let text = format!("subscription of {client} is {}: {} a month", facts.status.0, facts.mrr());
    let level = if facts.status.counts() { NewEvent::info } else { NewEvent::warn };
    let booking = Booking::default()
        .change(FinanceChange::Subscription(told))
        .event(level("subscription_told", text));
    linked(booking, client, facts.customer.as_deref())
}

/// Writes an invoice as told, what is paid of it so far and by what.
fn invoice_told(
    booking: Booking,
    event: &StripeEvent,
    facts: &InvoiceFacts,
    (mut invoice, state): (Invoice, InvoiceState),
    paid_at: Moment,
) -> Booking {
    let (client, period) = (invoice.entity.clone(), invoice.period.clone());
    invoice.state = if invoice.state == InvoiceState::Paid { InvoiceState::Paid } else { state };
    if state == InvoiceState::Paid {
        invoice.paid_at = Some(paid_at);
    }
    let mut booking = booking.change(FinanceChange::Invoice(Box::new(invoice)));
    if facts.paid.minor > 0 {
        let fact = Fact {
            kind: FactKind::PaidSoFar,
            name: String::new(),
            amount: facts.paid,
            at: paid_at,
            told_by: event.id.clone(),
        };
        booking = booking.change(FinanceChange::Payment {
            entity: client.clone(),
            period,
            provider_id: Some(facts.id.clone()),
            fact,
        });
    }
    booking = paid_by(booking, &facts.payments, &facts.id);
    linked(booking, &client, facts.customer.as_deref())
}

fn paid_by(booking: Booking, payments: &[String], invoice: &str) -> Booking {
    payments.iter().fold(booking, |booking, payment| {
        booking
            .change(FinanceChange::PaidBy { payment: payment.clone(), invoice: invoice.to_owned() })
    })
}

/// Books one payment of an invoice that we have; for one that we do not have yet only the way from
/// the charge to it is kept, because the invoice's own messages tell what is paid of it.
fn payment_made(event: &StripeEvent, facts: &PaymentFacts, known: &Known) -> Booking {
    let booking = paid_by(Booking::default(), &facts.payments, &facts.invoice);
    let Some(invoice) = &known.invoice else {
        let text = format!("payment {} is of invoice {}, not told yet", facts.id, facts.invoice);
        return booking.event(NewEvent::info("payment_made", text));
    };
    let text =
        format!("{} came in for invoice {} of {}", facts.paid, invoice.name(), invoice.entity);
    booking.event(NewEvent::info("payment_made", text)).change(FinanceChange::Payment {
        entity: invoice.entity.clone(),
        period: invoice.period.clone(),
        provider_id: Some(facts.invoice.clone()),
        fact: Fact {
            kind: FactKind::Received,
            name: facts.id.clone(),
            amount: facts.paid,
            at: facts.paid_at.unwrap_or(event.created),
            told_by: event.id.clone(),
        },
    })
}

fn failed(
    event: &StripeEvent,
    facts: &InvoiceFacts,
    client: &str,
    known: &Known,
    due_days: u32,
) -> Booking {
    let mut invoice = invoice_row(facts, client, known, due_days);
    invoice.attempts = facts.attempt_count;
    invoice.next_attempt_at = facts.next_attempt_at;
    let next = facts.next_attempt_at.map_or_else(
        || "there will be no other try".to_owned(),
        |at| format!("the provider tries again at {at}"),
    );
    let text = format!(
        "payment {} of invoice {} of {client} failed; {next}",
        facts.attempt_count,
        invoice.name()
    );
    let booking = Booking::default().event(NewEvent::warn("payment_failed", text));
    invoice_told(booking, event, facts, (invoice, InvoiceState::Failed), event.created)
}

/// Books what an invoice became: paid in part, withdrawn, given up.
fn changed(
    event: &StripeEvent,
    facts: &InvoiceFacts,
    client: &str,
    known: &Known,
    due_days: u32,
) -> Booking {
    let (state, level): (_, fn(&str, String) -> NewEvent) = match facts.status.as_deref() {
        Some("void") => (InvoiceState::Void, NewEvent::warn),
        Some("uncollectible") => (InvoiceState::Uncollectible, NewEvent::warn),
        Some("paid") => (InvoiceState::Paid, NewEvent::info),
        Some("open") => (InvoiceState::Open, NewEvent::info),
        other => {
            let text = format!("invoice {} is {}", facts.id, other.unwrap_or("in no state"));
            return Booking::default().event(NewEvent::info("billing_ignored", text));
        }
    };
    let invoice = invoice_row(facts, client, known, due_days);
    let text = format!(
        "invoice {} of {client} is {}, {} of {} paid",
        invoice.name(),
        state.as_column(),
        facts.paid,
        facts.total
    );
    let booking = Booking::default().event(level("invoice_told", text));
    let at = facts.paid_at.unwrap_or(event.created);
    invoice_told(booking, event, facts, (invoice, state), at)
}

/// The row of an invoice: ours if we have one, else made from what the provider says.
fn invoice_row(facts: &InvoiceFacts, client: &str, known: &Known, due_days: u32) -> Invoice {
    if let Some(invoice) = &known.invoice {
        return Invoice { provider_id: Some(facts.id.clone()), ..invoice.clone() };
    }
    let net = Money::new(facts.total.minor - facts.tax.minor, facts.total.currency);
    Invoice {
        entity: client.to_owned(),
        period: invoice_period(facts),
        number: facts.number.clone(),
        provider_id: Some(facts.id.clone()),
        net,
        tax: facts.tax,
        total: facts.total,
        lines: json!([]),
        issued_at: Some(facts.created),
        due_at: due_at(facts.created, due_days),
        paid_at: None,
        paid_minor: 0,
        refunded_minor: 0,
        lost_minor: 0,
        credited_minor: 0,
        attempts: facts.attempt_count,
        next_attempt_at: facts.next_attempt_at,
        dunned: 0,
        dunned_at: None,
        state: InvoiceState::Open,
    }
}

/// When an invoice issued at `issued_at` is due.
pub fn due_at(issued_at: Moment, due_days: u32) -> Moment {
    issued_at.plus_ms(i64::from(due_days) * DAY_MS)
}

/// What an invoice is for: our own note, else the month it bills, else its id.
pub fn invoice_period(facts: &InvoiceFacts) -> String {
    if let Some(period) = facts.metadata.get("period") {
        return period.clone();
    }
    if facts.subscription.is_none() {
        return facts.id.clone();
    }
    let month = facts.service_from.unwrap_or(facts.created);
    Period::containing(Cadence::Monthly, month).label()
}

fn refunded(event: &StripeEvent, facts: &ChargeFacts, client: &str) -> Booking {
    let text = format!("{client} was given back {} in all of one charge", facts.refunded);
    let charge = Charge {
        id: facts.id.clone(),
        entity: Some(client.to_owned()),
        payment_intent: facts.payment_intent.clone(),
        invoice: facts.invoice.clone(),
        amount: Some(facts.amount),
        facts: vec![Fact {
            kind: FactKind::RefundedSoFar,
            name: String::new(),
            amount: facts.refunded,
            at: event.created,
            told_by: event.id.clone(),
        }],
    };
    let booking = Booking::default()
        .change(FinanceChange::Charge(Box::new(charge)))
        .event(NewEvent::warn("charge_refunded", text));
    linked(booking, client, facts.customer.as_deref())
}

/// A refund that failed is money that is here again; a person pays it back another way.
fn refund_failed(event: &StripeEvent, facts: &RefundFacts, client: Option<&str>) -> Booking {
    let text = format!(
        "refund {} of {} did not reach the payer; pay it back another way",
        facts.id, facts.amount
    );
    let booking = Booking::default().event(NewEvent::warn("refund_failed", text));
    let Some(id) = &facts.charge else { return booking };
    let charge = Charge {
        id: id.clone(),
        entity: client.map(str::to_owned),
        payment_intent: None,
        invoice: None,
        amount: None,
        facts: vec![Fact {
            kind: FactKind::RefundFailed,
            name: facts.id.clone(),
            amount: facts.amount,
            at: event.created,
            told_by: event.id.clone(),
        }],
    };
    booking.change(FinanceChange::Charge(Box::new(charge)))
}

/// A lost dispute is lost money even when nobody knows whose charge it was: it is then booked on
/// the agency, and moved to the client when that is known.
fn disputed(event: &StripeEvent, facts: &DisputeFacts, client: Option<&str>) -> Booking {
    let whose = client.unwrap_or("an unknown client");
    let (kind, state, level): (_, _, fn(&str, String) -> NewEvent) = match facts.outcome {
        DisputeOutcome::Open => (
            FactKind::Disputed,
            "is open: answer it at the provider; services are on hold, its revenue is at risk",
            NewEvent::warn,
        ),
        DisputeOutcome::Won => {
            (FactKind::DisputeWon, "is won: services go on, the money stays", NewEvent::info)
        }
        DisputeOutcome::Lost => {
            (FactKind::DisputeLost, "is lost, and its money is gone", NewEvent::error)
        }
    };
    let text = format!("dispute {} of {whose} over {} {state}", facts.id, facts.amount);
    let fact = |kind, amount| Fact {
        kind,
        name: facts.id.clone(),
        amount,
        at: event.created,
        told_by: event.id.clone(),
    };
    let mut told = vec![fact(kind, facts.amount)];
    told.extend(facts.fee.map(|fee| fact(FactKind::DisputeFee, fee)));
    let charge = Charge {
        id: facts.charge.clone().unwrap_or_else(|| facts.id.clone()),
        entity: client.map(str::to_owned),
        payment_intent: facts.payment_intent.clone(),
        invoice: None,
        amount: None,
        facts: told,
    };
    Booking::default()
        .change(FinanceChange::Charge(Box::new(charge)))
        .event(level("dispute", text).with(json!({"client": client, "dispute": facts.id})))
}

#[cfg(test)]
mod tests;
