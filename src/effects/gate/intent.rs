//! Decides on an effect in one transaction: look-up, consent, caps, rate, breaker, `sending`.
//!
//! Every check comes before every write, so whatever is refused has reserved nothing. After a crash
//! the effect is either unknown to the journal (not sent) or in `sending` (perhaps sent).

use std::sync::Arc;

use jiff::tz::TimeZone;
use rusqlite::Connection;

use super::{EffectOrder, budget};
use crate::config::Settings;
use crate::domain::effect::{Audience, Effect, Receipt, Recovery};
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::lifecycle::effect::{EffectEvent, EffectState};
use crate::domain::quota::Quota;
use crate::domain::resilience::breaker::Breaker;
use crate::domain::resilience::bucket::Bucket;
use crate::domain::sales::Channel;
use crate::domain::time::Moment;
use crate::store::effects::{EffectRow, NewEffect};
use crate::store::error::StoreError;
use crate::store::limits::{self, LimitKind};
use crate::store::restores::{self, Doubt};
use crate::store::{attempts, consent, effects as journal, units};

/// What the gate decided.
pub(super) enum Admission {
    /// It has happened already: here is the receipt.
    Replay(Receipt),
    /// Call the receiver.
    Send(Sending),
    /// Not now.
    Deferred { until: Moment, why: String },
    /// Never.
    Refused { why: String },
    /// It may have happened, and only a person can find out.
    Hold(WorkError),
    /// The same key with another content.
    Bug(WorkError),
}

/// A call that was admitted, and what has to be taken back if it is not made after all.
pub(super) struct Sending {
    /// Which send of the effect it is, from 1.
    pub(super) sends: u32,
    /// With what.
    pub(super) payload: Box<Effect>,
    /// What was known of the effect before and when it was last sent, if it was.
    pub(super) before: Option<(EffectState, Moment)>,
    /// The day's counters in which it took a place.
    pub(super) counted: Vec<String>,
    /// Whether it is the breaker's one probe.
    pub(super) is_probe: bool,
}

/// How the journal is to be written when everything else agrees.
enum Entry {
    First,
    Again { from: EffectState, event: EffectEvent, row: Box<EffectRow> },
    None,
}

/// Returns the transaction that decides on `order`. `asked` says that the receiver, asked a moment
/// ago, had no trace of it.
pub(super) fn admit(
    order: EffectOrder,
    new: NewEffect,
    recovery: Recovery,
    asked: bool,
    settings: Arc<Settings>,
    wall: Moment,
) -> impl FnOnce(&Connection) -> Result<Admission, StoreError> + Send + 'static {
    move |tx| {
        units::assert_held(tx, order.unit, order.epoch)?;
        let entry = match look_up(tx, &order, &new, recovery, (asked, wall))? {
            Ok(entry) => entry,
            Err(decided) => return Ok(decided),
        };
        if let Some(refusal) = check_consent(tx, &order, &settings)? {
            return Ok(refusal);
        }
        // What may have been sent today has its place among today's already.
        let has_place = |day: &Day| {
            matches!(&entry, Entry::Again { from: EffectState::Unknown, row, .. }
                if row.doubted_in.is_none() && day.includes(row.sent_at))
        };
        let day = day_of(&order, order.now, &settings).filter(|day| !has_place(day));
        let counters = match &day {
            Some(day) => match check_caps(tx, &order, day)? {
                Ok(counters) => counters,
                Err(refusal) => return Ok(refusal),
            },
            None => Vec::new(),
        };
        let rate = settings.rate.of(new.host).limit();
        let bucket = limits::get(tx, order.mode, LimitKind::Bucket, new.host)?
            .unwrap_or_else(|| Bucket::full(rate, order.now));
        let bucket = match bucket.take(rate, order.now) {
            Ok(bucket) => bucket,
            Err(until) => {
                let why = format!("rate limit of {}: {} per minute", new.host, rate.per_minute);
                return Ok(Admission::Deferred { until, why });
            }
        };
        let policy = settings.breaker.policy();
        let breaker: Breaker =
            limits::get(tx, order.mode, LimitKind::Breaker, new.host)?.unwrap_or_default();
        let breaker = match breaker.admit(policy, order.now) {
            Ok(breaker) => breaker,
            Err(until) => {
                let why = format!("circuit open: {} keeps failing", new.host);
                return Ok(Admission::Deferred { until, why });
            }
        };
        let is_retry = matches!(entry, Entry::Again { .. });
        if let Some(refusal) = budget::spend(tx, &order, &new.key, new.host, is_retry, &settings)? {
            return Ok(refusal);
        }
        let mut counted = Vec::with_capacity(counters.len());
        for (name, used) in counters {
            limits::put(tx, order.mode, LimitKind::Slot, &name, &(used + 1), order.now)?;
            counted.push(name);
        }
        limits::put(tx, order.mode, LimitKind::Bucket, new.host, &bucket, order.now)?;
        if breaker != Breaker::new() {
            limits::put(tx, order.mode, LimitKind::Breaker, new.host, &breaker, order.now)?;
        }
        let (before, sends, payload) = write(tx, order, &new, entry, wall)?;
        let is_probe = breaker.is_probing();
        Ok(Admission::Send(Sending { sends, payload, before, counted, is_probe }))
    }
}

/// What was known before, which send it is, and with what.
type Written = (Option<(EffectState, Moment)>, u32, Box<Effect>);

/// Writes `sending` and says what was known before, which send it is, and with what.
fn write(
    tx: &Connection,
    order: EffectOrder,
    new: &NewEffect,
    entry: Entry,
    wall: Moment,
) -> Result<Written, StoreError> {
    Ok(match entry {
        // A reading has no journal row to count its sends; its attempts are counted instead.
        Entry::None => (None, attempts::number(tx, order.attempt)?, Box::new(order.effect)),
        Entry::First => {
            journal::intend(tx, new, order.now, wall)?;
            (None, 1, Box::new(order.effect))
        }
        Entry::Again { from, event, row } => {
            journal::resend(tx, new, from, event, order.now, wall)?;
            (Some((from, row.sent_at)), row.sends + 1, Box::new(row.payload))
        }
    })
}

/// Step 1: what the journal says about the key.
fn look_up(
    tx: &Connection,
    order: &EffectOrder,
    new: &NewEffect,
    recovery: Recovery,
    (asked, wall): (bool, Moment),
) -> Result<Result<Entry, Admission>, StoreError> {
    if recovery == Recovery::ReadOnly {
        return Ok(Ok(Entry::None));
    }
    let Some(mut row) = restores::row_of(tx, new, order.now)? else {
        return match restores::doubt(tx, order.mode, order.unit)? {
            Some(doubt) if !asked && !is_recognised(recovery, order, &doubt) => {
                restores::hold(tx, new, &doubt, order.now, wall)?;
                Ok(Err(Admission::Hold(unknown(order, new.host, &doubt.evidence()))))
            }
            Some(_) | None => Ok(Ok(Entry::First)),
        };
    };
    if let (EffectState::Confirmed, Some(receipt)) = (row.state, row.receipt.take()) {
        return Ok(Err(Admission::Replay(receipt)));
    }
    // What a restored database decides anew may differ from what it had sent; that stands.
    if row.digest != new.digest && row.doubted_in.is_none() {
        return Ok(Err(Admission::Bug(WorkError::bug(
            "content_changed",
            format!(
                "{} of {} was first sent with another content; the stored one stands",
                order.action.as_column(),
                order.entity
            ),
        ))));
    }
    if row.state == EffectState::Sending {
        // The sender is gone: the unit is ours, and it was not its own attempt that settled it.
        row.state = journal::settle(
            tx,
            order.mode,
            &new.key,
            EffectState::Sending,
            EffectEvent::LostSight,
            None,
            Some("its sender stopped between the call and the journal"),
            order.now,
        )?;
    }
    Ok(match row.state {
        EffectState::Rejected => Ok(Entry::Again {
            from: EffectState::Rejected,
            event: EffectEvent::SentAgain,
            row: Box::new(row),
        }),
        EffectState::Unknown if may_replay(recovery, &row, order.now) => Ok(Entry::Again {
            from: EffectState::Unknown,
            event: EffectEvent::Replayed,
            row: Box::new(row),
        }),
        EffectState::Unknown | EffectState::Sending | EffectState::Confirmed => {
            let evidence = row.evidence.as_deref().unwrap_or("no answer");
            Err(Admission::Hold(unknown(order, &row.host, evidence)))
        }
    })
}

fn may_replay(recovery: Recovery, row: &EffectRow, now: Moment) -> bool {
    match recovery {
        Recovery::Idempotent { retention_ms, .. } => {
            retention_ms.is_none_or(|retention| now.since(row.first_sent_at) < retention)
        }
        Recovery::Queryable | Recovery::AtMostOnce | Recovery::ReadOnly => false,
    }
}

/// Whether the receiver would recognise an act that had been sent since the backup, and do nothing.
/// A number that was taken anew makes another paper of it.
fn is_recognised(recovery: Recovery, order: &EffectOrder, doubt: &Doubt) -> bool {
    match recovery {
        Recovery::Idempotent { retention_ms, .. } if !order.action.is_numbered() => {
            match retention_ms {
                // Only what lies on this machine is never forgotten, if it still lies there.
                None => doubt.remembers,
                Some(retention) => order.now.since(doubt.made_at) < retention,
            }
        }
        Recovery::ReadOnly => true,
        Recovery::Idempotent { .. } | Recovery::Queryable | Recovery::AtMostOnce => false,
    }
}

fn unknown(order: &EffectOrder, host: &str, evidence: &str) -> WorkError {
    WorkError::new(
        ErrorClass::Indeterminate,
        "unknown_effect",
        format!("{} to {host} may have happened: {evidence}", order.action.as_column()),
    )
    .hint("find out at the receiver, then `cep resolve KEY happened|did-not-happen --evidence …`")
}

/// Step 2: opt-out and quiet hours of somebody who has not bought.
fn check_consent(
    tx: &Connection,
    order: &EffectOrder,
    settings: &Settings,
) -> Result<Option<Admission>, StoreError> {
    let Audience::Prospect { address, zone, .. } = &order.audience else { return Ok(None) };
    if let Some(reason) = consent::suppression(tx, order.mode, address)? {
        let why = format!("suppressed: {address} has {}", reason.replace('_', " "));
        return Ok(Some(Admission::Refused { why }));
    }
    let hours = settings.outreach.quiet_hours.contact_hours();
    let local = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let opens = hours.next_open(order.now, &local);
    if opens > order.now {
        let why = format!("quiet hours in {zone}, open {}–{}", hours.open_hour, hours.close_hour);
        return Ok(Some(Admission::Deferred { until: opens, why }));
    }
    Ok(None)
}

/// Step 3: the day's counters of what was sent, in days of the recipient's zone.
struct Day {
    quotas: Vec<Quota>,
    zone: TimeZone,
    date: String,
    /// The first instant of a later day at which the recipient may be reached.
    next: Moment,
}

impl Day {
    fn includes(&self, at: Moment) -> bool {
        at.civil_date(&self.zone).to_string() == self.date
    }
}

/// Returns the day of the recipient in which `at` lies.
fn day_of(order: &EffectOrder, at: Moment, settings: &Settings) -> Option<Day> {
    let Audience::Prospect { address, zone, channel } = &order.audience else { return None };
    let channel = Channel::from_column(channel).ok()?;
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let rules = settings.outreach.rules(order.mode);
    Some(Day {
        quotas: rules.quotas(channel, address),
        date: at.civil_date(&zone).to_string(),
        next: rules.hours.next_open(limits::next_morning(at, &zone), &zone),
        zone,
    })
}

/// Returns the names of the counters that `order` counts in when it is sent at `at`.
pub(super) fn counters_of(order: &EffectOrder, at: Moment, settings: &Settings) -> Vec<String> {
    day_of(order, at, settings).map_or_else(Vec::new, |day| {
        day.quotas.iter().map(|quota| counter(quota, &day.date)).collect()
    })
}

fn counter(quota: &Quota, date: &str) -> String {
    format!("{}/{date}", limits::sent_name(&quota.name))
}

/// Returns each counter with what it stands at, or the refusal of the first that is full.
fn check_caps(
    tx: &Connection,
    order: &EffectOrder,
    day: &Day,
) -> Result<Result<Vec<(String, u32)>, Admission>, StoreError> {
    let mut counters = Vec::with_capacity(day.quotas.len());
    for quota in &day.quotas {
        let name = counter(quota, &day.date);
        let used: u32 = limits::get(tx, order.mode, LimitKind::Slot, &name)?.unwrap_or(0);
        let cap = limits::sending_cap(tx, order.mode, quota, &day.date)?;
        if used >= cap {
            let why = format!("daily cap of {}: {used} of {cap} sent today", quota.name);
            return Ok(Err(Admission::Deferred { until: day.next, why }));
        }
        counters.push((name, used));
    }
    Ok(Ok(counters))
}
