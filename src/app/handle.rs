//! Provides `Handle`, the machine's side of the seam: submit, ask, watch.
//!
//! Commands go through a bounded queue to one owner task, so that two faces of one process cannot
//! act at once. Queries do not: each is one short read, made on a thread for blocking work.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};

use super::command::{Ack, Command, Refusal, RefusalKind, RunRequest};
use super::narration;
use super::owner::{Ended, Owner, Request};
use super::pace::{Rule, ScreenPace};
use super::parts::Parts;
use super::picture::{self, Beside};
use super::port::Machine;
use super::projector::Projector;
use super::queries;
use super::query::{Answer, Query};
use super::snapshot::Snapshot;
use crate::domain::ids::RunId;
use crate::domain::lifecycle::run::RunState;
use crate::domain::mode::Mode;
use crate::engines::orchestrator::engine::RunReport;
use crate::store::runs;

/// How many commands may wait. A person gives one at a time and a script few; a full queue means
/// that the disk stands still, and whoever submits then waits.
const QUEUE_MAX: usize = 64;

/// How often the end of another process's run is looked for.
const LOOK_ELSEWHERE: Duration = Duration::from_millis(100);

/// How much of itself the machine shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Pictures are taken only when asked for.
    Headless,
    /// Pictures follow the rows; jumps of dry time are paced.
    Screen(Rule),
    /// Nobody watches here, but others do over the database, and hand commands over.
    Serving,
}

/// What the owner, the projector and the handle share.
pub(super) struct Shared {
    /// The world in view.
    pub(super) view: watch::Sender<Mode>,
    /// Whether this process works live units.
    pub(super) armed: watch::Sender<bool>,
    /// The pace of dry runs.
    pub(super) pace: ScreenPace,
    /// Whether somebody watches the pictures.
    pub(super) watched: bool,
    /// Whether this is the narrated demo.
    pub(super) demo: bool,
    /// Whether this process serves: it carries out what others ask for.
    pub(super) serving: bool,
}

/// The machine, as its faces hold it. Cloning is cheap.
#[derive(Clone)]
pub struct Handle {
    parts: Arc<Parts>,
    shared: Arc<Shared>,
    requests: mpsc::Sender<Request>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    ended: watch::Receiver<Option<Ended>>,
}

impl Handle {
    /// Starts the owner task, and the projector if the machine is to be seen.
    ///
    /// # Errors
    /// The database cannot be read, or the system has no thread left.
    pub fn start(parts: Arc<Parts>, show: Show, mode: Mode) -> Result<Self, Refusal> {
        let (mut first, _) = picture::take(&parts, mode, Beside::default())
            .map_err(|error| queries::failed(&error))?;
        let rule = match show {
            Show::Headless | Show::Serving => Rule::AtOnce,
            Show::Screen(rule) => rule,
        };
        let shared = Arc::new(Shared {
            view: watch::Sender::new(mode),
            armed: watch::Sender::new(false),
            pace: ScreenPace::new(rule, Arc::clone(&parts.clock)),
            watched: !matches!(show, Show::Headless),
            demo: matches!(rule, Rule::Demo { .. }),
            serving: matches!(show, Show::Serving),
        });
        if shared.demo {
            // From the first picture on, so that a key of the demo is one however soon it comes.
            first.demo = Some(narration::tell(&first, *shared.pace.control().borrow()));
        }
        let (requests, queue) = mpsc::channel(QUEUE_MAX);
        let (snapshots, seen) = watch::channel(Arc::new(first));
        let ended = watch::Sender::new(None);
        let word_of_end = ended.subscribe();
        let owner = Owner::new(Arc::clone(&parts), Arc::clone(&shared), queue, ended);
        crate::runtime::spawn::task("owner", owner.serve());
        if let Show::Screen(_) = show {
            Projector::start(Arc::clone(&parts), Arc::clone(&shared), snapshots).map_err(
                |error| Refusal {
                    kind: RefusalKind::Failed,
                    why: format!("no thread for the screen's picture: {error}"),
                    hint: None,
                },
            )?;
        }
        Ok(Self { parts, shared, requests, snapshots: seen, ended: word_of_end })
    }

    /// Returns the picture of a world as it is now.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn picture(&self, mode: Mode) -> Result<Snapshot, Refusal> {
        picture::take(&self.parts, mode, Beside::default())
            .map(|(snapshot, _)| snapshot)
            .map_err(|error| queries::failed(&error))
    }

    /// Runs `request` and waits for its end.
    ///
    /// # Errors
    /// The run could not start, or its work could not be done.
    pub async fn run_to_end(&self, request: RunRequest) -> Result<RunReport, Refusal> {
        let mode = request.mode;
        let ack = self.submit(Command::Run(request)).await?;
        match ack.run {
            Some(run) if ack.by.is_some() => self.end_elsewhere(run).await,
            Some(run) => self.end_here(mode, run).await,
            None => Err(gone()),
        }
    }

    /// Waits for the end of a run that this process began or took up, whoever has taken it over since.
    ///
    /// # Errors
    /// Its work could not be done, or it was taken over.
    pub async fn end_here(&self, mode: Mode, run: RunId) -> Result<RunReport, Refusal> {
        let mut ended = self.ended.clone();
        loop {
            // Only an end from after the command counts: the same run may have stopped before.
            if ended.changed().await.is_err() {
                return Err(gone());
            }
            if let Some(end) = ended.borrow_and_update().as_ref()
                && end.mode == mode
                && end.run == Some(run)
            {
                return end.result.clone();
            }
        }
    }

    /// Waits for the end of a run of another process.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn end_elsewhere(&self, run: RunId) -> Result<RunReport, Refusal> {
        loop {
            let row = self.parts.store.read(|conn| {
                let Some(row) = runs::get(conn, run)? else { return Ok(None) };
                let state = picture::run_view(conn, &self.parts, row.clone())?.state;
                Ok(Some((row, state)))
            });
            let Some((row, state)) = row.map_err(|error| queries::failed(&error))? else {
                return Err(gone());
            };
            if state.is_ended() || state == RunState::Interrupted {
                let now = row.ended_at.unwrap_or(row.started_at);
                return Ok(RunReport { id: run, state, now, horizon: None, why: row.why });
            }
            self.parts.clock.pause(LOOK_ELSEWHERE).await;
        }
    }

    /// Lets what is in flight finish and leaves every run so that it can be taken up again.
    pub async fn drain(&self) {
        let (reply, drained) = oneshot::channel();
        if self.requests.send(Request::Drain(reply)).await.is_ok() {
            // The owner answers when the last run has stopped.
            drop(drained.await);
        }
    }

    /// Returns how many calls of this process wait for their answer: each may have its effect yet.
    pub fn in_flight(&self) -> usize {
        self.parts.dry.in_flight() + self.parts.live.in_flight()
    }

    /// Returns what the machine is made of.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    pub(super) const fn shared_parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// Whether this process works live units.
    pub fn is_armed(&self) -> bool {
        *self.shared.armed.borrow()
    }

    /// Whether a run of this process is under way in `mode`.
    pub fn works(&self, mode: Mode) -> bool {
        self.parts.engine(mode).progress().borrow().run.is_some()
    }
}

fn gone() -> Refusal {
    Refusal {
        kind: RefusalKind::Failed,
        why: "the machine has stopped".to_owned(),
        hint: Some("see the log, then start again".to_owned()),
    }
}

#[async_trait]
impl Machine for Handle {
    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    async fn submit(&self, command: Command) -> Result<Ack, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(Request::Submit(command, reply)).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    async fn rest(&self) {
        if self.is_armed()
            && let Err(refusal) = self.submit(Command::Disarm).await
        {
            tracing::warn!(why = refusal.why, "LIVE is still armed while the process is suspended");
        }
        self.drain().await;
    }

    async fn ask(&self, query: Query) -> Result<Answer, Refusal> {
        let parts = Arc::clone(&self.parts);
        tokio::task::spawn_blocking(move || queries::answer(&parts, &query))
            .await
            .unwrap_or_else(|_| Err(gone()))
    }
}
