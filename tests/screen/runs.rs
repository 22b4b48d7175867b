//! Starting, steering and leaving runs.

use rustix::process::{Pid, Signal};

use crate::session::{CLASSIC, Desk, WIDE, waits_for_the_end_of};

const RUNS: &str = "SELECT count(*) FROM runs WHERE state IN ('running', 'draining')";
const LEASES: &str = "SELECT count(*) FROM leases WHERE pid <> 0";

#[test]
fn one_key_runs_the_selected_layer_in_the_rehearsal() {
    let desk = Desk::new();
    let mut person = desk.opens(&[], WIDE);
    person.sees("*1 Layers").presses("r").sees_in_a_line(&["run #1", "L1"]);
    person.sees_in_a_line(&["run #1", "succeeded"]).sees_in_a_line(&["Prospect Research", "done"]);
    assert_eq!(desk.number("SELECT count(*) FROM effects WHERE mode = 'live'"), 0);
}

#[test]
fn a_run_is_paused_and_goes_on() {
    let desk = Desk::new();
    desk.opens(&[], WIDE)
        .sees("*1 Layers")
        .presses("R")
        .sees_in_a_line(&["run #1", "running"])
        .presses("p")
        .sees_in_a_line(&["run #1", "PAUSED"])
        .presses("p")
        .sees_in_a_line(&["run #1", "running"]);
}

#[test]
fn a_run_is_cancelled_only_after_a_question() {
    let desk = Desk::new();
    desk.opens(&[], WIDE)
        .sees("*1 Layers")
        .presses("R")
        .sees_in_a_line(&["run #1", "running"])
        .presses("x")
        .sees("Cancel run")
        .presses("\u{1b}")
        .no_longer_sees("Cancel run")
        .sees_in_a_line(&["run #1", "running"])
        .presses("x")
        .sees("Cancel run")
        .presses("y")
        .sees_in_a_line(&["run #1", "cancelled"]);
}

#[test]
fn leaving_a_run_asks_and_what_is_left_goes_on_at_the_next_start() {
    let desk = Desk::new();
    let mut person = desk.opens(&[], WIDE);
    person.sees("*1 Layers").presses("R").sees_in_a_line(&["run #1", "running"]);
    person.presses("q").sees("Leave?").presses("\u{1b}").no_longer_sees("Leave?");
    person.presses("q").sees("Leave?").presses("c").ends_with(0).left_the_terminal_as_it_was();
    assert_eq!((desk.number(RUNS), desk.number(LEASES)), (0, 0));
    let mut person = desk.opens(&[], WIDE);
    person.sees_in_a_line(&["run #1", "INTERRUPTED"]).presses("R");
    person.sees_in_a_line(&["run #1", "running"]);
}

#[test]
fn a_terminated_dashboard_leaves_its_run_where_it_can_be_taken_up() {
    let desk = Desk::new();
    let mut person = desk.opens(&[], CLASSIC);
    person.sees("*1 Layers").presses("R").sees_in_a_line(&["run #1", "running"]);
    person.signals(Signal::TERM).ends_with(130).left_the_terminal_as_it_was();
    assert_eq!((desk.number(RUNS), desk.number(LEASES)), (0, 0));
}

#[test]
fn a_lost_connection_ends_the_dashboard_and_its_leases() {
    let desk = Desk::new();
    let mut person = desk.opens(&[], CLASSIC);
    person.sees("*1 Layers").presses("R").sees_in_a_line(&["run #1", "running"]);
    person.hangs_up().is_gone();
    assert_eq!((desk.number(RUNS), desk.number(LEASES)), (0, 0));
}

#[test]
fn a_shell_that_ends_takes_the_dashboard_and_its_leases_along() {
    let desk = Desk::new();
    let mut shell = desk.opens_a_shell(CLASSIC);
    shell.sees("ready$").presses("$CEP\r").sees("*1 Layers").presses("R");
    shell.sees_in_a_line(&["run #1", "running"]);
    shell.signals(Signal::HUP).is_gone();
    desk.waits_for(LEASES, 0);
    assert_eq!(desk.number(RUNS), 0);
}

#[test]
fn a_shell_that_ends_takes_a_suspended_dashboard_along() {
    let desk = Desk::walked();
    let mut shell = desk.opens_a_shell(CLASSIC);
    shell.sees("ready$").presses("$CEP\r").sees("*1 Layers").presses("\u{1a}").sees("Stopped");
    shell.presses("jobs -p > job; echo noted\r").sees("\nnoted").rests();
    let job = std::fs::read_to_string(desk.path("job")).unwrap().trim().parse().unwrap();
    shell.signals(Signal::HUP).is_gone();
    waits_for_the_end_of(Pid::from_raw(job).unwrap());
}

#[test]
fn a_second_dashboard_sees_the_run_of_the_first_and_steers_it() {
    let desk = Desk::new();
    let mut first = desk.opens(&[], WIDE);
    first.sees("*1 Layers").presses("R").sees_in_a_line(&["run #1", "running"]);
    let mut second = desk.opens(&[], WIDE);
    second.sees_in_a_line(&["run #1", "running"]).presses("p");
    second.sees_in_a_line(&["run #1", "PAUSED"]);
    first.sees_in_a_line(&["run #1", "PAUSED"]).presses("p");
    second.sees_in_a_line(&["run #1", "running"]);
}

#[test]
fn the_demo_is_told_step_by_step_and_ends_by_itself() {
    let desk = Desk::new();
    desk.opens(&["demo"], WIDE)
        .sees("DEMO 1/")
        .presses(" ")
        .sees("PAUSED")
        .presses("n")
        .presses(" ")
        .no_longer_sees("PAUSED")
        .presses("s")
        .sees("the path is walked")
        .sees_in_a_line(&["succeeded"])
        .presses("q")
        .ends_with(0);
}

#[test]
fn a_key_of_the_demo_is_one_from_the_first_picture_on() {
    let desk = Desk::new();
    desk.opens(&["demo"], WIDE)
        .sees("Self-Learning")
        .presses(" ")
        .sees("PAUSED")
        .presses("s")
        .sees("the path is walked")
        .presses("q")
        .ends_with(0);
}

#[test]
fn dry_time_is_moved_by_hand() {
    let desk = Desk::walked();
    desk.opens(&[], WIDE).sees("*1 Layers").commands("advance 1d").sees("day ").rests();
    assert!(desk.number("SELECT count(*) FROM audit_log") > 0);
}
