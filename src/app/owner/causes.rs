//! Carries out what people say about a cause of failures: that they look after it, and notes.
//!
//! Neither changes any unit, so any process may do it, whoever works the layer.

use rusqlite::Connection;
use serde_json::json;

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, Refusal, RefusalKind};
use crate::domain::mode::Mode;
use crate::store::cause_marks::{self, Said};
use crate::store::error::StoreError;

impl Owner {
    pub(super) async fn acknowledge(
        &self,
        mode: Mode,
        cause: String,
        note: Option<String>,
    ) -> Result<Ack, Refusal> {
        let args = json!({ "fingerprint": cause, "note": note });
        let (by, wall) = (self.parts.actor.clone(), self.parts.clock.wall());
        self.at_once(mode, "acknowledge", args, move |tx, _| {
            if let Some(refusal) = unknown(tx, mode, &cause)? {
                return Ok(Err(refusal));
            }
            let before = cause_marks::acknowledged(tx, mode, &cause)?;
            let before = before.filter(|it| it.failed_since == 0);
            if let Some(other) = before.as_ref().filter(|it| it.by == by && note.is_none()) {
                let why = format!("you look after {cause} since {} already", other.wall_at);
                return Ok(Err(refuse(RefusalKind::Usage, why, "`cep note` adds to it")));
            }
            let said = Said { mode, cause: &cause, by: &by, wall };
            cause_marks::acknowledge(tx, said, note.as_deref())?;
            let told = format!("{by} looks after {cause} until it fails again");
            let nobody = || "nobody".to_owned();
            Ok(Ok(Outcome::new(told).changed(before.map_or_else(nobody, |it| it.by), by)))
        })
        .await
    }

    pub(super) async fn note_cause(
        &self,
        mode: Mode,
        cause: String,
        text: String,
    ) -> Result<Ack, Refusal> {
        let args = json!({ "fingerprint": cause, "text": text });
        let (by, wall) = (self.parts.actor.clone(), self.parts.clock.wall());
        self.at_once(mode, "note_cause", args, move |tx, _| {
            if let Some(refusal) = unknown(tx, mode, &cause)? {
                return Ok(Err(refusal));
            }
            cause_marks::note(tx, Said { mode, cause: &cause, by: &by, wall }, &text)?;
            Ok(Ok(Outcome::new(format!("{cause} has the note: {text}"))))
        })
        .await
    }
}

/// Refuses a cause that nothing ever failed of; a slip of the finger would be kept for nobody.
fn unknown(tx: &Connection, mode: Mode, cause: &str) -> Result<Option<Refusal>, StoreError> {
    if cause_marks::is_known(tx, mode, cause)? {
        return Ok(None);
    }
    let other = if mode == Mode::Dry { Mode::Live } else { Mode::Dry };
    let hint = if cause_marks::is_known(tx, other, cause)? {
        format!("it is a cause of the other world: --mode {other}")
    } else {
        "`cep errors` lists the causes that still stand".to_owned()
    };
    let why = format!("nothing in the {mode} world failed with {cause}");
    Ok(Some(refuse(RefusalKind::Usage, why, &hint)))
}
