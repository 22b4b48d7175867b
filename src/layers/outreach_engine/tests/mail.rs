//! Tests of what follows from mail that comes back.

use super::super::mailbox::{Concerned, Facts as MailFacts, decide as mailbox};
use super::*;
use crate::domain::effect::Action;
use crate::domain::letter::{Item, ItemKind};

fn item(kind: ItemKind, text: &str) -> Item {
    Item {
        entity: Some(ENTITY.to_owned()),
        campaign: Some("intro".to_owned()),
        subject: "Re: The map".to_owned(),
        text: text.to_owned(),
        ..Item::new(kind, "ann@dental.example")
    }
}

fn known(prospect: Prospect) -> Concerned {
    let mail = Message {
        state: MessageState::Sent,
        sent_at: Some(NOW.plus_ms(-DAY_MS)),
        ..row(1, Channel::Email)
    };
    Concerned { prospect, open: open(), mail: Some(mail) }
}

fn of(concerned: Vec<Concerned>) -> MailFacts {
    let delivery = "m1".to_owned();
    MailFacts { delivery, concerned, act: None, soft_bounces: 0, rules: rules(), now: NOW }
}

fn decided(item: &Item) -> StepOutcome {
    mailbox(item, of(vec![known(prospect())]))
}

#[test]
fn replies_are_told_apart() {
    let reply = |text| decided(&item(ItemKind::Reply, text));
    assert_eq!(conclusions(&reply("Not interested, thanks.")), [Conclusion::Declined]);
    assert_eq!(conclusions(&reply("Please unsubscribe me.")), [Conclusion::OptedOut]);
    let question = reply("What does it cost?");
    assert!(conclusions(&question).is_empty());
    assert_eq!(question.stops.len(), 1, "whoever has replied gets no automatic follow-up");
    assert_eq!(question.events[0].kind, "reply_needs_person");
    assert_eq!(question.units.len(), 1, "a person reads it");
    assert_eq!(question.units[0].label, "Read the reply of A Dental");
    assert!(question.units[0].payload["text"] == "What does it cost?");
}

#[test]
fn an_automatic_reply_stops_nothing_whatever_it_says_and_the_sequence_waits() {
    let until = |text: &str| {
        let away = Item { automatic: true, ..item(ItemKind::Reply, text) };
        let outcome = decided(&away);
        assert!(
            outcome.stops.is_empty()
                && outcome.units.is_empty()
                && conclusions(&outcome).is_empty()
        );
        match &outcome.changes[..] {
            [Change::Sales(SalesChange::Pause { until, .. })] => until.to_string(),
            other => panic!("{other:?}"),
        }
    };
    // Until Friday the 16th: on Monday at nine.
    let named = until("Not interested in mail. I am away until 16 January 2026.");
    assert_eq!(named, "2026-01-19T09:00:00Z");
    // No day is named: the days of the settings.
    assert_eq!(until("We are not interested, we are away."), "2026-01-08T09:00:00Z");
}

#[test]
fn a_message_waits_for_who_is_away_and_for_mail_that_is_not_read_yet() {
    let at = NOW.plus_ms(DAY_MS);
    let away = Facts { paused: Some((at, "away".to_owned())), ..facts(2, Channel::Phone) };
    assert!(matches!(decide(&away, None).unwrap(), Decision::Later(until, _) if until == at));
    let back = Facts { now: at, ..away };
    assert!(matches!(decide(&back, None).unwrap(), Decision::Assign(_)));
    let unread = Facts { unread_mail: true, ..facts(1, Channel::Email) };
    assert!(matches!(decide(&unread, None).unwrap(), Decision::Later(until, _) if until > NOW));
}

#[test]
fn a_no_from_an_address_of_several_prospects_is_for_a_person_and_an_opt_out_is_for_all() {
    let branches = || {
        let other = Prospect { entity: "osm:node/2".to_owned(), ..prospect() };
        of(vec![known(prospect()), known(other)])
    };
    let no = mailbox(&item(ItemKind::Reply, "No thanks."), branches());
    assert_eq!((no.units.len(), no.stops.len(), conclusions(&no).len()), (1, 2, 0));
    let out = mailbox(&item(ItemKind::OptOut, ""), branches());
    assert_eq!((out.units.len(), out.stops.len(), conclusions(&out).len()), (0, 2, 2));
}

#[test]
fn nothing_of_a_strangers_mail_is_lost_and_what_it_asks_for_is_obeyed() {
    let stranger = |item: &Item| mailbox(item, of(Vec::new()));
    let letter = stranger(&item(ItemKind::Reply, "Are you hiring?"));
    assert_eq!((letter.units.len(), letter.changes.len()), (1, 0));
    let out = stranger(&item(ItemKind::Reply, "Please remove me from your list."));
    assert_eq!((out.units.len(), suppressions(&out)), (1, vec!["ann@dental.example"]));
    assert_eq!(suppressions(&stranger(&item(ItemKind::Complaint, ""))), ["ann@dental.example"]);
    assert_eq!(stranger(&item(ItemKind::Unclear, "?")).units.len(), 1);
    let newsletter = Item { automatic: true, ..item(ItemKind::Reply, "Our news") };
    assert!(stranger(&newsletter).units.is_empty());
}

/// A mail is unsigned: whatever it claims, it moves no money, books nothing and promotes nobody.
#[test]
fn whatever_a_mail_says_it_only_stops_pauses_notes_or_asks_a_person() {
    let kinds = [
        ItemKind::Reply,
        ItemKind::Bounce,
        ItemKind::Delay,
        ItemKind::OptOut,
        ItemKind::Complaint,
        ItemKind::Receipt,
        ItemKind::Unclear,
    ];
    let texts = ["Yes, book me, I pay at once.", "stop", "no thanks", "away until 16 January 2026"];
    for (kind, text) in kinds.into_iter().flat_map(|kind| texts.map(|text| (kind, text))) {
        for (automatic, status) in [(false, None), (true, Some("5.1.1")), (true, Some("4.2.2"))] {
            let status = status.map(str::to_owned);
            let item = Item { automatic, status, ..item(kind, text) };
            for concerned in [Vec::new(), vec![known(prospect())]] {
                let outcome = mailbox(&item, of(concerned));
                assert!(outcome.answers.is_empty());
                assert!(outcome.units.iter().all(|unit| unit.name.layer == Layer::OutreachEngine));
                for change in &outcome.changes {
                    let may = match change {
                        Change::Sales(change) => match change {
                            SalesChange::Concluded { conclusion, .. } => {
                                *conclusion != Conclusion::Booked
                            }
                            SalesChange::ProspectStage { stage, .. } => *stage == Stage::Lost,
                            SalesChange::Message(row) => row.state == MessageState::Planned,
                            SalesChange::StopMessages { .. }
                            | SalesChange::Pause { .. }
                            | SalesChange::SoftBounce(_)
                            | SalesChange::Suppress(_)
                            | SalesChange::StopCampaign { .. } => true,
                            _ => false,
                        },
                        _ => false,
                    };
                    assert!(may, "{item:?} makes {change:?}");
                }
            }
        }
    }
}

#[test]
fn an_opt_out_and_a_complaint_suppress_every_address() {
    for kind in [ItemKind::OptOut, ItemKind::Complaint] {
        let outcome = decided(&item(kind, ""));
        assert_eq!(conclusions(&outcome), [Conclusion::OptedOut]);
        assert_eq!(suppressions(&outcome), ["ann@dental.example", "+441632960001"]);
    }
}

#[test]
fn a_bounce_is_acted_on_by_its_status() {
    let bounce = |status: &str| {
        let item = Item { status: Some(status.to_owned()), ..item(ItemKind::Bounce, "said") };
        decided(&item)
    };
    let gone = bounce("5.1.1");
    assert_eq!(conclusions(&gone), [Conclusion::Bounced]);
    assert_eq!(suppressions(&gone), ["ann@dental.example"]);
    assert!(bounce("2.0.0").changes.is_empty());
    let blocked = bounce("5.7.26");
    assert!(matches!(
        &blocked.changes[..],
        [Change::Sales(SalesChange::StopCampaign { campaign, .. })] if campaign == "intro"
    ));
    assert!(suppressions(&blocked).is_empty(), "a policy block says nothing of the address");
    for (status, kind) in [("5.6.0", "bounce_our_fault"), ("nonsense", "bounce_unclear")] {
        let outcome = bounce(status);
        assert_eq!((outcome.events[0].kind.as_str(), outcome.units.len()), (kind, 1), "{status}");
    }
}

#[test]
fn a_full_mailbox_is_tried_again_ever_later_and_then_given_up() {
    let full = Item { status: Some("5.2.2".to_owned()), ..item(ItemKind::Bounce, "mailbox full") };
    let after =
        |soft_bounces| mailbox(&full, MailFacts { soft_bounces, ..of(vec![known(prospect())]) });
    for (before, version, date) in
        [(0, "message/intro/1+1", "2026-01-07"), (1, "message/intro/1+2", "2026-01-09")]
    {
        let outcome = after(before);
        assert!(outcome.stops.is_empty() && suppressions(&outcome).is_empty());
        let [again] = &outcome.units[..] else { panic!("{:?}", outcome.units) };
        assert_eq!(again.name.version, version);
        assert!(again.run_at.unwrap().to_string().starts_with(date), "{:?}", again.run_at);
        assert!(outcome.changes.iter().any(|change| matches!(
            change,
            Change::Sales(SalesChange::Message(row)) if row.state == MessageState::Planned
        )));
    }
    let given_up = after(2);
    assert_eq!(suppressions(&given_up), ["ann@dental.example"]);
    assert_eq!(conclusions(&given_up), [Conclusion::Bounced]);
    assert!(given_up.units.is_empty());
}

#[test]
fn a_mail_that_is_tried_again_is_an_effect_of_its_own_and_plans_no_second_next_step() {
    let mut again = facts(1, Channel::Email);
    again.order.again = 2;
    let Decision::Send(request) = decide(&again, None).unwrap() else { panic!("it is sent") };
    assert_eq!(request.version, "intro/1+2");
    let outcome = sent(&again, None, NOW);
    assert!(outcome.units.is_empty());
}

#[test]
fn a_bounce_of_a_mail_that_was_never_sent_suppresses_nobody() {
    let never = Concerned { mail: None, ..known(prospect()) };
    let claimed = Item {
        entity: None,
        status: Some("5.1.1".to_owned()),
        ..item(ItemKind::Bounce, "no such user")
    };
    let outcome = mailbox(&claimed, of(vec![never]));
    assert_eq!((outcome.units.len(), outcome.changes.len()), (1, 0));
}

#[test]
fn a_client_mail_that_bounces_is_a_persons_matter_too() {
    let gone = Item { status: Some("5.1.1".to_owned()), ..item(ItemKind::Bounce, "gone") };
    let facts = MailFacts { act: Some(Action::DeliverReport), ..of(vec![known(prospect())]) };
    let outcome = mailbox(&gone, facts);
    assert_eq!((outcome.units.len(), suppressions(&outcome).len()), (1, 1));
}
