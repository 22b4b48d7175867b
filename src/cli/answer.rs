//! `cep answer`: says how work that was handed to a person went.

use serde_json::Value;

use super::context::Context;
use super::error::Error;
use crate::app::command::Command;
use crate::domain::ids::UnitId;

/// Says how work that was handed to a person went; its unit goes on.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The waiting unit's number, from `cep units --state waiting`
    unit: i64,
    /// How it went, in the task's own word: done or failed; of a meeting won, lost or `no_show`
    result: String,
    /// What is worth keeping
    #[arg(long)]
    note: Option<String>,
    /// Details that the task asks for, such as {"plan": "starter"}
    #[arg(long, value_name = "JSON", value_parser = json)]
    data: Option<Value>,
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let Args { unit, result, note, data } = args;
    context.tell(Command::Answer { unit: UnitId(unit), result, note, data }).await
}
