//! Draws the stream of events. One stands on an event, never on a row, so new ones do not push
//! the reader away.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::list;
use crate::domain::event::Level;
use crate::tui::format;
use crate::tui::keymap::Action;
use crate::tui::model::Model;
use crate::tui::screen::{Pane, Screen};
use crate::tui::stream::{Row, Window};
use crate::tui::text::{clean, fit};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};
use crate::tui::widgets::pane::{self, Border};
use crate::tui::widgets::window;

/// From this inner width on, times have seconds and layers have names.
const ROOMY: u16 = 100;

/// Draws the pane or the full screen.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, focused: bool) {
    let rows = model.event_rows();
    let full = matches!(model.screen(), Screen::Events);
    let crumbs = list::breadcrumb(canvas, model);
    let title = if full { &crumbs } else { Pane::Events.title() };
    let note = note(model);
    let live = super::is_live(model);
    let inner = pane::draw(canvas, area, &Border { title, note: &note, focused, live });
    if full {
        windows(canvas, area, model);
    }
    if rows.is_empty() {
        canvas.hint(inner, &nothing(model), Tone::Dim);
        return;
    }
    let height = usize::from(inner.height);
    let cursor = model.events.cursor(&rows);
    let first = window::first_row(cursor, rows.len(), height);
    let roomy = inner.width >= ROOMY;
    let fold = model.keys.key_of(Action::Fold);
    for (index, row) in rows.iter().skip(first).take(height).enumerate() {
        let Ok(y) = u16::try_from(index) else { break };
        let here = focused && first + index == cursor;
        canvas.line(inner, y, &line(row, roomy, here, &fold));
        if here && model.events.anchor.is_some() {
            canvas.select(inner, y);
        }
    }
}

/// Why no event is shown. How far back it was looked is part of the answer.
fn nothing(model: &Model) -> String {
    let snapshot = model.snapshot();
    if model.events.is_reading() {
        return "reading ...".to_owned();
    }
    if snapshot.events.is_empty() && model.events.filter.is_open() {
        return "nothing has happened in this world yet: {run} runs a layer, {run-all} all of them"
            .to_owned();
    }
    let so_far = model.events.looked_to().filter(|_| !model.events_are_whole());
    let so_far = so_far.map_or_else(String::new, |to| {
        format!(" back to event {}, {{up}} looks further", format::count(to.0.unsigned_abs()))
    });
    format!("no event passes the filter{so_far}: {{filter}} changes it, {{tail}} shows all times")
}

/// Follow or stand, how many came since, the window, the filter.
fn note(model: &Model) -> String {
    let events = &model.events;
    let filter = events.filter.describe();
    let filter = if filter.is_empty() { String::new() } else { format!("/{} ", clean(&filter)) };
    let fault = events.filter.fault().map_or("", |_| "(unread) ");
    let since = events.since.map_or_else(String::new, |since| {
        format!("{} since {} ", since.label, format::time_of_day(since.from))
    });
    let newer = model.newer_events();
    let state = if events.anchor.is_some() {
        let key = model.keys.key_of(Action::Follow);
        format!("STANDING, {} new ({key} follows)", newer.words())
    } else if model.is_frozen() {
        let key = model.keys.key_of(Action::Freeze);
        format!("FROZEN, {} new ({key} shows)", newer.words())
    } else {
        "FOLLOW".to_owned()
    };
    let reading = if events.is_reading() { "reading " } else { "" };
    let count = format::count(model.shown_events().len() as u64);
    let more = if model.events_are_whole() { "" } else { "+" };
    format!("{reading}{filter}{fault}{since}{state} {count}{more}")
}

/// The keys of the windows, on the lower border where there is room.
fn windows(canvas: &mut Canvas<'_>, area: Rect, model: &Model) {
    let of = [
        (Window::Tail, "tail"),
        (Window::Head, "head"),
        (Window::Minute, "1m"),
        (Window::Minutes5, "5m"),
        (Window::Minutes15, "15m"),
        (Window::Minutes30, "30m"),
        (Window::Hour, "1h"),
    ];
    let keys = of.map(|(key, name)| format!("{} {name}", model.keys.key_of(Action::Window(key))));
    let text = format!(" {} ", keys.join("  "));
    if area.height > 2 && text.width() + 4 <= usize::from(area.width) {
        let style = canvas.theme.style(Tone::Dim);
        canvas.buffer.set_string(area.x + 2, area.bottom() - 1, text, style);
    }
}

fn line(row: &Row<'_>, roomy: bool, here: bool, fold: &str) -> Vec<Piece> {
    let event = row.event;
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
    let mut pieces = vec![
        piece(if here { ">" } else { " " }, Tone::Strong),
        piece(format!("{at} "), Tone::Dim),
        piece(format!("{word} "), tone),
        piece(format!("{layer} "), Tone::Dim),
    ];
    if row.n > 1 {
        let keys = if here { format!(" ({fold} shows them)") } else { String::new() };
        pieces.push(piece(format!("x{} similar{keys}: ", row.n), Tone::Strong));
    } else if row.inside {
        pieces.push(piece("| ", Tone::Dim));
    }
    pieces.push(piece(clean(&event.text), text_tone));
    pieces
}
