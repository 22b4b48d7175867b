//! What becomes of files: a whole backup under its name, or nothing.

use std::fs;
use std::process::Command;

use super::bench::{Bench, SECRET, number};

const BACKUPS: &str = "state/backups";

fn with_some_work() -> Bench {
    let bench = Bench::new();
    bench.said("cep.db", &["run", "1", "--limit", "4"], 0);
    bench
}

#[test]
fn a_backup_is_whole_verified_and_without_secrets_and_only_the_newest_are_kept() {
    let bench = with_some_work();
    let said = bench.said("cep.db", &["backup", "one.db"], 0);
    assert!(said.contains("verified"), "{said}");
    let units = "SELECT count(*) FROM units";
    assert_eq!(number(&bench.path("one.db"), units), bench.number("cep.db", units));
    let bytes = fs::read(bench.path("one.db")).unwrap();
    assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(bench.path("one.db")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600, "nobody else may read what clients told us");
    // Older ones of ours go, and nothing that is named otherwise.
    fs::create_dir_all(bench.path(BACKUPS)).unwrap();
    for name in [
        "cep-20260101T000000Z.db",
        "cep-20260102T000000Z.db",
        "cep-20260103T000000Z.db",
        "cep-before-the-move.db",
        "other-20260101T000000Z.db",
    ] {
        fs::write(bench.path(BACKUPS).join(name), "x").unwrap();
    }
    // A copy that a killed process left; no process has that number.
    fs::write(bench.path(BACKUPS).join("cep-20260104T000000Z.db.99999999.partial"), "x").unwrap();
    let made: serde_json::Value =
        serde_json::from_str(&bench.said("cep.db", &["backup", "--json"], 0)).unwrap();
    assert_eq!(made["contents"]["units"], bench.number("cep.db", units));
    let names = bench.names_in(BACKUPS);
    assert_eq!(names.len(), 5, "{names:?}");
    for kept in [
        "cep-20260102T000000Z.db",
        "cep-20260103T000000Z.db",
        "cep-before-the-move.db",
        "other-20260101T000000Z.db",
    ] {
        assert!(names.contains(kept), "{kept} is gone: {names:?}");
    }
    let status = bench.said("cep.db", &["status"], 0);
    assert!(status.contains("backup ") && status.contains(" old, "), "{status}");
}

#[test]
fn a_backup_that_cannot_be_made_leaves_nothing_and_says_why_and_what_to_do() {
    let bench = with_some_work();
    fs::write(bench.path("taken.db"), "mine").unwrap();
    let said = bench.said("cep.db", &["backup", "taken.db"], 2);
    assert!(said.contains("taken.db") && said.contains("hint: name another file"), "{said}");
    assert_eq!(fs::read_to_string(bench.path("taken.db")).unwrap(), "mine");
    let said = bench.said("cep.db", &["backup", "no/such/folder.db"], 2);
    assert!(said.contains("hint: check the name"), "{said}");
    let said = bench.said("cep.db", &["backup", "cep.yaml/inside.db"], 2);
    assert!(said.contains("cannot write") && said.contains("hint: "), "{said}");
    let said = bench.said("none.db", &["backup", "x.db"], 2);
    assert!(said.contains("there is no database"), "{said}");
    fs::write(
        bench.path("notes.txt"),
        "these are my notes, and there are more of them than a header",
    )
    .unwrap();
    let said = bench.said("notes.txt", &["backup", "x.db"], 2);
    assert!(said.contains("is not a CEP Machine database"), "{said}");
    let names = bench.names_in(".");
    assert!(names.iter().all(|name| !name.contains("partial") && name != "x.db"), "{names:?}");
}

/// No file may grow beyond 64 KiB, which is how a disk that is full looks to whoever writes there.
#[test]
fn a_full_disk_leaves_no_half_backup_under_a_final_name() {
    let bench = with_some_work();
    // All of it is in the one file, so that what came of the backup can still be noted.
    let conn = rusqlite::Connection::open(bench.path("cep.db")).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(conn);
    let words = bench.command("cep.db", &["backup", "big.db"]);
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\""]);
    limited.arg(words.get_program()).args(words.get_args()).current_dir(bench.path("."));
    let output = limited.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the copy") && said.contains("hint: "), "{said}");
    let names = bench.names_in(".");
    assert!(names.iter().all(|name| !name.starts_with("big.db")), "{names:?}");
    let status = bench.said("cep.db", &["status"], 0);
    assert!(status.contains("the latest backup failed"), "{status}");
    bench.said("cep.db", &["backup", "big.db"], 0);
}

#[test]
fn a_restore_refuses_what_is_damaged_in_use_or_not_empty_and_changes_nothing_then() {
    let bench = with_some_work();
    bench.said("cep.db", &["backup", "one.db"], 0);
    let before = fs::read(bench.path("cep.db")).unwrap();
    let said = bench.said("cep.db", &["restore", "one.db"], 4);
    assert!(said.contains("is not empty") && said.contains("--replace"), "{said}");
    let said = bench.said("one.db", &["restore", "one.db"], 2);
    assert!(said.contains("is the backup and the database"), "{said}");
    let said = bench.said("new.db", &["restore", "none.db"], 2);
    assert!(said.contains("hint: "), "{said}");
    // A page in the middle is overwritten, whatever stands there.
    let mut bytes = fs::read(bench.path("one.db")).unwrap();
    let middle = bytes.len() / 8192 * 4096;
    bytes[middle..middle + 4096].fill(0xa5);
    fs::write(bench.path("bad.db"), &bytes).unwrap();
    let said = bench.said("new.db", &["restore", "bad.db"], 2);
    let is_named = said.contains("not sound") || said.contains("malformed");
    assert!(is_named && said.contains("hint: "), "{said}");
    fs::write(bench.path("half.db"), &bytes[..bytes.len() / 2]).unwrap();
    let (code, said) = bench.cep("new.db", &["restore", "half.db"]);
    assert!(code != Some(0) && said.contains("hint: "), "{said}");
    // Somebody who only looks on would go on looking at the file that was replaced.
    let onlooker = rusqlite::Connection::open(bench.path("cep.db")).unwrap();
    let n: i64 = onlooker.query_row("SELECT count(*) FROM units", [], |row| row.get(0)).unwrap();
    assert!(n > 0);
    let said = bench.said("cep.db", &["restore", "one.db", "--replace"], 4);
    assert!(said.contains("in use: another process has it open"), "{said}");
    drop(onlooker);
    assert!(fs::read(bench.path("cep.db")).unwrap() == before, "it is another file now");
    let names = bench.names_in(".");
    assert!(names.iter().all(|name| !name.contains("restoring") && name != "new.db"), "{names:?}");
}

#[test]
fn a_database_that_somebody_works_is_not_replaced_and_a_damaged_one_is_and_is_kept() {
    let bench = with_some_work();
    bench.said("cep.db", &["backup", "one.db"], 0);
    let mut server = bench.start("cep.db", &["serve", "--listen", "127.0.0.1:0"]);
    let serving = "SELECT count(*) FROM leases WHERE name = 'serve' AND pid <> 0";
    for _ in 0..6_000 {
        if bench.number("cep.db", serving) > 0 {
            break;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
    let said = bench.said("cep.db", &["restore", "one.db", "--replace"], 4);
    assert!(said.contains("in use: serve pid") && said.contains("stop that process"), "{said}");
    server.kill().unwrap();
    server.wait().unwrap();
    let bytes = fs::read(bench.path("cep.db")).unwrap();
    fs::write(bench.path("cep.db"), &bytes[100..]).unwrap();
    let said = bench.said("cep.db", &["restore", "one.db", "--replace"], 0);
    assert!(said.contains("cannot be read") && said.contains("cep restore --settled"), "{said}");
    let names = bench.names_in(".");
    let kept = names.iter().find(|name| name.starts_with("cep.db.replaced-")).unwrap();
    assert!(fs::read(bench.path(kept)).unwrap() == bytes[100..], "the kept one was changed");
    let status = bench.said("cep.db", &["status"], 0);
    assert!(status.contains("restored from a backup of"), "{status}");
    let told = ["restore", "--settled", "--evidence", "nothing was sent"];
    bench.said("cep.db", &told, 0);
    assert!(bench.said("cep.db", &told, 2).contains("nothing of dry is in doubt"));
}

#[test]
fn a_process_that_serves_makes_backups_by_itself_and_notes_what_came_of_them() {
    let bench = with_some_work();
    let mut server = bench.start("cep.db", &["serve", "--listen", "127.0.0.1:0"]);
    // It is noted last.
    let latest = "SELECT value FROM settings WHERE key = 'backup/latest'";
    for _ in 0..6_000 {
        if !bench.rows("cep.db", latest).is_empty() {
            break;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(10));
    }
    let noted = bench.rows("cep.db", latest);
    assert!(noted.first().is_some_and(|row| row.contains("\"why\":null")), "{noted:?}");
    let names = bench.names_in(BACKUPS);
    assert!(names.len() == 1 && names.iter().all(|name| name.ends_with("Z.db")), "{names:?}");
    let units = "SELECT count(*) FROM units";
    let made = bench.path(BACKUPS).join(names.first().unwrap());
    assert_eq!(number(&made, units), bench.number("cep.db", units));
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn what_a_killed_restore_left_is_cleared_away_by_the_next_one() {
    let bench = with_some_work();
    bench.said("cep.db", &["backup", "one.db"], 0);
    // Killed between the second name of the old database and the name of the new one.
    fs::hard_link(bench.path("cep.db"), bench.path("cep.db.replaced-20260101T000000Z")).unwrap();
    fs::write(bench.path("cep.db.99999999.restoring"), "half").unwrap();
    // An earlier database that was kept is nobody's second name.
    fs::write(bench.path("cep.db.replaced-20250101T000000Z"), "kept").unwrap();
    bench.said("cep.db", &["restore", "one.db", "--replace"], 0);
    let names = bench.names_in(".");
    assert!(names.iter().all(|name| !name.ends_with("restoring")), "{names:?}");
    let kept: Vec<_> = names.iter().filter(|name| name.contains(".replaced-")).collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert!(!kept.iter().any(|name| name.contains("20260101")), "{kept:?}");
    assert_eq!(bench.number("cep.db", "SELECT count(*) FROM restores"), 1);
}
