//! What each action does. Nothing here acts on the outside world: the most that happens is a
//! request to the machine, and in LIVE a dialog stands before that.

use super::super::event::Request;
use super::super::keymap::{Action, ActionSpec, CardAction, DemoKey, Destination};
use super::super::listing::{Listing, Loaded};
use super::super::model::Model;
use super::super::page::{Page, Reading};
use super::super::screen::{
    Card, Confirm, HelpPage, ModeDialog, Overlay, Pane, Screen, Straight, SystemPage,
};
use super::{causes, mouse, movement, pages, palette, proposals, stream, tasks};
use crate::app::command::{Command, DemoControl, RunRequest};
use crate::app::query::RecordKind;
use crate::domain::event::Level;
use crate::domain::layer::{Container, Layer};
use crate::domain::lifecycle::run::RunState;
use crate::domain::mode::Mode;
use crate::domain::time::{DAY_MS, HOUR_MS, Moment};

/// Performs the action, or says why it cannot be.
pub(super) fn perform_unless_disabled(
    model: &mut Model,
    spec: &ActionSpec,
    was_interrupted: bool,
) -> Vec<Request> {
    if let Err(reason) = (spec.enabled)(model) {
        model.hint(reason, true);
        return Vec::new();
    }
    if spec.action == Action::Interrupt {
        return interrupt(model, was_interrupted);
    }
    perform(model, spec.action)
}

/// Performs an action that nothing stands in the way of.
fn perform(model: &mut Model, action: Action) -> Vec<Request> {
    match action {
        Action::Move(motion) => movement::travel(model, motion),
        Action::NextPane => movement::focus(model, |pane| pane.step(1)),
        Action::PreviousPane => movement::focus(model, |pane| pane.step(Pane::ALL.len() - 1)),
        Action::Focus(pane) => movement::focus(model, |_| pane),
        Action::Follow => stream::follow(model),
        Action::Window(window) => stream::window(model, window),
        Action::Fold => stream::fold(model),
        Action::Log(action) => pages::on_logs(model, action),
        Action::PageEvents => pages::open_events(model),
        Action::Records(by) => pages::step_records(model, by),
        Action::Level => {
            let filter = &mut model.events.filter;
            filter.level = filter.level.is_none().then_some(Level::Warn);
            model.events.changed();
        }
        Action::Freeze => model.toggle_frozen(),
        Action::Back => back(model),
        Action::Open => open_selected(model),
        Action::Go(destination) => go(model, destination),
        Action::Mode => model.overlay = Some(Overlay::Mode(ModeDialog::default())),
        Action::Help => {
            model.page_end = None;
            model.overlay = Some(Overlay::Help(HelpPage::default()));
        }
        Action::Filter => filter(model),
        Action::Palette => palette::prefilled(model, ""),
        Action::Advance => palette::prefilled(model, "advance 1d"),
        Action::Run => return run_selected(model),
        Action::RunAll => return start(model, Layer::ALL.to_vec()),
        Action::Cancel => ask_to_cancel(model),
        Action::PauseRun => return pause_or_resume(model),
        Action::Card(action) => return on_card(model, action),
        Action::Task(action) => return tasks::pressed(model, action),
        Action::Proposal(action) => return proposals::pressed(model, action),
        Action::Acknowledge => return causes::acknowledge(model, ""),
        Action::Note => palette::prefilled(model, "note "),
        Action::Save => return causes::save(model),
        Action::View => return view(model),
        Action::Copy => return copy(model),
        Action::Mouse => return mouse::toggle(model),
        Action::Repaint => return vec![Request::Repaint],
        Action::Suspend => return suspend(model),
        Action::Interrupt => return interrupt(model, false),
        Action::Quit => return quit(model),
        Action::Demo(key) => return demo(model, key),
    }
    Vec::new()
}

/// The other world.
const fn other(mode: Mode) -> Mode {
    match mode {
        Mode::Dry => Mode::Live,
        Mode::Live => Mode::Dry,
    }
}

/// Asks for the other world. A frozen picture would hide the answer, so it is let go.
fn view(model: &mut Model) -> Vec<Request> {
    if model.is_frozen() {
        model.toggle_frozen();
    }
    let mode = other(model.awaited().unwrap_or_else(|| model.viewed()));
    model.await_world(mode);
    vec![Request::Submit(Command::View { mode })]
}

/// Goes back one screen; on the overview it lets go of the event one stands on.
fn back(model: &mut Model) {
    if !model.pop() {
        model.events.follow();
    }
}

/// Goes back; from the overview it leaves, and asks first when that would stop a run.
fn quit(model: &mut Model) -> Vec<Request> {
    if model.pop() {
        return Vec::new();
    }
    let ours = model.latest().run.as_ref().is_some_and(|run| run.is_active() && run.is_ours);
    if ours {
        model.overlay = Some(Overlay::Quit);
        return Vec::new();
    }
    vec![Request::Quit]
}

fn interrupt(model: &mut Model, again: bool) -> Vec<Request> {
    if again {
        return vec![Request::Quit];
    }
    model.presence.interrupted = true;
    model.hint("{interrupt} again quits; {cancel} cancels the run", false);
    Vec::new()
}

/// A stopped process would keep its leases and write nothing, so running work is asked about, and the
/// machine comes to rest first even when the picture shows none: a run may have begun since.
fn suspend(model: &mut Model) -> Vec<Request> {
    let ours = model.latest().run.as_ref().is_some_and(|run| run.is_active() && run.is_ours);
    if ours || model.latest().live.armed {
        model.overlay = Some(Overlay::Suspend);
        return Vec::new();
    }
    vec![Request::Rest]
}

/// How far back a shift is told: eight hours.
const SHIFT_MS: i64 = 8 * HOUR_MS;

/// Tells what has changed since a moment; another moment takes the place of the one before.
pub(super) fn tell_changes(model: &mut Model, since: Moment) {
    if matches!(model.screen(), Screen::Changes { .. }) {
        model.pop();
    }
    model.push(Screen::Changes { since, rows: Listing::default() });
}

/// The start of the last hour; a rehearsal passes a day in seconds, so there it is the last day.
pub(super) fn lately(model: &Model) -> Moment {
    match model.viewed() {
        Mode::Live => model.now.plus_ms(-HOUR_MS),
        Mode::Dry => model.snapshot().dry_clock.now.plus_ms(-DAY_MS),
    }
}

/// Opens one of the screens that are not behind a row.
fn go(model: &mut Model, destination: Destination) {
    let screen = match destination {
        Destination::Errors => {
            let layer = layer_for_errors(model);
            Screen::Errors { layer, groups: Listing::default(), straight: Straight::Sole }
        }
        Destination::Effects => Screen::Page(Page::effects()),
        Destination::Records => Screen::Page(Page::records(RecordKind::Prospects)),
        Destination::Tasks => Screen::Tasks(Listing::default()),
        Destination::Proposals => Screen::Proposals(Listing::default()),
        Destination::Queue => Screen::Queue(Listing::default()),
        Destination::Runs => Screen::Runs(Listing::default()),
        Destination::Changes => return tell_changes(model, model.now.plus_ms(-SHIFT_MS)),
        Destination::Events => Screen::Events,
        Destination::Why => return palette::tell_why(model, lately(model), None),
        Destination::Explain => Screen::Explain { scroll: 0, tree: Loaded::default() },
        Destination::Logs => return pages::open_logs(model),
        Destination::System => Screen::System(SystemPage::default()),
    };
    model.push(screen);
}

/// Errors are filtered to the layer under the cursor, but only if that layer has any: `e` with
/// nothing behind it would hide the failures of the other eight.
fn layer_for_errors(model: &Model) -> Option<Layer> {
    // Of the awaited world nothing is known yet; on the errors of one layer the key shows all.
    if model.awaited().is_some() || matches!(model.screen(), Screen::Errors { .. }) {
        return None;
    }
    let layer = model.selected_layer()?;
    let row = model.snapshot().layers.iter().find(|row| row.layer == layer)?;
    let units = row.units;
    (units.dead + units.held + units.retry_wait > 0).then_some(layer)
}

fn open_selected(model: &mut Model) {
    if let Screen::Errors { groups, straight, .. } = model.screen_mut()
        && groups.rows.value.is_none()
    {
        *straight = Straight::First;
        model.say("the first cause opens as soon as it is read", false);
        return;
    }
    let next = match model.screen() {
        Screen::Overview { pane: Pane::Layers, layer, .. } => model
            .snapshot()
            .layers
            .get(*layer)
            .map(|row| Screen::Layer { layer: row.layer, units: Listing::default() }),
        Screen::Overview { pane: Pane::Containers, container, .. } => {
            let container = Container::ALL.get(*container).copied();
            container.map(|container| {
                Screen::Page(Page::Container { container, reading: Reading::default() })
            })
        }
        Screen::Overview { pane: Pane::Phi, .. } => {
            Some(Screen::Explain { scroll: 0, tree: Loaded::default() })
        }
        Screen::Overview { pane: Pane::Events, .. } | Screen::Events => {
            match stream::behind(model) {
                Ok(screen) => Some(screen),
                Err(why) => return model.say(why, true),
            }
        }
        Screen::Layer { units, .. } | Screen::Queue(units) => {
            let ids: Vec<_> = units.shown().iter().map(|row| row.id).collect();
            let index = units.cursor.min(ids.len().saturating_sub(1));
            (!ids.is_empty()).then(|| Screen::Card(Card::new(ids, index)))
        }
        Screen::Errors { groups, .. } => groups
            .selected()
            .filter(|group| !group.units.is_empty())
            .map(|group| Screen::Card(Card::new(group.units.clone(), 0))),
        Screen::Page(page) => pages::behind(page),
        Screen::Tasks(list) => list.selected().map(tasks::page),
        Screen::Runs(runs) => runs.selected().map(|run| Screen::Page(Page::run(run.id))),
        Screen::Proposals(list) => list.selected().map(|one| {
            let (kind, key) = (RecordKind::Proposals, one.id.to_string());
            Screen::Page(Page::Record { kind, key, reading: Reading::default() })
        }),
        Screen::Card(_)
        | Screen::Task(_)
        | Screen::Explain { .. }
        | Screen::Why(_)
        | Screen::Changes { .. }
        | Screen::System(_) => None,
    };
    match next {
        Some(screen) => model.push(screen),
        None => model.say("nothing to open here", true),
    }
}

fn run_selected(model: &mut Model) -> Vec<Request> {
    if let Some(layer) = model.selected_layer() {
        return start(model, vec![layer]);
    }
    model.hint("select a layer first: {layers-pane}", true);
    Vec::new()
}

fn pause_or_resume(model: &Model) -> Vec<Request> {
    let command = model.latest().run.as_ref().map(|run| {
        let stands = matches!(run.state, RunState::Paused | RunState::Interrupted);
        if stands { Command::Resume { run: run.id } } else { Command::Pause { run: run.id } }
    });
    command.map(Request::Submit).into_iter().collect()
}

/// Starts a run in the viewed world: a rehearsal at once, a real one after a question.
pub(super) fn start(model: &mut Model, layers: Vec<Layer>) -> Vec<Request> {
    let mode = model.viewed();
    let names = match layers.as_slice() {
        [layer] => format!("L{} {}", layer.number(), layer.name()),
        _ => "all nine layers".to_owned(),
    };
    let command = Command::Run(RunRequest { mode, layers, input: None, limit: None });
    if mode == Mode::Dry {
        return vec![Request::Submit(command)];
    }
    let lines = vec![
        format!("Effects leave this machine through {}.", model.latest().live.through),
        "What is sent cannot be taken back.".to_owned(),
    ];
    confirm(model, format!("Run {names} LIVE?"), lines, command);
    Vec::new()
}

fn ask_to_cancel(model: &mut Model) {
    let Some(run) = model.latest().run.clone() else {
        return;
    };
    let lines = vec![
        "What is in flight is finished first.".to_owned(),
        "Its unfinished units end as cancelled, which cannot be undone.".to_owned(),
    ];
    let title = format!("Cancel run #{} ({}, {})?", run.id, run.scope(), run.mode);
    confirm(model, title, lines, Command::Cancel { run: run.id });
}

/// Puts a question before a command.
pub(super) fn confirm(model: &mut Model, title: String, lines: Vec<String>, command: Command) {
    model.overlay = Some(Overlay::Confirm(Confirm { title, lines, command, yes: false }));
}

fn on_card(model: &mut Model, action: CardAction) -> Vec<Request> {
    match action {
        CardAction::Events => stream::of_unit(model),
        CardAction::Next => movement::step_card(model, 1),
        CardAction::Previous => movement::step_card(model, -1),
        CardAction::Skip => palette::prefilled(model, "skip "),
        CardAction::Resolve => palette::prefilled(model, "resolve happened "),
        CardAction::Retry => return retry(model),
        CardAction::RetryAll => causes::retry_alike(model),
    }
    Vec::new()
}

/// Retries the open unit: a rehearsed one at once, a live one after a question.
fn retry(model: &mut Model) -> Vec<Request> {
    let Some((unit, mode)) = model.card().map(|detail| (detail.unit.id, detail.unit.mode)) else {
        return Vec::new();
    };
    if mode == Mode::Dry {
        return vec![Request::Submit(Command::Retry { unit })];
    }
    let lines = vec![
        causes::who_sends(model),
        "Its effect keeps its key, so nothing is sent twice.".to_owned(),
    ];
    confirm(model, format!("Retry unit {unit} LIVE?"), lines, Command::Retry { unit });
    Vec::new()
}

fn filter(model: &mut Model) {
    let before = match model.screen_mut().filter_mut() {
        Some(text) => text.clone(),
        None => model.events.filter.text().to_owned(),
    };
    model.overlay = Some(Overlay::Filter { input: before.clone(), before });
}

fn copy(model: &mut Model) -> Vec<Request> {
    let text = super::super::copy::item(model);
    if text.is_none() {
        model.say("nothing to copy here", true);
    }
    text.map(Request::Copy).into_iter().collect()
}

fn demo(model: &Model, key: DemoKey) -> Vec<Request> {
    let paused = model.snapshot().demo.as_ref().is_some_and(|demo| demo.paused);
    let control = match key {
        DemoKey::Pause if paused => DemoControl::Resume,
        DemoKey::Pause => DemoControl::Pause,
        DemoKey::Step => DemoControl::Step,
        DemoKey::Faster => DemoControl::Faster,
        DemoKey::Skip => DemoControl::Skip,
        DemoKey::Fault => DemoControl::InjectFault,
    };
    vec![Request::Submit(Command::Demo { control })]
}
