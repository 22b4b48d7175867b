//! Counts hits and all of a span of time, by which the effect of a proposal is measured.

use rusqlite::{Connection, params};

use crate::domain::learning::Measure;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::count;

/// Contacts begun in the span, whose windows have closed by the time of the look.
const BOOKING: &str = "
SELECT coalesce(sum(conclusion IS 'booked' AND concluded_at <= first_contact_at + ?4), 0), count(*)
FROM prospects WHERE mode = ?1 AND first_contact_at >= ?2 AND first_contact_at < ?3";
const SHOWING_UP: &str = "
SELECT coalesce(sum(state = 'held'), 0), coalesce(sum(state IN ('held', 'no_show')), 0)
FROM meetings WHERE mode = ?1 AND starts_at >= ?2 AND starts_at < ?3 AND ?4 >= 0";
const CLOSING: &str = "
SELECT coalesce(sum(outcome IS 'won'), 0), coalesce(sum(outcome IN ('won', 'lost')), 0)
FROM meetings
WHERE mode = ?1 AND state = 'held' AND starts_at >= ?2 AND starts_at < ?3 AND ?4 >= 0";
const REACH: &str = "
SELECT coalesce(sum(stage <> 'no_channel'), 0), count(*) FROM prospects
WHERE mode = ?1 AND stage NOT IN ('found', 'left_out', 'not_qualified')
  AND created_at >= ?2 AND created_at < ?3 AND ?4 >= 0";

/// Returns hits and all of what began in `from..until`; `window_ms` is how long a booking counts.
pub fn counted(
    conn: &Connection,
    mode: Mode,
    measure: Measure,
    (from, until): (Moment, Moment),
    window_ms: i64,
) -> Result<(u64, u64), StoreError> {
    let sql = match measure {
        Measure::Booking => BOOKING,
        Measure::ShowingUp => SHOWING_UP,
        Measure::Closing => CLOSING,
        Measure::Reach => REACH,
    };
    Ok(conn.prepare_cached(sql)?.query_row(params![mode, from, until, window_ms], |row| {
        Ok((count(row, 0)?, count(row, 1)?))
    })?)
}
