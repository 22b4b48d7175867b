//! `cep config`: shows the settings as they are used.

use clap::Subcommand;

use super::context::Context;
use super::error::{Error, Kind};
use super::render;

/// Shows the settings.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(super) enum Command {
    /// Prints every setting as it is used: defaults, profile, file and options laid over each other.
    ///
    /// Secrets are shown as set or null.
    Show,
}

pub(super) fn run(command: Command, context: &Context) -> Result<(), Error> {
    match command {
        Command::Show if context.json() => render::json(&context.settings),
        Command::Show => {
            let yaml = serde_yaml::to_string(&context.settings).map_err(|error| {
                Error::new(Kind::Failed, format!("the settings cannot be written: {error}"))
            })?;
            render::text(&yaml)
        }
    }
}
