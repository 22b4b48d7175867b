//! Draws the border of a pane: title on the left, a note on the right, a heavier line for LIVE.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use crate::tui::text::cut;
use crate::tui::theme::Tone;

/// What a border says.
#[derive(Clone, Debug, Default)]
pub struct Border<'a> {
    /// On the left.
    pub title: &'a str,
    /// On the right; gives way to the title.
    pub note: &'a str,
    /// Whether keys go to this pane.
    pub focused: bool,
    /// Whether the real world is shown: the line itself says so, not its colour.
    pub live: bool,
}

/// The signs of one kind of border.
struct Lines {
    corners: [&'static str; 4],
    across: &'static str,
    down: &'static str,
}

const ASCII: Lines = Lines { corners: ["+", "+", "+", "+"], across: "-", down: "|" };
const ASCII_LIVE: Lines = Lines { corners: ["#", "#", "#", "#"], across: "=", down: "#" };
const PLAIN: Lines = Lines { corners: ["┌", "┐", "└", "┘"], across: "─", down: "│" };
const LIVE: Lines = Lines { corners: ["╔", "╗", "╚", "╝"], across: "═", down: "║" };

/// Draws the border and returns what is inside.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, border: &Border<'_>) -> Rect {
    let area = area.intersection(canvas.buffer.area);
    if area.width < 2 || area.height < 2 {
        return Rect { width: 0, height: 0, ..area };
    }
    let lines = match (canvas.theme.ascii, border.live) {
        (true, false) => &ASCII,
        (true, true) => &ASCII_LIVE,
        (false, false) => &PLAIN,
        (false, true) => &LIVE,
    };
    let tone = if border.focused { Tone::Active } else { Tone::Dim };
    let style = canvas.theme.style(tone);
    let across = lines.across.repeat(usize::from(area.width) - 2);
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    for (y, first, last) in [(area.y, 0, 1), (bottom, 2, 3)] {
        canvas.buffer.set_string(area.x, y, lines.corners[first], style);
        canvas.buffer.set_string(area.x + 1, y, &across, style);
        canvas.buffer.set_string(right, y, lines.corners[last], style);
    }
    for y in area.y + 1..bottom {
        canvas.buffer.set_string(area.x, y, lines.down, style);
        canvas.buffer.set_string(right, y, lines.down, style);
    }
    titles(canvas, area, border);
    Rect { x: area.x + 1, y: area.y + 1, width: area.width - 2, height: area.height - 2 }
}

/// Writes title and note into the upper line. The focused pane's title is marked by a sign too.
fn titles(canvas: &mut Canvas<'_>, area: Rect, border: &Border<'_>) {
    let room = usize::from(area.width).saturating_sub(4);
    let mark = if border.focused { "*" } else { " " };
    let title = cut(&format!("{mark}{} ", border.title), room);
    let tone = if border.focused { Tone::Strong } else { Tone::Plain };
    canvas.buffer.set_string(area.x + 1, area.y, &title, canvas.theme.style(tone));
    let left = room.saturating_sub(title.width() + 1);
    if !border.note.is_empty() && left > 3 {
        let note = format!(" {} ", cut(border.note, left.saturating_sub(2)));
        let at = area.right().saturating_sub(2 + u16::try_from(note.width()).unwrap_or(0));
        canvas.buffer.set_string(at, area.y, &note, canvas.theme.style(Tone::Plain));
    }
}
