//! Measures durable steps: claim, effect intent, effect result, outcome, each acknowledged after a
//! synced commit, at concurrency 16, against a bare loop with the same SQL in the same group sizes.
//!
//! `cargo bench --bench durable_steps` prints steps per second of both and their ratio.

#![expect(clippy::unwrap_used, reason = "a benchmark whose set-up fails has to stop")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use cep_machine::config::Settings;
use cep_machine::domain::draw::Seed;
use cep_machine::domain::effect::{
    Action, Audience, Effect, EffectKey, PersonTask, Receipt, Recovery, TaskKind,
};
use cep_machine::domain::error::WorkError;
use cep_machine::domain::ids::{AttemptId, Epoch, RunId};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::lifecycle::attempt::AttemptState;
use cep_machine::domain::lifecycle::effect::{EffectEvent, EffectState};
use cep_machine::domain::lifecycle::unit::UnitEvent;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::outcome::{StepOutcome, Stop};
use cep_machine::domain::time::Moment;
use cep_machine::domain::unit::{NewUnit, Unit, UnitName};
use cep_machine::effects::counterparty::RawDelivery;
use cep_machine::effects::gate::Gate;
use cep_machine::effects::permit::Permit;
use cep_machine::effects::port::{Call, Port, World};
use cep_machine::engines::orchestrator::contract::{
    Discover, Driven, EffectRequest, LayerContext, Layers, Receive,
};
use cep_machine::engines::orchestrator::engine::{AtOnce, Orchestrator, RunOrder, Steer};
use cep_machine::runtime::clock::SystemClock;
use cep_machine::store::attempts::{self, AttemptEnd};
use cep_machine::store::effects::NewEffect;
use cep_machine::store::units::{Places, Settled};
use cep_machine::store::{Store, Write, effects, units};
use rusqlite::{Connection, TransactionBehavior};

/// Units in one measurement: some seconds of work, many hundreds of commits.
const UNITS: u32 = 8_000;

/// Units that share a commit: the concurrency of the bar.
const GROUP: usize = 16;

/// Durable steps of one unit.
const STEPS: u32 = 4;

/// A receiver that says yes at once.
struct Yes;

#[async_trait]
impl<E: Sync + Send> Port<E> for Yes {
    fn name(&self) -> &'static str {
        "yes"
    }

    fn host(&self) -> &'static str {
        "yes"
    }

    fn recovery(&self) -> Recovery {
        Recovery::Idempotent { key_in: "Idempotency-Key", retention_ms: None }
    }

    async fn call(&self, _: &Permit, _: &Call, _: &E) -> Result<Receipt, WorkError> {
        Ok(receipt())
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

fn receipt() -> Receipt {
    Receipt { reference: "yes".to_owned(), data: serde_json::Value::Null }
}

fn effect(entity: &str) -> Effect {
    Effect::Task(PersonTask {
        kind: TaskKind::Phone,
        entity: entity.to_owned(),
        title: "call".to_owned(),
        details: "a text of the usual length of a task for a person ".repeat(4),
        due_at: Moment(0),
    })
}

/// Layers in which every unit is one effect.
struct OneEffectEach;

#[async_trait]
impl Layers for OneEffectEach {
    fn discover(&self, _: Layer, _: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
        Ok(Vec::new())
    }

    async fn run(&self, ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
        ctx.perform(EffectRequest {
            action: Action::AssignOutreach,
            entity: unit.name.entity.clone(),
            version: "c/1".to_owned(),
            audience: Audience::Agency,
            effect: effect(&unit.name.entity),
        })
        .await?;
        Ok(StepOutcome::done())
    }
}

struct Nothing;

impl Receive for Nothing {
    fn receive(&self, _: Mode, _: Moment, _: RawDelivery) -> Result<Write, WorkError> {
        Ok(Box::new(|_| Ok(())))
    }
}

fn database(path: &Path) -> Store {
    let store = Store::open(path, Arc::new(SystemClock::new())).unwrap();
    store
        .write("fill", move |tx| {
            for i in 0..UNITS {
                let entity = format!("osm:node/{i}");
                let name = UnitName::new(Layer::OutreachEngine, entity, "message/1");
                let label = format!("call {i}");
                let unit = NewUnit::ready(name, "message", label, serde_json::json!({}));
                units::insert(tx, Mode::Dry, None, Moment(0), &unit)?;
            }
            Ok(())
        })
        .wait()
        .unwrap();
    store
}

fn world() -> World {
    let yes = Arc::new(Yes);
    World {
        mail: yes.clone(),
        invite: yes.clone(),
        task: yes.clone(),
        withdrawal: yes.clone(),
        workspace: yes.clone(),
        profile_edit: yes.clone(),
        post: yes.clone(),
        review_reply: yes.clone(),
        report: yes.clone(),
        invoice: yes.clone(),
        credit_note: yes.clone(),
        subscription: yes.clone(),
        source: yes.clone(),
        profile_read: yes,
    }
}

/// The machine itself: orchestrator, gate and store. Returns steps per second.
fn machine(store: &Store, settings: &Arc<Settings>) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let clock = Arc::new(SystemClock::new());
    let owner = "bench pid 1@here".to_owned();
    let gate =
        Arc::new(Gate::new(world(), store.clone(), clock.clone(), settings.clone(), owner.clone()));
    let driven = Driven {
        layers: Arc::new(OneEffectEach),
        counterparties: None,
        receive: Arc::new(Nothing),
    };
    let orchestrator =
        Orchestrator::new(store.clone(), gate, driven, clock, settings.clone(), Seed(1));
    let layers = vec![Layer::OutreachEngine];
    let order = RunOrder { mode: Mode::Dry, layers, input: None, owner };
    let (_steer, steered) = tokio::sync::watch::channel(Steer::Go);
    let started = Instant::now();
    runtime.block_on(orchestrator.run(&order, &AtOnce, steered)).unwrap();
    f64::from(UNITS * STEPS) / started.elapsed().as_secs_f64()
}

type Group = Vec<(Unit, AttemptId)>;

/// The same rows by the same statements, 16 units to a commit, with nothing around them.
fn bare(path: &Path) -> f64 {
    let mut conn = Connection::open(path).unwrap();
    conn.pragma_update(None, "synchronous", "2").unwrap();
    conn.set_prepared_statement_cache_capacity(256);
    conn.execute_batch(
        "INSERT INTO runs (id, mode, scope, state, started_at, wall_started_at, owner)
         VALUES (1, 'dry', '3', 'running', 0, 0, 'bare')",
    )
    .unwrap();
    let started = Instant::now();
    loop {
        let mut group = Group::new();
        commit(&mut conn, |tx| group = claim(tx));
        if group.is_empty() {
            break;
        }
        commit(&mut conn, |tx| {
            for (unit, attempt) in &group {
                effects::intend(tx, &row(unit, *attempt), Moment(0), Moment(0)).unwrap();
            }
        });
        commit(&mut conn, |tx| {
            for (unit, attempt) in &group {
                confirm(tx, unit, *attempt);
            }
        });
        commit(&mut conn, |tx| {
            for (unit, attempt) in &group {
                end(tx, unit, *attempt);
            }
        });
    }
    f64::from(UNITS * STEPS) / started.elapsed().as_secs_f64()
}

fn commit(conn: &mut Connection, write: impl FnOnce(&Connection)) {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    write(&tx);
    tx.commit().unwrap();
}

fn claim(tx: &Connection) -> Group {
    let layer = Layer::OutreachEngine;
    let places = Places { all: GROUP, taken: 0 };
    units::claim(tx, Mode::Dry, layer, Epoch(1), RunId(1), Moment(0), places)
        .unwrap()
        .units
        .into_iter()
        .map(|unit| {
            let trace = "0123456789abcdef0123456789abcdef";
            let (attempt, _) =
                attempts::start(tx, &unit, "bare", trace, Moment(0), Moment(0)).unwrap();
            (unit, attempt)
        })
        .collect()
}

fn confirm(tx: &Connection, unit: &Unit, attempt: AttemptId) {
    let key = row(unit, attempt).key;
    let (from, event) = (EffectState::Sending, EffectEvent::Confirmed);
    effects::settle(tx, Mode::Dry, &key, from, event, Some(&receipt()), None, Moment(0)).unwrap();
}

fn end(tx: &Connection, unit: &Unit, attempt: AttemptId) {
    let settled = Settled::default();
    units::settle(tx, unit.id, unit.epoch, UnitEvent::Finished, Moment(0), &settled).unwrap();
    let end = AttemptEnd {
        state: AttemptState::Ok,
        at: Moment(0),
        duration_us: 1,
        error: None,
        retry: None,
    };
    attempts::end(tx, attempt, unit.epoch, &end).unwrap();
}

fn row(unit: &Unit, attempt: AttemptId) -> NewEffect {
    let entity = unit.name.entity.clone();
    let payload = serde_json::to_string(&effect(&entity)).unwrap();
    let action = Action::AssignOutreach;
    NewEffect {
        mode: Mode::Dry,
        key: EffectKey::new(Mode::Dry, Layer::OutreachEngine, &entity, action, "c/1"),
        layer: Layer::OutreachEngine,
        unit: unit.id,
        attempt,
        action,
        entity,
        version: "c/1".to_owned(),
        recovery: "idempotent",
        host: "yes",
        digest: "0123456789abcdef0123456789abcdef".to_owned(),
        payload,
        owner: "bare".to_owned(),
    }
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = cep_machine::config::embedded(folder.path()).unwrap();
    settings.rate.default.per_s = 100_000.0;
    settings.rate.default.burst = 1_000_000;
    let settings = Arc::new(settings);
    let mut ratios = Vec::new();
    let mut speeds = Vec::new();
    for round in 1..=3 {
        let ours = machine(&database(&folder.path().join(format!("m{round}.db"))), &settings);
        let path = folder.path().join(format!("b{round}.db"));
        // Held open, so that both measurements write into a log that has its size already.
        let store = database(&path);
        let bare = bare(&path);
        drop(store);
        println!(
            "round {round}: machine {ours:.0} steps/s, bare loop {bare:.0} steps/s, {:.0} %",
            100.0 * ours / bare
        );
        ratios.push(ours / bare);
        speeds.push(ours);
    }
    ratios.sort_by(f64::total_cmp);
    speeds.sort_by(f64::total_cmp);
    println!(
        "median of 3: {:.0} steps/s at concurrency {GROUP} (bar 3000), {:.0} % of the bare loop (bar 50 %)",
        speeds[1],
        100.0 * ratios[1]
    );
}
