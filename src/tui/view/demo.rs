//! Draws what the demo tells: two lines above the footer, the story and its keys.

use ratatui::layout::Rect;

use crate::app::snapshot::DemoNarration;
use crate::tui::text::{clean, cut};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, piece};

/// Draws the strip.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, demo: &DemoNarration) {
    let place = format!(" DEMO {}/{} ", demo.stage, demo.stages);
    let room = usize::from(area.width).saturating_sub(place.len() + 1);
    canvas.line(
        area,
        0,
        &[piece(&place, Tone::Active), piece(cut(&clean(&demo.text), room), Tone::Strong)],
    );
    if demo.ended {
        canvas.text(area, 1, " the path is walked: P explains the figure, q leaves", Tone::Plain);
        return;
    }
    let pace = if demo.paused { "PAUSED".to_owned() } else { format!("{}x", demo.speed) };
    let pause = if demo.paused { "go on" } else { "pause" };
    canvas.line(
        area,
        1,
        &[
            piece(format!(" {pace:<7}"), if demo.paused { Tone::Warn } else { Tone::Plain }),
            piece(format!("Space {pause}  n step  + faster  s skip  i inject a fault"), Tone::Dim),
        ],
    );
}
