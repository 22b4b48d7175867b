//! Draws the log of this process, which tui-logger keeps.

use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use tui_logger::{TuiLoggerLevelOutput, TuiLoggerWidget};

use super::list;
use crate::tui::model::Model;
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::Canvas;

/// Draws the page.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let inner = list::page(canvas, area, model, "the newest last; the same lines are in the file");
    let theme = canvas.theme;
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
        .render(inner, canvas.buffer);
    sanitize(canvas, inner);
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
