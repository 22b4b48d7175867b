//! Tests that the order in which deliveries arrive, and how often, changes nothing that stays: the
//! rows, the stage, and what a calendar was told last.

use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::domain::booking;
use crate::store::changes;
use crate::store::sales::tests::database;
use crate::store::sales::{meetings, prospects};

/// How a booked call ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Open,
    Cancelled(Canceler),
}

/// One booking of the prospect: moved so often, then open or cancelled. Whether the half that gives a
/// time up names the new one is the provider's mood.
#[derive(Clone, Debug)]
struct Story {
    moves: usize,
    names_new: bool,
    end: End,
}

impl Story {
    /// Tells it as Calendly does, in the order in which it happened.
    fn told(&self, number: usize) -> Vec<CalendlyDelivery> {
        let uri = |n: usize| format!("S{number}/I{n}");
        let made = |event, n: usize| CalendlyDelivery {
            old_invitee: n.checked_sub(1).map(uri),
            ..delivery(event, &uri(n), 30 + 20 * i64::try_from(10 * number + n).unwrap())
        };
        let mut all = vec![made(CalendlyEvent::Created, 0)];
        for n in 1..=self.moves {
            let mut given_up = made(CalendlyEvent::Canceled, n - 1);
            given_up.rescheduled = true;
            given_up.new_invitee = self.names_new.then(|| uri(n));
            all.extend([given_up, made(CalendlyEvent::Created, n)]);
        }
        if let End::Cancelled(who) = self.end {
            let mut gone = made(CalendlyEvent::Canceled, self.moves);
            (gone.canceled_by, gone.reason) = (Some(who), Some("no time".to_owned()));
            all.push(gone);
        }
        all
    }
}

fn a_story() -> impl Strategy<Value = Story> {
    let end = prop_oneof![
        Just(End::Open),
        Just(End::Cancelled(Canceler::Host)),
        Just(End::Cancelled(Canceler::Invitee)),
    ];
    (0_usize..=3, any::<bool>(), end).prop_map(|(moves, names_new, end)| Story {
        moves,
        names_new,
        end,
    })
}

/// An invite as the recipient's calendar gets it.
type Sent = (String, InvitePayload);

/// A small machine: rows, settle units that wait, invites that are planned and sent.
struct Desk {
    conn: Connection,
    waiting: Vec<String>,
    planned: Vec<Sent>,
    sent: Vec<Sent>,
}

impl Desk {
    fn new() -> Self {
        let conn = database();
        changes::apply(&conn, Mode::Dry, NOW, &SalesChange::Prospect(Box::new(prospect())).into())
            .unwrap();
        Self { conn, waiting: Vec::new(), planned: Vec::new(), sent: Vec::new() }
    }

    fn apply(&mut self, outcome: StepOutcome) {
        for change in &outcome.changes {
            changes::apply(&self.conn, Mode::Dry, NOW, change).unwrap();
        }
        for unit in outcome.units {
            let (entity, kind) = (unit.name.entity, unit.kind);
            if kind != "invite" {
                continue;
            }
            let order: InvitePayload = serde_json::from_value(unit.payload).unwrap();
            let known = |(of, it): &Sent| *of == entity && it.sequence == order.sequence;
            if !self.planned.iter().chain(&self.sent).any(known) {
                self.planned.push((entity, order));
            }
        }
    }

    fn take_in(&mut self, letter: &CalendlyDelivery, now: Moment) {
        let unit = unit("delivery", json!({}));
        let prospect = prospect();
        self.apply(delivery::decide(letter.clone(), Some(&prospect), &unit, settings(), now));
        self.waiting.push(letter.uri.clone());
        self.settle(false, now);
    }

    /// Settles what can be settled; `at_last` is when nobody waits any longer.
    fn settle(&mut self, at_last: bool, now: Moment) {
        for uri in std::mem::take(&mut self.waiting) {
            let known = settle::gather(&self.conn, Mode::Dry, &uri).unwrap();
            if at_last || booking::is_whole(&known.chain) {
                let open = Some(Pending::of_a_test("osm:node/1"));
                self.apply(settle::decide(&known, open, settings(), now));
            } else {
                self.waiting.push(uri);
            }
        }
    }

    /// Sends what is planned, as `invite::run` decides.
    fn send(&mut self) {
        for (entity, order) in std::mem::take(&mut self.planned) {
            let row = meetings::get(&self.conn, Mode::Dry, &entity).unwrap();
            let told = self.sent.iter().any(|(of, _)| *of == entity);
            let off = order.state == MeetingState::Cancelled && !told;
            if invite::superseded(&order, row.as_ref()).is_none() && !off {
                self.sent.push((entity, order));
            }
        }
    }

    fn rows(&self) -> (Vec<Meeting>, Stage, Option<String>) {
        let mut rows = meetings::of_prospect(&self.conn, Mode::Dry, "osm:node/1").unwrap();
        rows.sort_by(|a, b| a.entity.cmp(&b.entity));
        let prospect = prospects::get(&self.conn, Mode::Dry, "osm:node/1").unwrap().unwrap();
        (rows, prospect.stage, prospect.reason)
    }

    /// Each calendar entry's SEQUENCE only grows, and the last word about it is the truth.
    fn check_calendar(&self) -> Result<(), TestCaseError> {
        for row in self.rows().0 {
            let told: Vec<&InvitePayload> =
                self.sent.iter().filter(|(of, _)| *of == row.entity).map(|(_, it)| it).collect();
            prop_assert!(told.windows(2).all(|two| two[0].sequence < two[1].sequence), "{told:?}");
            let cancelled = row.state == MeetingState::Cancelled;
            let Some(last) = told.last() else {
                prop_assert!(cancelled, "nobody was told of {row:?}");
                continue;
            };
            prop_assert_eq!(last.state == MeetingState::Cancelled, cancelled);
            if !cancelled {
                prop_assert_eq!((last.starts_at, last.ends_at), (row.starts_at, row.ends_at));
            }
        }
        Ok(())
    }
}

/// Takes all deliveries in; invites go out after those for which `goes_out` says so, and in the end.
fn replay(deliveries: &[CalendlyDelivery], goes_out: &[bool]) -> Desk {
    let mut desk = Desk::new();
    for (number, letter) in deliveries.iter().enumerate() {
        desk.take_in(letter, NOW);
        if !goes_out.is_empty() && goes_out[number % goes_out.len()] {
            desk.send();
        }
    }
    desk.settle(true, NOW);
    desk.send();
    desk
}

/// Stories of one prospect, told in order, and the same deliveries shuffled with repeats.
fn stories() -> impl Strategy<Value = (Vec<CalendlyDelivery>, Vec<CalendlyDelivery>)> {
    prop::collection::vec(a_story(), 1..=2).prop_flat_map(|stories| {
        let told: Vec<_> =
            stories.iter().enumerate().flat_map(|(n, story)| story.told(n)).collect();
        let repeats = prop::collection::vec(1_usize..=2, told.len());
        (Just(told), repeats).prop_flat_map(|(told, repeats)| {
            let many: Vec<_> = told
                .iter()
                .zip(repeats)
                .flat_map(|(letter, n)| std::iter::repeat_n(letter.clone(), n))
                .collect();
            (Just(told), Just(many).prop_shuffle())
        })
    })
}

proptest! {
    // Each case is a database of its own.
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_order_and_repetition_of_the_deliveries_ends_the_same(
        (told, shuffled) in stories(),
        goes_out in prop::collection::vec(any::<bool>(), 1..8),
    ) {
        let expected = replay(&told, &[]);
        let other = replay(&shuffled, &[]);
        prop_assert_eq!(other.rows(), expected.rows());
        let in_order = |desk: &Desk| {
            let mut sent: Vec<_> = desk.sent.iter().map(|(of, it)| (of.clone(), it.sequence)).collect();
            sent.sort();
            sent
        };
        prop_assert_eq!(in_order(&other), in_order(&expected));
        other.check_calendar()?;
        // Invites that go out in between change what was told when, not what stays.
        let busy = replay(&shuffled, &goes_out);
        prop_assert_eq!(busy.rows(), expected.rows());
        busy.check_calendar()?;
    }

    #[test]
    fn notes_of_no_shows_and_their_withdrawal_end_the_same_in_every_order(
        order in Just([(true, 1), (false, 2), (true, 3), (false, 4)].to_vec()).prop_shuffle(),
        n in 1_usize..=4,
    ) {
        let call = &story()[0];
        let after = call.ends_at.plus_ms(HOUR_MS);
        let note = |&(missed, at): &(bool, i64)| CalendlyDelivery {
            event: if missed { CalendlyEvent::NoShow } else { CalendlyEvent::NoShowWithdrawn },
            created_at: after.plus_ms(at * HOUR_MS),
            ..call.clone()
        };
        let run = |notes: &[(bool, i64)]| {
            let mut desk = Desk::new();
            desk.take_in(call, NOW);
            for letter in notes.iter().map(note) {
                desk.take_in(&letter, after);
            }
            desk.rows()
        };
        let shuffled = &order[..n];
        let mut told = shuffled.to_vec();
        told.sort_by_key(|&(_, at)| at);
        let (rows, stage, reason) = run(&told);
        prop_assert_eq!(rows[0].state == MeetingState::NoShow, told[n - 1].0);
        prop_assert_eq!(run(shuffled), (rows, stage, reason));
    }
}

#[test]
fn two_invites_that_turn_out_to_be_one_call_are_joined_and_one_is_taken_back() {
    // The link between the two arrives after nobody waited for it any longer.
    let told = Story { moves: 2, names_new: true, end: End::Open }.told(0);
    let mut desk = Desk::new();
    desk.take_in(&told[0], NOW);
    desk.take_in(&told[4], NOW);
    desk.settle(true, NOW);
    desk.send();
    assert_eq!(desk.sent.len(), 2);
    for letter in &told[1..4] {
        desk.take_in(letter, NOW);
    }
    desk.settle(true, NOW);
    desk.send();
    let (_, last) = desk.sent.last().unwrap();
    assert_eq!(last.state, MeetingState::Cancelled);
    let open: Vec<Meeting> =
        desk.rows().0.into_iter().filter(|row| row.state == MeetingState::Booked).collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].starts_at, told[4].starts_at);
}

#[test]
fn captured_deliveries_go_from_their_bytes_to_a_meeting() {
    let read = |name: &str| {
        let text = crate::domain::test_data::read(&format!("webhooks-calendly/{name}"))?;
        Some(serde_json::from_str::<serde_json::Value>(&text).unwrap())
    };
    let Some(created) = read("invitee.created.json") else { return };
    let Some(full) = read("invitee.created-full.json") else { return };
    let Some(canceled) = read("invitee.canceled.json") else { return };
    let parse = |body: &serde_json::Value| crate::domain::calendly::parse(body).unwrap();
    // The captured calls start and end at one instant: no calendar takes them as they are.
    for body in [&created, &full, &canceled] {
        let fault = parse(body).checked().unwrap_err();
        let error = delivery::unreadable(&fault);
        assert!(error.to_string().contains("has no length"), "{error}");
        assert!(error.hint.unwrap().contains("Calendly"));
    }
    let timed = |body: &serde_json::Value| CalendlyDelivery {
        starts_at: NOW.plus_ms(30 * HOUR_MS),
        ends_at: NOW.plus_ms(31 * HOUR_MS),
        ..parse(body)
    };
    let desk = replay(&[timed(&created), timed(&full), timed(&canceled)], &[true]);
    let (rows, stage, reason) = desk.rows();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].reason.as_deref(), Some("John Doe: Cannot make it"));
    assert_eq!((rows[0].zone.as_str(), stage), ("America/New_York", Stage::Lost));
    assert_eq!(reason.unwrap(), "cancelled the call: John Doe: Cannot make it");
    assert_eq!(desk.sent.len(), 2, "the invite and its cancellation");
    let Some(old) = read("sample-v1-shape.json") else { return };
    let fault = crate::domain::calendly::parse(&old).unwrap_err();
    assert!(delivery::unreadable(&fault).hint.unwrap().contains("API v2"));
}
