//! `cep suppress`: addresses that are never written to again.

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::render;
use super::table::Table;
use crate::app::command::Command;
use crate::app::query::{Answer, Query};
use crate::tui::format;

/// Never writes to an address again; without an address, lists those that are suppressed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// An e-mail address, a number like +441632960001, or a profile's URL
    #[arg(requires = "reason")]
    address: Option<String>,
    /// Who asked for it, and when
    #[arg(long, value_name = "TEXT", requires = "address")]
    reason: Option<String>,
    /// At most so many in the list
    #[arg(long, value_name = "N", default_value_t = 200)]
    limit: u32,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let mode = context.mode();
    if let (Some(address), Some(reason)) = (args.address, args.reason) {
        return context.tell(Command::Suppress { mode, address, reason }).await;
    }
    let session = context.open(Database::MustExist)?;
    let query = Query::Suppressions { mode, limit: args.limit };
    let Answer::Suppressions(rows) = session.ask(query).await? else {
        return Err(misanswered());
    };
    if context.json() {
        return render::json_lines(&rows);
    }
    let mut table = Table::new(&["address", "since", "reason", "evidence"]);
    for row in &rows {
        table.row(&[
            row.address.clone(),
            format::full_time(row.at),
            row.reason.as_column().replace('_', " "),
            row.evidence.clone(),
        ]);
    }
    render::table(&table, "no address is suppressed")
}
