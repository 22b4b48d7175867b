//! Keeps subscriptions and every message about them, and books what they do to MRR.

use rusqlite::{Connection, Row, named_params, params};

use super::facts;
use crate::domain::finance::{Account, LedgerEntry, Subscription};
use crate::domain::history::{self, Told};
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{money, optional};

const TELL: &str = "
INSERT OR IGNORE INTO subscriptions_told (mode, entity, subscription, told_by, telling, status,
  mrr_minor, monthly_minor, currency, started_at, at)
VALUES (:mode, :entity, :subscription, :told_by, :telling, :status, :mrr, :monthly, :currency,
        :started, :at)";

/// Keeps a message about a subscription, writes the state it is in by all of them, and books how its
/// client's MRR moved.
pub(super) fn put(tx: &Connection, mode: Mode, now: Moment, told: &Told) -> Result<(), StoreError> {
    tx.prepare_cached(TELL)?.execute(named_params! {
        ":mode": mode, ":entity": told.entity, ":subscription": told.subscription,
        ":told_by": told.told_by, ":telling": told.telling, ":status": told.status,
        ":mrr": told.mrr.minor, ":monthly": told.monthly.minor,
        ":currency": told.mrr.currency.code(), ":started": told.started_at, ":at": told.at,
    })?;
    let all = told_of(tx, mode, &told.entity)?;
    let own = all.iter().filter(|one| one.subscription == told.subscription);
    if let Some(last) = history::latest(own) {
        write(tx, mode, now, last)?;
    }
    let lines = history::movements(&all).into_iter().map(|moved| LedgerEntry {
        entity: told.entity.clone(),
        account: Account::Mrr,
        movement: Some(moved.movement),
        category: None,
        amount: moved.amount,
        at: moved.at,
        reference: moved.reference,
    });
    facts::book(tx, mode, &format!("mrr:{}", told.entity), lines.collect())
}

const TOLD_OF: &str = "SELECT * FROM subscriptions_told WHERE mode = ?1 AND entity = ?2";

fn told_of(conn: &Connection, mode: Mode, entity: &str) -> Result<Vec<Told>, StoreError> {
    let mut statement = conn.prepare_cached(TOLD_OF)?;
    let told = statement.query_map(params![mode, entity], |row| {
        let mrr = money(row, "mrr_minor", "currency")?;
        Ok(Told {
            subscription: row.get("subscription")?,
            entity: row.get("entity")?,
            telling: row.get("telling")?,
            status: row.get("status")?,
            mrr,
            monthly: Money::new(row.get("monthly_minor")?, mrr.currency),
            started_at: row.get("started_at")?,
            at: row.get("at")?,
            told_by: row.get("told_by")?,
        })
    })?;
    Ok(told.collect::<Result<_, _>>()?)
}

const WRITE: &str = "
INSERT INTO subscriptions
  (mode, provider_id, entity, status, mrr_minor, currency, started_at, told_at, told_by, changed_at)
VALUES (:mode, :provider, :entity, :status, :mrr, :currency, :started, :told_at, :told_by, :now)
ON CONFLICT (mode, provider_id) DO UPDATE SET status = excluded.status,
  mrr_minor = excluded.mrr_minor, currency = excluded.currency, told_at = excluded.told_at,
  told_by = excluded.told_by, changed_at = excluded.changed_at";

fn write(tx: &Connection, mode: Mode, now: Moment, told: &Told) -> Result<(), StoreError> {
    tx.prepare_cached(WRITE)?.execute(named_params! {
        ":mode": mode,
        ":provider": told.subscription,
        ":entity": told.entity,
        ":status": told.status,
        ":mrr": told.mrr.minor,
        ":currency": told.mrr.currency.code(),
        ":started": told.started_at,
        ":told_at": told.at,
        ":told_by": told.told_by,
        ":now": now,
    })?;
    Ok(())
}

const GET: &str = "SELECT * FROM subscriptions WHERE mode = ?1 AND provider_id = ?2";

/// Returns the subscription that the provider knows under this id.
pub fn get(
    conn: &Connection,
    mode: Mode,
    provider_id: &str,
) -> Result<Option<Subscription>, StoreError> {
    optional(conn.prepare_cached(GET)?.query_row(params![mode, provider_id], from_row))
}

const OF_CLIENT: &str = "
SELECT * FROM subscriptions WHERE mode = ?1 AND entity = ?2 ORDER BY started_at, provider_id";

/// Returns all subscriptions of a client, oldest first.
pub fn of_client(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Vec<Subscription>, StoreError> {
    let mut statement = conn.prepare_cached(OF_CLIENT)?;
    let found = statement.query_map(params![mode, entity], from_row)?.collect::<Result<_, _>>()?;
    Ok(found)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Subscription> {
    Ok(Subscription {
        provider_id: row.get("provider_id")?,
        entity: row.get("entity")?,
        status: row.get("status")?,
        mrr: money(row, "mrr_minor", "currency")?,
        started_at: row.get("started_at")?,
        told_at: row.get("told_at")?,
        told_by: row.get("told_by")?,
    })
}
