//! Reads what is typed on a thread of its own, and notices when the terminal is gone.
//!
//! Of a terminal that is gone the library reads nothing, again and again, and of half a key it waits
//! for the other half. So the screen's own thread never reads, and this one asks the system first
//! whether there is something to read or nobody is there any more.

use std::fs::File;
use std::io::{self, IsTerminal as _, PipeReader};
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use crossterm::event::{self, Event as Input};
use crossterm::terminal;
use futures::stream::{self, Stream, StreamExt as _};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Sender, channel};

use crate::runtime::spawn;

/// How many keys may wait for the screen; more stay with the terminal. A long paste is one event.
const AHEAD_MAX: usize = 256;

/// How long the library may look for the next key after one, before the system is asked again.
const LOOK: Duration = Duration::from_millis(1);

/// Returns what is typed, and each new size of the terminal. An error is the last item: the terminal
/// is gone.
///
/// # Errors
/// There is no terminal to read from.
pub(super) fn input() -> io::Result<impl Stream<Item = io::Result<Input>> + Unpin> {
    let tty = tty()?;
    // Its end tells the thread that nobody wants keys any more.
    let (ended, wanted) = io::pipe()?;
    let (sender, receiver) = channel(AHEAD_MAX);
    spawn::thread("keyboard", move || {
        if let Err(error) = read(&tty, &ended, &sender) {
            // Nobody listens when the screen has ended meanwhile.
            let _ended_anyway = sender.blocking_send(Err(error));
        }
    })?;
    let typed = stream::unfold((receiver, wanted), |(mut receiver, wanted)| async move {
        receiver.recv().await.map(|event| (event, (receiver, wanted)))
    });
    let gone = || async { Err(io::ErrorKind::UnexpectedEof.into()) };
    let resized = signal(SignalKind::window_change())?;
    let sizes = stream::unfold(resized, |mut resized| async move {
        resized.recv().await?;
        Some((terminal::size().map(|(width, height)| Input::Resize(width, height)), resized))
    });
    Ok(stream::select(typed.chain(stream::once(gone())).boxed(), sizes.boxed()))
}

/// The terminal that the library reads, too.
fn tty() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        stdin.as_fd().try_clone_to_owned()
    } else {
        File::open("/dev/tty").map(OwnedFd::from)
    }
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
        while event::poll(LOOK)? {
            if keys.blocking_send(event::read()).is_err() {
                return Ok(());
            }
        }
    }
}
