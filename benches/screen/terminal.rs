//! A program in a pseudo-terminal of 120×36, watched from outside.

use std::io::{Read as _, Write};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// How long anything may take before the benchmark gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long nothing must come before a screen counts as settled.
const QUIET: Duration = Duration::from_millis(1_500);

/// Clock ticks a second of `/proc/<pid>/stat`.
const TICKS_PER_S: f64 = 100.0;

/// A running program.
pub(super) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    bytes: Receiver<(Instant, Vec<u8>)>,
    seen: Vec<u8>,
    started: Instant,
    screen: vt100::Parser,
}

/// What a program used while it was watched.
pub(super) struct Usage {
    pub(super) bytes_per_s: f64,
    pub(super) cpu_percent: f64,
}

impl Terminal {
    pub(super) fn start(command: CommandBuilder) -> Self {
        let size = PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let (sender, bytes) = channel();
        thread::spawn(move || {
            let mut buffer = vec![0; 65_536];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || sender.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                    return;
                }
            }
        });
        let (rows, columns) = (36.try_into().unwrap(), 120.try_into().unwrap());
        let screen = vt100::Parser::new(rows, columns, 0);
        let seen = Vec::new();
        Self { child, _master: pair.master, keys, bytes, seen, started, screen }
    }

    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// Waits until a text was written, and returns how long after the start.
    pub(super) fn until(&mut self, needle: &str) -> Duration {
        loop {
            let (at, bytes) = self.bytes.recv_timeout(PATIENCE).unwrap();
            self.take(&bytes);
            if self.seen.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                return at - self.started;
            }
        }
    }

    /// Waits until nothing comes any more, or for ten pauses of a program that never rests.
    pub(super) fn settle(&mut self) {
        let began = Instant::now();
        while began.elapsed() < QUIET * 4 {
            match self.bytes.recv_timeout(QUIET) {
                Ok((_, bytes)) => self.take(&bytes),
                Err(_) => return,
            }
        }
    }

    pub(super) fn watch(&mut self, span: Duration) -> Usage {
        let (began, ticks) = (Instant::now(), self.ticks());
        let mut bytes = 0_u32;
        while let Some(left) = span.checked_sub(began.elapsed()) {
            if let Ok((_, more)) = self.bytes.recv_timeout(left) {
                bytes += u32::try_from(more.len()).unwrap();
                self.take(&more);
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        Usage {
            bytes_per_s: f64::from(bytes) / seconds,
            cpu_percent: (self.ticks() - ticks) / TICKS_PER_S / seconds * 100.0,
        }
    }

    /// Presses a key of a resting screen, and returns how long its frame took.
    pub(super) fn press(&mut self, keys: &str) -> Duration {
        let pressed = self.send(keys);
        let (at, bytes) = self.bytes.recv_timeout(PATIENCE).unwrap();
        self.take(&bytes);
        at - pressed
    }

    /// Moves the selection of the layers down or up on a busy screen, and returns how long until the
    /// mark stands in its new row.
    pub(super) fn press_marked(&mut self, down: bool) -> Duration {
        let before = self.marked();
        let pressed = self.send(if down { "j" } else { "k" });
        loop {
            let (at, bytes) = self.bytes.recv_timeout(PATIENCE).unwrap();
            self.take(&bytes);
            if self.marked() != before {
                return at - pressed;
            }
        }
    }

    /// Returns the row of the selection's mark in the first pane.
    fn marked(&self) -> Option<u16> {
        let screen = self.screen.screen();
        (2..16).find(|&row| screen.cell(row, 1).is_some_and(|cell| cell.contents() == ">"))
    }

    fn send(&mut self, keys: &str) -> Instant {
        let pressed = Instant::now();
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        pressed
    }

    fn take(&mut self, bytes: &[u8]) {
        // A program may ask where the cursor is, and wait for the answer.
        if bytes.windows(4).any(|window| window == b"\x1b[6n") {
            self.send("\x1b[1;1R");
        }
        self.screen.process(bytes);
        self.seen.extend_from_slice(bytes);
    }

    fn ticks(&self) -> f64 {
        let pid = self.child.process_id().unwrap();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        fields.split_whitespace().skip(11).take(2).map(|n| n.parse::<f64>().unwrap()).sum()
    }

    pub(super) fn resident_mib(&self) -> f64 {
        let pid = self.child.process_id().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1_024.0
    }

    pub(super) fn quit(mut self) {
        self.send("q");
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            if began.elapsed() > Duration::from_secs(5) {
                self.child.kill().unwrap();
            }
            drop(self.bytes.recv_timeout(Duration::from_millis(20)));
        }
    }
}
