//! Tests a process that serves beside others on the same database.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::app::command::{Ack, Command, RunRequest};
use crate::app::deliver::Taken;
use crate::app::port::Machine as _;
use crate::app::snapshot::Snapshot;
use crate::app::{Origin, Rule, Setup, Show, build};
use crate::config::Environment;
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::RunState;
use crate::domain::signature::{self, Provider};

const KEY: &str = "whsec_of_the_test";

fn parts(folder: &Path, origin: Origin) -> Parts {
    let environment = Environment::of(&[("HOME", "/"), ("CEP_STRIPE_SECRET", KEY)]);
    let mut settings = crate::config::embedded(folder).unwrap();
    settings.secrets = crate::config::load(&environment, None, None).unwrap().secrets;
    let database = folder.join("t.db");
    build(Setup { database, settings, origin, user: "tester".to_owned() }).unwrap()
}

async fn server(folder: &Path) -> (Handle, Serving) {
    let parts = parts(folder, Origin::Server);
    let serving = Serving::begin(&parts).await.unwrap();
    (Handle::start(Arc::new(parts), Show::Serving, Mode::Live).unwrap(), serving)
}

async fn armed(folder: &Path) -> (Handle, Serving) {
    let (server, serving) = server(folder).await;
    server.submit(Command::ArmLive { confirmation: "live".to_owned() }).await.unwrap();
    (server, serving)
}

fn screen(folder: &Path) -> Handle {
    let rule = Show::Screen(Rule::Glance);
    Handle::start(Arc::new(parts(folder, Origin::Screen)), rule, Mode::Live).unwrap()
}

async fn deliver(server: &Handle, body: &serde_json::Value) -> Taken {
    let body = body.to_string().into_bytes();
    let header = signature::sign(KEY, &body, server.parts().clock.wall());
    let headers = vec![("stripe-signature".to_owned(), header)];
    server.deliver(Provider::Stripe, headers, body).await.unwrap()
}

async fn seen(machine: &Handle, shows: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut pictures = machine.snapshots();
    let picture = pictures.wait_for(|picture| shows(picture)).await.unwrap();
    Arc::clone(&picture)
}

fn text(machine: &Handle, sql: &str) -> String {
    machine.parts().store.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_armed_server_works_what_is_delivered_at_once_and_a_screen_sees_it() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _serving) = armed(folder.path()).await;
    let screen = screen(folder.path());
    let event = json!({"id": "evt_1", "object": "event", "type": "x.y", "livemode": true,
        "created": 1_767_225_600, "data": {"object": {}}});
    assert_eq!(deliver(&server, &event).await, Taken::New);
    let picture = seen(&screen, |picture| picture.layers[7].units.ended() == 1).await;
    let owner = picture.system.server.clone().unwrap();
    assert!(owner.starts_with("serve pid "), "{owner}");
    assert!(picture.run.as_ref().is_some_and(|run| run.is_active() && !run.is_ours));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_being_armed_a_server_stores_what_is_delivered_and_works_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (server, serving) = server(folder.path()).await;
    deliver(&server, &json!({"id": "evt_1"})).await;
    let picture = server.picture(Mode::Live).unwrap();
    assert_eq!((picture.layers[7].units.ready, picture.worlds.live.due), (1, 1));
    assert!(server.checks(&serving).await.iter().all(|check| check.why.is_none()));
    assert!(!server.works(Mode::Live));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screens_retry_is_carried_out_by_the_server_in_the_name_of_who_asked() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _serving) = armed(folder.path()).await;
    let screen = screen(folder.path());
    deliver(&server, &json!({"id": "evt_1", "object": "event"})).await;
    seen(&screen, |picture| picture.layers[7].units.dead == 1).await;
    let unit = UnitId(text(&screen, "SELECT id || '' FROM units").parse().unwrap());
    let Ack { text: told, .. } = screen.submit(Command::Retry { unit }).await.unwrap();
    assert!(told.contains("is ready"), "{told}");
    // The same message fails again, so a second attempt shows that the server worked it.
    seen(&screen, |picture| picture.layers[7].attempts.failed == 2).await;
    let row = text(
        &screen,
        "SELECT origin || ' ' || state || ' ' || (for_owner LIKE 'serve pid %') FROM commands
         WHERE name = 'retry'",
    );
    assert_eq!(row, "screen done 1");
    let audited =
        text(&screen, "SELECT origin || ' ' || after FROM audit_log WHERE what LIKE 'unit%'");
    assert_eq!(audited, "screen ready");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_the_server_keeps_its_kind_and_its_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, _serving) = server(folder.path()).await;
    let screen = screen(folder.path());
    let refusal = screen.submit(Command::Retry { unit: UnitId(99) }).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Usage);
    assert!(refusal.why.contains("no unit 99") && refusal.hint.is_some(), "{refusal:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsal_asked_for_elsewhere_runs_in_the_server_and_its_end_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _serving) = server(folder.path()).await;
    let other =
        Handle::start(Arc::new(parts(folder.path(), Origin::Cli)), Show::Headless, Mode::Dry);
    let other = other.unwrap();
    let layers = vec![Layer::ProspectResearch];
    let request = RunRequest { mode: Mode::Dry, layers, input: None, limit: Some(3) };
    let ack = other.submit(Command::Run(request)).await.unwrap();
    assert_eq!(ack.by.as_ref(), Some(&server.parts().owner));
    let report = other.end_elsewhere(ack.run.unwrap()).await.unwrap();
    assert_eq!(report.state, RunState::Succeeded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_live_run_asked_for_elsewhere_needs_to_be_armed_there_and_makes_layers_look_now() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _serving) = armed(folder.path()).await;
    seen(&screen(folder.path()), |picture| picture.run.is_some()).await;
    let other =
        Handle::start(Arc::new(parts(folder.path(), Origin::Cli)), Show::Headless, Mode::Live);
    let other = other.unwrap();
    let layers = vec![Layer::FinanceTracker];
    let request = RunRequest { mode: Mode::Live, layers, input: None, limit: None };
    let unarmed = other.submit(Command::Run(request.clone())).await.unwrap_err();
    assert_eq!(unarmed.kind, RefusalKind::Safeguard);
    other.submit(Command::ArmLive { confirmation: "live".to_owned() }).await.unwrap();
    let ack = other.submit(Command::Run(request)).await.unwrap();
    assert!(ack.run.is_none() && ack.text.contains("look for new work now"), "{ack:?}");
    assert!(server.works(Mode::Live));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_standing_run_pauses_goes_on_and_cannot_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _serving) = armed(folder.path()).await;
    let screen = screen(folder.path());
    let run = seen(&screen, |picture| picture.run.is_some()).await.run.as_ref().unwrap().id;
    let state = |wanted| move |picture: &Snapshot| picture.run.as_ref().unwrap().state == wanted;
    screen.submit(Command::Pause { run }).await.unwrap();
    seen(&screen, state(RunState::Paused)).await;
    deliver(&server, &json!({"id": "evt_1", "object": "event"})).await;
    screen.submit(Command::Resume { run }).await.unwrap();
    seen(&screen, |picture| picture.layers[7].units.dead == 1).await;
    let refusal = screen.submit(Command::Cancel { run }).await.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Safeguard);
    server.drain().await;
    let left = screen.picture(Mode::Live).unwrap();
    assert_eq!(left.run.unwrap().state, RunState::Interrupted);
}
