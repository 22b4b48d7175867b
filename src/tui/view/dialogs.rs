//! Draws the questions: before a command, before leaving, before suspending.

use crate::tui::model::Model;
use crate::tui::screen::Confirm;
use crate::tui::text::{clean, wrap};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};
use crate::tui::widgets::modal;

/// Width of the text in a question.
const WIDTH: u16 = 60;

/// Draws the question before a command.
pub(super) fn confirm(canvas: &mut Canvas<'_>, model: &Model, confirm: &Confirm) {
    let focus = |on: bool| if on { (">", Tone::Strong) } else { (" ", Tone::Dim) };
    let ((no, no_tone), (yes, yes_tone)) = (focus(!confirm.yes), focus(confirm.yes));
    let buttons = vec![
        piece(format!("{no}[ no: Enter, Esc ]"), no_tone),
        piece("   ", Tone::Plain),
        piece(format!("{yes}[ yes: y ]"), yes_tone),
    ];
    show(canvas, model, &confirm.title, &confirm.lines, &buttons);
}

/// Draws the question before leaving a run.
pub(super) fn quit(canvas: &mut Canvas<'_>, model: &Model) {
    let lines = [
        "A run is under way in this process.".to_owned(),
        "Leaving checkpoints it: what is in flight is finished, the rest goes on at the next start."
            .to_owned(),
    ];
    let buttons = vec![
        piece(">[ stay: Enter, Esc ]", Tone::Strong),
        piece("  [ w: wait ]  [ c: quit now ]", Tone::Plain),
    ];
    show(canvas, model, "Leave?", &lines, &buttons);
}

/// Draws the question before suspending a run.
pub(super) fn suspend(canvas: &mut Canvas<'_>, model: &Model) {
    let lines = [
        "This process works a run, or is armed for LIVE.".to_owned(),
        "A stopped process would keep its leases and do nothing. So what is in flight is finished, \
         LIVE is disarmed and the leases are given back first."
            .to_owned(),
    ];
    let buttons = vec![
        piece(">[ stay: Enter, Esc ]", Tone::Strong),
        piece("  [ p pause the run and suspend ]", Tone::Plain),
    ];
    show(canvas, model, "Suspend?", &lines, &buttons);
}

fn show(canvas: &mut Canvas<'_>, model: &Model, title: &str, lines: &[String], buttons: &[Piece]) {
    let width = WIDTH.min(canvas.buffer.area.width.saturating_sub(4));
    let wrapped: Vec<String> =
        lines.iter().flat_map(|line| wrap(&clean(line), usize::from(width))).collect();
    let height = u16::try_from(wrapped.len()).unwrap_or(u16::MAX).saturating_add(2);
    let inner = modal::open(canvas, width, height, title, super::is_live(model));
    // What can be answered is never pushed out by what is asked.
    let bottom = inner.height.saturating_sub(1);
    let room = usize::from(bottom);
    for (row, line) in (0..bottom).zip(&wrapped) {
        let more = usize::from(row) + 1 == room && wrapped.len() > room;
        canvas.text(inner, row, if more { ".." } else { line }, Tone::Plain);
    }
    canvas.line(inner, bottom, buttons);
}
