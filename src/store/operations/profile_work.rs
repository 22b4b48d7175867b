//! Keeps the work on clients' profiles: planned edits and posts.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::mode::Mode;
use crate::domain::operations::{PostRow, ProfileAction};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::optional;

const PUT_ACTION: &str = "
INSERT INTO profile_actions (mode, entity, action, before, after, due_at, done_at)
VALUES (:mode, :entity, :action, :before, :after, :due_at, :done_at)
ON CONFLICT (mode, entity, action) DO UPDATE SET
  after = excluded.after, done_at = coalesce(done_at, excluded.done_at)";

/// Inserts an action, or notes that it is done; its due day and the first done day stay.
pub(super) fn put_action(
    tx: &Connection,
    mode: Mode,
    action: &ProfileAction,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_ACTION)?.execute(named_params! {
        ":mode": mode, ":entity": action.entity, ":action": action.action,
        ":before": action.before, ":after": action.after, ":due_at": action.due_at,
        ":done_at": action.done_at,
    })?;
    Ok(())
}

const ACTIONS: &str = "SELECT * FROM profile_actions WHERE mode = ?1 AND entity = ?2 ORDER BY id";

/// Returns a client's actions in the order in which they were planned.
pub fn actions(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Vec<ProfileAction>, StoreError> {
    let mut statement = conn.prepare_cached(ACTIONS)?;
    let rows = statement.query_map(params![mode, entity], |row| {
        Ok(ProfileAction {
            entity: row.get("entity")?,
            action: row.get("action")?,
            before: row.get("before")?,
            after: row.get("after")?,
            due_at: row.get("due_at")?,
            done_at: row.get("done_at")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const PUT_POST: &str = "
INSERT INTO posts (mode, entity, slot, planned_at, text, state, changed_at)
VALUES (:mode, :entity, :slot, :planned_at, :text, :state, :now)
ON CONFLICT (mode, entity, slot) DO UPDATE SET
  state = excluded.state, changed_at = excluded.changed_at";

/// Inserts a post, or notes its state; slot, time and text stay as they were planned.
pub(super) fn put_post(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    post: &PostRow,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_POST)?.execute(named_params! {
        ":mode": mode, ":entity": post.entity, ":slot": post.slot,
        ":planned_at": post.planned_at, ":text": post.text, ":state": post.state, ":now": now,
    })?;
    Ok(())
}

const POST: &str = "SELECT * FROM posts WHERE mode = ?1 AND entity = ?2 AND slot = ?3";

/// Returns the post in one slot.
pub fn post(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    slot: &str,
) -> Result<Option<PostRow>, StoreError> {
    optional(conn.prepare_cached(POST)?.query_row(params![mode, entity, slot], post_from_row))
}

const POSTS: &str = "SELECT * FROM posts WHERE mode = ?1 AND entity = ?2 ORDER BY planned_at";

/// Returns a client's posts in calendar order.
pub fn posts(conn: &Connection, mode: Mode, entity: &str) -> Result<Vec<PostRow>, StoreError> {
    let mut statement = conn.prepare_cached(POSTS)?;
    let rows = statement.query_map(params![mode, entity], post_from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn post_from_row(row: &Row<'_>) -> rusqlite::Result<PostRow> {
    Ok(PostRow {
        entity: row.get("entity")?,
        slot: row.get("slot")?,
        planned_at: row.get("planned_at")?,
        text: row.get("text")?,
        state: row.get("state")?,
    })
}
