//! Defines the red flags: what is wrong with the machine's coherence, each with its figure.

use std::fmt;

use serde::Serialize;

use super::Phi;
use crate::domain::layer::Container;

/// Below this the machine warns, and asks before caps are raised.
const PHI_MIN: f64 = 0.85;

/// Healths farther apart than this are one part running away from another.
const SPREAD_MAX: f64 = 0.30;

/// The share of failed attempts that a container may have. Money is less forgiving.
const fn error_rate_max(container: Container) -> f64 {
    match container {
        Container::Sales | Container::Operations => 0.10,
        Container::Finance => 0.05,
    }
}

/// Something that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "flag")]
pub enum RedFlag {
    /// Φ_sync is too low.
    Phi {
        /// Its value.
        value: f64,
    },
    /// A container fails too often.
    ErrorRate {
        /// Which.
        container: Container,
        /// Its error rate.
        value: f64,
        /// What it may have.
        limit: f64,
    },
    /// The containers are too far apart.
    Spread {
        /// The highest health less the lowest.
        value: f64,
    },
}

impl RedFlag {
    /// Returns what it is about, without its figure: the same flag at another moment has the same.
    pub const fn about(&self) -> (u8, Option<Container>) {
        match self {
            Self::Phi { .. } => (0, None),
            Self::ErrorRate { container, .. } => (1, Some(*container)),
            Self::Spread { .. } => (2, None),
        }
    }
}

impl fmt::Display for RedFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phi { value } => write!(f, "Φ_sync {value:.4} is below {PHI_MIN:.2}"),
            Self::ErrorRate { container, value, limit } => write!(
                f,
                "{} error rate {:.1} % is above {:.0} %",
                container.name(),
                value * 100.0,
                limit * 100.0
            ),
            Self::Spread { value } => write!(
                f,
                "healths are {:.1} points apart, more than {:.0}",
                value * 100.0,
                SPREAD_MAX * 100.0
            ),
        }
    }
}

/// Returns the flags that are up. What is unknown raises none: it is shown as unknown instead.
pub(super) fn raised(phi: &Phi) -> Vec<RedFlag> {
    let low = phi.value.filter(|value| *value < PHI_MIN).map(|value| RedFlag::Phi { value });
    let failing = phi.containers.iter().filter_map(|one| {
        let container = one.inputs.container;
        let (value, limit) = (one.error_rate?, error_rate_max(container));
        (value > limit).then_some(RedFlag::ErrorRate { container, value, limit })
    });
    let healths: Vec<f64> = phi.containers.iter().filter_map(|one| one.health).collect();
    let highest = healths.iter().copied().fold(f64::MIN, f64::max);
    let lowest = healths.iter().copied().fold(f64::MAX, f64::min);
    let spread = (healths.len() > 1 && highest - lowest > SPREAD_MAX)
        .then_some(RedFlag::Spread { value: highest - lowest });
    low.into_iter().chain(failing).chain(spread).collect()
}
