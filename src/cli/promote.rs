//! `cep promote`: copies what was rehearsed into the live world.

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::{pitches, render};
use crate::app::command::Command;
use crate::app::query::{Answer, Query};

/// Copies prospects and pitches of the dry world into the live one, edited texts as they are.
///
/// Nothing is sent by it: live layers run only where live is armed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// At most so many prospects
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Only this prospect, as in `osm:node/123`; can be given several times
    #[arg(long = "entity", value_name = "ENTITY")]
    entities: Vec<String>,
    /// Only list what would be copied
    #[arg(long, visible_alias = "dry-run")]
    preview: bool,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let Args { limit, entities, preview } = args;
    if !preview {
        return context.tell(Command::Promote { limit, entities }).await;
    }
    let session = context.open(Database::MustExist)?;
    let Answer::Promotion(rows) = session.ask(Query::Promotion { limit, entities }).await? else {
        return Err(misanswered());
    };
    if context.json() {
        return render::json_lines(&rows);
    }
    let none = "nothing to promote: no prospect has a pitch (`cep run 2` writes them), or all that \
                have one are live already";
    pitches::table(&rows, none)
}
