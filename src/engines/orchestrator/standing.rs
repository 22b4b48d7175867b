//! Keeps a live run standing: it goes on until it is told to stop.
//!
//! What comes due or is delivered is worked at once. Looking for new work reads many rows, so each
//! layer does it in a rhythm of its own, and when somebody asks for it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::watch;

use super::course::Course;
use super::engine::Orchestrator;
use super::order::{RunError, Steer};
use crate::domain::layer::Layer;
use crate::domain::time::{DAY_MS, Moment, SECOND_MS};
use crate::store::units;

/// How often the rows of other processes are looked at. Those of this process wake the run.
const LOOK: Duration = Duration::from_millis(100);

/// Seconds between two looks for new work, layer by layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadences(pub [u32; Layer::ALL.len()]);

/// When each layer last looked for new work.
pub(super) struct Standing {
    cadences: Cadences,
    looked: [Option<Moment>; Layer::ALL.len()],
}

impl Standing {
    pub(super) const fn new(cadences: Cadences) -> Self {
        Self { cadences, looked: [None; Layer::ALL.len()] }
    }

    fn is_due(&self, layer: Layer, now: Moment) -> bool {
        let (at, every_s) = (self.looked[index(layer)], self.cadences.0[index(layer)]);
        // A clock that was set back must not keep a layer from looking for as long.
        at.is_none_or(|at| now < at || now.since(at) >= i64::from(every_s) * SECOND_MS)
    }
}

fn index(layer: Layer) -> usize {
    usize::from(layer.number()) - 1
}

const fn bit(layer: Layer) -> u16 {
    1 << (layer.number() - 1)
}

impl Orchestrator {
    /// Lets `layers` of a standing run look for new work now, whatever their rhythm.
    pub fn look_now(&self, layers: &[Layer]) {
        let bits = layers.iter().fold(0, |bits, &layer| bits | bit(layer));
        self.asked_to_look.fetch_or(bits, Ordering::AcqRel);
    }

    /// Returns the layers that look for new work in this round, and notes that they did.
    pub(super) fn lookers(&self, course: &mut Course<'_>, now: Moment) -> Vec<Layer> {
        let layers = course.order.layers.clone();
        let Some(standing) = &mut course.standing else { return layers };
        let asked = self.asked_to_look.swap(0, Ordering::AcqRel);
        let mut lookers = layers;
        lookers.retain(|&layer| asked & bit(layer) != 0 || standing.is_due(layer, now));
        for &layer in &lookers {
            standing.looked[index(layer)] = Some(now);
        }
        lookers
    }

    /// Sets the time of a standing run to now; other runs stay at the moment that they work.
    pub(super) fn keep_time(&self, course: &mut Course<'_>) {
        if course.standing.is_some() {
            course.now = self.shop.clock.wall();
            let days = self.shop.settings.get().orchestrator.horizon_days;
            course.horizon = course.now.plus_ms(i64::from(days) * DAY_MS);
        }
    }

    /// Waits until something is ready, has come due or is to be looked for, or somebody steers.
    /// Returns `Drain` when nobody is left who could.
    pub(super) async fn rest(
        &self,
        course: &Course<'_>,
        steer: &mut watch::Receiver<Steer>,
    ) -> Result<Option<Steer>, RunError> {
        let shop = &self.shop;
        let Some(standing) = &course.standing else { return Ok(None) };
        let mut commits = shop.store.commits();
        loop {
            let now = shop.clock.wall();
            let mode = course.order.mode;
            let calling = shop.store.read(|conn| units::calling(conn, mode, now, now))?;
            let looks = |&layer: &Layer| {
                let asked = self.asked_to_look.load(Ordering::Acquire) & bit(layer) != 0;
                asked || calling.contains(&layer) || standing.is_due(layer, now)
            };
            if course.order.layers.iter().any(looks) || course.hold.is_lost() {
                return Ok(None);
            }
            tokio::select! {
                changed = steer.changed() => {
                    return Ok(changed.is_err().then_some(Steer::Drain));
                }
                () = shop.clock.pause(LOOK) => {}
                _ = commits.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_looks_in_its_own_rhythm_and_after_the_clock_was_set_back() {
        let mut standing = Standing::new(Cadences([60; 9]));
        let layer = Layer::BookingHandler;
        assert!(standing.is_due(layer, Moment(0)));
        standing.looked[index(layer)] = Some(Moment(100_000));
        assert!(!standing.is_due(layer, Moment(159_999)));
        assert!(standing.is_due(layer, Moment(160_000)));
        assert!(standing.is_due(layer, Moment(50_000)));
        assert!(standing.is_due(Layer::OutreachEngine, Moment(100_000)));
    }
}
