//! Defines a client's report: what was measured in a period, beside what was measured in the one
//! before, and what can be said about it.
//!
//! A figure is measured or absent, never estimated: the first report has no previous period, and a
//! source that was not read leaves a dash. Every insight names the rows it rests on.

mod period;
mod render;

use serde::{Deserialize, Serialize};

pub use period::{Cadence, Period};
pub use render::{json, markdown};

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
    /// Reviews that we replied to.
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
            Self::ReviewsReplied => "Reviews answered",
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
}

/// A value that was really observed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// How many rows it rests on.
    pub rows: u64,
}

/// One figure of a report.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// What it counts.
    pub name: MetricName,
    /// In this period; `None` when it could not be measured.
    pub current: Option<Measured>,
    /// In the period before; `None` when there was none or it was not measured.
    pub previous: Option<Measured>,
}

impl Metric {
    /// The change against the previous period, when both were measured.
    pub fn change(&self) -> Option<f64> {
        Some(self.current?.value - self.previous?.value)
    }
}

/// One sentence that the figures support.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The sentence.
    pub text: String,
    /// How many rows it rests on.
    pub rows: u64,
}

/// A report, ready to be rendered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// The client's name, as it came from outside.
    pub client: String,
    /// The agency's name.
    pub agency: String,
    /// The period.
    pub period: Period,
    /// The figures.
    pub metrics: Vec<Metric>,
    /// What they show.
    pub findings: Vec<Finding>,
    /// Whether the figures come from the simulated world.
    pub simulated: bool,
}

/// Pairs what was measured now with what the previous report stored; a metric measured in neither
/// is left out, one measured in only one keeps a gap.
pub fn compare(
    current: &[(MetricName, Measured)],
    previous: Option<&[(MetricName, Measured)]>,
) -> Vec<Metric> {
    let find = |list: &[(MetricName, Measured)], name| {
        list.iter().find(|(found, _)| *found == name).map(|(_, measured)| *measured)
    };
    MetricName::ALL
        .into_iter()
        .map(|name| Metric {
            name,
            current: find(current, name),
            previous: previous.and_then(|list| find(list, name)),
        })
        .filter(|metric| metric.current.is_some() || metric.previous.is_some())
        .collect()
}

/// Says what the figures show, each sentence with the rows behind it.
pub fn findings(metrics: &[Metric]) -> Vec<Finding> {
    let of = |name| metrics.iter().find(|metric| metric.name == name);
    let current = |name| of(name).and_then(|metric| metric.current);
    let mut findings = Vec::new();
    if let Some(metric) = of(MetricName::ProfileScore)
        && let (Some(now), Some(change)) = (metric.current, metric.change())
        && change.abs() >= 0.05
    {
        let direction = if change > 0.0 { "rose" } else { "fell" };
        findings.push(Finding {
            text: format!(
                "The profile's completeness {direction} by {:.1} points to {:.1} of 100.",
                change.abs(),
                now.value
            ),
            rows: now.rows,
        });
    }
    if let Some(posts) = current(MetricName::PostsLive)
        && posts.rows > 0
    {
        findings.push(Finding {
            text: if posts.rows == 1 {
                "1 post became visible.".to_owned()
            } else {
                format!("{} posts became visible.", posts.rows)
            },
            rows: posts.rows,
        });
    }
    if let (Some(received), Some(replied)) =
        (current(MetricName::ReviewsReceived), current(MetricName::ReviewsReplied))
        && received.rows > 0
    {
        findings.push(Finding {
            text: format!(
                "{:.0} of {:.0} new reviews were answered.",
                replied.value, received.value
            ),
            rows: received.rows,
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(value: f64, rows: u64) -> Measured {
        Measured { value, rows }
    }

    #[test]
    fn without_a_previous_period_nothing_is_compared_and_nothing_estimated() {
        let metrics = compare(&[(MetricName::PostsLive, measured(3.0, 3))], None);
        assert_eq!(metrics.len(), 1);
        assert_eq!((metrics[0].previous, metrics[0].change()), (None, None));
    }

    #[test]
    fn a_figure_that_was_not_read_this_time_keeps_its_gap() {
        let metrics = compare(
            &[(MetricName::PostsLive, measured(3.0, 3))],
            Some(&[
                (MetricName::PostsLive, measured(1.0, 1)),
                (MetricName::Calls, measured(9.0, 1)),
            ]),
        );
        assert_eq!(metrics[0].change(), Some(2.0));
        assert_eq!((metrics[1].name, metrics[1].current), (MetricName::Calls, None));
        assert_eq!(metrics[1].change(), None);
    }

    #[test]
    fn findings_rest_on_rows_and_say_nothing_without_them() {
        let metrics = compare(
            &[
                (MetricName::ProfileScore, measured(88.0, 1)),
                (MetricName::PostsLive, measured(0.0, 0)),
                (MetricName::ReviewsReceived, measured(4.0, 4)),
                (MetricName::ReviewsReplied, measured(3.0, 3)),
            ],
            Some(&[(MetricName::ProfileScore, measured(61.5, 1))]),
        );
        let texts: Vec<_> =
            findings(&metrics).into_iter().map(|finding| (finding.text, finding.rows)).collect();
        assert_eq!(
            texts,
            [
                ("The profile's completeness rose by 26.5 points to 88.0 of 100.".to_owned(), 1),
                ("3 of 4 new reviews were answered.".to_owned(), 4),
            ]
        );
    }
}
