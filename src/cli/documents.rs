//! `cep documents`: what clients have handed in, and what people say of it.

use std::path::PathBuf;

use super::clients;
use super::context::Context;
use super::error::Error;
use super::render;
use super::table::Table;
use crate::app::command::{Command, DocumentAct};

/// Lists clients' documents; takes one in, approves it or sends it back.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    act: Option<Act>,
    /// Only this client's: its key or its name
    client: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Takes a document in; its file is copied into the client's workspace.
    Receive {
        #[command(flatten)]
        which: Document,
        /// The file, at most 20 MiB; without it the document is noted as received on paper
        #[arg(long, value_name = "F")]
        file: Option<PathBuf>,
    },
    /// Approves a received document; with the last one the documents' task is done.
    Approve {
        #[command(flatten)]
        which: Document,
    },
    /// Sends a document back; the client is asked again.
    Reject {
        #[command(flatten)]
        which: Document,
        /// What is wrong with it, for the client
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
struct Document {
    /// The client's key, such as osm:node/123, or its name
    client: String,
    /// The document, such as logo
    document: String,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let Some(act) = args.act else { return list(args.client, context).await };
    let (which, act) = match act {
        Act::Receive { which, file } => (which, DocumentAct::Receive { file }),
        Act::Approve { which } => (which, DocumentAct::Approve),
        Act::Reject { which, reason } => (which, DocumentAct::Reject { reason }),
    };
    let Document { client, document } = which;
    context.tell(Command::Document { mode: context.mode(), client, document, act }).await
}

async fn list(client: Option<String>, context: &Context) -> Result<(), Error> {
    /// More clients than anybody onboards at once.
    const CLIENTS_MAX: u32 = 500;
    let rows = clients::ask(context, client, CLIENTS_MAX).await?;
    if context.json() {
        let documents: Vec<_> = rows.iter().flat_map(|client| &client.documents).collect();
        return render::json_lines(&documents);
    }
    let mut table = Table::new(&["client", "document", "state", "since", "by", "file", "why"]);
    for client in &rows {
        for document in &client.documents {
            let last = document.history.last();
            table.row(&[
                client.name.clone(),
                document.document.clone(),
                document.state.as_column().to_owned(),
                last.map_or_else(String::new, |step| step.at.utc_date().to_string()),
                last.map_or_else(String::new, |step| step.by.clone()),
                document.file.clone().unwrap_or_default(),
                document.reason.clone().unwrap_or_default(),
            ]);
        }
    }
    render::table(&table, "no document is asked for")
}
