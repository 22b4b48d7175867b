//! Measures the dashboard as an operator has it: the release binary in a pseudo-terminal of 120×36,
//! its bytes, its processor time, its memory, and how long a key takes.
//!
//! `cargo bench --bench screen` prints each figure beside its bar. `btm`, `htop` and `top` are measured
//! on the same harness in the same run, where they are installed. `CEP_SCREEN_S` sets the seconds of
//! each watch (60 for the figures of the README).

#![expect(clippy::unwrap_used, reason = "a benchmark whose set-up fails has to stop")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock and environment")]

mod history;
mod terminal;

use std::path::{Path, PathBuf};
use std::time::Duration;

use history::{append, database};
use portable_pty::CommandBuilder;
use terminal::Terminal;

/// Events of the large database.
const EVENTS: u32 = 1_000_000;

/// How often a start, and a key, is measured.
const STARTS: usize = 40;
const KEYS: usize = 200;

/// Events a second that a busy machine writes.
const STORM_PER_S: u32 = 1_000;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let watch = Duration::from_secs(
        std::env::var("CEP_SCREEN_S").ok().and_then(|s| s.parse().ok()).unwrap_or(20),
    );
    let small = folder.path().join("small.db");
    let large = folder.path().join("large.db");
    database(&small, 10_000);
    database(&large, EVENTS);
    first_frame(&small, "10,000 events");
    first_frame(&large, "1,000,000 events");
    idle(&large, watch);
    others(watch);
    keys(&large, None);
    storm(&large, watch, &[]);
    storm(&large, watch, &["--low-bandwidth"]);
}

fn cep(database: &Path, arguments: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_cep"));
    command.args(arguments);
    command.arg("--db");
    command.arg(database);
    command.env("XDG_STATE_HOME", database.parent().unwrap());
    command.env("LANG", "C.UTF-8");
    command.env("TERM", "xterm-256color");
    command
}

fn told(what: &str, figure: f64, unit: &str, bar: f64) {
    let verdict = if figure <= bar { "ok" } else { "OVER THE BAR" };
    println!("{what}: {figure:.2} {unit} (bar {bar} {unit}) {verdict}");
}

/// Returns the value below which so many percent of the values lie.
fn quantile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) * percent / 100]
}

/// From the start of the process to the first frame with the layers on it.
fn first_frame(database: &Path, what: &str) {
    let mut ms = Vec::new();
    let mut bytes = 0;
    for _ in 0..STARTS {
        let mut terminal = Terminal::start(cep(database, &[]));
        ms.push(terminal.until("Self-Learning").as_secs_f64() * 1_000.0);
        bytes = terminal.seen().len();
        terminal.quit();
    }
    println!("first frame, {what}: {bytes} bytes");
    told(&format!("first frame p50, {what}"), quantile(&mut ms, 50), "ms", 50.0);
    told(&format!("first frame p95, {what}"), quantile(&mut ms, 95), "ms", 50.0);
}

/// Nothing runs and nothing counts down.
fn idle(database: &Path, watch: Duration) {
    let mut terminal = Terminal::start(cep(database, &[]));
    terminal.until("Self-Learning");
    terminal.settle();
    let usage = terminal.watch(watch);
    told("idle bytes", usage.bytes_per_s, "B/s", 2.0);
    told("idle processor", usage.cpu_percent, "%", 0.1);
    told("memory with 1,000,000 events", terminal.resident_mib(), "MiB", 64.0);
    terminal.quit();
}

/// What others do on the same harness.
fn others(watch: Duration) {
    for (name, arguments) in [("btm", &[][..]), ("htop", &[]), ("top", &["-d", "1"])] {
        let found = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .map(|folder: PathBuf| folder.join(name))
            .find(|path| path.is_file());
        let Some(path) = found else {
            println!("{name}: not installed, skipped");
            continue;
        };
        let mut command = CommandBuilder::new(path);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        let mut terminal = Terminal::start(command);
        terminal.settle();
        let usage = terminal.watch(watch);
        let (bytes, cpu) = (usage.bytes_per_s, usage.cpu_percent);
        println!("{name} for comparison: {bytes:.2} B/s, {cpu:.2} %");
        terminal.quit();
    }
}

/// From a key to the first byte of its frame.
fn keys(database: &Path, during: Option<&str>) {
    let mut terminal = Terminal::start(cep(database, &[]));
    terminal.until("Self-Learning");
    terminal.settle();
    let mut ms: Vec<f64> = (0..KEYS)
        .map(|n| terminal.press(if n % 2 == 0 { "j" } else { "k" }).as_secs_f64() * 1_000.0)
        .collect();
    let when = during.unwrap_or("idle");
    told(&format!("key to paint p50, {when}"), quantile(&mut ms, 50), "ms", 30.0);
    told(&format!("key to paint p99, {when}"), quantile(&mut ms, 99), "ms", 30.0);
    terminal.quit();
}

/// Another process writes a thousand events a second, followed on the overview.
fn storm(database: &Path, watch: Duration, arguments: &[&str]) {
    let mut terminal = Terminal::start(cep(database, arguments));
    terminal.until("Self-Learning");
    terminal.settle();
    let writes = append(database.to_owned(), STORM_PER_S);
    let usage = terminal.watch(watch);
    let mut ms: Vec<f64> =
        (0..KEYS).map(|n| terminal.press_marked(n % 2 == 0).as_secs_f64() * 1_000.0).collect();
    let written = writes.stop();
    let how =
        if arguments.is_empty() { String::new() } else { format!(", {}", arguments.join(" ")) };
    println!("storm{how}: {written:.0} events a second were committed");
    let bar = if arguments.is_empty() { 32_000.0 } else { 1_000.0 };
    told(&format!("bytes at 1,000 events/s{how}"), usage.bytes_per_s, "B/s", bar);
    told(&format!("processor at 1,000 events/s{how}"), usage.cpu_percent, "%", 3.0);
    told(&format!("key to paint p99 at 1,000 events/s{how}"), quantile(&mut ms, 99), "ms", 50.0);
    told(&format!("memory after the storm{how}"), terminal.resident_mib(), "MiB", 64.0);
    terminal.quit();
}
