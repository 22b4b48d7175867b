//! Keeps the leases of a run: takes them, renews them from a thread of its own, gives them back.
//!
//! The renewing thread shares nothing with the work but the store's queue, so a layer that hangs or
//! spins cannot make the process lose what it holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use crate::domain::ids::Epoch;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::runtime::clock::Clock;
use crate::runtime::process::ProcessIdentity;
use crate::store::error::StoreError;
use crate::store::leases::{self, Acquired};
use crate::store::{Store, recovery};

/// The lease under which dry time is moved.
pub(super) const CLOCK: &str = "clock";

/// The lease of the process that serves the database, taken in the live world: it carries out what
/// other processes ask for.
pub const SERVE: &str = "serve";

/// Returns the name of a layer's lease.
pub(super) fn name_of(layer: Layer) -> String {
    format!("layer/{}", layer.number())
}

/// Why a run cannot start.
#[derive(Debug)]
pub enum Denied {
    /// Another process works one of the layers.
    Busy {
        /// Which lease.
        lease: String,
        /// Who.
        owner: String,
    },
    /// The database failed.
    Store(StoreError),
}

impl From<StoreError> for Denied {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Leases held by this run. Dropping it stops the renewal; `release` gives them back.
pub struct Hold {
    mode: Mode,
    held: Vec<(String, Epoch)>,
    lost: Arc<AtomicBool>,
    _stop: SyncSender<()>,
}

/// Takes the lease of the one process that serves.
///
/// # Errors
/// Another process serves already, or the database failed.
pub async fn serve(
    store: &Store,
    clock: &Arc<dyn Clock>,
    owner: &str,
    lease_ms: i64,
) -> Result<Hold, Denied> {
    let wall = clock.wall();
    let name = owner.to_owned();
    let taken = store.write("serve", move |tx| {
        let (me, until) = (ProcessIdentity::current(), wall.plus_ms(lease_ms));
        leases::acquire(tx, Mode::Live, SERVE, &name, &me, wall, until)
    });
    let epoch = match taken.await? {
        Acquired::Busy { owner } => return Err(Denied::Busy { lease: SERVE.to_owned(), owner }),
        Acquired::Held { epoch, .. } => epoch,
    };
    let held = vec![(SERVE.to_owned(), epoch)];
    let lost = Arc::new(AtomicBool::new(false));
    let stop = renew(store, clock, Mode::Live, held.clone(), lease_ms, Arc::clone(&lost))?;
    Ok(Hold { mode: Mode::Live, held, lost, _stop: stop })
}

/// Takes the leases of `layers`, all or none, and takes back what dead holders left.
pub(super) async fn acquire(
    store: &Store,
    clock: &Arc<dyn Clock>,
    mode: Mode,
    layers: &[Layer],
    owner: &str,
    lease_ms: i64,
    now: Moment,
) -> Result<(Hold, recovery::Recovered), Denied> {
    let wall = clock.wall();
    let owner = owner.to_owned();
    let layers = layers.to_vec();
    let taken = store
        .write("acquire leases", move |tx| {
            let me = ProcessIdentity::current();
            let until = wall.plus_ms(lease_ms);
            let mut held: Vec<(String, Epoch)> = Vec::new();
            let mut recovered = recovery::Recovered::default();
            let names = layers
                .iter()
                .map(|&layer| (name_of(layer), Some(layer)))
                .chain((mode == Mode::Dry).then(|| (CLOCK.to_owned(), None)));
            for (name, layer) in names {
                match leases::acquire(tx, mode, &name, &owner, &me, wall, until)? {
                    Acquired::Busy { owner } => {
                        for (name, epoch) in &held {
                            leases::release(tx, mode, name, *epoch)?;
                        }
                        return Ok(Err((name, owner)));
                    }
                    Acquired::Held { epoch, .. } => held.push((name, epoch)),
                }
                if let Some(layer) = layer {
                    let back = recovery::take_back(tx, mode, layer, now)?;
                    recovered.ready += back.ready;
                    recovered.poisoned += back.poisoned;
                }
            }
            Ok(Ok((held, recovered)))
        })
        .await?;
    let (held, recovered) = taken.map_err(|(lease, owner)| Denied::Busy { lease, owner })?;
    let lost = Arc::new(AtomicBool::new(false));
    let stop = renew(store, clock, mode, held.clone(), lease_ms, Arc::clone(&lost))?;
    Ok((Hold { mode, held, lost, _stop: stop }, recovered))
}

impl Hold {
    /// Returns the epoch of a lease of this run.
    pub(super) fn epoch_of(&self, name: &str) -> Option<Epoch> {
        self.held.iter().find(|(held, _)| held == name).map(|(_, epoch)| *epoch)
    }

    /// Whether a lease was lost: nothing may be claimed any more.
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Returns the layers of this run with the name and epoch of the lease of each.
    pub(super) fn layers(&self, layers: &[Layer]) -> Vec<(Layer, String, Epoch)> {
        let lease = |&layer: &Layer| {
            let name = name_of(layer);
            let epoch = self.epoch_of(&name)?;
            Some((layer, name, epoch))
        };
        layers.iter().filter_map(lease).collect()
    }

    /// Gives the leases back.
    ///
    /// # Errors
    /// The database failed; the leases end by themselves.
    pub async fn release(self, store: &Store) -> Result<(), StoreError> {
        let mode = self.mode;
        let held = self.held.clone();
        store
            .write("release leases", move |tx| {
                for (name, epoch) in &held {
                    leases::release(tx, mode, name, *epoch)?;
                }
                Ok(())
            })
            .await
    }
}

/// Starts the thread that renews every third of the lease's time until the sender is dropped.
fn renew(
    store: &Store,
    clock: &Arc<dyn Clock>,
    mode: Mode,
    held: Vec<(String, Epoch)>,
    lease_ms: i64,
    lost: Arc<AtomicBool>,
) -> Result<SyncSender<()>, StoreError> {
    let (stop, stopped) = sync_channel::<()>(0);
    let store = store.clone();
    let clock = Arc::clone(clock);
    let pause = Duration::from_millis(u64::try_from(lease_ms / 3).unwrap_or(1_000));
    crate::runtime::spawn::thread("lease renewal", move || {
        while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
            let until = clock.wall().plus_ms(lease_ms);
            let held = held.clone();
            let renewed = store
                .write("renew leases", move |tx| {
                    held.iter()
                        .try_for_each(|(name, epoch)| leases::renew(tx, mode, name, *epoch, until))
                })
                .wait();
            if let Err(error) = renewed {
                tracing::error!(%error, "a lease could not be renewed; nothing more is claimed");
                lost.store(true, Ordering::Release);
                return;
            }
        }
    })
    .map_err(|_| StoreError::WriterGone)?;
    Ok(stop)
}
