//! Defines the seam between the machine and whoever shows it.
//!
//! `app::Handle` is the machine's side; the terminal is tested against a fake of this trait.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::command::{Ack, Command, Refusal};
use super::query::{Answer, Query};
use super::snapshot::Snapshot;

/// The three verbs of the machine.
///
/// The futures must not do the work on the thread that polls them: the screen polls them between
/// two frames. They hand the request over and wait for the reply.
#[async_trait]
pub trait Machine: Send + Sync {
    /// Returns the latest picture of the machine, and word of each newer one. While a run is under
    /// way there is one at least every second; a screen calls an older one stale.
    fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>>;

    /// Tells the machine to do something.
    async fn submit(&self, command: Command) -> Result<Ack, Refusal>;

    /// Stops working live units, and lets every run of this process stop where it can be taken up
    /// again: afterwards it holds no lease. A machine that works nothing has nothing to do here.
    async fn rest(&self) {}

    /// Asks what the snapshot is too small to hold.
    async fn ask(&self, query: Query) -> Result<Answer, Refusal>;
}
