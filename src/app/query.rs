//! Defines the questions whose answers are too large or too rare for the snapshot.

mod cause;
mod effect;
mod log;
mod phi;
mod record;
mod run;
mod system;
mod why;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::cause::{Acknowledged, Care, CauseNote};
pub use self::effect::{EffectRow, LateWriteRow};
pub use self::log::{LogLine, LogOf, LogTail};
pub use self::phi::{ContainerExplained, LayerRatio, PhiExplained, Ratio};
pub use self::record::{Column, RecordDetail, RecordKind, RecordRow};
pub use self::run::{EffectDetail, RunCause, RunDetail, RunLayer, RunPhi};
pub use self::system::{BreakerRow, BucketRow, CommitFigures, LeaseRow, ProcessRow, SystemFacts};
pub use self::why::{ContainerWhy, FigureWhy, PhiAt, PhiWhy, StoredPhi};
use super::desk::{ClientRow, MeetingRow, Which};
use super::finance::{FinanceAnswer, FinanceQuery};
use super::handover::Changes;
use super::service::{ServiceAnswer, ServiceQuery};
use super::snapshot::{NextDue, RunView};
use super::tasks::{TaskDetail, TaskFilter, TaskRow};
use crate::domain::effect::EffectKey;
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::event::{Event, Level};
use crate::domain::ids::{AttemptId, EventId, ProposalId, RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::learning::{SettingOverride, StoredProposal};
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::pitch::Sentence;
use crate::domain::sales::{Channel, Stage, Suppression};
use crate::domain::time::Moment;
use crate::store::event_pages;

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

/// Which pitches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PitchFilter {
    /// Which world.
    pub mode: Mode,
    /// Only prospects at these stages; all when empty.
    pub stages: Vec<Stage>,
    /// At most so many.
    pub limit: u32,
}

/// A pitch in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PitchRow {
    /// The prospect.
    pub entity: String,
    /// Its name.
    pub name: String,
    /// Its category.
    pub category: String,
    /// The language it is written to in.
    pub language: String,
    /// Where it stands.
    pub stage: Stage,
    /// The campaign.
    pub campaign: String,
    /// The variant.
    pub variant: String,
    /// How it sounds; `None` when the templates have it no more.
    pub tone: Option<String>,
    /// `template`, or the model's name.
    pub writer: String,
    /// Channels whose text a person wrote.
    pub edited: Vec<Channel>,
    /// Whether a person chose the variant.
    pub chosen_by_person: bool,
    /// Subject of the e-mail.
    pub subject: String,
}

/// A pitch as it goes out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PitchView {
    /// What a list shows of it.
    pub row: PitchRow,
    /// The subject's sentences, with what they rest on.
    pub subject: Vec<Sentence>,
    /// Each channel.
    pub parts: Vec<PitchPart>,
    /// What was observed, in the words in which it may be said.
    pub may_say: Vec<String>,
}

/// One channel of a pitch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PitchPart {
    /// Which.
    pub channel: Channel,
    /// The text as its recipient gets it, with the footer of a mail.
    pub text: String,
    /// How many words that is.
    pub words: usize,
    /// How many it may be.
    pub words_max: usize,
    /// Whether a person wrote it.
    pub edited: bool,
    /// Why it cannot be changed any more; `None` while it can.
    pub begun: Option<String>,
    /// Each sentence with what it rests on; the footer's are the law's.
    pub sentences: Vec<Sentence>,
}

/// A campaign and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignRow {
    /// Its name.
    pub name: String,
    /// Prospects that it has planned anything for.
    pub prospects: u64,
    /// Messages that have a time.
    pub planned: u64,
    /// Messages that went out.
    pub sent: u64,
    /// Messages that a rule stopped.
    pub stopped: u64,
    /// Messages that could not be sent.
    pub failed: u64,
    /// When its last message went out, on the mode's clock.
    pub last_sent: Option<Moment>,
    /// Why a receiver's policy has stopped it, if one has.
    pub stopped_because: Option<String>,
    /// Since when, on the mode's clock.
    pub stopped_at: Option<Moment>,
}

/// A unit in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitRow {
    /// Its row.
    pub id: UnitId,
    /// Its world.
    pub mode: Mode,
    /// Its layer.
    pub layer: Layer,
    /// What it concerns.
    pub entity: String,
    /// Which of the entity's works.
    pub version: String,
    /// The layer's word for it.
    pub kind: String,
    /// One line for a person.
    pub label: String,
    /// Where it is.
    pub state: UnitState,
    /// Tries spent.
    pub tries: u32,
    /// Tries allowed.
    pub tries_max: u32,
    /// When it goes on, on the mode's clock.
    pub run_at: Option<Moment>,
    /// Who works it now: `w3 pid 412@host`.
    #[serde(default)]
    pub worker: Option<String>,
    /// Why it is where it is: the cause of a wait, a skip, a hold.
    pub why: Option<String>,
    /// The unit it is blocked on, in the column form of a name.
    pub blocked_on: Option<String>,
    /// Its latest error, in one line.
    pub last_error: Option<String>,
    /// When it last changed, on the wall clock.
    pub changed_wall: Moment,
}

/// All units whose latest error has one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorGroup {
    /// What they share.
    pub fingerprint: String,
    /// Their layer.
    pub layer: Layer,
    /// Their class.
    pub class: ErrorClass,
    /// Their code.
    pub code: String,
    /// The latest message: the cause, in the row.
    pub message: String,
    /// How many of them will be tried again.
    pub retrying: u64,
    /// How many gave up.
    pub dead: u64,
    /// How many are held.
    pub held: u64,
    /// When it first happened, on the wall clock.
    pub first_wall: Moment,
    /// When it last happened, on the wall clock.
    pub last_wall: Moment,
    /// The next retry among them, on the mode's clock.
    pub next_retry: Option<Moment>,
    /// The units, the latest first, at most 100.
    pub units: Vec<UnitId>,
    /// Who looks after it, and what was noted on it.
    #[serde(default)]
    pub care: Care,
}

impl ErrorGroup {
    /// Returns how many units share the cause.
    pub const fn count(&self) -> u64 {
        self.retrying + self.dead + self.held
    }
}

/// The error card: enough to act without the logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// The unit.
    pub unit: UnitRow,
    /// Its latest error; `None` when it never failed.
    pub error: Option<WorkError>,
    /// The error's fingerprint.
    pub fingerprint: Option<String>,
    /// How many units share it, this one included.
    pub same: u64,
    /// Who looks after its cause, and what was noted on it.
    #[serde(default)]
    pub care: Care,
    /// Who works it at this moment.
    #[serde(default)]
    pub worked_by: Option<WorkedBy>,
    /// What it stops: blocked units, a client's onboarding.
    pub impact: String,
    /// Every attempt, the first one first.
    pub attempts: Vec<AttemptRow>,
    /// The retry ahead of it.
    pub next_retry: Option<NextDue>,
    /// Its effects, the latest first.
    pub effects: Vec<EffectRow>,
    /// What happens when nobody does anything.
    pub if_nothing: String,
    /// Its input, with secrets taken out.
    pub input: Value,
    /// The events of this unit, newest last.
    pub events: Vec<Event>,
}

/// Who works a unit, and for how long nobody else may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkedBy {
    /// The process with the layer's lease: `serve pid 412@host`.
    pub owner: String,
    /// When its lease ends unless renewed, on the wall clock.
    pub until: Moment,
}

/// One try of a unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// Its row.
    pub id: AttemptId,
    /// Which try, from 1.
    pub number: u32,
    /// How it ended.
    pub state: AttemptState,
    /// When it started, on the mode's clock.
    pub started_at: Moment,
    /// When it started, on the wall clock.
    pub started_wall: Moment,
    /// How long it took; `None` while it runs.
    pub duration_ms: Option<u64>,
    /// What it failed with.
    pub error: Option<WorkError>,
    /// The pause that followed it.
    pub backoff_ms: Option<i64>,
    /// Where that pause came from: `back-off 2^2, jitter`, `Retry-After 60 s`, `permanent`.
    pub backoff_why: Option<String>,
    /// Who worked it: `w3 pid 412@host`.
    pub worker: String,
}

/// What arming live would set in motion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivePreview {
    /// Layers with live units due or planned.
    pub layers: Vec<LivePreviewRow>,
    /// Where effects would go: `outbox /srv/cep/outbox`.
    pub through: String,
    /// What would be refused, and why: `no postal address: outreach mail is refused`.
    pub warnings: Vec<String>,
}

/// One layer's part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LivePreviewRow {
    /// Which layer.
    pub layer: Layer,
    /// Units that would run at once.
    pub due: u64,
    /// Units planned for later.
    pub planned: u64,
    /// What they would do outside, in words: `e-mail`, `tasks for people`.
    pub does: String,
    /// Due time of the oldest.
    pub oldest_due: Option<Moment>,
}
