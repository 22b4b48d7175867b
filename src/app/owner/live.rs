//! Arms and disarms this process for the real world, and works live units that come due.

use serde_json::json;

use super::record::{Outcome, refuse};
use super::{Owner, slot};
use crate::app::command::{Ack, Refusal, RefusalKind, RunRequest};
use crate::app::serving;
use crate::domain::ids::RunId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::engines::orchestrator::engine::{Cadences, Steer};
use crate::store::board;
use crate::store::error::StoreError;

/// The word a person types to let effects out.
const CONFIRMATION: &str = "live";

/// How long due live work is left alone after a run of it failed or could not start: whatever was
/// in the way is rarely gone sooner, and each try writes a row.
const AFTER_REFUSAL_US: u64 = 30_000_000;

/// The same after the disk refused a commit: until one succeeds, a try writes nothing.
const AFTER_TROUBLE_US: u64 = 1_000_000;

impl Owner {
    pub(super) async fn arm(&self, confirmation: String) -> Result<Ack, Refusal> {
        let shared = std::sync::Arc::clone(&self.shared);
        let through = self.parts.through.clone();
        let safe = serving::assert_safe(&self.parts.settings, self.shared.serving);
        let ack = self
            .at_once(Mode::Live, "arm_live", json!({}), move |_, _| {
                if confirmation != CONFIRMATION {
                    return Ok(Err(refuse(
                        RefusalKind::Safeguard,
                        "live stays off: the typed word was not `live`",
                        "type the word live, or --confirm live on a command line",
                    )));
                }
                if let Err(refusal) = safe {
                    return Ok(Err(refusal));
                }
                let text = format!("LIVE: effects go out through {through}");
                Ok(Ok(Outcome::new(text).changed("disarmed", "armed")))
            })
            .await?;
        shared.armed.send_replace(true);
        Ok(ack)
    }

    pub(super) async fn disarm(&mut self) -> Result<Ack, Refusal> {
        if !*self.shared.armed.borrow() {
            return Ok(Ack::here(None, "live was not armed"));
        }
        self.shared.armed.send_replace(false);
        if let Some(running) = &self.running[slot(Mode::Live)] {
            running.tell(Steer::Drain);
        }
        self.at_once(Mode::Live, "disarm", json!({}), |_, _| {
            let text = "live is off: what is in flight finishes, nothing more goes out";
            Ok(Ok(Outcome::new(text).changed("armed", "disarmed")))
        })
        .await
    }

    /// Refuses live work in a process that nobody armed.
    pub(super) fn assert_armed(&self, mode: Mode) -> Result<(), Refusal> {
        if mode == Mode::Dry || *self.shared.armed.borrow() {
            return Ok(());
        }
        Err(refuse(
            RefusalKind::Safeguard,
            "live is not armed in this process, so nothing goes out",
            "on a screen press m; on a command line add --live --confirm live",
        ))
    }

    /// Starts a run of the layers whose planned or retried live units have come due, while this
    /// process is armed and idle. What is ready without having been planned (a promoted campaign)
    /// waits for a person who runs its layer: nothing goes out by surprise.
    ///
    /// A process that serves was armed to do all of it, so its run has every layer and stands.
    pub(super) async fn work_due_live(&mut self) {
        let now_us = self.parts.clock.monotonic_us();
        if !*self.shared.armed.borrow()
            || self.running[slot(Mode::Live)].is_some()
            || now_us < self.live_again_us
        {
            return;
        }
        if self.shared.serving {
            if let Err(refusal) = self.stand().await {
                tracing::warn!(why = refusal.why, "the live world is not worked");
                self.leave_live_alone();
            }
            return;
        }
        let layers = match self.layers_due_live() {
            Ok(layers) if layers.is_empty() => return,
            Ok(layers) => layers,
            Err(error) => {
                tracing::error!(%error, "due live units could not be looked for");
                return;
            }
        };
        let request = RunRequest { mode: Mode::Live, layers, input: None, limit: None };
        if let Err(refusal) = self.run(request).await {
            tracing::warn!(why = refusal.why, "due live units are not worked");
            self.leave_live_alone();
        }
    }

    /// Leaves due live work alone for a while.
    pub(super) fn leave_live_alone(&mut self) {
        let troubled = self.parts.store.trouble().borrow().is_some();
        let wait_us = if troubled { AFTER_TROUBLE_US } else { AFTER_REFUSAL_US };
        self.live_again_us = self.parts.clock.monotonic_us() + wait_us;
    }

    /// Starts the run that a serving process works until it is drained.
    async fn stand(&mut self) -> Result<(), Refusal> {
        let (mode, layers) = (Mode::Live, Layer::ALL.to_vec());
        let request = RunRequest { mode, layers, input: None, limit: None };
        let cadences = Cadences(self.parts.settings.serve.look_s);
        let id = self.accept(mode, "stand", json!({})).await?;
        let outcome = self.start(request, Some(cadences)).await.map(|run| {
            Outcome::new(format!("run {run} works the live world")).changed("none", "running")
        });
        self.answer_row(id, outcome).await.map(drop)
    }

    /// Returns the run that stands in this process.
    pub(super) fn standing_run(&self, mode: Mode) -> Option<RunId> {
        let running = self.running[slot(mode)].as_ref();
        running.filter(|_| self.shared.serving && mode == Mode::Live).map(|running| running.id)
    }

    /// Answers a wish for a run of layers that the standing run works anyway: they look for new work
    /// at once.
    pub(super) async fn look_now(&self, run: RunId, request: RunRequest) -> Result<Ack, Refusal> {
        if request.input.is_some() {
            let hint = "import it first: cep --mode live import FILE";
            let why = "a serving machine reads no file of businesses in a run";
            return Err(refuse(RefusalKind::Usage, why, hint));
        }
        let args = serde_json::to_value(&request).unwrap_or_default();
        let id = self.accept(Mode::Live, "run", args).await?;
        self.parts.live.look_now(&request.layers);
        let text = format!("run {run} works them all the time; they look for new work now");
        self.answer_row(id, Ok(Outcome::new(text))).await
    }

    fn layers_due_live(&self) -> Result<Vec<Layer>, StoreError> {
        let wall = self.parts.clock.wall();
        self.parts.store.read(|conn| {
            let mut layers = Vec::new();
            for (layer, state, n) in board::units(conn, Mode::Live)? {
                let timed = matches!(state, UnitState::Scheduled | UnitState::RetryWait);
                if timed
                    && n > 0
                    && board::due_in(conn, Mode::Live, layer, state, wall)?.n > 0
                    && !layers.contains(&layer)
                {
                    layers.push(layer);
                }
            }
            layers.sort_unstable();
            Ok(layers)
        })
    }
}
