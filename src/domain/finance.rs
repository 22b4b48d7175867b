//! Defines what Finance (layers 7–8) knows: reports, invoices, subscriptions and the ledger, and the
//! changes that its layers may write.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cash::Fact;
use super::column::{self, UnknownWord};
use super::gbp::DailyFigures;
use super::history::Told;
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
    /// What a client paid beyond an invoice: still the client's, and no revenue.
    Credit,
    /// A movement of monthly recurring revenue.
    Mrr,
    /// What the work cost, negative.
    Cost,
}

impl Account {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Revenue,
        Self::Tax,
        Self::Refund,
        Self::Dispute,
        Self::Credit,
        Self::Mrr,
        Self::Cost,
    ];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Revenue => "revenue",
            Self::Tax => "tax",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::Credit => "credit",
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

/// What a cost was spent on. The category decides which figure it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostCategory {
    /// Reaching prospects: contacts, tools and labour of sales.
    Sales,
    /// Advertising and data.
    Marketing,
    /// Doing the clients' work.
    Delivery,
    /// What the payment provider takes.
    Payment,
    /// Rent, books, all else.
    Overhead,
}

impl CostCategory {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Sales, Self::Marketing, Self::Delivery, Self::Payment, Self::Overhead];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Marketing => "marketing",
            Self::Delivery => "delivery",
            Self::Payment => "payment",
            Self::Overhead => "overhead",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("cost category", word, &Self::ALL, Self::as_column)
    }

    /// Whether it was spent to win clients, and so is part of the cost of a new one.
    pub const fn wins_clients(self) -> bool {
        matches!(self, Self::Sales | Self::Marketing)
    }

    /// Whether it was spent to do the work, and so lowers the gross margin.
    pub const fn delivers(self) -> bool {
        matches!(self, Self::Delivery | Self::Payment)
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
    /// Its number: ours, gap-free in its year and world, or the provider's own.
    pub number: Option<String>,
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
    /// Lost in disputes so far, minor units.
    pub lost_minor: i64,
    /// What is not asked for any more since the invoice was withdrawn, minor units.
    pub credited_minor: i64,
    /// How many payments were tried at the provider.
    pub attempts: i64,
    /// When the provider tries again.
    pub next_attempt_at: Option<Moment>,
    /// How many reminders were sent.
    pub dunned: u32,
    /// When the last one was.
    pub dunned_at: Option<Moment>,
    /// Where it is.
    pub state: InvoiceState,
}

impl Invoice {
    /// What a person calls it: its number, or its period while it has none.
    pub fn name(&self) -> &str {
        self.number.as_deref().unwrap_or(&self.period)
    }

    /// What is still to be paid, minor units.
    pub const fn open_minor(&self) -> i64 {
        let open = self.total.minor - self.credited_minor - self.paid_minor;
        if open > 0 && !matches!(self.state, InvoiceState::Void) { open } else { 0 }
    }
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
    /// For a cost: what it was spent on.
    pub category: Option<CostCategory>,
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

/// A charge, as far as a message told of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Charge {
    /// The provider's charge; a dispute that names none stands for its own.
    pub id: String,
    /// The client, if known.
    pub entity: Option<String>,
    /// The payment it belongs to.
    pub payment_intent: Option<String>,
    /// The provider's id of the invoice it paid, if the message says so.
    pub invoice: Option<String>,
    /// What was charged.
    pub amount: Option<Money>,
    /// What was told of its money.
    pub facts: Vec<Fact>,
}

/// What was said of a month when it was closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthClose {
    /// `2026-01`.
    pub month: String,
    /// The how-manieth close it is; a later one corrects an earlier one and replaces none.
    pub revision: u32,
    /// The last line of the ledger it rests on.
    pub ledger_id: i64,
    /// The figures, by name.
    pub figures: Value,
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
    /// Keeps what was told of a subscription and books how its client's MRR moved.
    Subscription(Told),
    /// Keeps what was told of an invoice's payments and books the difference.
    Payment {
        /// The client.
        entity: String,
        /// The invoice's period; it names the invoice unless the provider's id does.
        period: String,
        /// The provider's id of the invoice.
        provider_id: Option<String>,
        /// What was told.
        fact: Fact,
    },
    /// Keeps what was told of a charge and books what of it was given back or lost.
    Charge(Box<Charge>),
    /// Notes by which charge or payment an invoice was paid, and books its refunds anew.
    PaidBy {
        /// The provider's charge or payment intent.
        payment: String,
        /// The provider's invoice.
        invoice: String,
    },
    /// Inserts an invoice that is to be issued and gives it the next number of its year and world, in
    /// this very commit; one that has a number keeps it.
    Number(Box<Invoice>),
    /// Withdraws an invoice that nobody has paid anything of.
    Withdraw {
        /// The client.
        entity: String,
        /// The invoice's period.
        period: String,
    },
    /// Writes the next credit note of an invoice with the next number of its series, in this very
    /// commit; one that has its number keeps it.
    Credit {
        /// The client.
        entity: String,
        /// The invoice's period.
        period: String,
        /// The how-manieth note of the invoice it is.
        place: u32,
    },
    /// Notes that a credit note went out.
    Credited {
        /// The client.
        entity: String,
        /// The invoice's period.
        period: String,
        /// Which of its notes.
        place: u32,
        /// When.
        at: Moment,
    },
    /// Notes that a client was reminded of an invoice.
    Dunned {
        /// The client.
        entity: String,
        /// The invoice's period.
        period: String,
        /// Which reminder.
        step: u32,
        /// When.
        at: Moment,
    },
    /// Writes what is said of a month at its close.
    Close(Box<MonthClose>),
    /// Keeps a message that belongs to no client yet, until its customer is known.
    Unmatched {
        /// The message.
        event: String,
        /// The provider's customer.
        customer: String,
    },
    /// Notes the billing provider's customer of a client.
    Customer {
        /// Which client.
        entity: String,
        /// The provider's id.
        customer_id: String,
    },
}
