//! Walks through the screen as lists of keys.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;

use super::update;
use crate::app::command::{Ack, Command, Refusal, RefusalKind};
use crate::app::query::{Answer, Query};
use crate::app::snapshot::Snapshot;
use crate::domain::ids::{EventId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::time::HOUR_MS;
use crate::tui::event::{Event, Request};
use crate::tui::fixture;
use crate::tui::keymap::Keymap;
use crate::tui::model::Model;
use crate::tui::page::Page;
use crate::tui::screen::{Card, Overlay, Screen};

/// Returns the key a character of a test stands for.
pub(crate) fn key(c: char) -> KeyEvent {
    let code = match c {
        '\n' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        '\u{1b}' => KeyCode::Esc,
        '\u{8}' => KeyCode::Backspace,
        '\u{3}' => return KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
        c => KeyCode::Char(c),
    };
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Presses keys and returns all that they asked for.
pub(crate) fn press(model: &mut Model, keys: &str) -> Vec<Request> {
    keys.chars().flat_map(|c| update(model, Event::Key(key(c)))).collect()
}

fn commands(requests: Vec<Request>) -> Vec<Command> {
    requests
        .into_iter()
        .filter_map(
            |request| if let Request::Submit(command) = request { Some(command) } else { None },
        )
        .collect()
}

fn said(model: &Model) -> &str {
    model.toast.as_ref().map_or("", |toast| toast.text.as_str())
}

fn quiet() -> Model {
    let snapshot = Snapshot { run: None, ..fixture::troubled() };
    fixture::model(snapshot, (120, 36))
}

fn live(armed: bool) -> Model {
    let mut snapshot = Snapshot { run: None, mode: Mode::Live, ..fixture::troubled() };
    snapshot.live.armed = armed;
    fixture::model(snapshot, (120, 36))
}

fn accepted(model: &mut Model, command: Command, text: &str) -> Vec<Request> {
    let ack = Ack::here(None, text);
    update(model, Event::Submitted(command, Ok(ack)))
}

#[test]
fn r_runs_the_selected_layer_in_rehearsal_at_once() {
    let mut model = quiet();
    let asked = commands(press(&mut model, "jjr"));
    let [Command::Run(run)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((run.mode, run.layers.as_slice()), (Mode::Dry, &[Layer::OutreachEngine][..]));
    let asked = commands(press(&mut model, "R"));
    let [Command::Run(run)] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(run.layers, Layer::ALL);
}

#[test]
fn a_run_under_way_refuses_another_and_says_what_to_do() {
    let mut model = fixture::model(fixture::troubled(), (120, 36));
    assert_eq!(press(&mut model, "r"), []);
    assert!(model.toast.as_ref().is_some_and(|toast| toast.text.contains("x cancels")));
}

#[test]
fn in_live_no_run_starts_unarmed_and_none_by_a_single_key_when_armed() {
    assert_eq!(commands(press(&mut live(false), "r")), []);
    let mut model = live(true);
    assert_eq!(commands(press(&mut model, "r\n")), [], "the focus starts on no");
    assert_eq!(commands(press(&mut model, "r")), []);
    assert!(
        matches!(commands(press(&mut model, "y")).as_slice(), [Command::Run(run)] if run.mode == Mode::Live)
    );
}

#[test]
fn the_word_arms_and_nothing_short_of_it_does() {
    for wrong in
        ["m\n", "mliv\n", "mLIVE\n", "mlive \n", "mlivee\n", "mlive\u{1b}\n", "m\tlive\u{8}\n"]
    {
        assert_eq!(commands(press(&mut quiet(), wrong)), [], "{wrong:?}");
    }
    let armed = commands(press(&mut quiet(), "mlive\n"));
    assert_eq!(armed, [Command::ArmLive { confirmation: "live".to_owned() }]);
}

#[test]
fn letters_of_any_script_in_the_live_dialog_arm_nothing_and_break_nothing() {
    assert_eq!(commands(press(&mut quiet(), "mliv日本語日本語\n")), []);
}

#[test]
fn arming_turns_the_view_to_live_and_disarming_back() {
    let mut model = quiet();
    let arm = Command::ArmLive { confirmation: "live".to_owned() };
    let after = commands(accepted(&mut model, arm, "armed"));
    assert_eq!(after, [Command::View { mode: Mode::Live }]);
    let mut model = live(true);
    assert_eq!(commands(press(&mut model, "m\n")), [Command::Disarm]);
}

#[test]
fn v_shows_the_other_world_and_runs_nothing() {
    assert_eq!(commands(press(&mut quiet(), "v")), [Command::View { mode: Mode::Live }]);
    assert_eq!(commands(press(&mut live(false), "v")), [Command::View { mode: Mode::Dry }]);
}

#[test]
fn an_armed_live_that_nobody_watches_is_disarmed() {
    let mut model = live(true);
    let idle = |ms| Event::Tick(fixture::NOW.plus_ms(ms));
    assert_eq!(commands(update(&mut model, idle(super::LIVE_IDLE_MS - 1))), []);
    assert_eq!(commands(update(&mut model, idle(super::LIVE_IDLE_MS))), [Command::Disarm]);
}

#[test]
fn e_on_a_layer_with_errors_asks_for_its_own_and_opens_a_sole_one_at_once() {
    let mut model = quiet();
    let asked = press(&mut model, "jjje");
    let [Request::Ask(ticket, Query::ErrorGroups { layer, .. })] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(*layer, Some(Layer::BookingHandler));
    let answer = Answer::ErrorGroups(vec![fixture::group(&[7])]);
    let next = update(&mut model, Event::Answered(*ticket, Ok(answer)));
    assert!(
        matches!(next.as_slice(), [Request::Ask(_, Query::ErrorDetail { unit: UnitId(7) })]),
        "{next:?}"
    );
    press(&mut model, "\u{1b}");
    assert!(matches!(model.screen(), Screen::Errors { .. }), "Esc leads to the list");
}

#[test]
fn e_on_a_layer_without_errors_shows_those_of_all() {
    let asked = press(&mut quiet(), "e");
    assert!(matches!(asked.as_slice(), [Request::Ask(_, Query::ErrorGroups { layer: None, .. })]));
}

#[test]
fn an_answer_nobody_waits_for_is_dropped() {
    let mut model = quiet();
    let asked = press(&mut model, "e");
    let [Request::Ask(ticket, _)] = asked.as_slice() else { panic!("{asked:?}") };
    press(&mut model, "\u{1b}E");
    update(&mut model, Event::Answered(*ticket, Ok(Answer::ErrorGroups(Vec::new()))));
    let Screen::Page(Page::Effects { rows, .. }) = model.screen() else { panic!() };
    assert!(rows.rows.value.is_none() && rows.rows.ticket.is_some());
}

#[test]
fn a_refusal_is_shown_with_its_reason_and_hint() {
    let mut model = quiet();
    let refusal = Refusal {
        kind: RefusalKind::Safeguard,
        why: "no postal address".to_owned(),
        hint: Some("set sender.postal_address".to_owned()),
    };
    update(&mut model, Event::Submitted(Command::Disarm, Err(refusal)));
    let toast = model.toast.clone().unwrap();
    assert_eq!(toast.text, "refused: no postal address: set sender.postal_address");
    assert!(toast.is_refusal);
}

#[test]
fn retrying_on_the_card_leaves_a_note_there() {
    let mut model = quiet();
    let asked = press(&mut model, ":unit 7\n");
    let Some(Request::Ask(ticket, _)) = asked.last() else { panic!("{asked:?}") };
    let answer = Answer::ErrorDetail(Box::new(fixture::detail(7)));
    update(&mut model, Event::Answered(*ticket, Ok(answer)));
    let asked = commands(press(&mut model, "r"));
    assert_eq!(asked, [Command::Retry { unit: UnitId(7) }]);
    for command in asked {
        accepted(&mut model, command, "re-queued");
    }
    let Screen::Card(card) = model.screen() else { panic!() };
    assert_eq!(card.done.as_deref(), Some("12:04:31 by you: re-queued"));
    assert_eq!(
        commands(press(&mut model, "smoved away\n")),
        [Command::Skip { unit: UnitId(7), reason: "moved away".to_owned() }]
    );
    assert_eq!(commands(press(&mut model, "R\n")), [], "no is the default");
    assert!(matches!(
        commands(press(&mut model, "Ry")).as_slice(),
        [Command::RetryFingerprint { fingerprint, .. }] if fingerprint == "a91c03ffe210"
    ));
}

#[test]
fn new_events_do_not_push_the_reader_away() {
    let mut model = fixture::model(fixture::troubled(), (120, 36));
    press(&mut model, "4kk");
    assert_eq!(model.events.anchor, Some(EventId(1)));
    let mut newer = fixture::troubled();
    newer.events.push(fixture::event(4, crate::domain::event::Level::Info, Some(3), "newer"));
    update(&mut model, Event::Snapshot(Arc::new(newer)));
    assert_eq!(model.events.anchor, Some(EventId(1)));
    press(&mut model, "G");
    assert_eq!(model.events.anchor, None, "the end follows again");
}

#[test]
fn a_frozen_picture_stands_still_and_the_header_still_counts() {
    let mut model = quiet();
    press(&mut model, " ");
    let mut newer = fixture::troubled();
    newer.worlds.dry.failed = 99;
    update(&mut model, Event::Snapshot(Arc::new(newer)));
    assert_eq!(model.snapshot().worlds.dry.failed, 4);
    assert_eq!(model.latest().worlds.dry.failed, 99);
    press(&mut model, " ");
    assert_eq!(model.snapshot().worlds.dry.failed, 99);
}

#[test]
fn leaving_a_run_asks_and_can_wait_for_its_end() {
    let mut model = fixture::model(fixture::troubled(), (120, 36));
    assert_eq!(press(&mut model, "q"), []);
    assert_eq!(model.overlay, Some(Overlay::Quit));
    assert_eq!(press(&mut model, "w"), []);
    let ended = Snapshot { run: None, ..fixture::troubled() };
    assert_eq!(update(&mut model, Event::Snapshot(Arc::new(ended))), [Request::Quit]);
    assert_eq!(press(&mut quiet(), "q"), [Request::Quit]);
    let mut model = fixture::model(fixture::troubled(), (120, 36));
    assert_eq!(press(&mut model, "qc"), [Request::Quit]);
}

#[test]
fn an_interrupt_needs_a_second_one_right_after_it() {
    let mut model = quiet();
    assert_eq!(press(&mut model, "\u{3}j\u{3}"), []);
    assert_eq!(press(&mut model, "\u{3}"), [Request::Quit]);
}

#[test]
fn the_advance_key_offers_a_day_and_takes_another_span() {
    assert_eq!(
        commands(press(&mut quiet(), ">\n")),
        [Command::Advance { ms: crate::domain::time::DAY_MS }]
    );
    assert_eq!(commands(press(&mut quiet(), ":advance soon\n")), []);
    assert_eq!(commands(press(&mut live(true), ">")), []);
}

#[test]
fn the_palette_takes_arguments_and_recalls_what_was_typed() {
    let mut model = quiet();
    let asked = commands(press(&mut model, ":run 3 limit 5\n"));
    assert!(matches!(asked.as_slice(), [Command::Run(run)] if run.limit == Some(5)), "{asked:?}");
    press(&mut model, ":");
    update(&mut model, Event::Key(KeyEvent::new(KeyCode::Up, KeyModifiers::NONE)));
    assert!(
        matches!(&model.overlay, Some(Overlay::Palette { input, .. }) if input == "run 3 limit 5")
    );
}

#[test]
fn every_command_that_a_key_can_send_serialises() {
    use crate::app::command::DemoControl;
    for control in [DemoControl::Pause, DemoControl::InjectFault] {
        let text = serde_json::to_string(&Command::Demo { control }).unwrap();
        assert_eq!(serde_json::from_str::<Command>(&text).unwrap(), Command::Demo { control });
    }
    let asked = commands(press(&mut quiet(), "R"));
    assert!(serde_json::to_string(&asked).unwrap().contains("\"command\":\"run\""));
}

#[test]
fn a_filter_follows_each_key_and_esc_undoes_it() {
    let mut model = quiet();
    press(&mut model, "/token");
    assert_eq!(model.shown_events().len(), 1);
    press(&mut model, "\u{1b}");
    assert_eq!(model.shown_events().len(), 3);
}

/// A key of the walk: printable characters and the few others that mean something. The typed word
/// cannot come about by chance, because one of its letters is left out.
fn any_key() -> impl Strategy<Value = char> {
    prop_oneof![
        8 => prop::char::range(' ', '~'),
        3 => Just('\n'),
        1 => Just('\t'),
        1 => Just('\u{1b}'),
        1 => Just('\u{8}'),
        4 => prop::sample::select(vec!['m', 'r', 'R', 'y', 'x', ':', 'v', 'e']),
    ]
    .prop_map(|c| if c == 'v' { 'm' } else { c })
}

proptest! {
    #[test]
    fn no_keys_arm_live_or_run_it_without_the_typed_word(
        keys in prop::collection::vec(any_key(), 0..60),
        viewed_live in any::<bool>(),
    ) {
        let mut model = if viewed_live { live(false) } else { quiet() };
        for c in keys {
            for command in commands(update(&mut model, Event::Key(key(c)))) {
                let arms = matches!(command, Command::ArmLive { .. });
                let runs_live = matches!(&command, Command::Run(run) if run.mode == Mode::Live);
                prop_assert!(!arms && !runs_live, "{command:?}");
                accepted(&mut model, command, "done");
            }
        }
    }

    #[test]
    fn a_screen_that_only_reads_asks_for_no_change_whatever_is_pressed(
        keys in prop::collection::vec(any_key(), 0..60),
        armed in any::<bool>(),
        card in any::<bool>(),
    ) {
        let mut model = live(armed);
        model.keys = Arc::new(Keymap::default().read_only());
        if card {
            model.push(Screen::Card(Card::new(vec![UnitId(1)], 0)));
        }
        for c in keys {
            let asked = commands(update(&mut model, Event::Key(key(c))));
            prop_assert!(asked.iter().all(Command::only_looks), "{:?}", asked);
        }
    }

    #[test]
    fn no_single_key_makes_an_armed_live_act(c in prop::char::range(' ', '~')) {
        let mut model = live(true);
        for command in commands(update(&mut model, Event::Key(key(c)))) {
            let acts = matches!(
                command,
                Command::Run(_) | Command::Retry { .. } | Command::RetryFingerprint { .. }
            );
            prop_assert!(!acts, "{command:?}");
        }
    }
}

/// A screen that lists the morning's tasks, with the first selected.
fn at_tasks(mode: Mode) -> Model {
    use crate::app::query::Answer;
    let mut model = fixture::model(Snapshot { mode, run: None, ..fixture::troubled() }, (120, 36));
    let asked = press(&mut model, "T");
    let mut tasks = fixture::tasks();
    for task in &mut tasks {
        task.mode = mode;
    }
    for request in asked {
        if let Request::Ask(ticket, _) = request {
            update(&mut model, Event::Answered(ticket, Ok(Answer::Tasks(tasks.clone()))));
        }
    }
    model
}

fn answer_of(unit: i64, result: &str, note: Option<&str>, plan: Option<&str>) -> Command {
    let data = plan.map(|plan| serde_json::json!({ "plan": plan }));
    let (unit, result) = (crate::domain::ids::UnitId(unit), result.to_owned());
    Command::Answer { unit, result, note: note.map(str::to_owned), data }
}

#[test]
fn a_task_is_ended_by_one_key_and_what_needs_more_is_asked_for() {
    let mut model = at_tasks(Mode::Dry);
    assert_eq!(commands(press(&mut model, "d")), [answer_of(21, "done", None, None)]);
    let failed = press(&mut model, "fnumber is wrong\n");
    assert_eq!(commands(failed), [answer_of(21, "failed", Some("number is wrong"), None)]);
    let noted = commands(press(&mut model, "ncalls back\n"));
    assert!(matches!(&noted[..], [Command::Note { text, .. }] if text == "calls back"));
    assert!(commands(press(&mut model, "f\n")).is_empty(), "a failure says why");
    press(&mut model, "j");
    assert!(commands(press(&mut model, "d")).is_empty(), "a call says how it went");
    let won = commands(press(&mut model, "won starter signed at once\n"));
    assert_eq!(won, [answer_of(22, "won", Some("signed at once"), Some("starter"))]);
    assert!(commands(press(&mut model, "dwon\n")).is_empty());
    assert!(model.toast.as_ref().unwrap().text.contains("professional"));
}

#[test]
fn a_withdrawn_task_cannot_be_answered_and_says_so() {
    let mut model = at_tasks(Mode::Dry);
    assert!(commands(press(&mut model, "Gd")).is_empty());
    let toast = model.toast.clone().unwrap();
    assert!(toast.is_refusal && toast.text.contains("withdrawn"), "{}", toast.text);
}

#[test]
fn a_real_task_is_ended_only_after_a_question() {
    let mut model = at_tasks(Mode::Live);
    assert!(commands(press(&mut model, "d")).is_empty());
    assert_eq!(commands(press(&mut model, "y")), [answer_of(21, "done", None, None)]);
}

#[test]
fn a_proposal_is_approved_by_one_key_and_rejected_with_a_reason() {
    use crate::app::query::Answer;
    use crate::domain::ids::ProposalId;
    use crate::domain::learning::ProposalEvent;
    let mut model = fixture::model(fixture::troubled(), (120, 36));
    for request in press(&mut model, "A") {
        if let Request::Ask(ticket, _) = request {
            let answer = Ok(Answer::Proposals(fixture::proposals()));
            update(&mut model, Event::Answered(ticket, answer));
        }
    }
    let decide = |id, event, note: Option<&str>| Command::Decide {
        proposal: ProposalId(id),
        event,
        note: note.map(str::to_owned),
    };
    assert_eq!(commands(press(&mut model, "a")), [decide(9, ProposalEvent::Approve, None)]);
    press(&mut model, "j");
    assert!(commands(press(&mut model, "r\n")).is_empty(), "a rejection says why");
    let rejected = commands(press(&mut model, "rtoo many\n"));
    assert_eq!(rejected, [decide(8, ProposalEvent::Reject, Some("too many"))]);
    let noted = commands(press(&mut model, ":approve for a week\n"));
    assert_eq!(noted, [decide(8, ProposalEvent::Approve, Some("for a week"))]);
    press(&mut model, "G");
    assert_eq!(model.proposal().unwrap().id, ProposalId(8), "what is decided is not listed");
    press(&mut model, "q");
    assert!(commands(press(&mut model, ":approve\n")).is_empty());
    assert!(model.toast.as_ref().unwrap().text.contains("press A"));
}

#[test]
fn a_screen_that_only_reads_says_why_a_key_does_nothing() {
    let mut model = quiet();
    model.keys = Arc::new(Keymap::default().read_only());
    assert_eq!(press(&mut model, "r"), []);
    assert_eq!(said(&model), "run changes something, and this screen only reads");
    assert_eq!(press(&mut model, ":skip no use\n"), []);
    assert_eq!(said(&model), "skip changes something, and this screen only reads");
    press(&mut model, ":layer 3\n");
    assert!(matches!(model.screen(), Screen::Layer { layer: Layer::OutreachEngine, .. }));
}

#[test]
fn hints_name_the_keys_in_force() {
    let mut model = quiet();
    let changes = [("errors".to_owned(), vec!["z".to_owned()])];
    model.keys = Arc::new(Keymap::new(&changes.into()).unwrap());
    press(&mut model, ":retry\n");
    press(&mut model, "z");
    assert!(matches!(model.screen(), Screen::Errors { .. }));
}

#[test]
fn a_shift_is_told_the_last_eight_hours_or_since_a_moment_that_is_typed() {
    let mut model = quiet();
    let asked = |requests: Vec<Request>| {
        requests.into_iter().find_map(|request| {
            if let Request::Ask(_, Query::Changes { since }) = request { Some(since) } else { None }
        })
    };
    let ago = |hours: i64| Some(fixture::NOW.plus_ms(-hours * HOUR_MS));
    assert_eq!(asked(press(&mut model, "C")), ago(8));
    assert_eq!(asked(press(&mut model, ":changes 2d\n")), ago(48));
    assert_eq!(model.screens().len(), 2, "another moment takes the place of the one before");
    press(&mut model, ":changes noon\n");
    assert!(said(&model).contains("22:00"), "{}", said(&model));
}
