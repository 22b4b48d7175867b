//! Promotes a rehearsed campaign: copies prospects and pitches of the dry world into the live one.

use serde_json::json;

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, Refusal, RefusalKind};
use crate::domain::mode::Mode;
use crate::domain::prospect::ColumnMap;
use crate::layers::pitch_generator;
use crate::store::sales::listings;
use crate::store::{promotion, units};

impl Owner {
    /// Remembers what the columns of a table are.
    pub(super) async fn map_columns(
        &self,
        mode: Mode,
        source: String,
        columns: ColumnMap,
    ) -> Result<Ack, Refusal> {
        let args = json!({ "source": source, "columns": columns });
        self.at_once(mode, "map_columns", args, move |tx, now| {
            let before = listings::columns_of(tx, mode, &source)?;
            listings::remember_columns(tx, mode, &source, &columns, now)?;
            let text = format!("{source} is read with {columns}");
            Ok(Ok(Outcome::new(text).changed(before.to_string(), columns.to_string())))
        })
        .await
    }

    pub(super) async fn promote(
        &self,
        limit: Option<u32>,
        entities: Vec<String>,
    ) -> Result<Ack, Refusal> {
        self.at_once(Mode::Live, "promote", json!({ "limit": limit, "entities": entities }), move |tx, now| {
            let copied = promotion::wanted(tx, limit.unwrap_or(u32::MAX), &entities)?;
            let stranger =
                entities.iter().find(|entity| !copied.iter().any(|one| one.entity == **entity));
            if let (Some(stranger), None) = (stranger, limit) {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    format!("{stranger} has no pitch in the dry world, or is in the live one already"),
                    "`cep promote --preview` lists what can be promoted",
                )));
            }
            if copied.is_empty() {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    "the dry world has no pitched prospect that the live one lacks",
                    "run layers 1 and 2 dry first: `cep run 1`, `cep run 2`",
                )));
            }
            promotion::copy(tx, &copied, now)?;
            for one in &copied {
                // Layer 2 writes the pitch again, with the links and the sender of the live world; one
                // that a person edited it leaves as it is, after another check.
                let unit = pitch_generator::unit(&one.entity, &one.name, &one.campaign);
                units::insert(tx, Mode::Live, None, now, &unit)?;
            }
            let text = format!(
                "{} prospects with their pitches are in the live world, where layer 2 takes them up",
                copied.len()
            );
            Ok(Ok(Outcome::new(text).changed("dry", "live")))
        })
        .await
    }
}
