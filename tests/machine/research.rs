//! Layer 1 through the real orchestrator, gate and database: a source becomes rows, once.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use cep_machine::adapters::sim::Sim;
use cep_machine::adapters::sim::source::SimSource;
use cep_machine::domain::draw::Seed;
use cep_machine::domain::fault::{FaultKind, FaultPlan, ScriptedFault};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::lifecycle::run::RunState;
use cep_machine::domain::prospect::source::DEMO_TOWN;
use cep_machine::effects::gate::Gate;
use cep_machine::effects::port::World;
use cep_machine::engines::orchestrator::contract::{Driven, RunInput};
use cep_machine::engines::orchestrator::engine::{
    AtOnce, Orchestrator, RunOrder, RunReport, Steer,
};
use cep_machine::layers::NineLayers;
use cep_machine::runtime::clock::SystemClock;
use tokio::sync::watch;

use super::stage::{IDEMPOTENT, NoDeliveries, Recorder, Stage, accept, order, world};

/// Runs layer 1 alone over `input`; its calls fail as `plan` says.
async fn research_through(stage: &Stage, input: RunInput, plan: FaultPlan) -> RunReport {
    let recorder =
        Arc::new(Recorder { recovery: IDEMPOTENT, behaviour: accept(), arrived: Mutex::default() });
    let sim = Sim::new(Seed(1), plan, None);
    let world = World { source: Arc::new(SimSource(sim)), ..world(&recorder) };
    let clock = Arc::new(SystemClock::new());
    let (store, settings) = (stage.store.clone(), stage.settings.clone());
    let gate = Gate::new(world, store.clone(), clock.clone(), settings.clone(), "test".to_owned());
    let driven = Driven {
        layers: Arc::new(NineLayers),
        counterparties: None,
        receive: Arc::new(NoDeliveries),
    };
    let machine = Orchestrator::new(store, Arc::new(gate), driven, clock, settings, Seed(1));
    let order = RunOrder { input: Some(input), ..order(vec![Layer::ProspectResearch]) };
    let (_steer, steered) = watch::channel(Steer::Go);
    machine.run(&order, &AtOnce, steered).await.unwrap()
}

async fn research(stage: &Stage, input: RunInput) -> RunReport {
    research_through(stage, input, FaultPlan::default()).await
}

fn stage() -> Stage {
    Stage::new(Vec::new(), IDEMPOTENT, accept())
}

fn file(path: &Path) -> RunInput {
    RunInput { source: path.display().to_string(), limit: None }
}

fn town(limit: u32) -> RunInput {
    RunInput { source: DEMO_TOWN.to_owned(), limit: Some(limit) }
}

/// Returns real data, or says that the test is skipped.
#[expect(clippy::disallowed_methods, reason = "tests alone read this variable")]
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var("CEP_TEST_DATA").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if !path.exists() {
        eprintln!("skipped: {} is absent", path.display());
        return None;
    }
    Some(path)
}

const REACHABLE: &str = "SELECT count(*) FROM prospects WHERE stage = 'qualified'
  AND (email IS NOT NULL OR phone IS NOT NULL OR linkedin IS NOT NULL)";
const PITCHES: &str = "SELECT count(*) FROM units WHERE layer = 2 AND version = 'pitch/intro'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_gives_as_many_reachable_prospects_as_asked_for_and_one_pitch_each() {
    let stage = stage();
    let report = research(&stage, town(40)).await;
    assert_eq!(report.state, RunState::Succeeded, "{report:?}");
    assert_eq!(stage.count(REACHABLE), 40);
    let qualified = stage.count("SELECT count(*) FROM prospects WHERE stage = 'qualified'");
    assert_eq!(stage.count(PITCHES), qualified);
    let unexplained = "SELECT count(*) FROM units WHERE state = 'skipped' AND why IS NULL";
    assert_eq!(stage.count(unexplained), 0);
    let told = stage.texts("SELECT text FROM events WHERE kind = 'source_left_for_later'");
    assert_eq!(told.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_run_over_more_of_the_same_source_repeats_nobody() {
    let stage = stage();
    research(&stage, town(10)).await;
    let first = stage.count("SELECT count(*) FROM prospects");
    research(&stage, town(10)).await;
    assert_eq!(stage.count("SELECT count(*) FROM prospects"), first);
    research(&stage, town(25)).await;
    assert_eq!(stage.count(REACHABLE), 25);
    let twice = "SELECT count(*) - count(DISTINCT entity) FROM prospects";
    assert_eq!(stage.count(twice), 0);
    assert_eq!(stage.count("SELECT count(*) FROM units WHERE kind = 'source'"), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_town_is_read_through_faults_by_trying_again() {
    let stage = stage();
    let refused = ScriptedFault { layer: 1, sends: 2, kind: FaultKind::Refused };
    let plan = FaultPlan { script: vec![refused], ..FaultPlan::default() };
    let report = research_through(&stage, town(5), plan).await;
    assert_eq!(report.state, RunState::Succeeded, "{report:?}");
    assert_eq!(stage.count(REACHABLE), 5);
    let tries = "SELECT max(number) FROM attempts JOIN units u ON u.id = unit_id
      WHERE u.kind = 'source'";
    assert_eq!(stage.count(tries), 3, "two refusals, then an answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_element_of_a_real_town_has_a_unit_that_ended_and_a_row() {
    let Some(path) = data("osm-liechtenstein/overpass.json") else { return };
    let stage = stage();
    let report = research(&stage, file(&path)).await;
    assert_eq!(report.state, RunState::Succeeded, "{report:?}");
    let ended =
        "SELECT count(*) FROM units WHERE kind = 'business' AND state IN ('done', 'skipped')";
    assert_eq!(stage.count(ended), 554);
    assert_eq!(stage.count("SELECT count(*) FROM prospects"), 554);
    let silent = "SELECT count(*) FROM prospects
      WHERE stage IN ('left_out', 'not_qualified') AND coalesce(reason, '') = ''";
    assert_eq!(stage.count(silent), 0);
    let unattributed =
        "SELECT count(*) FROM prospects WHERE attribution NOT LIKE '© OpenStreetMap%'";
    assert_eq!(stage.count(unattributed), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_business_that_another_source_has_listed_is_not_approached_again() {
    let stage = stage();
    for (name, row) in [("a.csv", "A,gym,GB,+44 1632 960001"), ("b.csv", "B,gym,GB,01632 960 001")]
    {
        let path = stage.folder.path().join(name);
        std::fs::write(&path, format!("name,category,country,phone\n{row}\n")).unwrap();
        research(&stage, file(&path)).await;
    }
    let reasons = stage.texts("SELECT reason FROM prospects WHERE stage = 'left_out'");
    assert_eq!(reasons, ["duplicate of csv:a: same phone"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_file_makes_its_unit_dead_at_once_and_nothing_else() {
    let stage = stage();
    let path = stage.folder.path().join("broken.json");
    std::fs::write(&path, "{\"elements\":[{\"type\":\"node\",\"id\":1},\n{\"type\":").unwrap();
    let report = research(&stage, file(&path)).await;
    assert_eq!(report.state, RunState::PartiallyFailed);
    let why = stage.texts("SELECT why FROM units WHERE state = 'dead'");
    assert!(why[0].contains("broken.json: element 2 (line 2)"), "{why:?}");
    assert_eq!(stage.count("SELECT count(*) FROM attempts"), 1);
    assert_eq!(stage.count("SELECT count(*) FROM prospects"), 0);
}
