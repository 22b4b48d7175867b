//! Keeps pitches: one per prospect and campaign.

use rusqlite::{Connection, Row, named_params, params};
use serde_json::json;

use crate::domain::mode::Mode;
use crate::domain::sales::{Pitch, Stage};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{json as read_json, optional};

const PUT: &str = "
INSERT INTO pitches (mode, entity, campaign, variant, propensity, writer, subject, email, linkedin,
  phone, sms, claims, by_hand, created_at)
VALUES (:mode, :entity, :campaign, :variant, :propensity, :writer, :subject, :email, :linkedin,
  :phone, :sms, :claims, :by_hand, :now)
ON CONFLICT (mode, entity, campaign) DO UPDATE SET
  variant = excluded.variant, propensity = excluded.propensity, writer = excluded.writer,
  subject = excluded.subject, email = excluded.email, linkedin = excluded.linkedin,
  phone = excluded.phone, sms = excluded.sms, claims = excluded.claims,
  by_hand = excluded.by_hand";

/// Inserts or replaces a pitch; the time of the first one stays.
pub fn put(tx: &Connection, mode: Mode, now: Moment, pitch: &Pitch) -> Result<(), StoreError> {
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode,
        ":entity": pitch.entity,
        ":campaign": pitch.campaign,
        ":variant": pitch.variant,
        ":propensity": pitch.propensity,
        ":writer": pitch.writer,
        ":subject": pitch.subject,
        ":email": pitch.email,
        ":linkedin": pitch.linkedin,
        ":phone": pitch.phone,
        ":sms": pitch.sms,
        ":claims": pitch.claims.to_string(),
        ":by_hand": pitch.by_hand,
        ":now": now,
    })?;
    Ok(())
}

const GET: &str = "
SELECT entity, campaign, variant, propensity, writer, subject, email, linkedin, phone, sms, claims,
  by_hand
FROM pitches WHERE mode = ?1 AND entity = ?2 AND campaign = ?3";

/// Returns the pitch of a prospect in a campaign.
pub fn get(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    campaign: &str,
) -> Result<Option<Pitch>, StoreError> {
    optional(conn.prepare_cached(GET)?.query_row(params![mode, entity, campaign], from_row))
}

const LATEST: &str = "
SELECT entity, campaign, variant, propensity, writer, subject, email, linkedin, phone, sms, claims,
  by_hand
FROM pitches WHERE mode = ?1 AND entity = ?2 ORDER BY id DESC LIMIT 1";

/// Returns the pitch of a prospect's latest campaign.
pub fn latest(conn: &Connection, mode: Mode, entity: &str) -> Result<Option<Pitch>, StoreError> {
    optional(conn.prepare_cached(LATEST)?.query_row(params![mode, entity], from_row))
}

const LIST: &str = "
SELECT t.entity, t.campaign, t.variant, t.propensity, t.writer, t.subject, t.email, t.linkedin,
  t.phone, t.sms, t.claims, t.by_hand
FROM pitches t JOIN prospects p ON p.mode = t.mode AND p.entity = t.entity
WHERE t.mode = ?1 AND (?2 = '[]' OR p.stage IN (SELECT value FROM json_each(?2)))
ORDER BY t.id DESC LIMIT ?3";

/// Returns pitches of prospects at `stages` (any when empty), the newest first.
pub fn list(
    conn: &Connection,
    mode: Mode,
    stages: &[Stage],
    limit: u32,
) -> Result<Vec<Pitch>, StoreError> {
    let words: Vec<&str> = stages.iter().map(|stage| stage.as_column()).collect();
    let mut statement = conn.prepare_cached(LIST)?;
    let rows = statement.query_map(params![mode, json!(words).to_string(), limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const REWRITES: &str = "
SELECT count(*) FROM units
WHERE mode = ?1 AND layer = 2 AND entity = ?2
  AND substr(version, 1, length(?3)) = ?3";

/// Counts how often a pitch was asked to be written again.
pub fn rewrites(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    campaign: &str,
) -> Result<u32, StoreError> {
    let prefix = format!("pitch/{campaign}/again/");
    Ok(conn.prepare_cached(REWRITES)?.query_row(params![mode, entity, prefix], |row| row.get(0))?)
}

const UNSTARTED: &str = "
SELECT p.entity, p.name, t.campaign
FROM prospects p JOIN pitches t ON t.mode = p.mode AND t.entity = p.entity
WHERE p.mode = ?1 AND p.stage IN ('qualified', 'pitched') AND NOT EXISTS (
  SELECT 1 FROM messages m
  WHERE m.mode = p.mode AND m.entity = p.entity AND m.campaign = t.campaign)
ORDER BY p.id LIMIT ?2";

/// A pitch whose outreach has no step yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unstarted {
    /// The prospect.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// The campaign.
    pub campaign: String,
}

/// Returns pitches whose outreach has no step yet: those that were promoted from the dry world.
pub fn unstarted(conn: &Connection, mode: Mode, limit: u32) -> Result<Vec<Unstarted>, StoreError> {
    let mut statement = conn.prepare_cached(UNSTARTED)?;
    let rows = statement.query_map(params![mode, limit], |row| {
        Ok(Unstarted { entity: row.get(0)?, name: row.get(1)?, campaign: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Pitch> {
    Ok(Pitch {
        entity: row.get("entity")?,
        campaign: row.get("campaign")?,
        variant: row.get("variant")?,
        propensity: row.get("propensity")?,
        writer: row.get("writer")?,
        subject: row.get("subject")?,
        email: row.get("email")?,
        linkedin: row.get("linkedin")?,
        phone: row.get("phone")?,
        sms: row.get("sms")?,
        claims: read_json(row, "claims")?,
        by_hand: row.get("by_hand")?,
    })
}
