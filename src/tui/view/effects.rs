//! Draws what was done outside: each act with its key and what is known of it.

use ratatui::layout::Rect;

use super::list::{self, Words};
use crate::app::query::EffectRow;
use crate::domain::lifecycle::effect::EffectState;
use crate::tui::format;
use crate::tui::listing::Listing;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Draws the list.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    effects: &Listing<EffectRow>,
) {
    let words = Words {
        heading: "STATE      SENT          KEY       L  ACTION             WHAT",
        empty: "nothing was done outside in this world",
        note: "newest first ",
    };
    list::draw(canvas, area, model, effects, words, line);
}

/// One effect; the first digits of its key are enough to tell it from its neighbours.
fn line(effect: &EffectRow) -> Vec<Piece> {
    vec![
        piece(fit(effect.word(), 11), tone(effect.state)),
        piece(format!("{}   ", format::day_and_time(effect.sent_at)), Tone::Dim),
        piece(format!("{}  ", effect.key.0.chars().take(8).collect::<String>()), Tone::Dim),
        piece(format!("L{} ", effect.layer.number()), Tone::Plain),
        piece(format!("{} ", fit(&effect.action.as_column().replace('_', " "), 18)), Tone::Plain),
        piece(clean(&effect.summary), Tone::Plain),
    ]
}

/// The tone of what is known.
pub(super) const fn tone(state: EffectState) -> Tone {
    match state {
        EffectState::Confirmed => Tone::Good,
        EffectState::Sending => Tone::Active,
        EffectState::Rejected => Tone::Warn,
        EffectState::Unknown => Tone::Bad,
    }
}
