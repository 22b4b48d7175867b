//! Copies prospects, audits, pitches and their pinned variants of the dry world into the live one.
//!
//! Nothing else crosses: no message, no meeting, no effect. A prospect starts in the live world as
//! `qualified`, whatever became of it in the rehearsal, and one that is there already is left alone.

use rusqlite::{Connection, params};
use serde_json::json;

use super::error::StoreError;
use crate::domain::time::Moment;

const WANTED: &str = "
SELECT p.entity, p.name, t.campaign
FROM prospects p JOIN pitches t ON t.mode = 'dry' AND t.entity = p.entity
WHERE p.mode = 'dry'
  AND NOT EXISTS (SELECT 1 FROM prospects l WHERE l.mode = 'live' AND l.entity = p.entity)
  AND (?2 = '[]' OR p.entity IN (SELECT value FROM json_each(?2)))
GROUP BY p.entity ORDER BY min(p.id) LIMIT ?1";

const PROSPECT: &str = "
INSERT INTO prospects (mode, entity, name, category, address, city, postcode, country, zone,
  language, lat, lon, phone, email, website, linkedin, source, attribution, stage, score, coverage,
  tier, created_at, changed_at)
SELECT 'live', entity, name, category, address, city, postcode, country, zone, language, lat, lon,
  phone, email, website, linkedin, source, attribution, 'qualified', score, coverage, tier, ?2, ?2
FROM prospects WHERE mode = 'dry' AND entity = ?1";

const PROFILES: &str = "
INSERT OR IGNORE INTO profiles (mode, entity, source, observed_at, version, facts, score, coverage,
  signals)
SELECT 'live', entity, source, ?2, version, facts, score, coverage, signals
FROM profiles WHERE mode = 'dry' AND entity = ?1 AND version = 'found'";

const PITCHES: &str = "
INSERT OR IGNORE INTO pitches (mode, entity, campaign, variant, propensity, writer, subject, email,
  linkedin, phone, sms, claims, by_hand, created_at)
SELECT 'live', entity, campaign, variant, propensity, writer, subject, email, linkedin, phone, sms,
  claims, by_hand, ?2
FROM pitches WHERE mode = 'dry' AND entity = ?1";

const ASSIGNMENTS: &str = "
INSERT OR IGNORE INTO assignments (mode, entity, campaign, arm, propensity, seed, draw_key, at)
SELECT 'live', entity, campaign, arm, propensity, seed, draw_key, ?2
FROM assignments WHERE mode = 'dry' AND entity = ?1";

/// A prospect that is in the live world now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promoted {
    /// Which.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// The campaign that was rehearsed.
    pub campaign: String,
}

/// Returns up to `limit` prospects that can be copied, the oldest first; only those of `entities`
/// when it names any.
pub fn wanted(
    conn: &Connection,
    limit: u32,
    entities: &[String],
) -> Result<Vec<Promoted>, StoreError> {
    let mut statement = conn.prepare_cached(WANTED)?;
    let rows = statement.query_map(params![limit, json!(entities).to_string()], |row| {
        Ok(Promoted { entity: row.get(0)?, name: row.get(1)?, campaign: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Copies prospects with their audits and pitches as they are, edited texts included. Each keeps the
/// variant that it was drawn: written again in the live world, a pitch is of the same arm.
pub fn copy(tx: &Connection, wanted: &[Promoted], now: Moment) -> Result<(), StoreError> {
    for one in wanted {
        for sql in [PROSPECT, PROFILES, PITCHES, ASSIGNMENTS] {
            tx.prepare_cached(sql)?.execute(params![one.entity, now])?;
        }
    }
    Ok(())
}
