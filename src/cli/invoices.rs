//! `cep invoices`: invoices, what is paid of them and what is not.

use std::fmt::Write as _;

use clap::Subcommand;

use super::context::{Context, misanswered};
use super::error::Error;
use super::finance::{ask, ledger_table, notes_table};
use super::table::Table;
use super::{parse, render};
use crate::app::command::Command as Tell;
use crate::app::finance::{
    FinanceAnswer, FinanceCommand, FinanceQuery, InvoiceDetail, InvoiceView,
};
use crate::domain::money::Money;
use crate::domain::time::Moment;
use crate::tui::format;

/// Lists invoices, the newest first.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only what is overdue, the longest first
    #[arg(long)]
    overdue: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows one invoice with its lines, payments and rows of the ledger.
    Show {
        /// Its number, the provider's id, or the number of a credit note of it
        number: String,
    },
    /// Books a payment that came in past the provider, such as a bank transfer.
    Pay {
        /// The invoice's number
        number: String,
        /// How much, with its currency: 119.00 EUR, or 119.00EUR
        #[arg(value_parser = parse::money)]
        amount: Money,
        /// The day it came in, such as 2026-01-31
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        date: Moment,
        /// The bank's reference; the same one again is refused
        #[arg(long)]
        reference: String,
    },
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let mode = context.mode();
    match args.command {
        None => {
            let query = FinanceQuery::Invoices { mode, overdue: args.overdue, limit: args.limit };
            list(query, context).await
        }
        Some(Command::Show { number }) => {
            show(FinanceQuery::Invoice { mode, number }, context).await
        }
        Some(Command::Pay { number, amount, date, reference }) => {
            let paid =
                FinanceCommand::Payment { mode, invoice: number, amount, at: date, reference };
            context.tell(Tell::Finance(paid)).await
        }
    }
}

async fn list(query: FinanceQuery, context: &Context) -> Result<(), Error> {
    let FinanceAnswer::Invoices(invoices) = ask(query, context).await? else {
        return Err(misanswered());
    };
    if context.json() {
        return render::json_lines(&invoices);
    }
    let mut table = Table::new(&[
        "number",
        "client",
        "for",
        "state",
        ">total",
        ">paid",
        ">open",
        "due",
        ">days late",
    ]);
    for view in &invoices {
        let invoice = &view.invoice;
        let money = |minor| Money::new(minor, invoice.total.currency).to_string();
        table.row(&[
            invoice.number.clone().unwrap_or_default(),
            invoice.entity.clone(),
            invoice.period.clone(),
            state(view),
            invoice.total.to_string(),
            money(invoice.paid_minor),
            money(view.open_minor),
            invoice.due_at.utc_date().to_string(),
            view.overdue_days.map(|days| days.to_string()).unwrap_or_default(),
        ]);
    }
    render::table(&table, "no invoice fits")
}

/// The state in words: part paid and overpaid are states of the money, not of the invoice.
fn state(view: &InvoiceView) -> String {
    let word = view.invoice.state.as_column();
    if view.credit_minor > 0 {
        format!("{word}, overpaid")
    } else if view.open_minor > 0 && view.invoice.paid_minor > 0 {
        format!("{word}, part paid")
    } else {
        word.to_owned()
    }
}

async fn show(query: FinanceQuery, context: &Context) -> Result<(), Error> {
    let FinanceAnswer::Invoice(detail) = ask(query, context).await? else {
        return Err(misanswered());
    };
    if context.json() { render::json(&detail) } else { render::text(&detail_text(&detail)) }
}

fn detail_text(detail: &InvoiceDetail) -> String {
    let (view, invoice) = (&detail.view, &detail.view.invoice);
    let money = |minor| Money::new(minor, invoice.total.currency);
    let mut text = format!(
        "invoice {} of {} for {}: {}\nnet {}  tax {}  total {}\ndue {}  paid {}  open {}",
        invoice.name(),
        invoice.entity,
        invoice.period,
        state(view),
        invoice.net,
        invoice.tax,
        invoice.total,
        invoice.due_at.utc_date(),
        money(invoice.paid_minor),
        money(view.open_minor),
    );
    // Writing to a String cannot fail.
    let noted = detail.credit_notes.iter().map(|note| note.credit.total.minor).sum();
    for (what, minor) in [
        ("credit of the client", view.credit_minor),
        ("refunded", invoice.refunded_minor),
        ("lost in disputes", invoice.lost_minor),
        ("taken back by credit notes", noted),
    ] {
        if minor > 0 {
            _ = write!(text, "  {what} {}", money(minor));
        }
    }
    if let Some(days) = view.overdue_days {
        _ = write!(text, "  {days} days late");
    }
    if let Some(at) = invoice.next_attempt_at.filter(|_| view.open_minor > 0) {
        let tries = invoice.attempts;
        _ = write!(text, "\n{tries} tries failed, the next is at {}", format::full_time(at));
    }
    for disputed in &detail.disputed {
        _ = write!(
            text,
            "\nthe client disputes {disputed}: no reminder is sent, services are on hold"
        );
    }
    text.push('\n');
    for line in invoice.lines.as_array().into_iter().flatten() {
        let net: Option<Money> = serde_json::from_value(line["net"].clone()).ok();
        let net = net.map(|net| net.to_string()).unwrap_or_default();
        _ = writeln!(text, "- {}: {net}", line["text"].as_str().unwrap_or_default());
    }
    let mut payments = Table::new(&["paid", "at", ">amount", "told by"]);
    for fact in &detail.payments {
        payments.row(&[
            fact.kind.as_column().replace('_', " "),
            format::full_time(fact.at),
            fact.amount.to_string(),
            fact.told_by.clone(),
        ]);
    }
    if !payments.is_empty() {
        _ = write!(text, "\n{}", payments.text(usize::MAX));
    }
    if !detail.credit_notes.is_empty() {
        _ = write!(text, "\n{}", notes_table(&detail.credit_notes).text(usize::MAX));
    }
    if !detail.ledger.is_empty() {
        _ = write!(text, "\n{}", ledger_table(&detail.ledger).text(usize::MAX));
    }
    text
}
