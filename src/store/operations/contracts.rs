//! Keeps clients' contracts: where each is, and why it was declined.

use rusqlite::{Connection, named_params, params};

use crate::domain::mode::Mode;
use crate::domain::onboarding::{Contract, ContractState};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::optional;

/// A draft that is written again after a crash does not take back what has happened since.
const PUT: &str = "
INSERT INTO contracts (mode, entity, state, reason, changed_at)
VALUES (:mode, :entity, :state, :reason, :now)
ON CONFLICT (mode, entity) DO UPDATE SET
  state = excluded.state, reason = excluded.reason, changed_at = excluded.changed_at
WHERE excluded.state <> 'drafted'";

/// Inserts or updates a client's contract.
pub(super) fn put(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    contract: &Contract,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode, ":entity": contract.entity, ":state": contract.state,
        ":reason": contract.reason, ":now": now,
    })?;
    Ok(())
}

const GET: &str = "SELECT state, reason FROM contracts WHERE mode = ?1 AND entity = ?2";

/// Returns a client's contract.
pub fn get(conn: &Connection, mode: Mode, entity: &str) -> Result<Option<Contract>, StoreError> {
    let mut statement = conn.prepare_cached(GET)?;
    optional(statement.query_row(params![mode, entity], |row| {
        let state: ContractState = row.get("state")?;
        Ok(Contract { entity: entity.to_owned(), state, reason: row.get("reason")? })
    }))
}
