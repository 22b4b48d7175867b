//! Promotes a rehearsed campaign: copies prospects and pitches of the dry world into the live one.

use serde_json::json;

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, Refusal, RefusalKind};
use crate::domain::mode::Mode;
use crate::store::promotion;

impl Owner {
    pub(super) async fn promote(&self, limit: Option<u32>) -> Result<Ack, Refusal> {
        self.at_once(Mode::Live, "promote", json!({ "limit": limit }), move |tx, now| {
            let copied = promotion::copy(tx, limit.unwrap_or(u32::MAX), now)?;
            if copied == 0 {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    "the dry world has no pitched prospect that the live one lacks",
                    "run layers 1 and 2 dry first: `cep run 1`, `cep run 2`",
                )));
            }
            let text = format!("{copied} prospects with their pitches are in the live world");
            Ok(Ok(Outcome::new(text).changed("dry", "live")))
        })
        .await
    }
}
