//! Keeps booked calls: one row for each chain of reschedules.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::mode::Mode;
use crate::domain::sales::{Meeting, MeetingOutcome, MeetingState};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::optional;

const PUT: &str = "
INSERT INTO meetings (mode, entity, prospect, invitee_uri, email, name, starts_at, ends_at, zone,
  sequence, state, outcome, plan, changed_at)
VALUES (:mode, :entity, :prospect, :invitee_uri, :email, :name, :starts_at, :ends_at, :zone,
  :sequence, :state, :outcome, :plan, :now)
ON CONFLICT (mode, entity) DO UPDATE SET
  prospect = excluded.prospect, invitee_uri = excluded.invitee_uri, email = excluded.email,
  name = excluded.name, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
  zone = excluded.zone, sequence = excluded.sequence, state = excluded.state,
  outcome = excluded.outcome, plan = excluded.plan, changed_at = excluded.changed_at";

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
        ":state": meeting.state.as_column(),
        ":outcome": meeting.outcome.map(MeetingOutcome::as_column),
        ":plan": meeting.plan,
        ":now": now,
    })?;
    Ok(())
}

const GET: &str = "
SELECT entity, prospect, invitee_uri, email, name, starts_at, ends_at, zone, sequence, state,
  outcome, plan
FROM meetings WHERE mode = ?1 AND entity = ?2";

/// Returns the meeting of a chain by the URI of its first invitee.
pub fn get(conn: &Connection, mode: Mode, entity: &str) -> Result<Option<Meeting>, StoreError> {
    let meeting = optional(conn.prepare_cached(GET)?.query_row(params![mode, entity], from_row))?;
    meeting.transpose()
}

const BY_INVITEE: &str = "
SELECT entity, prospect, invitee_uri, email, name, starts_at, ends_at, zone, sequence, state,
  outcome, plan
FROM meetings WHERE mode = ?1 AND invitee_uri = ?2";

/// Returns the meeting whose current invitee is `uri`.
pub fn by_invitee(conn: &Connection, mode: Mode, uri: &str) -> Result<Option<Meeting>, StoreError> {
    let meeting =
        optional(conn.prepare_cached(BY_INVITEE)?.query_row(params![mode, uri], from_row))?;
    meeting.transpose()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Result<Meeting, StoreError>> {
    let state: String = row.get("state")?;
    let outcome: Option<String> = row.get("outcome")?;
    let words = (
        MeetingState::from_column(&state),
        outcome.as_deref().map(MeetingOutcome::from_column).transpose(),
    );
    let (state, outcome) = match words {
        (Ok(state), Ok(outcome)) => (state, outcome),
        (Err(word), _) | (_, Err(word)) => return Ok(Err(word.into())),
    };
    Ok(Ok(Meeting {
        entity: row.get("entity")?,
        prospect: row.get("prospect")?,
        invitee_uri: row.get("invitee_uri")?,
        email: row.get("email")?,
        name: row.get("name")?,
        starts_at: row.get("starts_at")?,
        ends_at: row.get("ends_at")?,
        zone: row.get("zone")?,
        sequence: row.get("sequence")?,
        state,
        outcome,
        plan: row.get("plan")?,
    }))
}
