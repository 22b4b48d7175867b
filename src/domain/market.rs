//! Defines which simulated market a rehearsal takes place in. How its people behave stands in
//! `config/demo`, not here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::column::{self, UnknownWord};

/// A market of the simulated world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarketName {
    /// The demo town, where people know the agency.
    #[default]
    Warm,
    /// Cold outreach as it usually goes.
    Realistic,
}

impl MarketName {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Warm, Self::Realistic];

    /// Its word in settings and options.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Realistic => "realistic",
        }
    }
}

impl FromStr for MarketName {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        column::parse("market", word, &Self::ALL, Self::word)
    }
}

impl fmt::Display for MarketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
