//! `cep profile`: shows a client's public profile signal by signal, and what is done about it.

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::render;
use super::table::Table;
use crate::app::query::{Answer, Query};
use crate::app::service::{ProfileView, ScoreView, ServiceAnswer, ServiceQuery};
use crate::domain::time::Moment;
use crate::tui::format;

/// Shows a client's profile: score before and now, each signal, edits, the next audit.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The client's key, such as osm:node/123, or its name
    client: String,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let view = ask(context, args.client).await?;
    if context.json() { render::json(&view) } else { show(&view) }
}

async fn ask(context: &Context, client: String) -> Result<ProfileView, Error> {
    let session = context.open(Database::MustExist)?;
    let query = Query::Service(ServiceQuery::Profile { mode: context.mode(), client });
    let Answer::Service(answer) = session.ask(query).await? else { return Err(misanswered()) };
    let ServiceAnswer::Profile(view) = *answer else { return Err(misanswered()) };
    Ok(view)
}

fn show(view: &ProfileView) -> Result<(), Error> {
    render::text(&format!(
        "{} ({})\nscore before: {}\nscore now: {}\nnext audit: {}\nThe weights are our own; the \
         provider publishes no formula.\n",
        view.name,
        view.entity,
        score(view.before.as_ref()),
        score(view.now.as_ref()),
        view.next_audit.map_or_else(|| "none is planned".to_owned(), format::full_time),
    ))?;
    if let Some(why) = &view.rests {
        render::text(&format!("on hold: {why}\n"))?;
    }
    let mut signals =
        Table::new(&["signal", ">was", ">is", ">of", "before", "now", "what would mend it"]);
    for row in &view.signals {
        signals.row(&[
            words(row.field.as_column()),
            points(row.earned_before),
            points(row.earned),
            points(row.weight),
            row.before.clone().unwrap_or_default(),
            row.now.clone().unwrap_or_default(),
            row.missing().unwrap_or_default(),
        ]);
    }
    render::table(&signals, "the profile has not been read yet")?;
    for row in &view.signals {
        if let Some(why) = &row.left_out {
            let what = words(row.field.as_column());
            render::text(&format!("left out of {what}: {why}\n"))?;
        }
    }
    let mut actions =
        Table::new(&["edit", "state", ">points", "due", "seen", "value", "as read again"]);
    for action in &view.actions {
        actions.row(&[
            words(&action.action),
            words(action.state.as_column()),
            points(action.points),
            date(action.due_at),
            action.done_at.map_or_else(|| "not yet".to_owned(), date),
            action.after.clone().unwrap_or_default(),
            action.reread.clone().unwrap_or_default(),
        ]);
    }
    render::table(&actions, "no edit is planned")
}

fn score(audit: Option<&ScoreView>) -> String {
    let Some(audit) = audit else { return "not read yet".to_owned() };
    let on = date(audit.at);
    match audit.score {
        Some(score) => format!("{score:.0} of 100 on {on}"),
        None => format!("unknown on {on}: too little could be seen"),
    }
}

fn points(points: f64) -> String {
    format!("{points:.1}")
}

fn words(column: &str) -> String {
    column.replace('_', " ")
}

fn date(at: Moment) -> String {
    at.utc_date().to_string()
}
