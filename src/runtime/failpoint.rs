//! Dies on purpose at a named place, so that tests can kill the machine at every boundary.
//!
//! `CEP_FAILPOINT=effect.sent:2` aborts the process when `effect.sent` is reached for the second
//! time; `panic:effect.sent:2` panics there instead, as a defect would, and `stop:effect.sent:2` stops
//! the process there until somebody continues it. The check exists in debug builds only; in a release
//! build `hit` is empty.

/// Every failpoint, in the order in which a unit meets them. A test kills at each of them.
pub const ALL: [&str; 16] = [
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
];

/// A frame of the screen is about to be drawn. No unit meets it, so it is not in the list.
pub const FRAME: &str = "screen.frame";

/// Aborts the process, panics or stops, if `name` is the failpoint asked for and has been hit often
/// enough.
///
/// # Panics
/// When a test asked for a panic here.
#[cfg(debug_assertions)]
pub fn hit(name: &'static str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    static WANTED: OnceLock<Option<(String, u32)>> = OnceLock::new();
    static HITS: AtomicU32 = AtomicU32::new(0);

    debug_assert!(ALL.contains(&name) || name == FRAME, "failpoint {name} is not in the list");
    #[expect(clippy::disallowed_methods, reason = "a test's switch, absent from release builds")]
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var("CEP_FAILPOINT").ok()?;
        let (name, count) = text.rsplit_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), count.parse().unwrap_or(1)))
    });
    let Some((wanted, count)) = wanted else { return };
    let (what, wanted) = match wanted.split_once(':') {
        Some((what, rest)) => (what, rest),
        None => ("abort", wanted.as_str()),
    };
    if wanted == name && HITS.fetch_add(1, Ordering::SeqCst) + 1 == *count {
        match what {
            "stop" => stop(),
            "panic" => panic!("failpoint {name}"),
            // No destructor, no flush, no farewell: as close to kill -9 as a process gets by itself.
            _ => std::process::abort(),
        }
    }
}

/// Stops the whole process until it is continued.
#[cfg(debug_assertions)]
fn stop() {
    use rustix::process::{Signal, getpid, kill_process};

    if kill_process(getpid(), Signal::STOP).is_ok() {
        // The signal may reach another thread first; this one must not go on before it is felt.
        std::thread::park_timeout(std::time::Duration::from_millis(100));
    }
}

/// Does nothing in release builds.
#[cfg(not(debug_assertions))]
pub const fn hit(_name: &'static str) {}
