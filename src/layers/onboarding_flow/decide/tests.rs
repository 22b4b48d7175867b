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
    let versions: Vec<_> = outcome.units.iter().map(|unit| unit.name.version.as_str()).collect();
    let wanted = ["nudge/documents/1", "nudge/documents/2", "nudge/documents/3", "call/documents"];
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
fn who_declines_is_asked_for_nothing_more_and_money_that_came_in_is_a_person_s_matter() {
    let client = client("hvac", "en");
    let pricing = crate::config::embedded(std::path::Path::new("/nowhere")).unwrap().pricing;
    let treatment = crate::domain::pricing::Treatment::Rate(0);
    let open = finance_tracker::planned_setup(&client, &pricing, treatment);
    let withdraws = |invoice: Option<&Invoice>| {
        let outcome = withdrawn(StepOutcome::done(), invoice);
        let does = outcome.changes.iter().any(|change| {
            matches!(change, Change::Finance(FinanceChange::Withdraw { period, .. })
                if period == "setup")
        });
        (does, outcome.events.first().map(|event| event.kind.clone()))
    };
    assert_eq!(withdraws(Some(&open)), (true, Some("invoice_withdrawn".into())));
    let part = Invoice { paid_minor: 5, ..open.clone() };
    assert_eq!(withdraws(Some(&part)), (false, Some("declined_after_paying".into())));
    let void = Invoice { state: InvoiceState::Void, ..open };
    assert_eq!(withdraws(Some(&void)), (false, None));
    assert_eq!(withdraws(None), (false, None));
}

#[test]
fn waiting_says_for_whom() {
    let outcome = handed_over(&client("hvac", "en"), OnboardingStep::Contract);
    let why = "Bright Smiles: the client's signature".to_owned();
    assert_eq!(outcome.next, Next::Waiting { why });
}
