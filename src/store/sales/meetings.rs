//! Keeps booked calls: one row for each chain of reschedules.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::mode::Mode;
use crate::domain::sales::Meeting;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::optional;

const PUT: &str = "
INSERT INTO meetings (mode, entity, prospect, invitee_uri, email, name, starts_at, ends_at, zone,
  sequence, state, outcome, plan, noted_at, asked_again_at, cancelled_by, reason, changed_at)
VALUES (:mode, :entity, :prospect, :invitee_uri, :email, :name, :starts_at, :ends_at, :zone,
  :sequence, :state, :outcome, :plan, :noted_at, :asked_again_at, :cancelled_by, :reason, :now)
ON CONFLICT (mode, entity) DO UPDATE SET
  prospect = excluded.prospect, invitee_uri = excluded.invitee_uri, email = excluded.email,
  name = excluded.name, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
  zone = excluded.zone, sequence = excluded.sequence, state = excluded.state,
  outcome = excluded.outcome, plan = excluded.plan, noted_at = excluded.noted_at,
  asked_again_at = excluded.asked_again_at, cancelled_by = excluded.cancelled_by,
  reason = excluded.reason, changed_at = excluded.changed_at";

/// Inserts or updates a meeting.
pub(super) fn put(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    meeting: &Meeting,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode,
        ":entity": meeting.entity,
        ":prospect": meeting.prospect,
        ":invitee_uri": meeting.invitee_uri,
        ":email": meeting.email,
        ":name": meeting.name,
        ":starts_at": meeting.starts_at,
        ":ends_at": meeting.ends_at,
        ":zone": meeting.zone,
        ":sequence": meeting.sequence,
        ":state": meeting.state,
        ":outcome": meeting.outcome,
        ":plan": meeting.plan,
        ":noted_at": meeting.noted_at,
        ":asked_again_at": meeting.asked_again_at,
        ":cancelled_by": meeting.cancelled_by,
        ":reason": meeting.reason,
        ":now": now,
    })?;
    Ok(())
}

const GET: &str = "SELECT * FROM meetings WHERE mode = ?1 AND entity = ?2";

/// Returns the meeting of a chain by the URI of its first invitee.
pub fn get(conn: &Connection, mode: Mode, entity: &str) -> Result<Option<Meeting>, StoreError> {
    optional(conn.prepare_cached(GET)?.query_row(params![mode, entity], from_row))
}

const BY_INVITEE: &str = "SELECT * FROM meetings WHERE mode = ?1 AND invitee_uri = ?2";

/// Returns the meeting whose current invitee is `uri`.
pub fn by_invitee(conn: &Connection, mode: Mode, uri: &str) -> Result<Option<Meeting>, StoreError> {
    optional(conn.prepare_cached(BY_INVITEE)?.query_row(params![mode, uri], from_row))
}

const BY_PROSPECT: &str = "SELECT * FROM meetings WHERE mode = ?1 AND prospect = ?2 ORDER BY id";

/// Returns all meetings with a prospect, the one that was booked first before the others.
pub fn of_prospect(
    conn: &Connection,
    mode: Mode,
    prospect: &str,
) -> Result<Vec<Meeting>, StoreError> {
    let mut statement = conn.prepare_cached(BY_PROSPECT)?;
    let rows = statement.query_map(params![mode, prospect], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const UPCOMING: &str = "
SELECT * FROM meetings WHERE mode = ?1 AND starts_at >= ?2 ORDER BY starts_at, id LIMIT ?3";
const BEFORE: &str = "
SELECT * FROM meetings WHERE mode = ?1 AND starts_at < ?2 ORDER BY starts_at DESC, id LIMIT ?3";

/// Returns the meetings that start at `now` or later, the next one first.
pub fn upcoming(
    conn: &Connection,
    mode: Mode,
    now: Moment,
    limit: u32,
) -> Result<Vec<Meeting>, StoreError> {
    let mut statement = conn.prepare_cached(UPCOMING)?;
    let rows = statement.query_map(params![mode, now, limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Returns the meetings that start before `until`, the latest one first.
pub fn latest_before(
    conn: &Connection,
    mode: Mode,
    until: Moment,
    limit: u32,
) -> Result<Vec<Meeting>, StoreError> {
    let mut statement = conn.prepare_cached(BEFORE)?;
    let rows = statement.query_map(params![mode, until, limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Meeting> {
    Ok(Meeting {
        entity: row.get("entity")?,
        prospect: row.get("prospect")?,
        invitee_uri: row.get("invitee_uri")?,
        email: row.get("email")?,
        name: row.get("name")?,
        starts_at: row.get("starts_at")?,
        ends_at: row.get("ends_at")?,
        zone: row.get("zone")?,
        sequence: row.get("sequence")?,
        state: row.get("state")?,
        outcome: row.get("outcome")?,
        plan: row.get("plan")?,
        noted_at: row.get("noted_at")?,
        asked_again_at: row.get("asked_again_at")?,
        cancelled_by: row.get("cancelled_by")?,
        reason: row.get("reason")?,
    })
}
