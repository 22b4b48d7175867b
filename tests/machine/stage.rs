//! A stage for tests: a database in a temporary folder, a receiver that records every call, and
//! layers made of closures.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has to fail")]
use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cep_machine::config::Settings;
use cep_machine::domain::draw::Seed;
use cep_machine::domain::effect::{Action, Audience, Effect, Mail, Receipt, Recovery};
use cep_machine::domain::error::WorkError;
use cep_machine::domain::layer::Layer;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::outcome::{StepOutcome, Stop};
use cep_machine::domain::time::{Moment, Uptime};
use cep_machine::domain::unit::{NewUnit, Unit, UnitName};
use cep_machine::effects::counterparty::RawDelivery;
use cep_machine::effects::gate::Gate;
use cep_machine::effects::permit::Permit;
use cep_machine::effects::port::{Call, Port, World};
use cep_machine::engines::orchestrator::contract::{
    Discover, Driven, EffectRequest, LayerContext, Layers, Receive,
};
use cep_machine::engines::orchestrator::engine::{
    AtOnce, Orchestrator, RunError, RunOrder, RunReport, Steer,
};
use cep_machine::runtime::clock::{Clock, SystemClock};
use cep_machine::store::error::StoreError;
use cep_machine::store::{Store, Write};
use tokio::sync::watch;

/// What the receiver does with the n-th send of an effect.
pub(crate) type Behaviour = Box<dyn Fn(&Call) -> Result<Receipt, WorkError> + Send + Sync>;

/// The code of an answer that never comes.
pub(crate) const SILENT: &str = "silent";

/// A receiver for every kind of effect, with a record of what arrived.
pub(crate) struct Recorder {
    pub(crate) recovery: Recovery,
    pub(crate) behaviour: Behaviour,
    pub(crate) arrived: Mutex<Vec<Call>>,
}

#[async_trait]
impl<E: Sync + Send> Port<E> for Recorder {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn host(&self) -> &'static str {
        "recorder"
    }

    fn recovery(&self) -> Recovery {
        self.recovery
    }

    async fn call(&self, _: &Permit, call: &Call, _: &E) -> Result<Receipt, WorkError> {
        self.arrived.lock().unwrap().push(call.clone());
        let answer = (self.behaviour)(call);
        if matches!(&answer, Err(error) if error.code == SILENT) {
            std::future::pending::<()>().await;
        }
        answer
    }

    async fn find(&self, _: &Permit, call: &Call) -> Result<Option<Receipt>, WorkError> {
        let seen = self.arrived.lock().unwrap().iter().any(|seen| seen.key == call.key);
        Ok(seen.then(|| receipt(call)))
    }
}

pub(crate) fn receipt(call: &Call) -> Receipt {
    Receipt { reference: format!("recorded:{}", call.key), data: serde_json::Value::Null }
}

pub(crate) fn world(recorder: &Arc<Recorder>) -> World {
    World {
        mail: recorder.clone(),
        invite: recorder.clone(),
        task: recorder.clone(),
        withdrawal: recorder.clone(),
        workspace: recorder.clone(),
        profile_edit: recorder.clone(),
        post: recorder.clone(),
        review_reply: recorder.clone(),
        report: recorder.clone(),
        invoice: recorder.clone(),
        credit_note: recorder.clone(),
        subscription: recorder.clone(),
        source: recorder.clone(),
        profile_read: recorder.clone(),
    }
}

/// Layers of which each unit sends one mail. Kinds say what else happens: `panic`, `plain` (no
/// effect), `wait`.
pub(crate) struct Mailers {
    pub(crate) units: Vec<NewUnit>,
    pub(crate) audience: Audience,
    pub(crate) seen: Mutex<HashMap<String, u32>>,
}

#[async_trait]
impl Layers for Mailers {
    fn discover(&self, layer: Layer, _: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
        Ok(self.units.iter().filter(|unit| unit.name.layer == layer).cloned().collect())
    }

    async fn run(&self, ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
        *self.seen.lock().unwrap().entry(unit.name.entity.clone()).or_default() += 1;
        match unit.kind.as_str() {
            "panic" => panic!("a layer's own mistake"),
            "plain" => return Ok(StepOutcome::done()),
            _ => {}
        }
        ctx.perform(EffectRequest {
            action: Action::SendEmail,
            entity: unit.name.entity.clone(),
            version: "c/1".to_owned(),
            audience: audience_of(&self.audience, &unit.name.entity),
            effect: Effect::Mail(mail(unit.payload["text"].as_str().unwrap_or("hello"))),
        })
        .await?;
        Ok(StepOutcome::done())
    }
}

/// Gives each entity a mailbox of its own where the address asks for it by `ENTITY`.
fn audience_of(audience: &Audience, entity: &str) -> Audience {
    let mut audience = audience.clone();
    if let Audience::Prospect { address, .. } = &mut audience {
        let own: String = entity.chars().filter(char::is_ascii_alphanumeric).collect();
        *address = address.replace("ENTITY", &own);
    }
    audience
}

pub(crate) fn mail(text: &str) -> Mail {
    Mail {
        to: "a@b.example".to_owned(),
        to_name: "A".to_owned(),
        from: "us@agency.example".to_owned(),
        from_name: "Us".to_owned(),
        subject: "Hello".to_owned(),
        text: text.to_owned(),
        unsubscribe_url: None,
        booking_url: None,
    }
}

pub(crate) struct NoDeliveries;

impl Receive for NoDeliveries {
    fn receive(&self, _: Mode, _: Moment, _: RawDelivery) -> Result<Write, WorkError> {
        Ok(Box::new(|_| Ok(())))
    }
}

/// A clock whose uptime runs ahead of the machine's: for a process whose machine was suspended, or
/// one that looks at leases later than it is.
pub(crate) struct AheadClock {
    real: SystemClock,
    ahead_ms: AtomicI64,
}

impl AheadClock {
    pub(crate) fn by_ms(ahead_ms: i64) -> Arc<Self> {
        Arc::new(Self { real: SystemClock::new(), ahead_ms: AtomicI64::new(ahead_ms) })
    }

    pub(crate) fn leap_ms(&self, ms: i64) {
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for AheadClock {
    fn wall(&self) -> Moment {
        self.real.wall()
    }

    fn monotonic_us(&self) -> u64 {
        self.real.monotonic_us()
    }

    fn uptime(&self) -> Uptime {
        self.real.uptime().plus_ms(self.ahead_ms.load(Ordering::SeqCst))
    }

    async fn pause(&self, duration: Duration) {
        self.real.pause(duration).await;
    }
}

pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) layers: Arc<Mailers>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) owner: &'static str,
}

pub(crate) fn units(n: u32, kind: &str) -> Vec<NewUnit> {
    units_of(Layer::OutreachEngine, n, kind)
}

pub(crate) fn units_of(layer: Layer, n: u32, kind: &str) -> Vec<NewUnit> {
    (0..n)
        .map(|i| {
            let name = UnitName::new(layer, format!("osm:node/{i}"), "message/1");
            NewUnit::ready(name, kind, format!("mail {i}"), serde_json::json!({}))
        })
        .collect()
}

impl Stage {
    pub(crate) fn new(units: Vec<NewUnit>, recovery: Recovery, behaviour: Behaviour) -> Self {
        Self::with(units, recovery, behaviour, Audience::Agency)
    }

    pub(crate) fn with(
        units: Vec<NewUnit>,
        recovery: Recovery,
        behaviour: Behaviour,
        audience: Audience,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SystemClock::new());
        let store = Store::open(&folder.path().join("stage.db"), clock.clone()).unwrap();
        let recorder = Arc::new(Recorder { recovery, behaviour, arrived: Mutex::default() });
        let layers = Arc::new(Mailers { units, audience, seen: Mutex::default() });
        let settings = cep_machine::config::embedded(folder.path()).unwrap();
        let (settings, owner) = (Arc::new(settings), "test pid 1@here");
        Self { folder, store, recorder, layers, settings, clock, owner }
    }

    /// Another process on the same database, which calls the same receiver.
    pub(crate) fn peer(&self, units: Vec<NewUnit>, clock: Arc<dyn Clock>) -> Self {
        let store = Store::open(self.store.path(), clock.clone()).unwrap();
        let audience = self.layers.audience.clone();
        let layers = Arc::new(Mailers { units, audience, seen: Mutex::default() });
        Self {
            folder: tempfile::tempdir().unwrap(),
            store,
            recorder: self.recorder.clone(),
            layers,
            settings: self.settings.clone(),
            clock,
            owner: "peer pid 2@there",
        }
    }

    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }

    pub(crate) fn orchestrator(&self) -> Orchestrator {
        let gate = Gate::new(
            world(&self.recorder),
            self.store.clone(),
            self.clock.clone(),
            self.settings.clone(),
            self.owner.to_owned(),
        );
        let driven = Driven {
            layers: self.layers.clone(),
            counterparties: None,
            receive: Arc::new(NoDeliveries),
        };
        Orchestrator::new(
            self.store.clone(),
            Arc::new(gate),
            driven,
            self.clock.clone(),
            self.settings.clone(),
            Seed(1),
        )
    }

    pub(crate) async fn run_all(&self) -> RunReport {
        self.run(Mode::Dry, Layer::ALL.to_vec()).await.unwrap()
    }

    pub(crate) async fn run(&self, mode: Mode, layers: Vec<Layer>) -> Result<RunReport, RunError> {
        let (_steer, steered) = watch::channel(Steer::Go);
        let order = RunOrder { mode, owner: self.owner.to_owned(), ..order(layers) };
        self.orchestrator().run(&order, &AtOnce, steered).await
    }

    pub(crate) fn texts(&self, sql: &'static str) -> Vec<String> {
        self.store
            .read(|conn| {
                let mut statement = conn.prepare(sql)?;
                let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }

    pub(crate) fn count(&self, sql: &'static str) -> i64 {
        self.store
            .read(|conn| Ok::<_, StoreError>(conn.query_row(sql, [], |row| row.get(0))?))
            .unwrap()
    }

    pub(crate) fn sends(&self) -> usize {
        self.recorder.arrived.lock().unwrap().len()
    }
}

pub(crate) fn order(layers: Vec<Layer>) -> RunOrder {
    RunOrder { mode: Mode::Dry, layers, input: None, owner: "test pid 1@here".to_owned() }
}

pub(crate) fn accept() -> Behaviour {
    Box::new(|call| Ok(receipt(call)))
}

pub(crate) const IDEMPOTENT: Recovery =
    Recovery::Idempotent { key_in: "Idempotency-Key", retention_ms: None };
