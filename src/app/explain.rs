//! Shows Φ_sync: the short view of a screen, and the tree down to counts and rows.

use super::query::{ContainerExplained, LayerRatio, PhiExplained, Ratio};
use super::snapshot::{ContainerRow, Figure, PhiPoint, PhiView};
use crate::domain::mode::Mode;
use crate::domain::phi::{ContainerPhi, Phi, Tally, conversion_target, recent_window_ms};
use crate::domain::time::Moment;

/// Returns the short view, with the stored values as its trend.
pub(super) fn view(phi: &Phi, trend: Vec<(Moment, Option<f64>)>) -> PhiView {
    PhiView {
        value: phi.value,
        band: phi.band().map(|band| band.name().to_owned()),
        coupling: phi.coupling,
        containers_known: phi.containers_known(),
        red_flags: phi.red_flags().iter().map(ToString::to_string).collect(),
        trend: trend.into_iter().map(|(at, value)| PhiPoint { at, value }).collect(),
        parts: phi.parts(),
        lost: phi.lost().into_iter().map(|lost| (lost.layer, lost.by)).collect(),
    }
}

/// Returns a container's row on the overview.
pub(super) fn container_row(one: &ContainerPhi, now: Moment) -> ContainerRow {
    let inputs = &one.inputs;
    let (_, due) = inputs.conversion_counts();
    let done = inputs.layers.iter().map(|layer| layer.done).sum();
    ContainerRow {
        container: inputs.container,
        weight: one.weight,
        health: one.health,
        conversion: Figure { value: one.conversion, n: due },
        efficiency: Figure { value: one.efficiency, n: inputs.units_n() },
        error_rate: Figure { value: one.error_rate, n: inputs.attempts_n() },
        throughput_per_h: Figure { value: one.throughput_per_h, n: done },
        window_end: inputs.window_end,
        stale: one.is_stale(now),
    }
}

/// Returns the tree.
pub(super) fn tree(phi: &Phi, mode: Mode, view: PhiView, now: Moment) -> PhiExplained {
    PhiExplained {
        mode,
        phi: view,
        weighted: phi.weighted,
        containers: phi.containers.iter().map(|one| branch(one, now)).collect(),
    }
}

fn branch(one: &ContainerPhi, now: Moment) -> ContainerExplained {
    let inputs = &one.inputs;
    let ratios = |pick: fn(&crate::domain::phi::LayerInputs) -> Tally| {
        inputs
            .layers
            .iter()
            .map(|layer| LayerRatio { layer: layer.layer, ratio: ratio(&[pick(layer)]) })
            .collect()
    };
    ContainerExplained {
        container: inputs.container,
        weight: one.weight,
        health: one.health,
        window_start: inputs.window_end.map(|end| end.plus_ms(-recent_window_ms(inputs.container))),
        window_end: inputs.window_end,
        stale: one.is_stale(now),
        conversion: ratio(&inputs.conversion),
        conversion_target: conversion_target(inputs.container),
        efficiency: ratios(|layer| layer.units),
        error_rate: ratios(|layer| layer.attempts),
        throughput_per_h: one.throughput_per_h,
    }
}

/// Returns counts of rows of one or several tables as one ratio.
pub(super) fn ratio(tallies: &[Tally]) -> Ratio {
    let of: Vec<_> = tallies.iter().map(|tally| tally.of).collect();
    let rows: Vec<_> = tallies
        .iter()
        .filter_map(|tally| {
            let ids = tally.ids?;
            Some(format!("{} {}..{}", tally.table, ids.first, ids.last))
        })
        .collect();
    Ratio {
        of: of.join(" + "),
        numerator: tallies.iter().map(|tally| tally.hits).sum(),
        denominator: tallies.iter().map(|tally| tally.n).sum(),
        rows: (!rows.is_empty()).then(|| rows.join(", ")),
    }
}
