//! Ends the doubt that a restore has left, and says how a world stands until then.

use serde_json::json;

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, Refusal, RefusalKind};
use crate::domain::event::NewEvent;
use crate::domain::mode::Mode;
use crate::store::events::{self, About};
use crate::store::restores;

impl Owner {
    pub(super) async fn end_doubt(&self, mode: Mode, evidence: String) -> Result<Ack, Refusal> {
        let wall = self.parts.clock.wall();
        let said = format!("{} says: {evidence}", self.parts.actor);
        let args = json!({ "mode": mode, "evidence": evidence });
        self.at_once(mode, "end_doubt", args, move |tx, now| {
            let Some(n) = restores::end_doubt(tx, mode, &said, now, wall)? else {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    format!("nothing of {mode} is in doubt"),
                    "`cep status` says how each world stands since a restore",
                )));
            };
            let text = format!(
                "the doubt of {mode} has ended: {n} acts that nobody found are as if never sent, and \
                 new ones go out as ever"
            );
            let about =
                About { mode, at: now, wall_at: wall, layer: None, unit_id: None, run_id: None };
            events::append(tx, about, &NewEvent::info("doubt_ended", format!("{text}; {said}")))?;
            Ok(Ok(Outcome::new(text).changed("in doubt", "settled")))
        })
        .await
    }
}
