//! Writes Φ_sync as a tree down to counts and rows, so that nobody has to believe the figure.

use std::fmt::Write as _;

use super::picture::{figure, layer_tag};
use crate::app::query::{ContainerExplained, LayerRatio, PhiExplained, Ratio};
use crate::tui::format::full_time;

/// Returns the tree as text of at most 80 columns.
pub(super) fn text(tree: &PhiExplained) -> String {
    let phi = &tree.phi;
    let mut text = format!(
        "Φ_sync {} = weighted {} × coupling {}   {}\n",
        phi.value.map_or_else(|| "unknown".to_owned(), |value| format!("{value:.4}")),
        figure(tree.weighted, 4),
        figure(phi.coupling, 4),
        phi.band.as_deref().unwrap_or("not all containers are known"),
    );
    for flag in &phi.red_flags {
        let _ = writeln!(text, "  ! {flag}");
    }
    for container in &tree.containers {
        text.push('\n');
        text.push_str(&branch(container));
    }
    text
}

fn branch(one: &ContainerExplained) -> String {
    let conversion = one.conversion.value().map(|value| (value / one.conversion_target).min(1.0));
    let mut text = format!(
        "{}  weight {:.2}  health {}\n  = (conversion {} + efficiency {}) / 2 − error rate {}\n",
        one.container.name(),
        one.weight,
        figure(one.health, 4),
        figure(conversion, 4),
        figure(mean(&one.efficiency), 4),
        figure(mean(&one.error_rate), 4),
    );
    let _ = match (one.window_start, one.window_end) {
        (Some(start), Some(end)) => writeln!(
            text,
            "  window {} to {}{}",
            full_time(start),
            full_time(end),
            if one.stale { ", stale" } else { "" }
        ),
        _ => writeln!(text, "  nothing has ended yet"),
    };
    ratio(&mut text, "conversion", &one.conversion);
    let _ = writeln!(text, "    ÷ target {:.2}, at most 1", one.conversion_target);
    for (name, ratios) in [("efficiency", &one.efficiency), ("error rate", &one.error_rate)] {
        for LayerRatio { layer, ratio: of_layer } in ratios {
            ratio(&mut text, &format!("{name} {}", layer_tag(*layer)), of_layer);
        }
    }
    if let Some(rate) = one.throughput_per_h {
        let _ = writeln!(text, "  throughput      {rate:.1} units done per hour (not in Φ_sync)");
    }
    text
}

fn ratio(text: &mut String, name: &str, ratio: &Ratio) {
    let _ = writeln!(
        text,
        "  {name:<14} {:>8}  {}/{}  {}",
        figure(ratio.value(), 4),
        ratio.numerator,
        ratio.denominator,
        ratio.of,
    );
    if let Some(rows) = &ratio.rows {
        let _ = writeln!(text, "                 from {rows}");
    }
}

/// The plain mean over the layers that have any rows, as in the container's figure.
fn mean(ratios: &[LayerRatio]) -> Option<f64> {
    let values: Vec<f64> = ratios.iter().filter_map(|one| one.ratio.value()).collect();
    #[expect(clippy::cast_precision_loss, reason = "a container has at most nine layers")]
    let n = values.len() as f64;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / n)
}
