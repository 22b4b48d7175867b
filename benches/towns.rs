//! Measures whole towns of real map data through all nine layers, as a user runs them: the release
//! binary, a fresh database, everything durable. And checks what they end with.
//!
//! `cargo bench --bench towns` prints for each town seconds, elements per second, CPU seconds and
//! synced commits, then what is left. The extracts lie in `../shared/data`; an absent one is
//! skipped aloud. Syncs are counted by `strace` in a run of their own, where it is installed.

#![expect(clippy::unwrap_used, reason = "a benchmark whose set-up fails has to stop")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock")]
#![expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use rusqlite::Connection;

const TOWNS: [&str; 4] = ["osm-liechtenstein", "osm-monaco", "osm-ottawa", "osm-berlin"];

/// Seconds that the largest town, Berlin with its 11,930 elements, may take.
const BERLIN_S_MAX: f64 = 60.0;

/// Clock ticks per second in `/proc`: fixed on Linux.
const TICKS_PER_S: f64 = 100.0;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    for town in TOWNS {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(town);
        let input = root.join("overpass.json");
        if !input.exists() {
            println!("{town}: skipped, {} is not there", input.display());
            continue;
        }
        let database = folder.path().join(format!("{town}.db"));
        let mut command = run(Command::new(env!("CARGO_BIN_EXE_cep")), &input, &database);
        let (cpu_before, started) = (children_cpu_s(), Instant::now());
        let status = command.env("XDG_STATE_HOME", folder.path()).status().unwrap();
        let (seconds, cpu) = (started.elapsed().as_secs_f64(), children_cpu_s() - cpu_before);
        let conn = Connection::open(&database).unwrap();
        let elements = count(&conn, "SELECT count(*) FROM prospects");
        let units = count(&conn, "SELECT count(*) FROM units");
        let bar =
            if town == "osm-berlin" { format!(" (bar {BERLIN_S_MAX} s)") } else { String::new() };
        println!(
            "{town}: {seconds:.1} s{bar}, {elements} elements, {:.0} a second, {units} units, {cpu:.1} s CPU, {}, exit {}",
            elements as f64 / seconds,
            syncs(&input, folder.path()),
            status.code().unwrap_or(-1)
        );
        tell_left(&conn);
    }
}

fn run(mut command: Command, input: &Path, database: &Path) -> Command {
    command.args(["run", "all", "--json", "--input"]).arg(input).arg("--db").arg(database);
    command.stdout(Stdio::null());
    command
}

/// Says what the run left: none of the first three may be anything but 0.
fn tell_left(conn: &Connection) {
    for (what, sql) in [
        (
            "ready, leased, retrying or waiting",
            "SELECT count(*) FROM units WHERE state IN ('ready', 'leased', 'retry_wait', 'waiting')",
        ),
        ("dead or held", "SELECT count(*) FROM units WHERE state IN ('dead', 'held')"),
        (
            "left out without a reason",
            "SELECT count(*) FROM prospects
             WHERE stage IN ('left_out', 'not_qualified', 'no_channel') AND reason IS NULL",
        ),
        ("left out with a reason", "SELECT count(*) FROM prospects WHERE stage = 'left_out'"),
        ("that no channel reaches", "SELECT count(*) FROM prospects WHERE stage = 'no_channel'"),
        ("planned for later", "SELECT count(*) FROM units WHERE state = 'scheduled'"),
    ] {
        println!("  {:>6} {what}", count(conn, sql));
    }
}

fn count(conn: &Connection, sql: &str) -> i64 {
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// CPU seconds of the child processes that have ended.
fn children_cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // Fields 16 and 17, counted after the name, which is the second.
    let ticks: f64 = fields.skip(13).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_S
}

/// Counts the syncs of one more run of its own: one for each commit, and a few for checkpoints.
fn syncs(input: &Path, folder: &Path) -> String {
    let (database, counts): (PathBuf, PathBuf) = (folder.join("traced.db"), folder.join("traced"));
    let mut strace = Command::new("strace");
    strace.args(["-f", "--seccomp-bpf", "-c", "-e", "trace=fsync,fdatasync", "-o"]).arg(&counts);
    strace.arg(env!("CARGO_BIN_EXE_cep"));
    let traced = run(strace, input, &database).env("XDG_STATE_HOME", folder).status();
    std::fs::remove_file(&database).ok();
    if !traced.is_ok_and(|status| status.success()) {
        return "syncs not counted (strace is not there)".to_owned();
    }
    let text = std::fs::read_to_string(&counts).unwrap_or_default();
    let calls = |line: &str| line.split_whitespace().nth(3).and_then(|n| n.parse::<u64>().ok());
    let total: u64 = text.lines().filter(|line| line.ends_with("sync")).filter_map(calls).sum();
    format!("{total} syncs")
}
