//! Looks at the pages behind rows as text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{ASCII, UTF8, answer, frame, text};
use crate::app::query::{
    Answer, EffectDetail, LogLine, LogTail, RecordDetail, RecordKind, RecordRow, RunCause,
    RunDetail, RunLayer, RunPhi,
};
use crate::app::snapshot::UnitCounts;
use crate::domain::error::ErrorClass;
use crate::domain::event::Level;
use crate::domain::ids::{AttemptId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::unit::UnitState;
use crate::tui::fixture;
use crate::tui::model::Model;
use crate::tui::update::tests::press;

const SIZES: [(u16, u16); 3] = [(60, 15), (80, 24), (120, 36)];

fn shown(model: &Model) -> String {
    let text_of = text(&frame(model, UTF8));
    assert!(text(&frame(model, ASCII)).is_ascii());
    text_of
}

/// Presses a key, answers what it asked, and returns the screen.
fn opened(model: &mut Model, keys: &str, with: &Answer) -> String {
    let asked = press(model, keys);
    assert!(!asked.is_empty(), "{keys} asks");
    answer(model, asked, with);
    shown(model)
}

fn run_detail() -> RunDetail {
    let run = fixture::troubled().run.unwrap();
    RunDetail {
        run,
        why: Some("4 units gave up".to_owned()),
        input: Some("town.json".to_owned()),
        input_limit: Some(50),
        started_at: fixture::dry_clock().start,
        ended_at: None,
        layers: vec![RunLayer {
            layer: Layer::BookingHandler,
            units: UnitCounts { done: 31, dead: 4, blocked: 2, ..UnitCounts::default() },
        }],
        attempts: 47,
        cut: false,
        causes: vec![RunCause {
            layer: Layer::BookingHandler,
            class: ErrorClass::Permanent,
            code: "token_expired".to_owned(),
            message: "401 from calendar".to_owned(),
            attempts: 4,
            units: 4,
            unit: UnitId(7),
        }],
        phi: Some(RunPhi { value: Some(0.857), at: fixture::dry_clock().now }),
        events: vec![fixture::event(9, Level::Error, Some(4), "stopped: 401")],
    }
}

#[test]
fn a_run_opens_from_the_history_and_says_how_it_went() {
    for size in SIZES {
        let mut model = fixture::model(fixture::troubled(), size);
        let runs = Answer::Runs(vec![fixture::troubled().run.unwrap()]);
        opened(&mut model, "H", &runs);
        let page = opened(&mut model, "\n", &Answer::Run(Box::new(run_detail())));
        assert!(page.contains("run #418"), "{page}");
        if size.1 < 24 {
            continue;
        }
        for fact in [
            "RUNNING",
            "4 units gave up",
            "pid 412@host",
            "town.json, at most 50",
            "0.86",
            "day 12 09:30:00",
            "L4 Booking Handler",
            "2 blocked",
            "token_expired: 401 from calendar",
        ] {
            assert!(page.contains(fact), "{fact} in\n{page}");
        }
        let asked = press(&mut model, "o");
        assert!(shown(&model).contains("/run:418"), "{asked:?}");
    }
}

#[test]
fn a_container_opens_with_what_its_health_is_made_of() {
    let mut model = fixture::model(fixture::troubled(), (120, 36));
    press(&mut model, "2j");
    let explained = crate::app::query::PhiExplained {
        mode: crate::domain::mode::Mode::Dry,
        phi: fixture::troubled().phi,
        weighted: Some(0.87),
        containers: Vec::new(),
    };
    let page = opened(&mut model, "\n", &Answer::PhiExplain(Box::new(explained)));
    assert!(page.contains("Operations") && page.contains("nothing is known of it"), "{page}");
    assert!(page.contains("whole machine: 0.8571"), "{page}");
}

#[test]
fn the_queue_says_when_why_and_who() {
    let mut model = fixture::model(fixture::troubled(), (120, 36));
    let mut leased = fixture::unit(8, UnitState::Leased);
    leased.worker = Some("w3 pid 412@host".to_owned());
    let rows = vec![fixture::unit(7, UnitState::RetryWait), leased];
    let page = opened(&mut model, "Q", &Answer::Units(rows));
    for fact in ["day 12 09:30:08", "in 8s", "3/5", "429, Retry-After 8 s", "worked by w3 pid 412"]
    {
        assert!(page.contains(fact), "{fact} in\n{page}");
    }
}

fn effect_detail() -> EffectDetail {
    let mut effect = fixture::detail(7).effects.remove(0);
    effect.state = EffectState::Unknown;
    effect.evidence = Some("the answer was lost".to_owned());
    EffectDetail {
        effect,
        recovery: "at_most_once".to_owned(),
        host: "smtp".to_owned(),
        sends: 2,
        first_sent_at: fixture::dry_clock().now,
        settled_at: None,
        owner: "pid 412@host".to_owned(),
        attempt: AttemptId(9),
        receipt: None,
        payload: serde_json::json!({ "to": "a@dental.example" }),
        unit: Some(fixture::unit(7, UnitState::Held)),
    }
}

#[test]
fn an_effect_opens_with_its_class_its_sends_and_what_is_known() {
    for size in SIZES {
        let mut model = fixture::model(fixture::troubled(), size);
        let rows = Answer::Effects(vec![effect_detail().effect]);
        let list = opened(&mut model, ":effects unknown\n", &rows);
        assert!(list.contains("Effects unknown"), "{list}");
        let page = opened(&mut model, "\n", &Answer::Effect(Box::new(effect_detail())));
        assert!(page.contains("UNKNOWN"), "{page}");
        if size.1 > 30 {
            for fact in [
                "never sent again blindly",
                "2 times",
                "attempt 9",
                "the answer was lost",
                "not settled",
                "a@dental.example",
                "7 held",
            ] {
                assert!(page.contains(fact), "{fact} in\n{page}");
            }
        }
        let asked = press(&mut model, "\n");
        assert!(!asked.is_empty(), "Enter opens the unit's card");
    }
}

#[test]
fn records_are_listed_by_kind_and_open_with_every_field() {
    for size in SIZES {
        let mut model = fixture::model(fixture::troubled(), size);
        let cells = ["A Dental", "qualified", "hot", "31", "Monaco", "a@dental.example"];
        let row = RecordRow { key: "osm:1".to_owned(), cells: cells.map(str::to_owned).into() };
        let list = opened(&mut model, "B", &Answer::Records(vec![row]));
        assert!(list.contains("Prospects") && list.contains("A Dental"), "{list}");
        let record = RecordDetail {
            kind: RecordKind::Prospects,
            key: "osm:1".to_owned(),
            fields: vec![
                ("name".to_owned(), "A \u{1b}[31mDental".to_owned()),
                ("phone".to_owned(), "-".to_owned()),
            ],
            units: vec![fixture::unit(7, UnitState::Done)],
        };
        let page = opened(&mut model, "\n", &Answer::Record(Box::new(record)));
        assert!(page.contains("A Dental") && page.contains("1 unit: Enter"), "{page}");
        press(&mut model, "\n");
        assert!(shown(&model).contains("unit 7"));
        press(&mut model, "\u{1b}\u{1b}]");
        assert!(shown(&model).contains("Pitches"), "the next kind");
        press(&mut model, ":invoices\n");
        assert!(shown(&model).contains("Invoices"));
    }
}

#[test]
fn the_log_of_a_unit_says_what_it_is_and_where_the_file_is() {
    for size in SIZES {
        let mut model = fixture::model(fixture::troubled(), size);
        let line = LogLine {
            at: "2026-01-05T09:00:01.5Z".to_owned(),
            level: "WARN".to_owned(),
            target: "cep_machine::gate".to_owned(),
            text: "attempt failed \u{1b}[2Jcode=503".to_owned(),
            unit: Some(123),
            ..LogLine::default()
        };
        let tail = LogTail {
            file: "/s/cep.log".to_owned(),
            lines: vec![line],
            looked_bytes: 4_096,
            whole: true,
        };
        let page = opened(&mut model, ":logs unit 123\n", &Answer::Log(tail));
        assert!(page.contains("Logs of unit 123") || size.0 == 60, "{page}");
        assert!(page.contains("09:00:01 WARN"), "{page}");
        assert!(size.0 < 80 || page.contains("all of /s/cep.log (4.0K)"), "{page}");
    }
}

#[test]
fn the_log_of_this_process_lists_its_targets_on_a_key() {
    for size in SIZES {
        let mut model = fixture::model(fixture::troubled(), size);
        let tail = LogTail { file: "/s/cep.log".to_owned(), ..LogTail::default() };
        let page = opened(&mut model, "L", &Answer::Log(tail));
        assert!(size.0 < 120 || page.contains("file /s/cep.log"), "{page}");
        press(&mut model, "tj][o");
        shown(&model);
    }
}

#[test]
fn from_the_end_of_a_page_one_key_leads_one_line_back() {
    for (opens, more) in [("S", "more line"), ("?", "j: ")] {
        let mut model = fixture::model(fixture::troubled(), (60, 15));
        let paint = |model: &mut Model| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 15));
            model.page_end = crate::tui::view::draw(model, UTF8, &mut buffer);
            text(&buffer)
        };
        press(&mut model, opens);
        let top = paint(&mut model);
        assert!(top.contains(more), "{top}");
        press(&mut model, "G");
        let end = paint(&mut model);
        assert!(!end.contains(more), "{end}");
        press(&mut model, "jj");
        assert_eq!(paint(&mut model), end);
        press(&mut model, "k");
        let back = paint(&mut model);
        assert!(back.contains(": 1 more "), "{back}");
    }
}

#[test]
fn of_a_command_too_long_for_the_line_the_end_is_in_view() {
    let mut model = fixture::model(fixture::troubled(), (60, 15));
    press(&mut model, ":note ");
    press(&mut model, &"they open at nine, ".repeat(6));
    press(&mut model, "and close at six");
    let page = shown(&model);
    assert!(page.contains("and close at six"), "{page}");
}
