//! Drives a run from its start to its end: deliveries, discovery, waves of units, jumps of time.
//!
//! One loop for both modes. Dry time stands still while anything is ready and then jumps to the next
//! due moment; live time just passes, so a live run waits for its retries and ends. A crash at any
//! point leaves the run open; `start` finds it and goes on where the rows are.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::contract::{Discover, Driven, RunInput};
use super::hold::{self, Denied, Hold};
use super::upcoming::Upcoming;
use super::worker::{self, Claimed, Shop};
use crate::config::Settings;
use crate::domain::draw::Seed;
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::ids::RunId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::{RunEvent, RunState};
use crate::domain::mode::Mode;
use crate::domain::time::{DAY_MS, Moment};
use crate::effects::gate::Gate;
use crate::runtime::clock::Clock;
use crate::runtime::failpoint;
use crate::runtime::wave::Turn;
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::runs::{self, NewRun, RunRow};
use crate::store::{Store, attempts, clocks, units};

/// What a person tells a run while it works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Steer {
    /// Go on.
    #[default]
    Go,
    /// Claim nothing new until told to go on.
    Pause,
    /// Finish what is in flight and stop; the run can be taken up again.
    Drain,
    /// Finish what is in flight and end the run for good.
    Cancel,
}

/// What a run is doing at this moment, for screens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The run, when one is under way.
    pub run: Option<RunId>,
    /// The jump of dry time that is about to happen: from, to.
    pub jump: Option<(Moment, Moment)>,
    /// Whether it is paused.
    pub paused: bool,
}

/// How long a jump of dry time is shown before it happens.
#[async_trait]
pub trait Pace: Send + Sync {
    /// Returns when the jump may happen.
    async fn before_jump(&self, from: Moment, to: Moment);
}

/// No waiting: headless runs jump at once.
pub struct AtOnce;

#[async_trait]
impl Pace for AtOnce {
    async fn before_jump(&self, _from: Moment, _to: Moment) {}
}

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOrder {
    /// In which world.
    pub mode: Mode,
    /// Which layers; all nine is a whole run, which also moves dry time.
    pub layers: Vec<Layer>,
    /// A source of businesses.
    pub input: Option<RunInput>,
    /// Who works it: `cli pid 412@host`.
    pub owner: String,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunReport {
    /// Its row.
    pub id: RunId,
    /// Its last state.
    pub state: RunState,
    /// The mode's time at the end.
    pub now: Moment,
    /// Why, when it did not succeed.
    pub why: Option<String>,
}

/// Why a run could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Somebody else works one of its layers.
    #[error("{lease} is worked by {owner}")]
    Busy {
        /// Which lease.
        lease: String,
        /// Who.
        owner: String,
    },
    /// The database failed; the run stays open and can be taken up again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A layer could not look for work.
    #[error("{layer} could not look for work: {error}")]
    Discover {
        /// Which layer.
        layer: Layer,
        /// Why.
        error: WorkError,
    },
}

impl From<Denied> for RunError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Busy { lease, owner } => Self::Busy { lease, owner },
            Denied::Store(error) => Self::Store(error),
        }
    }
}

/// The orchestrator of one mode.
pub struct Orchestrator {
    shop: Arc<Shop>,
    progress: watch::Sender<Progress>,
}

/// A run under way.
struct Course<'a> {
    id: RunId,
    order: &'a RunOrder,
    hold: Hold,
    upcoming: Upcoming,
    now: Moment,
    /// Plans after this are left for a later run.
    horizon: Moment,
    /// Awaited answers after this are left too.
    settle_until: Moment,
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

    async fn start<'a>(&self, order: &'a RunOrder) -> Result<Course<'a>, RunError> {
        let shop = &self.shop;
        let mode = order.mode;
        let now = self.now(mode).await?;
        let lease_ms = i64::from(shop.settings.orchestrator.lease_s) * 1_000;
        let (hold, recovered) = hold::acquire(
            &shop.store,
            &shop.clock,
            mode,
            &order.layers,
            &order.owner,
            lease_ms,
            now,
        )
        .await?;
        let wall = shop.clock.wall();
        let wanted = new_run(order);
        let (id, started_at) = shop
            .store
            .write("start run", move |tx| {
                let (row, resumed) = take_up_or_start(tx, &wanted, now, wall)?;
                let about = About {
                    mode,
                    at: now,
                    wall_at: wall,
                    layer: None,
                    unit_id: None,
                    run_id: Some(row.0),
                };
                let word = if resumed { "taken up again" } else { "started" };
                let text = format!("run {} {word}: {}", row.0, scope_text(&wanted.scope));
                events::append(tx, about, &NewEvent::info("run_started", text))?;
                if recovered.ready + recovered.poisoned > 0 {
                    let text = format!(
                        "{} units of a process that died are ready again, {} are dead as poison",
                        recovered.ready, recovered.poisoned
                    );
                    events::append(tx, about, &NewEvent::warn("units_taken_back", text))?;
                }
                Ok(row)
            })
            .await?;
        let days = &shop.settings.orchestrator;
        let whole = mode == Mode::Live || order.layers.len() == Layer::ALL.len();
        let horizon =
            if whole { started_at.plus_ms(i64::from(days.horizon_days) * DAY_MS) } else { now };
        let settle_until = horizon.plus_ms(i64::from(days.settle_days) * DAY_MS);
        Ok(Course { id, order, hold, upcoming: Upcoming::default(), now, horizon, settle_until })
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
            let pause = shop.clock.sleep(std::time::Duration::from_millis(wait_ms));
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
                    crate::store::leases::assert_held(tx, mode, hold::CLOCK, epoch)?;
                }
                clocks::move_dry(tx, from, to, wall)
            })
            .await?;
        failpoint::hit("clock.moved");
        course.now = if moved { to } else { self.now(mode).await? };
        Ok(())
    }

    async fn note(&self, course: &Course<'_>, event: RunEvent) -> Result<RunState, RunError> {
        let (id, now, wall) = (course.id, course.now, self.shop.clock.wall());
        let step = move |tx: &rusqlite::Connection| runs::step(tx, id, event, None, now, wall);
        Ok(self.shop.store.write("run state", step).await?)
    }

    /// Ends the run, or leaves it interrupted when it was drained.
    async fn finish(
        &self,
        course: &Course<'_>,
        stopped: Option<Steer>,
    ) -> Result<RunReport, RunError> {
        failpoint::hit("run.before_end");
        let (id, now, wall) = (course.id, course.now, self.shop.clock.wall());
        let mode = course.order.mode;
        let layers = course.order.layers.clone();
        let (state, why) = self
            .shop
            .store
            .write("end run", move |tx| {
                let troubled = units::troubled(tx, mode, &layers)?;
                let (event, why) = match stopped {
                    Some(Steer::Cancel) => (RunEvent::Cancelled, Some("by a person".to_owned())),
                    Some(Steer::Drain | Steer::Pause | Steer::Go) => {
                        (RunEvent::Interrupted, Some("stopped before its end".to_owned()))
                    }
                    None if troubled > 0 => (
                        RunEvent::PartiallyFailed,
                        Some(format!("{troubled} units are dead or held")),
                    ),
                    None => (RunEvent::Succeeded, None),
                };
                let state = runs::step(tx, id, event, why.as_deref(), now, wall)?;
                let text = format!("run {id} {}", state.as_column().replace('_', " "));
                let about = About {
                    mode,
                    at: now,
                    wall_at: wall,
                    layer: None,
                    unit_id: None,
                    run_id: Some(id),
                };
                events::append(tx, about, &NewEvent::info("run_ended", text))?;
                Ok((state, why))
            })
            .await?;
        Ok(RunReport { id, state, now, why })
    }
}

fn earlier(a: Option<Moment>, b: Option<Moment>) -> Option<Moment> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn new_run(order: &RunOrder) -> NewRun {
    let scope = if order.layers.len() == Layer::ALL.len() {
        "all".to_owned()
    } else {
        let numbers: Vec<_> = order.layers.iter().map(|layer| layer.number().to_string()).collect();
        numbers.join(",")
    };
    NewRun {
        mode: order.mode,
        scope,
        input: order.input.as_ref().map(|input| input.source.clone()),
        input_limit: order.input.as_ref().and_then(|input| input.limit),
        owner: order.owner.clone(),
    }
}

fn scope_text(scope: &str) -> String {
    if scope == "all" { "all nine layers".to_owned() } else { format!("layer {scope}") }
}

/// Takes up the newest open run of the same scope and input, or starts one. Our leases prove that
/// nobody works an open run of this scope; others of it are cancelled, because this one does their
/// work. Returns the run with its start on the mode's clock.
fn take_up_or_start(
    tx: &rusqlite::Connection,
    wanted: &NewRun,
    now: Moment,
    wall: Moment,
) -> Result<((RunId, Moment), bool), StoreError> {
    let mut same = None;
    for row in runs::open(tx, wanted.mode)? {
        if row.scope != wanted.scope {
            continue;
        }
        if matches!(row.state, RunState::Running | RunState::Paused | RunState::Draining) {
            let why = Some("its process died");
            runs::step(tx, row.id, RunEvent::Interrupted, why, now, wall)?;
        }
        if let Some(older) = same.replace(row) {
            supersede(tx, &older, now, wall)?;
        }
    }
    if let Some(row) = same {
        let same_input = wanted.input.is_none() || row.input == wanted.input;
        if same_input && row.state != RunState::Planned {
            runs::step(tx, row.id, RunEvent::Resumed, None, now, wall)?;
            runs::adopt(tx, row.id, &wanted.owner)?;
            return Ok(((row.id, row.started_at), true));
        }
        supersede(tx, &row, now, wall)?;
    }
    Ok(((runs::start(tx, wanted, now, wall)?, now), false))
}

fn supersede(
    tx: &rusqlite::Connection,
    run: &RunRow,
    now: Moment,
    wall: Moment,
) -> Result<(), StoreError> {
    let why = Some("a later run does its work");
    runs::step(tx, run.id, RunEvent::Cancelled, why, now, wall).map(|_| ())
}

/// Makes the W3C trace id of an attempt: the same for the same claim, different for every other.
fn trace_id(unit: &crate::domain::unit::Unit, run: RunId) -> String {
    use sha2::{Digest, Sha256};
    let text = format!("{}|{}|{}|{}", unit.mode, run, unit.id, unit.epoch.0);
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}
