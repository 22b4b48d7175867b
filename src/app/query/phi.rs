//! Defines Φ_sync as a tree down to the rows behind every figure.

use serde::{Deserialize, Serialize};

use crate::app::snapshot::PhiView;
use crate::domain::layer::{Container, Layer};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// Φ_sync as a tree: every figure leads to the rows behind it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhiExplained {
    /// The world it is of.
    pub mode: Mode,
    /// The value and its band.
    pub phi: PhiView,
    /// Σ weight · health, before coupling.
    pub weighted: Option<f64>,
    /// The containers.
    pub containers: Vec<ContainerExplained>,
}

/// One container down to its counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContainerExplained {
    /// Which.
    pub container: Container,
    /// Its share.
    pub weight: f64,
    /// Its health.
    pub health: Option<f64>,
    /// Start of the recent window, on the mode's clock.
    pub window_start: Option<Moment>,
    /// End of it: its latest ended unit.
    pub window_end: Option<Moment>,
    /// Whether that is more than two windows ago.
    pub stale: bool,
    /// Conversion before the division by its target.
    pub conversion: Ratio,
    /// What conversion is divided by.
    pub conversion_target: f64,
    /// Efficiency, layer by layer.
    pub efficiency: Vec<LayerRatio>,
    /// Error rate, layer by layer.
    pub error_rate: Vec<LayerRatio>,
    /// Units done per hour in the recent window.
    pub throughput_per_h: Option<f64>,
}

/// A ratio and the rows it counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// What is counted above and below, in words: `booked ÷ concluded`.
    pub of: String,
    /// Above.
    pub numerator: u64,
    /// Below.
    pub denominator: u64,
    /// The rows: `units 12..418`, `prospects 3..77`.
    pub rows: Option<String>,
}

impl Ratio {
    /// Returns the quotient; `None` over nothing.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^52")]
    pub fn value(&self) -> Option<f64> {
        (self.denominator > 0).then(|| self.numerator as f64 / self.denominator as f64)
    }
}

/// A ratio of one layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerRatio {
    /// Which layer.
    pub layer: Layer,
    /// Its ratio.
    pub ratio: Ratio,
}
