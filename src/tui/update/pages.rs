//! Asks and fills the pages that lie behind rows, and opens what lies behind them in turn.

use tui_logger::TuiWidgetEvent;

use super::super::event::{Request, Ticket};
use super::super::keymap::{LogAction, Motion};
use super::super::listing::Listing;
use super::super::logs::LogView;
use super::super::model::Model;
use super::super::page::{Page, Reading};
use super::super::screen::{Card, Screen};
use super::{answers, movement, stream};
use crate::app::command::Refusal;
use crate::app::query::{Answer, LogOf, LogTail, RecordKind};
use crate::domain::ids::{AttemptId, RunId, UnitId};
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::time::Moment;

/// Whether the page has a question to ask now; if so it is marked as asked.
pub(super) fn due(page: &mut Page, now: Moment, look: u64, ticket: Ticket) -> bool {
    match page {
        Page::Run { reading, .. } => answers::due(&mut reading.facts, now, look, ticket),
        Page::Container { reading, .. } => answers::due(&mut reading.facts, now, look, ticket),
        Page::Effects { rows, .. } => answers::due(&mut rows.rows, now, look, ticket),
        Page::Effect { reading, .. } => answers::due(&mut reading.facts, now, look, ticket),
        Page::Records { rows, .. } => answers::due(&mut rows.rows, now, look, ticket),
        Page::Record { reading, .. } => answers::due(&mut reading.facts, now, look, ticket),
        Page::Logs(logs) => answers::due(&mut logs.rows.rows, now, look, ticket),
    }
}

/// Fills the page, if the answer is the one it waits for.
pub(super) fn place(page: &mut Page, ticket: Ticket, answer: Result<Answer, Refusal>) {
    match page {
        Page::Run { reading, .. } => {
            let found = |a| if let Answer::Run(found) = a { Some(found) } else { None };
            answers::take(&mut reading.facts, ticket, answer, found);
        }
        Page::Container { reading, .. } => {
            let found = |a| if let Answer::PhiExplain(found) = a { Some(found) } else { None };
            answers::take(&mut reading.facts, ticket, answer, found);
        }
        Page::Effects { rows, .. } => {
            let found = |a| if let Answer::Effects(found) = a { Some(found) } else { None };
            answers::take(&mut rows.rows, ticket, answer, found);
        }
        Page::Effect { reading, .. } => {
            let found = |a| if let Answer::Effect(found) = a { Some(found) } else { None };
            answers::take(&mut reading.facts, ticket, answer, found);
        }
        Page::Records { rows, .. } => {
            let found = |a| if let Answer::Records(found) = a { Some(found) } else { None };
            answers::take(&mut rows.rows, ticket, answer, found);
        }
        Page::Record { reading, .. } => {
            let found = |a| if let Answer::Record(found) = a { Some(found) } else { None };
            answers::take(&mut reading.facts, ticket, answer, found);
        }
        Page::Logs(logs) => {
            if logs.rows.rows.ticket == Some(ticket)
                && let Ok(Answer::Log(tail)) = &answer
            {
                logs.tail = Some(LogTail { lines: Vec::new(), ..tail.clone() });
            }
            let found = |a| if let Answer::Log(found) = a { Some(found.lines) } else { None };
            answers::take(&mut logs.rows.rows, ticket, answer, found);
        }
    }
}

/// What lies behind the selected row, or behind the page itself.
pub(super) fn behind(page: &Page) -> Option<Screen> {
    match page {
        Page::Effects { rows, .. } => rows.selected().map(|row| {
            Screen::Page(Page::Effect { key: row.key.clone(), reading: Reading::default() })
        }),
        Page::Records { kind, rows } => rows.selected().map(|row| {
            let (kind, key) = (*kind, row.key.clone());
            Screen::Page(Page::Record { kind, key, reading: Reading::default() })
        }),
        Page::Effect { reading, .. } => {
            let unit = reading.facts.value.as_ref()?.effect.unit;
            Some(Screen::Card(Card::new(vec![unit], 0)))
        }
        Page::Record { reading, .. } => {
            let units: Vec<_> =
                reading.facts.value.as_ref()?.units.iter().map(|unit| unit.id).collect();
            (!units.is_empty()).then(|| Screen::Card(Card::new(units, 0)))
        }
        Page::Run { reading, .. } => {
            let causes = &reading.facts.value.as_ref()?.causes;
            let units: Vec<_> = causes.iter().map(|cause| cause.unit).collect();
            (!units.is_empty()).then(|| Screen::Card(Card::new(units, 0)))
        }
        Page::Logs(logs) => {
            let unit = logs.rows.selected()?.unit?;
            Some(Screen::Card(Card::new(vec![UnitId(unit)], 0)))
        }
        Page::Container { .. } => None,
    }
}

/// Moves within a page; past the last line of a log lies an older page.
pub(super) fn travel(page: &mut Page, motion: Motion, page_rows: usize, height: usize) {
    if let Page::Logs(logs) = page
        && logs.of == LogOf::All
    {
        logs.targets.tell(match motion {
            Motion::Up if logs.targets.listed => TuiWidgetEvent::UpKey,
            Motion::Down if logs.targets.listed => TuiWidgetEvent::DownKey,
            Motion::Up | Motion::HalfUp | Motion::Top => TuiWidgetEvent::PrevPageKey,
            Motion::Down | Motion::HalfDown => TuiWidgetEvent::NextPageKey,
            Motion::Bottom => TuiWidgetEvent::EscapeKey,
        });
        return;
    }
    let (cursor, rows) = page.cursor(page_rows);
    let before = *cursor;
    *cursor = movement::target(motion, before, rows, height);
    let stuck = before + 1 >= rows && matches!(motion, Motion::Down | Motion::HalfDown);
    if let Page::Logs(logs) = page
        && stuck
    {
        logs.look_further();
    }
}

/// Keys of the log's targets.
pub(super) fn on_logs(model: &mut Model, action: LogAction) {
    let Screen::Page(Page::Logs(logs)) = model.screen_mut() else { return };
    if logs.of != LogOf::All {
        return model.say("targets are chosen on the log of this process: :logs all", true);
    }
    let targets = &mut logs.targets;
    if action != LogAction::Targets && !targets.listed {
        targets.listed = true;
        return model.hint("{up} {down} choose a target, {log-less} {log-more} its level", false);
    }
    match action {
        LogAction::Targets => targets.listed = !targets.listed,
        LogAction::Less => targets.tell(TuiWidgetEvent::LeftKey),
        LogAction::More => targets.tell(TuiWidgetEvent::RightKey),
        LogAction::Alone => {
            targets.alone = !targets.alone;
            targets.tell(TuiWidgetEvent::FocusKey);
        }
    }
}

/// Opens the log of what the screen is about: the open card's unit or the run, else everybody's.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other screen is about no one unit or run"
)]
pub(super) fn open_logs(model: &mut Model) {
    let of = match model.screen() {
        Screen::Card(card) => card.units.get(card.index).map(|&unit| LogOf::Unit(unit)),
        Screen::Page(Page::Run { run, .. }) => Some(LogOf::Run(*run)),
        Screen::Runs(runs) => runs.selected().map(|run| LogOf::Run(run.id)),
        _ => None,
    };
    model.push(Screen::Page(Page::Logs(LogView::new(of.unwrap_or_default()))));
}

/// Opens the events of the run or the unit that a page is about.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "every other screen is about no one unit or run"
)]
pub(super) fn open_events(model: &mut Model) {
    let filter = match model.screen() {
        Screen::Page(Page::Run { run, .. }) => Some(format!("run:{run}")),
        Screen::Page(Page::Effect { reading, .. }) => {
            reading.facts.value.as_ref().map(|detail| format!("unit:{}", detail.effect.unit))
        }
        _ => None,
    };
    match filter {
        Some(filter) => stream::filtered(model, &filter),
        None => model.say("this page is about no run and no unit", true),
    }
}

/// Shows the records of the kind `by` further.
pub(super) fn step_records(model: &mut Model, by: usize) {
    if let Screen::Page(Page::Records { kind, rows }) = model.screen_mut() {
        *kind = kind.step(by);
        *rows = Listing::default();
    }
}

/// `:logs unit 123`.
pub(super) fn typed_logs(model: &mut Model, rest: &str) -> Result<Vec<Request>, String> {
    let (of, id) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let number = || id.trim().parse::<i64>().map_err(|_| format!("logs {of}: {id:?} is no number"));
    let of = match of {
        "all" => LogOf::All,
        "run" => LogOf::Run(RunId(number()?)),
        "unit" => LogOf::Unit(UnitId(number()?)),
        "attempt" => LogOf::Attempt(AttemptId(number()?)),
        other => {
            return Err(format!("logs of what? all, run 7, unit 123 or attempt 9, not {other:?}"));
        }
    };
    model.push(Screen::Page(Page::Logs(LogView::new(of))));
    Ok(Vec::new())
}

/// `:effects unknown`.
pub(super) fn typed_effects(model: &mut Model, rest: &str) -> Result<Vec<Request>, String> {
    let state = EffectState::ALL.into_iter().find(|state| state.as_column() == rest);
    let Some(state) = state else {
        let words = EffectState::ALL.map(EffectState::as_column).join(", ");
        return Err(format!("{rest:?} is no state of an effect: {words}"));
    };
    model.push(Screen::Page(Page::Effects { state: Some(state), rows: Listing::default() }));
    Ok(Vec::new())
}

/// `:run-detail 7`.
pub(super) fn typed_run(model: &mut Model, rest: &str) -> Result<Vec<Request>, String> {
    let run =
        rest.trim_start_matches('#').parse().map_err(|_| format!("{rest:?} is no run's number"))?;
    model.push(Screen::Page(Page::run(RunId(run))));
    Ok(Vec::new())
}

/// Opens the list of a kind of records by its word, if it is one.
pub(super) fn typed_records(model: &mut Model, word: &str) -> bool {
    let kind = RecordKind::ALL.into_iter().find(|kind| kind.word() == word);
    if let Some(kind) = kind {
        model.push(Screen::Page(Page::records(kind)));
    }
    kind.is_some()
}

#[cfg(test)]
mod tests {
    use super::super::tests::press;
    use super::super::update;
    use super::*;
    use crate::app::query::{LogLine, Query};
    use crate::tui::event::Event;
    use crate::tui::fixture;

    fn quiet() -> Model {
        let snapshot = crate::app::snapshot::Snapshot { run: None, ..fixture::troubled() };
        fixture::model(snapshot, (120, 36))
    }

    fn said(model: &Model) -> &str {
        model.toast.as_ref().map_or("", |toast| toast.text.as_str())
    }

    #[test]
    fn the_log_key_opens_that_of_the_unit_or_run_one_looks_at() {
        let mut model = quiet();
        press(&mut model, ":unit 7\n");
        let asked = press(&mut model, "L");
        let of = LogOf::Unit(UnitId(7));
        assert!(matches!(&asked[..], [Request::Ask(_, Query::Log { of: it, .. })] if *it == of));
        press(&mut model, ":run-detail 418\nL");
        assert_eq!(model.screen().crumb(), "Logs of run 418");
        press(&mut model, ":logs attempt 9\n");
        assert_eq!(model.screen().crumb(), "Logs of attempt 9");
        press(&mut model, "q\u{1b}\u{1b}\u{1b}\u{1b}\u{1b}\u{1b}L");
        assert_eq!(model.screen().crumb(), "Logs");
    }

    #[test]
    fn what_is_typed_wrong_is_said_with_what_would_be_right() {
        let mut model = quiet();
        for (typed, says) in [
            (":logs unit x\n", "is no number"),
            (":logs lead 7\n", "all, run 7, unit 123 or attempt 9"),
            (":effects lost\n", "sending, confirmed, rejected, unknown"),
            (":run-detail seven\n", "is no run's number"),
        ] {
            press(&mut model, typed);
            for word in says.split(", ") {
                assert!(said(&model).contains(word), "{typed} says {}", said(&model));
            }
        }
        assert_eq!(model.screens().len(), 1, "nothing was opened");
    }

    #[test]
    fn past_the_last_line_of_a_log_lies_an_older_page_up_to_the_bound() {
        let mut model = quiet();
        let mut asked = press(&mut model, ":logs unit 7\n");
        let mut limits = Vec::new();
        while let [Request::Ask(ticket, Query::Log { limit, .. })] = asked[..] {
            limits.push(limit);
            assert!(limits.len() < 20, "it has an end");
            let lines = vec![LogLine::default(); limit as usize];
            let tail = LogTail { lines, ..LogTail::default() };
            update(&mut model, Event::Answered(ticket, Ok(Answer::Log(tail))));
            press(&mut model, "G");
            asked = (0..12).flat_map(|_| press(&mut model, "j")).collect();
        }
        assert_eq!((limits[0], limits[1], limits.last()), (200, 400, Some(&2_000)));
    }

    #[test]
    fn keys_of_targets_say_where_they_work() {
        let mut model = quiet();
        press(&mut model, ":logs unit 7\nt");
        assert!(said(&model).contains(":logs all"), "{}", said(&model));
        press(&mut model, ":logs all\n]");
        let Screen::Page(Page::Logs(logs)) = model.screen() else { panic!() };
        assert!(logs.targets.listed, "the first key shows what it is about");
    }

    #[test]
    fn a_row_of_each_list_leads_to_its_page_and_back() {
        let mut model = quiet();
        let asked = press(&mut model, "H");
        let [Request::Ask(ticket, _)] = asked[..] else { panic!() };
        let runs = vec![fixture::troubled().run.unwrap()];
        update(&mut model, Event::Answered(ticket, Ok(Answer::Runs(runs))));
        let asked = press(&mut model, "\n");
        assert!(matches!(&asked[..], [Request::Ask(_, Query::Run { run: RunId(418) })]));
        press(&mut model, "\u{1b}");
        assert!(matches!(model.screen(), Screen::Runs(_)));
        press(&mut model, "\u{1b}2\n");
        assert_eq!(model.screen().crumb(), "Sales");
    }
}
