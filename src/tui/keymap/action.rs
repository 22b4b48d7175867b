//! Defines what a key can mean, and where.

use crate::tui::screen::Pane;
use crate::tui::stream::Window;

/// What a key can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Go somewhere in the focused list.
    Move(Motion),
    /// Open what is selected.
    Open,
    /// Go back one screen.
    Back,
    /// Focus the next pane.
    NextPane,
    /// Focus the previous pane.
    PreviousPane,
    /// Focus a pane.
    Focus(Pane),
    /// Run the selected layer.
    Run,
    /// Run the whole pipeline.
    RunAll,
    /// Cancel the run.
    Cancel,
    /// Pause or resume the run.
    PauseRun,
    /// Move dry time forward.
    Advance,
    /// Act on the open error card.
    Card(CardAction),
    /// Say that one looks after the selected cause.
    Acknowledge,
    /// Add a note to the selected task or cause.
    Note,
    /// Write the item to a file.
    Save,
    /// Act on the selected task.
    Task(TaskAction),
    /// Decide on the selected proposal.
    Proposal(ProposalAction),
    /// Open a screen that stands behind no row.
    Go(Destination),
    /// Choose what the log shows.
    Log(LogAction),
    /// Open the events of what a page is about.
    PageEvents,
    /// Show the records of the kind so many steps further.
    Records(usize),
    /// Open the mode dialog.
    Mode,
    /// View the other world.
    View,
    /// Follow the newest event, or stop.
    Follow,
    /// Show only warnings and errors, or all.
    Level,
    /// Show the events of another stretch of time.
    Window(Window),
    /// Open a fold of alike events, or close it.
    Fold,
    /// Filter what is listed.
    Filter,
    /// Open the palette.
    Palette,
    /// Open the help.
    Help,
    /// Copy the item.
    Copy,
    /// Freeze the picture.
    Freeze,
    /// Take the mouse, or give it back.
    Mouse,
    /// Draw everything anew.
    Repaint,
    /// Suspend the program.
    Suspend,
    /// Interrupt.
    Interrupt,
    /// Back, then quit.
    Quit,
    /// Steer the demo.
    Demo(DemoKey),
}

/// Where to go in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Motion {
    /// The next row.
    Down,
    /// The previous row.
    Up,
    /// The first row.
    Top,
    /// The last row.
    Bottom,
    /// Half a page down.
    HalfDown,
    /// Half a page up.
    HalfUp,
}

/// What can be done on an error card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardAction {
    /// Retry the unit.
    Retry,
    /// Retry all units of its cause.
    RetryAll,
    /// Skip the unit.
    Skip,
    /// Say what became of an unknown effect.
    Resolve,
    /// Show its events.
    Events,
    /// Show the next card.
    Next,
    /// Show the previous card.
    Previous,
}

/// What can be chosen of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogAction {
    /// List the targets, or not.
    Targets,
    /// Show less of the selected target.
    Less,
    /// Show more of it.
    More,
    /// Show only it, or all again.
    Alone,
}

/// What can be done with a task that waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskAction {
    /// Say that it is done.
    Done,
    /// Say that it could not be done.
    Failed,
}

/// What can be done with a proposal that waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProposalAction {
    /// Want it.
    Approve,
    /// Not want it.
    Reject,
}

/// Screens that stand behind no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Errors by cause.
    Errors,
    /// What was done outside.
    Effects,
    /// Work that waits for people.
    Tasks,
    /// What the machine proposes to people.
    Proposals,
    /// Units that wait for a time.
    Queue,
    /// The history of runs.
    Runs,
    /// Business records.
    Records,
    /// What has changed since the last shift.
    Changes,
    /// Events in full.
    Events,
    /// Φ_sync explained.
    Explain,
    /// Why Φ_sync changed lately.
    Why,
    /// The log.
    Logs,
    /// The machine itself.
    System,
}

/// The keys of the demo strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DemoKey {
    /// Pause, or go on.
    Pause,
    /// One jump.
    Step,
    /// Double the pace.
    Faster,
    /// The rest without waiting.
    Skip,
    /// Make a call fail.
    Fault,
}

/// Where a key means something. Looked up from the most special to `Everywhere`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ctx {
    /// While a demo is told, above every screen but the dialogs.
    Demo,
    /// The overview.
    Overview,
    /// One layer.
    Layer,
    /// Any other list or page.
    List,
    /// The events on the full screen.
    Events,
    /// The coherence figure explained.
    Phi,
    /// The errors by cause.
    Errors,
    /// Lists of business records.
    Records,
    /// The log.
    Logs,
    /// A page behind a row.
    Page,
    /// The error card.
    Card,
    /// The tasks of people: the list and one of them.
    Tasks,
    /// The proposals that wait for people.
    Proposals,
    /// Every screen.
    Everywhere,
}

impl Ctx {
    /// Where that is, in a sentence.
    pub(super) const fn place(self) -> &'static str {
        match self {
            Self::Demo => "while a demo is told",
            Self::Overview => "on the overview",
            Self::Layer => "on a layer",
            Self::List => "in lists",
            Self::Events => "among events",
            Self::Phi => "where the coherence is explained",
            Self::Errors => "among errors",
            Self::Records => "among records",
            Self::Logs => "in the log",
            Self::Page => "on a page",
            Self::Card => "on an error",
            Self::Tasks => "among tasks",
            Self::Proposals => "among proposals",
            Self::Everywhere => "on every screen",
        }
    }
}
