//! Hostile strings as what a person says to the machine: notes, reasons, evidence, arguments.

use cep_machine::app::command::{Command, Verdict};
use cep_machine::app::port::Machine as _;
use cep_machine::domain::effect::EffectKey;
use cep_machine::domain::ids::UnitId;
use cep_machine::domain::layer::Layer;
use cep_machine::domain::text::clean;
use rusqlite::Connection;
use serde_json::json;

use super::clean::{assert_clean, assert_database};
use super::desk::{Desk, naughty_strings, run};

/// As many businesses as there are strings, so that each has a unit to speak of.
fn businesses(n: usize) -> String {
    let rows = (0..n).map(|n| format!("Practice {n},dental,desk@b{n}.example,,,,\n"));
    std::iter::once("name,category,email,phone,website,address,opening_hours\n".to_owned())
        .chain(rows)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_writes_is_kept_without_its_control_sequences_or_refused_with_a_reason() {
    let Some(hostile) = naughty_strings() else { return };
    let desk = Desk::new();
    let machine = desk.machine();
    let input = desk.write("practices.csv", businesses(2 * hostile.len()));
    run(&machine, &[Layer::ProspectResearch], Some(&input)).await;
    let units: Vec<i64> = desk
        .texts("SELECT CAST(id AS TEXT) FROM units WHERE layer = 2 AND state = 'ready' ORDER BY id")
        .iter()
        .map(|id| id.parse().unwrap())
        .collect();
    assert!(units.len() >= 2 * hostile.len(), "{}", units.len());
    // Every second one becomes a task that waits for a person.
    let conn = Connection::open(desk.database()).unwrap();
    conn.execute("UPDATE units SET state = 'waiting' WHERE layer = 2 AND id % 2 = 1", []).unwrap();
    let (waiting, open): (Vec<i64>, Vec<i64>) = units.into_iter().partition(|id| id % 2 == 1);
    let mut refused = 0;
    for ((text, open), waiting) in hostile.iter().zip(open).zip(waiting) {
        let skip = Command::Skip { unit: UnitId(open), reason: text.clone() };
        let note = (text.chars().count() <= 500).then(|| text.clone());
        let data = Some(json!({ text: [text] }));
        let answer =
            Command::Answer { unit: UnitId(waiting), result: "done".to_owned(), note, data };
        assert!(machine.submit(answer).await.is_ok(), "{text:?}");
        let kept = clean(text, 10_000);
        match machine.submit(skip).await {
            Ok(ack) => assert_clean(&ack.text, "the answer"),
            Err(refusal) => {
                refused += 1;
                assert!(kept.is_empty() || kept.chars().count() > 500, "{text:?}: {refusal:?}");
                assert!(refusal.hint.is_some());
                continue;
            }
        }
        let why = desk.texts(&format!("SELECT why FROM units WHERE id = {open}")).remove(0);
        assert!(why.contains(&kept), "{why:?} is not {kept:?}");
    }
    assert!(refused < 20, "{refused} of {} reasons are refused", hostile.len());
    assert_database(&desk.database());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_and_keys_that_make_no_sense_are_refused_and_change_nothing() {
    let Some(hostile) = naughty_strings() else { return };
    let desk = Desk::new();
    let machine = desk.machine();
    for text in hostile {
        let key = EffectKey(text.clone());
        let resolve = Command::Resolve { key, verdict: Verdict::Happened, evidence: text };
        let refusal = machine.submit(resolve).await.unwrap_err();
        assert!(refusal.hint.is_some(), "{refusal:?}");
    }
    assert_database(&desk.database());
    assert_eq!(desk.count("SELECT count(*) FROM effects"), 0);
}

#[test]
fn a_hostile_argument_is_refused_by_name_with_exit_2_and_makes_no_file() {
    let Some(hostile) = naughty_strings() else { return };
    let usable = hostile.iter().filter(|text| !text.contains('\0'));
    for (n, text) in usable.enumerate() {
        let desk = Desk::new();
        // One that names a file of this computer is no bad name; what is in it is refused later.
        if desk.path(text).exists() {
            continue;
        }
        let db = format!("--db={text}");
        let config = format!("--config={text}");
        let input = format!("--input={text}");
        let said = match n % 3 {
            0 => desk.bare(&[&db, "status"]),
            1 => desk.bare(&[&config, "status"]),
            _ => desk.bare(&["run", "1", &input]),
        };
        assert_eq!(said.code, 2, "{text:?}: {}", said.err);
        assert!(said.out.is_empty() && !said.err.is_empty(), "{text:?}: {said:?}");
        let made: Vec<_> = std::fs::read_dir(desk.path(".")).unwrap().map(Result::unwrap).collect();
        assert!(made.is_empty(), "{text:?} made {made:?}");
    }
}

#[test]
fn a_hostile_word_in_place_of_a_command_or_a_number_is_quoted_clean() {
    let desk = Desk::new();
    let word = "\u{1b}[31mred\u{9b}2J\u{202e}";
    for arguments in [&[word][..], &["run", word], &["skip", word], &["units", "--state", word]] {
        let said = desk.bare(arguments);
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains("red"), "{}", said.err);
    }
}
