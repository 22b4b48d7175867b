//! `cep phi`: shows Φ_sync, and what it rests on.

use serde_json::json;

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::{explain, picture, render, why};
use crate::app::query::{Answer, Query};
use crate::domain::mode::Mode;
use crate::domain::span;

/// Shows Φ_sync, the coherence of the machine, as computed from its rows.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also every container down to counts and the rows behind them
    #[arg(long)]
    explain: bool,
    /// Why it changed since then, on the world's clock: 22:00, 8h, 2d, or 2026-01-31T22:00:00Z
    #[arg(long, value_name = "WHEN", conflicts_with = "explain")]
    since: Option<String>,
    /// Until when, in the same forms, instead of now
    #[arg(long, value_name = "WHEN", requires = "since")]
    until: Option<String>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<(), Error> {
    let mode = context.mode();
    let session = context.open(Database::MustExist)?;
    let snapshot = session.handle.picture(mode)?;
    if let Some(since) = &args.since {
        let now = if mode == Mode::Dry { snapshot.dry_clock.now } else { snapshot.wall_at };
        let read = |name: &str, text: &str| {
            span::since(text, now)
                .map_err(|form| Error::usage(format!("{name} {text:?} is no moment: {form}")))
        };
        let since = read("--since", since)?;
        let until = args.until.as_ref().map(|until| read("--until", until)).transpose()?;
        if until.is_some_and(|until| until < since) {
            return Err(Error::usage("--until lies before --since")
                .hint("the earlier of the two moments is --since"));
        }
        let Answer::PhiWhy(why) = session.ask(Query::PhiWhy { mode, since, until }).await? else {
            return Err(misanswered());
        };
        return if context.json() { render::json(&why) } else { render::text(&why::text(&why)) };
    }
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
