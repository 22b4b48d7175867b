//! Finds what lies under the pointer, from the frame as it is drawn: so it is right for every screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::{draw, layout};
use crate::tui::model::Model;
use crate::tui::screen::{Pane, Screen};
use crate::tui::theme::{Depth, Palette, Theme};

const PLAIN: Theme =
    Theme { depth: Depth::Mono, palette: Palette::Safe, ascii: true, synchronized: false };

/// Returns the pane of the overview at a place.
pub fn pane_at(model: &Model, x: u16, y: u16) -> Option<Pane> {
    let Screen::Overview { pane, .. } = model.screen() else { return None };
    let whole = Rect::new(0, 0, model.size.0, model.size.1);
    let parts = layout::frame(whole, model.snapshot().demo.is_some());
    let panes = layout::overview(parts.body, *pane);
    let areas = [
        (panes.layers, Pane::Layers),
        (panes.containers, Pane::Containers),
        (panes.containers_line, Pane::Containers),
        (panes.phi, Pane::Phi),
        (panes.events, Pane::Events),
    ];
    let at = (x, y).into();
    areas.into_iter().find(|(area, _)| area.is_some_and(|area| area.contains(at))).map(|it| it.1)
}

/// Returns how many rows below the selected one a place lies, if both are rows of one list: between
/// them no line is empty or a rule.
pub fn rows_to(model: &Model, x: u16, y: u16) -> Option<isize> {
    let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    draw(model, PLAIN, &mut buffer);
    let is_selected = |x: u16, y: u16| {
        let cell = buffer.cell((x, y));
        cell.is_some_and(|cell| cell.modifier.contains(Modifier::REVERSED))
    };
    // The header's badge is reversed too, and is no row.
    let whole = Rect::new(0, 0, model.size.0, model.size.1);
    let body = layout::frame(whole, model.snapshot().demo.is_some()).body;
    let selected = (body.top()..body.bottom()).find(|&row| is_selected(x, row))?;
    let is_row = |row: u16| {
        let text: String = (1..model.size.0.saturating_sub(1))
            .filter_map(|x| buffer.cell((x, row)))
            .map(|cell| cell.symbol().to_owned())
            .collect();
        let text = text.trim();
        !text.is_empty() && !text.chars().all(|c| matches!(c, '-' | '=' | '+' | '|' | '#' | ' '))
    };
    let (first, last) = (selected.min(y), selected.max(y));
    (first..=last)
        .all(is_row)
        .then(|| isize::try_from(i32::from(y) - i32::from(selected)).unwrap_or(0))
}
