//! The dashboard, or another program, watched from outside: what it costs and how fast it answers.

use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use portable_pty::CommandBuilder;

use crate::pty::{Link, PATIENCE, Pty};

/// How long nothing must come before a screen counts as settled.
const QUIET: Duration = Duration::from_millis(1_500);

/// Clock ticks a second of `/proc/<pid>/stat`.
const TICKS_PER_S: f64 = 100.0;

/// A running program on 120×36.
pub(super) struct Terminal(Pty);

/// What a program used while it was watched.
pub(super) struct Usage {
    pub(super) bytes_per_s: f64,
    /// The same, compressed and flushed at each read, as `ssh -C` does.
    pub(super) zlib_per_s: f64,
    pub(super) cpu_percent: f64,
}

impl Terminal {
    pub(super) fn start(command: CommandBuilder, link: Link) -> Self {
        Self(Pty::start(command, (120, 36), link))
    }

    pub(super) fn seen(&self) -> &[u8] {
        self.0.seen()
    }

    /// Waits until a text was written, and returns how long after the start.
    pub(super) fn until(&mut self, needle: &str) -> Duration {
        loop {
            let (at, _) = self.0.next(PATIENCE).unwrap();
            if self.0.seen().windows(needle.len()).any(|window| window == needle.as_bytes()) {
                return at - self.0.started();
            }
        }
    }

    /// Waits until nothing comes any more, or for some pauses of a program that never rests.
    pub(super) fn settle(&mut self) {
        let began = Instant::now();
        while began.elapsed() < QUIET * 4 && self.0.next(QUIET).is_some() {}
    }

    pub(super) fn watch(&mut self, span: Duration) -> Usage {
        use std::io::Write as _;
        let (began, ticks) = (Instant::now(), self.ticks());
        let first = self.0.seen().len();
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        let mut at = first;
        while let Some(left) = span.checked_sub(began.elapsed()) {
            if self.0.next(left).is_some() {
                packed.write_all(&self.0.seen()[at..]).unwrap();
                packed.flush().unwrap();
                at = self.0.seen().len();
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        // The head of the stream is sent once, before anything is watched.
        let zlib = packed.get_ref().len().saturating_sub(2);
        Usage {
            bytes_per_s: per(at - first, seconds),
            zlib_per_s: per(zlib, seconds),
            cpu_percent: (self.ticks() - ticks) / TICKS_PER_S / seconds * 100.0,
        }
    }

    /// Presses a key of a resting screen, and returns how long its frame took.
    pub(super) fn press(&mut self, keys: &str) -> Duration {
        let pressed = self.0.send(keys);
        let (at, _) = self.0.next(PATIENCE).unwrap();
        at - pressed
    }

    /// Moves the selection of the layers down or up on a busy screen, and returns how long until the
    /// mark stands in its new row.
    pub(super) fn press_marked(&mut self, down: bool) -> Duration {
        let before = self.marked();
        let pressed = self.0.send(if down { "j" } else { "k" });
        loop {
            let (at, _) = self.0.next(PATIENCE).unwrap();
            if self.marked() != before {
                return at - pressed;
            }
        }
    }

    /// Returns the row of the selection's mark in the first pane.
    fn marked(&self) -> Option<u16> {
        let screen = self.0.screen();
        (2..16).find(|&row| screen.cell(row, 1).is_some_and(|cell| cell.contents() == ">"))
    }

    /// Forgets the bytes that came so far, so that a long watch fills no memory here.
    pub(super) fn forget(&mut self) {
        self.0.forget();
    }

    /// Presses keys and waits for nothing.
    pub(super) fn send(&mut self, keys: &str) {
        self.0.send(keys);
    }

    /// Reads nothing more, or again.
    pub(super) fn hold(&self, is_stuck: bool) {
        self.0.hold(is_stuck);
    }

    fn ticks(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.pid())).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        fields.split_whitespace().skip(11).take(2).map(|n| n.parse::<f64>().unwrap()).sum()
    }

    pub(super) fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1_024.0
    }

    /// Leaves, and ends what does not go by itself.
    pub(super) fn quit(mut self) {
        self.0.send("q");
        let began = Instant::now();
        while self.0.ended().is_none() && began.elapsed() < Duration::from_secs(5) {
            self.0.next(Duration::from_millis(20));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a minute are far below 2^52")]
fn per(bytes: usize, seconds: f64) -> f64 {
    bytes as f64 / seconds
}
