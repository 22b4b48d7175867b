//! What a run does with units that succeed, fail, wait and crash.

use std::sync::Arc;

use cep_machine::domain::error::{ErrorClass, WorkError};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::lifecycle::run::RunState;
use cep_machine::engines::orchestrator::engine::{AtOnce, RunError, Steer};
use tokio::sync::watch;

use super::stage::{IDEMPOTENT, Stage, accept, order, receipt, units};

#[tokio::test]
async fn every_unit_is_done_once_and_every_effect_sent_once() {
    let stage = Stage::new(units(100, "mail"), IDEMPOTENT, accept());
    assert_eq!(stage.run_all().await.state, RunState::Succeeded);
    assert_eq!(stage.sends(), 100);
    assert_eq!(stage.count("SELECT count(*) FROM units WHERE state = 'done'"), 100);
    assert_eq!(stage.count("SELECT n FROM effect_counts WHERE state = 'confirmed'"), 100);
}

#[tokio::test]
async fn a_second_run_finds_nothing_to_send() {
    let stage = Stage::new(units(10, "mail"), IDEMPOTENT, accept());
    stage.run_all().await;
    stage.run_all().await;
    assert_eq!(stage.sends(), 10);
}

#[tokio::test]
async fn a_refused_connection_is_retried_at_the_persisted_time_until_it_works() {
    let behaviour = |call: &_| {
        let call: &cep_machine::effects::port::Call = call;
        if call.attempt < 3 {
            Err(WorkError::new(ErrorClass::Transient, "refused", "connection refused"))
        } else {
            Ok(receipt(call))
        }
    };
    let stage = Stage::new(units(1, "mail"), IDEMPOTENT, Box::new(behaviour));
    assert_eq!(stage.run_all().await.state, RunState::Succeeded);
    let states = stage.texts("SELECT state FROM attempts ORDER BY id");
    assert_eq!(states, ["failed", "failed", "ok"]);
    let kept = "SELECT count(*) FROM attempts a JOIN attempts b ON b.number = a.number + 1
                WHERE a.retry_at = b.at";
    assert_eq!(stage.count(kept), 2, "each retry ran at the time that was written down");
}

#[tokio::test]
async fn the_last_try_leaves_a_dead_unit_that_names_its_cause() {
    let behaviour = |_: &_| Err(WorkError::new(ErrorClass::Transient, "refused", "no route"));
    let stage = Stage::new(units(1, "mail"), IDEMPOTENT, Box::new(behaviour));
    let report = stage.run_all().await;
    assert_eq!(report.state, RunState::PartiallyFailed);
    let why = stage.texts("SELECT why FROM units");
    assert!(why[0].contains("no route"), "{why:?}");
    assert_eq!(stage.texts("SELECT DISTINCT fingerprint FROM attempts").len(), 1);
}

#[tokio::test]
async fn a_panic_kills_its_unit_and_nothing_else() {
    let mut work = units(5, "mail");
    work[2].kind = "panic".to_owned();
    let stage = Stage::new(work, IDEMPOTENT, accept());
    stage.run_all().await;
    assert_eq!(stage.count("SELECT count(*) FROM units WHERE state = 'done'"), 4);
    let message =
        stage.texts("SELECT class || ': ' || message FROM attempts WHERE state = 'failed'");
    assert_eq!(message, ["bug: a layer's own mistake"]);
}

#[tokio::test]
async fn two_runs_of_one_layer_exclude_each_other_and_name_the_holder() {
    let stage = Stage::new(units(1, "plain"), IDEMPOTENT, accept());
    let (steer, steered) = watch::channel(Steer::Pause);
    let first = stage.orchestrator();
    let mut progress = first.progress();
    let layer_three = order(vec![Layer::OutreachEngine]);
    let running = async { first.run(&layer_three, &AtOnce, steered).await.unwrap() };
    let second = async {
        progress.wait_for(|progress| progress.paused).await.unwrap();
        let (_go, go) = watch::channel(Steer::Go);
        let refused = stage.orchestrator().run(&layer_three, &AtOnce, go).await;
        steer.send(Steer::Go).unwrap();
        refused
    };
    let (done, refused) = tokio::join!(running, second);
    assert_eq!(done.state, RunState::Succeeded);
    assert!(matches!(refused, Err(RunError::Busy { owner, .. }) if owner == "test pid 1@here"));
}

#[tokio::test]
async fn a_drained_run_is_interrupted_and_the_next_one_takes_it_up() {
    let stage = Stage::new(units(3, "plain"), IDEMPOTENT, accept());
    let (_steer, steered) = watch::channel(Steer::Drain);
    let all = order(Layer::ALL.to_vec());
    let first = stage.orchestrator().run(&all, &AtOnce, steered).await.unwrap();
    assert_eq!(first.state, RunState::Interrupted);
    let second = stage.run_all().await;
    assert_eq!((second.id, second.state), (first.id, RunState::Succeeded));
    assert_eq!(stage.count("SELECT count(*) FROM units WHERE state = 'done'"), 3);
}

#[tokio::test]
async fn a_cancelled_run_ends_for_good() {
    let stage = Stage::new(units(3, "plain"), IDEMPOTENT, accept());
    let (_steer, steered) = watch::channel(Steer::Cancel);
    let all = order(Layer::ALL.to_vec());
    let first = stage.orchestrator().run(&all, &AtOnce, steered).await.unwrap();
    assert_eq!(first.state, RunState::Cancelled);
    assert_ne!(stage.run_all().await.id, first.id);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_rows_whatever_the_timing() {
    let rows = |stage: &Stage| {
        stage.texts(
            "SELECT printf('%d %s %s %d %d', number, state, coalesce(class, ''), at, coalesce(retry_at, 0))
             FROM attempts ORDER BY id",
        )
    };
    let mut first: Option<Vec<String>> = None;
    for _ in 0..3 {
        let behaviour = |call: &cep_machine::effects::port::Call| {
            if call.key.0.as_bytes()[0].is_multiple_of(3) && call.attempt < 2 {
                Err(WorkError::new(ErrorClass::Transient, "refused", "connection refused"))
            } else {
                Ok(receipt(call))
            }
        };
        let stage = Arc::new(Stage::new(units(64, "mail"), IDEMPOTENT, Box::new(behaviour)));
        stage.run_all().await;
        let seen = rows(&stage);
        assert_eq!(first.get_or_insert_with(|| seen.clone()), &seen);
    }
}
