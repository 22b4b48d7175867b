//! Defines the pages that lie behind rows, and the lists that are only read: a run, a container, the
//! effects and one of them, business records and one of them, the log.
//!
//! They share a form, so that a new one is one variant here, its question and its view.

use super::listing::{Listing, Loaded, Searchable};
use super::logs::LogView;
use super::screen::LIST_LIMIT;
use crate::app::query::{
    EffectDetail, EffectFilter, EffectRow, LogLine, PhiExplained, Query, RecordDetail, RecordKind,
    RecordRow, RunDetail,
};
use crate::domain::effect::EffectKey;
use crate::domain::ids::RunId;
use crate::domain::layer::Container;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// A page that is read from its top.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading<T> {
    /// The first line shown.
    pub scroll: usize,
    /// The facts.
    pub facts: Loaded<Box<T>>,
}

impl<T> Default for Reading<T> {
    fn default() -> Self {
        Self { scroll: 0, facts: Loaded::default() }
    }
}

/// A page or list that is only read.
#[derive(Clone, Debug, PartialEq)]
pub enum Page {
    /// A run with what became of it.
    Run {
        /// Which.
        run: RunId,
        /// The page.
        reading: Reading<RunDetail>,
    },
    /// A container's part of Φ_sync down to counts.
    Container {
        /// Which.
        container: Container,
        /// The page.
        reading: Reading<PhiExplained>,
    },
    /// What was done outside.
    Effects {
        /// Only of this state.
        state: Option<EffectState>,
        /// The effects.
        rows: Listing<EffectRow>,
    },
    /// An effect with all that the journal has of it.
    Effect {
        /// Which.
        key: EffectKey,
        /// The page.
        reading: Reading<EffectDetail>,
    },
    /// Business records of a kind.
    Records {
        /// Which kind.
        kind: RecordKind,
        /// The records.
        rows: Listing<RecordRow>,
    },
    /// A business record in full.
    Record {
        /// Its kind.
        kind: RecordKind,
        /// What it is known by.
        key: String,
        /// The page.
        reading: Reading<RecordDetail>,
    },
    /// The log.
    Logs(LogView),
}

impl Page {
    /// All effects.
    pub fn effects() -> Self {
        Self::Effects { state: None, rows: Listing::default() }
    }

    /// The records of a kind.
    pub fn records(kind: RecordKind) -> Self {
        Self::Records { kind, rows: Listing::default() }
    }

    /// A run in full.
    pub fn run(run: RunId) -> Self {
        Self::Run { run, reading: Reading::default() }
    }

    /// Returns its step in the breadcrumb.
    pub fn crumb(&self) -> String {
        match self {
            Self::Run { run, .. } => format!("run #{run}"),
            Self::Container { container, .. } => container.name().to_owned(),
            Self::Effects { state: None, .. } => "Effects".to_owned(),
            Self::Effects { state: Some(state), .. } => format!("Effects {}", state.as_column()),
            Self::Effect { key, .. } => {
                format!("effect {}", key.0.chars().take(8).collect::<String>())
            }
            Self::Records { kind, .. } => {
                let word = kind.word();
                format!("{}{}", word[..1].to_uppercase(), &word[1..])
            }
            Self::Record { key, .. } => key.clone(),
            Self::Logs(logs) => logs.crumb(),
        }
    }

    /// Returns what has to be asked to fill it.
    pub fn query(&self, mode: Mode) -> Query {
        match self {
            Self::Run { run, .. } => Query::Run { run: *run },
            Self::Container { .. } => Query::PhiExplain { mode },
            Self::Effects { state, .. } => {
                Query::Effects(EffectFilter { mode, layer: None, state: *state, limit: LIST_LIMIT })
            }
            Self::Effect { key, .. } => Query::Effect { mode, key: key.clone() },
            Self::Records { kind, .. } => Query::Records { mode, kind: *kind, limit: LIST_LIMIT },
            Self::Record { kind, key, .. } => Query::Record { mode, kind: *kind, key: key.clone() },
            Self::Logs(logs) => logs.query(),
        }
    }

    /// Forgets what was answered: it was about another world. The log is of both.
    pub fn forget(&mut self) {
        match self {
            Self::Run { reading, .. } => *reading = Reading::default(),
            Self::Container { reading, .. } => *reading = Reading::default(),
            Self::Effects { rows, .. } => rows.forget(),
            Self::Effect { reading, .. } => *reading = Reading::default(),
            Self::Records { rows, .. } => rows.forget(),
            Self::Record { reading, .. } => *reading = Reading::default(),
            Self::Logs(_) => {}
        }
    }

    /// Returns when it was asked, what was seen then, and whether the answer is awaited.
    pub fn asked(&self) -> Option<(Moment, u64, bool)> {
        match self {
            Self::Run { reading, .. } => reading.facts.asked(),
            Self::Container { reading, .. } => reading.facts.asked(),
            Self::Effects { rows, .. } => rows.rows.asked(),
            Self::Effect { reading, .. } => reading.facts.asked(),
            Self::Records { rows, .. } => rows.rows.asked(),
            Self::Record { reading, .. } => reading.facts.asked(),
            Self::Logs(logs) => logs.rows.rows.asked(),
        }
    }

    /// Returns the filter of a list, to be edited.
    pub const fn filter_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Effects { rows, .. } => Some(&mut rows.filter),
            Self::Records { rows, .. } => Some(&mut rows.filter),
            Self::Logs(logs) => Some(&mut logs.rows.filter),
            Self::Run { .. }
            | Self::Container { .. }
            | Self::Effect { .. }
            | Self::Record { .. } => None,
        }
    }

    /// Returns the cursor or the first line, and how many rows there are; those of what
    /// scrolls are known to its view alone.
    pub fn cursor(&mut self, page_rows: usize) -> (&mut usize, usize) {
        match self {
            Self::Run { reading, .. } => (&mut reading.scroll, page_rows),
            Self::Container { reading, .. } => (&mut reading.scroll, page_rows),
            Self::Effect { reading, .. } => (&mut reading.scroll, page_rows),
            Self::Record { reading, .. } => (&mut reading.scroll, page_rows),
            Self::Effects { rows, .. } => of(rows),
            Self::Records { rows, .. } => of(rows),
            Self::Logs(logs) => of(&mut logs.rows),
        }
    }

    /// Returns the selected item as text to paste.
    pub fn copied(&self) -> Option<String> {
        match self {
            Self::Run { reading, .. } => pretty(reading),
            Self::Effect { reading, .. } => pretty(reading),
            Self::Container { reading, .. } => pretty(reading),
            Self::Record { kind, key, reading } => reading.facts.value.as_deref().map(|detail| {
                let fields = detail.fields.iter().map(|(name, value)| format!("- {name}: {value}"));
                let fields: Vec<_> = fields.collect();
                format!("**{}** {key}\n{}", kind.word(), fields.join("\n"))
            }),
            Self::Effects { rows, .. } => {
                let row = rows.selected()?;
                Some(format!("{} {} {}", row.key, row.word(), row.summary))
            }
            Self::Records { rows, .. } => {
                rows.selected().map(|row| format!("{} {}", row.key, row.cells.join(" | ")))
            }
            Self::Logs(logs) => logs
                .rows
                .selected()
                .map(|line| format!("{} {} {} {}", line.at, line.level, line.target, line.text)),
        }
    }
}

fn of<T: Searchable>(rows: &mut Listing<T>) -> (&mut usize, usize) {
    let shown = rows.shown().len();
    (&mut rows.cursor, shown)
}

/// A page as the JSON of its facts: nothing of it is lost in a ticket.
fn pretty<T: serde::Serialize>(reading: &Reading<T>) -> Option<String> {
    serde_json::to_string_pretty(reading.facts.value.as_ref()?).ok()
}

impl Searchable for RecordRow {
    fn haystack(&self) -> String {
        format!("{} {}", self.key, self.cells.join(" "))
    }
}

impl Searchable for LogLine {
    fn haystack(&self) -> String {
        format!("{} {} {}", self.level, self.target, self.text)
    }
}
