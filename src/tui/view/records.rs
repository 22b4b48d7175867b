//! Draws lists of business records.

use ratatui::layout::Rect;

use super::list::{self, Words};
use crate::app::query::{RecordKind, RecordRow};
use crate::tui::listing::Listing;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Draws the list.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    kind: RecordKind,
    rows: &Listing<RecordRow>,
) {
    let columns = kind.columns().iter().map(|(heading, width, _)| fit(heading, *width));
    let heading = columns.collect::<Vec<_>>().join(" ");
    let empty = format!("no {} in this world yet: {{run}} runs a layer", kind.word());
    let note = "the newest first, [ ] other records ";
    let words = Words { heading: heading.trim_end(), empty: &empty, note };
    list::draw(canvas, area, model, rows, words, |row| line(kind, row));
}

fn line(kind: RecordKind, row: &RecordRow) -> Vec<Piece> {
    let last = kind.columns().len().saturating_sub(1);
    let cells = kind.columns().iter().zip(&row.cells).enumerate();
    cells
        .map(|(index, ((_, width, _), cell))| {
            let tone = if index == 0 { Tone::Strong } else { Tone::Plain };
            let cell = clean(cell);
            piece(if index == last { cell } else { format!("{} ", fit(&cell, *width)) }, tone)
        })
        .collect()
}
