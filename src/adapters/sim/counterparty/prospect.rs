//! Plays prospects who get a mail, a LinkedIn message or a call: some book, some say no, some want
//! to be left alone, some addresses do not exist, and most say nothing.
//!
//! What a prospect will do is one draw by the seed and its own name, so it books at most once, at
//! the step at which it was going to. A step that never comes leaves its prospect silent.

use serde_json::{Value, json};

use super::booking::bookings;
use super::person::PersonMarket;
use super::{Member, letter};
use crate::adapters::sim::market::{Market, MarketError, Rate};
use crate::domain::draw::Seed;
use crate::domain::effect::{Action, Effect, TaskKind};
use crate::domain::signature::Provider;
use crate::domain::time::{HOUR_MS, MINUTE_MS, Moment};
use crate::effects::counterparty::{ConfirmedEffect, Consequence};

/// How prospects behave.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProspectMarket {
    books_at_first: Rate,
    books_at_second: Rate,
    books_at_third: Rate,
    books_at_fourth: Rate,
    declines: Rate,
    opts_out: Rate,
    complains: Rate,
    bounces: Rate,
    at_first: Rate,
    at_second: Rate,
    answer_hours: Rate,
    pub(super) call_days: Rate,
    pub(super) delivered_twice: Rate,
    pub(super) reschedules: Rate,
    pub(super) cancels: Rate,
}

/// What a prospect will do, and at which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It books a call.
    Books(u32),
    /// It says no.
    Declines(u32),
    /// It wants no more messages.
    OptsOut(u32),
    /// It calls the message spam.
    Complains(u32),
    /// Its mail address does not exist.
    Bounces,
    /// Nothing.
    Silent,
}

impl ProspectMarket {
    pub(super) fn read(market: &Market) -> Result<Self, MarketError> {
        market.section("prospect")
    }

    /// Returns what the prospect called `entity` will do.
    pub(super) fn fate(&self, seed: Seed, entity: &str) -> Fate {
        let step = self.step(seed, entity);
        let table = [
            (&self.books_at_first, Fate::Books(1)),
            (&self.books_at_second, Fate::Books(2)),
            (&self.books_at_third, Fate::Books(3)),
            (&self.books_at_fourth, Fate::Books(4)),
            (&self.declines, Fate::Declines(step)),
            (&self.opts_out, Fate::OptsOut(step)),
            (&self.complains, Fate::Complains(step)),
            (&self.bounces, Fate::Bounces),
        ];
        let draw = seed.unit(&["prospect fate", entity]);
        let mut below = 0.0;
        for (rate, fate) in table {
            below += rate.value;
            if draw < below {
                return fate;
            }
        }
        Fate::Silent
    }

    fn step(&self, seed: Seed, entity: &str) -> u32 {
        match seed.unit(&["prospect step", entity]) {
            draw if draw < self.at_first.value => 1,
            draw if draw < self.at_first.value + self.at_second.value => 2,
            _ => 3,
        }
    }

    /// When the prospect answers what reached it at `reached`.
    fn answers_at(&self, seed: Seed, effect: &ConfirmedEffect, reached: Moment) -> Moment {
        let share = seed.unit(&["prospect answer", &effect.key.0]);
        reached.plus_ms(HOUR_MS / 2 + scaled(share * self.answer_hours.value, HOUR_MS))
    }
}

/// Returns `n` units of `unit_ms` in milliseconds.
pub(super) fn scaled(n: f64, unit_ms: i64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "hours and days in milliseconds are far below 2^53"
    )]
    let ms = (n * unit_ms as f64) as i64;
    ms
}

/// All prospects of the simulated world.
pub struct Prospects {
    market: ProspectMarket,
    people: PersonMarket,
}

/// A contact as the prospect sees it.
pub(super) struct Contact {
    /// Which step of the sequence.
    pub(super) step: u32,
    /// The campaign.
    pub(super) campaign: String,
    /// When it reached the prospect.
    pub(super) reached: Moment,
    /// Where it can be written to.
    pub(super) email: String,
    /// Its name.
    pub(super) name: String,
    /// Whether a machine wrote (mail) or a person (LinkedIn, phone).
    pub(super) by: ContactKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContactKind {
    Mail,
    Linkedin,
    Phone,
}

impl Prospects {
    /// Reads how prospects behave.
    ///
    /// # Errors
    /// A market without the sections `prospect` and `person`.
    pub fn new(market: &Market) -> Result<Self, MarketError> {
        Ok(Self { market: ProspectMarket::read(market)?, people: PersonMarket::read(market)? })
    }
}

impl Member for Prospects {
    fn react(&self, seed: Seed, effect: &ConfirmedEffect) -> Vec<Consequence> {
        let Some(contact) = contact(seed, &self.people, effect) else { return Vec::new() };
        let due = self.market.answers_at(seed, effect, contact.reached);
        match (self.market.fate(seed, &effect.entity), contact.by) {
            (Fate::Books(step), _) if step == contact.step => {
                bookings(seed, &self.market, effect, &contact, due)
            }
            // What is said on the phone, the person who called notes.
            (Fate::Declines(step), ContactKind::Mail | ContactKind::Linkedin)
                if step == contact.step =>
            {
                let text = "Thank you, but we are not interested.";
                vec![item(effect, &contact, due, &json!({ "kind": "reply", "text": text }))]
            }
            (Fate::OptsOut(step), ContactKind::Mail) if step == contact.step => {
                vec![item(effect, &contact, due, &json!({ "kind": "opt_out" }))]
            }
            (Fate::Complains(step), ContactKind::Mail) if step == contact.step => {
                vec![item(effect, &contact, due, &json!({ "kind": "complaint" }))]
            }
            (Fate::Bounces, ContactKind::Mail) => {
                let bounced = contact.reached.plus_ms(2 * MINUTE_MS);
                let body = json!({
                    "kind": "bounce", "status": "5.1.1", "reply_code": 550,
                    "text": "550 5.1.1 no such user here (simulated)",
                });
                vec![item(effect, &contact, bounced, &body)]
            }
            _ => Vec::new(),
        }
    }
}

/// Makes an item of our mailbox.
fn item(effect: &ConfirmedEffect, contact: &Contact, due: Moment, what: &Value) -> Consequence {
    let mut body = what.clone();
    body["address"] = json!(contact.email);
    body["entity"] = json!(effect.entity);
    body["campaign"] = json!(contact.campaign);
    body["subject"] = json!("Re: your message");
    let id = format!("mailbox/{}", effect.key);
    Consequence {
        due,
        settles: false,
        delivery: letter(Provider::Mailbox, id, &body, due),
        belongs: None,
    }
}

/// Reads a confirmed effect as a contact, if it is one that reaches a prospect.
fn contact(seed: Seed, people: &PersonMarket, effect: &ConfirmedEffect) -> Option<Contact> {
    let (campaign, step) = effect.version.rsplit_once('/')?;
    let step = step.parse().ok()?;
    let campaign = campaign.to_owned();
    match (&effect.effect, effect.action) {
        (Effect::Mail(mail), Action::SendEmail) => Some(Contact {
            step,
            campaign,
            reached: effect.settled_at,
            email: mail.to.clone(),
            name: mail.to_name.clone(),
            by: ContactKind::Mail,
        }),
        (Effect::Task(task), Action::AssignOutreach) => Some(Contact {
            step,
            campaign,
            reached: people.done_at(seed, effect),
            email: format!("owner@{}.example", host_word(&effect.entity)),
            name: task.title.clone(),
            by: if task.kind == TaskKind::Linkedin {
                ContactKind::Linkedin
            } else {
                ContactKind::Phone
            },
        }),
        _ => None,
    }
}

fn host_word(entity: &str) -> String {
    let word: String =
        entity.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    word.trim_matches('-').to_lowercase()
}

#[cfg(test)]
mod tests;
