//! Draws the nine layers: what each does now, how far it is, and when it goes on.
//!
//! One row per layer, always in pipeline order, so that the eye finds a layer without reading. The
//! state is a word and a mark; colour only repeats them.

use ratatui::layout::Rect;

use crate::app::layer_state::LayerState;
use crate::app::snapshot::{AttemptCounts, LayerRow, UnitCounts};
use crate::app::tasks::TaskCounts;
use crate::tui::format;
use crate::tui::model::Model;
use crate::tui::screen::Pane;
use crate::tui::text::{fit, fit_right};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};
use crate::tui::widgets::pane::{self, Border};
use crate::tui::widgets::window;

/// From this inner width on, waiting units have a column of their own.
const WITH_WAITING: u16 = 76;

/// From this inner width on, time and retries have theirs.
const WITH_TIME: u16 = 70;

/// Draws the pane.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    selected: usize,
    focused: bool,
) {
    let snapshot = model.snapshot();
    let failed = snapshot.layers.iter().filter(|row| row.units.dead > 0).count();
    let mut notes = Vec::new();
    if failed > 0 {
        notes.push(format!("{failed} of {} FAILED", snapshot.layers.len()));
    }
    notes.extend(tasks_note(snapshot.tasks));
    let note = notes.join("  ");
    let border =
        Border { title: Pane::Layers.title(), note: &note, focused, live: super::is_live(model) };
    let inner = pane::draw(canvas, area, &border);
    let rows = snapshot.layers.len();
    let headed = usize::from(inner.height) > rows;
    let body = if headed {
        heading(canvas, inner);
        Rect { y: inner.y + 1, height: inner.height - 1, ..inner }
    } else {
        inner
    };
    let first = window::first_row(selected, rows, usize::from(body.height));
    for (index, row) in snapshot.layers.iter().enumerate().skip(first) {
        let Ok(y) = u16::try_from(index - first) else { break };
        let here = index == selected;
        canvas.line(body, y, &line(row, model, inner.width, here));
        if here && focused && y < body.height {
            canvas.select(body, y);
        }
    }
    if usize::from(body.height) > rows {
        canvas.line(body, u16::try_from(rows).unwrap_or(0), &total(&snapshot.layers, inner.width));
    }
}

/// What waits for people, if anything does.
fn tasks_note(tasks: TaskCounts) -> Option<String> {
    match (tasks.open, tasks.overdue) {
        (0, _) => None,
        (open, 0) => Some(format!("T tasks {open}")),
        (open, late) => Some(format!("T tasks {open}, {late} OVERDUE")),
    }
}

fn heading(canvas: &mut Canvas<'_>, area: Rect) {
    let mut text = format!("  # ST   {} {} ", fit("LAYER", 17), fit("STATE", 8));
    if area.width >= WITH_TIME {
        text.push_str(&fit_right("TIME", 7));
    }
    text.push_str(&fit_right("DONE", progress_width(area.width)));
    text.push_str(&fit_right("FAIL", 5));
    if area.width >= WITH_TIME {
        text.push_str(&fit_right("RETRY", 6));
    }
    if area.width >= WITH_WAITING {
        text.push_str(&fit_right("WAIT", 6));
    }
    text.push_str(&fit_right("NEXT", 8));
    canvas.text(area, 0, &text, Tone::Dim);
}

/// One layer. The marker says which row is selected where reverse video cannot.
fn line(row: &LayerRow, model: &Model, width: u16, selected: bool) -> Vec<Piece> {
    let state = LayerState::of(row);
    let tone = tone(state);
    let units = row.units;
    let mut pieces = vec![
        piece(if selected { ">" } else { " " }, Tone::Strong),
        piece(format!(" {} ", row.layer.number()), Tone::Plain),
        piece(format!("[{}] ", state.mark()), tone),
        piece(format!("{} ", fit(row.layer.name(), 17)), Tone::Plain),
        piece(format!("{} ", fit(state.word(), 8)), tone),
    ];
    if width >= WITH_TIME {
        pieces.push(piece(fit_right(&time(row), 7), Tone::Dim));
    }
    pieces.push(piece(fit_right(&progress(units), progress_width(width)), Tone::Plain));
    pieces.push(figure(units.dead + units.held, 4, Tone::Bad));
    if width >= WITH_TIME {
        pieces.push(figure(units.retry_wait, 5, Tone::Warn));
    }
    if width >= WITH_WAITING {
        pieces.push(figure(units.waiting, 5, Tone::Plain));
    }
    pieces.push(next(row, model));
    pieces
}

/// The column of what is done, with its gap.
const fn progress_width(width: u16) -> usize {
    if width >= WITH_TIME { 10 } else { 9 }
}

/// A count that is quiet at zero.
fn figure(n: u64, width: usize, tone: Tone) -> Piece {
    let text = format!(" {}", fit_right(&format::short_count(n), width));
    piece(text, if n == 0 { Tone::Dim } else { tone })
}

fn time(row: &LayerRow) -> String {
    match row.duration_ms {
        0 => format::UNKNOWN.to_owned(),
        ms => format::duration(ms.cast_signed()),
    }
}

/// Ended well, and of how many while others are still to come.
fn progress(units: UnitCounts) -> String {
    let (ended, total) = (units.done + units.skipped, units.total() - units.cancelled);
    match total {
        0 => format::UNKNOWN.to_owned(),
        _ if ended == total => format::short_count(ended),
        _ => format!("{}/{}", format::short_count(ended), format::short_count(total)),
    }
}

/// When it goes on: the next retry with its countdown, else the next plan, else when it ended last.
fn next(row: &LayerRow, model: &Model) -> Piece {
    let ahead = row.next_retry.as_ref().map(|due| (due, Tone::Warn));
    let ahead = ahead.or_else(|| row.next_planned.as_ref().map(|due| (due, Tone::Dim)));
    let (text, tone) = match (ahead, row.last_ended_wall) {
        (Some((due, tone)), _) => (format!("in {}", format::left(model.left_ms(due.run_at))), tone),
        (None, Some(at)) => (at.to_timestamp().strftime("%H:%M").to_string(), Tone::Dim),
        (None, None) => (format::UNKNOWN.to_owned(), Tone::Dim),
    };
    piece(fit_right(&text, 8), tone)
}

fn total(rows: &[LayerRow], width: u16) -> Vec<Piece> {
    let sum = |of: fn(&LayerRow) -> u64| rows.iter().map(of).sum::<u64>();
    let attempts = rows.iter().fold(AttemptCounts::default(), |sum, row| AttemptCounts {
        ok: sum.ok + row.attempts.ok,
        failed: sum.failed + row.attempts.failed,
    });
    let mut pieces = vec![
        piece(format!("    {}", fit("total", 31)), Tone::Dim),
        piece(fit_right(&format::duration(sum(|row| row.duration_ms).cast_signed()), 7), Tone::Dim),
        piece(
            format!(
                " {}",
                fit_right(&format::short_count(sum(|row| row.units.done + row.units.skipped)), 9)
            ),
            Tone::Dim,
        ),
        figure(sum(|row| row.units.dead + row.units.held), 4, Tone::Bad),
        figure(sum(|row| row.units.retry_wait), 5, Tone::Warn),
    ];
    if width >= WITH_WAITING {
        pieces.push(figure(sum(|row| row.units.waiting), 5, Tone::Plain));
    }
    if attempts.failed > 0 {
        pieces.push(piece(format!(" {} err", format::short_count(attempts.failed)), Tone::Dim));
    }
    pieces
}

/// The tone of a state; the words differ without it.
pub(super) const fn tone(state: LayerState) -> Tone {
    match state {
        LayerState::Failed => Tone::Bad,
        LayerState::Held | LayerState::Retrying | LayerState::Paused => Tone::Warn,
        LayerState::Running => Tone::Active,
        LayerState::Done => Tone::Good,
        LayerState::Due => Tone::Strong,
        LayerState::Waiting | LayerState::Planned => Tone::Plain,
        LayerState::Idle => Tone::Dim,
    }
}
