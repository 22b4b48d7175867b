//! Works one item from the mailbox: a reply, a bounce, an opt-out, a complaint.
//!
//! Signed notices and raw mail come here alike. A mail is unsigned, so whatever an item says, what
//! follows may only stop or pause what we send, note it, or ask a person.

use serde::Deserialize;

use super::bounce;
use super::reading::read_by_person;
use super::{Pending, addresses, pending, suppressed};
use crate::domain::effect::{Action, Effect};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::letter::{Item, ItemKind};
use crate::domain::mode::Mode;
use crate::domain::outcome::StepOutcome;
use crate::domain::reply::{ReplyIntent, back_on, intent};
use crate::domain::sales::{
    Channel, Conclusion, Message, MessageState, Prospect, SalesChange, SuppressionReason,
};
use crate::domain::sequence::SequenceRules;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::LayerContext;
use crate::layers::payload;
use crate::store::Store;
use crate::store::effects::{self, EffectRow};
use crate::store::error::StoreError;
use crate::store::sales::{meetings, messages, prospects, returns};

/// Why planned messages of somebody who wrote back are stopped.
pub(super) const REPLIED: &str = "the prospect replied";

#[derive(Deserialize)]
struct Payload {
    body: Item,
}

/// One prospect that an item concerns, with what is known of the mail to it.
pub(super) struct Concerned {
    pub(super) prospect: Prospect,
    /// What is planned for it.
    pub(super) open: Pending,
    /// The mail that the item is about: the one it names, else the last one sent.
    pub(super) mail: Option<Message>,
}

/// Everything that the decision rests on.
pub(super) struct Facts {
    /// The delivery that brought it.
    pub(super) delivery: String,
    /// Whom it concerns; nobody when it is a stranger's, several when they share the address.
    pub(super) concerned: Vec<Concerned>,
    /// The act of ours that it names.
    pub(super) act: Option<Action>,
    /// Soft bounces of the address before this one.
    pub(super) soft_bounces: u64,
    pub(super) rules: SequenceRules,
    pub(super) now: Moment,
}

pub(super) fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let Payload { body: mut item } = payload(unit)?;
    item.address = item.address.trim().to_lowercase();
    let from = ctx.settings.agency.from_email.trim().to_lowercase();
    if item.kind == ItemKind::Reply && !from.is_empty() && item.address == from {
        return Ok(StepOutcome::skipped("a mail of our own"));
    }
    let facts = gather(ctx, unit, &mut item)?;
    Ok(decide(&item, facts))
}

/// Finds whom an item concerns: by the message of ours that it names, else by its address.
fn gather(ctx: &LayerContext<'_>, unit: &Unit, item: &mut Item) -> Result<Facts, WorkError> {
    let mode = ctx.mode;
    let (act, found) = ctx.store.read(|conn| {
        let act = named_act(conn, mode, item)?;
        let of_act = match &act {
            Some(row) => prospect_of(conn, mode, &row.entity)?,
            None => None,
        };
        let named = match (&item.entity, of_act) {
            (Some(entity), _) => prospects::get(conn, mode, entity)?,
            (None, of_act) => of_act,
        };
        let found = match named {
            Some(prospect) => vec![prospect],
            None => prospects::all_by_email(conn, mode, &item.address)?,
        };
        Ok((act, found))
    })?;
    if let Some(to) = act.as_ref().and_then(|row| addressee(&row.payload))
        && matches!(item.kind, ItemKind::Bounce | ItemKind::Complaint | ItemKind::OptOut)
    {
        // A server names whom it could not reach, which after a forward is somebody else; what is
        // not to be written to again is where we wrote.
        item.address = to.trim().to_lowercase();
    }
    let key = act.as_ref().map(|row| row.key.clone());
    let concerned =
        found.into_iter().map(|prospect| concerned(ctx.store, mode, prospect, key.as_ref()));
    let concerned = concerned.collect::<Result<_, StoreError>>()?;
    let since = ctx.now.plus_ms(-crate::domain::bounce::SOFT_WINDOW_MS);
    let delivery = unit.name.entity.clone();
    let soft_bounces = ctx
        .store
        .read(|conn| returns::soft_bounces(conn, mode, &item.address, since, &delivery))?;
    let rules = ctx.settings.outreach.rules(mode);
    let act = act.map(|row| row.action);
    Ok(Facts { delivery, concerned, act, soft_bounces, rules, now: ctx.now })
}

fn concerned(
    store: &Store,
    mode: Mode,
    prospect: Prospect,
    key: Option<&crate::domain::effect::EffectKey>,
) -> Result<Concerned, StoreError> {
    let rows = store.read(|conn| messages::of_entity(conn, mode, &prospect.entity))?;
    let mut sent: Vec<Message> = rows
        .into_iter()
        .filter(|row| row.channel == Channel::Email && row.state == MessageState::Sent)
        .collect();
    // The one that is named last, so that it is taken.
    sent.sort_by_key(|row| (key.is_some() && row.effect_key.as_ref() == key, row.sent_at));
    let open = pending(store, mode, &prospect.entity)?;
    Ok(Concerned { prospect, open, mail: sent.pop() })
}

fn named_act(
    conn: &rusqlite::Connection,
    mode: Mode,
    item: &Item,
) -> Result<Option<EffectRow>, StoreError> {
    for key in &item.keys {
        if let Some(row) = effects::get(conn, mode, key)? {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// The prospect of an act: its entity, or that of the meeting it was about.
fn prospect_of(
    conn: &rusqlite::Connection,
    mode: Mode,
    entity: &str,
) -> Result<Option<Prospect>, StoreError> {
    if let Some(prospect) = prospects::get(conn, mode, entity)? {
        return Ok(Some(prospect));
    }
    let meeting = meetings::get(conn, mode, entity)?;
    let entity = meeting.and_then(|meeting| meeting.prospect);
    entity.map_or(Ok(None), |entity| prospects::get(conn, mode, &entity))
}

fn addressee(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::Mail(mail) => Some(&mail.to),
        Effect::Invite(invite) => Some(&invite.mail.to),
        Effect::Report(report) => Some(&report.mail.to),
        Effect::Task(_)
        | Effect::Withdrawal(_)
        | Effect::Workspace(_)
        | Effect::ProfileEdit(_)
        | Effect::Post(_)
        | Effect::ReviewReply(_)
        | Effect::Invoice(_)
        | Effect::CreditNote(_)
        | Effect::Subscription(_)
        | Effect::SourceRead(_)
        | Effect::ProfileRead(_) => None,
    }
}

pub(super) fn decide(item: &Item, facts: Facts) -> StepOutcome {
    match item.kind {
        ItemKind::Receipt => StepOutcome::skipped("it says that a mail arrived; nothing follows"),
        ItemKind::Delay => StepOutcome::done().event(NewEvent::info(
            "bounce_deferred",
            format!("the server of {} still tries ({})", item.address, status(item)),
        )),
        ItemKind::Unclear => {
            read_by_person(StepOutcome::done(), item, &facts, "a program wrote it, and not clearly")
        }
        _ if facts.concerned.is_empty() => of_a_stranger(item, &facts),
        // By an address alone anybody could say anything of it; a mail that was never sent did not
        // bounce.
        ItemKind::Bounce if was_never_sent(item, &facts) => {
            read_by_person(StepOutcome::done(), item, &facts, "nothing was sent to this address")
        }
        ItemKind::Reply => reply(item, facts),
        ItemKind::Bounce => bounce::decide(item, facts),
        ItemKind::OptOut => {
            opted_out(item, facts, SuppressionReason::OptedOut, "unsubscribe link or button")
        }
        ItemKind::Complaint => {
            opted_out(item, facts, SuppressionReason::Complained, "spam complaint")
        }
    }
}

fn was_never_sent(item: &Item, facts: &Facts) -> bool {
    let mailed = facts.concerned.iter().any(|one| one.mail.is_some());
    !mailed && facts.act.is_none() && item.entity.is_none()
}

pub(super) fn status(item: &Item) -> &str {
    item.status.as_deref().unwrap_or("no status")
}

/// An item about somebody we have no prospect for: what must be obeyed is obeyed all the same, and
/// what a person wrote a person reads.
fn of_a_stranger(item: &Item, facts: &Facts) -> StepOutcome {
    let address = item.address.as_str();
    let who = if address.is_empty() { "its sender, who is not named," } else { address };
    let outcome = StepOutcome::done()
        .event(NewEvent::warn("mailbox_stranger", format!("{who} is no prospect of ours")));
    let suppressed =
        |outcome, reason, evidence| suppressed(outcome, &[address], reason, evidence, facts.now);
    match item.kind {
        ItemKind::OptOut => suppressed(outcome, SuppressionReason::OptedOut, "unsubscribe link"),
        ItemKind::Complaint if !address.is_empty() => {
            suppressed(outcome, SuppressionReason::Complained, "complaint")
        }
        ItemKind::Reply if item.automatic => outcome,
        ItemKind::Reply if intent(&item.subject, &item.text) == ReplyIntent::OptOut => {
            let outcome =
                suppressed(outcome, SuppressionReason::OptedOut, "asked for it in a mail");
            read_by_person(outcome, item, facts, "whom of ours it concerns is not known")
        }
        ItemKind::Reply
        | ItemKind::Bounce
        | ItemKind::Complaint
        | ItemKind::Delay
        | ItemKind::Receipt
        | ItemKind::Unclear => {
            read_by_person(outcome, item, facts, "whom of ours it concerns is not known")
        }
    }
}

fn reply(item: &Item, facts: Facts) -> StepOutcome {
    let read = intent(&item.subject, &item.text);
    let names = names(&facts);
    // Whatever a program says in somebody's absence, nobody has read our message yet.
    match if item.automatic { ReplyIntent::Automatic } else { read } {
        ReplyIntent::Automatic => away(item, &facts),
        ReplyIntent::OptOut => {
            opted_out(item, facts, SuppressionReason::OptedOut, "asked for it in a reply")
        }
        ReplyIntent::Declined if facts.concerned.len() == 1 => {
            let told = NewEvent::info("declined", format!("{names} said no"));
            let now = facts.now;
            facts.concerned.into_iter().fold(StepOutcome::done().event(told), |outcome, one| {
                one.open.concluded(outcome, Conclusion::Declined, now)
            })
        }
        ReplyIntent::Declined | ReplyIntent::NeedsPerson => {
            let told = NewEvent::warn("reply_needs_person", format!("{names} replied: read it"));
            let why = if facts.concerned.len() > 1 {
                "several prospects have this address"
            } else {
                "only a person can answer it"
            };
            let outcome = read_by_person(StepOutcome::done().event(told), item, &facts, why);
            facts
                .concerned
                .into_iter()
                .fold(outcome, |outcome, one| one.open.stopped(outcome, REPLIED))
        }
    }
}

pub(super) fn names(facts: &Facts) -> String {
    let names: Vec<&str> = facts.concerned.iter().map(|one| one.prospect.name.as_str()).collect();
    names.join(", ")
}

/// Lets the sequence wait for somebody who is away: until the day they name, else some days.
fn away(item: &Item, facts: &Facts) -> StepOutcome {
    let mut outcome = StepOutcome::done();
    for Concerned { prospect, .. } in &facts.concerned {
        let zone = jiff::tz::TimeZone::get(&prospect.zone).unwrap_or(jiff::tz::TimeZone::UTC);
        let told = back_on(&item.text, facts.now.civil_date(&zone));
        let from = told
            .and_then(|date| date.to_zoned(zone.clone()).ok())
            .map_or(facts.now.plus_ms(facts.rules.away_wait_days * DAY_MS), |day| {
                Moment::from(day.timestamp())
            });
        let until = facts.rules.hours.next_open(from, &zone).ceil_quarter_hour();
        let name = &prospect.name;
        let why = match told {
            Some(_) => format!("{name} is away and says until when"),
            None => format!("{name} is away, or a program answers"),
        };
        let text = format!("{why}: the sequence waits until {}", until.in_zone(&prospect.zone));
        outcome = outcome
            .event(NewEvent::info("reply_automatic", text))
            .change(SalesChange::Pause { entity: prospect.entity.clone(), until, why });
    }
    outcome
}

fn opted_out(item: &Item, facts: Facts, reason: SuppressionReason, evidence: &str) -> StepOutcome {
    let text = format!("{} wants no more messages", names(&facts));
    let now = facts.now;
    let mut outcome = StepOutcome::done().event(NewEvent::info("opted_out", text));
    for one in facts.concerned {
        let known = addresses(&one.prospect);
        outcome = suppressed(outcome, &known, reason, evidence, now);
        let is_known = known.iter().any(|known| known.trim().eq_ignore_ascii_case(&item.address));
        if !is_known {
            outcome = suppressed(outcome, &[&item.address], reason, evidence, now);
        }
        outcome = one.open.concluded(outcome, Conclusion::OptedOut, now);
    }
    outcome
}
