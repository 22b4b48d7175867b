//! `cep changes`: what has changed since a moment, for whoever takes over.

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::picture::layer_tag;
use super::render;
use super::table::Table;
use crate::app::query::{Answer, Query};
use crate::domain::span;
use crate::domain::time::Moment;
use crate::runtime::clock::{Clock as _, SystemClock};
use crate::tui::format;

/// Tells what has changed: commands and who gave them, runs, settings, what failed by cause and
/// what of it still stands, warnings. Both worlds, the latest last.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Since when: 22:00 (UTC, the latest there was), 8h, 2d, or 2026-01-31T22:00:00Z
    #[arg(long, value_name = "WHEN", default_value = "8h")]
    since: String,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let since = since(&args.since)?;
    let session = context.open(Database::MustExist)?;
    let Answer::Changes(told) = session.ask(Query::Changes { since }).await? else {
        return Err(misanswered());
    };
    if context.json() {
        return render::json(&told);
    }
    render::text(&format!("since {} UTC", format::full_time(told.since)))?;
    if told.more {
        render::note("there is more than is shown; name a later moment with --since");
    }
    let mut table = Table::new(&["when", "world", "kind", "layer", ">times", "who", "what"]);
    for change in &told.changes {
        table.row(&[
            format::full_time(change.wall_at),
            change.mode.to_string(),
            change.kind.word().to_owned(),
            change.layer.map_or_else(String::new, layer_tag),
            change.times.to_string(),
            change.who.clone().unwrap_or_default(),
            change.text.clone(),
        ]);
    }
    render::table(&table, "nothing has changed since then")
}

/// Reads a moment of the past as it is typed.
pub(super) fn since(text: &str) -> Result<Moment, Error> {
    span::since(text, SystemClock::new().wall())
        .map_err(|form| Error::usage(format!("--since {text:?} is no moment: {form}")))
}
