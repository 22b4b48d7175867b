//! `cep backup`: copies the database while it is worked on.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::context::Context;
use super::error::Error;
use super::render;
use crate::app::backup;
use crate::runtime::clock::{Clock as _, SystemClock};
use crate::tui::format;

/// Copies the whole database into one file, verified, while others go on working.
///
/// Without FILE it goes to the folder of `backup.dir`, and the oldest beyond `backup.keep` are removed.
/// It holds no keys of webhooks or receivers: those are never in the database. `cep restore` takes it
/// back.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The new file; one that exists is never written over
    file: Option<PathBuf>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let database = context.existing()?;
    let settings = context.settings.clone();
    let wall = SystemClock::new().wall();
    let made =
        super::blocking(move || backup::make(&database, args.file.as_deref(), &settings, wall));
    let made = made.await??;
    if context.json() {
        return render::json(&made);
    }
    let contents = &made.contents;
    let mut text = format!(
        "backup {}\n{}, {} units, {} effects, schema {}: verified",
        made.file.display(),
        format::bytes(contents.bytes),
        contents.units,
        contents.effects,
        contents.schema,
    );
    for old in &made.removed {
        let _ = write!(text, "\nremoved {}", old.display());
    }
    render::text(&text)
}
