//! Draws lists: breadcrumb and counts on the border, a heading, rows, and honest empty states.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::tui::listing::{Listing, Loaded, Searchable};
use crate::tui::model::Model;
use crate::tui::screen::{LIST_LIMIT, Screen};
use crate::tui::text::clean;
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};
use crate::tui::widgets::pane::{self, Border};
use crate::tui::widgets::window;

/// What a list says besides its rows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    /// Above the columns.
    pub(super) heading: &'a str,
    /// When there is nothing, and that is a fact.
    pub(super) empty: &'a str,
    /// On the right of the border, before the count.
    pub(super) note: &'a str,
}

/// The way here, as the title of a full screen. On a long way the first steps give room: where one
/// is matters more than where one came from.
pub(super) fn breadcrumb(canvas: &Canvas<'_>, model: &Model) -> String {
    let apart = format!(" {} ", canvas.glyphs().crumb);
    let room = usize::from(canvas.buffer.area.width / 2);
    let mut crumbs: Vec<_> = model.screens().iter().map(Screen::crumb).collect();
    while crumbs.len() > 2 && crumbs.join(&apart).width() > room {
        crumbs.remove(0);
        "..".clone_into(&mut crumbs[0]);
    }
    crumbs.join(&apart)
}

/// Draws the border of a full screen and returns what is inside.
pub(super) fn page(canvas: &mut Canvas<'_>, area: Rect, model: &Model, note: &str) -> Rect {
    let title = breadcrumb(canvas, model);
    let live = super::is_live(model);
    pane::draw(canvas, area, &Border { title: &title, note, focused: true, live })
}

/// Draws a list into an area without a border.
pub(super) fn rows<T: Searchable>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    listing: &Listing<T>,
    words: Words<'_>,
    line: impl Fn(&T) -> Vec<Piece>,
) {
    if let Some(text) = unready(&listing.rows) {
        canvas.text(area, 0, &text, Tone::Warn);
        return;
    }
    let shown = listing.shown();
    if shown.is_empty() {
        let filtered = !listing.filter.is_empty();
        let hint =
            if filtered { "no row passes the filter: {filter} changes it" } else { words.empty };
        canvas.hint(area, hint, Tone::Dim);
        return;
    }
    canvas.text(area, 0, &format!("  {}", words.heading), Tone::Dim);
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let cursor = listing.cursor.min(shown.len() - 1);
    let height = usize::from(body.height);
    let first = window::first_row(cursor, shown.len(), height);
    for (index, row) in shown.iter().skip(first).take(height).enumerate() {
        let Ok(y) = u16::try_from(index) else { break };
        let here = first + index == cursor;
        let mut pieces = vec![piece(if here { "> " } else { "  " }, Tone::Strong)];
        pieces.extend(line(row));
        canvas.line(body, y, &pieces);
        if here {
            canvas.select(body, y);
        }
    }
}

/// Draws a list as a full screen.
pub(super) fn draw<T: Searchable>(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    listing: &Listing<T>,
    words: Words<'_>,
    line: impl Fn(&T) -> Vec<Piece>,
) {
    let total = listing.rows.value.as_ref().map_or(0, Vec::len);
    let filter = clean(&listing.filter);
    let count = if filter.is_empty() {
        let more = if total >= LIST_LIMIT as usize { "+" } else { "" };
        format!("{}{total}{more}", words.note)
    } else {
        format!("{}/{filter} {} of {total}", words.note, listing.shown().len())
    };
    let inner = page(canvas, area, model, &count);
    rows(canvas, inner, listing, words, line);
}

/// Says why there is nothing to show yet, if so. An error is never an empty list.
pub(super) fn unready<T>(loaded: &Loaded<T>) -> Option<String> {
    match (&loaded.error, &loaded.value) {
        (Some(error), None) => Some(format!(" could not be read: {}", clean(error))),
        (None, None) => Some(" reading ...".to_owned()),
        (_, Some(_)) => None,
    }
}
