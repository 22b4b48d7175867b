//! Keeps the steps of outreach sequences.
//!
//! A message row says what became of the business step, the unit of the same name what became of
//! the work. The two are read together where an outreach is concluded, because a unit that was
//! given up leaves its message planned.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::sales::{Channel, Message, MessageState};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::optional;

const PUT: &str = "
INSERT INTO messages (mode, entity, campaign, step, channel, planned_at, sent_at, state, reason,
  effect_key)
VALUES (:mode, :entity, :campaign, :step, :channel, :planned_at, :sent_at, :state, :reason,
  :effect_key)
ON CONFLICT (mode, entity, campaign, step) DO UPDATE SET
  channel = excluded.channel, planned_at = excluded.planned_at, sent_at = excluded.sent_at,
  state = excluded.state, reason = excluded.reason, effect_key = excluded.effect_key";

/// Inserts or updates a message.
pub(super) fn put(tx: &Connection, mode: Mode, message: &Message) -> Result<(), StoreError> {
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode,
        ":entity": message.entity,
        ":campaign": message.campaign,
        ":step": message.step,
        ":channel": message.channel.as_column(),
        ":planned_at": message.planned_at,
        ":sent_at": message.sent_at,
        ":state": message.state.as_column(),
        ":reason": message.reason,
        ":effect_key": message.effect_key,
    })?;
    Ok(())
}

const STOP: &str = "
UPDATE messages SET state = 'stopped', reason = ?3
WHERE mode = ?1 AND entity = ?2 AND state = 'planned'";

/// Stops every planned message of a prospect.
pub(super) fn stop(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    reason: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(STOP)?.execute(params![mode, entity, reason])?;
    Ok(())
}

const BEGUN: &str = "
SELECT m.channel, m.state, u.state, e.state
FROM messages m
LEFT JOIN units u ON u.mode = m.mode AND u.layer = 3 AND u.entity = m.entity
  AND u.version = 'message/' || m.campaign || '/' || m.step
LEFT JOIN effects e ON e.unit_id = u.id
WHERE m.mode = ?1 AND m.entity = ?2 AND m.campaign = ?3 AND (?4 IS NULL OR m.channel = ?4)
  AND (m.state = 'sent' OR u.state = 'leased' OR e.state IS NOT NULL)
ORDER BY m.step LIMIT 1";

/// Says why the text of a channel, or of any, is no longer only ours: it was sent, is being sent, or
/// its journal holds the words with which it will be tried again. `None` while it can be changed.
pub fn begun(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    campaign: &str,
    channel: Option<Channel>,
) -> Result<Option<String>, StoreError> {
    let channel = channel.map(Channel::as_column);
    let mut statement = conn.prepare_cached(BEGUN)?;
    optional(statement.query_row(params![mode, entity, campaign, channel], |row| {
        let (channel, message): (String, String) = (row.get(0)?, row.get(1)?);
        let (unit, effect): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
        Ok(match (message.as_str(), unit.as_deref(), effect) {
            ("sent", _, _) => format!("the {channel} message was sent"),
            (_, Some("leased"), _) => format!("the {channel} message is being sent"),
            (_, _, Some(state)) => format!("the {channel} message is in the journal as {state}"),
            (_, _, None) => format!("the {channel} message has begun"),
        })
    }))
}

const GET: &str = "
SELECT entity, campaign, step, channel, planned_at, sent_at, state, reason, effect_key
FROM messages WHERE mode = ?1 AND entity = ?2 AND campaign = ?3 AND step = ?4";

/// Returns one step of a sequence.
pub fn get(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    campaign: &str,
    step: u32,
) -> Result<Option<Message>, StoreError> {
    let message = optional(
        conn.prepare_cached(GET)?.query_row(params![mode, entity, campaign, step], from_row),
    )?;
    message.transpose()
}

const SEQUENCE: &str = "
SELECT entity, campaign, step, channel, planned_at, sent_at, state, reason, effect_key
FROM messages WHERE mode = ?1 AND entity = ?2 ORDER BY campaign, step";

/// Returns all steps planned for a prospect, in every campaign.
pub fn of_entity(conn: &Connection, mode: Mode, entity: &str) -> Result<Vec<Message>, StoreError> {
    let mut statement = conn.prepare_cached(SEQUENCE)?;
    let rows = statement.query_map(params![mode, entity], from_row)?;
    rows.map(|row| row?).collect()
}

const NEWEST: &str = "
SELECT entity, campaign, step, channel, planned_at, sent_at, state, reason, effect_key
FROM messages WHERE mode = ?1 ORDER BY id DESC LIMIT ?2";

/// Returns the steps planned last, in every campaign, the newest first.
pub fn newest(conn: &Connection, mode: Mode, limit: u32) -> Result<Vec<Message>, StoreError> {
    let mut statement = conn.prepare_cached(NEWEST)?;
    let rows = statement.query_map(params![mode, limit], from_row)?;
    rows.map(|row| row?).collect()
}

/// Where the work of one message stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageWork {
    /// The version that names its latest unit.
    pub version: String,
    /// That unit's state.
    pub state: UnitState,
    /// When it runs next.
    pub run_at: Option<Moment>,
}

// A message that is tried again has a unit for each try, `message/intro/1+2`; after `+` comes `,`.
const WORK: &str = "
SELECT version, state, run_at FROM units
WHERE mode = ?1 AND layer = ?2 AND entity = ?3 AND version >= ?4 AND version < ?4 || ','
ORDER BY id DESC LIMIT 1";

/// Where the work of one message stands, by the version of its first unit.
pub fn work_of(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    first_version: &str,
) -> Result<Option<MessageWork>, StoreError> {
    let values = params![mode, Layer::OutreachEngine, entity, first_version];
    optional(conn.prepare_cached(WORK)?.query_row(values, |row| {
        Ok(MessageWork { version: row.get(0)?, state: row.get(1)?, run_at: row.get(2)? })
    }))
}

/// Reads a row; the inner error is a word that this version does not know.
fn from_row(row: &Row<'_>) -> rusqlite::Result<Result<Message, StoreError>> {
    let (channel, state): (String, String) = (row.get("channel")?, row.get("state")?);
    let words = (Channel::from_column(&channel), MessageState::from_column(&state));
    let (channel, state) = match words {
        (Ok(channel), Ok(state)) => (channel, state),
        (Err(word), _) | (_, Err(word)) => return Ok(Err(word.into())),
    };
    Ok(Ok(Message {
        entity: row.get("entity")?,
        campaign: row.get("campaign")?,
        step: row.get("step")?,
        channel,
        planned_at: row.get("planned_at")?,
        sent_at: row.get("sent_at")?,
        state,
        reason: row.get("reason")?,
        effect_key: row.get("effect_key")?,
    }))
}
