//! Databases with a long history, and a process' worth of writing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension as _};

/// Events that one transaction of a storm holds: ten transactions a second.
const BATCHES_PER_S: u32 = 10;

const INSERT: &str = "
INSERT INTO events (mode, at, wall_at, level, layer, unit_id, run_id, kind, text)
VALUES ('dry', ?1, ?1, CASE WHEN ?1 % 50 = 0 THEN 'warn' ELSE 'info' END, 1 + ?1 % 9, NULL, NULL,
  'benchmark', 'unit ' || ?1 || ' sent 1 draft and waits for the answer of its receiver')";

/// Makes a database in which a layer has run and `events` events have happened.
pub(super) fn database(path: &Path, events: u32) {
    let status = Command::new(env!("CARGO_BIN_EXE_cep"))
        .args(["run", "all", "--limit", "4", "--db"])
        .arg(path)
        .env("XDG_STATE_HOME", path.parent().unwrap())
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    let mut conn = Connection::open(path).unwrap();
    let tx = conn.transaction().unwrap();
    for n in 0..events {
        tx.prepare_cached(INSERT).unwrap().execute([n]).unwrap();
    }
    tx.commit().unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

/// A thread that writes events until it is stopped.
pub(super) struct Writing {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<f64>,
}

/// Writes `per_s` events a second, as another process would.
pub(super) fn append(path: PathBuf, per_s: u32) -> Writing {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&stop);
    let thread = thread::spawn(move || {
        let mut conn = Connection::open(path).unwrap();
        conn.busy_timeout(Duration::from_secs(10)).unwrap();
        let (began, mut written) = (Instant::now(), 0_u32);
        while !asked.load(Ordering::Acquire) {
            let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate);
            let tx = tx.unwrap();
            for n in 0..per_s / BATCHES_PER_S {
                tx.prepare_cached(INSERT).unwrap().execute([written + n]).unwrap();
            }
            tx.commit().unwrap();
            written += per_s / BATCHES_PER_S;
            let due = Duration::from_secs_f64(f64::from(written) / f64::from(per_s));
            thread::sleep(due.saturating_sub(began.elapsed()));
        }
        f64::from(written) / began.elapsed().as_secs_f64()
    });
    Writing { stop, thread }
}

impl Writing {
    /// Ends it and returns how many events a second were committed.
    pub(super) fn stop(self) -> f64 {
        self.stop.store(true, Ordering::Release);
        self.thread.join().unwrap()
    }
}

/// The wall clock, milliseconds since 1970.
pub(super) fn wall_ms() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs_f64() * 1_000.0
}

/// When a database's first run ended, by its own row: milliseconds since 1970; `None` before that.
pub(super) fn run_ended(path: &Path) -> Option<f64> {
    let conn = Connection::open(path).unwrap();
    conn.busy_timeout(Duration::from_secs(10)).unwrap();
    conn.query_row(
        "SELECT wall_ended_at * 1.0 FROM runs WHERE wall_ended_at IS NOT NULL ORDER BY id",
        [],
        |row| row.get(0),
    )
    .optional()
    .unwrap()
}
