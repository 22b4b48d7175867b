//! Writes and reads the rows of Finance: reports, invoices, subscriptions, the ledger.
//!
//! Messages about money come twice and in any order, and two of them may be worked at the same time.
//! So what a change adds is decided here, inside the writer's transaction, against the rows as they
//! are: a payment is never taken back, a refund is booked as the difference to what is booked, and
//! ΔMRR = Σ movements whatever came first.

pub mod closes;
pub mod credit_notes;
pub mod facts;
pub mod figures;
pub mod invoices;
pub mod ledger;
mod numbers;
pub mod reports;
pub mod subscriptions;

use rusqlite::{Connection, params};
use serde_json::Value;

use super::error::StoreError;
use super::words::{count, json, optional};
use crate::domain::finance::FinanceChange;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// Applies one change.
pub(super) fn apply(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    change: &FinanceChange,
) -> Result<(), StoreError> {
    match change {
        FinanceChange::Report(report) => reports::put(tx, mode, report),
        FinanceChange::Days { entity, days } => figures::put(tx, mode, now, entity, days),
        FinanceChange::Invoice(invoice) => {
            let kept = invoices::put(tx, mode, invoice)?;
            facts::settle_invoice(tx, mode, &kept)?;
            match &kept.provider_id {
                Some(id) => facts::settle_charges_of(tx, mode, id),
                None => Ok(()),
            }
        }
        FinanceChange::Ledger(entry) => ledger::book(tx, mode, entry),
        FinanceChange::Subscription(told) => subscriptions::put(tx, mode, now, told),
        FinanceChange::Payment { entity, period, provider_id, fact } => {
            facts::pay(tx, mode, entity, period, provider_id.as_deref(), fact)
        }
        FinanceChange::Charge(charge) => facts::charge(tx, mode, charge),
        FinanceChange::PaidBy { payment, invoice } => facts::paid_by(tx, mode, payment, invoice),
        FinanceChange::Number(invoice) => invoices::number(tx, mode, now, invoice),
        FinanceChange::Withdraw { entity, period } => invoices::withdraw(tx, mode, entity, period),
        FinanceChange::Credit { entity, period, place } => {
            credit_notes::write(tx, mode, now, (entity, period, *place))
        }
        FinanceChange::Credited { entity, period, place, at } => {
            credit_notes::issued(tx, mode, (entity, period, *place), *at)
        }
        FinanceChange::Dunned { entity, period, step, at } => {
            invoices::dunned(tx, mode, entity, period, *step, *at)
        }
        FinanceChange::Close(close) => closes::put(tx, mode, now, close),
        FinanceChange::Unmatched { event, customer } => {
            tx.prepare_cached(NOTE_UNMATCHED)?.execute(params![mode, event, customer])?;
            Ok(())
        }
        FinanceChange::Customer { entity, customer_id } => {
            tx.prepare_cached(NOTE_CUSTOMER)?.execute(params![mode, entity, customer_id])?;
            Ok(())
        }
    }
}

const NOTE_CUSTOMER: &str = "
UPDATE clients SET customer_id = ?3 WHERE mode = ?1 AND entity = ?2 AND customer_id IS NULL";

const NOTE_UNMATCHED: &str =
    "INSERT OR IGNORE INTO billing_unmatched (mode, event, customer) VALUES (?1, ?2, ?3)";
const MATCHED: &str = "
SELECT m.event, u.payload FROM billing_unmatched m
JOIN clients c ON c.mode = m.mode AND c.customer_id = m.customer
JOIN units u ON u.mode = m.mode AND u.layer = ?2 AND u.entity = m.event AND u.version = 'delivery'
WHERE m.mode = ?1 AND NOT EXISTS (SELECT 1 FROM units n WHERE n.mode = m.mode AND n.layer = ?2
  AND n.entity = m.event AND n.version = ?3)
ORDER BY m.event";

/// Returns the messages, with their units' payloads, that belonged to nobody when they came and
/// whose customer is known now, unless work called `version` is planned for them already.
pub fn matched_since(
    conn: &Connection,
    mode: Mode,
    version: &str,
) -> Result<Vec<(String, Value)>, StoreError> {
    let mut statement = conn.prepare_cached(MATCHED)?;
    let found = statement.query_map(params![mode, Layer::FinanceTracker, version], |row| {
        Ok((row.get(0)?, json(row, "payload")?))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

const COUNTRY: &str = "SELECT country FROM prospects WHERE mode = ?1 AND entity = ?2";

/// Returns the country of a client, if its address says so.
pub fn country_of(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Option<String>, StoreError> {
    let found =
        optional(conn.prepare_cached(COUNTRY)?.query_row(params![mode, entity], |row| row.get(0)));
    Ok(found?.flatten())
}

const CLIENT_OF_CUSTOMER: &str =
    "SELECT entity FROM clients WHERE mode = ?1 AND customer_id = ?2 ORDER BY id LIMIT 1";

/// Returns the client that the provider's customer stands for.
pub fn client_of_customer(
    conn: &Connection,
    mode: Mode,
    customer: &str,
) -> Result<Option<String>, StoreError> {
    optional(
        conn.prepare_cached(CLIENT_OF_CUSTOMER)?
            .query_row(params![mode, customer], |row| row.get(0)),
    )
}

const HAS_CLIENT: &str = "SELECT EXISTS (SELECT 1 FROM clients WHERE mode = ?1 AND signed_at < ?2)";

/// Whether anybody had signed before `until`.
pub fn has_client_before(conn: &Connection, mode: Mode, until: Moment) -> Result<bool, StoreError> {
    Ok(conn.prepare_cached(HAS_CLIENT)?.query_row(params![mode, until], |row| row.get(0))?)
}

const CONTACTS: &str = "
SELECT count(*) FROM prospects
WHERE mode = ?1 AND first_contact_at >= ?2 AND first_contact_at < ?3";

/// Counts the prospects that were first contacted between two instants.
pub fn contacts(
    conn: &Connection,
    mode: Mode,
    from: Moment,
    to: Moment,
) -> Result<u64, StoreError> {
    Ok(conn.prepare_cached(CONTACTS)?.query_row(params![mode, from, to], |row| count(row, 0))?)
}

#[cfg(test)]
mod number_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod upgrade_tests;
