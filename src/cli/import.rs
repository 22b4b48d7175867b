//! `cep import`: reads a file of businesses into the database, or shows what would be read.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::context::{Context, Database, Session, misanswered};
use super::error::{Error, Kind};
use super::{render, run, stop};
use crate::app::command::{Command, RunRequest};
use crate::app::import::{Preview, preview};
use crate::app::port::Machine;
use crate::app::query::{Answer, EventFilter, Query};
use crate::domain::event::Event;
use crate::domain::ids::EventId;
use crate::domain::layer::Layer;
use crate::domain::prospect::ColumnMap;

/// Events of a reading that are looked through for its sum; it is among the first.
const EVENTS_MAX: u32 = 500;

/// Reads a file of businesses: a CSV table, or Overpass JSON.
///
/// The same file read again updates what changed and repeats nobody. What cannot be read is left out
/// with its line and reason, and the rest goes on.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file: CSV (comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252), or Overpass JSON
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What the columns are, where their names do not say it: name=Firma,phone=Telefon
    #[arg(long, value_name = "FIELD=HEADER,…")]
    map: Vec<String>,
    /// The category of every row, for a table without such a column
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    /// Only show what would be stored and what would be left out
    #[arg(long)]
    preview: bool,
    /// Businesses shown in full by --preview
    #[arg(long, value_name = "N", default_value_t = 5)]
    rows: usize,
    /// At most so many qualified businesses that can be reached
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let map = columns(&args)?;
    let path = run::readable(&args.file)?;
    if args.preview {
        let seen = preview(&path, &map, args.rows, &context.settings)?;
        return if context.json() { render::json(&json!(seen)) } else { show(&seen) };
    }
    let mode = context.mode();
    let session = context.open(Database::MayBegin)?;
    let before = newest(&session).await?;
    if !map.is_empty() {
        let source = path.display().to_string();
        session.handle.submit(Command::MapColumns { mode, source, columns: map }).await?;
    }
    let layers = vec![Layer::ProspectResearch];
    let request = RunRequest { mode, layers, input: Some(path), limit: args.limit };
    let run = session.handle.run_to_end(request);
    let report = stop::to_end(stop::Stop::listen()?, &session.handle, run).await?;
    let sum = sum(&session, before).await?;
    let attributions = session.handle.attributions(mode)?;
    if context.json() {
        render::json(&json!({
            "mode": mode,
            "run_id": report.id,
            "run_state": report.state,
            "import": sum.as_ref().map(|sum| &sum.read),
            "unreadable": sum.as_ref().map(|sum| &sum.unreadable),
            "attributions": attributions,
        }))?;
    } else {
        for line in sum.iter().flat_map(|sum| &sum.lines).chain(&attributions) {
            render::text(line)?;
        }
        render::text("`cep units --layer 1` shows every business with the reason it was left out")?;
    }
    run::tell_trouble(&session, mode, &report).await
}

fn columns(args: &Args) -> Result<ColumnMap, Error> {
    let wrong = |error: crate::domain::prospect::MapError| {
        Error::new(Kind::Usage, error.to_string())
            .hint("`--preview` shows the columns and what is read from each")
    };
    let map: ColumnMap = args.map.join(",").parse().map_err(wrong)?;
    match &args.category {
        Some(word) => map.with_category(word).map_err(wrong),
        None => Ok(map),
    }
}

/// What a reading came to.
struct Sum {
    lines: Vec<String>,
    read: Value,
    unreadable: Value,
}

async fn newest(session: &Session) -> Result<Option<EventId>, Error> {
    Ok(events(session, None, 1).await?.last().map(|event| event.id))
}

async fn sum(session: &Session, since: Option<EventId>) -> Result<Option<Sum>, Error> {
    let told = events(session, since.or(Some(EventId(0))), EVENTS_MAX).await?;
    let of = |kind: &str| told.iter().find(|event| event.kind == kind);
    let data = |event: &Event| event.data.clone().unwrap_or_default();
    let Some(read) = of("source_read").or_else(|| of("source_empty")) else { return Ok(None) };
    let more =
        ["source_left_for_later", "source_entries_unreadable", "source_older", "source_gone"];
    let lines = std::iter::once(read).chain(more.iter().filter_map(|kind| of(kind)));
    let unreadable = of("source_entries_unreadable").map(data);
    Ok(Some(Sum {
        lines: lines.map(|event| event.text.clone()).collect(),
        read: data(read),
        unreadable: unreadable.map_or_else(|| json!([]), |data| data["entries"].clone()),
    }))
}

async fn events(
    session: &Session,
    since: Option<EventId>,
    limit: u32,
) -> Result<Vec<Event>, Error> {
    let layer = since.map(|_| Layer::ProspectResearch);
    let filter = EventFilter { since, layer, limit, ..EventFilter::default() };
    let Answer::Events(events) = session.ask(Query::Events(filter)).await? else {
        return Err(misanswered());
    };
    Ok(events)
}

/// Prints a preview for a person.
fn show(seen: &Preview) -> Result<(), Error> {
    render::text(&format!("{}: {} entries, {}", seen.source, seen.listed, seen.encoding))?;
    if let Some(columns) = &seen.columns {
        let taken: Vec<_> =
            columns.taken.iter().map(|(field, header)| format!("{field} ← {header}")).collect();
        render::text(&format!("columns parted by {:?}: {}", columns.delimiter, taken.join(", ")))?;
        if let Some(word) = &columns.category {
            render::text(&format!("every row is {word}"))?;
        }
        if !columns.ignored.is_empty() {
            render::text(&format!("ignored: {}", columns.ignored.join(", ")))?;
        }
    }
    let stages: Vec<_> = seen.by_stage.iter().map(|(stage, n)| format!("{n} {stage}")).collect();
    render::text(&format!("would be: {}", stages.join(", ")))?;
    for prospect in &seen.first {
        let parts = [
            Some(prospect.category.clone()),
            prospect.address.clone(),
            prospect.phone.clone(),
            prospect.email.clone(),
            prospect.website.clone(),
            prospect.score.map(|score| format!("{score:.0} of 100")),
            Some(prospect.stage.as_column().to_owned()),
        ];
        let line: Vec<String> = parts.into_iter().flatten().collect();
        render::text(&format!("  {}: {}", prospect.name, line.join(" · ")))?;
    }
    for entry in &seen.left_out {
        render::text(&format!("left out, {}: {} ({})", entry.number, entry.reason, entry.label))?;
    }
    Ok(())
}
