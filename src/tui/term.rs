//! Takes the terminal and gives it back, on every path: return, early error, panic, signal.
//!
//! The guard's drop, the panic hook and the shutdown of the process all call the same `restore`,
//! which does its work once. What it writes is fixed, so a test can look for it.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::terminal;
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, tcgetattr, tcgetpgrp};

/// Whether the terminal is ours at this moment.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Alternate screen, no cursor; pasted text comes marked as such, so it can never be run as keys. Nothing
/// is asked of the terminal: an answer could take seconds over a slow link.
const TAKE: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?25l";

/// Ends a frame that was cut short, mouse and paste modes, the alternate screen; shows the cursor.
const RESTORE: &[u8] = b"\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[0m\x1b[?1049l\x1b[?25h";

/// Clicks and the wheel, with places that no size breaks.
pub const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// The mouse is the terminal's own again.
pub const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Holds the terminal; dropping it gives the terminal back.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// There is no terminal, or it cannot be put into raw mode.
    pub fn take() -> io::Result<Self> {
        terminal::enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let guard = Self(());
        let mut out = io::stdout();
        out.write_all(TAKE)?;
        out.flush()?;
        Ok(guard)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Whether the terminal shows the screen at this moment.
pub fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Gives the terminal back if it is ours. Errors are nobody's concern here: a terminal that cannot
/// be written to is gone.
pub fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stdout();
        let _gone = out.write_all(RESTORE).and_then(|()| out.flush());
        if is_in_front() {
            let _gone = terminal::disable_raw_mode();
        }
    }
}

/// Takes the terminal again if a shell has used it: whoever is stopped from outside gives nothing back
/// before, and finds the shell's modes when it goes on. Returns whether that was so.
///
/// # Errors
/// The terminal is gone.
pub(super) fn take_again() -> io::Result<bool> {
    if !is_taken() || !is_in_front() {
        return Ok(false);
    }
    if !tcgetattr(io::stdin())?.local_modes.contains(LocalModes::ICANON) {
        return Ok(false);
    }
    terminal::disable_raw_mode()?;
    // The loop's own guard gives the terminal back at the end.
    std::mem::forget(Guard::take()?);
    Ok(true)
}

/// Whether this process may change the terminal. A shell that is hung up takes its terminal back before
/// we have ended; whoever changes it from the background is stopped, with all that it holds.
pub(super) fn is_in_front() -> bool {
    tcgetpgrp(io::stdin()).ok().is_none_or(|group| group == getpgrp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restoring_ends_every_mode_that_could_be_on() {
        let text = str::from_utf8(RESTORE).unwrap();
        for mode in ["?1049l", "?25h", "?2026l", "?1000l", "?1006l", "?2004l"] {
            assert!(text.contains(mode), "{mode}");
        }
    }

    #[test]
    fn taking_the_terminal_asks_it_nothing_and_leaves_the_mouse_alone() {
        let text = str::from_utf8(TAKE).unwrap();
        assert!(text.contains("?2004h"), "what is pasted is marked");
        for query in
            ["\x1b[c", "\x1b[>", "\x1b[6n", "\x1b[5n", "?u", "\x1b]", "\x1bP", "$p", "?100"]
        {
            assert!(!text.contains(query), "{query:?}");
        }
    }

    #[test]
    fn a_terminal_that_was_never_taken_is_left_alone() {
        assert!(!is_taken());
        restore();
        assert!(!is_taken());
    }
}
