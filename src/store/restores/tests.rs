//! Shows what one commit makes of a backup.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::{Order, Restored, begin, doubt, end_doubt, standing};
use crate::domain::ids::UnitId;
use crate::domain::mode::Mode;
use crate::domain::time::{DAY_MS, Moment};
use crate::store::{copies, open};

const BACKUP: Moment = Moment(1_000 * DAY_MS);
const NOW: Moment = Moment(1_001 * DAY_MS);

fn order(old: Option<PathBuf>) -> Order {
    Order {
        source: "one.db".to_owned(),
        backup_at: BACKUP,
        kept: old.as_ref().map(|_| "old.db.replaced".to_owned()),
        old,
        actor: "a@b".to_owned(),
        wall: NOW,
        remembers: true,
        dry_start: Moment(0),
    }
}

/// Inserts a live unit in a state, with the effect that it has.
fn unit(conn: &Connection, state: &str, run_at: Option<Moment>, effect: Option<&str>) -> UnitId {
    let ended = matches!(state, "dead" | "done").then_some(1);
    let sql =
        "INSERT INTO units (mode, layer, kind, entity, version, label, state, run_at, created_at,
        ended_at, epoch) VALUES ('live', 3, 'k', ?1, 'v', 'l', ?2, ?3, 0, ?4, 1) RETURNING id";
    let n: i64 = conn.query_row("SELECT count(*) FROM units", [], |row| row.get(0)).unwrap();
    let id: UnitId = conn
        .query_row(sql, params![n.to_string(), state, run_at, ended], |row| row.get(0))
        .unwrap();
    if let Some(state) = effect {
        put_effect(conn, id, &n.to_string(), state);
    }
    id
}

fn put_effect(conn: &Connection, unit: UnitId, key: &str, state: &str) {
    let confirmed = state == "confirmed";
    conn.execute(
        "INSERT INTO effects (mode, key, layer, unit_id, action, entity, version, state, recovery, host,
           payload, digest, owner, attempt_id, sent_at, settled_at, confirmed_no, wall_at, receipt)
         VALUES ('live', ?1, 3, ?2, 'send_email', 'e', 'v', ?3, 'at_most_once', 'h', '{}', 'd', 'o', 1, 5,
           ?4, (SELECT CASE WHEN ?5 THEN 1 + count(*) END FROM effects), 5, ?6)",
        params![
            key,
            unit,
            state,
            matches!(state, "confirmed" | "rejected").then_some(6),
            confirmed,
            confirmed.then_some(r#"{"reference":"r"}"#),
        ],
    )
    .unwrap();
}

fn states(conn: &Connection, table: &str) -> Vec<String> {
    let mut statement = conn.prepare(&format!("SELECT state FROM {table} ORDER BY id")).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn restore(path: &Path, old: Option<PathBuf>) -> (Connection, Restored) {
    let restored = begin(path, &order(old)).unwrap();
    (open::writer(path).unwrap(), restored)
}

#[test]
fn without_the_replaced_database_all_is_in_doubt_but_what_was_planned_for_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let conn = open::writer(&path).unwrap();
    let later = unit(&conn, "scheduled", Some(NOW.plus_ms(1)), None);
    let due = unit(&conn, "scheduled", Some(NOW.plus_ms(-1)), None);
    let in_hands = unit(&conn, "leased", None, Some("sending"));
    let tried = unit(&conn, "retry_wait", Some(NOW.plus_ms(9)), Some("rejected"));
    let done = unit(&conn, "done", None, Some("rejected"));
    copies::put(&conn, "backup/made", "1", NOW).unwrap();
    conn.execute(
        "INSERT INTO leases (mode, name, owner, epoch, until, pid, pid_start, boot_id)
         VALUES ('live', 'layer/3', 'o', 4, 9, 7, 7, 'b')",
        [],
    )
    .unwrap();
    conn.execute(
        "INSERT INTO runs (mode, scope, state, started_at, wall_started_at, owner)
         VALUES ('live', 'all', 'running', 0, 0, 'o')",
        [],
    )
    .unwrap();
    drop(conn);
    let (conn, restored) = restore(&path, None);
    let expected = Restored {
        generation: 1,
        runs: 1,
        units: 1,
        in_flight: 1,
        doubted: 1,
        certain: 1,
        ..Restored::default()
    };
    assert_eq!(restored, expected);
    assert_eq!(states(&conn, "units"), ["scheduled", "scheduled", "ready", "retry_wait", "done"]);
    assert_eq!(states(&conn, "effects"), ["unknown", "unknown", "rejected"]);
    assert_eq!(states(&conn, "runs"), ["interrupted"]);
    let held: i64 =
        conn.query_row("SELECT count(*) FROM leases WHERE pid <> 0", [], |row| row.get(0)).unwrap();
    assert_eq!((held, copies::number(&conn, "backup/made").unwrap()), (0, None));
    let is_doubted = |unit| doubt(&conn, Mode::Live, unit).unwrap().is_some();
    assert!(!is_doubted(later), "it cannot have gone out before its time");
    assert!([due, in_hands, tried, done].into_iter().all(is_doubted));
    let unborn = UnitId(99);
    assert!(is_doubted(unborn), "work that is found again may have been done before");
    let standing_now = standing(&conn, Mode::Live).unwrap().unwrap();
    assert!(standing_now.is_in_doubt && standing_now.held == 1, "{standing_now:?}");
    // What was in flight at the backup is for its own verdict; the doubt ends without it.
    assert_eq!(end_doubt(&conn, Mode::Live, "e", NOW, NOW).unwrap(), Some(1));
    assert_eq!(states(&conn, "effects"), ["unknown", "rejected", "rejected"]);
    assert!(!is_doubted(due));
}

#[test]
fn the_replaced_database_tells_acts_opt_outs_and_what_was_sent_today() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old_path) = (folder.path().join("new.db"), folder.path().join("old.db"));
    let conn = open::writer(&path).unwrap();
    let sent = unit(&conn, "retry_wait", Some(NOW), Some("rejected"));
    drop(conn);
    std::fs::copy(&path, &old_path).unwrap();
    let old = open::writer(&old_path).unwrap();
    old.execute_batch(
        "UPDATE effects SET state = 'confirmed', sends = 2, confirmed_no = 1, receipt = '{\"reference\":\"m\"}';
         INSERT INTO settings VALUES ('db_generation', '6', 0);
         INSERT INTO limits VALUES ('live', 'slot', 'sent/email/2026-11-26', '30', 0);
         INSERT INTO suppressions VALUES ('live', 'a@b.example', 'opted_out', 'e', 0),
           ('dry', 'c@d.example', 'opted_out', 'e', 0);",
    )
    .unwrap();
    for (n, state) in ["confirmed", "sending", "rejected"].into_iter().enumerate() {
        let id = unit(&old, "ready", None, None);
        put_effect(&old, id, &format!("since {n}"), state);
    }
    drop(old);
    let (conn, restored) = restore(&path, Some(old_path.clone()));
    assert!(restored.is_known && restored.generation == 7, "{restored:?}");
    assert_eq!(
        (restored.carried, restored.opt_outs),
        (3, 1),
        "two that wait, and one that moved on"
    );
    assert_eq!(states(&conn, "effects"), ["confirmed"]);
    let waiting: String = conn
        .query_row("SELECT group_concat(state ORDER BY key) FROM carried_effects", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(waiting, "confirmed,unknown", "what was refused had no effect");
    let count: String = conn
        .query_row("SELECT state FROM limits WHERE name LIKE 'sent/%'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, "30");
    assert_eq!(doubt(&conn, Mode::Live, sent).unwrap(), None);
    assert_eq!(end_doubt(&conn, Mode::Live, "e", NOW, NOW).unwrap(), None);
}

#[test]
fn a_replaced_database_that_is_damaged_is_no_witness() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("new.db"), folder.path().join("old.db"));
    drop(open::writer(&path).unwrap());
    std::fs::write(&old, "this was a database once, and now it is a text of some length").unwrap();
    let (_, restored) = restore(&path, Some(old));
    assert!(!restored.is_known && restored.generation == 1);
}
