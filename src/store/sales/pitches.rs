//! Keeps pitches: one per prospect and campaign.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::mode::Mode;
use crate::domain::sales::Pitch;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{json, optional};

const PUT: &str = "
INSERT INTO pitches (mode, entity, campaign, variant, propensity, writer, subject, email, linkedin,
  phone, sms, claims, created_at)
VALUES (:mode, :entity, :campaign, :variant, :propensity, :writer, :subject, :email, :linkedin,
  :phone, :sms, :claims, :now)
ON CONFLICT (mode, entity, campaign) DO UPDATE SET
  variant = excluded.variant, propensity = excluded.propensity, writer = excluded.writer,
  subject = excluded.subject, email = excluded.email, linkedin = excluded.linkedin,
  phone = excluded.phone, sms = excluded.sms, claims = excluded.claims";

/// Inserts or replaces a pitch; the time of the first one stays.
pub(super) fn put(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    pitch: &Pitch,
) -> Result<(), StoreError> {
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
        ":now": now,
    })?;
    Ok(())
}

const GET: &str = "
SELECT entity, campaign, variant, propensity, writer, subject, email, linkedin, phone, sms, claims
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
        claims: json(row, "claims")?,
    })
}
