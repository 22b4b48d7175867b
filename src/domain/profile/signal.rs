//! Defines the signals of a public profile, their weights, and which source reveals which.
//!
//! Google publishes no formula for a profile's strength. The weights are our own and every report
//! says so. A signal that a source cannot reveal is left out of the score on both sides: a map
//! entry that cannot hold photos says nothing about a business's photos.

use serde::{Deserialize, Serialize};

use crate::domain::column::{self, UnknownWord};

/// One thing a complete profile has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// What the business is.
    Category,
    /// Where it is.
    Address,
    /// How to call it.
    Phone,
    /// Its own web site.
    Website,
    /// When it is open in an ordinary week.
    RegularHours,
    /// What holds on public holidays.
    SpecialHours,
    /// What it says about itself.
    Description,
    /// Pictures.
    Photos,
    /// Services and attributes.
    Services,
    /// How many reviews it has.
    ReviewCount,
    /// How good they are.
    ReviewRating,
    /// How many of them it answered.
    ReviewReplies,
    /// Whether it posts.
    Posts,
    /// Where to book.
    BookingLink,
}

impl Signal {
    /// All signals, in the order in which screens list them.
    pub const ALL: [Self; 14] = [
        Self::Category,
        Self::Address,
        Self::Phone,
        Self::Website,
        Self::RegularHours,
        Self::SpecialHours,
        Self::Description,
        Self::Photos,
        Self::Services,
        Self::ReviewCount,
        Self::ReviewRating,
        Self::ReviewReplies,
        Self::Posts,
        Self::BookingLink,
    ];

    /// Its share of the 100 points of a complete profile.
    pub const fn weight(self) -> f64 {
        match self {
            Self::Photos => 12.0,
            Self::Website => 10.0,
            Self::RegularHours => 9.0,
            Self::Category | Self::Description | Self::Services | Self::ReviewCount => 8.0,
            Self::ReviewRating => 7.0,
            Self::Address | Self::Phone | Self::Posts => 6.0,
            Self::ReviewReplies => 5.0,
            Self::BookingLink => 4.0,
            Self::SpecialHours => 3.0,
        }
    }

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::Website => "website",
            Self::RegularHours => "regular_hours",
            Self::SpecialHours => "special_hours",
            Self::Description => "description",
            Self::Photos => "photos",
            Self::Services => "services",
            Self::ReviewCount => "review_count",
            Self::ReviewRating => "review_rating",
            Self::ReviewReplies => "review_replies",
            Self::Posts => "posts",
            Self::BookingLink => "booking_link",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("signal", word, &Self::ALL, Self::as_column)
    }

    const fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

/// Where a profile was observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// An extract of OpenStreetMap.
    OverpassJson,
    /// A table of the operator's own.
    Csv,
    /// The embedded fictional town, in the form of a map extract.
    DemoTown,
    /// The owner's view of a Google Business Profile.
    Gbp,
}

impl Source {
    /// All sources.
    pub const ALL: [Self; 4] = [Self::OverpassJson, Self::Csv, Self::DemoTown, Self::Gbp];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::OverpassJson => "overpass-json",
            Self::Csv => "csv",
            Self::DemoTown => "demo-town",
            Self::Gbp => "gbp",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("source", word, &Self::ALL, Self::as_column)
    }

    /// The licence of what it lists.
    pub const fn licence(self) -> &'static str {
        match self {
            Self::OverpassJson => "ODbL 1.0",
            Self::Csv => "the operator's own",
            Self::DemoTown => "fictional",
            Self::Gbp => "the owner's own",
        }
    }

    /// How a sentence names the place where something was, or was not, listed.
    pub const fn listed_in(self, german: bool) -> &'static str {
        match (self, german) {
            (Self::OverpassJson, false) => "on OpenStreetMap",
            (Self::OverpassJson, true) => "bei OpenStreetMap",
            (Self::Csv | Self::DemoTown, false) => "in your public listing",
            (Self::Csv | Self::DemoTown, true) => "in Ihrem öffentlichen Eintrag",
            (Self::Gbp, false) => "on the Google profile",
            (Self::Gbp, true) => "im Google-Profil",
        }
    }
}

/// A set of signals that a source can reveal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Knowable(u16);

impl Knowable {
    /// Nothing at all.
    pub const NONE: Self = Self(0);

    /// Returns the signals that `source` reveals when it reveals all it can. A table of the
    /// operator's own reveals fewer when columns are missing.
    pub fn of(source: Source) -> Self {
        match source {
            Source::OverpassJson | Source::Csv | Source::DemoTown => [
                Signal::Category,
                Signal::Address,
                Signal::Phone,
                Signal::Website,
                Signal::RegularHours,
                Signal::SpecialHours,
                Signal::Description,
            ]
            .into_iter()
            .fold(Self::NONE, Self::with),
            Source::Gbp => Signal::ALL.into_iter().fold(Self::NONE, Self::with),
        }
    }

    /// Adds a signal.
    #[must_use]
    pub const fn with(self, signal: Signal) -> Self {
        Self(self.0 | signal.bit())
    }

    /// Takes a signal away.
    #[must_use]
    pub const fn without(self, signal: Signal) -> Self {
        Self(self.0 & !signal.bit())
    }

    /// Whether the signal is in the set.
    pub const fn has(self, signal: Signal) -> bool {
        self.0 & signal.bit() != 0
    }

    /// The sum of the weights in the set: how many of 100 points can be judged.
    pub fn weight(self) -> f64 {
        Signal::ALL.into_iter().filter(|&signal| self.has(signal)).map(Signal::weight).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_of_a_complete_profile_are_one_hundred() {
        assert!((Knowable::of(Source::Gbp).weight() - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_map_reveals_fifty_of_a_hundred_points_and_never_photos_or_reviews() {
        for source in [Source::OverpassJson, Source::Csv, Source::DemoTown] {
            let table: Vec<_> = Signal::ALL
                .into_iter()
                .filter(|&signal| Knowable::of(source).has(signal))
                .map(Signal::as_column)
                .collect();
            assert_eq!(
                table,
                [
                    "category",
                    "address",
                    "phone",
                    "website",
                    "regular_hours",
                    "special_hours",
                    "description"
                ]
            );
            assert!((Knowable::of(source).weight() - 50.0).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn words_read_back() {
        for signal in Signal::ALL {
            assert_eq!(Signal::from_column(signal.as_column()), Ok(signal));
        }
        for source in Source::ALL {
            assert_eq!(Source::from_column(source.as_column()), Ok(source));
        }
    }
}
