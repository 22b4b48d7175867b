//! Draws the log: this process's own records by tui-logger, with its choice of targets, or the lines
//! of one run, unit or attempt from the file.

use ratatui::layout::Rect;
use ratatui::widgets::{Block, Widget};
use tui_logger::{TuiLoggerLevelOutput, TuiLoggerTargetWidget, TuiLoggerWidget};

use super::list::{self, Words};
use crate::app::query::{LogLine, LogOf};
use crate::tui::format;
use crate::tui::keymap::{Action, LogAction};
use crate::tui::logs::LogView;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Width of the list of targets, when there is room beside it.
const TARGETS_WIDTH: u16 = 44;

/// Draws the page.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, view: &LogView) {
    if view.of == LogOf::All {
        return own(canvas, area, model, view);
    }
    let looked = view.tail.as_ref().map_or_else(String::new, |tail| {
        let bytes = format::bytes(tail.looked_bytes);
        let all = if tail.whole { "all of" } else { "the end of" };
        format!("{all} {} ({bytes}), newest first ", clean(&tail.file))
    });
    let empty = "no line in it: the log level may leave them out ({log-targets} is for :logs all)";
    let words = Words { heading: "TIME     LEVEL ATTEMPT  MESSAGE", empty, note: &looked };
    list::draw(canvas, area, model, &view.rows, words, line);
}

fn line(line: &LogLine) -> Vec<Piece> {
    let tone = tone(&line.level);
    let at = line.at.get(11..19).unwrap_or(&line.at);
    let attempt = line.attempt.map_or_else(String::new, |id| id.to_string());
    vec![
        piece(format!("{} ", fit(&clean(at), 8)), Tone::Dim),
        piece(fit(&clean(&line.level), 6), tone),
        piece(fit(&attempt, 9), Tone::Dim),
        piece(clean(&line.text), tone),
        piece(format!("  {}", clean(&line.target)), Tone::Dim),
    ]
}

fn tone(level: &str) -> Tone {
    match level {
        "ERROR" => Tone::Bad,
        "WARN" => Tone::Warn,
        "INFO" => Tone::Plain,
        _ => Tone::Dim,
    }
}

/// This process's own records, and beside them the targets when they are asked for.
fn own(canvas: &mut Canvas<'_>, area: Rect, model: &Model, view: &LogView) {
    let file = view.tail.as_ref().map_or_else(String::new, |tail| clean(&tail.file));
    let key = model.keys.key_of(Action::Log(LogAction::Targets));
    let note = format!("this process, newest last; {key} targets; file {file}");
    let inner = list::page(canvas, area, model, &note);
    let theme = canvas.theme;
    let mut lines = inner;
    if view.targets.listed {
        let wide = inner.width >= 2 * TARGETS_WIDTH;
        let targets = if wide {
            Rect { width: TARGETS_WIDTH, ..inner }
        } else {
            Rect { height: inner.height.div_ceil(2), ..inner }
        };
        lines = if wide {
            Rect { x: inner.x + TARGETS_WIDTH, width: inner.width - TARGETS_WIDTH, ..inner }
        } else {
            Rect { y: inner.y + targets.height, height: inner.height - targets.height, ..inner }
        };
        TuiLoggerTargetWidget::default()
            .block(Block::default())
            .style(theme.style(Tone::Plain))
            .style_show(theme.style(Tone::Strong))
            .style_hide(theme.style(Tone::Dim))
            .style_off(theme.style(Tone::Dim))
            .highlight_style(theme.selected())
            .state(view.targets.state())
            .render(targets, canvas.buffer);
        sanitize(canvas, targets);
    }
    TuiLoggerWidget::default()
        .style(theme.style(Tone::Plain))
        .style_error(theme.style(Tone::Bad))
        .style_warn(theme.style(Tone::Warn))
        .style_info(theme.style(Tone::Plain))
        .style_debug(theme.style(Tone::Dim))
        .style_trace(theme.style(Tone::Dim))
        .output_separator(' ')
        .output_timestamp(Some("%H:%M:%S".to_owned()))
        .output_level(Some(TuiLoggerLevelOutput::Long))
        .output_target(true)
        .output_file(false)
        .output_line(false)
        .state(view.targets.state())
        .render(lines, canvas.buffer);
    sanitize(canvas, lines);
}

/// A log line may quote what came from outside; the widget writes it as it is.
fn sanitize(canvas: &mut Canvas<'_>, area: Rect) {
    for position in area.intersection(canvas.buffer.area).positions() {
        let cell = &mut canvas.buffer[position];
        let clean = crate::tui::text::clean(cell.symbol());
        if clean != cell.symbol() {
            cell.set_symbol(if clean.is_empty() { " " } else { &clean });
        }
    }
}
