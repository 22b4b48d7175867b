//! Draws the two lines at the bottom: the answer to the last key or the most urgent fact, and the
//! keys that work here.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::snapshot::Snapshot;
use crate::domain::lifecycle::run::RunState;
use crate::domain::mode::Mode;
use crate::domain::time::{MINUTE_MS, SECOND_MS};
use crate::tui::format;
use crate::tui::keymap::{ACTIONS, Action, ActionSpec, Destination};
use crate::tui::model::Model;
use crate::tui::text::{clean, cut, wrap};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Draws both lines.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let width = usize::from(area.width);
    let (text, tone) = message(model);
    let lines = wrap(&text, width.saturating_sub(2));
    // A refusal is worth more than the keys: it says what to do.
    if lines.len() > 1 && model.toast.is_some() {
        for (row, line) in (0..2).zip(&lines) {
            canvas.text(area, row, &format!(" {line}"), tone);
        }
        return;
    }
    canvas.text(area, 0, &cut(&format!(" {text}"), width), tone);
    canvas.line(area, 1, &keys(model, width));
}

fn message(model: &Model) -> (String, Tone) {
    match &model.toast {
        Some(toast) => {
            let times =
                if toast.times > 1 { format!(" (x{})", toast.times) } else { String::new() };
            let tone = if toast.is_refusal { Tone::Warn } else { Tone::Strong };
            (format!("{}{times}", clean(&toast.text)), tone)
        }
        None => alert(model).unwrap_or((String::new(), Tone::Plain)),
    }
}

/// The most urgent fact that a person has to know now, if there is one.
fn alert(model: &Model) -> Option<(String, Tone)> {
    let snapshot = model.latest();
    if let Some(error) = &snapshot.system.db_error {
        let key = model.keys.key_of(Action::Go(Destination::System));
        return Some((format!("database: {} ({key})", clean(error)), Tone::Bad));
    }
    let failing = snapshot.layers.iter().find(|row| row.units.dead + row.units.held > 0);
    if let Some(row) = failing {
        let cause = row.last_error.as_deref().unwrap_or("cause on its card");
        let n = row.units.dead + row.units.held;
        let key = model.keys.key_of(Action::Go(Destination::Errors));
        let (layer, cause) = (row.layer.number(), clean(cause));
        let text = format!("L{layer} stopped {n}: {cause} ({key} shows errors)");
        return Some((text, Tone::Bad));
    }
    if let Some(text) = unworked_live(snapshot, model) {
        return Some((text, Tone::Warn));
    }
    if let Some(notice) = snapshot.system.notices.first() {
        return Some((clean(notice), Tone::Warn));
    }
    if let Some(jump) = snapshot.dry_clock.jump {
        let clock = &snapshot.dry_clock;
        let left = format::left(jump.wall_at.since(model.now));
        // Only plans are on the quarter hour; a retry comes at its second.
        let second = jump.to.0.rem_euclid(MINUTE_MS) / SECOND_MS;
        let second = if second > 0 { format!(":{second:02}") } else { String::new() };
        let to = format!("{}{second}", format::dry_time(clock, jump.to));
        let text = format!("dry time goes to {to} in {left}");
        return Some((text, Tone::Plain));
    }
    let retrying = snapshot.layers.iter().find_map(|row| row.next_retry.as_ref().map(|d| (row, d)));
    retrying.map(|(row, due)| {
        let at = super::card::due_text(model, model.viewed(), due.run_at);
        let key = model.keys.key_of(Action::Go(Destination::Errors));
        let text = format!("L{} tries again {at}: {} ({key})", row.layer.number(), clean(&due.why));
        (text, Tone::Warn)
    })
}

/// Live units that nobody works are the one thing that must never wait unseen.
fn unworked_live(snapshot: &Snapshot, model: &Model) -> Option<String> {
    let live = &snapshot.worlds.live;
    if live.due == 0 || snapshot.live.armed || snapshot.live.other_owner.is_some() {
        return None;
    }
    let oldest = live
        .oldest_due
        .map_or_else(String::new, |at| format!(", oldest {}", format::age(model.now.since(at))));
    Some(format!("{} live due, nobody working them{oldest}", format::count(live.due)))
}

/// The keys that work here, as many as fit; `?` and `q` are never left out.
fn keys(model: &Model, width: usize) -> Vec<Piece> {
    let always: Vec<_> = ACTIONS
        .iter()
        .filter(|spec| matches!(spec.action, Action::Help | Action::Quit))
        .map(|spec| key_label(spec, model))
        .collect();
    let reserved: usize = always.iter().map(|(key, label)| key.width() + label.width() + 3).sum();
    let mut line = vec![piece(" ", Tone::Plain)];
    let mut used = 1;
    let contexts = model.contexts();
    let fitting = model
        .keys
        .reachable(&contexts)
        .filter(|spec| !spec.label.is_empty())
        .filter(|spec| !matches!(spec.action, Action::Help | Action::Quit) && !is_demo(spec))
        .filter(|spec| (spec.enabled)(model).is_ok())
        .map(|spec| key_label(spec, model));
    for (key, label) in fitting {
        let needs = key.width() + label.width() + 3;
        if used + needs + reserved > width {
            continue;
        }
        used += needs;
        line.push(piece(format!("{key} "), Tone::Strong));
        line.push(piece(format!("{label}  "), Tone::Dim));
    }
    for (key, label) in always {
        line.push(piece(format!("{key} "), Tone::Strong));
        line.push(piece(format!("{label}  "), Tone::Dim));
    }
    line
}

/// The demo's keys stand in its own strip.
const fn is_demo(spec: &ActionSpec) -> bool {
    matches!(spec.action, Action::Demo(_))
}

fn key_label(spec: &ActionSpec, model: &Model) -> (String, String) {
    let key = model.keys.key_of(spec.action);
    let stands = model
        .latest()
        .run
        .as_ref()
        .is_some_and(|run| matches!(run.state, RunState::Paused | RunState::Interrupted));
    let label = if spec.action == Action::View && model.viewed() == Mode::Dry {
        "view live"
    } else if spec.action == Action::View {
        "view dry"
    } else if spec.action == Action::PauseRun && stands {
        "resume"
    } else {
        spec.label
    };
    (key, label.to_owned())
}
