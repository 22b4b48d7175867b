//! Derives Φ_sync, the coherence of the machine, from counts of rows.
//!
//! Nothing here adds to Φ_sync and nothing stores a value it did not compute: `Phi::of` is a pure
//! function of counts, each of which names the rows it counts, so anybody can recompute it from the
//! database. An unknown figure stays unknown; it is never 0 and never 1.
//!
//! ```text
//! Φ_sync   = (Σ weight · health) × coupling
//! coupling = 1 − 1.5 · population variance of the healths
//! health   = clamp((conversion + efficiency) / 2 − error rate, 0, 1)
//! ```

mod band;
mod flag;
mod inputs;
mod why;

use serde::Serialize;

pub use band::Band;
pub use flag::RedFlag;
pub use inputs::{ContainerInputs, IdRange, LayerInputs, Tally};
pub use why::{ContainerPart, Lost, Why, in_steps};

use super::layer::Container;
use super::time::{DAY_MS, HOUR_MS, Moment};

/// How strongly uneven healths pull Φ_sync down. Three healths in 0–1 have a variance of at most
/// 2/9, so coupling is at least 2/3; and 1.5 is the largest round factor with which raising any
/// health does not lower Φ_sync. With equal weights that would be exact; with 0.33, 0.34 and 0.33
/// there is a dip below [`DIP_MAX`] where one container is near 1 and another at 0. With 4 it is large.
pub const VARIANCE_FACTOR: f64 = 1.5;

/// How much Φ_sync may fall at most when a health rises: less than its fourth decimal shows.
pub const DIP_MAX: f64 = 1e-5;

/// The span over which conversion is measured. A prospect needs up to ten days and an onboarding
/// fourteen, so four weeks would mostly see the ends of things.
pub const CONVERSION_WINDOW_MS: i64 = 56 * DAY_MS;

/// A container is stale when its latest ended unit is older than this many of its windows.
const STALE_AFTER_WINDOWS: i64 = 2;

/// The share of Φ_sync that a container has; the three add up to 1.
pub const fn weight(container: Container) -> f64 {
    match container {
        Container::Sales | Container::Finance => 0.33,
        Container::Operations => 0.34,
    }
}

/// The timescale of a container, over which error rate, efficiency and throughput are measured.
pub const fn recent_window_ms(container: Container) -> i64 {
    match container {
        Container::Operations => 24 * HOUR_MS,
        Container::Sales => 7 * DAY_MS,
        Container::Finance => 28 * DAY_MS,
    }
}

/// The conversion that counts as 1. One booked call for ten concluded contacts is a good Sales
/// team; a task or an invoice that has fallen due has to be done.
pub const fn conversion_target(container: Container) -> f64 {
    match container {
        Container::Sales => 0.10,
        Container::Operations | Container::Finance => 1.0,
    }
}

/// One container with its figures and everything they rest on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContainerPhi {
    /// Counts of rows.
    pub inputs: ContainerInputs,
    /// Its share in Φ_sync.
    pub weight: f64,
    /// Achieved ÷ target, at most 1.
    pub conversion: Option<f64>,
    /// Mean over its layers of units done without failure or help ÷ units ended.
    pub efficiency: Option<f64>,
    /// Mean over its layers of attempts that failed ÷ attempts that count.
    pub error_rate: Option<f64>,
    /// Units done per hour of the recent window; shown, not in Φ_sync.
    pub throughput_per_h: Option<f64>,
    /// `None` as soon as one of the three figures is.
    pub health: Option<f64>,
}

impl ContainerPhi {
    fn of(inputs: ContainerInputs) -> Self {
        let conversion = inputs.conversion();
        let efficiency = inputs.efficiency();
        let error_rate = inputs.error_rate();
        let health = match (conversion, efficiency, error_rate) {
            (Some(conversion), Some(efficiency), Some(error_rate)) => {
                Some((f64::midpoint(conversion, efficiency) - error_rate).clamp(0.0, 1.0))
            }
            _ => None,
        };
        Self {
            weight: weight(inputs.container),
            throughput_per_h: inputs.throughput_per_h(),
            inputs,
            conversion,
            efficiency,
            error_rate,
            health,
        }
    }

    /// Whether its latest ended unit is more than two windows before `now`.
    pub fn is_stale(&self, now: Moment) -> bool {
        let limit_ms = STALE_AFTER_WINDOWS * recent_window_ms(self.inputs.container);
        self.inputs.window_end.is_some_and(|end| now.since(end) > limit_ms)
    }
}

/// Φ_sync with everything it rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Phi {
    /// The three containers, in pipeline order.
    pub containers: Vec<ContainerPhi>,
    /// Σ weight · health; `None` when a container is unknown.
    pub weighted: Option<f64>,
    /// How even the healths are, 2/3 to 1; `None` when a container is unknown.
    pub coupling: Option<f64>,
    /// The product of both.
    pub value: Option<f64>,
}

impl Phi {
    /// Computes Φ_sync from the counts of the containers.
    pub fn of(inputs: Vec<ContainerInputs>) -> Self {
        let containers: Vec<_> = inputs.into_iter().map(ContainerPhi::of).collect();
        let healths: Option<Vec<f64>> = containers.iter().map(|one| one.health).collect();
        let known = healths.filter(|healths| healths.len() == Container::ALL.len());
        let coupling = known.as_deref().map(coupling);
        let weighted = known.map(|healths| {
            containers.iter().zip(healths).map(|(one, health)| one.weight * health).sum::<f64>()
        });
        let value = weighted.zip(coupling).map(|(weighted, coupling)| weighted * coupling);
        Self { containers, weighted, coupling, value }
    }

    /// Returns the highest band that the value has reached.
    pub fn band(&self) -> Option<Band> {
        self.value.map(Band::of)
    }

    /// Returns how many containers are known.
    pub fn containers_known(&self) -> u8 {
        self.containers.iter().map(|one| u8::from(one.health.is_some())).sum()
    }

    /// Returns what is wrong, each with its figure.
    pub fn red_flags(&self) -> Vec<RedFlag> {
        flag::raised(self)
    }
}

/// Returns 1 − 1.5 · population variance.
#[expect(clippy::cast_precision_loss, reason = "three healths")]
fn coupling(healths: &[f64]) -> f64 {
    let n = healths.len() as f64;
    let mean = healths.iter().sum::<f64>() / n;
    let variance = healths.iter().map(|health| (health - mean).powi(2)).sum::<f64>() / n;
    1.0 - VARIANCE_FACTOR * variance
}

#[cfg(test)]
mod tests;
