//! A disk that is full or fails, a database that somebody else holds, a spoilt page: what an operator is
//! told, what goes out meanwhile (nothing), and that the next start finishes everything.

use std::os::unix::fs::FileExt as _;
use std::process::Stdio;

use cep_machine::runtime::clock::{Clock as _, SystemClock};

use crate::bench::{Bench, Start, TOWN, is_full, until};
use crate::boundaries::{check, clean};
use crate::disk;
use crate::invariants;
use crate::serving::{SETTINGS, Server, promoted};

const EIO: i32 = 5;
const ENOSPC: i32 = 28;

/// What SQLite and the system say of it.
const FULL: &[&str] = &["disk is full", "No space left", "unable to open"];
const FAILS: &[&str] = &["disk I/O error", "Input/output error", "unable to open"];

/// Which call fails how, and what has to be said of it.
const FAULTS: [(&str, i32, &[&str], &str); 4] = [
    ("write", ENOSPC, FULL, "free some space"),
    ("write", EIO, FAILS, "disk"),
    ("sync", EIO, FAILS, "disk"),
    ("any", ENOSPC, FULL, "free some space"),
];

#[test]
fn on_a_disk_that_fails_nothing_is_begun_the_cause_is_told_and_the_next_start_finishes() {
    if disk::shim().is_none() {
        return;
    }
    let expected = clean();
    // From the opening of the file to the middle of outreach.
    let all = [0, 1, 3, 8, 20, 40, 60, 100, 150, 250];
    let after = if is_full() { &all[..] } else { &[0, 8, 60, 150] };
    for (turn, &after) in after.iter().enumerate() {
        for (at, (operation, errno, cause, step)) in FAULTS.into_iter().enumerate() {
            if !is_full() && at % 2 != turn % 2 {
                continue;
            }
            let bench = Bench::new("");
            disk::fail(&bench, operation, errno, after, "crash.db");
            let start = Start { noted: true, ..Start::default() };
            let (status, said) = bench.run(&TOWN, &start);
            let told = format!("{operation} fails with {errno} after {after}: {status} {said}");
            assert!(matches!(status.code(), Some(1 | 2)), "{told}");
            let named = cause.iter().any(|cause| said.contains(cause));
            assert!(named && said.contains("hint: "), "{told}");
            assert!(said.to_lowercase().contains(step), "the next step is missing: {told}");
            disk::cure(&bench);
            disk::start_over(&bench);
            let sent = bench.arrivals();
            if !sent.is_empty() {
                invariants::after_death(&bench, &told);
                let known = bench.rows("SELECT key FROM effects");
                let begun: Vec<_> = sent.keys().filter(|key| !known.contains(*key)).collect();
                assert!(begun.is_empty(), "sent without a commit: {begun:?}, {told}");
            }
            bench.said(&TOWN, 0);
            check(&bench, &expected, &told);
            eprintln!(
                "{operation} fails with {errno} after {after} calls: {} sent before",
                sent.len()
            );
        }
    }
}

#[test]
fn a_serving_process_outlives_a_full_disk_says_why_and_goes_on_when_there_is_room_again() {
    if disk::shim().is_none() {
        return;
    }
    let bench = promoted(SETTINGS);
    let server = Server::start(&bench, &Start { noted: true, ..Start::default() });
    until(|| server.is_ready());
    disk::fail(&bench, "write", ENOSPC, 0, "crash.db");
    until(|| !server.is_ready());
    let page = server.ask("GET /readyz?verbose").unwrap();
    assert!(page.contains("disk is full") && page.contains("nothing is claimed"), "{page}");
    assert!(!server.deliver("evt_full"), "a delivery was acknowledged that nobody kept");
    let sent = "SELECT count(*) FROM effects";
    let before = bench.number(sent);
    // Longer than its leases are renewed for.
    let clock = SystemClock::new();
    let since = clock.monotonic_us();
    until(|| clock.monotonic_us() - since > 3_000_000);
    assert_eq!(bench.number(sent), before, "something was begun on a full disk");
    disk::cure(&bench);
    let since = clock.monotonic_us();
    until(|| server.is_ready());
    let took_ms = (clock.monotonic_us() - since) / 1_000;
    assert!(server.deliver("evt_full"), "it does not go on");
    let open = "SELECT count(*) FROM units WHERE mode = 'live' AND state IN ('ready', 'leased')";
    until(|| bench.number(open) == 0);
    assert_eq!(server.stop(), Some(0));
    invariants::after_death(&bench, "after a full disk");
    eprintln!("ready again {took_ms} ms after there was room");
}

#[test]
fn a_database_that_somebody_holds_for_a_while_is_waited_for() {
    let bench = Bench::new("");
    bench.said(&["run", "1", "--limit", "1"], 0);
    let holder = bench.connect();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::fs::remove_file(bench.path("cep.log")).unwrap();
    let mut waits = bench.command(&["run", "2"], &Start::default());
    let mut waits = waits.stdout(Stdio::null()).spawn().unwrap();
    // It has opened the database, and its first command is next.
    until(|| {
        std::fs::read_to_string(bench.path("cep.log")).is_ok_and(|log| log.contains("started"))
    });
    assert!(waits.try_wait().unwrap().is_none(), "it did not wait");
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(waits.wait().unwrap().code(), Some(0));
    invariants::after_death(&bench, "held for a while");
}

#[test]
fn a_database_that_somebody_holds_for_good_is_named_as_the_cause() {
    if !is_full() {
        eprintln!(
            "skipped: it takes the ten seconds that a statement waits; CEP_CRASH_FULL=1 runs it"
        );
        return;
    }
    let bench = Bench::new("");
    bench.said(&["run", "1", "--limit", "1"], 0);
    let holder = bench.connect();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let said = bench.said(&["run", "2"], 1);
    assert!(said.contains("locked") && said.contains("another program holds"), "{said}");
    holder.execute_batch("ROLLBACK").unwrap();
    bench.said(&["run", "2"], 0);
    invariants::after_death(&bench, "held for good");
}

#[test]
fn on_a_spoilt_page_nothing_is_worked_and_it_is_said_what_to_do() {
    let bench = Bench::new("");
    bench.said(&["run", "1", "--limit", "2"], 0);
    bench.connect().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let sound = std::fs::read(bench.database()).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(bench.database()).unwrap();
    // Past the schema, where units and their indexes lie.
    for page in 60..64 {
        file.write_all_at(&[0xA5; 4_096], page * 4_096).unwrap();
    }
    let (status, said) = bench.run(&["run", "all", "--limit", "2"], &Start::default());
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("is damaged") && said.contains("go on with a backup"), "{said}");
    assert!(bench.arrivals().is_empty(), "something was sent from a spoilt database");
    std::fs::write(bench.database(), sound).unwrap();
    bench.said(&["run", "all", "--limit", "2"], 0);
    invariants::at_rest(&bench, "with the sound file back");
}
