//! Keeps onboarding tasks.

use rusqlite::{Connection, named_params, params};

use crate::domain::mode::Mode;
use crate::domain::operations::OnboardingTask;
use crate::store::error::StoreError;

pub use super::documents::get as document;

const PUT_TASK: &str = "
INSERT INTO onboarding_tasks (mode, entity, task, due_at, done_at, note)
VALUES (:mode, :entity, :task, :due_at, :done_at, :note)
ON CONFLICT (mode, entity, task) DO UPDATE SET
  done_at = coalesce(done_at, excluded.done_at), note = coalesce(excluded.note, note)";

/// Inserts a task, or notes that it is done; the first day it was done and its due day stay.
pub(super) fn put_task(
    tx: &Connection,
    mode: Mode,
    task: &OnboardingTask,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_TASK)?.execute(named_params! {
        ":mode": mode, ":entity": task.entity, ":task": task.task, ":due_at": task.due_at,
        ":done_at": task.done_at, ":note": task.note,
    })?;
    Ok(())
}

const TASKS: &str =
    "SELECT * FROM onboarding_tasks WHERE mode = ?1 AND entity = ?2 ORDER BY due_at";

/// Returns a client's tasks in the order in which they fall due.
pub fn tasks(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Vec<OnboardingTask>, StoreError> {
    let mut statement = conn.prepare_cached(TASKS)?;
    let rows = statement.query_map(params![mode, entity], |row| {
        Ok(OnboardingTask {
            entity: row.get("entity")?,
            task: row.get("task")?,
            due_at: row.get("due_at")?,
            done_at: row.get("done_at")?,
            note: row.get("note")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
