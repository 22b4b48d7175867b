//! Counts what became of contacts, from the rows of Sales.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::learning::{ArmDay, Backlog, Contacts, Funnel, RowRange};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::count;

/// One row for each recipient and campaign that was contacted. What a recipient does counts for the
/// campaign that reached it last before, so nothing counts twice.
const REACHED: &str = "
WITH begun AS (
  SELECT p.id, p.entity, p.campaign, p.variant, p.by_hand,
    (SELECT min(m.sent_at) FROM messages m
     WHERE m.mode = p.mode AND m.entity = p.entity AND m.campaign = p.campaign) AS at
  FROM pitches p WHERE p.mode = :mode),
spans AS (
  SELECT *, lead(at, 1, 9223372036854775807) OVER (PARTITION BY entity ORDER BY at, id) AS until
  FROM begun WHERE at IS NOT NULL AND at <= :now),
reached AS (
  SELECT s.*,
    CASE WHEN r.concluded_at >= s.at AND r.concluded_at < s.until THEN r.conclusion END AS ended,
    r.concluded_at AS ended_at,
    EXISTS (SELECT 1 FROM suppressions x
            WHERE x.mode = r.mode AND x.address = r.email AND x.reason = 'complained'
              AND x.at >= s.at AND x.at < s.until) AS complained
  FROM spans s JOIN prospects r ON r.mode = :mode AND r.entity = s.entity)";

const OUTCOMES: &str = "
SELECT t.variant,
  CASE WHEN t.at + :window <= :now THEN (:now - t.at - :window) / 86400000 END,
  count(*),
  coalesce(sum(t.ended = 'booked' AND t.ended_at <= t.at + :window), 0),
  coalesce(sum(t.ended = 'opted_out'), 0),
  coalesce(sum(t.complained), 0)
FROM reached t LEFT JOIN variants v ON v.mode = :mode AND v.arm = t.variant
WHERE t.at >= coalesce(v.evidence_from, t.at) AND t.by_hand = ''
GROUP BY 1, 2 ORDER BY 1, 2";

/// Counts what became of each variant's contacts by `now`, with a window of `window_ms`.
///
/// A pitch that a person edited, or whose variant a person chose, says nothing about the variant and
/// is not counted.
pub fn outcomes(
    conn: &Connection,
    mode: Mode,
    now: Moment,
    window_ms: i64,
) -> Result<Vec<ArmDay>, StoreError> {
    let mut statement = conn.prepare_cached(&format!("{REACHED} {OUTCOMES}"))?;
    let found = statement
        .query_map(named_params! { ":mode": mode, ":now": now, ":window": window_ms }, |row| {
            Ok(ArmDay {
                arm: row.get(0)?,
                closed_days: row.get(1)?,
                contacts: count(row, 2)?,
                booked: count(row, 3)?,
                opted_out: count(row, 4)?,
                complained: count(row, 5)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

const HARM: &str = "
SELECT count(*), coalesce(sum(t.ended = 'opted_out'), 0), coalesce(sum(t.complained), 0),
  min(t.id), max(t.id)
FROM reached t WHERE t.campaign = :campaign";

/// How many of a campaign's contacts wanted no more or reported us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Harm {
    /// All contacts.
    pub contacts: u64,
    /// Of these, wanted no more messages.
    pub opted_out: u64,
    /// Of these, reported us.
    pub complained: u64,
    /// Their rows of `pitches`.
    pub rows: Option<RowRange>,
}

/// Counts the harm that a campaign has done by `now`.
pub fn harm(
    conn: &Connection,
    mode: Mode,
    now: Moment,
    campaign: &str,
) -> Result<Harm, StoreError> {
    let mut statement = conn.prepare_cached(&format!("{REACHED} {HARM}"))?;
    let of = named_params! { ":mode": mode, ":now": now, ":campaign": campaign };
    Ok(statement.query_row(of, |row| {
        Ok(Harm {
            contacts: count(row, 0)?,
            opted_out: count(row, 1)?,
            complained: count(row, 2)?,
            rows: rows(row, 3)?,
        })
    })?)
}

/// Reads two columns that hold the least and the greatest id, NULL where nothing was counted.
fn rows(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<RowRange>> {
    let (from, to): (Option<i64>, Option<i64>) = (row.get(at)?, row.get(at + 1)?);
    Ok(from.zip(to).map(|(from, to)| RowRange { from, to }))
}

const STAGES: &str = "
SELECT coalesce(sum(stage NOT IN ('found', 'left_out', 'not_qualified')), 0),
  coalesce(sum(stage = 'no_channel'), 0),
  coalesce(sum(first_contact_at IS NOT NULL AND concluded_at IS NOT NULL), 0),
  coalesce(sum(first_contact_at IS NOT NULL AND conclusion = 'booked'), 0), min(id), max(id)
FROM prospects WHERE mode = ?1";
const MEETINGS: &str = "
SELECT coalesce(sum(state IN ('held', 'no_show')), 0), coalesce(sum(state = 'held'), 0),
  coalesce(sum(state = 'held' AND outcome IN ('won', 'lost')), 0),
  coalesce(sum(state = 'held' AND outcome = 'won'), 0), min(id), max(id)
FROM meetings WHERE mode = ?1";

/// Counts how far prospects came. Each step counts only those whose fate in it is known.
pub fn funnel(conn: &Connection, mode: Mode) -> Result<Funnel, StoreError> {
    let four = |sql: &str| -> Result<([u64; 4], Option<RowRange>), StoreError> {
        Ok(conn.prepare_cached(sql)?.query_row([mode], |row| {
            let counts = [count(row, 0)?, count(row, 1)?, count(row, 2)?, count(row, 3)?];
            Ok((counts, rows(row, 4)?))
        })?)
    };
    let ([qualified, unreachable, concluded, booked], prospects) = four(STAGES)?;
    let ([meetings, held, decided, won], calls) = four(MEETINGS)?;
    Ok(Funnel {
        qualified,
        unreachable,
        concluded,
        booked,
        meetings,
        held,
        decided,
        won,
        prospects,
        calls,
    })
}

const CONTACTS: &str = "
SELECT r.category, r.tier, m.channel, r.zone, m.sent_at / 3600000 * 3600000, count(*),
  coalesce(sum(r.conclusion = 'booked'), 0), min(r.id), max(r.id), f.channel,
  (f.planned_at - m.sent_at + 43200000) / 86400000
FROM prospects r JOIN messages m ON m.mode = r.mode AND m.entity = r.entity AND m.step = 1
LEFT JOIN messages f
  ON f.mode = m.mode AND f.entity = m.entity AND f.campaign = m.campaign AND f.step = 2
WHERE r.mode = ?1 AND r.concluded_at IS NOT NULL AND r.first_contact_at = m.sent_at
GROUP BY 1, 2, 3, 4, 5, 10, 11 ORDER BY 8";

/// Counts concluded contacts by everything that is compared.
pub fn contacts(conn: &Connection, mode: Mode) -> Result<Vec<Contacts>, StoreError> {
    let mut statement = conn.prepare_cached(CONTACTS)?;
    let found = statement
        .query_map([mode], |row| {
            Ok(Contacts {
                category: row.get(0)?,
                tier: row.get(1)?,
                channel: row.get(2)?,
                zone: row.get(3)?,
                sent_at: row.get(4)?,
                n: count(row, 5)?,
                booked: count(row, 6)?,
                rows: RowRange { from: row.get(7)?, to: row.get(8)? },
                follow_up: row.get::<_, Option<String>>(9)?.zip(row.get(10)?),
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}

const BACKLOG: &str = "
SELECT channel, count(*), min(id), max(id) FROM messages
WHERE mode = ?1 AND campaign = ?2 AND state = 'planned' GROUP BY channel ORDER BY channel";

/// Counts the messages of a campaign that wait for their turn, by channel.
pub fn backlog(conn: &Connection, mode: Mode, campaign: &str) -> Result<Vec<Backlog>, StoreError> {
    let mut statement = conn.prepare_cached(BACKLOG)?;
    let found = statement
        .query_map(params![mode, campaign], |row| {
            Ok(Backlog {
                channel: row.get(0)?,
                planned: count(row, 1)?,
                rows: RowRange { from: row.get(2)?, to: row.get(3)? },
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(found)
}
