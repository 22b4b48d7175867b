//! Looks at every screen and everything that lies over one, when all answers are there: in an empty
//! machine and in an overfull one, at five sizes, with all signs and in ASCII.
//!
//! One stored sheet per screen and machine. A screen without an entry in the table fails the test.

use std::collections::BTreeSet;

use super::checks;
use super::sheet::{self, Pair};
use crate::app::command::Command;
use crate::app::query::{LogOf, RecordKind};
use crate::domain::effect::EffectKey;
use crate::domain::ids::{RunId, UnitId};
use crate::domain::layer::{Container, Layer};
use crate::domain::time::HOUR_MS;
use crate::tui::event::{Event, Request};
use crate::tui::fixture::answers::{Fill, hostile};
use crate::tui::fixture::{self, NOW};
use crate::tui::listing::{Listing, Loaded};
use crate::tui::logs::LogView;
use crate::tui::model::Model;
use crate::tui::page::{Page, Reading};
use crate::tui::screen::{
    Card, Confirm, HelpPage, ModeDialog, Overlay, Pane, Screen, SystemPage, TaskPage, WhyPage,
};
use crate::tui::update::update;

const SIZES: [(u16, u16); 5] = [(40, 10), (60, 15), (80, 24), (120, 36), (200, 60)];

/// The screen that the others lie over.
const BASE: &str = "overview";

/// What is opened over the overview.
enum Open {
    Screen(Box<Screen>),
    Overlay(fn(Fill) -> Overlay),
}

fn at(screen: Screen) -> Open {
    Open::Screen(Box::new(screen))
}

fn overview(pane: Pane) -> Open {
    at(Screen::Overview { pane, layer: 3, container: 1 })
}

fn page(page: Page) -> Open {
    at(Screen::Page(page))
}

/// The screens of the machine's own state.
fn of_the_machine() -> Vec<(&'static str, Open)> {
    let layer = Layer::BookingHandler;
    vec![
        (BASE, overview(Pane::Layers)),
        ("overview_containers", overview(Pane::Containers)),
        ("overview_phi", overview(Pane::Phi)),
        ("overview_events", overview(Pane::Events)),
        ("layer", at(Screen::Layer { layer, units: Listing::default() })),
        (
            "errors",
            at(Screen::Errors {
                layer: None,
                groups: Listing::default(),
                straight: crate::tui::screen::Straight::No,
            }),
        ),
        ("card", at(Screen::Card(Card::new(vec![UnitId(7), UnitId(8)], 0)))),
        ("explain", at(Screen::Explain { scroll: 0, tree: Loaded::default() })),
        (
            "why",
            at(Screen::Why(WhyPage {
                since: NOW.plus_ms(-HOUR_MS),
                until: None,
                scroll: 0,
                why: Loaded::default(),
            })),
        ),
        ("events", at(Screen::Events)),
        ("system", at(Screen::System(SystemPage { scroll: 0, facts: Loaded::default() }))),
    ]
}

/// The lists, and the pages behind their rows.
fn lists_and_pages() -> Vec<(&'static str, Open)> {
    let container = Container::Operations;
    let (kind, key) = (RecordKind::Prospects, "osm:node/1".to_owned());
    let since = NOW.plus_ms(-8 * HOUR_MS);
    vec![
        ("tasks", at(Screen::Tasks(Listing::default()))),
        ("task", at(Screen::Task(TaskPage::new(UnitId(21))))),
        ("proposals", at(Screen::Proposals(Listing::default()))),
        ("queue", at(Screen::Queue(Listing::default()))),
        ("runs", at(Screen::Runs(Listing::default()))),
        ("changes", at(Screen::Changes { since, rows: Listing::default() })),
        ("run", page(Page::run(RunId(418)))),
        ("container", page(Page::Container { container, reading: Reading::default() })),
        ("effects", page(Page::effects())),
        (
            "effect",
            page(Page::Effect { key: EffectKey("0f".repeat(16)), reading: Reading::default() }),
        ),
        ("records", page(Page::records(kind))),
        ("records_messages", page(Page::records(RecordKind::Messages))),
        ("record", page(Page::Record { kind, key, reading: Reading::default() })),
        ("logs", page(Page::Logs(LogView::new(LogOf::Unit(UnitId(123)))))),
    ]
}

/// What lies over a screen.
fn overlays() -> Vec<(&'static str, Open)> {
    vec![
        (
            "help",
            Open::Overlay(|fill| {
                let words = if fill == Fill::Empty { "" } else { "e" };
                Overlay::Help(HelpPage { scroll: 0, words: words.to_owned(), is_typing: false })
            }),
        ),
        ("palette", Open::Overlay(|fill| Overlay::Palette { input: typed_in(fill), back: 0 })),
        (
            "filter",
            Open::Overlay(|fill| Overlay::Filter { input: typed_in(fill), before: String::new() }),
        ),
        (
            "confirm",
            Open::Overlay(|fill| {
                let lines = if fill == Fill::Empty { 0 } else { 6 };
                Overlay::Confirm(Confirm {
                    title: "Cancel run #418?".to_owned(),
                    lines: (0..lines).map(|n| hostile(&format!("line {n}"))).collect(),
                    command: Command::Disarm,
                    yes: false,
                })
            }),
        ),
        (
            "mode",
            Open::Overlay(|fill| {
                let preview = Loaded { value: Some(fill.preview()), ..Loaded::default() };
                Overlay::Mode(ModeDialog { preview, typed: "liv".to_owned() })
            }),
        ),
        ("quit", Open::Overlay(|_| Overlay::Quit)),
        ("suspend", Open::Overlay(|_| Overlay::Suspend)),
    ]
}

fn typed_in(fill: Fill) -> String {
    match fill {
        Fill::Empty => String::new(),
        Fill::Overfull => hostile("r"),
    }
}

fn table() -> Vec<(&'static str, Open)> {
    [of_the_machine(), lists_and_pages(), overlays()].into_iter().flatten().collect()
}

/// Opens it, and answers every question until none is left.
fn settled(open: &Open, fill: Fill, size: (u16, u16)) -> Model {
    let mut model = fixture::model(fill.snapshot(), size);
    match open {
        Open::Screen(screen) if matches!(screen.as_ref(), Screen::Overview { .. }) => {
            model.screen_mut().clone_from(screen);
        }
        Open::Screen(screen) => model.push(screen.as_ref().clone()),
        Open::Overlay(overlay) => model.overlay = Some(overlay(fill)),
    }
    let mut asked = update(&mut model, Event::Tick(NOW));
    while let Some(request) = asked.pop() {
        let Request::Ask(ticket, query) = request else { panic!("{request:?}") };
        asked.extend(update(&mut model, Event::Answered(ticket, Ok(fill.answer(&query)))));
    }
    model
}

fn look_at_all(fill: Fill) {
    let bases = SIZES.map(|size| Pair::of(&settled(&overview(Pane::Layers), fill, size)));
    for (name, open) in table() {
        let mut sheets = String::new();
        for (size, base) in SIZES.into_iter().zip(&bases) {
            let model = settled(&open, fill, size);
            let pair = Pair::of(&model);
            let under = matches!(open, Open::Overlay(_)).then_some(base);
            checks::whole(name, &pair, under);
            checks::painted(name, &model);
            let base = Some((BASE, base)).filter(|_| name != BASE);
            sheets.push_str(&sheet::of(&pair, base));
            sheets.push('\n');
        }
        insta::assert_snapshot!(format!("{name}_{}", fill.word()), sheets);
    }
}

#[test]
fn every_screen_of_an_empty_machine_looks_as_it_should_at_every_size() {
    look_at_all(Fill::Empty);
}

#[test]
fn every_screen_of_an_overfull_machine_keeps_its_columns_borders_and_marks() {
    look_at_all(Fill::Overfull);
}

/// The names of the variants of `of`, as they are written in its source.
fn variants(source: &str, of: &str) -> BTreeSet<String> {
    let body = source.split_once(&format!("pub enum {of} {{\n")).expect("the enum").1;
    let body = body.split_once("\n}\n").expect("its end").0;
    let own = body.lines().filter_map(|line| line.strip_prefix("    "));
    own.filter(|line| line.starts_with(char::is_uppercase)).map(first_word).collect()
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric()).collect()
}

#[test]
fn no_screen_page_pane_or_overlay_is_left_out_of_the_table() {
    let mut seen: [BTreeSet<String>; 4] = std::array::from_fn(|_| BTreeSet::new());
    for (_, open) in table() {
        match open {
            Open::Screen(screen) => {
                seen[0].insert(first_word(&format!("{screen:?}")));
                if let Screen::Page(page) = screen.as_ref() {
                    seen[1].insert(first_word(&format!("{page:?}")));
                }
                if let Screen::Overview { pane, .. } = screen.as_ref() {
                    seen[2].insert(format!("{pane:?}"));
                }
            }
            Open::Overlay(overlay) => {
                seen[3].insert(first_word(&format!("{:?}", overlay(Fill::Empty))));
            }
        }
    }
    let screens = include_str!("../../screen.rs");
    let pages = include_str!("../../page.rs");
    let there = [
        variants(screens, "Screen"),
        variants(pages, "Page"),
        variants(screens, "Pane"),
        variants(screens, "Overlay"),
    ];
    assert_eq!(seen, there);
}
