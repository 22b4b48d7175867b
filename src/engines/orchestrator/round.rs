//! Begins a round: what a moment brings is committed together, in one piece.
//!
//! What the commit leaves after a crash: dry time, the deliveries of the moment, what was discovered
//! and the claim of the first wave stand or fall together, but for a batch so large that the writer
//! divides it. Then a part of the deliveries may be missing; they are derived from the journal again
//! and are still due.

use std::sync::Arc;

use rusqlite::Connection;

use super::contract::Discover;
use super::course::Course;
use super::engine::Orchestrator;
use super::hold;
use super::order::RunError;
use super::upcoming::Upcoming;
use super::worker::Claimed;
use crate::domain::ids::RunId;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::domain::trace::TraceContext;
use crate::domain::unit::{NewUnit, Unit};
use crate::runtime::clock::Now;
use crate::runtime::failpoint;
use crate::store::error::StoreError;
use crate::store::learning::proposals;
use crate::store::leases::Fence;
use crate::store::units::Places;
use crate::store::{Write, attempts, clocks, leases, units};

/// What one commit brought.
pub(super) struct Round {
    /// Whether anything but the claim changed.
    pub(super) news: bool,
    /// The wave to work.
    pub(super) units: Vec<Claimed>,
}

impl Orchestrator {
    /// Lets dry time jump, takes in what is delivered and discovered at the moment, and claims the
    /// first wave, all in one commit. `asked` says that nothing was ready a commit ago, so that
    /// without news there is nothing to claim.
    pub(super) async fn round(
        &self,
        course: &mut Course<'_>,
        jump: Option<Moment>,
        asked: bool,
    ) -> Result<Round, RunError> {
        let shop = &self.shop;
        let (mode, id, from) = (course.order.mode, course.id, course.now);
        let now = jump.unwrap_or(from);
        let due = self.due(course, now)?;
        let found = self.discover(course, now)?;
        if jump.is_none() && due.is_empty() && found.is_empty() && asked && mode == Mode::Dry {
            return Ok(Round { news: false, units: Vec::new() });
        }
        let mut batch = shop.store.batch();
        let moved = jump.map(|to| batch.write("move dry time", self.jump(course, to)));
        let guard = Guard { fence: course.hold.fence().clone(), jump };
        let received: Vec<_> = due
            .into_iter()
            .map(|write| batch.write("receive", guard.clone().before(move |tx| write(tx))))
            .collect();
        let inserted = (!found.is_empty()).then(|| {
            let insert = move |tx: &Connection| {
                found.iter().try_fold(0, |n, unit| {
                    units::insert(tx, mode, Some(id), now, unit).map(|new| n + usize::from(new))
                })
            };
            batch.write("discover", guard.clone().before(insert))
        });
        course.now = now;
        let claimed = batch.write("claim", guard.before(self.claim(course)));
        batch.send();
        if let Some(moved) = moved {
            let moved = moved.await;
            if !self.kept(course, "move dry time", moved, || format!("it was to be {now}")).await? {
                // Somebody moved it by hand. What was due is derived again, from there.
                course.now = self.now(mode).await?;
                course.upcoming = Upcoming::default();
                return Ok(Round { news: true, units: Vec::new() });
            }
            failpoint::hit("clock.moved");
        }
        let delivered = received.len();
        for answer in received {
            if let Err(error) = answer.await {
                tracing::error!(%error, "a delivery was not taken in");
            }
        }
        if delivered > 0 {
            failpoint::hit("inbox.committed");
        }
        let mut n_found = 0;
        if let Some(inserted) = inserted {
            let inserted = inserted.await;
            let looked = || "its layers had looked for work".to_owned();
            n_found = self.kept(course, "discover", inserted, looked).await?;
            failpoint::hit("discover.committed");
        }
        let claimed = claimed.await;
        let claimed = self.kept(course, "claim", claimed, || "nothing yet".to_owned()).await?;
        failpoint::hit("claim.committed");
        // A claim that was not made says nothing of what is ready, so the round is asked for again.
        let news = jump.is_some() || delivered + n_found > 0 || claimed.is_none();
        Ok(Round { news, units: claimed.unwrap_or_default() })
    }

    /// Returns what takes in the deliveries of counterparties up to `now`.
    fn due(&self, course: &mut Course<'_>, now: Moment) -> Result<Vec<Write>, RunError> {
        let shop = &self.shop;
        let mode = course.order.mode;
        let Some(counterparties) = &shop.driven.counterparties else { return Ok(Vec::new()) };
        course.upcoming.extend(&shop.store, mode, counterparties.as_ref())?;
        let mut due = Vec::new();
        for delivery in course.upcoming.due(now, course.horizon) {
            match shop.driven.receive.receive(mode, now, delivery) {
                Ok(write) => due.push(write),
                Err(error) => tracing::error!(%error, "a delivery was not taken in"),
            }
        }
        Ok(due)
    }

    /// Lets every layer of the run look for work.
    fn discover(&self, course: &mut Course<'_>, now: Moment) -> Result<Vec<NewUnit>, RunError> {
        let shop = &self.shop;
        // A person may have put a setting in force since, here or in another process.
        let mode = course.order.mode;
        shop.settings.refresh(shop.store.read(|conn| proposals::overrides(conn, mode))?);
        let settings = shop.settings.get();
        let mut found = Vec::new();
        for layer in self.lookers(course, now) {
            let ctx = Discover {
                mode,
                now,
                store: &shop.store,
                settings: &settings,
                input: course.order.input.as_ref(),
            };
            match shop.driven.layers.discover(layer, &ctx) {
                Ok(new) => found.extend(new),
                // One layer that cannot look must not stop the other eight for good.
                Err(error) if course.standing.is_some() => {
                    tracing::error!(layer = layer.number(), %error, "a layer could not look for work");
                }
                Err(error) => return Err(RunError::Discover { layer, error }),
            }
        }
        Ok(found)
    }

    /// Returns what claims the next wave: as many ready units as are worked at the same time, layer
    /// by layer, each under the lease of its layer. Where the leases end too soon for a call it claims
    /// nothing and says so by `None`: what is claimed under them could not be finished under them.
    pub(super) fn claim(
        &self,
        course: &Course<'_>,
    ) -> impl FnOnce(&Connection) -> Result<Option<Vec<Claimed>>, StoreError> + Send + 'static {
        let (mode, now, id) = (course.order.mode, course.now, course.id);
        let (horizon, owner) = (course.horizon, course.order.owner.clone());
        let orchestrator = self.shop.settings.get().orchestrator;
        let (limit, call_ms) = (orchestrator.concurrency, orchestrator.call_timeout_ms());
        let leases = course.hold.layers(&course.order.layers);
        let term = Arc::clone(course.hold.term());
        let clock = Arc::clone(&self.shop.clock);
        move |tx| {
            let Now { wall, uptime } = clock.now();
            if !term.covers(uptime, call_ms) {
                return Ok(None);
            }
            let mut claimed = Vec::new();
            let calling = units::calling(tx, mode, now, horizon)?;
            for (layer, name, lease) in leases {
                if !calling.contains(&layer) {
                    continue;
                }
                leases::assert_held(tx, mode, &name, lease)?;
                units::promote_due(tx, mode, layer, now, horizon)?;
                let places = Places { all: limit, taken: claimed.len() };
                let claim = units::claim(tx, mode, layer, lease, id, now, places)?;
                for unit in claim.units {
                    let trace_id = match units::trace_of(tx, unit.id)? {
                        Some(from) => TraceContext::read(&from).map(|of| of.trace_id().to_owned()),
                        None => None,
                    };
                    let trace_id = trace_id.unwrap_or_else(|| new_trace_id(&unit, id));
                    let (attempt, number) =
                        attempts::start(tx, &unit, &owner, &trace_id, now, wall)?;
                    claimed.push(Claimed { unit, attempt, number, trace_id });
                }
                if claim.is_alone || claimed.len() == limit {
                    break;
                }
            }
            failpoint::hit("claim.before_commit");
            Ok(Some(claimed))
        }
    }

    /// Returns what moves dry time to `to`, under the lease of the clock.
    fn jump(
        &self,
        course: &Course<'_>,
        to: Moment,
    ) -> impl FnOnce(&Connection) -> Result<bool, StoreError> + Send + 'static {
        let (mode, from) = (course.order.mode, course.now);
        let wall = self.shop.clock.wall();
        let epoch = course.hold.fence().epoch_of(hold::CLOCK);
        move |tx| {
            if let Some(epoch) = epoch {
                leases::assert_held(tx, mode, hold::CLOCK, epoch)?;
            }
            clocks::move_dry(tx, from, to, wall)
        }
    }
}

/// What has to hold before anything of a round is written.
#[derive(Clone)]
struct Guard {
    fence: Fence,
    jump: Option<Moment>,
}

impl Guard {
    /// Lets `write` happen only under the leases of the run, and if dry time has come to the jump: what
    /// follows a jump in a batch must not be committed without it.
    fn before<T>(
        self,
        write: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static {
        move |tx| {
            self.fence.check(tx)?;
            if self.jump.is_some() && clocks::dry(tx)? != self.jump {
                return Err(StoreError::Fenced { what: "dry time" });
            }
            write(tx)
        }
    }
}

/// Makes the W3C trace id of an attempt whose work nobody outside asked for: the same for the same
/// claim, different for every other.
fn new_trace_id(unit: &Unit, run: RunId) -> String {
    use sha2::{Digest, Sha256};
    let text = format!("{}|{}|{}|{}", unit.mode, run, unit.id, unit.epoch.0);
    hex::encode(&Sha256::digest(text.as_bytes())[..16])
}
