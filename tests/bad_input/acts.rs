//! Hostile strings through what people do every day: `cep import`, `cep tasks`, `cep documents` and
//! `cep resolve`, on work that exists.

use std::sync::Arc;

use cep_machine::app::command::{Command, DocumentAct};
use cep_machine::app::port::Machine as _;
use cep_machine::domain::layer::Layer;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::operations::{Client, ClientState, OperationsChange, Plan};
use cep_machine::domain::text::clean;
use cep_machine::layers::onboarding_flow;
use cep_machine::runtime::clock::SystemClock;
use cep_machine::store::{Store, changes, units};
use rusqlite::Connection;

use super::clean::{assert_clean, assert_database};
use super::desk::{Desk, naughty_strings, run};

/// Characters of a note, a reason or a piece of evidence that are kept.
const TEXT_CHARS_MAX: usize = 500;

/// Every sixth string and all that were made to break a terminal, as arguments can hold them.
fn some() -> Option<Vec<String>> {
    let all = naughty_strings()?;
    let made = all.len() - 6;
    let rest = all.iter().take(made).step_by(6).chain(&all[made..]);
    Some(rest.filter(|text| !text.contains('\0')).cloned().collect())
}

/// Whether a text may be kept as what a person said.
fn is_kept(text: &str) -> bool {
    let kept = clean(text, 10_000);
    !kept.is_empty() && kept.chars().count() <= TEXT_CHARS_MAX
}

/// A desk on which `n` businesses without e-mail wait to be called.
async fn calls(n: usize) -> (Desk, Vec<String>) {
    let desk = Desk::new();
    let rows = (0..n).map(|n| format!("Practice {n},dental,,+44163296{n:04},,,\n"));
    let head = "name,category,email,phone,website,address,opening_hours\n".to_owned();
    let input = desk.write("calls.csv", std::iter::once(head).chain(rows).collect::<String>());
    let machine = desk.machine();
    run(&machine, &[Layer::ProspectResearch], Some(&input)).await;
    let conn = Connection::open(desk.database()).unwrap();
    // A day has a quota of calls, and this is about what is said of them.
    for layer in [Layer::PitchGenerator, Layer::OutreachEngine] {
        conn.execute("UPDATE units SET state = 'ready', run_at = NULL WHERE layer = 3", [])
            .unwrap();
        run(&machine, &[layer], None).await;
    }
    let waiting =
        desk.texts("SELECT CAST(id AS TEXT) FROM units WHERE layer = 3 AND state = 'waiting'");
    (desk, waiting)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_take_hostile_notes_clean_or_refuse_them_and_end_only_in_their_own_words() {
    let Some(hostile) = some() else { return };
    let (desk, waiting) = calls(40).await;
    assert!(waiting.len() >= 10, "{} calls wait", waiting.len());
    let (first, rest) = waiting.split_first().unwrap();
    let (mut kept, mut refused) = (0, 0);
    for text in &hostile {
        let said = desk.cep(&["tasks", "note", first, "--", text]);
        if said.code == 0 {
            kept += 1;
        } else {
            refused += 1;
            assert_eq!(said.code, 2, "{text:?}: {}", said.err);
            assert!(!is_kept(text) && said.err.contains("hint: "), "{text:?}: {}", said.err);
        }
        let word = desk.cep(&["tasks", "done", first, &format!("--result={text}")]);
        assert_eq!(word.code, 2, "{text:?} ends no task: {}", word.err);
        let data = format!("--data={text}");
        let data = desk.cep(&["tasks", "done", first, "--result=maybe", &data]);
        assert_eq!(data.code, 2, "{text:?} ends no task: {}", data.err);
    }
    assert!(kept > refused, "{kept} notes are kept, {refused} are refused");
    let notes = desk.cep(&["tasks", "show", first]);
    assert_eq!(notes.code, 0, "{}", notes.err);
    for (id, text) in rest.iter().zip(hostile.iter().filter(|text| is_kept(text))) {
        let said = desk.cep(&["tasks", "failed", id, &format!("--note={text}")]);
        assert_eq!(said.code, 0, "{text:?}: {}", said.err);
    }
    for text in &hostile {
        let said = desk.cep(&["tasks", "failed", first, &format!("--note={text}")]);
        if said.code == 0 {
            break;
        }
        assert!(!is_kept(text) && said.err.contains("hint: "), "{text:?}: {}", said.err);
    }
    assert_eq!(desk.cep(&["tasks"]).code, 0);
    assert_database(&desk.database());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn evidence_of_an_effect_that_exists_is_kept_clean_or_refused_and_settles_nothing() {
    let Some(hostile) = some() else { return };
    let (desk, waiting) = calls(40).await;
    let conn = Connection::open(desk.database()).unwrap();
    // As a lost answer leaves them: the call was made, and nobody knows what became of it.
    conn.execute_batch(
        "UPDATE effects SET state = 'unknown', receipt = NULL, confirmed_no = NULL,
           settled_at = NULL WHERE layer = 3;
         UPDATE units SET state = 'held' WHERE layer = 3 AND state = 'waiting';",
    )
    .unwrap();
    let unknown = "SELECT key FROM effects WHERE layer = 3 AND state = 'unknown' ORDER BY id";
    let mut keys = desk.texts(unknown);
    assert_eq!(keys.len(), waiting.len());
    let (mut settled, mut n) = (0, 0);
    for text in &hostile {
        let Some(key) = keys.last() else { break };
        n += 1;
        let verdict = if n % 2 == 0 { "happened" } else { "did-not-happen" };
        let said = desk.cep(&["resolve", key, verdict, &format!("--evidence={text}")]);
        if said.code == 0 {
            let sql = format!("SELECT evidence FROM effects WHERE key = '{key}'");
            let evidence = desk.texts(&sql).remove(0);
            assert!(evidence.contains(&clean(text, 10_000)), "{evidence:?} is not {text:?}");
            keys.pop();
            settled += 1;
        } else {
            assert!(!is_kept(text) && said.err.contains("hint: "), "{text:?}: {}", said.err);
            assert!(desk.texts(unknown).contains(key), "a refusal settles nothing");
        }
        let verdict = desk.cep(&["resolve", "--evidence=seen", "--", "any", text]);
        assert_eq!(verdict.code, 2, "{text:?} is no verdict: {}", verdict.err);
    }
    assert!(settled > 5, "{settled}");
    assert_eq!(desk.cep(&["effects"]).code, 0);
    assert_database(&desk.database());
}

fn client() -> Client {
    Client {
        entity: "osm:node/1".to_owned(),
        name: "Practice".to_owned(),
        category: "dental".to_owned(),
        email: "desk@practice.example".to_owned(),
        phone: None,
        zone: "America/New_York".to_owned(),
        language: "en".to_owned(),
        plan: Plan::Starter,
        state: ClientState::Onboarding,
        workspace: None,
        customer_id: None,
        signed_at: "2026-01-05T09:00:00Z".parse().unwrap(),
        live_at: None,
        churned_at: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_take_files_of_any_name_and_reasons_clean_or_refuse_them_with_the_next_step() {
    let Some(hostile) = naughty_strings() else { return };
    let desk = Desk::new();
    let store = Store::open(&desk.database(), Arc::new(SystemClock::new())).unwrap();
    let sign = |tx: &Connection| {
        let (client, now) = (client(), client().signed_at);
        let planned = onboarding_flow::first_units(&client, now);
        changes::apply(tx, Mode::Dry, now, &OperationsChange::Client(Box::new(client)).into())?;
        planned.iter().try_for_each(|unit| units::insert(tx, Mode::Dry, None, now, unit).map(drop))
    };
    store.write("sign", sign).await.unwrap();
    drop(store);
    let machine = desk.machine();
    run(&machine, &[Layer::OnboardingFlow], None).await;
    let asked = desk.texts("SELECT document FROM documents WHERE document <> 'intake_form'");
    let document = asked.first().unwrap().clone();
    let say = |client: &str, document: &str, act: DocumentAct| {
        let (client, document) = (client.to_owned(), document.to_owned());
        machine.submit(Command::Document { mode: Mode::Dry, client, document, act })
    };
    let (mut files, mut reasons) = (0, 0);
    for (n, text) in hostile.iter().enumerate() {
        let is_name = !text.is_empty()
            && text.len() < 200
            && !text.contains(['/', '\0'])
            && !matches!(text.as_str(), "." | "..");
        if is_name {
            files += 1;
            let file = desk.write(text, format!("content {n}"));
            let ack = say("Practice", &document, DocumentAct::Receive { file: Some(file) }).await;
            assert_clean(&ack.unwrap_or_else(|refusal| panic!("{text:?}: {refusal:?}")).text, text);
        } else {
            say("Practice", &document, DocumentAct::Receive { file: None }).await.unwrap();
        }
        match say("Practice", &document, DocumentAct::Reject { reason: text.clone() }).await {
            Ok(_) => reasons += 1,
            Err(refusal) => {
                let kept = clean(text, 10_000);
                assert!(kept.is_empty() || kept.chars().count() > 300, "{text:?}: {refusal:?}");
                assert!(refusal.hint.is_some());
            }
        }
        for (client, document) in [("Practice", text.as_str()), (text, document.as_str())] {
            let refusal = say(client, document, DocumentAct::Approve).await.unwrap_err();
            assert!(refusal.hint.is_some(), "{text:?}: {refusal:?}");
        }
    }
    assert!(files > 200 && reasons > 250, "{files} files, {reasons} reasons");
    say("Practice", &document, DocumentAct::Receive { file: None }).await.unwrap();
    say("Practice", &document, DocumentAct::Approve).await.unwrap();
    assert_database(&desk.database());
    assert_eq!(desk.cep(&["documents"]).code, 0);
    assert_eq!(
        desk.cep(&["documents", "receive", "Practice", &document, "--file=\u{1b}[2J"]).code,
        2
    );
}

#[test]
fn a_hostile_column_name_is_mapped_or_refused_and_a_preview_of_a_hostile_table_writes_nothing() {
    let Some(hostile) = some() else { return };
    let desk = Desk::new();
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["name", "category", "email", "phone", "website", "notes"]).unwrap();
    for text in &hostile {
        table.write_record([text, "dental", text, text, text, text]).unwrap();
    }
    desk.write("naughty.csv", table.into_inner().unwrap());
    for form in [&["--preview"][..], &["--preview", "--json"]] {
        let said = desk.bare(&[&["import", "naughty.csv", "--rows", "500"], form].concat());
        assert_eq!(said.code, 0, "{}", said.err);
    }
    assert!(!desk.database().exists() && !desk.path("state/cep/cep.db").exists());
    for text in &hostile {
        let (map, category) = (format!("--map=name={text}"), format!("--category={text}"));
        for argument in [&map, &category] {
            let said = desk.bare(&["import", "naughty.csv", "--preview", argument]);
            assert!(matches!(said.code, 0 | 2), "{argument:?}: {}", said.err);
            assert!(said.code == 0 || said.err.contains("hint: "), "{argument:?}: {}", said.err);
        }
    }
    assert!(!desk.path("state/cep/cep.db").exists(), "a preview begins no database");
    let said = desk.cep(&["import", "naughty.csv"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(desk.count("SELECT count(*) FROM prospects"), hostile.len(), "nothing is lost");
    assert_database(&desk.database());
}
