//! Defines what can be asked about money and told about it, and answers the questions.
//!
//! Amounts are minor units with their currency. Every figure comes with the rows it rests on, so that
//! nobody has to believe it.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::parts::Parts;
use crate::domain::cash::Fact;
use crate::domain::credit::CreditNote;
use crate::domain::figures::{self, LedgerRow, MonthFigures};
use crate::domain::finance::{CostCategory, Invoice};
use crate::domain::mode::Mode;
use crate::domain::money::{Currency, Money};
use crate::domain::operations::Plan;
use crate::domain::report::{Cadence, Period};
use crate::domain::time::{DAY_MS, Moment};
use crate::store::clocks;
use crate::store::error::StoreError;
use crate::store::finance::{closes, credit_notes, facts, invoices, ledger};

/// What a person tells about money. Each becomes a row of commands and of the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "finance")]
pub enum FinanceCommand {
    /// Enter a cost.
    Cost {
        /// Which world.
        mode: Mode,
        /// What it was spent on.
        category: CostCategory,
        /// How much, positive.
        amount: Money,
        /// When.
        at: Moment,
        /// What the person says of it.
        note: Option<String>,
        /// What makes it this cost and no other: entering the same again is refused.
        reference: Option<String>,
    },
    /// Enter a payment that came in past the provider, such as a bank transfer.
    Payment {
        /// Which world.
        mode: Mode,
        /// The invoice's number.
        invoice: String,
        /// How much, tax included.
        amount: Money,
        /// When.
        at: Moment,
        /// The bank's reference: entering the same again is refused.
        reference: String,
    },
    /// Put a client on another plan. MRR moves when the provider tells of it.
    Plan {
        /// Which world.
        mode: Mode,
        /// The client.
        client: String,
        /// The new plan.
        plan: Plan,
        /// Whether it is billed by the year.
        yearly: bool,
        /// From when; at once when `None`.
        from: Option<Moment>,
    },
}

/// A question about money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "finance")]
pub enum FinanceQuery {
    /// A month's figures.
    Month {
        /// Which world.
        mode: Mode,
        /// `2026-01`; the current one when `None`.
        month: Option<String>,
    },
    /// Lines of the ledger, oldest first.
    Ledger {
        /// Which world.
        mode: Mode,
        /// Only this client's.
        client: Option<String>,
        /// Only this month's.
        month: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// Invoices, the newest first.
    Invoices {
        /// Which world.
        mode: Mode,
        /// Only what is overdue.
        overdue: bool,
        /// At most so many.
        limit: u32,
    },
    /// One invoice with what was paid of it.
    Invoice {
        /// Which world.
        mode: Mode,
        /// Its number, the provider's id, or the number of a credit note of it.
        number: String,
    },
}

/// What was asked about money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "finance", content = "data")]
pub enum FinanceAnswer {
    /// To `FinanceQuery::Month`.
    Month(MonthView),
    /// To `FinanceQuery::Ledger`.
    Ledger(LedgerView),
    /// To `FinanceQuery::Invoices`.
    Invoices(Vec<InvoiceView>),
    /// To `FinanceQuery::Invoice`.
    Invoice(Box<InvoiceDetail>),
}

/// Lines of the ledger, and the papers beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerView {
    /// The lines.
    pub rows: Vec<LedgerRow>,
    /// The credit notes written in the same span. A note moves no money: what was given back is a
    /// line of its own.
    pub credit_notes: Vec<CreditNote>,
}

/// A month's figures in each currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthView {
    /// Which world.
    pub mode: Mode,
    /// `2026-01`.
    pub month: String,
    /// How often it was closed; `None` while it is open.
    pub closed: Option<u32>,
    /// The figures of each currency in which anything is booked.
    pub currencies: Vec<MonthFigures>,
}

/// An invoice in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceView {
    /// The invoice.
    #[serde(flatten)]
    pub invoice: Invoice,
    /// What is still to be paid, minor units.
    pub open_minor: i64,
    /// What was paid beyond it, minor units: the client's credit.
    pub credit_minor: i64,
    /// Whole days since it was due, if it is overdue.
    pub overdue_days: Option<i64>,
}

/// One invoice with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvoiceDetail {
    /// The invoice.
    #[serde(flatten)]
    pub view: InvoiceView,
    /// What was told of its payments.
    pub payments: Vec<Fact>,
    /// Its lines in the ledger.
    pub ledger: Vec<LedgerRow>,
    /// The notes by which it was taken back.
    pub credit_notes: Vec<CreditNote>,
    /// How much of the client's money is under a dispute, in each currency.
    pub disputed: Vec<Money>,
}

/// Answers a question; `None` means that there is no such thing.
pub(super) fn answer(
    conn: &Connection,
    parts: &Parts,
    query: &FinanceQuery,
) -> Result<Option<FinanceAnswer>, StoreError> {
    match query {
        FinanceQuery::Month { mode, month } => {
            let Some(period) = period(conn, parts, *mode, month.as_deref())? else {
                return Ok(None);
            };
            Ok(Some(FinanceAnswer::Month(month_view(conn, parts, *mode, period)?)))
        }
        FinanceQuery::Ledger { mode, client, month, limit } => {
            let period = match month {
                Some(month) => match read_month(month) {
                    Some(period) => Some(period),
                    None => return Ok(None),
                },
                None => None,
            };
            let wanted = ledger::Wanted {
                entity: client.as_deref(),
                from: period.map(|period| period.starts_at),
                until: period.map(|period| period.ends_at),
                limit: Some(*limit),
            };
            Ok(Some(FinanceAnswer::Ledger(LedgerView {
                rows: ledger::rows(conn, *mode, &wanted)?,
                credit_notes: credit_notes::beside(conn, *mode, &wanted)?,
            })))
        }
        FinanceQuery::Invoices { mode, overdue, limit } => {
            let now = now(conn, parts, *mode)?;
            let found = if *overdue {
                invoices::overdue(conn, *mode, now, *limit)?
            } else {
                invoices::list(conn, *mode, *limit)?
            };
            let views = found.into_iter().map(|invoice| invoice_view(invoice, now));
            Ok(Some(FinanceAnswer::Invoices(views.collect())))
        }
        FinanceQuery::Invoice { mode, number } => {
            let Some(invoice) = invoices::by_name(conn, *mode, number)? else { return Ok(None) };
            let payments = facts::of_invoice(conn, *mode, &invoice)?;
            let ledger = facts::lines_of_invoice(conn, *mode, &invoice)?;
            let disputed = facts::at_risk(conn, *mode, &invoice.entity)?;
            let (entity, period) = (&invoice.entity, &invoice.period);
            let credit_notes = credit_notes::of_invoice(conn, *mode, entity, period)?;
            let view = invoice_view(invoice, now(conn, parts, *mode)?);
            let detail = InvoiceDetail { view, payments, ledger, credit_notes, disputed };
            Ok(Some(FinanceAnswer::Invoice(Box::new(detail))))
        }
    }
}

/// Says what there is none of, when a question has no answer.
pub(super) fn absent(query: &FinanceQuery) -> (String, &'static str) {
    match query {
        FinanceQuery::Invoice { number, .. } => {
            (format!("there is no invoice {number}"), "`cep invoices` lists them")
        }
        FinanceQuery::Month { month, .. } | FinanceQuery::Ledger { month, .. } => (
            format!("{:?} is no month", month.as_deref().unwrap_or_default()),
            "write year and month: 2026-01",
        ),
        FinanceQuery::Invoices { .. } => ("there is no answer".to_owned(), "`cep invoices`"),
    }
}

fn now(conn: &Connection, parts: &Parts, mode: Mode) -> Result<Moment, StoreError> {
    Ok(match mode {
        Mode::Dry => clocks::dry(conn)?.unwrap_or(parts.settings().orchestrator.dry_start),
        Mode::Live => parts.clock.wall(),
    })
}

fn read_month(month: &str) -> Option<Period> {
    Period::read(&format!("{}:{month}", Cadence::Monthly.as_column()))
}

fn period(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    month: Option<&str>,
) -> Result<Option<Period>, StoreError> {
    match month {
        Some(month) => Ok(read_month(month)),
        None => Ok(Some(Period::containing(Cadence::Monthly, now(conn, parts, mode)?))),
    }
}

fn month_view(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    period: Period,
) -> Result<MonthView, StoreError> {
    let wanted = ledger::Wanted { until: Some(period.ends_at), ..ledger::Wanted::default() };
    let rows = ledger::rows(conn, mode, &wanted)?;
    let disputed = facts::disputed(conn, mode)?;
    let mut currencies: Vec<Currency> = rows.iter().map(|row| row.entry.amount.currency).collect();
    currencies.push(parts.settings().pricing.currency);
    currencies.sort_unstable();
    currencies.dedup();
    let closed = closes::latest(conn, mode, &period.label())?.map(|close| close.revision);
    let currencies = currencies
        .into_iter()
        .map(|currency| figures::reckon(&rows, currency, period, &disputed))
        .collect();
    Ok(MonthView { mode, month: period.label(), closed, currencies })
}

fn invoice_view(invoice: Invoice, now: Moment) -> InvoiceView {
    let open_minor = invoice.open_minor();
    let asked = invoice.total.minor - invoice.credited_minor;
    let late = open_minor > 0 && now > invoice.due_at;
    InvoiceView {
        open_minor,
        credit_minor: (invoice.paid_minor - asked.max(0)).max(0),
        overdue_days: late.then(|| now.since(invoice.due_at) / DAY_MS),
        invoice,
    }
}
