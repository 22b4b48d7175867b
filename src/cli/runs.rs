//! `cep runs`: lists runs.

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::render;
use super::table::Table;
use crate::app::query::{Answer, Query};
use crate::tui::format;

/// Lists runs, the newest first.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let query = Query::Runs { mode: context.mode(), limit: args.limit };
    let Answer::Runs(runs) = session.ask(query).await? else { return Err(misanswered()) };
    if context.json() {
        return render::json_lines(&runs);
    }
    let mut table = Table::new(&[">run", "layers", "state", "started", ">took", "worked by"]);
    for run in &runs {
        let took = run.ended_wall.map(|ended| format::duration(ended.since(run.started_wall)));
        table.row(&[
            run.id.to_string(),
            run.scope(),
            run.state.as_column().replace('_', " "),
            format::full_time(run.started_wall),
            took.unwrap_or_else(|| format::UNKNOWN.to_owned()),
            run.owner.clone().unwrap_or_default(),
        ]);
    }
    render::table(&table, "no run yet: `cep run all` starts one")
}
