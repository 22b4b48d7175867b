//! A folder with a machine in it that can be killed, whose disk can lose power, and whose receivers
//! keep their own record outside of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use cep_machine::runtime::clock::{Clock as _, SystemClock};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::disk;

/// Few businesses: every boundary is met many times all the same, and hundreds of runs stay short.
pub(crate) const BUSINESSES: &str = "4";

/// The run that most kills interrupt.
pub(crate) const TOWN: [&str; 5] = ["run", "all", "--limit", BUSINESSES, "--json"];

/// How a machine is started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Start<'a> {
    /// Where it dies.
    pub(crate) failpoint: Option<&'a str>,
    /// Whether its disk notes what was not synced.
    pub(crate) noted: bool,
    /// Whether its disk answers syncs and does nothing.
    pub(crate) swallowed: bool,
}

impl<'a> Start<'a> {
    pub(crate) fn dying(failpoint: &'a str) -> Self {
        Self { failpoint: Some(failpoint), ..Self::default() }
    }

    /// Dies on a disk of which the power can be cut.
    pub(crate) fn losing_power(failpoint: &'a str) -> Self {
        Self { failpoint: Some(failpoint), noted: true, swallowed: false }
    }
}

pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    /// A machine without a database; `settings` are laid over those of every bench.
    pub(crate) fn new(settings: &str) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(bench.disk()).unwrap();
        bench.set(settings);
        bench
    }

    /// Another machine with the same past.
    pub(crate) fn copy_of(other: &Self) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        copy(other.folder.path(), bench.folder.path());
        let settings = fs::read_to_string(other.path("settings")).unwrap();
        bench.set(&settings);
        bench
    }

    /// Writes the settings: where everything lies, and what is given.
    fn set(&self, settings: &str) {
        fs::write(self.path("settings"), settings).unwrap();
        let disk = self.disk();
        let places = format!(
            "paths:\n  state_dir: {0}\n  outbox_dir: {0}/outbox\n  log_file: {1}\n",
            disk.display(),
            self.path("cep.log").display(),
        );
        let receiver = format!("  receiver_log: {}\n", self.path("receiver.jsonl").display());
        let sim = match settings.split_once("sim:\n") {
            Some((before, rest)) => format!("{before}sim:\n{receiver}{rest}"),
            None => format!("{settings}sim:\n{receiver}"),
        };
        fs::write(self.path("cep.yaml"), format!("{places}{sim}")).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder whose power can be cut.
    pub(crate) fn disk(&self) -> PathBuf {
        self.path("disk")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("disk/crash.db")
    }

    /// What the disk notes of writes that were not synced.
    pub(crate) fn undo_log(&self) -> PathBuf {
        self.path("undo.log")
    }

    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S], start: &Start<'_>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("CEP_DB", self.database()).env("CEP_CONFIG", self.path("cep.yaml"));
        command.env("XDG_STATE_HOME", self.path("xdg")).stdin(Stdio::null());
        if let Some(failpoint) = start.failpoint {
            command.env("CEP_FAILPOINT", failpoint);
        }
        if start.noted {
            disk::preload(&mut command, self);
        }
        if start.swallowed {
            command.env("CEP_VFS_SWALLOW", "1");
        }
        command
    }

    pub(crate) fn output<S: AsRef<OsStr>>(&self, arguments: &[S], start: &Start<'_>) -> Output {
        self.command(arguments, start).output().unwrap()
    }

    pub(crate) fn run<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        start: &Start<'_>,
    ) -> (ExitStatus, String) {
        let output = self.output(arguments, start);
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stderr),
            String::from_utf8_lossy(&output.stdout)
        );
        (output.status, said)
    }

    /// Runs a command that has to end with `code`, and returns all that it said.
    pub(crate) fn said<S: AsRef<OsStr> + std::fmt::Debug>(
        &self,
        arguments: &[S],
        code: i32,
    ) -> String {
        let (status, said) = self.run(arguments, &Start::default());
        assert_eq!(status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    /// Runs a command that has to die at `failpoint`.
    pub(crate) fn dies<S: AsRef<OsStr> + std::fmt::Debug>(
        &self,
        arguments: &[S],
        start: &Start<'_>,
    ) {
        let (status, said) = self.run(arguments, start);
        let at = start.failpoint.unwrap_or_default();
        assert!(is_dead_of_abort(status), "{arguments:?}: {at} was not reached: {status} {said}");
    }

    /// Runs a command that dies at `failpoint` if it comes there so often; says whether it did.
    pub(crate) fn dies_if_met<S: AsRef<OsStr> + std::fmt::Debug>(
        &self,
        arguments: &[S],
        start: &Start<'_>,
    ) -> bool {
        let (status, said) = self.run(arguments, start);
        assert!(is_dead_of_abort(status) || status.success(), "{arguments:?}: {status} {said}");
        is_dead_of_abort(status)
    }

    /// How often each key took effect at the simulated receivers, by their own record.
    pub(crate) fn arrivals(&self) -> BTreeMap<String, usize> {
        let text = fs::read_to_string(self.path("receiver.jsonl")).unwrap_or_default();
        let mut applied = BTreeMap::new();
        for line in text.lines() {
            let arrival: serde_json::Value = serde_json::from_str(line).unwrap();
            let n = applied.entry(arrival["key"].as_str().unwrap().to_owned()).or_insert(0);
            *n += usize::from(arrival["what"] == "applied");
        }
        applied
    }

    pub(crate) fn connect(&self) -> Connection {
        let conn = Connection::open(self.database()).unwrap();
        conn.busy_timeout(std::time::Duration::from_secs(20)).unwrap();
        conn
    }

    pub(crate) fn rows(&self, sql: &str) -> BTreeSet<String> {
        let conn = self.connect();
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.connect().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Every row of every table as a next process would find it, without touching the files.
    pub(crate) fn content(&self) -> BTreeMap<String, Vec<String>> {
        let scratch = tempfile::tempdir().unwrap();
        let copied = scratch.path().join("c.db");
        for end in ["", "-wal"] {
            let from = PathBuf::from(format!("{}{end}", self.database().display()));
            if from.exists() {
                fs::copy(from, format!("{}{end}", copied.display())).unwrap();
            }
        }
        if !copied.exists() {
            return BTreeMap::new();
        }
        let conn = Connection::open(copied).unwrap();
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let mut statement = conn.prepare(names).unwrap();
        let names = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        names
            .map(Result::unwrap)
            .map(|name| {
                let mut rows = conn.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
                let n = rows.column_count();
                let rows = rows.query_map([], |row| {
                    let values: Result<Vec<Value>, _> = (0..n).map(|at| row.get(at)).collect();
                    Ok(format!("{:?}", values?))
                });
                let rows = rows.unwrap().map(Result::unwrap).collect();
                (name, rows)
            })
            .collect()
    }

    /// Whether the machine has begun its database.
    pub(crate) fn has_tables(&self) -> bool {
        self.content().contains_key("units")
    }

    /// Runs `arguments` to a good end, and returns how many milliseconds after its start the first new
    /// attempt began; `None` when there was nothing to claim.
    pub(crate) fn resumed_ms(&self, arguments: &[&str], code: i32) -> Option<i64> {
        let last = "SELECT coalesce(max(id), 0) FROM attempts";
        let before = if self.has_tables() { self.number(last) } else { 0 };
        let began = SystemClock::new().wall();
        self.said(arguments, code);
        let first = format!("SELECT coalesce(min(wall_at), 0) FROM attempts WHERE id > {before}");
        let first = self.number(&first);
        (first > 0).then_some(first - began.0)
    }
}

pub(crate) fn is_dead_of_abort(status: ExitStatus) -> bool {
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(6)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// Whether the long forms of the suites were asked for.
pub(crate) fn is_full() -> bool {
    std::env::var_os("CEP_CRASH_FULL").is_some()
}

/// How often something awaited is looked for, and how often at most: a minute.
const LOOK: std::time::Duration = std::time::Duration::from_millis(10);
const LOOKS_MAX: usize = 6_000;

/// Waits until something has come about.
pub(crate) fn until(mut it_is_so: impl FnMut() -> bool) {
    for _ in 0..LOOKS_MAX {
        if it_is_so() {
            return;
        }
        std::thread::park_timeout(LOOK);
    }
    panic!("waited for a minute in vain");
}
