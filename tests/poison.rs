//! A unit on which process after process dies is taken out, told of, and tried again by a person.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails has to fail")]

mod desk;

use desk::Desk;
use rusqlite::Connection;

/// Two processes have died on it already, and the third one is dying.
const DYING: &str = "
UPDATE units SET state = 'leased', epoch = 3, lost_in_row = 2, run_at = NULL WHERE id = ?1;";
const ATTEMPT: &str = "
INSERT INTO attempts (unit_id, mode, layer, number, state, epoch, owner, trace_id, at, wall_at)
SELECT id, mode, layer, 1 + (SELECT count(*) FROM attempts WHERE unit_id = units.id), 'started', 3,
  'cli pid 1@gone', 't', 0, 0 FROM units WHERE id = ?1";

#[test]
fn a_unit_that_kills_three_processes_is_dead_with_its_reason_and_a_person_tries_all_of_its_cause_again()
 {
    let desk = Desk::new();
    desk.said(&["--db", "p.db", "run", "1", "--limit", "3"], 0);
    desk.said(&["--db", "p.db", "run", "2"], 0);
    let conn = Connection::open(desk.0.path().join("p.db")).unwrap();
    let sql = "SELECT id FROM units WHERE layer = 2 AND state = 'done' ORDER BY id LIMIT 1";
    let unit: i64 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
    conn.execute("UPDATE units SET ended_at = NULL, state = 'ready' WHERE id = ?1", [unit])
        .unwrap();
    conn.execute(DYING.trim().trim_end_matches(';'), [unit]).unwrap();
    conn.execute(ATTEMPT, [unit]).unwrap();
    drop(conn);
    desk.said(&["--db", "p.db", "run", "2"], 3);
    let errors = desk.said(&["--db", "p.db", "errors"], 0);
    assert!(errors.contains("process_died"), "{errors}");
    let card = desk.said(&["--db", "p.db", "errors", &unit.to_string()], 0);
    assert!(card.contains("poison: 3 processes in a row died working on it"), "{card}");
    let said = desk.said(&["--db", "p.db", "retry", "--fingerprint", "process_died"], 0);
    assert!(said.contains("1 units that failed with process_died are ready"), "{said}");
    desk.said(&["--db", "p.db", "run", "2"], 0);
    let said = desk.said(&["--db", "p.db", "retry", "--fingerprint", "process_died"], 2);
    assert!(said.contains("no dead or retrying unit"), "{said}");
}

#[test]
fn what_works_beside_a_unit_that_kills_its_process_is_not_taken_for_another_one() {
    if !cfg!(debug_assertions) {
        return;
    }
    let desk = Desk::new();
    desk.said(&["--db", "p.db", "run", "1", "--limit", "4"], 0);
    let conn = Connection::open(desk.0.path().join("p.db")).unwrap();
    let number = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let second = number("SELECT id FROM units WHERE layer = 2 ORDER BY id LIMIT 1 OFFSET 1");
    let lose = "UPDATE units SET lost_in_row = 2 WHERE id = ?1";
    conn.execute(lose, [second]).unwrap();
    let working = "SELECT count(*) FROM units WHERE layer = 2 AND state = 'leased'";
    let dies_at = |point: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(["--db", "p.db", "run", "2"]).current_dir(desk.0.path());
        command.env("XDG_STATE_HOME", desk.0.path()).env("CEP_FAILPOINT", point);
        assert!(!command.output().unwrap().status.success());
    };
    dies_at("claim.committed");
    assert_eq!(number(working), 1, "the first goes before the suspect, and without it");
    dies_at("claim.committed:2");
    assert_eq!(number(working), 1, "the suspect goes alone");
    let suspect = format!("SELECT count(*) FROM units WHERE id = {second} AND state = 'leased'");
    assert_eq!(number(&suspect), 1);
    desk.said(&["--db", "p.db", "run", "2"], 3);
    let dead = "SELECT count(*) FROM units WHERE layer = 2 AND state = 'dead'";
    assert_eq!(number(dead), 1);
    assert_eq!(number(&format!("{dead} AND id = {second}")), 1, "the others are done");
}
