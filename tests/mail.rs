//! Hands raw mail to the binary as a mail server and an operator do, in the live world over the outbox.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Open at every hour, so that the test does not depend on when it runs.
const SETTINGS: &str = "outreach:
  countries: [US]
  quiet_hours:
    open_hour: 0
    close_hour: 24
    weekdays_only: false
";

/// Three businesses of a map, each with what outreach needs.
fn businesses() -> String {
    let places = [
        ("Curlew Dental Care", "dentist", CURLEW),
        ("Praxis Muller", "dentist", "praxis@mueller.example"),
        ("Umber Dental", "dentist", "hello@umber.example"),
    ];
    let elements = (1..).zip(places).map(|(n, (name, kind, email))| {
        json!({
            "type": "node", "id": n, "lat": 43.65 + 0.01 * f64::from(n), "lon": -70.25,
            "tags": {
                "name": name, "amenity": kind, "email": email, "addr:country": "US",
                "phone": format!("+1 202 555 014{n}"),
            },
        })
    });
    json!({ "elements": elements.collect::<Vec<_>>() }).to_string()
}

const CURLEW: &str = "info@curlew.example";

struct Desk(TempDir);

impl Desk {
    /// A folder in which the pitches to three businesses are written in the dry world.
    fn pitched(more_settings: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::write(desk.path("cep.yaml"), format!("{SETTINGS}{more_settings}")).unwrap();
        fs::write(desk.path("town.json"), businesses()).unwrap();
        desk.said(&["run", "1", "--input", "town.json"], 0);
        desk.said(&["run", "2"], 0);
        desk
    }

    /// A folder with a live world in which the first mail to each business lies in the outbox.
    fn mailed() -> Self {
        let desk = Self::pitched("");
        desk.go_live();
        desk
    }

    fn go_live(&self) {
        self.said(&["promote"], 0);
        self.work();
        assert_eq!(self.outbox("mail").len(), 3);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(["--config", "cep.yaml"]).args(arguments);
        command.current_dir(self.0.path()).env_clear();
        command.env("XDG_STATE_HOME", self.path("state"));
        command
    }

    fn said(&self, arguments: &[&str], code: i32) -> String {
        let output = self.command(arguments).stdin(Stdio::null()).output().unwrap();
        told(&output, arguments, code)
    }

    fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments = [&["--mode", "live", "--json"], arguments].concat();
        let said = self.said(&arguments, 0);
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Works what is due in layers 3 and 4 of the live world.
    fn work(&self) {
        for layer in ["3", "4"] {
            self.said(&["run", layer, "--live", "--confirm", "live"], 0);
        }
    }

    /// Hands a mail over as a mail server does, through a pipe.
    fn pipe(&self, mail: &str) -> String {
        let arguments = ["--mode", "live", "receive", "mail", "-"];
        let mut command = self.command(&arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(mail.as_bytes()).unwrap();
        told(&child.wait_with_output().unwrap(), &arguments, 0)
    }

    /// The files of one folder of the outbox.
    fn outbox(&self, folder: &str) -> Vec<PathBuf> {
        let folder = self.path("state/cep/outbox").join(folder);
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.is_file());
        files.sort();
        files
    }

    /// The key of the mail that went to an address: the local part of its Message-ID.
    fn key(&self, address: &str) -> String {
        let mails = self.outbox("mail");
        let texts = mails.iter().map(|file| fs::read_to_string(file).unwrap());
        let to = format!("<{address}>\r\n");
        let mail = texts.into_iter().find(|text| text.contains(&to)).unwrap();
        let id = mail.split("Message-ID: <").nth(1).unwrap();
        id.split('@').next().unwrap().to_owned()
    }

    /// A mail of `tests/mails` that answers the one to this address.
    fn answer(&self, name: &str, address: &str) -> String {
        fixture(name, address, &self.key(address))
    }

    fn suppressed(&self) -> Vec<(String, String)> {
        let rows = self.lines(&["suppress"]);
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        rows.iter().map(|row| (text(row, "address"), text(row, "reason"))).collect()
    }

    fn tasks(&self) -> Vec<Value> {
        let mut tasks = self.lines(&["tasks"]);
        tasks.retain(|task| task["kind"] == "mail");
        tasks
    }

    fn entity(&self, address: &str) -> String {
        let conn = rusqlite::Connection::open(self.path("state/cep/cep.db")).unwrap();
        let sql = "SELECT entity FROM prospects WHERE mode = 'live' AND email = ?1";
        conn.query_row(sql, [address], |row| row.get(0)).unwrap()
    }

    /// State and reason of the next planned message to an address.
    fn next(&self, address: &str) -> (String, String) {
        let entity = self.entity(address);
        let units = self.lines(&["units", "--layer", "3", "--limit", "1000"]);
        let next = units.iter().rev().find(|unit| {
            unit["entity"] == entity.as_str() && unit["label"].as_str().unwrap().contains("call")
        });
        let next = next.unwrap();
        (next["state"].as_str().unwrap().to_owned(), next["why"].to_string())
    }
}

/// A mail of `tests/mails` that answers the mail with this key to this address.
fn fixture(name: &str, address: &str, key: &str) -> String {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mails").join(name);
    fs::read_to_string(file).unwrap().replace("{KEY}", key).replace("{TO}", address)
}

fn told(output: &Output, arguments: &[&str], code: i32) -> String {
    let said = String::from_utf8(output.stdout.clone()).unwrap()
        + &String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?} said: {said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
    said
}

#[test]
fn a_bounce_a_complaint_and_an_opt_out_end_the_outreach_and_a_copy_changes_nothing() {
    let desk = Desk::mailed();
    let bounce = desk.answer("postfix-no-such-user.eml", CURLEW);
    assert!(desk.pipe(&bounce).contains("1 taken in: bounce from or about info@curlew.example"));
    assert!(desk.pipe(&bounce).contains("0 taken in; 1 known already"));
    desk.pipe(&desk.answer("complaint-arf.eml", "hello@umber.example"));
    desk.pipe(&desk.answer("no-more-german.eml", "praxis@mueller.example"));
    desk.work();
    let told = desk.suppressed();
    for (address, reason) in [
        (CURLEW, "bounced"),
        ("hello@umber.example", "complained"),
        ("+12025550143", "complained"),
        ("praxis@mueller.example", "opted_out"),
    ] {
        assert!(told.contains(&(address.to_owned(), reason.to_owned())), "{address} in {told:?}");
    }
    for address in [CURLEW, "hello@umber.example", "praxis@mueller.example"] {
        assert_eq!(desk.next(address).0, "skipped", "{address}");
    }
    assert!(desk.tasks().is_empty());
}

#[test]
fn a_reply_stops_the_sequence_and_is_a_task_with_its_text_that_ends_by_a_word() {
    let desk = Desk::mailed();
    let reply = desk.answer("reply.eml", CURLEW);
    desk.pipe(&reply);
    // A mail server that adds headers on another way brings the same mail.
    let again = format!("Received: by mx2.example; Mon, 5 Jan 2026 12:40:00 +0000\n{reply}");
    assert!(desk.pipe(&again).contains("1 known already"));
    desk.work();
    assert_eq!(desk.next(CURLEW).0, "skipped");
    let tasks = desk.tasks();
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(tasks[0]["title"], "Read the reply of Curlew Dental Care");
    let id = tasks[0]["id"].to_string();
    let page = desk.said(&["--mode", "live", "tasks", "show", &id], 0);
    assert!(page.contains("What would that cost us") && page.contains("proves nothing"), "{page}");
    desk.said(&["--mode", "live", "tasks", "done", &id, "--result", "declined"], 0);
    desk.work();
    assert!(desk.tasks().is_empty());
    let conn = rusqlite::Connection::open(desk.path("state/cep/cep.db")).unwrap();
    let sql = "SELECT conclusion FROM prospects WHERE mode = 'live' AND email = ?1";
    let ended: String = conn.query_row(sql, [CURLEW], |row| row.get(0)).unwrap();
    assert_eq!(ended, "declined");
}

#[test]
fn an_automatic_answer_stops_nothing_and_the_unsubscribe_button_counts_from_any_address() {
    let desk = Desk::mailed();
    desk.pipe(&desk.answer("away-without-date.eml", CURLEW));
    desk.pipe(&desk.answer("unsubscribe-button.eml", "hello@umber.example"));
    desk.work();
    assert_eq!(desk.next(CURLEW).0, "scheduled");
    let told = desk.suppressed();
    assert!(told.contains(&("hello@umber.example".to_owned(), "opted_out".to_owned())), "{told:?}");
    let events = desk.lines(&["events"]);
    let away = events.iter().find(|event| event["kind"] == "reply_automatic").unwrap();
    assert!(away["text"].as_str().unwrap().contains("the sequence waits until"), "{away}");
}

#[test]
fn a_policy_block_stops_the_campaign_until_a_person_resumes_it() {
    let desk = Desk::mailed();
    let block = desk.answer("gmail-policy-block.eml", CURLEW);
    desk.pipe(&block);
    desk.work();
    let campaign = &desk.lines(&["campaigns"])[0];
    assert!(campaign.to_string().contains("5.7.26"), "{campaign}");
    let refused = desk.said(&["--mode", "live", "campaigns", "resume", "other"], 2);
    assert!(refused.contains("is not stopped"), "{refused}");
    let name = campaign["name"].as_str().unwrap().to_owned();
    desk.said(&["--mode", "live", "campaigns", "resume", &name], 0);
    let campaign = &desk.lines(&["campaigns"])[0];
    assert!(!campaign.to_string().contains("5.7.26"), "{campaign}");
    assert!(desk.suppressed().is_empty(), "a policy says nothing of the address");
}

#[test]
fn a_full_mailbox_is_tried_again_later_as_a_message_of_its_own() {
    let desk = Desk::mailed();
    desk.pipe(&desk.answer("exchange-mailbox-full.eml", CURLEW));
    desk.work();
    let entity = desk.entity(CURLEW);
    let units = desk.lines(&["units", "--layer", "3", "--limit", "1000"]);
    let again = units.iter().find(|unit| {
        unit["entity"] == entity.as_str() && unit["label"].as_str().unwrap().contains("once more")
    });
    assert_eq!(again.unwrap()["state"], "scheduled");
    assert!(desk.suppressed().is_empty());
    desk.said(&["--mode", "live", "suppress", CURLEW, "--reason", "asked on the phone"], 0);
    let units = desk.lines(&["units", "--layer", "3", "--limit", "1000"]);
    let open = units.iter().filter(|unit| {
        unit["entity"] == entity.as_str()
            && unit["version"].as_str().is_none_or(|it| it.starts_with("message"))
            && unit["state"] == "scheduled"
            && !unit["label"].as_str().unwrap().starts_with("conclude")
    });
    assert_eq!(open.count(), 0, "whoever is suppressed gets nothing more");
}

#[test]
fn a_maildir_is_read_once_and_left_as_it_is() {
    let desk = Desk::mailed();
    for folder in ["Mail/new", "Mail/cur"] {
        fs::create_dir_all(desk.path(folder)).unwrap();
    }
    let reply = desk.answer("reply.eml", CURLEW);
    for (name, text) in [
        ("new/1.M1.desk", reply.as_str()),
        ("new/2.M2.desk", "no mail at all \u{1b}[2J"),
        ("new/.unfinished", "half"),
        ("cur/3.M3.desk:2,S", "seen"),
    ] {
        fs::write(desk.path("Mail").join(name), text).unwrap();
    }
    let read = ["--mode", "live", "receive", "mail", "Mail"];
    assert!(desk.said(&read, 0).contains("2 taken in"));
    assert!(desk.said(&read, 0).contains("0 taken in; 2 known already"));
    assert_eq!(fs::read_dir(desk.path("Mail/new")).unwrap().count(), 3);
    desk.work();
    assert_eq!(desk.tasks().len(), 2, "what cannot be read is a task too");
    let missing = desk.said(&["--mode", "live", "receive", "mail", "nowhere"], 2);
    assert!(missing.contains("cannot read nowhere") && missing.contains("hint: "), "{missing}");
    fs::write(desk.path("empty"), "").unwrap();
    let empty = desk.said(&["--mode", "live", "receive", "mail", "empty"], 2);
    assert!(empty.contains("is empty") && empty.contains("hint: "), "{empty}");
}

#[test]
fn a_persons_text_is_exactly_what_lies_in_the_outbox() {
    let desk = Desk::pitched("");
    let pitches = desk.said(&["pitches", "--json"], 0);
    let rows = pitches.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let entities: Vec<String> =
        rows.map(|row| row["entity"].as_str().unwrap().to_owned()).collect();
    let text = "Hello,\n\nmay we call you on Tuesday?\n\nKind regards\nMara Vane\n";
    fs::write(desk.path("text.txt"), text).unwrap();
    let edit = ["--text-file", "text.txt", "--subject", "May we call you?"];
    desk.said(&[&["pitches", "edit", entities[0].as_str()], &edit[..]].concat(), 0);
    desk.go_live();
    let mails = desk.outbox("mail");
    let edited: Vec<String> = mails
        .iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .filter(|mail| mail.contains("\r\nSubject: May we call you?\r\n"))
        .collect();
    assert_eq!(edited.len(), 1, "the others keep their own");
    let body = edited[0].split_once("\r\n\r\n").unwrap().1;
    let sent = body.split("\r\n--\r\n").next().unwrap();
    assert_eq!(sent.trim_end(), text.trim_end().replace('\n', "\r\n"));
}

#[test]
fn a_task_that_is_not_to_be_done_any_more_leaves_the_folder_of_tasks_and_says_why() {
    // The call follows the mail at once, so that its task waits for a person.
    let desk = Desk::pitched("  sequence_hours:\n    phone: 0\n");
    desk.go_live();
    let tasks = desk.outbox("tasks");
    let of = |files: &[PathBuf], name: &str| {
        let is_md = |file: &&PathBuf| file.extension().is_some_and(|it| it == "md");
        let texts = files.iter().filter(is_md).map(|file| fs::read_to_string(file).unwrap());
        texts.filter(|text| text.contains(name)).collect::<Vec<_>>()
    };
    assert_eq!(of(&tasks, "Call Curlew Dental Care").len(), 1, "{tasks:?}");
    desk.pipe(&desk.answer("reply.eml", CURLEW));
    desk.said(&["--mode", "live", "suppress", "hello@umber.example", "--reason", "asked"], 0);
    desk.work();
    let tasks = desk.outbox("tasks");
    assert!(of(&tasks, "Call Curlew Dental Care").is_empty(), "{tasks:?}");
    assert!(of(&tasks, "Call Umber Dental").is_empty(), "{tasks:?}");
    assert_eq!(of(&tasks, "Call Praxis Muller").len(), 1);
    let withdrawn = desk.outbox("tasks/withdrawn");
    let curlew = &of(&withdrawn, "Call Curlew Dental Care")[0];
    let first = "# WITHDRAWN, do not do it any more: the prospect replied\n";
    assert!(curlew.starts_with(first) && curlew.contains("Number: +1"), "{curlew}");
    let umber = &of(&withdrawn, "Call Umber Dental")[0];
    assert!(umber.contains("suppressed by a person"), "{umber}");
}

#[test]
fn a_stopped_campaign_holds_its_messages_and_a_resumed_one_sends_them() {
    let desk = Desk::pitched("");
    desk.said(&["run", "3"], 0);
    let effects = desk.said(&["effects", "--layer", "3", "--json"], 0);
    let mut mails = effects.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mail = mails.find(|it| it["summary"].as_str().unwrap().contains(CURLEW)).unwrap();
    let block = fixture("gmail-policy-block.eml", CURLEW, mail["key"].as_str().unwrap());
    fs::write(desk.path("block.eml"), block).unwrap();
    desk.said(&["receive", "mail", "block.eml"], 0);
    desk.said(&["run", "3"], 0);
    desk.said(&["advance", "4d"], 0);
    desk.said(&["run", "3"], 0);
    let held = |desk: &Desk| {
        let units = desk.said(&["units", "--layer", "3", "--json"], 0);
        units.lines().filter(|line| line.contains("cep campaigns resume intro")).count()
    };
    let n = held(&desk);
    assert!(n > 0, "{}", desk.said(&["units", "--layer", "3"], 0));
    let resumed = desk.said(&["campaigns", "resume", "intro"], 0);
    assert!(resumed.contains(&format!("{n} held message")), "{resumed}");
    desk.said(&["run", "3"], 0);
    assert_eq!(held(&desk), 0);
    let effects = desk.said(&["effects", "--layer", "3", "--json"], 0);
    assert!(effects.lines().any(|line| line.contains("assign_outreach")), "{effects}");
}
