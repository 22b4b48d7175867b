//! Defines the last check before go-live: what has to be true of the rows, whatever a person says.

use super::documents::required_documents;
use crate::domain::finance::InvoiceState;
use crate::domain::operations::{
    Client, ClientDocument, DocumentState, OnboardingStep, OnboardingTask,
};

/// What the rows say of a client that is to go live.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LastCheck {
    /// Its tasks.
    pub tasks: Vec<OnboardingTask>,
    /// Its documents.
    pub documents: Vec<ClientDocument>,
    /// Whether its profile could be read with the access that was given.
    pub profile_read: bool,
    /// Fields that were to be edited.
    pub edits: usize,
    /// Those of them that are visible on the profile.
    pub edits_visible: usize,
    /// Where its set-up invoice is; `None` when there is none.
    pub setup_invoice: Option<InvoiceState>,
}

/// Returns what is missing, in words for a person; nothing when the client can go live.
pub fn missing(client: &Client, check: &LastCheck) -> Vec<String> {
    let mut missing = Vec::new();
    for step in OnboardingStep::ALL {
        let done = |task: &OnboardingTask| task.task == step && task.done_at.is_some();
        if step != OnboardingStep::GoLive && !check.tasks.iter().any(done) {
            missing.push(format!("{} is not done", step.as_column()));
        }
    }
    for wanted in required_documents(&client.category) {
        let approved =
            |it: &ClientDocument| it.document == wanted.name && it.state == DocumentState::Approved;
        if !check.documents.iter().any(approved) {
            missing.push(format!("{} is not approved", wanted.name));
        }
    }
    if !check.profile_read {
        missing.push("the profile was not read yet: does our access work?".to_owned());
    } else if check.edits > 0 && check.edits_visible == 0 {
        missing.push(format!("none of {} edits is visible on the profile", check.edits));
    }
    // A payment in cash is a done task with an open invoice: somebody has to close that.
    if check.setup_invoice.is_some_and(|state| state != InvoiceState::Paid) {
        missing.push("the set-up invoice is not paid".to_owned());
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::super::tests::client;
    use super::super::{checklist, requested_documents};
    use super::*;
    use crate::domain::time::Moment;

    fn all_done() -> LastCheck {
        let client = client("hvac", "en");
        let tasks = checklist(&client)
            .into_iter()
            .map(|task| OnboardingTask { done_at: Some(Moment(1)), ..task })
            .collect();
        let documents = requested_documents(&client)
            .into_iter()
            .map(|document| ClientDocument { state: DocumentState::Approved, ..document })
            .collect();
        LastCheck {
            tasks,
            documents,
            profile_read: true,
            edits: 5,
            edits_visible: 1,
            setup_invoice: Some(InvoiceState::Paid),
        }
    }

    fn missing_of(change: impl FnOnce(&mut LastCheck)) -> String {
        let mut check = all_done();
        change(&mut check);
        missing(&client("hvac", "en"), &check).join(", ")
    }

    #[test]
    fn a_client_with_everything_done_can_go_live() {
        assert_eq!(missing_of(|_| {}), "");
        assert_eq!(missing_of(|check| check.tasks[5].done_at = None), "", "its own task is open");
        assert_eq!(missing_of(|check| (check.edits, check.edits_visible) = (0, 0)), "");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing_of(|check| check.tasks[4].done_at = None), "training is not done");
        let logo = missing_of(|check| check.documents[4].state = DocumentState::Received);
        assert_eq!(logo, "logo is not approved");
        assert!(missing_of(|check| check.profile_read = false).contains("access"));
        assert!(missing_of(|check| check.edits_visible = 0).contains("5 edits"));
        let open = missing_of(|check| check.setup_invoice = Some(InvoiceState::Open));
        assert_eq!(open, "the set-up invoice is not paid");
    }
}
