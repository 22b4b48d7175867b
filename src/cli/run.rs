//! `cep run`: runs one layer, or all of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::context::{Context, Database, Session, misanswered};
use super::error::{Error, Kind};
use super::parse::{self, Scope};
use super::stop::Stop;
use super::{picture, render, stop};
use crate::app::command::{Command, RunRequest};
use crate::app::port::Machine;
use crate::app::query::{Answer, Query};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::RunState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::unit::PlannedUnits;
use crate::engines::orchestrator::engine::RunReport;

/// The word that lets effects out.
const CONFIRMATION: &str = "live";

/// How many causes are told at the end of a run; `cep errors` has the rest.
const CAUSES_MAX: usize = 5;

/// Runs one layer, or all nine in the order of the pipeline, until nothing due is left.
///
/// A run that was interrupted is taken up where it stopped. Ctrl-C lets what is in flight finish.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A layer's number, 1 to 9, or all
    #[arg(value_name = "1-9|all", value_parser = parse::scope)]
    scope: Scope,
    /// Businesses to work on: Overpass JSON or CSV [default: the embedded demo town]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// At most so many qualified businesses that can be reached
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Work the live world: effects really go out
    #[arg(long)]
    live: bool,
    /// The word live, typed to let effects out
    #[arg(long, value_name = "WORD")]
    confirm: Option<String>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let mode = if args.live { Mode::Live } else { context.mode() };
    if mode == Mode::Live && args.confirm.as_deref() != Some(CONFIRMATION) {
        return Err(Error::new(Kind::Safeguard, "live effects go out only with the typed word")
            .hint("add --live --confirm live, or leave --live out to rehearse"));
    }
    let layers = args.scope.0;
    if args.input.is_some() && !layers.contains(&Layer::ProspectResearch) {
        return Err(Error::usage("only layer 1 reads --input")
            .hint("run it with 1 or all, or leave --input out"));
    }
    let input = args.input.as_deref().map(readable).transpose()?;
    let session = context.open(Database::MayBegin)?;
    if mode == Mode::Live {
        let confirmation = args.confirm.unwrap_or_default();
        let ack = session.handle.submit(Command::ArmLive { confirmation }).await?;
        render::note(&ack.text);
    }
    let request = RunRequest { mode, layers, input, limit: args.limit };
    let stop = Stop::listen()?;
    let ack = session.handle.submit(Command::Run(request)).await?;
    let Some(run) = ack.run else { return render::ack(&ack, context.json()) };
    let report = if ack.by.is_none() {
        let end = session.handle.end_here(mode, run);
        stop::to_end(stop, &session.handle, end).await?
    } else {
        render::note(&ack.text);
        stop::or_leave(stop, session.handle.end_elsewhere(run), run).await?
    };
    tell_end(&session, mode, &report, context.json()).await
}

/// Returns the file's full path: the run may be taken up from another folder.
pub(super) fn readable(path: &Path) -> Result<PathBuf, Error> {
    let full = path.canonicalize().and_then(|full| std::fs::File::open(&full).map(|_| full));
    full.map_err(|error| {
        Error::usage(format!("cannot read --input {}: {error}", path.display()))
            .hint("name a file of businesses: Overpass JSON or CSV")
    })
}

/// Prints how a run ended, and returns an error when it did not end well.
pub(super) async fn tell_end(
    session: &Session,
    mode: Mode,
    report: &RunReport,
    as_json: bool,
) -> Result<(), Error> {
    let snapshot = session.handle.picture(mode)?;
    let horizon = report.horizon;
    let beyond = horizon.map_or(Ok(Vec::new()), |horizon| session.handle.beyond(horizon))?;
    if as_json {
        let mut object = picture::json(&snapshot);
        // Another run may have begun since; this is about ours.
        object["run_id"] = serde_json::json!(report.id);
        object["run_state"] = serde_json::json!(report.state);
        object["attributions"] = serde_json::json!(session.handle.attributions(mode)?);
        object["beyond_horizon"] = beyond_json(&beyond);
        render::json(&object)?;
    } else {
        render::text(&picture::text(&snapshot))?;
        if let Some(horizon) = horizon.filter(|_| !beyond.is_empty()) {
            render::text(&beyond_text(horizon, &beyond))?;
        }
        for attribution in session.handle.attributions(mode)? {
            render::text(&attribution)?;
        }
        render::text(&format!("database {}", snapshot.system.db_path))?;
    }
    tell_trouble(session, mode, report).await
}

/// Tells what was left behind, and returns an error when a run did not end well.
pub(super) async fn tell_trouble(
    session: &Session,
    mode: Mode,
    report: &RunReport,
) -> Result<(), Error> {
    if report.state == RunState::PartiallyFailed {
        tell_causes(session, mode).await?;
    }
    judge(report)
}

/// Returns what a whole run left for later, by layer and kind. Not a fault: days have caps, and plans
/// reach further than a run goes.
fn beyond_text(horizon: Moment, beyond: &[PlannedUnits]) -> String {
    let total: u64 = beyond.iter().map(|planned| planned.n).sum();
    let mut text = format!(
        "{total} units are planned after the horizon of {}, as daily caps and due dates have it:",
        horizon.utc_date()
    );
    for PlannedUnits { layer, kind, n, first, last } in beyond {
        let kind = kind.replace('_', " ");
        let (first, last) = (first.utc_date(), last.utc_date());
        let _ = write!(text, "\n  L{} {kind}: {n}, {first} to {last}", layer.number());
    }
    text
}

fn beyond_json(beyond: &[PlannedUnits]) -> serde_json::Value {
    let row = |planned: &PlannedUnits| {
        serde_json::json!({
            "layer": planned.layer.number(),
            "kind": planned.kind,
            "n": planned.n,
            "first": planned.first.to_string(),
            "last": planned.last.to_string(),
        })
    };
    beyond.iter().map(row).collect()
}

/// Tells on stderr what the dead and held units failed with.
async fn tell_causes(session: &Session, mode: Mode) -> Result<(), Error> {
    let query = Query::ErrorGroups { mode, layer: None };
    let Answer::ErrorGroups(groups) = session.ask(query).await? else { return Err(misanswered()) };
    let standing = groups.iter().filter(|group| group.dead + group.held > 0);
    for group in standing.take(CAUSES_MAX) {
        let (layer, n) = (group.layer, group.dead + group.held);
        render::note(&format!("L{} {layer}: {} ({n} ×)", layer.number(), group.message));
    }
    Ok(())
}

/// Returns what the end of a run means to a script.
fn judge(report: &RunReport) -> Result<(), Error> {
    let why = report.why.clone();
    let said = |kind, word: &str| {
        let why = why.clone().map_or_else(String::new, |why| format!(": {why}"));
        Err(Error::new(kind, format!("run {} {word}{why}", report.id)))
    };
    match report.state {
        RunState::Succeeded => Ok(()),
        RunState::PartiallyFailed => said(Kind::Unfinished, "left work behind")
            .map_err(|error| error.hint("`cep errors` shows the causes, `cep retry` tries again")),
        RunState::Interrupted | RunState::Draining | RunState::Paused => {
            Err(stop::interrupted(&format!("run {} is interrupted", report.id)))
        }
        RunState::Cancelled => said(Kind::Failed, "was cancelled"),
        RunState::Failed | RunState::Planned | RunState::Running => said(Kind::Failed, "failed")
            .map_err(|error| error.hint("`cep errors` and the log show the causes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::RunId;

    fn code(state: RunState) -> u8 {
        let report = RunReport { id: RunId(1), state, now: Moment(0), horizon: None, why: None };
        judge(&report).map_or_else(|error| error.kind.exit_code(), |()| 0)
    }

    #[test]
    fn a_script_can_tell_how_a_run_ended() {
        assert_eq!(code(RunState::Succeeded), 0);
        assert_eq!(code(RunState::PartiallyFailed), 3);
        assert_eq!(code(RunState::Interrupted), 130);
        assert_eq!(code(RunState::Failed), 1);
        assert_eq!(code(RunState::Cancelled), 1);
    }

    #[test]
    fn what_is_planned_after_the_horizon_is_named_with_its_days() {
        let horizon: Moment = "2026-02-19T09:00:00Z".parse().unwrap();
        let planned = PlannedUnits {
            layer: Layer::OutreachEngine,
            kind: "message".to_owned(),
            n: 1_077,
            first: horizon.plus_ms(crate::domain::time::DAY_MS),
            last: horizon.plus_ms(78 * crate::domain::time::DAY_MS),
        };
        assert_eq!(
            beyond_text(horizon, &[planned]),
            "1077 units are planned after the horizon of 2026-02-19, as daily caps and due dates \
             have it:\n  L3 message: 1077, 2026-02-20 to 2026-05-08"
        );
    }
}
