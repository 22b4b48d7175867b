//! Kills the machine at every commit and effect boundary, starts it again, and compares what the
//! receiver saw with what the journal says.
//!
//! The receiver's record is a file of its own, fsynced at each arrival, so it tells the truth however
//! the machine died. `CEP_CRASH_FULL=1` kills at eight hits of each failpoint, up to the 34th.

#![expect(clippy::print_stderr, reason = "a skipped test says so, and each kill is reported")]
#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has to fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use cep_machine::runtime::failpoint;
use rusqlite::Connection;

/// Few businesses: every boundary is met many times all the same, and fifty runs stay short.
const BUSINESSES: &str = "4";

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "sim:\n  receiver_log: {}\npaths:\n  state_dir: {}\n",
            folder.path().join("receiver.jsonl").display(),
            folder.path().display(),
        );
        std::fs::write(folder.path().join("cep.yaml"), config).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs all nine layers; with a failpoint the process dies there.
    fn run(&self, failpoint: Option<&str>) -> (ExitStatus, String) {
        self.run_with(&["run", "all", "--limit", BUSINESSES, "--json"], failpoint)
    }

    fn run_with(&self, arguments: &[&str], failpoint: Option<&str>) -> (ExitStatus, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command
            .args(arguments)
            .arg("--db")
            .arg(self.path("crash.db"))
            .arg("--config")
            .arg(self.path("cep.yaml"))
            .env_remove("CEP_FAILPOINT");
        if let Some(failpoint) = failpoint {
            command.env("CEP_FAILPOINT", failpoint);
        }
        let output = command.output().unwrap();
        (output.status, String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn arrivals(&self) -> BTreeMap<String, usize> {
        let text = std::fs::read_to_string(self.path("receiver.jsonl")).unwrap_or_default();
        let mut applied = BTreeMap::new();
        for line in text.lines() {
            let arrival: serde_json::Value = serde_json::from_str(line).unwrap();
            let n = applied.entry(arrival["key"].as_str().unwrap().to_owned()).or_insert(0);
            *n += usize::from(arrival["what"] == "applied");
        }
        applied
    }

    fn rows(&self, sql: &str) -> BTreeSet<String> {
        let conn = Connection::open(self.path("crash.db")).unwrap();
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }
}

/// Every unit by its natural name with its end; row ids and attempts may differ, this may not.
const UNITS: &str = "SELECT printf('%d|%s|%s|%s', layer, entity, version, state) FROM units";
const CONFIRMED: &str = "SELECT key FROM effects WHERE state = 'confirmed'";
const UNSETTLED: &str = "SELECT key FROM effects WHERE state IN ('sending', 'unknown')";
const LEFT_OPEN: &str = "SELECT printf('unit %d', id) FROM units WHERE state IN ('leased', 'ready')
                         UNION SELECT printf('attempt %d', id) FROM attempts WHERE state = 'started'";

/// Series with a gap or a double number, and papers that went out without theirs.
const WRONG_NUMBERS: &str = "
SELECT printf('invoices of %d: %d', serial_year, count(*)) FROM invoices WHERE serial IS NOT NULL
  GROUP BY mode, serial_year HAVING count(*) <> max(serial) OR count(DISTINCT number) <> count(*)
UNION SELECT printf('credit notes of %d: %d', serial_year, count(*)) FROM credit_notes
  GROUP BY mode, serial_year HAVING count(*) <> max(serial) OR count(DISTINCT number) <> count(*)
UNION SELECT 'without a number: ' || entity FROM invoices WHERE period = 'setup' AND number IS NULL";

fn is_dead_of_abort(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(6)
}

fn check(bench: &Bench, clean: &BTreeSet<String>, at: &str) {
    let units = bench.rows(UNITS);
    let lost: Vec<_> = clean.difference(&units).take(5).collect();
    let more: Vec<_> = units.difference(clean).take(5).collect();
    assert!(lost.is_empty() && more.is_empty(), "{at}: lost {lost:?}, more {more:?}");
    assert_eq!(bench.rows(LEFT_OPEN), BTreeSet::new(), "{at}");
    assert_eq!(bench.rows(UNSETTLED), BTreeSet::new(), "{at}");
    assert_eq!(bench.rows(WRONG_NUMBERS), BTreeSet::new(), "{at}: a gap, or a number twice");
    let arrivals = bench.arrivals();
    for (key, applied) in &arrivals {
        assert_eq!(*applied, 1, "{at}: {key} took effect {applied} times");
    }
    let arrived: BTreeSet<_> = arrivals.into_keys().collect();
    assert_eq!(arrived, bench.rows(CONFIRMED), "{at}: the journal and the receiver disagree");
    let quick: String = Connection::open(bench.path("crash.db"))
        .unwrap()
        .query_row("PRAGMA quick_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(quick, "ok", "{at}");
}

#[test]
fn killed_at_every_boundary_and_started_again_nothing_is_lost_and_nothing_happens_twice() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let clean = Bench::new();
    let (status, stderr) = clean.run(None);
    assert!(status.success(), "{stderr}");
    let expected = clean.rows(UNITS);
    check(&clean, &expected, "no kill");
    for name in failpoint::ALL {
        for &hit in hits_of(name) {
            let at = format!("{name}:{hit}");
            let bench = Bench::new();
            let (status, stderr) = bench.run(Some(&at));
            assert!(is_dead_of_abort(status), "{at} was not reached: {status} {stderr}");
            let (status, stderr) = bench.run(None);
            assert!(status.success(), "{at}: {status} {stderr}");
            check(&bench, &expected, &at);
            eprintln!("killed at {at}: nothing lost, nothing twice");
        }
    }
}

/// Which hits of a failpoint kill. Early ones fall into layer 1, later ones into outreach, bookings
/// and what follows from them.
fn hits_of(name: &str) -> &'static [u32] {
    let full = std::env::var_os("CEP_CRASH_FULL").is_some();
    match name {
        // A run starts and ends once, and so few businesses are few clients with few papers.
        "run.started" | "run.before_end" | "number.taken" | "number.written" => &[1],
        _ if full => &[1, 2, 3, 5, 8, 13, 21, 34],
        _ if name.starts_with("effect.") => &[1, 2, 13],
        _ => &[1, 2],
    }
}

/// An invoice that went out and of which 23.80 was given back, in a world where nothing else is.
const GIVEN_BACK: &str = "
INSERT INTO clients (mode, entity, name, category, email, zone, language, plan, state, signed_at)
VALUES ('dry', 'osm:node/1', 'A Dental', 'dental', 'a@dental.example', 'UTC', 'en', 'starter', 'active',
  1765584000000);
INSERT INTO invoices (mode, entity, period, number, serial, serial_year, net_minor, tax_minor,
  total_minor, currency, lines, issued_at, due_at, paid_at, paid_minor, refunded_minor, state)
VALUES ('dry', 'osm:node/1', 'setup', 'DRY-2025-0001', 1, 2025, 10000, 1900, 11900, 'USD', '[]',
  1765584000000, 1766188800000, 1766188800000, 11900, 2380, 'paid')";

#[test]
fn killed_while_a_credit_note_takes_its_number_it_is_written_once_and_leaves_no_gap() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    for at in
        ["number.taken", "number.written", "outcome.committed", "effect.sent", "effect.settled"]
    {
        let bench = Bench::new();
        let (status, stderr) = bench.run_with(&["run", "8"], None);
        assert!(status.success(), "{stderr}");
        Connection::open(bench.path("crash.db")).unwrap().execute_batch(GIVEN_BACK).unwrap();
        let (status, stderr) = bench.run_with(&["run", "8"], Some(at));
        assert!(is_dead_of_abort(status), "{at} was not reached: {status} {stderr}");
        let (status, stderr) = bench.run_with(&["run", "8"], None);
        assert!(status.success(), "{at}: {status} {stderr}");
        let notes = "SELECT printf('%s %d %d', number, total_minor, issued_at IS NOT NULL) FROM credit_notes";
        let expected = BTreeSet::from(["DRY-CN-2026-0001 2380 1".to_owned()]);
        assert_eq!(bench.rows(notes), expected, "{at}");
        assert_eq!(bench.rows(WRONG_NUMBERS), BTreeSet::new(), "{at}");
        assert_eq!(bench.rows(UNSETTLED), BTreeSet::new(), "{at}");
        assert!(bench.arrivals().into_values().all(|applied| applied == 1), "{at}: twice");
    }
}

#[test]
fn every_failpoint_stands_in_the_code_and_every_one_in_the_code_is_listed() {
    let mut found = BTreeSet::new();
    visit(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
    let listed: BTreeSet<_> = failpoint::ALL.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, listed);
}

fn visit(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            for rest in text.split("failpoint::hit(\"").skip(1) {
                found.insert(rest.split('"').next().unwrap_or_default().to_owned());
            }
        }
    }
}
