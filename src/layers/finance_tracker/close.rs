//! Closes a month: what the ledger says of it, in the figures by which the business is judged.
//!
//! Undefined is unknown and shown so. What contacting prospects cost is booked here, from the count of
//! first contacts and the price of one. A month of which the ledger learns later is closed again: the
//! correction is a new line, the new close says what changed, and the old one stays.

use serde_json::{Value, json};

use crate::config::Pricing;
use crate::domain::event::NewEvent;
use crate::domain::figures::{self, LedgerRow, MonthFigures, Unit};
use crate::domain::finance::{Account, CostCategory, FinanceChange, LedgerEntry, MonthClose};
use crate::domain::money::Money;
use crate::domain::outcome::StepOutcome;
use crate::domain::report::Period;

/// What a month is closed from.
pub(super) struct Books {
    pub(super) period: Period,
    /// The ledger up to the month's end.
    pub(super) rows: Vec<LedgerRow>,
    /// The last line of the ledger that was there.
    pub(super) ledger_id: i64,
    /// Prospects first contacted in the month.
    pub(super) contacts: u64,
    /// Clients under a dispute.
    pub(super) disputed: Vec<String>,
    /// What was said when the month was closed before.
    pub(super) before: Option<MonthClose>,
}

/// Tells the month's figures and books what its contacts cost.
pub(super) fn closed(mut books: Books, pricing: &Pricing) -> StepOutcome {
    let cost = contact_cost(&books, pricing);
    let booked = books.rows.iter().any(|row| row.entry.reference == cost.reference);
    let due = cost.amount.minor != 0 && !booked;
    if due {
        // It is booked with this very close, so its figures count it; its row has no number yet.
        books.rows.push(LedgerRow { id: books.ledger_id + 1, entry: cost.clone(), note: None });
    }
    let figures = figures::reckon(&books.rows, pricing.currency, books.period, &books.disputed);
    let revision = books.before.as_ref().map_or(1, |before| before.revision + 1);
    let close = MonthClose {
        month: books.period.label(),
        revision,
        ledger_id: books.ledger_id,
        figures: figures.as_json(),
    };
    let event = told(&figures, &close, books.before.as_ref());
    let outcome = StepOutcome::done().event(event).change(FinanceChange::Close(Box::new(close)));
    if due { outcome.change(FinanceChange::Ledger(cost)) } else { outcome }
}

fn told(figures: &MonthFigures, close: &MonthClose, before: Option<&MonthClose>) -> NewEvent {
    let currency = figures.currency;
    let mut data = close.figures.clone();
    data["revision"] = json!(close.revision);
    let Some(before) = before else {
        let text = |name: &str, unit: Unit| figures::written(unit, figures.value(name), currency);
        let text = format!(
            "{}: MRR {}, paying clients {} ({} new), churn {}, cash {}, a new client cost {}",
            close.month,
            text("mrr_end", Unit::Money),
            text("clients_end", Unit::Clients),
            text("clients_new", Unit::Clients),
            text("logo_churn", Unit::Share),
            text("cash", Unit::Money),
            text("acquisition_cost", Unit::Money),
        );
        return NewEvent::info("books_closed", text).with(data);
    };
    let changed = figures::changes(&before.figures, &close.figures);
    let named: Vec<String> = changed
        .iter()
        .map(|(name, old, new)| {
            let unit = figures.figures.iter().find(|one| one.name == *name).map(|one| one.unit);
            let written = |value: &Value| {
                unit.map_or_else(
                    || value.to_string(),
                    |unit| figures::written(unit, value.as_f64(), currency),
                )
            };
            format!("{name} {} → {}", written(old), written(new))
        })
        .collect();
    let what = if named.is_empty() { "no figure changed".to_owned() } else { named.join(", ") };
    data["changed"] = changed.iter().map(|(name, old, new)| json!([name, old, new])).collect();
    let text = format!("{} closed again ({}): {what}", close.month, close.revision);
    NewEvent::warn("books_closed_again", text).with(data)
}

fn contact_cost(books: &Books, pricing: &Pricing) -> LedgerEntry {
    let contacts = i64::try_from(books.contacts).unwrap_or(i64::MAX);
    let minor = contacts.saturating_mul(pricing.contact_cost.minor);
    LedgerEntry {
        entity: String::new(),
        account: Account::Cost,
        movement: None,
        category: Some(CostCategory::Sales),
        amount: Money::new(-minor, pricing.currency),
        at: books.period.ends_at.plus_ms(-1),
        reference: format!("contacts/{}", books.period.label()),
    }
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

    fn row(id: i64, account: Account, minor: i64, at: Moment) -> LedgerRow {
        let entry = LedgerEntry {
            entity: "osm:node/1".to_owned(),
            account,
            movement: (account == Account::Mrr).then_some(Movement::New),
            category: None,
            amount: Money::new(minor, pricing().currency),
            at,
            reference: format!("r{id}"),
        };
        LedgerRow { id, entry, note: None }
    }

    fn books(rows: Vec<LedgerRow>, contacts: u64) -> Books {
        Books {
            period: january(),
            ledger_id: i64::try_from(rows.len()).unwrap(),
            rows,
            contacts,
            disputed: Vec::new(),
            before: None,
        }
    }

    #[test]
    fn a_first_month_has_clients_and_cash_but_no_churn() {
        let day = january().starts_at.plus_ms(1);
        let rows = vec![row(1, Account::Mrr, 50_000, day), row(2, Account::Revenue, 150_000, day)];
        let outcome = closed(books(rows, 40), &pricing());
        assert_eq!(
            outcome.events[0].text,
            "2026-01: MRR 500.00 USD, paying clients 1 (1 new), churn unknown, cash 1,500.00 USD, \
             a new client cost 100.00 USD"
        );
        let data = outcome.events[0].data.as_ref().unwrap();
        assert_eq!(data["logo_churn"], Value::Null);
        assert_eq!(data["lifetime_value"], Value::Null);
        assert_eq!((&data["arr"], &data["clients_lost"]), (&json!(600_000), &json!(0)));
        let Change::Finance(FinanceChange::Ledger(cost)) = &outcome.changes[1] else {
            panic!("{:?}", outcome.changes)
        };
        assert_eq!((cost.account, cost.amount.minor), (Account::Cost, -10_000));
        assert_eq!(cost.reference, "contacts/2026-01");
    }

    #[test]
    fn a_month_without_anything_books_nothing_and_knows_nothing() {
        let outcome = closed(books(Vec::new(), 0), &pricing());
        assert!(matches!(outcome.changes[..], [Change::Finance(FinanceChange::Close(_))]));
        assert!(outcome.events[0].text.contains("a new client cost unknown"));
    }

    #[test]
    fn a_month_of_which_the_ledger_learnt_later_is_closed_again_and_says_what_changed() {
        let day = january().starts_at.plus_ms(1);
        let rows = vec![row(1, Account::Revenue, 150_000, day)];
        let first = closed(books(rows.clone(), 0), &pricing());
        let Change::Finance(FinanceChange::Close(said)) = &first.changes[0] else { panic!() };
        let mut again = books(rows, 0);
        again.rows.push(row(2, Account::Refund, -50_000, day));
        again.before = Some((**said).clone());
        let second = closed(again, &pricing());
        assert_eq!(
            second.events[0].text,
            "2026-01 closed again (2): cash 1,500.00 USD → 1,000.00 USD"
        );
        let Change::Finance(FinanceChange::Close(now)) = &second.changes[0] else { panic!() };
        assert_eq!((said.revision, now.revision), (1, 2));
    }
}
