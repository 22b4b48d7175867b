//! Tests that prospects behave by their market, and that their letters are what providers write.

use super::*;
use crate::adapters::sim::counterparty::person::People;
use crate::config::Secrets;
use crate::domain::booking::{Invitee, meeting};
use crate::domain::calendly::{self, CalendlyEvent};
use crate::domain::effect::{EffectKey, Mail, PersonTask, Receipt};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::sales::MeetingState;
use crate::domain::signature;
use crate::domain::unit::UnitName;

const SEED: Seed = Seed(1);
/// Monday, nine o'clock.
const NOW: Moment = Moment(1_767_603_600_000);

fn confirmed(n: u32, step: u32, action: Action, effect: Effect) -> ConfirmedEffect {
    let entity = format!("osm:node/{n}");
    let version = format!("intro/{step}");
    ConfirmedEffect {
        id: i64::from(n),
        key: EffectKey::new(Mode::Dry, Layer::OutreachEngine, &entity, action, &version),
        unit: UnitName::new(Layer::OutreachEngine, &entity, format!("message/{version}")),
        action,
        entity,
        version,
        effect,
        receipt: Receipt { reference: "sim:1".to_owned(), data: Value::Null },
        settled_at: NOW,
    }
}

fn mailed(n: u32, step: u32) -> ConfirmedEffect {
    let mail = Mail {
        to: format!("info@b{n}.example"),
        to_name: format!("B {n}"),
        from: "sam@agency.example".to_owned(),
        from_name: "Sam".to_owned(),
        subject: "Hello".to_owned(),
        text: String::new(),
        unsubscribe_url: None,
        booking_url: None,
    };
    confirmed(n, step, Action::SendEmail, Effect::Mail(mail))
}

fn called(n: u32, step: u32) -> ConfirmedEffect {
    let task = PersonTask {
        kind: TaskKind::Phone,
        entity: format!("osm:node/{n}"),
        title: format!("Call B {n}"),
        details: String::new(),
        due_at: NOW,
    };
    confirmed(n, step, Action::AssignOutreach, Effect::Task(task))
}

fn prospects() -> Prospects {
    Prospects::new(&Market::warm_town().unwrap()).unwrap()
}

fn bodies(consequences: &[Consequence]) -> Vec<Value> {
    consequences
        .iter()
        .map(|consequence| serde_json::from_slice(&consequence.delivery.body).unwrap())
        .collect()
}

/// The bookings that follow from writing to prospect `n` in steps 1 to 3.
fn bookings_of(n: u32) -> Vec<Consequence> {
    let all = prospects();
    (1..=3)
        .flat_map(|step| all.react(SEED, &mailed(n, step)))
        .filter(|consequence| consequence.delivery.provider == "calendly")
        .collect()
}

#[test]
fn about_28_of_100_contacted_book_and_nobody_books_twice() {
    let mut booked = 0;
    for n in 0..2_000 {
        let first_bookings = bodies(&bookings_of(n))
            .iter()
            .map(|body| calendly::parse(body).unwrap())
            .filter(|letter| letter.event == CalendlyEvent::Created && letter.old_invitee.is_none())
            .map(|letter| letter.uri)
            .collect::<std::collections::BTreeSet<_>>();
        assert!(first_bookings.len() <= 1, "{first_bookings:?}");
        booked += first_bookings.len();
    }
    // Of those with one step 24 in 100, of those with three 32.
    assert!((520..740).contains(&booked), "{booked} of 2000");
}

#[test]
fn every_letter_is_signed_and_arrives_after_the_contact() {
    let secrets = Secrets::default();
    for n in 0..500 {
        for consequence in prospects().react(SEED, &mailed(n, 1)) {
            let letter = &consequence.delivery;
            let provider = Provider::from_column(letter.provider).unwrap();
            let key = secrets.webhook_key(Mode::Dry, letter.provider).unwrap();
            let at = consequence.due.ceil_quarter_hour();
            let (_, header) = &letter.headers[0];
            let tolerance_ms = 20 * MINUTE_MS;
            assert!(
                signature::verify_within(tolerance_ms, key, header, &letter.body, at).is_ok(),
                "{provider}"
            );
            assert!(consequence.due > NOW);
            assert!(!letter.delivery_id.is_empty());
        }
    }
}

#[test]
fn the_same_effect_has_the_same_consequences() {
    for n in 0..100 {
        let (one, two) = (bookings_of(n), bookings_of(n));
        assert_eq!(one, two);
    }
}

#[test]
fn all_that_follows_from_a_booking_makes_one_meeting_in_the_order_of_arrival() {
    let mut states = std::collections::BTreeMap::new();
    for n in 0..1_500 {
        let mut letters = bookings_of(n);
        letters.sort_by_key(|consequence| consequence.due);
        let mut known: Vec<Invitee> = Vec::new();
        let mut row = None;
        for body in bodies(&letters) {
            let letter = calendly::parse(&body).unwrap();
            let facts = Invitee::from_delivery(&letter, letter.campaign.clone());
            match known.iter().position(|invitee| invitee.uri == facts.uri) {
                Some(at) => known[at] = known[at].clone().merged(facts),
                None => known.push(facts),
            }
            row = meeting(&known, row.as_ref());
        }
        if let Some(meeting) = row {
            assert_eq!(meeting.prospect.as_deref(), Some(format!("osm:node/{n}").as_str()));
            let moved = meeting.sequence > 0 && meeting.state == MeetingState::Booked;
            *states.entry((meeting.state.as_column(), moved)).or_insert(0) += 1;
        }
    }
    // Booked as made, moved, cancelled: all three happen.
    assert_eq!(states.len(), 3, "{states:?}");
}

#[test]
fn a_caller_notes_what_was_said_and_always_answers_the_waiting_unit() {
    let people = People::new(&Market::warm_town().unwrap()).unwrap();
    let mut outcomes = std::collections::BTreeSet::new();
    for n in 0..400 {
        let effect = called(n, 1);
        let answers = people.react(SEED, &effect);
        assert_eq!(answers.len(), 1);
        assert!(answers[0].settles);
        let body = &bodies(&answers)[0];
        assert_eq!(body["unit"], json!(effect.unit));
        outcomes.insert(body["data"]["outcome"].as_str().unwrap_or("done").to_owned());
        for reaction in prospects().react(SEED, &effect) {
            assert!(reaction.due > answers[0].due, "a prospect reacts to a call that was made");
        }
    }
    assert_eq!(outcomes.into_iter().collect::<Vec<_>>(), ["declined", "done", "opted_out"]);
}

#[test]
fn calls_that_are_held_close_as_often_as_the_market_says() {
    let people = People::new(&Market::warm_town().unwrap()).unwrap();
    let mut results = std::collections::BTreeMap::new();
    for n in 0..2_000 {
        let Effect::Task(task) = called(n, 1).effect else { unreachable!() };
        let meeting = confirmed(n, 1, Action::AssignMeeting, Effect::Task(task));
        let body = &bodies(&people.react(SEED, &meeting))[0];
        *results.entry(body["result"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    let (won, lost) = (f64::from(results["won"]), f64::from(results["lost"]));
    assert!((0.56..0.64).contains(&(won / (won + lost))), "{results:?}");
    assert!(results["no_show"] > 100, "{results:?}");
}
