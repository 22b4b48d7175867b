//! Stops a process that holds leases past their end, lets another one take over and finish, and then
//! continues the first: nothing that it still writes may be taken, and nothing may be sent twice.
//!
//! The receiver's record is a file of its own, fsynced at each arrival. `CEP_TAKEOVER_FULL=1` stops at
//! every boundary at which no transaction is open, at three hits of each. A process that is stopped
//! inside a transaction keeps the database locked for everybody until it is continued or killed: SQLite
//! has no other way. A case that meets this by chance is tried again.

#![expect(clippy::print_stderr, reason = "a skipped test says so, and each takeover is reported")]
#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has to fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Few businesses: every boundary is met all the same.
const BUSINESSES: &str = "3";

/// How often a condition is looked at, and how often at most.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS_MAX: usize = 6_000;

/// How often a rival's end is looked for: a minute, where a run takes seconds.
const RIVAL_LOOKS_MAX: usize = 3_000;

/// How often a case is tried that stops where nobody can go on.
const TRIALS_MAX: usize = 40;

struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        let config = format!(
            "sim:\n  receiver_log: {}\npaths:\n  state_dir: {}\n\
             orchestrator:\n  lease_s: 2\n  call_timeout_s: 1\n",
            bench.path("receiver.jsonl").display(),
            bench.0.path().display(),
        );
        fs::write(bench.path("cep.yaml"), config).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).arg("--db").arg(self.path("t.db"));
        command.arg("--config").arg(self.path("cep.yaml")).env_remove("CEP_FAILPOINT");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self) -> Command {
        self.command(&["run", "all", "--limit", BUSINESSES, "--json"])
    }

    /// Starts a run that stops itself at a failpoint, and waits until it stands.
    fn stopped_at(&self, at: &str) -> Child {
        let mut child = self.run().env("CEP_FAILPOINT", format!("stop:{at}")).spawn().unwrap();
        for _ in 0..LOOKS_MAX {
            if state_of(&child) == Some('T') {
                return child;
            }
            assert!(child.try_wait().unwrap().is_none(), "{at} was not reached");
            thread::park_timeout(LOOK);
        }
        panic!("{at} was not reached")
    }

    /// Lets another process take the run over, and returns how often it was told before who has the
    /// leases; `None` when the holder was stopped inside a transaction or a call.
    fn take_over(&self, holder: &Child) -> Option<usize> {
        for refused in 0..LOOKS_MAX {
            let output = self.rival()?;
            if output.status.success() {
                return Some(refused);
            }
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            if said.contains("another program holds the database") {
                return None;
            }
            let named = format!("is worked by cli pid {}@", holder.id());
            assert!(said.contains(&named), "{said}");
            thread::park_timeout(LOOK);
        }
        panic!("the leases of a stopped process never ended")
    }

    /// Runs another process to its end; `None` when it does not come to one, because the stopped process
    /// holds the lock of the receiver's record.
    fn rival(&self) -> Option<Output> {
        let mut child = self.run().spawn().unwrap();
        for _ in 0..RIVAL_LOOKS_MAX {
            if child.try_wait().unwrap().is_some() {
                return Some(child.wait_with_output().unwrap());
            }
            thread::park_timeout(LOOK);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        None
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        self.try_texts(sql).unwrap()
    }

    /// `None` while a stopped process keeps the database locked.
    fn try_texts(&self, sql: &str) -> Option<Vec<String>> {
        let conn = Connection::open(self.path("t.db")).ok()?;
        let mut statement = conn.prepare(sql).ok()?;
        let rows = statement.query_map([], |row| row.get(0)).ok()?;
        rows.collect::<Result<_, _>>().ok()
    }

    /// How often each key took effect at the receiver.
    fn applied(&self) -> BTreeMap<String, usize> {
        let text = fs::read_to_string(self.path("receiver.jsonl")).unwrap_or_default();
        let mut applied = BTreeMap::new();
        for line in text.lines() {
            let arrival: Value = serde_json::from_str(line).unwrap();
            let n = applied.entry(arrival["key"].as_str().unwrap().to_owned()).or_insert(0);
            *n += usize::from(arrival["what"] == "applied");
        }
        applied
    }

    /// The keys of all calls in the order of their arrival.
    fn arrivals(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("receiver.jsonl")).unwrap_or_default();
        let key = |line: &str| {
            let arrival: Value = serde_json::from_str(line).unwrap();
            arrival["key"].as_str().unwrap().to_owned()
        };
        text.lines().map(key).collect()
    }
}

/// The state letter of a process: `T` is stopped.
fn state_of(child: &Child) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    stat.rsplit_once(')')?.1.trim_start().chars().next()
}

fn proceed(child: Child) -> Output {
    let pid = Pid::from_raw(child.id().cast_signed()).unwrap();
    kill_process(pid, Signal::CONT).unwrap();
    child.wait_with_output().unwrap()
}

const UNITS: &str = "SELECT printf('%d|%s|%s|%s', layer, entity, version, state) FROM units
                     ORDER BY layer, entity, version";

/// Everything that the machine goes by. A late writer may change nothing of it.
const TRUTH: [&str; 6] = [
    "SELECT printf('%d %s %d %d', id, state, epoch, tries) FROM units ORDER BY id",
    "SELECT printf('%d %s %s', id, state, why) FROM runs ORDER BY id",
    "SELECT printf('%d %s %s', id, state, ended_at) FROM attempts ORDER BY id",
    "SELECT printf('%s %s %d %s %s', key, state, sends, receipt, evidence) FROM effects ORDER BY id",
    "SELECT printf('%s %s %s', kind, name, state) FROM limits ORDER BY kind, name",
    "SELECT printf('%d %s', id, delivery_id) FROM inbox ORDER BY id",
];

const UNSETTLED: &str = "SELECT key FROM effects WHERE state IN ('sending', 'unknown')
  UNION SELECT printf('unit %d', id) FROM units WHERE state IN ('leased', 'ready')
  UNION SELECT printf('attempt %d', id) FROM attempts WHERE state = 'started'";

fn truth(bench: &Bench) -> Vec<Vec<String>> {
    TRUTH.iter().map(|sql| bench.texts(sql)).collect()
}

/// Stops a holder at `at`, has it taken over, continues it, and compares. Returns what of it was kept.
fn survive(at: &str, expected: &[String]) -> Vec<String> {
    (0..TRIALS_MAX)
        .find_map(|_| survived(at, expected))
        .unwrap_or_else(|| panic!("{at}: always stopped where nobody can go on"))
}

/// One trial; `None` when the holder was stopped inside a transaction or a call.
fn survived(at: &str, expected: &[String]) -> Option<Vec<String>> {
    let bench = Bench::new();
    let mut zombie = bench.stopped_at(at);
    let owner = format!("cli pid {}@", zombie.id());
    let under_way = bench.try_texts("SELECT key FROM effects WHERE state = 'sending'");
    let taken_over = under_way.and_then(|keys| Some((keys, bench.take_over(&zombie)?)));
    let Some((under_way, refused)) = taken_over else {
        eprintln!("stopped at {at}: inside a transaction or a call, tried again");
        zombie.kill().unwrap();
        zombie.wait().unwrap();
        return None;
    };
    let (before, arrived) = (truth(&bench), bench.arrivals().len());
    let output = proceed(zombie);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{at}: {said}");
    assert!(said.contains("was taken over"), "{at}: {said}");
    assert_eq!(truth(&bench), before, "{at}: a late write was taken");
    // Other calls of its wave may have been on their way to the receiver when it was stopped, as a packet
    // may be in the network: each is a first send. Nothing else may arrive, and not what it was stopped
    // before.
    let late = bench.arrivals().split_off(arrived);
    let firsts: BTreeSet<_> = late.iter().filter(|key| under_way.contains(key)).collect();
    assert_eq!(firsts.len(), late.len(), "{at}: called after the takeover: {late:?}");
    let is_before_call = at.starts_with("effect.intended");
    assert!(!is_before_call || late.len() < under_way.len(), "{at}: {late:?} of {under_way:?}");
    assert_eq!(bench.texts(UNITS), expected, "{at}");
    assert_eq!(bench.texts(UNSETTLED), Vec::<String>::new(), "{at}");
    let applied = bench.applied();
    assert!(applied.values().all(|n| *n == 1), "{at}: twice at the receiver: {applied:?}");
    let arrived: BTreeSet<_> = applied.into_keys().collect();
    let confirmed = bench.texts("SELECT key FROM effects WHERE state = 'confirmed'");
    assert_eq!(arrived, confirmed.into_iter().collect(), "{at}: journal and receiver disagree");
    let owners = bench.texts("SELECT DISTINCT owner FROM late_writes");
    assert!(owners.len() == 1 && owners[0].starts_with(&owner), "{at}: {owners:?}");
    assert_eq!(bench.texts("SELECT 'x' FROM late_writes WHERE held_by IS NULL").len(), 0, "{at}");
    let told = bench.texts("SELECT text FROM events WHERE kind = 'late_write'");
    let kept = bench
        .texts("SELECT printf('%s %s', command, coalesce(fate, '')) FROM late_writes ORDER BY id");
    assert_eq!(told.len(), kept.len(), "{at}");
    shown(&bench, at);
    eprintln!("stopped at {at}: {refused} refusals, then taken over; kept {kept:?}");
    Some(kept)
}

/// Whatever was kept about an effect is shown with it.
fn shown(bench: &Bench, at: &str) {
    let about = bench.texts("SELECT effect_key FROM late_writes WHERE effect_key IS NOT NULL");
    let listed = |arguments: &[&str]| {
        let output = bench.command(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let lines = listed(&["effects", "--limit", "1000", "--json"]);
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = listed(&["effects", "--limit", "1000"]);
    for key in about {
        let row = rows.iter().find(|row| row["key"] == key.as_str()).unwrap();
        let late = row["late_writes"].as_array().unwrap();
        assert!(!late.is_empty() && late[0]["knew"].is_string(), "{at}: {row}");
        let clue = format!("{key}  cli pid ");
        assert!(text.lines().any(|line| line.starts_with(&clue)), "{at}: {text}");
    }
}

/// Where a holder is stopped, and what it then tries to write first.
const BOUNDARIES: [(&str, &str); 13] = [
    ("effect.intended", "effect not sent not_sent"),
    ("effect.sent", "effect result confirmed"),
    ("outcome.before_commit", "unit outcome "),
    ("claim.committed", "unit outcome "),
    ("clock.moved", ""),
    ("run.before_end", "end run "),
    ("run.started", "renew leases "),
    ("discover.committed", ""),
    ("inbox.committed", ""),
    ("effect.before_intent", "unit outcome "),
    ("effect.before_result", "effect result confirmed"),
    ("effect.settled", "unit outcome "),
    ("outcome.committed", ""),
];

/// Those that are always tried; the rest belong to the long form.
const ALWAYS: usize = 6;

#[test]
fn a_stopped_holder_is_taken_over_and_whatever_it_writes_afterwards_is_refused_and_kept() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let full = std::env::var_os("CEP_TAKEOVER_FULL").is_some();
    let clean = Bench::new();
    let output = clean.run().output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = clean.texts(UNITS);
    let boundaries = if full { &BOUNDARIES[..] } else { &BOUNDARIES[..ALWAYS] };
    let once = |name: &str| name.starts_with("run.");
    let cases: Vec<(String, &str)> = boundaries
        .iter()
        .flat_map(|&(name, first)| {
            let hits: &[u32] = match name {
                _ if once(name) => &[1],
                // A small town comes there less often.
                "discover.committed" | "inbox.committed" if full => &[1, 2, 3],
                _ if full => &[3, 8, 13],
                _ => &[8],
            };
            hits.iter().map(move |hit| (format!("{name}:{hit}"), first))
        })
        .collect();
    // Most of the time is spent on waiting for leases to end, so two are tried at once.
    let (first, second) = cases.split_at(cases.len() / 2);
    thread::scope(|scope| {
        for half in [first, second] {
            let expected = &expected;
            scope.spawn(move || {
                for (at, wanted) in half {
                    let kept = survive(at, expected);
                    assert!(!kept.is_empty(), "{at}: nothing was kept");
                    let has = wanted.is_empty() || kept.iter().any(|one| one == wanted);
                    assert!(has, "{at}: {wanted:?} is not among {kept:?}");
                }
            });
        }
    });
}
