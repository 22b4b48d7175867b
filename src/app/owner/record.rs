//! Writes a command's row, its answer, and what it changed.

use rusqlite::Connection;
use serde_json::Value;

use super::Owner;
use crate::app::command::{Ack, Refusal, RefusalKind};
use crate::app::parts::Parts;
use crate::app::queries;
use crate::domain::ids::CommandId;
use crate::domain::mode::Mode;
use crate::domain::text;
use crate::domain::time::Moment;
use crate::store::commands::{self, NewCommand};
use crate::store::error::StoreError;

/// Characters of what a command was answered; it may quote what was typed.
const TEXT_CHARS_MAX: usize = 1_000;

/// What came of a command that was carried out.
pub(crate) struct Outcome {
    /// One line for a person.
    pub(super) text: String,
    /// What was before.
    pub(super) before: Option<String>,
    /// What is now.
    pub(super) after: Option<String>,
}

impl Outcome {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), before: None, after: None }
    }

    pub(super) fn changed(mut self, before: impl Into<String>, after: impl Into<String>) -> Self {
        (self.before, self.after) = (Some(before.into()), Some(after.into()));
        self
    }
}

/// Makes a refusal.
pub(super) fn refuse(kind: RefusalKind, why: impl Into<String>, hint: &str) -> Refusal {
    Refusal { kind, why: why.into(), hint: Some(hint.to_owned()) }
}

/// Returns what a store's error means for a command: an impossible step is the asker's matter.
pub(super) fn refused_by_store(error: &StoreError) -> Refusal {
    match error {
        StoreError::Illegal(step) => {
            refuse(RefusalKind::Usage, step.to_string(), "`cep units` shows where each unit is")
        }
        StoreError::Fenced { what } => refuse(
            RefusalKind::Safeguard,
            format!("{what} changed at the same instant; nothing was done"),
            "look at it again and repeat the command if it is still wanted",
        ),
        StoreError::Open { .. }
        | StoreError::Foreign { .. }
        | StoreError::Newer { .. }
        | StoreError::MigrationChanged { .. }
        | StoreError::Damaged { .. }
        | StoreError::Pragma { .. }
        | StoreError::Sqlite { .. }
        | StoreError::File { .. }
        | StoreError::Unsound { .. }
        | StoreError::Unreadable(_)
        | StoreError::WriterGone => queries::failed(error),
    }
}

/// A command's row as written.
pub(super) fn row(parts: &Parts, mode: Mode, name: &str, args: Value) -> NewCommand {
    NewCommand {
        actor: parts.actor.clone(),
        origin: parts.origin.as_column(),
        mode,
        name: name.to_owned(),
        // Names and keys that were typed wrong are kept too, as they may be shown.
        args: text::clean_value(args),
        performer: Some(parts.process.clone()),
    }
}

impl Owner {
    /// Writes a command, does it, and writes its answer: all in one transaction. `act` looks before
    /// it changes anything, so a refusal has changed nothing.
    pub(super) async fn at_once(
        &self,
        mode: Mode,
        name: &'static str,
        args: Value,
        act: impl FnOnce(&Connection, Moment) -> Result<Result<Outcome, Refusal>, StoreError>
        + Send
        + 'static,
    ) -> Result<Ack, Refusal> {
        let now = self.now(mode).await?;
        let wall = self.parts.clock.wall();
        let command = row(&self.parts, mode, name, args);
        let (handed, me) = (self.handed, self.parts.process.clone());
        let done = self.parts.store.write(name, move |tx| {
            let id = match handed {
                Some(id) if commands::take(tx, id, &me)? => id,
                Some(_) => return Ok(Err(given_up())),
                None => commands::accept(tx, &command, wall)?,
            };
            let outcome = match act(tx, now) {
                Ok(outcome) => outcome,
                // These say no before anything was written, so their row can say so.
                Err(error @ (StoreError::Illegal(_) | StoreError::Fenced { .. })) => {
                    Err(refused_by_store(&error))
                }
                Err(error) => return Err(error),
            };
            end(tx, id, &outcome, wall)?;
            Ok(outcome.map(|outcome| Ack::here(Some(id), outcome.text)))
        });
        done.await.map_err(|error| refused_by_store(&error))?
    }

    /// Writes a command that takes longer than a transaction. One that another process handed over
    /// has its row already.
    pub(super) async fn accept(
        &self,
        mode: Mode,
        name: &'static str,
        args: Value,
    ) -> Result<CommandId, Refusal> {
        let wall = self.parts.clock.wall();
        let command = row(&self.parts, mode, name, args);
        let (handed, me) = (self.handed, self.parts.process.clone());
        let accepted = self.parts.store.write(name, move |tx| match handed {
            Some(id) => Ok(commands::take(tx, id, &me)?.then_some(id)),
            None => commands::accept(tx, &command, wall).map(Some),
        });
        accepted.await.map_err(|error| queries::failed(&error))?.ok_or_else(given_up)
    }

    /// Writes the answer of a command that was accepted before, and passes it on.
    pub(super) async fn answer_row(
        &self,
        id: CommandId,
        outcome: Result<Outcome, Refusal>,
    ) -> Result<Ack, Refusal> {
        let wall = self.parts.clock.wall();
        let written = self.parts.store.write("answer a command", move |tx| {
            end(tx, id, &outcome, wall)?;
            Ok(outcome.map(|outcome| Ack::here(Some(id), outcome.text)))
        });
        written.await.map_err(|error| queries::failed(&error))?
    }

    /// Returns a world's time.
    pub(super) async fn now(&self, mode: Mode) -> Result<Moment, Refusal> {
        self.parts.engine(mode).now(mode).await.map_err(|error| queries::failed(&error))
    }
}

/// Whoever handed a command over has been told that it was not done, so it is not done.
fn given_up() -> Refusal {
    refuse(
        RefusalKind::Failed,
        "whoever asked has given up waiting; nothing was done",
        "repeat the command if it is still wanted",
    )
}

fn end(
    tx: &Connection,
    id: CommandId,
    outcome: &Result<Outcome, Refusal>,
    wall: Moment,
) -> Result<(), StoreError> {
    match outcome {
        Ok(outcome) => {
            let text = text::clean(&outcome.text, TEXT_CHARS_MAX);
            if !commands::end(tx, id, true, &text, wall)? {
                return Ok(());
            }
            let (before, after) = (outcome.before.as_deref(), outcome.after.as_deref());
            commands::audit(tx, id, &text, before, after, wall)
        }
        Err(refusal) => {
            commands::end(tx, id, false, &text::clean(&refusal.why, TEXT_CHARS_MAX), wall)?;
            Ok(())
        }
    }
}
