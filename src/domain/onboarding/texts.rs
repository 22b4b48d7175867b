//! Writes what people are given during onboarding: tasks, the welcome mail, reminders, and the
//! files of the workspace.

use std::fmt::Write as _;

use super::documents::{RequiredDocument, required_documents};
use super::{OnboardingStep, checklist, due_at};
use crate::domain::effect::{Document, Mail, PersonTask, TaskKind, Workspace};
use crate::domain::operations::{Client, OnboardingTask};

/// Who signs mails to clients.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The agency's name.
    pub agency: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// The address.
    pub email: &'a str,
}

/// Returns the task that hands `step` to a person, or `None` for the payment, which the billing
/// provider answers.
pub fn handover(client: &Client, step: OnboardingStep) -> Option<PersonTask> {
    let name = &client.name;
    let (kind, title, details) = match step {
        OnboardingStep::Documents => (
            TaskKind::Documents,
            format!("Collect the documents of {name}"),
            bullets(required_documents(&client.category), "en"),
        ),
        OnboardingStep::Contract => (
            TaskKind::Contract,
            format!("Get the contract of {name} signed"),
            format!("Plan: {}. Send it to {}.", client.plan.as_column(), client.email),
        ),
        OnboardingStep::Account => (
            TaskKind::Account,
            format!("Get manager access to the profile of {name}"),
            "The owner adds us under Business Profile settings, People and access.".to_owned(),
        ),
        OnboardingStep::Payment => return None,
        OnboardingStep::Training => (
            TaskKind::Training,
            format!("Train {name}"),
            "Show how reviews are asked for, how photos reach us, and how to read a report."
                .to_owned(),
        ),
        OnboardingStep::GoLive => (
            TaskKind::GoLive,
            format!("Check everything for {name} and go live"),
            "Profile access works, the first edits are visible, the first report has a date."
                .to_owned(),
        ),
    };
    let due_at = due_at(client, step);
    Some(PersonTask { kind, entity: client.entity.clone(), title, details, due_at })
}

/// Returns the welcome mail: what happens next, and what is needed.
pub fn welcome(client: &Client, sender: Sender<'_>) -> Mail {
    let list = bullets(required_documents(&client.category), &client.language);
    let name = &client.name;
    let (subject, text) = if client.language == "de" {
        (
            format!("Willkommen, {name}"),
            format!(
                "Guten Tag,\n\nschön, dass Sie dabei sind. Als Nächstes brauchen wir von Ihnen:\n\n\
                 {list}\nAntworten Sie einfach auf diese E-Mail. Danach folgen Vertrag, \
                 Profilzugang, Zahlung, Einweisung und Start, alles innerhalb von 14 Tagen.\n\n"
            ),
        )
    } else {
        (
            format!("Welcome, {name}"),
            format!(
                "Hello,\n\nwe are glad to have you with us. Next we need from you:\n\n{list}\n\
                 Simply reply to this mail. The contract, profile access, payment, training and \
                 go-live follow, all within 14 days.\n\n"
            ),
        )
    };
    mail(client, sender, subject, &text)
}

/// Returns the mail that asks again for what is missing.
pub fn reminder(
    client: &Client,
    missing: &[String],
    reason: Option<&str>,
    sender: Sender<'_>,
) -> Mail {
    let wanted: Vec<RequiredDocument> = required_documents(&client.category)
        .iter()
        .filter(|document| missing.is_empty() || missing.iter().any(|m| m == document.name))
        .copied()
        .collect();
    let mut list = bullets(&wanted, &client.language);
    if let Some(reason) = reason {
        list = format!("{list}\n{reason}\n");
    }
    let (subject, text) = if client.language == "de" {
        (
            "Es fehlt noch etwas".to_owned(),
            format!("Guten Tag,\n\nuns fehlt noch:\n\n{list}\nAntworten Sie einfach hierauf.\n\n"),
        )
    } else {
        (
            "Something is still missing".to_owned(),
            format!("Hello,\n\nwe still need:\n\n{list}\nSimply reply to this mail.\n\n"),
        )
    };
    mail(client, sender, subject, &text)
}

/// Writes the checklist as it stands with these tasks; each done one makes it a newer revision.
fn checklist_page(client: &Client, tasks: &[OnboardingTask]) -> Document {
    let mut text = format!("# Onboarding of {}\n\n", client.name);
    for task in tasks {
        let step = task.task.as_column();
        // Writing to a String cannot fail.
        let _ = if let Some(at) = task.done_at {
            writeln!(text, "- [x] {step}, done {}", at.utc_date())
        } else {
            let (due, waits_for) = (task.due_at.utc_date(), task.task.waits_for());
            writeln!(text, "- [ ] {step}, due {due}: {waits_for}")
        };
    }
    let done = tasks.iter().filter(|task| task.done_at.is_some()).count();
    let revision = u32::try_from(done).unwrap_or(u32::MAX).saturating_add(1);
    Document { path: "checklist.md".to_owned(), text, revision }
}

/// Returns what changes in the client's workspace when a task is done: the checklist.
pub fn progress(client: &Client, tasks: &[OnboardingTask]) -> Workspace {
    Workspace {
        entity: client.entity.clone(),
        name: client.name.clone(),
        documents: vec![checklist_page(client, tasks)],
        files: Vec::new(),
    }
}

/// Returns the client's workspace: the checklist, the list of documents, and the facts we hold.
pub fn workspace(client: &Client) -> Workspace {
    let documents = required_documents(&client.category);
    let file = |path: &str, text: String| Document::once(path, text);
    Workspace {
        entity: client.entity.clone(),
        name: client.name.clone(),
        files: Vec::new(),
        documents: vec![
            checklist_page(client, &checklist(client)),
            file("documents.md", format!("# Documents\n\n{}", bullets(documents, "en"))),
            file(
                "client.md",
                format!(
                    "# {}\n\n- category: {}\n- plan: {}\n- e-mail: {}\n- phone: {}\n",
                    client.name,
                    client.category,
                    client.plan.as_column(),
                    client.email,
                    client.phone.as_deref().unwrap_or("not known"),
                ),
            ),
        ],
    }
}

pub(super) fn bullets(documents: &[RequiredDocument], language: &str) -> String {
    documents
        .iter()
        .fold(String::new(), |list, document| list + "- " + document.title(language) + "\n")
}

pub(super) fn mail(client: &Client, sender: Sender<'_>, subject: String, text: &str) -> Mail {
    Mail {
        to: client.email.clone(),
        to_name: client.name.clone(),
        from: sender.email.to_owned(),
        from_name: sender.name.to_owned(),
        subject,
        text: format!("{text}{}\n{}\n", sender.name, sender.agency),
        unsubscribe_url: None,
        booking_url: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::client;
    use super::*;

    const SENDER: Sender<'_> = Sender { agency: "Quay", name: "Mara", email: "mara@quay.example" };

    #[test]
    fn a_client_is_welcomed_in_its_language_with_every_document_it_has_to_send() {
        for (language, word) in [("en", "Welcome"), ("de", "Willkommen")] {
            let mail = welcome(&client("dental", language), SENDER);
            assert!(mail.subject.starts_with(word));
            for document in required_documents("dental") {
                assert!(mail.text.contains(document.title(language)), "{}", document.name);
            }
        }
    }

    #[test]
    fn a_reminder_names_only_what_is_missing() {
        let mail =
            reminder(&client("hvac", "en"), &["logo".to_owned()], Some("It is too small."), SENDER);
        assert!(mail.text.contains("- Logo\n"));
        assert!(mail.text.contains("It is too small."));
        assert!(!mail.text.contains("licence"));
    }

    #[test]
    fn every_step_is_handed_to_a_person_but_the_payment() {
        for step in OnboardingStep::ALL {
            let task = handover(&client("gym", "en"), step);
            assert_eq!(task.is_none(), step == OnboardingStep::Payment, "{step:?}");
        }
    }

    #[test]
    fn a_workspace_holds_the_checklist_with_its_dates() {
        let workspace = workspace(&client("gym", "en"));
        assert!(workspace.documents[0].text.contains("- [ ] go_live, due 1970-01-15"));
        assert_eq!(workspace.documents.len(), 3);
    }

    #[test]
    fn a_checklist_shows_what_is_done_and_each_done_task_makes_it_newer() {
        let client = client("gym", "en");
        let mut tasks = checklist(&client);
        let first = progress(&client, &tasks).documents.remove(0);
        assert_eq!(first, workspace(&client).documents[0], "nothing is done yet");
        tasks[0].done_at = Some(tasks[0].due_at);
        let second = progress(&client, &tasks).documents.remove(0);
        assert!(second.text.contains("- [x] documents, done 1970-01-04\n- [ ] contract, due"));
        assert_eq!((first.revision, second.revision), (1, 2));
    }
}
