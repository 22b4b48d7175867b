//! Gives papers their numbers: without a gap, each kind of paper, world and year a series of its own.
//!
//! A number is taken in the transaction that writes it on its row. Whatever dies before the commit
//! has taken none, and the next paper gets it. A database that was restored does not know which
//! numbers were given away since its backup: a paper gets its own back where the replaced database
//! told it, and where nothing did, new numbers carry the generation, so that none is given twice.

use jiff::tz::TimeZone;
use rusqlite::{Connection, params};

use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::runtime::failpoint;
use crate::store::error::StoreError;
use crate::store::restores;

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

/// Returns the next number of a series in the year of `now`, for `paper`; the caller writes it in
/// this transaction.
pub(super) fn next(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    series: Series,
    paper: &str,
) -> Result<Taken, StoreError> {
    let (last, mark, word) = match series {
        Series::Invoices => (LAST_INVOICE, "", "invoices"),
        Series::CreditNotes => (LAST_CREDIT_NOTE, "CN-", "credit_notes"),
    };
    failpoint::hit("number.taken");
    if let Some((year, serial, number)) = restores::reserved_number(tx, mode, word, paper)? {
        return Ok(Taken { year, serial, number });
    }
    let year = i64::from(now.utc_date().year());
    let last: i64 = tx.prepare_cached(last)?.query_row(params![mode, year], |row| row.get(0))?;
    let serial = last.max(restores::last_reserved(tx, mode, word, year)?) + 1;
    let world = if mode == Mode::Dry { "DRY-" } else { "" };
    let generation = restores::mark_of_numbers(tx, mode, first_of(now))?;
    let lost = generation.map(|generation| format!("R{generation}-")).unwrap_or_default();
    Ok(Taken { year, serial, number: format!("{world}{mark}{year:04}-{lost}{serial:04}") })
}

/// Returns the first instant of the year of `now`.
fn first_of(now: Moment) -> Moment {
    let first = now.utc_date().first_of_year();
    first.to_zoned(TimeZone::UTC).map_or(now, |first| Moment::from(first.timestamp()))
}

/// Marks the place at which a number stands on its row and is not committed.
pub(super) fn written() {
    failpoint::hit("number.written");
}
