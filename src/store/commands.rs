//! Keeps commands: who asked for what, from where, and what came of it; and the audit log.
//!
//! A command is written before it is carried out, or with it. One that a crash cut short in between is
//! still `accepted`; the next process that starts gives it up, with a word about how far it may have
//! come (`give_up`).

use rusqlite::{Connection, named_params, params};

use super::error::StoreError;
use super::words::{json, optional};
use crate::domain::ids::CommandId;
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::runtime::process::ProcessIdentity;

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
    /// The process that carries it out; `None` while it is another's to take.
    pub performer: Option<ProcessIdentity>,
}

const ACCEPT: &str = "
INSERT INTO commands (wall_at, actor, origin, mode, name, args, state, performer)
VALUES (:wall, :actor, :origin, :mode, :name, :args, 'accepted', :performer) RETURNING id";

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
            ":performer": command.performer.as_ref().map(named),
        },
        |row| row.get(0),
    )?)
}

const END: &str = "
UPDATE commands SET state = ?2, answer = ?3, ended_at = ?4 WHERE id = ?1 AND state = 'accepted'";

/// Notes what came of a command: done, or refused and why. Returns whether it was still open.
pub fn end(
    tx: &Connection,
    id: CommandId,
    done: bool,
    answer: &str,
    wall: Moment,
) -> Result<bool, StoreError> {
    let state = if done { "done" } else { "refused" };
    Ok(tx.prepare_cached(END)?.execute(params![id, state, answer, wall])? == 1)
}

const ANSWER: &str =
    "SELECT state = 'done', answer FROM commands WHERE id = ?1 AND answer IS NOT NULL";

/// Returns whether an ended command was done, and what was answered.
pub fn answer(conn: &Connection, id: CommandId) -> Result<Option<(bool, String)>, StoreError> {
    let row = conn.prepare_cached(ANSWER)?.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)));
    optional(row)
}

const TAKE: &str = "UPDATE commands SET performer = ?2 WHERE id = ?1 AND state = 'accepted'";

/// Notes that the process `me` carries out a command that was handed to it. Returns whether the
/// command was still open: whoever asked may have given up waiting.
pub fn take(tx: &Connection, id: CommandId, me: &ProcessIdentity) -> Result<bool, StoreError> {
    Ok(tx.prepare_cached(TAKE)?.execute(params![id, named(me)])? == 1)
}

const OPEN: &str = "
SELECT id, performer, for_owner FROM commands WHERE state = 'accepted' ORDER BY id";

/// Returns the open commands that nobody will answer: their process is gone, or it is the one called
/// by a name that is not among `alive`.
pub fn abandoned(conn: &Connection, alive: &[String]) -> Result<Vec<CommandId>, StoreError> {
    let mut statement = conn.prepare_cached(OPEN)?;
    let rows = statement.query_map([], |row| {
        Ok((row.get(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?))
    })?;
    let mut abandoned = Vec::new();
    for row in rows {
        let (id, performer, for_owner) = row?;
        let is_alive = match (performer, for_owner) {
            (Some(performer), _) => lives(&performer),
            (None, Some(owner)) => alive.contains(&owner),
            // Written by an earlier release, whose processes have ended or end soon.
            (None, None) => false,
        };
        if !is_alive {
            abandoned.push(id);
        }
    }
    Ok(abandoned)
}

/// A process as a column: pid, start, boot.
fn named(process: &ProcessIdentity) -> String {
    format!("{} {} {}", process.pid, process.pid_start, process.boot_id)
}

fn lives(named: &str) -> bool {
    let mut parts = named.split(' ');
    let pid = parts.next().and_then(|pid| pid.parse().ok());
    let start = parts.next().and_then(|start| start.parse().ok());
    let (Some(pid), Some(start), Some(boot)) = (pid, start, parts.next()) else { return false };
    ProcessIdentity::is_alive(pid, start, boot)
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
