//! Tests the entry for deliveries one at a time.

use super::*;
use crate::runtime::clock::ManualClock;
use crate::store::Store;

struct Desk {
    _folder: tempfile::TempDir,
    store: Store,
    inbox: Inbox,
}

const NOW: Moment = Moment(1_767_603_600_000);

fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NOW));
    let store = Store::open(&folder.path().join("t.db"), Arc::clone(&clock)).unwrap();
    let settings = Arc::new(crate::config::embedded(folder.path()).unwrap());
    let inbox = Inbox::new(clock, settings);
    Desk { _folder: folder, store, inbox }
}

fn signed(provider: &'static str, key: &str, body: &str) -> RawDelivery {
    let header = Provider::from_column(provider).unwrap().header().to_ascii_lowercase();
    RawDelivery {
        provider,
        delivery_id: "evt_1".to_owned(),
        headers: vec![(header, signature::sign(key, body.as_bytes(), NOW))],
        body: body.as_bytes().to_vec(),
    }
}

fn count(desk: &Desk, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    desk.store.read(|conn| Ok(conn.query_row(&sql, [], |row| row.get(0))?)).unwrap()
}

#[tokio::test]
async fn a_delivery_is_kept_raw_and_has_its_work_and_a_duplicate_changes_nothing() {
    let desk = desk();
    let delivery = signed("stripe", "whsec_dry_stripe_signing_key", r#"{"id":"evt_1"}"#);
    for _ in 0..2 {
        let write = desk.inbox.receive(Mode::Dry, NOW, delivery.clone()).unwrap();
        desk.store.write("receive", write).await.unwrap();
    }
    assert_eq!((count(&desk, "inbox"), count(&desk, "units")), (1, 1));
    let unit: (i64, String, String) = desk
        .store
        .read(|conn| {
            Ok(conn.query_row("SELECT layer, kind, payload FROM units", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?)
        })
        .unwrap();
    assert_eq!((unit.0, unit.1.as_str()), (8, "delivery"));
    let payload: Value = serde_json::from_str(&unit.2).unwrap();
    assert_eq!(payload, json!({ "body": { "id": "evt_1" }, "inbox_id": 1 }));
}

#[test]
fn a_forged_delivery_is_counted_and_leaves_no_row() {
    let desk = desk();
    let forged = signed("stripe", "another key", "{}");
    assert!(desk.inbox.receive(Mode::Dry, NOW, forged).is_err());
    assert_eq!((count(&desk, "inbox"), desk.inbox.forged()), (0, 1));
}

#[test]
fn nothing_is_taken_in_live_without_a_real_key() {
    let desk = desk();
    let dry = signed("stripe", "whsec_dry_stripe_signing_key", "{}");
    assert!(desk.inbox.receive(Mode::Live, NOW, dry).is_err());
    assert_eq!(count(&desk, "inbox"), 0);
}
