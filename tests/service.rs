//! Runs `cep profile`, `cep posts`, `cep reports` and `cep finance` as an operator does between two runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

use std::fs;
use std::process::{Command, Output, Stdio};

use cep_machine::domain::time::Moment;
use serde_json::Value;
use tempfile::TempDir;

struct Desk(TempDir);

impl Desk {
    /// A folder in which all layers have run dry to their horizon.
    fn worked() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.said(&["run", "all"], 0);
        desk
    }

    fn cep(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).current_dir(self.0.path()).env_clear();
        command.env("XDG_STATE_HOME", self.0.path().join("state")).stdin(Stdio::null());
        command.output().unwrap()
    }

    fn said(&self, arguments: &[&str], code: i32) -> String {
        let output = self.cep(arguments);
        let (out, err) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
        let said = format!("{}{}", out.unwrap(), err.unwrap());
        assert_eq!(output.status.code(), Some(code), "{arguments:?} said: {said}");
        said
    }

    fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let said = self.said(arguments, 0);
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn file(&self, text: &str) -> String {
        let path = self.0.path().join("text.txt");
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Where a post of a client is, and what it says.
    fn post(&self, client: &str, slot: &str) -> Value {
        let posts = self.lines(&["posts", client, "--json", "--limit", "1000"]);
        posts.into_iter().find(|post| post["slot"] == slot).unwrap()
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

#[test]
fn a_person_edits_holds_and_releases_a_post_and_exactly_that_goes_out() {
    let desk = Desk::worked();
    let planned = desk.lines(&["posts", "--json"]);
    let (client, slot) = (text(&planned[0], "entity"), text(&planned[0], "slot"));
    let edit = |text: &str, code| {
        let file = desk.file(text);
        desk.said(&["posts", "edit", client, slot, "--text-file", &file], code)
    };
    let long = edit(&"x".repeat(1_501), 2);
    assert!(long.contains("1501") && long.contains("1500 fit"), "{long}");
    assert!(edit("Call us: (207) 555-0100", 2).contains("phone number"));
    assert!(edit(" \n", 2).contains("needs a text"));
    assert_eq!(desk.post(client, slot)["text"], planned[0]["text"], "a refusal changes nothing");

    assert!(edit("Open on Sunday.\nCome in!\n", 0).contains("as you wrote it"));
    desk.said(&["posts", "hold", client, slot], 0);
    assert!(desk.said(&["posts", "hold", client, slot], 2).contains("held already"));
    desk.said(&["advance", "14d"], 0);
    desk.said(&["run", "6"], 0);
    let held = desk.post(client, slot);
    assert_eq!((text(&held, "state"), held["held"].as_bool()), ("planned", Some(true)));

    desk.said(&["posts", "release", client, slot], 0);
    desk.said(&["run", "6"], 0);
    let out = desk.post(client, slot);
    assert_ne!(text(&out, "state"), "planned");
    assert_eq!(text(&out, "text"), "Open on Sunday.\nCome in!");
    assert!(edit("Too late.", 4).contains("has begun to go out"));
    assert!(desk.said(&["posts", "hold", client, "1999-W01/1"], 2).contains("has no post"));
    assert!(desk.said(&["posts", client, "hold", client, slot], 2).contains("behind the verb"));
    assert!(desk.said(&["posts", "Nobody at all"], 2).contains("hint: "));
}

#[test]
fn a_profile_has_its_scores_its_signals_and_edits_and_why_it_rests_and_a_report_its_rows() {
    let desk = Desk::worked();
    let planned = desk.lines(&["posts", "--json"]);
    let client = text(&planned[0], "entity");
    let view = &desk.lines(&["profile", client, "--json"])[0];
    let (before, now) = (&view["before"]["score"], &view["now"]["score"]);
    assert!(now.as_f64().unwrap() >= before.as_f64().unwrap(), "{before} then {now}");
    let signals = view["signals"].as_array().unwrap();
    let sum: f64 = signals.iter().map(|signal| signal["weight"].as_f64().unwrap()).sum();
    assert!(signals.len() == 14 && (sum - 100.0).abs() < 1e-9, "{} weigh {sum}", signals.len());
    assert!(!view["actions"].as_array().unwrap().is_empty(), "{view}");
    let page = desk.said(&["profile", text(view, "name")], 0);
    for part in ["score before: ", "score now: ", "next audit: ", "what would mend it"] {
        assert!(page.contains(part), "{part:?} is not in\n{page}");
    }
    assert!(desk.said(&["profile", "nobody"], 2).contains("hint: "));

    let reports = desk.lines(&["reports", "--json", "--limit", "1000"]);
    let sent = reports.iter().find(|report| !report["delivered_at"].is_null()).unwrap();
    let show = ["reports", "show", text(sent, "entity"), text(sent, "period")];
    assert!(desk.said(&show, 0).contains(text(sent, "name")));
    let pdf = desk.0.path().join("report.pdf");
    desk.said(&[&show[..], &["--pdf", pdf.to_str().unwrap()]].concat(), 0);
    assert!(fs::read(&pdf).unwrap().starts_with(b"%PDF-"));
    let findings = &desk.lines(&[&show[..], &["--evidence", "--json"]].concat())[0];
    assert!(!findings.as_array().unwrap().is_empty(), "{findings}");
    assert!(
        desk.said(&["reports", "show", text(sent, "entity"), "weekly:1999-W01"], 2)
            .contains("`cep reports` lists them")
    );
    disputes(&desk);
}

/// Tells of a dispute and of its end: why nothing goes out is read beside the posts and the profile.
fn disputes(desk: &Desk) {
    let planned = desk.lines(&["posts", "--json"]);
    let client = text(&planned[0], "entity");
    let books = rusqlite::Connection::open(desk.0.path().join("state/cep/cep.db")).unwrap();
    let told = "INSERT INTO charges (mode, id, entity, amount_minor, currency)
        VALUES ('dry', 'ch_test', ?1, 50000, 'USD')";
    books.execute(told, [client]).unwrap();
    let fact = |kind: &str| {
        let told =
            "INSERT INTO money_facts (mode, subject, kind, name, minor, currency, at, told_by)
            VALUES ('dry', 'charge:ch_test', ?1, 'dp_test', 50000, 'USD', 1, 'evt_test')";
        books.execute(told, [kind]).unwrap();
    };
    fact("disputed");
    let rests = desk.post(client, text(&planned[0], "slot"));
    assert!(text(&rests, "rests").contains("the client disputes 500.00 USD"), "{rests}");
    for page in [desk.said(&["posts"], 0), desk.said(&["profile", client], 0)] {
        assert!(page.contains("on hold") && page.contains("until that has ended"), "{page}");
    }
    fact("dispute_won");
    assert!(desk.post(client, text(&planned[0], "slot"))["rests"].is_null());
    assert!(!desk.said(&["profile", client], 0).contains("on hold"));
}

#[test]
fn a_client_goes_on_another_plan_and_its_next_bill_has_the_new_price() {
    let desk = Desk::worked();
    let clients = desk.lines(&["clients", "--json"]);
    let starter = |one: &&Value| one["plan"] == "starter" && one["state"] == "active";
    let client = text(clients.iter().find(starter).unwrap(), "entity");
    assert!(desk.said(&["finance", "plan", client, "starter"], 2).contains("has this plan"));
    assert!(desk.said(&["finance", "plan", "osm:node/0", "starter"], 2).contains("is no client"));
    let misread = desk.said(&["finance", "--month", "2026-02", "plan", client, "enterprise"], 2);
    assert!(misread.contains("--month chooses what is shown"), "{misread}");
    let said = desk.said(&["finance", "plan", client, "professional"], 0);
    assert!(said.contains("from starter to professional"), "{said}");
    assert!(desk.said(&["finance", "plan", client, "professional"], 2).contains("planned already"));
    desk.said(&["run", "8"], 0);
    desk.said(&["advance", "40d"], 0);
    desk.said(&["run", "8"], 0);
    let mine = |rows: Vec<Value>| -> Vec<i64> {
        let mut rows: Vec<Value> = rows
            .into_iter()
            .filter(|row| row["entity"] == client && row["period"] != "setup")
            .collect();
        rows.sort_by_key(|row| text(row, "period").to_owned());
        rows.iter().map(|row| row["net"]["minor"].as_i64().unwrap()).collect()
    };
    let billed = mine(desk.lines(&["invoices", "--json", "--limit", "1000"]));
    assert_eq!(billed.first(), Some(&50_000), "{billed:?}");
    assert_eq!(billed.last(), Some(&150_000), "{billed:?}");
    let ledger =
        |arguments: &[&str]| desk.lines(&[arguments, &["--json", "--limit", "10000"]].concat());
    let all = ledger(&["finance", "ledger", client]);
    let moved = |row: &&Value| row["movement"] == "expansion";
    let up = all.iter().find(moved).unwrap();
    assert_eq!(up["amount"]["minor"], 100_000, "{up}");

    // A month may stand before the verb or behind it, and is respected.
    let of =
        |row: &Value| Moment(row["at"].as_i64().unwrap()).utc_date().to_string()[..7].to_owned();
    let month = &of(up);
    let before = ledger(&["finance", "--month", month, "ledger", client]);
    assert_eq!(before, ledger(&["finance", "ledger", client, "--month", month]));
    assert!(before.len() < all.len() && before.iter().all(|row| of(row) == *month));
    assert!(desk.said(&["finance", "--explain", "ledger"], 2).contains("goes with no verb"));
}
