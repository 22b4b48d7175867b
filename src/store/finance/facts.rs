//! Keeps what was told of money, and books the difference between what follows from all of it and
//! what is booked.
//!
//! Everything here runs in the writer's transaction. A fact is a row that never changes; the lines
//! of its subject are computed anew from all its facts, and only what is missing or too much is
//! appended. A fact that comes twice is one row and so changes nothing.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, named_params, params};

use super::{invoices, ledger};
use crate::domain::cash::{self, Fact, Line, Taxes};
use crate::domain::figures::LedgerRow;
use crate::domain::finance::{Account, Charge, CostCategory, Invoice, LedgerEntry, Movement};
use crate::domain::ledger::split_tax;
use crate::domain::mode::Mode;
use crate::domain::money::{Currency, Money};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{money, optional};

const PUT: &str = "
INSERT INTO money_facts (mode, subject, kind, name, minor, currency, at, told_by)
VALUES (:mode, :subject, :kind, :name, :minor, :currency, :at, :told_by)
ON CONFLICT (mode, subject, kind, name) DO UPDATE SET
  at = min(at, excluded.at), told_by = CASE WHEN excluded.at < at THEN excluded.told_by ELSE told_by END";

fn put(tx: &Connection, mode: Mode, subject: &str, fact: &Fact) -> Result<(), StoreError> {
    let name = if fact.name.is_empty() {
        format!("{}/{}", fact.at.0, fact.amount.minor)
    } else {
        fact.name.clone()
    };
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode, ":subject": subject, ":kind": fact.kind, ":name": name,
        ":minor": fact.amount.minor, ":currency": fact.amount.currency.code(), ":at": fact.at,
        ":told_by": fact.told_by,
    })?;
    Ok(())
}

const OF_SUBJECT: &str = "SELECT * FROM money_facts WHERE mode = ?1 AND subject = ?2";

fn of_subject(conn: &Connection, mode: Mode, subject: &str) -> Result<Vec<Fact>, StoreError> {
    let mut statement = conn.prepare_cached(OF_SUBJECT)?;
    let facts = statement.query_map(params![mode, subject], |row| {
        Ok(Fact {
            kind: row.get("kind")?,
            name: row.get("name")?,
            amount: money(row, "minor", "currency")?,
            at: row.get("at")?,
            told_by: row.get("told_by")?,
        })
    })?;
    Ok(facts.collect::<Result<_, _>>()?)
}

fn subject_of(invoice: &Invoice) -> String {
    format!("invoice:{}|{}", invoice.entity, invoice.period)
}

/// Returns what was paid on an invoice, as told.
pub fn of_invoice(
    conn: &Connection,
    mode: Mode,
    invoice: &Invoice,
) -> Result<Vec<Fact>, StoreError> {
    of_subject(conn, mode, &subject_of(invoice))
}

const LINES_OF: &str = "
SELECT * FROM ledger WHERE mode = ?1 AND (subject = ?2 OR subject IN
  (SELECT 'charge:' || id FROM charges WHERE mode = ?1 AND invoice = ?3
   UNION SELECT 'charge:' || c.id FROM paid_by p JOIN charges c ON c.mode = p.mode
     AND (c.id = p.payment OR c.payment_intent = p.payment) WHERE p.mode = ?1 AND p.invoice = ?3))
ORDER BY at, id";

/// Returns an invoice's lines in the ledger: what was paid of it, given back and lost.
pub fn lines_of_invoice(
    conn: &Connection,
    mode: Mode,
    invoice: &Invoice,
) -> Result<Vec<LedgerRow>, StoreError> {
    let mut statement = conn.prepare_cached(LINES_OF)?;
    let subject = subject_of(invoice);
    let rows = statement
        .query_map(params![mode, subject, invoice.provider_id], ledger::row_of)?
        .collect::<Result<_, _>>()?;
    Ok(rows)
}

/// Keeps what was told of an invoice's payments and books what follows.
pub(super) fn pay(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    period: &str,
    provider_id: Option<&str>,
    fact: &Fact,
) -> Result<(), StoreError> {
    let by_provider = match provider_id {
        Some(id) => invoices::by_provider(tx, mode, id)?,
        None => None,
    };
    let found = match by_provider {
        Some(invoice) => Some(invoice),
        None => invoices::get(tx, mode, entity, period)?,
    };
    let Some(invoice) = found else { return Ok(()) };
    put(tx, mode, &subject_of(&invoice), fact)?;
    settle_invoice(tx, mode, &invoice)
}

/// Books an invoice's payments as all facts together say.
pub(super) fn settle_invoice(
    tx: &Connection,
    mode: Mode,
    invoice: &Invoice,
) -> Result<(), StoreError> {
    let subject = subject_of(invoice);
    let currency = invoice.total.currency;
    // What was withdrawn is not asked for any more, in the same parts.
    let (_, tax_credited) =
        split_tax(Money::new(invoice.credited_minor, currency), invoice.total, invoice.tax);
    let asked = Taxes {
        total: Money::new(invoice.total.minor - invoice.credited_minor, currency),
        tax: Money::new(invoice.tax.minor - tax_credited.minor, currency),
    };
    let payments = cash::payments(&of_subject(tx, mode, &subject)?, asked);
    let base = invoice.provider_id.as_deref().unwrap_or(invoice.name());
    let lines = entries(&invoice.entity, &payments.lines, |_| base.to_owned());
    book(tx, mode, &subject, lines)?;
    invoices::note_payments(tx, mode, invoice, payments.paid_minor, payments.full_at)
}

const PUT_CHARGE: &str = "
INSERT INTO charges (mode, id, entity, payment_intent, invoice, amount_minor, currency)
VALUES (:mode, :id, :entity, :intent, :invoice, :amount, :currency)
ON CONFLICT (mode, id) DO UPDATE SET
  entity = coalesce(entity, excluded.entity),
  payment_intent = coalesce(payment_intent, excluded.payment_intent),
  invoice = coalesce(invoice, excluded.invoice),
  amount_minor = coalesce(amount_minor, excluded.amount_minor),
  currency = coalesce(currency, excluded.currency)";

/// Keeps what was told of a charge and books what of it was given back or lost.
pub(super) fn charge(tx: &Connection, mode: Mode, told: &Charge) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_CHARGE)?.execute(named_params! {
        ":mode": mode, ":id": told.id, ":entity": told.entity, ":intent": told.payment_intent,
        ":invoice": told.invoice, ":amount": told.amount.map(|amount| amount.minor),
        ":currency": told.amount.map(|amount| amount.currency.code().to_owned()),
    })?;
    for fact in &told.facts {
        put(tx, mode, &format!("charge:{}", told.id), fact)?;
    }
    settle_charge(tx, mode, &told.id)
}

/// A charge as it is kept.
struct KeptCharge {
    entity: Option<String>,
    payment_intent: Option<String>,
    invoice: Option<String>,
    amount: Option<Money>,
}

fn kept_charge(row: &Row<'_>) -> rusqlite::Result<KeptCharge> {
    let told: Option<i64> = row.get("amount_minor")?;
    Ok(KeptCharge {
        entity: row.get("entity")?,
        payment_intent: row.get("payment_intent")?,
        invoice: row.get("invoice")?,
        amount: told.map(|_| money(row, "amount_minor", "currency")).transpose()?,
    })
}

const CHARGE: &str = "SELECT * FROM charges WHERE mode = ?1 AND id = ?2";
const PAID_INVOICE: &str = "
SELECT invoice FROM paid_by WHERE mode = ?1 AND payment IN (?2, ?3) ORDER BY payment LIMIT 1";
const NOTE_CHARGE: &str = "UPDATE charges SET entity = coalesce(entity, ?3), refunded_minor = ?4, lost_minor = ?5 WHERE mode = ?1 AND id = ?2";

fn settle_charge(tx: &Connection, mode: Mode, id: &str) -> Result<(), StoreError> {
    let found = tx.prepare_cached(CHARGE)?.query_row(params![mode, id], kept_charge);
    let Some(charge) = optional(found)? else { return Ok(()) };
    let paid = optional(
        tx.prepare_cached(PAID_INVOICE)?
            .query_row(params![mode, id, charge.payment_intent], |row| row.get::<_, String>(0)),
    )?;
    let invoice = match charge.invoice.or(paid) {
        Some(provider_id) => invoices::by_provider(tx, mode, &provider_id)?,
        None => None,
    };
    let entity = charge.entity.or_else(|| invoice.as_ref().map(|found| found.entity.clone()));
    let taxes = invoice.as_ref().map(|found| Taxes { total: found.total, tax: found.tax });
    let subject = format!("charge:{id}");
    let back = cash::given_back(&of_subject(tx, mode, &subject)?, charge.amount, taxes);
    let lines = entries(entity.as_deref().unwrap_or_default(), &back.lines, |line| {
        format!("{id}/{}", line.told_by)
    });
    book(tx, mode, &subject, lines)?;
    tx.prepare_cached(NOTE_CHARGE)?.execute(params![
        mode,
        id,
        entity,
        back.refunded_minor,
        back.lost_minor
    ])?;
    match invoice.and_then(|found| found.provider_id) {
        Some(provider_id) => invoices::note_refunds(tx, mode, &provider_id),
        None => Ok(()),
    }
}

const PUT_PAID_BY: &str =
    "INSERT OR IGNORE INTO paid_by (mode, payment, invoice) VALUES (?1, ?2, ?3)";

/// Notes by what an invoice was paid, and books anew what was given back of it.
pub(super) fn paid_by(
    tx: &Connection,
    mode: Mode,
    payment: &str,
    invoice: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_PAID_BY)?.execute(params![mode, payment, invoice])?;
    settle_charges_of(tx, mode, invoice)
}

const CHARGES_OF: &str = "
SELECT id FROM charges WHERE mode = ?1 AND invoice = ?2
UNION SELECT c.id FROM paid_by p JOIN charges c ON c.mode = p.mode AND c.id = p.payment
  WHERE p.mode = ?1 AND p.invoice = ?2
UNION SELECT c.id FROM paid_by p JOIN charges c ON c.mode = p.mode AND c.payment_intent = p.payment
  WHERE p.mode = ?1 AND p.invoice = ?2";

/// Books anew what was given back of an invoice's charges, once more is known of the invoice.
pub(super) fn settle_charges_of(
    tx: &Connection,
    mode: Mode,
    invoice: &str,
) -> Result<(), StoreError> {
    let ids: Vec<String> = tx
        .prepare_cached(CHARGES_OF)?
        .query_map(params![mode, invoice], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    ids.iter().try_for_each(|id| settle_charge(tx, mode, id))
}

const CLIENT_OF_PAYMENT: &str = "
SELECT entity FROM charges WHERE mode = ?1 AND id = ?2 AND entity IS NOT NULL
UNION ALL SELECT i.entity FROM paid_by p JOIN invoices i ON i.mode = p.mode AND i.provider_id = p.invoice
  WHERE p.mode = ?1 AND p.payment = ?2
LIMIT 1";

/// Returns the client whose charge or payment this is.
pub fn client_of_payment(
    conn: &Connection,
    mode: Mode,
    payment: &str,
) -> Result<Option<String>, StoreError> {
    optional(
        conn.prepare_cached(CLIENT_OF_PAYMENT)?.query_row(params![mode, payment], |row| row.get(0)),
    )
}

// The cross join says where to begin: with the few charges of one client.
const DISPUTED: &str = "
SELECT f.subject, f.kind, f.name, f.minor, f.currency, f.at, f.told_by
FROM charges c CROSS JOIN money_facts f ON f.mode = c.mode AND f.subject = 'charge:' || c.id
WHERE c.mode = ?1 AND c.entity = ?2 AND f.kind IN ('disputed', 'dispute_won', 'dispute_lost')";

/// Returns how much of a client's money is under a dispute that has not ended, in each currency.
pub fn at_risk(conn: &Connection, mode: Mode, entity: &str) -> Result<Vec<Money>, StoreError> {
    let mut statement = conn.prepare_cached(DISPUTED)?;
    let facts = statement.query_map(params![mode, entity], |row| {
        Ok(Fact {
            kind: row.get("kind")?,
            name: row.get("name")?,
            amount: money(row, "minor", "currency")?,
            at: row.get("at")?,
            told_by: row.get("told_by")?,
        })
    })?;
    let mut by_currency: BTreeMap<Currency, Vec<Fact>> = BTreeMap::new();
    for fact in facts {
        let fact = fact?;
        by_currency.entry(fact.amount.currency).or_default().push(fact);
    }
    let open = by_currency
        .into_iter()
        .map(|(currency, facts)| Money::new(cash::at_risk(&facts), currency))
        .filter(|money| money.minor > 0);
    Ok(open.collect())
}

const DISPUTED_CLIENTS: &str = "
SELECT DISTINCT c.entity FROM money_facts f
JOIN charges c ON c.mode = f.mode AND f.subject = 'charge:' || c.id AND c.entity IS NOT NULL
WHERE f.mode = ?1 AND f.kind = 'disputed' AND NOT EXISTS (SELECT 1 FROM money_facts e
  WHERE e.mode = f.mode AND e.subject = f.subject AND e.name = f.name
    AND e.kind IN ('dispute_won', 'dispute_lost'))
ORDER BY c.entity";

/// Returns the clients with a dispute that has not ended.
pub fn disputed(conn: &Connection, mode: Mode) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(DISPUTED_CLIENTS)?;
    let clients = statement.query_map([mode], |row| row.get(0))?;
    Ok(clients.collect::<Result<_, _>>()?)
}

fn entries(entity: &str, lines: &[Line], reference: impl Fn(&Line) -> String) -> Vec<LedgerEntry> {
    lines
        .iter()
        .map(|line| LedgerEntry {
            entity: entity.to_owned(),
            account: line.account,
            movement: None,
            category: (line.account == Account::Cost).then_some(CostCategory::Payment),
            amount: line.amount,
            at: line.at,
            reference: reference(line),
        })
        .collect()
}

/// What makes two lines of one subject one line.
type Place = (String, &'static str, Option<&'static str>, Currency, Moment);

fn place(entry: &LedgerEntry) -> Place {
    (
        entry.entity.clone(),
        entry.account.as_column(),
        entry.movement.map(Movement::as_column),
        entry.amount.currency,
        entry.at,
    )
}

/// Appends what is missing of `lines` and takes back what is booked of `subject` and not in them.
pub(super) fn book(
    tx: &Connection,
    mode: Mode,
    subject: &str,
    lines: Vec<LedgerEntry>,
) -> Result<(), StoreError> {
    let mut wanted: BTreeMap<Place, LedgerEntry> = BTreeMap::new();
    for line in lines {
        match wanted.entry(place(&line)) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert(line);
            }
            std::collections::btree_map::Entry::Occupied(mut same) => {
                same.get_mut().amount.minor += line.amount.minor;
            }
        }
    }
    for booked in ledger::of_subject(tx, mode, subject)? {
        let minor = -booked.amount.minor;
        wanted.entry(place(&booked)).and_modify(|line| line.amount.minor += minor).or_insert_with(
            || LedgerEntry { amount: Money::new(minor, booked.amount.currency), ..booked },
        );
    }
    for line in wanted.into_values().filter(|line| line.amount.minor != 0) {
        ledger::append(tx, mode, Some(subject), &line)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::DISPUTED;
    use crate::store::open::plan_of;

    #[test]
    fn a_clients_disputes_are_found_without_reading_the_charges_of_others() {
        let plan = plan_of(DISPUTED);
        assert!(plan[0].contains("charges_of_client"), "{plan:?}");
        assert!(plan.iter().all(|line| line.starts_with("SEARCH")), "{plan:?}");
    }
}
