//! Measures the dashboard as an operator has it: the release binary in a pseudo-terminal of 120×36,
//! its bytes, its processor time, its memory, and how long a key takes.
//!
//! `cargo bench --bench screen` prints each figure beside its bar. The processor is that of the whole
//! process, its machine included. `btm`, `htop` and `top` are measured on the same harness in the same
//! run, where they are installed. `CEP_SCREEN_S` sets the seconds of each watch (60 for the figures of
//! the README). `cargo bench --bench screen -- idle keys` measures only these parts, of `first`,
//! `idle`, `keys`, `storm` and `stuck`. `CEP_SCREEN_SOAK_S=3600` measures one thing instead: whether
//! memory grows over so many seconds of a busy machine.

#![expect(clippy::unwrap_used, reason = "a benchmark whose set-up fails has to stop")]
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the real clock and environment")]

mod history;
#[path = "../../tests/pty/mod.rs"]
mod pty;
mod terminal;

use std::path::{Path, PathBuf};
use std::time::Duration;

use history::{append, database};
use portable_pty::CommandBuilder;
use pty::Link;
use terminal::Terminal;

/// Events of the large database.
const EVENTS: u32 = 1_000_000;

/// How often a start, and a key, is measured.
const STARTS: usize = 40;
const KEYS: usize = 200;

/// How often two demos of so many businesses are measured, one with a terminal that reads and one with
/// one that does not. An even number, so that each begins first as often as the other.
const STUCK_ROUNDS: usize = 4;
const STUCK_BUSINESSES: &str = "1000";

/// How long a terminal reads nothing while another process writes.
const STUCK: Duration = Duration::from_secs(30);

/// Events a second that a busy machine writes.
const STORM_PER_S: u32 = 1_000;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(span) = seconds("CEP_SCREEN_SOAK_S") {
        let soaked = folder.path().join("soak.db");
        database(&soaked, EVENTS);
        soak(&soaked, span);
        return;
    }
    let watch = seconds("CEP_SCREEN_S").unwrap_or(Duration::from_secs(20));
    let wanted = |part: &str| {
        let mut named = std::env::args().skip(1).filter(|word| !word.starts_with('-')).peekable();
        named.peek().is_none() || named.any(|name| name == part)
    };
    let small = folder.path().join("small.db");
    let large = folder.path().join("large.db");
    database(&small, 10_000);
    database(&large, EVENTS);
    if wanted("first") {
        first_frame(&small, "10,000 events");
        first_frame(&large, "1,000,000 events");
    }
    if wanted("idle") {
        idle(&large, watch);
        others(watch);
    }
    if wanted("keys") {
        keys(&large, "idle", Link::default(), 30.0);
        let slow = Link { bytes_per_s: Some(64_000), ..Link::default() };
        keys(&large, "over 64 kB/s", slow, 100.0);
    }
    if wanted("storm") {
        storm(&large, watch, &[], STORM_PER_S);
        storm(&large, watch, &["--low-bandwidth"], STORM_PER_S);
        storm(&large, watch, &[], 10 * STORM_PER_S);
        stuck_in_a_storm(&large);
    }
    if wanted("stuck") {
        stuck(folder.path());
    }
}

fn seconds(variable: &str) -> Option<Duration> {
    std::env::var(variable).ok().and_then(|s| s.parse().ok()).map(Duration::from_secs)
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
        let mut terminal = Terminal::start(cep(database, &[]), Link::default());
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
    let mut terminal = Terminal::start(cep(database, &[]), Link::default());
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
        let mut terminal = Terminal::start(command, Link::default());
        terminal.settle();
        let usage = terminal.watch(watch);
        let (bytes, cpu) = (usage.bytes_per_s, usage.cpu_percent);
        println!("{name} for comparison: {bytes:.2} B/s, {cpu:.2} %");
        terminal.quit();
    }
}

/// From a key to the first byte of its frame.
fn keys(database: &Path, when: &str, link: Link, bar: f64) {
    let mut terminal = Terminal::start(cep(database, &[]), link);
    terminal.until("Self-Learning");
    terminal.settle();
    let mut ms: Vec<f64> = (0..KEYS)
        .map(|n| terminal.press(if n % 2 == 0 { "j" } else { "k" }).as_secs_f64() * 1_000.0)
        .collect();
    told(&format!("key to paint p50, {when}"), quantile(&mut ms, 50), "ms", bar);
    told(&format!("key to paint p99, {when}"), quantile(&mut ms, 99), "ms", bar);
    terminal.quit();
}

/// Another process writes many events a second, followed on the overview.
fn storm(database: &Path, watch: Duration, arguments: &[&str], per_s: u32) {
    let mut terminal = Terminal::start(cep(database, arguments), Link::default());
    terminal.until("Self-Learning");
    terminal.settle();
    let writes = append(database.to_owned(), per_s);
    let usage = terminal.watch(watch);
    let mut ms: Vec<f64> =
        (0..KEYS).map(|n| terminal.press_marked(n % 2 == 0).as_secs_f64() * 1_000.0).collect();
    let written = writes.stop();
    let how = format!("at {per_s} events/s {}", arguments.join(" "));
    println!("{how}: {written:.0} a second were committed");
    let (bytes, zlib) = if arguments.is_empty() { (32_000.0, 5_000.0) } else { (1_000.0, 1_000.0) };
    told(&format!("bytes {how}"), usage.bytes_per_s, "B/s", bytes);
    told(&format!("bytes with zlib {how}"), usage.zlib_per_s, "B/s", zlib);
    let cpu = if per_s > STORM_PER_S { 10.0 } else { 3.0 };
    told(&format!("processor {how}"), usage.cpu_percent, "%", cpu);
    told(&format!("key to paint p99 {how}"), quantile(&mut ms, 99), "ms", 50.0);
    told(&format!("memory {how}"), terminal.resident_mib(), "MiB", 64.0);
    terminal.quit();
}

/// Nobody reads for a while that another process writes: what the process keeps for the terminal, and
/// how soon the screen is the present one when somebody reads again.
fn stuck_in_a_storm(database: &Path) {
    let mut terminal = Terminal::start(cep(database, &[]), Link::default());
    terminal.until("Self-Learning");
    terminal.settle();
    let writes = append(database.to_owned(), STORM_PER_S);
    terminal.watch(STUCK / 10);
    let before = terminal.resident_mib();
    terminal.hold(true);
    std::thread::sleep(STUCK);
    let grown = terminal.resident_mib() - before;
    terminal.hold(false);
    let ms = terminal.press_marked(true).as_secs_f64() * 1_000.0;
    writes.stop();
    told("memory grown while nobody read", grown, "MiB", 1.0);
    told("key to paint when somebody reads again", ms, "ms", 50.0);
    terminal.quit();
}

/// One of two demos side by side.
struct Demo {
    terminal: Terminal,
    is_stuck: bool,
    database: PathBuf,
    began_ms: f64,
    took_ms: Option<f64>,
}

impl Demo {
    fn open(folder: &Path, round: usize, is_stuck: bool) -> Self {
        let database = folder.join(format!("stuck{round}{is_stuck}.db"));
        let command = cep(&database, &["demo", "--businesses", STUCK_BUSINESSES]);
        let mut terminal = Terminal::start(command, Link::default());
        terminal.until("Self-Learning");
        terminal.hold(is_stuck);
        Self { terminal, is_stuck, database, began_ms: 0.0, took_ms: None }
    }

    fn begin(&mut self) {
        self.began_ms = history::wall_ms();
        self.terminal.send("s");
    }

    /// Reads the terminal for a moment, unless it is held, and looks whether the run has ended.
    fn watch(&mut self) {
        self.terminal.watch(Duration::from_millis(20));
        let ended = self.took_ms.is_none().then(|| history::run_ended(&self.database)).flatten();
        self.took_ms = self.took_ms.or(ended.map(|ended| ended - self.began_ms));
    }
}

/// How long demos take to their end with a terminal that reads and with one that reads nothing. The two
/// go on side by side: what else the machine has to do changes from minute to minute by more than the
/// bar, and so it is the same for both.
fn stuck(folder: &Path) {
    let mut took = [0.0, 0.0];
    for n in 0..STUCK_ROUNDS {
        let mut pair = [false, true].map(|is_stuck| Demo::open(folder, n, is_stuck));
        // Neither is always the first to begin.
        let first = n % 2;
        pair[first].begin();
        pair[1 - first].begin();
        while pair.iter().any(|demo| demo.took_ms.is_none()) {
            pair.iter_mut().for_each(Demo::watch);
        }
        for (sum, demo) in took.iter_mut().zip(pair) {
            let ms = demo.took_ms.unwrap();
            println!(
                "demo of {STUCK_BUSINESSES} businesses, terminal stuck {}: {ms:.0} ms",
                demo.is_stuck
            );
            *sum += ms;
            demo.terminal.hold(false);
            demo.terminal.quit();
        }
    }
    let [read, stuck] = took;
    told("slower with a stuck terminal by", (stuck / read - 1.0) * 100.0, "%", 1.0);
}

/// Whether memory grows while a busy machine is watched for long.
fn soak(database: &Path, span: Duration) {
    let mut terminal = Terminal::start(cep(database, &[]), Link::default());
    terminal.until("Self-Learning");
    terminal.settle();
    let writes = append(database.to_owned(), STORM_PER_S);
    let mut samples = Vec::new();
    let look = Duration::from_secs(10);
    let mut passed = Duration::ZERO;
    while passed < span {
        terminal.watch(look);
        terminal.forget();
        passed += look;
        samples.push((passed.as_secs_f64() / 3_600.0, terminal.resident_mib()));
    }
    let written = writes.stop();
    println!("{written:.0} events a second were committed for {} s", span.as_secs());
    let first = samples.first().map_or(0.0, |&(_, mib)| mib);
    let most = samples.iter().map(|&(_, mib)| mib).fold(0.0, f64::max);
    println!("memory: first {first:.2} MiB, most {most:.2} MiB");
    // The first quarter fills caches and rings.
    told("memory grows by", slope(&samples[samples.len() / 4..]), "MiB/h", 0.5);
    terminal.quit();
}

/// The slope of the straight line that lies nearest to the points.
#[expect(clippy::cast_precision_loss, reason = "a few hundred samples")]
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
    let (x, y) = (x / n, y / n);
    let rise: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let run: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    rise / run
}
