//! The way to LIVE, and all the ways that do not lead there.

use crate::session::{CLASSIC, Desk, WIDE};

const LIVE_EFFECTS: &str = "SELECT count(*) FROM effects WHERE mode = 'live'";
const LIVE_COMMANDS: &str = "SELECT count(*) FROM commands WHERE name = 'arm'";

#[test]
fn live_is_armed_by_the_typed_word_alone_and_disarmed_by_one_key() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE)
        .sees("DRY-RUN")
        .presses("m")
        .sees_all(&["Arm LIVE", "effects leave through outbox", "Type the word live to arm"])
        .presses("\r")
        .no_longer_sees("Arm LIVE")
        .presses("m")
        .sees("Arm LIVE")
        .presses("alive\r")
        .sees("DRY-RUN")
        .does_not_see("armed here")
        .presses("m")
        .sees("Arm LIVE")
        .presses("live\r")
        .sees("armed here")
        .sees("╔*1 Layers")
        .presses("m")
        .sees("LIVE is armed")
        .presses("\r")
        .no_longer_sees("armed here ")
        .sees("┌*1 Layers");
}

#[test]
fn looking_at_the_live_world_arms_nothing() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE)
        .sees("DRY-RUN")
        .presses("v")
        .sees("LIVE  · not armed here")
        .presses("r")
        .sees_in_a_line(&["arm", "m"])
        .presses("v")
        .sees("DRY-RUN");
    assert_eq!((desk.number(LIVE_EFFECTS), desk.number(LIVE_COMMANDS)), (0, 0));
}

#[test]
fn an_armed_run_still_asks_and_its_default_is_no() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE)
        .sees("DRY-RUN")
        .presses("m")
        .sees("Arm LIVE")
        .presses("live\r")
        .sees("armed here")
        .presses("R")
        .sees_all(&["Run all nine layers LIVE?", "What is sent cannot be taken back."])
        .presses("\r")
        .no_longer_sees("Run all nine layers LIVE?");
    assert_eq!(desk.number("SELECT count(*) FROM runs WHERE mode = 'live'"), 0);
}

#[test]
fn a_dashboard_that_only_reads_has_no_key_that_changes_anything() {
    let desk = Desk::with_refused_mails();
    desk.opens(&["--read-only"], CLASSIC)
        .sees("READ-ONLY")
        .presses("r")
        .sees("only reads")
        .presses("e")
        .sees("x4")
        .presses("\r")
        .sees("ATTEMPTS")
        .presses("r")
        .commands("run all")
        .rests();
    assert_eq!(desk.number("SELECT count(*) FROM runs"), 1);
    assert_eq!(desk.number("SELECT count(*) FROM units WHERE state = 'ready'"), 0);
}

#[test]
fn quitting_while_armed_leaves_nothing_armed() {
    let desk = Desk::walked();
    let mut person = desk.opens(&[], CLASSIC);
    person.sees("DRY-RUN").presses("m").sees("Arm LIVE").presses("live\r").sees("armed here");
    person.presses("q").ends_with(0).left_the_terminal_as_it_was();
    desk.opens(&[], CLASSIC).sees("DRY-RUN").does_not_see("armed");
}
