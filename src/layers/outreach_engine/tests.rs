//! Tests of the decisions of layer 3.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one of many changes")]

use serde_json::json;

use super::conclude::decide as conclude;
use super::mailbox::REPLIED;
use super::message::{Answer, Decision, Facts, answered, decide, follow, sent};
use super::*;
use crate::config::embedded;
use crate::domain::change::Change;
use crate::domain::effect::{Effect, Mail};
use crate::domain::outcome::Next;
use crate::domain::sales::Pitch;
use crate::domain::time::{DAY_MS, HOUR_MS};

mod mail;

const NOW: Moment = Moment(1_767_603_600_000);
const ENTITY: &str = "osm:node/1";

fn settings() -> Settings {
    embedded(std::path::Path::new("/nowhere")).unwrap()
}

fn rules() -> SequenceRules {
    settings().outreach.rules(Mode::Dry)
}

fn prospect() -> Prospect {
    Prospect {
        entity: ENTITY.to_owned(),
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
        stage: Stage::Pitched,
        reason: None,
        score: None,
        coverage: None,
        tier: None,
    }
}

fn row(step: u32, channel: Channel) -> Message {
    Message {
        entity: ENTITY.to_owned(),
        campaign: "intro".to_owned(),
        step,
        channel,
        planned_at: NOW,
        sent_at: None,
        state: MessageState::Planned,
        reason: None,
        effect_key: None,
    }
}

fn facts(step: u32, channel: Channel) -> Facts {
    let address = match channel {
        Channel::Email => "Ann@dental.example",
        Channel::Linkedin | Channel::Sms | Channel::Phone => "+441632960001",
    };
    Facts {
        order: MessagePayload {
            campaign: "intro".to_owned(),
            step,
            channel,
            address: address.to_owned(),
            again: 0,
        },
        row: row(step, channel),
        prospect: prospect(),
        pitch: Pitch {
            entity: ENTITY.to_owned(),
            campaign: "intro".to_owned(),
            variant: "direct".to_owned(),
            propensity: 0.3,
            writer: "template".to_owned(),
            subject: "The map".to_owned(),
            email: "Hello.".to_owned(),
            linkedin: "Hi.".to_owned(),
            phone: "Good day.".to_owned(),
            sms: "Hi.".to_owned(),
            claims: json!([]),
            by_hand: crate::domain::sales::ByHand::default(),
        },
        concluded: None,
        campaign_stopped: None,
        paused: None,
        unread_mail: false,
        now: NOW,
        sender: sender(&settings(), Mode::Dry),
        rules: rules(),
        moved: false,
    }
}

#[test]
fn a_planned_message_follows_an_address_that_changed_and_stays_where_none_is_known() {
    let mut order = facts(1, Channel::Email).order;
    let with = |email: Option<&str>| Prospect { email: email.map(str::to_owned), ..prospect() };
    assert!(!follow(&mut order, &with(Some("ann@DENTAL.example"))), "the same address");
    assert!(!follow(&mut order, &with(None)));
    assert_eq!(order.address, "Ann@dental.example");
    assert!(follow(&mut order, &with(Some(" desk@dental.example "))));
    assert_eq!(order.address, "desk@dental.example");
}

fn mail_of(facts: &Facts) -> Mail {
    match decide(facts, None).unwrap() {
        Decision::Send(request) => match request.effect {
            Effect::Mail(mail) => mail,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn open() -> Pending {
    Pending::of_a_test(ENTITY)
}

fn conclusions(outcome: &StepOutcome) -> Vec<Conclusion> {
    outcome
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::Sales(SalesChange::Concluded { conclusion, .. }) => Some(*conclusion),
            _ => None,
        })
        .collect()
}

fn suppressions(outcome: &StepOutcome) -> Vec<&str> {
    outcome
        .changes
        .iter()
        .filter_map(|change| match change {
            Change::Sales(SalesChange::Suppress(row)) => Some(row.address.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_mail_carries_the_way_out_the_address_and_the_booking_link() {
    let mail = mail_of(&facts(1, Channel::Email));
    let link = mail.unsubscribe_url.as_deref().unwrap();
    assert!(link.starts_with("https://"));
    assert!(mail.text.starts_with("Hello.\n"));
    assert!(mail.text.contains(link) && mail.text.contains("advertising"), "{}", mail.text);
    assert!(mail.text.contains(&settings().agency.postal_address));
    assert!(mail.booking_url.unwrap().contains("utm_campaign=osm"));
}

#[test]
fn the_same_message_is_the_same_effect_on_every_try() {
    for channel in [Channel::Email, Channel::Linkedin, Channel::Phone] {
        let effect = || match decide(&facts(1, channel), None).unwrap() {
            Decision::Send(request) | Decision::Assign(request) => *request,
            other => panic!("{other:?}"),
        };
        assert_eq!(effect(), effect());
        assert_eq!(effect().version, "intro/1");
    }
}

#[test]
fn nothing_is_sent_as_nobody() {
    for (spoil, setting) in [
        ((|s| s.from.clear()) as fn(&mut Sender), "agency.from_email"),
        (|s| s.postal_address.clear(), "agency.postal_address"),
        (|s| s.unsubscribe_url.clear(), "agency.unsubscribe_base_url"),
    ] {
        let mut facts = facts(1, Channel::Email);
        spoil(&mut facts.sender);
        let error = decide(&facts, None).unwrap_err();
        assert_eq!(error.code, "sender_incomplete");
        assert!(error.hint.unwrap().contains(setting));
    }
}

#[test]
fn a_sequence_that_has_ended_sends_no_more() {
    let concluded = Facts { concluded: Some(Conclusion::Booked), ..facts(2, Channel::Phone) };
    assert!(matches!(decide(&concluded, None).unwrap(), Decision::Skip(_)));
    let mut stopped = facts(2, Channel::Phone);
    stopped.row.state = MessageState::Stopped;
    assert!(matches!(decide(&stopped, None).unwrap(), Decision::Skip(_)));
    let blocked = Facts { campaign_stopped: Some("5.7.1".to_owned()), ..facts(1, Channel::Email) };
    assert!(
        matches!(decide(&blocked, None).unwrap(), Decision::Hold(why) if why.contains("5.7.1"))
    );
}

#[test]
fn a_sent_step_plans_the_next_one_at_its_distance_and_the_last_one_none() {
    let outcome = sent(&facts(1, Channel::Email), None, NOW);
    let next = &outcome.units[0];
    assert_eq!(next.name, message_name(ENTITY, "intro", 2, 0));
    assert_eq!(next.run_at, Some(NOW.plus_ms(72 * HOUR_MS)));
    assert_eq!(
        next.slot.as_ref().map(|slot| slot.quotas.clone()),
        Some(rules().quotas(Channel::Phone, "+441632960001"))
    );
    assert!(sent(&facts(2, Channel::Phone), None, NOW).units.is_empty());
}

#[test]
fn a_sequence_begins_with_one_step_and_the_unit_that_concludes_it() {
    let outcome = begin(StepOutcome::done(), &prospect(), "intro", &rules(), NOW);
    let versions: Vec<&str> = outcome.units.iter().map(|unit| unit.name.version.as_str()).collect();
    assert_eq!(versions, ["message/intro/1", "conclude/intro"]);
    let concluded_at = outcome.units[1].run_at.unwrap();
    assert_eq!(concluded_at, NOW.plus_ms(72 * HOUR_MS + 7 * DAY_MS));
}

#[test]
fn what_a_caller_was_told_is_obeyed() {
    let call = facts(1, Channel::Phone);
    let done = answered(&call, &Answer::Done, open(), NOW);
    assert!(conclusions(&done).is_empty());
    let declined = answered(&call, &Answer::Declined, open(), NOW);
    assert_eq!(conclusions(&declined), [Conclusion::Declined]);
    let out = answered(&call, &Answer::OptedOut, open(), NOW);
    assert_eq!(conclusions(&out), [Conclusion::OptedOut]);
    assert_eq!(suppressions(&out), ["ann@dental.example", "+441632960001"]);
    for ended in [declined, out] {
        assert!(ended.units.is_empty(), "no further step is planned");
        assert_eq!(ended.stops.len(), 1, "the planned one is stopped");
    }
}

#[test]
fn a_person_who_could_not_do_it_says_so_and_the_sequence_goes_on() {
    let answer = json!({ "unit": {}, "result": "failed", "note": "no such profile" });
    let Decision::Answered(answer) = decide(&facts(1, Channel::Linkedin), Some(&answer)).unwrap()
    else {
        panic!("an answer is read")
    };
    assert_eq!(answer, Answer::Failed("no such profile".to_owned()));
    let outcome = answered(&facts(1, Channel::Email), &answer, open(), NOW);
    assert_eq!(outcome.units.len(), 1);
    assert!(outcome.changes.iter().any(|change| matches!(
        change,
        Change::Sales(SalesChange::Message(row)) if row.state == MessageState::Failed
    )));
}

#[test]
fn a_person_may_write_an_outcome_as_the_task_spells_it() {
    for (typed, wanted) in [
        ("opted out", Answer::OptedOut),
        ("Declined", Answer::Declined),
        ("no answer", Answer::Failed("nobody answered".to_owned())),
        ("done", Answer::Done),
    ] {
        let answer = json!({ "result": typed });
        let read = decide(&facts(1, Channel::Phone), Some(&answer)).unwrap();
        assert!(matches!(read, Decision::Answered(answer) if answer == wanted), "{typed}");
    }
}

fn message(
    state: MessageState,
    sent_at: Option<Moment>,
    work: Option<(UnitState, Option<Moment>)>,
) -> TrackedMessage {
    let work = work.map(|(state, run_at)| MessageWork { version: String::new(), state, run_at });
    TrackedMessage { row: Message { sent_at, state, ..row(1, Channel::Email) }, work }
}

fn concluded(messages: &[TrackedMessage], now: Moment) -> StepOutcome {
    conclude(ENTITY, None, None, messages, &rules(), now)
}

#[test]
fn silence_is_an_answer_after_seven_days_and_not_before() {
    let sent = message(MessageState::Sent, Some(NOW), Some((UnitState::Done, None)));
    let early = concluded(std::slice::from_ref(&sent), NOW.plus_ms(DAY_MS));
    assert!(matches!(early.next, Next::Scheduled { at, .. } if at == NOW.plus_ms(7 * DAY_MS)));
    let late = concluded(&[sent], NOW.plus_ms(7 * DAY_MS));
    assert_eq!(conclusions(&late), [Conclusion::Expired]);
}

#[test]
fn whoever_is_away_has_the_days_of_silence_after_the_return() {
    let sent = message(MessageState::Sent, Some(NOW), Some((UnitState::Done, None)));
    let back = NOW.plus_ms(20 * DAY_MS);
    let at = NOW.plus_ms(10 * DAY_MS);
    let outcome = conclude(ENTITY, None, Some(back), &[sent], &rules(), at);
    assert!(matches!(outcome.next, Next::Scheduled { at, .. } if at == back.plus_ms(7 * DAY_MS)));
}

#[test]
fn who_replied_is_not_said_to_have_been_silent() {
    let sent = message(MessageState::Sent, Some(NOW), Some((UnitState::Done, None)));
    let mut stopped = message(MessageState::Stopped, None, Some((UnitState::Skipped, None)));
    stopped.row.reason = Some(REPLIED.to_owned());
    let outcome = concluded(&[sent, stopped], NOW.plus_ms(7 * DAY_MS));
    assert!(outcome.events[0].text.contains("they replied"), "{:?}", outcome.events);
}

#[test]
fn a_step_that_is_still_planned_puts_the_conclusion_off() {
    let sent = message(MessageState::Sent, Some(NOW), Some((UnitState::Done, None)));
    let at = NOW.plus_ms(20 * DAY_MS);
    let planned = message(MessageState::Planned, None, Some((UnitState::Scheduled, Some(at))));
    let outcome = concluded(&[sent, planned], NOW.plus_ms(10 * DAY_MS));
    assert!(matches!(outcome.next, Next::Scheduled { at, .. } if at == NOW.plus_ms(27 * DAY_MS)));
}

#[test]
fn an_outreach_whose_first_message_died_is_concluded_as_that() {
    let dead = message(MessageState::Planned, None, Some((UnitState::Dead, None)));
    let outcome = concluded(&[dead], NOW);
    assert_eq!(conclusions(&outcome), [Conclusion::FirstContactDead]);
    assert!(outcome.changes.iter().any(|change| matches!(
        change,
        Change::Sales(SalesChange::Message(row)) if row.state == MessageState::Failed
    )));
}

#[test]
fn who_was_never_contacted_is_not_counted_as_contacted() {
    let skipped = message(MessageState::Planned, None, Some((UnitState::Skipped, None)));
    let outcome = concluded(&[skipped], NOW);
    assert!(conclusions(&outcome).is_empty());
}

#[test]
fn an_outreach_that_is_concluded_stays_as_it_is() {
    let outcome = conclude(ENTITY, Some(Conclusion::Booked), None, &[], &rules(), NOW);
    assert!(outcome.changes.is_empty());
    assert_eq!(outcome.next, Next::Done);
}

#[test]
fn a_promoted_prospect_is_found_once_and_only_in_the_live_world() {
    use crate::engines::orchestrator::contract::Discover;
    use crate::runtime::clock::SystemClock;
    use crate::store::changes;

    let folder = tempfile::tempdir().unwrap();
    let clock = std::sync::Arc::new(SystemClock::new());
    let store = Store::open(&folder.path().join("t.db"), clock).unwrap();
    let settings = settings();
    let found = |mode| {
        let ctx = Discover { mode, now: NOW, store: &store, settings: &settings, input: None };
        discover(&ctx).unwrap()
    };
    let write = |list: Vec<Change>| {
        let apply = move |tx: &rusqlite::Connection| {
            list.iter().try_for_each(|change| changes::apply(tx, Mode::Live, NOW, change))
        };
        store.write("test", apply).wait().unwrap();
    };
    write(vec![
        SalesChange::Prospect(Box::new(prospect())).into(),
        SalesChange::Pitch(Box::new(facts(1, Channel::Email).pitch)).into(),
    ]);
    assert_eq!(found(Mode::Live).len(), 1);
    assert_eq!(found(Mode::Live)[0].name.version, "begin/intro");
    assert!(found(Mode::Dry).is_empty());
    let begun = begin(StepOutcome::done(), &prospect(), "intro", &rules(), NOW);
    write(begun.changes);
    assert!(found(Mode::Live).is_empty());
}
