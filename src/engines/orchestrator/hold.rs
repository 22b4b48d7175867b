//! Keeps the leases of a run: takes them, renews them from a thread of its own, gives them back.
//!
//! The renewing thread shares nothing with the work but the store's queue, so a layer that hangs or
//! spins cannot make the process lose what it holds. When the store itself stands still, nothing is
//! renewed; the term then runs out before the leases do, and nothing is begun that could outlive them.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use crate::domain::ids::Epoch;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::runtime::clock::{Clock, Now};
use crate::runtime::process::ProcessIdentity;
use crate::store::error::StoreError;
use crate::store::late_writes::{self, LateWrite};
use crate::store::leases::{self, Acquired, Fence};
use crate::store::term::Term;
use crate::store::{Store, clocks, recovery};

/// The lease under which dry time is moved.
pub(super) const CLOCK: &str = "clock";

/// The lease of the process that serves the database, taken in the live world: it carries out what
/// other processes ask for.
pub const SERVE: &str = "serve";

/// How long a renewal that failed is left before it is tried again: a full disk or a locked database
/// passes, and every second of the term counts.
const RENEW_AGAIN: Duration = Duration::from_secs(1);

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

/// Who holds leases, and for how long without renewal.
#[derive(Clone)]
pub(super) struct Holder {
    pub(super) owner: String,
    pub(super) lease_ms: i64,
}

/// Leases that are held. Dropping it stops the renewal; `release` gives them back.
pub struct Hold {
    fence: Fence,
    term: Arc<Term>,
    renewal: SyncSender<()>,
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
    let now = clock.now();
    let holder = Holder { owner: owner.to_owned(), lease_ms };
    let name = holder.owner.clone();
    let taken = store.write("serve", move |tx| {
        let me = ProcessIdentity::current();
        leases::acquire(tx, Mode::Live, SERVE, &name, &me, now, lease_ms)
    });
    let epoch = match taken.await? {
        Acquired::Busy { owner } => return Err(Denied::Busy { lease: SERVE.to_owned(), owner }),
        Acquired::Held { epoch, .. } => epoch,
    };
    let fence = Fence::new(Mode::Live, vec![(SERVE.to_owned(), epoch)]);
    Ok(Hold::keep(store, clock, holder, fence, now)?)
}

/// Takes the leases of `layers`, all or none, and takes back what dead holders left.
pub(super) async fn acquire(
    store: &Store,
    clock: &Arc<dyn Clock>,
    mode: Mode,
    layers: &[Layer],
    holder: Holder,
    moment: Moment,
) -> Result<(Hold, recovery::Recovered), Denied> {
    let now = clock.now();
    let layers = layers.to_vec();
    let Holder { owner, lease_ms } = holder.clone();
    let taken = store
        .write("acquire leases", move |tx| {
            let me = ProcessIdentity::current();
            let mut held: Vec<(String, Epoch)> = Vec::new();
            let mut recovered = recovery::Recovered::default();
            let names = layers
                .iter()
                .map(|&layer| (leases::name_of(layer), Some(layer)))
                .chain((mode == Mode::Dry).then(|| (CLOCK.to_owned(), None)));
            for (name, layer) in names {
                match leases::acquire(tx, mode, &name, &owner, &me, now, lease_ms)? {
                    Acquired::Busy { owner } => {
                        for (name, epoch) in &held {
                            leases::release(tx, mode, name, *epoch)?;
                        }
                        return Ok(Err((name, owner)));
                    }
                    Acquired::Held { epoch, .. } => held.push((name, epoch)),
                }
                if let Some(layer) = layer {
                    let back = recovery::take_back(tx, mode, layer, moment)?;
                    recovered.ready += back.ready;
                    recovered.poisoned += back.poisoned;
                }
            }
            Ok(Ok((held, recovered)))
        })
        .await?;
    let (held, recovered) = taken.map_err(|(lease, owner)| Denied::Busy { lease, owner })?;
    let hold = Hold::keep(store, clock, holder, Fence::new(mode, held), now)?;
    Ok((hold, recovered))
}

impl Hold {
    /// Begins to renew leases that were taken at `now`.
    fn keep(
        store: &Store,
        clock: &Arc<dyn Clock>,
        holder: Holder,
        fence: Fence,
        now: Now,
    ) -> Result<Self, StoreError> {
        let term = Arc::new(Term::until(now.uptime.plus_ms(holder.lease_ms)));
        let renewal = renew(store, clock, holder, fence.clone(), Arc::clone(&term))?;
        Ok(Self { fence, term, renewal })
    }

    /// What writes under these leases compare.
    pub(super) const fn fence(&self) -> &Fence {
        &self.fence
    }

    /// How long the leases still run.
    pub(super) const fn term(&self) -> &Arc<Term> {
        &self.term
    }

    /// Asks for a renewal at once.
    pub(super) fn renew_now(&self) {
        // A renewal that is asked for already serves as well.
        let _ = self.renewal.try_send(());
    }

    /// Whether a lease was lost: nothing may be claimed any more.
    pub fn is_lost(&self) -> bool {
        self.term.is_lost()
    }

    /// Returns the layers of this run with the name and epoch of the lease of each.
    pub(super) fn layers(&self, layers: &[Layer]) -> Vec<(Layer, String, Epoch)> {
        let lease = |&layer: &Layer| {
            let name = leases::name_of(layer);
            let epoch = self.fence.epoch_of(&name)?;
            Some((layer, name, epoch))
        };
        layers.iter().filter_map(lease).collect()
    }

    /// Gives the leases back.
    ///
    /// # Errors
    /// The database failed; the leases end by themselves.
    pub async fn release(self, store: &Store) -> Result<(), StoreError> {
        let Self { fence, renewal, .. } = self;
        // First, so that a renewal that comes after this finds that nobody wants it any more.
        drop(renewal);
        store
            .write("release leases", move |tx| {
                for (name, epoch) in fence.held() {
                    leases::release(tx, fence.mode(), name, *epoch)?;
                }
                Ok(())
            })
            .await
    }
}

/// Starts the thread that renews every third of the lease's time, and when asked, until the sender is
/// dropped or somebody else has a lease.
fn renew(
    store: &Store,
    clock: &Arc<dyn Clock>,
    holder: Holder,
    fence: Fence,
    term: Arc<Term>,
) -> Result<SyncSender<()>, StoreError> {
    let (ask, asked) = sync_channel::<()>(1);
    let store = store.clone();
    let clock = Arc::clone(clock);
    let third = Duration::from_millis(u64::try_from(holder.lease_ms / 3).unwrap_or(1_000));
    crate::runtime::spawn::thread("lease renewal", move || {
        let mut pause = third;
        while asked.recv_timeout(pause) != Err(RecvTimeoutError::Disconnected) {
            let now = clock.now();
            let (fence_now, lease_ms) = (fence.clone(), holder.lease_ms);
            let renewed = store.write("renew leases", move |tx| fence_now.renew(tx, now, lease_ms));
            pause = match renewed.wait() {
                Ok(()) => {
                    term.put_off(now.uptime.plus_ms(lease_ms));
                    third
                }
                // What we have given back ourselves was not taken from us.
                Err(StoreError::Fenced { .. }) if is_given_back(&asked) => return,
                Err(StoreError::Fenced { .. }) => {
                    tracing::error!("a lease passed to another holder; nothing more is begun");
                    term.lose();
                    keep_refusal(&store, &fence, &holder.owner, now);
                    return;
                }
                Err(error) => {
                    tracing::error!(%error, "leases could not be renewed; it is tried again");
                    third.min(RENEW_AGAIN)
                }
            };
        }
    })
    .map_err(|_| StoreError::WriterGone)?;
    Ok(ask)
}

/// Whether nobody asks for renewals any more, which is how `release` begins.
fn is_given_back(asked: &Receiver<()>) -> bool {
    loop {
        match asked.try_recv() {
            // Asked for while the last one was under way.
            Ok(()) => {}
            Err(gone) => return gone == TryRecvError::Disconnected,
        }
    }
}

/// Keeps that a renewal came too late, with who has the lease now.
fn keep_refusal(store: &Store, fence: &Fence, owner: &str, now: Now) {
    let (fence, owner) = (fence.clone(), owner.to_owned());
    let kept = store.write("late write", move |tx| {
        let dry = if fence.mode() == Mode::Dry { clocks::dry(tx)? } else { None };
        let late = LateWrite {
            mode: fence.mode(),
            at: dry.unwrap_or(now.wall),
            wall_at: now.wall,
            owner,
            command: "renew leases",
            layer: None,
            run: None,
            unit: None,
            attempt: None,
            effect: None,
            knew: "its leases had ended and were taken".to_owned(),
        };
        late_writes::keep(tx, &late, Some(&fence))
    });
    if let Err(error) = kept.wait() {
        tracing::error!(%error, "a late renewal could not be kept");
    }
}
