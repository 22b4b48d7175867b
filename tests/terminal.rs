//! Runs the screen in a real pseudo-terminal and looks at the bytes: what it takes it gives back,
//! on every way out.
//!
//! The child is this very test binary, started again with one variable set; it shows a small fake
//! machine whose commands panic on demand.

#![expect(clippy::unwrap_used, reason = "a terminal that cannot be set up has failed its test")]
#![expect(clippy::disallowed_methods, reason = "the child is told by variables who it is")]

#[path = "pty/mod.rs"]
mod pty;

use std::io::Write;
use std::sync::Arc;
use std::thread;

use async_trait::async_trait;
use cep_machine::app::command::{Ack, Command, Refusal};
use cep_machine::app::port::Machine;
use cep_machine::app::query::{Answer, Query};
use cep_machine::app::snapshot::{DryClock, LiveStatus, PhiView, Snapshot, SystemHealth, Worlds};
use cep_machine::app::tasks::TaskCounts;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::time::Moment;
use cep_machine::runtime::clock::{Clock, SystemClock};
use cep_machine::tui::keymap::Keymap;
use cep_machine::tui::theme::Terminal;
use cep_machine::tui::{self, Options};
use portable_pty::CommandBuilder;
use pty::{Link, PATIENCE, Pty};
use tokio::sync::watch;

/// Set for the child alone.
const CHILD: &str = "CEP_TERMINAL_CHILD";

/// A machine whose commands panic: advancing on a worker, viewing on the screen's own thread.
struct Explosive(watch::Sender<Arc<Snapshot>>);

#[async_trait]
impl Machine for Explosive {
    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.0.subscribe()
    }

    async fn submit(&self, command: Command) -> Result<Ack, Refusal> {
        assert!(!matches!(command, Command::View { .. }), "the screen's own thread fails");
        if matches!(command, Command::Advance { .. }) {
            let worker = thread::spawn(|| panic!("a worker fails"));
            assert!(worker.join().is_err());
        }
        Ok(Ack::here(None, "the machine took it"))
    }

    async fn ask(&self, _query: Query) -> Result<Answer, Refusal> {
        std::future::pending().await
    }
}

fn quiet() -> Snapshot {
    let now = SystemClock::new().wall();
    Snapshot {
        mode: Mode::Dry,
        wall_at: now,
        dry_clock: DryClock { start: Moment(0), now: Moment(0), jump: None },
        worlds: Worlds::default(),
        live: LiveStatus::default(),
        run: None,
        layers: Vec::new(),
        tasks: TaskCounts::default(),
        containers: Vec::new(),
        phi: PhiView::default(),
        events: Vec::new(),
        system: SystemHealth::default(),
        demo: None,
    }
}

/// Not a test by itself: the program inside the pseudo-terminal.
#[test]
fn child() {
    let Ok(locale) = std::env::var(CHILD) else { return };
    let machine = Arc::new(Explosive(watch::channel(Arc::new(quiet())).0));
    let options = Options {
        folder: std::env::temp_dir(),
        terminal: Terminal {
            term: "xterm-256color".to_owned(),
            locale,
            no_color: std::env::var("NO_COLOR").is_ok(),
            ..Terminal::default()
        },
        low_bandwidth: false,
        keys: Keymap::default(),
        clock: Arc::new(SystemClock::new()),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(tui::show(machine, options));
    std::io::stdout().write_all(format!("ended: {ended:?}\n").as_bytes()).unwrap();
}

/// A child in its pseudo-terminal.
struct Session(Pty);

impl Session {
    fn start(locale: &str, no_color: bool) -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child", "--nocapture"]);
        command.env(CHILD, locale);
        if no_color {
            command.env("NO_COLOR", "1");
        } else {
            command.env_remove("NO_COLOR");
        }
        let mut session = Self(Pty::start(command, (80, 24), Link::default()));
        session.wait_for("1 Layers");
        session
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(self.0.seen()).into_owned()
    }

    fn wait_for(&mut self, needle: &str) {
        while !self.text().contains(needle) {
            let more = self.0.next(PATIENCE);
            assert!(more.is_some(), "{needle:?} never came in\n{:?}", self.text());
        }
    }

    /// Waits for the end and returns all that was written.
    fn end(mut self) -> String {
        self.0.end();
        self.text()
    }

    fn signal(&self, name: &str) {
        let pid = self.0.pid().to_string();
        let status = std::process::Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(status.success());
    }
}

fn assert_restored(text: &str) {
    for mode in ["?1049l", "?25h", "?2026l", "?1000l", "?2004l"] {
        assert!(text.contains(&format!("\u{1b}[{mode}")), "{mode} is missing in {text:?}");
    }
    let after = text.rsplit("?1049l").next().unwrap();
    assert!(!after.contains("?1049h") && !after.contains("1 Layers"), "drawn after: {after:?}");
}

#[test]
fn quitting_gives_the_terminal_back() {
    let mut session = Session::start("C.UTF-8", false);
    session.0.send("q");
    let text = session.end();
    assert_restored(&text);
    assert!(text.contains("ended: Ok(Quit)"), "{text:?}");
}

#[test]
fn sigterm_gives_the_terminal_back() {
    let session = Session::start("C.UTF-8", false);
    session.signal("-TERM");
    let text = session.end();
    assert_restored(&text);
    assert!(text.contains("ended: Ok(Terminated)"), "{text:?}");
}

#[test]
fn sighup_ends_the_screen() {
    let session = Session::start("C.UTF-8", false);
    session.signal("-HUP");
    let text = session.end();
    assert!(text.contains("ended: Ok(HungUp)"), "{text:?}");
}

#[test]
fn a_panic_of_the_screen_gives_the_terminal_back_before_it_prints() {
    let mut session = Session::start("C.UTF-8", false);
    session.0.send("v");
    let text = session.end();
    assert_restored(&text);
    let (_, after) = text.split_once("?1049l").unwrap();
    assert!(after.contains("the screen's own thread fails"), "{after:?}");
    assert!(after.contains("Err(Panicked"), "{after:?}");
}

#[test]
fn a_panic_of_a_worker_leaves_the_screen_as_it_is() {
    let mut session = Session::start("C.UTF-8", false);
    session.0.send(">\r");
    session.wait_for("the machine took it");
    assert!(!session.text().contains("?1049l"), "{:?}", session.text());
    session.0.send("q");
    let text = session.end();
    assert_restored(&text);
    assert_eq!(text.matches("?1049l").count(), 1);
}

#[test]
fn a_lost_terminal_ends_the_process() {
    let mut session = Session::start("C.UTF-8", false);
    // The reader takes at most what this key draws, and then lets its end go.
    session.0.hold(true);
    session.0.send("?");
    session.0.hang_up();
    session.0.end();
}

#[test]
fn an_ascii_locale_gets_ascii_and_no_color_gets_none() {
    let mut session = Session::start("C", true);
    session.0.send("q");
    let text = session.end();
    let screen = text.split("?1049l").next().unwrap();
    assert!(screen.is_ascii(), "{screen:?}");
    for colour in ["\u{1b}[38;", "\u{1b}[33m", "\u{1b}[39m", "\u{1b}[49m"] {
        assert!(!screen.contains(colour), "{colour:?} in {screen:?}");
    }
}
