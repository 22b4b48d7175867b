//! Tests layers 5 and 6 with the real engine, gate and simulated world: a client who has signed is
//! taken to go-live and its profile becomes better, measured by reading it again.

#![expect(clippy::unwrap_used, reason = "a stage that cannot be set up has failed its test")]

use std::sync::Arc;

use async_trait::async_trait;
use cep_machine::adapters::sim::Sim;
use cep_machine::adapters::sim::calendar::SimCalendar;
use cep_machine::adapters::sim::counterparty::Society;
use cep_machine::adapters::sim::counterparty::client::Clients;
use cep_machine::adapters::sim::counterparty::person::People;
use cep_machine::adapters::sim::counterparty::reviewer::Reviewers;
use cep_machine::adapters::sim::mail::SimMail;
use cep_machine::adapters::sim::market::Market;
use cep_machine::adapters::sim::people::SimPeople;
use cep_machine::adapters::sim::profile::SimProfile;
use cep_machine::adapters::sim::workspace::SimWorkspace;
use cep_machine::adapters::unconnected::Unconnected;
use cep_machine::domain::cash::{Fact, FactKind};
use cep_machine::domain::draw::Seed;
use cep_machine::domain::error::WorkError;
use cep_machine::domain::fault::FaultPlan;
use cep_machine::domain::finance::{Charge, FinanceChange};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::money::{Currency, Money};
use cep_machine::domain::onboarding::task_unit;
use cep_machine::domain::operations::{
    Client, ClientState, OnboardingStep, OperationsChange, Plan,
};
use cep_machine::domain::outcome::{StepOutcome, Stop};
use cep_machine::domain::time::{DAY_MS, Moment};
use cep_machine::domain::unit::{NewUnit, Unit, UnitName};
use cep_machine::effects::counterparty::RawDelivery;
use cep_machine::effects::gate::Gate;
use cep_machine::effects::port::World;
use cep_machine::engines::orchestrator::contract::{
    Discover, Driven, LayerContext, Layers, Receive,
};
use cep_machine::engines::orchestrator::engine::{AtOnce, Orchestrator, RunOrder, Steer};
use cep_machine::layers::{NineLayers, onboarding_flow};
use cep_machine::runtime::clock::SystemClock;
use cep_machine::store::error::StoreError;
use cep_machine::store::operations::{clients, onboarding, profile_work, reviews};
use cep_machine::store::{Store, Write};
use cep_machine::store::{changes, units};
use serde_json::{Value, json};
use tokio::sync::watch;

const SEED: Seed = Seed(5);

fn client(number: u32, category: &str) -> Client {
    Client {
        entity: format!("osm:node/{number}"),
        name: format!("Business {number}"),
        category: category.to_owned(),
        email: format!("desk@business-{number}.example"),
        phone: Some("+12075550100".to_owned()),
        zone: "America/New_York".to_owned(),
        language: "en".to_owned(),
        plan: Plan::Starter,
        state: ClientState::Onboarding,
        workspace: None,
        customer_id: None,
        signed_at: "2026-01-05T09:00:00Z".parse().unwrap(),
        live_at: None,
        churned_at: None,
    }
}

/// The nine layers, with layer 8 left out: its units are another test's business.
struct Operations;

#[async_trait]
impl Layers for Operations {
    fn discover(&self, layer: Layer, ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
        let ours = [Layer::OnboardingFlow, Layer::GbpOptimizer].contains(&layer);
        if ours { NineLayers.discover(layer, ctx) } else { Ok(Vec::new()) }
    }

    async fn run(&self, ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
        if unit.name.layer == Layer::FinanceTracker {
            return Ok(StepOutcome::done());
        }
        NineLayers.run(ctx, unit).await
    }
}

/// Takes in what clients and reviewers send, unsigned: signatures are the app's business.
struct Inbox;

impl Receive for Inbox {
    fn receive(&self, mode: Mode, now: Moment, delivery: RawDelivery) -> Result<Write, WorkError> {
        let body: Value = serde_json::from_slice(&delivery.body).unwrap();
        Ok(Box::new(move |tx| {
            if delivery.provider == "person" {
                let unit: UnitName = serde_json::from_value(body["unit"].clone()).unwrap();
                units::answer(tx, mode, &unit, &body)?;
            } else {
                let name = UnitName::new(Layer::GbpOptimizer, delivery.delivery_id, "review");
                let unit = NewUnit::ready(name, "review", "review", json!({ "body": body }));
                units::insert(tx, mode, None, now, &unit)?;
            }
            Ok(())
        }))
    }
}

fn world(sim: &Sim, store: &Store) -> World {
    let market = Market::warm_town().unwrap();
    let profile = Arc::new(SimProfile::new(sim.clone(), &market, store.clone()).unwrap());
    let absent = Arc::new(Unconnected { needs: "another test" });
    World {
        mail: Arc::new(SimMail { sim: sim.clone(), keys: true }),
        invite: Arc::new(SimCalendar(sim.clone())),
        task: Arc::new(SimPeople(sim.clone())),
        withdrawal: Arc::new(SimPeople(sim.clone())),
        workspace: Arc::new(SimWorkspace(sim.clone())),
        profile_edit: profile.clone(),
        post: profile.clone(),
        review_reply: profile.clone(),
        report: absent.clone(),
        invoice: absent.clone(),
        credit_note: absent.clone(),
        subscription: absent.clone(),
        source: absent,
        profile_read: profile,
    }
}

struct Stage {
    _folder: tempfile::TempDir,
    store: Store,
    orchestrator: Orchestrator,
    owner: String,
}

/// Works `clients` through layers 5 and 6 up to the horizon, with `rate` of all calls failing.
async fn run(clients: Vec<Client>, rate: f64) -> Stage {
    let stage = stage(clients, rate).await;
    stage.go().await;
    stage
}

async fn stage(clients: Vec<Client>, rate: f64) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock::new());
    let store = Store::open(&folder.path().join("t.db"), clock.clone()).unwrap();
    let settings = Arc::new(cep_machine::config::embedded(folder.path()).unwrap());
    sign(&store, clients).await;
    let sim = Sim::new(SEED, FaultPlan { rate, ..FaultPlan::default() }, None);
    let owner = "test pid 1@here".to_owned();
    let gate = Gate::new(
        world(&sim, &store),
        store.clone(),
        clock.clone(),
        settings.clone(),
        owner.clone(),
    );
    let market = Market::warm_town().unwrap();
    let members: Vec<Box<dyn cep_machine::adapters::sim::counterparty::Member>> = vec![
        Box::new(Clients::new(&market).unwrap()),
        Box::new(Reviewers::new(&market).unwrap()),
        Box::new(People::new(&market).unwrap()),
    ];
    let driven = Driven {
        layers: Arc::new(Operations),
        counterparties: Some(Arc::new(Society::new(SEED, members))),
        receive: Arc::new(Inbox),
    };
    let orchestrator =
        Orchestrator::new(store.clone(), Arc::new(gate), driven, clock, settings, SEED);
    Stage { _folder: folder, store, orchestrator, owner }
}

/// Writes what layer 4 writes when a meeting is won, and the answer that layer 8 gives when the
/// set-up invoice is paid.
async fn sign(store: &Store, clients: Vec<Client>) {
    store
        .write("sign", move |tx| {
            for client in clients {
                let now = client.signed_at;
                let entity = client.entity.clone();
                let planned = onboarding_flow::first_units(&client, now);
                let change = OperationsChange::Client(Box::new(client));
                changes::apply(tx, Mode::Dry, now, &change.into())?;
                for unit in planned {
                    units::insert(tx, Mode::Dry, None, now, &unit)?;
                }
                let payment = task_unit(&entity, OnboardingStep::Payment);
                units::answer(tx, Mode::Dry, &payment, &json!({ "result": "done" }))?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

impl Stage {
    /// Works everything up to the horizon of one more run.
    async fn go(&self) {
        let (layers, owner) = (Layer::ALL.to_vec(), self.owner.clone());
        let order = RunOrder { mode: Mode::Dry, layers, input: None, owner };
        let (_steer, steered) = watch::channel(Steer::Go);
        self.orchestrator.run(&order, &AtOnce, steered).await.unwrap();
    }

    /// Writes what the billing provider tells of a dispute.
    async fn told(&self, entity: &str, kind: FactKind) {
        let amount = Money::new(50_000, Currency::new("USD").unwrap());
        let at = "2026-01-06T09:00:00Z".parse().unwrap();
        let told_by = format!("evt_{}", kind.as_column());
        let charge = Charge {
            id: "ch_1".to_owned(),
            entity: Some(entity.to_owned()),
            payment_intent: None,
            invoice: None,
            amount: Some(amount),
            facts: vec![Fact { kind, name: "dp_1".to_owned(), amount, at, told_by }],
        };
        let told = move |tx: &rusqlite::Connection| {
            let change = FinanceChange::Charge(Box::new(charge));
            changes::apply(tx, Mode::Dry, at, &change.into())
        };
        self.store.write("dispute", told).await.unwrap();
    }

    fn read<T>(&self, query: impl FnOnce(&rusqlite::Connection) -> Result<T, StoreError>) -> T {
        self.store.read(query).unwrap()
    }

    fn lines(&self, sql: &'static str) -> Vec<String> {
        self.read(|conn| {
            let mut statement = conn.prepare(sql)?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Reminders of what was done in time are skipped by rule; nothing else is.
const STATES: &str = "SELECT layer || ' ' || kind || ' ' || state || ' ' || count(*) FROM units
    WHERE state <> 'done' AND NOT (state = 'skipped' AND kind IN ('nudge', 'call'))
    GROUP BY layer, kind, state ORDER BY 1";

#[tokio::test]
async fn a_client_who_signed_goes_live_and_its_profile_is_better_when_it_is_read_again() {
    let stage = run(vec![client(1, "dental")], 0.0).await;
    let entity = "osm:node/1";
    let open = stage.lines(STATES);
    assert!(open.iter().all(|line| line.contains("scheduled")), "{open:?}");
    let client = stage.read(|conn| clients::get(conn, Mode::Dry, entity)).unwrap();
    assert_eq!(client.state, ClientState::Active);
    assert!(client.workspace.unwrap().starts_with("sim:workspace/"));
    let tasks = stage.read(|conn| onboarding::tasks(conn, Mode::Dry, entity));
    assert!(tasks.iter().all(|task| task.done_at.is_some()), "{tasks:?}");
    for task in &tasks {
        for &needed in task.task.node().needs {
            let before = tasks.iter().find(|other| other.task == needed).unwrap();
            assert!(before.done_at <= task.done_at, "{needed:?} before {:?}", task.task);
        }
    }
    let actions = stage.read(|conn| profile_work::actions(conn, Mode::Dry, entity));
    assert!(actions.len() >= 3, "{actions:?}");
    assert!(actions.iter().all(|action| action.done_at.is_some()), "{actions:?}");
    let scores = stage.lines(
        "SELECT version || ' ' || CAST(score AS INTEGER) FROM profiles ORDER BY observed_at",
    );
    let score = |line: &String| line.split(' ').nth(1).unwrap().parse::<i64>().unwrap();
    assert!(score(scores.last().unwrap()) > score(&scores[0]) + 10, "{scores:?}");
    let posts = stage.read(|conn| profile_work::posts(conn, Mode::Dry, entity));
    let published = stage.lines("SELECT slot FROM posts WHERE state IN ('live', 'rejected')");
    assert!(published.len() >= 8 && posts.len() >= 16, "{} of {}", published.len(), posts.len());
}

#[tokio::test]
async fn twenty_clients_of_every_kind_end_with_nothing_dead_and_reviews_are_answered() {
    let kinds = ["dental", "hvac", "restaurant", "gym", "attorney"];
    let signed = (0..20).map(|n| client(n, kinds[n as usize % kinds.len()])).collect();
    let stage = run(signed, 0.0).await;
    let open = stage.lines(STATES);
    assert!(open.iter().all(|line| line.contains("scheduled")), "{open:?}");
    let answered = (0..20)
        .flat_map(|n| {
            stage.read(|conn| reviews::of_client(conn, Mode::Dry, &format!("osm:node/{n}")))
        })
        .inspect(|review| assert!(review.reply.is_some(), "{review:?}"))
        .count();
    assert!(answered >= 10, "{answered}");
    let late = stage.lines("SELECT text FROM events WHERE kind = 'onboarding_stuck'");
    assert!(late.is_empty(), "{late:?}");
}

#[tokio::test]
async fn with_a_tenth_of_all_calls_failing_everybody_still_goes_live_and_nothing_is_sent_twice() {
    let signed = (0..8).map(|n| client(n, "restaurant")).collect();
    let stage = run(signed, 0.1).await;
    let open = stage.lines(STATES);
    assert!(open.iter().all(|line| line.contains("scheduled")), "{open:?}");
    let live = stage.read(|conn| clients::in_state(conn, Mode::Dry, ClientState::Active));
    assert_eq!(live.len(), 8);
    let failed = stage.lines("SELECT message FROM attempts WHERE state = 'failed'");
    assert!(!failed.is_empty());
    let horizon: Moment = "2026-01-05T09:00:00Z".parse::<Moment>().unwrap().plus_ms(60 * DAY_MS);
    assert!(live.iter().all(|client| client.live_at.is_some_and(|at| at < horizon)));
}

#[tokio::test]
async fn while_a_payment_is_disputed_nothing_is_posted_or_answered_and_then_it_goes_on() {
    let stage = stage(vec![client(1, "restaurant"), client(2, "restaurant")], 0.0).await;
    stage.told("osm:node/1", FactKind::Disputed).await;
    stage.go().await;
    let sent = || {
        stage.lines(
            "SELECT action || ' ' || entity FROM effects WHERE action IN ('publish_post', \
             'reply_review') GROUP BY action, entity ORDER BY 1",
        )
    };
    assert_eq!(sent(), ["publish_post osm:node/2", "reply_review osm:node/2"]);
    let waiting = "SELECT DISTINCT why FROM units WHERE entity = 'osm:node/1'
        AND kind IN ('post', 'reply') AND state = 'scheduled' AND why IS NOT NULL";
    let why = stage.lines(waiting);
    assert!(why.iter().all(|why| why.contains("disputes 500.00 USD")), "{why:?}");
    assert_eq!(why.len(), 1);
    let late =
        stage.lines("SELECT slot FROM posts WHERE entity = 'osm:node/1' AND state = 'planned'");
    assert!(late.len() > 12, "{late:?}");

    stage.told("osm:node/1", FactKind::DisputeWon).await;
    stage.go().await;
    let replies =
        "SELECT entity FROM effects WHERE action = 'reply_review' AND entity = 'osm:node/1'";
    assert!(!stage.lines(replies).is_empty());
    let left = stage.lines(waiting);
    assert!(left.iter().all(|why| !why.contains("disputes")), "{left:?}");
    let crowded = stage.lines(
        "SELECT entity || ' ' || sent_at / 86400000 || ' ' || count(*) FROM effects
         WHERE action = 'publish_post' AND entity = 'osm:node/1' AND version NOT LIKE '%/b'
         GROUP BY entity, sent_at / 86400000 HAVING count(*) > 2",
    );
    assert!(crowded.is_empty(), "late posts go out one a day beside the usual ones: {crowded:?}");
    let published = stage.lines(
        "SELECT version FROM effects WHERE action = 'publish_post' AND entity = 'osm:node/1'",
    );
    assert!(late.iter().all(|slot| published.contains(slot)), "{late:?} of {published:?}");
    let troubled = stage.lines("SELECT state FROM units WHERE state IN ('dead', 'held')");
    assert!(troubled.is_empty(), "{troubled:?}");
}
