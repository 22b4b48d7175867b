//! Draws the line in which commands and filters are typed, and what a command could become.

use ratatui::layout::Rect;

use crate::tui::model::Model;
use crate::tui::screen::Screen;
use crate::tui::text::{clean, cut_start, fit};
use crate::tui::theme::Tone;
use crate::tui::update::completions;
use crate::tui::widgets::canvas::{Canvas, piece};

/// How many completions are shown: enough to choose from, few enough to leave the screen in view.
const SHOWN: usize = 8;

/// Draws the palette over the lower part of the screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, footer: Rect, model: &Model, input: &str) {
    let found = completions(&model.keys, input);
    let rows = u16::try_from(found.len().min(SHOWN)).unwrap_or(0).min(footer.y);
    let list = Rect { y: footer.y - rows, height: rows, ..footer };
    canvas.clear(list);
    for (row, (form, help)) in found.iter().take(usize::from(rows)).enumerate() {
        let y = u16::try_from(row).unwrap_or(0);
        let first = row == 0 && !input.is_empty();
        canvas.line(
            list,
            y,
            &[
                piece(if first { " > " } else { "   " }, Tone::Strong),
                piece(format!("{} ", fit(form, 37)), Tone::Strong),
                piece(*help, Tone::Dim),
            ],
        );
    }
    typed(canvas, footer, ":", input, "Enter does it  Tab completes  Up recalls  Esc leaves");
}

/// Draws the line of a filter; the list follows it. What cannot be read is said at once.
pub(super) fn draw_filter(canvas: &mut Canvas<'_>, footer: Rect, model: &Model, input: &str) {
    if !matches!(model.screen(), Screen::Events | Screen::Overview { .. }) {
        return typed(canvas, footer, "/", input, "Enter keeps it  Esc undoes  all words must fit");
    }
    let filter = &model.events.filter;
    let help = if let Some(fault) = filter.fault() {
        format!("! {fault}")
    } else if input.is_empty() && !filter.last().is_empty() {
        format!("/ recalls: {}", filter.last())
    } else {
        "Enter keeps it  Esc undoes  words L4 err warn unit:7 run:3 re:/50[34]/".to_owned()
    };
    typed(canvas, footer, "/", input, &clean(&help));
    if filter.fault().is_some() {
        canvas.text(footer, 1, &format!(" {}", clean(&help)), Tone::Warn);
    }
}

fn typed(canvas: &mut Canvas<'_>, footer: Rect, sign: &str, input: &str, help: &str) {
    canvas.clear(footer);
    let caret = canvas.glyphs().caret;
    // What is typed now stands at the end, so that is what stays in view: sign, text, caret.
    let room = usize::from(footer.width).saturating_sub(3);
    canvas.line(
        footer,
        0,
        &[
            piece(format!(" {sign}"), Tone::Active),
            piece(cut_start(&clean(input), room), Tone::Strong),
            piece(caret, Tone::Active),
        ],
    );
    canvas.text(footer, 1, &format!(" {help}"), Tone::Dim);
}
