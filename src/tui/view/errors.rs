//! Draws errors by cause: one row per fingerprint, with the cause itself in the row and whoever looks
//! after it; below the list all that is known of the selected cause.

use ratatui::layout::Rect;

use super::card::due_text;
use super::list::{self, Words};
use crate::app::query::{Care, ErrorGroup};
use crate::tui::format;
use crate::tui::listing::Listing;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit, fit_right, wrap};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Rows from which the selected cause is told in full below the list.
const ROOMY: u16 = 14;

/// Rows of what is told.
const TOLD: u16 = 6;

/// Columns from which the class has a place in the row.
const WIDE: u16 = 100;

/// Draws the list and, where there is room, the selected cause.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    groups: &Listing<ErrorGroup>,
) {
    let units: u64 = groups.rows.value.iter().flatten().map(ErrorGroup::count).sum();
    let total = groups.rows.value.as_ref().map_or(0, Vec::len);
    let filter = clean(&groups.filter);
    let note = if filter.is_empty() {
        format!("{} units, causes {total}", format::count(units))
    } else {
        format!("/{filter} {} of {total} causes", groups.shown().len())
    };
    let inner = list::page(canvas, area, model, &note);
    let wide = inner.width >= WIDE;
    let words = Words {
        heading: if wide {
            "UNITS L  STATE     NEXT    LAST      CLASS          WHO         CAUSE"
        } else {
            "UNITS L  STATE     NEXT    LAST      CAUSE"
        },
        empty: "nothing failed, is held or waits for a retry",
        note: "",
    };
    let below = if inner.height < ROOMY { 0 } else { TOLD };
    let above = Rect { height: inner.height - below, ..inner };
    list::rows(canvas, above, groups, words, |group| line(group, model, wide));
    let Some(selected) = groups.selected().filter(|_| below > 0) else { return };
    let room = Rect { y: inner.y + above.height, height: below, ..inner };
    let rule = canvas.glyphs().rule.repeat(usize::from(room.width));
    canvas.text(room, 0, &rule, Tone::Dim);
    for (y, (text, tone)) in (1..room.height).zip(told(selected, model, usize::from(room.width))) {
        canvas.text(room, y, &format!(" {text}"), tone);
    }
}

fn line(group: &ErrorGroup, model: &Model, wide: bool) -> Vec<Piece> {
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
    let mut pieces = vec![
        piece(fit_right(&format!("x{}", format::short_count(group.count())), 5), Tone::Strong),
        piece(format!(" L{} ", group.layer.number()), Tone::Plain),
        piece(fit(word, 10), tone),
        piece(format!("{} ", fit(&next, 7)), Tone::Warn),
        piece(format!("{}  ", format::time_of_day(group.last_wall)), Tone::Dim),
    ];
    let (who, tone) = who(&group.care);
    if wide {
        pieces.push(piece(fit(&group.class.as_column().replace('_', " "), 15), Tone::Dim));
        pieces.push(piece(format!("{} ", fit(&who, 11)), tone));
    } else if !who.is_empty() {
        pieces.push(piece(format!("[{who}] "), tone));
    }
    pieces.push(piece(format!("{}: {}", clean(&group.code), clean(&group.message)), Tone::Plain));
    pieces
}

/// Who looks after a cause, in a word; one that came back after that says how often.
fn who(care: &Care) -> (String, Tone) {
    let user = |by: &str| clean(by.split('@').next().unwrap_or(by));
    let (word, tone) = match &care.acknowledged {
        Some(it) if it.stands() => (user(&it.by), Tone::Good),
        Some(it) => (format!("again x{}", format::short_count(it.failed_since)), Tone::Warn),
        None => (String::new(), Tone::Plain),
    };
    // A note is worth a mark, because it is told below the list only when its row is selected.
    let mark = if care.notes.is_empty() { "" } else { "+note" };
    let gap = if word.is_empty() || mark.is_empty() { "" } else { " " };
    (format!("{word}{gap}{mark}"), tone)
}

/// All that is known of a cause, the most useful first.
fn told(group: &ErrorGroup, model: &Model, width: usize) -> Vec<(String, Tone)> {
    let mut lines = Vec::new();
    let mut add = |text: &str, most: usize, tone: Tone| {
        let parts = wrap(&clean(text), width.saturating_sub(2));
        lines.extend(parts.into_iter().take(most).map(|part| (part, tone)));
    };
    add(&format!("{}: {}", group.code, group.message), 2, Tone::Strong);
    let next = group
        .next_retry
        .map_or_else(|| "none is planned".to_owned(), |at| due_text(model, model.viewed(), at));
    let class = group.class.as_column().replace('_', " ");
    let first = format::day_and_time(group.first_wall);
    add(&format!("{class}, since {first} UTC; next retry: {next}"), 1, Tone::Plain);
    if let Some(it) = &group.care.acknowledged {
        let note = it.note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
        let at = format::day_and_time(it.wall_at);
        let tone = if it.stands() { Tone::Good } else { Tone::Warn };
        add(&format!("{} ({at}){note}", it.told()), 1, tone);
    }
    for note in &group.care.notes {
        let at = format::day_and_time(note.wall_at);
        add(&format!("{at} {}: {}", note.by, note.text), 1, Tone::Plain);
    }
    lines
}

#[cfg(test)]
mod tests {
    use crate::app::query::Answer;
    use crate::tui::fixture;
    use crate::tui::view::tests::shown_errors;

    #[test]
    fn the_row_says_who_looks_after_a_cause_and_that_it_came_back() {
        for size in [(80, 24), (120, 36)] {
            let mut group = fixture::group(&[7, 8]);
            group.care = fixture::care(0);
            let kept = shown_errors(size, &Answer::ErrorGroups(vec![group.clone()]));
            let row = kept.lines().find(|line| line.contains("> ")).unwrap();
            assert!(row.contains("ann +note") && row.contains("rate_limited"), "{row}");
            assert!(kept.contains("ann@desk looks after it (11-23 11:04)"), "{kept}");
            assert!(kept.contains("bob@desk: the receiver's office opens at nine"), "{kept}");
            group.care = fixture::care(3);
            let back = shown_errors(size, &Answer::ErrorGroups(vec![group]));
            let row = back.lines().find(|line| line.contains("> ")).unwrap();
            assert!(row.contains("again x3"), "{row}");
            assert!(back.contains("failed x3 since ann@desk acknowledged it"), "{back}");
        }
    }
}
