//! Defines the picture of the machine that every face shows: one consistent reading of the rows.
//!
//! Plain data with public fields. It holds one world in full (the viewed one) and the alarming
//! counts of both, because a failure in the world that is not viewed must never be invisible.

use serde::{Deserialize, Serialize};

use super::tasks::TaskCounts;
use crate::domain::event::Event;
use crate::domain::ids::{RunId, UnitId};
use crate::domain::layer::{Container, Layer};
use crate::domain::lifecycle::run::RunState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// How many recent events a snapshot carries. One screen of 200×60 shows fewer than 50; the rest
/// lets a reader scroll back without a query.
pub const RECENT_EVENTS_MAX: usize = 256;

/// How many stored values of Φ_sync the trend shows: the width of its pane on a large screen.
pub const PHI_TREND_MAX: usize = 60;

/// Everything a screen needs to draw without asking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The world shown in full.
    pub mode: Mode,
    /// When it was taken, on the wall clock.
    pub wall_at: Moment,
    /// Dry time.
    pub dry_clock: DryClock,
    /// What wants attention, in both worlds.
    pub worlds: Worlds,
    /// Who works live units, if anybody.
    pub live: LiveStatus,
    /// The run under way, or else the latest one.
    pub run: Option<RunView>,
    /// The nine layers of the viewed world, in order.
    pub layers: Vec<LayerRow>,
    /// What waits for people in the viewed world.
    pub tasks: TaskCounts,
    /// The three containers of the viewed world, in order.
    pub containers: Vec<ContainerRow>,
    /// The coherence of the viewed world.
    pub phi: PhiView,
    /// The newest events of the viewed world, oldest first.
    pub events: Vec<Event>,
    /// How the machine itself is.
    pub system: SystemHealth,
    /// What the demo tells, while one runs.
    pub demo: Option<DemoNarration>,
}

/// Dry time: one stored value that never follows the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DryClock {
    /// Where it started; the start of day 1.
    pub start: Moment,
    /// Where it stands.
    pub now: Moment,
    /// While a jump waits to be seen: where it leads, and when it happens on the wall clock.
    pub jump: Option<Jump>,
}

/// A jump of dry time that is about to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jump {
    /// The next due moment, in dry time.
    pub to: Moment,
    /// When the jump is made, on the wall clock.
    pub wall_at: Moment,
}

/// The counts of both worlds that are always on screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worlds {
    /// The rehearsal.
    pub dry: WorldCounts,
    /// The real world.
    pub live: WorldCounts,
}

impl Worlds {
    /// Returns the counts of one world.
    pub const fn of(&self, mode: Mode) -> &WorldCounts {
        match mode {
            Mode::Dry => &self.dry,
            Mode::Live => &self.live,
        }
    }
}

/// What wants attention in one world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorldCounts {
    /// Units that gave up (dead).
    pub failed: u64,
    /// Units held because an effect is unknown.
    pub held: u64,
    /// Effects nobody knows the fate of.
    pub unknown: u64,
    /// Units that may run now: ready, or past their time.
    pub due: u64,
    /// Units planned for later. A dry run of all layers moves the clock past its horizon while it
    /// waits for answers; what is planned beyond the horizon is for the next run, and not due.
    pub planned: u64,
    /// Units that wait for a person or counterparty.
    pub waiting: u64,
    /// Units that failed and will be tried again.
    pub retrying: u64,
    /// Due time of the longest waiting due unit, on the world's own clock.
    pub oldest_due: Option<Moment>,
}

/// Whether live units are worked, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveStatus {
    /// Whether this process works them.
    pub armed: bool,
    /// Another process that does: `serve pid 412@host`.
    pub other_owner: Option<String>,
    /// Where live effects go: `outbox /srv/cep/outbox`, `smtp`.
    pub through: String,
}

/// A run as the header and the run list show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunView {
    /// Its row.
    pub id: RunId,
    /// Its world.
    pub mode: Mode,
    /// Where it is.
    pub state: RunState,
    /// Its layers; all nine for the whole pipeline.
    pub layers: Vec<Layer>,
    /// When it started, on the wall clock.
    pub started_wall: Moment,
    /// When it ended, on the wall clock.
    pub ended_wall: Option<Moment>,
    /// The process that works it: `pid 412@host`.
    pub owner: Option<String>,
    /// Whether that process is this one.
    pub is_ours: bool,
}

impl RunView {
    /// Whether somebody is working on it now.
    pub const fn is_active(&self) -> bool {
        matches!(self.state, RunState::Running | RunState::Draining)
    }

    /// Returns how long it has lasted at `now`, or lasted in all.
    pub fn elapsed_ms(&self, now: Moment) -> i64 {
        self.ended_wall.unwrap_or(now).since(self.started_wall).max(0)
    }

    /// Returns its scope in a word: `all`, or the layer's number.
    pub fn scope(&self) -> String {
        if self.layers.len() == Layer::ALL.len() {
            return "all".to_owned();
        }
        let numbers: Vec<_> =
            self.layers.iter().map(|layer| format!("L{}", layer.number())).collect();
        numbers.join(",")
    }
}

/// One layer of the viewed world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerRow {
    /// Which.
    pub layer: Layer,
    /// Its units by state.
    pub units: UnitCounts,
    /// Its attempts by outcome.
    pub attempts: AttemptCounts,
    /// Its effects by what is known of them.
    pub effects: EffectCounts,
    /// Whether a person or the governor stopped new claims.
    pub paused: Option<String>,
    /// Whether a run that includes it is under way.
    pub in_run: bool,
    /// The retry that comes next.
    pub next_retry: Option<NextDue>,
    /// The planned unit that comes next.
    pub next_planned: Option<NextDue>,
    /// The cause of the latest failure that still stands.
    pub last_error: Option<String>,
    /// When its latest unit ended, on the wall clock.
    pub last_ended_wall: Option<Moment>,
    /// Working time of its attempts in the run shown.
    pub duration_ms: u64,
}

/// Units by state, the keys of `--json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitCounts {
    /// Waiting for another unit.
    pub blocked: u64,
    /// Planned for later.
    pub scheduled: u64,
    /// May be claimed now.
    pub ready: u64,
    /// A worker has it.
    pub leased: u64,
    /// Failed, to be tried again.
    pub retry_wait: u64,
    /// Handed to a person.
    pub waiting: u64,
    /// An effect of it is unknown.
    pub held: u64,
    /// Done.
    pub done: u64,
    /// Gave up.
    pub dead: u64,
    /// Not worth doing.
    pub skipped: u64,
    /// Stopped by a person.
    pub cancelled: u64,
}

impl UnitCounts {
    /// Returns the place where units in `state` are counted.
    pub const fn of_mut(&mut self, state: UnitState) -> &mut u64 {
        match state {
            UnitState::Blocked => &mut self.blocked,
            UnitState::Scheduled => &mut self.scheduled,
            UnitState::Ready => &mut self.ready,
            UnitState::Leased => &mut self.leased,
            UnitState::RetryWait => &mut self.retry_wait,
            UnitState::Waiting => &mut self.waiting,
            UnitState::Held => &mut self.held,
            UnitState::Done => &mut self.done,
            UnitState::Dead => &mut self.dead,
            UnitState::Skipped => &mut self.skipped,
            UnitState::Cancelled => &mut self.cancelled,
        }
    }

    /// Returns how many units are in `state`.
    pub const fn of(mut self, state: UnitState) -> u64 {
        *self.of_mut(state)
    }

    /// Returns how many units there are in all.
    pub fn total(self) -> u64 {
        UnitState::ALL.into_iter().map(|state| self.of(state)).sum()
    }

    /// Returns how many units have ended.
    pub const fn ended(self) -> u64 {
        self.done + self.dead + self.skipped + self.cancelled
    }
}

/// Attempts by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptCounts {
    /// Ended with an outcome.
    pub ok: u64,
    /// Failed, timed out or lost.
    pub failed: u64,
}

/// Effects by what is known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectCounts {
    /// Confirmed by a real receiver.
    pub confirmed: u64,
    /// Confirmed by the simulated world.
    pub simulated: u64,
    /// Nobody knows.
    pub unknown: u64,
}

/// A unit with a time in front of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextDue {
    /// Which unit.
    pub unit: UnitId,
    /// When, on the mode's clock.
    pub run_at: Moment,
    /// Why then.
    pub why: String,
    /// How many tries it has spent.
    pub tries: u32,
    /// How many it has in all.
    pub tries_max: u32,
}

/// One container of the viewed world; an unknown figure is `None`, never 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ContainerRow {
    /// Which.
    pub container: Container,
    /// Its share in Φ_sync.
    pub weight: f64,
    /// `clamp((conversion + efficiency) / 2 − error_rate)`.
    pub health: Option<f64>,
    /// Achieved ÷ target, at most 1.
    pub conversion: Figure,
    /// Units done without failure or help ÷ units ended.
    pub efficiency: Figure,
    /// Attempts that failed ÷ attempts.
    pub error_rate: Figure,
    /// Units done per hour; shown, not in Φ_sync.
    pub throughput_per_h: Figure,
    /// The end of its recent window, on the mode's clock.
    pub window_end: Option<Moment>,
    /// Whether that is more than two windows ago.
    pub stale: bool,
}

/// A figure and how much it rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The value; `None` when nothing supports one.
    pub value: Option<f64>,
    /// The denominator.
    pub n: u64,
}

/// The coherence of the machine as shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PhiView {
    /// The value; `None` when a container is unknown.
    pub value: Option<f64>,
    /// The name of the band it is in.
    pub band: Option<String>,
    /// How even the containers are.
    pub coupling: Option<f64>,
    /// How many containers are known.
    pub containers_known: u8,
    /// What is wrong, each in one line with its figure.
    pub red_flags: Vec<String>,
    /// Stored values, oldest first.
    pub trend: Vec<PhiPoint>,
    /// What each container adds to the value: weight · health · coupling.
    #[serde(default)]
    pub parts: Vec<(Container, f64)>,
    /// What each layer holds the value down by, the most first.
    #[serde(default)]
    pub lost: Vec<(Layer, f64)>,
}

/// One stored value of Φ_sync.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhiPoint {
    /// When, on the mode's clock.
    pub at: Moment,
    /// The value, or `None` when it was unknown.
    pub value: Option<f64>,
}

/// How the machine itself is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemHealth {
    /// What the database last failed with.
    pub db_error: Option<String>,
    /// The database file.
    pub db_path: String,
    /// Bytes in the write-ahead log.
    pub wal_bytes: u64,
    /// How long the writer's latest commit took, in microseconds.
    pub commit_us: u64,
    /// Log lines and events that could not be shown because a queue was full.
    pub dropped: u64,
    /// The other process that serves this database and carries out commands, if any.
    #[serde(default)]
    pub server: Option<String>,
    /// Why work is held back, each in one line: the governor, a breaker.
    pub notices: Vec<String>,
    /// What came of the latest backup.
    #[serde(default)]
    pub backup: Option<Backup>,
    /// How the viewed world stands since its database was restored, if it ever was.
    #[serde(default)]
    pub restore: Option<Restore>,
}

/// What came of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// When, wall clock.
    pub at: Moment,
    /// The file.
    pub file: String,
    /// Its size.
    pub bytes: Option<u64>,
    /// Why there is none.
    pub why: Option<String>,
}

/// How a world stands since its database was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// How many times it was restored.
    pub generation: i64,
    /// When the backup was made, wall clock.
    pub backup_at: Moment,
    /// When it was restored, wall clock.
    pub restored_at: Moment,
    /// Whether acts without a row are reconciled before they are sent.
    pub is_in_doubt: bool,
    /// Acts of the replaced database that wait for their unit.
    pub carried: u64,
    /// Acts in doubt that a person has to find out about.
    pub held: u64,
}

impl Restore {
    /// Says what is under reconciliation, `None` when nothing is.
    pub fn notice(&self) -> Option<String> {
        let Self { backup_at, carried, held, .. } = self;
        if self.is_in_doubt {
            return Some(format!(
                "restored from a backup of {backup_at}: {held} acts wait for a verdict (cep resolve), \
                 new ones are reconciled first (cep restore --settled ends it)"
            ));
        }
        if *held == 0 && *carried == 0 {
            return None;
        }
        Some(format!(
            "restored from a backup of {backup_at}: {carried} acts since then wait for their units, \
             {held} for a verdict (cep resolve)"
        ))
    }
}

/// What the demo tells at this point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoNarration {
    /// What happens now, in a sentence.
    pub text: String,
    /// Which stage, from 1.
    pub stage: u32,
    /// Of how many.
    pub stages: u32,
    /// Whether it stands still.
    pub paused: bool,
    /// How many times the usual pace.
    pub speed: u32,
    /// Whether the whole path has been walked.
    pub ended: bool,
}
