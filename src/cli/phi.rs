//! `cep phi`: shows Φ_sync, and what it rests on.

use serde_json::json;

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::{explain, picture, render};
use crate::app::query::{Answer, Query};

/// Shows Φ_sync, the coherence of the machine, as computed from its rows.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also every container down to counts and the rows behind them
    #[arg(long)]
    explain: bool,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<(), Error> {
    let mode = context.mode();
    let session = context.open(Database::MustExist)?;
    let snapshot = session.handle.picture(mode)?;
    let Answer::PhiExplain(tree) = session.ask(Query::PhiExplain { mode }).await? else {
        return Err(misanswered());
    };
    if context.json() {
        let mut object = json!({ "mode": mode, "phi": picture::phi_json(&snapshot) });
        object["phi"]["weighted"] = json!(tree.weighted);
        if args.explain {
            object["explained"] = json!(tree.containers);
        }
        return render::json(&object);
    }
    if args.explain {
        return render::text(&explain::text(&tree));
    }
    render::text(&[picture::containers(&snapshot), picture::phi(&snapshot)].join("\n"))
}
