//! Defines what views draw on: a buffer of cells and the theme that says how tones look.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::tui::keymap::Keymap;
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

    /// Writes one line of pieces into row `row` of `area`; what does not fit is cut off.
    pub fn line(&mut self, area: Rect, row: u16, pieces: &[Piece]) {
        if row >= area.height {
            return;
        }
        let spans: Vec<Span<'_>> = pieces
            .iter()
            .map(|(text, tone)| Span::styled(text.as_str(), self.theme.style(*tone)))
            .collect();
        self.buffer.set_line(area.x, area.y + row, &Line::from(spans), area.width);
    }

    /// Writes one line in one tone.
    pub fn text(&mut self, area: Rect, row: u16, text: &str, tone: Tone) {
        self.line(area, row, &[(text.to_owned(), tone)]);
    }

    /// Writes a hint, with the keys in force in the places of `{action}`.
    pub fn hint(&mut self, area: Rect, row: u16, hint: &str, tone: Tone) {
        let text = self.keys.spell(hint);
        self.text(area, row, &text, tone);
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
