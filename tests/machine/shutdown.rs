//! What becomes of a call that has no answer yet when its process has to stop.

use std::sync::Arc;

use cep_machine::domain::effect::Recovery;
use cep_machine::domain::error::{ErrorClass, WorkError};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::lifecycle::run::RunState;
use cep_machine::domain::time::Moment;
use cep_machine::effects::port::Call;
use cep_machine::engines::orchestrator::engine::{AtOnce, Steer};
use cep_machine::runtime::clock::ManualClock;
use tokio::sync::watch;

use super::stage::{Behaviour, IDEMPOTENT, SILENT, Stage, order, receipt, units};

fn silent_at_first() -> Behaviour {
    Box::new(|call: &Call| {
        if call.attempt == 1 {
            Err(WorkError::new(ErrorClass::Indeterminate, SILENT, "nobody hears this"))
        } else {
            Ok(receipt(call))
        }
    })
}

/// Stops a run while its only call waits for an answer that never comes.
async fn stopped_in_the_middle(recovery: Recovery) -> Stage {
    let mut stage = Stage::new(units(1, "mail"), recovery, silent_at_first());
    // Its pauses take no time, so the call's last seconds pass at once.
    stage.clock = Arc::new(ManualClock::at(Moment(0)));
    let (steer, steered) = watch::channel(Steer::Go);
    let engine = stage.orchestrator();
    let order = order(Layer::ALL.to_vec());
    let stop = async {
        while engine.in_flight() == 0 {
            tokio::task::yield_now().await;
        }
        steer.send_replace(Steer::Drain);
    };
    let (report, ()) = tokio::join!(engine.run(&order, &AtOnce, steered), stop);
    assert_eq!(report.unwrap().state, RunState::Interrupted);
    assert_eq!(engine.in_flight(), 0);
    assert_eq!(stage.texts("SELECT state FROM effects"), ["unknown"]);
    assert_eq!(stage.texts("SELECT state FROM attempts"), ["cancelled"]);
    let unit = "SELECT printf('%s %d %d %d', state, tries, faulted, lost_in_row) FROM units";
    assert_eq!(stage.texts(unit), ["ready 0 0 0"], "nothing is burned");
    assert_eq!(stage.count("SELECT count(*) FROM leases WHERE pid <> 0"), 0);
    assert_eq!(stage.count("SELECT count(*) FROM limits WHERE kind = 'breaker'"), 0);
    stage
}

#[tokio::test]
async fn a_call_that_is_open_when_the_process_stops_is_repeated_under_its_key() {
    let stage = stopped_in_the_middle(IDEMPOTENT).await;
    assert_eq!(stage.run_all().await.state, RunState::Succeeded);
    assert_eq!(stage.texts("SELECT printf('%s %d', state, sends) FROM effects"), ["confirmed 2"]);
}

#[tokio::test]
async fn a_call_that_is_open_when_the_process_stops_is_asked_for_where_the_receiver_can_be_asked() {
    let stage = stopped_in_the_middle(Recovery::Queryable).await;
    assert_eq!(stage.run_all().await.state, RunState::Succeeded);
    assert_eq!(stage.texts("SELECT printf('%s %d', state, sends) FROM effects"), ["confirmed 1"]);
}

#[tokio::test]
async fn a_call_that_is_open_when_the_process_stops_is_held_where_only_a_person_can_find_out() {
    let stage = stopped_in_the_middle(Recovery::AtMostOnce).await;
    stage.run_all().await;
    assert_eq!(stage.sends(), 1);
    assert_eq!(stage.texts("SELECT state FROM units"), ["held"]);
}
