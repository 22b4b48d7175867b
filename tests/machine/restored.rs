//! What the gate does in a database that was restored from a backup and has nobody to ask.

use cep_machine::domain::effect::{Action, EffectKey, Recovery};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::time::{DAY_MS, HOUR_MS, Moment};
use cep_machine::effects::port::Call;
use cep_machine::store::error::StoreError;
use cep_machine::store::restores;

use super::stage::{IDEMPOTENT, Stage, accept, units};

/// A day is what the receiver remembers of a key.
const FOR_A_DAY: Recovery =
    Recovery::Idempotent { key_in: "Idempotency-Key", retention_ms: Some(DAY_MS) };

const EFFECTS: &str = "SELECT state FROM effects ORDER BY id";
const UNITS: &str = "SELECT state FROM units ORDER BY id";

/// A stage on which one mail is due, restored from a backup that is `age_ms` old in dry time.
async fn restored(recovery: Recovery, age_ms: i64) -> Stage {
    restored_with(recovery, age_ms, true).await
}

async fn restored_with(recovery: Recovery, age_ms: i64, remembers: bool) -> Stage {
    let stage = Stage::new(units(1, "mail"), recovery, accept());
    let now = stage.orchestrator().now(Mode::Dry).await.unwrap();
    let made_at = now.plus_ms(-age_ms);
    let plant = move |tx: &rusqlite::Connection| {
        tx.execute("INSERT INTO restores VALUES (1, 1000, 2000, 'one.db', NULL)", [])?;
        tx.execute("INSERT INTO doubts VALUES (1, 'dry', ?1, NULL, ?2)", (made_at, remembers))?;
        Ok::<_, StoreError>(())
    };
    stage.store.write("plant", plant).await.unwrap();
    stage
}

/// The key of the one mail that is due.
fn mail_key() -> EffectKey {
    let layer = Layer::OutreachEngine;
    EffectKey::new(Mode::Dry, layer, "osm:node/0", Action::SendEmail, "c/1")
}

/// Lets the receiver have seen the mail that is due, as it would after the lost time.
fn seen_before(stage: &Stage) {
    let key = mail_key();
    let (mode, layer) = (Mode::Dry, Layer::OutreachEngine);
    let call = Call { key, mode, layer, attempt: 1, now: Moment(0) };
    stage.recorder.arrived.lock().unwrap().push(call);
}

#[tokio::test]
async fn an_act_that_nobody_can_look_up_is_held_with_the_backups_date_and_never_sent() {
    for recovery in [Recovery::AtMostOnce, FOR_A_DAY] {
        let stage = restored(recovery, 2 * DAY_MS).await;
        stage.run_all().await;
        stage.run_all().await;
        assert_eq!(stage.sends(), 0, "{recovery:?}");
        assert_eq!(
            (stage.texts(EFFECTS), stage.texts(UNITS)),
            (vec!["unknown".into()], vec!["held".into()])
        );
        let why = stage.texts("SELECT why FROM units").remove(0);
        assert!(why.contains("restored from a backup of 1970-01-01"), "{why}");
    }
}

#[tokio::test]
async fn a_receiver_that_still_knows_the_key_is_told_again_and_one_that_may_have_forgotten_is_not()
{
    for (recovery, age_ms, sends) in
        [(IDEMPOTENT, 90 * DAY_MS, 1), (FOR_A_DAY, 23 * HOUR_MS, 1), (FOR_A_DAY, 25 * HOUR_MS, 0)]
    {
        let stage = restored(recovery, age_ms).await;
        stage.run_all().await;
        assert_eq!(stage.sends(), sends, "{recovery:?} after {age_ms} ms");
    }
}

#[tokio::test]
async fn an_outbox_that_is_lost_with_the_disk_recognises_nothing_and_is_not_filled_again() {
    let stage = restored_with(IDEMPOTENT, HOUR_MS, false).await;
    stage.run_all().await;
    assert_eq!((stage.sends(), stage.texts(UNITS)), (0, vec!["held".into()]));
}

#[tokio::test]
async fn a_receiver_that_can_be_asked_is_asked_before_anything_is_sent() {
    let stage = restored(Recovery::Queryable, 90 * DAY_MS).await;
    seen_before(&stage);
    stage.run_all().await;
    assert_eq!(stage.sends(), 1, "what was seen before is all there is");
    assert_eq!(
        (stage.texts(EFFECTS), stage.texts(UNITS)),
        (vec!["confirmed".into()], vec!["done".into()])
    );
    let stage = restored(Recovery::Queryable, 90 * DAY_MS).await;
    stage.run_all().await;
    assert_eq!(stage.sends(), 1, "no trace of it, so it is sent");
    assert_eq!(stage.texts(UNITS), ["done"]);
}

#[tokio::test]
async fn when_a_person_says_that_all_is_told_what_was_held_goes_out_and_nothing_more_is_held() {
    let stage = restored(Recovery::AtMostOnce, DAY_MS).await;
    stage.run_all().await;
    let end = |tx: &rusqlite::Connection| {
        restores::end_doubt(tx, Mode::Dry, "looked up", Moment(0), Moment(3_000))
    };
    assert_eq!(stage.store.write("end", end).await.unwrap(), Some(1));
    assert_eq!(stage.store.write("end", end).await.unwrap(), None, "it ends once");
    stage.run_all().await;
    assert_eq!((stage.sends(), stage.texts(UNITS)), (1, vec!["done".into()]));
}

#[tokio::test]
async fn what_the_replaced_database_knows_is_neither_sent_nor_asked_for_again() {
    for (recovery, state, receipt, sends, unit) in [
        (Recovery::AtMostOnce, "confirmed", Some(r#"{"reference":"m-1"}"#), 0, "done"),
        (Recovery::AtMostOnce, "unknown", None, 0, "held"),
        (IDEMPOTENT, "unknown", None, 1, "done"),
        (Recovery::Queryable, "unknown", None, 1, "done"),
    ] {
        let stage = Stage::new(units(1, "mail"), recovery, accept());
        if recovery == Recovery::Queryable {
            seen_before(&stage);
        }
        let plant = move |tx: &rusqlite::Connection| {
            tx.execute("INSERT INTO restores VALUES (1, 1000, 2000, 'one.db', 'old.db')", [])?;
            let key = mail_key();
            let payload = r#"{"effect":"mail","to":"a@b.example","to_name":"A","from":"u@a.example","from_name":"U","subject":"Then","text":"then","headers":[]}"#;
            tx.execute(
                "INSERT INTO carried_effects VALUES ('dry', ?1, ?2, 'idempotent', 'recorder', ?3, 'other',
                   1, 'gone', 5, 5, ?4, 'its sender stopped')",
                (key, state, payload, receipt),
            )?;
            Ok::<_, StoreError>(())
        };
        stage.store.write("plant", plant).await.unwrap();
        stage.run_all().await;
        let story = format!("{recovery:?} {state}");
        assert_eq!((stage.sends(), stage.texts(UNITS)), (sends, vec![unit.to_owned()]), "{story}");
        assert_eq!(stage.count("SELECT count(*) FROM carried_effects"), 0, "{story}");
        assert_eq!(stage.texts("SELECT json_extract(payload, '$.subject') FROM effects"), ["Then"]);
    }
}
