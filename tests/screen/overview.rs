//! The first screen, and how one gets about from it.

use crate::session::{CLASSIC, Desk, WIDE};

#[test]
fn a_new_machine_says_how_to_begin() {
    let desk = Desk::new();
    desk.opens(&[], CLASSIC)
        .sees("DRY-RUN")
        .sees("nothing has happened in this world yet: r runs a layer, R all of them")
        .presses("q")
        .ends_with(0)
        .left_the_terminal_as_it_was();
}

#[test]
fn nine_layers_three_containers_and_the_figure_are_there_at_once() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE)
        .sees_all(&["Prospect Research", "Self-Learning", "Sales", "Operations", "Finance"])
        .sees_in_a_line(&["run #1", "succeeded"])
        .sees("production ready");
}

#[test]
fn tab_and_the_digits_move_through_the_panes() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE)
        .sees("*1 Layers")
        .presses("\t")
        .sees("*2 Containers")
        .presses("3")
        .sees("*3 ")
        .presses("4")
        .sees("*4 Events")
        .presses("\t")
        .sees("*1 Layers");
}

#[test]
fn enter_goes_down_and_escape_comes_back_up() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE)
        .sees("> 1 [ok]")
        .presses("jj")
        .sees("> 3 [ok]")
        .presses("\r")
        .sees("Overview › L3 Outreach Engine")
        .presses("\u{1b}")
        .sees("*1 Layers")
        .sees("> 3 [ok]");
}

#[test]
fn the_figure_is_explained_down_to_the_rows() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE)
        .sees("*1 Layers")
        .presses("P")
        .sees_in_a_line(&["_sync = (sum of weight x health) x coupling = 1.0000"])
        .sees_in_a_line(&["conversion", " / "])
        .presses("\u{1b}")
        .sees("*1 Layers");
}

#[test]
fn help_is_found_by_words() {
    let desk = Desk::new();
    desk.opens(&[], CLASSIC)
        .sees("*1 Layers")
        .presses("?")
        .sees("Keys on this screen")
        .presses("/suspend")
        .sees("Ctrl-z")
        .no_longer_sees("Run the selected layer")
        .presses("\u{1b}")
        .sees("Run the selected layer")
        .presses("\u{1b}")
        .no_longer_sees("Keys on this screen");
}

#[test]
fn a_command_is_completed_and_remembered() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE)
        .sees("*1 Layers")
        .presses(":laye\t")
        .sees("layer ")
        .presses("4\r")
        .sees("Overview › L4 Booking Handler")
        .presses("\u{1b}")
        .sees("*1 Layers")
        .presses(":")
        .presses("\u{1b}[A")
        .sees("layer 4")
        .presses("\r")
        .sees("Overview › L4 Booking Handler");
}

#[test]
fn a_command_that_there_is_not_is_refused_with_the_next_step() {
    let desk = Desk::new();
    desk.opens(&[], CLASSIC)
        .sees("*1 Layers")
        .commands("fly")
        .sees_in_a_line(&["fly", "?"])
        .commands("unit 99")
        .sees("no unit 99");
}

#[test]
fn every_screen_is_one_key_away() {
    let desk = Desk::walked();
    let mut person = desk.opens(&[], WIDE);
    person.sees("*1 Layers");
    for (key, crumb) in [
        ("e", "Errors"),
        ("E", "Effects"),
        ("T", "Tasks"),
        ("A", "Proposals"),
        ("Q", "Queue"),
        ("H", "Runs"),
        ("C", "Changes"),
        ("V", "Events"),
        ("P", "Phi"),
        ("L", "Log"),
        ("S", "System"),
    ] {
        person.presses(key).sees_in_a_line(&["Overview ›", crumb]);
        person.presses("\u{1b}").sees("*1 Layers");
    }
}

#[test]
fn the_events_are_filtered_and_followed() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE)
        .sees("FOLLOW")
        .presses("V")
        .sees("Overview › Events")
        .presses("/L8\r")
        .sees("/L8")
        .no_longer_sees("L3 Outreach")
        .sees("L8 Finance Tracker")
        .presses("kk")
        .sees("STANDING")
        .presses("f")
        .sees("FOLLOW");
}

#[test]
fn a_frozen_picture_says_so() {
    let desk = Desk::walked();
    desk.opens(&[], CLASSIC)
        .sees("*1 Layers")
        .presses(" ")
        .sees("FROZEN")
        .presses(" ")
        .no_longer_sees("FROZEN");
}

#[test]
fn what_changed_in_the_shift_is_listed() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE)
        .sees("*1 Layers")
        .presses("C")
        .sees_in_a_line(&["run 1"])
        .commands("changes 25:99")
        .sees("use 22:00 (UTC), 8h, 2d");
}
