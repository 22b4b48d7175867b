//! `cep errors`: shows what is wrong, grouped by cause, or all about one unit's trouble.

use std::fmt::Write as _;

use super::context::{Context, Database, misanswered};
use super::error::Error;
use super::picture::layer_tag;
use super::table::Table;
use super::{changes, parse, render};
use crate::app::query::{Answer, AttemptRow, Care, ErrorDetail, ErrorGroup, Query};
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::tui::format::{self, full_time};

/// Shows what is wrong: units that are dead, held or in retry, grouped by cause.
///
/// With a unit's number: its cause, class, impact, every attempt, the next retry, what to do.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// All about the trouble of this unit
    unit: Option<i64>,
    /// Only this layer, 1 to 9
    #[arg(long, value_name = "LAYER", value_parser = parse::layer, conflicts_with = "unit")]
    layer: Option<Layer>,
    /// Only what has failed since: 22:00 (UTC), 8h, 2d, or 2026-01-31T22:00:00Z
    #[arg(long, value_name = "WHEN", conflicts_with = "unit")]
    since: Option<String>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let since = args.since.as_deref().map(changes::since).transpose()?;
    let session = context.open(Database::MustExist)?;
    if let Some(unit) = args.unit {
        let query = Query::ErrorDetail { unit: UnitId(unit) };
        let Answer::ErrorDetail(detail) = session.ask(query).await? else {
            return Err(misanswered());
        };
        return if context.json() { render::json(&detail) } else { render::text(&card(&detail)) };
    }
    let query = Query::ErrorGroups { mode: context.mode(), layer: args.layer };
    let Answer::ErrorGroups(mut groups) = session.ask(query).await? else {
        return Err(misanswered());
    };
    if let Some(since) = since {
        groups.retain(|group| group.last_wall >= since);
    }
    if context.json() { render::json_lines(&groups) } else { list(&groups) }
}

fn list(groups: &[ErrorGroup]) -> Result<(), Error> {
    let mut table = Table::new(&[
        "fingerprint",
        "layer",
        ">retry",
        ">dead",
        ">held",
        "next retry",
        "first unit",
        "who",
        "cause",
    ]);
    for group in groups {
        table.row(&[
            group.fingerprint.clone(),
            layer_tag(group.layer),
            group.retrying.to_string(),
            group.dead.to_string(),
            group.held.to_string(),
            group.next_retry.map_or_else(String::new, full_time),
            group.units.first().map(ToString::to_string).unwrap_or_default(),
            keeper(&group.care),
            format!("{}: {}", group.code, group.message),
        ]);
    }
    render::table(&table, "nothing is dead, held or in retry")
}

/// Who looks after a cause; one that came back after that says so.
fn keeper(care: &Care) -> String {
    match &care.acknowledged {
        Some(it) if it.stands() => it.by.clone(),
        Some(it) => format!("again x{}", it.failed_since),
        None => String::new(),
    }
}

/// What people said about a cause.
fn care_lines(text: &mut String, care: &Care) {
    if let Some(it) = &care.acknowledged {
        let note = it.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
        let _ = writeln!(text, "who          {} ({}){note}", it.told(), full_time(it.wall_at));
    }
    for note in &care.notes {
        let _ =
            writeln!(text, "note         {} {}: {}", full_time(note.wall_at), note.by, note.text);
    }
}

/// The error card: enough to act without the logs.
fn card(detail: &ErrorDetail) -> String {
    let unit = &detail.unit;
    let mut text = format!(
        "unit {} · {} {} · {} · {}\n",
        unit.id,
        layer_tag(unit.layer),
        unit.layer,
        unit.state.as_column(),
        unit.label
    );
    let _ = writeln!(text, "entity       {} · {} {}", unit.entity, unit.kind, unit.version);
    let told = |why: &str| detail.error.as_ref().is_some_and(|error| error.message == why);
    if let Some(why) = unit.why.as_deref().filter(|why| !told(why)) {
        let _ = writeln!(text, "why          {why}");
    }
    if let Some(error) = &detail.error {
        let class = error.class.as_column();
        let _ = writeln!(text, "cause        {} ({class}, {})", error.message, error.code);
        for cause in &error.causes {
            let _ = writeln!(text, "             because {cause}");
        }
        if let Some(hint) = &error.hint {
            let _ = writeln!(text, "do           {hint}");
        }
    }
    if let Some(fingerprint) = &detail.fingerprint {
        let _ = writeln!(text, "fingerprint  {fingerprint}, shared by {} units", detail.same);
    }
    care_lines(&mut text, &detail.care);
    if let Some(by) = &detail.worked_by {
        let _ = writeln!(text, "worked by    {}, lease until {}", by.owner, full_time(by.until));
    }
    let _ = writeln!(text, "impact       {}", detail.impact);
    if let Some(next) = &detail.next_retry {
        let at = full_time(next.run_at);
        let _ = writeln!(text, "next retry   {at}, try {} of {}", next.tries + 1, next.tries_max);
        let _ = writeln!(text, "             {}", next.why);
    }
    let _ = writeln!(text, "if nothing   {}", detail.if_nothing);
    for attempt in &detail.attempts {
        attempt_lines(&mut text, attempt);
    }
    for effect in &detail.effects {
        let _ =
            writeln!(text, "effect       {} {} · {}", effect.key, effect.word(), effect.summary);
        for clue in effect.clues() {
            let _ = writeln!(text, "             {clue}");
        }
    }
    let _ = writeln!(text, "retry it     cep retry {}", unit.id);
    if let Some(fingerprint) = &detail.fingerprint {
        let mode = unit.mode;
        let _ = writeln!(text, "look after   cep acknowledge {fingerprint} --mode {mode}");
    }
    let _ = writeln!(text, "give up      cep skip {} --reason \"...\"", unit.id);
    text
}

fn attempt_lines(text: &mut String, attempt: &AttemptRow) {
    let took = attempt.duration_ms.and_then(|ms| i64::try_from(ms).ok()).map(format::duration);
    let _ = writeln!(
        text,
        "attempt {:<4} {} · {} · {} · {}",
        attempt.number,
        attempt.state.as_column(),
        full_time(attempt.started_at),
        took.as_deref().unwrap_or("running"),
        attempt.worker
    );
    if let Some(error) = &attempt.error {
        let _ = writeln!(text, "             {}: {}", error.code, error.message);
    }
    if let Some(why) = &attempt.backoff_why {
        let pause = attempt.backoff_ms.map(format::duration).unwrap_or_default();
        let _ = writeln!(text, "             then {pause} {why}");
    }
}
