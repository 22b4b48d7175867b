//! Asks a process to stop while its receivers keep silent, as a supervisor or a closed terminal does.

#![expect(clippy::print_stderr, reason = "how long a stop took is told, and never asserted")]
#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has to fail")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use cep_machine::runtime::clock::{Clock as _, SystemClock};
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How often a condition is looked at, and how often at most.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS_MAX: usize = 6_000;

/// The exit code of what was stopped where it can be taken up again.
const INTERRUPTED: i32 = 130;

struct Bench(tempfile::TempDir);

impl Bench {
    /// A machine with mails that are due and a mail server that never answers a first time.
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        let config = format!(
            "sim:\n  receiver_log: {}\n  fault_script: [{{layer: 3, sends: 1, kind: silent}}]\n\
             paths:\n  state_dir: {}\n",
            bench.path("receiver.jsonl").display(),
            bench.0.path().display(),
        );
        fs::write(bench.path("cep.yaml"), config).unwrap();
        for arguments in [&["run", "1", "--limit", "12"][..], &["run", "2"]] {
            let output = bench.command(arguments).output().unwrap();
            assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).arg("--db").arg(self.path("s.db"));
        command.arg("--config").arg(self.path("cep.yaml")).env_remove("CEP_FAILPOINT");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn number(&self, sql: &str) -> i64 {
        let conn = Connection::open(self.path("s.db")).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Starts a run and waits until its calls wait for their answers.
    fn calling(&self) -> Child {
        let mut child = self.command(&["run", "3"]).spawn().unwrap();
        for _ in 0..LOOKS_MAX {
            if self.number("SELECT count(*) FROM effects WHERE state = 'sending'") > 0 {
                return child;
            }
            assert!(child.try_wait().unwrap().is_none(), "it ended before it called anybody");
            thread::park_timeout(LOOK);
        }
        panic!("nothing was ever called")
    }

    /// Takes the stopped run up and checks that each mail took effect once.
    fn goes_on(&self) {
        let output = self.command(&["run", "3"]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let open = "SELECT count(*) FROM effects WHERE state <> 'confirmed'";
        assert_eq!(self.number(open), 0);
        let text = fs::read_to_string(self.path("receiver.jsonl")).unwrap();
        let mut applied: BTreeMap<String, usize> = BTreeMap::new();
        for line in text.lines() {
            let arrival: Value = serde_json::from_str(line).unwrap();
            let n = applied.entry(arrival["key"].as_str().unwrap().to_owned()).or_default();
            *n += usize::from(arrival["what"] == "applied");
        }
        assert!(applied.values().all(|n| *n == 1), "{applied:?}");
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn tell(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), signal).unwrap();
}

/// Asks once, and checks that what has no answer in time is unknown and costs nobody a try.
fn stops_once(signal: Signal) {
    let bench = Bench::new();
    let child = bench.calling();
    let clock = SystemClock::new();
    tell(&child, signal);
    let output = child.wait_with_output().unwrap();
    let took_ms = clock.monotonic_us() / 1_000;
    assert_eq!(output.status.code(), Some(INTERRUPTED), "{}", said(&output));
    assert!(said(&output).contains("may still be in flight"), "{}", said(&output));
    assert_eq!(bench.number("SELECT count(*) FROM effects WHERE state = 'sending'"), 0);
    let unknown = bench.number("SELECT count(*) FROM effects WHERE state = 'unknown'");
    assert!(unknown > 0);
    let cancelled = "SELECT count(*) FROM attempts WHERE state = 'cancelled'";
    assert_eq!(bench.number(cancelled), unknown);
    assert_eq!(bench.number("SELECT sum(tries) + sum(faulted) FROM units"), 0);
    assert_eq!(bench.number("SELECT count(*) FROM units WHERE state = 'leased'"), 0);
    assert_eq!(bench.number("SELECT count(*) FROM leases WHERE pid <> 0"), 0);
    assert_eq!(bench.number("SELECT count(*) FROM runs WHERE state = 'interrupted'"), 1);
    eprintln!("{signal:?} with {unknown} silent receivers: gone after {took_ms} ms");
    bench.goes_on();
}

#[test]
fn a_process_that_is_asked_to_stop_gives_open_calls_four_seconds_and_burns_nothing() {
    thread::scope(|scope| {
        for signal in [Signal::TERM, Signal::HUP] {
            scope.spawn(move || stops_once(signal));
        }
    });
}

#[test]
fn asked_a_second_time_a_process_leaves_at_once_and_nothing_is_lost() {
    let bench = Bench::new();
    let mut child = bench.calling();
    // What comes within half a second belongs to the first asking.
    for _ in 0..LOOKS_MAX {
        tell(&child, Signal::TERM);
        if child.try_wait().unwrap().is_some() {
            break;
        }
        thread::park_timeout(Duration::from_millis(100));
    }
    let output = child.wait_with_output().unwrap();
    assert!(said(&output).contains("left at once"), "{}", said(&output));
    assert!(bench.number("SELECT count(*) FROM effects WHERE state = 'sending'") > 0);
    bench.goes_on();
}
