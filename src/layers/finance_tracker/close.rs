//! Closes a month: what the ledger says of it, in the figures by which the business is judged.
//!
//! Undefined is unknown and shown so: churn before there was a customer, the value of a customer
//! while no cost of delivery is booked. What contacting prospects cost is booked here, from the
//! count of first contacts and the price of one.

use serde_json::{Value, json};

use crate::config::Pricing;
use crate::domain::event::NewEvent;
use crate::domain::finance::{Account, FinanceChange, LedgerEntry};
use crate::domain::ledger::{self, Bridge};
use crate::domain::metrics;
use crate::domain::money::{Currency, Money};
use crate::domain::outcome::StepOutcome;
use crate::domain::report::Period;

/// What a month is closed from.
pub(super) struct Books {
    pub(super) period: Period,
    /// MRR, revenue, refunds and disputes up to the month's end.
    pub(super) entries: Vec<LedgerEntry>,
    /// Prospects first contacted in the month.
    pub(super) contacts: u64,
}

/// Tells the month's figures and books what its contacts cost.
pub(super) fn closed(books: &Books, pricing: &Pricing) -> StepOutcome {
    let (period, currency) = (books.period, pricing.currency);
    let bridge = ledger::bridge(&books.entries, currency, period.starts_at, period.ends_at);
    let cash = ledger::cash_revenue(&books.entries, currency, period.starts_at, period.ends_at);
    let cost = contact_cost(books, pricing);
    let cac = metrics::acquisition_cost(cost.minor, bridge.customers_new);
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "unknown".to_owned(), |share| format!("{:.1} %", 100.0 * share))
    };
    let text = format!(
        "{}: MRR {}, paying clients {} ({} new), churn {}, cash {cash}, a new client cost {}",
        period.label(),
        Money::new(bridge.end, currency),
        bridge.customers_end,
        bridge.customers_new,
        percent(metrics::logo_churn(&bridge)),
        cac.map_or_else(|| "unknown".to_owned(), |minor| rounded(minor, currency).to_string()),
    );
    let event = NewEvent::info("books_closed", text).with(figures(&bridge, cash, cost, cac));
    let outcome = StepOutcome::done().event(event);
    if cost.minor == 0 {
        return outcome;
    }
    outcome.change(FinanceChange::Ledger(LedgerEntry {
        entity: String::new(),
        account: Account::Cost,
        movement: None,
        amount: Money::new(-cost.minor, currency),
        at: period.ends_at.plus_ms(-1),
        reference: format!("contacts/{}", period.label()),
    }))
}

fn contact_cost(books: &Books, pricing: &Pricing) -> Money {
    let contacts = i64::try_from(books.contacts).unwrap_or(i64::MAX);
    Money::new(contacts.saturating_mul(pricing.contact_cost.minor), pricing.currency)
}

/// All figures for machines; what is undefined is null.
fn figures(bridge: &Bridge, cash: Money, cost: Money, cac: Option<f64>) -> Value {
    let arpa = metrics::revenue_per_account(bridge.end, bridge.customers_end);
    json!({
        "mrr_start": bridge.start,
        "mrr_new": bridge.new,
        "mrr_reactivation": bridge.reactivation,
        "mrr_expansion": bridge.expansion,
        "mrr_contraction": bridge.contraction,
        "mrr_churn": bridge.churn,
        "mrr_end": bridge.end,
        "arr": bridge.end.saturating_mul(12),
        "clients_start": bridge.customers_start,
        "clients_new": bridge.customers_new,
        "clients_lost": bridge.customers_lost,
        "clients_end": bridge.customers_end,
        "logo_churn": metrics::logo_churn(bridge),
        "revenue_churn": metrics::gross_revenue_churn(bridge),
        "net_revenue_retention": metrics::net_revenue_retention(bridge),
        "gross_revenue_retention": metrics::gross_revenue_retention(bridge),
        "revenue_per_account": arpa,
        "cash": cash.minor,
        "sales_cost": cost.minor,
        "acquisition_cost": cac,
        // No cost of delivery is booked, so the margin is unknown, and with it these two.
        "lifetime_value": metrics::lifetime_value(arpa, None, metrics::logo_churn(bridge))
            .map(|value| value.minor),
        "payback_months": metrics::payback_months(cac, arpa, None),
        "currency": cash.currency,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a cost per client fits by far")]
fn rounded(minor: f64, currency: Currency) -> Money {
    Money::new(minor.round() as i64, currency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::Change;
    use crate::domain::finance::Movement;
    use crate::domain::report::Cadence;
    use crate::domain::time::Moment;
    use crate::layers::finance_tracker::tests::pricing;

    fn january() -> Period {
        Period::containing(Cadence::Monthly, "2026-01-15T00:00:00Z".parse().unwrap())
    }

    fn entry(account: Account, minor: i64, at: Moment) -> LedgerEntry {
        LedgerEntry {
            entity: "osm:node/1".to_owned(),
            account,
            movement: (account == Account::Mrr).then_some(Movement::New),
            amount: Money::new(minor, pricing().currency),
            at,
            reference: "r".to_owned(),
        }
    }

    #[test]
    fn a_first_month_has_clients_and_cash_but_no_churn() {
        let day = january().starts_at.plus_ms(1);
        let entries = vec![entry(Account::Mrr, 50_000, day), entry(Account::Revenue, 150_000, day)];
        let outcome = closed(&Books { period: january(), entries, contacts: 40 }, &pricing());
        assert_eq!(
            outcome.events[0].text,
            "2026-01: MRR 500.00 USD, paying clients 1 (1 new), churn unknown, cash 1,500.00 USD, \
             a new client cost 100.00 USD"
        );
        let data = outcome.events[0].data.as_ref().unwrap();
        assert_eq!(data["logo_churn"], Value::Null);
        assert_eq!(data["lifetime_value"], Value::Null);
        assert_eq!((&data["arr"], &data["clients_lost"]), (&json!(600_000), &json!(0)));
        let Change::Finance(FinanceChange::Ledger(cost)) = &outcome.changes[0] else {
            panic!("{:?}", outcome.changes)
        };
        assert_eq!((cost.account, cost.amount.minor), (Account::Cost, -10_000));
        assert_eq!(cost.reference, "contacts/2026-01");
    }

    #[test]
    fn a_month_without_anything_books_nothing_and_knows_nothing() {
        let books = Books { period: january(), entries: Vec::new(), contacts: 0 };
        let outcome = closed(&books, &pricing());
        assert!(outcome.changes.is_empty());
        assert!(outcome.events[0].text.contains("a new client cost unknown"));
    }
}
