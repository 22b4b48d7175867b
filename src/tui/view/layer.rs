//! Draws one layer: its counts, its trouble, and its units that have not ended well.

use ratatui::layout::Rect;

use super::list::{self, Words};
use super::{layers, units};
use crate::app::layer_state::LayerState;
use crate::app::query::UnitRow;
use crate::app::snapshot::LayerRow;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::tui::format;
use crate::tui::keymap::{Action, Destination, Keymap};
use crate::tui::listing::Listing;
use crate::tui::model::Model;
use crate::tui::text::clean;
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// How many lines stand above the units.
const SUMMARY_HEIGHT: u16 = 6;

/// Draws the page.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    layer: Layer,
    listing: &Listing<UnitRow>,
) {
    let note = layer.container().map_or("all containers", |container| container.name());
    let inner = list::page(canvas, area, model, note);
    if let Some(row) = model.snapshot().layers.iter().find(|row| row.layer == layer) {
        summary(canvas, inner, model, row);
    }
    let below = Rect {
        y: inner.y + SUMMARY_HEIGHT.min(inner.height),
        height: inner.height.saturating_sub(SUMMARY_HEIGHT),
        ..inner
    };
    let words = Words {
        heading: units::HEADING,
        empty: "every unit of this layer has ended: done or skipped by a rule",
        note: "",
    };
    list::rows(canvas, below, listing, words, |unit| units::line(unit, model));
}

fn summary(canvas: &mut Canvas<'_>, area: Rect, model: &Model, row: &LayerRow) {
    let state = LayerState::of(row);
    let mut first = vec![
        piece(format!(" {} ", state.word()), layers::tone(state)),
        piece(format!(" time {}", format::duration(row.duration_ms.cast_signed())), Tone::Dim),
    ];
    if let Some(at) = row.last_ended_wall {
        first.push(piece(format!("  last ended {}", format::full_time(at)), Tone::Dim));
    }
    if let Some(reason) = &row.paused {
        first.push(piece(format!("  paused: {}", clean(reason)), Tone::Warn));
    }
    canvas.line(area, 0, &first);
    canvas.line(area, 1, &unit_counts(row, canvas.keys));
    let (attempts, effects) = (row.attempts, row.effects);
    canvas.line(
        area,
        2,
        &[
            piece(format!(" attempts  ok {}  failed ", format::count(attempts.ok)), Tone::Plain),
            piece(format::count(attempts.failed), alarm(attempts.failed, Tone::Warn)),
            piece(
                format!(
                    "   effects  confirmed {}  simulated {}  unknown ",
                    format::count(effects.confirmed),
                    format::count(effects.simulated)
                ),
                Tone::Plain,
            ),
            piece(format::count(effects.unknown), alarm(effects.unknown, Tone::Bad)),
        ],
    );
    canvas.line(area, 3, &next_line(row, model));
    if let Some(error) = &row.last_error {
        let key = canvas.keys.key_of(Action::Go(Destination::Errors));
        canvas.text(area, 4, &format!(" last error: {} ({key})", clean(error)), Tone::Warn);
    }
}

const fn alarm(n: u64, tone: Tone) -> Tone {
    if n == 0 { Tone::Plain } else { tone }
}

/// Every state with a count, in the order of the lifecycle.
fn unit_counts(row: &LayerRow, keys: &Keymap) -> Vec<Piece> {
    let mut pieces = vec![piece(" units ", Tone::Plain)];
    for state in UnitState::ALL {
        let n = row.units.of(state);
        if n > 0 {
            let word = state.as_column().replace('_', " ");
            pieces.push(piece(format!(" {word} {}", format::count(n)), units::tone(state)));
        }
    }
    if row.units.total() == 0 {
        pieces.push(piece(keys.spell(" none yet: {run} runs this layer"), Tone::Dim));
    }
    pieces
}

fn next_line(row: &LayerRow, model: &Model) -> Vec<Piece> {
    let (word, due) = match (&row.next_retry, &row.next_planned) {
        (Some(due), _) => ("retry", due),
        (None, Some(due)) => ("planned", due),
        (None, None) => return vec![piece(" nothing is planned", Tone::Dim)],
    };
    vec![
        piece(format!(" next {word}: "), Tone::Plain),
        piece(super::card::due_text(model, model.viewed(), due.run_at), Tone::Warn),
        piece(
            format!("  try {} of {}  {}", due.tries + 1, due.tries_max, clean(&due.why)),
            Tone::Dim,
        ),
    ]
}
