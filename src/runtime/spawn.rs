//! Starts named threads and tasks, so that a panic or a profile says whose they are.

use std::future::Future;
use std::io;
use std::thread;

use tokio::task::JoinHandle;
use tracing::Instrument as _;

/// Starts a task whose log lines carry `name`.
pub fn task<F>(name: &'static str, future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[expect(clippy::disallowed_methods, reason = "this is the place that names tasks")]
    tokio::spawn(future.instrument(tracing::info_span!("task", name)))
}

/// Starts a thread called `name`.
///
/// # Errors
/// The system has no thread left.
pub fn thread<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<thread::JoinHandle<T>> {
    thread::Builder::new().name(name.to_owned()).spawn(body)
}
