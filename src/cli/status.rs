//! `cep status`: shows how the machine is.

use super::context::{Context, Database};
use super::error::Error;
use super::{picture, render, watch};
use crate::app::snapshot::Snapshot;
use crate::tui::format;

/// Shows how the machine is: layers, containers, Φ_sync, and what wants attention in both worlds.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// One line for each change until the run ends: for screen readers, and for pipes
    #[arg(long)]
    pub(super) watch: bool,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<(), Error> {
    if args.watch {
        return watch::run(context).await;
    }
    let session = context.open(Database::MustExist)?;
    let snapshot = session.handle.picture(context.mode())?;
    if context.json() {
        return render::json(&picture::json(&snapshot));
    }
    render::text(&picture::text(&snapshot))?;
    for notice in &snapshot.system.notices {
        render::text(&format!("! {notice}"))?;
    }
    render::text(&backup_line(&snapshot))?;
    render::text(&format!("database {}", snapshot.system.db_path))
}

/// Says how old the latest backup is, or that there is none.
fn backup_line(snapshot: &Snapshot) -> String {
    let Some(backup) = &snapshot.system.backup else {
        return "no backup yet: `cep backup` makes one".to_owned();
    };
    let age = format::age(snapshot.wall_at.since(backup.at));
    match (&backup.why, backup.bytes) {
        (Some(why), _) => format!("! the latest backup failed {age} ago: {why}"),
        (None, bytes) => {
            format!("backup {age} old, {}: {}", format::bytes(bytes.unwrap_or(0)), backup.file)
        }
    }
}
