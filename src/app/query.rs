//! Defines the questions whose answers are too large or too rare for the snapshot.

mod cause;
mod effect;
mod live;
mod log;
mod phi;
mod pitch;
mod record;
mod run;
mod system;
mod trouble;
mod why;

use serde::{Deserialize, Serialize};

use super::desk::{ClientRow, MeetingRow, Which};
use super::finance::{FinanceAnswer, FinanceQuery};
use super::handover::Changes;
use super::service::{ServiceAnswer, ServiceQuery};
use super::snapshot::RunView;
use super::tasks::{TaskDetail, TaskFilter, TaskRow};
use crate::domain::effect::EffectKey;
use crate::domain::event::{Event, Level};
use crate::domain::ids::{EventId, ProposalId, RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::learning::{SettingOverride, StoredProposal};
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::sales::Suppression;
use crate::domain::time::Moment;
use crate::store::event_pages;

pub use self::cause::{Acknowledged, Care, CauseNote};
pub use self::effect::{EffectRow, LateWriteRow};
pub use self::live::{LivePreview, LivePreviewRow};
pub use self::log::{LogLine, LogOf, LogTail};
pub use self::phi::{ContainerExplained, LayerRatio, PhiExplained, Ratio};
pub use self::pitch::{CampaignRow, PitchFilter, PitchPart, PitchRow, PitchView};
pub use self::record::{Column, RecordDetail, RecordKind, RecordRow};
pub use self::run::{EffectDetail, RunCause, RunDetail, RunLayer, RunPhi};
pub use self::system::{BreakerRow, BucketRow, CommitFigures, LeaseRow, ProcessRow, SystemFacts};
pub use self::trouble::{AttemptRow, ErrorDetail, ErrorGroup, UnitRow, WorkedBy};
pub use self::why::{ContainerWhy, FigureWhy, PhiAt, PhiWhy, StoredPhi};

/// A question. Each has the variant of `Answer` with the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "query")]
pub enum Query {
    /// Units, newest first; those with a time in front of them first by that time.
    Units(UnitFilter),
    /// Units that are dead, held or in retry, grouped by the fingerprint of their last error.
    ErrorGroups {
        /// Which world.
        mode: Mode,
        /// Only this layer.
        layer: Option<Layer>,
    },
    /// All that is known about one unit's trouble.
    ErrorDetail {
        /// Which unit.
        unit: UnitId,
    },
    /// Effects, newest first.
    Effects(EffectFilter),
    /// A page of events, newest last.
    Events(EventFilter),
    /// Φ_sync down to counts and id ranges.
    PhiExplain {
        /// Which world.
        mode: Mode,
    },
    /// Why Φ_sync changed between two moments of the world's clock.
    PhiWhy {
        /// Which world.
        mode: Mode,
        /// The first moment.
        since: Moment,
        /// The second one; now when `None`.
        until: Option<Moment>,
    },
    /// The machine under the machine: processes, leases, limits, circuits, commits.
    System,
    /// Runs, newest first.
    Runs {
        /// Which world.
        mode: Mode,
        /// At most so many.
        limit: u32,
    },
    /// One run with what became of it.
    Run {
        /// Which.
        run: RunId,
    },
    /// One effect with all that the journal has of it.
    Effect {
        /// Which world.
        mode: Mode,
        /// Its key.
        key: EffectKey,
    },
    /// Business records, the newest first.
    Records {
        /// Which world.
        mode: Mode,
        /// Which kind.
        kind: RecordKind,
        /// At most so many.
        limit: u32,
    },
    /// One business record in full.
    Record {
        /// Which world.
        mode: Mode,
        /// Its kind.
        kind: RecordKind,
        /// What its list knows it by.
        key: String,
    },
    /// The newest lines of the log file.
    Log {
        /// Whose.
        of: LogOf,
        /// At most so many.
        limit: u32,
    },
    /// Booked calls.
    Meetings {
        /// Which world.
        mode: Mode,
        /// Which of them.
        which: Which,
        /// At most so many.
        limit: u32,
    },
    /// Clients, newest first, or the one that is called so.
    Clients {
        /// Which world.
        mode: Mode,
        /// A key or a name; all when `None`.
        wanted: Option<String>,
        /// At most so many.
        limit: u32,
    },
    /// What would go out if this process were armed live.
    LivePreview,
    /// Proposals, newest first.
    Proposals {
        /// Which world.
        mode: Mode,
        /// At most so many.
        limit: u32,
    },
    /// One proposal with its figures.
    Proposal {
        /// Which.
        id: ProposalId,
    },
    /// What has changed in both worlds since a moment of the wall clock.
    Changes {
        /// Since when.
        since: Moment,
    },
    /// Settings that proposals have put in force.
    Overrides {
        /// Which world.
        mode: Mode,
    },
    /// A question about money.
    Finance(FinanceQuery),
    /// A question about the work for clients: profile, posts, reports.
    Service(ServiceQuery),
    /// Pitches, newest first.
    Pitches(PitchFilter),
    /// A prospect's latest pitch as it goes out.
    Pitch {
        /// Which world.
        mode: Mode,
        /// The prospect.
        entity: String,
    },
    /// What `promote` would copy.
    Promotion {
        /// At most so many.
        limit: Option<u32>,
        /// Only these; all when empty.
        entities: Vec<String>,
    },
    /// The campaigns and how each stands, by name.
    Campaigns {
        /// Which world.
        mode: Mode,
    },
    /// Addresses that must not be written to, the latest first.
    Suppressions {
        /// Which world.
        mode: Mode,
        /// At most so many.
        limit: u32,
    },
    /// What waits for people, the most urgent first.
    Tasks(TaskFilter),
    /// One task with everything needed to do it.
    Task {
        /// The unit that waits for it.
        unit: UnitId,
    },
}

/// Which units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitFilter {
    /// Which world.
    pub mode: Mode,
    /// Only this layer.
    pub layer: Option<Layer>,
    /// Only these states; all when empty.
    pub states: Vec<UnitState>,
    /// At most so many.
    pub limit: u32,
}

/// Which effects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectFilter {
    /// Which world.
    pub mode: Mode,
    /// Only this layer.
    pub layer: Option<Layer>,
    /// Only this state.
    pub state: Option<EffectState>,
    /// At most so many.
    pub limit: u32,
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventFilter {
    /// Which world; both when `None`.
    pub mode: Option<Mode>,
    /// Only after this one.
    pub since: Option<EventId>,
    /// Only before this one.
    pub before: Option<EventId>,
    /// Only this layer.
    pub layer: Option<Layer>,
    /// Only this unit.
    pub unit: Option<UnitId>,
    /// Only this run.
    pub run: Option<RunId>,
    /// Only this level and above.
    pub level: Option<Level>,
    /// Only with all of these in their words or kind; lower case and ASCII.
    pub words: Vec<String>,
    /// At most so many.
    pub limit: u32,
}

/// How many events a page looks through, backward, for those that fit. A filter that fits nothing
/// must not read years of history; a reader who wants more asks again with `before`.
pub const EVENTS_LOOK_BACK: i64 = event_pages::LOOKS_BACK;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer", content = "data")]
pub enum Answer {
    /// To `Query::Units`.
    Units(Vec<UnitRow>),
    /// To `Query::ErrorGroups`.
    ErrorGroups(Vec<ErrorGroup>),
    /// To `Query::ErrorDetail`.
    ErrorDetail(Box<ErrorDetail>),
    /// To `Query::Effects`.
    Effects(Vec<EffectRow>),
    /// To `Query::Events`.
    Events(Vec<Event>),
    /// To `Query::PhiExplain`.
    PhiExplain(Box<PhiExplained>),
    /// To `Query::PhiWhy`.
    PhiWhy(Box<PhiWhy>),
    /// To `Query::System`.
    System(Box<SystemFacts>),
    /// To `Query::Runs`.
    Runs(Vec<RunView>),
    /// To `Query::Run`.
    Run(Box<RunDetail>),
    /// To `Query::Effect`.
    Effect(Box<EffectDetail>),
    /// To `Query::Records`.
    Records(Vec<RecordRow>),
    /// To `Query::Record`.
    Record(Box<RecordDetail>),
    /// To `Query::Log`.
    Log(LogTail),
    /// To `Query::Meetings`.
    Meetings(Vec<MeetingRow>),
    /// To `Query::Clients`.
    Clients(Vec<ClientRow>),
    /// To `Query::LivePreview`.
    LivePreview(LivePreview),
    /// To `Query::Proposals`.
    Proposals(Vec<StoredProposal>),
    /// To `Query::Proposal`.
    Proposal(Box<StoredProposal>),
    /// To `Query::Changes`.
    Changes(Changes),
    /// To `Query::Overrides`.
    Overrides(Vec<SettingOverride>),
    /// To `Query::Campaigns`.
    Campaigns(Vec<CampaignRow>),
    /// To `Query::Suppressions`.
    Suppressions(Vec<Suppression>),
    /// To `Query::Tasks`.
    Tasks(Vec<TaskRow>),
    /// To `Query::Task`.
    Task(Box<TaskDetail>),
    /// To `Query::Finance`.
    Finance(Box<FinanceAnswer>),
    /// To `Query::Service`.
    Service(Box<ServiceAnswer>),
    /// To `Query::Pitches`.
    Pitches(Vec<PitchRow>),
    /// To `Query::Pitch`.
    Pitch(Box<PitchView>),
    /// To `Query::Promotion`.
    Promotion(Vec<PitchRow>),
}
