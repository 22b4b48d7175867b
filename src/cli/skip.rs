//! `cep skip`: ends a unit as not worth doing.

use super::context::Context;
use super::error::Error;
use crate::app::command::Command;
use crate::domain::ids::UnitId;

/// Ends a unit as not worth doing.
///
/// It counts as ended by a person, so it lowers the efficiency of its layer.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The unit's number, from `cep units` or `cep errors`
    unit: i64,
    /// Why, for the audit log
    #[arg(long)]
    reason: String,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    context.tell(Command::Skip { unit: UnitId(args.unit), reason: args.reason }).await
}
