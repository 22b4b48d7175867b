//! Draws Φ_sync as a tree down to counts and rows, so that nobody has to believe the figure.

use ratatui::layout::Rect;

use super::list;
use crate::app::query::{ContainerExplained, LayerRatio, PhiExplained, Ratio};
use crate::domain::layer::{Container, Layer};
use crate::tui::format;
use crate::tui::listing::Loaded;
use crate::tui::model::Model;
use crate::tui::text::clean;
use crate::tui::theme::Tone;
use crate::tui::widgets::canvas::{Canvas, Piece, piece};

/// Draws the page.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    area: Rect,
    model: &Model,
    scroll: usize,
    tree: &Loaded<PhiExplained>,
) {
    let inner = list::page(
        canvas,
        area,
        model,
        &model.keys.spell("{why} why it changed  cep phi --explain prints this"),
    );
    let Some(explained) = &tree.value else {
        let text = list::unready(tree).unwrap_or_default();
        canvas.text(inner, 0, &text, Tone::Warn);
        return;
    };
    let lines = lines(explained, canvas.glyphs().phi, model);
    canvas.page(inner, &lines, scroll);
}

type Lines = Vec<Vec<Piece>>;

fn lines(explained: &PhiExplained, sign: &str, model: &Model) -> Lines {
    let phi = &explained.phi;
    let mut lines = vec![vec![
        piece(format!(" {sign}_sync = (sum of weight x health) x coupling = "), Tone::Plain),
        piece(phi.value.map_or_else(|| "unknown".to_owned(), |v| format!("{v:.4}")), Tone::Strong),
        piece(format!("  {}", phi.band.as_deref().unwrap_or("")), Tone::Strong),
    ]];
    lines.push(vec![piece(
        format!(
            "   weighted {}   coupling {}   world {}",
            four(explained.weighted),
            four(phi.coupling),
            explained.mode.badge()
        ),
        Tone::Plain,
    )]);
    for flag in &phi.red_flags {
        lines.push(vec![piece(format!("   ! {}", clean(flag)), Tone::Warn)]);
    }
    if !phi.parts.is_empty() {
        let plus = |(container, part): &(Container, f64)| format!("{} {part:.4}", container.name());
        let parts: Vec<_> = phi.parts.iter().map(plus).collect();
        lines.push(vec![piece(format!("   = {}", parts.join(" + ")), Tone::Plain)]);
    }
    if !phi.lost.is_empty() {
        let minus = |(layer, by): &(Layer, f64)| format!("L{} {by:.4}", layer.number());
        let lost: Vec<_> = phi.lost.iter().map(minus).collect();
        let text = format!("   held down by failures and units not clean: {}", lost.join(", "));
        lines.push(vec![piece(text, Tone::Plain)]);
    }
    for container in &explained.containers {
        lines.push(Vec::new());
        container_lines(&mut lines, container, model);
    }
    lines
}

/// One container's part of it.
pub(super) fn of_container(explained: &PhiExplained, wanted: Container, model: &Model) -> Lines {
    let mut lines = Lines::new();
    for container in explained.containers.iter().filter(|it| it.container == wanted) {
        container_lines(&mut lines, container, model);
    }
    if lines.is_empty() {
        lines.push(vec![piece(" nothing is known of it in this world yet", Tone::Dim)]);
    }
    let value = four(explained.phi.value);
    let coupling = four(explained.phi.coupling);
    let text = format!(" whole machine: {value}, coupling {coupling} ({})", explained.mode.badge());
    lines.push(Vec::new());
    lines.push(vec![piece(text, Tone::Plain)]);
    lines
}

fn four(value: Option<f64>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.4}"))
}

fn container_lines(lines: &mut Lines, container: &ContainerExplained, model: &Model) {
    lines.push(vec![
        piece(format!(" {}", container.container.name()), Tone::Strong),
        piece(format!("  weight {:.2}  health ", container.weight), Tone::Plain),
        piece(four(container.health), Tone::Strong),
    ]);
    lines.push(vec![piece(
        format!(
            "   = (conversion {} + efficiency {}) / 2 - error rate {}",
            four(conversion(container)),
            four(mean(&container.efficiency)),
            four(mean(&container.error_rate))
        ),
        Tone::Plain,
    )]);
    lines.push(vec![piece(window(container, model), Tone::Dim)]);
    ratio_line(lines, "conversion", &container.conversion);
    lines.push(vec![piece(
        format!("      divided by its target {:.2}, at most 1", container.conversion_target),
        Tone::Dim,
    )]);
    for (name, ratios) in
        [("efficiency", &container.efficiency), ("error rate", &container.error_rate)]
    {
        for LayerRatio { layer, ratio } in ratios {
            ratio_line(lines, &format!("{name} L{}", layer.number()), ratio);
        }
    }
    if let Some(rate) = container.throughput_per_h {
        lines.push(vec![piece(
            format!("   throughput    {rate:.1} units done per hour"),
            Tone::Dim,
        )]);
    }
}

fn window(container: &ContainerExplained, model: &Model) -> String {
    match (container.window_start, container.window_end) {
        (Some(start), Some(end)) => format!(
            "   window {} to {}{}",
            format::full_time(start),
            format::full_time(end),
            if container.stale { ", STALE" } else { "" }
        ),
        _ => format!("   nothing has ended yet in {}", model.viewed().badge()),
    }
}

fn ratio_line(lines: &mut Lines, name: &str, ratio: &Ratio) {
    let rows = ratio.rows.as_ref().map_or_else(String::new, |rows| format!("  {}", clean(rows)));
    lines.push(vec![
        piece(format!("   {name:<14}"), Tone::Plain),
        piece(format!("{:>8}  ", four(ratio.value())), Tone::Strong),
        piece(
            format!(
                "{} / {}  {}",
                format::count(ratio.numerator),
                format::count(ratio.denominator),
                clean(&ratio.of)
            ),
            Tone::Plain,
        ),
        piece(rows, Tone::Dim),
    ]);
}

/// Conversion as it enters health: over its target, at most one.
fn conversion(container: &ContainerExplained) -> Option<f64> {
    container.conversion.value().map(|value| (value / container.conversion_target).min(1.0))
}

/// The plain mean over the layers that have anything to count.
#[expect(clippy::cast_precision_loss, reason = "at most four layers")]
fn mean(ratios: &[LayerRatio]) -> Option<f64> {
    let known: Vec<f64> = ratios.iter().filter_map(|layer| layer.ratio.value()).collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}
