use super::super::tests::client;
use super::*;

const SENDER: Sender<'_> = Sender { agency: "Quay", name: "Mara", email: "mara@quay.example" };

#[test]
fn a_reminder_names_the_day_what_is_missing_and_nothing_that_is_here() {
    let client = client("hvac", "en");
    let logo = ClientDocument {
        state: DocumentState::Received,
        ..super::super::requested_documents(&client)[4].clone()
    };
    let mail = nudge(&client, OnboardingStep::Documents, &[logo], false, SENDER);
    assert!(mail.text.contains("by 1970-01-04") && mail.text.contains("licence"), "{}", mail.text);
    assert!(!mail.text.contains("- Logo\n"));
}

#[test]
fn every_step_that_is_reminded_of_has_words_in_both_languages_before_and_after_its_day() {
    for step in OnboardingStep::ALL.into_iter().filter(|step| !step.node().reminders.is_empty()) {
        let subjects: std::collections::BTreeSet<String> =
            [("en", false), ("en", true), ("de", false), ("de", true)]
                .into_iter()
                .map(|(language, late)| {
                    nudge(&client("gym", language), step, &[], late, SENDER).subject
                })
                .collect();
        assert_eq!(subjects.len(), 4, "{step:?}");
    }
}

#[test]
fn the_person_who_calls_knows_whom_and_about_what() {
    let task = call(&client("gym", "de"), OnboardingStep::Contract, 2);
    assert!(task.title.contains("Bright Smiles") && task.details.contains("+12075550100"));
    assert!(task.details.contains("2 reminders"));
}
