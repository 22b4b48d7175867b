//! Defines why Φ_sync changed between two moments, down to the rows.

use serde::{Deserialize, Serialize};

use super::Ratio;
use crate::domain::layer::{Container, Layer};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// The change of Φ_sync between two moments. Each `part` is what its figure is behind, and all parts
/// add up to `delta`; they are `None` when Φ_sync is unknown at either moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhiWhy {
    /// The world it is of.
    pub mode: Mode,
    /// How it was.
    pub before: PhiAt,
    /// How it is, or was later.
    pub after: PhiAt,
    /// The value after less the value before.
    pub delta: Option<f64>,
    /// The part of the coupling: how even the containers are.
    pub coupling_part: Option<f64>,
    /// The containers.
    pub containers: Vec<ContainerWhy>,
    /// Red flags that came.
    pub flags_come: Vec<String>,
    /// Red flags that went.
    pub flags_gone: Vec<String>,
    /// What was stored at or before the first moment, to hold against what the rows say of it.
    pub stored: Option<StoredPhi>,
}

/// Φ_sync at a moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhiAt {
    /// When, on the world's clock.
    pub at: Moment,
    /// The value; `None` when a container is unknown.
    pub value: Option<f64>,
    /// The name of its band.
    pub band: Option<String>,
    /// How even the containers are.
    pub coupling: Option<f64>,
    /// Σ weight · health.
    pub weighted: Option<f64>,
}

/// A stored value, and what the rows of today say of the same moment. They differ when units that had
/// ended by then were taken up again since.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredPhi {
    /// When it was stored, on the world's clock.
    pub at: Moment,
    /// What was stored.
    pub value: Option<f64>,
    /// What the rows say now.
    pub recomputed: Option<f64>,
}

/// One container's part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContainerWhy {
    /// Which.
    pub container: Container,
    /// Its health before and after.
    pub health: [Option<f64>; 2],
    /// Its part: mean coupling · weight · change of health.
    pub part: Option<f64>,
    /// What its conversion, its layers' efficiency and error rate are behind.
    pub figures: Vec<FigureWhy>,
    /// What the bounds of a health, 0 and 1, are behind.
    pub bounds_part: Option<f64>,
}

/// One ratio before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureWhy {
    /// `conversion`, `efficiency` or `error_rate`.
    pub figure: String,
    /// Of which layer; `None` for the conversion of a container.
    pub layer: Option<Layer>,
    /// Its rows before.
    pub before: Ratio,
    /// Its rows after.
    pub after: Ratio,
    /// Its part.
    pub part: Option<f64>,
}

impl StoredPhi {
    /// Whether the rows say what was stored.
    pub fn agrees(&self) -> bool {
        match (self.value, self.recomputed) {
            (Some(stored), Some(now)) => (stored - now).abs() < 5e-5,
            (stored, now) => stored.is_none() == now.is_none(),
        }
    }
}
