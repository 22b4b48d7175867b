//! Keeps clients' documents: where each is, its file, and every step of its way.
//!
//! The history is append-only and written in the commit that moves the document; a change that moves
//! nothing writes nothing.

use rusqlite::{Connection, Row, named_params, params};
use serde_json::Value;

use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::operations::{ClientDocument, DocumentState, StoredFile};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{json_opt, optional};

/// Who moves a document when no person does.
pub const MACHINE: &str = "machine";

/// One step of a document's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which document.
    pub document: String,
    /// Where it went.
    pub state: DocumentState,
    /// Why, when it was rejected.
    pub reason: Option<String>,
    /// SHA-256 of the file it had then.
    pub digest: Option<String>,
    /// Who moved it.
    pub by: String,
    /// When.
    pub at: Moment,
}

const PUT: &str = "
INSERT INTO documents (mode, entity, document, state, content, reason, file, digest, bytes,
  changed_at)
VALUES (:mode, :entity, :document, :state, :content, :reason, :file, :digest, :bytes, :now)
ON CONFLICT (mode, entity, document) DO UPDATE SET
  state = excluded.state, content = coalesce(excluded.content, content), reason = excluded.reason,
  file = coalesce(excluded.file, file), digest = coalesce(excluded.digest, digest),
  bytes = coalesce(excluded.bytes, bytes), changed_at = excluded.changed_at";

const NOTE: &str = "
INSERT INTO document_history (mode, entity, document, state, reason, digest, by, at)
VALUES (:mode, :entity, :document, :state, :reason, :digest, :by, :now)";

/// Inserts or updates a document and notes the step; content and file that are there stay unless
/// there are new ones.
pub fn put(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    by: &str,
    document: &ClientDocument,
) -> Result<(), StoreError> {
    let before = get(tx, mode, &document.entity, &document.document)?;
    let file = document.file.as_ref();
    tx.prepare_cached(PUT)?.execute(named_params! {
        ":mode": mode, ":entity": document.entity, ":document": document.document,
        ":state": document.state, ":content": document.content.as_ref().map(Value::to_string),
        ":reason": document.reason, ":file": file.map(|file| &file.path),
        ":digest": file.map(|file| &file.digest), ":bytes": file.map(|file| file.bytes),
        ":now": now,
    })?;
    let after = get(tx, mode, &document.entity, &document.document)?;
    let step = |it: &ClientDocument| (it.state, it.reason.clone(), it.file.clone());
    if before.as_ref().map(step) == after.as_ref().map(step) {
        return Ok(());
    }
    tx.prepare_cached(NOTE)?.execute(named_params! {
        ":mode": mode, ":entity": document.entity, ":document": document.document,
        ":state": document.state, ":reason": document.reason,
        ":digest": file.map(|file| &file.digest), ":by": by, ":now": now,
    })?;
    Ok(())
}

const GET: &str = "SELECT * FROM documents WHERE mode = ?1 AND entity = ?2 AND document = ?3";

/// Returns one document of a client.
pub fn get(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    document: &str,
) -> Result<Option<ClientDocument>, StoreError> {
    let wanted = params![mode, entity, document];
    optional(conn.prepare_cached(GET)?.query_row(wanted, from_row))
}

const TAKEN_OVER: &str = "
SELECT coalesce(min(state IN ('done', 'skipped', 'cancelled')), 0) FROM units
WHERE mode IN ('dry', 'live') AND layer = ?1 AND kind = 'file' AND version LIKE '%/' || ?2";

/// Whether every unit that was to copy the file with this digest has ended, and there was one.
pub fn taken_over(conn: &Connection, digest: &str) -> Result<bool, StoreError> {
    let mut statement = conn.prepare_cached(TAKEN_OVER)?;
    Ok(statement.query_row(params![Layer::OnboardingFlow, digest], |row| row.get(0))?)
}

const ALL: &str = "SELECT * FROM documents WHERE mode = ?1 AND entity = ?2 ORDER BY id";

/// Returns a client's documents in the order in which they were asked for.
pub fn of_client(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Vec<ClientDocument>, StoreError> {
    let mut statement = conn.prepare_cached(ALL)?;
    let rows = statement.query_map(params![mode, entity], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<ClientDocument> {
    let path: Option<String> = row.get("file")?;
    let digest: Option<String> = row.get("digest")?;
    let bytes: Option<i64> = row.get("bytes")?;
    let file = path.zip(digest).zip(bytes);
    Ok(ClientDocument {
        entity: row.get("entity")?,
        document: row.get("document")?,
        state: row.get("state")?,
        content: json_opt(row, "content")?,
        reason: row.get("reason")?,
        file: file.map(|((path, digest), bytes)| StoredFile { path, digest, bytes }),
    })
}

const HISTORY: &str = "
SELECT document, state, reason, digest, by, at FROM document_history
WHERE mode = ?1 AND entity = ?2 ORDER BY id";

/// Returns every step of a client's documents, the first one first.
pub fn history(conn: &Connection, mode: Mode, entity: &str) -> Result<Vec<Step>, StoreError> {
    let mut statement = conn.prepare_cached(HISTORY)?;
    let rows = statement.query_map(params![mode, entity], |row| {
        Ok(Step {
            document: row.get("document")?,
            state: row.get("state")?,
            reason: row.get("reason")?,
            digest: row.get("digest")?,
            by: row.get("by")?,
            at: row.get("at")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logo(state: DocumentState) -> ClientDocument {
        ClientDocument {
            entity: "c".to_owned(),
            document: "logo".to_owned(),
            state,
            content: None,
            reason: (state == DocumentState::Rejected).then(|| "too small".to_owned()),
            file: (state == DocumentState::Received).then(|| StoredFile {
                path: "documents/logo-01.png".to_owned(),
                digest: "01".to_owned(),
                bytes: 3,
            }),
        }
    }

    #[test]
    fn each_step_of_a_document_is_kept_with_who_and_why_and_a_repeat_is_no_step() {
        use DocumentState::{Approved, Received, Rejected, Requested};
        let folder = tempfile::tempdir().unwrap();
        let conn = crate::store::open::writer(&folder.path().join("t.db")).unwrap();
        for (at, state) in [
            (1, Requested),
            (2, Received),
            (2, Received),
            (3, Rejected),
            (4, Received),
            (5, Approved),
        ] {
            put(&conn, Mode::Live, Moment(at), "ann@desk", &logo(state)).unwrap();
        }
        let steps = history(&conn, Mode::Live, "c").unwrap();
        let states: Vec<_> = steps.iter().map(|step| step.state).collect();
        assert_eq!(states, [Requested, Received, Rejected, Received, Approved]);
        assert_eq!(steps[2].reason.as_deref(), Some("too small"));
        assert_eq!(steps[1].by, "ann@desk");
        let row = get(&conn, Mode::Live, "c", "logo").unwrap().unwrap();
        assert_eq!((row.state, row.reason), (Approved, None));
        assert_eq!(row.file.unwrap().digest, "01", "the file stays with the document");
        assert!(history(&conn, Mode::Dry, "c").unwrap().is_empty());
    }
}
