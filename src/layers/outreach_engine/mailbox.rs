//! Works one item from the mailbox: a reply, a bounce, an opt-out, a complaint.

use serde::Deserialize;

use super::{Pending, addresses, pending, suppressed};
use crate::domain::bounce::{BounceVerdict, MailStatus};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::outcome::StepOutcome;
use crate::domain::reply::{ReplyIntent, intent};
use crate::domain::sales::{Conclusion, Prospect, SalesChange, SuppressionReason};
use crate::domain::time::Moment;
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::payload;
use crate::store::sales::prospects;

#[derive(Deserialize)]
struct Payload {
    body: Item,
}

/// What our mailbox reader delivers.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Item {
    /// What it is.
    pub(super) kind: ItemKind,
    /// Whom it is about: the sender of a reply, the recipient of a bounce.
    pub(super) address: String,
    /// The prospect, where the reader knows it from the message that was answered.
    pub(super) entity: Option<String>,
    /// The campaign, likewise.
    pub(super) campaign: Option<String>,
    /// Subject of a reply.
    #[serde(default)]
    pub(super) subject: String,
    /// Text of a reply, or what the server said.
    #[serde(default)]
    pub(super) text: String,
    /// Whether its headers say that a program wrote it (`Auto-Submitted`, `X-Autoreply`, `Precedence`).
    #[serde(default)]
    pub(super) automatic: bool,
    /// Enhanced status of a bounce, `5.1.1`.
    pub(super) status: Option<String>,
    /// Reply code of a bounce, 550.
    pub(super) reply_code: Option<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ItemKind {
    /// Somebody wrote back.
    Reply,
    /// A server refused a message.
    Bounce,
    /// Somebody followed the unsubscribe link.
    OptOut,
    /// Somebody called it spam.
    Complaint,
}

pub(super) fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let Payload { body: item } = payload(unit)?;
    let mode = ctx.mode;
    let address = item.address.trim().to_lowercase();
    let prospect = ctx.store.read(|conn| {
        let named = item.entity.as_deref().map(|entity| prospects::get(conn, mode, entity));
        match named.transpose()?.flatten() {
            Some(prospect) => Ok(Some(prospect)),
            None => prospects::by_email(conn, mode, &address),
        }
    })?;
    let Some(prospect) = prospect else { return Ok(of_a_stranger(&item, &address, ctx.now)) };
    let open = pending(ctx.store, mode, &prospect.entity)?;
    Ok(decide(&item, &prospect, open, ctx.now))
}

/// An item about somebody we have no prospect for: what must be obeyed is obeyed all the same.
fn of_a_stranger(item: &Item, address: &str, now: Moment) -> StepOutcome {
    let outcome = StepOutcome::done()
        .event(NewEvent::warn("mailbox_stranger", format!("{address} is no prospect of ours")));
    match item.kind {
        ItemKind::OptOut => {
            suppressed(outcome, &[address], SuppressionReason::OptedOut, "unsubscribe link", now)
        }
        ItemKind::Complaint => {
            suppressed(outcome, &[address], SuppressionReason::Complained, "complaint", now)
        }
        ItemKind::Reply | ItemKind::Bounce => outcome,
    }
}

pub(super) fn decide(item: &Item, prospect: &Prospect, open: Pending, now: Moment) -> StepOutcome {
    match item.kind {
        ItemKind::Reply => reply(item, prospect, open, now),
        ItemKind::Bounce => bounce(item, prospect, open, now),
        ItemKind::OptOut => {
            opted_out(prospect, open, SuppressionReason::OptedOut, "unsubscribe link", now)
        }
        ItemKind::Complaint => {
            opted_out(prospect, open, SuppressionReason::Complained, "spam complaint", now)
        }
    }
}

fn reply(item: &Item, prospect: &Prospect, open: Pending, now: Moment) -> StepOutcome {
    let name = &prospect.name;
    let read = intent(&item.subject, &item.text);
    // Whatever a program says in somebody's absence, nobody has read our message yet.
    match if item.automatic { ReplyIntent::Automatic } else { read } {
        ReplyIntent::Automatic => StepOutcome::done()
            .event(NewEvent::info("reply_automatic", format!("{name} is out of office"))),
        ReplyIntent::OptOut => {
            opted_out(prospect, open, SuppressionReason::OptedOut, "asked for it in a reply", now)
        }
        ReplyIntent::Declined => {
            let told = NewEvent::info("declined", format!("{name} said no"));
            open.concluded(StepOutcome::done().event(told), Conclusion::Declined, now)
        }
        ReplyIntent::NeedsPerson => {
            let told = NewEvent::warn("reply_needs_person", format!("{name} replied: read it"));
            open.stopped(StepOutcome::done().event(told), "the prospect replied")
        }
    }
}

fn opted_out(
    prospect: &Prospect,
    open: Pending,
    reason: SuppressionReason,
    evidence: &str,
    now: Moment,
) -> StepOutcome {
    let told = NewEvent::info("opted_out", format!("{} wants no more messages", prospect.name));
    let outcome = StepOutcome::done().event(told);
    let outcome = suppressed(outcome, &addresses(prospect), reason, evidence, now);
    open.concluded(outcome, Conclusion::OptedOut, now)
}

fn bounce(item: &Item, prospect: &Prospect, open: Pending, now: Moment) -> StepOutcome {
    let name = &prospect.name;
    let said = item.status.as_deref().unwrap_or("no status");
    let Ok(status) = said.parse::<MailStatus>() else {
        let text = format!("a bounce from {name} has no status: {}", item.text);
        return StepOutcome::done().event(NewEvent::warn("bounce_unclear", text));
    };
    match status.verdict(item.reply_code) {
        BounceVerdict::Delivered => StepOutcome::done(),
        BounceVerdict::SuppressAddress => {
            let told =
                NewEvent::info("bounced", format!("{} does not exist ({said})", item.address));
            let outcome = suppressed(
                StepOutcome::done().event(told),
                &[&item.address],
                SuppressionReason::Bounced,
                said,
                now,
            );
            open.concluded(outcome, Conclusion::Bounced, now)
        }
        BounceVerdict::Defer => StepOutcome::done()
            .event(NewEvent::info("bounce_deferred", format!("{name}'s server waits ({said})"))),
        BounceVerdict::StopCampaign => {
            let reason = format!("{said} {}", item.text).trim().to_owned();
            let text = format!("a receiver blocks our mail: {reason}; check SPF, DKIM and DMARC");
            let outcome = StepOutcome::done().event(NewEvent::error("campaign_stopped", text));
            match &item.campaign {
                Some(campaign) => {
                    outcome.change(SalesChange::StopCampaign { campaign: campaign.clone(), reason })
                }
                None => outcome,
            }
        }
        BounceVerdict::AlertOperator => {
            let text = format!("mail to {name} was refused ({said}): {}", item.text);
            StepOutcome::done().event(NewEvent::error("bounce_our_fault", text))
        }
    }
}
