//! Keeps commands: who asked for what, from where, and what came of it; and the audit log.
//!
//! A command is written before it is carried out, so one that a crash cut short is still `accepted`
//! and can be seen and finished.

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::words::{json, optional};
use crate::domain::ids::CommandId;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;

/// A command to note.
#[derive(Clone, Debug)]
pub struct NewCommand {
    /// Who: `user@host`.
    pub actor: String,
    /// `cli`, `screen`, `server` or `machine`.
    pub origin: &'static str,
    /// The world it acts on.
    pub mode: Mode,
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub args: serde_json::Value,
}

const ACCEPT: &str = "
INSERT INTO commands (wall_at, actor, origin, mode, name, args, state)
VALUES (:wall, :actor, :origin, :mode, :name, :args, 'accepted') RETURNING id";

/// Notes an accepted command.
pub fn accept(
    tx: &Connection,
    command: &NewCommand,
    wall: Moment,
) -> Result<CommandId, StoreError> {
    Ok(tx.prepare_cached(ACCEPT)?.query_row(
        named_params! {
            ":wall": wall, ":actor": command.actor, ":origin": command.origin,
            ":mode": command.mode, ":name": command.name, ":args": command.args.to_string(),
        },
        |row| row.get(0),
    )?)
}

const END: &str = "
UPDATE commands SET state = ?2, answer = ?3, ended_at = ?4 WHERE id = ?1 AND state = 'accepted'";

/// Notes what came of a command: done, or refused and why.
pub fn end(
    tx: &Connection,
    id: CommandId,
    done: bool,
    answer: &str,
    wall: Moment,
) -> Result<(), StoreError> {
    let state = if done { "done" } else { "refused" };
    tx.prepare_cached(END)?.execute(params![id, state, answer, wall])?;
    Ok(())
}

const AUDIT: &str = "
INSERT INTO audit_log (command_id, wall_at, actor, origin, what, before, after)
SELECT id, ?2, actor, origin, ?3, ?4, ?5 FROM commands WHERE id = ?1";

/// Notes what a command changed.
pub fn audit(
    tx: &Connection,
    id: CommandId,
    what: &str,
    before: Option<&str>,
    after: Option<&str>,
    wall: Moment,
) -> Result<(), StoreError> {
    tx.prepare_cached(AUDIT)?.execute(params![id, wall, what, before, after])?;
    Ok(())
}

/// A command that another process handed over.
#[derive(Clone, Debug, PartialEq)]
pub struct Handed {
    /// Its row.
    pub id: CommandId,
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub args: serde_json::Value,
}

const HAND: &str = "UPDATE commands SET for_owner = ?2 WHERE id = ?1 AND state = 'accepted'";

/// Hands an accepted command to the process called `owner`.
pub fn hand(tx: &Connection, id: CommandId, owner: &str) -> Result<(), StoreError> {
    tx.prepare_cached(HAND)?.execute(params![id, owner])?;
    Ok(())
}

const HANDED: &str = "
SELECT id, name, args FROM commands WHERE state = 'accepted' AND for_owner = ?1 ORDER BY id";

/// Returns what was handed to the process called `owner`, the oldest first.
pub fn handed(conn: &Connection, owner: &str) -> Result<Vec<Handed>, StoreError> {
    let mut statement = conn.prepare_cached(HANDED)?;
    let rows = statement.query_map([owner], |row| {
        Ok(Handed { id: row.get(0)?, name: row.get(1)?, args: json(row, "args")? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const OUTCOME: &str = "UPDATE commands SET outcome = ?2 WHERE id = ?1";

/// Keeps the whole answer of a command that was handed over, for the process that waits for it.
pub fn keep_outcome(
    tx: &Connection,
    id: CommandId,
    outcome: &serde_json::Value,
) -> Result<(), StoreError> {
    tx.prepare_cached(OUTCOME)?.execute(params![id, outcome.to_string()])?;
    Ok(())
}

const OUTCOME_OF: &str = "SELECT outcome FROM commands WHERE id = ?1 AND outcome IS NOT NULL";

/// Returns the whole answer of a command that was handed over, as soon as it has one.
pub fn outcome(conn: &Connection, id: CommandId) -> Result<Option<serde_json::Value>, StoreError> {
    optional(conn.prepare_cached(OUTCOME_OF)?.query_row([id], |row| json(row, "outcome")))
}
