//! Keeps the work on clients' profiles: planned edits and posts.

use rusqlite::{Connection, Row, named_params, params};

use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::operations::{PostRow, ProfileAction};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::words::{json_opt, optional};

const PUT_ACTION: &str = "
INSERT INTO profile_actions
  (mode, entity, action, before, after, due_at, done_at, state, points, reread)
VALUES (:mode, :entity, :action, :before, :after, :due_at, :done_at, :state, :points, :reread)
ON CONFLICT (mode, entity, action) DO UPDATE SET
  after = excluded.after, done_at = coalesce(done_at, excluded.done_at), state = excluded.state,
  reread = coalesce(excluded.reread, reread)";

/// Inserts an action, or notes where it is; what stood there before, its due day and the first done
/// day stay.
pub(super) fn put_action(
    tx: &Connection,
    mode: Mode,
    action: &ProfileAction,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_ACTION)?.execute(named_params! {
        ":mode": mode, ":entity": action.entity, ":action": action.action,
        ":before": action.before, ":after": action.after, ":due_at": action.due_at,
        ":done_at": action.done_at, ":state": action.state, ":points": action.points,
        ":reread": action.reread,
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
            state: row.get("state")?,
            points: row.get("points")?,
            reread: row.get("reread")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const PUT_POST: &str = "
INSERT INTO posts
  (mode, entity, slot, planned_at, text, state, changed_at, topic, call_to_action, event)
VALUES (:mode, :entity, :slot, :planned_at, :text, :state, :now, :topic, :call_to_action, :event)
ON CONFLICT (mode, entity, slot) DO UPDATE SET
  state = excluded.state, changed_at = excluded.changed_at
WHERE excluded.state <> 'planned'";

/// Inserts a post, or notes its state; slot, time and text stay as they were planned or as a person
/// wrote them. One that is planned again stays where it is.
pub(super) fn put_post(
    tx: &Connection,
    mode: Mode,
    now: Moment,
    post: &PostRow,
) -> Result<(), StoreError> {
    tx.prepare_cached(PUT_POST)?.execute(named_params! {
        ":mode": mode, ":entity": post.entity, ":slot": post.slot,
        ":planned_at": post.planned_at, ":text": post.text, ":state": post.state, ":now": now,
        ":topic": post.topic,
        ":call_to_action": json_text(post.call_to_action.as_ref())?,
        ":event": json_text(post.event.as_ref())?,
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

const PLANNED_POSTS: &str = "
SELECT c.name AS client_name, p.* FROM posts p
JOIN clients c ON c.mode = p.mode AND c.entity = p.entity
WHERE p.mode = ?1 AND p.state = 'planned' ORDER BY p.planned_at, p.id LIMIT ?2";

/// Returns the posts of all clients that are still to go out, in calendar order, with whose they are.
pub fn planned_posts(
    conn: &Connection,
    mode: Mode,
    limit: u32,
) -> Result<Vec<(String, PostRow)>, StoreError> {
    let mut statement = conn.prepare_cached(PLANNED_POSTS)?;
    let rows = statement.query_map(params![mode, limit], |row| {
        Ok((row.get("client_name")?, post_from_row(row)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const EARLIER_POSTS: &str = "
SELECT count(*) FROM units
WHERE mode = ?1 AND layer = ?2 AND entity = ?3 AND kind = 'post' AND version < ?4
  AND state IN ('scheduled', 'ready', 'leased', 'retry_wait')";

/// Returns how many posts of a client before the one in `slot` are still to go out by themselves.
pub fn earlier_posts(
    conn: &Connection,
    mode: Mode,
    entity: &str,
    slot: &str,
) -> Result<u32, StoreError> {
    let before = format!("post/{slot}");
    let mut statement = conn.prepare_cached(EARLIER_POSTS)?;
    Ok(statement.query_row(params![mode, Layer::GbpOptimizer, entity, before], |row| row.get(0))?)
}

const NEXT_AUDIT: &str = "
SELECT min(coalesce(run_at, created_at)) FROM units
WHERE mode = ?1 AND layer = ?2 AND entity = ?3 AND kind IN ('audit', 'reaudit')
  AND ended_at IS NULL";

/// Returns when a client's profile is read again; `None` when no audit is planned.
pub fn next_audit(
    conn: &Connection,
    mode: Mode,
    entity: &str,
) -> Result<Option<Moment>, StoreError> {
    let mut statement = conn.prepare_cached(NEXT_AUDIT)?;
    Ok(statement.query_row(params![mode, Layer::GbpOptimizer, entity], |row| row.get(0))?)
}

fn post_from_row(row: &Row<'_>) -> rusqlite::Result<PostRow> {
    Ok(PostRow {
        entity: row.get("entity")?,
        slot: row.get("slot")?,
        planned_at: row.get("planned_at")?,
        text: row.get("text")?,
        state: row.get("state")?,
        topic: row.get("topic")?,
        call_to_action: json_opt(row, "call_to_action")?,
        event: json_opt(row, "event")?,
        held: row.get("held")?,
        edited: row.get::<_, Option<Moment>>("edited_at")?.is_some(),
    })
}

fn json_text<T: serde::Serialize>(value: Option<&T>) -> Result<Option<String>, StoreError> {
    let text = value.map(serde_json::to_string).transpose();
    Ok(text.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?)
}

const EDIT_POST: &str = "
UPDATE posts SET text = ?4, edited_at = ?5
WHERE mode = ?1 AND entity = ?2 AND slot = ?3 AND state = 'planned'";

/// Gives a post that has not gone out another text; returns whether there was one.
pub fn edit_post(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    slot: &str,
    text: &str,
    now: Moment,
) -> Result<bool, StoreError> {
    let changed = tx.prepare_cached(EDIT_POST)?.execute(params![mode, entity, slot, text, now])?;
    Ok(changed == 1)
}

const HOLD_POST: &str = "
UPDATE posts SET held = ?4 WHERE mode = ?1 AND entity = ?2 AND slot = ?3 AND state = 'planned'";

/// Holds a post that has not gone out, or lets it go; returns whether there was one.
pub fn hold_post(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    slot: &str,
    held: bool,
) -> Result<bool, StoreError> {
    Ok(tx.prepare_cached(HOLD_POST)?.execute(params![mode, entity, slot, held])? == 1)
}

#[cfg(test)]
mod tests {
    use super::PLANNED_POSTS;
    use crate::store::open::plan_of;

    #[test]
    fn the_posts_to_come_are_read_off_their_index_however_many_went_out() {
        let plan = plan_of(PLANNED_POSTS);
        assert!(plan[0].contains("posts_planned"), "{plan:?}");
        assert!(plan.iter().all(|line| !line.contains("TEMP B-TREE")), "{plan:?}");
    }
}
