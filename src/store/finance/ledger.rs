//! Keeps the ledger: append-only, one line for each account and reference.

use rusqlite::{Connection, Row, named_params, params};

use super::invoices;
use crate::domain::finance::{Account, LedgerEntry, Refund};
use crate::domain::ledger::{refund_delta, split_tax};
use crate::domain::mode::Mode;
use crate::domain::money::{Currency, Money};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{money, optional};

const BOOK: &str = "
INSERT OR IGNORE INTO ledger (mode, entity, account, movement, minor, currency, at, reference)
VALUES (:mode, :entity, :account, :movement, :minor, :currency, :at, :reference)";

/// Appends a line, unless its account has one with its reference.
pub(super) fn book(tx: &Connection, mode: Mode, entry: &LedgerEntry) -> Result<(), StoreError> {
    tx.prepare_cached(BOOK)?.execute(named_params! {
        ":mode": mode,
        ":entity": entry.entity,
        ":account": entry.account,
        ":movement": entry.movement,
        ":minor": entry.amount.minor,
        ":currency": entry.amount.currency.code(),
        ":at": entry.at,
        ":reference": entry.reference,
    })?;
    Ok(())
}

/// Refunds of a charge have the references `<charge>/<cumulative amount>`; '0' follows '/'.
const REFUNDED: &str = "
SELECT coalesce(-sum(minor), 0) FROM ledger
WHERE mode = ?1 AND account IN ('refund', 'tax') AND reference >= ?2 || '/' AND reference < ?2 || '0'";

/// Books what of a cumulative refund is not booked yet, split into net and tax like its invoice.
///
/// The tax is the difference of the tax of both cumulative amounts, so that its sum does not depend
/// on the steps in which the refund was told.
pub(super) fn book_refund(tx: &Connection, mode: Mode, refund: &Refund) -> Result<(), StoreError> {
    let booked: i64 =
        tx.prepare_cached(REFUNDED)?.query_row(params![mode, refund.charge], |row| row.get(0))?;
    let delta = refund_delta(refund.cumulative.minor, booked);
    if delta == 0 {
        return Ok(());
    }
    let currency = refund.cumulative.currency;
    let tax_of = |minor: i64| {
        refund.invoice.as_ref().map_or(0, |invoice| {
            split_tax(Money::new(minor, currency), invoice.total, invoice.tax).1.minor
        })
    };
    let tax = tax_of(booked + delta) - tax_of(booked);
    for (account, minor) in [(Account::Refund, tax - delta), (Account::Tax, -tax)] {
        if minor != 0 {
            let entry = LedgerEntry {
                entity: refund.entity.clone(),
                account,
                movement: None,
                amount: Money::new(minor, currency),
                at: refund.at,
                reference: format!("{}/{}", refund.charge, refund.cumulative.minor),
            };
            book(tx, mode, &entry)?;
        }
    }
    match &refund.invoice {
        Some(invoice) => invoices::note_refund(tx, mode, &invoice.provider_id, refund.cumulative),
        None => Ok(()),
    }
}

const MRR_OF_CLIENT: &str = "
SELECT coalesce(sum(minor), 0), count(*) FROM ledger
WHERE mode = ?1 AND entity = ?2 AND account = 'mrr' AND currency = ?3";

/// Returns a client's MRR as booked, and whether it ever had any.
pub fn mrr_of_client(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    currency: Currency,
) -> Result<(i64, bool), StoreError> {
    Ok(conn
        .prepare_cached(MRR_OF_CLIENT)?
        .query_row(params![mode, entity, currency.code()], |row| {
            Ok((row.get(0)?, row.get::<_, i64>(1)? > 0))
        })?)
}

const ENTITY_OF_CHARGE: &str = "
SELECT entity FROM ledger WHERE mode = ?1 AND account = 'refund'
  AND reference >= ?2 || '/' AND reference < ?2 || '0' LIMIT 1";

/// Returns the client of a charge of which a refund is booked.
pub fn client_of_charge(
    conn: &Connection,
    mode: Mode,
    charge: &str,
) -> Result<Option<String>, StoreError> {
    optional(
        conn.prepare_cached(ENTITY_OF_CHARGE)?.query_row(params![mode, charge], |row| row.get(0)),
    )
}

const ENTRIES: &str = "
SELECT entity, account, movement, minor, currency, at, reference FROM ledger
WHERE mode = ?1 AND account = ?2 AND at < ?3 ORDER BY at, id";

/// Returns an account's lines before `until`, oldest first.
pub fn entries(
    conn: &Connection,
    mode: Mode,
    account: Account,
    until: Moment,
) -> Result<Vec<LedgerEntry>, StoreError> {
    let mut statement = conn.prepare_cached(ENTRIES)?;
    let entries =
        statement.query_map(params![mode, account, until], from_row)?.collect::<Result<_, _>>()?;
    Ok(entries)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<LedgerEntry> {
    Ok(LedgerEntry {
        entity: row.get("entity")?,
        account: row.get("account")?,
        movement: row.get("movement")?,
        amount: money(row, "minor", "currency")?,
        at: row.get("at")?,
        reference: row.get("reference")?,
    })
}
