//! The words in which the scenarios are written: what a person sees, presses and types.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

use crate::pty::{Link, PATIENCE, Pty};

/// The sizes that people have: a window beside another, the classic, a small pane, and the least.
pub(crate) const WIDE: (u16, u16) = (120, 36);
pub(crate) const CLASSIC: (u16, u16) = (80, 24);
pub(crate) const SMALL: (u16, u16) = (60, 15);
pub(crate) const LEAST: (u16, u16) = (40, 10);

/// How long nothing must come before a screen counts as settled.
const QUIET: Duration = Duration::from_millis(400);

/// A folder with a machine in it.
pub(crate) struct Desk {
    folder: TempDir,
    config: Option<PathBuf>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), config: None }
    }

    /// A machine with settings of its own.
    pub(crate) fn with(yaml: &str) -> Self {
        let mut desk = Self::new();
        let path = desk.path("cep.yaml");
        std::fs::write(&path, yaml).unwrap();
        desk.config = Some(path);
        desk
    }

    /// A machine that has gone the whole way once.
    pub(crate) fn walked() -> Self {
        let desk = Self::new();
        desk.runs(&["run", "all", "--limit", "4"], 0);
        desk
    }

    /// A machine in which every mail of layer 3 was refused for good.
    pub(crate) fn with_refused_mails() -> Self {
        let desk = Self::with("sim:\n  fault_script: [{layer: 3, sends: 9, kind: rejected}]\n");
        desk.runs(&["run", "all", "--limit", "4"], 3);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The variables of a person's shell that matter here, and no others.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("XDG_STATE_HOME", self.path("state").display().to_string()),
            ("HOME", self.folder.path().display().to_string()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("USER", "night".to_owned()),
            ("TERM", "xterm-256color".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ];
        variables.extend(self.config.iter().map(|path| ("CEP_CONFIG", path.display().to_string())));
        variables
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).env_clear().envs(self.variables()).stdin(Stdio::null());
        command.current_dir(self.folder.path());
        command
    }

    /// Runs a command that has to end with `code`.
    pub(crate) fn runs(&self, arguments: &[&str], code: i32) -> Output {
        let output = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?} said: {said}");
        output
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        let conn = Connection::open(self.path("state/cep/cep.db")).unwrap();
        conn.busy_timeout(Duration::from_secs(10)).unwrap();
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Waits until a count has a value.
    pub(crate) fn waits_for(&self, sql: &str, value: i64) {
        let began = Instant::now();
        while self.number(sql) != value {
            assert!(began.elapsed() < PATIENCE, "{sql} is never {value}");
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// Opens the dashboard.
    pub(crate) fn opens(&self, arguments: &[&str], size: (u16, u16)) -> Session {
        self.opens_by(arguments, size, &[], Link::default())
    }

    /// Opens the dashboard with other variables, or over a link.
    pub(crate) fn opens_by(
        &self,
        arguments: &[&str],
        size: (u16, u16),
        variables: &[(&str, &str)],
        link: Link,
    ) -> Session {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments);
        Session::start(self.in_place(command, variables), size, link)
    }

    /// Opens an interactive shell, in which the dashboard is a job.
    pub(crate) fn opens_a_shell(&self, size: (u16, u16)) -> Session {
        let mut command = CommandBuilder::new("bash");
        command.args(["--norc", "--noprofile", "-i"]);
        let variables = [("PS1", "ready$ "), ("CEP", env!("CARGO_BIN_EXE_cep")), ("HISTFILE", "")];
        Session::start(self.in_place(command, &variables), size, Link::default())
    }

    fn in_place(&self, mut command: CommandBuilder, variables: &[(&str, &str)]) -> CommandBuilder {
        command.env_clear();
        command.cwd(self.folder.path());
        for (name, value) in self.variables() {
            command.env(name, value);
        }
        for (name, value) in variables {
            command.env(name, value);
        }
        command
    }
}

/// Waits until a process is gone.
pub(crate) fn waits_for_the_end_of(pid: Pid) {
    let began = Instant::now();
    while test_kill_process(pid).is_ok() && !is_zombie(pid) {
        assert!(began.elapsed() < PATIENCE, "{pid:?} goes on");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Whether a process has ended and only its parent does not know. In a container that may be for good.
fn is_zombie(pid: Pid) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero()));
    status.is_ok_and(|status| status.contains("Z (zombie)"))
}

/// A person in front of a terminal.
pub(crate) struct Session(Pty);

impl Session {
    fn start(command: CommandBuilder, size: (u16, u16), link: Link) -> Self {
        Self(Pty::start(command, size, link))
    }

    /// All rows of the screen, without blanks at their ends.
    pub(crate) fn text(&self) -> String {
        let screen = self.0.screen();
        let (_, columns) = screen.size();
        let mut text = String::new();
        for row in screen.rows(0, columns.get()) {
            let _infallible = writeln!(text, "{}", row.trim_end());
        }
        text
    }

    /// The same without the clock, which goes on.
    pub(crate) fn picture(&self) -> String {
        let text = self.text();
        let (first, rest) = text.split_once('\n').unwrap();
        let (before, _clock) = first.rsplit_once(' ').unwrap();
        format!("{}\n{rest}", before.trim_end())
    }

    /// All bytes, readable.
    pub(crate) fn bytes(&self) -> String {
        String::from_utf8_lossy(self.0.seen()).into_owned()
    }

    /// Waits until a condition holds for the screen.
    fn awaits(&mut self, what: &str, holds: impl Fn(&str) -> bool) -> &mut Self {
        let began = Instant::now();
        while !holds(&self.text()) {
            let left = PATIENCE.saturating_sub(began.elapsed());
            assert!(!left.is_zero(), "{what} never came:\n{}", self.text());
            if self.0.next(left.min(Duration::from_millis(200))).is_none()
                && let Some(status) = self.0.ended()
                && self.0.next(QUIET).is_none()
            {
                panic!("{what} never came, it ended ({status:?}):\n{}", self.text());
            }
        }
        self
    }

    pub(crate) fn sees(&mut self, text: &str) -> &mut Self {
        self.awaits(&format!("{text:?}"), |screen| screen.contains(text))
    }

    pub(crate) fn sees_all(&mut self, texts: &[&str]) -> &mut Self {
        let all = |screen: &str| texts.iter().all(|text| screen.contains(text));
        self.awaits(&format!("{texts:?}"), all)
    }

    pub(crate) fn no_longer_sees(&mut self, text: &str) -> &mut Self {
        self.awaits(&format!("the end of {text:?}"), |screen| !screen.contains(text))
    }

    /// Waits until a line holds all of these.
    pub(crate) fn sees_in_a_line(&mut self, texts: &[&str]) -> &mut Self {
        let holds = |line: &str| texts.iter().all(|text| line.contains(text));
        self.awaits(&format!("a line with {texts:?}"), |screen| screen.lines().any(holds))
    }

    /// Says that something is not on the screen now that it rests.
    pub(crate) fn does_not_see(&mut self, text: &str) -> &mut Self {
        self.rests();
        assert!(!self.text().contains(text), "{text:?} is there:\n{}", self.text());
        self
    }

    /// Presses keys.
    pub(crate) fn presses(&mut self, keys: &str) -> &mut Self {
        self.0.send(keys);
        self
    }

    /// Types a command behind `:` and enters it.
    pub(crate) fn commands(&mut self, line: &str) -> &mut Self {
        self.0.send(":");
        self.sees("> ");
        self.0.send(&format!("{line}\r"));
        self
    }

    /// Waits until nothing comes any more.
    pub(crate) fn rests(&mut self) -> &mut Self {
        let began = Instant::now();
        while self.0.next(QUIET).is_some() && began.elapsed() < QUIET * 8 {}
        self
    }

    pub(crate) fn resizes(&mut self, size: (u16, u16)) -> &mut Self {
        self.0.resize(size);
        self
    }

    /// Waits until a query gives what is wanted: what the screen did has reached the rows.
    pub(crate) fn finds(&mut self, desk: &Desk, sql: &str, wanted: i64) -> &mut Self {
        self.awaits_rows(desk, sql, |found| found == wanted)
    }

    /// Waits until what a query gives is as it should be.
    pub(crate) fn awaits_rows(
        &mut self,
        desk: &Desk,
        sql: &str,
        holds: impl Fn(i64) -> bool,
    ) -> &mut Self {
        let began = Instant::now();
        while !holds(desk.number(sql)) {
            assert!(began.elapsed() < PATIENCE, "{} by {sql}:\n{}", desk.number(sql), self.text());
            self.0.next(Duration::from_millis(50));
        }
        self
    }

    pub(crate) fn signals(&mut self, signal: Signal) -> &mut Self {
        let pid = i32::try_from(self.0.pid()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
        self
    }

    pub(crate) fn hangs_up(&mut self) -> &mut Self {
        self.0.hang_up();
        self
    }

    /// Stops reading, or reads again.
    pub(crate) fn holds(&mut self, is_stuck: bool) -> &mut Self {
        self.0.hold(is_stuck);
        self
    }

    /// Waits for the end of the process, however it ends.
    pub(crate) fn is_gone(&mut self) -> &mut Self {
        self.0.end();
        self
    }

    /// Waits for the end, which has to come with `code`.
    pub(crate) fn ends_with(&mut self, code: u32) -> &mut Self {
        let status = self.0.end();
        assert_eq!(status.exit_code(), code, "{}", self.text());
        self
    }

    /// The terminal is as it was: no mode of the screen is left, and nothing is drawn behind it.
    pub(crate) fn left_the_terminal_as_it_was(&mut self) -> &mut Self {
        let bytes = self.bytes();
        for mode in ["?1049l", "?25h", "?2026l", "?1000l", "?2004l"] {
            assert!(bytes.contains(&format!("\u{1b}[{mode}")), "{mode} is missing in {bytes:?}");
        }
        let after = bytes.rsplit("?1049l").next().unwrap_or_default();
        assert!(!after.contains("1 Layers"), "drawn after: {after:?}");
        self
    }
}
