//! Plays our own people: they write on LinkedIn, make calls, hold meetings, and note what happened.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::prospect::{Fate, ProspectMarket, scaled};
use super::{Member, letter};
use crate::adapters::sim::market::{Market, MarketError, Rate};
use crate::domain::draw::Seed;
use crate::domain::effect::{Action, Effect, TaskKind};
use crate::domain::hours::ContactHours;
use crate::domain::signature::Provider;
use crate::domain::time::{HOUR_MS, MINUTE_MS, Moment};
use crate::effects::counterparty::{ConfirmedEffect, Consequence};

/// When our people work.
const OFFICE_HOURS: ContactHours = ContactHours { open_hour: 9, close_hour: 17, weekends: false };

/// How our people work, and how calls with prospects go.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonMarket {
    task_hours: Rate,
    note_hours: Rate,
    no_show: Rate,
    close: Rate,
    starter: Rate,
    professional: Rate,
}

impl PersonMarket {
    pub(super) fn read(market: &Market) -> Result<Self, MarketError> {
        market.section("person")
    }

    /// When the person has done the outreach that `effect` asks for.
    pub(super) fn done_at(&self, seed: Seed, effect: &ConfirmedEffect) -> Moment {
        let share = seed.unit(&["person task", &effect.key.0]);
        let hours = scaled(share * self.task_hours.value, HOUR_MS);
        let at = effect.settled_at.plus_ms(10 * MINUTE_MS + hours).ceil_quarter_hour();
        OFFICE_HOURS.next_open(at, &TimeZone::UTC)
    }

    /// How the call with a prospect went.
    fn meeting(&self, seed: Seed, key: &str) -> Value {
        if seed.unit(&["meeting held", key]) < self.no_show.value {
            return json!({ "result": "no_show" });
        }
        if seed.unit(&["meeting closed", key]) >= self.close.value {
            return json!({ "result": "lost" });
        }
        self.sold(seed, key)
    }

    /// What was sold, when nobody wrote it down.
    fn sold(&self, seed: Seed, key: &str) -> Value {
        let plan = match seed.unit(&["meeting plan", key]) {
            draw if draw < self.starter.value => "starter",
            draw if draw < self.starter.value + self.professional.value => "professional",
            _ => "enterprise",
        };
        json!({ "result": "won", "data": { "plan": plan } })
    }
}

/// Our own people in the simulated world.
pub struct People {
    market: PersonMarket,
    prospects: ProspectMarket,
}

impl People {
    /// Reads how people work.
    ///
    /// # Errors
    /// A market without the sections `person` and `prospect`.
    pub fn new(market: &Market) -> Result<Self, MarketError> {
        Ok(Self { market: PersonMarket::read(market)?, prospects: ProspectMarket::read(market)? })
    }

    /// What somebody who called hears; on LinkedIn nobody answers at once.
    fn heard(&self, seed: Seed, effect: &ConfirmedEffect, step: u32) -> Value {
        let by_phone = matches!(&effect.effect, Effect::Task(task) if task.kind == TaskKind::Phone);
        match self.prospects.fate(seed, &effect.entity) {
            Fate::Declines(at) if by_phone && at == step => {
                json!({ "result": "done", "data": { "outcome": "declined" } })
            }
            Fate::OptsOut(at) if by_phone && at == step => {
                json!({ "result": "done", "data": { "outcome": "opted_out" } })
            }
            Fate::Books(_)
            | Fate::Declines(_)
            | Fate::OptsOut(_)
            | Fate::Complains(_)
            | Fate::Bounces
            | Fate::Silent => json!({ "result": "done" }),
        }
    }
}

impl Member for People {
    fn react(&self, seed: Seed, effect: &ConfirmedEffect) -> Vec<Consequence> {
        let (due, answer) = if effect.action == Action::AssignOutreach {
            let step = effect.version.rsplit_once('/').and_then(|(_, step)| step.parse().ok());
            let answer = self.heard(seed, effect, step.unwrap_or(1));
            (self.market.done_at(seed, effect), answer)
        } else if effect.action == Action::AssignMeeting {
            let share = seed.unit(&["person note", &effect.key.0]);
            let hours = scaled(share * self.market.note_hours.value, HOUR_MS);
            let due = effect.settled_at.plus_ms(15 * MINUTE_MS + hours);
            let key = effect.key.0.as_str();
            let asks_for_plan = effect.version.ends_with("/plan");
            let sold = asks_for_plan.then(|| self.market.sold(seed, key));
            (due, sold.unwrap_or_else(|| self.market.meeting(seed, key)))
        } else if matches!(effect.action, Action::AssignCollection | Action::AssignMail)
            || effect.action == Action::OfferNewTime && matches!(effect.effect, Effect::Task(_))
            || effect.action == Action::AssignProfile && effect.version.starts_with("review/")
        {
            // They call, about an invoice or a new time, read a draft and send it, or answer a mail.
            (self.market.done_at(seed, effect), json!({ "result": "done" }))
        } else {
            return Vec::new();
        };
        let mut body = answer;
        body["unit"] = json!(effect.unit);
        body["note"] = json!("simulated");
        let id = format!("answer/{}", effect.key);
        let delivery = letter(Provider::Person, id, &body, due);
        vec![Consequence { due, settles: true, delivery, belongs: None }]
    }
}
