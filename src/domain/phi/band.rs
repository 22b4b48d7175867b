//! Names the bands of Φ_sync.

use std::fmt;

use serde::Serialize;

/// How far the machine has come, by its coherence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Less than 0.30.
    BelowBaseline,
    /// From 0.30.
    Baseline,
    /// From 0.65.
    FactoryBuilt,
    /// From 0.70.
    SalesLive,
    /// From 0.80.
    OperationsLive,
    /// From 0.88: what the golden path has to reach.
    MachineComplete,
    /// From 0.95.
    ProductionReady,
}

impl Band {
    /// All bands, the lowest first.
    pub const ALL: [Self; 7] = [
        Self::BelowBaseline,
        Self::Baseline,
        Self::FactoryBuilt,
        Self::SalesLive,
        Self::OperationsLive,
        Self::MachineComplete,
        Self::ProductionReady,
    ];

    /// The value at which the band begins.
    pub const fn floor(self) -> f64 {
        match self {
            Self::BelowBaseline => 0.0,
            Self::Baseline => 0.30,
            Self::FactoryBuilt => 0.65,
            Self::SalesLive => 0.70,
            Self::OperationsLive => 0.80,
            Self::MachineComplete => 0.88,
            Self::ProductionReady => 0.95,
        }
    }

    /// Returns the highest band whose floor `phi` has reached.
    pub fn of(phi: f64) -> Self {
        let reached = Self::ALL.into_iter().rev().find(|band| phi >= band.floor());
        reached.unwrap_or(Self::BelowBaseline)
    }

    /// The name on screens and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BelowBaseline => "below baseline",
            Self::Baseline => "baseline",
            Self::FactoryBuilt => "factory built",
            Self::SalesLive => "sales live",
            Self::OperationsLive => "operations live",
            Self::MachineComplete => "machine complete",
            Self::ProductionReady => "production ready",
        }
    }
}

impl fmt::Display for Band {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_begins_exactly_at_its_floor() {
        for band in Band::ALL {
            assert_eq!(Band::of(band.floor()), band);
        }
        assert_eq!(Band::of(0.879_999), Band::OperationsLive);
        assert_eq!(Band::of(1.0), Band::ProductionReady);
    }
}
