//! `cep promote`: copies what was rehearsed into the live world.

use super::context::Context;
use super::error::Error;
use crate::app::command::Command;

/// Copies prospects and pitches of the dry world into the live one.
///
/// Nothing is sent by it: live layers run only where live is armed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// At most so many prospects
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    context.tell(Command::Promote { limit: args.limit }).await
}
