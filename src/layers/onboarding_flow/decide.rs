//! Decides what follows from each unit of onboarding: values in, values out.

use serde_json::json;

use super::{REMINDERS_MAX, remind};
use crate::domain::effect::Receipt;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::onboarding::{
    self, Answer, Contract, ContractState, INTAKE_FORM, required_documents,
};
use crate::domain::operations::{
    Client, ClientDocument, DocumentState, OnboardingStep, OnboardingTask, OperationsChange,
};
use crate::domain::outcome::{Next, StepOutcome};
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::unit::{NewUnit, UnitName};
use crate::layers::{finance_tracker, gbp_optimizer};

/// Writes the six tasks and the documents to ask for.
pub(super) fn checklist(client: &Client) -> StepOutcome {
    let tasks = onboarding::checklist(client).into_iter().map(OperationsChange::Task);
    let documents =
        onboarding::requested_documents(client).into_iter().map(OperationsChange::Document);
    let outcome = tasks.chain(documents).fold(StepOutcome::done(), StepOutcome::change);
    outcome.event(NewEvent::info(
        "onboarding_started",
        format!("onboarding of {} begins: six tasks, {} documents", client.name, {
            required_documents(&client.category).len()
        }),
    ))
}

/// Notes where the workspace is.
pub(super) fn workspace(client: &Client, receipt: &Receipt) -> StepOutcome {
    StepOutcome::done().change(OperationsChange::ClientWorkspace {
        entity: client.entity.clone(),
        reference: receipt.reference.clone(),
    })
}

/// Notes the welcome.
pub(super) fn welcomed(client: &Client) -> StepOutcome {
    StepOutcome::done()
        .event(NewEvent::info("client_welcomed", format!("{} was welcomed", client.name)))
}

/// Waits for whoever has to move the step.
pub(super) fn handed_over(client: &Client, step: OnboardingStep) -> StepOutcome {
    StepOutcome::with(Next::Waiting { why: format!("{}: {}", client.name, step.waits_for()) })
}

/// Works with an answer: the step is done, or something is missing and is asked for again.
pub(super) fn answered(
    client: &Client,
    step: OnboardingStep,
    answer: &Answer,
    reminders: u32,
    now: Moment,
) -> StepOutcome {
    match answer {
        Answer::Done { note, .. } => {
            let row =
                OnboardingTask { done_at: Some(now), note: note.clone(), ..row(client, step) };
            let text = format!("{}: {} done", client.name, step.as_column().replace('_', "-"));
            let event = if now > row.due_at {
                NewEvent::warn("task_done_late", format!("{text}, due {}", row.due_at.utc_date()))
            } else {
                NewEvent::info("task_done", text)
            };
            let outcome = StepOutcome::done().change(OperationsChange::Task(row)).event(event);
            remind::stopped(outcome, client, step, "the step is done")
        }
        Answer::Sent { note } => sent(client, step, note.as_deref()),
        Answer::Declined { reason } => declined(client, step, reason.as_deref(), now),
        Answer::Incomplete { missing, note, reason } => {
            let outcome = incomplete(client, step, note.as_deref());
            asked_again(outcome, client, step, missing, reason.as_deref(), reminders)
        }
    }
}

/// Notes the draft; a contract that has gone on meanwhile stays where it is.
pub(super) fn drafted(client: &Client) -> StepOutcome {
    let text = format!("{}: contract.md is in the workspace, a draft for a lawyer", client.name);
    StepOutcome::done()
        .change(contract(client, ContractState::Drafted, None))
        .event(NewEvent::info("contract_drafted", text))
}

/// Notes that the client has the contract, and goes on waiting for the signature.
fn sent(client: &Client, step: OnboardingStep, note: Option<&str>) -> StepOutcome {
    incomplete(client, step, note)
        .change(contract(client, ContractState::Sent, None))
        .event(NewEvent::info("contract_sent", format!("{} has the contract", client.name)))
}

/// Ends the onboarding: the client has left, and what was planned for it is stopped by rule.
fn declined(
    client: &Client,
    step: OnboardingStep,
    reason: Option<&str>,
    now: Moment,
) -> StepOutcome {
    let why = format!("the contract is declined: {}", reason.unwrap_or("no reason was given"));
    let row = OnboardingTask { note: Some(why.clone()), ..row(client, step) };
    let text = format!("{}: {why}; what was planned for it is stopped", client.name);
    StepOutcome::skipped(why.clone())
        .change(OperationsChange::Task(row))
        .change(contract(client, ContractState::Declined, reason))
        .change(OperationsChange::ClientLeft { entity: client.entity.clone(), at: now, why })
        .event(NewEvent::warn("client_left", text))
}

fn contract(client: &Client, state: ContractState, reason: Option<&str>) -> OperationsChange {
    OperationsChange::Contract(Contract {
        entity: client.entity.clone(),
        state,
        reason: reason.map(str::to_owned),
    })
}

/// Keeps a client from going live while something is missing, and looks again the next day.
pub(super) fn not_live_yet(client: &Client, missing: &[String], now: Moment) -> StepOutcome {
    let why = format!("{} cannot go live: {}", client.name, missing.join("; "));
    let at = now.plus_ms(DAY_MS).ceil_quarter_hour();
    StepOutcome::with(Next::Scheduled { at, why: why.clone() })
        .event(NewEvent::warn("go_live_held", why))
}

fn incomplete(client: &Client, step: OnboardingStep, note: Option<&str>) -> StepOutcome {
    let row = OnboardingTask { note: note.map(str::to_owned), ..row(client, step) };
    handed_over(client, step).change(OperationsChange::Task(row))
}

fn asked_again(
    outcome: StepOutcome,
    client: &Client,
    step: OnboardingStep,
    missing: &[String],
    reason: Option<&str>,
    reminders: u32,
) -> StepOutcome {
    let outcome = if missing.is_empty() {
        outcome
    } else {
        documents(client, step, missing, reason).fold(outcome, StepOutcome::change)
    };
    let what = format!("{}: {} incomplete", client.name, step.as_column().replace('_', "-"));
    if reminders >= REMINDERS_MAX {
        let text = format!("{what} after {reminders} reminders: call the client");
        return outcome.event(NewEvent::warn("onboarding_stuck", text));
    }
    outcome
        .unit(NewUnit::ready(
            reminder_unit(&client.entity, step, reminders + 1),
            "reminder",
            format!("reminder {} to {}", reminders + 1, client.name),
            json!({ "missing": missing, "reason": reason }),
        ))
        .event(NewEvent::info("task_incomplete", what))
}

/// Returns what an answer to the documents' step says of each of them.
fn documents(
    client: &Client,
    step: OnboardingStep,
    missing: &[String],
    reason: Option<&str>,
) -> impl Iterator<Item = OperationsChange> {
    let wanted = required_documents(&client.category);
    let wanted = if step == OnboardingStep::Documents { wanted } else { &[] };
    // Something is missing: that is all the answer says of the others. Nothing is: all are here.
    wanted.iter().filter_map(move |document| {
        let is_missing = missing.iter().any(|name| name == document.name);
        let state = match (is_missing, missing.is_empty()) {
            (true, _) => DocumentState::Rejected,
            (false, true) => DocumentState::Approved,
            (false, false) => return None,
        };
        Some(OperationsChange::Document(ClientDocument {
            entity: client.entity.clone(),
            document: document.name.to_owned(),
            state,
            content: None,
            reason: reason.filter(|_| is_missing).map(str::to_owned),
            file: None,
        }))
    })
}

/// Adds what a done step sets going: documents approve, access starts layer 6, go-live starts
/// layer 8's subscription.
pub(super) fn with_followers(
    outcome: StepOutcome,
    client: &Client,
    step: OnboardingStep,
    answer: &Answer,
    now: Moment,
) -> StepOutcome {
    let Answer::Done { intake, .. } = answer else { return outcome };
    match step {
        OnboardingStep::Documents => {
            let outcome = documents(client, step, &[], None).fold(outcome, StepOutcome::change);
            let Some(intake) = intake else { return outcome };
            outcome.change(OperationsChange::Document(ClientDocument {
                entity: client.entity.clone(),
                document: INTAKE_FORM.to_owned(),
                state: DocumentState::Approved,
                content: serde_json::to_value(intake).ok(),
                reason: None,
                file: None,
            }))
        }
        OnboardingStep::Account => outcome.unit(gbp_optimizer::audit_unit(client)),
        OnboardingStep::GoLive => outcome
            .change(OperationsChange::ClientLive { entity: client.entity.clone(), at: now })
            .unit(finance_tracker::subscription_unit(client))
            .event(NewEvent::info("client_live", format!("{} is live", client.name))),
        OnboardingStep::Contract => outcome.change(contract(client, ContractState::Signed, None)),
        OnboardingStep::Payment | OnboardingStep::Training => outcome,
    }
}

/// Returns the name of the unit that sends one reminder.
pub(super) fn reminder_unit(entity: &str, step: OnboardingStep, number: u32) -> UnitName {
    let version = format!("reminder/{}/{number}", step.as_column());
    UnitName::new(Layer::OnboardingFlow, entity, version)
}

/// The row of a step, not done.
fn row(client: &Client, step: OnboardingStep) -> OnboardingTask {
    OnboardingTask {
        entity: client.entity.clone(),
        task: step,
        due_at: onboarding::due_at(client, step),
        done_at: None,
        note: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::Change;
    use crate::domain::gbp::Intake;
    use crate::domain::onboarding::task_unit;
    use crate::domain::onboarding::tests::client;
    use crate::layers::onboarding_flow::first_units;

    const NOW: Moment = Moment(2 * DAY_MS);

    fn done(intake: Option<Intake>) -> Answer {
        Answer::Done { note: None, intake: intake.map(Box::new) }
    }

    fn finished(step: OnboardingStep, answer: &Answer) -> StepOutcome {
        let client = client("hvac", "en");
        let outcome = answered(&client, step, answer, 0, NOW);
        with_followers(outcome, &client, step, answer, NOW)
    }

    #[test]
    fn a_new_client_gets_its_units_at_once_and_each_task_waits_for_what_it_needs() {
        let units = first_units(&client("dental", "en"), Moment(0));
        let versions: Vec<_> = units.iter().map(|unit| unit.name.version.as_str()).collect();
        assert_eq!(
            versions,
            [
                "checklist",
                "workspace",
                "welcome",
                "task/documents",
                "task/contract",
                "task/account",
                "task/payment",
                "task/training",
                "task/go_live"
            ]
        );
        let blockers = |n: usize| -> Vec<&str> {
            units[n].blocked_on.iter().map(|name| name.version.as_str()).collect()
        };
        assert_eq!(blockers(3), ["checklist"]);
        assert_eq!(blockers(4), ["task/documents"]);
        assert_eq!((blockers(5), blockers(6)), (vec!["task/contract"], vec!["task/contract"]));
        assert_eq!(blockers(7), ["task/account", "task/payment"]);
        assert_eq!(blockers(8), ["task/training"]);
        assert!(units[3..].iter().all(|unit| unit.due_at.is_some()));
    }

    #[test]
    fn the_checklist_writes_six_tasks_and_every_document() {
        let outcome = checklist(&client("dental", "en"));
        assert_eq!(outcome.changes.len(), 6 + 8);
    }

    #[test]
    fn a_done_task_says_when_and_access_starts_the_work_on_the_profile() {
        let outcome = finished(OnboardingStep::Account, &done(None));
        assert_eq!(outcome.next, Next::Done);
        assert!(outcome.changes.iter().any(|change| matches!(
            change,
            Change::Operations(OperationsChange::Task(task)) if task.done_at == Some(NOW)
        )));
        assert_eq!(outcome.units[0].name.layer, Layer::GbpOptimizer);
        assert_eq!(outcome.units[0].kind, "audit");
    }

    #[test]
    fn go_live_makes_the_client_active_and_starts_its_subscription() {
        let outcome = finished(OnboardingStep::GoLive, &done(None));
        assert!(outcome.changes.iter().any(|change| matches!(
            change,
            Change::Operations(OperationsChange::ClientLive { at, .. }) if *at == NOW
        )));
        assert_eq!(outcome.units[0].name.layer, Layer::FinanceTracker);
    }

    #[test]
    fn the_intake_form_is_kept_with_its_document() {
        let intake = Intake { photos: Some(12), ..Intake::default() };
        let outcome = finished(OnboardingStep::Documents, &done(Some(intake)));
        let content = outcome.changes.iter().find_map(|change| {
            let Change::Operations(OperationsChange::Document(document)) = change else {
                return None;
            };
            document.content.clone()
        });
        assert_eq!(content.unwrap()["photos"], 12);
    }

    #[test]
    fn what_is_missing_is_asked_for_again_and_the_task_stays_open() {
        let client = client("hvac", "en");
        let answer = Answer::Incomplete {
            missing: vec!["logo".to_owned()],
            note: None,
            reason: Some("too small".to_owned()),
        };
        let outcome = answered(&client, OnboardingStep::Documents, &answer, 1, NOW);
        assert!(matches!(outcome.next, Next::Waiting { .. }));
        assert_eq!(outcome.units[0].name.version, "reminder/documents/2");
        let rejected = outcome.changes.iter().filter(|change| {
            matches!(
                change,
                Change::Operations(OperationsChange::Document(document))
                    if document.state == DocumentState::Rejected
                        && document.reason.as_deref() == Some("too small")
            )
        });
        assert_eq!(rejected.count(), 1);
        let stuck = answered(&client, OnboardingStep::Documents, &answer, REMINDERS_MAX, NOW);
        assert!(stuck.units.is_empty());
        assert_eq!(stuck.events[0].kind, "onboarding_stuck");
    }

    #[test]
    fn a_late_task_is_done_and_said_to_be_late() {
        let client = client("hvac", "en");
        let late = Moment(9 * DAY_MS);
        let outcome = answered(&client, OnboardingStep::Account, &done(None), 0, late);
        assert_eq!(outcome.events[0].kind, "task_done_late");
        assert!(task_unit(&client.entity, OnboardingStep::Account).version.ends_with("account"));
    }

    #[test]
    fn reminders_are_planned_with_the_task_in_office_hours_and_stopped_when_it_is_done() {
        let client = client("hvac", "en");
        // A Friday, so that the day before the due day is a Sunday.
        let now = Moment(DAY_MS);
        let waiting = handed_over(&client, OnboardingStep::Documents);
        let outcome = remind::planned(waiting, &client, OnboardingStep::Documents, now);
        let versions: Vec<_> =
            outcome.units.iter().map(|unit| unit.name.version.as_str()).collect();
        let wanted =
            ["nudge/documents/1", "nudge/documents/2", "nudge/documents/3", "call/documents"];
        assert_eq!(versions, wanted);
        let zone = jiff::tz::TimeZone::get(&client.zone).unwrap();
        for unit in &outcome.units {
            let at = unit.run_at.unwrap();
            assert!(at > now && onboarding::REMINDER_HOURS.is_open(at, &zone), "{at}");
        }
        let done = finished(OnboardingStep::Documents, &done(None));
        let stopped: Vec<_> = done.stops.iter().map(|(name, _)| name.version.as_str()).collect();
        assert_eq!(stopped, wanted);
    }

    #[test]
    fn what_is_missing_is_asked_for_again_in_office_hours_too() {
        let client = client("hvac", "en");
        let saturday: Moment = "2026-01-10T15:00:00Z".parse().unwrap();
        let Some(later) = remind::in_office_hours(&client, saturday) else { panic!("it waits") };
        let Next::Scheduled { at, why } = later.next else { panic!("it is planned") };
        assert_eq!(at, "2026-01-12T14:00:00Z".parse().unwrap(), "Monday, 9:00 in New York");
        assert!(why.contains("America/New_York"), "{why}");
        assert!(remind::in_office_hours(&client, at).is_none());
    }

    #[test]
    fn nobody_is_reminded_in_the_hour_in_which_he_is_asked_late() {
        let client = client("hvac", "en");
        let late = Moment(30 * DAY_MS);
        let waiting = handed_over(&client, OnboardingStep::Account);
        let outcome = remind::planned(waiting, &client, OnboardingStep::Account, late);
        assert!(outcome.units.iter().all(|unit| unit.run_at.unwrap() >= late.plus_ms(DAY_MS)));
    }

    #[test]
    fn a_client_with_something_missing_is_looked_at_again_tomorrow() {
        let missing = ["logo is not approved".to_owned()];
        let outcome = not_live_yet(&client("hvac", "en"), &missing, NOW);
        let Next::Scheduled { at, why } = outcome.next else { panic!("it waits") };
        assert_eq!(at, NOW.plus_ms(DAY_MS));
        assert!(why.contains("logo"));
    }

    #[test]
    fn a_contract_that_is_sent_waits_and_one_that_is_declined_ends_everything() {
        let (client, step) = (client("hvac", "en"), OnboardingStep::Contract);
        let states = |outcome: &StepOutcome| -> Vec<ContractState> {
            let changes = outcome.changes.iter();
            changes
                .filter_map(|change| {
                    let Change::Operations(OperationsChange::Contract(row)) = change else {
                        return None;
                    };
                    Some(row.state)
                })
                .collect()
        };
        let sent = answered(&client, step, &Answer::Sent { note: None }, 0, NOW);
        assert!(matches!(sent.next, Next::Waiting { .. }));
        assert_eq!(states(&sent), [ContractState::Sent]);
        assert!(sent.stops.is_empty(), "reminders go on");
        let signed = finished(step, &done(None));
        assert_eq!((&signed.next, states(&signed)), (&Next::Done, vec![ContractState::Signed]));
        let answer = Answer::Declined { reason: Some("too dear".to_owned()) };
        let ended = answered(&client, step, &answer, 0, NOW);
        assert_eq!(ended.next, Next::Skipped("the contract is declined: too dear".to_owned()));
        assert_eq!(states(&ended), [ContractState::Declined]);
        assert!(ended.changes.iter().any(|change| matches!(
            change,
            Change::Operations(OperationsChange::ClientLeft { at, why, .. })
                if *at == NOW && why.contains("too dear")
        )));
        assert_eq!(ended.events[0].kind, "client_left");
        assert!(ended.units.is_empty());
    }

    #[test]
    fn waiting_says_for_whom() {
        let outcome = handed_over(&client("hvac", "en"), OnboardingStep::Contract);
        let why = "Bright Smiles: the client's signature".to_owned();
        assert_eq!(outcome.next, Next::Waiting { why });
    }
}
