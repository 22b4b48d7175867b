//! A program in a pseudo-terminal, with an emulated screen behind it and a link of any speed between.
//!
//! Tests and benchmarks look at the same three things: the bytes as they came, the screen that they
//! make, and the moment at which they came. Nothing here judges what it sees.

#![allow(dead_code, reason = "each suite uses the part that it needs")]

use std::io::{Read as _, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};

/// How long anything may take before it counts as never. Generous, because it only bounds failures.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// What lies between the program and the person who looks at it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Link {
    /// Bytes a second towards the person; no limit when `None`.
    pub(crate) bytes_per_s: Option<u32>,
    /// How long each byte and each key is on its way.
    pub(crate) delay: Duration,
}

/// How the program's output is read.
#[derive(Default)]
struct Reading {
    /// Nobody reads for now.
    stuck: AtomicBool,
    /// Nobody will read again.
    gone: AtomicBool,
}

/// A running program.
pub(crate) struct Pty {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Option<Sender<(Instant, Vec<u8>)>>,
    link: Link,
    bytes: Receiver<(Instant, Vec<u8>)>,
    reading: Arc<Reading>,
    seen: Vec<u8>,
    screen: vt100::Parser,
    started: Instant,
}

impl Pty {
    /// Starts a program on `columns` and `rows`.
    pub(crate) fn start(command: CommandBuilder, (columns, rows): (u16, u16), link: Link) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let reading = Arc::new(Reading::default());
        let bytes = carried(reader, link, Arc::clone(&reading));
        Self {
            child,
            master: Some(pair.master),
            keys: Some(typed(writer)),
            link,
            bytes,
            reading,
            seen: Vec::new(),
            screen: parser((columns, rows)),
            started,
        }
    }

    /// When it was started.
    pub(crate) const fn started(&self) -> Instant {
        self.started
    }

    /// All bytes that came so far.
    pub(crate) fn seen(&self) -> &[u8] {
        &self.seen
    }

    /// Forgets them; the screen stays.
    pub(crate) fn forget(&mut self) {
        self.seen.clear();
    }

    /// The screen that they make.
    pub(crate) fn screen(&self) -> &vt100::Screen {
        self.screen.screen()
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends keys, and returns when.
    pub(crate) fn send(&mut self, keys: &str) -> Instant {
        let pressed = Instant::now();
        if let Some(sender) = &self.keys {
            // A program that has ended takes no more keys.
            let _nobody = sender.send((pressed + self.link.delay, keys.as_bytes().to_vec()));
        }
        pressed
    }

    /// Waits for bytes, at most `patience`, and returns when they came and how many they were.
    pub(crate) fn next(&mut self, patience: Duration) -> Option<(Instant, usize)> {
        let (at, bytes) = self.bytes.recv_timeout(patience).ok()?;
        // A program may ask where the cursor is, and wait for the answer.
        if bytes.windows(4).any(|window| window == b"\x1b[6n") {
            self.send("\x1b[1;1R");
        }
        self.screen.process(&bytes);
        self.seen.extend_from_slice(&bytes);
        Some((at, bytes.len()))
    }

    /// Changes the size, as a dragged window does.
    pub(crate) fn resize(&mut self, (columns, rows): (u16, u16)) {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().unwrap().resize(size).unwrap();
        let (rows, columns) = (rows.try_into().unwrap(), columns.try_into().unwrap());
        self.screen.screen_mut().set_size(rows, columns);
    }

    /// Reads no more, as a stopped terminal does, or reads again.
    pub(crate) fn hold(&self, is_stuck: bool) {
        self.reading.stuck.store(is_stuck, Ordering::Release);
    }

    /// Closes the terminal, as a lost connection does.
    pub(crate) fn hang_up(&mut self) {
        self.keys = None;
        self.master = None;
        // The reader lets its end go with the next bytes, or at once where it is held.
        self.reading.gone.store(true, Ordering::Release);
    }

    /// Whether the program has ended.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits for the end and returns how it ended, with all bytes in `seen`.
    pub(crate) fn end(&mut self) -> ExitStatus {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let more = self.next(Duration::from_millis(20));
            if more.is_none()
                && let Some(status) = self.ended()
            {
                while self.next(Duration::from_millis(20)).is_some() {}
                return status;
            }
        }
        panic!("it does not end:\n{}", self.screen().contents())
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if self.child.try_wait().ok().flatten().is_none() {
            let _ended_meanwhile = self.child.kill();
            let _status = self.child.wait();
        }
    }
}

fn parser((columns, rows): (u16, u16)) -> vt100::Parser {
    vt100::Parser::new(rows.try_into().unwrap(), columns.try_into().unwrap(), 0)
}

/// Carries what the program writes over the link. At its speed it reads no faster than the link can
/// take, so a program that writes more is held up, as it is over SSH.
fn carried(
    mut reader: Box<dyn std::io::Read + Send>,
    link: Link,
    reading: Arc<Reading>,
) -> Receiver<(Instant, Vec<u8>)> {
    let (sender, bytes) = channel();
    let (on_the_way, arriving) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        for (due, part) in arriving {
            rest_until(due);
            if sender.send((Instant::now(), part)).is_err() {
                return;
            }
        }
    });
    thread::spawn(move || {
        // A tenth of a second's worth at a time keeps a slow link even.
        let part = link.bytes_per_s.map_or(65_536, |rate| (rate as usize / 10).max(1));
        let mut buffer = vec![0; part];
        let mut free_at = Instant::now();
        loop {
            let gone = || reading.gone.load(Ordering::Acquire);
            while reading.stuck.load(Ordering::Acquire) && !gone() {
                rest_until(Instant::now() + Duration::from_millis(5));
            }
            if gone() {
                return;
            }
            let Ok(n @ 1..) = reader.read(&mut buffer) else { return };
            if gone() {
                return;
            }
            if let Some(rate) = link.bytes_per_s {
                let takes =
                    Duration::from_secs_f64(f64::from(u32::try_from(n).unwrap()) / f64::from(rate));
                free_at = free_at.max(Instant::now()) + takes;
                rest_until(free_at);
            }
            if on_the_way.send((Instant::now() + link.delay, buffer[..n].to_vec())).is_err() {
                return;
            }
        }
    });
    bytes
}

/// Carries keys to the program, each when it is due there.
fn typed(mut writer: Box<dyn Write + Send>) -> Sender<(Instant, Vec<u8>)> {
    let (sender, keys) = channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        for (due, keys) in keys {
            rest_until(due);
            if writer.write_all(&keys).and_then(|()| writer.flush()).is_err() {
                return;
            }
        }
    });
    sender
}

/// Takes as long as the link does.
fn rest_until(due: Instant) {
    let (_never, rest) = channel::<()>();
    let left = due.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        let over = rest.recv_timeout(left);
        debug_assert_eq!(over, Err(RecvTimeoutError::Timeout));
    }
}
