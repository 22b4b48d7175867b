//! What the dashboard takes from a terminal it gives back, and it asks for nothing that it was not given.

use rustix::process::{Pid, Signal, kill_process};

use crate::pty::Link;
use crate::session::{CLASSIC, Desk, WIDE};

#[test]
fn a_database_that_is_none_is_refused_before_the_screen_is_taken() {
    let desk = Desk::new();
    std::fs::write(
        desk.path("not.db"),
        "this is a letter, and a long one, not a database\n".repeat(90),
    )
    .unwrap();
    let path = desk.path("not.db").display().to_string();
    let mut person = desk.opens(&["--db", &path], CLASSIC);
    person.sees_all(&["is not a CEP Machine database", "name another file with --db"]).ends_with(2);
    assert!(!person.bytes().contains("?1049h"), "the screen was taken");
}

#[test]
fn no_terminal_is_asked_for_what_it_can_do() {
    let desk = Desk::new();
    let mut person = desk.opens(&[], CLASSIC);
    person.sees("*1 Layers").rests();
    let bytes = person.bytes();
    for query in [
        "\u{1b}[6n",
        "\u{1b}[c",
        "\u{1b}[>c",
        "\u{1b}[?u",
        "\u{1b}]10;?",
        "\u{1b}]11;?",
        "\u{1b}P+q",
    ] {
        assert!(!bytes.contains(query), "{query:?} was asked");
    }
}

#[test]
fn each_frame_is_one_synchronized_update() {
    let desk = Desk::walked();
    let mut person = desk.opens(&[], CLASSIC);
    person
        .sees("*1 Layers")
        .presses("j")
        .sees("> 2 ")
        .presses("j")
        .sees("> 3 ")
        .presses("q")
        .ends_with(0);
    let bytes = person.bytes();
    let (begun, ended) = (bytes.matches("?2026h").count(), bytes.matches("?2026l").count());
    assert!(begun > 2 && ended >= begun, "{begun} begun, {ended} ended");
}

#[test]
fn a_plain_locale_gets_plain_characters() {
    let desk = Desk::walked();
    let mut person = desk.opens_by(&[], WIDE, &[("LANG", "C")], Link::default());
    person
        .sees("1 Layers")
        .presses("e")
        .sees("> Errors")
        .presses("-")
        .sees("*1 Layers")
        .presses("q")
        .ends_with(0);
    let bytes = person.bytes();
    assert!(bytes.is_ascii(), "{bytes:?}");
}

#[test]
fn without_colour_the_selection_has_its_mark() {
    let desk = Desk::walked();
    let mut person = desk.opens_by(&[], CLASSIC, &[("NO_COLOR", "1")], Link::default());
    person.sees("> 1 [ok]").presses("j").sees("> 2 [ok]").presses("q").ends_with(0);
    let bytes = person.bytes();
    let screen = bytes.split("?1049l").next().unwrap_or_default();
    for sequence in screen.split("\u{1b}[").skip(1) {
        let Some((numbers, _)) = sequence.split_once('m') else { continue };
        if numbers.chars().all(|c| c.is_ascii_digit() || c == ';') {
            let paints = |number: &str| matches!(number.parse(), Ok(30_u8..=49 | 90..=107));
            assert!(!numbers.split(';').any(paints), "{numbers}m in {screen:?}");
        }
    }
}

#[test]
fn twenty_times_suspended_and_brought_back_it_is_the_same_screen() {
    let desk = Desk::walked();
    let mut person = desk.opens_a_shell(CLASSIC);
    person.sees("ready$").presses("$CEP\r").sees("*1 Layers").sees("FOLLOW");
    person.rests();
    let before = person.picture();
    for _ in 0..20 {
        person.presses("\u{1a}").sees("Stopped").presses("\u{c}").no_longer_sees("Stopped");
        person.presses("fg\r").sees_all(&["*1 Layers", "suspended for"]);
    }
    person.no_longer_sees("suspended for").rests();
    assert_eq!(person.picture(), before);
    person.presses("q").sees("ready$").presses("exit\r").ends_with(0);
}

#[test]
fn let_go_on_in_the_background_it_waits_for_the_person() {
    let desk = Desk::walked();
    let mut person = desk.opens_a_shell(CLASSIC);
    person.sees("ready$").presses("$CEP\r").sees("*1 Layers").presses("\u{1a}").sees("Stopped");
    person.presses("\u{c}").no_longer_sees("Stopped").presses("bg\r");
    person.presses("until [ -n \"$(jobs -s)\" ]; do sleep 0.1; done; echo it waits\r");
    person.sees("\nit waits");
    person.presses("fg\r").sees("*1 Layers").presses("q").sees("ready$");
    person.presses("exit\r").ends_with(0);
}

#[test]
fn stopped_from_outside_it_finds_its_terminal_again() {
    let desk = Desk::walked();
    let mut person = desk.opens_a_shell(CLASSIC);
    person.sees("ready$").presses("bash -c 'echo $$ > job; exec $CEP'\r").sees("*1 Layers");
    person.sees("FOLLOW").rests();
    let before = person.picture();
    let job = std::fs::read_to_string(desk.path("job")).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(job).unwrap(), Signal::STOP).unwrap();
    person.sees("Stopped").presses("clear; fg\r").sees("*1 Layers").rests();
    assert_eq!(person.picture(), before);
    person.presses("q").sees("ready$").presses("exit\r").ends_with(0);
}

#[test]
fn suspending_brings_a_run_to_rest_first() {
    let desk = Desk::new();
    let mut person = desk.opens_a_shell(WIDE);
    person.sees("ready$").presses("$CEP\r").sees("*1 Layers").presses("R");
    person.sees_in_a_line(&["run #1", "running"]).presses("\u{1a}").sees("Suspend?");
    person.presses("\u{1b}").no_longer_sees("Suspend?").presses("\u{1a}").sees("Suspend?");
    person.presses("p").sees("Stopped").presses("fg\r").sees("*1 Layers");
    person.sees_in_a_line(&["run #1", "INTERRUPTED"]).sees("the run stands").presses("p");
    person.sees_in_a_line(&["run #1", "running"]);
    let audited =
        "SELECT count(*) FROM audit_log WHERE before = 'interrupted' AND after = 'running'";
    desk.waits_for(audited, 1);
}

#[test]
fn the_shell_finds_its_terminal_as_it_was() {
    let desk = Desk::walked();
    let mut person = desk.opens_a_shell(CLASSIC);
    person.sees("ready$").presses("stty -g > before; $CEP; stty -g > after\r").sees("*1 Layers");
    person.presses("q").sees("ready$").presses("cmp before after && echo the same; exit\r");
    person.sees("the same").ends_with(0);
}

#[test]
fn keys_of_ones_own_work_and_one_that_means_two_things_is_refused_with_its_line() {
    let desk = Desk::with("screen:\n  keys:\n    errors: [z]\n");
    desk.opens(&[], CLASSIC).sees("z errors").presses("z").sees("Overview › Errors");
    let desk = Desk::with("screen:\n  keys:\n    errors: [m]\n");
    let mut person = desk.opens(&[], CLASSIC);
    person.sees_all(&["m already means `mode`", "cep.yaml:3"]).ends_with(2);
}

#[test]
fn a_terminal_that_reads_nothing_for_a_while_gets_the_newest_picture() {
    let desk = Desk::new();
    let mut person = desk.opens(&[], WIDE);
    person.sees("*1 Layers").holds(true).presses("r");
    let done = "SELECT count(*) FROM runs WHERE state = 'succeeded'";
    person.finds(&desk, done, 1).holds(false).sees_in_a_line(&["run #1", "succeeded"]);
}
