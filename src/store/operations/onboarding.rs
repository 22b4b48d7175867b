//! Keeps onboarding tasks and documents.

use rusqlite::{Connection, Row, named_params, params};
use serde_json::Value;

use crate::domain::mode::Mode;
use crate::domain::operations::{ClientDocument, OnboardingTask};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{json_opt, optional};

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

const PUT_DOCUMENT: &str = "
INSERT INTO documents (mode, entity, document, state, content, changed_at)
VALUES (:mode, :entity, :document, :state, :content, :now)
ON CONFLICT (mode, entity, document) DO UPDATE SET
  state = excluded.state, content = coalesce(excluded.content, content),
  changed_at = excluded.changed_at";

/// Inserts or updates a document; content that is there stays unless there is new one.
pub(super) fn put_document(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    document: &ClientDocument,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_DOCUMENT)?.execute(named_params! {
        ":mode": mode, ":entity": document.entity, ":document": document.document,
        ":state": document.state, ":content": document.content.as_ref().map(Value::to_string),
        ":now": now,
    })?;
    Ok(())
}

const DOCUMENT: &str = "SELECT * FROM documents WHERE mode = ?1 AND entity = ?2 AND document = ?3";

/// Returns one document of a client.
pub fn document(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    document: &str,
) -> Result<Option<ClientDocument>, StoreError> {
    let wanted = params![mode, entity, document];
    optional(conn.prepare_cached(DOCUMENT)?.query_row(wanted, document_from_row))
}

const DOCUMENTS: &str = "SELECT * FROM documents WHERE mode = ?1 AND entity = ?2 ORDER BY id";

/// Returns a client's documents in the order in which they were asked for.
pub fn documents(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Vec<ClientDocument>, StoreError> {
    let mut statement = conn.prepare_cached(DOCUMENTS)?;
    let rows = statement.query_map(params![mode, entity], document_from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn document_from_row(row: &Row<'_>) -> rusqlite::Result<ClientDocument> {
    Ok(ClientDocument {
        entity: row.get("entity")?,
        document: row.get("document")?,
        state: row.get("state")?,
        content: json_opt(row, "content")?,
    })
}
