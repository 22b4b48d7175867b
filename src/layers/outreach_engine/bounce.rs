//! Decides what a bounce means for the address, the sequence and the campaign.

use jiff::tz::TimeZone;
use serde_json::json;

use super::mailbox::{Concerned, Facts, names, status};
use super::reading::read_by_person;
use super::{MessagePayload, message_name, suppressed};
use crate::domain::bounce::{BounceVerdict, MailStatus};
use crate::domain::effect::Action;
use crate::domain::event::NewEvent;
use crate::domain::letter::Item;
use crate::domain::outcome::StepOutcome;
use crate::domain::sales::{
    Conclusion, Message, MessageState, SalesChange, SoftBounce, SuppressionReason,
};
use crate::domain::unit::NewUnit;

pub(super) fn decide(item: &Item, facts: Facts) -> StepOutcome {
    let said = status(item).to_owned();
    let Ok(status) = said.parse::<MailStatus>() else {
        let text = format!("a bounce from {} has no status: {}", names(&facts), item.text);
        let outcome = StepOutcome::done().event(NewEvent::warn("bounce_unclear", text));
        return read_by_person(outcome, item, &facts, "the server gave no status");
    };
    match status.verdict(item.reply_code) {
        BounceVerdict::Delivered => StepOutcome::done(),
        BounceVerdict::SuppressAddress => {
            let text = format!("{} does not exist ({said})", item.address);
            undeliverable(item, facts, text, &said)
        }
        BounceVerdict::Defer => soft(item, facts, &said),
        BounceVerdict::StopCampaign => stop_campaign(item, &facts, &said),
        BounceVerdict::AlertOperator => {
            let text = format!("mail to {} was refused ({said}): {}", names(&facts), item.text);
            let outcome = StepOutcome::done().event(NewEvent::error("bounce_our_fault", text));
            read_by_person(outcome, item, &facts, "the fault is in our set-up or our text")
        }
    }
}

/// Never writes to the address again. A client whose service mail does not arrive is a person's
/// matter besides.
fn undeliverable(item: &Item, facts: Facts, text: String, evidence: &str) -> StepOutcome {
    let outcome = StepOutcome::done().event(NewEvent::info("bounced", text));
    let mut outcome =
        suppressed(outcome, &[&item.address], SuppressionReason::Bounced, evidence, facts.now);
    if is_service(&facts) {
        outcome = read_by_person(outcome, item, &facts, "a mail that they expect did not arrive");
    }
    let now = facts.now;
    facts
        .concerned
        .into_iter()
        .fold(outcome, |outcome, one| one.open.concluded(outcome, Conclusion::Bounced, now))
}

/// Whether the bounced mail was one that its recipient has a right to: everything but outreach.
fn is_service(facts: &Facts) -> bool {
    facts.act.is_some_and(|act| act != Action::SendEmail)
}

/// Tries the mail again later, each time later, until the address counts as undeliverable.
fn soft(item: &Item, facts: Facts, said: &str) -> StepOutcome {
    let n = facts.soft_bounces + 1;
    let noted = SalesChange::SoftBounce(SoftBounce {
        address: item.address.clone(),
        delivery: facts.delivery.clone(),
        status: said.to_owned(),
        at: facts.now,
    });
    let Some(wait_ms) = facts.rules.soft_bounces.again_after_ms(n) else {
        let text = format!("{} is given up: {n} servers' refusals, the last {said}", item.address);
        let evidence = format!("{n} soft bounces, the last {said}");
        return undeliverable(item, facts, text, &evidence).change(noted);
    };
    let text = format!("a mail to {} did not arrive for now ({said})", names(&facts));
    let outcome = StepOutcome::done().change(noted).event(NewEvent::info("bounce_deferred", text));
    if is_service(&facts) {
        return read_by_person(outcome, item, &facts, "a mail that they expect did not arrive");
    }
    let tried = facts.concerned.iter().filter_map(|one| Some((one, one.mail.clone()?)));
    tried.fold(outcome, |outcome, (one, mail)| again(outcome, one, mail, &facts, wait_ms, said))
}

/// Plans the same step once more, as a message of its own: the first one is known not to have
/// arrived.
fn again(
    outcome: StepOutcome,
    one: &Concerned,
    mail: Message,
    facts: &Facts,
    wait_ms: i64,
    said: &str,
) -> StepOutcome {
    let prospect = &one.prospect;
    let Some(address) = prospect.email.clone() else { return outcome };
    let number = u32::try_from(facts.soft_bounces + 1).unwrap_or(u32::MAX);
    let zone = TimeZone::get(&prospect.zone).unwrap_or(TimeZone::UTC);
    let at = facts.rules.hours.next_open(facts.now.plus_ms(wait_ms), &zone).ceil_quarter_hour();
    let payload = MessagePayload {
        campaign: mail.campaign.clone(),
        step: mail.step,
        channel: mail.channel,
        address: address.clone(),
        again: number,
    };
    let unit = NewUnit::ready(
        message_name(&prospect.entity, &mail.campaign, mail.step, number),
        "message",
        format!("e-mail {} to {} once more", mail.step, prospect.name),
        json!(payload),
    )
    .in_slot(facts.rules.slot(mail.channel, &address, &prospect.zone))
    .at(at);
    let row = Message {
        state: MessageState::Planned,
        planned_at: at,
        sent_at: None,
        reason: Some(format!("did not arrive ({said}); it is tried again")),
        ..mail
    };
    outcome.change(SalesChange::Message(row)).unit(unit)
}

fn stop_campaign(item: &Item, facts: &Facts, said: &str) -> StepOutcome {
    let reason = format!("{said} {}", item.text).trim().to_owned();
    let text = format!("a receiver blocks our mail: {reason}; check SPF, DKIM and DMARC");
    let outcome = StepOutcome::done().event(NewEvent::error("campaign_stopped", text));
    let of_mail =
        || facts.concerned.iter().find_map(|one| Some(one.mail.as_ref()?.campaign.clone()));
    match item.campaign.clone().or_else(of_mail) {
        Some(campaign) => outcome.change(SalesChange::StopCampaign { campaign, reason }),
        None => read_by_person(outcome, item, facts, "which campaign it concerns is not known"),
    }
}
