//! Measures the golden path as a user runs it: the release binary, a fresh database, everything
//! durable; and from the rows it leaves, the time each layer takes per unit.
//!
//! `cargo bench --bench golden_path` prints seconds for 40 and 1,000 businesses, and for the larger
//! one milliseconds per unit of each layer: the time during which at least one attempt of the layer
//! was under way, divided by its units.

#![expect(clippy::unwrap_used, reason = "a benchmark whose set-up fails has to stop")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]
#![expect(clippy::cast_precision_loss, reason = "counts and microseconds are far below 2^53")]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use rusqlite::Connection;

/// Businesses with the bar in seconds.
const SIZES: [(u32, f64); 2] = [(40, 2.0), (1_000, 15.0)];

/// Milliseconds per unit that no layer may exceed.
const UNIT_MS_MAX: f64 = 2.0;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    for (businesses, bar_s) in SIZES {
        for round in 1..=3 {
            let path = folder.path().join(format!("{businesses}-{round}.db"));
            let started = Instant::now();
            let status = Command::new(env!("CARGO_BIN_EXE_cep"))
                .args(["demo", "--headless", "--businesses", &businesses.to_string()])
                .arg("--db")
                .arg(&path)
                .env("XDG_STATE_HOME", folder.path())
                .stdout(std::process::Stdio::null())
                .status()
                .unwrap();
            let seconds = started.elapsed().as_secs_f64();
            println!(
                "{businesses} businesses, round {round}: {seconds:.2} s (bar {bar_s} s), exit {}",
                status.code().unwrap_or(-1)
            );
            if businesses == 1_000 && round == 3 {
                layer_times(&path);
            }
        }
    }
}

fn layer_times(path: &Path) {
    let conn = Connection::open(path).unwrap();
    for layer in 1..=9 {
        let mut statement = conn
            .prepare(
                "SELECT wall_at * 1000, wall_at * 1000 + duration_us FROM attempts
                 WHERE layer = ?1 AND duration_us IS NOT NULL ORDER BY wall_at",
            )
            .unwrap();
        let spans: Vec<(i64, i64)> = statement
            .query_map([layer], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let units: i64 = conn
            .query_row(
                "SELECT count(DISTINCT unit_id) FROM attempts WHERE layer = ?1",
                [layer],
                |row| row.get(0),
            )
            .unwrap();
        let ms = covered_us(&spans) as f64 / 1_000.0 / units.max(1) as f64;
        let verdict = if ms <= UNIT_MS_MAX { "ok" } else { "OVER THE BAR" };
        println!(
            "layer {layer}: {units} units, {ms:.3} ms per unit (bar {UNIT_MS_MAX} ms) {verdict}"
        );
    }
}

/// Returns how much time the union of the spans covers.
fn covered_us(spans: &[(i64, i64)]) -> i64 {
    let mut covered = 0;
    let mut reached = i64::MIN;
    for &(start, end) in spans {
        if end > reached {
            covered += end - start.max(reached);
            reached = end;
        }
    }
    covered
}
