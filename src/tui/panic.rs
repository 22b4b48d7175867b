//! Decides what a panic does to the terminal: on the screen's own thread the terminal is given back
//! before the message is printed; on any other thread it is left alone.
//!
//! Workers run in this process. Their panics become errors of their units; a hook that tore down
//! the screen for each of them would leave a live program drawing over the shell.

use std::panic::{self, PanicHookInfo};
use std::sync::Arc;
use std::thread::{self, ThreadId};

use super::term;

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// Puts the hook of before back when the screen ends.
pub struct HookGuard {
    before: Arc<Hook>,
}

/// Installs the hook for the thread that calls it.
pub fn install() -> HookGuard {
    let screen = thread::current().id();
    let before: Arc<Hook> = Arc::from(panic::take_hook());
    let then = Arc::clone(&before);
    panic::set_hook(Box::new(move |info| {
        if must_print(screen, thread::current().id()) {
            term::restore();
            then(info);
        } else {
            record(info);
        }
    }));
    HookGuard { before }
}

/// The message may go to the terminal if the screen itself died or does not hold the terminal.
fn must_print(screen: ThreadId, panicked: ThreadId) -> bool {
    screen == panicked || !term::is_taken()
}

/// A worker's panic goes to the log, which the Logs page shows too.
fn record(info: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let at = info.location().map(ToString::to_string);
    tracing::error!(
        thread = thread.name().unwrap_or("unnamed"),
        at = at.as_deref().unwrap_or("unknown"),
        "panic: {}",
        message(info)
    );
}

fn message<'a>(info: &'a PanicHookInfo<'_>) -> &'a str {
    info.payload_as_str().unwrap_or("no message")
}

impl Drop for HookGuard {
    fn drop(&mut self) {
        // A hook cannot be changed while its own thread unwinds; the process is ending anyway.
        if !thread::panicking() {
            let before = Arc::clone(&self.before);
            panic::set_hook(Box::new(move |info| before(info)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_another_thread_is_printed_only_when_no_screen_is_up() {
        let here = thread::current().id();
        let other = thread::spawn(|| thread::current().id()).join().unwrap();
        assert!(must_print(here, here));
        assert_eq!(must_print(here, other), !term::is_taken());
    }
}
