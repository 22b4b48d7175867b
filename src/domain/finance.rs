//! Defines what Finance (layers 7–8) knows: reports, invoices, subscriptions and the ledger, and the
//! changes that its layers may write.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::column::{self, UnknownWord};
use super::gbp::DailyFigures;
use super::money::Money;
use super::time::Moment;

/// Where an invoice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InvoiceState {
    /// Written by us, not yet at the provider.
    Planned,
    /// Issued, not paid.
    Open,
    /// Paid in full.
    Paid,
    /// A payment failed; the provider tries again.
    Failed,
    /// Withdrawn.
    Void,
    /// Given up.
    Uncollectible,
}

impl InvoiceState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Planned, Self::Open, Self::Paid, Self::Failed, Self::Void, Self::Uncollectible];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Void => "void",
            Self::Uncollectible => "uncollectible",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("invoice state", word, &Self::ALL, Self::as_column)
    }
}

/// A side of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Cash in, without tax.
    Revenue,
    /// Tax collected.
    Tax,
    /// Cash back, negative.
    Refund,
    /// Cash lost in a dispute, negative.
    Dispute,
    /// A movement of monthly recurring revenue.
    Mrr,
    /// What the work cost, negative.
    Cost,
}

impl Account {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Revenue, Self::Tax, Self::Refund, Self::Dispute, Self::Mrr, Self::Cost];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Revenue => "revenue",
            Self::Tax => "tax",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Mrr => "mrr",
            Self::Cost => "cost",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("account", word, &Self::ALL, Self::as_column)
    }
}

/// Why MRR moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// A first subscription.
    New,
    /// A former customer is back.
    Reactivation,
    /// More than before.
    Expansion,
    /// Less than before.
    Contraction,
    /// Nothing any more.
    Churn,
}

impl Movement {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::New, Self::Reactivation, Self::Expansion, Self::Contraction, Self::Churn];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Reactivation => "reactivation",
            Self::Expansion => "expansion",
            Self::Contraction => "contraction",
            Self::Churn => "churn",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("movement", word, &Self::ALL, Self::as_column)
    }
}

/// A client's report for one period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The client.
    pub entity: String,
    /// `weekly:2026-W06`.
    pub period: String,
    /// First instant of the period.
    pub starts_at: Moment,
    /// First instant after it.
    pub ends_at: Moment,
    /// When it should be with the client.
    pub due_at: Moment,
    /// When it was.
    pub delivered_at: Option<Moment>,
    /// What was measured: a `report::Content`.
    pub metrics: Option<Value>,
    /// The report's text.
    pub markdown: Option<String>,
}

/// An invoice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invoice {
    /// The client.
    pub entity: String,
    /// `setup` or `2026-02`.
    pub period: String,
    /// The provider's id.
    pub provider_id: Option<String>,
    /// Sum of the lines.
    pub net: Money,
    /// Tax on it.
    pub tax: Money,
    /// Sum of both.
    pub total: Money,
    /// The lines as JSON.
    pub lines: Value,
    /// When it was issued.
    pub issued_at: Option<Moment>,
    /// When it is due.
    pub due_at: Moment,
    /// When it was paid in full.
    pub paid_at: Option<Moment>,
    /// Paid so far, minor units.
    pub paid_minor: i64,
    /// Refunded so far, minor units.
    pub refunded_minor: i64,
    /// Where it is.
    pub state: InvoiceState,
}

/// One line of the ledger; corrections are new lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// The client; empty for the agency's own costs.
    pub entity: String,
    /// Which side.
    pub account: Account,
    /// For MRR: why it moved.
    pub movement: Option<Movement>,
    /// How much; signed.
    pub amount: Money,
    /// When.
    pub at: Moment,
    /// What it rests on; unique per account.
    pub reference: String,
}

/// A subscription at the billing provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// The provider's id.
    pub provider_id: String,
    /// The client.
    pub entity: String,
    /// The provider's word.
    pub status: String,
    /// Normalised to one month.
    pub mrr: Money,
    /// Since when.
    pub started_at: Moment,
    /// When the provider made the event that this state rests on.
    pub told_at: Moment,
    /// That event's id.
    pub told_by: String,
}

/// A charge of which money was given back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    /// The client.
    pub entity: String,
    /// The provider's charge.
    pub charge: String,
    /// All that was given back so far, tax included.
    pub cumulative: Money,
    /// The invoice that the charge paid, if known: total and tax say how the refund splits.
    pub invoice: Option<RefundedInvoice>,
    /// When.
    pub at: Moment,
}

/// What of an invoice a refund needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RefundedInvoice {
    /// The provider's id.
    pub provider_id: String,
    /// Sum with tax.
    pub total: Money,
    /// The tax in it.
    pub tax: Money,
}

/// A row that a Finance layer writes.
#[derive(Clone, Debug, PartialEq)]
pub enum FinanceChange {
    /// Inserts or updates a report.
    Report(Box<Report>),
    /// Keeps what the provider said of a client's settled days; the latest answer holds.
    Days {
        /// Which client.
        entity: String,
        /// The figures by UTC day, `2026-02-02`.
        days: BTreeMap<String, DailyFigures>,
    },
    /// Inserts an invoice, or adds to the one of its client and period what it did not know: a
    /// payment is never taken back by an older message.
    Invoice(Box<Invoice>),
    /// Appends to the ledger; the same account and reference are booked once.
    Ledger(LedgerEntry),
    /// Inserts or updates a subscription, unless what is stored was told later or has ended, and
    /// books the movement of its client's MRR that follows.
    Subscription {
        /// What was told.
        subscription: Subscription,
        /// Its monthly price whatever its status: what a subscription counted before it ended.
        monthly: Money,
    },
    /// Books what of a cumulative refund is not booked yet.
    Refund(Refund),
    /// Notes the billing provider's customer of a client.
    Customer {
        /// Which client.
        entity: String,
        /// The provider's id.
        customer_id: String,
    },
}
