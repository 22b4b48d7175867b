//! Lets two processes want the same thing at the same time, as two operators on one database do.
//!
//! `CEP_STARTS=1000` is the long form of the race for a layer.

#![expect(clippy::print_stderr, reason = "a skipped test says so, and a long form what it counted")]
#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has to fail")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How often a condition is looked at, and how often at most.
const LOOK: Duration = Duration::from_millis(2);
const LOOKS_MAX: usize = 60_000;

/// The exit code of what a safeguard refuses.
const REFUSED: i32 = 4;

struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        let config = format!(
            "sim:\n  receiver_log: {}\npaths:\n  state_dir: {}\n\
             outreach:\n  warm_up: {{start_per_day: 50}}\n  domain_per_day: 1000\n\
             rate:\n  default: {{per_s: 1000, burst: 100000}}\n",
            bench.path("receiver.jsonl").display(),
            bench.0.path().display(),
        );
        fs::write(bench.path("cep.yaml"), config).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str], failpoint: Option<&str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).arg("--db").arg(self.path("r.db"));
        command.arg("--config").arg(self.path("cep.yaml")).env_remove("CEP_FAILPOINT");
        if let Some(failpoint) = failpoint {
            command.env("CEP_FAILPOINT", failpoint);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn done(&self, arguments: &[&str]) {
        let output = self.command(arguments, None).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    }

    fn number(&self, sql: &str) -> i64 {
        let conn = Connection::open(self.path("r.db")).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let conn = Connection::open(self.path("r.db")).unwrap();
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Works,
    Stopped,
    Ended,
}

fn stand(child: &mut Child) -> Stand {
    if child.try_wait().unwrap().is_some() {
        return Stand::Ended;
    }
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.trim_start().chars().next());
    if state == Some('T') { Stand::Stopped } else { Stand::Works }
}

/// Starts two processes that stop as soon as they have the layer, waits until one stands and the other
/// has left, and lets the one finish.
fn race(bench: &Bench, number: usize) {
    let run = || bench.command(&["run", "1", "--limit", "2"], Some("stop:run.started:1")).spawn();
    let mut rivals = [run().unwrap(), run().unwrap()];
    let mut stands = [Stand::Works; 2];
    for _ in 0..LOOKS_MAX {
        stands = [stand(&mut rivals[0]), stand(&mut rivals[1])];
        if !stands.contains(&Stand::Works) {
            break;
        }
        thread::park_timeout(LOOK);
    }
    let [first, second] = rivals;
    let (winner, loser) = match stands {
        [Stand::Stopped, Stand::Ended] => (first, second),
        [Stand::Ended, Stand::Stopped] => (second, first),
        stands => {
            panic!("start {number}: one has to run it and the other to leave, not {stands:?}")
        }
    };
    let named = format!("layer/1 is worked by cli pid {}@", winner.id());
    let loser = loser.wait_with_output().unwrap();
    assert_eq!(loser.status.code(), Some(REFUSED), "start {number}: {}", said(&loser));
    assert!(said(&loser).contains(&named), "start {number}: {}", said(&loser));
    kill_process(Pid::from_raw(winner.id().cast_signed()).unwrap(), Signal::CONT).unwrap();
    let winner = winner.wait_with_output().unwrap();
    assert!(winner.status.success(), "start {number}: {}", said(&winner));
}

#[test]
fn of_two_processes_that_start_a_layer_at_once_one_runs_it_and_the_other_says_who() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let asked = std::env::var_os("CEP_STARTS");
    let starts = asked.map_or(25, |n| n.to_str().unwrap().parse().unwrap());
    let bench = Bench::new();
    // A database that neither of them has to make.
    bench.done(&["run", "1", "--limit", "2"]);
    for number in 1..=starts {
        race(&bench, number);
    }
    let runs = i64::try_from(starts).unwrap() + 1;
    assert_eq!(bench.number("SELECT count(*) FROM runs WHERE state = 'succeeded'"), runs);
    assert_eq!(bench.number("SELECT count(*) FROM runs"), runs);
    let taken = "SELECT epoch FROM leases WHERE mode = 'dry' AND name = 'layer/1'";
    assert_eq!(bench.number(taken), runs, "the lease was taken once for each start");
    assert_eq!(bench.number("SELECT count(*) FROM units WHERE state = 'leased'"), 0);
    eprintln!("{starts} starts of two at once: one ran it each time");
}

/// Runs layer 3 until a run of this rival has gone through, dying once on the way.
fn send(bench: &Bench, dies_at: &str) {
    let mut failpoint = Some(dies_at);
    for _ in 0..LOOKS_MAX {
        let output = bench.command(&["run", "3"], failpoint).output().unwrap();
        match output.status.code() {
            Some(0) => return,
            Some(REFUSED) => assert!(said(&output).contains("is worked by"), "{}", said(&output)),
            // It died where it was told to.
            None => failpoint = None,
            Some(code) => panic!("{code}: {}", said(&output)),
        }
        thread::park_timeout(LOOK);
    }
    panic!("a rival never came to its turn")
}

#[test]
fn two_processes_that_take_turns_and_die_send_the_cap_of_the_day_exactly() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let bench = Bench::new();
    bench.done(&["run", "1", "--limit", "70"]);
    bench.done(&["run", "2"]);
    thread::scope(|scope| {
        for dies_at in ["effect.sent:20", "effect.intended:20"] {
            let bench = &bench;
            scope.spawn(move || send(bench, dies_at));
        }
    });
    let mails = "SELECT key FROM effects WHERE action = 'send_email' AND state = 'confirmed'";
    let mails = bench.texts(mails);
    assert_eq!(mails.len(), 50, "fifty of seventy");
    let open = "SELECT count(*) FROM effects WHERE state IN ('sending', 'unknown', 'rejected')";
    assert_eq!(bench.number(open), 0);
    assert!(bench.number("SELECT count(*) FROM attempts WHERE state = 'lost'") > 0);
    let text = fs::read_to_string(bench.path("receiver.jsonl")).unwrap();
    let mut applied: BTreeMap<String, usize> = BTreeMap::new();
    for line in text.lines() {
        let arrival: Value = serde_json::from_str(line).unwrap();
        let n = applied.entry(arrival["key"].as_str().unwrap().to_owned()).or_default();
        *n += usize::from(arrival["what"] == "applied");
    }
    assert!(mails.iter().all(|key| applied.get(key) == Some(&1)), "at the receiver: {applied:?}");
}
