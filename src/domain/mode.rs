//! Defines the two worlds a machine acts in. They never mix: every pipeline row names its mode.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where effects go: nowhere (`Dry`, answered by the simulated world) or outside (`Live`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Rehearsal against the seeded simulated world; the default everywhere.
    #[default]
    Dry,
    /// The real world, through real adapters or the outbox.
    Live,
}

impl Mode {
    /// Both modes, dry first.
    pub const ALL: [Self; 2] = [Self::Dry, Self::Live];

    /// The word stored in rows and keys.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Dry => "dry",
            Self::Live => "live",
        }
    }

    /// The badge on every screen.
    pub const fn badge(self) -> &'static str {
        match self {
            Self::Dry => "DRY-RUN",
            Self::Live => "LIVE",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_column())
    }
}

impl FromStr for Mode {
    type Err = super::column::UnknownWord;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        super::column::parse("mode", word, &Self::ALL, Self::as_column)
    }
}
