//! Keeps limits: token buckets, breakers and daily quotas, shared by all processes of the database.
//!
//! They change only inside the transactions that act on them, so a refused effect has reserved
//! nothing and a crash leaves no reservation without its effect.

use jiff::tz::TimeZone;
use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use super::words::optional;
use crate::domain::mode::Mode;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::SlotRequest;

const GET: &str = "SELECT state FROM limits WHERE mode = ?1 AND kind = ?2 AND name = ?3";
const PUT: &str = "
INSERT INTO limits (mode, kind, name, state, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (mode, kind, name) DO UPDATE SET state = ?4, changed_at = ?5";

/// Which kind of limit a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitKind {
    /// A token bucket of a host.
    Bucket,
    /// A circuit breaker of a host.
    Breaker,
    /// A day of a quota.
    Slot,
}

impl LimitKind {
    const fn as_column(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Breaker => "breaker",
            Self::Slot => "slot",
        }
    }
}

/// Returns the state of a limit, `None` when it was never touched.
pub fn get<T: DeserializeOwned>(
    conn: &Connection,
    mode: Mode,
    kind: LimitKind,
    name: &str,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = optional(
        conn.prepare_cached(GET)?
            .query_row(params![mode, kind.as_column(), name], |row| row.get(0)),
    )?;
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// Writes the state of a limit.
pub fn put<T: Serialize>(
    tx: &Connection,
    mode: Mode,
    kind: LimitKind,
    name: &str,
    state: &T,
    now: Moment,
) -> Result<(), StoreError> {
    let state = serde_json::to_string(state)?;
    tx.prepare_cached(PUT)?.execute(params![mode, kind.as_column(), name, state, now])?;
    Ok(())
}

const OF_KIND: &str = "SELECT name, state FROM limits WHERE mode = ?1 AND kind = ?2 ORDER BY name";

/// Returns all limits of one kind, by name.
pub fn of_kind<T: DeserializeOwned>(
    conn: &Connection,
    mode: Mode,
    kind: LimitKind,
) -> Result<Vec<(String, T)>, StoreError> {
    let mut statement = conn.prepare_cached(OF_KIND)?;
    let rows = statement
        .query_map(params![mode, kind.as_column()], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    rows.into_iter().map(|(name, state)| Ok((name, serde_json::from_str(&state)?))).collect()
}

/// How many days ahead a slot is looked for. A quota that is full for a year is a configuration
/// error, and the unit is then planned behind it rather than lost.
const DAYS_AHEAD_MAX: i64 = 366;

/// Takes a place in a daily quota, on the first day with room at or after `wanted`, and returns the
/// time to plan for: now where that is wanted and lies in the open hours, else the wanted time
/// rounded up to the quarter hour, or the next opening after it.
pub(super) fn take_slot(
    tx: &Connection,
    mode: Mode,
    wanted: Moment,
    now: Moment,
    slot: &SlotRequest,
) -> Result<Moment, StoreError> {
    let zone = TimeZone::get(&slot.zone).unwrap_or(TimeZone::UTC);
    // What is wanted now and may be done now is not put off to the next quarter hour.
    let wanted = if wanted <= now { now } else { wanted.ceil_quarter_hour() };
    let mut at = slot.hours.next_open(wanted, &zone);
    for _ in 0..DAYS_AHEAD_MAX {
        let name = format!("{}/{}", slot.quota, at.civil_date(&zone));
        let taken: u32 = get(tx, mode, LimitKind::Slot, &name)?.unwrap_or(0);
        if taken < slot.per_day {
            put(tx, mode, LimitKind::Slot, &name, &(taken + 1), now)?;
            break;
        }
        at = slot.hours.next_open(next_morning(at, &zone), &zone);
    }
    Ok(at)
}

/// Returns the first instant of the next local day.
pub fn next_morning(at: Moment, zone: &TimeZone) -> Moment {
    let local = at.to_timestamp().to_zoned(zone.clone());
    local
        .tomorrow()
        .and_then(|tomorrow| tomorrow.start_of_day())
        .map_or(at.plus_ms(DAY_MS), |morning| Moment::from(morning.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hours::ContactHours;

    fn slot(per_day: u32, zone: &str) -> SlotRequest {
        SlotRequest {
            quota: "email".to_owned(),
            per_day,
            zone: zone.to_owned(),
            hours: ContactHours { open_hour: 9, close_hour: 17, weekends: false },
        }
    }

    fn database() -> Connection {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(include_str!("schema/0001_machine.sql")).unwrap();
        conn
    }

    fn take(conn: &Connection, wanted: &str, slot: &SlotRequest) -> String {
        let wanted = wanted.parse().unwrap();
        take_slot(conn, Mode::Dry, wanted, wanted, slot).unwrap().to_string()
    }

    #[test]
    fn what_is_wanted_now_in_open_hours_is_not_put_off_to_the_quarter_hour() {
        let conn = database();
        let slot = slot(9, "Europe/London");
        assert_eq!(take(&conn, "2026-01-09T10:03:07Z", &slot), "2026-01-09T10:03:07Z");
        assert_eq!(take(&conn, "2026-01-09T17:03:07Z", &slot), "2026-01-12T09:00:00Z");
    }

    #[test]
    fn a_full_day_sends_the_next_message_to_the_next_working_morning() {
        let conn = database();
        let slot = slot(2, "Europe/London");
        let friday = "2026-01-09T10:00:00Z";
        assert_eq!(take(&conn, friday, &slot), friday);
        assert_eq!(take(&conn, friday, &slot), friday);
        assert_eq!(take(&conn, friday, &slot), "2026-01-12T09:00:00Z");
    }

    #[test]
    fn quiet_hours_are_those_of_the_recipients_zone() {
        let conn = database();
        let noon = "2026-01-07T12:00:00Z";
        assert_eq!(take(&conn, noon, &slot(9, "America/Chicago")), "2026-01-07T15:00:00Z");
        assert_eq!(take(&conn, noon, &slot(9, "Asia/Tokyo")), "2026-01-08T00:00:00Z");
    }

    #[test]
    fn the_day_on_which_clocks_change_still_opens_at_nine() {
        let conn = database();
        let night = "2026-03-30T03:00:00Z";
        assert_eq!(take(&conn, night, &slot(9, "Europe/Berlin")), "2026-03-30T07:00:00Z");
    }
}
