mod reading;

use std::path::Path;
use std::sync::Arc;

use super::command::{Command, DemoControl, RefusalKind, RunRequest};
use super::port::Machine as _;
use super::query::{Answer, Query, UnitFilter};
use super::snapshot::Snapshot;
use super::{Handle, Origin, Rule, Setup, Show, build};
use crate::domain::fault::{FaultKind, ScriptedFault};
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::RunState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::DAY_MS;

struct Bench {
    _folder: tempfile::TempDir,
    machine: Handle,
}

fn open(folder: &Path, script: Vec<ScriptedFault>, origin: Origin, show: Show) -> Handle {
    let mut settings = crate::config::embedded(folder).unwrap();
    settings.sim.faults.script = script;
    let database = folder.join("t.db");
    let setup = Setup { database, settings, origin, user: "tester".to_owned() };
    Handle::start(Arc::new(build(setup).unwrap()), show, Mode::Dry).unwrap()
}

fn bench_with(script: Vec<ScriptedFault>) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let machine = open(folder.path(), script, Origin::Cli, Show::Headless);
    Bench { _folder: folder, machine }
}

fn order(layers: &[Layer]) -> RunRequest {
    RunRequest { mode: Mode::Dry, layers: layers.to_vec(), input: None, limit: Some(6) }
}

async fn units(machine: &Handle, state: UnitState) -> Vec<UnitId> {
    let filter = UnitFilter { mode: Mode::Dry, layer: None, states: vec![state], limit: 100 };
    let Answer::Units(rows) = machine.ask(Query::Units(filter)).await.unwrap() else {
        panic!("not a list of units")
    };
    rows.iter().map(|row| row.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_run_leaves_nothing_due_dead_or_held_and_stores_its_phi() {
    let bench = bench_with(Vec::new());
    let report = bench.machine.run_to_end(order(&Layer::ALL)).await.unwrap();
    assert_eq!(report.state, RunState::Succeeded, "{report:?}");
    let picture = bench.machine.picture(Mode::Dry).unwrap();
    let dry = picture.worlds.dry;
    assert_eq!(
        (dry.failed, dry.held, dry.unknown, dry.due, dry.waiting, dry.retrying),
        (0, 0, 0, 0, 0, 0)
    );
    assert!(dry.planned > 0, "what is beyond the horizon is planned for later");
    bench.machine.submit(Command::Advance { ms: 60 * DAY_MS }).await.unwrap();
    let later = bench.machine.picture(Mode::Dry).unwrap().worlds.dry;
    assert!(later.due > 0 && later.planned < dry.planned, "a person moved the clock: {later:?}");
    assert_eq!(later.due + later.planned, dry.planned);
    assert_eq!(picture.phi.trend.len(), 1);
    assert_eq!(picture.phi.trend[0].value, picture.phi.value);
    assert!(picture.layers[2].effects.simulated > 0, "{:?}", picture.layers[2]);
    assert_eq!(picture.worlds.live, super::snapshot::WorldCounts::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_unit_has_a_card_that_names_its_cause_and_comes_back_by_a_command() {
    let script = vec![ScriptedFault { layer: 3, sends: 1, kind: FaultKind::Rejected }];
    let Bench { _folder, machine } = bench_with(script);
    for layer in [1, 2, 3] {
        let layer = Layer::from_number(layer).unwrap();
        machine.run_to_end(order(&[layer])).await.unwrap();
    }
    machine.submit(Command::Advance { ms: DAY_MS }).await.unwrap();
    let report = machine.run_to_end(order(&[Layer::OutreachEngine])).await.unwrap();
    assert_eq!(report.state, RunState::PartiallyFailed);
    let dead = units(&machine, UnitState::Dead).await;
    let unit = dead[0];
    let Answer::ErrorDetail(card) = machine.ask(Query::ErrorDetail { unit }).await.unwrap() else {
        panic!("no card");
    };
    assert_eq!(card.error.unwrap().code, "http_400");
    assert_eq!((card.attempts.len(), card.same), (1, u64::try_from(dead.len()).unwrap()));
    assert!(card.if_nothing.contains("stays dead"), "{}", card.if_nothing);
    let Answer::ErrorGroups(groups) =
        machine.ask(Query::ErrorGroups { mode: Mode::Dry, layer: None }).await.unwrap()
    else {
        panic!("no groups");
    };
    let fingerprint = card.fingerprint.unwrap();
    assert_eq!(groups[0].fingerprint, fingerprint);

    machine.submit(Command::Retry { unit }).await.unwrap();
    assert_eq!(units(&machine, UnitState::Ready).await, [unit]);
    let skipped = dead[1];
    let reason = "closed for good".to_owned();
    machine.submit(Command::Skip { unit: skipped, reason }).await.unwrap();
    machine.run_to_end(order(&[Layer::OutreachEngine])).await.unwrap();
    assert!(!units(&machine, UnitState::Dead).await.contains(&unit));
    assert!(units(&machine, UnitState::Skipped).await.contains(&skipped));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_next_step_and_stays_in_the_commands() {
    let Bench { _folder, machine } = bench_with(Vec::new());
    let retry = machine.submit(Command::Retry { unit: UnitId(7) }).await.unwrap_err();
    assert_eq!(retry.kind, RefusalKind::Usage);
    assert!(retry.hint.is_some());
    let live = RunRequest { mode: Mode::Live, ..order(&[Layer::OutreachEngine]) };
    let unarmed = machine.run_to_end(live).await.unwrap_err();
    assert_eq!(unarmed.kind, RefusalKind::Safeguard);
    let wrong = Command::ArmLive { confirmation: "yes".to_owned() };
    assert_eq!(machine.submit(wrong).await.unwrap_err().kind, RefusalKind::Safeguard);
    let refused: i64 = machine
        .parts()
        .store
        .read(|conn| {
            let sql = "SELECT count(*) FROM commands WHERE state = 'refused'";
            Ok(conn.query_row(sql, [], |row| row.get(0))?)
        })
        .unwrap();
    assert_eq!(refused, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_that_changed_something_stands_in_the_audit_log() {
    let Bench { _folder, machine } = bench_with(Vec::new());
    machine.submit(Command::Advance { ms: DAY_MS }).await.unwrap();
    machine.submit(Command::ArmLive { confirmation: "live".to_owned() }).await.unwrap();
    machine.submit(Command::Disarm).await.unwrap();
    let changes: Vec<(String, String, String)> = machine
        .parts()
        .store
        .read(|conn| {
            let mut rows =
                conn.prepare("SELECT actor, before, after FROM audit_log ORDER BY id")?;
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .unwrap();
    let told: Vec<_> =
        changes.iter().map(|(_, before, after)| (before.as_str(), after.as_str())).collect();
    assert_eq!(
        told,
        [
            ("2026-01-05T09:00:00Z", "2026-01-06T09:00:00Z"),
            ("disarmed", "armed"),
            ("armed", "disarmed")
        ]
    );
    assert!(changes.iter().all(|(actor, ..)| actor.starts_with("tester@")));
}

/// Waits for a picture that shows what is waited for.
async fn seen(machine: &Handle, shows: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut pictures = machine.snapshots();
    let picture = pictures.wait_for(|picture| shows(picture)).await.unwrap();
    Arc::clone(&picture)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_screen_sees_what_another_process_writes() {
    let folder = tempfile::tempdir().unwrap();
    let screen = open(folder.path(), Vec::new(), Origin::Screen, Show::Screen(Rule::Glance));
    let other = open(folder.path(), Vec::new(), Origin::Cli, Show::Headless);
    let before = seen(&screen, |_| true).await.dry_clock.now;
    other.submit(Command::Advance { ms: DAY_MS }).await.unwrap();
    let picture = seen(&screen, |picture| picture.dry_clock.now > before).await;
    assert_eq!(picture.dry_clock.now, before.plus_ms(DAY_MS));
    assert_eq!(picture.events.last().unwrap().kind, "clock_moved");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_paused_resumed_and_cancelled_from_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let rule = Rule::Demo { days: 45 };
    let screen = open(folder.path(), Vec::new(), Origin::Screen, Show::Screen(rule));
    let other = open(folder.path(), Vec::new(), Origin::Cli, Show::Headless);
    // The demo stands still before its first jump, so the run is under way for as long as needed.
    screen.submit(Command::Demo { control: DemoControl::Pause }).await.unwrap();
    let run = screen.submit(Command::Run(order(&Layer::ALL))).await.unwrap().run.unwrap();
    let state = |wanted| move |picture: &Snapshot| picture.run.as_ref().unwrap().state == wanted;

    // While somebody watches, the trend begins with the run and not at its end.
    seen(&screen, |picture| picture.phi.trend.len() == 1).await;
    other.submit(Command::Pause { run }).await.unwrap();
    seen(&screen, state(RunState::Paused)).await;
    let busy = other.run_to_end(order(&Layer::ALL)).await.unwrap_err();
    assert_eq!(busy.kind, RefusalKind::Safeguard, "{busy:?}");
    other.submit(Command::Resume { run }).await.unwrap();
    seen(&screen, state(RunState::Running)).await;
    other.submit(Command::Cancel { run }).await.unwrap();
    let picture = seen(&screen, state(RunState::Cancelled)).await;
    assert!(picture.run.as_ref().unwrap().ended_wall.is_some());
    let again = other.submit(Command::Cancel { run }).await.unwrap_err();
    assert_eq!(again.kind, RefusalKind::Usage);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_run_is_taken_up_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let rule = Rule::Demo { days: 45 };
    let screen = open(folder.path(), Vec::new(), Origin::Screen, Show::Screen(rule));
    screen.submit(Command::Demo { control: DemoControl::Pause }).await.unwrap();
    let run = screen.submit(Command::Run(order(&Layer::ALL))).await.unwrap().run.unwrap();
    screen.drain().await;
    let left = screen.picture(Mode::Dry).unwrap();
    assert_eq!(left.run.as_ref().unwrap().state, RunState::Interrupted);
    drop(screen);

    let next = open(folder.path(), Vec::new(), Origin::Cli, Show::Headless);
    let report = next.run_to_end(order(&Layer::ALL)).await.unwrap();
    assert_eq!((report.id, report.state), (run, RunState::Succeeded));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_behind_the_order_to_stop_is_refused_and_the_process_stops() {
    let folder = tempfile::tempdir().unwrap();
    let rule = Rule::Demo { days: 45 };
    let screen = open(folder.path(), Vec::new(), Origin::Screen, Show::Screen(rule));
    screen.submit(Command::Demo { control: DemoControl::Pause }).await.unwrap();
    let run = screen.submit(Command::Run(order(&Layer::ALL))).await.unwrap().run.unwrap();
    let ((), paused) = tokio::join!(screen.drain(), screen.submit(Command::Pause { run }));
    let refusal = paused.unwrap_err();
    assert_eq!(refusal.kind, RefusalKind::Safeguard, "{refusal:?}");
    let left = screen.picture(Mode::Dry).unwrap();
    assert_eq!(left.run.as_ref().unwrap().state, RunState::Interrupted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_stays_cancelled_when_the_process_is_told_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let rule = Rule::Demo { days: 45 };
    let screen = open(folder.path(), Vec::new(), Origin::Screen, Show::Screen(rule));
    screen.submit(Command::Demo { control: DemoControl::Pause }).await.unwrap();
    let run = screen.submit(Command::Run(order(&Layer::ALL))).await.unwrap().run.unwrap();
    let (cancelled, ()) = tokio::join!(screen.submit(Command::Cancel { run }), screen.drain());
    cancelled.unwrap();
    let left = screen.picture(Mode::Dry).unwrap();
    assert_eq!(left.run.as_ref().unwrap().state, RunState::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_at_rest_holds_no_lease_has_disarmed_and_can_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let screen =
        open(folder.path(), Vec::new(), Origin::Screen, Show::Screen(Rule::Demo { days: 45 }));
    screen.submit(Command::Demo { control: DemoControl::Pause }).await.unwrap();
    let run = screen.submit(Command::Run(order(&Layer::ALL))).await.unwrap().run.unwrap();
    screen.submit(Command::ArmLive { confirmation: "live".to_owned() }).await.unwrap();
    let leases = async || {
        let answer = screen.ask(Query::System).await.unwrap();
        let Answer::System(facts) = answer else { panic!("{answer:?}") };
        facts.leases
    };
    let held = leases().await;
    assert!(held.iter().any(|lease| lease.mode == Mode::Dry), "{held:?}");

    screen.rest().await;
    assert_eq!(leases().await, []);
    assert!(!screen.is_armed());
    let left = screen.picture(Mode::Dry).unwrap();
    assert_eq!(left.run.as_ref().unwrap().state, RunState::Interrupted);

    screen.submit(Command::Resume { run }).await.unwrap();
    assert!(leases().await.iter().any(|lease| lease.mode == Mode::Dry));
    screen.rest().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsed_campaign_goes_live_only_by_hand_and_layer_by_layer() {
    let folder = tempfile::tempdir().unwrap();
    let machine = open(folder.path(), Vec::new(), Origin::Cli, Show::Headless);
    machine.run_to_end(order(&Layer::ALL)).await.unwrap();
    assert!(!folder.path().join("outbox").exists(), "a rehearsal leaves no file");

    machine.submit(Command::Promote { limit: Some(3), entities: Vec::new() }).await.unwrap();
    assert_eq!(machine.picture(Mode::Live).unwrap().worlds.live.due, 3);
    machine.submit(Command::ArmLive { confirmation: "live".to_owned() }).await.unwrap();
    let layers = vec![Layer::PitchGenerator];
    let request = RunRequest { mode: Mode::Live, layers, input: None, limit: None };
    machine.run_to_end(request).await.unwrap();
    let picture = machine.picture(Mode::Live).unwrap();
    let pitches = picture.layers[1].units;
    assert_eq!(pitches.done + pitches.skipped, 3, "{pitches:?}");
    assert!(picture.layers[2].units.total() > 0, "{:?}", picture.layers[2]);
}

#[tokio::test]
async fn a_run_whose_process_is_gone_is_shown_as_interrupted_before_anybody_takes_it_up() {
    let Bench { _folder, machine } = bench_with(Vec::new());
    let died = machine.parts().store.write("test", |tx| {
        tx.execute(
            "INSERT INTO runs (mode, scope, state, started_at, wall_started_at, owner)
             VALUES ('dry', 'all', 'running', 0, 0, 'cli pid 4999999@nowhere')",
            [],
        )?;
        Ok(())
    });
    died.await.unwrap();
    let picture = machine.picture(Mode::Dry).unwrap();
    assert_eq!(picture.run.unwrap().state, RunState::Interrupted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_setting_that_a_person_puts_in_force_holds_for_the_next_work_without_a_restart() {
    use crate::domain::learning::{ProposalEvent, ProposedChange, Setting, SettingKey};
    use crate::domain::sales::Channel;

    let Bench { _folder, machine } = bench_with(Vec::new());
    let key = SettingKey::DailyCap(Channel::Email);
    let change = ProposedChange::Set { settings: vec![Setting { key, value: 1.0 }] };
    let note = "slowly".to_owned();
    machine.submit(Command::Propose { mode: Mode::Dry, change, note }).await.unwrap();
    for event in [ProposalEvent::Approve, ProposalEvent::Apply] {
        let proposal = crate::domain::ids::ProposalId(1);
        machine.submit(Command::Decide { proposal, event, note: None }).await.unwrap();
    }
    for layer in [1, 2, 3] {
        let layer = Layer::from_number(layer).unwrap();
        machine.run_to_end(order(&[layer])).await.unwrap();
    }
    let filter =
        super::query::EffectFilter { mode: Mode::Dry, layer: None, state: None, limit: 100 };
    let answer = machine.ask(Query::Effects(filter)).await.unwrap();
    let Answer::Effects(effects) = answer else { panic!("{answer:?}") };
    let mails = effects.iter().filter(|row| row.action == crate::domain::effect::Action::SendEmail);
    assert_eq!(mails.count(), 1, "{effects:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cause_is_looked_after_until_it_fails_again_and_a_shift_is_told_so() {
    let script = vec![ScriptedFault { layer: 3, sends: 9, kind: FaultKind::Rejected }];
    let Bench { _folder, machine } = bench_with(script);
    for layer in [1, 2, 3] {
        machine.run_to_end(order(&[Layer::from_number(layer).unwrap()])).await.unwrap();
    }
    let first = async || {
        let query = Query::ErrorGroups { mode: Mode::Dry, layer: None };
        let Answer::ErrorGroups(mut groups) = machine.ask(query).await.unwrap() else {
            panic!("no groups")
        };
        groups.remove(0)
    };
    let fingerprint = first().await.fingerprint;
    let acknowledge = |mode| Command::Acknowledge {
        mode,
        fingerprint: fingerprint.clone(),
        note: Some("asked\u{7} them".to_owned()),
    };
    let wrong = machine.submit(acknowledge(Mode::Live)).await.unwrap_err();
    assert!(wrong.hint.unwrap().contains("--mode dry"));
    machine.submit(acknowledge(Mode::Dry)).await.unwrap();
    let text = "their office opens at nine".to_owned();
    let note = Command::NoteCause { mode: Mode::Dry, fingerprint: fingerprint.clone(), text };
    machine.submit(note).await.unwrap();
    let care = first().await.care;
    let kept = care.acknowledged.clone().unwrap();
    assert!(kept.stands() && kept.by.starts_with("tester@"), "{kept:?}");
    assert_eq!(kept.note.as_deref(), Some("asked them"), "words are made safe");
    assert_eq!(care.notes[0].text, "their office opens at nine");

    machine
        .submit(Command::RetryFingerprint { mode: Mode::Dry, fingerprint: fingerprint.clone() })
        .await
        .unwrap();
    machine.run_to_end(order(&[Layer::OutreachEngine])).await.unwrap();
    let again = first().await.care.acknowledged.unwrap();
    assert!(!again.stands() && again.failed_since > 0, "{again:?}");
    let since = crate::domain::time::Moment(0);
    let Answer::Changes(told) = machine.ask(Query::Changes { since }).await.unwrap() else {
        panic!("no changes")
    };
    let said = |words: &str| told.changes.iter().any(|change| change.text.contains(words));
    assert!(said("acknowledge: tester@"), "{told:?}");
    assert!(said("note cause"), "{told:?}");
    assert!(said(&format!("failed x{} since tester@", again.failed_since)), "{told:?}");
}
