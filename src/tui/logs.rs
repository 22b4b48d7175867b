//! Defines how the log is looked at: this process's own records, kept by tui-logger with a choice of
//! targets and levels, or the lines of one run, unit or attempt, read from the end of the file.
//!
//! tui-logger keeps no fields of spans, so what was logged about a unit is found in the file alone;
//! there stands what other processes wrote, too.

use std::fmt;
use std::sync::Arc;

use tui_logger::{TuiWidgetEvent, TuiWidgetState};

use super::listing::Listing;
use super::screen::LIST_LIMIT;
use crate::app::query::{LogLine, LogOf, LogTail, Query};

/// How many lines of the file are held at most: ten pages.
pub const LINES_MAX: u32 = 10 * LIST_LIMIT;

/// How the log is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct LogView {
    /// Whose lines.
    pub of: LogOf,
    /// How many are asked for.
    pub limit: u32,
    /// The lines of the file, the newest first.
    pub rows: Listing<LogLine>,
    /// The file they are from and how far it was looked through; without its lines.
    pub tail: Option<LogTail>,
    /// Which targets are shown of this process's own records.
    pub targets: Targets,
}

impl LogView {
    /// Looks at the lines of `of`.
    pub fn new(of: LogOf) -> Self {
        Self {
            of,
            limit: if of == LogOf::All { 1 } else { LIST_LIMIT },
            rows: Listing::default(),
            tail: None,
            targets: Targets::default(),
        }
    }

    /// Returns its step in the breadcrumb.
    pub fn crumb(&self) -> String {
        if self.of == LogOf::All {
            return "Logs".to_owned();
        }
        format!("Logs of {}", self.of.words())
    }

    /// Returns its question. Of its own records only the file's name is asked.
    pub const fn query(&self) -> Query {
        Query::Log { of: self.of, limit: self.limit }
    }

    /// Asks for a page more; says whether there may be one.
    pub fn look_further(&mut self) -> bool {
        let full =
            self.rows.rows.value.as_ref().is_some_and(|rows| rows.len() >= self.limit as usize);
        let more = full && self.limit < LINES_MAX;
        if more {
            self.limit = (self.limit + LIST_LIMIT).min(LINES_MAX);
            self.rows.rows.seen = 0;
            self.rows.rows.asked_at = None;
        }
        more
    }
}

/// The targets that tui-logger shows, and at which levels. tui-logger keeps them itself, because only
/// it knows which targets have logged.
#[derive(Clone)]
pub struct Targets {
    state: Arc<TuiWidgetState>,
    /// Whether they are listed.
    pub listed: bool,
    /// Whether only the selected one is shown.
    pub alone: bool,
}

impl Default for Targets {
    fn default() -> Self {
        Self { state: Arc::new(TuiWidgetState::new()), listed: false, alone: false }
    }
}

impl fmt::Debug for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Targets").field("listed", &self.listed).finish_non_exhaustive()
    }
}

impl PartialEq for Targets {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state) && self.listed == other.listed
    }
}

impl Targets {
    /// What tui-logger's widgets draw by.
    pub fn state(&self) -> &TuiWidgetState {
        &self.state
    }

    /// Tells tui-logger of a key.
    pub fn tell(&self, event: TuiWidgetEvent) {
        self.state.transition(event);
    }
}
