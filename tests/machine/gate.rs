//! What the gate lets through, puts off, refuses and holds.

use cep_machine::domain::effect::Action;
use cep_machine::domain::effect::{Audience, EffectKey, Recovery};
use cep_machine::domain::error::{ErrorClass, WorkError};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::mode::Mode;
use cep_machine::effects::port::Call;
use cep_machine::store::error::StoreError;

use super::stage::{Behaviour, IDEMPOTENT, Stage, accept, receipt, units};

fn lost_once() -> Behaviour {
    Box::new(|call: &Call| {
        if call.attempt == 1 {
            Err(WorkError::new(ErrorClass::Indeterminate, "timeout", "no answer"))
        } else {
            Ok(receipt(call))
        }
    })
}

/// Prospects of whom each has a mail domain of its own.
fn each_its_own() -> Audience {
    Audience::Prospect {
        address: "a@ENTITY.example".to_owned(),
        zone: "UTC".to_owned(),
        channel: "email".to_owned(),
    }
}

fn prospect() -> Audience {
    Audience::Prospect {
        address: "A@B.example".to_owned(),
        zone: "Europe/London".to_owned(),
        channel: "email".to_owned(),
    }
}

#[tokio::test]
async fn a_lost_answer_is_repeated_under_the_same_key_where_the_receiver_knows_keys() {
    let stage = Stage::new(units(1, "mail"), IDEMPOTENT, lost_once());
    stage.run_all().await;
    let arrived = stage.recorder.arrived.lock().unwrap();
    assert_eq!(arrived.len(), 2);
    assert_eq!(arrived[0].key, arrived[1].key);
    assert_eq!(stage.texts("SELECT state FROM attempts ORDER BY id"), ["timed_out", "ok"]);
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_where_the_receiver_can_be_asked_and_nothing_is_sent_again() {
    let stage = Stage::new(units(1, "mail"), Recovery::Queryable, lost_once());
    stage.run_all().await;
    assert_eq!(stage.sends(), 1);
    assert_eq!(stage.texts("SELECT state FROM effects"), ["confirmed"]);
    assert_eq!(stage.texts("SELECT state FROM units"), ["done"]);
}

#[tokio::test]
async fn a_lost_answer_holds_the_unit_where_only_a_person_can_find_out() {
    let stage = Stage::new(units(1, "mail"), Recovery::AtMostOnce, lost_once());
    stage.run_all().await;
    stage.run_all().await;
    assert_eq!(stage.sends(), 1, "never sent blindly again");
    assert_eq!(stage.texts("SELECT state FROM effects"), ["unknown"]);
    assert_eq!(stage.texts("SELECT state FROM units"), ["held"]);
}

#[tokio::test]
async fn the_same_key_with_another_text_is_a_bug_and_not_a_call() {
    let fails_first: Behaviour = Box::new(|call: &Call| {
        if call.attempt == 1 {
            Err(WorkError::new(ErrorClass::Transient, "refused", "connection refused"))
        } else {
            Ok(receipt(call))
        }
    });
    let stage = Stage::new(units(1, "mail"), IDEMPOTENT, fails_first);
    let store = stage.store.clone();
    let key =
        EffectKey::new(Mode::Dry, Layer::OutreachEngine, "osm:node/0", Action::SendEmail, "c/1");
    // The first attempt fails; before the second one the unit's text is changed behind its back.
    store
        .write("plant", |tx| {
            tx.execute_batch(
                "CREATE TRIGGER plant AFTER UPDATE OF state ON units WHEN NEW.state = 'retry_wait'
                 BEGIN UPDATE units SET payload = '{\"text\":\"other\"}' WHERE id = NEW.id; END",
            )?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    stage.run_all().await;
    assert_eq!(stage.sends(), 1);
    assert_eq!(stage.recorder.arrived.lock().unwrap()[0].key, key);
    let classes = stage.texts("SELECT class || ' ' || code FROM attempts ORDER BY id");
    assert_eq!(classes, ["transient refused", "bug content_changed"]);
}

#[tokio::test]
async fn a_suppressed_address_is_refused_in_any_case_of_letters() {
    let stage = Stage::with(units(2, "mail"), IDEMPOTENT, accept(), prospect());
    stage
        .store
        .write("suppress", |tx| {
            tx.execute(
                "INSERT INTO suppressions VALUES ('dry', 'a@b.example', 'opted_out', 'test', 0)",
                [],
            )?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    stage.run_all().await;
    assert_eq!(stage.sends(), 0);
    assert_eq!(stage.texts("SELECT DISTINCT state FROM units"), ["skipped"]);
    assert_eq!(stage.texts("SELECT DISTINCT skipped_by FROM units"), ["rule"]);
}

#[tokio::test]
async fn the_daily_cap_holds_exactly_and_the_rest_goes_out_on_the_next_days() {
    let mut stage = Stage::with(units(150, "mail"), IDEMPOTENT, accept(), each_its_own());
    let mut settings = (*stage.settings).clone();
    settings.outreach.warm_up.start_per_day = 40;
    stage.settings = std::sync::Arc::new(settings);
    stage.run_all().await;
    assert_eq!(stage.sends(), 150);
    assert_eq!(stage.texts(PER_DAY), ["40", "48", "50", "12"]);
}

#[tokio::test]
async fn a_new_sender_begins_with_ten_and_no_mail_domain_gets_more_than_ten_a_day() {
    let stage = Stage::with(units(45, "mail"), IDEMPOTENT, accept(), each_its_own());
    stage.run_all().await;
    assert_eq!(stage.texts(PER_DAY), ["10", "12", "15", "8"]);
    let stage = Stage::with(units(25, "mail"), IDEMPOTENT, accept(), prospect());
    stage.run_all().await;
    assert_eq!(stage.texts(PER_DAY), ["10", "10", "5"]);
}

const PER_DAY: &str = "SELECT CAST(count(*) AS TEXT) FROM effects GROUP BY sent_at / 86400000";

#[tokio::test]
async fn a_host_that_keeps_failing_is_left_alone_and_nothing_spends_a_try_meanwhile() {
    let down: Behaviour = Box::new(|call: &Call| {
        if call.now.0 < 1_767_603_600_000 + 200_000 {
            Err(WorkError::new(ErrorClass::Transient, "refused", "connection refused"))
        } else {
            Ok(receipt(call))
        }
    });
    let stage = Stage::new(units(60, "mail"), IDEMPOTENT, down);
    stage.run_all().await;
    assert_eq!(stage.count("SELECT count(*) FROM units WHERE state = 'done'"), 60);
    assert!(stage.count("SELECT count(*) FROM events WHERE kind = 'breaker_opened'") >= 1);
    assert!(stage.count("SELECT count(*) FROM attempts WHERE state = 'deferred'") > 0);
    assert!(stage.sends() < 60 * 3, "{} calls", stage.sends());
}
