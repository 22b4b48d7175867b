//! Defines how the stream of events is looked at: which of them, where one stands, which older ones
//! were fetched from the database, and which repeats are one row.
//!
//! One stands on an event, never on a row, and what is shown then stands still: newer events are
//! counted, not added, until one goes on to them. Memory is bounded by `HELD_MAX` events however far
//! one reads back.

#[cfg(test)]
mod tests;
mod window;

use super::event::Ticket;
use super::filter::EventFilter;
use crate::app::query::{self, EVENTS_LOOK_BACK};
use crate::app::snapshot::RECENT_EVENTS_MAX;
use crate::domain::event::{Event, Level};
use crate::domain::ids::EventId;
use crate::domain::mode::Mode;

pub use self::window::{Newer, Since, Window};

/// How many events one question asks for: some screens full, and a few milliseconds of reading.
pub const PAGE: u32 = 256;

/// How many events are held in memory: eight pages, about a megabyte. Reading on past them lets go
/// of those at the other end, which the database still has.
pub const HELD_MAX: usize = 2_048;

/// From how many alike events in a row on they are one row.
pub const FOLD_FROM: usize = 3;

/// How many opened folds are remembered, the latest.
const UNFOLDED_MAX: usize = 64;

/// How many pages a filter reads by itself to fill the screen. Each looks at no more than
/// `EVENTS_LOOK_BACK` rows; whoever wants to look further back moves up.
const LOOKS_MAX: u8 = 4;

/// How the events are looked at, on the overview and on the full screen alike.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventsView {
    /// The event one stands on; `None` follows the newest.
    pub anchor: Option<EventId>,
    /// What is typed behind `/`.
    pub filter: EventFilter,
    /// Only events since a moment.
    pub since: Option<Since>,
    /// What stands in for the picture's own events.
    held: Option<Held>,
    /// An event of each fold that was opened.
    unfolded: Vec<EventId>,
    /// What is to be asked next.
    want: Option<Want>,
    /// What is asked.
    asked: Option<(Ticket, Want)>,
    /// How many more pages are read without a key.
    looks: u8,
}

/// Events without a gap.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    /// Oldest first.
    events: Vec<Event>,
    /// Nothing that fits is missing from here on.
    from: EventId,
    /// Nothing that fits is missing up to here.
    upto: EventId,
    /// Whether only events that fit the filter were fetched.
    narrowed: bool,
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The page before what is held.
    Older,
    /// The page after what is held.
    Newer,
    /// The first page there is.
    Head,
    /// The page that ends with an event.
    UpTo(EventId),
}

/// One row: an event, or alike ones in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// The newest of them.
    pub event: &'a Event,
    /// The oldest of them.
    pub oldest: EventId,
    /// How many there are.
    pub n: usize,
    /// Whether it is one of an opened fold.
    pub inside: bool,
}

fn first_id(events: &[Event]) -> EventId {
    events.first().map_or(EventId(0), |event| event.id)
}

fn last_id(events: &[Event]) -> EventId {
    events.last().map_or(EventId(0), |event| event.id)
}

/// Whether a picture's events go on where `upto` ends, so that none is between them.
fn reaches(ring: &[Event], upto: EventId) -> bool {
    ring.len() < RECENT_EVENTS_MAX || first_id(ring).0 <= upto.0 + 1
}

impl Held {
    /// Starts from what a picture carries.
    fn of(ring: &[Event]) -> Self {
        let whole = ring.len() < RECENT_EVENTS_MAX;
        Self {
            events: ring.to_vec(),
            from: if whole { EventId(1) } else { first_id(ring) },
            upto: last_id(ring),
            narrowed: false,
        }
    }

    /// Adds what a picture has beyond; says whether there is no gap before it.
    fn extend(&mut self, ring: &[Event]) -> bool {
        if !reaches(ring, self.upto) {
            return false;
        }
        let upto = self.upto;
        self.events.extend(ring.iter().filter(|event| event.id > upto).cloned());
        self.upto = self.upto.max(last_id(ring));
        self.drop_oldest();
        true
    }

    fn drop_oldest(&mut self) {
        let over = self.events.len().saturating_sub(HELD_MAX);
        if over > 0 {
            self.events.drain(..over);
            self.from = first_id(&self.events);
        }
    }

    fn drop_newest(&mut self) {
        if self.events.len() > HELD_MAX {
            self.events.truncate(HELD_MAX);
            self.upto = last_id(&self.events);
        }
    }
}

impl EventsView {
    /// The events that stand in the list's place, filtered or not.
    fn base<'a>(&'a self, ring: &'a [Event]) -> &'a [Event] {
        self.held.as_ref().map_or(ring, |held| &held.events)
    }

    /// The events that are shown, oldest first.
    pub fn shown<'a>(&'a self, ring: &'a [Event]) -> Vec<&'a Event> {
        self.base(ring).iter().filter(|event| self.passes(event)).collect()
    }

    fn passes(&self, event: &Event) -> bool {
        self.since.is_none_or(|since| event.wall_at >= since.from) && self.filter.passes(event)
    }

    /// The rows that are shown, oldest first.
    pub fn rows<'a>(&'a self, ring: &'a [Event]) -> Vec<Row<'a>> {
        let shown = self.shown(ring);
        let mut rows = Vec::with_capacity(shown.len());
        for alike in shown.chunk_by(|one, other| are_alike(one, other)) {
            let folds = alike.len() >= FOLD_FROM;
            if folds && !alike.iter().any(|event| self.unfolded.contains(&event.id)) {
                let newest = alike[alike.len() - 1];
                let oldest = alike[0].id;
                rows.push(Row { event: newest, oldest, n: alike.len(), inside: false });
            } else {
                let one = |event: &&'a Event| Row { event, oldest: event.id, n: 1, inside: folds };
                rows.extend(alike.iter().map(one));
            }
        }
        rows
    }

    /// The row one stands on; the last one while the newest is followed.
    pub fn cursor(&self, rows: &[Row<'_>]) -> usize {
        let last = rows.len().saturating_sub(1);
        self.anchor.map_or(last, |anchor| {
            rows.iter().rposition(|row| row.oldest <= anchor).unwrap_or_default()
        })
    }

    /// How many events came that are not shown: below where one stands, or behind a frozen picture.
    pub fn newer(&self, ring: &[Event], latest: &[Event]) -> Newer {
        let upto = self.held.as_ref().map_or_else(|| last_id(ring), |held| held.upto);
        let n = latest.iter().filter(|event| event.id > upto && self.passes(event)).count();
        Newer { n, more: !reaches(latest, upto) }
    }

    /// Whether there is nothing older than what is shown.
    pub fn is_whole(&self, ring: &[Event]) -> bool {
        let begun = self.since.is_some_and(|since| {
            self.base(ring).first().is_some_and(|event| event.wall_at < since.from)
        });
        begun
            || match &self.held {
                Some(held) => held.from.0 <= 1,
                None => ring.len() < RECENT_EVENTS_MAX,
            }
    }

    /// Whether an answer is awaited.
    pub const fn is_reading(&self) -> bool {
        self.asked.is_some()
    }

    /// How far back it was looked, when that is not the beginning.
    pub fn looked_to(&self) -> Option<EventId> {
        self.held.as_ref().map(|held| held.from).filter(|from| from.0 > 1)
    }

    /// Takes the events of a newer picture while the newest is followed.
    pub fn absorb(&mut self, ring: &[Event]) {
        if self.anchor.is_none()
            && let Some(held) = &mut self.held
            && !held.extend(ring)
        {
            self.held = None;
            self.asked = None;
        }
    }

    /// Stands on an event: what is shown stands still from now on.
    pub fn stand(&mut self, ring: &[Event], on: EventId) {
        self.held.get_or_insert_with(|| Held::of(ring));
        self.anchor = Some(on);
    }

    /// Follows the newest event again.
    pub fn follow(&mut self) {
        self.anchor = None;
        self.held = None;
        self.asked = None;
        self.want = None;
    }

    /// Another filter or window holds. What was fetched under the one before may lack what this one
    /// lets through, so it is fetched anew, around where one stands.
    pub fn changed(&mut self) {
        self.looks = LOOKS_MAX;
        if self.held.as_ref().is_some_and(|held| held.narrowed) {
            self.held = None;
            self.want = self.anchor.map(Want::UpTo);
        }
        self.asked = None;
    }

    /// Asks for more, unless an answer is awaited.
    pub fn want(&mut self, want: Want) {
        if self.asked.is_none() {
            self.want = Some(want);
        }
    }

    /// Goes on to what came since; says whether the picture had it.
    pub fn go_on(&mut self, latest: &[Event]) -> bool {
        let has = self.held.as_mut().is_some_and(|held| held.extend(latest));
        if !has {
            self.want(Want::Newer);
        }
        has
    }

    /// Opens the fold at an event, or closes it.
    pub fn toggle_fold(&mut self, row: Option<(EventId, EventId, usize, bool)>) -> bool {
        let Some((oldest, newest, n, inside)) = row else { return false };
        if n > 1 {
            self.unfolded.push(newest);
            let over = self.unfolded.len().saturating_sub(UNFOLDED_MAX);
            self.unfolded.drain(..over);
        } else if inside {
            self.unfolded.retain(|id| !(oldest..=newest).contains(id));
        }
        n > 1 || inside
    }

    /// Whether the screen should be filled with older events without a key.
    pub fn looks_on(&self, ring: &[Event], height: usize) -> bool {
        self.looks > 0
            && self.asked.is_none()
            && self.want.is_none()
            && !(self.filter.is_open() && self.since.is_none())
            && !self.is_whole(ring)
            && self.rows(ring).len() < height
    }

    /// Spends one of the pages that are read without a key.
    pub const fn spend_look(&mut self) {
        self.looks = self.looks.saturating_sub(1);
        self.want = Some(Want::Older);
    }

    /// Returns the question that is due, marked as asked.
    pub fn ask(
        &mut self,
        ring: &[Event],
        mode: Mode,
        ticket: Ticket,
    ) -> Option<query::EventFilter> {
        let want = self.want.take()?;
        let (since, before) = match want {
            Want::UpTo(id) => (None, Some(EventId(id.0 + 1))),
            Want::Head => (Some(EventId(0)), Some(EventId(EVENTS_LOOK_BACK + 1))),
            Want::Older => {
                let held = self.held.get_or_insert_with(|| Held::of(ring));
                (None, Some(held.from))
            }
            Want::Newer => {
                let upto = self.held.as_ref()?.upto;
                (Some(upto), Some(EventId(upto.0 + EVENTS_LOOK_BACK + 1)))
            }
        };
        self.asked = Some((ticket, want));
        let narrow = self.filter.narrow();
        Some(query::EventFilter {
            mode: Some(mode),
            since,
            before,
            layer: narrow.layer,
            unit: narrow.unit,
            run: narrow.run,
            level: narrow.level,
            words: narrow.words,
            limit: PAGE,
        })
    }

    /// Whether an answer is the one that is awaited; if so it is awaited no more.
    pub fn takes(&mut self, ticket: Ticket) -> Option<Want> {
        let (_, want) = self.asked.take_if(|(asked, _)| *asked == ticket)?;
        Some(want)
    }

    /// Puts a page where it was asked for. `newest` is the newest event that is known of.
    pub fn place(&mut self, want: Want, page: Vec<Event>, newest: EventId) {
        let full = page.len() >= PAGE as usize;
        let (first, last) = (first_id(&page), last_id(&page));
        let by_unit = self.filter.narrow().unit.is_some();
        let narrowed = !self.filter.is_open();
        let back_to = |before: EventId| {
            let looked = if by_unit { 1 } else { (before.0 - EVENTS_LOOK_BACK).max(1) };
            if full { first } else { EventId(looked) }
        };
        let on_to = |since: EventId| {
            let looked = EventId(since.0 + EVENTS_LOOK_BACK).min(newest.max(since));
            if full { last } else { looked }
        };
        match (want, &mut self.held) {
            (Want::Older, Some(held)) => {
                held.from = back_to(held.from);
                held.narrowed |= narrowed;
                held.events.splice(..0, page);
                // While the newest is followed it is the oldest that has to go.
                if self.anchor.is_some() {
                    held.drop_newest();
                } else {
                    held.drop_oldest();
                }
            }
            (Want::Newer, Some(held)) => {
                held.upto = on_to(held.upto);
                held.narrowed |= narrowed;
                held.events.extend(page);
                held.drop_oldest();
            }
            (Want::Head, _) => {
                self.anchor = page.first().map(|event| event.id).or(self.anchor);
                let upto = on_to(EventId(0));
                self.held = Some(Held { events: page, from: EventId(1), upto, narrowed });
            }
            (Want::UpTo(id), _) => {
                let from = back_to(EventId(id.0 + 1));
                self.held = Some(Held { events: page, from, upto: id, narrowed });
            }
            (Want::Older | Want::Newer, None) => {}
        }
    }
}

/// Whether two events in a row are one to a reader. Calm ones of one kind and layer are; a warning
/// or an error is only like one that says the very same, because its words are its cause.
fn are_alike(one: &Event, other: &Event) -> bool {
    one.level == other.level
        && one.layer == other.layer
        && one.kind == other.kind
        && (one.level == Level::Info || one.text == other.text)
}
