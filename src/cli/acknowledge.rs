//! `cep acknowledge` and `cep note`: say who looks after a cause, and what is known about it.

use super::context::Context;
use super::error::Error;
use crate::app::command::Command;

/// Says that you look after a cause of failures; the next failure of it takes that back.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The cause, from `cep errors`
    fingerprint: String,
    /// What the others have to know
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Adds a note to a cause of failures, for whoever reads it next.
#[derive(Debug, clap::Args)]
pub(super) struct NoteArgs {
    /// The cause, from `cep errors`
    fingerprint: String,
    /// The note
    text: String,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let Args { fingerprint, note } = args;
    context.tell(Command::Acknowledge { mode: context.mode(), fingerprint, note }).await
}

pub(super) async fn note(args: NoteArgs, context: &Context) -> Result<(), Error> {
    let NoteArgs { fingerprint, text } = args;
    context.tell(Command::NoteCause { mode: context.mode(), fingerprint, text }).await
}
