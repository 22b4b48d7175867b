//! `cep retry`: makes failed units ready again.

use super::context::Context;
use super::error::Error;
use crate::app::command::Command;
use crate::domain::ids::UnitId;

/// Makes failed units ready again: one of them, or all with one cause.
///
/// They are worked by the next run. What was sent before is never sent again: the journal knows it.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Args {
    /// The unit's number, from `cep errors` or `cep units`
    unit: Option<i64>,
    /// The cause that several units share, from `cep errors`
    #[arg(long, value_name = "FINGERPRINT")]
    fingerprint: Option<String>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let command = match (args.unit, args.fingerprint) {
        (Some(unit), None) => Command::Retry { unit: UnitId(unit) },
        (None, Some(fingerprint)) => {
            Command::RetryFingerprint { mode: context.mode(), fingerprint }
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(Error::usage("name one unit, or one fingerprint"));
        }
    };
    context.tell(command).await
}
