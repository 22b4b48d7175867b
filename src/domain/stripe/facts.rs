//! Defines what we keep of each of the provider's objects, whichever API version shaped it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::BadEvent;
use super::field::Node;
use crate::domain::money::{Currency, Money};
use crate::domain::mrr::{self, Discount, Interval, RecurringItem};
use crate::domain::time::Moment;

/// Our own notes that travel with the provider's objects: `client` and `period`.
pub type Metadata = BTreeMap<String, String>;

/// Where a subscription is, in the provider's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SubscriptionStatus(pub String);

impl SubscriptionStatus {
    /// Whether it counts in MRR. Policy: `active` and `past_due` do, because a card that fails once
    /// mostly pays later; unpaid, cancelled, incomplete, trialing and paused do not.
    pub fn counts(&self) -> bool {
        matches!(self.0.as_str(), "active" | "past_due")
    }

    /// Whether it has ended for good; nothing brings it back.
    pub fn is_final(&self) -> bool {
        matches!(self.0.as_str(), "canceled" | "incomplete_expired")
    }
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubscriptionFacts {
    /// Its id.
    pub id: String,
    /// Whose it is at the provider.
    pub customer: Option<String>,
    /// Where it is.
    pub status: SubscriptionStatus,
    /// Its price normalised to one month, whatever its status.
    pub monthly: Money,
    /// Since when.
    pub started_at: Moment,
    /// When it really ended; only meaningful once it has.
    pub ended_at: Option<Moment>,
    /// The end of the period that is billed.
    pub period_end: Option<Moment>,
    /// Our own notes.
    pub metadata: Metadata,
}

impl SubscriptionFacts {
    /// Reads the subscription as it stood at `told_at`.
    pub(super) fn read(object: &Node<'_>, told_at: Moment) -> Result<Self, BadEvent> {
        let items = object.get("items").get("data").items();
        let currency = subscription_currency(object, &items)?;
        let recurring = items.iter().map(read_item).collect::<Result<Vec<_>, _>>()?;
        let monthly = mrr::monthly(&recurring, &read_discounts(object, told_at))
            .ok_or_else(|| object.get("items").bad())?;
        let period_end = items.iter().find_map(|item| item.get("current_period_end").as_moment());
        Ok(Self {
            id: object.text("id")?,
            customer: object.get("customer").as_id(),
            status: read_status(object)?,
            monthly: Money::new(monthly, currency),
            started_at: object
                .get("start_date")
                .or(object.get("created"))
                .as_moment()
                .ok_or_else(|| object.get("start_date").bad())?,
            ended_at: object.get("ended_at").as_moment(),
            period_end: period_end.or_else(|| object.get("current_period_end").as_moment()),
            metadata: read_metadata(&object.get("metadata")),
        })
    }

    /// What it counts in MRR.
    pub fn mrr(&self) -> Money {
        Money::new(if self.status.counts() { self.monthly.minor } else { 0 }, self.monthly.currency)
    }
}

/// Reads the status. A subscription whose collection is paused keeps its old status at the provider,
/// yet nobody is charged: here it is `paused`, as one that the provider itself calls so.
fn read_status(object: &Node<'_>) -> Result<SubscriptionStatus, BadEvent> {
    let status = SubscriptionStatus(object.text("status")?);
    let paused = object.get("pause_collection").is_set() && status.counts();
    Ok(if paused { SubscriptionStatus("paused".to_owned()) } else { status })
}

/// Old subscriptions name their currency only on their prices.
fn subscription_currency(object: &Node<'_>, items: &[Node<'_>]) -> Result<Currency, BadEvent> {
    if object.get("currency").is_set() {
        return object.currency();
    }
    items.first().map_or_else(|| object.currency(), |item| item.get("price").currency())
}

fn read_item(item: &Node<'_>) -> Result<RecurringItem, BadEvent> {
    let price = item.get("price").or(item.get("plan"));
    let recurring = if price.get("recurring").is_set() {
        price.get("recurring")
    } else {
        item.get("price").or(item.get("plan"))
    };
    let amount = price
        .get("unit_amount_decimal")
        .or(price.get("unit_amount"))
        .or(price.get("amount_decimal"))
        .or(price.get("amount"));
    let metered = recurring.get("usage_type").as_text().as_deref() == Some("metered");
    let unit_amount = amount.as_decimal_text().and_then(|text| mrr::Decimal::read(&text));
    Ok(RecurringItem {
        unit_amount: match unit_amount {
            Some(decimal) => decimal,
            // What is metered has no fixed price, and does not count.
            None if metered => mrr::Decimal::ZERO,
            None => return Err(amount.bad()),
        },
        quantity: item.get("quantity").as_whole().unwrap_or(1),
        interval: recurring
            .get("interval")
            .as_text()
            .and_then(|word| Interval::read(&word))
            .ok_or_else(|| recurring.get("interval").bad())?,
        interval_count: recurring.get("interval_count").as_whole().unwrap_or(1),
        metered,
    })
}

/// Reads the recurring discounts in force at `told_at` that the event spells out; one that is only
/// an id is not known here and is not guessed.
fn read_discounts(object: &Node<'_>, told_at: Moment) -> Vec<Discount> {
    let mut nodes = object.get("discounts").items();
    nodes.push(object.get("discount"));
    nodes
        .iter()
        .filter_map(|node| {
            let coupon = node.get("source").get("coupon").or(node.get("coupon"));
            let over = node.get("end").as_moment().is_some_and(|end| end <= told_at);
            if coupon.get("duration").as_text()? == "once" || over {
                return None;
            }
            let percent = coupon.get("percent_off").as_decimal_text();
            percent
                .and_then(|text| mrr::Decimal::read(&text))
                .map(Discount::Percent)
                .or_else(|| coupon.get("amount_off").as_whole().map(Discount::Amount))
        })
        .collect()
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceFacts {
    /// Its id.
    pub id: String,
    /// Whose it is at the provider.
    pub customer: Option<String>,
    /// The subscription it bills, if one.
    pub subscription: Option<String>,
    /// The number that the provider gave it.
    pub number: Option<String>,
    /// Where it is, in the provider's words; the oldest shape does not say.
    pub status: Option<String>,
    /// What was paid so far, tax included.
    pub paid: Money,
    /// What it asks for, tax included.
    pub total: Money,
    /// The tax in the total.
    pub tax: Money,
    /// How many payments were tried.
    pub attempt_count: i64,
    /// When the next one will be; `None` means there will be none.
    pub next_attempt_at: Option<Moment>,
    /// Why it was made: `subscription_create`, `subscription_cycle`, `manual`.
    pub billing_reason: Option<String>,
    /// When it was made.
    pub created: Moment,
    /// When it was paid, if the provider says so.
    pub paid_at: Option<Moment>,
    /// First instant of the service it bills, if a line says so.
    pub service_from: Option<Moment>,
    /// The charges and payment intents that pay it, as far as the event spells them out.
    pub payments: Vec<String>,
    /// Our own notes.
    pub metadata: Metadata,
}

impl InvoiceFacts {
    pub(super) fn read(object: &Node<'_>) -> Result<Self, BadEvent> {
        let parent = object.get("parent").get("subscription_details");
        let lines = object.get("lines").get("data").items();
        let total = object.amount("total")?;
        // Our notes stand on the invoice, or on the subscription it belongs to.
        let mut metadata = read_metadata(
            &parent.get("metadata").or(object.get("subscription_details").get("metadata")),
        );
        metadata.extend(read_metadata(&object.get("metadata")));
        Ok(Self {
            id: object.text("id")?,
            customer: object.get("customer").as_id(),
            subscription: parent.get("subscription").or(object.get("subscription")).as_id(),
            number: object.get("number").as_text(),
            status: object.get("status").as_text(),
            paid: object.amount("amount_paid")?,
            total,
            tax: Money::new(read_tax(object, total.minor), total.currency),
            attempt_count: object.get("attempt_count").as_whole().unwrap_or(0),
            next_attempt_at: object.get("next_payment_attempt").as_moment(),
            billing_reason: object.get("billing_reason").as_text(),
            created: object.moment("created")?,
            paid_at: object.get("status_transitions").get("paid_at").as_moment(),
            service_from: lines.iter().find_map(|line| line.get("period").get("start").as_moment()),
            payments: read_payments(object),
            metadata,
        })
    }
}

/// Reads the ids by which a charge finds its invoice: the list of the new shape, the fields of the
/// old one.
fn read_payments(invoice: &Node<'_>) -> Vec<String> {
    let mut nodes = vec![invoice.get("charge"), invoice.get("payment_intent")];
    for payment in invoice.get("payments").get("data").items() {
        nodes.extend(payment_ids(&payment.get("payment")));
    }
    nodes.iter().filter_map(Node::as_id).collect()
}

fn payment_ids<'v>(payment: &Node<'v>) -> [Node<'v>; 2] {
    [payment.get("charge"), payment.get("payment_intent")]
}

/// One payment of an invoice, which only the new shape tells by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaymentFacts {
    /// Its id.
    pub id: String,
    /// The invoice.
    pub invoice: String,
    /// How much, tax included.
    pub paid: Money,
    /// When, if the provider says so.
    pub paid_at: Option<Moment>,
    /// The charge and payment intent it was made by.
    pub payments: Vec<String>,
}

impl PaymentFacts {
    pub(super) fn read(object: &Node<'_>) -> Result<Self, BadEvent> {
        let invoice = object.get("invoice");
        Ok(Self {
            id: object.text("id")?,
            invoice: invoice.as_id().ok_or_else(|| invoice.bad())?,
            paid: object.amount("amount_paid")?,
            paid_at: object.get("status_transitions").get("paid_at").as_moment(),
            payments: payment_ids(&object.get("payment")).iter().filter_map(Node::as_id).collect(),
        })
    }
}

/// A refund that did not reach the payer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefundFacts {
    /// Its id.
    pub id: String,
    /// The charge.
    pub charge: Option<String>,
    /// How much came back to us.
    pub amount: Money,
}

impl RefundFacts {
    pub(super) fn read(object: &Node<'_>) -> Result<Self, BadEvent> {
        Ok(Self {
            id: object.text("id")?,
            charge: object.get("charge").as_id(),
            amount: object.amount("amount")?,
        })
    }
}

/// Reads an invoice's tax: from the total without it, then from the lists of either shape, then from
/// the oldest single field. An invoice that names none has none.
fn read_tax(invoice: &Node<'_>, total: i64) -> i64 {
    if let Some(net) = invoice.get("total_excluding_tax").as_whole() {
        return total - net;
    }
    let listed = invoice.get("total_taxes").or(invoice.get("total_tax_amounts"));
    if listed.is_set() {
        return listed.items().iter().filter_map(|tax| tax.get("amount").as_whole()).sum();
    }
    invoice.get("tax").as_whole().unwrap_or(0)
}

/// A charge with what was given back of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChargeFacts {
    /// Its id.
    pub id: String,
    /// Whose it is at the provider.
    pub customer: Option<String>,
    /// The invoice it paid; only the old shape says.
    pub invoice: Option<String>,
    /// The payment it belongs to, by which the new shape finds the invoice.
    pub payment_intent: Option<String>,
    /// What was charged.
    pub amount: Money,
    /// All that was given back so far, not the last refund.
    pub refunded: Money,
    /// Our own notes.
    pub metadata: Metadata,
}

impl ChargeFacts {
    pub(super) fn read(object: &Node<'_>) -> Result<Self, BadEvent> {
        Ok(Self {
            id: object.text("id")?,
            customer: object.get("customer").as_id(),
            invoice: object.get("invoice").as_id(),
            payment_intent: object.get("payment_intent").as_id(),
            amount: object.amount("amount")?,
            refunded: object.amount("amount_refunded")?,
            metadata: read_metadata(&object.get("metadata")),
        })
    }
}

/// How a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeOutcome {
    /// Not decided.
    Open,
    /// The money stays here.
    Won,
    /// The money is gone.
    Lost,
}

/// A disputed charge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DisputeFacts {
    /// Its id.
    pub id: String,
    /// The charge.
    pub charge: Option<String>,
    /// The payment the charge belongs to.
    pub payment_intent: Option<String>,
    /// How much is at stake.
    pub amount: Money,
    /// What the provider takes for it, if it says so.
    pub fee: Option<Money>,
    /// How it stands.
    pub outcome: DisputeOutcome,
    /// The payer's reason.
    pub reason: Option<String>,
}

impl DisputeFacts {
    pub(super) fn read(object: &Node<'_>) -> Result<Self, BadEvent> {
        let outcome = match object.text("status")?.as_str() {
            "won" | "warning_closed" | "prevented" => DisputeOutcome::Won,
            "lost" => DisputeOutcome::Lost,
            _ => DisputeOutcome::Open,
        };
        Ok(Self {
            id: object.text("id")?,
            charge: object.get("charge").as_id(),
            payment_intent: object.get("payment_intent").as_id(),
            amount: object.amount("amount")?,
            fee: read_fee(object),
            outcome,
            reason: object.get("reason").as_text(),
        })
    }
}

/// Reads what a dispute costs from the movements of the provider's balance, which may be in another
/// currency than the charge.
fn read_fee(dispute: &Node<'_>) -> Option<Money> {
    let moved = dispute.get("balance_transactions").items();
    let fees = moved.iter().filter_map(|one| {
        let fee = Money::new(one.get("fee").as_whole()?, one.currency().ok()?);
        (fee.minor > 0).then_some(fee)
    });
    fees.reduce(|sum, fee| sum.checked_add(fee).unwrap_or(sum))
}

/// A completed checkout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckoutFacts {
    /// Its id.
    pub id: String,
    /// The customer that it made or used.
    pub customer: Option<String>,
    /// Our client's entity, as we handed it to the page.
    pub client: Option<String>,
}

impl CheckoutFacts {
    pub(super) fn read(object: &Node<'_>) -> Result<Self, BadEvent> {
        Ok(Self {
            id: object.text("id")?,
            customer: object.get("customer").as_id(),
            client: object
                .get("client_reference_id")
                .or(object.get("metadata").get("client"))
                .as_text(),
        })
    }
}

fn read_metadata(node: &Node<'_>) -> Metadata {
    ["client", "period"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), node.get(key).as_text()?)))
        .collect()
}
