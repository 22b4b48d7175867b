//! Defines the nine layers and the three containers they work for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::column::{self, UnknownWord};

/// One of the nine layers, in the order in which a lead meets them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// 1 · finds businesses with a weak public profile.
    ProspectResearch,
    /// 2 · writes a pitch for a qualified prospect.
    PitchGenerator,
    /// 3 · sends what was written, within limits and law.
    OutreachEngine,
    /// 4 · turns bookings into meetings.
    BookingHandler,
    /// 5 · takes a new client to go-live.
    OnboardingFlow,
    /// 6 · improves a client's public profile.
    GbpOptimizer,
    /// 7 · reports what changed, measured.
    ReportingEngine,
    /// 8 · keeps the money.
    FinanceTracker,
    /// 9 · learns which pitches work.
    SelfLearning,
}

impl Layer {
    /// All layers, 1 to 9.
    pub const ALL: [Self; 9] = [
        Self::ProspectResearch,
        Self::PitchGenerator,
        Self::OutreachEngine,
        Self::BookingHandler,
        Self::OnboardingFlow,
        Self::GbpOptimizer,
        Self::ReportingEngine,
        Self::FinanceTracker,
        Self::SelfLearning,
    ];

    /// The number operators use, 1 to 9; also the stored value.
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Returns the layer with this number, if there is one.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number).checked_sub(1)?).copied()
    }

    /// The name on screens and in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProspectResearch => "Prospect Research",
            Self::PitchGenerator => "Pitch Generator",
            Self::OutreachEngine => "Outreach Engine",
            Self::BookingHandler => "Booking Handler",
            Self::OnboardingFlow => "Onboarding Flow",
            Self::GbpOptimizer => "GBP Optimizer",
            Self::ReportingEngine => "Reporting Engine",
            Self::FinanceTracker => "Finance Tracker",
            Self::SelfLearning => "Self-Learning",
        }
    }

    /// The container whose figures this layer counts in; layer 9 works for all and is in none.
    pub const fn container(self) -> Option<Container> {
        match self {
            Self::ProspectResearch
            | Self::PitchGenerator
            | Self::OutreachEngine
            | Self::BookingHandler => Some(Container::Sales),
            Self::OnboardingFlow | Self::GbpOptimizer => Some(Container::Operations),
            Self::ReportingEngine | Self::FinanceTracker => Some(Container::Finance),
            Self::SelfLearning => None,
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One of the three parts of the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// Layers 1–4: from a map entry to a booked call.
    Sales,
    /// Layers 5–6: from a contract to a complete profile.
    Operations,
    /// Layers 7–8: reports and money.
    Finance,
}

impl Container {
    /// All containers, in the order of the pipeline.
    pub const ALL: [Self; 3] = [Self::Sales, Self::Operations, Self::Finance];

    /// The name on screens.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sales => "Sales",
            Self::Operations => "Operations",
            Self::Finance => "Finance",
        }
    }

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Operations => "operations",
            Self::Finance => "finance",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("container", word, &Self::ALL, Self::as_column)
    }

    /// The layers that work for this container.
    pub fn layers(self) -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(move |layer| layer.container() == Some(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_found_by_its_number_and_no_other_number_finds_one() {
        for layer in Layer::ALL {
            assert_eq!(Layer::from_number(layer.number()), Some(layer));
        }
        assert_eq!(Layer::from_number(0), None);
        assert_eq!(Layer::from_number(10), None);
    }
}
