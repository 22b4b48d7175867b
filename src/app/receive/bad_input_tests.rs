//! Feeds hostile strings through signed and unsigned deliveries, and works what was taken in.

use super::*;
use crate::app::command::RunRequest;
use crate::app::{Handle, Origin, Setup, Show, build};
use crate::domain::lifecycle::run::RunState;
use crate::domain::test_data;
use crate::domain::text::is_unsafe;

/// A real body with `text` in every field that a person fills in.
fn typed_in(sample: &Value, text: &str, n: usize) -> Value {
    let mut body = sample.clone();
    let typed = [
        "/payload/name",
        "/payload/tracking/utm_campaign",
        "/payload/tracking/utm_source",
        "/payload/scheduled_event/name",
        "/data/object/customer_name",
        "/data/object/description",
        "/data/object/footer",
    ];
    for pointer in typed {
        if let Some(field) = body.pointer_mut(pointer) {
            *field = text.into();
        }
    }
    for (pointer, own) in [
        ("/id", format!("evt_{n}")),
        ("/data/object/id", format!("in_{n}")),
        ("/payload/uri", format!("https://api.calendly.com/scheduled_events/A/invitees/{n}")),
        ("/payload/email", format!("b{n}@b{n}.example")),
        ("/payload/scheduled_event/start_time", "2026-02-02T14:15:00Z".to_owned()),
        ("/payload/scheduled_event/end_time", "2026-02-02T14:30:00Z".to_owned()),
    ] {
        if let Some(field) = body.pointer_mut(pointer) {
            *field = own.into();
        }
    }
    body
}

/// The same body with `text` in place of every text.
fn all_replaced(sample: &Value, text: &str) -> Value {
    match sample {
        Value::String(_) => text.into(),
        Value::Array(items) => items.iter().map(|item| all_replaced(item, text)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                let kept = matches!(name.as_str(), "event" | "type" | "object");
                let value = if kept { value.clone() } else { all_replaced(value, text) };
                (name.clone(), value)
            })
            .collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other.clone(),
    }
}

fn delivery(provider: &'static str, key: &str, now: Moment, id: &str, body: &[u8]) -> RawDelivery {
    let header = Provider::from_column(provider).unwrap().header().to_owned();
    RawDelivery {
        provider,
        delivery_id: id.to_owned(),
        headers: vec![(header, signature::sign(key, body, now))],
        body: body.to_vec(),
    }
}

/// All deliveries of one string, signed with `keys`.
fn deliveries(text: &str, n: usize, keys: [&str; 2], now: Moment) -> Vec<RawDelivery> {
    let mut made = Vec::new();
    let samples = [
        ("calendly", keys[0], "webhooks-calendly/invitee.created.json"),
        ("stripe", keys[1], "webhooks-stripe/02-invoice.paid.json"),
    ];
    for (provider, key, name) in samples {
        let sample: Value = serde_json::from_str(&test_data::read(name).unwrap()).unwrap();
        let bodies = [
            typed_in(&sample, text, n).to_string(),
            all_replaced(&sample, text).to_string(),
            text.to_owned(),
        ];
        for (kind, body) in bodies.iter().enumerate() {
            made.push(delivery(provider, key, now, &format!("{n}/{kind} {text}"), body.as_bytes()));
        }
    }
    made
}

fn machine(folder: &std::path::Path) -> Handle {
    let settings = crate::config::embedded(folder).unwrap();
    let setup = Setup {
        database: folder.join("t.db"),
        settings,
        origin: Origin::Cli,
        user: "tester".to_owned(),
    };
    Handle::start(Arc::new(build(setup).unwrap()), Show::Headless, Mode::Dry).unwrap()
}

fn number(machine: &Handle, sql: &'static str) -> usize {
    let n: i64 =
        machine.parts().store.read(|conn| Ok(conn.query_row(sql, [], |row| row.get(0))?)).unwrap();
    usize::try_from(n).unwrap()
}

/// Every text that was stored, JSON read out, but the raw proof in the inbox.
fn texts(machine: &Handle) -> Vec<String> {
    let store = &machine.parts().store;
    let tables: Vec<String> = store
        .read(|conn| {
            let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'inbox'";
            let mut statement = conn.prepare(sql)?;
            let names = statement.query_map([], |row| row.get(0))?;
            Ok(names.collect::<Result<_, _>>()?)
        })
        .unwrap();
    let mut found = Vec::new();
    for table in tables {
        let mut cells: Vec<String> = store
            .read(|conn| {
                let mut statement = conn.prepare(&format!("SELECT * FROM {table}"))?;
                let n_columns = statement.column_count();
                let mut rows = statement.query([])?;
                let mut cells = Vec::new();
                while let Some(row) = rows.next()? {
                    cells.extend((0..n_columns).filter_map(|at| row.get::<_, String>(at).ok()));
                }
                Ok(cells)
            })
            .unwrap();
        found.append(&mut cells);
    }
    let decoded = found.iter().filter_map(|cell| serde_json::from_str::<Value>(cell).ok());
    let mut inside = Vec::new();
    decoded.for_each(|value| strings(&value, &mut inside));
    found.append(&mut inside);
    found
}

fn strings(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            found.push(name.clone());
            strings(value, found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_words_in_signed_notices_are_worked_clean_and_unsigned_ones_leave_no_row() {
    let Some(hostile) = test_data::naughty_strings() else { return };
    let folder = tempfile::tempdir().unwrap();
    let machine = machine(folder.path());
    let parts = machine.parts();
    let now = parts.engine(Mode::Dry).now(Mode::Dry).await.unwrap();
    let key = |provider| parts.settings.secrets.webhook_key(Mode::Dry, provider).unwrap();
    let keys = [key("calendly"), key("stripe")];
    let mut n_signed = 0;
    for (n, text) in hostile.iter().enumerate() {
        for forged in deliveries(text, n, ["a guess", text], now) {
            assert!(parts.inbox.receive(Mode::Dry, now, forged).is_err(), "{text:?}");
        }
        for signed in deliveries(text, n, keys, now) {
            let write = parts.inbox.receive(Mode::Dry, now, signed).unwrap();
            parts.store.write("receive", write).await.unwrap();
            n_signed += 1;
        }
    }
    assert_eq!(parts.inbox.forged(), n_signed as u64);
    assert_eq!(number(&machine, "SELECT count(*) FROM inbox"), n_signed, "nothing lost or added");
    let notices = "SELECT count(*) FROM units WHERE kind = 'delivery'";
    assert_eq!(number(&machine, notices), n_signed);

    let layers = vec![Layer::BookingHandler, Layer::FinanceTracker];
    let request = RunRequest { mode: Mode::Dry, layers, input: None, limit: None };
    let report = machine.run_to_end(request).await.unwrap();
    let ended = matches!(report.state, RunState::Succeeded | RunState::PartiallyFailed);
    assert!(ended, "{report:?}");
    let fates = "SELECT count(*) FROM units WHERE kind = 'delivery' AND (state = 'done'
        OR state IN ('dead', 'skipped', 'held', 'scheduled') AND why > '')";
    assert_eq!(number(&machine, fates), n_signed, "each is worked, or ends with its reason");
    let bugs = "SELECT count(*) FROM attempts WHERE class = 'bug'";
    assert_eq!(number(&machine, bugs), 0);
    let booked = "SELECT count(*) FROM invitees";
    assert_eq!(number(&machine, booked), hostile.len(), "odd names book meetings like others");
    for text in texts(&machine) {
        assert!(!text.contains(|c| is_unsafe(c) && c != '\n'), "{text:?}");
    }
}

#[test]
fn two_odd_ids_of_deliveries_never_become_one() {
    assert_eq!(plain_id("evt_1"), "evt_1");
    let (one, other) = (plain_id("a\u{202e}b"), plain_id("ab\u{7}"));
    assert!(one.starts_with("ab#") && other.starts_with("ab#") && one != other);
    assert!(plain_id("").starts_with('#') && !plain_id(&"x".repeat(999)).contains(is_unsafe));
}
