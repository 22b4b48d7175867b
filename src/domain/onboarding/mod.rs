//! Defines how a new client is taken to go-live: a graph of six tasks, each with a day it is due,
//! the documents it needs, the last check before go-live, and the texts that people are given.
//!
//! Values and texts only; who is asked and when is `layers::onboarding_flow`'s business.

mod answer;
mod contract;
mod documents;
mod filed;
mod golive;
mod graph;
mod nudge;
mod texts;

pub use answer::{Answer, read_answer};
pub use contract::{Contract, ContractState, Terms, contract};
pub use documents::{INTAKE_FORM, RequiredDocument, required_documents};
pub use filed::{FILE_BYTES_MAX, stored_path};
pub use golive::{LastCheck, missing};
pub use graph::{Node, REMINDER_HOURS};
pub use nudge::{call, nudge};
pub use texts::{Sender, handover, progress, reminder, welcome, workspace};

use super::layer::Layer;
use super::operations::{Client, ClientDocument, DocumentState, OnboardingStep, OnboardingTask};
use super::time::{DAY_MS, Moment};
use super::unit::UnitName;

impl OnboardingStep {
    /// Who moves it: shown while the machine waits.
    pub const fn waits_for(self) -> &'static str {
        match self {
            Self::Documents => "the client's documents",
            Self::Contract => "the client's signature",
            Self::Account => "access to the client's profile",
            Self::Payment => "the set-up payment",
            Self::Training => "the training to be held",
            Self::GoLive => "our own last check",
        }
    }
}

/// Returns the name of the unit that works `step`; layer 8 answers the one of the payment.
pub fn task_unit(entity: &str, step: OnboardingStep) -> UnitName {
    UnitName::new(Layer::OnboardingFlow, entity, format!("task/{}", step.as_column()))
}

/// Returns the name of the unit that sends one reminder of a step before or after its day.
pub fn nudge_unit(entity: &str, step: OnboardingStep, number: usize) -> UnitName {
    UnitName::new(Layer::OnboardingFlow, entity, format!("nudge/{}/{number}", step.as_column()))
}

/// Returns the name of the unit that asks a person to call about a step.
pub fn call_unit(entity: &str, step: OnboardingStep) -> UnitName {
    UnitName::new(Layer::OnboardingFlow, entity, format!("call/{}", step.as_column()))
}

/// Returns when a client's step should be done by.
pub fn due_at(client: &Client, step: OnboardingStep) -> Moment {
    client.signed_at.plus_ms(step.node().due_days * DAY_MS)
}

/// Returns the six tasks of a client, none done.
pub fn checklist(client: &Client) -> Vec<OnboardingTask> {
    OnboardingStep::ALL
        .into_iter()
        .map(|task| OnboardingTask {
            entity: client.entity.clone(),
            task,
            due_at: due_at(client, task),
            done_at: None,
            note: None,
        })
        .collect()
}

/// Returns the documents of a client, all asked for.
pub fn requested_documents(client: &Client) -> Vec<ClientDocument> {
    required_documents(&client.category)
        .iter()
        .map(|document| ClientDocument {
            entity: client.entity.clone(),
            document: document.name.to_owned(),
            state: DocumentState::Requested,
            content: None,
            reason: None,
            file: None,
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::operations::{ClientState, Plan};

    /// A client as layer 4 makes one.
    pub(crate) fn client(category: &str, language: &str) -> Client {
        Client {
            entity: "osm:node/1".to_owned(),
            name: "Bright Smiles".to_owned(),
            category: category.to_owned(),
            email: "desk@bright-smiles.example".to_owned(),
            phone: Some("+12075550100".to_owned()),
            zone: "America/New_York".to_owned(),
            language: language.to_owned(),
            plan: Plan::Starter,
            state: ClientState::Onboarding,
            workspace: None,
            customer_id: None,
            signed_at: Moment(0),
            live_at: None,
            churned_at: None,
        }
    }

    #[test]
    fn six_tasks_fall_due_on_their_days() {
        let days: Vec<i64> =
            checklist(&client("dental", "en")).iter().map(|task| task.due_at.0 / DAY_MS).collect();
        assert_eq!(days, [3, 5, 7, 8, 10, 14]);
    }

    #[test]
    fn a_dental_practice_gives_eight_documents_an_hvac_firm_six_and_others_five() {
        for (category, n) in [("dental", 8), ("hvac", 6), ("restaurant", 5), ("shop=bakery", 5)] {
            let documents = requested_documents(&client(category, "en"));
            assert_eq!(documents.len(), n, "{category}");
            assert!(documents.iter().any(|d| d.document == INTAKE_FORM), "{category}");
        }
    }
}
