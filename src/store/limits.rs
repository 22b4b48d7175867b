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
use crate::domain::quota::Quota;
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

/// Takes a place in daily quotas, on the first day with room in all of them at or after `wanted`,
/// and returns the time to plan for: now where that is wanted and lies in the open hours, else the wanted time
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
    let today = now.civil_date(&zone).to_string();
    for _ in 0..DAYS_AHEAD_MAX {
        let day = at.civil_date(&zone).to_string();
        let mut counters = Vec::with_capacity(slot.quotas.len());
        let mut has_room = true;
        for quota in &slot.quotas {
            let name = format!("{}/{day}", quota.name);
            let taken: u32 = get(tx, mode, LimitKind::Slot, &name)?.unwrap_or(0);
            let cap = planned_cap(tx, mode, quota, &today, &day, taken)?;
            has_room &= taken < cap;
            counters.push((name, taken));
        }
        if has_room {
            for (name, taken) in counters {
                put(tx, mode, LimitKind::Slot, &name, &(taken + 1), now)?;
            }
            break;
        }
        at = slot.hours.next_open(next_morning(at, &zone), &zone);
    }
    Ok(at)
}

/// Returns the cap of a day for which something is planned. What grows counts the days on which
/// something was sent, and those from today on for which something is planned.
fn planned_cap(
    tx: &Connection,
    mode: Mode,
    quota: &Quota,
    today: &str,
    day: &str,
    taken: u32,
) -> Result<u32, StoreError> {
    if quota.cap.warm_up.is_none() || taken < quota.cap.least() {
        return Ok(quota.cap.full);
    }
    let most = quota.cap.grows_for_days();
    let sent = days_between(tx, mode, &sent_name(&quota.name), "", today, most)?;
    let planned = days_between(tx, mode, &quota.name, today, day, most)?;
    Ok(quota.cap.after(sent + planned))
}

/// Returns the cap of today for what is about to be sent.
pub fn sending_cap(
    tx: &Connection,
    mode: Mode,
    quota: &Quota,
    today: &str,
) -> Result<u32, StoreError> {
    let most = quota.cap.grows_for_days();
    let before = days_between(tx, mode, &sent_name(&quota.name), "", today, most)?;
    Ok(quota.cap.after(before))
}

/// Returns the name under which what was sent of a quota is counted, apart from what is planned.
pub fn sent_name(quota: &str) -> String {
    format!("sent/{quota}")
}

const DAYS: &str = "
SELECT count(*) FROM (
  SELECT 1 FROM limits
  WHERE mode = ?1 AND kind = 'slot' AND name >= ?2 AND name < ?3 AND state <> '0' LIMIT ?4)";

/// Counts the days from `from` to before `until` on which a quota has something, up to `most`.
/// Dates of ISO 8601 have the order of their texts.
fn days_between(
    tx: &Connection,
    mode: Mode,
    quota: &str,
    from: &str,
    until: &str,
    most: u32,
) -> Result<u32, StoreError> {
    if most == 0 {
        return Ok(0);
    }
    let (from, until) = (format!("{quota}/{from}"), format!("{quota}/{until}"));
    Ok(tx.prepare_cached(DAYS)?.query_row(params![mode, from, until, most], |row| row.get(0))?)
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
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::hours::ContactHours;
    use crate::domain::quota::{DailyCap, WarmUp};

    const OFFICE: ContactHours = ContactHours { open_hour: 9, close_hour: 17, weekends: false };

    fn slot(per_day: u32, zone: &str) -> SlotRequest {
        slot_in(&[("email", DailyCap::flat(per_day))], zone)
    }

    fn slot_in(quotas: &[(&str, DailyCap)], zone: &str) -> SlotRequest {
        let quota = |&(name, cap): &(&str, DailyCap)| Quota { name: name.to_owned(), cap };
        let quotas = quotas.iter().map(quota).collect();
        SlotRequest { quotas, zone: zone.to_owned(), hours: OFFICE }
    }

    fn take(conn: &Connection, wanted: &str, slot: &SlotRequest) -> String {
        let wanted = wanted.parse().unwrap();
        take_slot(conn, Mode::Dry, wanted, wanted, slot).unwrap().to_string()
    }

    #[test]
    fn what_is_wanted_now_in_open_hours_is_not_put_off_to_the_quarter_hour() {
        let conn = crate::store::open::in_memory();
        let slot = slot(9, "Europe/London");
        assert_eq!(take(&conn, "2026-01-09T10:03:07Z", &slot), "2026-01-09T10:03:07Z");
        assert_eq!(take(&conn, "2026-01-09T17:03:07Z", &slot), "2026-01-12T09:00:00Z");
    }

    #[test]
    fn a_full_day_sends_the_next_message_to_the_next_working_morning() {
        let conn = crate::store::open::in_memory();
        let slot = slot(2, "Europe/London");
        let friday = "2026-01-09T10:00:00Z";
        assert_eq!(take(&conn, friday, &slot), friday);
        assert_eq!(take(&conn, friday, &slot), friday);
        assert_eq!(take(&conn, friday, &slot), "2026-01-12T09:00:00Z");
    }

    #[test]
    fn quiet_hours_are_those_of_the_recipients_zone() {
        let conn = crate::store::open::in_memory();
        let noon = "2026-01-07T12:00:00Z";
        assert_eq!(take(&conn, noon, &slot(9, "America/Chicago")), "2026-01-07T15:00:00Z");
        assert_eq!(take(&conn, noon, &slot(9, "Asia/Tokyo")), "2026-01-08T00:00:00Z");
    }

    #[test]
    fn the_day_on_which_clocks_change_still_opens_at_nine() {
        let conn = crate::store::open::in_memory();
        let night = "2026-03-30T03:00:00Z";
        assert_eq!(take(&conn, night, &slot(9, "Europe/Berlin")), "2026-03-30T07:00:00Z");
    }

    const NEW_SENDER: DailyCap =
        DailyCap { full: 50, warm_up: Some(WarmUp { start_per_day: 10, growth_percent: 20 }) };

    /// How many of `n` messages that are all wanted at `wanted` land on each day.
    fn per_day(conn: &Connection, n: u32, wanted: &str, slot: &SlotRequest) -> Vec<u32> {
        let mut days = BTreeMap::<String, u32>::new();
        for _ in 0..n {
            *days.entry(take(conn, wanted, slot)[..10].to_owned()).or_default() += 1;
        }
        days.into_values().collect()
    }

    #[test]
    fn a_new_senders_mail_is_spread_over_growing_days_and_never_passes_fifty() {
        let conn = crate::store::open::in_memory();
        let slot = slot_in(&[("email", NEW_SENDER)], "Europe/London");
        let days = per_day(&conn, 325, "2026-01-05T10:00:00Z", &slot);
        assert_eq!(days, [10, 12, 15, 18, 22, 27, 33, 40, 48, 50, 50]);
    }

    #[test]
    fn the_first_day_is_the_first_on_which_something_was_sent() {
        let conn = crate::store::open::in_memory();
        let slot = slot_in(&[("email", NEW_SENDER)], "Europe/London");
        let monday: Moment = "2026-01-12T10:00:00Z".parse().unwrap();
        // Planned a week ago and never sent: that is no experience.
        put(&conn, Mode::Dry, LimitKind::Slot, "email/2026-01-05", &10, monday).unwrap();
        assert_eq!(per_day(&conn, 11, "2026-01-12T10:00:00Z", &slot), [10, 1]);
        let conn = crate::store::open::in_memory();
        put(&conn, Mode::Dry, LimitKind::Slot, "sent/email/2026-01-05", &7, monday).unwrap();
        put(&conn, Mode::Dry, LimitKind::Slot, "sent/email/2026-01-06", &0, monday).unwrap();
        assert_eq!(per_day(&conn, 13, "2026-01-12T10:00:00Z", &slot), [12, 1]);
        let quota = &slot.quotas[0];
        let cap = |day| sending_cap(&conn, Mode::Dry, quota, day).unwrap();
        assert_eq!((cap("2026-01-05"), cap("2026-01-12")), (10, 12));
        let other = sending_cap(&conn, Mode::Live, quota, "2026-01-12").unwrap();
        assert_eq!(other, 10, "the rehearsal is no experience for the real sender");
    }

    #[test]
    fn a_freemail_domain_fills_before_the_day_does_and_takes_no_place_of_others() {
        let conn = crate::store::open::in_memory();
        let to =
            |domain| slot_in(&[("email", DailyCap::flat(5)), (domain, DailyCap::flat(2))], "UTC");
        let monday = "2026-01-05T10:00:00Z";
        assert_eq!(per_day(&conn, 3, monday, &to("domain:gmail.com")), [2, 1]);
        assert_eq!(per_day(&conn, 2, monday, &to("domain:a.example")), [2]);
        assert_eq!(take(&conn, monday, &to("domain:b.example")), monday, "the fifth of the day");
        assert_eq!(take(&conn, monday, &to("domain:c.example")), "2026-01-06T09:00:00Z");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_slot_is_in_open_hours_below_every_cap_and_the_earliest_there_is(
            wishes in prop::collection::vec((0_i64..60 * 24 * 12, 0_usize..4, 0_usize..3), 1..60),
            start in prop::sample::select(vec![
                // Mondays before the clocks change, in Europe and in America.
                "2026-03-23T00:00:00Z", "2026-10-19T00:00:00Z", "2026-03-02T00:00:00Z",
            ]),
            full in 1_u32..6,
            per_domain in 1_u32..4,
            is_new: bool,
        ) {
            let zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo"];
            let warm_up = is_new.then_some(WarmUp { start_per_day: 1, growth_percent: 50 });
            let start: Moment = start.parse().unwrap();
            let run = |conn: &Connection| -> Vec<Moment> {
                wishes.iter().map(|&(minutes, zone, domain)| {
                    let domain = format!("domain:{domain}");
                    let caps = [("email", DailyCap { full, warm_up }),
                        (domain.as_str(), DailyCap::flat(per_domain))];
                    let at = start.plus_ms(minutes * 60_000);
                    take_slot(conn, Mode::Dry, at, start, &slot_in(&caps, zones[zone])).unwrap()
                }).collect()
            };
            let conn = crate::store::open::in_memory();
            let times = run(&conn);
            prop_assert_eq!(&times, &run(&crate::store::open::in_memory()), "the same wishes have the same slots");
            let mut sent = BTreeMap::<String, u32>::new();
            for (&at, &(minutes, zone, domain)) in times.iter().zip(&wishes) {
                let zone = TimeZone::get(zones[zone]).unwrap();
                prop_assert!(at >= start.plus_ms(minutes * 60_000));
                prop_assert!(OFFICE.is_open(at, &zone), "{at} is in quiet hours");
                let day = at.civil_date(&zone);
                let mail = sent.entry(format!("email/{day}")).or_default();
                *mail += 1;
                prop_assert!(*mail <= full);
                let to = sent.entry(format!("domain:{domain}/{day}")).or_default();
                *to += 1;
                prop_assert!(*to <= per_domain);
                // Earliest: every open day between the wish and the slot was full by the end.
                let wished = start.plus_ms(minutes * 60_000).ceil_quarter_hour();
                let mut free = OFFICE.next_open(wished, &zone);
                while free.civil_date(&zone) < day {
                    let date = free.civil_date(&zone);
                    let count = |name: &str| -> u32 {
                        get(&conn, Mode::Dry, LimitKind::Slot, &format!("{name}/{date}"))
                            .unwrap().unwrap_or(0)
                    };
                    let to = count(&format!("domain:{domain}"));
                    let least = if is_new { 1 } else { full };
                    prop_assert!(count("email") >= least || to >= per_domain, "{date} had room");
                    free = OFFICE.next_open(next_morning(free, &zone), &zone);
                }
            }
            let counted: u32 = sent.iter().filter(|(name, _)| name.starts_with("email"))
                .map(|(_, n)| n).sum();
            prop_assert_eq!(counted as usize, wishes.len());
        }
    }
}
