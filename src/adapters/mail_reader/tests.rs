//! Reads real-looking mail, broken mail and no mail at all.

use proptest::prelude::*;

use super::*;
use crate::domain::letter::{Incoming, InviteAnswer, Item, ItemKind, PartStat, sorted};
use crate::domain::test_data;
use crate::domain::text::is_unsafe;
use crate::domain::time::Moment;

const NOW: Moment = Moment(1_767_603_600_000);
const KEY: &str = "0123456789abcdef0123456789abcdef";
const TO: &str = "info@curlew.example";

const DECLINED: &str = "QkVHSU46VkNBTEVOREFSDQpNRVRIT0Q6UkVQTFkNCkJFR0lOOlZFVkVOVA0KVUlEOjZmMWVAYWdlbmN5LmV4YW1wbGUNClNFUVVFTkNFOjANCkRUU1RBTVA6MjAyNjAxMDVUMDgwMDAwWg0KQVRURU5ERUU7UEFSVFNUQVQ9REVDTElORUQ6bWFpbHRvOmluZm9AY3VybGV3LmV4YW1wbGUNCkVORDpWRVZFTlQNCkVORDpWQ0FMRU5EQVINCg==";

macro_rules! mail {
    ($name:literal) => {
        include_str!(concat!("../../../tests/mails/", $name, ".eml"))
            .replace("{KEY}", KEY)
            .replace("{TO}", TO)
            .replace("{ICS64}", DECLINED)
            .replace('\n', "\r\n")
    };
}

fn items(raw: &[u8]) -> Vec<Item> {
    let brought = sorted(&read(raw), NOW);
    assert!(!brought.is_empty(), "no mail is lost");
    brought
        .into_iter()
        .filter_map(|one| match one {
            Incoming::Item(item) => Some(*item),
            Incoming::Invite(_) => None,
        })
        .collect()
}

fn only(raw: &str) -> Item {
    let mut items = items(raw.as_bytes());
    assert_eq!(items.len(), 1, "{items:?}");
    items.remove(0)
}

#[test]
fn the_bounces_of_three_mail_systems_say_who_why_and_which_mail() {
    for (raw, status, code) in [
        (mail!("postfix-no-such-user"), "5.1.1", 550),
        (mail!("exchange-mailbox-full"), "5.2.2", 554),
        (mail!("gmail-policy-block"), "5.7.26", 550),
    ] {
        let item = only(&raw);
        assert_eq!(item.kind, ItemKind::Bounce);
        assert_eq!(item.address, TO);
        assert_eq!((item.status.as_deref(), item.reply_code), (Some(status), Some(code)));
        assert_eq!(item.keys.len(), 1);
        assert_eq!(item.keys[0].0, KEY);
    }
}

#[test]
fn a_warning_that_a_server_still_tries_is_no_bounce() {
    assert_eq!(only(&mail!("postfix-delayed")).kind, ItemKind::Delay);
}

#[test]
fn a_complaint_names_our_message_even_where_the_recipient_is_hidden() {
    let item = only(&mail!("complaint-arf"));
    assert_eq!((item.kind, item.keys[0].0.as_str()), (ItemKind::Complaint, KEY));
    let praise = mail!("complaint-arf").replace("Feedback-Type: abuse", "Feedback-Type: not-spam");
    assert_eq!(only(&praise).kind, ItemKind::Receipt);
    let ours =
        mail!("complaint-arf").replace("Feedback-Type: abuse", "Feedback-Type: auth-failure");
    assert_eq!(only(&ours).kind, ItemKind::Unclear);
}

#[test]
fn programs_that_answer_are_told_from_people_by_any_of_their_signs() {
    for raw in [mail!("away-english"), mail!("away-german"), mail!("away-without-date")] {
        let item = only(&raw);
        assert_eq!((item.kind, item.automatic), (ItemKind::Reply, true), "{raw}");
        assert_eq!(item.keys[0].0, KEY);
    }
    let reply = only(&mail!("reply"));
    assert!(!reply.automatic);
    assert!(
        !only(&mail!("reply").replace("From: Ann", "Auto-Submitted: no\r\nFrom: Ann")).automatic
    );
}

#[test]
fn a_reply_is_its_senders_words_decoded_and_free_of_control_sequences() {
    let item = only(&mail!("reply"));
    assert_eq!((item.kind, item.address.as_str()), (ItemKind::Reply, "ann.lee@gmail.example"));
    assert!(item.text.starts_with("What would that cost us, and who would do it – you[2J or us?"));
    let german = only(&mail!("no-more-german"));
    assert!(german.text.contains("Bitte keine Mails mehr.") && german.text.contains("Grüße"));
    let subject = only(&mail!("away-german")).subject;
    assert_eq!(subject, "Abwesenheitsnotiz: Ihr Eintrag auf der Karte");
}

#[test]
fn the_unsubscribe_button_names_the_message_whatever_address_it_is_pressed_from() {
    let item = only(&mail!("unsubscribe-button"));
    assert_eq!((item.kind, item.keys[0].0.as_str()), (ItemKind::OptOut, KEY));
}

#[test]
fn a_calendars_answer_is_read_from_its_calendar_and_not_from_its_prose() {
    let brought = sorted(&read(mail!("invite-declined").as_bytes()), NOW);
    let [Incoming::Invite(answer)] = &brought[..] else { panic!("{brought:?}") };
    let InviteAnswer { uid, answer, attendee, .. } = &**answer;
    assert_eq!((uid.as_str(), *answer), ("6f1e@agency.example", PartStat::Declined));
    assert_eq!(attendee, TO);
}

#[test]
fn a_report_about_several_recipients_is_an_item_for_each() {
    let raw = mail!("postfix-no-such-user");
    let (head, tail) = raw.split_once("Final-Recipient").unwrap();
    let block = "Final-Recipient: rfc822; bob@b.example\r\nAction: failed\r\nStatus: 4.4.7\r\n\r\n";
    let both = items(format!("{head}{block}Final-Recipient{tail}").as_bytes());
    let told: Vec<_> =
        both.iter().map(|item| (item.address.as_str(), item.status.as_deref())).collect();
    assert_eq!(told, [("bob@b.example", Some("4.4.7")), (TO, Some("5.1.1"))]);
}

#[test]
fn a_daemon_without_a_report_is_for_a_person() {
    let raw = "From: MAILER-DAEMON@b.example\r\nX-Failed-Recipients: info@curlew.example\r\n\
               Subject: failure notice\r\n\r\nHi. This is the qmail-send program.\r\n";
    let item = only(raw);
    assert_eq!((item.kind, item.address.as_str()), (ItemKind::Unclear, TO));
}

#[test]
fn a_mail_that_is_cut_anywhere_still_brings_something_and_says_so_where_it_matters() {
    for raw in [mail!("gmail-policy-block"), mail!("reply"), mail!("invite-declined")] {
        for at in (0..raw.len()).step_by(61) {
            assert!(!sorted(&read(&raw.as_bytes()[..at]), NOW).is_empty());
        }
    }
    let huge = [mail!("reply").as_bytes(), &vec![b'x'; BYTES_MAX]].concat();
    let letter = read(&huge);
    assert!(letter.faults.iter().any(|fault| fault.contains("bytes were read")), "{letter:?}");
    assert!(letter.text.chars().count() <= TEXT_CHARS_MAX);
    let nothing = read(b"\xff\xfe\x00 no mail at all");
    assert!(!nothing.faults.is_empty() || !nothing.text.is_empty());
}

fn assert_clean(raw: &[u8]) {
    let letter = read(raw);
    let lines = |text: &str| text.chars().any(|c| is_unsafe(c) && c != '\n');
    assert!(!lines(&letter.text) && !letter.subject.chars().any(is_unsafe), "{letter:?}");
    assert!(letter.text.chars().count() <= TEXT_CHARS_MAX);
    assert!(letter.subject.chars().count() <= SUBJECT_CHARS_MAX);
    for id in letter.message_id.iter().chain(&letter.refers_to).chain(&letter.from) {
        assert!(!id.chars().any(is_unsafe) && id.chars().count() <= ID_CHARS_MAX, "{id:?}");
    }
    assert!(!sorted(&letter, NOW).is_empty());
}

#[test]
fn strings_that_have_broken_programs_arrive_clean_as_subject_body_sender_and_id() {
    let Some(strings) = test_data::naughty_strings() else { return };
    for naughty in &strings {
        let raw = format!(
            "From: {naughty} <a@b.example>\r\nSubject: {naughty}\r\nMessage-ID: <{naughty}>\r\n\
             Content-Type: text/plain; charset={naughty}\r\n\r\n{naughty}\r\n"
        );
        assert_clean(raw.as_bytes());
        assert_clean(naughty.as_bytes());
    }
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(raw in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        assert_clean(&raw);
    }

    #[test]
    fn no_mail_with_bytes_in_any_place_breaks_the_reader(
        which in 0usize..3,
        at in 0usize..3_000,
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let mails = [mail!("exchange-mailbox-full"), mail!("complaint-arf"), mail!("invite-declined")];
        let mut raw = mails[which].as_bytes().to_vec();
        let at = at.min(raw.len());
        raw.splice(at..at, bytes);
        assert_clean(&raw);
    }
}
