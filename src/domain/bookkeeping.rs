//! Decides what an event of the billing provider means for a client's books.
//!
//! Pure: the event and what is known of its client in, the rows to write out. It never looks at
//! order or repeats, because each change it returns is a difference or a fact that the store adds
//! only once (`domain::ledger`).

use serde_json::json;

use super::event::NewEvent;
use super::finance::{
    Account, FinanceChange, Invoice, InvoiceState, LedgerEntry, Refund, RefundedInvoice,
    Subscription,
};
use super::ledger::split_tax;
use super::money::Money;
use super::report::{Cadence, Period};
use super::stripe::{
    ChargeFacts, DisputeFacts, DisputeOutcome, InvoiceFacts, News, StripeEvent, SubscriptionFacts,
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

/// Books one event. An event of nobody we know books nothing and says so; the raw delivery is kept.
pub fn book(event: &StripeEvent, known: &Known, due_days: u32) -> Booking {
    let client = known.client.as_deref();
    match (&event.news, client) {
        (News::Ignored { kind, why }, _) => Booking::default()
            .event(NewEvent::info("billing_ignored", format!("{kind} changes nothing: {why}"))),
        (News::RefundFailed { refund }, _) => Booking::default().event(NewEvent::warn(
            "refund_failed",
            format!("refund {refund} did not reach the payer; pay it back another way"),
        )),
        (News::DisputeCreated(facts) | News::DisputeClosed(facts), _) => {
            disputed(event, facts, client)
        }
        (_, None) => unmatched(event),
        (News::SubscriptionCreated(facts) | News::SubscriptionUpdated(facts), Some(client)) => {
            subscribed(event, facts, client, event.created)
        }
        (News::SubscriptionDeleted(facts), Some(client)) => {
            subscribed(event, facts, client, facts.ended_at.unwrap_or(event.created))
        }
        (News::InvoicePaid(facts), Some(client)) => paid(event, facts, client, known, due_days),
        (News::InvoiceFailed(facts), Some(client)) => failed(facts, client, known, due_days),
        (News::ChargeRefunded(facts), Some(client)) => refunded(event, facts, client, known),
        (News::CheckoutCompleted(facts), Some(client)) => {
            linked(Booking::default(), client, facts.customer.as_deref())
        }
    }
}

fn unmatched(event: &StripeEvent) -> Booking {
    let customer = event.customer().unwrap_or("no customer");
    let text = format!("billing event {} of {customer} belongs to no client of ours", event.id);
    Booking::default()
        .event(NewEvent::warn("billing_unmatched", text).with(json!({"event": event.id})))
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
    told_at: Moment,
) -> Booking {
    let subscription = Subscription {
        provider_id: facts.id.clone(),
        entity: client.to_owned(),
        status: facts.status.0.clone(),
        mrr: facts.mrr(),
        started_at: facts.started_at,
        told_at,
        told_by: event.id.clone(),
    };
    let text = format!("subscription of {client} is {}: {} a month", facts.status.0, facts.mrr());
    let level = if facts.status.counts() { NewEvent::info } else { NewEvent::warn };
    let booking = Booking::default()
        .change(FinanceChange::Subscription { subscription, monthly: facts.monthly })
        .event(level("subscription_told", text));
    linked(booking, client, facts.customer.as_deref())
}

fn paid(
    event: &StripeEvent,
    facts: &InvoiceFacts,
    client: &str,
    known: &Known,
    due_days: u32,
) -> Booking {
    let paid_at = facts.paid_at.unwrap_or(event.created);
    let mut invoice = invoice_row(facts, client, known, due_days);
    invoice.state = InvoiceState::Paid;
    invoice.paid_at = Some(paid_at);
    invoice.paid_minor = facts.paid.minor;
    let (net, tax) = split_tax(facts.paid, facts.total, facts.tax);
    let line = |account, amount| LedgerEntry {
        entity: client.to_owned(),
        account,
        movement: None,
        amount,
        at: paid_at,
        reference: facts.id.clone(),
    };
    let text = format!("invoice {} of {client} is paid: {}", invoice.period, facts.paid);
    let mut booking = Booking::default().event(NewEvent::info("invoice_paid", text));
    booking.setup_paid = (invoice.period == SETUP).then(|| client.to_owned());
    booking = booking.change(FinanceChange::Invoice(Box::new(invoice)));
    for (account, amount) in [(Account::Revenue, net), (Account::Tax, tax)] {
        if amount.minor != 0 {
            booking = booking.change(FinanceChange::Ledger(line(account, amount)));
        }
    }
    linked(booking, client, facts.customer.as_deref())
}

fn failed(facts: &InvoiceFacts, client: &str, known: &Known, due_days: u32) -> Booking {
    let mut invoice = invoice_row(facts, client, known, due_days);
    if invoice.state != InvoiceState::Paid {
        invoice.state = InvoiceState::Failed;
    }
    let next = facts.next_attempt_at.map_or_else(
        || "there will be no other try".to_owned(),
        |at| format!("the provider tries again at {at}"),
    );
    let text = format!(
        "payment {} of invoice {} of {client} failed; {next}",
        facts.attempt_count, invoice.period
    );
    let booking = Booking::default()
        .change(FinanceChange::Invoice(Box::new(invoice)))
        .event(NewEvent::warn("payment_failed", text));
    linked(booking, client, facts.customer.as_deref())
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

fn refunded(event: &StripeEvent, facts: &ChargeFacts, client: &str, known: &Known) -> Booking {
    let invoice = known.invoice.as_ref().and_then(|invoice| {
        Some(RefundedInvoice {
            provider_id: invoice.provider_id.clone()?,
            total: invoice.total,
            tax: invoice.tax,
        })
    });
    let text = format!("{client} was given back {} in all of one charge", facts.refunded);
    let refund = Refund {
        entity: client.to_owned(),
        charge: facts.id.clone(),
        cumulative: facts.refunded,
        invoice,
        at: event.created,
    };
    let booking = Booking::default()
        .change(FinanceChange::Refund(refund))
        .event(NewEvent::warn("charge_refunded", text));
    linked(booking, client, facts.customer.as_deref())
}

/// A lost dispute is lost money even when nobody knows whose charge it was: it is then booked on
/// the agency.
fn disputed(event: &StripeEvent, facts: &DisputeFacts, client: Option<&str>) -> Booking {
    let whose = client.unwrap_or("an unknown client");
    let (state, level): (_, fn(&str, String) -> NewEvent) = match facts.outcome {
        DisputeOutcome::Open => ("is open: answer it at the provider", NewEvent::warn),
        DisputeOutcome::Won => ("is won", NewEvent::info),
        DisputeOutcome::Lost => ("is lost", NewEvent::error),
    };
    let text = format!("dispute {} of {whose} over {} {state}", facts.id, facts.amount);
    let booking = Booking::default().event(level("dispute", text));
    if facts.outcome != DisputeOutcome::Lost {
        return booking;
    }
    booking.change(FinanceChange::Ledger(LedgerEntry {
        entity: client.unwrap_or_default().to_owned(),
        account: Account::Dispute,
        movement: None,
        amount: Money::new(-facts.amount.minor, facts.amount.currency),
        at: event.created,
        reference: facts.id.clone(),
    }))
}

#[cfg(test)]
mod tests;
