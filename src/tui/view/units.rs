//! Draws units in lists: what each is, where it is, why, and when it goes on.

use ratatui::layout::Rect;

use super::list::{self, Words};
use super::page;
use crate::app::query::UnitRow;
use crate::domain::lifecycle::unit::UnitState;
use crate::tui::format;
use crate::tui::listing::Listing;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit, fit_right};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// The heading of a list of units.
pub(super) const HEADING: &str = "STATE      TRIES  NEXT    UNIT                           WHY";

/// The heading of the queue's first columns.
const QUEUE: &str = "STATE      TRIES  DUE                 LEFT   ";

/// Draws the retry queue.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, units: &Listing<UnitRow>) {
    // On a narrow screen the reason is worth more than the end of the label.
    let label = if area.width < 100 { 14 } else { 26 };
    let heading = format!("{QUEUE}{}WHY THEN", fit("UNIT", label + 4));
    let words =
        Words { heading: &heading, empty: "nothing waits for a time", note: "the next first " };
    list::draw(canvas, area, model, units, words, |row| queued(row, model, label));
}

/// One unit that waits for a time: which, how often it was tried, when it goes on and why then, or
/// who works it.
fn queued(row: &UnitRow, model: &Model, label: usize) -> Vec<Piece> {
    let tone = tone(row.state);
    let (at, left) = match row.run_at.filter(|_| has_time(row.state)) {
        Some(at) => (page::at(model, at), format!("in {}", format::left(model.left_ms(at)))),
        None => (String::new(), "now".to_owned()),
    };
    let why = match (&row.worker, row.state) {
        (Some(worker), UnitState::Leased) => format!("worked by {worker}"),
        (None, UnitState::Leased) => "claimed".to_owned(),
        _ => row.why.clone().or_else(|| row.last_error.clone()).unwrap_or_default(),
    };
    vec![
        piece(fit(&row.state.as_column().replace('_', " "), 11), tone),
        piece(fit_right(&format!("{}/{}", row.tries, row.tries_max), 5), Tone::Dim),
        piece(format!("  {} {} ", fit(&at, 19), fit(&left, 6)), tone),
        piece(format!("L{} {} ", row.layer.number(), fit(&clean(&row.label), label)), Tone::Plain),
        piece(clean(&why), tone),
    ]
}

/// One unit.
pub(super) fn line(row: &UnitRow, model: &Model) -> Vec<Piece> {
    let tone = tone(row.state);
    let next = row
        .run_at
        .filter(|_| has_time(row.state))
        .map_or_else(String::new, |at| format!("in {}", format::left(model.left_ms(at))));
    let label = clean(&row.label);
    vec![
        piece(fit(&row.state.as_column().replace('_', " "), 11), tone),
        piece(fit_right(&format!("{}/{}", row.tries, row.tries_max), 5), Tone::Dim),
        piece(format!("  {} ", fit(&next, 7)), tone),
        piece(format!("L{} {} ", row.layer.number(), fit(&label, 28)), Tone::Plain),
        piece(why(row), tone),
    ]
}

/// The cause in the row: nobody should have to open a card to see it.
fn why(row: &UnitRow) -> String {
    let blocked = row.blocked_on.as_ref().map(|on| format!("after {on}"));
    let cause = match row.state {
        UnitState::Blocked => blocked,
        UnitState::Dead | UnitState::RetryWait | UnitState::Held => {
            row.last_error.clone().or_else(|| row.why.clone())
        }
        UnitState::Scheduled
        | UnitState::Ready
        | UnitState::Leased
        | UnitState::Waiting
        | UnitState::Done
        | UnitState::Skipped
        | UnitState::Cancelled => row.why.clone(),
    };
    clean(&cause.unwrap_or_default())
}

const fn has_time(state: UnitState) -> bool {
    matches!(state, UnitState::RetryWait | UnitState::Scheduled | UnitState::Ready)
}

/// The tone of a unit's state.
pub(super) const fn tone(state: UnitState) -> Tone {
    match state {
        UnitState::Dead => Tone::Bad,
        UnitState::Held | UnitState::RetryWait => Tone::Warn,
        UnitState::Leased => Tone::Active,
        UnitState::Done => Tone::Good,
        UnitState::Ready | UnitState::Waiting => Tone::Plain,
        UnitState::Blocked | UnitState::Scheduled | UnitState::Skipped | UnitState::Cancelled => {
            Tone::Dim
        }
    }
}
