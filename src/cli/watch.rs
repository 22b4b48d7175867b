//! `cep status --watch`: one line for each change, in plain words, for screen readers and pipes.
//!
//! No line is ever rewritten and nothing but text is printed, so a reader can speak each as it comes.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::context::{Context, Database};
use super::error::Error;
use super::render;
use super::stop::Stop;
use crate::app::layer_state::LayerState;
use crate::app::snapshot::{LayerRow, RunView, Snapshot, WorldCounts};
use crate::domain::mode::Mode;
use crate::domain::text;
use crate::domain::time::Moment;
use crate::runtime::clock::{Clock, SystemClock};
use crate::tui::format;

/// How often the machine is looked at: a line a second for each layer is as much as can be spoken.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The longest line: what a person listens to in one go.
const LINE_CHARS_MAX: usize = 400;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Line {
    /// When it was seen, wall clock.
    at: Moment,
    /// Which world.
    mode: Mode,
    /// What it is about: `run`, `layer 3`, `dry`, `live`, `phi`, `database`.
    what: String,
    /// What it is now.
    now: String,
}

/// Prints what the machine is, and then each change until the run ends or somebody stops it.
pub(super) async fn run(context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let mut stop = Stop::listen()?;
    let clock = SystemClock::new();
    let mut before = BTreeMap::new();
    let mut ran = false;
    loop {
        let snapshot = session.handle.picture(context.mode())?;
        for line in changes(&mut before, &snapshot) {
            print(&line, context.json())?;
        }
        let runs = snapshot.run.as_ref().is_some_and(RunView::is_active);
        if ran && !runs {
            return Ok(());
        }
        ran |= runs;
        tokio::select! {
            () = clock.pause(LOOK_EVERY) => {}
            // Watching an idle machine has no other end, so this one is no failure.
            () = stop.asked() => return Ok(()),
        }
    }
}

fn print(line: &Line, as_json: bool) -> Result<(), Error> {
    if as_json {
        return render::json(line);
    }
    render::text(&format!("{} {}: {}", format::time_of_day(line.at), line.what, line.now))
}

/// Returns what differs from the facts of `before`, in a fixed order, and keeps the new ones.
fn changes(before: &mut BTreeMap<String, String>, snapshot: &Snapshot) -> Vec<Line> {
    let (at, mode) = (snapshot.wall_at, snapshot.mode);
    let mut lines = Vec::new();
    for (what, now) in facts(snapshot) {
        // Causes come from outside, and one change is one line.
        let now = text::clean(&now, LINE_CHARS_MAX);
        if before.get(&what) != Some(&now) {
            before.insert(what.clone(), now.clone());
            lines.push(Line { at, mode, what, now });
        }
    }
    lines
}

/// Everything that is told, each by its name.
fn facts(snapshot: &Snapshot) -> Vec<(String, String)> {
    let run = snapshot.run.as_ref().map_or_else(
        || "none yet".to_owned(),
        |run| {
            let state = run.state.as_column().replace('_', " ");
            format!("number {} of {} in {}, {state}", run.id, run.scope(), run.mode)
        },
    );
    let mut facts = vec![("run".to_owned(), run)];
    let of_layer = |row: &LayerRow| {
        let name = format!("layer {} {}", row.layer.number(), row.layer.name());
        (name, layer(row))
    };
    facts.extend(snapshot.layers.iter().map(of_layer));
    for mode in Mode::ALL {
        facts.push((mode.to_string(), world(snapshot.worlds.of(mode))));
    }
    let phi = &snapshot.phi;
    let band = phi.band.as_deref().unwrap_or("below baseline");
    let value = phi.value.map_or_else(
        || format!("unknown, {} of 3 containers known", phi.containers_known),
        |value| format!("{value:.2}, {band}"),
    );
    facts.push(("phi".to_owned(), value));
    let database = snapshot.system.db_error.clone().unwrap_or_else(|| "ok".to_owned());
    facts.push(("database".to_owned(), database));
    facts
}

fn layer(row: &LayerRow) -> String {
    let units = row.units;
    let mut text = format!("{}, {} done", LayerState::of(row).word(), units.done);
    for (n, word) in [
        (units.dead, "failed"),
        (units.held, "held"),
        (units.retry_wait, "to be retried"),
        (units.waiting, "waiting for a person"),
    ] {
        if n > 0 {
            // Writing into a String cannot fail.
            let _ = write!(text, ", {n} {word}");
        }
    }
    match (&row.last_error, units.dead + units.held + units.retry_wait) {
        (Some(error), 1..) => format!("{text}; {error}"),
        (_, _) => text,
    }
}

fn world(counts: &WorldCounts) -> String {
    let WorldCounts { failed, held, unknown, due, retrying, .. } = counts;
    format!("{failed} failed, {held} held, {unknown} unknown, {retrying} retrying, {due} due")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::fixture;

    #[test]
    fn each_change_is_one_line_of_plain_text_and_no_change_is_none() {
        let mut before = BTreeMap::new();
        let first = changes(&mut before, &fixture::troubled());
        assert_eq!(first.len(), 1 + 9 + 2 + 1 + 1, "{first:?}");
        assert_eq!(changes(&mut before, &fixture::troubled()), []);
        let mut later = fixture::troubled();
        later.layers[3].units.dead += 1;
        later.layers[3].last_error = Some("token_expired: 401\n\u{1b}[2J from calendar".to_owned());
        let lines = changes(&mut before, &later);
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(line.what, "layer 4 Booking Handler");
        assert!(line.now.contains("5 failed; token_expired: 401"), "{}", line.now);
        assert!(line.now.contains("31 done"), "{}", line.now);
        assert!(!line.now.contains(char::is_control), "{:?}", line.now);
    }
}
