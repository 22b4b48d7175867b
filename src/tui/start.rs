//! Starts the screen on a thread of its own and says how it ended.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::terminal;
use futures::future::{Ready, ready};
use futures::stream::{self, BoxStream, Stream, StreamExt};
use signal_hook::consts::SIGCONT;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::keymap::Keymap;
use super::pacing::Pacing;
use super::painter::Painter;
use super::run_loop::{self, Exit, Parts, Signal};
use super::suspend::suspend;
use super::term::Guard;
use super::theme::{Depth, Terminal, Theme};
use super::{keyboard, panic, term};
use crate::app::port::Machine;
use crate::runtime::alarm::with_alarm;
use crate::runtime::clock::Clock;
use crate::runtime::spawn;

/// How a screen is to look and behave.
pub struct Options {
    /// What the environment says about the terminal.
    pub terminal: Terminal,
    /// At most one frame a second for what nobody asked for.
    pub low_bandwidth: bool,
    /// The keys in force.
    pub keys: Keymap,
    /// Where files that a person asks for are written.
    pub folder: PathBuf,
    /// Wall time and sleep.
    pub clock: Arc<dyn Clock>,
}

/// Why there is no screen, or no longer one.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// The terminal cannot be taken.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
    /// The screen's own code failed; the machine goes on.
    #[error("the screen failed: {0}")]
    Panicked(String),
}

/// Shows the machine until a person leaves, a signal comes or the terminal is gone.
///
/// The screen has its own thread and runtime: it shares nothing with the work but the port. When
/// this returns, or is dropped because something else ended first, the terminal is given back.
///
/// # Errors
/// There is no terminal, or the screen panicked; either way the machine itself is unharmed.
pub async fn show(machine: Arc<dyn Machine>, options: Options) -> Result<Exit, ScreenError> {
    let _restores = RestoreOnDrop;
    let (done, ended) = oneshot::channel();
    spawn::thread("screen", move || {
        let _hook = panic::install();
        let result = catch_unwind(AssertUnwindSafe(|| run(machine, &options)));
        let result = result.unwrap_or_else(|payload| Err(ScreenError::Panicked(said(&*payload))));
        // Nobody listens when the process is already ending.
        let _ended_anyway = done.send(result);
    })?;
    ended.await.unwrap_or_else(|_| Err(ScreenError::Panicked("its thread vanished".to_owned())))
}

/// A screen whose thread is stuck in a write cannot give the terminal back by itself.
struct RestoreOnDrop;

impl Drop for RestoreOnDrop {
    fn drop(&mut self) {
        term::restore();
    }
}

fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// Runs the loop on this thread.
fn run(machine: Arc<dyn Machine>, options: &Options) -> Result<Exit, ScreenError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let theme = Theme::detect(&options.terminal);
    crossterm::style::force_color_output(theme.depth != Depth::Mono);
    let guard = Guard::take()?;
    let size = terminal::size().unwrap_or((80, 24));
    let exit = runtime.block_on(async {
        let clock = with_alarm(Arc::clone(&options.clock))?;
        let parts = Parts {
            painter: Painter::new(io::stdout(), theme),
            clock: &*clock,
            pacing: Pacing::new(options.low_bandwidth),
            keys: Arc::new(options.keys.clone()),
            size,
            folder: options.folder.clone(),
            tmux: options.terminal.tmux,
            mouse: false,
            suspend: &suspend,
        };
        Ok::<_, io::Error>(run_loop::drive(machine, parts, keyboard::input()?, signals()?).await)
    });
    drop(guard);
    Ok(exit?)
}

/// The signals that a screen heeds. Ctrl-c is a key in raw mode, so SIGINT comes from outside.
fn signals() -> io::Result<impl Stream<Item = Signal> + Unpin> {
    let ends = |kind, exit| signal_of(kind, move || ready(Some(Signal::Ends(exit))));
    let goes_on = signal_of(SignalKind::from_raw(SIGCONT), || {
        ready(match term::take_again() {
            Ok(true) => Some(Signal::TakenAgain),
            Ok(false) => None,
            Err(_) => Some(Signal::Ends(Exit::HungUp)),
        })
    });
    Ok(stream::select_all([
        ends(SignalKind::terminate(), Exit::Terminated)?,
        ends(SignalKind::interrupt(), Exit::Terminated)?,
        ends(SignalKind::hangup(), Exit::HungUp)?,
        goes_on?,
    ]))
}

/// What the screen is told of one kind of signal.
fn signal_of(
    kind: SignalKind,
    told: impl Fn() -> Ready<Option<Signal>> + Send + 'static,
) -> io::Result<BoxStream<'static, Signal>> {
    let came = stream::unfold(signal(kind)?, |mut signal| async move {
        signal.recv().await.map(|()| ((), signal))
    });
    Ok(came.filter_map(move |()| told()).boxed())
}
