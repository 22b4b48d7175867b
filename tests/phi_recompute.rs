//! Recomputes Φ_sync and every figure of every container from the rows of a database file, with
//! nothing of the machine's own code, and compares them with what `cep phi --json` says.
//!
//! It reads rows one by one and counts them itself: no aggregate table, no index trick, no query of
//! the machine. Windows, weights and formulas are written down here a second time, from the design.

#![expect(clippy::unwrap_used, reason = "a figure that cannot be recomputed has failed the test")]

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Container, its layers, its weight, its recent window, its conversion target.
const CONTAINERS: [(&str, &[i64], f64, i64, f64); 3] = [
    ("sales", &[1, 2, 3, 4], 0.33, 7 * DAY, 0.10),
    ("operations", &[5, 6], 0.34, 24 * HOUR, 1.0),
    ("finance", &[7, 8], 0.33, 28 * DAY, 1.0),
];

/// What one container comes to.
#[derive(Debug)]
struct Figures {
    conversion: Option<f64>,
    efficiency: Option<f64>,
    error_rate: Option<f64>,
    throughput: Option<f64>,
    health: Option<f64>,
}

/// A unit that counts: where, when it ended, whether done, whether clean.
struct Ended {
    layer: i64,
    at: i64,
    done: bool,
    clean: bool,
}

/// An attempt that counts.
struct Tried {
    layer: i64,
    at: i64,
    failed: bool,
}

/// Everything that Φ_sync rests on, as plain rows.
struct Rows {
    ended: Vec<Ended>,
    tried: Vec<Tried>,
    /// Container, due or concluded at, achieved.
    due: Vec<(&'static str, i64, bool)>,
}

fn read(path: &Path, mode: &str) -> Rows {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut tried = Vec::new();
    let mut last_end: HashMap<i64, i64> = HashMap::new();
    let mut attempts =
        conn.prepare("SELECT unit_id, mode, layer, state, ended_at FROM attempts").unwrap();
    let mut rows = attempts.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let Some(at) = row.get::<_, Option<i64>>(4).unwrap() else { continue };
        if row.get::<_, String>(1).unwrap() != mode {
            continue;
        }
        let latest = last_end.entry(row.get(0).unwrap()).or_insert(at);
        *latest = at.max(*latest);
        let state: String = row.get(3).unwrap();
        if ["ok", "failed", "timed_out", "lost"].contains(&state.as_str()) {
            tried.push(Tried { layer: row.get(2).unwrap(), at, failed: state != "ok" });
        }
    }
    let mut ended = Vec::new();
    let mut units = conn
        .prepare(
            "SELECT id, mode, layer, state, skipped_by, faulted, operated, ended_at FROM units",
        )
        .unwrap();
    let mut rows = units.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        if row.get::<_, String>(1).unwrap() != mode {
            continue;
        }
        let state: String = row.get(3).unwrap();
        let by: Option<String> = row.get(4).unwrap();
        let at: Option<i64> = match (state.as_str(), by.as_deref()) {
            ("done" | "dead", _) | ("skipped", Some("person")) => row.get(7).unwrap(),
            ("held", _) => last_end.get(&row.get(0).unwrap()).copied(),
            _ => None,
        };
        let Some(at) = at else { continue };
        let done = state == "done";
        let untouched = row.get::<_, i64>(5).unwrap() == 0 && row.get::<_, i64>(6).unwrap() == 0;
        ended.push(Ended { layer: row.get(2).unwrap(), at, done, clean: done && untouched });
    }
    Rows { ended, tried, due: due(&conn, mode) }
}

fn due(conn: &Connection, mode: &str) -> Vec<(&'static str, i64, bool)> {
    let mut due = Vec::new();
    for (container, sql) in [
        ("sales", "SELECT mode, concluded_at, conclusion = 'booked' FROM prospects"),
        ("operations", "SELECT mode, due_at, done_at IS NOT NULL FROM onboarding_tasks"),
        ("operations", "SELECT mode, due_at, done_at IS NOT NULL FROM profile_actions"),
        ("finance", "SELECT mode, due_at, paid_at IS NOT NULL FROM invoices WHERE state <> 'void'"),
        ("finance", "SELECT mode, due_at, delivered_at IS NOT NULL FROM reports"),
    ] {
        let mut statement = conn.prepare(sql).unwrap();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let of: String = row.get(0).unwrap();
            let at: Option<i64> = row.get(1).unwrap();
            if let Some(at) = at.filter(|_| of == mode) {
                due.push((container, at, row.get::<_, Option<bool>>(2).unwrap() == Some(true)));
            }
        }
    }
    due
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn share(above: usize, below: usize) -> Option<f64> {
    (below > 0).then(|| above as f64 / below as f64)
}

#[expect(clippy::cast_precision_loss, reason = "four layers at most")]
fn mean(shares: &[f64]) -> Option<f64> {
    (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
}

#[expect(clippy::cast_precision_loss, reason = "counts and hours are small")]
fn figures(rows: &Rows, container: &str, layers: &[i64], window: i64, target: f64) -> Figures {
    let end = rows.ended.iter().filter(|one| layers.contains(&one.layer)).map(|one| one.at).max();
    let within = |at: i64, span: i64| end.is_some_and(|end| at > end - span && at <= end);
    let (mut efficiencies, mut error_rates, mut done) = (Vec::new(), Vec::new(), 0);
    for &layer in layers {
        let ended: Vec<_> =
            rows.ended.iter().filter(|one| one.layer == layer && within(one.at, window)).collect();
        let tried: Vec<_> =
            rows.tried.iter().filter(|one| one.layer == layer && within(one.at, window)).collect();
        done += ended.iter().filter(|one| one.done).count();
        efficiencies.extend(share(ended.iter().filter(|one| one.clean).count(), ended.len()));
        error_rates.extend(share(tried.iter().filter(|one| one.failed).count(), tried.len()));
    }
    let due: Vec<_> =
        rows.due.iter().filter(|(of, at, _)| *of == container && within(*at, 56 * DAY)).collect();
    let conversion = share(due.iter().filter(|(.., achieved)| *achieved).count(), due.len())
        .map(|share| (share / target).min(1.0));
    let (efficiency, error_rate) = (mean(&efficiencies), mean(&error_rates));
    let health = match (conversion, efficiency, error_rate) {
        (Some(conversion), Some(efficiency), Some(errors)) => {
            Some((f64::midpoint(conversion, efficiency) - errors).clamp(0.0, 1.0))
        }
        _ => None,
    };
    let throughput = end.map(|_| done as f64 / (window as f64 / HOUR as f64));
    Figures { conversion, efficiency, error_rate, throughput, health }
}

/// Returns Φ_sync and coupling.
fn phi(containers: &[Figures]) -> (Option<f64>, Option<f64>) {
    let healths: Option<Vec<f64>> = containers.iter().map(|one| one.health).collect();
    let Some(healths) = healths else { return (None, None) };
    let mean = healths.iter().sum::<f64>() / 3.0;
    let variance =
        healths.iter().map(|health| (health - mean) * (health - mean)).sum::<f64>() / 3.0;
    let coupling = 1.0 - 1.5 * variance;
    let weighted: f64 =
        CONTAINERS.iter().zip(&healths).map(|((_, _, weight, ..), health)| weight * health).sum();
    (Some(weighted * coupling), Some(coupling))
}

fn cep(db: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cep"))
        .env("XDG_STATE_HOME", db.parent().unwrap())
        .arg("--db")
        .arg(db)
        .args(arguments)
        .output()
        .unwrap()
}

/// Compares to four decimals; an unknown figure is `null`, never a number.
fn agree(what: &str, recomputed: Option<f64>, said: &Value) {
    match recomputed {
        Some(figure) => {
            let said = said.as_f64().unwrap_or_else(|| panic!("{what}: {figure}, not {said}"));
            assert!((figure - said).abs() < 0.000_05, "{what}: recomputed {figure}, said {said}");
        }
        None => assert!(said.is_null(), "{what}: unknown, not {said}"),
    }
}

/// Recomputes everything and compares it; returns Φ_sync.
fn compare(db: &Path) -> Option<f64> {
    let output = cep(db, &["phi", "--json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let said = said.get("phi").unwrap_or(&said);
    let rows = read(db, "dry");
    let mut all = Vec::new();
    for (name, layers, weight, window, target) in CONTAINERS {
        let figures = figures(&rows, name, layers, window, target);
        let containers = said["containers"].as_array().unwrap();
        let named = |one: &&Value| one["name"].as_str().unwrap().to_lowercase() == name;
        let one = containers.iter().find(named).unwrap_or_else(|| panic!("no {name} in {said}"));
        agree(&format!("{name} weight"), Some(weight), &one["weight"]);
        agree(&format!("{name} conversion"), figures.conversion, &one["conversion"]);
        agree(&format!("{name} efficiency"), figures.efficiency, &one["efficiency"]);
        agree(&format!("{name} error rate"), figures.error_rate, &one["error_rate"]);
        agree(&format!("{name} throughput"), figures.throughput, &one["throughput_per_h"]);
        agree(&format!("{name} health"), figures.health, &one["health"]);
        all.push(figures);
    }
    let (value, coupling) = phi(&all);
    agree("coupling", coupling, &said["coupling"]);
    agree("phi", value, &said["value"]);
    value
}

fn demo(db: &Path, arguments: &[&str]) -> Output {
    let mut all = vec!["demo", "--headless", "--businesses", "12"];
    all.extend(arguments);
    cep(db, &all)
}

#[test]
fn the_golden_path_has_the_phi_that_its_rows_have() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("golden.db");
    let output = demo(&db, &[]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stdout));
    assert!(compare(&db).unwrap() >= 0.88);
}

#[test]
fn a_path_with_faults_has_the_phi_that_its_rows_have() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("faults.db");
    // The demo may fall short of its bar here; what counts is that the figures agree.
    let output = demo(&db, &["--faults", "0.1"]);
    assert!(output.status.code().is_some_and(|code| code <= 1), "{output:?}");
    assert!(compare(&db).unwrap() < 1.0);
}

#[test]
fn a_database_with_an_empty_container_has_an_unknown_phi() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("empty.db");
    for layer in ["1", "2", "3"] {
        let output = cep(&db, &["run", layer, "--limit", "12"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(compare(&db), None);
}
