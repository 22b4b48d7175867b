//! Shows that no number stands on two papers, whatever a restore has lost.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::numbers::{self, Series};
use crate::domain::mode::Mode;
use crate::domain::time::Moment;
use crate::store::open::in_memory;

fn november() -> Moment {
    "2026-11-26T12:00:00Z".parse().unwrap()
}

fn next(conn: &Connection, mode: Mode, at: Moment, paper: &str) -> String {
    numbers::next(conn, mode, at, Series::Invoices, paper).unwrap().number
}

#[test]
fn a_number_taken_in_a_year_of_which_some_may_be_lost_carries_the_generation() {
    let conn = in_memory();
    let restored = november();
    conn.execute("INSERT INTO restores VALUES (2, 1, ?1, 'b.db', NULL)", [restored]).unwrap();
    conn.execute("INSERT INTO doubts VALUES (2, 'live', 1, 9, 1)", []).unwrap();
    assert_eq!(next(&conn, Mode::Live, restored, "a|setup"), "2026-R2-0001");
    // Nothing of the next year can have been given away before the restore, and nothing of dry ever.
    let later = "2027-01-02T00:00:00Z".parse().unwrap();
    assert_eq!(next(&conn, Mode::Live, later, "a|2"), "2027-0001");
    assert_eq!(next(&conn, Mode::Dry, restored, "a|setup"), "DRY-2026-0001");
    conn.execute("INSERT INTO doubts VALUES (2, 'dry', 1, NULL, 1)", []).unwrap();
    assert_eq!(next(&conn, Mode::Dry, later, "a|setup"), "DRY-2027-R2-0001");
}

#[test]
fn a_paper_gets_the_number_back_that_it_had_and_nobody_else_does() {
    let conn = in_memory();
    for (paper, serial) in [("a|setup", 7), ("b|setup", 9)] {
        let number = format!("2026-{serial:04}");
        conn.execute(
            "INSERT INTO reserved_numbers VALUES ('live', 'invoices', ?1, 2026, ?2, ?3)",
            (paper, serial, number),
        )
        .unwrap();
    }
    let now = november();
    let given: Vec<String> = ["c|setup", "b|setup", "a|setup"]
        .into_iter()
        .map(|paper| next(&conn, Mode::Live, now, paper))
        .collect();
    assert_eq!(given, ["2026-0010", "2026-0009", "2026-0007"]);
    assert_eq!(given.iter().collect::<BTreeSet<_>>().len(), 3);
    let left: i64 =
        conn.query_row("SELECT count(*) FROM reserved_numbers", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}
