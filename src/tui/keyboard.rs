//! Reads what is typed on a thread of its own, and notices when the terminal is gone.
//!
//! Of a terminal that is gone the library reads nothing, again and again, and of half a key it waits
//! for the other half. So the screen's own thread never reads, and this one asks the system first
//! whether there is something to read or nobody is there any more.

use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crossterm::event::{self, Event as Input};
use crossterm::terminal;
use futures::stream::{self, Stream, StreamExt as _};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::term;
use crate::runtime::spawn;

/// How many keys may wait for the screen; more stay with the terminal. A long paste is one event.
const AHEAD_MAX: usize = 256;

/// How long the library may look for the next key after one, before the system is asked again.
const LOOK: Duration = Duration::from_millis(1);

/// How long until the thread asks again whether the terminal is the screen's.
const PAUSE: Duration = Duration::from_millis(50);

/// How long the end of the thread is waited for; only a terminal that is gone takes it up.
const END: Duration = Duration::from_secs(1);

/// The thread, as the screen has it. Once this is dropped nothing is read any more: what a person types
/// for the shell before the screen has quite ended is the shell's.
struct Keyboard {
    typed: Receiver<io::Result<Input>>,
    /// Its end tells the thread that nobody wants keys any more.
    wanted: Option<PipeWriter>,
    /// Ends with the thread.
    over: mpsc::Receiver<()>,
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.typed.close();
        self.wanted = None;
        let _over_or_stuck = self.over.recv_timeout(END);
    }
}

/// Returns what is typed, and each new size of the terminal. An error is the last item: the terminal
/// is gone.
///
/// # Errors
/// There is no terminal to read from.
pub(super) fn input() -> io::Result<impl Stream<Item = io::Result<Input>> + Unpin> {
    // The library reads the same; there is no dashboard where stdin is no terminal.
    let tty = io::stdin().as_fd().try_clone_to_owned()?;
    let (ended, wanted) = io::pipe()?;
    let (sender, typed) = channel(AHEAD_MAX);
    let (at_work, over) = mpsc::channel();
    spawn::thread("keyboard", move || {
        let _until_the_end = at_work;
        if let Err(error) = read(&tty, &ended, &sender) {
            // Nobody listens when the screen has ended meanwhile.
            let _ended_anyway = sender.blocking_send(Err(error));
        }
    })?;
    let keyboard = Keyboard { typed, wanted: Some(wanted), over };
    let typed = stream::unfold(keyboard, |mut keyboard| async move {
        keyboard.typed.recv().await.map(|event| (event, keyboard))
    });
    let gone = || async { Err(io::ErrorKind::UnexpectedEof.into()) };
    let resized = signal(SignalKind::window_change())?;
    let sizes = stream::unfold(resized, |mut resized| async move {
        resized.recv().await?;
        Some((terminal::size().map(|(width, height)| Input::Resize(width, height)), resized))
    });
    Ok(stream::select(typed.chain(stream::once(gone())).boxed(), sizes.boxed()))
}

/// Reads until nobody wants keys, or fails because there is no terminal any more.
fn read(tty: &OwnedFd, ended: &PipeReader, keys: &Sender<io::Result<Input>>) -> io::Result<()> {
    loop {
        let mut fds = [PollFd::new(tty, PollFlags::IN), PollFd::new(ended, PollFlags::IN)];
        match poll(&mut fds, None) {
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let [terminal, ended] = fds.map(|fd| fd.revents());
        if !ended.is_empty() {
            return Ok(());
        }
        if terminal.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if !term::is_taken() {
            // Suspended, or ending. What is typed now is the shell's, and reading it in the background
            // would stop the process.
            thread::park_timeout(PAUSE);
            continue;
        }
        while event::poll(LOOK)? {
            if keys.blocking_send(event::read()).is_err() {
                return Ok(());
            }
        }
    }
}
