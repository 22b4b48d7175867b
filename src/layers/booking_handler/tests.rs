//! Tests of the decisions of layer 4, with the rows they rest on.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one of many changes")]

mod order;

use std::sync::LazyLock;

use serde_json::json;

use super::meeting::{Answer, HowItWent, Noted, not_held, read_answer};
use super::*;
use crate::config::{Settings, embedded};
use crate::domain::booking::Invitee;
use crate::domain::calendly::{CalendlyDelivery, CalendlyEvent};
use crate::domain::change::Change;
use crate::domain::effect::InviteMethod;
use crate::domain::mode::Mode;
use crate::domain::operations::{Client, ClientState, OperationsChange, Plan};
use crate::domain::outcome::Next;
use crate::domain::sales::{Canceler, Conclusion, MeetingOutcome, Prospect, SalesChange, Stage};
use crate::domain::time::HOUR_MS;
use crate::layers::outreach_engine::Pending;

const NOW: Moment = Moment(1_767_603_600_000);

fn delivery(event: CalendlyEvent, uri: &str, hour: i64) -> CalendlyDelivery {
    CalendlyDelivery {
        event,
        created_at: NOW,
        uri: uri.to_owned(),
        email: "ann@dental.example".to_owned(),
        name: "Ann".to_owned(),
        zone: "Europe/London".to_owned(),
        starts_at: NOW.plus_ms(hour * HOUR_MS),
        ends_at: NOW.plus_ms(hour * HOUR_MS + HOUR_MS / 2),
        rescheduled: false,
        old_invitee: None,
        new_invitee: None,
        campaign: Some("osm:node/1".to_owned()),
        canceled_by: None,
        reason: None,
    }
}

/// Read once: a property asks for them thousands of times.
static SETTINGS: LazyLock<Settings> =
    LazyLock::new(|| embedded(std::path::Path::new("/nowhere")).unwrap());

fn settings() -> &'static Settings {
    &SETTINGS
}

/// Booked for hour 30, moved to hour 50, cancelled.
fn story() -> Vec<CalendlyDelivery> {
    let mut given_up = delivery(CalendlyEvent::Canceled, "I1", 30);
    given_up.rescheduled = true;
    given_up.new_invitee = Some("I2".to_owned());
    let mut moved = delivery(CalendlyEvent::Created, "I2", 50);
    moved.old_invitee = Some("I1".to_owned());
    let mut cancelled = delivery(CalendlyEvent::Canceled, "I2", 50);
    cancelled.old_invitee = Some("I1".to_owned());
    vec![delivery(CalendlyEvent::Created, "I1", 30), given_up, moved, cancelled]
}

fn prospect() -> Prospect {
    Prospect {
        entity: "osm:node/1".to_owned(),
        name: "A Dental".to_owned(),
        category: "dental".to_owned(),
        address: None,
        city: None,
        postcode: None,
        country: None,
        zone: "Europe/London".to_owned(),
        language: "en".to_owned(),
        lat: None,
        lon: None,
        phone: Some("+441632960001".to_owned()),
        email: Some("ann@dental.example".to_owned()),
        website: None,
        linkedin: None,
        source: "csv".to_owned(),
        attribution: String::new(),
        stage: Stage::Contacted,
        reason: None,
        score: None,
        coverage: None,
        tier: None,
    }
}

fn meeting() -> Meeting {
    let facts = Invitee::from_delivery(&story()[0], Some("osm:node/1".to_owned()));
    crate::domain::booking::meeting(&[facts], None).unwrap()
}

fn settle(chain: &[Invitee], before: Option<&Meeting>) -> StepOutcome {
    settle_for(Some(prospect()), chain, before)
}

fn settle_for(
    prospect: Option<Prospect>,
    chain: &[Invitee],
    before: Option<&Meeting>,
) -> StepOutcome {
    let open = prospect.as_ref().map(|prospect| Pending::of_a_test(&prospect.entity));
    let (chain, before) = (chain.to_vec(), before.cloned());
    let known = settle::Known { chain, before, strays: Vec::new(), prospect };
    settle::decide(&known, open, settings(), NOW)
}

fn versions(outcome: &StepOutcome) -> Vec<&str> {
    outcome.units.iter().map(|unit| unit.name.version.as_str()).collect()
}

fn stage_follows(outcome: &StepOutcome) -> bool {
    outcome
        .changes
        .iter()
        .any(|change| matches!(change, Change::Sales(SalesChange::StageByMeetings { .. })))
}

fn stages(outcome: &StepOutcome) -> Vec<Stage> {
    outcome
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::Sales(SalesChange::ProspectStage { stage, .. }) => Some(*stage),
            _ => None,
        })
        .collect()
}

#[test]
fn a_booking_plans_its_invite_and_its_meeting_and_ends_the_outreach() {
    let facts = Invitee::from_delivery(&story()[0], Some("osm:node/1".to_owned()));
    let outcome = settle(&[facts], None);
    assert_eq!(versions(&outcome), ["invite/0", "meeting/2026-01-06T15:00:00Z"]);
    assert_eq!(outcome.units[1].run_at, Some(NOW.plus_ms(30 * HOUR_MS + HOUR_MS / 2)));
    assert_eq!(outcome.stops.len(), 1, "the planned message is stopped");
    assert_eq!(stages(&outcome), [Stage::Booked]);
    assert!(outcome.changes.iter().any(|change| matches!(
        change,
        Change::Sales(SalesChange::Concluded { conclusion: Conclusion::Booked, .. })
    )));
}

#[test]
fn a_moved_call_stops_the_old_meeting_and_tells_the_calendar_with_the_next_sequence() {
    let chain: Vec<Invitee> = story()[..3]
        .iter()
        .map(|delivery| Invitee::from_delivery(delivery, Some("osm:node/1".to_owned())))
        .fold(Vec::new(), |mut chain: Vec<Invitee>, facts| {
            match chain.iter().position(|known| known.uri == facts.uri) {
                Some(at) => chain[at] = chain[at].clone().merged(facts),
                None => chain.push(facts),
            }
            chain
        });
    let outcome = settle(&chain, Some(&meeting()));
    assert_eq!(versions(&outcome), ["invite/1", "meeting/2026-01-07T11:00:00Z"]);
    let stopped: Vec<&str> = outcome.stops.iter().map(|(name, _)| name.version.as_str()).collect();
    assert!(stopped.contains(&"meeting/2026-01-06T15:00:00Z"), "{stopped:?}");
}

#[test]
fn a_cancelled_call_sends_a_cancellation_and_loses_the_prospect() {
    let mut gone = Invitee::from_delivery(&story()[0], Some("osm:node/1".to_owned()));
    gone.canceled = true;
    let outcome = settle(&[gone.clone()], Some(&meeting()));
    assert_eq!(versions(&outcome), ["invite/1"]);
    assert!(stage_follows(&outcome));
    // Nobody was told of it yet, so nobody is told that it is off.
    assert!(versions(&settle(&[gone], None)).is_empty());
}

#[test]
fn half_a_reschedule_waits_for_the_other_half() {
    let facts = Invitee::from_delivery(&story()[1], None);
    let outcome = settle(&[facts], None);
    assert!(matches!(outcome.next, Next::Skipped(_)));
    assert!(outcome.changes.is_empty());
}

#[test]
fn a_booking_of_a_stranger_is_kept_and_shown() {
    let stranger = CalendlyDelivery { campaign: None, ..story()[0].clone() };
    let unit = unit("delivery", json!({}));
    let outcome = delivery::decide(stranger.clone(), None, &unit, settings(), NOW);
    assert_eq!(outcome.events[0].kind, "booking_of_a_stranger");
    let settled = settle_for(None, &[Invitee::from_delivery(&stranger, None)], None);
    assert_eq!(versions(&settled).len(), 2);
    assert!(stages(&settled).is_empty() && !stage_follows(&settled));
}

#[test]
fn a_time_zone_that_nobody_knows_is_said_and_the_prospect_s_own_is_used() {
    let odd = CalendlyDelivery { zone: "Mars/\u{1b}[31mOlympus".to_owned(), ..story()[0].clone() };
    let unit = unit("delivery", json!({}));
    let outcome = delivery::decide(odd.clone(), Some(&prospect()), &unit, settings(), NOW);
    assert_eq!(outcome.events[0].kind, "unknown_zone");
    assert!(!outcome.events[0].text.contains('\u{1b}'));
    let zone = |outcome: &StepOutcome| match &outcome.changes[0] {
        Change::Sales(SalesChange::Invitee(invitee)) => invitee.zone.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(zone(&outcome), "Europe/London");
    assert_eq!(zone(&delivery::decide(odd, None, &unit, settings(), NOW)), "UTC");
}

#[test]
fn a_no_show_noted_in_calendly_answers_the_waiting_question_and_offers_a_new_time() {
    let mut missed = Invitee::from_delivery(&story()[0], Some("osm:node/1".to_owned()));
    missed.no_show_at = Some(NOW);
    let outcome = settle(&[missed], Some(&meeting()));
    let (name, answer) = &outcome.answers[0];
    assert_eq!(name.version, "meeting/2026-01-06T15:00:00Z");
    assert_eq!(read_answer(answer).unwrap(), Answer::Noted(HowItWent::NoShow));
    assert_eq!(versions(&outcome), ["new_time/2026-01-06T15:00:00Z"]);
    assert!(stage_follows(&outcome));
}

#[test]
fn a_no_show_that_is_taken_back_asks_again_how_the_call_went() {
    let mut back = Invitee::from_delivery(&story()[0], Some("osm:node/1".to_owned()));
    (back.no_show_at, back.no_show_withdrawn_at) = (Some(NOW), Some(NOW.plus_ms(HOUR_MS)));
    let missed = Meeting { state: MeetingState::NoShow, ..meeting() };
    let outcome = settle(&[back], Some(&missed));
    assert_eq!(versions(&outcome), ["meeting/2026-01-06T15:00:00Z/2026-01-05T10:00:00Z"]);
    assert!(outcome.changes.iter().any(|change| matches!(
        change,
        Change::Sales(SalesChange::Meeting(row)) if row.state == MeetingState::Booked
    )));
}

#[test]
fn when_we_cancel_a_new_time_is_offered_and_when_they_do_none_is() {
    let cancelled_by = |who| {
        let mut gone = Invitee::from_delivery(&story()[0], Some("osm:node/1".to_owned()));
        (gone.canceled, gone.canceled_by) = (true, Some(who));
        settle(&[gone], Some(&meeting()))
    };
    let ours = cancelled_by(Canceler::Host);
    assert_eq!(versions(&ours), ["invite/1", "new_time/2026-01-06T15:00:00Z"]);
    assert_eq!(versions(&cancelled_by(Canceler::Invitee)), ["invite/1"]);
}

fn unit(kind: &str, payload: serde_json::Value) -> Unit {
    Unit {
        id: crate::domain::ids::UnitId(1),
        mode: Mode::Dry,
        name: UnitName::new(Layer::BookingHandler, "d1", kind),
        kind: kind.to_owned(),
        label: String::new(),
        payload,
        answer: None,
        state: crate::domain::lifecycle::unit::UnitState::Leased,
        epoch: crate::domain::ids::Epoch(1),
        tries: 0,
        due_at: None,
        first_failed_at: None,
        run_id: None,
    }
}

fn invite_order(state: MeetingState, sequence: i64) -> InvitePayload {
    let meeting = Meeting { sequence, state, ..meeting() };
    serde_json::from_value(invite_unit(&meeting, Some(&prospect()), NOW).payload).unwrap()
}

#[test]
fn an_invite_keeps_its_uid_and_is_the_same_whenever_it_is_made() {
    let settings = settings();
    let make =
        |state, sequence| invite::invite(&invite_order(state, sequence), "I1", settings, Mode::Dry);
    let (first, moved) = (make(MeetingState::Booked, 0), make(MeetingState::Booked, 1));
    let cancelled = make(MeetingState::Cancelled, 2);
    assert_eq!(first, make(MeetingState::Booked, 0));
    assert_eq!((&first.uid, &first.uid), (&moved.uid, &cancelled.uid));
    assert_eq!((first.method, cancelled.method), (InviteMethod::Request, InviteMethod::Cancel));
    assert_eq!((first.stamped_at, first.organizer.as_str()), (NOW, first.mail.from.as_str()));
    let local = "Tue 2026-01-06 15:00 GMT (UTC+00:00, Europe/London)";
    assert!(first.mail.text.contains(local), "{}", first.mail.text);
}

#[test]
fn an_invite_that_a_later_one_replaces_is_not_sent() {
    let order = invite_order(MeetingState::Booked, 0);
    let moved = Meeting { sequence: 1, ..meeting() };
    assert!(invite::superseded(&order, Some(&moved)).is_some());
    assert!(invite::superseded(&order, Some(&meeting())).is_none());
}

#[test]
fn a_call_that_was_moved_or_cancelled_is_nothing_to_ask_about() {
    let order = MeetingPayload { starts_at: meeting().starts_at, ends_at: meeting().ends_at };
    assert_eq!(not_held(&order, &meeting()), None);
    let moved = Meeting { starts_at: NOW, ..meeting() };
    assert!(not_held(&order, &moved).is_some());
    let off = Meeting { state: MeetingState::Cancelled, ..meeting() };
    assert!(not_held(&order, &off).is_some());
}

fn note(client: Option<Client>, how: HowItWent) -> Noted {
    let known =
        meeting::Known { meeting: meeting(), prospect: Some(prospect()), client, given_up: false };
    meeting::decide(&known, how, settings(), NOW)
}

#[test]
fn a_client_that_says_yes_again_is_not_onboarded_twice() {
    let client = note(None, HowItWent::Won(Plan::Starter)).client;
    let again = note(client, HowItWent::Won(Plan::Enterprise));
    assert!(again.client.is_none());
    assert_eq!(again.outcome.events[0].kind, "client_known");
    assert!(again.with_first_work(NOW).units.is_empty());
}

#[test]
fn a_won_call_makes_a_client_and_plans_the_work_that_follows() {
    let noted = note(None, HowItWent::Won(Plan::Starter));
    let client = noted.client.as_ref().unwrap();
    assert_eq!((client.state, client.plan), (ClientState::Onboarding, Plan::Starter));
    assert!(stage_follows(&noted.outcome));
    let kept = noted.outcome.changes.iter().any(|change| {
        matches!(change, Change::Operations(OperationsChange::Client(row)) if **row == *client)
    });
    assert!(kept);
    let outcome = noted.with_first_work(NOW);
    for layer in [Layer::OnboardingFlow, Layer::FinanceTracker] {
        assert!(outcome.units.iter().any(|unit| unit.name.layer == layer), "{layer}");
    }
}

#[test]
fn other_outcomes_make_no_client_and_say_when_they_were_noted() {
    for (how, state, outcome) in [
        (HowItWent::Lost, MeetingState::Held, Some(MeetingOutcome::Lost)),
        (HowItWent::NoShow, MeetingState::NoShow, None),
        (HowItWent::Undecided, MeetingState::Held, Some(MeetingOutcome::Undecided)),
    ] {
        let noted = note(None, how);
        assert!(noted.client.is_none());
        assert!(stage_follows(&noted.outcome));
        assert!(noted.outcome.changes.iter().any(|change| matches!(
            change,
            Change::Sales(SalesChange::Meeting(row))
                if row.state == state && row.outcome == outcome && row.noted_at == Some(NOW)
        )));
    }
}

#[test]
fn an_answer_that_says_nothing_usable_is_an_error_with_a_next_step() {
    for answer in [json!({}), json!({ "result": "perhaps" })] {
        let error = read_answer(&answer).unwrap_err();
        assert!(error.hint.unwrap().contains("won and a plan"), "{answer}");
    }
    let won = json!({ "result": "done", "data": { "outcome": "won", "plan": "enterprise" } });
    assert_eq!(read_answer(&won).unwrap(), Answer::Noted(HowItWent::Won(Plan::Enterprise)));
}

#[test]
fn a_won_call_without_a_plan_or_with_one_that_nobody_sells_is_a_question() {
    for answer in [
        json!({ "result": "won" }),
        json!({ "result": "won", "data": { "plan": "gold" } }),
        json!({ "result": "won", "data": { "plan": null } }),
    ] {
        assert_eq!(read_answer(&answer).unwrap(), Answer::WonWithoutPlan, "{answer}");
    }
}
