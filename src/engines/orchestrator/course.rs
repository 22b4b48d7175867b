//! Starts, notes and ends a run.
//!
//! Every write compares the epochs of the run's leases, so that a process that was stopped and comes
//! back cannot move a run that another one has taken up. What each commit leaves after a crash: a
//! run is open from `start` to `finish`. Whoever starts the same scope next takes it up where its
//! rows are, because its own leases prove that nobody else works it.

use rusqlite::Connection;

use super::engine::Orchestrator;
use super::hold::{self, Hold, Holder};
use super::order::{RunError, RunOrder, RunReport, Steer};
use super::standing::Standing;
use super::upcoming::Upcoming;
use crate::domain::event::NewEvent;
use crate::domain::ids::RunId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::{RunEvent, RunState};
use crate::domain::mode::Mode;
use crate::domain::time::{DAY_MS, Moment};
use crate::runtime::failpoint;
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::late_writes::{self, LateWrite};
use crate::store::runs::{self, NewRun, RunRow};
use crate::store::units;

/// A run under way.
pub(super) struct Course<'a> {
    pub(super) id: RunId,
    pub(super) order: &'a RunOrder,
    pub(super) hold: Hold,
    pub(super) upcoming: Upcoming,
    pub(super) now: Moment,
    /// Plans after this are left for a later run.
    pub(super) horizon: Moment,
    /// Awaited answers after this are left too.
    pub(super) settle_until: Moment,
    /// How a run that stays looks for work; `None` for one that ends.
    pub(super) standing: Option<Standing>,
}

impl Orchestrator {
    /// Takes the leases, takes back what dead holders left, and writes or takes up the run.
    pub(super) async fn start<'a>(&self, order: &'a RunOrder) -> Result<Course<'a>, RunError> {
        let shop = &self.shop;
        let mode = order.mode;
        let now = self.now(mode).await?;
        let lease_ms = shop.settings.get().orchestrator.lease_ms();
        let holder = Holder { owner: order.owner.clone(), lease_ms };
        let (hold, recovered) =
            hold::acquire(&shop.store, &shop.clock, mode, &order.layers, holder, now).await?;
        let wall = shop.clock.wall();
        let wanted = new_run(order);
        let fence = hold.fence().clone();
        let (id, started_at) = shop
            .store
            .write("start run", move |tx| {
                fence.check(tx)?;
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
        let days = shop.settings.get().orchestrator;
        let whole = mode == Mode::Live || order.layers.len() == Layer::ALL.len();
        let horizon =
            if whole { started_at.plus_ms(i64::from(days.horizon_days) * DAY_MS) } else { now };
        let settle_until = horizon.plus_ms(i64::from(days.settle_days) * DAY_MS);
        let upcoming = Upcoming::default();
        Ok(Course { id, order, hold, upcoming, now, horizon, settle_until, standing: None })
    }

    pub(super) async fn note(
        &self,
        course: &Course<'_>,
        event: RunEvent,
    ) -> Result<RunState, RunError> {
        let (id, now, wall) = (course.id, course.now, self.shop.clock.wall());
        let fence = course.hold.fence().clone();
        let step = move |tx: &rusqlite::Connection| {
            fence.check(tx)?;
            runs::step(tx, id, event, None, now, wall)
        };
        let noted = self.shop.store.write("run state", step).await;
        Ok(self.kept(course, "run state", noted, || format!("the run was {event:?}")).await?)
    }

    /// Keeps a write of the run itself that was refused because its leases have another holder.
    pub(super) async fn kept<T>(
        &self,
        course: &Course<'_>,
        command: &'static str,
        result: Result<T, StoreError>,
        knew: impl FnOnce() -> String,
    ) -> Result<T, StoreError> {
        let shop = &self.shop;
        late_writes::kept(&shop.store, result, Some(course.hold.fence()), || LateWrite {
            mode: course.order.mode,
            at: course.now,
            wall_at: shop.clock.wall(),
            owner: course.order.owner.clone(),
            command,
            layer: None,
            run: Some(course.id),
            unit: None,
            attempt: None,
            effect: None,
            knew: knew(),
        })
        .await
    }

    /// Tells that nothing was claimed for a while because leases could not be renewed.
    pub(super) async fn tell_stall(
        &self,
        course: &Course<'_>,
        stalled_ms: i64,
    ) -> Result<(), StoreError> {
        let about = About {
            mode: course.order.mode,
            at: course.now,
            wall_at: self.shop.clock.wall(),
            layer: None,
            unit_id: None,
            run_id: Some(course.id),
        };
        let text = format!("nothing was claimed for {stalled_ms} ms: leases could not be renewed");
        let told = NewEvent::warn("lease_stalled", text);
        self.shop.store.write("lease stalled", move |tx| events::append(tx, about, &told)).await
    }

    /// Ends the run, or leaves it interrupted when it was drained.
    pub(super) async fn finish(
        &self,
        course: &Course<'_>,
        stopped: Option<Steer>,
    ) -> Result<RunReport, RunError> {
        failpoint::hit("run.before_end");
        let (id, now, wall) = (course.id, course.now, self.shop.clock.wall());
        let mode = course.order.mode;
        let layers = course.order.layers.clone();
        let fence = course.hold.fence().clone();
        let ended = self
            .shop
            .store
            .write("end run", move |tx| {
                fence.check(tx)?;
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
            .await;
        let (state, why) =
            self.kept(course, "end run", ended, || "nothing was left to do".to_owned()).await?;
        let whole = mode == Mode::Dry && course.order.layers.len() == Layer::ALL.len();
        let horizon = whole.then_some(course.horizon);
        Ok(RunReport { id, state, now, horizon, why })
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
    tx: &Connection,
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

fn supersede(tx: &Connection, run: &RunRow, now: Moment, wall: Moment) -> Result<(), StoreError> {
    let why = Some("a later run does its work");
    runs::step(tx, run.id, RunEvent::Cancelled, why, now, wall).map(|_| ())
}
