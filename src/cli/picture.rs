//! Shows the machine as headless JSON and as text: run, layers, containers, Φ_sync.
//!
//! The JSON is the contract with scripts; its keys are only ever added to.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::table::Table;
use crate::app::layer_state::LayerState;
use crate::app::snapshot::{ContainerRow, LayerRow, Snapshot};
use crate::domain::layer::{Container, Layer};
use crate::domain::mode::Mode;
use crate::tui::format::{self, UNKNOWN};

/// Returns the machine as JSON.
pub(super) fn json(snapshot: &Snapshot) -> Value {
    json!({
        "mode": snapshot.mode,
        "run_id": snapshot.run.as_ref().map(|run| run.id),
        "run_state": snapshot.run.as_ref().map(|run| run.state),
        "dry_time": snapshot.dry_clock.now.to_string(),
        "database": snapshot.system.db_path,
        "worlds": snapshot.worlds,
        "layers": snapshot.layers.iter().map(layer_json).collect::<Vec<_>>(),
        "phi": phi_json(snapshot),
        "backup": snapshot.system.backup,
        "restore": snapshot.system.restore,
    })
}

fn layer_json(row: &LayerRow) -> Value {
    json!({
        "layer": row.layer.number(),
        "name": row.layer.name(),
        "container": row.layer.container().map_or("all", Container::as_column),
        "state": LayerState::of(row).word(),
        "units": row.units,
        "attempts": row.attempts,
        "effects": row.effects,
        "duration_ms": row.duration_ms,
        "next_retry": row.next_retry,
        "last_error": row.last_error,
    })
}

/// Returns Φ_sync as JSON.
pub(super) fn phi_json(snapshot: &Snapshot) -> Value {
    json!({
        "value": snapshot.phi.value,
        "band": snapshot.phi.band,
        "coupling": snapshot.phi.coupling,
        "containers_known": snapshot.phi.containers_known,
        "red_flags": snapshot.phi.red_flags,
        "containers": snapshot.containers.iter().map(container_json).collect::<Vec<_>>(),
    })
}

fn container_json(row: &ContainerRow) -> Value {
    json!({
        "name": row.container.as_column(),
        "weight": row.weight,
        "health": row.health,
        "conversion": row.conversion.value,
        "efficiency": row.efficiency.value,
        "error_rate": row.error_rate.value,
        "throughput_per_h": row.throughput_per_h.value,
        "n": {
            "conversion": row.conversion.n,
            "efficiency": row.efficiency.n,
            "error_rate": row.error_rate.n,
        },
        "window_end": row.window_end.map(|end| end.to_string()),
        "stale": row.stale,
    })
}

/// Returns the machine as text of at most 80 columns.
pub(super) fn text(snapshot: &Snapshot) -> String {
    [heading(snapshot), layers(snapshot), containers(snapshot), phi(snapshot)].join("\n")
}

fn heading(snapshot: &Snapshot) -> String {
    let clock = &snapshot.dry_clock;
    let time = match snapshot.mode {
        Mode::Dry => format::dry_time(clock, clock.now),
        Mode::Live => format::full_time(snapshot.wall_at),
    };
    let mut text = format!("{} · {time}", snapshot.mode.badge());
    if let Some(run) = &snapshot.run {
        let state = run.state.as_column().replace('_', " ");
        let elapsed = format::duration(run.elapsed_ms(snapshot.wall_at));
        let _ = write!(text, " · run {} ({}) {state}, {elapsed}", run.id, run.scope());
    }
    text.push('\n');
    for (mode, counts) in [("dry ", &snapshot.worlds.dry), ("live", &snapshot.worlds.live)] {
        let _ = writeln!(
            text,
            "{mode}  failed {}  held {}  unknown effects {}  due {}  planned {}  \
             retrying {}  waiting {}",
            counts.failed,
            counts.held,
            counts.unknown,
            counts.due,
            counts.planned,
            counts.retrying,
            counts.waiting
        );
    }
    text
}

/// Returns the nine layers as a table.
pub(super) fn layers(snapshot: &Snapshot) -> String {
    let effects = match snapshot.mode {
        Mode::Dry => ">simulated",
        Mode::Live => ">confirmed",
    };
    let mut table = Table::new(&[
        "layer",
        "state",
        ">done",
        ">dead",
        ">held",
        ">skip",
        ">left",
        ">tries/bad",
        effects,
    ]);
    for row in &snapshot.layers {
        let (units, effects) = (&row.units, &row.effects);
        let left = units.total() - units.ended() - units.held;
        let sent = (effects.confirmed + effects.simulated).to_string();
        table.row(&[
            format!("{} {}", row.layer.number(), row.layer.name()),
            LayerState::of(row).word().to_owned(),
            units.done.to_string(),
            units.dead.to_string(),
            units.held.to_string(),
            units.skipped.to_string(),
            left.to_string(),
            format!("{}/{}", row.attempts.ok + row.attempts.failed, row.attempts.failed),
            if effects.unknown > 0 { format!("{sent}+{}?", effects.unknown) } else { sent },
        ]);
    }
    table.text(super::render::COLUMNS)
}

/// Returns the containers as a table.
pub(super) fn containers(snapshot: &Snapshot) -> String {
    let mut table = Table::new(&[
        "container",
        ">weight",
        ">health",
        ">conversion",
        ">n",
        ">efficiency",
        ">errors",
        ">done/h",
    ]);
    for row in &snapshot.containers {
        table.row(&[
            format!("{}{}", row.container.name(), if row.stale { " (stale)" } else { "" }),
            format!("{:.2}", row.weight),
            figure(row.health, 4),
            figure(row.conversion.value, 4),
            row.conversion.n.to_string(),
            figure(row.efficiency.value, 4),
            figure(row.error_rate.value, 4),
            figure(row.throughput_per_h.value, 1),
        ]);
    }
    table.text(super::render::COLUMNS)
}

/// Returns Φ_sync in a line, and what is wrong with it in a line each.
pub(super) fn phi(snapshot: &Snapshot) -> String {
    let phi = &snapshot.phi;
    let mut text = match (phi.value, &phi.band) {
        (Some(value), Some(band)) => {
            format!("Φ_sync {value:.4}  {band}  (coupling {})\n", figure(phi.coupling, 4))
        }
        _ => format!("Φ_sync {UNKNOWN}, {} of 3 containers\n", phi.containers_known),
    };
    for flag in &phi.red_flags {
        let _ = writeln!(text, "! {flag}");
    }
    text
}

/// Returns a figure, or the mark for unknown.
pub(super) fn figure(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{value:.digits$}"))
}

/// Returns a layer the way lists name it.
pub(super) fn layer_tag(layer: Layer) -> String {
    format!("L{}", layer.number())
}
