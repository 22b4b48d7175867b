//! Draws the three containers with the figures that make up their health.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::app::snapshot::{ContainerRow, Snapshot};
use crate::domain::layer::Container;
use crate::tui::format;
use crate::tui::model::Model;
use crate::tui::screen::Pane;
use crate::tui::text::{fit, fit_right};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};
use crate::tui::widgets::pane::{self, Border};

/// An error rate above this is a red flag (Finance: half of it).
const ERROR_FLAG: f64 = 0.10;

/// Health below this is drawn as a warning: the least Φ_sync that raises no flag.
const HEALTH_WARN: f64 = 0.85;

/// Draws the pane.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    selected: usize,
    focused: bool,
) {
    let stale = model.snapshot().containers.iter().filter(|row| row.stale).count();
    let note = if stale > 0 { format!("{stale} stale") } else { String::new() };
    let live = super::is_live(model);
    let border = Border { title: Pane::Containers.title(), note: &note, focused, live };
    let inner = pane::draw(canvas, area, &border);
    canvas.text(inner, 0, "  NAME      HEALTH  CONV   EFF   ERR     /h", Tone::Dim);
    let roomy = inner.height > 2 * 3;
    let mut y = 1;
    for (index, row) in model.snapshot().containers.iter().enumerate() {
        let here = focused && index == selected;
        canvas.line(inner, y, &line(row, here));
        if here {
            canvas.select(inner, y);
        }
        y += 1;
        if roomy {
            canvas.text(inner, y, &basis(row), Tone::Dim);
            y += 1;
        }
    }
}

fn line(row: &ContainerRow, selected: bool) -> Vec<Piece> {
    let name = format!("{}{}", row.container.name(), if row.stale { "*" } else { "" });
    vec![
        piece(if selected { "> " } else { "  " }, Tone::Strong),
        piece(fit(&name, 10), Tone::Plain),
        piece(fit_right(&format::share(row.health), 6), health_tone(row)),
        piece(fit_right(&format::share(row.conversion.value), 6), Tone::Plain),
        piece(fit_right(&format::share(row.efficiency.value), 6), Tone::Plain),
        piece(fit_right(&format::percent(row.error_rate), 6), error_tone(row)),
        piece(fit_right(&format::rate(row.throughput_per_h), 7), Tone::Plain),
    ]
}

/// What the figures rest on.
fn basis(row: &ContainerRow) -> String {
    format!(
        "    n {} converted, {} ended, {} tries; weight {:.2}{}",
        format::count(row.conversion.n),
        format::count(row.efficiency.n),
        format::count(row.error_rate.n),
        row.weight,
        if row.stale { "; STALE" } else { "" },
    )
}

fn health_tone(row: &ContainerRow) -> Tone {
    match row.health {
        None => Tone::Dim,
        Some(health) if health < HEALTH_WARN => Tone::Warn,
        Some(_) => Tone::Good,
    }
}

fn error_tone(row: &ContainerRow) -> Tone {
    let limit = match row.container {
        Container::Finance => ERROR_FLAG / 2.0,
        Container::Sales | Container::Operations => ERROR_FLAG,
    };
    if row.error_rate.value.is_some_and(|rate| rate > limit) { Tone::Bad } else { Tone::Plain }
}

/// Draws containers and Φ_sync in one line, for a screen without room for their panes.
pub(super) fn draw_line(canvas: &mut Canvas<'_>, area: Rect, model: &Model, focus: Pane) {
    let snapshot = model.snapshot();
    let dot = format!(" {} ", canvas.glyphs().dot);
    let mut pieces = vec![piece(" ", Tone::Plain)];
    for row in &snapshot.containers {
        pieces.push(piece(format!("{} ", row.container.name()), Tone::Plain));
        pieces.push(piece(format::share(row.health), health_tone(row)));
        pieces.push(piece(&dot, Tone::Dim));
    }
    pieces.push(phi(canvas, snapshot));
    let more = format!("{dot}Tab for more");
    let used: usize = pieces.iter().map(|(text, _)| text.width()).sum();
    if focus == Pane::Layers && used + more.width() <= usize::from(area.width) {
        pieces.push(piece(more, Tone::Dim));
    }
    canvas.line(area, 0, &pieces);
}

fn phi(canvas: &Canvas<'_>, snapshot: &Snapshot) -> Piece {
    let (sign, phi) = (canvas.glyphs().phi, &snapshot.phi);
    match (phi.value, &phi.band) {
        (Some(value), Some(band)) => piece(format!("{sign} {value:.2} {band}"), Tone::Strong),
        (Some(value), None) => piece(format!("{sign} {value:.2}"), Tone::Strong),
        (None, _) => piece(
            format!("{sign} {}, {} of 3", canvas.glyphs().none, phi.containers_known),
            Tone::Plain,
        ),
    }
}
