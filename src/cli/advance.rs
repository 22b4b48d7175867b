//! `cep advance`: moves dry time forward by hand.

use super::context::Context;
use super::error::Error;
use super::parse;
use crate::app::command::Command;

/// Moves dry time forward by hand, as if so much time had passed.
///
/// Refused while dry units can be worked: time would pass them by.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How far: 1d, 2h, 30m, 1d12h
    #[arg(value_name = "LENGTH", value_parser = parse::duration_ms)]
    ms: i64,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    context.tell(Command::Advance { ms: args.ms }).await
}
