//! Defines everything the screen remembers. It holds no handle, no clock and no terminal.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::event::Ticket;
use super::figures::ScreenFigures;
use super::keymap::{Ctx, Keymap};
use super::page::Page;
use super::screen::{Card, Overlay, Pane, Screen};
use super::stream::{EventsView, Newer, Row};
use crate::app::query::{Care, ErrorDetail};
use crate::app::snapshot::{RunView, Snapshot};
use crate::app::tasks::TaskRow;
use crate::domain::event::Event;
use crate::domain::layer::Layer;
use crate::domain::learning::StoredProposal;
use crate::domain::mode::Mode;
use crate::domain::time::{Moment, SECOND_MS};

/// After how long without a newer picture a running machine is called stale. The projector
/// publishes at least once a second while a run is active.
pub const STALE_AFTER_MS: i64 = 3 * SECOND_MS;

/// How long a question waits before it is asked again because the machine has moved on. Lists
/// need not be newer than a person can read them.
pub const ASK_AGAIN_MS: i64 = SECOND_MS;

/// How long a toast stays. Long enough to be read twice.
pub const TOAST_MS: i64 = 6 * SECOND_MS;

/// How many typed commands the palette remembers.
pub const HISTORY_MAX: usize = 50;

/// The state of the screen between two events.
#[derive(Clone, Debug)]
pub struct Model {
    /// The picture that is shown.
    shown: Arc<Snapshot>,
    /// The newest picture, while the shown one is frozen.
    behind: Option<Arc<Snapshot>>,
    /// The wall clock as last told.
    pub now: Moment,
    /// Columns and rows.
    pub size: (u16, u16),
    /// The open screens, the overview at the bottom; never empty.
    screens: Vec<Screen>,
    /// What lies over them.
    pub overlay: Option<Overlay>,
    /// How the events are looked at.
    pub events: EventsView,
    /// The one line that answers the last key.
    pub toast: Option<Toast>,
    /// Typed commands, the latest last.
    pub history: Vec<String>,
    /// The last ticket given out.
    tickets: u64,
    /// What is known about leaving and idling.
    pub presence: Presence,
    /// The world that was asked for and is not shown yet.
    awaited: Option<Mode>,
    /// Whether the mouse is ours.
    pub mouse: bool,
    /// What the screen measures of itself.
    pub figures: ScreenFigures,
    /// The furthest line with which the page drawn last can begin, if it was one that scrolls.
    pub page_end: Option<usize>,
    /// The keys in force.
    pub keys: Arc<Keymap>,
}

/// One line of answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What it says.
    pub text: String,
    /// Whether it says no.
    pub is_refusal: bool,
    /// When it goes away.
    pub until: Moment,
    /// How often the same was said.
    pub times: u32,
}

/// What is known about the person at the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// When a key was last pressed.
    pub last_key_at: Moment,
    /// Whether the program ends by itself with the run.
    pub quit_after_run: bool,
    /// Whether the key before this one was an interrupt.
    pub interrupted: bool,
}

/// A cause of failures that keys act on.
#[derive(Clone, Debug)]
pub struct Cause<'a> {
    /// The world of the failures.
    pub mode: Mode,
    /// What they share.
    pub fingerprint: &'a str,
    /// The latest of them in a line.
    pub text: String,
    /// How many units share it.
    pub units: u64,
    /// How many of these are held, as far as known: those are never tried again blindly.
    pub held: u64,
    /// Who looks after it.
    pub care: &'a Care,
}

impl Model {
    /// Starts on the overview.
    pub fn new(snapshot: Arc<Snapshot>, now: Moment, size: (u16, u16)) -> Self {
        Self {
            shown: snapshot,
            behind: None,
            now,
            size,
            screens: vec![Screen::overview()],
            overlay: None,
            events: EventsView::default(),
            toast: None,
            history: Vec::new(),
            tickets: 0,
            presence: Presence { last_key_at: now, quit_after_run: false, interrupted: false },
            awaited: None,
            mouse: false,
            figures: ScreenFigures::default(),
            page_end: None,
            keys: Arc::default(),
        }
    }

    /// Puts other keys in force.
    #[must_use]
    pub fn with(mut self, keys: &Arc<Keymap>) -> Self {
        self.keys = Arc::clone(keys);
        self
    }

    /// The picture that is shown.
    pub fn snapshot(&self) -> &Snapshot {
        &self.shown
    }

    /// The newest picture, shown or not: what decides whether something runs or is armed.
    pub fn latest(&self) -> &Snapshot {
        self.behind.as_deref().unwrap_or(&self.shown)
    }

    /// Takes a newer picture; while frozen it waits behind the shown one.
    pub fn take(&mut self, snapshot: Arc<Snapshot>) {
        if self.behind.is_some() {
            self.behind = Some(snapshot);
        } else {
            self.show(snapshot);
        }
    }

    /// Freezes the picture, or shows the newest one again.
    pub fn toggle_frozen(&mut self) {
        match self.behind.take() {
            Some(newest) => self.show(newest),
            None => self.behind = Some(Arc::clone(&self.shown)),
        }
    }

    /// Shows a picture. Where one stood in the events of one world means nothing in the other.
    fn show(&mut self, snapshot: Arc<Snapshot>) {
        if snapshot.mode != self.shown.mode {
            self.events.follow();
        }
        self.shown = snapshot;
        self.events.absorb(&self.shown.events);
    }

    /// Whether the picture is frozen.
    pub const fn is_frozen(&self) -> bool {
        self.behind.is_some()
    }

    /// The world that is shown.
    pub fn viewed(&self) -> Mode {
        self.shown.mode
    }

    /// The top screen.
    pub fn screen(&self) -> &Screen {
        &self.screens[self.screens.len() - 1]
    }

    /// The top screen, to be changed.
    pub fn screen_mut(&mut self) -> &mut Screen {
        let top = self.screens.len() - 1;
        &mut self.screens[top]
    }

    /// All open screens, the overview first.
    pub fn screens(&self) -> &[Screen] {
        &self.screens
    }

    /// Opens a screen over the present one; opening the same again is a step back to it.
    pub fn push(&mut self, screen: Screen) {
        let same = |open: &Screen| open.crumb() == screen.crumb();
        if let Some(index) = self.screens.iter().position(same) {
            self.screens.truncate(index + 1);
        } else {
            self.screens.push(screen);
        }
        // Where the new page ends is known when it is drawn.
        self.page_end = None;
    }

    /// Goes back one screen; says whether there was one to go back to.
    pub fn pop(&mut self) -> bool {
        let may = self.screens.len() > 1;
        if may {
            self.screens.truncate(self.screens.len() - 1);
            self.page_end = None;
        }
        may
    }

    /// Returns a new ticket.
    pub const fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    /// The open card's facts.
    pub fn card(&self) -> Option<&ErrorDetail> {
        let Screen::Card(Card { detail, .. }) = self.screen() else {
            return None;
        };
        detail.value.as_deref()
    }

    /// The cause of failures that keys act on: the selected row's, or the open card's.
    pub fn cause(&self) -> Option<Cause<'_>> {
        if let Screen::Errors { groups, .. } = self.screen() {
            return groups.selected().map(|group| Cause {
                mode: self.viewed(),
                fingerprint: &group.fingerprint,
                text: format!("{}: {}", group.code, group.message),
                units: group.count(),
                held: group.held,
                care: &group.care,
            });
        }
        let detail = self.card()?;
        Some(Cause {
            mode: detail.unit.mode,
            fingerprint: detail.fingerprint.as_deref()?,
            text: detail.error.as_ref().map(ToString::to_string).unwrap_or_default(),
            units: detail.same,
            held: 0,
            care: &detail.care,
        })
    }

    /// Notes that a world was asked for: until it is shown, no question is asked about the old one.
    pub const fn await_world(&mut self, mode: Mode) {
        self.awaited = Some(mode);
    }

    /// The world that was asked for and is not shown yet.
    pub const fn awaited(&self) -> Option<Mode> {
        self.awaited
    }

    /// Lets go of what was awaited, because it is refused or shown.
    pub const fn awaits_no_world(&mut self) {
        self.awaited = None;
    }

    /// Another world is shown: nothing read of the old one may stand under the new one's name, and
    /// pages of a single unit give way to the list they came from.
    pub fn leave_world(&mut self) {
        let single = |screen: &Screen| matches!(screen, Screen::Card(_) | Screen::Task(_));
        if let Some(first) = self.screens.iter().position(single) {
            self.screens.truncate(first);
        }
        self.screens.iter_mut().for_each(Screen::forget);
        let filter = std::mem::take(&mut self.events.filter);
        self.events = EventsView::default();
        self.events.filter = filter;
    }

    /// The task that keys act on: the page's, or the selected row's.
    pub fn task(&self) -> Option<&TaskRow> {
        match self.screen() {
            Screen::Tasks(tasks) => tasks.selected(),
            Screen::Task(page) => page.detail.value.as_deref().map(|detail| &detail.task),
            Screen::Overview { .. }
            | Screen::Layer { .. }
            | Screen::Errors { .. }
            | Screen::Card(_)
            | Screen::Explain { .. }
            | Screen::Why(_)
            | Screen::Page(_)
            | Screen::Proposals(_)
            | Screen::Queue(_)
            | Screen::Runs(_)
            | Screen::Changes { .. }
            | Screen::Events
            | Screen::System(_) => None,
        }
    }

    /// The proposal that keys act on: the selected row's.
    pub fn proposal(&self) -> Option<&StoredProposal> {
        if let Screen::Proposals(proposals) = self.screen() { proposals.selected() } else { None }
    }

    /// The layer that keys act on: the page's, or the selected row's.
    pub fn selected_layer(&self) -> Option<Layer> {
        match self.screen() {
            Screen::Layer { layer, .. } => Some(*layer),
            Screen::Overview { pane: Pane::Layers, layer, .. } => {
                self.shown.layers.get(*layer).map(|row| row.layer)
            }
            Screen::Errors { layer, .. } => *layer,
            Screen::Overview { .. }
            | Screen::Card(_)
            | Screen::Explain { .. }
            | Screen::Why(_)
            | Screen::Page(_)
            | Screen::Tasks(_)
            | Screen::Task(_)
            | Screen::Proposals(_)
            | Screen::Queue(_)
            | Screen::Runs(_)
            | Screen::Changes { .. }
            | Screen::Events
            | Screen::System(_) => None,
        }
    }

    /// The contexts in which a key is looked up, the most special first.
    pub fn contexts(&self) -> Vec<Ctx> {
        let mut contexts = Vec::with_capacity(3);
        if self.shown.demo.as_ref().is_some_and(|demo| !demo.ended)
            && !matches!(
                self.screen(),
                Screen::Errors { .. }
                    | Screen::Card(_)
                    | Screen::Tasks(_)
                    | Screen::Task(_)
                    | Screen::Proposals(_)
            )
        {
            contexts.push(Ctx::Demo);
        }
        contexts.push(match self.screen() {
            Screen::Overview { .. } => Ctx::Overview,
            Screen::Layer { .. } => Ctx::Layer,
            Screen::Errors { .. } => Ctx::Errors,
            Screen::Card(_) => Ctx::Card,
            Screen::Tasks(_) | Screen::Task(_) => Ctx::Tasks,
            Screen::Proposals(_) => Ctx::Proposals,
            Screen::Explain { .. } | Screen::Why(_) => Ctx::Phi,
            Screen::Queue(_) | Screen::Runs(_) | Screen::Changes { .. } | Screen::System(_) => {
                Ctx::List
            }
            Screen::Events => Ctx::Events,
            Screen::Page(Page::Records { .. }) => Ctx::Records,
            Screen::Page(Page::Logs(_)) => Ctx::Logs,
            Screen::Page(_) => Ctx::Page,
        });
        contexts.push(Ctx::Everywhere);
        contexts
    }

    /// The events that pass the filter, oldest first.
    pub fn shown_events(&self) -> Vec<&Event> {
        self.events.shown(&self.shown.events)
    }

    /// The rows of events that are shown, oldest first.
    pub fn event_rows(&self) -> Vec<Row<'_>> {
        self.events.rows(&self.shown.events)
    }

    /// How many events came that are not shown.
    pub fn newer_events(&self) -> Newer {
        self.events.newer(&self.shown.events, &self.latest().events)
    }

    /// Whether no event older than those shown could be fetched.
    pub fn events_are_whole(&self) -> bool {
        self.events.is_whole(&self.shown.events)
    }

    /// How the events are looked at, to be changed, with those of the shown and the newest picture.
    pub fn stream_mut(&mut self) -> (&mut EventsView, &[Event], &[Event]) {
        let latest = self.behind.as_ref().unwrap_or(&self.shown);
        (&mut self.events, &self.shown.events, &latest.events)
    }

    /// Says a hint, with the keys in force in the places of `{action}`.
    pub fn hint(&mut self, hint: &str, is_refusal: bool) {
        let text = self.keys.spell(hint);
        self.say(text, is_refusal);
    }

    /// Says something in the one line for it; the same again only counts.
    pub fn say(&mut self, text: impl Into<String>, is_refusal: bool) {
        let text = text.into();
        let times = match &self.toast {
            Some(toast) if toast.text == text => toast.times + 1,
            _ => 1,
        };
        self.toast = Some(Toast { text, is_refusal, until: self.now.plus_ms(TOAST_MS), times });
    }

    /// Milliseconds since the shown picture was taken, if that is long enough to be said.
    pub fn stale_ms(&self) -> Option<i64> {
        let active = self.latest().run.as_ref().is_some_and(RunView::is_active);
        let age = self.now.since(self.latest().wall_at);
        (active && age > STALE_AFTER_MS).then_some(age)
    }

    /// Milliseconds of real time until `run_at` comes, as far as they can be known.
    ///
    /// Live time is wall time. Dry time stands still between jumps, so an instant in it has a
    /// distance in dry time, and a distance in real time only once the jump to it is announced.
    pub fn left_ms(&self, run_at: Moment) -> i64 {
        self.left_ms_in(self.viewed(), run_at)
    }

    /// The same for an instant on the clock of either world.
    pub fn left_ms_in(&self, world: Mode, run_at: Moment) -> i64 {
        match world {
            Mode::Live => run_at.since(self.now),
            Mode::Dry => match self.shown.dry_clock.jump {
                Some(jump) if jump.to >= run_at => jump.wall_at.since(self.now),
                _ => run_at.since(self.shown.dry_clock.now),
            },
        }
    }

    /// Milliseconds until the top screen's question may be asked again, if it should be.
    pub fn asks_again_in_ms(&self) -> Option<i64> {
        if self.awaited.is_some() {
            return None;
        }
        let (asked_at, seen, waits) = self.screen().asked()?;
        let due = asked_at.plus_ms(ASK_AGAIN_MS).since(self.now);
        (!waits && seen != self.look()).then_some(due)
    }

    /// A digest of what lists depend on: another one makes their questions worth asking again.
    pub fn look(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let snapshot = self.snapshot();
        (
            snapshot.mode,
            snapshot.events.last().map(|event| event.id),
            snapshot.dry_clock.now,
            snapshot.live.armed,
            (snapshot.tasks.open, snapshot.tasks.overdue),
        )
            .hash(&mut hasher);
        for row in &snapshot.layers {
            let units = row.units;
            (units.total(), units.ended(), units.dead, units.held, units.leased).hash(&mut hasher);
            (units.retry_wait, units.waiting, units.ready).hash(&mut hasher);
        }
        // 0 is what a question never asked has seen.
        hasher.finish().max(1)
    }
}
