//! Runs `cep profile`, `cep posts`, `cep reports`, `cep finance`, `cep documents` and `cep tasks` as an
//! operator does between two runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

mod desk;

use std::fs;

use cep_machine::domain::time::Moment;
use rusqlite::Connection;
use serde_json::Value;

use desk::Desk;

impl Desk {
    /// A folder in which all layers have run dry to their horizon.
    fn worked() -> Self {
        let desk = Self::new();
        desk.said(&["run", "all"], 0);
        desk
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

impl Desk {
    /// The number of the waiting task whose title has these words.
    fn task(&self, words: &str) -> String {
        let tasks = self.lines(&["tasks", "--json"]);
        let found = tasks.iter().find(|task| text(task, "title").contains(words));
        found.unwrap_or_else(|| panic!("{words:?} is not in {tasks:?}"))["id"].to_string()
    }

    /// Lets a call that was lost be noted as won, without a plan, and returns its business.
    fn won_without_plan(&self) -> String {
        let books = Connection::open(self.0.path().join("state/cep/cep.db")).unwrap();
        let (unit, meeting, business): (i64, String, String) = books
            .query_row(
                "SELECT u.id, m.entity, m.prospect FROM meetings m
                 JOIN units u ON u.mode = m.mode AND u.entity = m.entity AND u.kind = 'meeting'
                 WHERE m.outcome = 'lost' AND u.state = 'done' ORDER BY u.id LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        let again = "UPDATE meetings SET state = 'booked', outcome = NULL, noted_at = NULL WHERE entity = ?1";
        books.execute(again, [meeting]).unwrap();
        let answered = "UPDATE units SET state = 'ready', ended_at = NULL, answer = '{\"result\":\"won\"}' WHERE id = ?1";
        books.execute(answered, [unit]).unwrap();
        business
    }

    /// A client's documents: name, state, reason and file.
    fn documents(&self, client: &str) -> Vec<(String, String, Value, Value)> {
        let rows = self.lines(&["documents", client, "--json"]);
        let row = |row: Value| {
            let word = |key| text(&row, key).to_owned();
            (word("document"), word("state"), row["reason"].clone(), row["file"].clone())
        };
        rows.into_iter().map(row).collect()
    }

    /// Takes in and approves what is left; the last approval ends the task, and none before.
    fn approve_the_rest(&self, client: &str) {
        let papers = self.documents(client);
        let open: Vec<_> = papers.iter().filter(|paper| paper.1 != "approved").collect();
        for (n, paper) in open.iter().enumerate() {
            self.said(&["documents", "receive", client, &paper.0], 0);
            let said = self.said(&["documents", "approve", client, &paper.0], 0);
            assert_eq!(said.contains("the task is done"), n + 1 == open.len(), "{said}");
        }
    }
}

#[test]
fn a_new_client_s_plan_is_asked_for_its_papers_are_judged_and_what_it_declines_is_taken_back() {
    let desk = Desk::worked();
    let client = desk.won_without_plan();
    let client = client.as_str();
    desk.said(&["run", "4"], 0);
    assert!(desk.lines(&["clients", "--json"]).iter().all(|row| row["entity"] != client));
    let task = desk.task("Say which plan");
    assert!(
        desk.said(&["tasks", "done", &task, "--result", "won"], 2).contains("plan that was sold")
    );
    desk.said(&["tasks", "done", &task, "--result", "won", "--data", "plan=professional"], 0);
    desk.said(&["run", "4"], 0);
    let clients = desk.lines(&["clients", "--json"]);
    assert!(clients.iter().any(|row| row["entity"] == client && row["plan"] == "professional"));

    // The papers: one by file, one on paper and sent back, one not here yet.
    desk.said(&["run", "5"], 0);
    let file = desk.file("a logo");
    let document = |act: &str, name: &str, more: &[&str], code| {
        desk.said(&[&["documents", act, client, name][..], more].concat(), code)
    };
    assert!(
        document("receive", "logo", &["--file", "/nowhere.png"], 2).contains("nothing was changed")
    );
    assert!(document("receive", "passport", &[], 2).contains("it is asked for: "));
    document("receive", "logo", &["--file", &file], 0);
    document("approve", "logo", &[], 0);
    document("receive", "photos", &[], 0);
    assert!(document("reject", "photos", &["--reason", "too dark"], 0).contains("asked again"));
    assert!(document("approve", "proof-of-address", &[], 2).contains("nothing to judge"));
    let waiting = desk.0.path().join("state/cep/received");
    assert_eq!(fs::read_dir(&waiting).unwrap().count(), 1, "it waits to be copied");
    desk.said(&["run", "5"], 0);
    assert_eq!(fs::read_dir(&waiting).unwrap().count(), 0, "what is taken over is not kept twice");
    let papers = desk.documents(client);
    let of = |name: &str| papers.iter().find(|paper| paper.0 == name).unwrap();
    assert_eq!(of("logo").1, "approved");
    assert!(of("logo").3.as_str().unwrap().starts_with("documents/logo-"), "{papers:?}");
    assert_eq!((of("photos").1.as_str(), of("photos").2.as_str()), ("rejected", Some("too dark")));
    assert_eq!(of("proof-of-address").1, "requested");
    assert!(desk.said(&["documents", client], 0).contains("too dark"));
    desk.approve_the_rest(client);

    // The set-up invoice goes out; the contract is declined, and the invoice taken back.
    desk.said(&["run", "8"], 0);
    desk.said(&["run", "5"], 0);
    let contract = desk.task("contract of");
    let declined = ["tasks", "done", &contract, "--result", "declined"];
    assert!(desk.said(&declined, 2).contains("needs a note"));
    desk.said(&[&declined[..], &["--note", "too dear"]].concat(), 0);
    desk.said(&["run", "5"], 0);
    desk.said(&["run", "8"], 0);
    let invoices = desk.lines(&["invoices", "--json", "--limit", "1000"]);
    let setup = invoices.iter().find(|row| row["entity"] == client).unwrap();
    assert_eq!((text(setup, "state"), setup["open_minor"].as_i64()), ("void", Some(0)));
    let shown = &desk.lines(&["invoices", "show", text(setup, "number"), "--json"])[0];
    let note = &shown["credit_notes"][0];
    assert_eq!((text(note, "reason"), &note["total"]), ("withdrawn", &setup["total"]));
    let page = desk.said(&["invoices", "show", text(note, "number")], 0);
    assert!(page.contains("taken back by credit notes"), "{page}");
    // The simulated client does not pay what it is not asked for.
    desk.said(&["advance", "30d"], 0);
    desk.said(&["run", "8"], 0);
    let ledger = desk.lines(&["finance", "ledger", client, "--json"]);
    assert_eq!(ledger.len(), 1, "{ledger:?}");
    assert_eq!(ledger[0]["credit_note"]["number"], note["number"]);
    assert!(desk.said(&["finance", "ledger", client], 0).contains("DRY-CN-2026-0001"));
}
