//! Draws what has changed since a moment: what a shift is told when it takes over.

use ratatui::layout::Rect;

use super::list::{self, Words};
use crate::app::handover::{Change, ChangeKind};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::tui::format;
use crate::tui::listing::Listing;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Draws the list, the latest first.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    since: Moment,
    changes: &Listing<Change>,
) {
    let note = format!("since {} UTC, latest first ", format::day_and_time(since));
    let words = Words {
        heading: "WHEN         WORLD KIND      WHAT",
        empty: "nothing has changed since then: :changes 22:00 or :changes 2d looks further back",
        note: &note,
    };
    list::draw(canvas, area, model, changes, words, line);
}

fn line(change: &Change) -> Vec<Piece> {
    let tone = match change.kind {
        ChangeKind::Failure if change.open != Some(0) => Tone::Bad,
        ChangeKind::Failure | ChangeKind::Warning => Tone::Warn,
        ChangeKind::Command | ChangeKind::Setting => Tone::Strong,
        ChangeKind::Run => Tone::Plain,
    };
    let world = if change.mode == Mode::Live { "LIVE" } else { "dry" };
    let layer = change.layer.map_or_else(String::new, |layer| format!("L{} ", layer.number()));
    let times = if change.times > 1 { format!("x{} ", change.times) } else { String::new() };
    let who = change.who.as_ref().map_or_else(String::new, |who| format!("{}: ", clean(who)));
    vec![
        piece(format!("{}  ", format::day_and_time(change.wall_at)), Tone::Dim),
        piece(fit(world, 6), Tone::Plain),
        piece(fit(change.kind.word(), 10), tone),
        piece(format!("{layer}{times}"), Tone::Dim),
        piece(who, Tone::Strong),
        piece(clean(&change.text), Tone::Plain),
    ]
}
