//! Drives a run from its start to its end: deliveries, discovery, waves of units, jumps of time.
//!
//! One loop for both modes. Dry time stands still while anything is ready and then jumps to the next
//! due moment; live time just passes, so a live run waits for its retries and ends. A crash at any
//! point leaves the run open; `start` finds it and goes on where the rows are.

use std::sync::Arc;

use tokio::sync::watch;

use super::contract::{Discover, Driven};
use super::course::Course;
use super::hold;
pub use super::order::{AtOnce, Pace, Progress, RunError, RunOrder, RunReport, Steer};
use super::worker::{self, Claimed, Shop};
use crate::config::Settings;
use crate::domain::draw::Seed;
use crate::domain::ids::RunId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::RunEvent;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::unit::Unit;
use crate::effects::gate::Gate;
use crate::runtime::clock::Clock;
use crate::runtime::failpoint;
use crate::runtime::wave::Turn;
use crate::store::error::StoreError;
use crate::store::{Store, attempts, clocks, leases, units};

/// The orchestrator of one mode.
pub struct Orchestrator {
    pub(super) shop: Arc<Shop>,
    progress: watch::Sender<Progress>,
}

/// What a round of work came to.
enum Round {
    /// Something was done, or something new was found.
    Worked,
    /// Nothing is left at this moment.
    Quiet,
    /// The person wants it to stop.
    Stopped(Steer),
}

impl Orchestrator {
    /// Makes the orchestrator.
    pub fn new(
        store: Store,
        gate: Arc<Gate>,
        driven: Driven,
        clock: Arc<dyn Clock>,
        settings: Arc<Settings>,
        seed: Seed,
    ) -> Self {
        let (progress, _) = watch::channel(Progress::default());
        let shop = Arc::new(Shop { store, gate, driven, clock, settings, seed });
        Self { shop, progress }
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
        let start = self.shop.settings.orchestrator.dry_start;
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
        mut steer: watch::Receiver<Steer>,
    ) -> Result<RunReport, RunError> {
        let mut course = self.start(order).await?;
        self.progress.send_replace(Progress { run: Some(course.id), ..Progress::default() });
        failpoint::hit("run.started");
        let ended = self.drive(&mut course, pace, &mut steer).await;
        let report = match ended {
            Ok(stopped) => self.finish(&course, stopped).await,
            Err(error) => Err(error),
        };
        self.progress.send_replace(Progress::default());
        course.hold.release(&self.shop.store).await?;
        report
    }

    async fn drive(
        &self,
        course: &mut Course<'_>,
        pace: &dyn Pace,
        steer: &mut watch::Receiver<Steer>,
    ) -> Result<Option<Steer>, RunError> {
        loop {
            match self.round(course, steer).await? {
                Round::Worked => {}
                Round::Stopped(steer) => return Ok(Some(steer)),
                Round::Quiet => match self.next_moment(course)? {
                    Some(next) => self.wait_until(course, next, pace, steer).await?,
                    None => return Ok(None),
                },
            }
        }
    }

    /// Does everything that can be done at this moment, once around.
    async fn round(
        &self,
        course: &mut Course<'_>,
        steer: &mut watch::Receiver<Steer>,
    ) -> Result<Round, RunError> {
        let delivered = self.deliver(course).await?;
        let found = self.discover(course).await?;
        let mut worked = 0;
        loop {
            if let Some(stop) = self.obey(course, steer).await? {
                return Ok(Round::Stopped(stop));
            }
            let units = self.claim(course).await?;
            if units.is_empty() {
                break;
            }
            worked += units.len();
            self.wave(course, units).await?;
        }
        Ok(if delivered + found + worked > 0 { Round::Worked } else { Round::Quiet })
    }

    /// Hands in what counterparties send up to now.
    async fn deliver(&self, course: &mut Course<'_>) -> Result<usize, RunError> {
        let shop = &self.shop;
        let Some(counterparties) = &shop.driven.counterparties else { return Ok(0) };
        course.upcoming.extend(&shop.store, course.order.mode, counterparties.as_ref())?;
        let due = course.upcoming.due(course.now, course.horizon);
        let n = due.len();
        let received = due
            .into_iter()
            .map(|delivery| shop.driven.receive.receive(course.order.mode, course.now, delivery));
        for result in futures::future::join_all(received).await {
            if let Err(error) = result {
                tracing::error!(%error, "a delivery was not taken in");
            }
        }
        if n > 0 {
            failpoint::hit("inbox.committed");
        }
        Ok(n)
    }

    /// Lets every layer of the run look for work, and writes what is new.
    async fn discover(&self, course: &Course<'_>) -> Result<usize, RunError> {
        let shop = &self.shop;
        let (mode, now, id) = (course.order.mode, course.now, course.id);
        let mut found = Vec::new();
        for &layer in &course.order.layers {
            let ctx = Discover {
                mode,
                now,
                store: &shop.store,
                settings: &shop.settings,
                input: course.order.input.as_ref(),
            };
            let new = shop.driven.layers.discover(layer, &ctx);
            found.extend(new.map_err(|error| RunError::Discover { layer, error })?);
        }
        if found.is_empty() {
            return Ok(0);
        }
        let inserted = shop
            .store
            .write("discover", move |tx| {
                found.iter().try_fold(0, |n, unit| {
                    units::insert(tx, mode, Some(id), now, unit).map(|new| n + usize::from(new))
                })
            })
            .await?;
        failpoint::hit("discover.committed");
        Ok(inserted)
    }

    /// Claims the next wave: as many ready units as are worked at the same time, layer by layer.
    async fn claim(&self, course: &Course<'_>) -> Result<Vec<Claimed>, RunError> {
        if course.hold.is_lost() {
            return Err(StoreError::Fenced { what: "a lease of this run" }.into());
        }
        let shop = &self.shop;
        let (mode, now, id) = (course.order.mode, course.now, course.id);
        let (horizon, owner) = (course.horizon, course.order.owner.clone());
        let wall = shop.clock.wall();
        let limit = shop.settings.orchestrator.concurrency;
        let leases: Vec<_> = course
            .order
            .layers
            .iter()
            .filter_map(|&layer| Some((layer, course.hold.epoch_of(&hold::name_of(layer))?)))
            .collect();
        failpoint::hit("claim.before_commit");
        let claimed = shop
            .store
            .write("claim", move |tx| {
                let mut claimed = Vec::new();
                for (layer, lease) in leases {
                    units::promote_due(tx, mode, layer, now, horizon)?;
                    let room = limit - claimed.len();
                    for unit in units::claim(tx, mode, layer, lease, id, now, room)? {
                        let trace_id = trace_id(&unit, id);
                        let (attempt, number) =
                            attempts::start(tx, &unit, &owner, &trace_id, now, wall)?;
                        claimed.push(Claimed { unit, attempt, number, trace_id });
                    }
                    if claimed.len() == limit {
                        break;
                    }
                }
                Ok(claimed)
            })
            .await?;
        failpoint::hit("claim.committed");
        Ok(claimed)
    }

    /// Works a wave of units at the same time; in dry mode in lockstep, so that a seed decides all.
    async fn wave(&self, course: &Course<'_>, claimed: Vec<Claimed>) -> Result<(), RunError> {
        let turns = match course.order.mode {
            Mode::Dry => Turn::wave(claimed.len()),
            Mode::Live => claimed.iter().map(|_| Turn::free()).collect(),
        };
        let tasks: Vec<_> = claimed
            .into_iter()
            .zip(turns)
            .map(|(unit, turn)| {
                let work = worker::work(Arc::clone(&self.shop), unit, course.now, turn);
                crate::runtime::spawn::task("unit", work)
            })
            .collect();
        let mut first_error = None;
        for task in tasks {
            let done = task.await.unwrap_or(Err(StoreError::WriterGone));
            first_error = first_error.or(done.err());
        }
        first_error.map_or(Ok(()), |error| Err(error.into()))
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
        let mut next = None;
        for &layer in &course.order.layers {
            let due =
                self.shop.store.read(|conn| units::next_due(conn, mode, layer, plans_until))?;
            next = earlier(next, due);
        }
        if whole {
            next = earlier(next, course.upcoming.next_due(course.horizon));
        }
        Ok(next.filter(|&at| mode == Mode::Live || at <= course.settle_until))
    }

    /// Lets the mode's time come to `next`: a jump in dry mode, a real wait in live.
    async fn wait_until(
        &self,
        course: &mut Course<'_>,
        next: Moment,
        pace: &dyn Pace,
        steer: &mut watch::Receiver<Steer>,
    ) -> Result<(), RunError> {
        let shop = &self.shop;
        let (mode, from) = (course.order.mode, course.now);
        if mode == Mode::Live {
            let wait_ms = u64::try_from(next.since(shop.clock.wall())).unwrap_or(0);
            let pause = shop.clock.pause(std::time::Duration::from_millis(wait_ms));
            tokio::select! {
                () = pause => {}
                _ = steer.changed() => {}
            }
            course.now = shop.clock.wall();
            return Ok(());
        }
        let to = next.max(from);
        self.progress.send_modify(|progress| progress.jump = Some((from, to)));
        let paced = tokio::select! {
            () = pace.before_jump(from, to) => true,
            _ = steer.changed() => false,
        };
        self.progress.send_modify(|progress| progress.jump = None);
        if !paced {
            return Ok(());
        }
        let wall = shop.clock.wall();
        let epoch = course.hold.epoch_of(hold::CLOCK);
        let moved = shop
            .store
            .write("move dry time", move |tx| {
                if let Some(epoch) = epoch {
                    leases::assert_held(tx, mode, hold::CLOCK, epoch)?;
                }
                clocks::move_dry(tx, from, to, wall)
            })
            .await?;
        failpoint::hit("clock.moved");
        course.now = if moved { to } else { self.now(mode).await? };
        Ok(())
    }
}

fn earlier(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Makes the W3C trace id of an attempt: the same for the same claim, different for every other.
fn trace_id(unit: &Unit, run: RunId) -> String {
    use sha2::{Digest, Sha256};
    let text = format!("{}|{}|{}|{}", unit.mode, run, unit.id, unit.epoch.0);
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}
