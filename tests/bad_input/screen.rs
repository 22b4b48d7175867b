//! The screen over hostile rows, and hostile strings typed or pasted into it.

use std::sync::Arc;

use cep_machine::app::Handle;
use cep_machine::app::port::Machine as _;
use cep_machine::domain::layer::Layer;
use cep_machine::domain::mode::Mode;
use cep_machine::tui::event::{Event, Request};
use cep_machine::tui::model::Model;
use cep_machine::tui::theme::{Depth, Palette, Theme};
use cep_machine::tui::update::update;
use cep_machine::tui::view::draw;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::clean::assert_clean;
use super::desk::{Desk, naughty_strings, run};

const THEME: Theme =
    Theme { depth: Depth::Ansi, palette: Palette::Safe, ascii: false, synchronized: true };

/// Screens by their keys; `\u{1b}` goes back.
const SCREENS: [&str; 13] = ["e", "E", "Q", "H", "V", "P", "L", "S", "?", ":", "/", "m", "\n"];

fn press(model: &mut Model, c: char) -> Vec<Request> {
    let code = match c {
        '\n' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        '\u{1b}' => KeyCode::Esc,
        c => KeyCode::Char(c),
    };
    update(model, Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

/// Types a line as it is, control characters as characters: what a paste delivers.
fn paste(model: &mut Model, text: &str) -> Vec<Request> {
    let typed = |c| Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
    text.chars().flat_map(|c| update(model, typed(c))).collect()
}

fn model(machine: &Handle, size: (u16, u16)) -> Model {
    let picture = machine.picture(Mode::Dry).unwrap();
    let now = picture.wall_at;
    Model::new(Arc::new(picture), now, size)
}

fn assert_frame(model: &Model, whose: &str) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    draw(model, THEME, &mut buffer);
    for cell in buffer.content() {
        assert_clean(cell.symbol(), whose);
        assert!(!cell.symbol().contains('\n'), "{whose}: {:?}", cell.symbol());
    }
}

/// Answers what the screen asks until it has nothing more to ask.
async fn settle(model: &mut Model, machine: &Handle, mut open: Vec<Request>) {
    while let Some(request) = open.pop() {
        match request {
            Request::Ask(ticket, query) => {
                let answer = machine.ask(query).await;
                open.extend(update(model, Event::Answered(ticket, answer)));
            }
            Request::Save { text, .. } => assert!(!text.contains('\u{1b}'), "what is written"),
            Request::Copy(text) => assert_clean(&text, "what is copied"),
            Request::Submit(_)
            | Request::Mouse(_)
            | Request::Rest
            | Request::Repaint
            | Request::Suspend
            | Request::Quit => {}
        }
    }
}

/// Opens every screen, and every layer with its first unit, at two sizes.
pub(crate) async fn assert_every_screen(machine: &Handle) {
    for size in [(120, 36), (60, 15)] {
        let mut model = model(machine, size);
        assert_frame(&model, "overview");
        for keys in SCREENS {
            for c in keys.chars() {
                let asked = press(&mut model, c);
                settle(&mut model, machine, asked).await;
            }
            assert_frame(&model, keys);
            for _ in 0..3 {
                press(&mut model, '\u{1b}');
            }
        }
        for layer in 1..=9 {
            for line in [format!(":layer {layer}\n"), "\n".to_owned(), "y".to_owned()] {
                for c in line.chars() {
                    let asked = press(&mut model, c);
                    settle(&mut model, machine, asked).await;
                }
                assert_frame(&model, &line);
            }
            for _ in 0..3 {
                press(&mut model, '\u{1b}');
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pasted_into_filter_and_palette_is_shown_clean_and_starts_nothing() {
    let Some(hostile) = naughty_strings() else { return };
    let desk = Desk::new();
    let machine = desk.machine();
    run(&machine, &[Layer::SelfLearning], None).await;
    let mut model = model(&machine, (80, 24));
    for text in &hostile {
        for key in ['/', ':', 'm'] {
            press(&mut model, key);
            let asked = paste(&mut model, text);
            assert!(!asked.iter().any(|ask| matches!(ask, Request::Submit(_) | Request::Quit)));
            assert_frame(&model, text);
            let asked = press(&mut model, '\n');
            assert!(!asked.iter().any(|ask| matches!(ask, Request::Submit(_) | Request::Quit)));
            settle(&mut model, &machine, asked).await;
            press(&mut model, '\u{1b}');
            press(&mut model, '\u{1b}');
        }
    }
}
