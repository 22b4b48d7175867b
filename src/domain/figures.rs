//! Defines the figures of a month: what each is called, how it is reckoned, when it is undefined, and
//! which lines of the ledger it rests on.
//!
//! One table names them all; screens, documents and the close of a month read it. A figure is of one
//! currency, and one whose denominator is missing is undefined, never 0 and never guessed.

mod definitions;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::definitions::Rests;
use super::finance::{CostCategory, LedgerEntry};
use super::ledger::{self, Bridge};
use super::metrics;
use super::money::{Currency, Money};
use super::report::Period;

pub use self::definitions::{DEFINITIONS, Definition, Unit};

/// Whole months that a forecast looks back, and ahead.
pub const FORECAST_MONTHS: usize = 3;

/// Clients below which an average of them says nothing.
pub const FORECAST_CLIENTS_MIN: u64 = 10;

/// A line of the ledger with its row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Its row.
    pub id: i64,
    /// What it says.
    #[serde(flatten)]
    pub entry: LedgerEntry,
    /// What a person said of it.
    pub note: Option<String>,
}

/// One figure of a month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its name in the table.
    pub name: String,
    /// What it is counted in.
    pub unit: Unit,
    /// Its value, money in minor units; `None` is undefined.
    pub value: Option<f64>,
    /// What has to be known to read it: a cut horizon, a refusal.
    pub note: Option<String>,
    /// The rows of the ledger it rests on.
    pub rows: Vec<i64>,
}

/// The figures of one month in one currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MonthFigures {
    /// `2026-01`.
    pub month: String,
    /// The currency; amounts of two are never added.
    pub currency: Currency,
    /// All of them, in the order of the table.
    pub figures: Vec<Figure>,
}

impl MonthFigures {
    /// Returns a figure's value.
    pub fn value(&self, name: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.name == name)?.value
    }

    /// All figures by name for machines; what is undefined is null.
    pub fn as_json(&self) -> Value {
        let mut all = serde_json::Map::new();
        for figure in &self.figures {
            let value = match (figure.value, figure.unit) {
                (Some(value), Unit::Money | Unit::Clients) => json!(whole(value)),
                (value, _) => json!(value),
            };
            all.insert(figure.name.clone(), value);
        }
        all.insert("currency".to_owned(), json!(self.currency));
        all.insert("month".to_owned(), json!(self.month));
        Value::Object(all)
    }
}

/// Reckons the figures of `period` in one currency. `disputed` names clients under a dispute.
pub fn reckon(
    rows: &[LedgerRow],
    currency: Currency,
    period: Period,
    disputed: &[String],
) -> MonthFigures {
    let own: Vec<&LedgerRow> = rows
        .iter()
        .filter(|row| row.entry.amount.currency == currency && row.entry.at < period.ends_at)
        .collect();
    let entries: Vec<LedgerEntry> = own.iter().map(|row| row.entry.clone()).collect();
    let bridge = ledger::bridge(&entries, currency, period.starts_at, period.ends_at);
    let values = values(&entries, &bridge, currency, period, disputed);
    let figures = DEFINITIONS
        .iter()
        .map(|definition| {
            let (value, note) = values.get(definition.name).cloned().unwrap_or_default();
            Figure {
                name: definition.name.to_owned(),
                unit: definition.unit,
                value,
                note,
                rows: own
                    .iter()
                    .filter(|row| definition.rests_on.fits(&row.entry, period))
                    .map(|row| row.id)
                    .collect(),
            }
        })
        .collect();
    MonthFigures { month: period.label(), currency, figures }
}

type Values = BTreeMap<&'static str, (Option<f64>, Option<String>)>;

const fn minor(amount: i64) -> (Option<f64>, Option<String>) {
    (Some(metrics::minor(amount)), None)
}

const fn clients(n: u64) -> (Option<f64>, Option<String>) {
    (Some(metrics::count(n)), None)
}

const fn plain(value: Option<f64>) -> (Option<f64>, Option<String>) {
    (value, None)
}

fn values(
    entries: &[LedgerEntry],
    bridge: &Bridge,
    currency: Currency,
    period: Period,
    disputed: &[String],
) -> Values {
    let mut values = growth(bridge);
    values.append(&mut money_and_worth(entries, bridge, period));
    let mrr = ledger::mrr_at(entries, currency, period.ends_at);
    let risk: i64 = disputed.iter().filter_map(|client| mrr.get(client.as_str())).sum();
    values.insert("mrr_at_risk", minor(risk));
    let forecast = match forecast(entries, currency, period) {
        Ok(mrr) => (Some(mrr), Some("assumes the last three months' averages".to_owned())),
        Err(why) => (None, Some(why)),
    };
    values.insert("mrr_forecast", forecast);
    values
}

/// What the bridge alone says.
fn growth(bridge: &Bridge) -> Values {
    BTreeMap::from([
        ("mrr_start", minor(bridge.start)),
        ("mrr_new", minor(bridge.new)),
        ("mrr_reactivation", minor(bridge.reactivation)),
        ("mrr_expansion", minor(bridge.expansion)),
        ("mrr_contraction", minor(bridge.contraction)),
        ("mrr_churn", minor(bridge.churn)),
        ("mrr_end", minor(bridge.end)),
        ("arr", minor(bridge.end.saturating_mul(12))),
        ("clients_start", clients(bridge.customers_start)),
        ("clients_new", clients(bridge.customers_new)),
        ("clients_lost", clients(bridge.customers_lost)),
        ("clients_end", clients(bridge.customers_end)),
        ("logo_churn", plain(metrics::logo_churn(bridge))),
        ("revenue_churn", plain(metrics::gross_revenue_churn(bridge))),
        ("net_revenue_retention", plain(metrics::net_revenue_retention(bridge))),
        ("gross_revenue_retention", plain(metrics::gross_revenue_retention(bridge))),
    ])
}

/// What came in, what it cost, and what a client is worth.
fn money_and_worth(entries: &[LedgerEntry], bridge: &Bridge, period: Period) -> Values {
    let fitting = |rests: Rests| entries.iter().filter(move |entry| rests.fits(entry, period));
    let sum = |rests: Rests| fitting(rests).map(|entry| entry.amount.minor).sum::<i64>();
    let (cash, winning, cost) = (sum(Rests::Cash), -sum(Rests::Winning), -sum(Rests::Costs));
    // The fees of payments alone do not say what the work cost.
    let known =
        fitting(Rests::Delivery).any(|entry| entry.category == Some(CostCategory::Delivery));
    let delivery = known.then(|| -sum(Rests::Delivery));
    let arpa = metrics::revenue_per_account(bridge.end, bridge.customers_end);
    let cac = metrics::acquisition_cost(winning, bridge.customers_new);
    let margin = delivery.and_then(|delivery| metrics::gross_margin(cash, delivery));
    let value = metrics::lifetime_value(arpa, margin, metrics::logo_churn(bridge));
    let cut = value
        .is_some_and(|value| value.capped)
        .then(|| format!("nobody left: cut at {} months", metrics::LTV_CAP_MONTHS));
    let to_cost = value.zip(cac).and_then(|(value, cac)| metrics::ratio(value.minor, cac));
    BTreeMap::from([
        ("revenue_per_account", plain(arpa)),
        ("cash", minor(cash)),
        ("tax", minor(sum(Rests::Tax))),
        ("client_credit", minor(sum(Rests::Credit))),
        ("sales_cost", minor(winning)),
        ("delivery_cost", plain(delivery.map(metrics::minor))),
        ("cost", minor(cost)),
        ("acquisition_cost", plain(cac)),
        ("gross_margin", plain(margin)),
        ("lifetime_value", (value.map(|value| value.minor), cut)),
        ("lifetime_value_to_cost", plain(to_cost)),
        ("payback_months", plain(metrics::payback_months(cac, arpa, margin))),
        ("return_on_investment", plain(metrics::return_on_investment(cash, cost))),
    ])
}

/// Returns MRR three months after `period`, if it goes on as in the three months up to its end.
///
/// # Errors
/// Too little to take an average of, in words.
pub fn forecast(
    entries: &[LedgerEntry],
    currency: Currency,
    period: Period,
) -> Result<f64, String> {
    let mut months = Vec::new();
    let mut month = period;
    for _ in 0..FORECAST_MONTHS {
        months.push(ledger::bridge(entries, currency, month.starts_at, month.ends_at));
        month = month.previous();
    }
    let clients = months[0].customers_end;
    if clients < FORECAST_CLIENTS_MIN {
        return Err(format!("refused: {clients} clients, {FORECAST_CLIENTS_MIN} are needed"));
    }
    let whole = months.iter().filter(|bridge| bridge.start > 0).count();
    if whole < FORECAST_MONTHS {
        return Err(format!("refused: {whole} months with clients at their start, 3 are needed"));
    }
    let n = metrics::count(FORECAST_MONTHS as u64);
    let rate = |of: &dyn Fn(&Bridge) -> i64| -> f64 {
        let shares = months.iter().map(|one| metrics::minor(of(one)) / metrics::minor(one.start));
        shares.sum::<f64>() / n
    };
    let kept = 1.0 + rate(&|one| one.expansion + one.contraction + one.churn);
    let come: i64 = months.iter().map(|one| one.new + one.reactivation).sum();
    let come = metrics::minor(come) / n;
    let start = metrics::minor(months[0].end);
    Ok((0..FORECAST_MONTHS).fold(start, |mrr, _| mrr.mul_add(kept, come)))
}

/// What changed between two reckonings of one month, as `name before → after`.
pub fn changes(before: &Value, after: &Value) -> Vec<(String, Value, Value)> {
    let Some(now) = after.as_object() else { return Vec::new() };
    now.iter()
        .filter(|(name, value)| before.get(name.as_str()).unwrap_or(&Value::Null) != *value)
        .map(|(name, value)| {
            let old = before.get(name.as_str()).cloned().unwrap_or(Value::Null);
            (name.clone(), old, value.clone())
        })
        .collect()
}

/// Writes a figure for a person; an undefined one is `unknown`.
pub fn written(unit: Unit, value: Option<f64>, currency: Currency) -> String {
    let Some(value) = value else { return "unknown".to_owned() };
    match unit {
        Unit::Money => Money::new(whole(value), currency).to_string(),
        Unit::Clients => whole(value).to_string(),
        Unit::Share => format!("{:.1} %", 100.0 * value),
        Unit::Months => format!("{value:.1} months"),
        Unit::Factor => format!("{value:.2}"),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "money and counts fit by far")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[cfg(test)]
mod tests;
