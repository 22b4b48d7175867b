//! Takes backups while others write, goes on working, restores an old one and goes on from there.

use std::collections::{BTreeMap, BTreeSet};

use super::bench::{Bench, hosts, number, rows};

const ALL: [&str; 5] = ["run", "all", "--limit", "14", "--json"];

/// Every unit by its natural name with its end.
const UNITS: &str = "SELECT printf('%d|%s|%s|%s', layer, entity, version, state) FROM units";
const CONFIRMED: &str = "SELECT key FROM effects WHERE state = 'confirmed'";
const UNKNOWN: &str = "SELECT key FROM effects WHERE state = 'unknown'";
const NUMBERS: &str =
    "SELECT entity || ' ' || period || ' ' || number FROM invoices WHERE number IS NOT NULL
  UNION SELECT entity || ' ' || period || ' ' || number FROM credit_notes";

/// The number on each invoice that reached a client, as the journal has it: number → whose paper.
fn papers(database: &std::path::Path) -> BTreeSet<(String, String)> {
    let sql = "SELECT json_extract(payload, '$.paper.number') || ' ' || entity || ' ' || version
      FROM effects WHERE action IN ('issue_invoice', 'issue_credit_note') AND state = 'confirmed'";
    let split =
        |row: String| row.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    rows(database, sql).into_iter().map(split).collect()
}

/// A world in which a run was at work while it was copied, again and again. Returns the bench and the
/// copies with the acts that each has confirmed.
fn copied_under_load(kill: bool) -> (Bench, Vec<(String, i64)>) {
    let bench = Bench::new();
    // The first moment makes the file; from then on it is copied while the run writes.
    bench.said("load.db", &["run", "1", "--limit", "14"], 0);
    let mut run = bench.start("load.db", &ALL);
    let mut copies = Vec::new();
    loop {
        let ended = run.try_wait().unwrap();
        let name = format!("copy-{:02}.db", copies.len());
        let said = bench.said("load.db", &["backup", &name], 0);
        assert!(said.contains("verified"), "{said}");
        let n =
            number(&bench.path(&name), "SELECT count(*) FROM effects WHERE state = 'confirmed'");
        copies.push((name, n));
        if let Some(ended) = ended {
            assert!(ended.success(), "the run under load ended with {ended}");
            break;
        }
        if kill && copies.len() > 2 && n > 50 {
            run.kill().unwrap();
            run.wait().unwrap();
            break;
        }
    }
    (bench, copies)
}

/// Picks a copy from the middle of the work.
fn middle(copies: &[(String, i64)], of: i64) -> (String, i64) {
    let inside = copies.iter().filter(|(_, n)| *n > 0 && *n < of);
    let best = inside.min_by_key(|(_, n)| (n - of / 3).abs());
    best.unwrap_or_else(|| panic!("no copy fell into the work: {copies:?}")).clone()
}

#[test]
fn an_old_backup_restored_elsewhere_sends_nothing_twice_and_holds_what_nobody_can_know() {
    let (bench, copies) = copied_under_load(false);
    let sent = bench.arrived().len();
    let (copy, n) = middle(&copies, bench.number("load.db", "SELECT count(*) FROM effects"));
    eprintln!("{} copies under load; restored the one with {n} of {sent} acts", copies.len());
    let mut called = hosts(&bench.path("load.db"));
    let sending =
        number(&bench.path(&copy), "SELECT count(*) FROM effects WHERE state = 'sending'");

    let said = bench.said("new.db", &["restore", &copy], 0);
    assert!(said.contains("generation 1") && said.contains("cep restore --settled"), "{said}");
    assert_eq!(bench.number("new.db", "SELECT count(*) FROM effects WHERE state = 'sending'"), 0);
    let unknown = bench.number("new.db", "SELECT count(*) FROM effects WHERE state = 'unknown'");
    assert!(unknown >= sending, "{sending} were in flight, {unknown} are unknown");
    assert_eq!(bench.number("new.db", "SELECT count(*) FROM units WHERE state = 'leased'"), 0);
    assert_eq!(bench.number("new.db", "SELECT count(*) FROM runs WHERE state = 'running'"), 0);
    let status = bench.said("new.db", &["status"], 0);
    assert!(status.contains("acts wait for a verdict"), "{status}");

    let held = go_on_and_tell(&bench, &mut called);
    eprintln!("{held} acts were held for a person, who found each at its receiver");
    assert!(held > 0, "with {n} of {sent} acts in the backup some have to be held");
    bench.said(
        "new.db",
        &["restore", "--settled", "--evidence", "every receiver was looked at"],
        0,
    );
    let (code, said) = bench.cep("new.db", &ALL);
    assert_eq!(code, Some(0), "{said}");
    called.extend(hosts(&bench.path("new.db")));
    bench.assert_nothing_twice(&called);
    assert_eq!(bench.rows("new.db", UNKNOWN), BTreeSet::new());
    assert_whole(&bench, "new.db");
    // No number stands on papers of two clients, whichever database wrote them.
    let mut whose = BTreeMap::new();
    for database in ["load.db", "new.db"] {
        for (number, paper) in papers(&bench.path(database)) {
            let other = whose.entry(number.clone()).or_insert_with(|| paper.clone());
            assert_eq!(*other, paper, "{number} stands on two papers");
        }
    }
    assert!(!whose.is_empty(), "no paper went out, so this shows nothing");
}

/// Works, looks each held act up in the receivers' own record, and goes on, until nothing is held.
/// Returns how many there were.
fn go_on_and_tell(bench: &Bench, called: &mut BTreeMap<String, String>) -> usize {
    let mut held = 0;
    for _ in 0..200 {
        let (code, said) = bench.cep("new.db", &ALL);
        assert!(code == Some(0) || code == Some(3), "{code:?} {said}");
        called.extend(hosts(&bench.path("new.db")));
        bench.assert_nothing_twice(called);
        let unknown = bench.rows("new.db", UNKNOWN);
        if unknown.is_empty() {
            return held;
        }
        let arrived = bench.arrived();
        for key in unknown {
            let verdict = if arrived.contains(&key) { "happened" } else { "did-not-happen" };
            held += usize::from(verdict == "happened");
            let evidence = ["--evidence", "the receiver's own record"];
            bench.said("new.db", &[&["resolve", &key, verdict], &evidence[..]].concat(), 0);
        }
    }
    panic!("acts are held without end");
}

fn assert_whole(bench: &Bench, database: &str) {
    let left = "SELECT printf('unit %d %s', id, state) FROM units
      WHERE state IN ('leased', 'ready', 'held', 'dead')";
    assert_eq!(bench.rows(database, left), BTreeSet::new());
    assert_eq!(bench.rows(database, "PRAGMA quick_check"), BTreeSet::from(["ok".to_owned()]));
    let journal = bench.rows(database, CONFIRMED);
    let arrived = bench.arrived();
    let strangers: Vec<_> = journal.difference(&arrived).collect();
    assert!(strangers.is_empty(), "confirmed, and no receiver saw them: {strangers:?}");
}

#[test]
fn a_database_that_is_replaced_tells_the_backup_what_went_out_and_nothing_is_held_or_asked() {
    let clean = Bench::new();
    clean.said("load.db", &["run", "1", "--limit", "14"], 0);
    clean.said("load.db", &ALL, 0);
    let (bench, copies) = copied_under_load(true);
    let (code, said) = bench.cep("load.db", &["run", "all", "--limit", "14", "--json"]);
    assert_eq!(code, Some(0), "{said}");
    let all = bench.number("load.db", "SELECT count(*) FROM effects");
    let (copy, n) = middle(&copies, all);
    let numbers = bench.rows("load.db", NUMBERS);
    let before = bench.arrivals().len();
    let said = bench.said("load.db", &["restore", &copy, "--replace"], 0);
    assert!(said.contains("are carried over") && !said.contains("--settled"), "{said}");
    let kept = bench.names_in(".").into_iter().find(|name| name.contains(".replaced-")).unwrap();
    assert_eq!(
        bench.number(&kept, "SELECT count(*) FROM effects"),
        all,
        "the old one is kept whole"
    );
    let (code, said) = bench.cep("load.db", &ALL);
    assert_eq!(code, Some(0), "{said}");
    eprintln!("restored in place with {n} of {all} acts: the rest was known");
    assert_eq!(bench.arrivals().len(), before, "nothing went out again");
    assert_eq!(bench.rows("load.db", UNITS), clean.rows("load.db", UNITS), "and nothing is lost");
    assert_eq!(bench.rows("load.db", NUMBERS), numbers, "each paper has the number it had");
    assert_whole(&bench, "load.db");
}
