//! Defines what Φ_sync is computed from: counts of rows, each with the rows it counts.

use serde::Serialize;

use super::{conversion_target, recent_window_ms};
use crate::domain::layer::{Container, Layer};
use crate::domain::time::{HOUR_MS, Moment};

/// The first and the last row of those counted; rows between them may belong to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct IdRange {
    /// Lowest row id.
    pub first: i64,
    /// Highest row id.
    pub last: i64,
}

/// So many out of so many rows of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// What is counted above and below, in words: `booked ÷ concluded`.
    pub of: &'static str,
    /// The table whose rows are counted.
    pub table: &'static str,
    /// Rows counted above.
    pub hits: u64,
    /// Rows counted below.
    pub n: u64,
    /// Where the rows counted below lie.
    pub ids: Option<IdRange>,
}

impl Tally {
    /// Returns the quotient; `None` over nothing.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^52")]
    pub fn share(&self) -> Option<f64> {
        (self.n > 0).then(|| self.hits as f64 / self.n as f64)
    }
}

/// What one layer contributes to its container, over the container's recent window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LayerInputs {
    /// Which.
    pub layer: Layer,
    /// Attempts failed, timed out or lost, of those that count.
    pub attempts: Tally,
    /// Units done without failed attempt and without operator, of those ended.
    pub units: Tally,
    /// Units done, with or without help.
    pub done: u64,
}

/// What one container rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainerInputs {
    /// Which.
    pub container: Container,
    /// The end of all its windows, on the mode's clock: its latest ended unit. `None` when no unit
    /// of it has ended.
    pub window_end: Option<Moment>,
    /// Its layers, in pipeline order.
    pub layers: Vec<LayerInputs>,
    /// What was achieved of what fell due; one tally for each table that counts.
    pub conversion: Vec<Tally>,
}

impl ContainerInputs {
    /// Returns achieved ÷ due ÷ target, at most 1; `None` when nothing fell due.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^52")]
    pub fn conversion(&self) -> Option<f64> {
        let (hits, n) = self.conversion_counts();
        (n > 0).then(|| (hits as f64 / n as f64 / conversion_target(self.container)).min(1.0))
    }

    /// Returns how many were achieved of how many fell due, over all tables.
    pub fn conversion_counts(&self) -> (u64, u64) {
        self.conversion.iter().fold((0, 0), |(hits, n), one| (hits + one.hits, n + one.n))
    }

    /// Returns the plain mean of the layers' shares of clean units; layers without any are left out.
    pub fn efficiency(&self) -> Option<f64> {
        mean(self.layers.iter().filter_map(|layer| layer.units.share()))
    }

    /// Returns the plain mean of the layers' shares of failed attempts, so that a busy layer cannot
    /// hide a failing one.
    pub fn error_rate(&self) -> Option<f64> {
        mean(self.layers.iter().filter_map(|layer| layer.attempts.share()))
    }

    /// Returns units done per hour of the recent window; `None` before the first ended unit.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows stay far below 2^52")]
    pub fn throughput_per_h(&self) -> Option<f64> {
        self.window_end?;
        let done: u64 = self.layers.iter().map(|layer| layer.done).sum();
        Some(done as f64 * HOUR_MS as f64 / recent_window_ms(self.container) as f64)
    }

    /// Returns how many attempts the error rate rests on.
    pub fn attempts_n(&self) -> u64 {
        self.layers.iter().map(|layer| layer.attempts.n).sum()
    }

    /// Returns how many units the efficiency rests on.
    pub fn units_n(&self) -> u64 {
        self.layers.iter().map(|layer| layer.units.n).sum()
    }
}

fn mean(shares: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = shares.fold((0.0, 0.0), |(sum, n), share| (sum + share, n + 1.0));
    (n > 0.0).then(|| sum / n)
}
