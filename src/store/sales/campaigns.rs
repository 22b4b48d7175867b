//! Keeps the campaigns that a receiver's policy has stopped, and sums up how each one stands.

use rusqlite::{Connection, params};

use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{count, json, optional};

const STOP: &str = "INSERT OR IGNORE INTO stopped_campaigns VALUES (?1, ?2, ?3, ?4)";

/// Stops a campaign; the first reason stays.
pub fn stop(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    campaign: &str,
    reason: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached(STOP)?.execute(params![mode, campaign, reason, now])?;
    Ok(())
}

const RESUME: &str = "DELETE FROM stopped_campaigns WHERE mode = ?1 AND campaign = ?2";

/// Lets a stopped campaign go on.
pub fn resume(tx: &Connection, mode: Mode, campaign: &str) -> Result<(), StoreError> {
    tx.prepare_cached(RESUME)?.execute(params![mode, campaign])?;
    Ok(())
}

const WHY: &str = "SELECT reason FROM stopped_campaigns WHERE mode = ?1 AND campaign = ?2";

/// Returns why a campaign is stopped, `None` for one that goes on.
pub fn stopped_because(
    conn: &Connection,
    mode: Mode,
    campaign: &str,
) -> Result<Option<String>, StoreError> {
    optional(conn.prepare_cached(WHY)?.query_row(params![mode, campaign], |row| row.get(0)))
}

/// A message that a stopped campaign holds back.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldMessage {
    /// Its unit.
    pub unit: UnitId,
    /// The unit's input.
    pub payload: serde_json::Value,
    /// The zone of its prospect.
    pub zone: String,
}

// A message that waits without having been handed to anybody waits for its campaign.
const HELD: &str = "
SELECT u.id, u.payload, p.zone FROM units u
JOIN prospects p ON p.mode = u.mode AND p.entity = u.entity
WHERE u.mode = ?1 AND u.layer = ?2 AND u.state = 'waiting' AND u.kind = 'message'
  AND json_extract(u.payload, '$.campaign') = ?3
  AND NOT EXISTS (SELECT 1 FROM effects e WHERE e.unit_id = u.id)
ORDER BY u.id";

/// Returns the messages that wait for their stopped campaign, the oldest first.
pub fn held(conn: &Connection, mode: Mode, campaign: &str) -> Result<Vec<HeldMessage>, StoreError> {
    let mut statement = conn.prepare_cached(HELD)?;
    let rows = statement.query_map(params![mode, Layer::OutreachEngine, campaign], |row| {
        Ok(HeldMessage {
            unit: row.get("id")?,
            payload: json(row, "payload")?,
            zone: row.get("zone")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A campaign and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignLine {
    /// Its name.
    pub name: String,
    /// Prospects that it has planned anything for.
    pub prospects: u64,
    /// Messages planned, sent, stopped and failed.
    pub messages: [u64; 4],
    /// When its last message went out.
    pub last_sent: Option<Moment>,
    /// Since when and why it is stopped.
    pub stopped: Option<(Moment, String)>,
}

const LIST: &str = "
SELECT m.campaign, count(DISTINCT m.entity), sum(m.state = 'planned'), sum(m.state = 'sent'),
  sum(m.state = 'stopped'), sum(m.state = 'failed'), max(m.sent_at), s.at, s.reason
FROM messages m
LEFT JOIN stopped_campaigns s ON s.mode = m.mode AND s.campaign = m.campaign
WHERE m.mode = ?1 GROUP BY m.campaign
UNION ALL
SELECT s.campaign, 0, 0, 0, 0, 0, NULL, s.at, s.reason FROM stopped_campaigns s
WHERE s.mode = ?1 AND NOT EXISTS (
  SELECT 1 FROM messages m WHERE m.mode = s.mode AND m.campaign = s.campaign)
ORDER BY 1";

/// Returns every campaign that has a message or is stopped, by name.
pub fn list(conn: &Connection, mode: Mode) -> Result<Vec<CampaignLine>, StoreError> {
    let mut statement = conn.prepare_cached(LIST)?;
    let rows = statement.query_map([mode], |row| {
        let (at, why): (Option<Moment>, Option<String>) = (row.get(7)?, row.get(8)?);
        Ok(CampaignLine {
            name: row.get(0)?,
            prospects: count(row, 1)?,
            messages: [count(row, 2)?, count(row, 3)?, count(row, 4)?, count(row, 5)?],
            last_sent: row.get(6)?,
            stopped: at.zip(why),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sales::tests::database;

    #[test]
    fn a_stopped_campaign_is_listed_with_its_reason_until_somebody_resumes_it() {
        let conn = database();
        stop(&conn, Mode::Live, Moment(7), "intro", "5.7.26 unauthenticated").unwrap();
        stop(&conn, Mode::Live, Moment(9), "intro", "a later reason").unwrap();
        let line = list(&conn, Mode::Live).unwrap().remove(0);
        assert_eq!(line.stopped, Some((Moment(7), "5.7.26 unauthenticated".to_owned())));
        assert!(list(&conn, Mode::Dry).unwrap().is_empty());
        resume(&conn, Mode::Live, "intro").unwrap();
        assert_eq!(stopped_because(&conn, Mode::Live, "intro").unwrap(), None);
    }
}
