//! Keeps invoices, one for each client and period.

use rusqlite::{Connection, Row, named_params, params};

use super::numbers::{self, Series};
use crate::domain::finance::Invoice;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{json, money, optional};

/// A message about an invoice never takes it back to where it was: a state of lower rank is older.
const PUT: &str = "
INSERT INTO invoices
  (mode, entity, period, number, provider_id, net_minor, tax_minor, total_minor, currency, lines,
   issued_at, due_at, paid_at, attempts, next_attempt_at, state)
VALUES (:mode, :entity, :period, :number, :provider, :net, :tax, :total, :currency, :lines, :issued,
        :due, :paid_at, :attempts, :next, :state)
ON CONFLICT (mode, entity, period) DO UPDATE SET
  number = coalesce(number, excluded.number),
  provider_id = coalesce(provider_id, excluded.provider_id),
  lines = CASE WHEN lines = '[]' THEN excluded.lines ELSE lines END,
  issued_at = min(coalesce(issued_at, excluded.issued_at), coalesce(excluded.issued_at, issued_at)),
  due_at = min(due_at, excluded.due_at),
  paid_at = min(coalesce(paid_at, excluded.paid_at), coalesce(excluded.paid_at, paid_at)),
  attempts = max(attempts, excluded.attempts),
  next_attempt_at = CASE WHEN excluded.attempts >= attempts THEN excluded.next_attempt_at
                         ELSE next_attempt_at END,
  state = CASE WHEN instr(:ranks, excluded.state) > instr(:ranks, state) THEN excluded.state
               ELSE state END";

/// The states in the order in which an invoice can go through them.
const RANKS: &str = "planned open failed uncollectible paid void";

/// Inserts an invoice, or adds to the known one what it did not know, and returns it as it is now.
///
/// A second invoice of one month (another subscription, a proration) keeps its own row, named by
/// the month and the provider's id.
pub(super) fn put(tx: &Connection, mode: Mode, invoice: &Invoice) -> Result<Invoice, StoreError> {
    let known = get(tx, mode, &invoice.entity, &invoice.period)?.and_then(|row| row.provider_id);
    let period = match (known, &invoice.provider_id) {
        (Some(known), Some(told)) if known != *told => format!("{}/{told}", invoice.period),
        (_, _) => invoice.period.clone(),
    };
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode,
        ":entity": invoice.entity,
        ":period": period,
        ":number": invoice.number,
        ":provider": invoice.provider_id,
        ":net": invoice.net.minor,
        ":tax": invoice.tax.minor,
        ":total": invoice.total.minor,
        ":currency": invoice.total.currency.code(),
        ":lines": invoice.lines.to_string(),
        ":issued": invoice.issued_at,
        ":due": invoice.due_at,
        ":paid_at": invoice.paid_at,
        ":attempts": invoice.attempts,
        ":next": invoice.next_attempt_at,
        ":state": invoice.state,
        ":ranks": RANKS,
    })?;
    Ok(get(tx, mode, &invoice.entity, &period)?.unwrap_or_else(|| invoice.clone()))
}

const NUMBER: &str = "
UPDATE invoices SET serial_year = ?4, serial = ?5, number = ?6
WHERE mode = ?1 AND entity = ?2 AND period = ?3 AND number IS NULL";

/// Inserts an invoice that is to be issued, with the next number of its year and world. Both are one
/// commit, so a crash leaves no gap, and a second try finds the number it has.
pub(super) fn number(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    invoice: &Invoice,
) -> Result<(), StoreError> {
    if put(tx, mode, invoice)?.number.is_some() {
        return Ok(());
    }
    let paper = format!("{}|{}", invoice.entity, invoice.period);
    let taken = numbers::next(tx, mode, now, Series::Invoices, &paper)?;
    tx.prepare_cached(NUMBER)?.execute(params![
        mode,
        invoice.entity,
        invoice.period,
        taken.year,
        taken.serial,
        taken.number
    ])?;
    numbers::written();
    Ok(())
}

const WITHDRAW: &str = "
UPDATE invoices SET state = 'void'
WHERE mode = ?1 AND entity = ?2 AND period = ?3 AND paid_minor = 0
  AND state IN ('planned', 'open', 'failed', 'uncollectible')";

/// Withdraws an invoice of which nothing is paid; one that is paid in part is a person's matter.
pub(super) fn withdraw(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    period: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(WITHDRAW)?.execute(params![mode, entity, period])?;
    Ok(())
}

const DUNNED: &str = "
UPDATE invoices SET dunned = max(dunned, ?4), dunned_at = ?5
WHERE mode = ?1 AND entity = ?2 AND period = ?3";

/// Notes that a client was reminded.
pub(super) fn dunned(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    period: &str,
    step: u32,
    at: Moment,
) -> Result<(), StoreError> {
    tx.prepare_cached(DUNNED)?.execute(params![mode, entity, period, step, at])?;
    Ok(())
}

const NOTE_PAYMENTS: &str = "
UPDATE invoices SET paid_minor = :paid,
  paid_at = CASE WHEN :full IS NULL THEN paid_at ELSE min(coalesce(paid_at, :full), :full) END,
  state = CASE WHEN :full IS NULL OR state = 'void' OR total_minor <= 0 THEN state ELSE 'paid' END
WHERE mode = :mode AND entity = :entity AND period = :period";

/// Notes what was paid of an invoice, and since when all of it is.
pub(super) fn note_payments(
    tx: &Connection,
    mode: Mode,
    invoice: &Invoice,
    paid_minor: i64,
    full_at: Option<Moment>,
) -> Result<(), StoreError> {
    tx.prepare_cached(NOTE_PAYMENTS)?.execute(named_params! {
        ":mode": mode, ":entity": invoice.entity, ":period": invoice.period, ":paid": paid_minor,
        ":full": full_at,
    })?;
    Ok(())
}

const NOTE_REFUNDS: &str = "
UPDATE invoices SET (refunded_minor, lost_minor) = (
  SELECT coalesce(sum(refunded_minor), 0), coalesce(sum(lost_minor), 0) FROM charges c
  WHERE c.mode = ?1 AND (c.invoice = ?2 OR c.id IN (SELECT payment FROM paid_by WHERE mode = ?1 AND invoice = ?2)
    OR c.payment_intent IN (SELECT payment FROM paid_by WHERE mode = ?1 AND invoice = ?2)))
WHERE mode = ?1 AND provider_id = ?2";

/// Notes all that was refunded of an invoice, and lost in disputes.
pub(super) fn note_refunds(
    tx: &Connection,
    mode: Mode,
    provider_id: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(NOTE_REFUNDS)?.execute(params![mode, provider_id])?;
    Ok(())
}

const GET: &str = "SELECT * FROM invoices WHERE mode = ?1 AND entity = ?2 AND period = ?3";

/// Returns a client's invoice of a period: `setup` or `2026-02`.
pub fn get(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    period: &str,
) -> Result<Option<Invoice>, StoreError> {
    optional(conn.prepare_cached(GET)?.query_row(params![mode, entity, period], from_row))
}

const BY_PROVIDER: &str =
    "SELECT * FROM invoices WHERE mode = ?1 AND provider_id = ?2 ORDER BY id LIMIT 1";

/// Returns the invoice that the provider knows under this id.
pub fn by_provider(
    conn: &Connection,
    mode: Mode,
    provider_id: &str,
) -> Result<Option<Invoice>, StoreError> {
    optional(conn.prepare_cached(BY_PROVIDER)?.query_row(params![mode, provider_id], from_row))
}

const BY_NAME: &str = "
SELECT * FROM invoices WHERE mode = ?1 AND number = ?2
UNION ALL SELECT * FROM invoices WHERE mode = ?1 AND provider_id = ?2
UNION ALL SELECT i.* FROM credit_notes n JOIN invoices i USING (mode, entity, period)
  WHERE n.mode = ?1 AND n.number = ?2
LIMIT 1";

/// Returns the invoice with this number or this id of the provider's, or that of a credit note.
pub fn by_name(conn: &Connection, mode: Mode, name: &str) -> Result<Option<Invoice>, StoreError> {
    optional(conn.prepare_cached(BY_NAME)?.query_row(params![mode, name], from_row))
}

const LIST: &str = "SELECT * FROM invoices WHERE mode = ?1 ORDER BY id DESC LIMIT ?2";

/// Returns invoices, the newest first.
pub fn list(conn: &Connection, mode: Mode, limit: u32) -> Result<Vec<Invoice>, StoreError> {
    let mut statement = conn.prepare_cached(LIST)?;
    let found = statement.query_map(params![mode, limit], from_row)?.collect::<Result<_, _>>()?;
    Ok(found)
}

const OVERDUE: &str = "
SELECT * FROM invoices WHERE mode = ?1 AND state IN ('open', 'failed') AND due_at < ?2
ORDER BY due_at LIMIT ?3";

/// Returns unpaid invoices that were due before `now`, the longest overdue first.
pub fn overdue(
    conn: &Connection,
    mode: Mode,
    now: Moment,
    limit: u32,
) -> Result<Vec<Invoice>, StoreError> {
    let mut statement = conn.prepare_cached(OVERDUE)?;
    let found =
        statement.query_map(params![mode, now, limit], from_row)?.collect::<Result<_, _>>()?;
    Ok(found)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Invoice> {
    Ok(Invoice {
        entity: row.get("entity")?,
        period: row.get("period")?,
        number: row.get("number")?,
        provider_id: row.get("provider_id")?,
        net: money(row, "net_minor", "currency")?,
        tax: money(row, "tax_minor", "currency")?,
        total: money(row, "total_minor", "currency")?,
        lines: json(row, "lines")?,
        issued_at: row.get("issued_at")?,
        due_at: row.get("due_at")?,
        paid_at: row.get("paid_at")?,
        paid_minor: row.get("paid_minor")?,
        refunded_minor: row.get("refunded_minor")?,
        lost_minor: row.get("lost_minor")?,
        credited_minor: row.get("credited_minor")?,
        attempts: row.get("attempts")?,
        next_attempt_at: row.get("next_attempt_at")?,
        dunned: row.get("dunned")?,
        dunned_at: row.get("dunned_at")?,
        state: row.get("state")?,
    })
}
