//! Draws the gauge of Φ_sync: the value, the bands it has yet to reach, its course, its flags.

use ratatui::layout::Rect;

use crate::app::snapshot::{PhiView, Snapshot};
use crate::domain::layer::{Container, Layer};
use crate::tui::format;
use crate::tui::model::Model;
use crate::tui::text::{clean, cut};
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, piece};
use crate::tui::widgets::gauge;
use crate::tui::widgets::pane::{self, Border};

/// The lower ends of the bands, marked on the gauge.
const BANDS: [f64; 6] = [0.30, 0.65, 0.70, 0.80, 0.88, 0.95];

/// Rows from which the parts have their place.
pub(super) const ROOMY: u16 = 7;

/// How many layers are named that hold the figure down.
const LOST_MAX: usize = 4;

/// Draws the pane.
pub(super) fn draw(canvas: &mut Canvas<'_>, area: Rect, model: &Model, focused: bool) {
    let snapshot = model.snapshot();
    let phi = &snapshot.phi;
    let title = format!("3 {}_sync", canvas.glyphs().phi);
    let note = if focused { "Enter explains" } else { "" };
    let live = super::is_live(model);
    let border = Border { title: &title, note, focused, live };
    let inner = pane::draw(canvas, area, &border);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let width = usize::from(inner.width);

    value_line(canvas, inner, phi);
    let bar = gauge::bar(canvas.glyphs(), phi.value, width.saturating_sub(2), &BANDS);
    let tone = if phi.red_flags.is_empty() { Tone::Good } else { Tone::Warn };
    canvas.line(inner, 1, &[piece("[", Tone::Dim), piece(bar, tone), piece("]", Tone::Dim)]);
    canvas.text(inner, 2, &scale(width), Tone::Dim);
    trend_line(canvas, inner, phi);
    let first = part_lines(canvas, inner, phi);
    flag_lines(canvas, inner, snapshot, first);
}

fn value_line(canvas: &mut Canvas<'_>, area: Rect, phi: &PhiView) {
    let pieces = match phi.value {
        Some(value) => vec![
            piece(format!("{value:.4}"), Tone::Strong),
            piece(format!("  {}", phi.band.as_deref().unwrap_or("below baseline")), Tone::Strong),
            piece(format!("  coupling {}", format::share(phi.coupling)), Tone::Dim),
        ],
        None => vec![piece(
            format!("{}, {} of 3 containers known", canvas.glyphs().none, phi.containers_known),
            Tone::Plain,
        )],
    };
    canvas.line(area, 0, &pieces);
}

/// The bands' figures under their marks; one that would touch its neighbour is left out.
fn scale(width: usize) -> String {
    let mut line = String::new();
    for band in BANDS {
        let label = format!(".{:02.0}", band * 100.0);
        let bar =
            gauge::bar(crate::tui::theme::PLAIN_BAR, Some(band), width.saturating_sub(2), &[]);
        let at = 1 + bar.chars().filter(|&c| c == '#').count();
        if at > line.len() || line.is_empty() {
            line.push_str(&" ".repeat(at.saturating_sub(line.len())));
            line.push_str(&label);
        }
    }
    cut(&line, width)
}

fn trend_line(canvas: &mut Canvas<'_>, area: Rect, phi: &PhiView) {
    let values: Vec<_> = phi.trend.iter().map(|point| point.value).collect();
    let least = values.iter().flatten().copied().reduce(f64::min);
    let text = match least {
        None => "trend: nothing stored yet".to_owned(),
        Some(least) => {
            let room = usize::from(area.width).saturating_sub("trend  min 0.00".len());
            format!("trend {} min {least:.2}", gauge::course(canvas.glyphs(), &values, room))
        }
    };
    canvas.text(area, 3, &text, Tone::Plain);
}

/// What each container adds, and which layers hold the figure down most; returns the row after.
fn part_lines(canvas: &mut Canvas<'_>, area: Rect, phi: &PhiView) -> u16 {
    // Where there is no room for them as well as for a flag, the flag is worth more.
    if area.height < ROOMY || phi.parts.is_empty() {
        return 4;
    }
    // Hundredths as in the scale above, so that three containers fit beside each other.
    let plus = |(container, part): &(Container, f64)| {
        let figure = format!("{part:.2}");
        format!("{} {}", container.name(), figure.strip_prefix('0').unwrap_or(&figure))
    };
    let parts: Vec<_> = phi.parts.iter().map(plus).collect();
    canvas.text(area, 4, &cut(&parts.join(" + "), usize::from(area.width)), Tone::Plain);
    let minus = |(layer, by): &(Layer, f64)| format!("L{} -{by:.3}", layer.number());
    let lost: Vec<_> = phi.lost.iter().take(LOST_MAX).map(minus).collect();
    let text = if lost.is_empty() {
        "no layer holds it down".to_owned()
    } else {
        format!("held down by {}", lost.join(", "))
    };
    canvas.text(area, 5, &cut(&text, usize::from(area.width)), Tone::Plain);
    6
}

/// What is wrong, or the container that holds the figure down most.
fn flag_lines(canvas: &mut Canvas<'_>, area: Rect, snapshot: &Snapshot, first: u16) {
    let flags = &snapshot.phi.red_flags;
    if flags.is_empty() {
        let lowest = snapshot
            .containers
            .iter()
            .filter_map(|row| row.health.map(|health| (row.container, health)))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let text = lowest.map_or_else(String::new, |(container, health)| {
            format!("lowest is {} {health:.2}", container.name())
        });
        canvas.text(area, first, &text, Tone::Dim);
        return;
    }
    let room = area.height.saturating_sub(first);
    for (index, flag) in flags.iter().take(usize::from(room)).enumerate() {
        let row = first + u16::try_from(index).unwrap_or(0);
        let hidden = flags.len().saturating_sub(usize::from(room));
        let more = index + 1 == usize::from(room) && hidden > 0;
        let text = if more {
            format!("! {} (+{hidden})", clean(flag))
        } else {
            format!("! {}", clean(flag))
        };
        canvas.text(area, row, &text, Tone::Warn);
    }
}
