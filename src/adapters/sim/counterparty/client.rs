//! Plays clients who are being onboarded, and our own people who work with them: they hand in
//! documents, sign, give access, are trained, and check before go-live.

use serde_json::{Value, json};

use super::{Member, letter};
use crate::adapters::sim::market::{Market, MarketError, Rate};
use crate::domain::draw::Seed;
use crate::domain::effect::Action;
use crate::domain::gbp::Intake;
use crate::domain::onboarding::{call_unit, task_unit};
use crate::domain::operations::OnboardingStep;
use crate::domain::signature::Provider;
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::effects::counterparty::{ConfirmedEffect, Consequence};

/// Nobody answers at once: the shortest time to any answer.
const ANSWER_MS_MIN: i64 = HOUR_MS;

/// Documents that are forgotten most easily; each type of business has them.
const FORGOTTEN: [&str; 2] = ["photos", "proof-of-address"];

/// How the task begins that asks one of our own people to call a client.
const CALL: &str = "call/";

/// How clients behave.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientMarket {
    documents_days: Rate,
    documents_incomplete: Rate,
    contract_days: Rate,
    access_days: Rate,
    training_days: Rate,
    check_days: Rate,
    names_website: Rate,
    names_booking: Rate,
    late: Rate,
    late_days: Rate,
}

/// All clients of the simulated world.
pub struct Clients(ClientMarket);

impl Clients {
    /// Reads how clients behave.
    ///
    /// # Errors
    /// A market without the section `client`.
    pub fn new(market: &Market) -> Result<Self, MarketError> {
        market.section("client").map(Self)
    }

    /// The longest usual time of a step; the payment is the payer's business.
    fn days(&self, step: OnboardingStep) -> Option<f64> {
        let rate = match step {
            OnboardingStep::Documents => &self.0.documents_days,
            OnboardingStep::Contract => &self.0.contract_days,
            OnboardingStep::Account => &self.0.access_days,
            OnboardingStep::Payment => return None,
            OnboardingStep::Training => &self.0.training_days,
            OnboardingStep::GoLive => &self.0.check_days,
        };
        Some(rate.value)
    }

    /// Makes the answer to a step.
    fn answer(
        &self,
        seed: Seed,
        effect: &ConfirmedEffect,
        step: OnboardingStep,
        days: f64,
        answer: Value,
    ) -> Consequence {
        let key = effect.key.0.as_str();
        let late = seed.unit(&["client late", key]) < self.0.late.value;
        let late_days = if late { self.0.late_days.value } else { 0.0 };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "days in milliseconds are far below 2^53"
        )]
        let delay = ((seed.unit(&["client delay", key]) * days + late_days) * DAY_MS as f64) as i64;
        let due = effect.settled_at.plus_ms(ANSWER_MS_MIN + delay);
        let mut body = answer;
        body["unit"] = json!(if effect.version.starts_with(CALL) {
            call_unit(&effect.entity, step)
        } else {
            task_unit(&effect.entity, step)
        });
        let delivery = letter(Provider::Person, format!("answer/{key}"), &body, due);
        Consequence { due, settles: true, delivery, belongs: None }
    }

    /// Fills in the intake form. What a real owner would write is unknown here, so the texts say
    /// that they are simulated.
    fn intake(&self, seed: Seed, entity: &str) -> Intake {
        let says = |what: &str, rate: &Rate| seed.unit(&["intake", what, entity]) < rate.value;
        let host = format!("https://{}.example", crate::adapters::sim::profile::slug(entity));
        let n_photos = seed.between(&["intake", "photos", entity], 10, 24);
        let n_services = seed.between(&["intake", "services", entity], 5, 8);
        Intake {
            address: Some("simulated: the address on the licence".to_owned()),
            phone: None,
            website: says("website", &self.0.names_website).then(|| host.clone()),
            regular_hours: Some("Mo-Fr 08:30-17:30".to_owned()),
            special_hours: Some("PH off".to_owned()),
            description: Some("simulated: what the owner says about the business".to_owned()),
            services: (1..=n_services).map(|n| format!("service {n}")).collect(),
            photos: u32::try_from(n_photos).ok(),
            booking_link: says("booking", &self.0.names_booking).then(|| format!("{host}/book")),
            ..Intake::default()
        }
    }

    fn documents_in(&self, seed: Seed, entity: &str) -> Value {
        json!({ "result": "done", "data": { "intake": self.intake(seed, entity) } })
    }
}

impl Member for Clients {
    fn react(&self, seed: Seed, effect: &ConfirmedEffect) -> Vec<Consequence> {
        let reminded = effect.action == Action::SendClientMail
            && effect.version.starts_with("reminder/documents/");
        if reminded {
            let answer = self.documents_in(seed, &effect.entity);
            let days = self.0.documents_days.value / 2.0;
            return vec![self.answer(seed, effect, OnboardingStep::Documents, days, answer)];
        }
        if effect.action != Action::AssignOnboarding {
            return Vec::new();
        }
        if let Some(step) = effect.version.strip_prefix(CALL) {
            let Ok(step) = OnboardingStep::from_column(step) else { return Vec::new() };
            let answer = json!({ "result": "done", "note": "simulated" });
            return vec![self.answer(seed, effect, step, self.0.check_days.value, answer)];
        }
        let Ok(step) = OnboardingStep::from_column(&effect.version) else { return Vec::new() };
        let Some(days) = self.days(step) else { return Vec::new() };
        let answer = if step == OnboardingStep::Documents {
            let incomplete = seed.unit(&["client incomplete", &effect.key.0])
                < self.0.documents_incomplete.value;
            if incomplete {
                json!({ "result": "incomplete", "note": "simulated", "data": { "missing": FORGOTTEN } })
            } else {
                self.documents_in(seed, &effect.entity)
            }
        } else {
            json!({ "result": "done", "note": "simulated" })
        };
        vec![self.answer(seed, effect, step, days, answer)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::{Effect, EffectKey, PersonTask, Receipt, TaskKind};
    use crate::domain::layer::Layer;
    use crate::domain::mode::Mode;
    use crate::domain::onboarding::{Answer, read_answer};
    use crate::domain::time::Moment;

    fn clients() -> Clients {
        Clients::new(&Market::warm_town().unwrap()).unwrap()
    }

    fn confirmed(action: Action, entity: &str, version: &str) -> ConfirmedEffect {
        ConfirmedEffect {
            id: 1,
            key: EffectKey::new(Mode::Dry, Layer::OnboardingFlow, entity, action, version),
            unit: task_unit(entity, OnboardingStep::Documents),
            action,
            entity: entity.to_owned(),
            version: version.to_owned(),
            effect: Effect::Task(PersonTask {
                kind: TaskKind::Documents,
                entity: entity.to_owned(),
                title: String::new(),
                details: String::new(),
                due_at: Moment(0),
            }),
            receipt: Receipt { reference: "sim:1".to_owned(), data: Value::Null },
            settled_at: Moment(1_000),
        }
    }

    fn body(consequence: &Consequence) -> Value {
        serde_json::from_slice(&consequence.delivery.body).unwrap()
    }

    #[test]
    fn every_step_but_the_payment_is_answered_within_days_to_its_own_unit() {
        for step in OnboardingStep::ALL {
            let effect = confirmed(Action::AssignOnboarding, "c", step.as_column());
            let answers = clients().react(Seed(1), &effect);
            if step == OnboardingStep::Payment {
                assert!(answers.is_empty());
                continue;
            }
            let [answer] = answers.as_slice() else { panic!("{step:?}: one answer") };
            assert!(answer.settles);
            let wait = answer.due.since(effect.settled_at);
            assert!((ANSWER_MS_MIN..=ANSWER_MS_MIN + 5 * DAY_MS).contains(&wait), "{step:?}");
            assert_eq!(body(answer)["unit"], json!(task_unit("c", step)));
            read_answer(step, &body(answer)).unwrap();
        }
    }

    #[test]
    fn some_forget_documents_and_send_everything_after_a_reminder() {
        let version = OnboardingStep::Documents.as_column();
        let mut forgot = 0;
        for number in 0..400 {
            let entity = format!("c{number}");
            let effect = confirmed(Action::AssignOnboarding, &entity, version);
            let answer = &clients().react(Seed(1), &effect)[0];
            if !matches!(
                read_answer(OnboardingStep::Documents, &body(answer)).unwrap(),
                Answer::Incomplete { .. }
            ) {
                continue;
            }
            forgot += 1;
            let reminder = confirmed(Action::SendClientMail, &entity, "reminder/documents/1");
            let second = &clients().react(Seed(1), &reminder)[0];
            assert_ne!(second.delivery.delivery_id, answer.delivery.delivery_id);
            let read = read_answer(OnboardingStep::Documents, &body(second)).unwrap();
            let Answer::Done { intake: Some(intake), .. } = read else { panic!("a form") };
            assert!(intake.photos >= Some(10));
        }
        assert!((35..90).contains(&forgot), "{forgot} of 400");
    }

    #[test]
    fn a_person_who_was_asked_to_call_says_so_to_the_task_that_asked() {
        let effect = confirmed(Action::AssignOnboarding, "c", "call/contract");
        let answers = clients().react(Seed(1), &effect);
        let [answer] = answers.as_slice() else { panic!("one answer") };
        assert_eq!(body(answer)["unit"], json!(call_unit("c", OnboardingStep::Contract)));
    }

    #[test]
    fn nobody_answers_a_welcome() {
        let welcome = confirmed(Action::SendClientMail, "c", "welcome");
        assert!(clients().react(Seed(1), &welcome).is_empty());
    }
}
