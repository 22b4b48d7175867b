//! The loop of the screen: wait for one thing, change the model, draw if that changed a cell.
//!
//! Keys come first, then signals, answers and pictures, then the clock. Nothing here waits for the
//! machine: a command or a question is a future among others, and its answer an event. The thread
//! is the screen's own, so a terminal that takes no bytes stops this thread and no unit.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::{Event as Input, KeyEventKind, MouseButton, MouseEventKind};
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, Stream};
use futures::{FutureExt, StreamExt};
use tokio::sync::watch;

use super::event::{Event, Pointer, Request};
use super::files;
use super::keymap::Keymap;
use super::model::Model;
use super::pacing::{self, Pacing};
use super::painter::Painter;
use super::term;
use super::update::update;
use crate::app::port::Machine;
use crate::app::snapshot::Snapshot;
use crate::runtime::clock::Clock;
use crate::runtime::failpoint;

/// How many keys are taken before a frame is drawn. A held key repeats 30 times a second, so this
/// only bounds a paste.
const KEYS_PER_FRAME_MAX: usize = 64;

/// The file with what was copied last.
const COPIED: &str = "copied.txt";

/// Why the screen ended. Whoever started it decides what becomes of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// A person left.
    Quit,
    /// SIGTERM or SIGINT.
    Terminated,
    /// The terminal is gone: SIGHUP, end of input, or an error on it.
    HungUp,
}

/// What a signal means for the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// It ends.
    Ends(Exit),
    /// The terminal was the shell's for a while, and nothing of the screen is left on it.
    TakenAgain,
}

/// What the loop needs besides the machine.
pub(super) struct Parts<'a, W> {
    /// Where frames go.
    pub(super) painter: Painter<W>,
    /// Wall time, waiting.
    pub(super) clock: &'a dyn Clock,
    /// The pace of data.
    pub(super) pacing: Pacing,
    /// Columns and rows at the start.
    pub(super) size: (u16, u16),
    /// The keys in force.
    pub(super) keys: Arc<Keymap>,
    /// Where files that a person asks for are written.
    pub(super) folder: PathBuf,
    /// Whether tmux stands between.
    pub(super) tmux: bool,
    /// Whether the mouse is ours.
    pub(super) mouse: bool,
    /// Gives the terminal to the shell and takes it back, or fails when nobody will bring it back.
    pub(super) suspend: &'a (dyn Fn() -> io::Result<()> + Sync),
}

/// What has happened, as the loop sees it.
enum Happened {
    Input(Option<io::Result<Input>>),
    Signal(Signal),
    Event(Box<Event>),
    Picture(Option<Arc<Snapshot>>),
    Time,
}

/// Runs until somebody or something ends it.
pub(super) async fn drive<W: Write>(
    machine: Arc<dyn Machine>,
    mut parts: Parts<'_, W>,
    mut input: impl Stream<Item = io::Result<Input>> + Unpin,
    signals: impl Stream<Item = Signal> + Unpin,
) -> Exit {
    let mut signals = signals.fuse();
    let mut pictures = machine.snapshots();
    let first = pictures.borrow_and_update().clone();
    let mut model = Model::new(first, parts.clock.wall(), parts.size).with(&parts.keys);
    let mut in_flight: FuturesUnordered<BoxFuture<'static, Event>> = FuturesUnordered::new();
    let mut taken_us = parts.clock.monotonic_us();
    loop {
        if paint(&mut parts, &mut model).is_err() {
            return Exit::HungUp;
        }
        let rest_ms = rest_ms(&parts, taken_us);
        let sleep_ms = sleep_ms(rest_ms, &model);
        let slept_us = parts.clock.monotonic_us();
        let happened = tokio::select! {
            biased;
            event = input.next() => Happened::Input(event),
            Some(signal) = signals.next() => Happened::Signal(signal),
            Some(event) = in_flight.next(), if !in_flight.is_empty() => {
                Happened::Event(Box::new(event))
            }
            picture = newer(&mut pictures), if rest_ms == 0 => Happened::Picture(picture),
            () = parts.clock.pause(Duration::from_millis(sleep_ms.unsigned_abs())) => Happened::Time,
        };
        let now = parts.clock.wall();
        let mut requests = Vec::new();
        match happened {
            Happened::Input(Some(Ok(event))) => {
                model.now = now;
                requests = typed(&mut model, &event);
                let ahead = typed_ahead(&mut model, &mut input).await;
                let Some(ahead) = ahead else { return Exit::HungUp };
                requests.extend(ahead);
            }
            Happened::Input(Some(Err(_)) | None) => return Exit::HungUp,
            Happened::Signal(Signal::Ends(exit)) => return exit,
            Happened::Signal(Signal::TakenAgain) => {
                requests = vec![Request::Repaint, Request::Mouse(parts.mouse)];
            }
            Happened::Event(event) => {
                model.now = now;
                requests = update(&mut model, *event);
            }
            Happened::Picture(Some(snapshot)) => {
                taken_us = parts.clock.monotonic_us();
                requests = update(&mut model, Event::Snapshot(snapshot));
                requests.extend(update(&mut model, Event::Tick(now)));
            }
            // The machine is gone, and the last picture stays until a person leaves.
            Happened::Picture(None) => pictures = stopped(&pictures),
            Happened::Time => {
                let us = parts.clock.monotonic_us().saturating_sub(slept_us);
                model.figures.woke(us.saturating_sub(sleep_ms.unsigned_abs() * 1_000));
                requests = update(&mut model, Event::Tick(now));
            }
        }
        for request in requests {
            let fulfilled = fulfil(request, &machine, &mut parts, &in_flight);
            if let Some(exit) = fulfilled.unwrap_or(Some(Exit::HungUp)) {
                return exit;
            }
        }
    }
}

/// Milliseconds until something on the screen changes by itself, or a picture may be taken again.
fn sleep_ms(rest_ms: i64, model: &Model) -> i64 {
    let tick_ms = pacing::next_tick_ms(model);
    if rest_ms > 0 { rest_ms.min(tick_ms) } else { tick_ms }
}

/// Milliseconds until the next picture may be taken.
fn rest_ms<W>(parts: &Parts<'_, W>, taken_us: u64) -> i64 {
    let since_ms = parts.clock.monotonic_us().saturating_sub(taken_us) / 1_000;
    (parts.pacing.gap_ms() - since_ms.cast_signed()).max(0)
}

/// Waits for a newer picture; `None` when there will be none any more.
async fn newer(pictures: &mut watch::Receiver<Arc<Snapshot>>) -> Option<Arc<Snapshot>> {
    pictures.changed().await.ok()?;
    Some(pictures.borrow_and_update().clone())
}

/// A receiver that never changes, for a machine that has stopped.
fn stopped(pictures: &watch::Receiver<Arc<Snapshot>>) -> watch::Receiver<Arc<Snapshot>> {
    let (sender, receiver) = watch::channel(pictures.borrow().clone());
    // The sender must outlive the screen, or its end would be news again and again.
    std::mem::forget(sender);
    receiver
}

/// Takes what else was typed before this frame; `None` when the terminal is gone.
async fn typed_ahead(
    model: &mut Model,
    input: &mut (impl Stream<Item = io::Result<Input>> + Unpin),
) -> Option<Vec<Request>> {
    let mut requests = Vec::new();
    // Polled with the loop's own waker, so that the next key wakes the loop and not this function.
    for _ in 0..KEYS_PER_FRAME_MAX {
        match futures::poll!(input.next()) {
            Poll::Ready(Some(Ok(event))) => requests.extend(typed(model, &event)),
            Poll::Ready(Some(Err(_)) | None) => return None,
            Poll::Pending => break,
        }
    }
    Some(requests)
}

fn typed(model: &mut Model, event: &Input) -> Vec<Request> {
    match *event {
        Input::Key(key) if key.kind != KeyEventKind::Release => update(model, Event::Key(key)),
        Input::Resize(width, height) => update(model, Event::Resized { width, height }),
        Input::Paste(ref text) => update(model, Event::Pasted(text.clone())),
        Input::Mouse(mouse) => {
            let pointer = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => {
                    Pointer::Click { x: mouse.column, y: mouse.row }
                }
                MouseEventKind::ScrollUp => Pointer::WheelUp,
                MouseEventKind::ScrollDown => Pointer::WheelDown,
                MouseEventKind::Down(_)
                | MouseEventKind::Up(_)
                | MouseEventKind::Drag(_)
                | MouseEventKind::Moved
                | MouseEventKind::ScrollLeft
                | MouseEventKind::ScrollRight => return Vec::new(),
            };
            update(model, Event::Pointer(pointer))
        }
        Input::Key(_) | Input::FocusGained | Input::FocusLost => Vec::new(),
    }
}

/// Does what the model asked for; an exit ends the loop.
fn fulfil<W: Write>(
    request: Request,
    machine: &Arc<dyn Machine>,
    parts: &mut Parts<'_, W>,
    in_flight: &FuturesUnordered<BoxFuture<'static, Event>>,
) -> io::Result<Option<Exit>> {
    let machine = Arc::clone(machine);
    match request {
        Request::Quit => return Ok(Some(Exit::Quit)),
        Request::Submit(command) => in_flight.push(
            async move {
                let result = machine.submit(command.clone()).await;
                Event::Submitted(command, result)
            }
            .boxed(),
        ),
        Request::Ask(ticket, query) => {
            in_flight
                .push(async move { Event::Answered(ticket, machine.ask(query).await) }.boxed());
        }
        Request::Save { name, text } => {
            let folder = parts.folder.clone();
            let written = tokio::task::spawn_blocking(move || files::write(&folder, &name, &text));
            in_flight.push(
                async move {
                    let written = written.await.map_err(|error| error.to_string());
                    Event::Saved(written.and_then(|done| done.map_err(|error| error.to_string())))
                }
                .boxed(),
            );
        }
        Request::Copy(text) => {
            let through_tmux = parts.tmux;
            parts.painter.copy(&text, through_tmux)?;
            let (folder, chars) = (parts.folder.clone(), text.chars().count());
            let written = tokio::task::spawn_blocking(move || files::write(&folder, COPIED, &text));
            in_flight.push(
                async move {
                    let file = written.await.map_err(|error| error.to_string());
                    let file = file.and_then(|done| done.map_err(|error| error.to_string()));
                    Event::Copied { chars, through_tmux, file }
                }
                .boxed(),
            );
        }
        Request::Mouse(on) => {
            parts.mouse = on;
            parts.painter.say(if on { term::MOUSE_ON } else { term::MOUSE_OFF })?;
        }
        Request::Rest => in_flight.push(
            async move {
                machine.rest().await;
                Event::Rested
            }
            .boxed(),
        ),
        Request::Repaint => parts.painter.forget(),
        Request::Suspend => {
            let since = parts.clock.wall();
            (parts.suspend)()?;
            parts.painter.forget();
            if parts.mouse {
                parts.painter.say(term::MOUSE_ON)?;
            }
            in_flight.push(std::future::ready(Event::Continued(since)).boxed());
        }
    }
    Ok(None)
}

fn paint<W: Write>(parts: &mut Parts<'_, W>, model: &mut Model) -> io::Result<()> {
    failpoint::hit(failpoint::FRAME);
    // Log lines wait in a buffer without a thread of its own until they are fetched.
    tui_logger::move_events();
    let frame = parts.painter.frame(model);
    model.page_end = parts.painter.page_end();
    if let Some(frame) = frame {
        let before = parts.clock.monotonic_us();
        let bytes = parts.painter.send(frame)?;
        let took_us = parts.clock.monotonic_us().saturating_sub(before);
        parts.pacing.wrote(took_us);
        model.figures.wrote(bytes as u64, took_us);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
