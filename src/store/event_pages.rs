//! Reads pages of the event stream.

use rusqlite::{Connection, named_params};

use super::error::StoreError;
use super::events;
use crate::domain::event::{Event, Level};
use crate::domain::ids::{EventId, RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;

/// How far back a page looks for events that fit. A filter that fits nothing must not read years
/// of history; a reader who wants more asks again with `before`.
pub const LOOKS_BACK: i64 = 50_000;

/// Which events a page holds.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Only this world.
    pub mode: Option<Mode>,
    /// Only after this one.
    pub since: Option<EventId>,
    /// Only before this one.
    pub before: Option<EventId>,
    /// Only this layer.
    pub layer: Option<Layer>,
    /// Only this unit.
    pub unit: Option<UnitId>,
    /// Only this run.
    pub run: Option<RunId>,
    /// Only this level and above.
    pub level: Option<Level>,
    /// Only with all of these in their words or kind; lower case and ASCII.
    pub words: Vec<String>,
    /// At most so many.
    pub limit: u32,
}

macro_rules! fitting {
    ($rest:literal) => {
        concat!(
            "SELECT * FROM events WHERE id > :since AND id < :before
               AND (:mode IS NULL OR mode = :mode) AND (:layer IS NULL OR layer = :layer)
               AND (:level IS NULL OR level = :level OR level = 'error'
                    OR (:level = 'info' AND level = 'warn'))
               AND (:run IS NULL OR run_id = :run)
               AND NOT EXISTS (SELECT 1 FROM json_each(:words) w
                 WHERE instr(lower(text), w.value) = 0 AND instr(kind, w.value) = 0) ",
            $rest
        )
    };
}

const FORWARD: &str = fitting!("ORDER BY id LIMIT :limit");
const BACKWARD: &str = fitting!("ORDER BY id DESC LIMIT :limit");
const OF_UNIT: &str = fitting!("AND unit_id = :unit ORDER BY id DESC LIMIT :limit");
const OF_UNIT_FORWARD: &str = fitting!("AND unit_id = :unit ORDER BY id LIMIT :limit");

/// Returns a page, the newest event last: the first ones after `since` when that is given, else the
/// last ones before `before`.
pub fn read(conn: &Connection, page: &Page) -> Result<Vec<Event>, StoreError> {
    let newest = events::newest(conn)?;
    let before = page.before.unwrap_or(EventId(newest.0 + 1));
    let forward = page.since.is_some();
    let since = match page.since {
        Some(since) => since,
        None if page.unit.is_some() => EventId(0),
        None => EventId(before.0 - LOOKS_BACK),
    };
    let sql = match page.unit {
        Some(_) if forward => OF_UNIT_FORWARD,
        Some(_) => OF_UNIT,
        None if forward => FORWARD,
        None => BACKWARD,
    };
    let words = serde_json::to_string(&page.words).unwrap_or_default();
    let mut statement = conn.prepare_cached(sql)?;
    let mut bound: Vec<(&str, &dyn rusqlite::ToSql)> = named_params! {
        ":since": since, ":before": before, ":mode": page.mode, ":layer": page.layer,
        ":level": page.level, ":run": page.run, ":words": words, ":limit": page.limit,
    }
    .to_vec();
    if page.unit.is_some() {
        bound.push((":unit", &page.unit));
    }
    let mut events: Vec<Event> =
        statement.query_map(bound.as_slice(), events::from_row)?.collect::<Result<_, _>>()?;
    if !forward {
        events.reverse();
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::NewEvent;
    use crate::domain::time::Moment;
    use crate::store::events::About;

    fn ids(events: &[Event]) -> Vec<i64> {
        events.iter().map(|event| event.id.0).collect()
    }

    #[test]
    fn a_page_is_the_newest_events_that_fit_or_the_first_after_one() {
        let folder = tempfile::tempdir().unwrap();
        let conn = crate::store::open::writer(&folder.path().join("t.db")).unwrap();
        for id in 1..=10_i64 {
            let about = About {
                mode: Mode::Dry,
                at: Moment(id),
                wall_at: Moment(id),
                layer: Layer::from_number(if id % 2 == 0 { 2 } else { 1 }),
                unit_id: (id > 8).then_some(UnitId(7)),
                run_id: (id == 4).then_some(RunId(3)),
            };
            let event = match id {
                10 => NewEvent::error("e", "Token expired"),
                5 => NewEvent::error("e", "x"),
                _ => NewEvent::info("i", "x"),
            };
            events::append(&conn, about, &event).unwrap();
        }
        let page = Page { limit: 3, ..Page::default() };
        assert_eq!(ids(&read(&conn, &page).unwrap()), [8, 9, 10]);
        let since = Page { since: Some(EventId(4)), ..page.clone() };
        assert_eq!(ids(&read(&conn, &since).unwrap()), [5, 6, 7]);
        let before = Page { before: Some(EventId(4)), ..page.clone() };
        assert_eq!(ids(&read(&conn, &before).unwrap()), [1, 2, 3]);
        let layer = Page { layer: Some(Layer::ProspectResearch), ..page.clone() };
        assert_eq!(ids(&read(&conn, &layer).unwrap()), [5, 7, 9]);
        let level = Page { level: Some(Level::Warn), ..page.clone() };
        assert_eq!(ids(&read(&conn, &level).unwrap()), [5, 10]);
        let unit = Page { unit: Some(UnitId(7)), ..page.clone() };
        assert_eq!(ids(&read(&conn, &unit).unwrap()), [9, 10]);
        let after = Page { since: Some(EventId(8)), limit: 1, ..unit.clone() };
        assert_eq!(ids(&read(&conn, &after).unwrap()), [9], "the first after it, of a unit too");
        let run = Page { run: Some(RunId(3)), ..page.clone() };
        assert_eq!(ids(&read(&conn, &run).unwrap()), [4]);
        let words = |words: &[&str]| Page {
            words: words.iter().map(|&word| word.to_owned()).collect(),
            ..page.clone()
        };
        assert_eq!(ids(&read(&conn, &words(&["token", "e"])).unwrap()), [10]);
        assert_eq!(ids(&read(&conn, &words(&["token", "absent"])).unwrap()), Vec::<i64>::new());
        let other = Page { mode: Some(Mode::Live), ..page };
        assert_eq!(ids(&read(&conn, &other).unwrap()), Vec::<i64>::new());
    }
}
