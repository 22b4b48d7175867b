//! Defines the store: SQLite, and nothing of SQLite is seen outside.
//!
//! One thread writes (`writer`), a few connections read. A table group has one file, with one SQL
//! constant above the function that uses it. What each commit leaves after a crash stands in the
//! header of the file that makes it.

pub mod attempt_list;
pub mod attempts;
pub mod board;
pub mod cause_marks;
pub mod changes;
pub mod clocks;
pub mod coherence;
pub mod commands;
pub mod consent;
pub mod copies;
pub mod effect_list;
pub mod effects;
pub mod error;
pub mod event_pages;
pub mod events;
pub mod finance;
pub mod handover;
pub mod inbox;
pub mod joins;
pub mod late_writes;
mod latency;
pub mod learning;
pub mod leases;
pub mod leftovers;
pub mod limits;
mod open;
pub mod operate;
pub mod operations;
pub mod phi;
pub mod promotion;
pub mod pulse;
pub mod recovery;
pub mod restores;
pub mod run_list;
pub mod runs;
pub mod sales;
pub mod served;
mod soundness;
pub mod tasks;
pub mod term;
pub mod unit_list;
pub mod units;
#[cfg(test)]
mod walks;
pub mod wave;
mod withdrawals;
mod words;
mod writer;

pub use latency::Commits;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use self::error::StoreError;
use self::writer::{Job, Writer};
use crate::runtime::clock::Clock;

/// How many connections read. Two workers on two cores and the screen's projector; a fourth would
/// only wait for the same disk.
const READERS: usize = 3;

/// The database, as everybody else holds it. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Writer,
    readers: Vec<Mutex<Connection>>,
    next_reader: AtomicUsize,
    commits: watch::Receiver<u64>,
}

/// A read transaction: it sees one state of the database until it is dropped.
struct Snapshot<'a>(&'a Connection);

impl<'a> Snapshot<'a> {
    fn take(conn: &'a Connection) -> Result<Self, StoreError> {
        writer::told(conn, "BEGIN")?;
        Ok(Self(conn))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Err(error) = writer::told(self.0, "ROLLBACK") {
            tracing::error!(%error, "a read could not be ended");
        }
    }
}

/// The answer to a queued write; it resolves after COMMIT.
pub struct Committed<T>(oneshot::Receiver<Result<T, StoreError>>);

/// A write that is not queued yet.
pub type Write = Box<dyn FnOnce(&Connection) -> Result<(), StoreError> + Send>;

/// Commands that reach the writer in one piece, so that they share a commit (or, when they are many,
/// a few). Each one still succeeds or fails alone. One that is dropped unsent writes nothing.
pub struct Batch {
    jobs: Vec<Job>,
    writer: Writer,
}

impl Batch {
    /// Adds a command; its answer comes after COMMIT.
    pub fn write<T: Send + 'static>(
        &mut self,
        name: &'static str,
        command: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Committed<T> {
        let (job, answer) = Job::new(name, command);
        self.jobs.push(job);
        Committed(answer)
    }

    /// Queues the commands for the writer, in the order in which they were added.
    pub fn send(self) {
        self.writer.submit(self.jobs);
    }
}

impl<T> Committed<T> {
    /// Waits for the answer on a thread that is not a worker of the runtime.
    ///
    /// # Errors
    /// Whatever the command or its COMMIT met.
    pub fn wait(self) -> Result<T, StoreError> {
        self.0.blocking_recv().unwrap_or(Err(StoreError::WriterGone))
    }
}

impl<T> Future for Committed<T> {
    type Output = Result<T, StoreError>;

    fn poll(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Self::Output> {
        std::pin::Pin::new(&mut self.0)
            .poll(cx)
            .map(|answer| answer.unwrap_or(Err(StoreError::WriterGone)))
    }
}

impl Store {
    /// Opens `path`, creating and migrating it as needed.
    ///
    /// # Errors
    /// A file that is not ours, is newer, cannot be written, or lies where SQLite's safety settings
    /// are not honoured.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let conn = open::writer(path)?;
        let (sender, commits) = watch::channel(0);
        let writer = Writer::start(conn, clock, sender)?;
        let readers =
            (0..READERS).map(|_| open::reader(path).map(Mutex::new)).collect::<Result<_, _>>()?;
        let inner = Inner {
            path: path.to_owned(),
            writer,
            readers,
            next_reader: AtomicUsize::new(0),
            commits,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Runs `query` on a connection that can only read, and sees one consistent state.
    ///
    /// Queries take microseconds to a few milliseconds and never wait for the writer, so they run
    /// where they are asked for.
    ///
    /// # Errors
    /// Whatever the query met.
    pub fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let readers = &self.inner.readers;
        let first = self.inner.next_reader.fetch_add(1, Ordering::Relaxed);
        let free = (0..readers.len())
            .find_map(|offset| readers[(first + offset) % readers.len()].try_lock().ok());
        let conn = match free {
            Some(conn) => conn,
            None => readers[first % readers.len()].lock().unwrap_or_else(PoisonError::into_inner),
        };
        let snapshot = Snapshot::take(&conn)?;
        query(snapshot.0)
    }

    /// Returns what tells whether anybody has written, on a connection of its own.
    ///
    /// # Errors
    /// A database that cannot be opened once more.
    pub fn watch(&self) -> Result<pulse::Watch, StoreError> {
        pulse::Watch::open(self.path())
    }

    /// Queues `command` for the writer at once, in the order of the calls; the answer comes after
    /// COMMIT.
    ///
    /// An error from the command undoes what it did, and nothing else.
    pub fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        command: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Committed<T> {
        let mut batch = self.batch();
        let answer = batch.write(name, command);
        batch.send();
        answer
    }

    /// Begins a batch of commands.
    pub fn batch(&self) -> Batch {
        Batch { jobs: Vec::new(), writer: self.inner.writer.clone() }
    }

    /// Returns how long the latest commits of this process took; `None` before the first.
    pub fn commit_figures(&self) -> Option<Commits> {
        self.inner.writer.commits()
    }

    /// Returns how long the writer's latest commit took, in microseconds.
    pub fn commit_us(&self) -> u64 {
        self.inner.writer.commit_us()
    }

    /// Returns why this process could commit nothing the last time, and word of each change; `None`
    /// since a later commit.
    pub fn trouble(&self) -> watch::Receiver<Option<Arc<StoreError>>> {
        self.inner.writer.trouble()
    }

    /// Returns a counter that changes with every commit of this process.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.inner.commits.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::clock::SystemClock;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("t.db"), Arc::new(SystemClock::new())).unwrap();
        (folder, store)
    }

    fn count(store: &Store) -> i64 {
        store
            .read(|conn| Ok(conn.query_row("SELECT count(*) FROM cache", [], |row| row.get(0))?))
            .unwrap()
    }

    fn put(conn: &Connection, key: i64) -> Result<(), StoreError> {
        conn.execute("INSERT INTO cache VALUES ('dry', ?1, '', 0)", [key.to_string()])?;
        Ok(())
    }

    #[tokio::test]
    async fn a_command_that_fails_takes_nothing_of_its_neighbours_with_it() {
        let (_folder, store) = store();
        let answers: Vec<_> = (0..100)
            .map(|key| {
                store.write("test", move |conn| {
                    put(conn, key)?;
                    if key % 10 == 3 { Err(StoreError::Fenced { what: "test" }) } else { Ok(key) }
                })
            })
            .collect();
        let mut kept = 0;
        for answer in answers {
            kept += i64::from(answer.await.is_ok());
        }
        assert_eq!((kept, count(&store)), (90, 90));
    }

    #[tokio::test]
    async fn a_reader_cannot_write() {
        let (_folder, store) = store();
        assert!(store.read(|conn| put(conn, 1)).is_err());
        assert_eq!(count(&store), 0);
    }

    #[test]
    fn an_answer_can_be_awaited_without_a_runtime() {
        let (_folder, store) = store();
        store.write("test", |conn| put(conn, 1)).wait().unwrap();
        assert_eq!(count(&store), 1);
    }
}
