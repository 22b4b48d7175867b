//! Draws a run in full: how it ended and why, what became of its units, what failed in it.

use super::page::{Lines, at, labelled};
use crate::app::query::{RunCause, RunDetail, RunLayer};
use crate::app::snapshot::UnitCounts;
use crate::domain::event::Level;
use crate::domain::lifecycle::run::RunState;
use crate::domain::lifecycle::unit::UnitState;
use crate::tui::format;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit, fit_right};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::piece;

/// The states that have a column; the others are told behind them.
const COLUMNS: [(UnitState, &str); 5] = [
    (UnitState::Done, "done"),
    (UnitState::Skipped, "skip"),
    (UnitState::Dead, "dead"),
    (UnitState::Held, "held"),
    (UnitState::RetryWait, "retry"),
];

/// The lines of the page.
pub(super) fn lines(detail: &RunDetail, model: &Model, width: usize) -> Lines {
    let run = &detail.run;
    let mut lines = vec![vec![
        piece(format!("run #{} {}  ", run.id, run.mode.badge()), Tone::Strong),
        piece(run.state.as_column().replace('_', " ").to_uppercase(), tone(run.state)),
        piece(format!("  {}  ", run.scope()), Tone::Plain),
        piece(format::duration(run.elapsed_ms(model.now)), Tone::Plain),
    ]];
    let why = detail.why.as_deref().unwrap_or(if run.state.is_ended() {
        "nothing was left to do"
    } else {
        "it has not ended"
    });
    labelled(&mut lines, "WHY", why, width, Tone::Plain);
    let owner = run.owner.as_deref().unwrap_or("nobody");
    let ours = if run.is_ours { " (this process)" } else { "" };
    labelled(&mut lines, "OWNER", &format!("{owner}{ours}"), width, Tone::Plain);
    let ended = |wall: Option<_>| wall.map_or("now".to_owned(), format::full_time);
    let wall = format!("{} to {}", format::full_time(run.started_wall), ended(run.ended_wall));
    let own = format!(
        "{} to {}",
        at(model, detail.started_at),
        detail.ended_at.map_or("now".to_owned(), |when| at(model, when))
    );
    labelled(&mut lines, "TIME", &format!("{wall} (its own clock: {own})"), width, Tone::Plain);
    let limit = detail.input_limit.map_or(String::new(), |limit| format!(", at most {limit}"));
    let input = detail.input.as_deref().unwrap_or("no file was named");
    labelled(&mut lines, "INPUT", &format!("{input}{limit}"), width, Tone::Plain);
    let phi = match &detail.phi {
        None => "none was stored in it".to_owned(),
        Some(phi) => format!("{} at {}", format::share(phi.value), at(model, phi.at)),
    };
    labelled(&mut lines, "PHI", &phi, width, Tone::Plain);
    lines.push(Vec::new());
    units(&mut lines, detail);
    lines.push(Vec::new());
    causes(&mut lines, &detail.causes, width);
    lines.push(Vec::new());
    events(&mut lines, detail, width);
    lines
}

fn units(lines: &mut Lines, detail: &RunDetail) {
    let more = if detail.cut { ", the first of more" } else { "" };
    let columns: String = COLUMNS.iter().map(|(_, name)| fit_right(name, 8)).collect();
    lines.push(vec![piece(format!("{}{columns}  OTHER", fit("UNITS WORKED", 24)), Tone::Dim)]);
    for row in &detail.layers {
        lines.push(vec![
            piece(fit(&format!("L{} {}", row.layer.number(), row.layer.name()), 24), Tone::Plain),
            piece(counts(row), Tone::Plain),
            piece(format!("  {}", others(row.units)), Tone::Dim),
        ]);
    }
    let attempts = format::count(detail.attempts);
    lines.push(vec![piece(format!("{attempts} attempts{more}; as the units are now"), Tone::Dim)]);
}

fn counts(row: &RunLayer) -> String {
    let one = |(state, _): &(UnitState, &str)| match row.units.of(*state) {
        0 => fit_right(format::UNKNOWN, 8),
        n => fit_right(&format::count(n), 8),
    };
    COLUMNS.iter().map(one).collect()
}

/// The states without a column, in words.
fn others(units: UnitCounts) -> String {
    let apart = |state: &UnitState| COLUMNS.iter().all(|(shown, _)| shown != state);
    let rest = UnitState::ALL.into_iter().filter(apart).filter(|&state| units.of(state) > 0);
    let words: Vec<_> =
        rest.map(|state| format!("{} {}", units.of(state), state.as_column())).collect();
    words.join(", ")
}

fn causes(lines: &mut Lines, causes: &[RunCause], width: usize) {
    if causes.is_empty() {
        lines.push(vec![piece("no attempt failed in it", Tone::Plain)]);
        return;
    }
    lines.push(vec![piece("FAILURES BY CAUSE", Tone::Dim)]);
    for cause in causes {
        let label = format!("x{} L{}", cause.attempts, cause.layer.number());
        let class = cause.class.as_column().replace('_', " ");
        let units = if cause.units == 1 {
            format!("unit {}", cause.unit)
        } else {
            format!("{} units, the latest {}", cause.units, cause.unit)
        };
        let text = format!("{}: {} [{class}] {units}", cause.code, cause.message);
        labelled(lines, &label, &text, width, Tone::Bad);
    }
}

fn events(lines: &mut Lines, detail: &RunDetail, width: usize) {
    lines.push(vec![piece("EVENTS, the latest first", Tone::Dim)]);
    for event in detail.events.iter().rev() {
        let tone = match event.level {
            Level::Info => Tone::Dim,
            Level::Warn => Tone::Warn,
            Level::Error => Tone::Bad,
        };
        let text = format!("{} {}", event.level.as_column(), clean(&event.text));
        labelled(lines, &format::time_of_day(event.wall_at), &text, width, tone);
    }
}

/// The tone of a run's state.
const fn tone(state: RunState) -> Tone {
    match state {
        RunState::Succeeded => Tone::Good,
        RunState::Running | RunState::Draining | RunState::Planned => Tone::Active,
        RunState::Paused | RunState::Interrupted | RunState::PartiallyFailed => Tone::Warn,
        RunState::Failed => Tone::Bad,
        RunState::Cancelled => Tone::Dim,
    }
}
