//! Runs the one thread that writes, with group commit.
//!
//! Commands that are queued at the same time share one transaction and one fsync: at most 256 of
//! them, or as many as can be applied in 2 ms. The thread never lingers for more; whoever has
//! several commands at once hands them over in one piece, so that the first is not committed alone.
//! Each command has a savepoint of its own, so one that fails takes nothing of its neighbours with
//! it, and each is answered only after COMMIT: an answer means that the change survives a power cut.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use super::error::StoreError;
use super::latency::{Commits, Latencies};
use crate::runtime::clock::Clock;
use crate::runtime::failpoint::{self, Commands};

/// How many commands one transaction takes at most; beyond this a later command would wait longer
/// than a commit takes.
const BATCH_MAX: usize = 256;

/// How long one transaction may be filled, in microseconds.
const BATCH_US_MAX: u64 = 2_000;

/// How many hand-overs may be queued. A full queue makes workers wait, which is the back-pressure
/// wanted: a disk that cannot keep up must slow the work, not fill the memory.
const QUEUE_MAX: usize = 4_096;

/// What broke a whole transaction: the command that met it, and the error.
type Trouble = (&'static str, rusqlite::Error);

type Apply = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Applied + Send>;

type Reply = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A command on its way to the writer.
pub(super) struct Job {
    name: &'static str,
    /// Given an error instead of a connection, it applies nothing and answers with the error.
    apply: Apply,
}

struct Applied {
    keep: bool,
    reply: Reply,
}

impl Job {
    /// Makes a command; the receiver yields its answer after COMMIT.
    pub(super) fn new<T: Send + 'static>(
        name: &'static str,
        command: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        failpoint::assert_listed(name);
        let (sender, receiver) = oneshot::channel();
        let apply = Box::new(move |conn: Result<&Connection, StoreError>| {
            let result = conn.and_then(command);
            let keep = result.is_ok();
            let reply: Reply = Box::new(move |committed: Result<(), StoreError>| {
                // The asker may be gone (cancelled); its command was committed all the same.
                drop(sender.send(committed.and(result)));
            });
            Applied { keep, reply }
        });
        (Self { name, apply }, receiver)
    }
}

/// The sending end of the writer's queue.
#[derive(Clone)]
pub(super) struct Writer {
    queue: SyncSender<Vec<Job>>,
    /// Microseconds that the latest COMMIT took.
    commit_us: Arc<AtomicU64>,
    /// How long the latest ones took.
    latencies: Arc<Latencies>,
    /// Why nothing could be committed the last time; `None` since the next commit.
    trouble: watch::Receiver<Option<Arc<StoreError>>>,
}

impl Writer {
    /// Starts the thread. `commits` counts transactions, for those who watch for news.
    pub(super) fn start(
        conn: Connection,
        clock: Arc<dyn Clock>,
        commits: watch::Sender<u64>,
    ) -> Result<Self, StoreError> {
        let (queue, handed) = sync_channel(QUEUE_MAX);
        let commit_us = Arc::new(AtomicU64::new(0));
        let took = Arc::clone(&commit_us);
        let latencies = Arc::new(Latencies::default());
        let kept = Arc::clone(&latencies);
        let (troubled, trouble) = watch::channel(None);
        crate::runtime::spawn::thread("store writer", move || {
            work(
                &conn,
                &handed,
                clock.as_ref(),
                &Told { commits, troubled, commit_us: took, latencies: kept },
            );
        })
        .map_err(|_| StoreError::WriterGone)?;
        Ok(Self { queue, commit_us, latencies, trouble })
    }

    /// Returns how long the latest COMMIT took, in microseconds.
    pub(super) fn commit_us(&self) -> u64 {
        self.commit_us.load(Ordering::Relaxed)
    }

    /// Returns how long the latest commits took.
    pub(super) fn commits(&self) -> Option<Commits> {
        self.latencies.figures()
    }

    /// Returns why nothing could be committed the last time, as long as that stands.
    pub(super) fn trouble(&self) -> watch::Receiver<Option<Arc<StoreError>>> {
        self.trouble.clone()
    }

    /// Queues commands at once and in this order; nothing comes between them.
    pub(super) fn submit(&self, jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        // A failed send drops the jobs and with them their replies' senders, which receivers see.
        drop(self.queue.send(jobs));
    }
}

/// What the thread tells of each transaction.
struct Told {
    commits: watch::Sender<u64>,
    troubled: watch::Sender<Option<Arc<StoreError>>>,
    commit_us: Arc<AtomicU64>,
    latencies: Arc<Latencies>,
}

fn work(conn: &Connection, queue: &Receiver<Vec<Job>>, clock: &dyn Clock, tell: &Told) {
    let mut waiting = VecDeque::new();
    loop {
        if waiting.is_empty() {
            let Ok(jobs) = queue.recv() else { break };
            waiting.extend(jobs);
        }
        let started = clock.monotonic_us();
        let mut replies = Vec::new();
        let mut commands = Commands::default();
        let changes = conn.total_changes();
        let begun = told(conn, "BEGIN IMMEDIATE");
        let mut trouble = begun.err().map(|error| ("the start of a transaction", error));
        let mut job = waiting.pop_front();
        while let Some(next) = job.take() {
            let name = next.name;
            commands.add(name);
            match apply(conn, next, trouble.as_ref()) {
                Ok(reply) => replies.push(reply),
                Err((reply, error)) => {
                    replies.push(reply);
                    trouble = trouble.or(Some((name, error)));
                }
            }
            let full = replies.len() >= BATCH_MAX
                || clock.monotonic_us().saturating_sub(started) >= BATCH_US_MAX;
            if !full && trouble.is_none() {
                if waiting.is_empty() {
                    waiting.extend(queue.try_recv().unwrap_or_default());
                }
                failpoint::hit("batch.applied");
                job = waiting.pop_front();
            }
        }
        let applied = clock.monotonic_us();
        // A transaction that changed nothing did not reach the disk, so it proves nothing about it.
        let proves = conn.total_changes() != changes;
        // Told before anybody is answered, so that whoever gets an error finds its reason.
        let told = |trouble: Option<StoreError>| {
            if trouble.is_none() && !proves {
                return;
            }
            tell.troubled.send_if_modified(|standing| {
                let changed = standing.is_some() || trouble.is_some();
                *standing = trouble.map(Arc::new);
                changed
            });
        };
        commit(conn, trouble, replies, &commands, told);
        let took_us = clock.monotonic_us().saturating_sub(applied);
        tell.commit_us.store(took_us, Ordering::Relaxed);
        if proves {
            tell.latencies.add(took_us);
        }
        tell.commits.send_modify(|count| *count += 1);
    }
    tracing::debug!("the store writer ends: nobody can send to it any more");
}

/// Runs a statement of the transaction itself, prepared once.
pub(super) fn told(conn: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(drop)
}

/// Applies one command inside its savepoint. An error means that the transaction itself is broken.
fn apply(
    conn: &Connection,
    job: Job,
    trouble: Option<&Trouble>,
) -> Result<Reply, (Reply, rusqlite::Error)> {
    if let Some((what, source)) = trouble {
        let told = StoreError::Sqlite { what, source: copy_of(source) };
        return Ok((job.apply)(Err(told)).reply);
    }
    let saved = told(conn, "SAVEPOINT command");
    let applied = (job.apply)(Ok(conn));
    let settled = saved.and_then(|()| {
        if !applied.keep {
            told(conn, "ROLLBACK TO command")?;
        }
        told(conn, "RELEASE command")
    });
    match settled {
        Ok(()) => Ok(applied.reply),
        Err(error) => Err((applied.reply, error)),
    }
}

fn commit(
    conn: &Connection,
    trouble: Option<Trouble>,
    replies: Vec<Reply>,
    commands: &Commands,
    tell: impl FnOnce(Option<StoreError>),
) {
    let failed = trouble.or_else(|| {
        commands.before_commit();
        told(conn, "COMMIT").err().map(|source| ("COMMIT", source))
    });
    if let Some((what, source)) = failed {
        if !conn.is_autocommit()
            && let Err(error) = told(conn, "ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
        tracing::error!(what, error = %source, commands = replies.len(), "nothing was committed");
        tell(Some(StoreError::Sqlite { what, source: copy_of(&source) }));
        for reply in replies {
            let source = copy_of(&source);
            reply(Err(StoreError::Sqlite { what, source }));
        }
        return;
    }
    commands.after_commit();
    tell(None);
    for reply in replies {
        reply(Ok(()));
    }
}

/// Errors are not `Clone`; every waiting command gets the code and text of the one that happened.
fn copy_of(error: &rusqlite::Error) -> rusqlite::Error {
    if let rusqlite::Error::SqliteFailure(failure, message) = error {
        return rusqlite::Error::SqliteFailure(*failure, message.clone());
    }
    rusqlite::Error::ToSqlConversionFailure(error.to_string().into())
}
