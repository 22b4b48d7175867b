//! Turns stored tasks into what a person sees: sorted by urgency, with the words that end each.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::parts::Parts;
use crate::domain::effect::TaskKind;
use crate::domain::ids::UnitId;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::task::{self, Need};
use crate::domain::time::{DAY_MS, Moment};
use crate::store::clocks;
use crate::store::error::StoreError;
use crate::store::tasks::{self, TaskLine};

/// How long a task that was taken back is still shown: longer than a week-end and a day off.
const WITHDRAWN_SHOWN_MS: i64 = 5 * DAY_MS;

/// Which tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFilter {
    /// Which world.
    pub mode: Mode,
    /// Only this layer.
    pub layer: Option<Layer>,
    /// Only what is overdue.
    pub overdue: bool,
    /// At most so many of each layer.
    pub limit: u32,
}

/// How urgent a task is; the order is that of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Its time has passed.
    Overdue,
    /// It is due on this day (UTC).
    Today,
    /// It is due on another day.
    Later,
    /// A rule took it back: do not do it any more.
    Withdrawn,
}

impl Urgency {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Today => "today",
            Self::Later => "later",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A task in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRow {
    /// The unit that waits for it, and the task's number.
    pub id: UnitId,
    /// Its world.
    pub mode: Mode,
    /// Its layer.
    pub layer: Layer,
    /// Which work.
    pub kind: TaskKind,
    /// What to do, in one line.
    pub title: String,
    /// For whom: a prospect's or a client's entity.
    pub entity: String,
    /// When it should be done by, on the mode's clock.
    pub due_at: Moment,
    /// How urgent it is.
    pub urgency: Urgency,
    /// Why it was taken back, if it was.
    pub withdrawn: Option<String>,
    /// How many notes it has.
    pub notes: u32,
    /// The words that end it.
    pub answers: Vec<String>,
}

/// A task with everything needed to do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDetail {
    /// The same as in the list.
    pub task: TaskRow,
    /// Number or link, text to use, points to note.
    pub details: String,
    /// When it was handed over, on the mode's clock.
    pub asked_at: Moment,
    /// The words that end it, with their meaning and what they need.
    pub accepted: Vec<AcceptedAnswer>,
    /// What people noted, the oldest first.
    pub notes: Vec<TaskNote>,
}

/// A word that ends a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedAnswer {
    /// The word.
    pub word: String,
    /// What it says.
    pub means: String,
    /// What it cannot do without: `note`, `plan`.
    pub needs: Option<String>,
}

/// A note on a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskNote {
    /// When, on the wall clock.
    pub wall_at: Moment,
    /// Who.
    pub by: String,
    /// What.
    pub text: String,
}

/// How many tasks wait for people in one world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCounts {
    /// All of them.
    pub open: u64,
    /// Those whose time has passed.
    pub overdue: u64,
}

/// Returns the clock of a world.
fn now(conn: &Connection, parts: &Parts, mode: Mode) -> Result<Moment, StoreError> {
    Ok(match mode {
        Mode::Dry => clocks::dry(conn)?.unwrap_or(parts.settings.orchestrator.dry_start),
        Mode::Live => parts.clock.wall(),
    })
}

/// Returns the tasks that fit, the most urgent first.
pub(super) fn list(
    conn: &Connection,
    parts: &Parts,
    filter: TaskFilter,
) -> Result<Vec<TaskRow>, StoreError> {
    let now = now(conn, parts, filter.mode)?;
    let mut rows = Vec::new();
    for layer in filter.layer.map_or(Layer::ALL.to_vec(), |layer| vec![layer]) {
        rows.extend(tasks::waiting(conn, filter.mode, layer, filter.limit)?);
        if !filter.overdue {
            let since = now.plus_ms(-WITHDRAWN_SHOWN_MS);
            rows.extend(tasks::withdrawn(conn, filter.mode, layer, since, filter.limit)?);
        }
    }
    let mut rows: Vec<TaskRow> = rows.into_iter().map(|line| row(line, now)).collect();
    rows.retain(|row| !filter.overdue || row.urgency == Urgency::Overdue);
    rows.sort_by_key(|row| (row.urgency, row.due_at, row.id));
    Ok(rows)
}

/// Returns one task in full; `None` for a unit that asked nobody.
pub(super) fn detail(
    conn: &Connection,
    parts: &Parts,
    unit: UnitId,
) -> Result<Option<TaskDetail>, StoreError> {
    let Some(line) = tasks::of_unit(conn, unit)? else { return Ok(None) };
    let notes = tasks::notes(conn, unit)?;
    let accepted = task::accepted(line.task.kind).iter().map(|accepted| AcceptedAnswer {
        word: accepted.word.to_owned(),
        means: accepted.means.to_owned(),
        needs: match accepted.needs {
            Need::Nothing => None,
            Need::Note => Some("note".to_owned()),
            Need::Plan => Some("plan".to_owned()),
        },
    });
    let now = now(conn, parts, line.mode)?;
    Ok(Some(TaskDetail {
        details: line.task.details.clone(),
        asked_at: line.asked_at,
        accepted: accepted.collect(),
        notes: notes
            .into_iter()
            .map(|note| TaskNote { wall_at: note.wall_at, by: note.actor, text: note.text })
            .collect(),
        task: row(line, now),
    }))
}

/// Returns how many tasks wait in a world whose clock says `now`.
pub(super) fn counts(conn: &Connection, mode: Mode, now: Moment) -> Result<TaskCounts, StoreError> {
    let (open, overdue) = tasks::counts(conn, mode, now)?;
    Ok(TaskCounts { open, overdue })
}

fn row(line: TaskLine, now: Moment) -> TaskRow {
    let urgency = if line.withdrawn.is_some() {
        Urgency::Withdrawn
    } else if line.task.due_at < now {
        Urgency::Overdue
    } else if line.task.due_at.utc_date() == now.utc_date() {
        Urgency::Today
    } else {
        Urgency::Later
    };
    TaskRow {
        id: line.unit,
        mode: line.mode,
        layer: line.layer,
        kind: line.task.kind,
        title: line.task.title,
        entity: line.task.entity,
        due_at: line.task.due_at,
        urgency,
        withdrawn: line.withdrawn,
        notes: line.notes,
        answers: task::accepted(line.task.kind).iter().map(|row| row.word.to_owned()).collect(),
    }
}
