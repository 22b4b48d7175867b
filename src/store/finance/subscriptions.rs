//! Keeps subscriptions, and books what their changes do to MRR.

use rusqlite::{Connection, Row, named_params, params};

use super::ledger;
use crate::domain::finance::{Account, LedgerEntry, Subscription};
use crate::domain::ledger::movement;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::stripe::SubscriptionStatus;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{money, optional};

/// Writes what was told of a subscription, unless something later is known or it has ended, and
/// books the movement that follows.
///
/// A subscription of which the end is told first is booked with its beginning too: the ledger then
/// has the same lines as if both had come in order.
pub(super) fn put(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    told: &Subscription,
    monthly: Money,
) -> Result<(), StoreError> {
    let known = get(tx, mode, &told.provider_id)?;
    let ends = status(told).is_final();
    let stale = known.as_ref().is_some_and(|known| {
        let newer = (told.told_at, &told.told_by) > (known.told_at, &known.told_by);
        status(known).is_final() || (!newer && !ends)
    });
    if stale {
        return Ok(());
    }
    let before = if let Some(known) = known {
        known.mrr
    } else {
        // What was cancelled had counted before; what only expired never did.
        let first = if told.status == "canceled" { monthly } else { told.mrr };
        let began = format!("{}/began", told.provider_id);
        move_mrr(tx, mode, told, None, first, (told.started_at, &began))?;
        first
    };
    write(tx, mode, now, told)?;
    move_mrr(tx, mode, told, Some(before), told.mrr, (told.told_at, &told.told_by))
}

fn status(subscription: &Subscription) -> SubscriptionStatus {
    SubscriptionStatus(subscription.status.clone())
}

/// Books that a subscription went from `before` (nothing, when it began) to `after`.
///
/// The name of the movement is the client's: a second subscription is expansion, and one of two
/// ending is contraction. A change of currency is churn in one and new in the other.
fn move_mrr(
    tx: &Connection,
    mode: Mode,
    told: &Subscription,
    before: Option<Money>,
    after: Money,
    (at, reference): (Moment, &str),
) -> Result<(), StoreError> {
    let changes = match before {
        Some(before) if before.currency == after.currency => {
            vec![Money::new(after.minor - before.minor, after.currency)]
        }
        Some(before) => vec![Money::new(-before.minor, before.currency), after],
        None => vec![after],
    };
    for (index, change) in changes.into_iter().enumerate() {
        let (total, ever) = ledger::mrr_of_client(tx, mode, &told.entity, change.currency)?;
        let Some((movement, minor)) = movement(total, total + change.minor, ever) else { continue };
        let reference =
            if index == 0 { reference.to_owned() } else { format!("{reference}/{index}") };
        let entry = LedgerEntry {
            entity: told.entity.clone(),
            account: Account::Mrr,
            movement: Some(movement),
            amount: Money::new(minor, change.currency),
            at,
            reference,
        };
        ledger::book(tx, mode, &entry)?;
    }
    Ok(())
}

const WRITE: &str = "
INSERT INTO subscriptions
  (mode, provider_id, entity, status, mrr_minor, currency, started_at, told_at, told_by, changed_at)
VALUES (:mode, :provider, :entity, :status, :mrr, :currency, :started, :told_at, :told_by, :now)
ON CONFLICT (mode, provider_id) DO UPDATE SET status = excluded.status,
  mrr_minor = excluded.mrr_minor, currency = excluded.currency, told_at = excluded.told_at,
  told_by = excluded.told_by, changed_at = excluded.changed_at";

fn write(tx: &Connection, mode: Mode, now: Moment, told: &Subscription) -> Result<(), StoreError> {
    tx.prepare_cached(WRITE)?.execute(named_params! {
        ":mode": mode,
        ":provider": told.provider_id,
        ":entity": told.entity,
        ":status": told.status,
        ":mrr": told.mrr.minor,
        ":currency": told.mrr.currency.code(),
        ":started": told.started_at,
        ":told_at": told.told_at,
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
