//! Takes one unit from its claim to the commit of its outcome.
//!
//! What each commit leaves after a crash: the claim leaves `leased` and `started`; the outcome
//! writes changes, events, new units, the unit's next state and the attempt's end together. Between
//! them only the gate commits. A unit that dies in between runs again and finds its receipts.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use rusqlite::Connection;
use tracing::Instrument as _;

use super::contract::{Driven, LayerContext};
use super::plan::{Conclusion, conclude};
use crate::config::Current;
use crate::domain::draw::Seed;
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::ids::AttemptId;
use crate::domain::lifecycle::unit::{UnitEvent, UnitState};
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::time::Moment;
use crate::domain::unit::Unit;
use crate::effects::gate::Gate;
use crate::runtime::clock::Clock;
use crate::runtime::failpoint;
use crate::store::attempts::{self, AttemptEnd};
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::late_writes::{self, LateWrite};
use crate::store::term::Term;
use crate::store::wave::{Stage, Turn};
use crate::store::{Store, changes, joins, units};

/// What every worker of a run shares.
pub(super) struct Shop {
    pub(super) store: Store,
    pub(super) gate: Arc<Gate>,
    pub(super) driven: Driven,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) settings: Current,
    pub(super) seed: Seed,
}

/// A claimed unit with its attempt.
pub(super) struct Claimed {
    pub(super) unit: Unit,
    pub(super) attempt: AttemptId,
    pub(super) number: u32,
    pub(super) trace_id: String,
}

/// Works `claimed` at the mode's time `now`, and commits how it ended.
pub(super) async fn work(
    shop: Arc<Shop>,
    claimed: Claimed,
    now: Moment,
    turn: Turn,
    term: Arc<Term>,
) -> Result<(), StoreError> {
    let span = tracing::info_span!(
        "unit",
        layer = claimed.unit.name.layer.number(),
        unit = claimed.unit.id.0,
        attempt = claimed.attempt.0,
        run = claimed.unit.run_id.map(|run| run.0),
        trace_id = claimed.trace_id,
    );
    async move {
        let started = shop.clock.monotonic_us();
        let result = attempt(&shop, &claimed, now, &turn, &term).await;
        let duration_us = shop.clock.monotonic_us().saturating_sub(started);
        if let Err(Stop::Failed(error)) = &result {
            tracing::warn!(class = error.class.as_column(), code = error.code, %error, "attempt failed");
        }
        let policy = shop.settings.get().retry.policy();
        let end = conclude(&policy, shop.seed, &claimed.unit, now, result);
        commit(&shop, claimed, end, now, duration_us, &turn).await
    }
    .instrument(span)
    .await
}

/// Runs the layer under a time limit; a panic is an error of this unit alone.
async fn attempt(
    shop: &Shop,
    claimed: &Claimed,
    now: Moment,
    turn: &Turn,
    term: &Term,
) -> Result<StepOutcome, Stop> {
    let settings = shop.settings.get();
    let ctx = LayerContext {
        mode: claimed.unit.mode,
        now,
        store: &shop.store,
        settings: &settings,
        seed: shop.seed,
        gate: &shop.gate,
        unit: &claimed.unit,
        attempt: claimed.attempt,
        turn,
        term,
    };
    let limit = Duration::from_secs(u64::from(settings.orchestrator.unit_timeout_s));
    let work = AssertUnwindSafe(shop.driven.layers.run(&ctx, &claimed.unit)).catch_unwind();
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(Stop::Failed(WorkError::bug("panic", panic_text(panic.as_ref())))),
        Err(_) => Err(Stop::Failed(WorkError::new(
            ErrorClass::Transient,
            "unit_timeout",
            format!("not finished within {} s", limit.as_secs()),
        ))),
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without text".to_owned())
}

async fn commit(
    shop: &Shop,
    claimed: Claimed,
    end: Conclusion,
    now: Moment,
    duration_us: u64,
    turn: &Turn,
) -> Result<(), StoreError> {
    let wall = shop.clock.wall();
    let about = Arc::new((claimed, end));
    let written = Arc::clone(&about);
    failpoint::hit("outcome.before_commit");
    let committed = turn.write(&shop.store, Stage::Outcome, "unit outcome", move |tx| {
        write(tx, &written.0, &written.1, now, wall, duration_us)
    });
    let (claimed, end) = &*about;
    let late = || late_outcome(claimed, end, shop.gate.owner(), now, wall);
    match late_writes::kept(&shop.store, committed.await, None, late).await {
        Err(StoreError::Fenced { .. }) => {
            let attempt = claimed.attempt;
            shop.store.write("fence", move |tx| attempts::fence(tx, attempt, now)).await
        }
        other => {
            failpoint::hit("outcome.committed");
            other
        }
    }
}

/// What is kept of an outcome that was refused because the unit has another holder.
fn late_outcome(
    claimed: &Claimed,
    end: &Conclusion,
    owner: &str,
    now: Moment,
    wall: Moment,
) -> LateWrite {
    let unit = &claimed.unit;
    let knew = match (&end.error, UnitState::Leased.next(end.event)) {
        (Some((error, _)), _) => format!("{}: its work had failed: {error}", unit.label),
        (None, Ok(state)) => format!("{} was to be {}", unit.label, state.as_column()),
        (None, Err(error)) => error.to_string(),
    };
    LateWrite {
        mode: unit.mode,
        at: now,
        wall_at: wall,
        owner: owner.to_owned(),
        command: "unit outcome",
        layer: Some(unit.name.layer),
        run: unit.run_id,
        unit: Some(unit.id),
        attempt: Some(claimed.attempt),
        effect: None,
        knew,
    }
}

fn write(
    tx: &Connection,
    claimed: &Claimed,
    end: &Conclusion,
    now: Moment,
    wall: Moment,
    duration_us: u64,
) -> Result<(), StoreError> {
    let unit = &claimed.unit;
    units::settle(tx, unit.id, unit.epoch, end.event, now, &end.settled)?;
    attempts::end(
        tx,
        claimed.attempt,
        unit.epoch,
        &AttemptEnd {
            state: end.attempt,
            at: now,
            duration_us,
            error: end.error.clone(),
            retry: end.retry.clone(),
        },
    )?;
    let about = About {
        mode: unit.mode,
        at: now,
        wall_at: wall,
        layer: Some(unit.name.layer),
        unit_id: Some(unit.id),
        run_id: unit.run_id,
    };
    if let Some(outcome) = &end.outcome {
        write_outcome(tx, unit, outcome, about)?;
    }
    if let Some(told) = &end.event_told {
        let mut told = told.clone();
        if let Some(data) = told.data.get_or_insert_with(|| serde_json::json!({})).as_object_mut() {
            data.insert("attempt".to_owned(), claimed.number.into());
        }
        events::append(tx, about, &told)?;
    }
    if end.event == UnitEvent::Finished {
        joins::unblock(tx, unit.mode, &unit.name, now)?;
    }
    if end.event == UnitEvent::EffectUnknown {
        units::release_if_resolved(tx, unit.id)?;
    }
    if end.event == UnitEvent::HandedOver {
        units::wake_if_answered(tx, unit.id, unit.answer.as_ref())?;
    }
    Ok(())
}

fn write_outcome(
    tx: &Connection,
    unit: &Unit,
    outcome: &StepOutcome,
    about: About,
) -> Result<(), StoreError> {
    let (mode, now) = (unit.mode, about.at);
    for change in &outcome.changes {
        changes::apply(tx, mode, now, change)?;
    }
    let trace = if outcome.units.is_empty() { None } else { units::trace_of(tx, unit.id)? };
    for new in &outcome.units {
        units::insert(tx, mode, unit.run_id, now, new)?;
        if let Some(trace) = &trace {
            units::trace(tx, mode, &new.name, trace)?;
        }
    }
    for (name, answer) in &outcome.answers {
        units::answer(tx, mode, name, answer)?;
    }
    for (name, reason) in &outcome.stops {
        if let Some((id, state)) = units::state_of(tx, mode, name)? {
            units::skip(tx, id, state, false, reason, now)?;
        }
    }
    for event in &outcome.events {
        events::append(tx, about, event)?;
    }
    Ok(())
}
