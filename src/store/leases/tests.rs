//! When a lease ends, and by which clock.

use super::*;
use crate::domain::time::{HOUR_MS, SECOND_MS};
use crate::store::open;

const LEASE_MS: i64 = 60 * SECOND_MS;
const NAME: &str = "layer/3";

fn at(seconds: i64) -> Now {
    Now { wall: Moment(1_000_000 * SECOND_MS + seconds * SECOND_MS), uptime: up(seconds) }
}

fn up(seconds: i64) -> Uptime {
    Uptime((500 + seconds) * SECOND_MS)
}

/// Asks for the lease as another holder of this very process, which lives.
fn ask(conn: &Connection, me: &ProcessIdentity, now: Now) -> Acquired {
    acquire(conn, Mode::Dry, NAME, "peer pid 2@here", me, now, LEASE_MS).unwrap()
}

fn taken_at_zero(me: &ProcessIdentity) -> Connection {
    let conn = open::in_memory();
    acquire(&conn, Mode::Dry, NAME, "cli pid 1@here", me, at(0), LEASE_MS).unwrap();
    conn
}

fn is_busy(answer: &Acquired) -> bool {
    matches!(answer, Acquired::Busy { owner } if owner == "cli pid 1@here")
}

#[test]
fn a_lease_ends_by_time_though_its_process_lives() {
    let me = ProcessIdentity::current();
    let conn = taken_at_zero(&me);
    assert!(is_busy(&ask(&conn, &me, at(59))));
    assert_eq!(ask(&conn, &me, at(60)), Acquired::Held { epoch: Epoch(2), taken_over: true });
}

#[test]
fn an_hour_by_which_the_wall_clock_jumps_neither_ends_a_lease_nor_lengthens_it() {
    let me = ProcessIdentity::current();
    for jump_ms in [-HOUR_MS, HOUR_MS] {
        let conn = taken_at_zero(&me);
        let jumped = |now: Now| Now { wall: now.wall.plus_ms(jump_ms), ..now };
        assert!(is_busy(&ask(&conn, &me, jumped(at(59)))), "{jump_ms} ms ended it");
        assert!(!is_busy(&ask(&conn, &me, jumped(at(60)))), "{jump_ms} ms lengthened it");
    }
}

#[test]
fn a_renewal_counts_from_when_it_was_made_and_not_by_the_wall_clock() {
    let me = ProcessIdentity::current();
    let conn = taken_at_zero(&me);
    let fence = Fence::new(Mode::Dry, vec![(NAME.to_owned(), Epoch(1))]);
    let set_back = Now { wall: at(20).wall.plus_ms(-HOUR_MS), ..at(20) };
    fence.renew(&conn, set_back, LEASE_MS).unwrap();
    assert!(is_busy(&ask(&conn, &me, at(79))));
    assert!(!is_busy(&ask(&conn, &me, at(80))));
    let late = fence.renew(&conn, at(81), LEASE_MS);
    assert!(matches!(late, Err(StoreError::Fenced { .. })), "{late:?}");
    assert!(fence.check(&conn).is_err());
    assert_eq!(fence.passed_to(&conn).unwrap().as_deref(), Some("peer pid 2@here"));
}

#[test]
fn a_process_that_died_is_noticed_at_once_only_where_its_pid_can_be_looked_at() {
    let me = ProcessIdentity::current();
    // The pid is taken by a process that started at another time.
    let dead = ProcessIdentity { pid_start: me.pid_start + 1, ..me.clone() };
    assert!(!is_busy(&ask(&taken_at_zero(&dead), &me, at(1))));
    // In another container the same pid is another process: only time decides.
    let elsewhere = ProcessIdentity { pid_space: "pid:[1]".to_owned(), ..dead };
    let conn = taken_at_zero(&elsewhere);
    assert!(is_busy(&ask(&conn, &me, at(59))));
    assert!(!is_busy(&ask(&conn, &me, at(60))));
}

#[test]
fn a_holder_of_another_boot_is_dead_whatever_its_lease_says() {
    let me = ProcessIdentity::current();
    let before = ProcessIdentity { boot_id: "another boot".to_owned(), ..me.clone() };
    assert!(!is_busy(&ask(&taken_at_zero(&before), &me, at(-400))));
}

#[test]
fn a_lease_that_an_older_version_wrote_holds_while_its_process_lives() {
    let me = ProcessIdentity::current();
    let conn = taken_at_zero(&me);
    let old =
        format!("UPDATE leases SET ends = NULL, pid_space = '', owner = 'cli pid 1@{}'", me.host);
    conn.execute(&old, []).unwrap();
    let held = living_holder(&conn, Mode::Dry, NAME, &me, at(7_200)).unwrap();
    assert!(held.is_some());
    conn.execute("UPDATE leases SET pid_start = pid_start + 1", []).unwrap();
    assert_eq!(living_holder(&conn, Mode::Dry, NAME, &me, at(1)).unwrap(), None);
}

#[test]
fn a_lease_that_was_given_back_is_free_and_its_epoch_is_never_used_again() {
    let me = ProcessIdentity::current();
    let conn = taken_at_zero(&me);
    release(&conn, Mode::Dry, NAME, Epoch(1)).unwrap();
    assert!(living_holders(&conn, Mode::Dry, &me, at(1)).unwrap().is_empty());
    assert_eq!(ask(&conn, &me, at(1)), Acquired::Held { epoch: Epoch(2), taken_over: false });
}
