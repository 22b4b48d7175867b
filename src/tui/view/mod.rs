//! Draws the model: pure functions from what is known to cells, one file per screen or part.
//!
//! A view takes shared references and a canvas, so a draw can change nothing, ask nothing and wait
//! for nothing. What it shows comes from the snapshot or from an answer that already arrived.

mod card;
mod changes;
mod containers;
mod demo;
mod dialogs;
mod effects;
mod errors;
mod events;
mod explain;
mod footer;
mod header;
mod help;
mod hit;
mod layer;
mod layers;
mod layout;
mod list;
mod logs;
mod mode;
mod page;
mod palette;
mod phi;
mod proposals;
mod records;
mod run;
mod runs;
mod system;
mod tasks;
#[cfg(test)]
pub(super) mod tests;
mod units;
mod why;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub use hit::{pane_at, rows_to};

use super::model::Model;
use super::screen::{Overlay, Pane, Screen};
use super::theme::{Theme, Tone};
use super::widgets::canvas::Canvas;
use crate::domain::mode::Mode;

/// Draws a whole frame into an empty buffer.
pub fn draw(model: &Model, theme: Theme, buffer: &mut Buffer) -> Option<usize> {
    let area = buffer.area;
    let mut canvas = Canvas { buffer, theme, keys: &model.keys, page_end: None };
    let parts = layout::frame(area, model.snapshot().demo.is_some());
    header::draw(&mut canvas, parts.header, model);
    if parts.too_small {
        too_small(&mut canvas, parts.body);
    } else {
        screen(&mut canvas, parts.body, model);
        if let Some(narration) = &model.snapshot().demo {
            demo::draw(&mut canvas, parts.demo, narration);
        }
        footer::draw(&mut canvas, parts.footer, model);
        overlay(&mut canvas, parts.footer, model);
    }
    if theme.ascii {
        canvas.to_ascii();
    }
    canvas.page_end
}

/// Whether the lines of this frame are those of the real world.
fn is_live(model: &Model) -> bool {
    model.viewed() == Mode::Live
}

fn too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let whole = canvas.buffer.area;
    let (need_w, need_h) = layout::LEAST;
    canvas.text(area, 0, &format!("need {need_w}x{need_h}"), Tone::Strong);
    canvas.text(area, 1, &format!("have {}x{}", whole.width, whole.height), Tone::Plain);
    canvas.text(area, 2, "the machine goes on", Tone::Dim);
}

fn screen(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    match model.screen() {
        Screen::Overview { pane, layer, container } => {
            overview(canvas, area, model, *pane, [*layer, *container]);
        }
        Screen::Layer { layer, units } => layer::draw(canvas, area, model, *layer, units),
        Screen::Errors { groups, .. } => errors::draw(canvas, area, model, groups),
        Screen::Card(card) => card::draw(canvas, area, model, card),
        Screen::Explain { scroll, tree } => explain::draw(canvas, area, model, *scroll, tree),
        Screen::Why(page) => why::draw(canvas, area, model, page.scroll, &page.why),
        Screen::Tasks(tasks) => tasks::draw(canvas, area, model, tasks),
        Screen::Task(page) => tasks::draw_page(canvas, area, model, page),
        Screen::Proposals(proposals) => proposals::draw(canvas, area, model, proposals),
        Screen::Queue(units) => units::draw(canvas, area, model, units),
        Screen::Runs(runs) => runs::draw(canvas, area, model, runs),
        Screen::Changes { since, rows } => changes::draw(canvas, area, model, *since, rows),
        Screen::Events => events::draw(canvas, area, model, true),
        Screen::Page(page) => page::draw(canvas, area, model, page),
        Screen::System(page) => system::draw(canvas, area, model, page),
    }
}

/// Draws the panes that have room; `selected` are the rows of layers and containers.
fn overview(canvas: &mut Canvas<'_>, area: Rect, model: &Model, focus: Pane, selected: [usize; 2]) {
    let panes = layout::overview(area, focus);
    if let Some(tabs) = panes.tabs {
        let pieces: Vec<_> = Pane::ALL
            .iter()
            .map(|&pane| {
                let mark = if pane == focus { "*" } else { " " };
                let tone = if pane == focus { Tone::Strong } else { Tone::Dim };
                (format!("{mark}{}  ", pane.title()), tone)
            })
            .collect();
        canvas.line(tabs, 0, &pieces);
    }
    if let Some(area) = panes.layers {
        layers::draw(canvas, area, model, selected[0], focus == Pane::Layers);
    }
    if let Some(area) = panes.containers {
        containers::draw(canvas, area, model, selected[1], focus == Pane::Containers);
    }
    if let Some(area) = panes.containers_line {
        containers::draw_line(canvas, area, model, focus);
    }
    if let Some(area) = panes.phi {
        phi::draw(canvas, area, model, focus == Pane::Phi);
    }
    if let Some(area) = panes.events {
        events::draw(canvas, area, model, focus == Pane::Events);
    }
}

fn overlay(canvas: &mut Canvas<'_>, footer: Rect, model: &Model) {
    match &model.overlay {
        None => {}
        Some(Overlay::Help(page)) => help::draw(canvas, model, page),
        Some(Overlay::Palette { input, .. }) => palette::draw(canvas, footer, model, input),
        Some(Overlay::Filter { input, .. }) => palette::draw_filter(canvas, footer, model, input),
        Some(Overlay::Confirm(confirm)) => dialogs::confirm(canvas, model, confirm),
        Some(Overlay::Mode(dialog)) => mode::draw(canvas, model, dialog),
        Some(Overlay::Quit) => dialogs::quit(canvas, model),
        Some(Overlay::Suspend) => dialogs::suspend(canvas, model),
    }
}
