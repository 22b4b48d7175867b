//! Starts, steers and ends the runs of this process, and passes on what is meant for others'.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::{oneshot, watch};

use super::received;
use super::record::{Outcome, refuse};
use super::{Ended, Owner, Running, slot};
use crate::app::command::{Ack, Refusal, RefusalKind, RunRequest};
use crate::app::{picture, queries};
use crate::domain::ids::{CommandId, RunId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::{RunEvent, RunState};
use crate::domain::mode::Mode;
use crate::engines::orchestrator::contract::RunInput;
use crate::engines::orchestrator::engine::{Cadences, RunError, RunOrder, RunReport, Steer};
use crate::store::error::StoreError;
use crate::store::runs::RunRow;
use crate::store::{coherence, leases, operate, runs};

/// The source of businesses when none is named.
const DEMO_TOWN: &str = "demo-town";

impl Owner {
    pub(super) async fn run(&mut self, request: RunRequest) -> Result<Ack, Refusal> {
        let mode = request.mode;
        if let Some(run) = self.standing_run(mode) {
            return self.look_now(run, request).await;
        }
        let args = serde_json::to_value(&request).unwrap_or_default();
        let id = self.accept(mode, "run", args).await?;
        self.begin(id, request, "none", "started").await
    }

    /// Starts a run for an accepted command, and answers it with what was `done`; `before` is what the
    /// run was.
    async fn begin(
        &mut self,
        id: CommandId,
        request: RunRequest,
        before: &str,
        done: &str,
    ) -> Result<Ack, Refusal> {
        let mode = request.mode;
        match self.start(request, None).await {
            Ok(run) => {
                let text = format!("run {run} {done}, {mode}");
                let ack = self.answer_row(id, Ok(Outcome::new(text).changed(before, "running")));
                Ok(Ack { run: Some(run), ..ack.await? })
            }
            Err(refusal) => self.answer_row(id, Err(refusal)).await,
        }
    }

    /// Starts a run and returns its number as soon as it has one. With cadences it stands until it is
    /// drained.
    pub(super) async fn start(
        &mut self,
        request: RunRequest,
        standing: Option<Cadences>,
    ) -> Result<RunId, Refusal> {
        let mode = request.mode;
        self.assert_armed(mode)?;
        if let Some(running) = &self.running[slot(mode)] {
            return Err(refuse(
                RefusalKind::Safeguard,
                format!("run {} is under way in this process", running.id),
                "let it end, or cancel it",
            ));
        }
        let order = order_of(request, &self.parts.owner)?;
        self.assert_sound().await?;
        let engine = Arc::clone(self.parts.engine(mode));
        let mut progress = engine.progress();
        let (steer, steered) = watch::channel(Steer::Go);
        let shared = Arc::clone(&self.shared);
        let (report, mut ended) = oneshot::channel();
        crate::runtime::spawn::task("run", async move {
            let result = match standing {
                Some(cadences) => engine.stand(&order, cadences, steered).await,
                None => engine.run(&order, &shared.pace, steered).await,
            };
            // The owner waits for this until the run ends.
            drop(report.send(result));
        });
        let started = loop {
            tokio::select! {
                biased;
                result = &mut ended => break Err(result),
                Ok(()) = progress.changed() => {
                    if let Some(id) = progress.borrow_and_update().run {
                        break Ok(id);
                    }
                }
            }
        };
        let id = match started {
            Ok(id) => id,
            Err(Ok(Ok(report))) => {
                // It ended before anybody looked.
                self.note_end(self.conclude(mode, report.id, Ok(report.clone())).await);
                return Ok(report.id);
            }
            Err(Ok(Err(error))) => return Err(refused_by_run(&error)),
            Err(Err(_)) => return Err(vanished()),
        };
        self.running[slot(mode)] = Some(Running { id, steer });
        let end = self.end.clone();
        let parts = Arc::clone(&self.parts);
        crate::runtime::spawn::task("end of a run", async move {
            let result = ended.await.map_or_else(
                |_| Err(vanished()),
                |result| result.map_err(|error| refused_by_run(&error)),
            );
            let ended = conclude(&parts, mode, id, result).await;
            drop(end.send(ended).await);
        });
        Ok(id)
    }

    /// Refuses to work on a damaged database. Looking at it stays possible.
    async fn assert_sound(&self) -> Result<(), Refusal> {
        let parts = Arc::clone(&self.parts);
        let look = move || parts.store.assert_sound(&parts.clock);
        let looked = tokio::task::spawn_blocking(look).await.map_err(|_| vanished())?;
        looked.map_err(|error| queries::failed(&error))
    }

    async fn conclude(&self, mode: Mode, id: RunId, result: Result<RunReport, Refusal>) -> Ended {
        conclude(&self.parts, mode, id, result).await
    }

    /// Notes that a run of this process has ended, and tells who waits for it.
    pub(super) fn note_end(&mut self, ended: Ended) {
        if ended.mode == Mode::Live && ended.result.is_err() {
            self.leave_live_alone();
        }
        let running = &mut self.running[slot(ended.mode)];
        if running.as_ref().map(|running| running.id) == ended.run {
            *running = None;
        }
        self.ended.send_replace(Some(ended));
        if self.running.iter().all(Option::is_none) {
            for waiting in self.drains.drain(..) {
                // Whoever waited may be gone.
                let _ = waiting.send(());
            }
        }
    }

    /// Lets every run stop where it can be taken up again.
    pub(super) fn drain(&mut self, reply: oneshot::Sender<()>) {
        let mut stopping = false;
        for running in self.running.iter().flatten() {
            running.tell(Steer::Drain);
            stopping = true;
        }
        if stopping {
            self.drains.push(reply);
        } else {
            let _ = reply.send(());
        }
    }

    /// Pauses or resumes a run of this process; what is meant for others' was handed to them.
    pub(super) async fn steer_run(
        &mut self,
        name: &'static str,
        run: RunId,
        steer: Steer,
    ) -> Result<Ack, Refusal> {
        let row = self.open_run(run)?;
        let told = self.ours(run).map(|running| *running.steer.borrow());
        let ack = self.at_once(row.mode, name, json!({ "run": run }), move |_, _| {
            let (why, hint) = match told {
                Some(told) if told.stands_against(steer) => (
                    format!("run {run} is coming to its end: it finishes what is in flight"),
                    format!("`cep runs` says how it ended; `cep resume {run}` takes up one that was interrupted"),
                ),
                Some(_) => return Ok(Ok(steered(run, row.state, steer))),
                None => (
                    format!("run {run} is worked by nobody: its process is gone"),
                    format!("`cep resume {run}` takes it up, `cep cancel {run}` ends it"),
                ),
            };
            Ok(Err(refuse(RefusalKind::Safeguard, why, &hint)))
        });
        let ack = ack.await?;
        if let Some(running) = self.ours(run) {
            running.tell(steer);
        }
        Ok(ack)
    }

    /// Resumes a paused run, or takes up an interrupted one.
    pub(super) async fn resume(&mut self, run: RunId) -> Result<Ack, Refusal> {
        let row = self.open_run(run)?;
        if self.is_ours(run) {
            return self.steer_run("resume", run, Steer::Go).await;
        }
        let request = RunRequest {
            mode: row.mode,
            layers: picture::layers_of(&row.scope),
            input: row.input.filter(|input| input != DEMO_TOWN).map(Into::into),
            limit: row.input_limit,
        };
        if let Some(standing) = self.standing_run(row.mode) {
            return self.look_now(standing, request).await;
        }
        let id = self.accept(row.mode, "resume", json!({ "run": run })).await?;
        self.begin(id, request, row.state.as_column(), "taken up again").await
    }

    pub(super) async fn cancel(&mut self, run: RunId) -> Result<Ack, Refusal> {
        let row = self.open_run(run)?;
        if self.standing_run(row.mode) == Some(run) {
            let why = format!("run {run} is the live work of a serving process and ends with it");
            let hint =
                format!("`cep pause {run}` lets it claim nothing new; units end by `cep skip`");
            return Err(refuse(RefusalKind::Safeguard, why, &hint));
        }
        let (mode, args) = (row.mode, json!({ "run": run }));
        if self.is_ours(run) {
            return self.steer_run("cancel", run, Steer::Cancel).await;
        }
        let wall = self.parts.clock.wall();
        self.at_once(mode, "cancel", args, move |tx, now| {
            let before = runs::get(tx, run)?.map_or(row.state, |row| row.state);
            if matches!(before, RunState::Running | RunState::Draining | RunState::Paused) {
                let why = Some("its process died");
                runs::step(tx, run, RunEvent::Interrupted, why, now, wall)?;
            }
            runs::step(tx, run, RunEvent::Cancelled, Some("by a person"), now, wall)?;
            let n = operate::cancel_units(tx, run, now)?;
            let text = format!("run {run} is cancelled, and {n} units with it");
            Ok(Ok(Outcome::new(text).changed(before.as_column(), "cancelled")))
        })
        .await
    }

    pub(super) fn is_ours(&self, run: RunId) -> bool {
        self.ours(run).is_some()
    }

    fn ours(&self, run: RunId) -> Option<&Running> {
        self.running.iter().flatten().find(|running| running.id == run)
    }

    fn open_run(&self, run: RunId) -> Result<RunRow, Refusal> {
        let row = self.parts.store.read(|conn| runs::get(conn, run));
        let row = row.map_err(|error| queries::failed(&error))?.ok_or_else(|| {
            refuse(RefusalKind::Usage, format!("there is no run {run}"), "`cep runs` lists them")
        })?;
        if row.state.is_ended() {
            let state = row.state.as_column().replace('_', " ");
            let why = format!("run {run} has ended: {state}");
            return Err(refuse(RefusalKind::Usage, why, "`cep run` starts another"));
        }
        Ok(row)
    }

    /// Returns the living process that works a run, unless it is this one or nobody.
    pub(super) fn holder_of(&self, run: RunId) -> Result<Option<String>, Refusal> {
        let now = self.parts.clock.now();
        let held = self.parts.store.read(|conn| {
            let Some(row) = runs::get(conn, run)? else { return Ok(None) };
            let holders = leases::living_holders(conn, row.mode, &self.parts.process, now)?;
            let works = !row.state.is_ended() && holders.contains(&row.owner);
            Ok(works.then_some(row.owner))
        });
        let owner = held.map_err(|error| queries::failed(&error))?;
        Ok(owner.filter(|owner| *owner != self.parts.owner))
    }
}

/// Writes what the end of a run brings besides its state: Φ_sync as the rows now are, and the end of
/// a cancelled run's units.
async fn conclude(
    parts: &crate::app::parts::Parts,
    mode: Mode,
    id: RunId,
    result: Result<RunReport, Refusal>,
) -> Ended {
    if let Ok(report) = &result {
        let (now, cancelled) = (report.now, report.state == RunState::Cancelled);
        let wall = parts.clock.wall();
        let folder = received::folder(parts);
        let written = parts.store.write("after a run", move |tx| {
            if cancelled {
                operate::cancel_units(tx, id, now)?;
            }
            received::clear(tx, &folder, None)?;
            coherence::record(tx, mode, Some(id), now, wall)
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "Φ_sync after a run was not stored");
        }
    }
    Ended { mode, run: Some(id), result }
}

fn order_of(request: RunRequest, owner: &str) -> Result<RunOrder, Refusal> {
    let mut layers = request.layers;
    layers.sort_unstable();
    layers.dedup();
    if layers.is_empty() {
        return Err(refuse(RefusalKind::Usage, "a run needs a layer", "say 1 to 9, or all"));
    }
    let researches = layers.contains(&Layer::ProspectResearch);
    let input = match request.input {
        Some(path) => {
            // The run may be taken up from another folder, so its input is named from the root.
            let full = std::fs::canonicalize(&path).map_err(|error| {
                refuse(
                    RefusalKind::Usage,
                    format!("cannot read {}: {error}", path.display()),
                    "name a file of businesses with --input (Overpass JSON or CSV)",
                )
            })?;
            Some(RunInput { source: full.display().to_string(), limit: request.limit })
        }
        // Nobody is written to for real because a demonstration knows their fictional names.
        None if researches && request.mode == Mode::Dry => {
            Some(RunInput { source: DEMO_TOWN.to_owned(), limit: request.limit })
        }
        None => None,
    };
    Ok(RunOrder { mode: request.mode, layers, input, owner: owner.to_owned() })
}

fn steered(run: RunId, before: RunState, steer: Steer) -> Outcome {
    let (text, after) = match steer {
        Steer::Go => ("goes on", "running"),
        Steer::Pause => ("is paused: what is in flight finishes, nothing new is claimed", "paused"),
        Steer::Drain => ("stops where it can be taken up again", "draining"),
        Steer::Cancel => ("is being cancelled: what is in flight finishes", "cancelled"),
    };
    Outcome::new(format!("run {run} {text}")).changed(before.as_column(), after)
}

fn refused_by_run(error: &RunError) -> Refusal {
    match error {
        RunError::Busy { lease, owner } => refuse(
            RefusalKind::Safeguard,
            format!("{lease} is worked by {owner}"),
            "let it end, or steer it with `cep pause` and `cep cancel`",
        ),
        RunError::Store(error @ StoreError::Fenced { .. }) => refuse(
            RefusalKind::Failed,
            format!("the run was taken over: {error}"),
            "`cep runs` shows who works it now",
        ),
        RunError::Store(error) => queries::failed(error),
        RunError::Discover { layer, error } => Refusal {
            kind: RefusalKind::Failed,
            why: format!("{layer} could not look for work: {error}"),
            hint: error.hint.clone(),
        },
    }
}

fn vanished() -> Refusal {
    refuse(
        RefusalKind::Failed,
        "the run ended without a word: the engine panicked",
        "this is a bug; keep the database and the log, and report both",
    )
}
