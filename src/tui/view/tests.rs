//! Draws whole frames of known worlds and compares their text with the stored ones; the style of
//! what must not be missed is asserted by itself.

mod checks;
mod pages;
mod settled;
mod sheet;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::draw;
use crate::app::query::{Answer, PhiExplained};
use crate::app::snapshot::{DemoNarration, Snapshot};
use crate::domain::mode::Mode;
use crate::tui::event::{Event, Request};
use crate::tui::fixture;
use crate::tui::model::Model;
use crate::tui::theme::{Depth, Palette, Theme};
use crate::tui::update::tests::press;
use crate::tui::update::update;

const UTF8: Theme =
    Theme { depth: Depth::Ansi, palette: Palette::Safe, ascii: false, synchronized: true };
const ASCII: Theme =
    Theme { depth: Depth::Mono, palette: Palette::Safe, ascii: true, synchronized: false };

fn frame(model: &Model, theme: Theme) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    draw(model, theme, &mut buffer);
    buffer
}

fn text(buffer: &Buffer) -> String {
    (0..buffer.area.height).map(|y| line(buffer, y) + "\n").collect()
}

/// One row without the blanks at its end.
fn line(buffer: &Buffer, y: u16) -> String {
    let mut line = String::new();
    let mut skip = 0;
    for x in 0..buffer.area.width {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        let symbol = buffer[(x, y)].symbol();
        skip = unicode_width::UnicodeWidthStr::width(symbol).saturating_sub(1);
        line.push_str(symbol);
    }
    line.truncate(line.trim_end().len());
    line
}

/// Returns the first row that contains `needle`.
fn row_of(buffer: &Buffer, needle: &str) -> u16 {
    let text = text(buffer);
    let row = text.lines().position(|line| line.contains(needle));
    u16::try_from(row.unwrap_or_else(|| panic!("no {needle:?} in\n{text}"))).unwrap()
}

fn shot(name: &str, model: &Model, theme: Theme) {
    let (width, height) = model.size;
    let set = if theme.ascii { "ascii" } else { "utf8" };
    insta::assert_snapshot!(format!("{name}_{width}x{height}_{set}"), text(&frame(model, theme)));
}

/// Answers the questions that opening a screen asked.
fn answer(model: &mut Model, requests: Vec<Request>, answer: &Answer) {
    for request in requests {
        if let Request::Ask(ticket, _) = request {
            update(model, Event::Answered(ticket, Ok(answer.clone())));
        }
    }
}

/// Answers what was asked and returns the frame after it, as text.
pub(in crate::tui) fn shown(model: &mut Model, asked: Vec<Request>, told: &Answer) -> String {
    answer(model, asked, told);
    text(&frame(model, UTF8))
}

/// The list of errors with these causes, as text.
pub(super) fn shown_errors(size: (u16, u16), groups: &Answer) -> String {
    let mut model = fixture::model(fixture::troubled(), size);
    let asked = press(&mut model, "e");
    answer(&mut model, asked, groups);
    text(&frame(&model, UTF8))
}

#[test]
fn the_overview_of_a_machine_in_trouble_looks_as_it_should() {
    for theme in [UTF8, ASCII] {
        shot("overview", &fixture::model(fixture::troubled(), (80, 24)), theme);
    }
}

#[test]
fn the_way_to_the_cause_is_three_keys_and_shows_every_attempt() {
    let mut model = fixture::model(fixture::troubled(), (80, 24));
    press(&mut model, "jjj");
    let asked = press(&mut model, "e");
    answer(&mut model, asked, &Answer::ErrorGroups(vec![fixture::group(&[7, 8])]));
    shot("errors", &model, UTF8);
    let asked = press(&mut model, "\n");
    answer(&mut model, asked, &Answer::ErrorDetail(Box::new(fixture::detail(7))));
    shot("card", &model, UTF8);
    let shown = text(&frame(&model, UTF8));
    for (number, pause) in [(1, "4s"), (2, "8s"), (3, "16s")] {
        let row = shown.lines().find(|line| line.contains(&format!("  {number}  12:04")));
        let row = row.unwrap_or_else(|| panic!("attempt {number} in\n{shown}"));
        assert!(row.contains(pause) && row.contains("rate_limited: 429"), "{row}");
    }
    assert!(shown.contains("try 4 of 5: day 12 09:30:08 (in 8s)"), "{shown}");
}

#[test]
fn a_layer_lists_what_waits_and_why() {
    let mut model = fixture::model(fixture::troubled(), (80, 24));
    press(&mut model, "jjjj");
    let asked = press(&mut model, "\n");
    let units = [
        fixture::unit(7, crate::domain::lifecycle::unit::UnitState::RetryWait),
        fixture::unit(8, crate::domain::lifecycle::unit::UnitState::Waiting),
    ];
    answer(&mut model, asked, &Answer::Units(units.into()));
    shot("layer", &model, UTF8);
}

#[test]
fn what_waits_for_a_person_is_listed_by_urgency_and_opens_with_its_text() {
    let mut model = fixture::model(fixture::troubled(), (80, 24));
    let asked = press(&mut model, "T");
    answer(&mut model, asked, &Answer::Tasks(fixture::tasks()));
    shot("tasks", &model, UTF8);
    let asked = press(&mut model, "\n");
    let detail = fixture::task_detail(fixture::tasks().remove(0));
    answer(&mut model, asked, &Answer::Task(Box::new(detail)));
    shot("task", &model, UTF8);
}

#[test]
fn open_proposals_are_listed_with_what_the_selected_one_rests_on() {
    let mut model = fixture::model(fixture::troubled(), (80, 24));
    let asked = press(&mut model, "A");
    answer(&mut model, asked, &Answer::Proposals(fixture::proposals()));
    shot("proposals", &model, UTF8);
}

#[test]
fn the_mode_dialog_lists_what_would_go_out_before_the_word_is_typed() {
    let mut model = fixture::model(fixture::troubled(), (80, 24));
    let asked = press(&mut model, "m");
    answer(&mut model, asked, &Answer::LivePreview(fixture::preview()));
    shot("mode_dialog", &model, UTF8);
    press(&mut model, "live");
    let shown = text(&frame(&model, UTF8));
    assert!(shown.contains(">[ Enter: ARM LIVE ]"), "{shown}");
}

#[test]
fn phi_explained_shows_counts_and_says_unknown_when_it_is() {
    let mut model = fixture::model(fixture::troubled(), (80, 24));
    let asked = press(&mut model, "P");
    let explained = PhiExplained {
        mode: Mode::Dry,
        phi: fixture::empty().phi,
        weighted: None,
        containers: Vec::new(),
    };
    answer(&mut model, asked, &Answer::PhiExplain(Box::new(explained)));
    assert!(text(&frame(&model, UTF8)).contains("coupling = unknown"));
}

#[test]
fn the_demo_tells_its_story_above_the_keys() {
    let mut snapshot = fixture::troubled();
    snapshot.demo = Some(DemoNarration {
        text: "Layer 3 writes to the first twelve businesses".to_owned(),
        stage: 3,
        stages: 9,
        paused: false,
        speed: 2,
        ended: false,
    });
    shot("demo", &fixture::model(snapshot, (80, 24)), UTF8);
}

#[test]
fn live_is_a_word_in_reverse_and_another_line_around_every_pane() {
    let snapshot = Snapshot { mode: Mode::Live, ..fixture::troubled() };
    let buffer = frame(&fixture::model(snapshot, (120, 36)), UTF8);
    let badge = text(&buffer).find("LIVE").unwrap();
    let cell = &buffer[(u16::try_from(badge).unwrap(), 0)];
    assert!(cell.modifier.contains(Modifier::REVERSED | Modifier::BOLD));
    assert!(text(&buffer).contains('╔') && !text(&buffer).contains('┌'));
    let ascii = frame(
        &fixture::model(Snapshot { mode: Mode::Live, ..fixture::troubled() }, (120, 36)),
        ASCII,
    );
    assert!(text(&ascii).contains("#=") && !text(&ascii).contains("+-"));
}

#[test]
fn the_selected_row_has_a_marker_and_is_reversed() {
    let mut model = fixture::model(fixture::troubled(), (80, 24));
    press(&mut model, "jj");
    for theme in [UTF8, ASCII] {
        let buffer = frame(&model, theme);
        let row = row_of(&buffer, "Outreach Engine");
        assert_eq!(buffer[(1, row)].symbol(), ">");
        assert!(buffer[(5, row)].modifier.contains(Modifier::REVERSED));
        let other = row_of(&buffer, "Pitch Generator");
        assert!(!buffer[(5, other)].modifier.contains(Modifier::REVERSED));
    }
}

#[test]
fn no_control_character_reaches_a_cell() {
    let mut model = fixture::model(fixture::overfull(), (120, 36));
    press(&mut model, "V");
    for cell in &frame(&model, UTF8).content {
        assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
    }
}

#[test]
fn both_worlds_are_counted_in_every_header_from_60_columns_on() {
    for size in [(60, 15), (80, 24), (120, 36), (200, 60)] {
        for mode in Mode::ALL {
            let model = fixture::model(Snapshot { mode, ..fixture::troubled() }, size);
            let shown = text(&frame(&model, UTF8));
            let counts = shown.lines().nth(1).unwrap().to_owned();
            for fact in ["dry", "live", "12", "98", "db ok"] {
                assert!(counts.contains(fact), "{fact} at {size:?} in {counts}");
            }
        }
    }
}

#[test]
fn a_stale_picture_says_so_while_a_run_is_active() {
    let mut model = fixture::model(fixture::troubled(), (80, 24));
    update(&mut model, Event::Tick(fixture::NOW.plus_ms(2_900)));
    assert!(!text(&frame(&model, UTF8)).contains("STALE"));
    update(&mut model, Event::Tick(fixture::NOW.plus_ms(4_000)));
    assert!(text(&frame(&model, UTF8)).contains("STALE 4s"));
    let fresh = Snapshot { wall_at: fixture::NOW.plus_ms(4_000), ..fixture::troubled() };
    update(&mut model, Event::Snapshot(Arc::new(fresh)));
    assert!(!text(&frame(&model, UTF8)).contains("STALE"));
}

#[test]
fn no_size_makes_a_view_leave_its_buffer() {
    for (width, height) in
        [(1, 1), (2, 2), (10, 3), (59, 15), (60, 14), (60, 15), (79, 19), (300, 100)]
    {
        for keys in [
            "", "\t\t", "e", "\n", "V", "E", "B", "T", "Q", "H", "P", "L", "S", "?", ":", "/", "m",
            "x",
        ] {
            let mut model = fixture::model(fixture::overfull(), (width, height));
            press(&mut model, keys);
            frame(&model, UTF8);
            frame(&model, ASCII);
        }
    }
}
