//! Reads the billing provider's events into our own words.
//!
//! Stripe freezes an event's shape by the API version of the endpoint, so one database meets old and
//! new shapes side by side; this module reads the new place first and falls back to the old one, and
//! nothing outside it knows that there are two. A type that means nothing to us is *ignored with a
//! reason*, never an error; a type that means something but lacks what it needs is an error that
//! names the field. The module never judges order or duplicates: `domain::ledger` and the store do.

mod facts;
mod field;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use facts::{
    ChargeFacts, CheckoutFacts, DisputeFacts, DisputeOutcome, InvoiceFacts, Metadata, PaymentFacts,
    RefundFacts, SubscriptionFacts, SubscriptionStatus,
};

use self::field::Node;
use super::time::Moment;

/// An event of a type we use that lacks what it needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event has no usable {field}: {found}")]
pub struct BadEvent {
    /// Where it was looked for, in the new shape.
    pub field: String,
    /// What stands there.
    pub found: String,
}

/// One event of the billing provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StripeEvent {
    /// Its id; duplicates share it.
    pub id: String,
    /// When the provider made it, to the second.
    pub created: Moment,
    /// Whether it speaks of real money.
    pub livemode: bool,
    /// The API version that shaped it.
    pub api_version: Option<String>,
    /// What it says.
    pub news: News,
}

/// What an event says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A subscription began.
    SubscriptionCreated(SubscriptionFacts),
    /// A subscription changed, was paused or resumed.
    SubscriptionUpdated(SubscriptionFacts),
    /// A subscription has really ended.
    SubscriptionDeleted(SubscriptionFacts),
    /// An invoice was paid in full.
    InvoicePaid(InvoiceFacts),
    /// A payment failed; the provider may try again.
    InvoiceFailed(InvoiceFacts),
    /// An invoice changed: finalised, paid in part, withdrawn, given up.
    InvoiceTold(InvoiceFacts),
    /// One payment of an invoice, in full or in part.
    PaymentMade(PaymentFacts),
    /// Money of a charge was given back; the amount is cumulative.
    ChargeRefunded(ChargeFacts),
    /// A refund did not reach the payer, and a person has to look.
    RefundFailed(RefundFacts),
    /// A payer disputes a charge.
    DisputeCreated(DisputeFacts),
    /// A dispute ended.
    DisputeClosed(DisputeFacts),
    /// A payer came through a checkout page: the first link from customer to client.
    CheckoutCompleted(CheckoutFacts),
    /// It changes nothing here.
    Ignored {
        /// The event's type.
        kind: String,
        /// Why it changes nothing.
        why: String,
    },
}

impl StripeEvent {
    /// Reads an event from the delivery's body.
    ///
    /// # Errors
    /// The body is not an event, or is one we use without the fields it needs.
    pub fn read(body: &Value) -> Result<Self, BadEvent> {
        let event = Node::root(body);
        let kind = event.text("type")?;
        Ok(Self {
            id: event.text("id")?,
            created: event.moment("created")?,
            livemode: event.get("livemode").flag(),
            api_version: event.get("api_version").as_text(),
            news: read_news(&kind, &event.get("data").get("object"), event.moment("created")?)?,
        })
    }

    /// The provider's customer it concerns, if it names one.
    pub fn customer(&self) -> Option<&str> {
        match &self.news {
            News::SubscriptionCreated(facts)
            | News::SubscriptionUpdated(facts)
            | News::SubscriptionDeleted(facts) => facts.customer.as_deref(),
            News::InvoicePaid(facts) | News::InvoiceFailed(facts) | News::InvoiceTold(facts) => {
                facts.customer.as_deref()
            }
            News::ChargeRefunded(facts) => facts.customer.as_deref(),
            News::CheckoutCompleted(facts) => facts.customer.as_deref(),
            News::PaymentMade(_)
            | News::DisputeCreated(_)
            | News::DisputeClosed(_)
            | News::RefundFailed(_)
            | News::Ignored { .. } => None,
        }
    }

    /// The invoice it speaks of, by the provider's id.
    pub fn invoice(&self) -> Option<&str> {
        match &self.news {
            News::InvoicePaid(facts) | News::InvoiceFailed(facts) | News::InvoiceTold(facts) => {
                Some(&facts.id)
            }
            News::PaymentMade(facts) => Some(&facts.invoice),
            News::ChargeRefunded(facts) => facts.invoice.as_deref(),
            News::SubscriptionCreated(_)
            | News::SubscriptionUpdated(_)
            | News::SubscriptionDeleted(_)
            | News::DisputeCreated(_)
            | News::DisputeClosed(_)
            | News::CheckoutCompleted(_)
            | News::RefundFailed(_)
            | News::Ignored { .. } => None,
        }
    }

    /// The charge or payment it speaks of, by the provider's ids.
    pub fn payments(&self) -> Vec<&str> {
        let ids = match &self.news {
            News::ChargeRefunded(facts) => [Some(&facts.id), facts.payment_intent.as_ref()],
            News::DisputeCreated(facts) | News::DisputeClosed(facts) => {
                [facts.charge.as_ref(), facts.payment_intent.as_ref()]
            }
            News::RefundFailed(facts) => [facts.charge.as_ref(), None],
            News::SubscriptionCreated(_)
            | News::SubscriptionUpdated(_)
            | News::SubscriptionDeleted(_)
            | News::InvoicePaid(_)
            | News::InvoiceFailed(_)
            | News::InvoiceTold(_)
            | News::PaymentMade(_)
            | News::CheckoutCompleted(_)
            | News::Ignored { .. } => [None, None],
        };
        ids.into_iter().flatten().map(String::as_str).collect()
    }

    /// The client that our own notes on the provider's object name.
    pub fn noted_client(&self) -> Option<&str> {
        if let News::CheckoutCompleted(facts) = &self.news {
            return facts.client.as_deref();
        }
        self.note("client")
    }

    /// The period that our own notes on an invoice name.
    pub fn noted_period(&self) -> Option<&str> {
        self.note("period")
    }

    fn note(&self, key: &str) -> Option<&str> {
        let notes = match &self.news {
            News::SubscriptionCreated(facts)
            | News::SubscriptionUpdated(facts)
            | News::SubscriptionDeleted(facts) => &facts.metadata,
            News::InvoicePaid(facts) | News::InvoiceFailed(facts) | News::InvoiceTold(facts) => {
                &facts.metadata
            }
            News::ChargeRefunded(facts) => &facts.metadata,
            News::CheckoutCompleted(_)
            | News::PaymentMade(_)
            | News::DisputeCreated(_)
            | News::DisputeClosed(_)
            | News::RefundFailed(_)
            | News::Ignored { .. } => return None,
        };
        notes.get(key).map(String::as_str)
    }
}

fn read_news(kind: &str, object: &Node<'_>, made_at: Moment) -> Result<News, BadEvent> {
    Ok(match kind {
        "customer.subscription.created" => {
            News::SubscriptionCreated(SubscriptionFacts::read(object, made_at)?)
        }
        "customer.subscription.updated"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => {
            News::SubscriptionUpdated(SubscriptionFacts::read(object, made_at)?)
        }
        "customer.subscription.deleted" => {
            News::SubscriptionDeleted(SubscriptionFacts::read(object, made_at)?)
        }
        "invoice.paid" => News::InvoicePaid(InvoiceFacts::read(object)?),
        "invoice.payment_failed" => News::InvoiceFailed(InvoiceFacts::read(object)?),
        "charge.refunded" => News::ChargeRefunded(ChargeFacts::read(object)?),
        "refund.failed" => News::RefundFailed(RefundFacts::read(object)?),
        // Older versions tell a refund's failure only as its change.
        "charge.refund.updated" | "refund.updated"
            if matches!(object.get("status").as_text().as_deref(), Some("failed" | "canceled")) =>
        {
            News::RefundFailed(RefundFacts::read(object)?)
        }
        "invoice.finalized"
        | "invoice.updated"
        | "invoice.voided"
        | "invoice.marked_uncollectible" => News::InvoiceTold(InvoiceFacts::read(object)?),
        "invoice_payment.paid" => News::PaymentMade(PaymentFacts::read(object)?),
        "charge.dispute.created" => News::DisputeCreated(DisputeFacts::read(object)?),
        "charge.dispute.closed" => News::DisputeClosed(DisputeFacts::read(object)?),
        "checkout.session.completed" => News::CheckoutCompleted(CheckoutFacts::read(object)?),
        other => News::Ignored { kind: other.to_owned(), why: why_ignored(other).to_owned() },
    })
}

/// Says why a type changes nothing, so that an ignored event explains itself in the event stream.
fn why_ignored(kind: &str) -> &'static str {
    match kind {
        "invoice.payment_succeeded" => "invoice.paid tells the same",
        "refund.created" | "refund.updated" | "charge.refund.updated" => {
            "refunds are booked from the cumulative amount of charge.refunded"
        }
        "customer.subscription.trial_will_end" => "a trial counts when it has become paid",
        _ => "no booking depends on this type",
    }
}

#[cfg(test)]
mod tests;
