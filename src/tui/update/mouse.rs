//! Takes the mouse, and text that is pasted.
//!
//! The mouse only moves what keys move, and pasted text is never run as keys: it is cleaned and put
//! where a line is being typed, or answered with a word.

use super::super::event::{Pointer, Request};
use super::super::keymap::Motion;
use super::super::model::Model;
use super::super::screen::{Overlay, Screen};
use super::super::view;
use super::{movement, overlay, stream};
use crate::domain::text;

/// How many rows the wheel moves at once.
const WHEEL_ROWS: usize = 3;

/// The longest line that is typed or pasted, characters.
const LINE_CHARS_MAX: usize = 200;

/// Takes the mouse on or off.
pub(super) fn toggle(model: &mut Model) -> Vec<Request> {
    model.mouse = !model.mouse;
    let text = if model.mouse {
        "mouse on: a click selects, the wheel moves; {mouse} gives it back to your terminal"
    } else {
        "mouse off: your terminal selects text again"
    };
    model.hint(text, false);
    vec![Request::Mouse(model.mouse)]
}

/// Takes what the mouse did. Under a dialog it does nothing: a click must not answer a question.
pub(super) fn moved(model: &mut Model, pointer: Pointer) {
    if !model.mouse || model.overlay.is_some() {
        return;
    }
    match pointer {
        Pointer::WheelDown => travel(model, Motion::Down, WHEEL_ROWS),
        Pointer::WheelUp => travel(model, Motion::Up, WHEEL_ROWS),
        Pointer::Click { x, y } => clicked(model, x, y),
    }
}

fn travel(model: &mut Model, motion: Motion, rows: usize) {
    for _ in 0..rows {
        movement::travel(model, motion);
    }
}

/// Focuses the pane and selects the row under the pointer.
fn clicked(model: &mut Model, x: u16, y: u16) {
    if matches!(model.screen(), Screen::Overview { .. })
        && let Some(pane) = view::pane_at(model, x, y)
    {
        movement::focus(model, |_| pane);
    }
    // While the newest event is followed no row is selected; a click on an older one stands on it.
    let follows = stream::is_looked_at(model) && model.events.anchor.is_none();
    if follows {
        stream::follow(model);
    }
    match view::rows_to(model, x, y) {
        Some(rows @ 1..) => travel(model, Motion::Down, rows.unsigned_abs()),
        Some(rows @ ..0) => travel(model, Motion::Up, rows.unsigned_abs()),
        Some(0) | None if follows => model.events.follow(),
        Some(0) | None => {}
    }
}

/// Takes pasted text.
pub(super) fn pasted(model: &mut Model, pasted: &str) {
    let line = text::clean(pasted, LINE_CHARS_MAX);
    match model.overlay.take() {
        Some(Overlay::Palette { mut input, back }) => {
            add(&mut input, &line);
            model.overlay = Some(Overlay::Palette { input, back });
        }
        Some(Overlay::Filter { mut input, before }) => {
            add(&mut input, &line);
            overlay::set_filter(model, input.clone());
            model.overlay = Some(Overlay::Filter { input, before });
        }
        Some(Overlay::Mode(dialog)) => {
            model.overlay = Some(Overlay::Mode(dialog));
            model.say("the word is typed, not pasted", true);
        }
        other => {
            model.overlay = other;
            model.hint("pasted text is not run as keys: {command} or {filter} takes it", true);
        }
    }
}

fn add(input: &mut String, line: &str) {
    let room = LINE_CHARS_MAX.saturating_sub(input.chars().count());
    input.extend(line.chars().take(room));
}

#[cfg(test)]
mod tests {
    use crate::app::query::Answer;
    use crate::tui::event::{Event, Pointer, Request};
    use crate::tui::fixture;
    use crate::tui::model::Model;
    use crate::tui::screen::{Overlay, Pane, Screen};
    use crate::tui::update::tests::press;
    use crate::tui::update::update;
    use crate::tui::view::tests::shown;

    fn at(model: &mut Model, x: u16, y: u16) {
        assert_eq!(update(model, Event::Pointer(Pointer::Click { x, y })), []);
    }

    /// Where a text stands on the screen.
    fn place(model: &mut Model, needle: &str) -> (u16, u16) {
        let text = shown(model, Vec::new(), &Answer::Units(Vec::new()));
        let row = text.lines().position(|line| line.contains(needle)).unwrap();
        let line = text.lines().nth(row).unwrap();
        let column = line[..line.find(needle).unwrap()].chars().count();
        (u16::try_from(column).unwrap(), u16::try_from(row).unwrap())
    }

    #[test]
    fn the_mouse_is_off_until_it_is_asked_for_and_off_again_by_the_same_key() {
        let mut model = fixture::model(fixture::troubled(), (120, 36));
        let before = model.screen().clone();
        at(&mut model, 100, 5);
        assert_eq!(*model.screen(), before);
        assert_eq!(press(&mut model, "M"), [Request::Mouse(true)]);
        assert_eq!(press(&mut model, "M"), [Request::Mouse(false)]);
    }

    #[test]
    fn a_click_focuses_the_pane_and_selects_the_row_at_every_size() {
        for size in [(80, 24), (120, 36), (200, 60)] {
            let mut model = fixture::model(fixture::troubled(), size);
            press(&mut model, "M");
            let (x, y) = place(&mut model, "Booking Handler");
            at(&mut model, x, y);
            assert!(matches!(model.screen(), Screen::Overview { layer: 3, .. }), "{size:?}");
            let (x, y) = place(&mut model, "Prospect Research");
            at(&mut model, x, y);
            assert!(matches!(model.screen(), Screen::Overview { layer: 0, .. }), "{size:?}");
            let (x, y) = place(&mut model, "4 Events");
            at(&mut model, x, y + 1);
            assert!(
                matches!(model.screen(), Screen::Overview { pane: Pane::Events, .. }),
                "{size:?}"
            );
        }
    }

    #[test]
    fn a_click_anywhere_on_a_line_of_the_stream_selects_it() {
        for size in [(80, 24), (120, 36), (200, 60)] {
            for x in [1, 40, size.0 - 2] {
                let mut model = fixture::model(fixture::troubled(), size);
                press(&mut model, "M4");
                let (_, y) = place(&mut model, "4 Events");
                at(&mut model, x, y + 1);
                let text = shown(&mut model, Vec::new(), &Answer::Units(Vec::new()));
                let line = text.lines().nth(usize::from(y + 1)).unwrap();
                assert!(line.contains("│>"), "{size:?} at {x}:\n{text}");
            }
        }
    }

    #[test]
    fn the_wheel_moves_and_a_click_answers_no_question() {
        let mut model = fixture::model(fixture::troubled(), (120, 36));
        press(&mut model, "M");
        update(&mut model, Event::Pointer(Pointer::WheelDown));
        assert!(matches!(model.screen(), Screen::Overview { layer: 3, .. }));
        update(&mut model, Event::Pointer(Pointer::WheelUp));
        assert!(matches!(model.screen(), Screen::Overview { layer: 0, .. }));
        press(&mut model, "x");
        let asked = model.overlay.clone();
        assert!(asked.is_some());
        for y in 0..36 {
            at(&mut model, 60, y);
        }
        assert_eq!(model.overlay, asked);
    }

    #[test]
    fn pasted_text_is_cleaned_and_never_run() {
        let mut model = fixture::model(fixture::troubled(), (120, 36));
        let paste = |model: &mut Model, text: &str| {
            assert_eq!(update(model, Event::Pasted(text.to_owned())), []);
        };
        paste(&mut model, "qqRy\n:quit\n");
        assert!(model.overlay.is_none());
        assert!(model.toast.as_ref().is_some_and(|toast| toast.text.contains("not run as keys")));
        press(&mut model, ":skip ");
        paste(&mut model, "moved\r\n\u{1b}[2Jaway\u{7}\n");
        let Some(Overlay::Palette { input, .. }) = &model.overlay else { panic!() };
        assert_eq!(input, "skip moved [2Jaway");
        press(&mut model, "\u{1b}/");
        paste(&mut model, "token\nexpired");
        assert_eq!(model.events.filter.text(), "token expired");
        press(&mut model, "\u{1b}m");
        paste(&mut model, "live\n");
        assert_eq!(press(&mut model, "\n"), [], "the word has to be typed");
    }
}
