//! Says what a whole run has left due, and to whom its data is owed.

use super::command::Refusal;
use super::handle::Handle;
use super::queries;
use super::snapshot::UnitCounts;
use crate::domain::mode::Mode;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::PlannedUnits;
use crate::store::{board, clocks, leftovers};

/// How many sources a run credits; more than a few would mean that each row has its own.
const ATTRIBUTIONS_MAX: u32 = 8;

/// What is left of the dry world's work up to the horizon of its first whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftovers {
    /// All units by state.
    pub units: UnitCounts,
    /// Units planned up to the horizon that were not worked.
    pub planned: u64,
    /// Blocked units whose blocker is done or missing: they would never go on.
    pub stranded: u64,
}

impl Leftovers {
    /// Returns how many units are due, in the sense of the golden path: nobody will come back to
    /// them by themselves, or their time has come.
    pub const fn due(&self) -> u64 {
        let units = &self.units;
        units.ready + units.leased + units.retry_wait + units.waiting + self.planned + self.stranded
    }
}

impl Handle {
    /// Returns what the dry world's whole run has left.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn leftovers(&self) -> Result<Leftovers, Refusal> {
        let parts = self.parts();
        let days = parts.settings().orchestrator.horizon_days;
        let usual = parts.settings().orchestrator.dry_start;
        let read = parts.store.read(|conn| {
            let start = clocks::dry_start(conn)?.unwrap_or(usual);
            let horizon = start.plus_ms(i64::from(days) * DAY_MS);
            let mut units = UnitCounts::default();
            for (_, state, n) in board::units(conn, Mode::Dry)? {
                *units.of_mut(state) += n;
            }
            Ok(Leftovers {
                units,
                planned: leftovers::planned_until(conn, Mode::Dry, horizon)?,
                stranded: leftovers::stranded(conn, Mode::Dry)?,
            })
        });
        read.map_err(|error| queries::failed(&error))
    }

    /// Returns what the dry world has planned after `horizon`, where a whole run stops: messages that
    /// have their place in a daily cap of a later day, and what falls due later.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn beyond(&self, horizon: Moment) -> Result<Vec<PlannedUnits>, Refusal> {
        let read = self.parts().store.read(|conn| leftovers::beyond(conn, Mode::Dry, horizon));
        read.map_err(|error| queries::failed(&error))
    }

    /// Returns whom the data of a world's businesses must be credited to.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn attributions(&self, mode: Mode) -> Result<Vec<String>, Refusal> {
        let parts = self.parts();
        let read = parts.store.read(|conn| leftovers::attributions(conn, mode, ATTRIBUTIONS_MAX));
        read.map_err(|error| queries::failed(&error))
    }
}
