//! Draws the history of runs.

use ratatui::layout::Rect;

use super::list::{self, Words};
use crate::app::snapshot::RunView;
use crate::tui::format;
use crate::tui::listing::Listing;
use crate::tui::model::Model;
use crate::tui::text::{clean, fit, fit_right};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Draws the list.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, runs: &Listing<RunView>) {
    let words = Words {
        heading: "RUN       WORLD   SCOPE      STATE             STARTED              TIME  OWNER",
        empty: "no run in this world yet: {run} runs a layer, {run-all} all of them",
        note: "newest first ",
    };
    list::draw(canvas, area, model, runs, words, |run| line(run, model));
}

fn line(run: &RunView, model: &Model) -> Vec<Piece> {
    let tone = if run.is_active() { Tone::Active } else { Tone::Plain };
    vec![
        piece(format!("{} ", fit(&format!("#{}", run.id), 9)), Tone::Strong),
        piece(fit(run.mode.badge(), 8), Tone::Plain),
        piece(format!("{} ", fit(&run.scope(), 10)), Tone::Plain),
        piece(fit(&run.state.as_column().replace('_', " "), 18), tone),
        piece(format::full_time(run.started_wall), Tone::Dim),
        piece(fit_right(&format::duration(run.elapsed_ms(model.now)), 6), Tone::Plain),
        piece(format!("  {}", clean(run.owner.as_deref().unwrap_or(format::UNKNOWN))), Tone::Dim),
    ]
}
