//! `cep campaigns`: how each campaign stands, and resuming one that a receiver has stopped.

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::render;
use super::table::Table;
use crate::app::command::Command;
use crate::app::query::{Answer, Query};
use crate::tui::format;

/// Lists campaigns with their messages, and why one is stopped.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Lets a stopped campaign go on, once its cause is mended; held messages are planned anew.
    Resume {
        /// The campaign's name
        name: String,
    },
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    if let Some(Act::Resume { name }) = args.act {
        let mode = context.mode();
        return context.tell(Command::ResumeCampaign { mode, campaign: name }).await;
    }
    let session = context.open(Database::MustExist)?;
    let query = Query::Campaigns { mode: context.mode() };
    let Answer::Campaigns(campaigns) = session.ask(query).await? else {
        return Err(misanswered());
    };
    if context.json() {
        return render::json_lines(&campaigns);
    }
    let heads = [
        "campaign",
        ">prospects",
        ">planned",
        ">sent",
        ">stopped",
        ">failed",
        "last sent",
        "state",
    ];
    let mut table = Table::new(&heads);
    for it in &campaigns {
        let state = it.stopped_because.as_ref().map(|why| format!("STOPPED: {why}"));
        table.row(&[
            it.name.clone(),
            it.prospects.to_string(),
            it.planned.to_string(),
            it.sent.to_string(),
            it.stopped.to_string(),
            it.failed.to_string(),
            it.last_sent.map_or_else(String::new, format::full_time),
            state.unwrap_or_else(|| "goes on".to_owned()),
        ]);
    }
    render::table(&table, "no campaign has begun")
}
