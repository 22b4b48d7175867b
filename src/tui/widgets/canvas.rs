//! Defines what views draw on: a buffer of cells and the theme that says how tones look.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::tui::keymap::Keymap;
use crate::tui::text::wrap;
use crate::tui::theme::{Glyphs, Theme, Tone};

/// Cells to draw on.
#[derive(Debug)]
pub struct Canvas<'a> {
    /// The frame.
    pub buffer: &'a mut Buffer,
    /// How tones look.
    pub theme: Theme,
    /// The keys that hints name.
    pub keys: &'a Keymap,
    /// The furthest line with which a page that scrolls can begin, if one is drawn.
    pub page_end: Option<usize>,
}

/// A piece of a line: its text and what it means.
pub type Piece = (String, Tone);

/// Makes a piece.
pub fn piece(text: impl Into<String>, tone: Tone) -> Piece {
    (text.into(), tone)
}

impl Canvas<'_> {
    /// The signs to draw with.
    pub const fn glyphs(&self) -> &'static Glyphs {
        self.theme.glyphs()
    }

    /// Writes one line of pieces into row `row` of `area`; a `~` stands for what does not fit.
    pub fn line(&mut self, area: Rect, row: u16, pieces: &[Piece]) {
        if row >= area.height {
            return;
        }
        let spans: Vec<Span<'_>> = pieces
            .iter()
            .map(|(text, tone)| Span::styled(text.as_str(), self.theme.style(*tone)))
            .collect();
        let line = Line::from(spans);
        if area.width == 0 || shown_width(pieces) <= usize::from(area.width) {
            self.buffer.set_line(area.x, area.y + row, &line, area.width);
            return;
        }
        let (x, y) = self.buffer.set_line(area.x, area.y + row, &line, area.width - 1);
        self.buffer.set_string(x, y, "~", self.theme.style(Tone::Plain));
    }

    /// Draws as many lines of a page as fit, from line `scroll` on but never past its end, and says
    /// on the border below how many are left.
    pub fn page(&mut self, area: Rect, lines: &[Vec<Piece>], scroll: usize) {
        let end = lines.len().saturating_sub(usize::from(area.height));
        let first = scroll.min(end);
        self.page_end = Some(end);
        for (row, line) in (0..area.height).zip(lines.iter().skip(first)) {
            self.line(area, row, line);
        }
        if first < end {
            let left = end - first;
            let lines = if left == 1 { "line" } else { "lines" };
            let text = self.keys.spell(&format!(" {{down}}: {left} more {lines} "));
            let style = self.theme.style(Tone::Strong);
            self.buffer.set_string(area.x + 1, area.y + area.height, text, style);
        }
    }

    /// Writes one line in one tone.
    pub fn text(&mut self, area: Rect, row: u16, text: &str, tone: Tone) {
        self.line(area, row, &[(text.to_owned(), tone)]);
    }

    /// Writes a hint from the top of `area` in as many lines as it takes, with the keys in force in
    /// the places of `{action}`.
    pub fn hint(&mut self, area: Rect, hint: &str, tone: Tone) {
        let text = self.keys.spell(hint);
        let lines = wrap(&text, usize::from(area.width).saturating_sub(2));
        for (row, line) in (0..area.height).zip(lines) {
            self.text(area, row, &format!(" {line}"), tone);
        }
    }

    /// Marks a row as the selected one, over whatever was written there.
    pub fn select(&mut self, area: Rect, row: u16) {
        if row < area.height {
            let rect = Rect { y: area.y + row, height: 1, ..area };
            self.buffer.set_style(rect, self.theme.selected());
        }
    }

    /// Empties an area, for what is laid over others.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for position in area.positions() {
            self.buffer[position].reset();
        }
        // Half of a wide sign cannot be shown beside what comes here.
        for y in area.top()..area.bottom() {
            let left = area.x.checked_sub(1).map(|x| &mut self.buffer[(x, y)]);
            if let Some(cell) = left.filter(|cell| cell.symbol().width() > 1) {
                cell.set_symbol(" ");
            }
        }
    }

    /// Replaces every sign that is not ASCII, wherever it came from.
    pub fn to_ascii(&mut self) {
        for cell in &mut self.buffer.content {
            if !cell.symbol().is_ascii() {
                cell.set_symbol("?");
            }
        }
    }
}

/// How many columns the pieces take, without the blanks at their end.
fn shown_width(pieces: &[Piece]) -> usize {
    let whole: usize = pieces.iter().map(|(text, _)| text.width()).sum();
    let blanks = pieces.iter().rev().flat_map(|(text, _)| text.chars().rev());
    whole - blanks.take_while(|&c| c == ' ').count()
}
