//! Keeps the provider's daily figures, and measures windows of time from them and our own rows.
//!
//! A count comes with the numbers of the rows it counted, read in the same transaction.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::gbp::DailyFigures;
use crate::domain::mode::Mode;
use crate::domain::report::{Days, Evidence, Measured, MetricName, Reading, ScorePoint, Window};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{count, optional};

const PUT: &str = "
INSERT INTO daily_figures
  (mode, entity, day, impressions, call_clicks, website_clicks, direction_requests, read_at)
VALUES (:mode, :entity, :day, :impressions, :calls, :website, :directions, :now)
ON CONFLICT (mode, entity, day) DO UPDATE SET
  impressions = excluded.impressions, call_clicks = excluded.call_clicks,
  website_clicks = excluded.website_clicks, direction_requests = excluded.direction_requests,
  read_at = excluded.read_at";

/// Keeps the days; one that is there already takes the provider's latest figures.
pub(super) fn put(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    entity: &str,
    days: &BTreeMap<String, DailyFigures>,
) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(PUT)?;
    for (day, figures) in days {
        statement.execute(named_params! {
            ":mode": mode, ":entity": entity, ":day": day, ":impressions": figures.impressions,
            ":calls": figures.call_clicks, ":website": figures.website_clicks,
            ":directions": figures.direction_requests, ":now": now,
        })?;
    }
    Ok(())
}

const DAYS: &str = "
SELECT day, impressions, call_clicks, website_clicks, direction_requests FROM daily_figures
WHERE mode = ?1 AND entity = ?2 AND day BETWEEN ?3 AND ?4 ORDER BY day";

/// Returns the days that are known from `first` to `last`.
pub fn days(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    first: &str,
    last: &str,
) -> Result<Days, StoreError> {
    let mut statement = conn.prepare_cached(DAYS)?;
    let rows = statement.query_map(params![mode, entity, first, last], |row| {
        let figures = DailyFigures {
            impressions: row.get(1)?,
            call_clicks: row.get(2)?,
            website_clicks: row.get(3)?,
            direction_requests: row.get(4)?,
        };
        Ok((row.get(0)?, figures))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const SCORE: &str = "
SELECT score, id FROM profiles
WHERE mode = ?1 AND entity = ?2 AND source = 'gbp' AND observed_at < ?3 AND score IS NOT NULL
ORDER BY observed_at DESC, id DESC LIMIT 1";

/// What is counted in a window, the table of its rows, and the query of (value, number).
const COUNTS: [(MetricName, &str, &str); 5] = [
    (
        MetricName::ActionsDone,
        "profile_actions",
        "SELECT count(*), group_concat(id) FROM profile_actions
         WHERE mode = ?1 AND entity = ?2 AND done_at >= ?3 AND done_at < ?4",
    ),
    (
        MetricName::PostsLive,
        "posts",
        "SELECT count(*), group_concat(id) FROM posts
         WHERE mode = ?1 AND entity = ?2 AND state = 'live' AND changed_at >= ?3 AND changed_at < ?4",
    ),
    (
        MetricName::ReviewsReceived,
        "reviews",
        "SELECT count(*), group_concat(id) FROM reviews
         WHERE mode = ?1 AND entity = ?2 AND at >= ?3 AND at < ?4",
    ),
    (
        MetricName::ReviewsReplied,
        "reviews",
        "SELECT count(*), group_concat(id) FROM reviews
         WHERE mode = ?1 AND entity = ?2 AND at >= ?3 AND at < ?4 AND replied_at IS NOT NULL",
    ),
    (
        MetricName::MeanRating,
        "reviews",
        "SELECT avg(rating), group_concat(id) FROM reviews
         WHERE mode = ?1 AND entity = ?2 AND at >= ?3 AND at < ?4 HAVING count(*) > 0",
    ),
];

/// Reads what is known of a window. Our own counts are left out unless `with_own`: before go-live
/// they are no figures. A score or rating that nobody observed is absent; a count of nothing is
/// zero, because these rows are all there are.
pub fn reading(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    window: Window,
    with_own: bool,
) -> Result<Reading, StoreError> {
    let score = conn.prepare_cached(SCORE)?.query_row(params![mode, entity, window.to], |row| {
        let from = Evidence::of_ids("profiles", vec![row.get(1)?]);
        Ok((MetricName::ProfileScore, Measured { value: row.get(0)?, from }))
    });
    let mut own: Vec<_> = optional(score)?.into_iter().collect();
    for (name, table, sql) in COUNTS.iter().filter(|_| with_own) {
        let found = conn
            .prepare_cached(sql)?
            .query_row(params![mode, entity, window.from, window.to], |row| measured(table, row));
        own.extend(optional(found)?.map(|measured| (*name, measured)));
    }
    let days = days(conn, mode, entity, &window.first_day(), &window.last_day())?;
    Ok(Reading { own, days })
}

fn measured(table: &str, row: &Row<'_>) -> rusqlite::Result<Measured> {
    let ids: Option<String> = row.get(1)?;
    let ids = ids.unwrap_or_default().split(',').filter_map(|id| id.parse().ok()).collect();
    Ok(Measured { value: row.get(0)?, from: Evidence::of_ids(table, ids) })
}

const SCORES: &str = "
SELECT id, observed_at, score FROM profiles
WHERE mode = ?1 AND entity = ?2 AND source = 'gbp' AND observed_at < ?3 AND score IS NOT NULL
ORDER BY observed_at DESC, id DESC LIMIT ?4";

/// Returns the last audits before `until`, oldest first, at most `limit`.
pub fn scores(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    until: Moment,
    limit: u32,
) -> Result<Vec<ScorePoint>, StoreError> {
    let mut statement = conn.prepare_cached(SCORES)?;
    let rows = statement.query_map(params![mode, entity, until, limit], |row| {
        Ok(ScorePoint { id: row.get(0)?, at: row.get(1)?, score: row.get(2)? })
    })?;
    let mut scores: Vec<_> = rows.collect::<Result<_, _>>()?;
    scores.reverse();
    Ok(scores)
}

const FIELDS_DONE: &str = "
SELECT action FROM profile_actions
WHERE mode = ?1 AND entity = ?2 AND done_at >= ?3 AND done_at < ?4 ORDER BY id";

/// Returns the fields that were brought up to date in a window.
pub fn fields_done(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    window: Window,
) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(FIELDS_DONE)?;
    let rows =
        statement.query_map(params![mode, entity, window.from, window.to], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How a line of evidence is written, by the table it is in: what a person needs to find the row.
const LINES: [(&str, &str); 4] = [
    (
        "profiles",
        "SELECT id, 'read ' || datetime(observed_at / 1000, 'unixepoch') || ', score '
           || printf('%.1f', score) FROM profiles WHERE mode = ?1 AND id BETWEEN ?2 AND ?3 AND entity = ?4",
    ),
    (
        "profile_actions",
        "SELECT id, action || ': ' || coalesce(after, '(nothing)') FROM profile_actions
         WHERE mode = ?1 AND id BETWEEN ?2 AND ?3 AND entity = ?4",
    ),
    (
        "posts",
        "SELECT id, slot || ' ' || state || ': ' || text FROM posts
         WHERE mode = ?1 AND id BETWEEN ?2 AND ?3 AND entity = ?4",
    ),
    (
        "reviews",
        "SELECT id, date(at / 1000, 'unixepoch') || ' ' || rating || ' stars'
           || iif(replied_at IS NULL, ', not answered', ', answered') FROM reviews
         WHERE mode = ?1 AND id BETWEEN ?2 AND ?3 AND entity = ?4",
    ),
];

const DAY_LINES: &str = "
SELECT id, day || ': ' || impressions || ' views, ' || call_clicks || ' calls, ' || website_clicks
  || ' web site clicks, ' || direction_requests || ' direction requests' FROM daily_figures
WHERE mode = ?1 AND day BETWEEN ?2 AND ?3 AND entity = ?4 ORDER BY day";

/// Returns the rows that `evidence` names, each as its number and one line.
pub fn evidence(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    evidence: &Evidence,
) -> Result<Vec<(u64, String)>, StoreError> {
    let line = |row: &Row<'_>| Ok((count(row, 0)?, row.get::<_, String>(1)?));
    if let Some((first, last)) = evidence.days() {
        let mut statement = conn.prepare_cached(DAY_LINES)?;
        let rows = statement.query_map(params![mode, first, last, entity], line)?;
        return Ok(rows.collect::<Result<_, _>>()?);
    }
    let Some((_, sql)) = LINES.iter().find(|(table, _)| *table == evidence.table) else {
        return Ok(Vec::new());
    };
    let mut lines = Vec::new();
    for (first, last) in evidence.id_ranges() {
        let mut statement = conn.prepare_cached(sql)?;
        let rows = statement.query_map(params![mode, first, last, entity], line)?;
        for row in rows {
            lines.push(row?);
        }
    }
    Ok(lines)
}
