//! `cep demo`: walks the golden path, all nine layers, in a fresh rehearsal.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::context::{Context, Session, make_folder, misanswered};
use super::error::{Error, Kind};
use super::{dashboard, explain, picture, render, stop, verdict};
use crate::app::command::RunRequest;
use crate::app::query::{Answer, PhiExplained, Query};
use crate::app::snapshot::Snapshot;
use crate::app::{Origin, Rule, Show};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::RunState;
use crate::domain::mode::Mode;
use crate::domain::time::DAY_MS;
use crate::engines::orchestrator::engine::RunReport;
use crate::runtime::clock::{Clock, SystemClock};

/// The folder of demos in the state directory.
const FOLDER: &str = "demo";

/// Walks the golden path: all nine layers, end to end, in a fresh dry world.
///
/// Narrated on a terminal, printed without one. It succeeds when nothing due is left, nothing is
/// dead or held, and Φ_sync as computed reaches 0.88; otherwise it names the figure that fell short.
/// With `--market realistic` there is no bar for Φ_sync.
/// The last line is its database.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Print instead of showing, even on a terminal
    #[arg(long)]
    headless: bool,
    /// How many qualified businesses that can be reached
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..))]
    businesses: u32,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    if context.mode() == Mode::Live {
        return Err(Error::new(Kind::Safeguard, "the demo is a rehearsal and never works live")
            .hint("leave --mode live out"));
    }
    let path = fresh_database(context)?;
    let request = RunRequest {
        mode: Mode::Dry,
        layers: Layer::ALL.to_vec(),
        input: None,
        limit: Some(args.businesses),
    };
    let on_screen = !args.headless && !context.json() && render::on_terminal();
    let (session, report) = if on_screen {
        let days = context.settings.orchestrator.horizon_days;
        let session = context.start(&path, Origin::Screen, Show::Screen(Rule::Demo { days }))?;
        let report = dashboard::demo(context, &session, request).await?;
        (session, report)
    } else {
        let session = context.start(&path, Origin::Cli, Show::Headless)?;
        let run = session.handle.run_to_end(request);
        let report = stop::to_end(stop::Stop::listen()?, &session.handle, run).await?;
        (session, report)
    };
    tell(&session, &report, context).await
}

/// Returns where the demo's database will stand: a new file, or one that was named and is empty.
fn fresh_database(context: &Context) -> Result<PathBuf, Error> {
    if let Some(path) = &context.named_db {
        if is_used(path) {
            return Err(Error::new(
                Kind::Safeguard,
                format!("{} is not empty, and a demo begins with a fresh database", path.display()),
            )
            .hint("name a new file with --db, or leave --db and CEP_DB out"));
        }
        return Ok(path.clone());
    }
    let folder = context.settings.paths.state_dir.join(FOLDER);
    make_folder(&folder)?;
    let now = SystemClock::new().wall().to_timestamp().strftime("%Y%m%dT%H%M%SZ").to_string();
    // Two demos may begin in one second; a third of the same name is a matter of a higher number.
    let mut names = std::iter::once(format!("{now}.db"))
        .chain((2_u32..).map(|number| format!("{now}-{number}.db")));
    let free = names.find_map(|name| Some(folder.join(name)).filter(|path| !path.exists()));
    free.ok_or_else(|| Error::new(Kind::Failed, "no name is left for the demo's database"))
}

/// Whether a file holds anything, its write-ahead log included.
fn is_used(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    [path, Path::new(&log)]
        .into_iter()
        .any(|path| std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() > 0))
}

/// Prints what the path came to, its database last, and judges it.
async fn tell(session: &Session, report: &RunReport, context: &Context) -> Result<(), Error> {
    let snapshot = session.handle.picture(Mode::Dry)?;
    let left = session.handle.leftovers()?;
    let attributions = session.handle.attributions(Mode::Dry)?;
    let query = Query::PhiExplain { mode: Mode::Dry };
    let Answer::PhiExplain(tree) = session.ask(query).await? else { return Err(misanswered()) };
    let short = verdict::shortfalls(&snapshot, &left, context.settings.sim.market);
    if context.json() {
        let mut object = picture::json(&snapshot);
        object["short"] = json!(short);
        object["attributions"] = json!(attributions);
        render::json(&object)?;
    } else {
        render::text(&page(&snapshot, &tree, &attributions, &short))?;
        render::text(&snapshot.system.db_path)?;
    }
    if report.state == RunState::Interrupted {
        return Err(Error::new(Kind::Interrupted, "the demo was stopped before its end")
            .hint(format!("`{} run all` goes on with it", same_world(context, &snapshot))));
    }
    match short.first() {
        None => Ok(()),
        Some(_) => Err(Error::new(Kind::Failed, format!("fell short: {}", short.join("; ")))
            .hint(format!("`cep --db {} errors` shows the causes", snapshot.system.db_path))),
    }
}

/// Returns the words that lead back into the same simulated world: another seed or fault rate would
/// go on in another one.
fn same_world(context: &Context, snapshot: &Snapshot) -> String {
    let mut words = format!("cep --db {}", snapshot.system.db_path);
    if let Some(seed) = context.global.seed {
        let _ = write!(words, " --seed {seed}");
    }
    if let Some(rate) = context.global.faults {
        let _ = write!(words, " --faults {rate}");
    }
    words
}

fn page(
    snapshot: &Snapshot,
    tree: &PhiExplained,
    attributions: &[String],
    short: &[String],
) -> String {
    let run = snapshot.run.as_ref();
    let elapsed_ms = run.map_or(0, |run| run.elapsed_ms(snapshot.wall_at));
    let days = snapshot.dry_clock.now.since(snapshot.dry_clock.start) / DAY_MS;
    let verdict = if run.is_some_and(|run| run.state == RunState::Interrupted) {
        "stopped before its end".to_owned()
    } else if short.is_empty() {
        "the golden path is walked: nothing due, dead or held is left".to_owned()
    } else {
        format!("fell short: {}", short.join("; "))
    };
    [
        picture::layers(snapshot),
        picture::containers(snapshot),
        explain::text(tree),
        format!(
            "{days} days of dry time in {}.{:03} s\n{}\n{verdict}",
            elapsed_ms / 1_000,
            elapsed_ms % 1_000,
            attributions.join("\n")
        ),
    ]
    .join("\n")
}
