//! Keeps invoices, one for each client and period.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::finance::Invoice;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::store::error::StoreError;
use crate::store::words::{json, money, optional};

const PUT: &str = "
INSERT INTO invoices
  (mode, entity, period, provider_id, net_minor, tax_minor, total_minor, currency, lines, issued_at,
   due_at, paid_at, paid_minor, refunded_minor, state)
VALUES (:mode, :entity, :period, :provider, :net, :tax, :total, :currency, :lines, :issued, :due,
        :paid_at, :paid, :refunded, :state)
ON CONFLICT (mode, entity, period) DO UPDATE SET
  provider_id = coalesce(provider_id, excluded.provider_id),
  lines = CASE WHEN lines = '[]' THEN excluded.lines ELSE lines END,
  issued_at = min(coalesce(issued_at, excluded.issued_at), coalesce(excluded.issued_at, issued_at)),
  due_at = min(due_at, excluded.due_at),
  paid_at = min(coalesce(paid_at, excluded.paid_at), coalesce(excluded.paid_at, paid_at)),
  paid_minor = max(paid_minor, excluded.paid_minor),
  refunded_minor = max(refunded_minor, excluded.refunded_minor),
  state = CASE
    WHEN state = 'paid' THEN state
    WHEN excluded.state = 'planned' THEN state
    WHEN excluded.state = 'open' AND state <> 'planned' THEN state
    ELSE excluded.state END";

/// Inserts an invoice, or adds to the known one what it did not know. What was paid stays paid.
///
/// A second invoice of one month (another subscription, a proration) keeps its own row, named by
/// the month and the provider's id.
pub(super) fn put(tx: &Connection, mode: Mode, invoice: &Invoice) -> Result<(), StoreError> {
    let known = get(tx, mode, &invoice.entity, &invoice.period)?.and_then(|row| row.provider_id);
    let period = match (known, &invoice.provider_id) {
        (Some(known), Some(told)) if known != *told => format!("{}/{told}", invoice.period),
        (_, _) => invoice.period.clone(),
    };
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode,
        ":entity": invoice.entity,
        ":period": period,
        ":provider": invoice.provider_id,
        ":net": invoice.net.minor,
        ":tax": invoice.tax.minor,
        ":total": invoice.total.minor,
        ":currency": invoice.total.currency.code(),
        ":lines": invoice.lines.to_string(),
        ":issued": invoice.issued_at,
        ":due": invoice.due_at,
        ":paid_at": invoice.paid_at,
        ":paid": invoice.paid_minor,
        ":refunded": invoice.refunded_minor,
        ":state": invoice.state,
    })?;
    Ok(())
}

const NOTE_REFUND: &str = "
UPDATE invoices SET refunded_minor = max(refunded_minor, ?3) WHERE mode = ?1 AND provider_id = ?2";

/// Notes all that was refunded of an invoice so far.
pub(super) fn note_refund(
    tx: &Connection,
    mode: Mode,
    provider_id: &str,
    cumulative: Money,
) -> Result<(), StoreError> {
    tx.prepare_cached(NOTE_REFUND)?.execute(params![mode, provider_id, cumulative.minor])?;
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

fn from_row(row: &Row<'_>) -> rusqlite::Result<Invoice> {
    Ok(Invoice {
        entity: row.get("entity")?,
        period: row.get("period")?,
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
        state: row.get("state")?,
    })
}
