//! Defines the figures of a report: what each counts, what was observed, and the rows behind it.
//!
//! A value without rows behind it cannot be made: whoever doubts a figure can look at them.

use serde::{Deserialize, Serialize};

use crate::domain::gbp::DailyFigures;

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetricName {
    /// Completeness of the public profile, 0–100, our own weights.
    ProfileScore,
    /// Improvements made to the profile.
    ActionsDone,
    /// Posts that became visible.
    PostsLive,
    /// Reviews that appeared.
    ReviewsReceived,
    /// Reviews among them that have our reply.
    ReviewsReplied,
    /// Mean rating of the reviews that appeared.
    MeanRating,
    /// Views of the profile.
    ProfileViews,
    /// Calls from the profile.
    Calls,
    /// Clicks to the web site.
    WebsiteClicks,
    /// Requests for directions.
    DirectionRequests,
}

impl MetricName {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 10] = [
        Self::ProfileScore,
        Self::ActionsDone,
        Self::PostsLive,
        Self::ReviewsReceived,
        Self::ReviewsReplied,
        Self::MeanRating,
        Self::ProfileViews,
        Self::Calls,
        Self::WebsiteClicks,
        Self::DirectionRequests,
    ];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::ProfileScore => "profile_score",
            Self::ActionsDone => "actions_done",
            Self::PostsLive => "posts_live",
            Self::ReviewsReceived => "reviews_received",
            Self::ReviewsReplied => "reviews_replied",
            Self::MeanRating => "mean_rating",
            Self::ProfileViews => "profile_views",
            Self::Calls => "calls",
            Self::WebsiteClicks => "website_clicks",
            Self::DirectionRequests => "direction_requests",
        }
    }

    /// Its name in a report.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ProfileScore => "Profile completeness (our own weights)",
            Self::ActionsDone => "Profile improvements",
            Self::PostsLive => "Posts published",
            Self::ReviewsReceived => "New reviews",
            Self::ReviewsReplied => "Of them answered",
            Self::MeanRating => "Mean rating of new reviews",
            Self::ProfileViews => "Profile views",
            Self::Calls => "Calls",
            Self::WebsiteClicks => "Web site clicks",
            Self::DirectionRequests => "Direction requests",
        }
    }

    /// How many decimals it is written with.
    pub const fn decimals(self) -> usize {
        match self {
            Self::ProfileScore | Self::MeanRating => 1,
            Self::ActionsDone
            | Self::PostsLive
            | Self::ReviewsReceived
            | Self::ReviewsReplied
            | Self::ProfileViews
            | Self::Calls
            | Self::WebsiteClicks
            | Self::DirectionRequests => 0,
        }
    }

    /// Which figure of the provider's days it sums; `None` for what our own rows say.
    pub const fn daily(self) -> Option<fn(&DailyFigures) -> u32> {
        match self {
            Self::ProfileViews => Some(|day| day.impressions),
            Self::Calls => Some(|day| day.call_clicks),
            Self::WebsiteClicks => Some(|day| day.website_clicks),
            Self::DirectionRequests => Some(|day| day.direction_requests),
            Self::ProfileScore
            | Self::ActionsDone
            | Self::PostsLive
            | Self::ReviewsReceived
            | Self::ReviewsReplied
            | Self::MeanRating => None,
        }
    }

    /// Whether the values of two stretches of time add up to the value of both.
    pub const fn is_sum(self) -> bool {
        !matches!(self, Self::ProfileScore | Self::MeanRating)
    }
}

/// The rows that a value rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Their table.
    pub table: String,
    /// Their numbers as ranges, `41-47,52`; of `daily_figures` the first and last day,
    /// `2026-02-02..2026-02-08`.
    pub rows: String,
    /// How many they are.
    pub n: u64,
}

impl Evidence {
    /// Names rows by their numbers, which are sorted here.
    pub fn of_ids(table: &str, mut ids: Vec<i64>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        let mut ranges: Vec<(i64, i64)> = Vec::new();
        for &id in &ids {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == id => *last = id,
                _ => ranges.push((id, id)),
            }
        }
        let rows: Vec<String> = ranges
            .into_iter()
            .map(
                |(first, last)| {
                    if first == last { first.to_string() } else { format!("{first}-{last}") }
                },
            )
            .collect();
        Self { table: table.to_owned(), rows: rows.join(","), n: ids.len() as u64 }
    }

    /// Reads the numbers back as closed ranges; empty for days.
    pub fn id_ranges(&self) -> Vec<(i64, i64)> {
        self.rows
            .split(',')
            .filter_map(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                Some((first.parse().ok()?, last.parse().ok()?))
            })
            .collect()
    }

    /// Reads the first and the last day back; `None` for numbers.
    pub fn days(&self) -> Option<(&str, &str)> {
        self.rows.split_once("..")
    }
}

/// A value that was really observed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// What it rests on.
    pub from: Evidence,
}

/// One figure of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// In this period; `None` when it could not be measured.
    pub current: Option<Measured>,
    /// In as many days just before; `None` when any of them was not measured.
    pub previous: Option<Measured>,
    /// On the same weekdays a year ago; `None` when any of them was not measured.
    pub year_ago: Option<Measured>,
    /// The change against the days just before, when both were measured.
    pub change: Option<f64>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_are_named_as_short_ranges() {
        let rows = |ids: &[i64]| Evidence::of_ids("posts", ids.to_vec()).rows;
        assert_eq!(rows(&[52, 41, 43, 42]), "41-43,52");
        assert_eq!(rows(&[]), "");
    }

    proptest! {
        #[test]
        fn ranges_read_back_as_the_rows_they_name(ids in proptest::collection::btree_set(1_i64..60, 0..30)) {
            let evidence = Evidence::of_ids("reviews", ids.iter().copied().collect());
            let back: Vec<i64> =
                evidence.id_ranges().into_iter().flat_map(|(first, last)| first..=last).collect();
            prop_assert_eq!(back, ids.into_iter().collect::<Vec<_>>());
        }
    }
}
