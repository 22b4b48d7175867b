//! `cep resolve`: says what became of an effect that nobody knows the fate of.

use clap::ValueEnum;

use super::context::Context;
use super::error::Error;
use crate::app::command::{self, Command};
use crate::domain::effect::EffectKey;

/// Says what became of an effect whose fate is unknown, by evidence.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The effect's key, from `cep effects --state unknown`
    key: String,
    /// What the evidence shows
    verdict: Verdict,
    /// Where it was seen: a message in the receiver's account, an entry of its log
    #[arg(long)]
    evidence: String,
}

/// What the evidence shows.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Verdict {
    /// The receiver has it: the unit goes on with what follows from it
    Happened,
    /// The receiver does not have it: the unit runs again
    DidNotHappen,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let verdict = match args.verdict {
        Verdict::Happened => command::Verdict::Happened,
        Verdict::DidNotHappen => command::Verdict::DidNotHappen,
    };
    let key = EffectKey(args.key);
    context.tell(Command::Resolve { key, verdict, evidence: args.evidence }).await
}
