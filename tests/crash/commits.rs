//! Kills before and after every commit of a run, with and without the power of the disk.
//!
//! At each point the machine dies on a disk that remembers what was not synced. Then either it is just
//! started again, or the disk loses that first, all of it or a part. With `synchronous=FULL` a cut may
//! take nothing that was committed: every row is compared.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use cep_machine::runtime::clock::{Clock as _, SystemClock};
use rusqlite::TransactionBehavior;

use crate::bench::{Bench, Start, TOWN, is_dead_of_abort, is_full, until};
use crate::boundaries::{check, clean, told};
use crate::disk::{self, Leaves};
use crate::invariants;

/// Commits of a run of all layers, with how often each is killed at.
const OF_A_RUN: [(&str, u32); 16] = [
    ("run", 1),
    ("start dry time", 1),
    ("acquire leases", 1),
    ("start run", 1),
    ("answer a command", 1),
    ("discover", 2),
    ("claim", 2),
    ("effect intent", 2),
    ("effect result", 2),
    ("unit outcome", 2),
    ("after a wave", 2),
    ("move dry time", 2),
    ("receive", 2),
    ("end run", 1),
    ("release leases", 1),
    ("after a run", 1),
];

/// Every commit at which a scenario of this suite kills.
pub(crate) fn killed() -> BTreeSet<&'static str> {
    OF_A_RUN.iter().map(|(name, _)| *name).chain(RARE).collect()
}

/// Commits that a run makes only after something went wrong.
const RARE: [&str; 5] =
    ["effect reconcile", "fence", "late write", "effect not sent", "lease stalled"];

/// What is done to the disk of a dead machine before it is started again.
#[derive(Clone, Copy, Debug)]
enum Then {
    Nothing,
    CutPower(Leaves),
}

/// How a machine that died at `point` is let finish. A run that has ended is not taken up: whoever asks
/// for the town again gets a later part of it.
fn finish_of(point: &str) -> &'static [&'static str] {
    let ended = ["commit.after:end run", "release leases", "after a run"];
    if ended.iter().any(|name| point.contains(name)) { &["run", "2"] } else { &TOWN }
}

/// Dies at `point`, loses power or not, and finishes.
fn die_and_finish(point: &str, then: Then, expected: &BTreeSet<String>) {
    let bench = Bench::new("");
    bench.dies(&TOWN, &Start::losing_power(point));
    let committed = bench.content();
    let lost = match then {
        Then::Nothing => 0,
        Then::CutPower(leaves) => disk::cut_power(&bench, leaves),
    };
    assert!(bench.content() == committed, "{point}, {then:?}: a commit was lost");
    invariants::after_death(&bench, point);
    let resumed = bench.resumed_ms(finish_of(point), 0);
    check(&bench, expected, point);
    eprintln!("{point}, {then:?}: {lost} unsynced writes lost, no row lost, {}", told(resumed));
}

#[test]
fn killed_around_every_commit_of_a_run_with_and_without_power_it_finishes_as_if_nothing_was() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let expected = clean();
    let ways = [Then::CutPower(Leaves::Nothing), Then::Nothing, Then::CutPower(Leaves::Some(1))];
    let mut turn = 0;
    for (name, hits) in OF_A_RUN {
        for side in ["before", "after"] {
            // The short form kills at the first hit, and takes the ways in turn.
            let hits = if is_full() { hits } else { 1 };
            for hit in 1..=hits {
                let point = format!("commit.{side}:{name}:{hit}");
                let ways = if is_full() { &ways[..] } else { &ways[turn % 3..=turn % 3] };
                turn += 1;
                for &then in ways {
                    die_and_finish(&point, then, &expected);
                }
            }
        }
    }
}

/// The check above has to be able to fail: on a disk whose syncs do nothing a cut takes commits, and
/// with them the memory of what was sent.
#[test]
fn without_syncs_a_power_cut_takes_what_was_committed_and_forgets_what_was_sent() {
    if !cfg!(debug_assertions) || disk::shim().is_none() {
        eprintln!("skipped: it needs failpoints and a C compiler");
        return;
    }
    let bench = Bench::new("");
    let start = Start { swallowed: true, ..Start::losing_power("commit.after:effect result:2") };
    bench.dies(&TOWN, &start);
    let committed = bench.content();
    let lost = disk::cut_power(&bench, Leaves::Nothing);
    let left = bench.content();
    assert!(lost > 0 && left != committed, "nothing was lost without syncs");
    let sent = bench.arrivals();
    assert!(!sent.is_empty() && !left.contains_key("effects"), "what was sent is remembered");
    eprintln!("without syncs {lost} writes were lost, and {} sent effects forgotten", sent.len());
}

/// Dies with a mail on its way to a server that asks for no key, and finishes. Whether it went out only
/// a person can find out, here by the server's own record.
fn die_with_a_mail_on_its_way(point: &str) -> usize {
    let bench = Bench::new("sim:\n  mail_keys: false\n");
    bench.dies(&TOWN, &Start::dying(point));
    invariants::after_death(&bench, point);
    bench.run(&TOWN, &Start::default());
    invariants::at_rest(&bench, point);
    let held = bench.rows("SELECT key FROM effects WHERE state = 'unknown'");
    for key in &held {
        let arrived = bench.arrivals().contains_key(key);
        let verdict = if arrived { "happened" } else { "did-not-happen" };
        bench.said(&["resolve", key, verdict, "--evidence", "the server's record"], 0);
    }
    bench.said(&TOWN, 0);
    invariants::at_rest(&bench, point);
    let open = bench.rows("SELECT key FROM effects WHERE state IN ('sending', 'unknown')");
    assert_eq!(open, BTreeSet::new(), "{point}");
    let once = bench.number("SELECT count(*) FROM effects WHERE recovery = 'at_most_once'");
    assert!(once > 0, "no effect here is at most once");
    eprintln!("{point}: {} of {once} mails held and resolved, none sent twice", held.len());
    held.len()
}

#[test]
fn killed_with_a_mail_on_its_way_over_smtp_it_is_held_for_a_person_and_never_sent_again() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let points = [
        "commit.before:effect intent",
        "commit.after:effect intent",
        "effect.intended",
        "effect.sent",
        "effect.before_result",
        "commit.before:effect result",
        "commit.after:effect result",
        "effect.settled",
    ];
    let hits = if is_full() { 2..=8 } else { 2..=2 };
    let held: usize = hits
        .flat_map(|hit| points.map(|point| format!("{point}:{hit}")))
        .map(|point| die_with_a_mail_on_its_way(&point))
        .sum();
    assert!(held > 0, "nothing was ever on its way");
}

#[test]
fn killed_while_a_receiver_was_asked_what_arrived_it_is_asked_again() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let expected = clean();
    let open = "SELECT count(*) FROM effects WHERE state = 'sending' AND recovery = 'queryable'";
    for side in ["before", "after"] {
        let point = format!("commit.{side}:effect reconcile");
        let asked = (2..40).step_by(2).find_map(|hit| {
            let bench = Bench::new("");
            bench.dies(&TOWN, &Start::dying(&format!("effect.sent:{hit}")));
            (bench.number(open) > 0).then_some(bench)
        });
        let bench = asked.unwrap();
        bench.dies(&TOWN, &Start::dying(&point));
        invariants::after_death(&bench, &point);
        bench.said(&TOWN, 0);
        check(&bench, &expected, &point);
    }
}

#[test]
fn killed_while_a_late_write_was_refused_the_unit_is_taken_back_and_finished() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let expected = clean();
    for name in ["fence", "late write"] {
        for side in ["before", "after"] {
            let point = format!("commit.{side}:{name}");
            let bench = Bench::new("");
            let mut late = bench.command(&TOWN, &Start::dying(&point));
            let mut late = late.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // Somebody else takes every unit that it works on.
            let conn = bench.connect();
            let taken = "UPDATE units SET epoch = epoch + 1 WHERE state = 'leased'";
            until(|| {
                // There is no table yet in the first instants.
                drop(conn.execute(taken, []));
                late.try_wait().unwrap().is_some()
            });
            assert!(is_dead_of_abort(late.wait().unwrap()), "{point} was not reached");
            bench.said(&TOWN, 0);
            check(&bench, &expected, &point);
        }
    }
}

/// Leases that end soon, so that a process which stands still for two seconds has none.
const SHORT_LEASES: &str = "orchestrator:\n  lease_s: 2\n  call_timeout_s: 1\n";

#[test]
fn killed_after_it_stood_still_past_its_lease_what_it_had_not_sent_is_sent_once() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    let expected = clean();
    for (name, stands_at) in
        [("effect not sent", "effect.intended"), ("lease stalled", "claim.committed")]
    {
        for side in ["before", "after"] {
            let point = format!("commit.{side}:{name}");
            // On a busy machine the work may not get a turn while the renewal waits for the database.
            let bench = (2..10).find_map(|hit| stood_still(&format!("{stands_at}:{hit}"), &point));
            let bench = bench.unwrap_or_else(|| panic!("{point} was not reached"));
            bench.said(&TOWN, 0);
            check(&bench, &expected, &point);
        }
    }
}

/// Lets a process stand still past its leases, and go on until it dies at `point`; `None` when it does
/// not come there.
fn stood_still(stands_at: &str, point: &str) -> Option<Bench> {
    let clock = SystemClock::new();
    let bench = Bench::new(SHORT_LEASES);
    let failpoints = format!("stop:{stands_at},{point}");
    let mut still = bench.command(&TOWN, &Start::dying(&failpoints));
    let mut still = still.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let stat = format!("/proc/{}/stat", still.id());
    until(|| std::fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") T ")));
    wait_us(&clock, 2_100_000);
    // Nothing is renewed while somebody else writes, so the work is the first to notice that time has
    // passed. It can be that the process stands in the middle of a write of its own.
    let mut other = bench.connect();
    other.busy_timeout(Duration::ZERO).unwrap();
    let writes = other.transaction_with_behavior(TransactionBehavior::Immediate).ok();
    let pid = still.id().to_string();
    assert!(Command::new("kill").args(["-CONT", &pid]).status().unwrap().success());
    wait_us(&clock, 500_000);
    drop(writes);
    is_dead_of_abort(still.wait().unwrap()).then_some(bench)
}

fn wait_us(clock: &SystemClock, us: u64) {
    let since = clock.monotonic_us();
    until(|| clock.monotonic_us() - since > us);
}

/// Power is lost between the writes of a commit, before its sync. Such a commit was acknowledged to
/// nobody; whatever was before is there.
#[test]
fn with_power_lost_in_the_middle_of_a_commit_what_was_sent_is_remembered_and_the_rest_goes_on() {
    if disk::shim().is_none() {
        return;
    }
    let expected = clean();
    let calls = if is_full() { 0..60 } else { 0..6 };
    for turn in calls {
        // From the first write of the file to the end of the run, closer together at first.
        let call = turn * turn * if is_full() { 1 } else { 60 } + turn;
        let bench = Bench::new("");
        disk::fail(&bench, "die", 0, call, "crash.db");
        let start = Start { noted: true, ..Start::default() };
        let (status, _) = bench.run(&TOWN, &start);
        disk::cure(&bench);
        let leaves = if turn % 2 == 0 { Leaves::Nothing } else { Leaves::Some(u64::from(turn)) };
        let lost = disk::cut_power(&bench, leaves);
        let at = format!("{leaves:?} of what followed call {call}");
        invariants::after_death(&bench, &at);
        if is_dead_of_abort(status) {
            if bench.has_tables() {
                let known = bench.rows("SELECT key FROM effects");
                let sent = bench.arrivals();
                let forgotten: Vec<_> = sent.keys().filter(|key| !known.contains(*key)).collect();
                assert!(forgotten.is_empty(), "{at}: sent and forgotten: {forgotten:?}");
            }
            bench.said(&TOWN, 0);
        }
        check(&bench, &expected, &at);
        eprintln!("{at}: {lost} writes lost, nothing forgotten");
    }
}
