//! Listens for being asked to stop, and lets a run end where it can be taken up again.

use std::io;
use std::time::Duration;

use futures::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::error::{Error, Kind};
use super::render;
use crate::app::Handle;
use crate::app::command::Refusal;
use crate::domain::ids::RunId;
use crate::engines::orchestrator::engine::RunReport;
use crate::runtime::clock::{Clock, SystemClock};

/// How long further signals belong to the first.
const ONE_ASKING: Duration = Duration::from_millis(500);

/// The signals that ask a process to stop.
pub(super) struct Stop {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Stop {
    /// Begins to listen; from here on the signals no longer end the process by themselves.
    pub(super) fn listen() -> Result<Self, Error> {
        let deaf = |error: io::Error| {
            Error::new(Kind::Failed, format!("signals cannot be heard: {error}"))
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(deaf)?,
            terminate: signal(SignalKind::terminate()).map_err(deaf)?,
            hangup: signal(SignalKind::hangup()).map_err(deaf)?,
        })
    }

    /// Waits until somebody asks.
    pub(super) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }

    /// Waits until somebody asks once more. Whoever signals a process and its group asks once, not
    /// twice.
    pub(super) async fn asked_again(&mut self) {
        SystemClock::new().pause(ONE_ASKING).await;
        while self.asked().now_or_never().is_some() {}
        self.asked().await;
    }
}

/// Waits for the end of a run of this process. Asked to stop, it lets what is in flight finish;
/// asked twice, it leaves at once, which loses nothing: the rows say where every unit is.
///
/// Whoever starts the run begins to listen before, so that a signal in between is not lost.
pub(super) async fn to_end(
    mut stop: Stop,
    handle: &Handle,
    run: impl Future<Output = Result<RunReport, Refusal>>,
) -> Result<RunReport, Error> {
    let mut run = std::pin::pin!(run);
    tokio::select! {
        report = &mut run => return Ok(report?),
        () = stop.asked() => {}
    }
    let drained = async {
        let (report, ()) = tokio::join!(run, drain(handle));
        report
    };
    tokio::select! {
        report = drained => Ok(report?),
        () = stop.asked_again() => Err(interrupted("left at once")),
    }
}

/// Lets the runs of this process stop where they can be taken up again, and says what is still open.
pub(super) async fn drain(handle: &Handle) {
    let calls = match handle.in_flight() {
        0 => "no call is in flight".to_owned(),
        1 => "1 call may still be in flight and gets 4 s for its answer".to_owned(),
        n => format!("{n} calls may still be in flight and get 4 s for their answers"),
    };
    render::note(&format!("stopping: {calls}; ask again to leave at once"));
    handle.drain().await;
}

/// Waits for the end of a run of another process. Asked to stop, it only stops waiting.
pub(super) async fn or_leave(
    mut stop: Stop,
    end: impl Future<Output = Result<RunReport, Refusal>>,
    run: RunId,
) -> Result<RunReport, Error> {
    tokio::select! {
        report = end => Ok(report?),
        () = stop.asked() => {
            let why = format!("not waiting any longer: run {run} goes on in the process that serves");
            let hint = format!("`cep pause {run}` or `cep cancel {run}` reach it there");
            Err(Error::new(Kind::Interrupted, why).hint(hint))
        }
    }
}

/// Says that a run was stopped where it can be taken up again.
pub(super) fn interrupted(how: &str) -> Error {
    Error::new(Kind::Interrupted, how).hint("the same command takes the run up where it stopped")
}
