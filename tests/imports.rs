//! Runs `cep import` as an operator does: mapped columns, a preview, the same file again, and files
//! that are none.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

mod desk;

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use desk::Desk;

impl Desk {
    fn database(&self) -> PathBuf {
        self.0.path().join("state/cep/cep.db")
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.said(arguments, 0)).unwrap()
    }

    /// The first column of a query.
    fn texts(&self, sql: &str) -> Vec<String> {
        let conn = rusqlite::Connection::open(self.database()).unwrap();
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

const NAMES: &str = "SELECT name || ' ' || coalesce(phone, '-') FROM prospects ORDER BY name";

#[test]
fn columns_are_mapped_a_preview_shows_them_and_writes_nothing_and_the_import_stores_them() {
    let desk = Desk::new();
    desk.write(
        "kunden.csv",
        "Betrieb;Rufnummer;Postfach;Notiz\nPraxis Aue;+4930901820;aue@praxis.example;alt\n\
         Praxis Bach;;bach@praxis.example;\n;+4930901822;;ohne Namen\n",
    );
    let unmapped = desk.said(&["import", "kunden.csv", "--preview"], 2);
    assert!(unmapped.contains("line 1") && unmapped.contains("hint: "), "{unmapped}");
    let map = ["--map", "name=Betrieb,phone=Rufnummer", "--map", "email=Postfach"];
    let mapped = [&["import", "kunden.csv", "--category", "dental"], &map[..]].concat();
    let preview = desk.json(&[&mapped[..], &["--preview", "--json"]].concat());
    assert_eq!(preview["listed"], 3);
    assert_eq!(preview["columns"]["ignored"], serde_json::json!(["Notiz"]));
    assert_eq!(preview["first"][0]["email"], "aue@praxis.example");
    let page = desk.said(&[&mapped[..], &["--preview"]].concat(), 0);
    assert!(page.contains("phone ← Rufnummer") && page.contains("ignored: Notiz"), "{page}");
    assert!(!desk.database().exists(), "a preview begins no database");

    let read = desk.json(&[&mapped[..], &["--json"]].concat());
    assert_eq!(read["run_state"], "succeeded");
    let names = desk.texts(NAMES);
    assert!(names.contains(&"Praxis Aue +4930901820".to_owned()), "{names:?}");
    assert_eq!(names.len(), 3, "the row without a name has a row and a reason: {names:?}");
    let wrong = desk.said(&["import", "kunden.csv", "--map", "name=Firma"], 3);
    assert!(wrong.contains("\"Firma\", which is no column; there are Betrieb"), "{wrong}");
    let field = desk.said(&["import", "kunden.csv", "--map", "colour=Notiz"], 2);
    assert!(field.contains("colour"), "{field}");
    assert_eq!(desk.texts(NAMES), names);
}

#[test]
fn a_file_that_is_read_again_updates_erases_nothing_and_the_planned_mail_follows_the_new_address() {
    let desk = Desk::new();
    let head = "id,name,category,email,phone,website,address,opening_hours,country\n";
    let row = |id: u32, email: &str, phone: &str| {
        format!("{id},Practice {id},dental,{email},{phone},,,,US\n")
    };
    let first = [row(1, "old@one.example", "+12075550101"), row(2, "desk@two.example", "")];
    desk.write("town.csv", &format!("{head}{}", first.concat()));
    desk.said(&["import", "town.csv"], 0);
    desk.said(&["run", "2"], 0);
    assert_eq!(desk.texts("SELECT entity FROM pitches").len(), 2);

    let second =
        [row(1, "new@one.example", ""), row(2, "desk@two.example", ""), row(3, "c@c.example", "")];
    desk.write("town.csv", &format!("{head}{}", second.concat()));
    let again = desk.json(&["import", "town.csv", "--json"]);
    let counts = &again["import"];
    assert_eq!(
        (&counts["new"], &counts["updated"], &counts["unchanged"]),
        (&1.into(), &1.into(), &1.into()),
        "{again}"
    );
    let kept = desk.texts("SELECT email || ' ' || phone FROM prospects WHERE name = 'Practice 1'");
    assert_eq!(kept, ["new@one.example +12075550101"], "what the file leaves out stays");
    assert_eq!(desk.texts("SELECT name FROM prospects").len(), 3, "nobody is stored twice");

    for layer in ["2", "3"] {
        desk.said(&["run", layer], 0);
    }
    // The first office hour of the recipients.
    desk.said(&["advance", "8h"], 0);
    desk.said(&["run", "3"], 0);
    let to = "SELECT payload FROM effects WHERE action = 'send_email'";
    let mails = desk.texts(to);
    assert!(mails.iter().any(|mail| mail.contains("new@one.example")), "{mails:?}");
    assert!(mails.iter().all(|mail| !mail.contains("old@one.example")), "{mails:?}");
    let told = desk.said(&["events", "--layer", "3"], 0);
    assert!(told.contains("goes to the address that it has now"), "{told}");
    desk.write("town.csv", &format!("{head}{}", row(1, "third@one.example", "")));
    desk.said(&["import", "town.csv"], 0);
    let sent = "SELECT count(*) || '' FROM effects WHERE action = 'send_email'";
    let before = desk.texts(sent);
    desk.said(&["run", "3"], 0);
    assert_eq!(desk.texts(sent), before, "what went out is not sent again to another address");
}

#[test]
fn a_table_that_is_none_is_refused_with_its_line_and_what_was_there_stays() {
    let desk = Desk::new();
    desk.write("good.csv", "name,category,email\nPractice 1,dental,desk@one.example\n");
    let good = desk.0.path().join("good.csv").to_str().unwrap().to_owned();
    desk.said(&["import", &good], 0);
    for (name, text, words) in [
        ("empty.csv", "", &["empty"][..]),
        ("headless.csv", "Acme,dental,1\nBeta,gym,2\n", &["line 1", "name"]),
        ("kindless.csv", "name,phone\nAcme,1\n", &["line 1", "category"]),
        ("cut.json", "{\"elements\":[{\"type\":\"node\",\"id\":1", &["line 1"]),
    ] {
        desk.write(name, text);
        let preview = desk.said(&["import", name, "--preview"], 2);
        let said = desk.said(&["import", name], 3);
        let errors = desk.said(&["errors"], 0);
        for word in words {
            assert!(preview.contains(word), "{name}: {word:?} is not in {preview}");
            let told = format!("{said}{errors}");
            assert!(told.contains(word) || told.contains(name), "{name}: {told}");
        }
        assert_eq!(desk.texts("SELECT name FROM prospects"), ["Practice 1"], "{name}");
    }
    fs::remove_dir_all(desk.0.path().join("state")).unwrap();
    desk.said(&["import", &good], 0);
    desk.write("short.csv", "name,category,email\nPractice 2,dental,b@b.example\nC,dental\n");
    let told = desk.said(&["import", "short.csv"], 0);
    assert!(told.contains("2 cells"), "the row that was left out is told: {told}");
    assert_eq!(
        desk.texts("SELECT name FROM prospects ORDER BY name"),
        ["Practice 1", "Practice 2"]
    );
    let missing = desk.said(&["import", "nowhere.csv"], 2);
    assert!(missing.contains("nowhere.csv") && missing.contains("hint: "), "{missing}");
}
