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

/// Runs a real town through the layer; every element must have ended with a reason and a row.
async fn whole_town(name: &str, n: i64) {
    let Some(path) = data(&format!("osm-{name}/overpass.json")) else { return };
    let stage = stage();
    let report = research(&stage, file(&path)).await;
    assert_eq!(report.state, RunState::Succeeded, "{report:?}");
    let ended =
        "SELECT count(*) FROM units WHERE kind = 'business' AND state IN ('done', 'skipped')";
    assert_eq!(stage.count(ended), n, "{name}");
    assert_eq!(stage.count("SELECT count(*) FROM prospects"), n, "{name}");
    assert_eq!(stage.count("SELECT count(*) FROM listings WHERE licence = 'ODbL 1.0'"), n);
    let silent = "SELECT count(*) FROM prospects
      WHERE stage IN ('left_out', 'not_qualified') AND coalesce(reason, '') = ''";
    assert_eq!(stage.count(silent), 0, "{name}");
    let unexplained =
        "SELECT count(*) FROM units WHERE state = 'skipped' AND coalesce(why, '') = ''";
    assert_eq!(stage.count(unexplained), 0, "{name}");
    let unattributed = "SELECT count(*) FROM prospects
      WHERE attribution NOT LIKE '© OpenStreetMap%https://www.openstreetmap.org/copyright%'";
    assert_eq!(stage.count(unattributed), 0, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_element_of_a_real_town_has_a_unit_that_ended_and_a_row() {
    whole_town("liechtenstein", 554).await;
    whole_town("monaco", 395).await;
}

/// What each re-read says: new, changed, unchanged, gone.
fn told(stage: &Stage) -> String {
    let counts = "SELECT data ->> 'new' || ' ' || (data ->> 'updated') || ' ' ||
      (data ->> 'unchanged') || ' ' || (data ->> 'gone')
      FROM events WHERE kind = 'source_read' ORDER BY id DESC LIMIT 1";
    stage.texts(counts).remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_imported_again_updates_what_changed_and_repeats_nobody() {
    let stage = stage();
    let path = stage.folder.path().join("shops.csv");
    let write = |rows: &str| {
        // The last three columns are empty: what is knowable and not listed is the gap.
        let header = "id;Firma;Branche;Land;Telefon;E-Mail;Marke;Webseite;Öffnungszeiten;Info";
        let rows = rows.replace('\n', ";;;\n");
        std::fs::write(&path, format!("{header}\n{rows}")).unwrap();
    };
    write(
        "1;Alpha;gym;GB;01632 960001;;\n2;Beta;gym;GB;01632 960002;;\n3;Gamma;gym;GB;01632 960003;;Big\n",
    );
    research(&stage, file(&path)).await;
    assert_eq!(told(&stage), "3 0 0 0");
    research(&stage, file(&path)).await;
    assert_eq!(told(&stage), "0 0 3 0");
    assert_eq!(stage.count("SELECT count(*) FROM units WHERE kind = 'business'"), 3);

    // Alpha has an address now, Beta is gone, Gamma is no chain any more, Delta is new.
    write(
        "1;Alpha;gym;GB;01632 960001;a@alpha.example;\n3;Gamma;gym;GB;01632 960003;;\n4;Delta;gym;GB;01632 960004;;\n",
    );
    research(&stage, file(&path)).await;
    assert_eq!(told(&stage), "1 2 0 1");
    assert_eq!(stage.count("SELECT count(*) FROM prospects"), 4);
    let email = stage.texts("SELECT email FROM prospects WHERE name = 'Alpha'");
    assert_eq!(email, ["a@alpha.example"]);
    let qualified = stage.texts("SELECT name FROM prospects WHERE stage = 'qualified' ORDER BY id");
    assert_eq!(qualified, ["Alpha", "Beta", "Gamma", "Delta"], "gone is not closed");
    assert_eq!(stage.count(PITCHES), 4, "and each has one pitch");
    let gone = stage.texts("SELECT entity FROM listings WHERE gone_at IS NOT NULL");
    assert_eq!(gone, ["csv:2"]);
    let changed = stage.texts("SELECT text FROM events WHERE kind = 'prospect_updated'");
    assert_eq!(changed, ["Alpha: email changed in its listing"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_rows_are_left_out_with_line_and_reason_and_the_others_are_stored() {
    let stage = stage();
    let path = stage.folder.path().join("latin.csv");
    let text =
        "name;category;lat;lon\nCaf\u{e9} M\u{fc}ller;restaurant;52,5;13,4\nB;gym\nC;gym;north;1\n";
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    std::fs::write(&path, latin).unwrap();
    let report = research(&stage, file(&path)).await;
    assert_eq!(report.state, RunState::Succeeded, "{report:?}");
    assert_eq!(stage.texts("SELECT name FROM prospects"), ["Café Müller"]);
    let why = stage.texts("SELECT why FROM units WHERE kind = 'row' ORDER BY id");
    assert_eq!(why, ["2 cells, the header has 4", "lat \"north\" is no position"]);
    let told = "SELECT data ->> 'encoding' FROM events WHERE kind = 'source_read'";
    assert_eq!(stage.texts(told), ["windows-1252"]);
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
