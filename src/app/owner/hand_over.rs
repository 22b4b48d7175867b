//! Hands commands to the process that has to carry them out, and carries out what others hand to us.
//!
//! A run is steered by the process that works it; where one serves the database, it alone starts
//! runs, retries and skips. A handed command is one row: whoever asked writes it, the other process
//! does it and answers it. Should that process die in between, whoever asked is told so and ends the
//! row, and nobody does it later; should both die, the next process that starts ends it.

use std::time::Duration;

use super::Owner;
use super::record::{self, refuse};
use crate::app::command::{Ack, Command, Refusal, RefusalKind};
use crate::app::queries;
use crate::domain::ids::{CommandId, RunId, UnitId};
use crate::domain::mode::Mode;
use crate::engines::orchestrator::hold::SERVE;
use crate::store::commands::NewCommand;
use crate::store::error::StoreError;
use crate::store::{commands, leases, operate, runs};

/// How long the other process has for an answer. It looks for commands four times a second, and
/// twenty times when it serves.
const ANSWER_MS: u64 = 5_000;

/// What is answered to a command whose process died.
const CUT_SHORT: &str =
    "its process died before it answered: `cep runs` and `cep events` show how far it came";

/// How often the answer is looked for.
const LOOK_MS: u64 = 25;

impl Owner {
    /// Returns the other process that has to carry out `command`; `None` when that is us, or when
    /// it is about rows that anybody may change.
    pub(super) fn performer_of(&self, command: &Command) -> Result<Option<String>, Refusal> {
        let steers = if let Command::Pause { run }
        | Command::Resume { run }
        | Command::Cancel { run } = command
        {
            if self.is_ours(*run) {
                return Ok(None);
            }
            if let Some(holder) = self.holder_of(*run)? {
                return Ok(Some(holder));
            }
            true
        } else {
            false
        };
        let is_served = steers
            || matches!(
                command,
                Command::Run(_)
                    | Command::Retry { .. }
                    | Command::RetryFingerprint { .. }
                    | Command::Skip { .. }
            );
        if self.shared.serving || self.shared.demo || !is_served {
            return Ok(None);
        }
        let now = self.parts.clock.now();
        let server = self
            .parts
            .store
            .read(|conn| leases::living_holder(conn, Mode::Live, SERVE, &self.parts.process, now));
        let server = server.map_err(|error| queries::failed(&error))?;
        if let (Some(_), Command::Run(request)) = (&server, command) {
            // Whoever may not send anything must not have it sent either.
            self.assert_armed(request.mode)?;
        }
        Ok(server)
    }

    /// Hands `command` to the process called `other` and waits for its answer.
    pub(super) async fn hand_over(&self, command: &Command, other: &str) -> Result<Ack, Refusal> {
        let args = serde_json::to_value(command).unwrap_or_default();
        let name = args["command"].as_str().unwrap_or_default().to_owned();
        let mode = self.world_of(command)?;
        let wall = self.parts.clock.wall();
        let row = record::row(&self.parts, mode, &name, args);
        let (row, to) = (NewCommand { performer: None, ..row }, other.to_owned());
        let handed = self.parts.store.write("hand over", move |tx| {
            let id = commands::accept(tx, &row, wall)?;
            commands::hand(tx, id, &to)?;
            Ok(id)
        });
        let id = handed.await.map_err(|error| queries::failed(&error))?;
        for _ in 0..ANSWER_MS / LOOK_MS {
            self.parts.clock.pause(Duration::from_millis(LOOK_MS)).await;
            let outcome = self.parts.store.read(|conn| commands::outcome(conn, id));
            if let Some(outcome) = outcome.map_err(|error| queries::failed(&error))? {
                let answer: Result<Ack, Refusal> =
                    serde_json::from_value(outcome).unwrap_or_else(|_| Err(unreadable()));
                return answer.map(|ack| Ack { by: Some(other.to_owned()), ..ack });
            }
        }
        let why = format!("{other} has to do this and did not answer within 5 s");
        let hint = "nothing was done; look at that process: it may hang, or be gone by now";
        let given_up = self.answer_row(id, Err(refuse(RefusalKind::Failed, why, hint))).await;
        // It may have been done all the same, by a process that died before it answered us.
        let told = self.parts.store.read(|conn| commands::answer(conn, id));
        match told.map_err(|error| queries::failed(&error))? {
            Some((true, text)) => {
                Ok(Ack { by: Some(other.to_owned()), ..Ack::here(Some(id), text) })
            }
            Some((false, _)) | None => given_up,
        }
    }

    /// Ends the commands that processes which are gone have left open. What those changed over
    /// several commits (a run that had begun) goes on from its rows.
    pub(super) async fn give_up_abandoned(&self) {
        let parts = &self.parts;
        let now = parts.clock.now();
        let wall = now.wall;
        let found = parts.store.read(|conn| {
            let mut alive = Vec::new();
            for mode in Mode::ALL {
                alive.extend(leases::living_holders(conn, mode, &parts.process, now)?);
            }
            alive.extend(leases::living_holder(conn, Mode::Live, SERVE, &parts.process, now)?);
            commands::abandoned(conn, &alive)
        });
        let abandoned = match found {
            Ok(abandoned) if abandoned.is_empty() => return,
            Ok(abandoned) => abandoned,
            Err(error) => {
                tracing::error!(%error, "commands of processes that are gone could not be read");
                return;
            }
        };
        let written = parts.store.write("give up commands", move |tx| {
            for id in abandoned {
                commands::end(tx, id, false, CUT_SHORT, wall)?;
            }
            Ok(())
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "commands of processes that are gone stay open");
        }
    }

    /// Returns the world that a handed command acts on.
    fn world_of(&self, command: &Command) -> Result<Mode, Refusal> {
        let of_unit = |id: &UnitId| -> Result<Option<Mode>, StoreError> {
            let unit = self.parts.store.read(|conn| operate::see(conn, *id))?;
            Ok(unit.map(|unit| unit.mode))
        };
        let of_run = |id: &RunId| -> Result<Option<Mode>, StoreError> {
            Ok(self.parts.store.read(|conn| runs::get(conn, *id))?.map(|run| run.mode))
        };
        let mode = if let Command::Run(request) = command {
            Ok(Some(request.mode))
        } else if let Command::RetryFingerprint { mode, .. } = command {
            Ok(Some(*mode))
        } else if let Command::Retry { unit } | Command::Skip { unit, .. } = command {
            of_unit(unit)
        } else if let Command::Pause { run } | Command::Resume { run } | Command::Cancel { run } =
            command
        {
            of_run(run)
        } else {
            Ok(None)
        };
        // One that names nothing is refused by the other process, in its own words.
        mode.map(|mode| mode.unwrap_or(Mode::Dry)).map_err(|error| queries::failed(&error))
    }

    /// Carries out what other processes have handed to us.
    pub(super) async fn obey_others(&mut self) {
        let owner = &self.parts.owner;
        let handed = match self.parts.store.read(|conn| commands::handed(conn, owner)) {
            Ok(handed) => handed,
            Err(error) => {
                tracing::error!(%error, "others' commands could not be read");
                return;
            }
        };
        for row in handed {
            let answer = match serde_json::from_value::<Command>(row.args) {
                Ok(command) => {
                    self.handed = Some(row.id);
                    let answer = self.perform(command).await;
                    self.handed = None;
                    answer
                }
                Err(_) => Err(unreadable()),
            };
            if let Err(error) = self.answer_handed(row.id, answer).await {
                tracing::error!(%error, command = row.name, "an answer was not written");
            }
        }
    }

    /// Keeps the whole answer of a handed command. One that was refused before it wrote anything is
    /// ended here.
    async fn answer_handed(
        &self,
        id: CommandId,
        answer: Result<Ack, Refusal>,
    ) -> Result<(), StoreError> {
        let wall = self.parts.clock.wall();
        let outcome = serde_json::to_value(&answer).unwrap_or_default();
        let (done, text) = match &answer {
            Ok(ack) => (true, ack.text.clone()),
            Err(refusal) => (false, refusal.why.clone()),
        };
        let written = self.parts.store.write("answer a handed command", move |tx| {
            commands::end(tx, id, done, &text, wall)?;
            commands::keep_outcome(tx, id, &outcome)
        });
        written.await
    }
}

fn unreadable() -> Refusal {
    refuse(
        RefusalKind::Failed,
        "the command or its answer cannot be read by the other process",
        "the two run different versions: end the older one",
    )
}
