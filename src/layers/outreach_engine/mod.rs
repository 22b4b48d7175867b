//! Works the units of layer 3, Outreach Engine: a sequence of messages, and what comes back.
//!
//! One step plans the next, so that a call never comes before the mail it refers to, however full
//! the days are. A step that cannot be sent at all ends the sequence there. Whatever the prospect
//! answers, or does not, ends in exactly one conclusion; the first one stays.
//!
//! What a crash leaves: the message of a unit that sent and did not commit is found in the journal,
//! and the unit ends as if nothing had happened.

mod bounce;
mod conclude;
mod mailbox;
mod message;
mod reading;

pub(super) use reading::Reading;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::unknown_kind;
use crate::config::Settings;
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::sales::{
    Channel, Conclusion, Message, MessageState, Prospect, SalesChange, Stage, Suppression,
    SuppressionReason,
};
use crate::domain::sender::Sender;
use crate::domain::sequence::{PlannedStep, SequenceRules};
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, SlotRequest, Unit, UnitName};
use crate::domain::unsubscribe::UnsubscribeKey;
use crate::engines::orchestrator::contract::{Discover, LayerContext};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::sales::messages::{self, MessageWork};
use crate::store::sales::{pitches, prospects};

/// Most sequences that one round begins; the next round finds the rest.
const BEGUN_PER_ROUND: u32 = 500;

/// Returns work that time or earlier rows call for: the sequences of promoted prospects. Layer 2
/// begins all others in the commit that writes their pitch, so dry mode has nothing to look for.
pub fn discover(ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    if ctx.mode == Mode::Dry {
        return Ok(Vec::new());
    }
    let found = ctx.store.read(|conn| pitches::unstarted(conn, ctx.mode, BEGUN_PER_ROUND))?;
    Ok(found
        .into_iter()
        .map(|pitch| {
            let version = format!("begin/{}", pitch.campaign);
            let name = UnitName::new(Layer::OutreachEngine, pitch.entity, version);
            let payload = json!(CampaignPayload { campaign: pitch.campaign });
            NewUnit::ready(name, "begin", format!("begin the outreach to {}", pitch.name), payload)
        })
        .collect())
}

/// Works one unit.
pub async fn run_layer(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    match unit.kind.as_str() {
        "begin" => Ok(begin_promoted(ctx, unit)?),
        "message" => message::run(ctx, unit).await,
        // A signed notice, and what a raw mail brought.
        "mailbox" | "mail" => Ok(mailbox::run(ctx, unit)?),
        "read" => reading::run(ctx, unit).await,
        "conclude" => Ok(conclude::run(ctx, unit)?),
        _ => Err(unknown_kind(unit)),
    }
}

/// What a message unit carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct MessagePayload {
    campaign: String,
    step: u32,
    channel: Channel,
    address: String,
    /// How often the step was tried before and did not arrive.
    #[serde(default)]
    again: u32,
}

/// What the units of a whole sequence carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CampaignPayload {
    campaign: String,
}

/// Returns the sender as configured.
///
/// Unsubscribe links are signed with a key that derives from the mailbox's. Where that is not set,
/// nothing of ours answers the links, and the token only tells the person who does what they are for.
pub fn sender(settings: &Settings, mode: Mode) -> Sender {
    let agency = &settings.agency;
    let secret = settings.secrets.webhook_key(mode, "mailbox").unwrap_or(&agency.from_email);
    Sender {
        from: agency.from_email.clone(),
        from_name: agency.from_name.clone(),
        agency: agency.name.clone(),
        postal_address: agency.postal_address.clone(),
        unsubscribe_url: agency.unsubscribe_base_url.clone(),
        unsubscribe_key: UnsubscribeKey::new(format!("unsubscribe/{secret}")),
        booking_url: agency.booking_url.clone(),
    }
}

/// Begins the sequence of a prospect that came here with its pitch.
fn begin_promoted(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let CampaignPayload { campaign } = super::payload(unit)?;
    let entity = unit.name.entity.as_str();
    let prospect = ctx.store.read(|conn| prospects::get(conn, ctx.mode, entity))?;
    let Some(prospect) = prospect else {
        return Ok(StepOutcome::skipped("the prospect is not in the database"));
    };
    let rules = ctx.settings.outreach.rules(ctx.mode);
    if rules.plan(&prospect).is_empty() {
        return Ok(no_channel(&prospect));
    }
    let outcome = StepOutcome::done().change(SalesChange::ProspectStage {
        entity: prospect.entity.clone(),
        stage: Stage::Pitched,
        reason: None,
    });
    Ok(begin(outcome, &prospect, &campaign, &rules, ctx.now))
}

/// Ends what cannot begin: no channel reaches the prospect, and it does not count as contacted.
pub(super) fn no_channel(prospect: &Prospect) -> StepOutcome {
    let entity = prospect.entity.clone();
    let reason = Some("no_channel".to_owned());
    StepOutcome::skipped("no_channel: neither e-mail, LinkedIn nor phone")
        .change(SalesChange::ProspectStage { entity, stage: Stage::NoChannel, reason })
        .event(NewEvent::info("no_channel", format!("no channel reaches {}", prospect.name)))
}

/// Adds the first step of a prospect's sequence, and the unit that concludes it, to the outcome that
/// starts it.
pub(super) fn begin(
    outcome: StepOutcome,
    prospect: &Prospect,
    campaign: &str,
    rules: &SequenceRules,
    now: Moment,
) -> StepOutcome {
    let steps = rules.plan(prospect);
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return outcome };
    let payload = json!(CampaignPayload { campaign: campaign.to_owned() });
    let conclude = NewUnit::ready(
        conclude_name(&prospect.entity, campaign),
        "conclude",
        format!("conclude the outreach to {}", prospect.name),
        payload,
    )
    .at(rules.concluded_at(now.plus_ms(last.after_ms)));
    let outcome = match rules.mail_refusal(prospect).filter(|_| prospect.email.is_some()) {
        Some(why) => outcome.event(mail_refused(prospect, &why)),
        None => outcome,
    };
    planned(outcome, prospect, campaign, rules, first, now).unit(conclude)
}

/// Tells that a prospect gets no mail, and which law says so.
fn mail_refused(prospect: &Prospect, why: &str) -> NewEvent {
    told("mail_refused", format!("no e-mail to {}: {why}", prospect.name))
}

/// Adds one step of the sequence: its row and its unit, with a place in the channel's daily quota.
fn planned(
    outcome: StepOutcome,
    prospect: &Prospect,
    campaign: &str,
    rules: &SequenceRules,
    step: &PlannedStep,
    at: Moment,
) -> StepOutcome {
    let row = Message {
        entity: prospect.entity.clone(),
        campaign: campaign.to_owned(),
        step: step.step,
        channel: step.channel,
        planned_at: at.ceil_quarter_hour(),
        sent_at: None,
        state: MessageState::Planned,
        reason: None,
        effect_key: None,
    };
    let payload = MessagePayload {
        campaign: campaign.to_owned(),
        step: step.step,
        channel: step.channel,
        address: step.address.clone(),
        again: 0,
    };
    let unit = NewUnit::ready(
        message_name(&prospect.entity, campaign, step.step, 0),
        "message",
        format!("{} {} to {}", channel_word(step.channel), step.step, prospect.name),
        json!(payload),
    )
    .in_slot(rules.slot(step.channel, &step.address, &prospect.zone));
    // What is due at once is not a plan, and is not put off to the next quarter hour.
    let unit = if step.after_ms == 0 { unit } else { unit.at(at) };
    outcome.change(SalesChange::Message(row)).unit(unit)
}

/// Returns the place in the daily quotas that a message with this input takes; `None` for another
/// unit's input.
pub fn slot_of(
    rules: &SequenceRules,
    payload: &serde_json::Value,
    zone: &str,
) -> Option<SlotRequest> {
    let order = MessagePayload::deserialize(payload).ok()?;
    Some(rules.slot(order.channel, &order.address, zone))
}

/// Names the unit of a step; `again` counts the tries after those that did not arrive.
fn message_name(entity: &str, campaign: &str, step: u32, again: u32) -> UnitName {
    let tried = if again == 0 { String::new() } else { format!("+{again}") };
    UnitName::new(Layer::OutreachEngine, entity, format!("message/{campaign}/{step}{tried}"))
}

fn conclude_name(entity: &str, campaign: &str) -> UnitName {
    UnitName::new(Layer::OutreachEngine, entity, format!("conclude/{campaign}"))
}

const fn channel_word(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "e-mail",
        Channel::Linkedin => "LinkedIn message",
        Channel::Sms => "SMS",
        Channel::Phone => "call",
    }
}

/// A message of a prospect with the state of the unit that works it.
#[derive(Clone, Debug, PartialEq)]
struct TrackedMessage {
    row: Message,
    work: Option<MessageWork>,
}

impl TrackedMessage {
    /// Whether the unit can still be stopped by rule: a failure stays visible as what it is.
    fn is_pending(&self) -> bool {
        self.row.state == MessageState::Planned
            && self.work.as_ref().is_some_and(|work| {
                matches!(
                    work.state,
                    UnitState::Blocked
                        | UnitState::Scheduled
                        | UnitState::Ready
                        | UnitState::RetryWait
                        | UnitState::Waiting
                )
            })
    }
}

/// Reads every message of a prospect with its unit's state.
fn tracked(store: &Store, mode: Mode, entity: &str) -> Result<Vec<TrackedMessage>, StoreError> {
    store.read(|conn| {
        let rows = messages::of_entity(conn, mode, entity)?;
        rows.into_iter()
            .map(|row| {
                let name = message_name(entity, &row.campaign, row.step, 0);
                let work = messages::work_of(conn, mode, entity, &name.version)?;
                Ok(TrackedMessage { row, work })
            })
            .collect()
    })
}

/// What is planned for a prospect and can be stopped; layer 4 stops it when a call is booked.
pub(super) struct Pending {
    entity: String,
    units: Vec<UnitName>,
}

#[cfg(test)]
impl Pending {
    /// Makes a plan of one message, for the tests of layers that stop it.
    pub(super) fn of_a_test(entity: &str) -> Self {
        Self { entity: entity.to_owned(), units: vec![message_name(entity, "intro", 2, 0)] }
    }
}

/// Reads what is planned for a prospect.
pub(super) fn pending(store: &Store, mode: Mode, entity: &str) -> Result<Pending, StoreError> {
    let units = tracked(store, mode, entity)?
        .into_iter()
        .filter(TrackedMessage::is_pending)
        .filter_map(|message| message.work)
        .map(|work| UnitName::new(Layer::OutreachEngine, entity, work.version))
        .collect();
    Ok(Pending { entity: entity.to_owned(), units })
}

impl Pending {
    /// Stops every planned message, for `reason`.
    pub(super) fn stopped(self, outcome: StepOutcome, reason: &str) -> StepOutcome {
        let change = SalesChange::StopMessages { entity: self.entity, reason: reason.to_owned() };
        let mut outcome = outcome.change(change);
        for name in self.units {
            outcome = outcome.stop(name, reason);
        }
        outcome
    }

    /// Stops every planned message and concludes the outreach.
    pub(super) fn concluded(
        self,
        outcome: StepOutcome,
        conclusion: Conclusion,
        now: Moment,
    ) -> StepOutcome {
        let entity = self.entity.clone();
        let stage = match conclusion {
            Conclusion::Booked => Stage::Booked,
            Conclusion::Declined
            | Conclusion::Bounced
            | Conclusion::OptedOut
            | Conclusion::FirstContactDead
            | Conclusion::Expired => Stage::Lost,
        };
        let why = conclusion.as_column().replace('_', " ");
        let reason = (stage == Stage::Lost).then(|| why.clone());
        self.stopped(outcome, &format!("sequence ended: {why}"))
            .change(SalesChange::Concluded { entity: entity.clone(), conclusion, at: now })
            .change(SalesChange::ProspectStage { entity, stage, reason })
    }
}

/// Suppresses every address that is known of a prospect, for ever.
fn suppressed(
    mut outcome: StepOutcome,
    addresses: &[&str],
    reason: SuppressionReason,
    evidence: &str,
    now: Moment,
) -> StepOutcome {
    for address in addresses.iter().map(|address| address.trim().to_lowercase()) {
        if !address.is_empty() {
            let evidence = evidence.to_owned();
            let row = Suppression { address, reason, evidence, at: now };
            outcome = outcome.change(SalesChange::Suppress(row));
        }
    }
    outcome
}

fn addresses(prospect: &Prospect) -> Vec<&str> {
    [&prospect.email, &prospect.phone, &prospect.linkedin]
        .into_iter()
        .filter_map(|address| address.as_deref())
        .collect()
}

fn told(kind: &str, text: String) -> NewEvent {
    NewEvent::info(kind, text)
}

#[cfg(test)]
mod tests;
