//! Says what the figures of a report show, each sentence with its figures and the rows behind them.
//!
//! A change is called one only when chance alone would rarely make it: counts of people are Poisson
//! at best, and what days differ by anyway makes them wider still. No sentence says why something
//! changed; a report cannot know that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Evidence, Measured, Metric, MetricName, Window};
use crate::domain::gbp::DailyFigures;
use crate::domain::stats::wilson;

/// Events in both windows together below which no change is called one: with fewer, one family
/// that calls twice would decide.
pub const EVENTS_MIN: f64 = 20.0;

/// Points by which a score has to move before it is said to have moved: less is rounding.
const SCORE_MIN: f64 = 0.5;

/// One sentence that the figures support.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable word for machines: `calls_up`, `no_clear_change`.
    pub kind: String,
    /// The sentence.
    pub text: String,
    /// The figures in it.
    pub figures: BTreeMap<String, f64>,
    /// How many rows it rests on.
    pub n: u64,
    /// Which rows.
    pub rows: Vec<Evidence>,
}

impl Finding {
    fn new(kind: impl Into<String>, text: String) -> Self {
        Self { kind: kind.into(), text, figures: BTreeMap::new(), n: 0, rows: Vec::new() }
    }

    fn with(mut self, name: &str, measured: &Measured) -> Self {
        self.figures.insert(name.to_owned(), measured.value);
        if !self.rows.contains(&measured.from) {
            self.n += measured.from.n;
            self.rows.push(measured.from.clone());
        }
        self
    }
}

/// What two counts of equally many days say about each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// More than chance explains.
    Up,
    /// Less than chance explains.
    Down,
    /// Within what chance explains.
    Unclear,
    /// Too few to say anything.
    TooFew,
}

/// Compares two counts of equally many days. `spread` is how much more days differ than a Poisson
/// count would (1 is exactly that); both counts shrink by it before they are judged.
///
/// If nothing changed, each of the events falls into either window with a chance of one half, so
/// the Wilson interval of the share in the later one has to leave out one half.
pub fn trend(before: f64, after: f64, spread: f64) -> Trend {
    let spread = spread.max(1.0);
    let (before, after) = (before.max(0.0) / spread, after.max(0.0) / spread);
    if before + after < EVENTS_MIN {
        return Trend::TooFew;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "sums of counts of one client, far below 2^53 and not negative"
    )]
    let (k, n) = (after.round() as u64, before.round() as u64 + after.round() as u64);
    let share = wilson(k, n);
    match (share.low > 0.5, share.high < 0.5) {
        (true, _) => Trend::Up,
        (_, true) => Trend::Down,
        (false, false) => Trend::Unclear,
    }
}

/// Returns how much more the days of both windows differ than Poisson counts would; 1 when there
/// are too few to tell.
pub fn spread(windows: [&[f64]; 2]) -> f64 {
    let (mut squares, mut freedom, mut sum, mut n) = (0.0, 0.0, 0.0, 0.0);
    for days in windows {
        if days.len() < 2 {
            continue;
        }
        let mean = days.iter().sum::<f64>() / real(days.len());
        squares += days.iter().map(|day| (day - mean) * (day - mean)).sum::<f64>();
        freedom += real(days.len()) - 1.0;
        sum += days.iter().sum::<f64>();
        n += real(days.len());
    }
    if freedom < 1.0 || sum <= 0.0 { 1.0 } else { (squares / freedom / (sum / n)).max(1.0) }
}

#[expect(clippy::cast_precision_loss, reason = "days of a quarter")]
const fn real(n: usize) -> f64 {
    n as f64
}

/// All that findings are made from.
pub struct Known<'a> {
    /// The figures.
    pub metrics: &'a BTreeMap<MetricName, Metric>,
    /// The days of the period.
    pub window: Window,
    /// The provider's days in it and in the window before; empty when not measured.
    pub days: [&'a [DailyFigures]; 2],
    /// The fields brought up to date.
    pub fields: &'a [String],
}

/// Says what the figures show.
pub fn findings(known: &Known<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(score(known));
    found.extend(counted(known));
    let (clear, rest) = figures(known);
    found.extend(clear);
    found.extend(rest);
    found
}

fn current<'a>(known: &'a Known<'_>, name: MetricName) -> Option<&'a Measured> {
    known.metrics.get(&name)?.current.as_ref()
}

fn score(known: &Known<'_>) -> Option<Finding> {
    let metric = known.metrics.get(&MetricName::ProfileScore)?;
    let (now, before) = (metric.current.as_ref()?, metric.previous.as_ref()?);
    let change = now.value - before.value;
    let (kind, text) = if change.abs() < SCORE_MIN {
        let text = format!("The profile's completeness stayed at {:.1} of 100.", now.value);
        ("score_steady", text)
    } else {
        let (kind, verb) = if change > 0.0 { ("score_up", "rose") } else { ("score_down", "fell") };
        let text = format!(
            "The profile's completeness {verb} by {:.1} points to {:.1} of 100.",
            change.abs(),
            now.value
        );
        (kind, text)
    };
    Some(Finding::new(kind, text).with("before", before).with("now", now))
}

/// What was done and what came in: counts that need no comparison.
fn counted(known: &Known<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let some = |name| current(known, name).filter(|measured| measured.value > 0.0);
    if let Some(actions) = some(MetricName::ActionsDone) {
        let what = plural(actions.value, "field of the profile was", "fields of the profile were");
        let fields = known.fields.join(", ");
        let text = format!("{what} brought up to date, as read again afterwards: {fields}.");
        found.push(Finding::new("actions_done", text).with("actions", actions));
    }
    if let Some(posts) = some(MetricName::PostsLive) {
        let text = format!("{} visible.", plural(posts.value, "post became", "posts became"));
        found.push(Finding::new("posts_live", text).with("posts", posts));
    }
    if let Some(received) = some(MetricName::ReviewsReceived) {
        let answered = current(known, MetricName::ReviewsReplied);
        let mut text =
            format!("{} in", plural(received.value, "new review came", "new reviews came"));
        let mut finding = Finding::new("reviews", String::new()).with("received", received);
        if let Some(answered) = answered {
            text = format!("{text}, {:.0} of them answered", answered.value);
            finding.figures.insert("answered".to_owned(), answered.value);
        }
        if let Some(rating) = current(known, MetricName::MeanRating) {
            text = format!("{text}; their mean rating is {:.1}", rating.value);
            finding.figures.insert("mean_rating".to_owned(), rating.value);
        }
        finding.text = format!("{text}.");
        found.push(finding);
    }
    found
}

/// What the provider's figures say: a sentence for each clear change, and one for all the others.
fn figures(known: &Known<'_>) -> (Vec<Finding>, Option<Finding>) {
    let days = known.window.days();
    let mut clear = Vec::new();
    let mut rest: Vec<(MetricName, &Measured, &Measured)> = Vec::new();
    for (&name, metric) in known.metrics {
        let (Some(of), Some(now), Some(before)) =
            (name.daily(), metric.current.as_ref(), metric.previous.as_ref())
        else {
            continue;
        };
        let series = known.days.map(|days| days.iter().map(|day| f64::from(of(day))).collect());
        let [after, earlier]: [Vec<f64>; 2] = series;
        let direction = match trend(before.value, now.value, spread([&earlier, &after])) {
            Trend::Up => "up",
            Trend::Down => "down",
            Trend::Unclear | Trend::TooFew => {
                rest.push((name, now, before));
                continue;
            }
        };
        let text = format!(
            "{}: {:.0}, after {:.0} in the {days} days before; chance alone rarely differs so much.",
            name.label(),
            now.value,
            before.value
        );
        let kind = format!("{}_{direction}", name.as_column());
        clear.push(Finding::new(kind, text).with("before", before).with("now", now));
    }
    if rest.is_empty() {
        return (clear, None);
    }
    let pairs: Vec<String> = rest
        .iter()
        .map(|(name, now, before)| {
            format!("{} {:.0} after {:.0}", name.label().to_lowercase(), now.value, before.value)
        })
        .collect();
    let text = format!(
        "No clear change against the {days} days before: {}. Differences of this size come by chance.",
        pairs.join(", ")
    );
    let finding =
        rest.iter().fold(Finding::new("no_clear_change", text), |finding, (name, now, before)| {
            let word = name.as_column();
            finding.with(&format!("{word}_before"), before).with(&format!("{word}_now"), now)
        });
    (clear, Some(finding))
}

fn plural(n: f64, one: &str, more: &str) -> String {
    if (n - 1.0).abs() < 0.5 { format!("1 {one}") } else { format!("{n:.0} {more}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::{DAY_MS, Moment};

    #[test]
    fn three_calls_after_one_are_no_increase_and_sixty_after_twenty_are() {
        assert_eq!(trend(1.0, 3.0, 1.0), Trend::TooFew);
        assert_eq!(trend(20.0, 26.0, 1.0), Trend::Unclear);
        assert_eq!(trend(20.0, 60.0, 1.0), Trend::Up);
        assert_eq!(trend(60.0, 20.0, 1.0), Trend::Down);
    }

    #[test]
    fn days_that_differ_wildly_anyway_need_a_larger_change() {
        let calm = spread([&[10.0, 11.0, 9.0], &[14.0, 15.0, 13.0]]);
        let wild = spread([&[0.0, 30.0, 0.0], &[2.0, 40.0, 0.0]]);
        assert!((calm - 1.0).abs() < f64::EPSILON && wild > 10.0, "{calm} {wild}");
        assert_eq!(trend(300.0, 390.0, 1.0), Trend::Up);
        assert_eq!(trend(300.0, 390.0, wild), Trend::Unclear);
    }

    proptest! {
        #[test]
        fn what_is_an_increase_one_way_is_a_decrease_the_other(
            a in 0_u32..400, b in 0_u32..400, spread in 1.0_f64..5.0
        ) {
            let (a, b) = (f64::from(a), f64::from(b));
            let mirrored = match trend(b, a, spread) {
                Trend::Up => Trend::Down,
                Trend::Down => Trend::Up,
                other @ (Trend::Unclear | Trend::TooFew) => other,
            };
            prop_assert_eq!(trend(a, b, spread), mirrored);
            prop_assert!(trend(a, a, spread) != Trend::Up);
        }
    }

    #[test]
    fn of_a_thousand_pairs_of_equal_weeks_hardly_any_is_called_a_change() {
        let seed = crate::domain::draw::Seed(7);
        let clear = (0..1_000)
            .filter(|pair| {
                let week = |which: &str| {
                    (0..60)
                        .filter(|person| {
                            let (pair, person) = (pair.to_string(), person.to_string());
                            seed.unit(&[which, &pair, &person]) < 0.5
                        })
                        .count()
                };
                let (before, after) = (real(week("before")), real(week("after")));
                matches!(trend(before, after, 1.0), Trend::Up | Trend::Down)
            })
            .count();
        assert!(clear <= 60, "{clear} of 1000");
    }

    fn measured(value: f64, table: &str, rows: &str) -> Measured {
        Measured { value, from: Evidence { table: table.to_owned(), rows: rows.to_owned(), n: 7 } }
    }

    #[test]
    fn a_finding_names_its_figures_and_rows_and_never_a_cause() {
        let pair = |now, before| Metric {
            current: Some(measured(now, "daily_figures", "2026-02-02..2026-02-08")),
            previous: Some(measured(before, "daily_figures", "2026-01-26..2026-02-01")),
            ..Metric::default()
        };
        let metrics = BTreeMap::from([
            (MetricName::ProfileScore, pair(88.0, 61.5)),
            (MetricName::Calls, pair(63.0, 28.0)),
            (MetricName::WebsiteClicks, pair(30.0, 28.0)),
            (
                MetricName::PostsLive,
                Metric { current: Some(measured(3.0, "posts", "4-6")), ..Metric::default() },
            ),
        ]);
        let days = |calls: u32| vec![DailyFigures { call_clicks: calls, ..Default::default() }; 7];
        let (now, before) = (days(9), days(4));
        let known = Known {
            metrics: &metrics,
            window: Window { from: Moment(0), to: Moment(7 * DAY_MS) },
            days: [&now, &before],
            fields: &[],
        };
        let found = findings(&known);
        let texts: Vec<_> = found.iter().map(|finding| finding.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "The profile's completeness rose by 26.5 points to 88.0 of 100.",
                "3 posts became visible.",
                "Calls: 63, after 28 in the 7 days before; chance alone rarely differs so much.",
                "No clear change against the 7 days before: web site clicks 30 after 28. \
                 Differences of this size come by chance.",
            ]
        );
        assert_eq!(found[2].kind, "calls_up");
        assert_eq!((found[2].n, found[2].rows.len(), found[2].figures["now"]), (14, 2, 63.0));
        for cause in ["because", "thanks to", "due to", "led to", "caused", "resulted"] {
            assert!(texts.iter().all(|text| !text.contains(cause)), "{cause}");
        }
    }
}
