//! Upgrades databases of every older version with work in flight, and refuses newer ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::bench::{Bench, hosts};

/// `application_id` of our files: the bytes `CEPm`.
const APPLICATION_ID: i64 = 0x4345_506d;

/// The second schema is the first that knows businesses: nothing was ever worked under the first.
const FIRST_WITH_WORK: usize = 2;

const RUN: [&str; 5] = ["run", "all", "--limit", "4", "--json"];
const UNITS: &str = "SELECT printf('%d|%s|%s|%s', layer, entity, version, state) FROM units";

/// Returns every migration in order.
fn migrations() -> Vec<String> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/schema"));
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let names: BTreeSet<_> = names.collect();
    names.into_iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

fn names(conn: &Connection, sql: &str) -> Vec<String> {
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Writes what stands in `from` into a database of an older version: everything that it can hold.
fn as_of_version(version: usize, from: &Path, to: &Path) {
    let conn = Connection::open(to).unwrap();
    for sql in &migrations()[..version] {
        conn.execute_batch(sql).unwrap();
    }
    // Rows are copied as they are, so nothing may count or change them on the way.
    let triggers = names(&conn, "SELECT sql FROM sqlite_master WHERE type = 'trigger'");
    for name in names(&conn, "SELECT name FROM sqlite_master WHERE type = 'trigger'") {
        conn.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    conn.execute("ATTACH DATABASE ?1 AS now", [from.to_str().unwrap()]).unwrap();
    let tables = "SELECT name FROM main.sqlite_master WHERE type = 'table'
      AND (name NOT LIKE 'sqlite_%' OR name = 'sqlite_sequence') ORDER BY name = 'sqlite_sequence'";
    for table in names(&conn, tables) {
        let columns = |schema: &str| {
            names(&conn, &format!("SELECT name FROM {schema}.pragma_table_info('{table}')"))
        };
        let known: BTreeSet<_> = columns("now").into_iter().collect();
        let both: Vec<_> =
            columns("main").into_iter().filter(|column| known.contains(column)).collect();
        let columns = both.join(", ");
        let later = if table == "settings" {
            format!(
                "WHERE key NOT LIKE 'migration/%' OR CAST(substr(key, 11) AS INTEGER) <= {version}"
            )
        } else if table == "sqlite_sequence" {
            "WHERE name IN (SELECT name FROM main.sqlite_master)".to_owned()
        } else {
            String::new()
        };
        let copy = format!(
            "DELETE FROM main.{table};
             INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table} {later}"
        );
        conn.execute_batch(&copy).unwrap();
    }
    for sql in &triggers {
        conn.execute_batch(sql).unwrap();
    }
    conn.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
    conn.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
}

#[test]
fn a_database_of_any_older_version_with_work_in_flight_is_upgraded_and_its_work_goes_on() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let clean = Bench::new();
    clean.said("clean.db", &RUN, 0);
    let expected = clean.rows("clean.db", UNITS);
    let killed = Bench::new();
    let mut run = killed.command("killed.db", &RUN);
    assert!(!run.env("CEP_FAILPOINT", "effect.sent:12").output().unwrap().status.success());
    let in_flight = "SELECT (SELECT count(*) FROM units WHERE state = 'leased')
      * (SELECT count(*) FROM effects WHERE state = 'sending')
      * (SELECT count(*) FROM runs WHERE state = 'running')";
    assert!(killed.number("killed.db", in_flight) > 0, "a run, units and effects are in flight");
    // The long form takes every version; the short one each third, from the oldest on.
    let step = if std::env::var_os("CEP_CRASH_FULL").is_some() { 1 } else { 3 };
    for version in (FIRST_WITH_WORK..migrations().len()).step_by(step) {
        let bench = killed.twin();
        as_of_version(version, &killed.path("killed.db"), &bench.path("old.db"));
        assert!(bench.number("old.db", in_flight) > 0, "version {version}");
        bench.said("old.db", &RUN, 0);
        assert_eq!(bench.rows("old.db", UNITS), expected, "version {version}");
        let runs = bench.rows("old.db", "SELECT id || ' ' || state FROM runs");
        assert_eq!(runs, BTreeSet::from(["1 succeeded".to_owned()]), "version {version}");
        let called: BTreeMap<_, _> = hosts(&bench.path("old.db"));
        bench.assert_nothing_twice(&called);
        eprintln!("version {version}: upgraded with work in flight, nothing lost, nothing twice");
    }
}

#[test]
fn a_newer_database_is_refused_with_the_next_step_and_stays_as_it_was() {
    let bench = Bench::new();
    bench.said("cep.db", &["run", "1", "--limit", "2"], 0);
    let conn = Connection::open(bench.path("cep.db")).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    conn.close().unwrap();
    let before = fs::read(bench.path("cep.db")).unwrap();
    for arguments in [
        &["status"][..],
        &["run", "all"],
        &["serve", "--listen", "127.0.0.1:0"],
        &["retry", "1"],
        &["restore", "cep.db"],
    ] {
        let database = if arguments[0] == "restore" { "elsewhere.db" } else { "cep.db" };
        let output = bench.command(database, arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains("has schema 99, this version knows"), "{said}");
        assert!(said.contains("hint: use the version of cep that wrote it"), "{said}");
    }
    assert!(fs::read(bench.path("cep.db")).unwrap() == before, "it is another file now");
    assert!(!bench.path("elsewhere.db").exists());
}
