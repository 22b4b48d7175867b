//! Writes reminders of a step before and after its day, and what a person is asked when they did not
//! help.

use super::documents::required_documents;
use super::texts::{Sender, bullets, mail};
use super::{OnboardingStep, due_at};
use crate::domain::effect::{Mail, PersonTask, TaskKind};
use crate::domain::operations::{Client, ClientDocument, DocumentState};
use crate::domain::time::DAY_MS;

/// Returns the mail that reminds a client of `step`; of documents only what is still missing.
pub fn nudge(
    client: &Client,
    step: OnboardingStep,
    documents: &[ClientDocument],
    late: bool,
    sender: Sender<'_>,
) -> Mail {
    let german = client.language == "de";
    let day = due_at(client, step).utc_date();
    let what = wanted(client, step, documents, german);
    let (subject, text) = match (german, late) {
        (false, false) => (
            format!("A reminder: {}", title(step, german)),
            format!(
                "Hello,\n\nby {day} we need from you:\n\n{what}\nSimply reply to this mail.\n\n"
            ),
        ),
        (false, true) => (
            format!("Still open: {}", title(step, german)),
            format!(
                "Hello,\n\nsince {day} we have been waiting for this, and cannot go on without \
                 it:\n\n{what}\nSimply reply to this mail.\n\n"
            ),
        ),
        (true, false) => (
            format!("Zur Erinnerung: {}", title(step, german)),
            format!(
                "Guten Tag,\n\nbis zum {day} brauchen wir von Ihnen:\n\n{what}\nAntworten Sie einfach \
                 hierauf.\n\n"
            ),
        ),
        (true, true) => (
            format!("Noch offen: {}", title(step, german)),
            format!(
                "Guten Tag,\n\nseit dem {day} warten wir hierauf und kommen ohne es nicht \
                 weiter:\n\n{what}\nAntworten Sie einfach hierauf.\n\n"
            ),
        ),
    };
    mail(client, sender, subject, &text)
}

const fn title(step: OnboardingStep, german: bool) -> &'static str {
    match (step, german) {
        (OnboardingStep::Documents, false) => "your documents",
        (OnboardingStep::Documents, true) => "Ihre Unterlagen",
        (OnboardingStep::Contract, false) => "your signature",
        (OnboardingStep::Contract, true) => "Ihre Unterschrift",
        (OnboardingStep::Account, false) => "access to your profile",
        (OnboardingStep::Account, true) => "Zugang zu Ihrem Profil",
        (OnboardingStep::Payment, false) => "the set-up payment",
        (OnboardingStep::Payment, true) => "die Einrichtungsgebühr",
        (OnboardingStep::Training, false) => "your training",
        (OnboardingStep::Training, true) => "Ihre Einweisung",
        (OnboardingStep::GoLive, false) => "the start",
        (OnboardingStep::GoLive, true) => "der Start",
    }
}

fn wanted(
    client: &Client,
    step: OnboardingStep,
    documents: &[ClientDocument],
    german: bool,
) -> String {
    match (step, german) {
        (OnboardingStep::Documents, _) => {
            let here = |name: &str| {
                documents.iter().any(|it| {
                    it.document == name
                        && matches!(it.state, DocumentState::Received | DocumentState::Approved)
                })
            };
            let open: Vec<_> = required_documents(&client.category)
                .iter()
                .filter(|document| !here(document.name))
                .copied()
                .collect();
            bullets(&open, &client.language)
        }
        (OnboardingStep::Contract, false) => "- the contract, signed\n".to_owned(),
        (OnboardingStep::Contract, true) => "- den unterschriebenen Vertrag\n".to_owned(),
        (OnboardingStep::Account, false) => {
            "- manager access to your profile: Business Profile settings, People and access\n"
                .to_owned()
        }
        (OnboardingStep::Account, true) => {
            "- Verwalterzugang zu Ihrem Profil: Unternehmensprofil, Personen und Zugriff\n"
                .to_owned()
        }
        (OnboardingStep::Training, false) => "- a time for the training\n".to_owned(),
        (OnboardingStep::Training, true) => "- einen Termin für die Einweisung\n".to_owned(),
        (OnboardingStep::Payment | OnboardingStep::GoLive, _) => {
            format!("- {}\n", title(step, german))
        }
    }
}

/// Returns the task that asks a person to call, after the reminders did not help.
pub fn call(client: &Client, step: OnboardingStep, reminders: usize) -> PersonTask {
    let due = due_at(client, step);
    let phone = client.phone.as_deref().unwrap_or("no number is known");
    PersonTask {
        kind: TaskKind::Phone,
        entity: client.entity.clone(),
        title: format!("Call {} about {}", client.name, title(step, false)),
        details: format!(
            "{phone}, {}.\n\nIt was due on {} and {reminders} reminders did not help. Agree on a day \
             and note it. Answer done.",
            client.email,
            due.utc_date()
        ),
        due_at: due.plus_ms(step.node().call_after_days.map_or(DAY_MS, |days| (days + 1) * DAY_MS)),
    }
}

#[cfg(test)]
mod tests;
