//! A folder with a machine in it, and the record of what its receivers saw.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rusqlite::Connection;
use serde_json::Value;

/// How long sim receivers that forget a key remember it, in milliseconds.
const RETENTION_MS: i64 = 86_400_000;

/// Receivers of the simulated world that forget keys.
const FORGETFUL: [&str; 3] = ["sim-mail", "sim-invite", "sim-billing"];

/// Receivers that are asked, and never told the same twice.
const ASKED: [&str; 3] = ["sim-task", "sim-report", "sim-profile"];

/// A secret in the environment of every process here; none may be found in a backup.
pub(crate) const SECRET: &str = "whsec_planted_secret_of_stripe_0123456789";

pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "sim:\n  receiver_log: {}\npaths:\n  state_dir: {}\nbackup:\n  keep: 3\n",
            folder.path().join("receiver.jsonl").display(),
            folder.path().join("state").display(),
        );
        fs::write(folder.path().join("cep.yaml"), config).unwrap();
        Self { folder }
    }

    /// Makes another world whose receivers have seen the same.
    pub(crate) fn twin(&self) -> Self {
        let twin = Self::new();
        fs::copy(self.path("receiver.jsonl"), twin.path("receiver.jsonl")).unwrap();
        twin
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, database: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).arg("--db").arg(self.path(database));
        command.arg("--config").arg(self.path("cep.yaml")).current_dir(self.folder.path());
        command.env_clear().env("CEP_STRIPE_SECRET", SECRET).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end; returns its exit code and everything it said.
    pub(crate) fn cep(&self, database: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(database, arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Runs a command that has to end with `code`; returns what it said.
    pub(crate) fn said(&self, database: &str, arguments: &[&str], code: i32) -> String {
        let (found, said) = self.cep(database, arguments);
        assert_eq!(found, Some(code), "{arguments:?} said: {said}");
        said
    }

    pub(crate) fn start(&self, database: &str, arguments: &[&str]) -> Child {
        let mut command = self.command(database, arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub(crate) fn names_in(&self, folder: &str) -> BTreeSet<String> {
        let Ok(entries) = fs::read_dir(self.path(folder)) else { return BTreeSet::new() };
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    pub(crate) fn arrivals(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("receiver.jsonl")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Every key that took effect at a receiver.
    pub(crate) fn arrived(&self) -> BTreeSet<String> {
        self.arrivals().iter().map(|arrival| arrival["key"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) fn rows(&self, database: &str, sql: &str) -> BTreeSet<String> {
        rows(&self.path(database), sql)
    }

    pub(crate) fn number(&self, database: &str, sql: &str) -> i64 {
        number(&self.path(database), sql)
    }

    /// Fails if any act took effect twice: a second arrival is harmless only at a receiver that knows
    /// the key and still remembers it. `hosts` says whom each key called.
    pub(crate) fn assert_nothing_twice(&self, hosts: &BTreeMap<String, String>) {
        let mut first = BTreeMap::new();
        for arrival in self.arrivals() {
            let key = arrival["key"].as_str().unwrap().to_owned();
            let at = arrival["at"].as_i64().unwrap();
            let Some(before) = first.get(&key).copied() else {
                first.insert(key, at);
                continue;
            };
            let host = hosts.get(&key).map_or("nobody knows", String::as_str);
            assert!(
                !ASKED.contains(&host) || is_keyed_profile(&arrival),
                "{arrival} went to {host} twice"
            );
            let forgotten = FORGETFUL.contains(&host) && at - before >= RETENTION_MS;
            assert!(!forgotten && host != "nobody knows", "{arrival} took effect at {host} twice");
        }
    }
}

/// Of the profile's three ports two know their keys for ever; posts alone are asked for.
fn is_keyed_profile(arrival: &Value) -> bool {
    arrival["layer"] == 6
}

/// Whom every act of a database calls, by key.
pub(crate) fn hosts(database: &Path) -> BTreeMap<String, String> {
    rows(database, "SELECT key || ' ' || host FROM effects")
        .into_iter()
        .map(|row| {
            row.split_once(' ').map(|(key, host)| (key.to_owned(), host.to_owned())).unwrap()
        })
        .collect()
}

pub(crate) fn rows(database: &Path, sql: &str) -> BTreeSet<String> {
    let conn = Connection::open(database).unwrap();
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

pub(crate) fn number(database: &Path, sql: &str) -> i64 {
    Connection::open(database).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}
