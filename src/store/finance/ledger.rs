//! Keeps the ledger: append-only, one line for each account and reference.

use rusqlite::{Connection, Row, named_params, params};

use super::closes;
use crate::domain::figures::LedgerRow;
use crate::domain::finance::LedgerEntry;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::money;

const BOOK: &str = "
INSERT OR IGNORE INTO ledger
  (mode, entity, account, movement, minor, currency, at, reference, subject, category)
VALUES (:mode, :entity, :account, :movement, :minor, :currency, :at, :reference, :subject, :category)";

/// Appends a line, unless its account has one with its reference. Returns whether it did.
fn insert(
    tx: &Connection,
    mode: Mode,
    subject: Option<&str>,
    entry: &LedgerEntry,
    reference: &str,
) -> Result<bool, StoreError> {
    let inserted = tx.prepare_cached(BOOK)?.execute(named_params! {
        ":mode": mode,
        ":entity": entry.entity,
        ":account": entry.account,
        ":movement": entry.movement,
        ":minor": entry.amount.minor,
        ":currency": entry.amount.currency.code(),
        ":at": entry.at,
        ":reference": reference,
        ":subject": subject,
        ":category": entry.category,
    })?;
    // A close books the cost of its own contacts; that is no news of its month.
    if inserted == 1 && !reference.starts_with("contacts/") {
        closes::outdate(tx, mode, entry.at)?;
    }
    Ok(inserted == 1)
}

/// Appends a line, unless its account has one with its reference.
pub(super) fn book(tx: &Connection, mode: Mode, entry: &LedgerEntry) -> Result<(), StoreError> {
    insert(tx, mode, None, entry, &entry.reference).map(|_| ())
}

/// How many lines may rest on one message before something is wrong with it.
const SAME_REFERENCE_MAX: u32 = 10_000;

/// Appends a line in any case: one whose reference is taken gets the next number behind it.
pub(super) fn append(
    tx: &Connection,
    mode: Mode,
    subject: Option<&str>,
    entry: &LedgerEntry,
) -> Result<(), StoreError> {
    if insert(tx, mode, subject, entry, &entry.reference)? {
        return Ok(());
    }
    let base = entry.reference.split('#').next().unwrap_or_default();
    for number in 2..SAME_REFERENCE_MAX {
        if insert(tx, mode, subject, entry, &format!("{base}#{number}"))? {
            return Ok(());
        }
    }
    Err(StoreError::Fenced { what: "the ledger" })
}

const OF_SUBJECT: &str = "
SELECT entity, account, movement, category, sum(minor) AS minor, currency, at,
  min(reference) AS reference
FROM ledger WHERE mode = ?1 AND subject = ?2
GROUP BY entity, account, movement, currency, at HAVING sum(minor) <> 0";

/// Returns what is booked of a subject, one line for each place.
pub(super) fn of_subject(
    conn: &Connection,
    mode: Mode,
    subject: &str,
) -> Result<Vec<LedgerEntry>, StoreError> {
    let mut statement = conn.prepare_cached(OF_SUBJECT)?;
    let booked =
        statement.query_map(params![mode, subject], from_row)?.collect::<Result<_, _>>()?;
    Ok(booked)
}

/// Which lines of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted<'w> {
    /// Only this client's; the agency's own are of the client with an empty name.
    pub entity: Option<&'w str>,
    /// Only from this instant on.
    pub from: Option<Moment>,
    /// Only before this instant.
    pub until: Option<Moment>,
    /// At most so many, the oldest first.
    pub limit: Option<u32>,
}

const ROWS: &str = "
SELECT * FROM ledger
WHERE mode = :mode AND (:entity IS NULL OR entity = :entity)
  AND (:from IS NULL OR at >= :from) AND (:until IS NULL OR at < :until)
ORDER BY at, id LIMIT :limit";

/// Returns lines of the ledger, oldest first.
pub fn rows(
    conn: &Connection,
    mode: Mode,
    wanted: &Wanted<'_>,
) -> Result<Vec<LedgerRow>, StoreError> {
    let mut statement = conn.prepare_cached(ROWS)?;
    let rows = statement.query_map(
        named_params! {
            ":mode": mode, ":entity": wanted.entity, ":from": wanted.from, ":until": wanted.until,
            ":limit": wanted.limit.map_or(-1, i64::from),
        },
        |row| Ok(LedgerRow { id: row.get("id")?, entry: from_row(row)?, note: row.get("note")? }),
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads a whole line.
pub(super) fn row_of(row: &Row<'_>) -> rusqlite::Result<LedgerRow> {
    Ok(LedgerRow { id: row.get("id")?, entry: from_row(row)?, note: row.get("note")? })
}

const LAST: &str = "SELECT coalesce(max(id), 0) FROM ledger WHERE mode = ?1";

/// Returns the newest line's row.
pub fn last_id(conn: &Connection, mode: Mode) -> Result<i64, StoreError> {
    Ok(conn.prepare_cached(LAST)?.query_row([mode], |row| row.get(0))?)
}

const NOTE: &str =
    "UPDATE ledger SET note = ?3 WHERE mode = ?1 AND account = 'cost' AND reference = ?2";

/// Enters a cost that a person noted, with what they said of it. Returns whether it was new.
pub fn enter_cost(
    tx: &Connection,
    mode: Mode,
    entry: &LedgerEntry,
    note: Option<&str>,
) -> Result<bool, StoreError> {
    let new = insert(tx, mode, None, entry, &entry.reference)?;
    if new {
        tx.prepare_cached(NOTE)?.execute(params![mode, entry.reference, note])?;
    }
    Ok(new)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<LedgerEntry> {
    Ok(LedgerEntry {
        entity: row.get("entity")?,
        account: row.get("account")?,
        movement: row.get("movement")?,
        category: row.get("category")?,
        amount: money(row, "minor", "currency")?,
        at: row.get("at")?,
        reference: row.get("reference")?,
    })
}
