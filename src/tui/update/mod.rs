//! The one place where the screen's state changes: `(Model, Event) -> Vec<Request>`, pure.
//!
//! Keys become actions through the table in `keymap`, actions become requests here, and nothing is
//! sent, drawn or timed. So every walk through the screen can be tested as a list of events, and
//! the promise that only the typed word arms LIVE is a property of this function alone.

mod actions;
mod answers;
mod causes;
mod mouse;
mod movement;
mod overlay;
mod pages;
mod palette;
mod proposals;
mod stream;
mod tasks;
#[cfg(test)]
pub(crate) mod tests;

pub use palette::{Typed, completions, with_arguments};

use crossterm::event::{KeyEvent, KeyEventKind};

use super::event::{Event, Request};
use super::format;
use super::keymap::Keymap;
use super::model::Model;
use crate::app::command::Command;
use crate::app::snapshot::RunView;
use crate::domain::time::{MINUTE_MS, Moment};

/// After how long without a key an armed LIVE is disarmed. Somebody who left the desk cannot see
/// what goes out, and half an hour is longer than reading any screen takes.
pub const LIVE_IDLE_MS: i64 = 30 * MINUTE_MS;

/// Changes the model by one event and returns what has to be done outside.
pub fn update(model: &mut Model, event: Event) -> Vec<Request> {
    let world = model.viewed();
    let mut requests = changed(model, event);
    if model.awaited() == Some(model.viewed()) {
        model.awaits_no_world();
    }
    if model.viewed() != world {
        model.leave_world();
        requests.extend(answers::refresh(model));
    }
    // The table has no such action any more; this holds whatever way a command may take.
    if model.keys.is_read_only() {
        requests.retain(|request| !matches!(request, Request::Submit(it) if !it.only_looks()));
    }
    requests
}

fn changed(model: &mut Model, event: Event) -> Vec<Request> {
    match event {
        Event::Key(key) => pressed(model, key),
        Event::Resized { width, height } => {
            model.size = (width, height);
            vec![Request::Repaint]
        }
        Event::Snapshot(snapshot) => {
            let at = snapshot.wall_at;
            model.take(snapshot);
            let mut requests = tick(model, at.max(model.now));
            requests.extend(answers::refresh(model));
            requests
        }
        Event::Tick(now) => {
            let mut requests = tick(model, now);
            requests.extend(answers::refresh(model));
            requests
        }
        Event::Answered(ticket, answer) => answers::answered(model, ticket, answer),
        Event::Submitted(command, result) => answers::submitted(model, &command, result),
        Event::Pasted(text) => {
            model.presence.last_key_at = model.now;
            mouse::pasted(model, &text);
            answers::refresh(model)
        }
        Event::Pointer(pointer) => {
            model.presence.last_key_at = model.now;
            mouse::moved(model, pointer);
            Vec::new()
        }
        Event::Copied { chars, through_tmux, file } => {
            let way = if through_tmux { "OSC 52 through tmux" } else { "OSC 52" };
            let also = match file {
                Ok(path) => format!("should it refuse, the text is in {}", path.display()),
                Err(why) => format!("no file was written: {why}"),
            };
            model.say(format!("{chars} characters sent to your terminal ({way}); {also}"), false);
            Vec::new()
        }
        Event::Rested => vec![Request::Suspend],
        Event::Continued(since) => {
            model.presence.last_key_at = model.now;
            continued(model, since);
            Vec::new()
        }
        Event::Saved(result) => {
            match result {
                Ok(path) => model.say(format!("written to {}", path.display()), false),
                Err(why) => model.say(format!("not written: {why}"), true),
            }
            Vec::new()
        }
    }
}

/// Says how long the program stood still, and what has to be taken up by hand.
fn continued(model: &mut Model, since: Moment) {
    let (from, to) = (format::time_of_day(since), format::time_of_day(model.now));
    let gap = format::duration(model.now.since(since));
    let stands = model.latest().run.as_ref().is_some_and(|run| !run.state.is_ended());
    let hint = if stands { "; the run stands: {pause} goes on with it" } else { "" };
    model.hint(&format!("suspended for {gap}, {from} to {to}{hint}"), false);
}

/// Takes a key: an overlay has it first, then the table of actions.
fn pressed(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    model.presence.last_key_at = model.now;
    let was_interrupted = std::mem::take(&mut model.presence.interrupted);
    if model.overlay.is_some() {
        let requests = overlay::pressed(model, key);
        return with_refresh(model, requests);
    }
    let contexts = model.contexts();
    let Some(spec) = model.keys.find(&contexts, &key) else {
        if model.keys.is_read_only()
            && let Some(spec) = Keymap::default().find(&contexts, &key)
        {
            let text = format!("{} changes something, and this screen only reads", spec.name);
            model.say(text, true);
        }
        return Vec::new();
    };
    let requests = actions::perform_unless_disabled(model, spec, was_interrupted);
    with_refresh(model, requests)
}

/// A key may have opened a screen whose question is not asked yet.
fn with_refresh(model: &mut Model, mut requests: Vec<Request>) -> Vec<Request> {
    requests.extend(answers::refresh(model));
    requests
}

/// Lets time pass: toasts go, an idle LIVE is disarmed, a promised leaving happens.
fn tick(model: &mut Model, now: Moment) -> Vec<Request> {
    model.now = now;
    if model.toast.as_ref().is_some_and(|toast| now >= toast.until) {
        model.toast = None;
    }
    let mut requests = Vec::new();
    let idle = now.since(model.presence.last_key_at);
    if model.latest().live.armed && idle >= LIVE_IDLE_MS {
        model.presence.last_key_at = now;
        model.say("LIVE disarmed: no key for 30 minutes", false);
        requests.push(Request::Submit(Command::Disarm));
    }
    let runs = model.latest().run.as_ref().is_some_and(RunView::is_active);
    if model.presence.quit_after_run && !runs {
        requests.push(Request::Quit);
    }
    requests
}
