//! Measures a window: sums the provider's days and takes over what our own rows say.
//!
//! A window with a day that is missing was not measured. What our rows say of a window before
//! go-live is no figure either: there was no work whose traces they could hold.

use std::collections::BTreeMap;

use super::{Cadence, Evidence, Measured, Metric, MetricName, Part, Period, Window};
use crate::domain::gbp::DailyFigures;

/// The provider's figures by UTC day, `2026-02-02`.
pub type Days = BTreeMap<String, DailyFigures>;

/// What is known of one window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// What our own rows say.
    pub own: Vec<(MetricName, Measured)>,
    /// The provider's days in it, those that are known.
    pub days: Days,
}

impl Reading {
    /// Returns the days of `window`, or nothing when one is missing.
    pub fn whole_days(&self, window: Window) -> Option<Vec<DailyFigures>> {
        let found: Vec<DailyFigures> = self
            .days
            .range(window.first_day()..=window.last_day())
            .map(|(_, figures)| *figures)
            .collect();
        (i64::try_from(found.len()) == Ok(window.days())).then_some(found)
    }
}

/// Returns what was measured in `window`.
pub fn figures(reading: &Reading, window: Window) -> BTreeMap<MetricName, Measured> {
    let mut measured: BTreeMap<MetricName, Measured> = reading.own.iter().cloned().collect();
    let Some(days) = reading.whole_days(window) else { return measured };
    for name in MetricName::ALL {
        let Some(of) = name.daily() else { continue };
        let from = Evidence {
            table: "daily_figures".to_owned(),
            rows: format!("{}..{}", window.first_day(), window.last_day()),
            n: days.len() as u64,
        };
        let value = days.iter().map(|day| f64::from(of(day))).sum();
        measured.insert(name, Measured { value, from });
    }
    measured
}

/// Puts what was measured in three windows side by side; a figure of none of them is left out.
pub fn metrics(
    mut current: BTreeMap<MetricName, Measured>,
    mut previous: BTreeMap<MetricName, Measured>,
    mut year_ago: BTreeMap<MetricName, Measured>,
) -> BTreeMap<MetricName, Metric> {
    MetricName::ALL
        .into_iter()
        .filter_map(|name| {
            let metric = Metric {
                current: current.remove(&name),
                previous: previous.remove(&name),
                year_ago: year_ago.remove(&name),
                change: None,
            };
            let change = metric
                .current
                .as_ref()
                .zip(metric.previous.as_ref())
                .map(|(now, before)| now.value - before.value);
            (metric.current.is_some() || metric.previous.is_some())
                .then_some((name, Metric { change, ..metric }))
        })
        .collect()
}

/// Returns the months of a quarter that lie in `covers`, with the days of each; of a shorter period
/// there are none.
pub fn months(period: &Period, covers: Window) -> Vec<(Period, Window)> {
    if period.cadence != Cadence::Quarterly {
        return Vec::new();
    }
    let first = Period::containing(Cadence::Monthly, period.starts_at);
    [first, first.next(), first.next().next()]
        .into_iter()
        .filter_map(|month| {
            let days = Window { from: month.starts_at, to: month.ends_at };
            Some((month, days.within(covers)?))
        })
        .collect()
}

impl Part {
    /// Makes the part that a month is of its quarter.
    pub fn new(month: &Period, covers: Window, reading: &Reading) -> Self {
        Self { label: month.label(), covers, figures: figures(reading, covers) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::{DAY_MS, Moment};

    fn days(window: Window, calls: u32) -> Days {
        (0..window.days())
            .map(|n| {
                let day = window.from.plus_ms(n * DAY_MS).utc_date().to_string();
                (day, DailyFigures { impressions: 10, call_clicks: calls, ..Default::default() })
            })
            .collect()
    }

    fn quarter() -> (Period, Window) {
        let period = Period::read("quarterly:2026-Q1").unwrap();
        (period, Window::of(&period, None).unwrap())
    }

    #[test]
    fn one_missing_day_leaves_the_whole_window_unmeasured() {
        let (_, window) = quarter();
        let mut reading = Reading { own: Vec::new(), days: days(window, 2) };
        assert!((figures(&reading, window)[&MetricName::Calls].value - 180.0).abs() < 0.1);
        reading.days.remove("2026-02-14");
        assert!(figures(&reading, window).is_empty());
    }

    #[test]
    fn without_a_previous_window_nothing_is_compared_and_nothing_estimated() {
        let (_, window) = quarter();
        let reading = Reading { own: Vec::new(), days: days(window, 2) };
        let metrics = metrics(figures(&reading, window), BTreeMap::new(), BTreeMap::new());
        let calls = &metrics[&MetricName::Calls];
        assert_eq!((&calls.previous, &calls.year_ago, calls.change), (&None, &None, None));
        assert!(!metrics.contains_key(&MetricName::PostsLive), "nobody measured it");
    }

    proptest! {
        #[test]
        fn a_quarter_is_the_sum_of_its_months_from_go_live_on(live_day in 0_i64..90, calls in 0_u32..9) {
            let (period, whole) = quarter();
            let live_at = whole.from.plus_ms(live_day * DAY_MS + 7);
            let covers = Window::of(&period, Some(live_at)).unwrap();
            let reading = Reading { own: Vec::new(), days: days(whole, calls) };
            let parts: Vec<Part> = months(&period, covers)
                .iter()
                .map(|(month, days)| Part::new(month, *days, &reading))
                .collect();
            let sum: f64 = parts.iter().map(|part| part.figures[&MetricName::Calls].value).sum();
            prop_assert!((sum - figures(&reading, covers)[&MetricName::Calls].value).abs() < 1e-9);
            prop_assert_eq!(parts.iter().map(|part| part.covers.days()).sum::<i64>(), covers.days());
        }
    }

    #[test]
    fn a_week_has_no_months() {
        let week = Period::containing(Cadence::Weekly, Moment(0));
        assert!(months(&week, Window::of(&week, None).unwrap()).is_empty());
    }
}
