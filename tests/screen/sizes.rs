//! Any size is a size: from one cell to a wall.

use crate::session::{CLASSIC, Desk, LEAST, SMALL, WIDE};

#[test]
fn a_small_pane_shows_one_pane_at_a_time() {
    let desk = Desk::walked();
    desk.opens(&[], SMALL).sees("DRY-RUN").sees("1 Layers").presses("\t").sees("Sales");
}

#[test]
fn the_least_pane_keeps_the_header_and_says_what_it_needs() {
    let desk = Desk::walked();
    desk.opens(&[], LEAST).sees_all(&["DRY-RUN", "need 60x15", "have 40x10"]);
}

#[test]
fn a_window_dragged_down_to_nothing_and_back_is_the_same_screen() {
    let desk = Desk::walked();
    let mut person = desk.opens(&[], WIDE);
    person.sees("FOLLOW").rests();
    let before = person.picture();
    for n in 0..200_u16 {
        person.resizes((1 + (n * 37) % 200, 1 + (n * 17) % 60));
    }
    person.resizes((1, 1)).rests().resizes(WIDE).sees("FOLLOW").rests();
    assert_eq!(person.picture(), before);
    let mut fresh = desk.opens(&[], WIDE);
    fresh.sees("FOLLOW").rests();
    assert_eq!(person.picture(), fresh.picture());
}

#[test]
fn the_selection_stays_in_view_when_the_window_shrinks() {
    let desk = Desk::walked();
    let mut person = desk.opens(&[], CLASSIC);
    person.sees("*1 Layers").presses("G").sees("> 9 ").resizes(SMALL).sees("> 9 ");
}

#[test]
fn a_wall_of_a_terminal_is_filled() {
    let desk = Desk::walked();
    desk.opens(&[], (300, 100)).sees_all(&["1 Layers", "4 Events", "Self-Learning"]);
}
