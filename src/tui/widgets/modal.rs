//! Draws a box in the middle of the screen, over everything else.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::pane::{self, Border};

/// Rows at the top that stay in view: which world a question is about must be read beside it.
const HEADER: u16 = 2;

/// Clears room for `width` × `height` inside a border and returns it; a smaller screen gives less.
pub fn open(canvas: &mut Canvas<'_>, width: u16, height: u16, title: &str, live: bool) -> Rect {
    let screen = canvas.buffer.area;
    let width = (width + 4).min(screen.width);
    let height = (height + 2).min(screen.height.saturating_sub(HEADER));
    let middle = screen.y + (screen.height - height) / 2;
    let area = Rect {
        x: screen.x + (screen.width - width) / 2,
        y: middle.max(screen.y + HEADER.min(screen.height)),
        width,
        height,
    };
    canvas.clear(area);
    let inner = pane::draw(canvas, area, &Border { title, note: "", focused: true, live });
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}
