//! Lists every action: name, keys, where it works, what it can do, and a sentence of help.

use crossterm::event::KeyCode;

use super::action::{
    Action, CardAction, Ctx, DemoKey, Destination, LogAction, Motion, ProposalAction, TaskAction,
};
use super::key::{Key, ch, ctrl, key};
use crate::tui::model::Model;
use crate::tui::reasons as why;
use crate::tui::screen::Pane;
use crate::tui::stream::Window;

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

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct ActionSpec {
    /// Which action.
    pub action: Action,
    /// Its name, in the palette and in the settings.
    pub name: &'static str,
    /// Its keys unless the settings name others, the one to show first.
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

impl ActionSpec {
    /// Whether the palette lists it. Movements and the keys of the palette itself would only fill it.
    pub const fn is_typed(&self) -> bool {
        !matches!(
            self.action,
            Action::Move(_)
                | Action::Focus(_)
                | Action::NextPane
                | Action::PreviousPane
                | Action::Palette
                | Action::Interrupt
        )
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
    Action::Card(CardAction::RetryAll), "retry-all" [ch('R')] [Errors, Card] External why::has_cause, "retry all alike", "Retry every unit with the same cause (asks first)";
    Action::Acknowledge, "acknowledge" [ch('a')] [Errors, Card] Mutates why::has_cause, "acknowledge", "Say that you look after this cause; its next failure takes that back";
    Action::Card(CardAction::Skip), "skip" [ch('s')] [Card] Mutates why::on_card, "skip", "End this unit as not worth doing, with your reason";
    Action::Card(CardAction::Resolve), "resolve" [ch('u')] [Card] Mutates why::effect_unknown, "resolve", "Say by evidence whether an unknown effect happened";
    Action::Card(CardAction::Events), "unit-events" [ch('o')] [Card] Safe why::always, "events", "The events of this unit, back to its first";
    Action::Card(CardAction::Next), "next-error" [ch(']')] [Card] Safe why::always, "next", "Show the next error";
    Action::Card(CardAction::Previous), "previous-error" [ch('[')] [Card] Safe why::always, "", "Show the previous error";

    Action::Task(TaskAction::Done), "done" [ch('d')] [Tasks] Mutates why::on_open_task, "done", "Say that the task is done; where that is not enough, it asks how it went";
    Action::Task(TaskAction::Failed), "failed" [ch('f')] [Tasks] Mutates why::on_open_task, "failed", "Say that the task could not be done, and why";
    Action::Note, "note" [ch('n')] [Errors, Card, Tasks] Mutates why::can_note, "note", "Add a note to this cause, or to the task, which goes on waiting";

    Action::Proposal(ProposalAction::Approve), "approve" [ch('a')] [Proposals] Mutates why::on_proposal, "approve", "Say that the proposal is wanted; nothing changes before it is applied";
    Action::Proposal(ProposalAction::Reject), "reject" [ch('r')] [Proposals] Mutates why::on_proposal, "reject", "Say that the proposal is not wanted, and why";

    Action::Log(LogAction::Targets), "log-targets" [ch('t')] [Logs] Safe why::always, "targets", "List the log's targets, to choose what is shown of each";
    Action::Log(LogAction::Less), "log-less" [ch('[')] [Logs] Safe why::always, "less", "Show less of the selected target";
    Action::Log(LogAction::More), "log-more" [ch(']')] [Logs] Safe why::always, "more", "Show more of the selected target";
    Action::Log(LogAction::Alone), "log-alone" [ch('o')] [Logs] Safe why::always, "alone", "Show only the selected target, or all again";
    Action::PageEvents, "page-events" [ch('o')] [Page] Safe why::about_work, "events", "The events of the run or the unit that the page is about";
    Action::Records(1), "next-records" [ch(']')] [Records] Safe why::always, "next kind", "The records of the next kind: pitches, messages, meetings, clients, invoices, reports";
    Action::Records(7), "previous-records" [ch('[')] [Records] Safe why::always, "", "The records of the kind before";
    Action::Run, "run" [ch('r')] [Overview, Layer] External why::can_run, "run", "Run the selected layer in the viewed world";
    Action::RunAll, "run-all" [ch('R')] [Overview, Layer] External why::can_run, "run all", "Run all nine layers in the viewed world";
    Action::Go(Destination::Errors), "errors" [ch('e')] [Everywhere] Safe why::always, "errors", "What failed, is held or waits for a retry, by cause";
    Action::Open, "open" [key(KeyCode::Enter)] [Everywhere] Safe why::always, "details", "Open what is selected";
    Action::Cancel, "cancel" [ch('x')] [Everywhere] Mutates why::run_unfinished, "cancel", "Cancel the run (asks first)";
    Action::PauseRun, "pause" [ch('p')] [Everywhere] Mutates why::run_unfinished, "pause", "Pause the run, or resume it";
    Action::Advance, "advance" [ch('>')] [Everywhere] Mutates why::dry_viewed, "advance", "Move dry time forward by hand";
    Action::Mode, "mode" [ch('m')] [Everywhere] External why::always, "mode", "Arm or disarm LIVE (a dialog lists what would go out)";
    Action::View, "view" [ch('v')] [Everywhere] Safe why::always, "view", "View the other world; nothing is run by it";
    Action::Filter, "filter" [ch('/')] [Everywhere] Safe why::always, "filter", "Filter the list: words; events: L4 err unit:7 run:3 re:/50[34]/";
    Action::Follow, "follow" [ch('f')] [Everywhere] Safe why::always, "follow", "Follow the newest event, or stand still";
    Action::Window(Window::Tail), "tail" [ch('0')] [Events] Safe why::always, "", "Follow the newest events, of all times";
    Action::Window(Window::Head), "head" [ch('1')] [Events] Safe why::always, "", "The first events there are";
    Action::Window(Window::Minute), "last-1m" [ch('2')] [Events] Safe why::always, "", "Only events of the last minute";
    Action::Window(Window::Minutes5), "last-5m" [ch('3')] [Events] Safe why::always, "", "Only events of the last 5 minutes";
    Action::Window(Window::Minutes15), "last-15m" [ch('4')] [Events] Safe why::always, "", "Only events of the last 15 minutes";
    Action::Window(Window::Minutes30), "last-30m" [ch('5')] [Events] Safe why::always, "", "Only events of the last 30 minutes";
    Action::Window(Window::Hour), "last-1h" [ch('6')] [Events] Safe why::always, "", "Only events of the last hour";
    Action::Fold, "fold" [ch('+')] [Events, Overview] Safe why::always, "", "Show a row of repeats (x38 similar) one by one, or as one again";
    Action::Level, "level" [ch('l')] [Everywhere] Safe why::always, "", "All events, or only warnings and errors";
    Action::Go(Destination::Effects), "effects" [ch('E')] [Everywhere] Safe why::always, "", "What was done outside, and what is known of it";
    Action::Go(Destination::Tasks), "tasks" [ch('T')] [Everywhere] Safe why::always, "tasks", "What waits for a person, the overdue first";
    Action::Go(Destination::Proposals), "proposals" [ch('A')] [Everywhere] Safe why::always, "", "What the machine proposes, to approve or reject";
    Action::Go(Destination::Queue), "queue" [ch('Q')] [Everywhere] Safe why::always, "", "Units that wait for a time, the next one first";
    Action::Go(Destination::Runs), "runs" [ch('H')] [Everywhere] Safe why::always, "", "The history of runs";
    Action::Go(Destination::Records), "records" [ch('B')] [Everywhere] Safe why::always, "", "Browse prospects, pitches, messages, meetings, clients, invoices, reports";
    Action::Go(Destination::Changes), "changes" [ch('C')] [Everywhere] Safe why::always, "", "What has changed in the last 8 hours: commands, runs, failures by cause, warnings";
    Action::Go(Destination::Events), "events" [ch('V')] [Everywhere] Safe why::always, "", "Events on the full screen";
    Action::Go(Destination::Explain), "phi" [ch('P')] [Everywhere] Safe why::always, "", "The coherence figure down to the rows behind it";
    Action::Go(Destination::Why), "why" [ch('w')] [Phi] Safe why::always, "why", "Why the coherence changed in the last hour, in rehearsal the last day";
    Action::Go(Destination::Logs), "logs" [ch('L')] [Everywhere] Safe why::always, "", "The log: of the open unit or run, else of this process";
    Action::Go(Destination::System), "system" [ch('S')] [Everywhere] Safe why::always, "", "Database, queues and the screen itself";
    Action::NextPane, "next-pane" [key(KeyCode::Tab)] [Overview] Safe why::always, "pane", "Focus the next pane";
    Action::PreviousPane, "previous-pane" [key(KeyCode::BackTab), ch('h')] [Overview] Safe why::always, "", "Focus the previous pane";
    Action::Focus(Pane::Layers), "layers-pane" [ch('1')] [Overview] Safe why::always, "", "Focus the layers";
    Action::Focus(Pane::Containers), "containers-pane" [ch('2')] [Overview] Safe why::always, "", "Focus the containers";
    Action::Focus(Pane::Phi), "phi-pane" [ch('3')] [Overview] Safe why::always, "", "Focus the gauge";
    Action::Focus(Pane::Events), "events-pane" [ch('4')] [Overview] Safe why::always, "", "Focus the events";
    Action::Move(Motion::Down), "down" [ch('j'), key(KeyCode::Down)] [Everywhere] Safe why::always, "", "Next row";
    Action::Move(Motion::Up), "up" [ch('k'), key(KeyCode::Up)] [Everywhere] Safe why::always, "", "Previous row";
    Action::Move(Motion::Top), "top" [ch('g'), key(KeyCode::Home)] [Everywhere] Safe why::always, "", "First row";
    Action::Move(Motion::Bottom), "bottom" [ch('G'), key(KeyCode::End)] [Everywhere] Safe why::always, "", "Last row";
    Action::Move(Motion::HalfDown), "page-down" [ctrl('d'), key(KeyCode::PageDown)] [Everywhere] Safe why::always, "", "Half a page down";
    Action::Move(Motion::HalfUp), "page-up" [ctrl('u'), key(KeyCode::PageUp)] [Everywhere] Safe why::always, "", "Half a page up";
    Action::Save, "write" [ch('w')] [Card] Safe why::on_card, "", "Write the whole error as JSON to a file in the state directory";
    Action::Copy, "copy" [ch('y')] [Everywhere] Safe why::always, "", "Copy the item to your own clipboard (OSC 52)";
    Action::Freeze, "freeze" [ch(' ')] [Everywhere] Safe why::always, "", "Freeze the picture; the machine goes on";
    Action::Palette, "command" [ch(':')] [Everywhere] Safe why::always, "cmd", "Type a command by name";
    Action::Help, "help" [ch('?')] [Everywhere] Safe why::always, "help", "What every key does here";
    Action::Back, "back" [key(KeyCode::Esc), key(KeyCode::Backspace), ch('-')] [Everywhere] Safe why::always, "", "Back to the screen before";
    Action::Mouse, "mouse" [ch('M')] [Everywhere] Safe why::always, "", "Take the mouse, or give it back: a click selects, the wheel moves";
    Action::Repaint, "repaint" [ctrl('l')] [Everywhere] Safe why::always, "", "Draw the screen anew";
    Action::Suspend, "suspend" [ctrl('z')] [Everywhere] Safe why::always, "", "Give the terminal back to the shell";
    Action::Interrupt, "interrupt" [ctrl('c')] [Everywhere] Safe why::always, "", "Twice: quit";
    Action::Quit, "quit" [ch('q')] [Everywhere] Safe why::always, "quit", "Back, and from the overview quit";
}
