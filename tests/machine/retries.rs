//! How much is sent again to a receiver that fails.

use std::sync::Arc;

use cep_machine::domain::error::{ErrorClass, WorkError};
use cep_machine::domain::time::MINUTE_MS;
use cep_machine::effects::port::Call;
use cep_machine::store::error::StoreError;

use super::stage::{Behaviour, IDEMPOTENT, Stage, receipt, units};

const UNITS: u32 = 12;

fn refuses(sends: u32) -> Behaviour {
    Box::new(move |call: &Call| {
        if call.attempt <= sends {
            Err(WorkError::new(ErrorClass::Transient, "refused", "connection refused"))
        } else {
            Ok(receipt(call))
        }
    })
}

/// A receiver whose retries are two saved up, one a minute, and none earned.
fn tight(behaviour: Behaviour) -> Stage {
    let mut stage = Stage::new(units(UNITS, "mail"), IDEMPOTENT, behaviour);
    let mut settings = (*stage.settings).clone();
    settings.retry.budget.share = 0.0;
    settings.retry.budget.per_minute = 1;
    settings.retry.budget.burst = 2;
    // A circuit that opens would hold retries back as well, and hide what is shown here.
    settings.breaker.min_calls = 64;
    stage.settings = Arc::new(settings);
    stage
}

#[tokio::test]
async fn retries_to_one_receiver_keep_to_its_budget_and_a_refused_one_spends_no_try() {
    let stage = tight(refuses(3));
    // The reason stands on the unit while it waits, and goes when it is worked again.
    let keep = |tx: &rusqlite::Connection| {
        tx.execute_batch(
            "CREATE TRIGGER keep AFTER UPDATE OF state ON units
             WHEN NEW.state = 'scheduled' AND NEW.why LIKE 'retry budget%'
             BEGIN INSERT OR REPLACE INTO settings VALUES ('why it waited', NEW.why, 0); END",
        )?;
        Ok::<_, StoreError>(())
    };
    stage.store.write("keep", keep).await.unwrap();
    stage.run_all().await;
    let done = stage.count("SELECT count(*) FROM units WHERE state = 'done'");
    assert_eq!(done, i64::from(UNITS), "each has its tries, however long it has to wait");
    let waits = stage.texts("SELECT value FROM settings WHERE key = 'why it waited'");
    assert_eq!(
        waits,
        ["retry budget of recorder: 0 % of first sends and 1 a minute are sent again"]
    );
    let tries = stage.count("SELECT max(tries) FROM units");
    assert_eq!(tries, 3, "a wait is no try");
    let arrived = stage.recorder.arrived.lock().unwrap();
    assert_eq!(arrived.len(), 4 * UNITS as usize);
    let mut retries: Vec<i64> =
        arrived.iter().filter(|call| call.attempt > 1).map(|call| call.now.0).collect();
    retries.sort_unstable();
    for (index, at) in retries.iter().enumerate() {
        let since = i64::try_from(index).unwrap();
        let minutes = (at - retries[0]) / MINUTE_MS;
        assert!(since <= 2 + minutes, "retry {index} after {minutes} minutes");
    }
}

#[tokio::test]
async fn a_receiver_that_is_well_has_its_budget_written_nowhere() {
    let stage = tight(refuses(0));
    stage.run_all().await;
    assert_eq!(stage.count("SELECT count(*) FROM limits WHERE name LIKE 'retries/%'"), 0);
}
