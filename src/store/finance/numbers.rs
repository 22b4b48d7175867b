//! Gives papers their numbers: without a gap, each kind of paper, world and year a series of its own.
//!
//! A number is taken in the transaction that writes it on its row. Whatever dies before the commit
//! has taken none, and the next paper gets it.

use rusqlite::{Connection, params};

use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::runtime::failpoint;
use crate::store::error::StoreError;

/// A kind of paper that is numbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Series {
    /// Invoices of ours: `2026-0001`.
    Invoices,
    /// Credit notes: `CN-2026-0001`.
    CreditNotes,
}

/// A number that is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) year: i64,
    pub(super) serial: i64,
    /// As it stands on the paper; a rehearsal's says that it is one.
    pub(super) number: String,
}

const LAST_INVOICE: &str = "
SELECT coalesce(max(serial), 0) FROM invoices
WHERE mode = ?1 AND serial_year = ?2 AND serial IS NOT NULL";
const LAST_CREDIT_NOTE: &str = "
SELECT coalesce(max(serial), 0) FROM credit_notes WHERE mode = ?1 AND serial_year = ?2";

/// Returns the next number of a series in the year of `now`; the caller writes it in this
/// transaction.
pub(super) fn next(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    series: Series,
) -> Result<Taken, StoreError> {
    let (last, mark) = match series {
        Series::Invoices => (LAST_INVOICE, ""),
        Series::CreditNotes => (LAST_CREDIT_NOTE, "CN-"),
    };
    let year = i64::from(now.utc_date().year());
    let last: i64 = tx.prepare_cached(last)?.query_row(params![mode, year], |row| row.get(0))?;
    let serial = last + 1;
    let world = if mode == Mode::Dry { "DRY-" } else { "" };
    failpoint::hit("number.taken");
    Ok(Taken { year, serial, number: format!("{world}{mark}{year:04}-{serial:04}") })
}

/// Marks the place at which a number stands on its row and is not committed.
pub(super) fn written() {
    failpoint::hit("number.written");
}
