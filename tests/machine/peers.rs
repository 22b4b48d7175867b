//! Two processes on one database: what one does when the other has its lease, and what they share.
//!
//! A process here is a store, a gate and an orchestrator of its own; a clock that runs ahead makes one
//! see the other's leases end.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock};

use cep_machine::domain::effect::{Audience, Recovery};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::resilience::breaker::Breaker;
use cep_machine::domain::time::{HOUR_MS, Moment};
use cep_machine::engines::orchestrator::engine::RunError;
use cep_machine::runtime::clock::{Clock as _, ManualClock};
use cep_machine::store::Store;
use cep_machine::store::error::StoreError;
use cep_machine::store::limits::{self, LimitKind};

use super::stage::{AheadClock, Behaviour, IDEMPOTENT, Stage, accept, receipt, units, units_of};

const BOTH: [Layer; 2] = [Layer::OutreachEngine, Layer::BookingHandler];

/// Runs layer 3 of the one and layer 4 of the other in the live world at the same time.
async fn both_live(one: &Stage, other: &Stage) {
    let [ours, theirs] = BOTH;
    let (first, second) =
        tokio::join!(one.run(Mode::Live, vec![ours]), other.run(Mode::Live, vec![theirs]));
    first.unwrap();
    second.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_answer_that_comes_after_a_takeover_is_kept_for_the_person_who_has_to_decide() {
    let (answer, awaited) = channel::<()>();
    let (sent, arrived) = channel::<()>();
    let awaited = Mutex::new(awaited);
    let hangs: Behaviour = Box::new(move |call| {
        sent.send(()).unwrap();
        awaited.lock().unwrap().recv().unwrap();
        Ok(receipt(call))
    });
    let stage = Arc::new(Stage::new(units(1, "mail"), Recovery::AtMostOnce, hangs));
    let peer = stage.peer(units(1, "mail"), AheadClock::by_ms(HOUR_MS));
    let hung = Arc::clone(&stage);
    let hung = async move { hung.run(Mode::Dry, Layer::ALL.to_vec()).await };
    let hung = cep_machine::runtime::spawn::task("the one that hangs", hung);
    arrived.recv().unwrap();
    peer.run_all().await;
    assert_eq!(peer.texts("SELECT state FROM units"), ["held"]);
    answer.send(()).unwrap();
    let late = hung.await.unwrap();
    assert!(matches!(late, Err(RunError::Store(StoreError::Fenced { .. }))), "{late:?}");
    assert_eq!(peer.sends(), 1, "never sent again");
    assert_eq!(peer.texts("SELECT state FROM effects"), ["unknown"]);
    assert_eq!(peer.texts("SELECT state FROM units"), ["held"]);
    let kept = "SELECT printf('%s | %s | %s | %s', owner, held_by, fate, knew) FROM late_writes
                WHERE command = 'effect result'";
    let kept = peer.texts(kept);
    let knew = "test pid 1@here | peer pid 2@there | confirmed | send_email to osm:node/0 was \
                confirmed as recorded:";
    assert!(kept.len() == 1 && kept[0].starts_with(knew), "{kept:?}");
    let ends = peer.texts("SELECT state FROM attempts ORDER BY id");
    assert_eq!(ends, ["lost", "timed_out"]);
}

/// A clock, and a receiver during whose first answer the machine is suspended for an hour.
fn suspended_in_the_first_call() -> (Arc<AheadClock>, Behaviour) {
    let clock = AheadClock::by_ms(0);
    let (suspended, once) = (Arc::clone(&clock), AtomicBool::new(false));
    let sleeps: Behaviour = Box::new(move |call| {
        if !once.swap(true, Ordering::SeqCst) {
            suspended.leap_ms(HOUR_MS);
        }
        Ok(receipt(call))
    });
    (clock, sleeps)
}

#[tokio::test]
async fn a_machine_that_was_suspended_calls_nobody_before_its_leases_are_renewed() {
    let (clock, sleeps) = suspended_in_the_first_call();
    let mut stage = Stage::new(units(40, "mail"), IDEMPOTENT, sleeps);
    stage.clock = clock;
    stage.run_all().await;
    assert_eq!(stage.sends(), 40, "each of them once");
    assert_eq!(stage.count("SELECT count(*) FROM units WHERE state = 'done'"), 40);
    let put_off = "SELECT count(*) FROM attempts WHERE state = 'deferred'";
    assert_eq!(stage.count(put_off), 15, "all but the first of the wave");
    assert_eq!(stage.count("SELECT sum(tries) FROM units"), 0);
    assert_eq!(stage.count("SELECT max(sends) FROM effects"), 1);
    assert_eq!(stage.count("SELECT count(*) FROM events WHERE kind = 'lease_stalled'"), 1);
}

#[tokio::test]
async fn a_call_that_was_put_off_in_the_last_moment_takes_no_place_of_the_day() {
    let (clock, sleeps) = suspended_in_the_first_call();
    let mut stage = Stage::with(units(20, "mail"), IDEMPOTENT, sleeps, each_its_own());
    stage.settings_mut().outreach.warm_up.start_per_day = 20;
    stage.clock = clock;
    stage.run_all().await;
    let per_day = "SELECT CAST(count(*) AS TEXT) FROM effects GROUP BY sent_at / 86400000";
    assert_eq!(stage.texts(per_day), ["20"], "twenty places for twenty mails");
}

#[tokio::test]
async fn while_nothing_can_be_written_nothing_is_called_that_could_outlive_the_lease() {
    let clock = AheadClock::by_ms(0);
    let (time, once) = (Arc::clone(&clock), AtomicBool::new(false));
    let path = Arc::new(OnceLock::<std::path::PathBuf>::new());
    let database = Arc::clone(&path);
    let blocks: Behaviour = Box::new(move |call| {
        if !once.swap(true, Ordering::SeqCst) {
            // The disk stands still for so long that the leases run out, and then goes on.
            let conn = rusqlite::Connection::open(database.get().unwrap()).unwrap();
            conn.execute_batch("BEGIN IMMEDIATE").unwrap();
            time.leap_ms(50_000);
            conn.execute_batch("COMMIT").unwrap();
        }
        Ok(receipt(call))
    });
    let mut stage = Stage::new(units(40, "mail"), IDEMPOTENT, blocks);
    path.set(stage.store.path().to_owned()).unwrap();
    stage.clock = clock;
    stage.run_all().await;
    assert_eq!(stage.sends(), 40);
    assert_eq!(stage.count("SELECT count(*) FROM attempts WHERE state = 'deferred'"), 15);
    assert_eq!(stage.count("SELECT count(*) FROM units WHERE state = 'done'"), 40);
}

/// Prospects of whom each has a mail domain of its own, in a zone whose working day it is.
fn each_its_own() -> Audience {
    Audience::Prospect {
        address: "a@ENTITY.example".to_owned(),
        zone: "UTC".to_owned(),
        channel: "email".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cap_of_fifty_holds_exactly_for_two_processes_that_send_at_the_same_time() {
    let [ours, theirs] = BOTH;
    let monday: Moment = "2026-01-05T10:00:00Z".parse().unwrap();
    let mut stage = Stage::with(units_of(ours, 40, "mail"), IDEMPOTENT, accept(), each_its_own());
    let clock = Arc::new(ManualClock::at(monday));
    stage.clock = clock.clone();
    let settings = stage.settings_mut();
    settings.outreach.warm_up.start_per_day = 50;
    let peer = stage.peer(units_of(theirs, 40, "mail"), clock);
    both_live(&stage, &peer).await;
    let first_day = "SELECT count(*) FROM effects WHERE state = 'confirmed'
                     AND sent_at < 1767657600000";
    assert_eq!(stage.count(first_day), 50);
    assert_eq!(stage.sends(), 50, "live runs leave what is planned for tomorrow");
    assert_eq!(stage.count("SELECT count(*) FROM units WHERE state = 'scheduled'"), 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_share_the_bucket_of_a_host() {
    let [ours, theirs] = BOTH;
    let start: Moment = "2026-01-05T10:00:00Z".parse().unwrap();
    let mut stage = Stage::new(units_of(ours, 15, "mail"), IDEMPOTENT, accept());
    let clock = Arc::new(ManualClock::at(start));
    stage.clock = clock.clone();
    let rate = &mut stage.settings_mut().rate.default;
    (rate.per_s, rate.burst) = (1.0, 5);
    let peer = stage.peer(units_of(theirs, 15, "mail"), clock.clone());
    // What the bucket puts off is left for the next run, so one run follows the other.
    for _ in 0..30 {
        both_live(&stage, &peer).await;
        clock.advance_ms(1_000);
    }
    let sent: Vec<Moment> =
        stage.recorder.arrived.lock().unwrap().iter().map(|call| call.now).collect();
    assert_eq!(sent.len(), 30);
    for seconds in 0..clock.wall().since(start) / 1_000 {
        let until = start.plus_ms(seconds * 1_000);
        let n = sent.iter().filter(|at| **at <= until).count();
        let most = 5 + usize::try_from(seconds).unwrap();
        assert!(n <= most, "{n} calls within {seconds} s, one bucket gives {most}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_host_that_may_be_back_gets_one_probe_of_both_processes_together() {
    let [ours, theirs] = BOTH;
    let seen: Arc<OnceLock<Store>> = Arc::default();
    let (rows, most) = (Arc::clone(&seen), Arc::new(Mutex::new(0_i64)));
    let others = Arc::clone(&most);
    let probed: Behaviour = Box::new(move |call| {
        let mut others = others.lock().unwrap();
        // The probe comes back when all others have been put off, so each of them had its chance.
        while *others < 19 {
            let deferred = "SELECT count(*) FROM attempts WHERE state = 'deferred'";
            let store = rows.get().unwrap();
            *others = store
                .read(|conn| Ok::<_, StoreError>(conn.query_row(deferred, [], |row| row.get(0))?))
                .unwrap();
            std::thread::yield_now();
        }
        Ok(receipt(call))
    });
    let mut stage = Stage::new(units_of(ours, 10, "mail"), IDEMPOTENT, probed);
    stage.settings_mut().breaker.open_s = 3_600;
    let peer = stage.peer(units_of(theirs, 10, "mail"), stage.clock.clone());
    assert!(seen.set(stage.store.clone()).is_ok());
    let open = Breaker::Open { until: Moment(0) };
    let now = stage.clock.wall();
    let plant = move |tx: &rusqlite::Connection| {
        limits::put(tx, Mode::Live, LimitKind::Breaker, "recorder", &open, now)
    };
    stage.store.write("plant", plant).await.unwrap();
    both_live(&stage, &peer).await;
    assert_eq!(*most.lock().unwrap(), 19, "nobody but the probe passed");
    assert_eq!(stage.sends(), 1);
    assert_eq!(stage.count("SELECT count(*) FROM units WHERE state = 'scheduled'"), 19);
    assert_eq!(stage.count("SELECT sum(tries) FROM units"), 0);
}
