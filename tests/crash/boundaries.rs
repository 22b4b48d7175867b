//! Kills the machine at every boundary of a unit's way, starts it again, and lets it finish.
//!
//! The long form kills at eight hits of each failpoint, up to the 34th.

use std::collections::BTreeSet;

use cep_machine::runtime::failpoint;

use crate::bench::{Bench, Start, TOWN, is_full};
use crate::invariants;

/// Every unit by its natural name with its end; row ids and attempts may differ, this may not.
pub(crate) const UNITS: &str =
    "SELECT printf('%d|%s|%s|%s', layer, entity, version, state) FROM units";
const CONFIRMED: &str = "SELECT key FROM effects WHERE state = 'confirmed'";

/// What a run that nothing interrupts leaves.
pub(crate) fn clean() -> BTreeSet<String> {
    let clean = Bench::new("");
    clean.said(&TOWN, 0);
    let expected = clean.rows(UNITS);
    check(&clean, &expected, "no kill");
    expected
}

/// Checks that everything was finished, as it would have been without a kill.
pub(crate) fn check(bench: &Bench, expected: &BTreeSet<String>, at: &str) {
    let units = bench.rows(UNITS);
    let lost: Vec<_> = expected.difference(&units).take(5).collect();
    let more: Vec<_> = units.difference(expected).take(5).collect();
    assert!(lost.is_empty() && more.is_empty(), "{at}: lost {lost:?}, more {more:?}");
    invariants::at_rest(bench, at);
    let arrived: BTreeSet<_> = bench.arrivals().into_keys().collect();
    assert_eq!(arrived, bench.rows(CONFIRMED), "{at}: the journal and the receiver disagree");
}

#[test]
fn killed_at_every_boundary_and_started_again_nothing_is_lost_and_nothing_happens_twice() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let expected = clean();
    for name in failpoint::ALL {
        for &hit in hits_of(name) {
            let at = format!("{name}:{hit}");
            let bench = Bench::new("");
            // A small town comes to the first hits of each for certain, and to some no oftener.
            if hit <= 2 {
                bench.dies(&TOWN, &Start::dying(&at));
            } else if !bench.dies_if_met(&TOWN, &Start::dying(&at)) {
                break;
            }
            invariants::after_death(&bench, &at);
            let resumed = bench.resumed_ms(&TOWN, 0);
            check(&bench, &expected, &at);
            eprintln!("killed at {at}: nothing lost, nothing twice, {}", told(resumed));
        }
    }
}

/// Says how soon a machine went on.
pub(crate) fn told(resumed: Option<i64>) -> String {
    resumed.map_or_else(|| "nothing to claim".to_owned(), |ms| format!("at work after {ms} ms"))
}

/// Which hits of a failpoint kill. Early ones fall into layer 1, later ones into outreach, bookings
/// and what follows from them.
pub(crate) fn hits_of(name: &str) -> &'static [u32] {
    let full = is_full();
    match name {
        // A run starts and ends once, and so few businesses are few clients with few papers.
        "migration.before_commit"
        | "migration.committed"
        | "run.started"
        | "run.before_end"
        | "number.taken"
        | "number.written" => &[1],
        _ if full => &[1, 2, 3, 5, 8, 13, 21, 34],
        _ if name.starts_with("effect.") => &[1, 2, 13],
        _ => &[1, 2],
    }
}

/// An invoice that went out and of which 23.80 was given back, in a world where nothing else is.
const GIVEN_BACK: &str = "
INSERT INTO clients (mode, entity, name, category, email, zone, language, plan, state, signed_at)
VALUES ('dry', 'osm:node/1', 'A Dental', 'dental', 'a@dental.example', 'UTC', 'en', 'starter', 'active',
  1765584000000);
INSERT INTO invoices (mode, entity, period, number, serial, serial_year, net_minor, tax_minor,
  total_minor, currency, lines, issued_at, due_at, paid_at, paid_minor, refunded_minor, state)
VALUES ('dry', 'osm:node/1', 'setup', 'DRY-2025-0001', 1, 2025, 10000, 1900, 11900, 'USD', '[]',
  1765584000000, 1766188800000, 1766188800000, 11900, 2380, 'paid')";

#[test]
fn killed_while_a_credit_note_takes_its_number_it_is_written_once_and_leaves_no_gap() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    for at in
        ["number.taken", "number.written", "outcome.committed", "effect.sent", "effect.settled"]
    {
        let bench = Bench::new("");
        bench.said(&["run", "8"], 0);
        bench.connect().execute_batch(GIVEN_BACK).unwrap();
        bench.dies(&["run", "8"], &Start::dying(at));
        bench.said(&["run", "8"], 0);
        let notes = "SELECT printf('%s %d %d', number, total_minor, issued_at IS NOT NULL) FROM credit_notes";
        let expected = BTreeSet::from(["DRY-CN-2026-0001 2380 1".to_owned()]);
        assert_eq!(bench.rows(notes), expected, "{at}");
        invariants::at_rest(&bench, at);
    }
}
