//! Keeps clients: businesses that have signed.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::operations::{Client, ClientState};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::units;
use crate::store::words::optional;

const PUT: &str = "
INSERT INTO clients (mode, entity, name, category, email, phone, zone, language, plan, state,
  workspace, customer_id, signed_at, live_at, churned_at)
VALUES (:mode, :entity, :name, :category, :email, :phone, :zone, :language, :plan, :state,
  :workspace, :customer_id, :signed_at, :live_at, :churned_at)
ON CONFLICT (mode, entity) DO UPDATE SET
  name = excluded.name, category = excluded.category, email = excluded.email,
  phone = excluded.phone, zone = excluded.zone, language = excluded.language,
  plan = excluded.plan, state = excluded.state,
  workspace = coalesce(excluded.workspace, workspace),
  customer_id = coalesce(excluded.customer_id, customer_id),
  live_at = coalesce(live_at, excluded.live_at), churned_at = excluded.churned_at";

/// Inserts a client, or updates the one with its entity; when it signed and went live stays.
pub(super) fn put(tx: &Connection, mode: Mode, client: &Client) -> Result<(), StoreError> {
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode, ":entity": client.entity, ":name": client.name,
        ":category": client.category, ":email": client.email, ":phone": client.phone,
        ":zone": client.zone, ":language": client.language, ":plan": client.plan,
        ":state": client.state, ":workspace": client.workspace,
        ":customer_id": client.customer_id, ":signed_at": client.signed_at,
        ":live_at": client.live_at, ":churned_at": client.churned_at,
    })?;
    Ok(())
}

const GO_LIVE: &str = "
UPDATE clients SET state = ?4, live_at = coalesce(live_at, ?3)
WHERE mode = ?1 AND entity = ?2 AND state = 'onboarding'";

/// Notes go-live; a client that has left stays gone.
pub(super) fn go_live(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    at: Moment,
) -> Result<(), StoreError> {
    tx.prepare_cached(GO_LIVE)?.execute(params![mode, entity, at, ClientState::Active])?;
    Ok(())
}

const LEAVE: &str = "
UPDATE clients SET state = ?4, churned_at = coalesce(churned_at, ?3)
WHERE mode = ?1 AND entity = ?2";

/// What is done for a client; the layers before win one, and the one after looks at all. Of Finance
/// it is what asks for money: a paper that gives some back is owed to whoever has left as well.
const WORK_FOR_CLIENTS: [(Layer, Option<&str>); 7] = [
    (Layer::OnboardingFlow, None),
    (Layer::GbpOptimizer, None),
    (Layer::ReportingEngine, None),
    (Layer::FinanceTracker, Some("invoice")),
    (Layer::FinanceTracker, Some("subscription")),
    (Layer::FinanceTracker, Some("plan")),
    (Layer::FinanceTracker, Some("dunning")),
];

/// Notes that a client has left, and stops by rule what is planned for it. A unit that is being
/// worked at this moment ends by itself.
pub(super) fn leave(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    at: Moment,
    why: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(LEAVE)?.execute(params![mode, entity, at, ClientState::Churned])?;
    for (layer, kind) in WORK_FOR_CLIENTS {
        units::stop_open(tx, mode, layer, entity, kind, why, at)?;
    }
    Ok(())
}

const SET_WORKSPACE: &str = "UPDATE clients SET workspace = ?3 WHERE mode = ?1 AND entity = ?2";

/// Notes where the client's workspace is.
pub(super) fn set_workspace(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    reference: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(SET_WORKSPACE)?.execute(params![mode, entity, reference])?;
    Ok(())
}

const GET: &str = "SELECT * FROM clients WHERE mode = ?1 AND entity = ?2";

/// Returns the client with this entity.
pub fn get(conn: &Connection, mode: Mode, entity: &str) -> Result<Option<Client>, StoreError> {
    optional(conn.prepare_cached(GET)?.query_row(params![mode, entity], from_row))
}

const IN_STATE: &str = "SELECT * FROM clients WHERE mode = ?1 AND state = ?2 ORDER BY id";

/// Returns the clients in one state, oldest first.
pub fn in_state(
    conn: &Connection,
    mode: Mode,
    state: ClientState,
) -> Result<Vec<Client>, StoreError> {
    let mut statement = conn.prepare_cached(IN_STATE)?;
    let rows = statement.query_map(params![mode, state], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const PAGE: &str = "SELECT * FROM clients WHERE mode = ?1 ORDER BY id DESC LIMIT ?2";

/// Returns the newest clients.
pub fn newest(conn: &Connection, mode: Mode, limit: u32) -> Result<Vec<Client>, StoreError> {
    let mut statement = conn.prepare_cached(PAGE)?;
    let rows = statement.query_map(params![mode, limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const CALLED: &str = "
SELECT * FROM clients WHERE mode = ?1 AND (entity = ?2 OR lower(name) = lower(?2))
ORDER BY entity = ?2 DESC, id LIMIT 20";

/// Returns the client with this key, or else those with this name, whatever the case of its letters.
pub fn called(conn: &Connection, mode: Mode, wanted: &str) -> Result<Vec<Client>, StoreError> {
    let mut statement = conn.prepare_cached(CALLED)?;
    let rows = statement.query_map(params![mode, wanted], from_row)?;
    let mut found: Vec<Client> = rows.collect::<Result<_, _>>()?;
    if found.first().is_some_and(|client| client.entity == wanted) {
        found.truncate(1);
    }
    Ok(found)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Client> {
    Ok(Client {
        entity: row.get("entity")?,
        name: row.get("name")?,
        category: row.get("category")?,
        email: row.get("email")?,
        phone: row.get("phone")?,
        zone: row.get("zone")?,
        language: row.get("language")?,
        plan: row.get("plan")?,
        state: row.get("state")?,
        workspace: row.get("workspace")?,
        customer_id: row.get("customer_id")?,
        signed_at: row.get("signed_at")?,
        live_at: row.get("live_at")?,
        churned_at: row.get("churned_at")?,
    })
}
