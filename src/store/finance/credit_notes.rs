//! Keeps credit notes: the papers by which invoices that have gone out are taken back.
//!
//! A note's row is written once, with its number, from the invoice as it is in that transaction.

use rusqlite::{Connection, Row, named_params, params};

use super::numbers::{self, Series};
use super::{facts, invoices};
use crate::domain::credit::{self, Credit, CreditNote, CreditReason};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{money, optional};

/// An invoice that needs a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The client.
    pub entity: String,
    /// The invoice's period.
    pub period: String,
    /// What a person calls the invoice.
    pub invoice: String,
    /// The how-manieth note of the invoice it will be.
    pub place: u32,
}

const DUE: &str = "
SELECT entity, period, coalesce(number, provider_id, period) AS invoice,
  (SELECT count(*) FROM credit_notes n
   WHERE n.mode = i.mode AND n.entity = i.entity AND n.period = i.period) + 1 AS place
FROM invoices i WHERE mode = ?1 AND issued_at IS NOT NULL
  AND noted_minor < total_minor AND (state = 'void' OR noted_minor < refunded_minor + lost_minor)
ORDER BY id LIMIT ?2";

/// Returns the invoices of which more is to be taken back than their notes say.
pub fn due(conn: &Connection, mode: Mode, limit: u32) -> Result<Vec<Due>, StoreError> {
    let mut statement = conn.prepare_cached(DUE)?;
    let found = statement.query_map(params![mode, limit], |row| {
        Ok(Due {
            entity: row.get("entity")?,
            period: row.get("period")?,
            invoice: row.get("invoice")?,
            place: row.get("place")?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

const PUT: &str = "
INSERT INTO credit_notes (mode, entity, period, place, number, serial, serial_year, reason,
  net_minor, tax_minor, total_minor, currency, at)
VALUES (:mode, :entity, :period, :place, :number, :serial, :year, :reason, :net, :tax, :total,
  :currency, :now)";
const ADD: &str = "
UPDATE invoices SET noted_minor = noted_minor + :total, credited_minor = credited_minor + :open
WHERE mode = :mode AND entity = :entity AND period = :period";

/// Writes the note at `place` with the next number of its series, unless it is there or there is
/// nothing left for it to say. Both are one commit, as for an invoice.
pub(super) fn write(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    (entity, period, place): (&str, &str, u32),
) -> Result<(), StoreError> {
    let Some(invoice) = invoices::get(tx, mode, entity, period)? else { return Ok(()) };
    let notes = of_invoice(tx, mode, entity, period)?;
    if notes.iter().any(|note| note.place == place) {
        return Ok(());
    }
    let Some(Credit { reason, net, tax, total }) = credit::next(&invoice, &notes) else {
        return Ok(());
    };
    let paper = format!("{entity}|{period}|{place}");
    let taken = numbers::next(tx, mode, now, Series::CreditNotes, &paper)?;
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode, ":entity": entity, ":period": period, ":place": place,
        ":number": taken.number, ":serial": taken.serial, ":year": taken.year, ":reason": reason,
        ":net": net.minor, ":tax": tax.minor, ":total": total.minor,
        ":currency": total.currency.code(), ":now": now,
    })?;
    numbers::written();
    // Money that went back was asked for rightly, and is booked where it went; only what is withdrawn
    // is not asked for any more, and what was paid of it all the same is the client's credit.
    let open = if reason == CreditReason::Withdrawn { total.minor } else { 0 };
    tx.prepare_cached(ADD)?.execute(named_params! {
        ":mode": mode, ":entity": entity, ":period": period, ":total": total.minor, ":open": open,
    })?;
    match invoices::get(tx, mode, entity, period)? {
        Some(invoice) => facts::settle_invoice(tx, mode, &invoice),
        None => Ok(()),
    }
}

const ISSUED: &str = "
UPDATE credit_notes SET issued_at = coalesce(issued_at, ?5)
WHERE mode = ?1 AND entity = ?2 AND period = ?3 AND place = ?4";

/// Notes that a note went out.
pub(super) fn issued(
    tx: &Connection,
    mode: Mode,
    (entity, period, place): (&str, &str, u32),
    at: Moment,
) -> Result<(), StoreError> {
    tx.prepare_cached(ISSUED)?.execute(params![mode, entity, period, place, at])?;
    Ok(())
}

const GET: &str = "
SELECT * FROM credit_notes WHERE mode = ?1 AND entity = ?2 AND period = ?3 AND place = ?4";

/// Returns one note of an invoice.
pub fn get(
    conn: &Connection,
    mode: Mode,
    (entity, period, place): (&str, &str, u32),
) -> Result<Option<CreditNote>, StoreError> {
    let wanted = params![mode, entity, period, place];
    optional(conn.prepare_cached(GET)?.query_row(wanted, from_row))
}

const OF_INVOICE: &str = "
SELECT * FROM credit_notes WHERE mode = ?1 AND entity = ?2 AND period = ?3 ORDER BY place";

/// Returns an invoice's notes, the first one first.
pub fn of_invoice(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    period: &str,
) -> Result<Vec<CreditNote>, StoreError> {
    let mut statement = conn.prepare_cached(OF_INVOICE)?;
    let rows = statement.query_map(params![mode, entity, period], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const WRITTEN: &str = "
SELECT * FROM credit_notes
WHERE mode = :mode AND (:entity IS NULL OR entity = :entity)
  AND at >= coalesce(:from, at) AND at < coalesce(:until, at + 1)
ORDER BY at, id LIMIT :limit";

/// Returns the notes that belong beside the wanted lines of the ledger, the oldest first.
pub fn beside(
    conn: &Connection,
    mode: Mode,
    wanted: &super::ledger::Wanted<'_>,
) -> Result<Vec<CreditNote>, StoreError> {
    let mut statement = conn.prepare_cached(WRITTEN)?;
    let rows = statement.query_map(
        named_params! {
            ":mode": mode, ":entity": wanted.entity, ":from": wanted.from, ":until": wanted.until,
            ":limit": wanted.limit.map_or(-1, i64::from),
        },
        from_row,
    )?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<CreditNote> {
    Ok(CreditNote {
        entity: row.get("entity")?,
        period: row.get("period")?,
        place: row.get("place")?,
        number: row.get("number")?,
        credit: Credit {
            reason: row.get("reason")?,
            net: money(row, "net_minor", "currency")?,
            tax: money(row, "tax_minor", "currency")?,
            total: money(row, "total_minor", "currency")?,
        },
        at: row.get("at")?,
        issued_at: row.get("issued_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_taken_back_is_found_without_looking_at_every_invoice() {
        let plan = crate::store::open::plan_of(DUE);
        assert!(plan.iter().any(|step| step.contains("INDEX invoices_to_credit")), "{plan:?}");
        let scans: Vec<_> = plan.iter().filter(|step| step.starts_with("SCAN")).collect();
        assert!(scans.is_empty(), "{scans:?}");
    }
}
