//! Acts on a cause of failures, from its row and from the card of one of its units: retry all alike,
//! look after it, note something on it, write it down.
//!
//! A retry makes rows ready and nothing more; whoever works the world does the rest, and in LIVE a
//! question stands before it whoever that is.

use super::super::event::Request;
use super::super::model::Model;
use super::super::reasons;
use super::actions;
use super::palette::unless;
use crate::app::command::Command;
use crate::domain::mode::Mode;

/// Asks whether every unit of the cause is to be tried again.
pub(super) fn retry_alike(model: &mut Model) {
    let Some(cause) = model.cause() else { return };
    let (mode, n) = (cause.mode, cause.units);
    let units = if n == 1 { "unit".to_owned() } else { format!("{n} units") };
    let mut lines = vec![format!("Cause {}: {}", cause.fingerprint, cause.text)];
    if cause.held > 0 {
        lines.push(format!("{} are held and stay so: their acts may have happened.", cause.held));
    }
    lines.push("Each effect keeps its key, so nothing is sent twice.".to_owned());
    if mode == Mode::Live {
        lines.push(who_sends(model));
    }
    let fingerprint = cause.fingerprint.to_owned();
    let title = format!("Retry {units} alike, {}?", mode.badge());
    actions::confirm(model, title, lines, Command::RetryFingerprint { mode, fingerprint });
}

/// Says who would do what is made ready in LIVE, and where it would go.
pub(super) fn who_sends(model: &Model) -> String {
    let live = &model.latest().live;
    match (&live.other_owner, live.armed) {
        (_, true) => format!("This process works it: it goes out through {}.", live.through),
        (Some(owner), false) => {
            format!("{owner} is live already and works it; this process sends nothing.")
        }
        (None, false) => "Nobody works LIVE now: it is made ready and waits.".to_owned(),
    }
}

/// Says that the person looks after the cause.
pub(super) fn acknowledge(model: &Model, note: &str) -> Vec<Request> {
    let Some(cause) = model.cause() else { return Vec::new() };
    let note = (!note.is_empty()).then(|| note.to_owned());
    let (mode, fingerprint) = (cause.mode, cause.fingerprint.to_owned());
    vec![Request::Submit(Command::Acknowledge { mode, fingerprint, note })]
}

/// Writes the open card to a file, with nothing in it that the card would not show.
pub(super) fn save(model: &mut Model) -> Vec<Request> {
    let Some(detail) = model.card() else { return Vec::new() };
    let at: String = model.now.to_string().chars().filter(|c| !matches!(c, ':' | '-')).collect();
    let name = format!("error-{}-{at}.json", detail.unit.id);
    match serde_json::to_string_pretty(detail) {
        Ok(text) => vec![Request::Save { name, text: text + "\n" }],
        Err(error) => {
            model.say(format!("not written: {error}"), true);
            Vec::new()
        }
    }
}

type Read = Result<Vec<Request>, String>;

/// Reads `acknowledge [note]`.
pub(super) fn typed_acknowledge(model: &Model, note: &str) -> Read {
    unless(model, reasons::has_cause)?;
    Ok(acknowledge(model, note))
}

/// Reads `note <text>`.
pub(super) fn typed_note(model: &Model, text: &str) -> Read {
    unless(model, reasons::has_cause)?;
    let cause = model.cause().ok_or("no cause is selected")?;
    if text.is_empty() {
        return Err("note needs a text".to_owned());
    }
    let (mode, fingerprint) = (cause.mode, cause.fingerprint.to_owned());
    Ok(vec![Request::Submit(Command::NoteCause { mode, fingerprint, text: text.to_owned() })])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::app::command::{Ack, Command};
    use crate::app::query::{Answer, Query};
    use crate::app::snapshot::Snapshot;
    use crate::domain::ids::UnitId;
    use crate::domain::mode::Mode;
    use crate::tui::event::{Event, Request};
    use crate::tui::fixture;
    use crate::tui::keymap::Keymap;
    use crate::tui::model::Model;
    use crate::tui::screen::{Overlay, Screen};
    use crate::tui::update::tests::press;
    use crate::tui::update::update;

    /// Another process works live units, and this one is not armed.
    fn served(mode: Mode) -> Snapshot {
        let mut snapshot = Snapshot { mode, run: None, ..fixture::troubled() };
        snapshot.live.other_owner = Some("serve pid 7@host".to_owned());
        snapshot
    }

    fn answered(model: &mut Model, requests: &[Request], answer: &Answer) -> Vec<Request> {
        let mut next = Vec::new();
        for request in requests {
            if let Request::Ask(ticket, _) = request {
                next = update(model, Event::Answered(*ticket, Ok(answer.clone())));
            }
        }
        next
    }

    fn groups() -> Answer {
        Answer::ErrorGroups(vec![fixture::group(&[7, 8, 9, 10])])
    }

    /// The list of errors, answered.
    fn at_errors(mode: Mode) -> Model {
        let mut model = fixture::model(served(mode), (80, 24));
        let asked = press(&mut model, "e");
        answered(&mut model, &asked, &groups());
        model
    }

    fn submitted(requests: &[Request]) -> Vec<&Command> {
        fn command(request: &Request) -> Option<&Command> {
            if let Request::Submit(it) = request { Some(it) } else { None }
        }
        requests.iter().filter_map(command).collect()
    }

    #[test]
    fn three_keys_lead_to_a_live_cause_and_two_more_retry_all_alike_however_fast_they_come() {
        let mut model = fixture::model(served(Mode::Dry), (80, 24));
        let asked = press(&mut model, "ve\n");
        assert_eq!(asked, [Request::Submit(Command::View { mode: Mode::Live })]);
        assert_eq!(model.viewed(), Mode::Dry, "the other world is on its way");
        let asked = update(&mut model, Event::Snapshot(Arc::new(served(Mode::Live))));
        let [Request::Ask(_, Query::ErrorGroups { mode: Mode::Live, layer: None })] = &asked[..]
        else {
            panic!("{asked:?}")
        };
        let asked = answered(&mut model, &asked, &groups());
        let [Request::Ask(_, Query::ErrorDetail { unit: UnitId(7) })] = &asked[..] else {
            panic!("{asked:?}")
        };
        let mut detail = fixture::detail(7);
        detail.unit.mode = Mode::Live;
        answered(&mut model, &asked, &Answer::ErrorDetail(Box::new(detail)));
        assert!(model.card().is_some_and(|card| card.next_retry.is_some()));
        assert_eq!(press(&mut model, "R"), []);
        let Some(Overlay::Confirm(question)) = &model.overlay else { panic!() };
        assert_eq!(question.title, "Retry 4 units alike, LIVE?");
        let told = question.lines.join("\n");
        assert!(told.contains("serve pid 7@host is live already"), "{told}");
        let fingerprint = "a91c03ffe210".to_owned();
        let retry = Command::RetryFingerprint { mode: Mode::Live, fingerprint };
        assert_eq!(submitted(&press(&mut model, "y")), [&retry]);
    }

    #[test]
    fn from_the_list_all_alike_are_retried_by_two_keys_and_never_by_one() {
        for mode in Mode::ALL {
            let mut model = at_errors(mode);
            assert_eq!(press(&mut model, "R\n"), [], "no is the default");
            let asked = press(&mut model, "Ry");
            let [Command::RetryFingerprint { mode: of, .. }] = submitted(&asked)[..] else {
                panic!("{asked:?}")
            };
            assert_eq!(*of, mode);
        }
    }

    #[test]
    fn rows_of_one_world_never_stand_under_the_name_of_the_other() {
        let mut model = at_errors(Mode::Dry);
        let asked = update(&mut model, Event::Snapshot(Arc::new(served(Mode::Live))));
        let Screen::Errors { groups, .. } = model.screen() else { panic!() };
        assert_eq!(groups.rows.value, None);
        assert!(
            matches!(&asked[..], [Request::Ask(_, Query::ErrorGroups { mode: Mode::Live, .. })]),
            "{asked:?}"
        );
        let mut model = at_errors(Mode::Dry);
        press(&mut model, "\n");
        update(&mut model, Event::Snapshot(Arc::new(served(Mode::Live))));
        assert!(matches!(model.screen(), Screen::Errors { .. }), "a unit of the old world is left");
    }

    #[test]
    fn while_the_other_world_is_on_its_way_nothing_wakes_the_screen_to_ask() {
        let mut model = at_errors(Mode::Dry);
        let mut newer = served(Mode::Dry);
        newer.layers[2].units.dead += 1;
        update(&mut model, Event::Snapshot(Arc::new(newer)));
        assert!(model.asks_again_in_ms().is_some());
        press(&mut model, "v");
        assert_eq!(model.asks_again_in_ms(), None);
    }

    #[test]
    fn a_refused_look_at_the_other_world_lets_the_lists_be_read_again() {
        use crate::app::command::{Refusal, RefusalKind};
        let mut model = fixture::model(served(Mode::Dry), (80, 24));
        press(&mut model, "ve");
        let refusal = Refusal {
            kind: RefusalKind::Failed,
            why: "the machine has stopped".into(),
            hint: None,
        };
        update(&mut model, Event::Submitted(Command::View { mode: Mode::Live }, Err(refusal)));
        let asked = update(&mut model, Event::Tick(fixture::NOW));
        assert!(matches!(&asked[..], [Request::Ask(_, Query::ErrorGroups { .. })]), "{asked:?}");
    }

    #[test]
    fn the_errors_of_one_layer_give_way_to_those_of_all_by_the_same_key() {
        let mut model = fixture::model(served(Mode::Dry), (80, 24));
        press(&mut model, "jjj");
        let asked = press(&mut model, "e");
        assert!(matches!(&asked[..], [Request::Ask(_, Query::ErrorGroups { layer: Some(_), .. })]));
        let asked = press(&mut model, "e");
        assert!(matches!(&asked[..], [Request::Ask(_, Query::ErrorGroups { layer: None, .. })]));
    }

    #[test]
    fn one_key_looks_after_a_cause_and_the_row_is_read_anew() {
        let mut model = at_errors(Mode::Live);
        let asked = press(&mut model, "a");
        let fingerprint = "a91c03ffe210".to_owned();
        let wanted = Command::Acknowledge { mode: Mode::Live, fingerprint, note: None };
        assert_eq!(submitted(&asked), [&wanted]);
        let ack =
            Ack { id: None, run: None, by: None, text: "ann@desk looks after a91c03ffe210".into() };
        let asked = update(&mut model, Event::Submitted(wanted, Ok(ack)));
        assert!(matches!(&asked[..], [Request::Ask(_, Query::ErrorGroups { .. })]), "{asked:?}");
        assert!(model.toast.as_ref().is_some_and(|toast| toast.text.contains("looks after")));
    }

    #[test]
    fn a_note_goes_to_the_selected_cause_and_an_empty_one_is_refused() {
        let mut model = at_errors(Mode::Live);
        let asked = press(&mut model, "nwaiting for their office\n");
        let [Command::NoteCause { mode: Mode::Live, text, .. }] = submitted(&asked)[..] else {
            panic!("{asked:?}")
        };
        assert_eq!(text, "waiting for their office");
        assert_eq!(submitted(&press(&mut model, "n\n")), [] as [&Command; 0]);
        let asked = press(&mut model, ":acknowledge asked them\n");
        assert!(matches!(
            submitted(&asked)[..],
            [Command::Acknowledge { note: Some(note), .. }] if note == "asked them"
        ));
    }

    #[test]
    fn a_screen_that_only_reads_neither_acknowledges_nor_retries() {
        let mut model = at_errors(Mode::Live);
        model.keys = Arc::new(Keymap::default().read_only());
        for keys in ["a", "R", "n", ":acknowledge\n", ":note x\n"] {
            assert_eq!(press(&mut model, keys), [], "{keys:?}");
        }
        assert!(model.toast.as_ref().is_some_and(|toast| toast.text.contains("only reads")));
    }

    #[test]
    fn w_writes_the_whole_card_with_nothing_that_it_would_not_show() {
        let mut model = fixture::model(served(Mode::Dry), (80, 24));
        let asked = press(&mut model, ":unit 7\n");
        let detail = fixture::detail(7);
        answered(&mut model, &asked, &Answer::ErrorDetail(Box::new(detail.clone())));
        let asked = press(&mut model, "w");
        let [Request::Save { name, text }] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!(name, "error-7-20261123T120431Z.json");
        let read: crate::app::query::ErrorDetail = serde_json::from_str(text).unwrap();
        assert_eq!(read, detail);
        update(&mut model, Event::Saved(Ok("/state/kept/error-7.json".into())));
        let said = &model.toast.as_ref().unwrap().text;
        assert_eq!(said, "written to /state/kept/error-7.json");
        update(&mut model, Event::Saved(Err("no space".into())));
        assert!(model.toast.as_ref().is_some_and(|toast| toast.is_refusal));
    }
}
