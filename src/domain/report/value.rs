//! Says what additional calls may be worth, by the client's own figures and no others.
//!
//! Without the client's figures, without a measured baseline, or when the additional calls may be
//! chance, there is no value. Each assumption stands beside the result as what it is.

use serde::{Deserialize, Serialize};

use super::{Measured, Trend, Window, trend};
use crate::domain::money::Money;

/// What the client says of its own business, and what it pays us.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueInputs {
    /// What a job brings, as the client says.
    pub job_value: Money,
    /// The share of calls that become a job, 0–1, as the client says.
    pub booking_rate: f64,
    /// Our fee for the days of the report; `None` when they are no whole period.
    pub fee: Option<Money>,
}

/// What the additional calls may be worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClientValue {
    /// Calls in the period.
    pub calls: Measured,
    /// Calls in as many days before the work.
    pub baseline: Measured,
    /// The baseline's days.
    pub baseline_days: Window,
    /// Additional calls × booking rate × job value.
    pub value: Money,
    /// (value − fee) ÷ fee; `None` without a fee.
    pub return_on_fee: Option<f64>,
    /// What was assumed, each with whose figure it is.
    pub assumptions: Vec<String>,
}

/// Returns the value of the additional calls; `None` when they may be chance.
pub fn client_value(
    inputs: &ValueInputs,
    calls: &Measured,
    baseline: &Measured,
    baseline_days: Window,
    spread: f64,
) -> Option<ClientValue> {
    if trend(baseline.value, calls.value, spread) != Trend::Up {
        return None;
    }
    let extra = calls.value - baseline.value;
    let minor = extra * inputs.booking_rate * real(inputs.job_value.minor);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "calls of one client times the price of a job"
    )]
    let value = Money::new(minor.round() as i64, inputs.job_value.currency);
    let return_on_fee = inputs
        .fee
        .filter(|fee| fee.currency == value.currency && fee.minor > 0)
        .map(|fee| real(value.minor - fee.minor) / real(fee.minor));
    let mut assumptions = vec![
        format!("Your figure: a job brings {}.", inputs.job_value),
        format!("Your figure: {:.0} of 100 calls become a job.", inputs.booking_rate * 100.0),
        format!(
            "Assumed: without the work there would have been as many calls as from {} to {} ({:.0}).",
            baseline_days.first_day(),
            baseline_days.last_day(),
            baseline.value
        ),
        "Assumed: a tap on the number is a call. That both rose together proves no cause."
            .to_owned(),
    ];
    if let Some(fee) = inputs.fee.filter(|_| return_on_fee.is_some()) {
        assumptions.push(format!("Our fee for the period: {fee}, without the set-up."));
    }
    Some(ClientValue {
        calls: calls.clone(),
        baseline: baseline.clone(),
        baseline_days,
        value,
        return_on_fee,
        assumptions,
    })
}

#[expect(clippy::cast_precision_loss, reason = "prices and fees are far below 2^53")]
const fn real(minor: i64) -> f64 {
    minor as f64
}

#[cfg(test)]
mod tests {
    use super::super::Evidence;
    use super::*;
    use crate::domain::money::Currency;
    use crate::domain::time::{DAY_MS, Moment};

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::new("USD").unwrap())
    }

    fn calls(value: f64) -> Measured {
        let rows = "2026-02-01..2026-02-28".to_owned();
        Measured { value, from: Evidence { table: "daily_figures".to_owned(), rows, n: 28 } }
    }

    fn value(before: f64, now: f64, fee: Option<Money>) -> Option<ClientValue> {
        let inputs = ValueInputs { job_value: usd(20_000), booking_rate: 0.25, fee };
        let days = Window { from: Moment(0), to: Moment(28 * DAY_MS) };
        client_value(&inputs, &calls(now), &calls(before), days, 1.0)
    }

    #[test]
    fn additional_calls_are_valued_by_the_client_s_own_figures_and_each_is_named() {
        let found = value(40.0, 100.0, Some(usd(50_000))).unwrap();
        assert_eq!(found.value, usd(300_000), "60 x 0.25 x 200.00");
        assert!((found.return_on_fee.unwrap() - 5.0).abs() < 1e-9);
        assert_eq!(found.assumptions.len(), 5);
        assert!(found.assumptions[0].starts_with("Your figure"));
        assert_eq!(value(40.0, 100.0, None).unwrap().return_on_fee, None);
    }

    #[test]
    fn what_may_be_chance_or_less_has_no_value() {
        assert_eq!(value(40.0, 44.0, None), None);
        assert_eq!(value(100.0, 40.0, None), None);
        assert_eq!(value(0.0, 3.0, None), None);
    }
}
