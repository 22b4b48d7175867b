//! Defines the one table of actions. Footer, `?`, the `:` palette and dispatch all read it.
//!
//! An action that is not in the table does not exist; one that is cannot lack a key or a name, a
//! label and a sentence of help. No action with danger `External` acts on its key alone: it opens a
//! dialog, and the dialog asks for more.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::model::Model;
use super::reasons as why;
use super::screen::Pane;

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
    /// Act on the selected task.
    Task(TaskAction),
    /// Decide on the selected proposal.
    Proposal(ProposalAction),
    /// Open a screen that stands behind no row.
    Go(Destination),
    /// Open the mode dialog.
    Mode,
    /// View the other world.
    View,
    /// Follow the newest event, or stop.
    Follow,
    /// Show only warnings and errors, or all.
    Level,
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
    /// Show the next card.
    Next,
    /// Show the previous card.
    Previous,
}

/// What can be done with a task that waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskAction {
    /// Say that it is done.
    Done,
    /// Say that it could not be done.
    Failed,
    /// Add a note.
    Note,
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
    /// Events in full.
    Events,
    /// Φ_sync explained.
    Explain,
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
    /// The error card.
    Card,
    /// The tasks of people: the list and one of them.
    Tasks,
    /// The proposals that wait for people.
    Proposals,
    /// Every screen.
    Everywhere,
}

/// What an action can do to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Danger {
    /// Only what is shown changes.
    Safe,
    /// Rows change.
    Mutates,
    /// In LIVE something can leave the machine, so a dialog stands before it.
    External,
}

/// A key as it is written in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    ctrl: bool,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct ActionSpec {
    /// Which action.
    pub action: Action,
    /// Its name in the palette; empty for mere movements.
    pub name: &'static str,
    /// Its keys, the one to show first.
    pub keys: &'static [Key],
    /// Where it works.
    pub ctx: &'static [Ctx],
    /// Two words for the footer; empty to stay out of it.
    pub label: &'static str,
    /// One sentence for `?`.
    pub help: &'static str,
    /// What it can do.
    pub danger: Danger,
    /// Why it cannot be done now, if so.
    pub enabled: fn(&Model) -> Result<(), why::Reason>,
}

const fn ch(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: false }
}

const fn ctrl(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: true }
}

const fn key(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

impl Key {
    /// Whether `event` is this key. Shift is part of the character, so it is not compared.
    fn matches(self, event: &KeyEvent) -> bool {
        event.code == self.code
            && event.modifiers.contains(KeyModifiers::CONTROL) == self.ctrl
            && !event.modifiers.contains(KeyModifiers::ALT)
    }

    /// Returns the key's name for a reader.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the library names the other keys")]
    pub fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            code => format!("{code}"),
        };
        if self.ctrl { format!("Ctrl-{name}") } else { name }
    }
}

macro_rules! actions {
    ($($action:expr, $name:literal [$($key:expr),*] [$($ctx:ident),*] $danger:ident $enabled:path,
        $label:literal, $help:literal;)*) => {
        /// All actions, in the order in which help and footer list them.
        pub const ACTIONS: &[ActionSpec] = &[$(ActionSpec {
            action: $action,
            name: $name,
            keys: &[$($key),*],
            ctx: &[$(Ctx::$ctx),*],
            label: $label,
            help: $help,
            danger: Danger::$danger,
            enabled: $enabled,
        }),*];
    };
}

actions! {
    Action::Demo(DemoKey::Pause), "demo-pause" [ch(' ')] [Demo] Mutates why::always, "pause", "Pause the demo before its next jump in time, or go on";
    Action::Demo(DemoKey::Step), "demo-step" [ch('n')] [Demo] Mutates why::always, "step", "Let the demo make one jump and stop again";
    Action::Demo(DemoKey::Faster), "demo-faster" [ch('+')] [Demo] Mutates why::always, "faster", "Double the pace of the demo";
    Action::Demo(DemoKey::Skip), "demo-skip" [ch('s')] [Demo] Mutates why::always, "skip", "Go through the rest of the demo without waiting";
    Action::Demo(DemoKey::Fault), "demo-fault" [ch('i')] [Demo] Mutates why::always, "inject fault", "Make the next simulated call fail, and watch it be retried";

    Action::Card(CardAction::Retry), "retry" [ch('r')] [Card] External why::on_card, "retry", "Make this unit ready at once; its effect keeps its key, so nothing is sent twice";
    Action::Card(CardAction::RetryAll), "retry-all" [ch('R')] [Card] External why::has_fingerprint, "retry all alike", "Retry every unit with the same cause";
    Action::Card(CardAction::Skip), "skip" [ch('s')] [Card] Mutates why::on_card, "skip", "End this unit as not worth doing, with your reason";
    Action::Card(CardAction::Resolve), "resolve" [ch('o')] [Card] Mutates why::effect_unknown, "resolve", "Say by evidence whether an unknown effect happened";
    Action::Card(CardAction::Next), "next-error" [ch(']'), ch('n')] [Card] Safe why::on_card, "next", "Show the next error";
    Action::Card(CardAction::Previous), "previous-error" [ch('['), ch('N')] [Card] Safe why::on_card, "", "Show the previous error";

    Action::Task(TaskAction::Done), "done" [ch('d')] [Tasks] Mutates why::on_open_task, "done", "Say that the task is done; where that is not enough, it asks how it went";
    Action::Task(TaskAction::Failed), "failed" [ch('f')] [Tasks] Mutates why::on_open_task, "failed", "Say that the task could not be done, and why";
    Action::Task(TaskAction::Note), "note" [ch('n')] [Tasks] Mutates why::on_open_task, "note", "Add a note to the task, which goes on waiting";

    Action::Proposal(ProposalAction::Approve), "approve" [ch('a')] [Proposals] Mutates why::on_proposal, "approve", "Say that the proposal is wanted; nothing changes before it is applied";
    Action::Proposal(ProposalAction::Reject), "reject" [ch('r')] [Proposals] Mutates why::on_proposal, "reject", "Say that the proposal is not wanted, and why";

    Action::Run, "run" [ch('r')] [Overview, Layer] External why::can_run, "run", "Run the selected layer in the viewed world";
    Action::RunAll, "run-all" [ch('R')] [Overview, Layer] External why::can_run, "run all", "Run all nine layers in the viewed world";
    Action::Go(Destination::Errors), "errors" [ch('e')] [Everywhere] Safe why::always, "errors", "What failed, is held or waits for a retry, by cause";
    Action::Open, "" [key(KeyCode::Enter)] [Everywhere] Safe why::always, "details", "Open what is selected";
    Action::Cancel, "cancel" [ch('x')] [Everywhere] Mutates why::run_unfinished, "cancel", "Cancel the run (asks first)";
    Action::PauseRun, "pause" [ch('p')] [Everywhere] Mutates why::run_unfinished, "pause", "Pause the run, or resume it";
    Action::Advance, "advance" [ch('>')] [Everywhere] Mutates why::dry_viewed, "advance", "Move dry time forward by hand";
    Action::Mode, "mode" [ch('m')] [Everywhere] External why::always, "mode", "Arm or disarm LIVE (a dialog lists what would go out)";
    Action::View, "view" [ch('v')] [Everywhere] Safe why::always, "view", "View the other world; nothing is run by it";
    Action::Filter, "filter" [ch('/')] [Everywhere] Safe why::always, "filter", "Filter the list: words, L4, err, warn";
    Action::Follow, "follow" [ch('f')] [Everywhere] Safe why::always, "follow", "Follow the newest event, or stand still";
    Action::Level, "level" [ch('l')] [Everywhere] Safe why::always, "", "All events, or only warnings and errors";
    Action::Go(Destination::Effects), "effects" [ch('E')] [Everywhere] Safe why::always, "", "What was done outside, and what is known of it";
    Action::Go(Destination::Tasks), "tasks" [ch('T')] [Everywhere] Safe why::always, "tasks", "What waits for a person, the overdue first";
    Action::Go(Destination::Proposals), "proposals" [ch('A')] [Everywhere] Safe why::always, "", "What the machine proposes, to approve or reject";
    Action::Go(Destination::Queue), "queue" [ch('Q')] [Everywhere] Safe why::always, "", "Units that wait for a time, the next one first";
    Action::Go(Destination::Runs), "runs" [ch('H')] [Everywhere] Safe why::always, "", "The history of runs";
    Action::Go(Destination::Events), "events" [ch('V')] [Everywhere] Safe why::always, "", "Events on the full screen";
    Action::Go(Destination::Explain), "phi" [ch('P')] [Everywhere] Safe why::always, "", "The coherence figure down to the rows behind it";
    Action::Go(Destination::Logs), "logs" [ch('L')] [Everywhere] Safe why::always, "", "The log of this process";
    Action::Go(Destination::System), "system" [ch('S')] [Everywhere] Safe why::always, "", "Database, queues and the screen itself";
    Action::NextPane, "" [key(KeyCode::Tab)] [Overview] Safe why::always, "pane", "Focus the next pane";
    Action::PreviousPane, "" [key(KeyCode::BackTab), ch('h')] [Overview] Safe why::always, "", "Focus the previous pane";
    Action::Focus(Pane::Layers), "" [ch('1')] [Overview] Safe why::always, "", "Focus the layers";
    Action::Focus(Pane::Containers), "" [ch('2')] [Overview] Safe why::always, "", "Focus the containers";
    Action::Focus(Pane::Phi), "" [ch('3')] [Overview] Safe why::always, "", "Focus the gauge";
    Action::Focus(Pane::Events), "" [ch('4')] [Overview] Safe why::always, "", "Focus the events";
    Action::Move(Motion::Down), "" [ch('j'), key(KeyCode::Down)] [Everywhere] Safe why::always, "", "Next row";
    Action::Move(Motion::Up), "" [ch('k'), key(KeyCode::Up)] [Everywhere] Safe why::always, "", "Previous row";
    Action::Move(Motion::Top), "" [ch('g'), key(KeyCode::Home)] [Everywhere] Safe why::always, "", "First row";
    Action::Move(Motion::Bottom), "" [ch('G'), key(KeyCode::End)] [Everywhere] Safe why::always, "", "Last row";
    Action::Move(Motion::HalfDown), "" [ctrl('d'), key(KeyCode::PageDown)] [Everywhere] Safe why::always, "", "Half a page down";
    Action::Move(Motion::HalfUp), "" [ctrl('u'), key(KeyCode::PageUp)] [Everywhere] Safe why::always, "", "Half a page up";
    Action::Copy, "copy" [ch('y')] [Everywhere] Safe why::always, "", "Copy the item to your own clipboard (OSC 52)";
    Action::Freeze, "freeze" [ch(' ')] [Everywhere] Safe why::always, "", "Freeze the picture; the machine goes on";
    Action::Palette, "" [ch(':')] [Everywhere] Safe why::always, "cmd", "Type a command by name";
    Action::Help, "help" [ch('?')] [Everywhere] Safe why::always, "help", "What every key does here";
    Action::Back, "back" [key(KeyCode::Esc), key(KeyCode::Backspace), ch('-')] [Everywhere] Safe why::always, "", "Back to the screen before";
    Action::Repaint, "repaint" [ctrl('l')] [Everywhere] Safe why::always, "", "Draw the screen anew";
    Action::Suspend, "suspend" [ctrl('z')] [Everywhere] Safe why::always, "", "Give the terminal back to the shell";
    Action::Interrupt, "" [ctrl('c')] [Everywhere] Safe why::always, "", "Twice: quit";
    Action::Quit, "quit" [ch('q')] [Everywhere] Safe why::always, "quit", "Back, and from the overview quit";
}

/// Returns the row of an action.
pub fn spec(action: Action) -> Option<&'static ActionSpec> {
    ACTIONS.iter().find(|spec| spec.action == action)
}

/// Returns what `event` means where `contexts` hold, the most special first.
pub fn find(contexts: &[Ctx], event: &KeyEvent) -> Option<&'static ActionSpec> {
    contexts.iter().find_map(|ctx| {
        ACTIONS
            .iter()
            .find(|spec| spec.ctx.contains(ctx) && spec.keys.iter().any(|key| key.matches(event)))
    })
}

/// Returns the actions whose first key works where `contexts` hold: what footer and help show.
pub fn reachable(contexts: &[Ctx]) -> impl Iterator<Item = &'static ActionSpec> {
    ACTIONS.iter().filter(move |spec| {
        spec.keys.first().is_some_and(|first| {
            let event = KeyEvent::new(
                first.code,
                if first.ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE },
            );
            find(contexts, &event).is_some_and(|found| found.action == spec.action)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_actions_share_a_key_in_one_context() {
        let mut taken = HashSet::new();
        for spec in ACTIONS {
            for ctx in spec.ctx {
                for key in spec.keys {
                    assert!(taken.insert((*ctx, *key)), "{:?} in {ctx:?}", spec.action);
                }
            }
        }
    }

    #[test]
    fn every_action_can_be_reached_and_says_what_it_does() {
        let mut names = HashSet::new();
        for spec in ACTIONS {
            assert!(!spec.keys.is_empty(), "{:?} has no key", spec.action);
            assert!(spec.help.len() > 5, "{:?} has no help", spec.action);
            assert!(!spec.ctx.is_empty(), "{:?} works nowhere", spec.action);
            assert!(spec.name.is_empty() || names.insert(spec.name), "{} twice", spec.name);
        }
    }

    #[test]
    fn every_named_action_stands_in_the_readme() {
        let readme = include_str!("../../README.md");
        for spec in ACTIONS.iter().filter(|spec| !spec.name.is_empty()) {
            let key = spec.keys.first().map_or_else(String::new, |key| Key::name(*key));
            assert!(readme.contains(&format!("`{key}`")), "{key} ({})", spec.name);
        }
    }

    #[test]
    fn keys_that_old_terminals_or_slow_links_mangle_are_not_used() {
        for key in ACTIONS.iter().flat_map(|spec| spec.keys) {
            assert!(!matches!(key.code, KeyCode::F(_)), "function keys are eaten by multiplexers");
            assert!(*key != ctrl('s') && *key != ctrl('q'), "flow control");
        }
    }
}
