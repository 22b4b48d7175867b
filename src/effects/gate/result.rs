//! Journals what became known about an effect, and feeds the breaker.

use std::sync::Arc;

use rusqlite::Connection;

use super::dispatch::Route;
use super::intent::Sending;
use super::{EffectOrder, intent};
use crate::config::Settings;
use crate::domain::effect::{EffectKey, Receipt, Recovery};
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::event::NewEvent;
use crate::domain::lifecycle::effect::{EffectEvent, EffectState};
use crate::domain::mode::Mode;
use crate::domain::resilience::breaker::Breaker;
use crate::domain::time::Moment;
use crate::store::effects::NewEffect;
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::limits::{self, LimitKind};
use crate::store::{effects as journal, restores, units};

/// What the result transaction needs to know.
pub(super) struct Settlement {
    pub(super) order: EffectOrder,
    pub(super) key: EffectKey,
    pub(super) journaled: bool,
    pub(super) host: &'static str,
    pub(super) adapter: &'static str,
    pub(super) answer: Result<Receipt, WorkError>,
    pub(super) settings: Arc<Settings>,
    pub(super) wall: Moment,
}

/// Returns the transaction that settles an effect after its call.
pub(super) fn settle(
    it: Settlement,
) -> impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static {
    move |tx| {
        units::assert_held(tx, it.order.unit, it.order.epoch)?;
        let event = match &it.answer {
            Ok(_) => EffectEvent::Confirmed,
            Err(error) if is_unclear(error) => EffectEvent::LostSight,
            Err(_) => EffectEvent::Rejected,
        };
        if it.journaled {
            let evidence = it.answer.as_ref().err().map(ToString::to_string);
            journal::settle(
                tx,
                it.order.mode,
                &it.key,
                EffectState::Sending,
                event,
                it.answer.as_ref().ok(),
                evidence.as_deref(),
                it.order.now,
            )?;
        }
        if event == EffectEvent::Rejected {
            // A rejected message was not sent, so it does not count against the day's caps.
            let names = intent::counters_of(&it.order, it.order.now, &it.settings);
            give_back(tx, it.order.mode, &names, it.order.now)?;
        }
        // Whoever hung up first has learnt nothing about the host.
        if it.answer.as_ref().err().is_none_or(|error| error.class != ErrorClass::Cancelled) {
            feed_breaker(tx, &it)?;
        }
        if it.journaled {
            events::append(tx, about(&it.order, it.wall), &told(&it, event))?;
        }
        Ok(())
    }
}

/// Whether an error leaves open what became of the effect.
pub(super) const fn is_unclear(error: &WorkError) -> bool {
    matches!(error.class, ErrorClass::Indeterminate | ErrorClass::Cancelled)
}

/// Returns the transaction that takes a call back that was admitted and then not made. It fails
/// nothing and spends nothing: what was known of the effect before is known again.
pub(super) fn take_back(
    order: &EffectOrder,
    key: EffectKey,
    route: &Route,
    sending: Sending,
    why: String,
) -> impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static {
    let (unit, epoch, mode, now) = (order.unit, order.epoch, order.mode, order.now);
    let (journaled, host) = (route.recovery != Recovery::ReadOnly, route.host);
    move |tx| {
        units::assert_held(tx, unit, epoch)?;
        if journaled {
            journal::take_back(tx, mode, &key, sending.before, &why, now)?;
        }
        give_back(tx, mode, &sending.counted, now)?;
        if sending.is_probe {
            let breaker: Option<Breaker> = limits::get(tx, mode, LimitKind::Breaker, host)?;
            if let Some(breaker) = breaker {
                let without = breaker.without_probe(now);
                limits::put(tx, mode, LimitKind::Breaker, host, &without, now)?;
            }
        }
        Ok(())
    }
}

/// Frees places in the day's counters.
fn give_back(
    tx: &Connection,
    mode: Mode,
    counters: &[String],
    now: Moment,
) -> Result<(), StoreError> {
    for name in counters {
        let used: u32 = limits::get(tx, mode, LimitKind::Slot, name)?.unwrap_or(0);
        limits::put(tx, mode, LimitKind::Slot, name, &used.saturating_sub(1), now)?;
    }
    Ok(())
}

/// A host that answered, even with a no, is alive; one that did not answer is failing.
fn feed_breaker(tx: &Connection, it: &Settlement) -> Result<(), StoreError> {
    let mode = it.order.mode;
    let now = it.order.now;
    let before: Breaker = limits::get(tx, mode, LimitKind::Breaker, it.host)?.unwrap_or_default();
    let answered =
        it.answer.as_ref().err().is_none_or(|error| {
            matches!(error.class, ErrorClass::Permanent | ErrorClass::RateLimited)
        });
    let policy = it.settings.breaker.policy();
    let after = if answered { before.succeeded(policy) } else { before.failed(policy, now) };
    if after == before {
        return Ok(());
    }
    limits::put(tx, mode, LimitKind::Breaker, it.host, &after, now)?;
    if let Breaker::Open { until } = after {
        let text = format!("circuit to {} opened until {until}: it keeps failing", it.host);
        events::append(tx, about(&it.order, it.wall), &NewEvent::warn("breaker_opened", text))?;
    }
    Ok(())
}

fn told(it: &Settlement, event: EffectEvent) -> NewEvent {
    let what = format!("{} to {}", it.order.action.as_column().replace('_', " "), it.order.entity);
    match &it.answer {
        Ok(receipt) => {
            let word = if it.order.mode == Mode::Dry { "simulated" } else { "confirmed" };
            let text = format!("{what} {word} by {}: {}", it.adapter, receipt.reference);
            NewEvent::info("effect_confirmed", text)
        }
        Err(error) if event == EffectEvent::LostSight => {
            NewEvent::warn("effect_unknown", format!("{what} may have happened: {error}"))
        }
        Err(error) => NewEvent::warn("effect_rejected", format!("{what} refused: {error}")),
    }
    .with(serde_json::json!({ "key": it.key }))
}

fn about(order: &EffectOrder, wall: Moment) -> About {
    About {
        mode: order.mode,
        at: order.now,
        wall_at: wall,
        layer: Some(order.layer),
        unit_id: Some(order.unit),
        run_id: None,
    }
}

/// Returns the transaction that settles an unknown effect by the receiver's own records. One that
/// has no row, and of which the receiver has no trace, gets none.
pub(super) fn reconciled(
    order: &EffectOrder,
    new: NewEffect,
    receipt: Option<Receipt>,
    evidence: String,
    settings: Arc<Settings>,
    wall: Moment,
) -> impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static {
    let (unit, epoch, mode, now) = (order.unit, order.epoch, order.mode, order.now);
    let order = order.clone();
    move |tx| {
        units::assert_held(tx, unit, epoch)?;
        let mut counters = Vec::new();
        let mut from = match restores::row_of(tx, &new, now)? {
            Some(row) => {
                // It took its place on the day on which it was to be sent; a restored database may not
                // know of that.
                if row.doubted_in.is_none() {
                    counters = intent::counters_of(&order, row.sent_at, &settings);
                }
                row.state
            }
            None if receipt.is_none() => return Ok(()),
            None => {
                journal::intend(tx, &new, now, wall)?;
                EffectState::Sending
            }
        };
        let key = &new.key;
        if from == EffectState::Sending {
            let lost = EffectEvent::LostSight;
            from =
                journal::settle(tx, mode, key, from, lost, None, Some("its sender stopped"), now)?;
        }
        let event = match receipt {
            Some(_) => EffectEvent::FoundDone,
            None => EffectEvent::FoundAbsent,
        };
        journal::settle(tx, mode, key, from, event, receipt.as_ref(), Some(&evidence), now)?;
        if event == EffectEvent::FoundAbsent {
            give_back(tx, mode, &counters, now)?;
        }
        Ok(())
    }
}
