//! Defines what the faces of the machine share once it has been put together.

use std::path::Path;
use std::sync::Arc;

use crate::adapters::sim::Sim;
use crate::config::Settings;
use crate::domain::error::WorkError;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::effects::counterparty::RawDelivery;
use crate::engines::orchestrator::contract::Receive;
use crate::engines::orchestrator::engine::Orchestrator;
use crate::runtime::clock::Clock;
use crate::runtime::process::ProcessIdentity;
use crate::store::Store;

use super::receive::Inbox;

/// From which face a command comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A command line.
    Cli,
    /// The terminal's screen.
    Screen,
    /// The process that serves.
    Server,
}

impl Origin {
    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Screen => "screen",
            Self::Server => "server",
        }
    }

    /// The word in a process's name: `serve pid 412@host`.
    pub const fn role(self) -> &'static str {
        match self {
            Self::Cli => "cli",
            Self::Screen => "screen",
            Self::Server => "serve",
        }
    }
}

/// The machine, put together by `wiring`.
pub struct Parts {
    /// The database.
    pub(super) store: Store,
    /// Where time comes from.
    pub(super) clock: Arc<dyn Clock>,
    /// What the operator configured.
    pub(super) settings: Arc<Settings>,
    /// The engine of the rehearsal.
    pub dry: Arc<Orchestrator>,
    /// The engine of the real world.
    pub(super) live: Arc<Orchestrator>,
    /// The simulated world, for the demo's fault key.
    pub(super) sim: Sim,
    /// The entry for deliveries.
    pub(super) inbox: Arc<Inbox>,
    /// This process.
    pub(super) process: ProcessIdentity,
    /// This process's name in rows: `cli pid 412@host`.
    pub(super) owner: String,
    /// Who gives the commands: `user@host`.
    pub(super) actor: String,
    /// From where.
    pub(super) origin: Origin,
    /// Where live effects go: `outbox /srv/cep/outbox`.
    pub(super) through: String,
    /// When this process put the machine together, wall clock.
    pub(super) started_at: Moment,
}

impl Parts {
    /// Returns the engine of a world.
    pub(super) const fn engine(&self, mode: Mode) -> &Arc<Orchestrator> {
        match mode {
            Mode::Dry => &self.dry,
            Mode::Live => &self.live,
        }
    }

    /// Takes in a delivery: verified, kept raw and queued in one commit.
    ///
    /// # Errors
    /// A delivery whose signature does not fit, or a database that cannot be written.
    pub async fn receive(
        &self,
        mode: Mode,
        now: Moment,
        delivery: RawDelivery,
    ) -> Result<(), WorkError> {
        let take_in = self.inbox.receive(mode, now, delivery)?;
        Ok(self.store.write("receive", take_in).await?)
    }

    /// Returns the store, for tests that look at rows.
    #[cfg(test)]
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// Returns where time comes from.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Returns what the operator configured.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the database file.
    pub fn database(&self) -> &Path {
        self.store.path()
    }
}
