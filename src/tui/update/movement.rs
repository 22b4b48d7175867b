//! Moves cursors, panes and scroll positions.

use super::super::keymap::Motion;
use super::super::listing::{Listing, Loaded};
use super::super::model::Model;
use super::super::screen::{Pane, Screen};
use super::{pages, stream};
use crate::app::query::ErrorGroup;
use crate::domain::layer::Container;

/// Gives the focus to another pane.
pub(super) fn focus(model: &mut Model, to: impl Fn(Pane) -> Pane) {
    if let Screen::Overview { pane, .. } = model.screen_mut() {
        *pane = to(*pane);
    }
}

/// Shows the card of the unit `by` further in its list, around the end.
pub(super) fn step_card(model: &mut Model, by: isize) {
    if let Screen::Card(card) = model.screen_mut()
        && card.units.len() > 1
    {
        let next = card.index.cast_signed() + by;
        card.index = next.rem_euclid(card.units.len().cast_signed()).cast_unsigned();
        card.scroll = 0;
        card.detail = Loaded::default();
        card.done = None;
    }
}

/// Moves within the rows of whatever has the focus.
pub(super) fn travel(model: &mut Model, motion: Motion) {
    if stream::is_looked_at(model) {
        return stream::travel(model, motion);
    }
    let page_height = usize::from(model.size.1 / 2).max(1);
    let layers = model.snapshot().layers.len();
    // Only the view knows where a page ends, once it was drawn.
    let page_rows = model.page_end.map_or(usize::MAX, |end| end + 1);
    let (cursor, rows) = match model.screen_mut() {
        Screen::Overview { pane: Pane::Containers, container, .. } => {
            (container, Container::ALL.len())
        }
        Screen::Overview { layer, .. } => (layer, layers),
        Screen::Layer { units, .. } | Screen::Queue(units) => {
            let rows = units.shown().len();
            (&mut units.cursor, rows)
        }
        Screen::Errors { groups, .. } => {
            let rows = groups.shown().len();
            (&mut groups.cursor, rows)
        }
        Screen::Page(page) => return pages::travel(page, motion, page_rows, page_height),
        Screen::Runs(runs) => {
            let rows = runs.shown().len();
            (&mut runs.cursor, rows)
        }
        Screen::Changes { rows: changes, .. } => {
            let rows = changes.shown().len();
            (&mut changes.cursor, rows)
        }
        Screen::Tasks(tasks) => {
            let rows = tasks.shown().len();
            (&mut tasks.cursor, rows)
        }
        Screen::Proposals(proposals) => {
            let rows = proposals.shown().len();
            (&mut proposals.cursor, rows)
        }
        Screen::Card(card) => (&mut card.scroll, page_rows),
        Screen::Task(page) => (&mut page.scroll, page_rows),
        Screen::Explain { scroll, .. } => (scroll, page_rows),
        Screen::Why(page) => (&mut page.scroll, page_rows),
        Screen::System(page) => (&mut page.scroll, page_rows),
        Screen::Events => return,
    };
    *cursor = target(motion, *cursor, rows, page_height);
}

/// Returns where `motion` leads from `at` among `rows` rows.
pub(super) fn target(motion: Motion, at: usize, rows: usize, page: usize) -> usize {
    let last = rows.saturating_sub(1);
    match motion {
        Motion::Down => at.saturating_add(1).min(last),
        Motion::Up => at.min(last).saturating_sub(1),
        Motion::Top => 0,
        Motion::Bottom => last,
        Motion::HalfDown => at.saturating_add(page).min(last),
        Motion::HalfUp => at.min(last).saturating_sub(page),
    }
}

/// Keeps the selection on the same cause when the groups under it change their order.
pub(super) fn keep_on(groups: &mut Listing<ErrorGroup>, fingerprint: &str) {
    let found = groups.shown().iter().position(|group| group.fingerprint == fingerprint);
    if let Some(index) = found {
        groups.cursor = index;
    }
}
