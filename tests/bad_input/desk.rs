//! A folder with a machine in it, worked through the library or through the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use cep_machine::app::command::RunRequest;
use cep_machine::app::{Handle, Origin, Setup, Show, build};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::mode::Mode;
use cep_machine::engines::orchestrator::engine::RunReport;
use rusqlite::Connection;
use tempfile::TempDir;

use super::clean::assert_clean;

/// Returns the text of a list of bad input, or says that the test is skipped.
#[expect(clippy::disallowed_methods, reason = "tests alone read this variable")]
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
pub(crate) fn list(name: &str) -> Option<String> {
    let folder = std::env::var("CEP_TEST_DATA").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = folder.join("bad-input").join(name);
    let text = fs::read_to_string(&path).ok();
    if text.is_none() {
        eprintln!("skipped: {} is absent", path.display());
    }
    text
}

/// Returns strings that have broken programs, and some made to break a terminal or a file.
pub(crate) fn naughty_strings() -> Option<Vec<String>> {
    let mut strings: Vec<String> = serde_json::from_str(&list("naughty-strings.json")?).unwrap();
    assert_eq!(strings.len(), 343);
    let own = [
        "A\r\nBcc: everybody@example.com\r\n\r\nbody",
        "B\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m",
        "C\u{7f}\u{8}\u{85}\u{2028}",
        "../../../etc/\u{202e}passwd\u{2066}",
        "\u{200b}\u{feff}\u{ad}",
        "=HYPERLINK(\"https://evil.example\")",
    ];
    strings.extend(own.map(str::to_owned));
    Some(strings)
}

/// A folder with a machine in it.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Starts the machine in this process, on the database that `cep` uses too.
    pub(crate) fn machine(&self) -> Handle {
        let settings = cep_machine::config::embedded(self.0.path()).unwrap();
        let setup = Setup {
            database: self.database(),
            settings,
            origin: Origin::Cli,
            user: "tester".to_owned(),
        };
        Handle::start(Arc::new(build(setup).unwrap()), Show::Headless, Mode::Dry).unwrap()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("cep.db")
    }

    /// Returns the first column of a query as text.
    pub(crate) fn texts(&self, sql: &str) -> Vec<String> {
        let conn = Connection::open(self.database()).unwrap();
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    pub(crate) fn count(&self, sql: &str) -> usize {
        let conn = Connection::open(self.database()).unwrap();
        let n: i64 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
        usize::try_from(n).unwrap()
    }

    /// Runs the binary on this desk's database.
    pub(crate) fn cep(&self, arguments: &[&str]) -> Said {
        self.bare(&[&["--db", "cep.db"], arguments].concat())
    }

    /// Runs the binary with these arguments alone; whatever it says has to be clean.
    pub(crate) fn bare(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).current_dir(self.0.path()).env_clear();
        command.env("XDG_STATE_HOME", self.path("state")).stdin(Stdio::null());
        Said::of(command.output().unwrap(), &format!("{arguments:?}"))
    }
}

/// What the binary said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: Output, whose: &str) -> Self {
        let out = String::from_utf8(output.stdout).unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_clean(&out, whose);
        assert_clean(&err, whose);
        assert!(!err.contains("panicked"), "{whose}: {err}");
        let code = output.status.code();
        Self { code: code.unwrap_or_else(|| panic!("{whose} was killed: {err}")), out, err }
    }
}

/// Runs layers over a file, or over what is there.
pub(crate) async fn run(machine: &Handle, layers: &[Layer], input: Option<&Path>) -> RunReport {
    let input = input.map(Path::to_owned);
    let request = RunRequest { mode: Mode::Dry, layers: layers.to_vec(), input, limit: None };
    machine.run_to_end(request).await.unwrap()
}
