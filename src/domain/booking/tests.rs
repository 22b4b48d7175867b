//! Tests of the derivation of meetings and of where they put a prospect.

use super::*;
use crate::domain::sales::{MeetingOutcome, Stage};

fn invitee(uri: &str, hour: i64) -> Invitee {
    Invitee {
        uri: uri.to_owned(),
        prospect: Some("osm:node/1".to_owned()),
        email: "a@b.example".to_owned(),
        name: "Ann".to_owned(),
        zone: "UTC".to_owned(),
        starts_at: Moment(hour * 3_600_000),
        ends_at: Moment(hour * 3_600_000 + 1_800_000),
        canceled: false,
        rescheduled: false,
        canceled_by: None,
        reason: None,
        no_show_at: None,
        no_show_withdrawn_at: None,
        old_invitee: None,
        new_invitee: None,
    }
}

fn after(uri: &str, hour: i64, old: &str) -> Invitee {
    Invitee { old_invitee: Some(old.to_owned()), ..invitee(uri, hour) }
}

/// Booked, moved twice.
fn chain() -> Vec<Invitee> {
    vec![invitee("I1", 10), after("I2", 20, "I1"), after("I3", 30, "I2")]
}

#[test]
fn a_call_that_was_moved_twice_is_one_meeting_at_its_last_time() {
    let row = meeting(&chain(), None).unwrap();
    assert_eq!((row.entity.as_str(), row.invitee_uri.as_str(), row.sequence), ("I1", "I3", 2));
    let first = meeting(&chain()[..1], None).unwrap();
    assert_eq!(meeting(&chain(), Some(&first)).unwrap(), row);
}

#[test]
fn a_chain_without_its_first_booking_is_not_whole() {
    assert!(is_whole(&chain()));
    assert!(!is_whole(&chain()[1..]));
    assert!(!is_whole(&chain()[2..]));
    let gap = [
        Invitee { new_invitee: Some("I2".to_owned()), ..invitee("I1", 10) },
        after("I3", 30, "I2"),
    ];
    assert!(is_whole(&gap), "the link in the middle is known by name");
    assert_eq!(meeting(&gap, None).unwrap().sequence, 2);
    let mut longer = gap.to_vec();
    longer[0].old_invitee = Some("I0".to_owned());
    assert!(!is_whole(&longer), "what was before the first one may still arrive");
}

#[test]
fn a_given_up_time_says_nothing_until_the_new_one_is_known() {
    let gone = Invitee { canceled: true, rescheduled: true, ..invitee("I1", 10) };
    assert_eq!(meeting(std::slice::from_ref(&gone), None), None);
    let before = meeting(&chain()[..1], None).unwrap();
    assert_eq!(meeting(std::slice::from_ref(&gone), Some(&before)), Some(before));
}

#[test]
fn two_ends_and_a_circle_give_one_meeting_or_none() {
    let ends = [invitee("I1", 10), after("I2", 20, "I1"), after("I3", 30, "I1")];
    assert_eq!(meeting(&ends, None).unwrap().invitee_uri, "I3");
    let circle = [after("I1", 10, "I2"), after("I2", 20, "I1")];
    assert_eq!(meeting(&circle, None), None);
    assert!(is_whole(&circle));
}

#[test]
fn a_cancellation_says_who_and_why_and_a_booking_says_neither() {
    let mut gone = Invitee { canceled: true, ..invitee("I1", 10) };
    gone.canceled_by = Some(Canceler::Host);
    gone.reason = Some("ill".to_owned());
    let row = meeting(&[gone.clone()], None).unwrap();
    assert_eq!((row.cancelled_by, row.reason.as_deref()), (Some(Canceler::Host), Some("ill")));
    let moved = Invitee { new_invitee: Some("I2".to_owned()), rescheduled: true, ..gone };
    let row = meeting(&[moved, after("I2", 20, "I1")], Some(&row)).unwrap();
    assert_eq!((row.state, row.cancelled_by, row.reason), (MeetingState::Booked, None, None));
}

#[test]
fn a_held_meeting_stays_held_when_a_late_delivery_arrives() {
    let first = invitee("I1", 10);
    let held = Meeting {
        state: MeetingState::Held,
        outcome: Some(MeetingOutcome::Won),
        ..meeting(std::slice::from_ref(&first), None).unwrap()
    };
    let late = Invitee { canceled: true, no_show_at: Some(Moment(99)), ..first.clone() };
    assert_eq!(meeting(&[late], Some(&held)).unwrap().state, MeetingState::Held);
    // Another time is another call.
    let moved = meeting(&[first, after("I2", 20, "I1")], Some(&held)).unwrap();
    assert_eq!((moved.state, moved.outcome), (MeetingState::Booked, None));
}

#[test]
fn a_no_show_stands_until_it_is_taken_back_and_the_later_word_counts() {
    let facts = |noted: Option<i64>, withdrawn: Option<i64>| Invitee {
        no_show_at: noted.map(Moment),
        no_show_withdrawn_at: withdrawn.map(Moment),
        ..invitee("I1", 10)
    };
    let derive = |facts: Invitee, before: Option<&Meeting>| meeting(&[facts], before).unwrap();
    let missed = derive(facts(Some(5), None), None);
    assert_eq!((missed.state, missed.sequence), (MeetingState::NoShow, 0));
    let back = derive(facts(Some(5), Some(7)), Some(&missed));
    assert_eq!((back.state, back.asked_again_at), (MeetingState::Booked, Some(Moment(7))));
    assert_eq!(derive(facts(Some(9), Some(7)), Some(&back)).state, MeetingState::NoShow);
    // What a person notes after the withdrawal is not taken back by a repeat of it.
    let noted = Meeting { state: MeetingState::NoShow, noted_at: Some(Moment(8)), ..back };
    assert_eq!(derive(facts(Some(5), Some(7)), Some(&noted)).state, MeetingState::NoShow);
    assert_eq!(derive(facts(Some(5), Some(9)), Some(&noted)).state, MeetingState::Booked);
}

fn row(hour: i64, state: MeetingState, outcome: Option<MeetingOutcome>) -> Meeting {
    let booked = meeting(&[invitee(&format!("I{hour}"), hour)], None).unwrap();
    Meeting { state, outcome, ..booked }
}

#[test]
fn a_prospect_with_several_meetings_stands_where_all_of_them_say() {
    use MeetingState::{Booked, Cancelled, Held, NoShow};
    let (won, lost) = (Some(MeetingOutcome::Won), Some(MeetingOutcome::Lost));
    let stage = |rows: &[Meeting]| standing(rows, false).map(|it| it.stage);
    assert_eq!(stage(&[]), None);
    assert_eq!(stage(&[row(1, Cancelled, None)]), Some(Stage::Lost));
    assert_eq!(stage(&[row(1, Cancelled, None), row(2, Booked, None)]), Some(Stage::Booked));
    assert_eq!(stage(&[row(2, Cancelled, None), row(1, Booked, None)]), Some(Stage::Booked));
    assert_eq!(stage(&[row(1, Held, won), row(2, Cancelled, None)]), Some(Stage::Client));
    assert_eq!(stage(&[row(1, Held, won), row(2, Held, lost)]), Some(Stage::Client));
    assert_eq!(stage(&[row(1, Held, lost), row(2, NoShow, None)]), Some(Stage::Booked));
    let undecided = row(1, Held, Some(MeetingOutcome::Undecided));
    assert_eq!(stage(&[undecided]), Some(Stage::Booked));
}

#[test]
fn a_missed_call_loses_the_prospect_only_when_no_new_time_was_taken() {
    let missed = [row(1, MeetingState::NoShow, None)];
    let open = standing(&missed, false).unwrap();
    assert_eq!((open.stage, open.may_rebook), (Stage::Booked, true));
    let lapsed = standing(&missed, true).unwrap();
    assert_eq!((lapsed.stage, lapsed.may_rebook), (Stage::Lost, false));
    let ours =
        Meeting { cancelled_by: Some(Canceler::Host), ..row(1, MeetingState::Cancelled, None) };
    assert!(standing(&[ours], false).unwrap().may_rebook);
}
