//! `cep posts`: shows the calendar of posts; edits, holds or releases one before it goes out.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::table::Table;
use super::{render, text_file};
use crate::app::command::{Command, PostCommand};
use crate::app::query::{Answer, Query};
use crate::app::service::{PostView, ServiceAnswer, ServiceQuery};
use crate::tui::format;

/// Lists posts to come, or all of one client; edits, holds or releases one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this client's, also those that are out: its key, such as osm:node/123, or its name
    client: Option<String>,
    #[command(subcommand)]
    verb: Option<Verb>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Puts your own text in the place of one that has not gone out.
    ///
    /// It may have 1,500 characters and no phone number: providers reject posts with one.
    Edit {
        /// The client's key, such as osm:node/123, or its name
        client: String,
        /// The post's place in the calendar, as listed: 2026-W06/1
        slot: String,
        /// A file with the new text; - reads stdin
        #[arg(long, value_name = "FILE")]
        text_file: PathBuf,
    },
    /// Keeps a post from going out until it is released.
    Hold(Which),
    /// Lets a held post go out, at its time or at once if that is past.
    Release(Which),
}

/// Which post.
#[derive(Debug, clap::Args)]
struct Which {
    /// The client's key, such as osm:node/123, or its name
    client: String,
    /// The post's place in the calendar, as listed: 2026-W06/1
    slot: String,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let mode = context.mode();
    if args.verb.is_some() && args.client.is_some() {
        return Err(Error::usage("the client stands behind the verb")
            .hint("such as `cep posts hold CLIENT 2026-W06/1`"));
    }
    let hold = |Which { client, slot }, held| PostCommand::Hold { mode, client, slot, held };
    let command = match args.verb {
        None => return list(args.client, args.limit, context).await,
        Some(Verb::Edit { client, slot, text_file }) => {
            let text = text_file::read(&text_file, "a post has at most 1,500 characters")?;
            PostCommand::Edit { mode, client, slot, text }
        }
        Some(Verb::Hold(which)) => hold(which, true),
        Some(Verb::Release(which)) => hold(which, false),
    };
    context.tell(Command::Post(command)).await
}

async fn list(client: Option<String>, limit: u32, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let query = Query::Service(ServiceQuery::Posts { mode: context.mode(), client, limit });
    let Answer::Service(answer) = session.ask(query).await? else { return Err(misanswered()) };
    let ServiceAnswer::Posts(posts) = *answer else { return Err(misanswered()) };
    if context.json() {
        return render::json_lines(&posts);
    }
    let mut table = Table::new(&["client", "slot", "appears", "state", "topic", "text", "name"]);
    for view in &posts {
        table.row(&[
            view.post.entity.clone(),
            view.post.slot.clone(),
            format::full_time(view.post.planned_at),
            state(view).to_owned(),
            view.post.topic.replace('_', " "),
            view.post.text.clone(),
            view.name.clone(),
        ]);
    }
    render::table(&table, "no post is planned")?;
    let mut told = BTreeSet::new();
    for view in &posts {
        if let Some(why) = &view.rests
            && told.insert(&view.post.entity)
        {
            render::text(&format!("on hold, {}: {why}\n", view.name))?;
        }
    }
    Ok(())
}

fn state(view: &PostView) -> &'static str {
    match view {
        view if view.post.held => "held",
        view if view.rests.is_some() => "on hold",
        view => view.post.state.as_column(),
    }
}
