//! Takes the keys while something lies over the screen.

#![expect(clippy::wildcard_enum_match_arm, reason = "a key that is not named does nothing")]

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::super::event::Request;
use super::super::keymap::Motion;
use super::super::model::Model;
use super::super::screen::{Confirm, HelpPage, LIVE_WORD, ModeDialog, Overlay};
use super::{movement, palette, stream};
use crate::app::command::Command;

/// Takes a key. The overlay is out of the model meanwhile; whoever wants to stay puts it back.
pub(super) fn pressed(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    let Some(overlay) = model.overlay.take() else {
        return Vec::new();
    };
    let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    if key.code == KeyCode::Esc || interrupt {
        return leave(model, overlay);
    }
    match overlay {
        Overlay::Help(page) => help(model, page, key),
        Overlay::Palette { input, back } => palette::pressed(model, input, back, key),
        Overlay::Filter { input, before } => filter(model, input, before, key),
        Overlay::Confirm(dialog) => confirm(model, dialog, key),
        Overlay::Mode(dialog) => mode(model, dialog, key),
        Overlay::Quit => quit(model, key),
        Overlay::Suspend => suspend(model, key),
    }
}

/// Esc: nothing happened.
fn leave(model: &mut Model, overlay: Overlay) -> Vec<Request> {
    match overlay {
        Overlay::Filter { before, .. } => set_filter(model, before),
        // The words go first, the page with the next one.
        Overlay::Help(page) if !page.words.is_empty() || page.is_typing => {
            model.overlay = Some(Overlay::Help(HelpPage::default()));
        }
        _ => {}
    }
    Vec::new()
}

fn help(model: &mut Model, mut page: HelpPage, key: KeyEvent) -> Vec<Request> {
    let half = usize::from(model.size.1 / 2).max(1);
    if page.is_typing {
        page.scroll = 0;
        page.is_typing = key.code != KeyCode::Enter;
        edit(&mut page.words, key);
        model.overlay = Some(Overlay::Help(page));
        return Vec::new();
    }
    let motion = match key.code {
        KeyCode::Down | KeyCode::Char('j') => Some(Motion::Down),
        KeyCode::Up | KeyCode::Char('k') => Some(Motion::Up),
        KeyCode::PageDown | KeyCode::Char(' ') => Some(Motion::HalfDown),
        KeyCode::PageUp => Some(Motion::HalfUp),
        KeyCode::Home | KeyCode::Char('g') => Some(Motion::Top),
        KeyCode::End | KeyCode::Char('G') => Some(Motion::Bottom),
        KeyCode::Char('q' | '?') | KeyCode::Enter => return Vec::new(),
        _ => None,
    };
    if let Some(motion) = motion {
        let rows = model.page_end.map_or(usize::MAX, |end| end + 1);
        page.scroll = movement::target(motion, page.scroll, rows, half);
    }
    page.is_typing = key.code == KeyCode::Char('/');
    model.overlay = Some(Overlay::Help(page));
    Vec::new()
}

/// Edits one line of text; says whether the key was one that edits.
pub(super) fn edit(input: &mut String, key: KeyEvent) -> bool {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('u') if ctrl => input.clear(),
        KeyCode::Char('w') if ctrl => {
            let kept = input.trim_end().rfind(' ').map_or(0, |space| space + 1);
            input.truncate(kept);
        }
        KeyCode::Char(c) if !ctrl && input.len() < 200 => input.push(c),
        KeyCode::Backspace => drop(input.pop()),
        _ => return false,
    }
    true
}

fn filter(model: &mut Model, mut input: String, before: String, key: KeyEvent) -> Vec<Request> {
    let is_of_events = model.screen_mut().filter_mut().is_none();
    let fault = model.events.filter.fault().filter(|_| is_of_events).map(str::to_owned);
    if key.code == KeyCode::Enter && fault.is_none() {
        model.events.filter.keep();
        return Vec::new();
    }
    let recalls = matches!(key.code, KeyCode::Up | KeyCode::Char('/')) && input.is_empty();
    if recalls && is_of_events {
        model.events.filter.last().clone_into(&mut input);
    } else if key.code == KeyCode::Enter {
        model.say(fault.unwrap_or_default(), true);
    } else {
        edit(&mut input, key);
    }
    set_filter(model, input.clone());
    model.overlay = Some(Overlay::Filter { input, before });
    Vec::new()
}

pub(super) fn set_filter(model: &mut Model, text: String) {
    match model.screen_mut().filter_mut() {
        Some(filter) => *filter = text,
        None => stream::set_filter(model, &text),
    }
}

fn confirm(model: &mut Model, mut dialog: Confirm, key: KeyEvent) -> Vec<Request> {
    match key.code {
        KeyCode::Char('y') => return vec![Request::Submit(dialog.command)],
        KeyCode::Enter if dialog.yes => return vec![Request::Submit(dialog.command)],
        KeyCode::Enter | KeyCode::Char('n' | 'q') => return Vec::new(),
        KeyCode::Tab | KeyCode::BackTab | KeyCode::Left | KeyCode::Right => {
            dialog.yes = !dialog.yes;
        }
        _ => {}
    }
    model.overlay = Some(Overlay::Confirm(dialog));
    Vec::new()
}

/// The word must stand there in full before Enter arms; any other Enter is Cancel.
fn mode(model: &mut Model, mut dialog: ModeDialog, key: KeyEvent) -> Vec<Request> {
    if key.code == KeyCode::Enter {
        if model.latest().live.armed {
            return vec![Request::Submit(Command::Disarm)];
        }
        if dialog.is_confirmed() {
            return vec![Request::Submit(Command::ArmLive { confirmation: dialog.typed })];
        }
        model.say("still in rehearsal: the word was not typed", false);
        return Vec::new();
    }
    edit(&mut dialog.typed, key);
    // By characters: a byte may lie inside one.
    dialog.typed = dialog.typed.chars().take(2 * LIVE_WORD.len()).collect();
    model.overlay = Some(Overlay::Mode(dialog));
    Vec::new()
}

fn quit(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    match key.code {
        KeyCode::Char('w') => {
            model.presence.quit_after_run = true;
            model.say("leaving when the run has ended", false);
            Vec::new()
        }
        KeyCode::Char('c') => vec![Request::Quit],
        KeyCode::Char('s' | 'q' | 'n') | KeyCode::Enter => Vec::new(),
        _ => {
            model.overlay = Some(Overlay::Quit);
            Vec::new()
        }
    }
}

fn suspend(model: &mut Model, key: KeyEvent) -> Vec<Request> {
    match key.code {
        KeyCode::Char('p') => {
            model.say("what is in flight is finished first", false);
            vec![Request::Rest]
        }
        KeyCode::Char('s' | 'q' | 'n') | KeyCode::Enter => Vec::new(),
        _ => {
            model.overlay = Some(Overlay::Suspend);
            Vec::new()
        }
    }
}
