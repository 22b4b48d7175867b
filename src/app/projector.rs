//! Keeps the screen's picture up to date: rows → `Snapshot`, on a thread of its own.
//!
//! It is woken by commits of this process, by what this process alone knows (armed, view, jump) and
//! by itself, because other processes write to the same database: ten times a second while anybody
//! writes, four times when nobody has for a while. It takes at most ten pictures a second and
//! publishes only those that differ, so an idle screen draws nothing.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::watch;

use super::handle::Shared;
use super::narration;
use super::parts::Parts;
use super::picture::{self, Beside};
use super::queries;
use super::snapshot::{RunView, Snapshot};
use crate::domain::phi::Phi;
use crate::store::pulse::{self, Pulse, Watch};

/// How often other processes' writes are looked for: with the gap below, what a serving process
/// writes is on the screen within a quarter of a second.
const POLL: Duration = Duration::from_millis(100);

/// The same in a machine where nothing happens: waking up is most of what an idle screen costs.
const POLL_CALM: Duration = Duration::from_millis(250);

/// After so long without a commit nothing happens, microseconds.
const CALM_US: u64 = 5_000_000;

/// The least time between two pictures: more would not be seen.
const GAP: Duration = Duration::from_millis(100);

/// How old a running machine's picture may get, milliseconds. A screen calls it stale after three
/// seconds.
const SIGN_MS: i64 = 1_000;

/// The least time between two computations of Φ_sync, microseconds: it reads whole windows.
const PHI_GAP_US: u64 = 1_000_000;

/// The thread's own state.
pub(super) struct Projector {
    parts: Arc<Parts>,
    shared: Arc<Shared>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    /// Tells of commits; opened again when it could not be.
    watch: Option<Watch>,
    pulse: Option<Pulse>,
    /// When somebody's commit was last seen (monotonic, microseconds).
    moved_at_us: u64,
    phi: Option<(u64, crate::domain::mode::Mode, Phi)>,
    /// Whether the Φ_sync shown is older than the rows.
    phi_behind: bool,
    db_error: Option<String>,
}

impl Projector {
    /// Starts the thread; it ends when nobody watches any more.
    pub(super) fn start(
        parts: Arc<Parts>,
        shared: Arc<Shared>,
        snapshots: watch::Sender<Arc<Snapshot>>,
    ) -> io::Result<()> {
        let (wake, woken) = sync_channel(1);
        forward(&parts, &shared, wake);
        let projector = Self {
            parts,
            shared,
            snapshots,
            watch: None,
            pulse: None,
            moved_at_us: 0,
            phi: None,
            phi_behind: false,
            db_error: None,
        };
        crate::runtime::spawn::thread("projector", move || projector.follow(&woken)).map(drop)
    }

    fn follow(mut self, woken: &Receiver<()>) {
        while !self.snapshots.is_closed() {
            let called = match woken.recv_timeout(self.poll()) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let rows_changed = self.has_moved() && self.feels_anew();
            let failed = self.db_error.is_some();
            if called || rows_changed || failed || self.phi_behind || self.owes_a_sign() {
                self.publish(rows_changed);
                // Nobody unparks this thread, so it rests for the whole gap.
                std::thread::park_timeout(GAP);
            }
        }
    }

    /// How long the next look may wait.
    fn poll(&self) -> Duration {
        let calm_us = self.parts.clock.monotonic_us().saturating_sub(self.moved_at_us);
        if calm_us < CALM_US { POLL } else { POLL_CALM }
    }

    /// Whether anybody has committed since the rows were last felt, or nobody can tell.
    fn has_moved(&mut self) -> bool {
        if self.watch.is_none() {
            self.watch = self.parts.store.watch().ok();
        }
        let moved = self.watch.as_mut().is_none_or(|watch| watch.has_moved().unwrap_or(true));
        if moved {
            self.moved_at_us = self.parts.clock.monotonic_us();
        }
        moved || self.pulse.is_none()
    }

    /// Feels the rows, and returns whether any that a picture shows has changed.
    fn feels_anew(&mut self) -> bool {
        let pulse = self.parts.store.read(pulse::feel).ok();
        let is_new = pulse.is_none() || pulse != self.pulse;
        self.pulse = pulse;
        is_new
    }

    /// Whether a run is under way and its picture so old that a screen would soon call it stale.
    fn owes_a_sign(&self) -> bool {
        let last = self.snapshots.borrow();
        let runs = last.run.as_ref().is_some_and(RunView::is_active);
        runs && self.parts.clock.wall().since(last.wall_at) >= SIGN_MS
    }

    /// Says why nothing can be written, as long as that is so.
    fn trouble(&self) -> Option<String> {
        let trouble = self.parts.store.trouble();
        trouble.borrow().as_ref().map(|error| queries::failed(error).why)
    }

    fn publish(&mut self, rows_changed: bool) {
        let mode = *self.shared.view.borrow();
        let now_us = self.parts.clock.monotonic_us();
        self.phi_behind |= rows_changed;
        let fresh = self.phi.as_ref().filter(|(at_us, of, _)| {
            *of == mode && (!self.phi_behind || now_us.saturating_sub(*at_us) < PHI_GAP_US)
        });
        let kept = fresh.map(|(_, _, phi)| phi.clone());
        let anew = kept.is_none();
        let beside = Beside {
            armed: *self.shared.armed.borrow(),
            jump: *self.shared.pace.jump().borrow(),
            phi: kept,
            forged: self.parts.inbox.forged(),
            db_error: self.db_error.clone().or_else(|| self.trouble()),
        };
        match picture::take(&self.parts, mode, beside) {
            Ok((mut snapshot, phi)) => {
                self.db_error = None;
                if anew {
                    self.phi = Some((now_us, mode, phi));
                    self.phi_behind = false;
                }
                if self.shared.demo {
                    let control = *self.shared.pace.control().borrow();
                    snapshot.demo = Some(narration::tell(&snapshot, control));
                }
                self.show(snapshot);
            }
            Err(error) => {
                let told = Some(error.to_string());
                if told != self.db_error {
                    tracing::error!(%error, "the screen's picture could not be taken");
                }
                self.db_error.clone_from(&told);
                let mut stale = Snapshot::clone(&self.snapshots.borrow());
                stale.system.db_error = told;
                self.show(stale);
            }
        }
    }

    /// Publishes a picture that differs from the last in more than the time it was taken. While a
    /// run is under way an equal one is published too, once a second, as a sign of life.
    fn show(&self, snapshot: Snapshot) {
        let owes_a_sign = self.owes_a_sign();
        self.snapshots.send_if_modified(|last| {
            let same_time = Snapshot { wall_at: last.wall_at, ..snapshot.clone() };
            let same_time = Snapshot {
                system: crate::app::snapshot::SystemHealth {
                    commit_us: last.system.commit_us,
                    ..same_time.system
                },
                ..same_time
            };
            if same_time == **last && !owes_a_sign {
                return false;
            }
            *last = Arc::new(snapshot);
            true
        });
    }
}

/// Wakes the thread whenever something changes that it shows. A full channel means that it is awake
/// already.
fn forward(parts: &Parts, shared: &Shared, wake: SyncSender<()>) {
    let mut commits = parts.store.commits();
    let mut view = shared.view.subscribe();
    let mut armed = shared.armed.subscribe();
    let mut jump = shared.pace.jump();
    let mut control = shared.pace.control();
    crate::runtime::spawn::task("projector wake", async move {
        loop {
            let changed = tokio::select! {
                changed = commits.changed() => changed,
                changed = view.changed() => changed,
                changed = armed.changed() => changed,
                changed = jump.changed() => changed,
                changed = control.changed() => changed,
            };
            if changed.is_err() {
                return;
            }
            if let Err(std::sync::mpsc::TrySendError::Disconnected(())) = wake.try_send(()) {
                return;
            }
        }
    });
}
