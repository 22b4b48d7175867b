//! `cep finance`: a month's figures, the ledger, and what a person tells about money.

use std::fmt::Write as _;

use clap::Subcommand;
use serde_json::json;

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::table::Table;
use super::{parse, render};
use crate::app::command::Command as Tell;
use crate::app::finance::{FinanceAnswer, FinanceCommand, FinanceQuery, MonthView};
use crate::app::query::{Answer, Query};
use crate::domain::credit::CreditNote;
use crate::domain::figures::{DEFINITIONS, LedgerRow, MonthFigures, written};
use crate::domain::finance::{CostCategory, Movement};
use crate::domain::money::Money;
use crate::domain::operations::Plan;
use crate::domain::time::Moment;
use crate::tui::format;

/// Shows a month's figures from the ledger, each with the rows it rests on.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which month, such as 2026-01 [default: the current one; of the ledger, all of them]
    #[arg(long, value_name = "MONTH", global = true)]
    month: Option<String>,
    /// How each figure is reckoned and when it is undefined
    #[arg(long)]
    explain: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the lines of the ledger, the oldest first, and the credit notes of the same time.
    Ledger {
        /// Only this client's, such as osm:node/123
        client: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 200)]
        limit: u32,
    },
    /// Enters costs, the basis of CAC, margin and return.
    #[command(subcommand)]
    Cost(CostCommand),
    /// Puts a client on another plan; MRR moves when the provider tells of it.
    Plan {
        /// The client, such as osm:node/123
        client: String,
        /// starter, professional or enterprise
        #[arg(value_parser = plan)]
        plan: Plan,
        /// From this day on, such as 2026-03-01 [default: at once]
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        from: Option<Moment>,
        /// Billed by the year, at the plan's yearly price
        #[arg(long)]
        yearly: bool,
    },
}

#[derive(Debug, Subcommand)]
enum CostCommand {
    /// Books a cost of the agency.
    Add {
        /// sales, marketing, delivery, payment or overhead; sales and marketing are part of CAC
        #[arg(long, value_parser = category)]
        category: CostCategory,
        /// How much, with its currency: 120.50 EUR, or 120.50EUR
        #[arg(long, value_name = "AMOUNT", value_parser = parse::money)]
        amount: Money,
        /// The day it is of, such as 2026-01-31
        #[arg(long, value_name = "DATE", value_parser = parse::day)]
        date: Moment,
        /// What it was for
        #[arg(long)]
        note: Option<String>,
        /// What makes it this cost and no other, such as the bill's number
        #[arg(long)]
        reference: Option<String>,
    },
}

fn plan(word: &str) -> Result<Plan, String> {
    Plan::from_column(word).map_err(|_| "use starter, professional or enterprise".to_owned())
}

fn category(word: &str) -> Result<CostCategory, String> {
    CostCategory::from_column(word)
        .map_err(|_| "use sales, marketing, delivery, payment or overhead".to_owned())
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let mode = context.mode();
    let tells = matches!(args.command, Some(Command::Cost(_) | Command::Plan { .. }));
    if tells && args.month.is_some() {
        return Err(Error::usage("--month chooses what is shown, and here something is told")
            .hint("leave it out: a cost has its --date, a change of plan its --from"));
    }
    if args.explain && args.command.is_some() {
        return Err(Error::usage("--explain is of the figures and goes with no verb")
            .hint("write `cep finance --explain`"));
    }
    match args.command {
        None if args.explain => explain(context),
        None => month(args.month, context).await,
        Some(Command::Ledger { client, limit }) => {
            let month = args.month;
            ledger(FinanceQuery::Ledger { mode, client, month, limit }, context).await
        }
        Some(Command::Cost(CostCommand::Add { category, amount, date, note, reference })) => {
            let cost = FinanceCommand::Cost { mode, category, amount, at: date, note, reference };
            context.tell(Tell::Finance(cost)).await
        }
        Some(Command::Plan { client, plan, from, yearly }) => {
            let change = FinanceCommand::Plan { mode, client, plan, yearly, from };
            context.tell(Tell::Finance(change)).await
        }
    }
}

/// Asks about money.
pub(super) async fn ask(query: FinanceQuery, context: &Context) -> Result<FinanceAnswer, Error> {
    let session = context.open(Database::MustExist)?;
    let Answer::Finance(answer) = session.ask(Query::Finance(query)).await? else {
        return Err(misanswered());
    };
    Ok(*answer)
}

fn explain(context: &Context) -> Result<(), Error> {
    if context.json() {
        return render::json_lines(&DEFINITIONS);
    }
    let mut text = String::new();
    for one in &DEFINITIONS {
        // Writing to a String cannot fail.
        _ = writeln!(
            text,
            "{} ({})\n  = {}\n  undefined: {}",
            one.name,
            unit_word(one.unit),
            one.formula,
            one.undefined
        );
    }
    render::text(&text)
}

const fn unit_word(unit: crate::domain::figures::Unit) -> &'static str {
    use crate::domain::figures::Unit;
    match unit {
        Unit::Money => "money, minor units in JSON",
        Unit::Clients => "clients",
        Unit::Share => "share of one in JSON, per cent here",
        Unit::Months => "months",
        Unit::Factor => "factor",
    }
}

async fn month(month: Option<String>, context: &Context) -> Result<(), Error> {
    let query = FinanceQuery::Month { mode: context.mode(), month };
    let FinanceAnswer::Month(view) = ask(query, context).await? else { return Err(misanswered()) };
    if context.json() {
        let currencies: Vec<_> = view
            .currencies
            .iter()
            .map(|one| {
                let rows: serde_json::Map<_, _> = one
                    .figures
                    .iter()
                    .map(|figure| (figure.name.clone(), json!(figure.rows)))
                    .collect();
                json!({"figures": one.as_json(), "ledger_rows": rows})
            })
            .collect();
        return render::json(
            &json!({"mode": view.mode, "month": view.month, "closed": view.closed,
            "currencies": currencies}),
        );
    }
    render::text(&month_text(&view))
}

fn month_text(view: &MonthView) -> String {
    let closed = match view.closed {
        None => "open: figures still move".to_owned(),
        Some(1) => "closed".to_owned(),
        Some(times) => format!("closed {times} times, last after a correction"),
    };
    let mut text = format!("{} {}, {closed}\n", view.mode, view.month);
    for one in &view.currencies {
        _ = writeln!(text, "\n{}\n{}", one.currency, bridge(one));
        let mut table = Table::new(&["figure", ">value", "ledger rows", "note"]);
        for figure in &one.figures {
            table.row(&[
                figure.name.replace('_', " "),
                written(figure.unit, figure.value, one.currency),
                ranges(&figure.rows),
                figure.note.clone().unwrap_or_default(),
            ]);
        }
        text.push_str(&table.text(usize::MAX));
    }
    text
}

/// The way from the month's first MRR to its last.
fn bridge(figures: &MonthFigures) -> String {
    let value = |name: &str| {
        let unit = crate::domain::figures::Unit::Money;
        written(unit, figures.value(name), figures.currency)
    };
    format!(
        "MRR {} + new {} + reactivation {} + expansion {} + contraction {} + churn {} = {}",
        value("mrr_start"),
        value("mrr_new"),
        value("mrr_reactivation"),
        value("mrr_expansion"),
        value("mrr_contraction"),
        value("mrr_churn"),
        value("mrr_end"),
    )
}

/// Writes row numbers as ranges: `3-9, 14`.
fn ranges(rows: &[i64]) -> String {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for row in rows {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == row => *last = row,
            _ => parts.push((row, row)),
        }
    }
    let texts = parts.into_iter().map(|(first, last)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    });
    texts.collect::<Vec<_>>().join(", ")
}

async fn ledger(query: FinanceQuery, context: &Context) -> Result<(), Error> {
    let FinanceAnswer::Ledger(view) = ask(query, context).await? else {
        return Err(misanswered());
    };
    if context.json() {
        render::json_lines(&view.rows)?;
        let notes: Vec<_> = view.credit_notes.iter().map(|it| json!({"credit_note": it})).collect();
        return render::json_lines(&notes);
    }
    render::table(&ledger_table(&view.rows), "the ledger has no such line")?;
    if view.credit_notes.is_empty() {
        return Ok(());
    }
    let notes = notes_table(&view.credit_notes).text(usize::MAX);
    render::text(&format!("\nWritten meanwhile; they move no money themselves:\n{notes}"))
}

/// Lays out credit notes.
pub(super) fn notes_table(notes: &[CreditNote]) -> Table {
    let mut table = Table::new(&[
        "credit note",
        "at",
        "client",
        "invoice for",
        "why",
        ">net",
        ">tax",
        ">total",
        "sent",
    ]);
    for note in notes {
        let credit = &note.credit;
        table.row(&[
            note.number.clone(),
            format::full_time(note.at),
            note.entity.clone(),
            note.period.clone(),
            credit.reason.as_column().to_owned(),
            credit.net.to_string(),
            credit.tax.to_string(),
            credit.total.to_string(),
            note.issued_at.map_or_else(|| "not yet".to_owned(), format::full_time),
        ]);
    }
    table
}

/// Lays out lines of the ledger.
pub(super) fn ledger_table(rows: &[LedgerRow]) -> Table {
    let mut table =
        Table::new(&[">row", "at", "client", "account", "why", ">amount", "rests on", "note"]);
    for row in rows {
        let entry = &row.entry;
        let why = entry.movement.map(Movement::as_column);
        table.row(&[
            row.id.to_string(),
            format::full_time(entry.at),
            if entry.entity.is_empty() { "the agency".to_owned() } else { entry.entity.clone() },
            entry.account.as_column().to_owned(),
            why.or(entry.category.map(CostCategory::as_column)).unwrap_or_default().to_owned(),
            entry.amount.to_string(),
            entry.reference.clone(),
            row.note.clone().unwrap_or_default(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_ledger_are_named_as_ranges() {
        assert_eq!(ranges(&[9, 3, 4, 5, 14]), "3-5, 9, 14");
        assert_eq!(ranges(&[]), "");
    }
}
