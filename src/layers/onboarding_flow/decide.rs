//! Decides what follows from each unit of onboarding: values in, values out.

use serde_json::json;

use super::{REMINDERS_MAX, remind};
use crate::domain::effect::Receipt;
use crate::domain::event::NewEvent;
use crate::domain::finance::{FinanceChange, Invoice, InvoiceState};
use crate::domain::layer::Layer;
use crate::domain::money::Money;
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

/// Withdraws the set-up invoice of a client that declined; money that came in for it is not decided
/// over here.
pub(super) fn withdrawn(outcome: StepOutcome, invoice: Option<&Invoice>) -> StepOutcome {
    let Some(invoice) = invoice.filter(|invoice| invoice.state != InvoiceState::Void) else {
        return outcome;
    };
    let (entity, period) = (invoice.entity.clone(), invoice.period.clone());
    if invoice.paid_minor > invoice.refunded_minor {
        let paid = Money::new(invoice.paid_minor - invoice.refunded_minor, invoice.total.currency);
        let text = format!(
            "{entity} declined and has paid {paid} on invoice {}: give it back at the provider, a credit \
             note follows",
            invoice.name()
        );
        return outcome.event(NewEvent::warn("declined_after_paying", text));
    }
    let text = format!("invoice {} of {entity} is withdrawn", invoice.name());
    outcome
        .change(FinanceChange::Withdraw { entity, period })
        .event(NewEvent::warn("invoice_withdrawn", text))
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
    let outcome = match step {
        OnboardingStep::Documents => {
            let outcome = documents(client, step, &[], None).fold(outcome, StepOutcome::change);
            match intake {
                None => outcome,
                Some(intake) => outcome.change(OperationsChange::Document(ClientDocument {
                    entity: client.entity.clone(),
                    document: INTAKE_FORM.to_owned(),
                    state: DocumentState::Approved,
                    content: serde_json::to_value(intake).ok(),
                    reason: None,
                    file: None,
                })),
            }
        }
        OnboardingStep::Account => outcome.unit(gbp_optimizer::audit_unit(client)),
        OnboardingStep::GoLive => outcome
            .change(OperationsChange::ClientLive { entity: client.entity.clone(), at: now })
            .unit(finance_tracker::subscription_unit(client))
            .event(NewEvent::info("client_live", format!("{} is live", client.name))),
        OnboardingStep::Contract => outcome.change(contract(client, ContractState::Signed, None)),
        OnboardingStep::Payment | OnboardingStep::Training => outcome,
    };
    outcome.unit(super::progress_unit(client, step))
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
mod tests;
