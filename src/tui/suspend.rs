//! Ctrl-Z: the terminal is the shell's until a person brings the screen back.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGTSTP};
use signal_hook::{flag, low_level};

use super::term::{self, Guard};

/// How long a signal that ends the process may come after the one that let it go on. A shell that is
/// hung up sends both.
const ENDING: Duration = Duration::from_millis(50);

/// Gives the terminal to the shell, stops this process, and takes the terminal back when a person brings
/// it to the front.
///
/// # Errors
/// The process was told to end while it was suspended, or the terminal is gone.
pub(super) fn suspend() -> io::Result<()> {
    let ending = Arc::new(AtomicBool::new(false));
    let watches = [SIGHUP, SIGTERM, SIGINT].map(|kind| flag::register(kind, Arc::clone(&ending)));
    let result = until_in_front(&ending);
    for watch in watches.into_iter().flatten() {
        low_level::unregister(watch);
    }
    result
}

/// Stops again for as long as the process is let go on in the background, where it may not touch the
/// terminal: whoever does is stopped for good when the shell that could bring it back is ending.
fn until_in_front(ending: &AtomicBool) -> io::Result<()> {
    term::restore();
    while !term::is_taken() {
        // The signal is this thread's own: one to the process may be taken by another thread a moment
        // later, when this one has the terminal already, and the person finds an empty screen.
        if let Err(error) = low_level::raise(SIGTSTP) {
            tracing::warn!(%error, "this process could not be suspended");
        }
        if !term::is_in_front() {
            thread::park_timeout(ENDING);
        }
        // Asked again: a person may have brought it to the front meanwhile.
        if term::is_in_front() {
            // The loop's own guard gives the terminal back at the end.
            std::mem::forget(Guard::take()?);
        } else if ending.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}
