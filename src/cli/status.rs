//! `cep status`: shows how the machine is.

use super::context::{Context, Database};
use super::error::Error;
use super::{picture, render};

/// Shows how the machine is: layers, containers, Φ_sync, and what wants attention in both worlds.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let snapshot = session.handle.picture(context.mode())?;
    if context.json() {
        return render::json(&picture::json(&snapshot));
    }
    render::text(&picture::text(&snapshot))?;
    render::text(&format!("database {}", snapshot.system.db_path))
}
