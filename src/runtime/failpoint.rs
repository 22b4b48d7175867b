//! Dies on purpose at a named place, so that tests can kill the machine at every boundary.
//!
//! `CEP_FAILPOINT=effect.sent:2` aborts the process when `effect.sent` is reached for the second
//! time; `panic:effect.sent:2` panics there instead, as a defect would, and `stop:effect.sent:2` stops
//! the process there until somebody continues it. `commit.before:claim` and `commit.after:claim` are
//! around the commit of a transaction with such a command, the second of them before anybody is
//! answered. Several are separated by commas; one that was met is spent.
//! The checks exist in debug builds only; in a release build nothing here does anything.

/// Every boundary of a unit's way that is not a commit, or lies in the middle of one, in the order in
/// which a unit meets them. A test kills at each of them.
pub const ALL: [&str; 19] = [
    "migration.before_commit",
    "migration.committed",
    "run.started",
    "discover.committed",
    "inbox.committed",
    "claim.before_commit",
    "claim.committed",
    "effect.before_intent",
    "effect.intended",
    "effect.sent",
    "effect.before_result",
    "effect.settled",
    "outcome.before_commit",
    "number.taken",
    "number.written",
    "outcome.committed",
    "clock.moved",
    "run.before_end",
    "batch.applied",
];

/// Every command of the store's writer by its name, and so every commit: a command that is not
/// listed cannot be written where a test asks for failpoints. A test kills before and after the commit of each.
pub const COMMITS: [&str; 63] = [
    // Runs.
    "start dry time",
    "acquire leases",
    "renew leases",
    "release leases",
    "start run",
    "run state",
    "end run",
    "after a run",
    "keep the trend",
    // Units.
    "move dry time",
    "receive",
    "discover",
    "claim",
    "after a wave",
    "effect intent",
    "effect reconcile",
    "effect result",
    "unit outcome",
    "fence",
    "late write",
    "effect not sent",
    "lease stalled",
    // What reaches a serving process.
    "serve",
    "settings of the server",
    "readiness",
    "deliver",
    "unsubscribe",
    // What people and other processes ask for.
    "run",
    "stand",
    "pause",
    "resume",
    "cancel",
    "answer a command",
    "hand over",
    "answer a handed command",
    "give up commands",
    "arm_live",
    "disarm",
    "retry",
    "retry_fingerprint",
    "skip",
    "answer",
    "note",
    "acknowledge",
    "note_cause",
    "resolve",
    "advance",
    "promote",
    "map_columns",
    "edit_pitch",
    "rewrite_pitch",
    "edit_post",
    "hold_post",
    "document",
    "suppress",
    "resume_campaign",
    "receive_mail",
    "propose",
    "proposal",
    "enter_cost",
    "enter_payment",
    "change_plan",
    "end_doubt",
];

/// A frame of the screen is about to be drawn. No unit meets it, so it is not in the list.
pub const FRAME: &str = "screen.frame";

/// The names of the commands of one transaction, where failpoints are compiled.
#[derive(Default)]
pub struct Commands {
    #[cfg(debug_assertions)]
    names: Vec<&'static str>,
}

/// Dies, panics or stops, if `name` is a failpoint asked for and has been hit often enough.
///
/// # Panics
/// When a test asked for a panic here.
#[cfg(debug_assertions)]
pub fn hit(name: &'static str) {
    debug_assert!(ALL.contains(&name) || name == FRAME, "failpoint {name} is not in the list");
    asked::meet("", name);
}

/// Refuses a command that no test could kill, in a process that a test may kill; other tests write
/// commands of their own.
///
/// # Panics
/// The name is not in `COMMITS`.
#[cfg(debug_assertions)]
pub fn assert_listed(command: &'static str) {
    let listed = COMMITS.contains(&command) || !asked::anything();
    assert!(listed, "the command {command:?} is not in failpoint::COMMITS");
}

#[cfg(debug_assertions)]
impl Commands {
    /// Notes that a command is part of the transaction.
    pub fn add(&mut self, name: &'static str) {
        if !self.names.contains(&name) {
            self.names.push(name);
        }
    }

    /// The transaction is about to be committed.
    pub fn before_commit(&self) {
        self.names.iter().for_each(|name| asked::meet("commit.before:", name));
    }

    /// The transaction is committed, and nobody knows it yet.
    pub fn after_commit(&self) {
        self.names.iter().for_each(|name| asked::meet("commit.after:", name));
    }
}

#[cfg(debug_assertions)]
mod asked {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// What happens at a point.
    #[derive(Clone, Copy)]
    enum How {
        Abort,
        Panic,
        Stop,
    }

    /// What a test asks for.
    struct Asked {
        how: How,
        point: String,
        hit: u32,
        hits: AtomicU32,
    }

    fn read(text: &str) -> Asked {
        let (how, text) = match text.split_once(':') {
            Some(("panic", rest)) => (How::Panic, rest),
            Some(("stop", rest)) => (How::Stop, rest),
            _ => (How::Abort, text),
        };
        // The number is left out, or the last part is the name of a command.
        let numbered =
            text.rsplit_once(':').and_then(|(point, hit)| Some((point, hit.parse().ok()?)));
        let (point, hit) = numbered.unwrap_or((text, 1));
        Asked { how, point: point.to_owned(), hit, hits: AtomicU32::new(0) }
    }

    /// Stops the whole process until it is continued.
    fn stop() {
        use rustix::process::{Signal, getpid, kill_process};

        if kill_process(getpid(), Signal::STOP).is_ok() {
            // The signal may reach another thread first; this one must not go on before it is felt.
            std::thread::park_timeout(std::time::Duration::from_millis(100));
        }
    }

    /// Whether a test asks for anything at all.
    pub(super) fn anything() -> bool {
        all().iter().any(|asked| !asked.point.is_empty())
    }

    fn all() -> &'static [Asked] {
        static ASKED: OnceLock<Vec<Asked>> = OnceLock::new();

        #[expect(
            clippy::disallowed_methods,
            reason = "a test's switch, absent from release builds"
        )]
        ASKED.get_or_init(|| {
            let text = std::env::var("CEP_FAILPOINT").unwrap_or_default();
            text.split(',').map(read).collect()
        })
    }

    pub(super) fn meet(kind: &str, name: &str) {
        for asked in all() {
            if asked.point.strip_prefix(kind) == Some(name)
                && asked.hits.fetch_add(1, Ordering::SeqCst) + 1 == asked.hit
            {
                match asked.how {
                    // No destructor, no flush, no farewell: as close to kill -9 as a process gets by
                    // itself.
                    How::Abort => std::process::abort(),
                    How::Panic => panic!("failpoint {kind}{name}"),
                    How::Stop => stop(),
                }
            }
        }
    }
}

/// Does nothing in release builds.
#[cfg(not(debug_assertions))]
pub const fn hit(_name: &'static str) {}

/// Does nothing in release builds.
#[cfg(not(debug_assertions))]
pub const fn assert_listed(_command: &'static str) {}

#[cfg(not(debug_assertions))]
impl Commands {
    /// Does nothing in release builds.
    pub const fn add(&mut self, _name: &'static str) {}

    /// Does nothing in release builds.
    pub const fn before_commit(&self) {}

    /// Does nothing in release builds.
    pub const fn after_commit(&self) {}
}
