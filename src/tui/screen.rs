//! Defines the screens and overlays as data: what is open, what is selected, what was answered.
//!
//! Screens form a stack and know no other screen. What a screen shows beyond the snapshot is asked
//! for by `query` and lives in a `Loaded`.

use super::listing::{Listing, Loaded};
use super::page::Page;
use crate::app::command::Command;
use crate::app::handover::Change;
use crate::app::query::{
    ErrorDetail, ErrorGroup, LivePreview, PhiExplained, PhiWhy, Query, SystemFacts, UnitFilter,
    UnitRow,
};
use crate::app::snapshot::RunView;
use crate::app::tasks::{TaskDetail, TaskFilter, TaskRow};
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::learning::StoredProposal;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// How many rows a list asks for. More than fits on any screen, and few enough to sort by eye.
pub const LIST_LIMIT: u32 = 200;

/// A pane of the overview.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Pane {
    /// 1
    #[default]
    Layers,
    /// 2
    Containers,
    /// 3
    Phi,
    /// 4
    Events,
}

impl Pane {
    /// All panes, in the order of Tab.
    pub const ALL: [Self; 4] = [Self::Layers, Self::Containers, Self::Phi, Self::Events];

    /// The name on its border.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Layers => "1 Layers",
            Self::Containers => "2 Containers",
            Self::Phi => "3 Coherence",
            Self::Events => "4 Events",
        }
    }

    /// Returns the pane `steps` further, around the end.
    #[must_use]
    pub fn step(self, steps: usize) -> Self {
        Self::ALL[(self as usize + steps) % Self::ALL.len()]
    }
}

/// One screen of the stack.
#[derive(Clone, Debug, PartialEq)]
pub enum Screen {
    /// The machine at a glance; always at the bottom of the stack.
    Overview {
        /// The focused pane.
        pane: Pane,
        /// The selected layer, from 0.
        layer: usize,
        /// The selected container, from 0.
        container: usize,
    },
    /// One layer and its unfinished units.
    Layer {
        /// Which.
        layer: Layer,
        /// Its units that have not ended well.
        units: Listing<UnitRow>,
    },
    /// Errors by cause.
    Errors {
        /// Only of this layer.
        layer: Option<Layer>,
        /// The causes.
        groups: Listing<ErrorGroup>,
        /// What is to be opened at once when the first answer comes.
        straight: Straight,
    },
    /// One unit's trouble.
    Card(Card),
    /// Φ_sync down to counts.
    Explain {
        /// The first line shown.
        scroll: usize,
        /// The tree.
        tree: Loaded<PhiExplained>,
    },
    /// Why Φ_sync changed between two moments.
    Why(WhyPage),
    /// A page or list that is only read.
    Page(Page),
    /// Work that waits for people.
    Tasks(Listing<TaskRow>),
    /// One task in full.
    Task(TaskPage),
    /// Proposals that wait for a person.
    Proposals(Listing<StoredProposal>),
    /// Units that wait for a time.
    Queue(Listing<UnitRow>),
    /// The history of runs.
    Runs(Listing<RunView>),
    /// What has changed since a moment, the latest first.
    Changes {
        /// Since when, wall clock.
        since: Moment,
        /// The changes.
        rows: Listing<Change>,
    },
    /// Events on the full screen.
    Events,
    /// Database, screen, processes, leases, limits.
    System(SystemPage),
}

/// Why Φ_sync changed between two moments of the world's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyPage {
    /// The first moment.
    pub since: Moment,
    /// The second one; now when `None`.
    pub until: Option<Moment>,
    /// The first line shown.
    pub scroll: usize,
    /// The parts of the change.
    pub why: Loaded<PhiWhy>,
}

/// The machine under the machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SystemPage {
    /// The first line shown.
    pub scroll: usize,
    /// What the rows say.
    pub facts: Loaded<SystemFacts>,
}

/// What a list of errors opens by itself with its first answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Straight {
    /// Nothing.
    #[default]
    No,
    /// A sole unit: it needs no list.
    Sole,
    /// The first cause: Enter was pressed before there was anything to open.
    First,
}

/// The error card and its place among others.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// The units one can step through.
    pub units: Vec<UnitId>,
    /// Which of them is shown.
    pub index: usize,
    /// The first line shown.
    pub scroll: usize,
    /// The facts.
    pub detail: Loaded<Box<ErrorDetail>>,
    /// What the person did here, so that a unit never silently leaves its list.
    pub done: Option<String>,
}

impl Card {
    /// Opens the card of `units[index]`.
    pub fn new(units: Vec<UnitId>, index: usize) -> Self {
        Self { units, index, scroll: 0, detail: Loaded::default(), done: None }
    }
}

/// One task in full.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskPage {
    /// Which.
    pub unit: UnitId,
    /// The first line shown.
    pub scroll: usize,
    /// The facts.
    pub detail: Loaded<Box<TaskDetail>>,
    /// What the person did here.
    pub done: Option<String>,
}

impl TaskPage {
    /// Opens the page of a task.
    pub fn new(unit: UnitId) -> Self {
        Self { unit, scroll: 0, detail: Loaded::default(), done: None }
    }
}

impl Screen {
    /// Returns the screen on which everything starts.
    pub const fn overview() -> Self {
        Self::Overview { pane: Pane::Layers, layer: 0, container: 0 }
    }

    /// Returns what has to be asked to fill the screen, if the snapshot is not enough.
    pub fn query(&self, mode: Mode) -> Option<Query> {
        let units = |layer, states: &[UnitState]| {
            let states = states.to_vec();
            Query::Units(UnitFilter { mode, layer, states, limit: LIST_LIMIT })
        };
        match self {
            Self::Layer { layer, .. } => Some(units(Some(*layer), &UNFINISHED)),
            Self::Queue(_) => Some(units(None, &QUEUED)),
            Self::Errors { layer, .. } => Some(Query::ErrorGroups { mode, layer: *layer }),
            Self::Card(card) => card.units.get(card.index).map(|&unit| Query::ErrorDetail { unit }),
            Self::Explain { .. } => Some(Query::PhiExplain { mode }),
            Self::Why(page) => Some(Query::PhiWhy { mode, since: page.since, until: page.until }),
            Self::Page(page) => Some(page.query(mode)),
            Self::Tasks(_) => Some(Query::Tasks(TaskFilter {
                mode,
                layer: None,
                overdue: false,
                limit: LIST_LIMIT,
            })),
            Self::Task(page) => Some(Query::Task { unit: page.unit }),
            Self::Proposals(_) => Some(Query::Proposals { mode, limit: LIST_LIMIT }),
            Self::Runs(_) => Some(Query::Runs { mode, limit: LIST_LIMIT }),
            Self::Changes { since, .. } => Some(Query::Changes { since: *since }),
            Self::System(_) => Some(Query::System),
            Self::Overview { .. } | Self::Events => None,
        }
    }

    /// Forgets what was answered: it was about another world.
    pub fn forget(&mut self) {
        match self {
            Self::Layer { units, .. } | Self::Queue(units) => units.forget(),
            Self::Errors { groups, .. } => groups.forget(),
            Self::Card(card) => card.detail = Loaded::default(),
            Self::Explain { tree, .. } => *tree = Loaded::default(),
            Self::Why(page) => page.why = Loaded::default(),
            Self::Page(page) => page.forget(),
            Self::Tasks(tasks) => tasks.forget(),
            Self::Task(page) => page.detail = Loaded::default(),
            Self::Proposals(proposals) => proposals.forget(),
            Self::Runs(runs) => runs.forget(),
            // These are about both worlds, or about what the snapshot holds.
            Self::Changes { .. } | Self::Overview { .. } | Self::Events | Self::System(_) => {}
        }
    }

    /// Returns when the screen's question was last asked, what was seen then, and whether its
    /// answer is awaited.
    pub fn asked(&self) -> Option<(Moment, u64, bool)> {
        match self {
            Self::Layer { units, .. } | Self::Queue(units) => units.rows.asked(),
            Self::Errors { groups, .. } => groups.rows.asked(),
            Self::Card(card) => card.detail.asked(),
            Self::Explain { tree, .. } => tree.asked(),
            Self::Why(page) => page.why.asked(),
            Self::Page(page) => page.asked(),
            Self::Runs(runs) => runs.rows.asked(),
            Self::Changes { rows, .. } => rows.rows.asked(),
            Self::Tasks(tasks) => tasks.rows.asked(),
            Self::Proposals(proposals) => proposals.rows.asked(),
            Self::Task(page) => page.detail.asked(),
            Self::System(page) => page.facts.asked(),
            Self::Overview { .. } | Self::Events => None,
        }
    }

    /// Returns the screen's step in the breadcrumb.
    pub fn crumb(&self) -> String {
        match self {
            Self::Overview { .. } => "Overview".to_owned(),
            Self::Layer { layer, .. } => format!("L{} {}", layer.number(), layer.name()),
            Self::Errors { layer: None, .. } => "Errors".to_owned(),
            Self::Errors { layer: Some(layer), .. } => format!("Errors L{}", layer.number()),
            Self::Card(card) => {
                card.units.get(card.index).map_or_else(String::new, |unit| format!("unit {unit}"))
            }
            Self::Explain { .. } => "Phi explained".to_owned(),
            Self::Why(_) => "why".to_owned(),
            Self::Page(page) => page.crumb(),
            Self::Tasks(_) => "Tasks".to_owned(),
            Self::Task(page) => format!("task {}", page.unit),
            Self::Proposals(_) => "Proposals".to_owned(),
            Self::Queue(_) => "Queue".to_owned(),
            Self::Runs(_) => "Runs".to_owned(),
            Self::Changes { .. } => "Changes".to_owned(),
            Self::Events => "Events".to_owned(),
            Self::System(_) => "System".to_owned(),
        }
    }

    /// Returns the filter of a list, to be edited.
    pub fn filter_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Layer { units, .. } | Self::Queue(units) => Some(&mut units.filter),
            Self::Errors { groups, .. } => Some(&mut groups.filter),
            Self::Page(page) => page.filter_mut(),
            Self::Runs(runs) => Some(&mut runs.filter),
            Self::Changes { rows, .. } => Some(&mut rows.filter),
            Self::Tasks(tasks) => Some(&mut tasks.filter),
            Self::Proposals(proposals) => Some(&mut proposals.filter),
            Self::Overview { .. }
            | Self::Card(_)
            | Self::Task(_)
            | Self::Explain { .. }
            | Self::Why(_)
            | Self::Events
            | Self::System(_) => None,
        }
    }
}

/// The states the queue lists: what waits for a time, and what is being worked.
const QUEUED: [UnitState; 3] = [UnitState::RetryWait, UnitState::Scheduled, UnitState::Leased];

/// The states a layer's page lists: all that a person may have to wait for or act on, and what is
/// being worked. Done and skipped units are counted, not listed.
pub const UNFINISHED: [UnitState; 8] = [
    UnitState::Dead,
    UnitState::Held,
    UnitState::RetryWait,
    UnitState::Leased,
    UnitState::Ready,
    UnitState::Waiting,
    UnitState::Scheduled,
    UnitState::Blocked,
];

/// The page of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HelpPage {
    /// The first line shown.
    pub scroll: usize,
    /// Only lines with all these words are shown.
    pub words: String,
    /// Whether the words are being typed.
    pub is_typing: bool,
}

/// What lies over the screen and takes all keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// What every key does.
    Help(HelpPage),
    /// A command typed by name.
    Palette {
        /// What was typed.
        input: String,
        /// How far back in the history, 0 for a fresh line.
        back: usize,
    },
    /// The filter line; the list follows each key.
    Filter {
        /// What was typed.
        input: String,
        /// What the filter was before, for Esc.
        before: String,
    },
    /// A question before a command.
    Confirm(Confirm),
    /// The mode dialog.
    Mode(ModeDialog),
    /// Leaving while a run is under way.
    Quit,
    /// Suspending while a run is under way.
    Suspend,
}

/// A question before a command. The focus starts on "no".
#[derive(Clone, Debug, PartialEq)]
pub struct Confirm {
    /// What is asked.
    pub title: String,
    /// What it would mean.
    pub lines: Vec<String>,
    /// What is submitted on "yes".
    pub command: Command,
    /// Whether "yes" has the focus.
    pub yes: bool,
}

/// The dialog that arms LIVE. Its focus is on Cancel until the word stands there in full.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModeDialog {
    /// What would go out.
    pub preview: Loaded<LivePreview>,
    /// What was typed.
    pub typed: String,
}

/// The word that arms LIVE.
pub const LIVE_WORD: &str = "live";

impl ModeDialog {
    /// Whether the word stands there in full.
    pub fn is_confirmed(&self) -> bool {
        self.typed == LIVE_WORD
    }
}
