//! Finding what failed, and doing something about it.

use crate::session::{CLASSIC, Desk, WIDE};

const READY: &str = "SELECT count(*) FROM units WHERE layer = 3 AND state = 'ready'";

#[test]
fn the_cause_stands_in_the_list_and_the_attempts_on_the_card() {
    let desk = Desk::with_refused_mails();
    desk.opens(&[], CLASSIC)
        .sees("1 of 9 FAILED")
        .presses("e")
        .sees_in_a_line(&["x4", "L3", "DEAD", "http_400"])
        .presses("\r")
        .sees_all(&["WHAT", "CLASS", "permanent", "ATTEMPTS", "do nothing"])
        .sees_in_a_line(&["no retry planned"]);
}

#[test]
fn one_key_makes_a_unit_ready_and_the_card_says_by_whom() {
    let desk = Desk::with_refused_mails();
    desk.opens(&[], WIDE)
        .sees("*1 Layers")
        .presses("e")
        .sees("x4")
        .presses("\r")
        .sees("ATTEMPTS")
        .presses("r")
        .sees_in_a_line(&["DONE", "by you"])
        .sees("READY")
        .finds(&desk, READY, 1);
}

#[test]
fn all_units_of_a_cause_are_retried_after_one_question() {
    let desk = Desk::with_refused_mails();
    let mut person = desk.opens(&[], WIDE);
    person.sees("*1 Layers").presses("e").sees("x4").presses("\r").sees("ATTEMPTS");
    person.presses("R").sees("Retry 4 units alike, DRY-RUN?");
    person.presses("\r").no_longer_sees("Retry 4 units alike").finds(&desk, READY, 0);
    person.presses("R").sees("Retry 4 units alike").presses("y");
    person.sees("4 units that failed with").finds(&desk, READY, 4);
}

#[test]
fn a_unit_is_skipped_with_a_reason_and_the_list_is_shorter() {
    let desk = Desk::with_refused_mails();
    desk.opens(&[], WIDE)
        .sees("*1 Layers")
        .presses("e")
        .sees("x4")
        .presses("\r")
        .sees("ATTEMPTS")
        .presses("s")
        .sees("skip ")
        .presses("they closed\r")
        .sees("SKIPPED")
        .presses("\u{1b}")
        .sees("x3");
}

#[test]
fn one_steps_from_error_to_error() {
    let desk = Desk::with_refused_mails();
    desk.opens(&[], WIDE)
        .sees("*1 Layers")
        .presses("e")
        .sees("x4")
        .presses("\r")
        .sees("1 of 4")
        .presses("]")
        .sees("2 of 4")
        .presses("[")
        .sees("1 of 4");
}

#[test]
fn a_card_is_copied_for_the_ticket() {
    let desk = Desk::with_refused_mails();
    let mut person = desk.opens(&[], WIDE);
    person.sees("*1 Layers").presses("e").sees("x4").presses("\r").sees("ATTEMPTS").presses("y");
    person.sees("copied").rests();
    assert!(person.bytes().contains("\u{1b}]52;c;"), "no clipboard sequence");
}

#[test]
fn words_filter_the_causes() {
    let desk = Desk::with_refused_mails();
    desk.opens(&[], CLASSIC)
        .sees("*1 Layers")
        .presses("e")
        .sees("x4")
        .presses("/nothing\r")
        .no_longer_sees("x4")
        .presses("/\u{15}http\r")
        .sees("x4");
}

#[test]
fn a_refused_mail_is_found_among_the_acts() {
    let desk = Desk::with_refused_mails();
    desk.opens(&[], WIDE).sees("*1 Layers").presses("E").sees_in_a_line(&[
        "rejected",
        "L3",
        "send email",
    ]);
}
