//! Draws the stream of events. One stands on an event, never on a row, so new ones do not push
//! the reader away.

use ratatui::layout::Rect;

use crate::domain::event::{Event, Level};
use crate::tui::format;
use crate::tui::keymap::Action;
use crate::tui::model::Model;
use crate::tui::screen::{Pane, Screen};
use crate::tui::text::{clean, fit};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};
use crate::tui::widgets::pane::{self, Border};
use crate::tui::widgets::window;

/// From this inner width on, times have seconds and layers have names.
const ROOMY: u16 = 100;

/// Draws the pane or the full screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, focused: bool) {
    let shown = model.shown_events();
    let at = model
        .events
        .anchor
        .map(|anchor| shown.iter().rposition(|event| event.id <= anchor).unwrap_or_default());
    let note = note(model, at, shown.len());
    let full = matches!(model.screen(), Screen::Events);
    let title = if full { "Overview > Events" } else { Pane::Events.title() };
    let live = super::is_live(model);
    let inner = pane::draw(canvas, area, &Border { title, note: &note, focused, live });
    if shown.is_empty() {
        let text = if model.snapshot().events.is_empty() {
            " nothing has happened in this world yet: {run} runs a layer, {run-all} all of them"
        } else {
            " no event passes the filter: {filter} changes it"
        };
        canvas.hint(inner, 0, text, Tone::Dim);
        return;
    }
    let height = usize::from(inner.height);
    let cursor = at.unwrap_or(shown.len() - 1);
    let first = window::first_row(cursor, shown.len(), height);
    let roomy = inner.width >= ROOMY;
    for (row, event) in shown.iter().skip(first).take(height).enumerate() {
        let Ok(y) = u16::try_from(row) else { break };
        let here = focused && first + row == cursor;
        canvas.line(inner, y, &line(event, roomy, here));
        if here && at.is_some() {
            canvas.select(inner, y);
        }
    }
}

/// Follow or stand, how many came since, the filter.
fn note(model: &Model, at: Option<usize>, shown: usize) -> String {
    let filter = model.events.filter.describe();
    let filter = if filter.is_empty() { String::new() } else { format!("/{} ", clean(&filter)) };
    let state = match at {
        None => "FOLLOW".to_owned(),
        Some(at) => {
            let newer = shown.saturating_sub(at + 1);
            format!("STANDING, {newer} newer ({} follows)", model.keys.key_of(Action::Follow))
        }
    };
    format!("{filter}{state} {}", format::count(shown as u64))
}

fn line(event: &Event, roomy: bool, here: bool) -> Vec<Piece> {
    let (word, tone) = match event.level {
        Level::Info => ("info ", Tone::Dim),
        Level::Warn => ("WARN ", Tone::Warn),
        Level::Error => ("ERROR", Tone::Bad),
    };
    let at = format::time_of_day(event.wall_at);
    let at = if roomy { at.as_str() } else { &at[3..] };
    let layer = match event.layer {
        None if roomy => fit("", 20),
        None => fit("", 2),
        Some(layer) if roomy => fit(&format!("L{} {}", layer.number(), layer.name()), 20),
        Some(layer) => format!("L{}", layer.number()),
    };
    let text_tone = if event.level == Level::Info { Tone::Plain } else { tone };
    vec![
        piece(if here { ">" } else { " " }, Tone::Strong),
        piece(format!("{at} "), Tone::Dim),
        piece(format!("{word} "), tone),
        piece(format!("{layer} "), Tone::Dim),
        piece(clean(&event.text), text_tone),
    ]
}
