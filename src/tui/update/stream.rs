//! Moves within the stream of events, and fetches what lies before and after the picture's own.

use super::super::event::{Request, Ticket};
use super::super::format;
use super::super::keymap::Motion;
use super::super::model::Model;
use super::super::page::Page;
use super::super::screen::{Card, Overlay, Pane, Screen};
use super::super::stream::{Row, Since, Want, Window};
use super::movement;
use crate::app::command::Refusal;
use crate::app::query::{Answer, Query};
use crate::domain::event::Event;
use crate::domain::ids::EventId;
use crate::tui::listing::Listing;

/// Whether keys that move go to the events.
pub(super) fn is_looked_at(model: &Model) -> bool {
    matches!(model.screen(), Screen::Events | Screen::Overview { pane: Pane::Events, .. })
}

/// Follows the newest event, or stands on it.
pub(super) fn follow(model: &mut Model) {
    let newest = model.event_rows().last().map(|row| row.event.id);
    let (events, ring, _) = model.stream_mut();
    match (events.anchor, newest) {
        (None, Some(newest)) => events.stand(ring, newest),
        _ => events.follow(),
    }
}

/// Moves the anchor by event, not by row, so that new events never push the reader away. Past the
/// last row lie the newer ones; with none left the newest is followed again.
pub(super) fn travel(model: &mut Model, motion: Motion) {
    let page = usize::from(model.size.1 / 2).max(1);
    let rows = model.event_rows();
    let Some(last) = rows.len().checked_sub(1) else {
        return look_back(model, motion);
    };
    let at = model.events.cursor(&rows);
    let to = movement::target(motion, at, rows.len(), page);
    let on = rows[to].event.id;
    let down = matches!(motion, Motion::Down | Motion::HalfDown);
    let waits = model.newer_events().n > 0 || model.newer_events().more;
    let near_top = to < page && matches!(motion, Motion::Up | Motion::HalfUp | Motion::Top);
    let whole = model.events_are_whole();
    let (events, ring, latest) = model.stream_mut();
    if motion == Motion::Bottom || (down && to == last && !waits) {
        events.follow();
    } else if down && at == last && events.anchor.is_some() {
        if events.go_on(latest) {
            travel(model, motion);
        }
    } else if to != at || events.anchor.is_some() || motion != Motion::Down {
        events.stand(ring, on);
        if near_top && !whole {
            events.want(Want::Older);
        }
    }
}

/// With no row to stand on, moving up still looks further back.
fn look_back(model: &mut Model, motion: Motion) {
    let whole = model.events_are_whole();
    if !whole && matches!(motion, Motion::Up | Motion::HalfUp | Motion::Top) {
        model.events.want(Want::Older);
    }
}

/// Opens a window of time, or goes to one end of the stream.
pub(super) fn window(model: &mut Model, window: Window) {
    let now = model.now;
    let events = &mut model.events;
    events.follow();
    events.since = window.length().map(|(label, ms)| Since { label, from: now.plus_ms(-ms) });
    events.changed();
    if window == Window::Head {
        events.want(Want::Head);
    }
}

/// Opens or closes the fold one stands on.
pub(super) fn fold(model: &mut Model) {
    let rows = model.event_rows();
    let row = rows.get(model.events.cursor(&rows)).copied();
    let reach = row.map(|row| reach(&rows, row));
    if !model.events.toggle_fold(reach) {
        model.say("no repeats are folded here", true);
    }
}

/// The ends of the fold that a row is or belongs to.
fn reach(rows: &[Row<'_>], row: Row<'_>) -> (EventId, EventId, usize, bool) {
    if !row.inside {
        return (row.oldest, row.event.id, row.n, false);
    }
    let at = rows.iter().position(|other| other.oldest == row.oldest).unwrap_or_default();
    let near = |other: &&Row<'_>| {
        other.inside && (other.event.kind == row.event.kind && other.event.layer == row.event.layer)
    };
    let first = rows[..at].iter().rev().take_while(near).last().map_or(row.oldest, |it| it.oldest);
    let last = rows[at..].iter().take_while(near).last().map_or(row.oldest, |it| it.event.id);
    (first, last, 1, true)
}

/// The event one stands on.
pub(super) fn selected(model: &Model) -> Option<&Event> {
    let rows = model.event_rows();
    rows.get(model.events.cursor(&rows)).map(|row| row.event)
}

/// The screen of what the selected event is about: its unit, else its run, else its layer.
pub(super) fn behind(model: &Model) -> Result<Screen, &'static str> {
    let event = selected(model).ok_or("no event is selected")?;
    let unit = event.unit_id.map(|unit| Screen::Card(Card::new(vec![unit], 0)));
    let run = event.run_id.map(|run| Screen::Page(Page::run(run)));
    let layer = event.layer.map(|layer| Screen::Layer { layer, units: Listing::default() });
    unit.or(run)
        .or(layer)
        .ok_or("there is nothing behind this event: it is about no unit, run or layer")
}

/// Opens the events of the open card's unit.
pub(super) fn of_unit(model: &mut Model) {
    let Screen::Card(card) = model.screen() else { return };
    if let Some(unit) = card.units.get(card.index).copied() {
        filtered(model, &format!("unit:{unit}"));
    }
}

/// Opens the events under a filter, of all times and following.
pub(super) fn filtered(model: &mut Model, text: &str) {
    model.events.follow();
    model.events.since = None;
    model.events.filter.keep();
    model.events.filter.level = None;
    set_filter(model, text);
    model.push(Screen::Events);
}

/// Puts another line in the filter's place.
pub(super) fn set_filter(model: &mut Model, text: &str) {
    if model.events.filter.text() != text {
        model.events.filter.set(text);
        model.events.changed();
    }
}

/// Asks for what the events lack, while they are looked at and no line is being typed.
pub(super) fn due(model: &mut Model) -> Option<Request> {
    let typing = matches!(model.overlay, Some(Overlay::Filter { .. }));
    if !is_looked_at(model) || typing {
        return None;
    }
    let (mode, height, ticket) = (model.viewed(), usize::from(model.size.1), model.ticket());
    let (events, ring, _) = model.stream_mut();
    if events.looks_on(ring, height) {
        events.spend_look();
    }
    let query = events.ask(ring, mode, ticket)?;
    Some(Request::Ask(ticket, Query::Events(query)))
}

/// Takes an answer; says whether it was one to the events' question.
pub(super) fn answered(
    model: &mut Model,
    ticket: Ticket,
    answer: &Result<Answer, Refusal>,
) -> bool {
    let Some(want) = model.events.takes(ticket) else {
        return false;
    };
    let page = match answer {
        Ok(Answer::Events(page)) => page.clone(),
        Ok(_) => {
            model.say("the answer is not of the question's kind", true);
            return true;
        }
        Err(refusal) => {
            model.say(format!("events could not be read: {}", refusal.why), true);
            return true;
        }
    };
    let found = page.iter().any(|event| model.events.filter.passes(event));
    let newest = model.latest().events.last().map_or(EventId(0), |event| event.id);
    model.events.place(want, page, newest);
    if !found && want == Want::Older && !model.events_are_whole() {
        let to = model.events.looked_to().map_or(0, |id| id.0.unsigned_abs());
        let to = format::count(to);
        model.hint(&format!("looked back to event {to}, none fits; {{up}} looks further"), false);
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::tests::press;
    use super::super::update;
    use super::*;
    use crate::app::command::RefusalKind;
    use crate::app::query;
    use crate::app::snapshot::Snapshot;
    use crate::domain::event::Level;
    use crate::tui::event::Event as Happened;
    use crate::tui::fixture;

    fn at_events(ids: std::ops::RangeInclusive<i64>) -> Model {
        let mut model = fixture::model(picture(ids), (120, 36));
        press(&mut model, "V");
        model
    }

    fn event(id: i64) -> Event {
        fixture::event(id, Level::Warn, Some(3), &format!("number {id}"))
    }

    fn picture(ids: std::ops::RangeInclusive<i64>) -> Snapshot {
        Snapshot { run: None, events: ids.map(event).collect(), ..fixture::troubled() }
    }

    fn question(requests: &[Request]) -> (Ticket, query::EventFilter) {
        match requests {
            [Request::Ask(ticket, Query::Events(filter))] => (*ticket, filter.clone()),
            other => panic!("{other:?}"),
        }
    }

    fn answer(model: &mut Model, ticket: Ticket, ids: std::ops::RangeInclusive<i64>) {
        let page = Answer::Events(ids.map(event).collect());
        update(model, Happened::Answered(ticket, Ok(page)));
    }

    fn said(model: &Model) -> &str {
        model.toast.as_ref().map_or("", |toast| toast.text.as_str())
    }

    #[test]
    fn moving_above_the_picture_reads_older_events_and_the_reader_stays_where_he_was() {
        let mut model = at_events(1_001..=1_256);
        let (ticket, asked) = question(&press(&mut model, "g"));
        assert_eq!((asked.before, asked.limit), (Some(EventId(1_001)), 256));
        answer(&mut model, ticket, 745..=1_000);
        assert_eq!(selected(&model).unwrap().id, EventId(1_001));
        press(&mut model, "k");
        assert_eq!(selected(&model).unwrap().id, EventId(1_000));
    }

    #[test]
    fn what_is_filtered_is_asked_of_the_rows_too() {
        let mut model = at_events(1_001..=1_256);
        assert_eq!(press(&mut model, "/L4 err run:7 token"), [], "not while it is typed");
        let (_, asked) = question(&press(&mut model, "\n"));
        assert_eq!(asked.layer.map(crate::domain::layer::Layer::number), Some(4));
        assert_eq!(asked.run.map(|run| run.0), Some(7));
        assert_eq!((asked.level, asked.words), (Some(Level::Error), vec!["token".to_owned()]));
    }

    #[test]
    fn an_answer_under_another_filter_is_dropped() {
        let mut model = at_events(1_001..=1_256);
        let (stale, _) = question(&press(&mut model, "/L4\n"));
        let (fresh, _) = question(&press(&mut model, "/\u{8}\u{8}L5\n"));
        answer(&mut model, stale, 1..=9);
        assert!(model.events.is_reading(), "the later question still waits");
        answer(&mut model, fresh, 1..=9);
        assert!(model.shown_events().is_empty(), "none of them is of layer 5");
    }

    #[test]
    fn a_reader_stands_still_and_is_told_how_many_came_then_goes_on_to_them() {
        let mut model = at_events(1..=200);
        press(&mut model, "k");
        update(&mut model, Happened::Snapshot(Arc::new(picture(1..=207))));
        assert_eq!(model.newer_events().words(), "7");
        assert_eq!(model.shown_events().len(), 200, "the list stands still");
        press(&mut model, "/re:/number 20[1-3]/\n");
        assert_eq!(model.newer_events().words(), "3", "under a filter too");
        press(&mut model, "/\u{15}");
        model.overlay = None;
        set_filter(&mut model, "");
        press(&mut model, "jj");
        assert_eq!(selected(&model).unwrap().id, EventId(201));
        assert_eq!(model.newer_events().n, 0);
        press(&mut model, "G");
        assert_eq!(model.events.anchor, None);
    }

    #[test]
    fn a_frozen_picture_counts_what_came_since() {
        let mut model = at_events(1..=200);
        press(&mut model, " ");
        update(&mut model, Happened::Snapshot(Arc::new(picture(1..=212))));
        assert_eq!(model.shown_events().len(), 200);
        assert_eq!(model.newer_events().words(), "12");
        press(&mut model, " ");
        assert_eq!((model.shown_events().len(), model.newer_events().n), (212, 0));
    }

    #[test]
    fn a_gap_behind_a_burst_is_read_from_the_rows() {
        let mut model = at_events(1_001..=1_256);
        press(&mut model, "k");
        update(&mut model, Happened::Snapshot(Arc::new(picture(9_001..=9_256))));
        assert_eq!(model.newer_events().words(), "256+");
        press(&mut model, "j");
        let (ticket, asked) = question(&press(&mut model, "j"));
        assert_eq!(asked.since, Some(EventId(1_256)));
        answer(&mut model, ticket, 1_257..=1_512);
        press(&mut model, "j");
        assert_eq!(selected(&model).unwrap().id, EventId(1_257));
    }

    #[test]
    fn the_digits_are_windows_here_and_panes_on_the_overview() {
        let mut model = at_events(1..=200);
        press(&mut model, "3");
        let since = model.events.since.unwrap();
        assert_eq!((since.label, since.from), ("5m", fixture::NOW.plus_ms(-300_000)));
        let (_, asked) = question(&press(&mut model, "1"));
        assert_eq!((asked.since, model.events.since), (Some(EventId(0)), None));
        press(&mut model, "0");
        assert_eq!((model.events.anchor, model.events.since), (None, None));
        press(&mut model, "\u{1b}3");
        assert!(matches!(model.screen(), Screen::Overview { pane: Pane::Phi, .. }));
    }

    #[test]
    fn a_window_that_ends_before_the_picture_is_left_alone() {
        let mut model = at_events(1_001..=1_256);
        assert_eq!(press(&mut model, "2"), [], "the picture fills the screen");
        let mut late = at_events(1_001..=1_256);
        update(&mut late, Happened::Tick(fixture::NOW.plus_ms(3_600_000)));
        assert_eq!(press(&mut late, "2"), [], "older events are older than the window");
        assert!(late.shown_events().is_empty());
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_said_while_typed_and_not_taken() {
        let mut model = at_events(1..=20);
        press(&mut model, "/L12");
        assert_eq!(model.events.filter.fault(), Some("l12 is no layer: L1 to L9"));
        press(&mut model, "\n");
        assert!(matches!(model.overlay, Some(Overlay::Filter { .. })), "it stays open");
        assert_eq!(said(&model), "l12 is no layer: L1 to L9");
        press(&mut model, "\u{1b}");
        assert_eq!((model.events.filter.text(), model.shown_events().len()), ("", 20));
    }

    #[test]
    fn a_slash_on_an_empty_line_recalls_the_filter_before() {
        let mut model = at_events(1..=20);
        press(&mut model, "/number 7\n");
        press(&mut model, "/\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\u{8}\n");
        assert_eq!(model.shown_events().len(), 20);
        press(&mut model, "//\n");
        assert_eq!(model.events.filter.text(), "number 7");
    }

    #[test]
    fn o_on_a_card_opens_the_events_of_its_unit() {
        let mut model = at_events(1_001..=1_256);
        press(&mut model, ":unit 9\n");
        let (_, asked) = question(&press(&mut model, "o"));
        assert_eq!(asked.unit, Some(crate::domain::ids::UnitId(9)));
        assert!(matches!(model.screen(), Screen::Events));
    }

    #[test]
    fn enter_opens_what_an_event_is_about_or_says_that_there_is_nothing() {
        let mut snapshot = picture(1..=1);
        press_enter(&snapshot, |model| assert!(matches!(model.screen(), Screen::Card(_))));
        snapshot.events[0].unit_id = None;
        press_enter(&snapshot, |model| {
            assert!(matches!(model.screen(), Screen::Page(Page::Run { .. })));
        });
        snapshot.events[0].run_id = None;
        press_enter(&snapshot, |model| assert!(matches!(model.screen(), Screen::Layer { .. })));
        snapshot.events[0].layer = None;
        press_enter(&snapshot, |model| {
            assert!(matches!(model.screen(), Screen::Events));
            assert!(said(model).starts_with("there is nothing behind this event"));
        });
    }

    fn press_enter(snapshot: &Snapshot, then: impl Fn(&Model)) {
        let mut model = fixture::model(snapshot.clone(), (120, 36));
        press(&mut model, "V\n");
        then(&model);
    }

    #[test]
    fn a_question_that_failed_is_said_and_can_be_asked_again() {
        let mut model = at_events(1_001..=1_256);
        let (ticket, _) = question(&press(&mut model, "g"));
        let refusal = Refusal { kind: RefusalKind::Failed, why: "disk".to_owned(), hint: None };
        update(&mut model, Happened::Answered(ticket, Err(refusal)));
        assert_eq!(said(&model), "events could not be read: disk");
        question(&press(&mut model, "g"));
    }

    #[test]
    fn repeats_are_one_row_that_opens() {
        let mut snapshot = picture(1..=1);
        snapshot.events = (1..=38)
            .map(|id| fixture::event(id, Level::Info, Some(3), &format!("sent {id}")))
            .collect();
        let mut model = fixture::model(snapshot, (120, 36));
        press(&mut model, "V");
        assert_eq!(model.event_rows().len(), 1);
        press(&mut model, "+");
        assert_eq!(model.event_rows().len(), 38);
        press(&mut model, "kk+");
        assert_eq!(model.event_rows().len(), 1, "from within too");
    }
}
