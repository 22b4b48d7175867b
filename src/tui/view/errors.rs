//! Draws errors by cause: one row per fingerprint, with the cause itself in the row.

use ratatui::layout::Rect;

use super::list::{self, Words};
use crate::app::query::ErrorGroup;
use crate::tui::format;
use crate::tui::listing::Listing;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit, fit_right};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Draws the list.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    groups: &Listing<ErrorGroup>,
) {
    let units: u64 = groups.rows.value.iter().flatten().map(ErrorGroup::count).sum();
    let note = format!("{units} units, causes ");
    let words = Words {
        heading: "UNITS L  STATE      NEXT    LAST      CLASS          CAUSE",
        empty: "nothing failed, is held or waits for a retry",
        note: &note,
    };
    list::draw(canvas, area, model, groups, words, |group| line(group, model));
}

fn line(group: &ErrorGroup, model: &Model) -> Vec<Piece> {
    let (word, tone) = if group.dead > 0 {
        ("DEAD", Tone::Bad)
    } else if group.held > 0 {
        ("HELD", Tone::Warn)
    } else {
        ("retrying", Tone::Warn)
    };
    let next = group
        .next_retry
        .map_or_else(String::new, |at| format!("in {}", format::left(model.left_ms(at))));
    vec![
        piece(fit_right(&format!("x{}", format::short_count(group.count())), 5), Tone::Strong),
        piece(format!(" L{} ", group.layer.number()), Tone::Plain),
        piece(fit(word, 11), tone),
        piece(format!("{} ", fit(&next, 7)), Tone::Warn),
        piece(format!("{}  ", format::time_of_day(group.last_wall)), Tone::Dim),
        piece(fit(&group.class.as_column().replace('_', " "), 15), Tone::Dim),
        piece(format!("{}: {}", clean(&group.code), clean(&group.message)), tone),
    ]
}
