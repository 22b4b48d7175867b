//! Drives a run from its start to its end: deliveries, discovery, waves of units, jumps of time.
//!
//! One loop for both modes. Dry time stands still while anything is ready and then jumps to the next
//! due moment; live time just passes, so a live run waits for its retries and ends. A crash at any
//! point leaves the run open; `start` finds it and goes on where the rows are.

use std::sync::Arc;
use std::sync::atomic::AtomicU16;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::watch;

use super::contract::Driven;
use super::course::Course;
pub use super::order::{AtOnce, Pace, Progress, RunError, RunOrder, RunReport, Steer};
use super::round::Round;
pub use super::standing::Cadences;
use super::standing::Standing;
use super::worker::{self, Claimed, Shop};
use crate::config::Current;
use crate::domain::draw::Seed;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::RunEvent;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::effects::gate::Gate;
use crate::runtime::clock::Clock;
use crate::runtime::failpoint;
use crate::store::error::StoreError;
use crate::store::wave::Turn;
use crate::store::{Store, clocks, units};

/// How long a call may still take when its process is asked to stop. A supervisor kills after ten
/// seconds, some after five; whoever answers at all has answered within four.
const GRACE: Duration = Duration::from_secs(4);

/// The orchestrator of one mode.
pub struct Orchestrator {
    pub(super) shop: Arc<Shop>,
    /// Layers that somebody wants to look for work at once, a bit each.
    pub(super) asked_to_look: AtomicU16,
    progress: watch::Sender<Progress>,
}

impl Orchestrator {
    /// Makes the orchestrator.
    pub fn new(
        store: Store,
        gate: Arc<Gate>,
        driven: Driven,
        clock: Arc<dyn Clock>,
        settings: impl Into<Current>,
        seed: Seed,
    ) -> Self {
        let (progress, _) = watch::channel(Progress::default());
        let settings = settings.into();
        let shop = Arc::new(Shop { store, gate, driven, clock, settings, seed });
        Self { shop, asked_to_look: AtomicU16::new(0), progress }
    }

    /// Returns what the orchestrator is doing, and word of each change.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Returns the mode's time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn now(&self, mode: Mode) -> Result<Moment, StoreError> {
        let wall = self.shop.clock.wall();
        if mode == Mode::Live {
            return Ok(wall);
        }
        if let Some(now) = self.shop.store.read(clocks::dry)? {
            return Ok(now);
        }
        let start = self.shop.settings.get().orchestrator.dry_start;
        self.shop.store.write("start dry time", move |tx| clocks::start_dry(tx, start, wall)).await
    }

    /// Runs `order` to its end, or until `steer` says otherwise.
    ///
    /// # Errors
    /// Another holder, or a database that fails. The run then stays open, and nothing is lost.
    pub async fn run(
        &self,
        order: &RunOrder,
        pace: &dyn Pace,
        steer: watch::Receiver<Steer>,
    ) -> Result<RunReport, RunError> {
        self.run_as(order, None, pace, steer).await
    }

    /// Works the live world until `steer` says otherwise: what comes due or is delivered at once, and
    /// each layer looks for new work in its rhythm.
    ///
    /// # Errors
    /// As `run`.
    pub async fn stand(
        &self,
        order: &RunOrder,
        cadences: Cadences,
        steer: watch::Receiver<Steer>,
    ) -> Result<RunReport, RunError> {
        self.run_as(order, Some(Standing::new(cadences)), &AtOnce, steer).await
    }

    async fn run_as(
        &self,
        order: &RunOrder,
        standing: Option<Standing>,
        pace: &dyn Pace,
        mut steer: watch::Receiver<Steer>,
    ) -> Result<RunReport, RunError> {
        let mut course = self.start(order).await?;
        course.standing = standing;
        failpoint::hit("run.started");
        self.progress.send_replace(Progress { run: Some(course.id), ..Progress::default() });
        let ended = self.drive(&mut course, pace, &mut steer).await;
        let report = match ended {
            Ok(stopped) => self.finish(&course, stopped).await,
            Err(error) => Err(error),
        };
        self.progress.send_replace(Progress::default());
        // Leases that cannot be given back end by themselves; what ended the run is what is told.
        let released = course.hold.release(&self.shop.store).await;
        report.and_then(|report| released.map(|()| report).map_err(RunError::from))
    }

    async fn drive(
        &self,
        course: &mut Course<'_>,
        pace: &dyn Pace,
        steer: &mut watch::Receiver<Steer>,
    ) -> Result<Option<Steer>, RunError> {
        let mut jump = None;
        // Whether the last commit looked for ready units at this moment and found none.
        let mut asked = false;
        let mut last_look = false;
        loop {
            if let Some(told) = self.obey(course, steer).await? {
                return Ok(Some(told));
            }
            if !self.covered(course, steer).await? {
                continue;
            }
            self.keep_time(course);
            let Round { news, mut units } = self.round(course, jump.take(), asked).await?;
            asked = true;
            if !news && units.is_empty() {
                if course.standing.is_some() {
                    if let Some(told) = self.rest(course, steer).await? {
                        return Ok(Some(told));
                    }
                    continue;
                }
                match self.next_moment(course)? {
                    Some(next) => jump = self.wait_until(course, next, pace, steer).await?,
                    None if last_look => return Ok(None),
                    // Another process may have made a unit ready since the last claim.
                    None => (last_look, asked) = (true, false),
                }
                continue;
            }
            last_look = false;
            while !units.is_empty() {
                let next = self.wave(course, units, steer).await?;
                asked = next.is_some();
                units = next.unwrap_or_default();
            }
        }
    }

    /// Works a wave of units at the same time. In dry mode they go in lockstep, so that a seed
    /// decides all, and the commit of their outcomes claims the next wave, unless the person wants
    /// nothing more claimed. Returns that claim, `None` when there was none.
    async fn wave(
        &self,
        course: &Course<'_>,
        claimed: Vec<Claimed>,
        steer: &watch::Receiver<Steer>,
    ) -> Result<Option<Vec<Claimed>>, RunError> {
        let (turns, next) = match course.order.mode {
            Mode::Live => (claimed.iter().map(|_| Turn::free()).collect(), None),
            Mode::Dry => {
                let (claim, steer) = (self.claim(course), steer.clone());
                let unless_told = move |tx: &Connection| {
                    if *steer.borrow() == Steer::Go { claim(tx) } else { Ok(None) }
                };
                let (turns, next) = Turn::wave(&self.shop.store, claimed.len(), unless_told);
                (turns, Some(next))
            }
        };
        let tasks: Vec<_> = claimed
            .into_iter()
            .zip(turns)
            .map(|(unit, turn)| {
                let term = Arc::clone(course.hold.term());
                let work = worker::work(Arc::clone(&self.shop), unit, course.now, turn, term);
                crate::runtime::spawn::task("unit", work)
            })
            .collect();
        let done = async {
            let mut first_error = None;
            for task in tasks {
                let done = task.await.unwrap_or(Err(StoreError::WriterGone));
                first_error = first_error.or(done.err());
            }
            first_error
        };
        let mut done = std::pin::pin!(done);
        let first_error = tokio::select! {
            first_error = &mut done => first_error,
            () = self.grace(steer.clone()) => {
                course.hold.term().cut();
                done.await
            }
        };
        if let Some(error) = first_error {
            return Err(error.into());
        }
        let Some(next) = next else { return Ok(None) };
        let next = next.await;
        let next = self.kept(course, "claim", next, || "nothing yet".to_owned()).await?;
        failpoint::hit("claim.committed");
        Ok(next)
    }

    /// Waits until the leases run long enough for a call, which they do unless their renewal has
    /// stalled: a blocked disk, a machine that was suspended. Returns `false` when the person said
    /// something meanwhile.
    async fn covered(
        &self,
        course: &Course<'_>,
        steer: &mut watch::Receiver<Steer>,
    ) -> Result<bool, RunError> {
        let (clock, term) = (&self.shop.clock, course.hold.term());
        let call_ms = self.shop.settings.get().orchestrator.call_timeout_ms();
        if term.covers(clock.uptime(), call_ms) {
            return Ok(true);
        }
        let since = clock.uptime();
        tracing::warn!("leases are not renewed; nothing is claimed until they are");
        course.hold.renew_now();
        let heard = tokio::select! {
            () = term.settled(|| clock.uptime(), call_ms) => false,
            _ = steer.changed() => true,
        };
        if heard {
            return Ok(false);
        }
        if term.is_lost() {
            return Err(StoreError::Fenced { what: "a lease of this run" }.into());
        }
        self.tell_stall(course, clock.uptime().since(since)).await?;
        Ok(true)
    }

    /// Waits until the run is to stop and what is in flight has had its time.
    async fn grace(&self, mut steer: watch::Receiver<Steer>) {
        if steer.wait_for(|told| *told == Steer::Drain).await.is_err() {
            // Nobody is left who could stop it.
            std::future::pending::<()>().await;
        }
        self.shop.clock.pause(GRACE).await;
    }

    /// Returns how many calls wait for their answer at this moment.
    pub fn in_flight(&self) -> usize {
        self.shop.gate.in_flight()
    }

    /// Obeys what the person said: waits while paused, and returns a stop.
    async fn obey(
        &self,
        course: &Course<'_>,
        steer: &mut watch::Receiver<Steer>,
    ) -> Result<Option<Steer>, RunError> {
        let mut paused = false;
        loop {
            let told = *steer.borrow_and_update();
            match told {
                Steer::Drain | Steer::Cancel => return Ok(Some(told)),
                Steer::Go => {
                    if paused {
                        self.note(course, RunEvent::Resumed).await?;
                        self.progress.send_modify(|progress| progress.paused = false);
                    }
                    return Ok(None);
                }
                Steer::Pause => {
                    if !paused {
                        paused = true;
                        self.note(course, RunEvent::Paused).await?;
                        self.progress.send_modify(|progress| progress.paused = true);
                    }
                    if steer.changed().await.is_err() {
                        return Ok(Some(Steer::Drain));
                    }
                }
            }
        }
    }

    /// Returns the next moment at which there is something to do in this run.
    fn next_moment(&self, course: &mut Course<'_>) -> Result<Option<Moment>, RunError> {
        let mode = course.order.mode;
        let whole = course.order.layers.len() == Layer::ALL.len();
        // A live run works what is due and waits for its own retries; plans are for the next one.
        let plans_until = if mode == Mode::Live { course.now } else { course.horizon };
        let layers = &course.order.layers;
        let mut next =
            self.shop.store.read(|conn| units::next_due(conn, mode, layers, plans_until))?;
        if whole {
            next = earlier(next, course.upcoming.next_due(course.horizon));
        }
        Ok(next.filter(|&at| mode == Mode::Live || at <= course.settle_until))
    }

    /// Waits until the mode's time may come to `next`. Live time has passed by then; dry time jumps
    /// with the commit of the next round, unless the person said something meanwhile.
    async fn wait_until(
        &self,
        course: &mut Course<'_>,
        next: Moment,
        pace: &dyn Pace,
        steer: &mut watch::Receiver<Steer>,
    ) -> Result<Option<Moment>, RunError> {
        let shop = &self.shop;
        if course.order.mode == Mode::Live {
            let wait_ms = u64::try_from(next.since(shop.clock.wall())).unwrap_or(0);
            let pause = shop.clock.pause(Duration::from_millis(wait_ms));
            tokio::select! {
                () = pause => {}
                _ = steer.changed() => {}
            }
            course.now = shop.clock.wall();
            return Ok(None);
        }
        let (from, to) = (course.now, next.max(course.now));
        self.progress.send_modify(|progress| progress.jump = Some((from, to)));
        let paced = tokio::select! {
            () = pace.before_jump(from, to) => true,
            _ = steer.changed() => false,
        };
        self.progress.send_modify(|progress| progress.jump = None);
        Ok(paced.then_some(to))
    }
}

fn earlier(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
