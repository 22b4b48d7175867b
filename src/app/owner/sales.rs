//! Carries out what operators decide about outreach: suppress an address, resume a campaign.

use rusqlite::Connection;
use serde_json::json;

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, Refusal, RefusalKind};
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::sales::{SalesChange, Suppression, SuppressionReason};
use crate::domain::sequence::SequenceRules;
use crate::domain::text;
use crate::domain::time::Moment;
use crate::layers::outreach_engine;
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::sales::{campaigns, prospects};
use crate::store::{changes, consent, units};

/// Longest address: RFC 5321 allows 254 characters, and a profile's URL is shorter than this.
const ADDRESS_CHARS_MAX: usize = 300;

/// Longest reason that is kept.
const REASON_CHARS_MAX: usize = 500;

impl Owner {
    /// Suppresses an address for ever, and stops what is planned for whoever has it.
    pub(super) async fn suppress(
        &self,
        mode: Mode,
        address: String,
        reason: String,
    ) -> Result<Ack, Refusal> {
        let address = text::clean(&address, ADDRESS_CHARS_MAX).to_lowercase();
        let reason = text::clean(&reason, REASON_CHARS_MAX);
        if !(address.contains('@') || address.starts_with('+') || address.starts_with("https://")) {
            return Err(refuse(
                RefusalKind::Usage,
                format!("{address:?} is no address"),
                "give an e-mail address, a number like +441632960001, or a profile's https URL",
            ));
        }
        if reason.is_empty() {
            let hint = "say who asked for it, and when: --reason TEXT";
            return Err(refuse(RefusalKind::Usage, "a suppression needs a reason", hint));
        }
        let wall = self.parts.clock.wall();
        let evidence = format!("{}: {reason}", self.parts.actor);
        let args = json!({ "address": address, "reason": reason });
        self.at_once(mode, "suppress", args, move |tx, now| {
            if let Some(known) = consent::suppression(tx, mode, &address)? {
                let text = format!("{address} is suppressed already: {}", known.replace('_', " "));
                return Ok(Ok(Outcome::new(text)));
            }
            let row = Suppression {
                address: address.clone(),
                reason: SuppressionReason::ByHand,
                evidence,
                at: now,
            };
            changes::apply(tx, mode, now, &SalesChange::Suppress(row).into())?;
            let mut stopped = 0;
            for entity in prospects::reached_by(tx, mode, &address)? {
                let reason = "the address is suppressed by a person".to_owned();
                let change = SalesChange::StopMessages { entity: entity.clone(), reason };
                changes::apply(tx, mode, now, &change.into())?;
                stopped += units::stop_open(
                    tx,
                    mode,
                    Layer::OutreachEngine,
                    &entity,
                    Some("message"),
                    "the address is suppressed by a person",
                    now,
                )?;
            }
            let told = format!("{address} is suppressed by a person: {reason}");
            let about = About {
                mode,
                at: now,
                wall_at: wall,
                layer: Some(Layer::OutreachEngine),
                unit_id: None,
                run_id: None,
            };
            events::append(tx, about, &NewEvent::info("suppressed", told))?;
            let text = format!("{address} gets nothing more; {stopped} planned messages stopped");
            Ok(Ok(Outcome::new(text).changed("reachable", "suppressed")))
        })
        .await
    }

    /// Lets a stopped campaign go on: its held messages take new places in the daily quotas.
    pub(super) async fn resume_campaign(
        &self,
        mode: Mode,
        campaign: String,
    ) -> Result<Ack, Refusal> {
        let wall = self.parts.clock.wall();
        let rules = self.parts.settings.outreach.rules(mode);
        let args = json!({ "campaign": campaign });
        self.at_once(mode, "resume_campaign", args, move |tx, now| {
            let Some(why) = campaigns::stopped_because(tx, mode, &campaign)? else {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    format!("campaign {campaign:?} is not stopped"),
                    "`cep campaigns` lists them",
                )));
            };
            let resumed = resume(tx, mode, &campaign, &rules, now)?;
            let told = format!("campaign {campaign} goes on; it was stopped: {why}");
            let about = About {
                mode,
                at: now,
                wall_at: wall,
                layer: Some(Layer::OutreachEngine),
                unit_id: None,
                run_id: None,
            };
            events::append(tx, about, &NewEvent::warn("campaign_resumed", told))?;
            let text = format!("campaign {campaign} goes on with {resumed} held messages");
            Ok(Ok(Outcome::new(text).changed(format!("stopped: {why}"), "going on")))
        })
        .await
    }
}

/// Lets a campaign go on and plans what it held back; returns how many messages that were.
pub(super) fn resume(
    tx: &Connection,
    mode: Mode,
    campaign: &str,
    rules: &SequenceRules,
    now: Moment,
) -> Result<usize, StoreError> {
    campaigns::resume(tx, mode, campaign)?;
    let held = campaigns::held(tx, mode, campaign)?;
    for message in &held {
        let slot = outreach_engine::slot_of(rules, &message.payload, &message.zone);
        units::plan_again(tx, mode, message.unit, now, slot.as_ref())?;
    }
    Ok(held.len())
}
