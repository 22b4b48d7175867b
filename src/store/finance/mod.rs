//! Writes and reads the rows of Finance: reports, invoices, subscriptions, the ledger.
//!
//! Messages about money come twice and in any order, and two of them may be worked at the same time.
//! So what a change adds is decided here, inside the writer's transaction, against the rows as they
//! are: a payment is never taken back, a refund is booked as the difference to what is booked, and
//! ΔMRR = Σ movements whatever came first.

pub mod figures;
pub mod invoices;
pub mod ledger;
pub mod reports;
pub mod subscriptions;

use rusqlite::{Connection, params};

use super::error::StoreError;
use super::words::{count, optional};
use crate::domain::finance::FinanceChange;
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
        FinanceChange::Invoice(invoice) => invoices::put(tx, mode, invoice),
        FinanceChange::Ledger(entry) => ledger::book(tx, mode, entry),
        FinanceChange::Subscription { subscription, monthly } => {
            subscriptions::put(tx, mode, now, subscription, *monthly)
        }
        FinanceChange::Refund(refund) => ledger::book_refund(tx, mode, refund),
        FinanceChange::Customer { entity, customer_id } => {
            tx.prepare_cached(NOTE_CUSTOMER)?.execute(params![mode, entity, customer_id])?;
            Ok(())
        }
    }
}

const NOTE_CUSTOMER: &str = "
UPDATE clients SET customer_id = ?3 WHERE mode = ?1 AND entity = ?2 AND customer_id IS NULL";

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
mod tests;
