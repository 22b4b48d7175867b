//! Tests what is seen of the events, and what is asked for.

use super::*;
use crate::domain::time::Moment;
use crate::tui::fixture;

fn info(id: i64) -> Event {
    fixture::event(id, Level::Info, Some(3), &format!("sent e-mail {id}"))
}

fn events(ids: std::ops::RangeInclusive<i64>) -> Vec<Event> {
    ids.map(info).collect()
}

#[test]
fn alike_events_are_one_row_and_a_cause_is_never_hidden_behind_another() {
    let mut ring = events(1..=38);
    ring.push(fixture::event(39, Level::Error, Some(3), "401"));
    ring.push(fixture::event(40, Level::Error, Some(3), "503"));
    ring.extend((41..=43).map(|id| fixture::event(id, Level::Error, Some(3), "503 again")));
    let view = EventsView::default();
    let counts: Vec<_> = view.rows(&ring).iter().map(|row| row.n).collect();
    assert_eq!(counts, [38, 1, 1, 3]);
}

#[test]
fn a_fold_opens_and_closes_where_one_stands() {
    let ring = events(1..=5);
    let mut view = EventsView::default();
    assert!(view.toggle_fold(Some((EventId(1), EventId(5), 5, false))));
    assert_eq!(view.rows(&ring).len(), 5);
    assert!(view.rows(&ring).iter().all(|row| row.inside));
    assert!(view.toggle_fold(Some((EventId(1), EventId(5), 1, true))));
    assert_eq!(view.rows(&ring).len(), 1);
    assert!(!view.toggle_fold(Some((EventId(9), EventId(9), 1, false))), "nothing to open");
}

#[test]
fn memory_is_bounded_however_far_one_reads_back_and_on_again() {
    let ring = events(900_001..=900_256);
    let mut view = EventsView::default();
    view.stand(&ring, EventId(900_001));
    for _ in 0..40 {
        view.want(Want::Older);
        let asked = view.ask(&ring, Mode::Dry, Ticket(1)).unwrap();
        let before = asked.before.unwrap().0;
        let want = view.takes(Ticket(1)).unwrap();
        view.place(want, events(before - 256..=before - 1), EventId(900_256));
        assert!(view.base(&ring).len() <= HELD_MAX);
    }
    assert_eq!(first_id(view.base(&ring)), EventId(900_001 - 40 * 256));
    let newer = view.newer(&ring, &ring);
    assert!(newer.more, "what was let go at the other end is counted as not shown");
    view.want(Want::Newer);
    let asked = view.ask(&ring, Mode::Dry, Ticket(2)).unwrap();
    assert_eq!(asked.since, Some(last_id(view.base(&ring))));
    let since = asked.since.unwrap().0;
    let want = view.takes(Ticket(2)).unwrap();
    view.place(want, events(since + 1..=since + 256), EventId(900_256));
    assert_eq!(view.base(&ring).len(), HELD_MAX);
    let held = view.base(&ring);
    assert!(held.windows(2).all(|two| two[0].id.0 + 1 == two[1].id.0), "no gap");
}

#[test]
fn an_answer_to_a_question_before_the_last_is_dropped() {
    let ring = events(1_001..=1_256);
    let mut view = EventsView::default();
    view.stand(&ring, EventId(1_001));
    view.want(Want::Older);
    assert!(view.ask(&ring, Mode::Dry, Ticket(4)).is_some());
    view.changed();
    assert_eq!(view.takes(Ticket(4)), None);
}

#[test]
fn what_came_is_counted_exactly_as_long_as_the_picture_reaches_back() {
    let ring = events(1..=256);
    let mut view = EventsView::default();
    view.stand(&ring, EventId(256));
    assert_eq!(view.newer(&ring, &events(8..=263)).words(), "7");
    assert_eq!(view.newer(&ring, &events(901..=1_156)).words(), "256+");
    view.filter.set("re:/e-mail 25[79]/");
    assert_eq!(view.newer(&ring, &events(8..=263)).words(), "2", "under a filter too");
}

#[test]
fn a_window_that_is_read_to_its_start_has_nothing_older() {
    let ring = events(1_001..=1_256);
    let mut view = EventsView::default();
    let from = ring[3].wall_at;
    view.since = Some(Since { label: "1m", from });
    assert!(view.is_whole(&ring), "the picture reaches back behind it");
    assert_eq!(view.shown(&ring).len(), 253);
    view.since = Some(Since { label: "1h", from: Moment(0) });
    assert!(!view.is_whole(&ring));
}

#[test]
fn a_filter_that_finds_little_looks_back_four_pages_by_itself_and_no_further() {
    let ring = events(900_001..=900_256);
    let mut view = EventsView::default();
    view.filter.set("absent");
    view.changed();
    let mut asked = 0;
    while view.looks_on(&ring, 20) {
        view.spend_look();
        let question = view.ask(&ring, Mode::Dry, Ticket(asked)).unwrap();
        assert_eq!(question.words, ["absent"]);
        let want = view.takes(Ticket(asked)).unwrap();
        view.place(want, Vec::new(), EventId(900_256));
        asked += 1;
    }
    assert_eq!(asked, u64::from(LOOKS_MAX));
    assert_eq!(view.looked_to(), Some(EventId(900_001 - 4 * EVENTS_LOOK_BACK)));
}
