//! A desk with one client to which events are delivered, and the books that come of it.

use std::path::Path;
use std::sync::Arc;

use cep_machine::app::{Origin, Parts, Setup, build};
use cep_machine::config::Secrets;
use cep_machine::domain::layer::Layer;
use cep_machine::domain::lifecycle::run::RunState;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::signature::sign;
use cep_machine::domain::time::Moment;
use cep_machine::effects::counterparty::RawDelivery;
use cep_machine::engines::orchestrator::engine::{AtOnce, RunOrder, Steer};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::sync::watch;

/// The start of dry time.
const NOW: Moment = Moment(1_767_603_600_000);

/// The client of every world: a customer of the provider since before the first event.
const CLIENT: &str = "
INSERT INTO clients (mode, entity, name, category, email, zone, language, plan, state, customer_id,
  signed_at)
VALUES ('dry', 'osm:node/1', 'A Dental', 'dental', 'a@dental.example', 'UTC', 'en', 'starter', 'active',
  'cus_test0001', 1767603600000)";

/// In which of the provider's two shapes a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Old,
    New,
}

/// An event of a world.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) day: String,
    pub(crate) kind: &'static str,
    pub(crate) new: Value,
    pub(crate) old: Value,
}

pub(crate) fn seconds(day: &str) -> i64 {
    let at: Moment = format!("{day}T12:00:00Z").parse().unwrap();
    at.0 / 1_000
}

impl Event {
    /// The body as the provider sends it.
    pub(crate) fn body(&self, id: &str, shape: Shape) -> Value {
        let (version, object) = match shape {
            Shape::New => ("2026-06-24.dahlia", &self.new),
            Shape::Old => ("2024-06-20", &self.old),
        };
        json!({"id": id, "object": "event", "api_version": version, "livemode": false,
            "created": seconds(&self.day), "type": self.kind, "data": {"object": object}})
    }
}

pub(crate) struct Desk {
    _folder: tempfile::TempDir,
    pub(crate) parts: Arc<Parts>,
    pub(crate) books: Connection,
}

impl Desk {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = cep_machine::config::embedded(folder.path()).unwrap();
        Self::with(folder, settings)
    }

    fn with(folder: tempfile::TempDir, settings: cep_machine::config::Settings) -> Self {
        let database = folder.path().join("books.db");
        let setup = Setup {
            database: database.clone(),
            settings,
            origin: Origin::Cli,
            user: "test".into(),
        };
        let parts = Arc::new(build(setup).map_err(|refusal| refusal.why).unwrap());
        let books = connect(&database);
        books.execute_batch(CLIENT).unwrap();
        Self { _folder: folder, parts, books }
    }

    /// Hands in a signed delivery.
    pub(crate) async fn deliver(&self, body: &Value) {
        let bytes = body.to_string().into_bytes();
        let secrets = Secrets::default();
        let key = secrets.webhook_key(Mode::Dry, "stripe").unwrap();
        let delivery = RawDelivery {
            provider: "stripe",
            delivery_id: body["id"].as_str().unwrap().to_owned(),
            headers: vec![("stripe-signature".to_owned(), sign(key, &bytes, NOW))],
            body: bytes,
        };
        self.parts.receive(Mode::Dry, NOW, delivery).await.unwrap();
    }

    /// Lets layer 8 book what was handed in.
    pub(crate) async fn book(&self) {
        let order = RunOrder {
            mode: Mode::Dry,
            layers: vec![Layer::FinanceTracker],
            input: None,
            owner: "test pid 1@here".to_owned(),
        };
        let (_steer, steered) = watch::channel(Steer::Go);
        let report = self.parts.dry.run(&order, &AtOnce, steered).await.unwrap();
        assert_eq!(report.state, RunState::Succeeded, "{:?}", report.why);
        let stuck =
            "SELECT count(*) FROM units WHERE layer = 8 AND state NOT IN ('done', 'scheduled')";
        assert_eq!(self.number(stuck), 0, "every delivery is booked");
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.books.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    pub(crate) fn lines(&self, sql: &str) -> Vec<String> {
        let mut statement = self.books.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// The sums of each month, currency, account and movement that are not zero, in minor units.
    pub(crate) fn months(&self) -> Vec<String> {
        self.lines(
            "SELECT strftime('%Y-%m', at / 1000, 'unixepoch') || ' ' || currency || ' '
               || coalesce(movement, account) || ' ' || sum(minor)
             FROM ledger GROUP BY strftime('%Y-%m', at / 1000, 'unixepoch'), currency, account, movement
             HAVING sum(minor) <> 0
             ORDER BY strftime('%Y-%m', at / 1000, 'unixepoch'), currency, min(account), sum(minor) DESC",
        )
    }
}

fn connect(path: &Path) -> Connection {
    let conn = Connection::open(path).unwrap();
    conn.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
    conn
}

/// Tells a world in one order and shape and returns its desk.
pub(crate) async fn told(events: &[Event], order: &[usize], shape: Shape) -> Desk {
    let desk = Desk::open();
    for &index in order {
        desk.deliver(&events[index].body(&format!("evt_{index:02}"), shape)).await;
        desk.book().await;
    }
    desk
}

/// Tells a world every way and compares its books with what was reckoned by hand.
pub(crate) async fn check(events: &[Event], expected: &[&str]) {
    let straight: Vec<usize> = (0..events.len()).collect();
    let reversed: Vec<usize> = straight.iter().rev().copied().collect();
    // Every other event first, each of them twice.
    let shuffled: Vec<usize> = [1, 0]
        .into_iter()
        .flat_map(|rest| straight.iter().copied().filter(move |index| index % 2 == rest))
        .flat_map(|index| [index, index])
        .collect();
    for (order, shape) in [
        (&straight, Shape::New),
        (&reversed, Shape::New),
        (&shuffled, Shape::New),
        (&straight, Shape::Old),
        (&shuffled, Shape::Old),
    ] {
        let desk = told(events, order, shape).await;
        assert_eq!(desk.months(), expected, "{shape:?} shape, in the order {order:?}");
        let apart = "SELECT (SELECT coalesce(sum(minor), 0) FROM ledger WHERE account = 'mrr')
            - (SELECT coalesce(sum(mrr_minor), 0) FROM subscriptions)";
        assert_eq!(desk.number(apart), 0, "ΔMRR is the sum of its movements");
    }
}
