//! Defines answers that may be on their way, and lists of them with a selection and a filter.
//!
//! A `Loaded` keeps the old answer while a newer one is awaited, so a list never blinks.

use super::event::Ticket;
use crate::app::handover::Change;
use crate::app::query::{EffectRow, ErrorGroup, UnitRow};
use crate::app::snapshot::RunView;
use crate::app::tasks::TaskRow;
use crate::domain::learning::StoredProposal;
use crate::domain::time::Moment;

/// An answer that may be on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded<T> {
    /// The latest answer.
    pub value: Option<T>,
    /// Why the latest question got none.
    pub error: Option<String>,
    /// The question under way.
    pub ticket: Option<Ticket>,
    /// When it was last asked.
    pub asked_at: Option<Moment>,
    /// What the machine looked like when it was last asked; another look makes it worth asking.
    pub seen: u64,
}

impl<T> Default for Loaded<T> {
    fn default() -> Self {
        Self { value: None, error: None, ticket: None, asked_at: None, seen: 0 }
    }
}

impl<T> Loaded<T> {
    /// Returns when it was asked, what was seen then, and whether the answer is awaited.
    pub fn asked(&self) -> Option<(Moment, u64, bool)> {
        self.asked_at.map(|at| (at, self.seen, self.ticket.is_some()))
    }
}

/// A list with a selection.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<T> {
    /// Its rows.
    pub rows: Loaded<Vec<T>>,
    /// The selected row among those shown.
    pub cursor: usize,
    /// Only rows with all these words are shown.
    pub filter: String,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { rows: Loaded::default(), cursor: 0, filter: String::new() }
    }
}

impl<T> Listing<T> {
    /// Forgets the rows and keeps the filter.
    pub fn forget(&mut self) {
        (self.rows, self.cursor) = (Loaded::default(), 0);
    }
}

impl<T: Searchable> Listing<T> {
    /// Returns the rows that pass the filter.
    pub fn shown(&self) -> Vec<&T> {
        let words: Vec<String> = self.filter.split_whitespace().map(str::to_lowercase).collect();
        self.rows
            .value
            .iter()
            .flatten()
            .filter(|row| {
                let text = row.haystack().to_lowercase();
                words.iter().all(|word| text.contains(word))
            })
            .collect()
    }

    /// Returns the selected row.
    pub fn selected(&self) -> Option<&T> {
        let shown = self.shown();
        shown.get(self.cursor.min(shown.len().saturating_sub(1))).copied()
    }
}

/// A row that can be filtered by words.
pub trait Searchable {
    /// Returns the text the words are looked for in.
    fn haystack(&self) -> String;
}

impl Searchable for UnitRow {
    fn haystack(&self) -> String {
        format!(
            "L{} {} {} {} {} {}",
            self.layer.number(),
            self.state.as_column(),
            self.label,
            self.entity,
            self.last_error.as_deref().unwrap_or(""),
            self.why.as_deref().unwrap_or("")
        )
    }
}

impl Searchable for ErrorGroup {
    fn haystack(&self) -> String {
        format!(
            "L{} {} {} {} {} {}",
            self.layer.number(),
            self.class.as_column(),
            self.code,
            self.message,
            self.fingerprint,
            self.care.keeper().unwrap_or("nobody")
        )
    }
}

impl Searchable for EffectRow {
    fn haystack(&self) -> String {
        format!(
            "L{} {} {} {} {} {}",
            self.layer.number(),
            self.action.as_column(),
            self.word(),
            self.entity,
            self.summary,
            self.key
        )
    }
}

impl Searchable for TaskRow {
    fn haystack(&self) -> String {
        let why = self.withdrawn.as_deref().unwrap_or("");
        let (layer, when) = (self.layer.number(), self.urgency.word());
        format!("L{layer} {when} {} {} {} {why}", self.id, self.title, self.entity)
    }
}

impl Searchable for StoredProposal {
    fn haystack(&self) -> String {
        format!("{} {} {}", self.id, self.proposal.change.told(), self.proposal.text)
    }
}

impl Searchable for Change {
    fn haystack(&self) -> String {
        let layer = self.layer.map_or_else(String::new, |layer| format!("L{}", layer.number()));
        let who = self.who.as_deref().unwrap_or_default();
        format!("{} {} {layer} {who} {}", self.mode, self.kind.word(), self.text)
    }
}

impl Searchable for RunView {
    fn haystack(&self) -> String {
        format!("#{} {} {}", self.id, self.scope(), self.state.as_column())
    }
}
