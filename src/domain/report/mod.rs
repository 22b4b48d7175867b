//! Defines a client's report: what was measured in a period, beside what was measured in as many
//! days before, and what can be said about it.
//!
//! A figure is measured or absent, never estimated: a window with a day that nobody measured leaves
//! a dash. Every finding names the rows it rests on. What is stored is the whole `Content`, from
//! which Markdown, JSON and PDF are written; the same content is always the same bytes.

mod findings;
mod measure;
mod metric;
mod pdf;
mod period;
mod render;
mod value;
mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use findings::{EVENTS_MIN, Finding, Known, Trend, findings, spread, trend};
pub use measure::{Days, Reading, figures, metrics, months};
pub use metric::{Evidence, Measured, Metric, MetricName};
pub use pdf::pdf;
pub use period::{Cadence, Period};
pub use render::markdown;
#[cfg(test)]
pub(crate) use render::tests::content as sample;
pub use value::{ClientValue, ValueInputs, client_value};
pub use window::Window;

use super::gbp::DailyFigures;
use super::time::Moment;

/// A report, ready to be written down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// The client's name, as it came from outside.
    pub client: String,
    /// The agency's name.
    pub agency: String,
    /// The period.
    pub period: Period,
    /// The days that the figures are of: the whole period, or its part since go-live.
    pub covers: Window,
    /// Whether the figures come from the simulated world.
    pub simulated: bool,
    /// The figures.
    pub metrics: BTreeMap<MetricName, Metric>,
    /// What they show.
    pub findings: Vec<Finding>,
    /// The profile's audits up to the end of the period, oldest first.
    pub scores: Vec<ScorePoint>,
    /// The provider's figures of each day; empty when a day is missing.
    pub daily: BTreeMap<String, DailyFigures>,
    /// Of a quarter: what each month adds to it.
    pub months: Vec<Part>,
    /// What the client's own figures make of the calls; `None` without them.
    pub value: Option<ClientValue>,
}

impl Content {
    /// Whether the figures are of the whole period.
    pub fn is_whole(&self) -> bool {
        self.covers.from == self.period.starts_at
    }

    /// Reads what a report stored; `None` for nothing or another shape.
    pub fn read(stored: &serde_json::Value) -> Option<Self> {
        Self::deserialize(stored).ok()
    }
}

/// One audit of the profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScorePoint {
    /// Its row in `profiles`.
    pub id: i64,
    /// When the profile was read.
    pub at: Moment,
    /// 0–100, by our own weights.
    pub score: f64,
}

/// One month of a quarter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// `2026-02`.
    pub label: String,
    /// Its days; fewer than the month has in the month of go-live.
    pub covers: Window,
    /// What was measured in it.
    pub figures: BTreeMap<MetricName, Measured>,
}
