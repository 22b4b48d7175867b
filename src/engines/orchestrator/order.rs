//! Defines what a run is told and what it tells: order, steering, pace, progress, report, error.

use async_trait::async_trait;

use super::contract::RunInput;
use super::hold::Denied;
use crate::domain::error::WorkError;
use crate::domain::ids::RunId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::run::RunState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::error::StoreError;

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

impl Steer {
    /// Whether this, once told, stands against `later`: who is to end is neither paused nor sent on, and
    /// an end for good is no mere stop.
    pub const fn stands_against(self, later: Self) -> bool {
        match self {
            Self::Go | Self::Pause => false,
            Self::Drain => matches!(later, Self::Go | Self::Pause),
            Self::Cancel => matches!(later, Self::Go | Self::Pause | Self::Drain),
        }
    }
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
    /// Where a whole dry run stopped planning: what is planned after it is left for a later run.
    pub horizon: Option<Moment>,
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
