//! Runs the binary as scripts and people do: what goes to stdout, what to stderr, which exit code.
//!
//! Each test has a state folder of its own and no environment but what it sets.

#![expect(clippy::unwrap_used, reason = "a test that cannot run the binary has failed")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a machine in it.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cep"));
        command.args(arguments).current_dir(self.0.path()).env_clear();
        command.env("XDG_STATE_HOME", self.0.path().join("state")).stdin(Stdio::null());
        command
    }

    fn cep(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that has to be refused, and returns what it said.
    fn refused(&self, arguments: &[&str], code: i32) -> String {
        let output = self.cep(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?} said: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?} wrote to stdout");
        said
    }

    /// Runs a command that has to succeed, and returns its stdout.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.cep(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?} said: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.done(arguments)).unwrap()
    }

    fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        self.done(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

const COMMANDS: [&str; 26] = [
    "demo",
    "run",
    "status",
    "phi",
    "runs",
    "units",
    "errors",
    "effects",
    "events",
    "changes",
    "retry",
    "skip",
    "resolve",
    "tasks",
    "campaigns",
    "suppress",
    "cancel",
    "pause",
    "resume",
    "advance",
    "promote",
    "pitches",
    "profile",
    "posts",
    "reports",
    "config",
];

#[test]
fn every_command_explains_itself() {
    let desk = Desk::new();
    let all = desk.done(&["--help"]);
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command}")), "{command} is not in the list");
        let help = desk.done(&[command, "--help"]);
        assert!(help.contains("Usage: cep"), "{command}: {help}");
        assert!(help.contains("--json"), "{command}: {help}");
    }
}

#[test]
fn wrong_usage_is_exit_2_and_says_what_would_be_right() {
    let desk = Desk::new();
    assert!(desk.refused(&["run", "10"], 2).contains("use 1 to 9, or all"));
    assert!(desk.refused(&["advance", "soon"], 2).contains("1d, 2h, 30m"));
    assert!(desk.refused(&["demo", "--faults", "1.5"], 2).contains("from 0 to 1"));
    assert!(desk.refused(&["units", "--state", "lost"], 2).contains("retry_wait"));
    assert!(desk.refused(&["--profile", "test", "status"], 2).contains("use dev or prod"));
    assert!(desk.refused(&["dance"], 2).contains("dance"));
    desk.refused(&["retry"], 2);
    desk.refused(&["skip", "1"], 2);
}

#[test]
fn a_settings_file_with_an_unknown_key_is_cited_by_file_line_and_key() {
    let desk = Desk::new();
    let file = desk.write("cep.yaml", "outreach:\n  capz:\n    email: 3\n");
    let said = desk.refused(&["--config", &file, "status"], 2);
    assert!(said.contains("cep.yaml:2:3"), "{said}");
    assert!(said.contains("outreach.capz"), "{said}");
    assert!(said.contains("did you mean `caps`?"), "{said}");
}

#[test]
fn a_key_that_would_mean_two_things_is_cited_by_its_line() {
    let desk = Desk::new();
    let file = desk.write("cep.yaml", "screen:\n  keys:\n    errors: [m]\n");
    let said = desk.refused(&["--config", &file, "config", "check"], 2);
    assert!(said.contains("cep.yaml:3:5: screen.keys.errors: m already means `mode`"), "{said}");
    let file = desk.write("cep.yaml", "screen:\n  keys:\n    fly: [z]\n");
    let said = desk.refused(&["--config", &file, "status"], 2);
    assert!(said.contains("cep.yaml:3:5: screen.keys.fly: there is no such action"), "{said}");
    let said = desk.refused(&["--read-only", "status"], 2);
    assert!(said.contains("for the dashboard alone"), "{said}");
}

#[test]
fn an_input_that_is_not_there_is_named_with_the_next_step() {
    let desk = Desk::new();
    let said = desk.refused(&["run", "1", "--input", "nowhere.json"], 2);
    assert!(said.contains("nowhere.json") && said.contains("hint: "), "{said}");
    assert!(!Path::new(&desk.path("state/cep/cep.db")).exists(), "a database was begun for it");
}

#[test]
fn a_place_that_cannot_be_written_is_named_with_the_next_step() {
    let desk = Desk::new();
    let file = desk.write("file", "");
    let said = desk.refused(&["--db", &format!("{file}/cep.db"), "run", "1"], 2);
    assert!(said.contains("cannot open the database") && said.contains("--db"), "{said}");
    let output = desk.command(&["status"]).env("XDG_STATE_HOME", &file).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("cannot write the log") && said.contains("hint: "), "{said}");
}

#[test]
fn a_foreign_file_is_refused_and_left_as_it_is() {
    let desk = Desk::new();
    let file = desk.write("letter.txt", "Dear Sir or Madam");
    let said = desk.refused(&["--db", &file, "status"], 2);
    assert!(said.contains("not a CEP Machine database"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "Dear Sir or Madam");
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let desk = Desk::new();
    let file = desk.path("cep.db");
    desk.done(&["--db", &file, "run", "9"]);
    let conn = rusqlite::Connection::open(&file).unwrap();
    conn.pragma_update(None, "user_version", 99).unwrap();
    drop(conn);
    let said = desk.refused(&["--db", &file, "status"], 2);
    assert!(said.contains("schema 99") && said.contains("version of cep"), "{said}");
}

#[test]
fn a_named_database_that_is_not_there_is_not_begun_by_a_question() {
    let desk = Desk::new();
    let said = desk.refused(&["--db", "typo.db", "status"], 2);
    assert!(said.contains("there is no database typo.db"), "{said}");
    assert!(!Path::new(&desk.path("typo.db")).exists());
}

#[test]
fn a_demo_never_touches_a_database_that_holds_anything() {
    let desk = Desk::new();
    let file = desk.path("cep.db");
    desk.done(&["--db", &file, "run", "9"]);
    let said = desk.refused(&["--db", &file, "demo"], 4);
    assert!(said.contains("is not empty"), "{said}");
    let output = desk.command(&["demo"]).env("CEP_DB", &file).output().unwrap();
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn live_without_the_typed_word_is_refused_by_the_safeguard() {
    let desk = Desk::new();
    for arguments in [
        &["run", "3", "--live"][..],
        &["run", "3", "--live", "--confirm", "yes"],
        &["--mode", "live", "run", "3"],
        &["--mode", "live", "demo"],
    ] {
        desk.refused(arguments, 4);
    }
    assert!(!Path::new(&desk.path("state/cep/cep.db")).exists(), "a database was begun for it");
}

#[test]
fn without_a_terminal_the_dashboard_says_so_and_prints_the_status() {
    let desk = Desk::new();
    let output = desk.cep(&[]);
    assert_eq!(output.status.code(), Some(0));
    let (out, said) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
    assert!(said.unwrap().contains("no terminal here"));
    assert!(out.unwrap().contains("Outreach Engine"));
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn assert_has(value: &Value, wanted: &[&str]) {
    let found = keys(value);
    for key in wanted {
        assert!(found.contains(key), "{key} is not among {found:?}");
    }
}

#[test]
fn run_and_status_have_the_promised_json() {
    let desk = Desk::new();
    let run = desk.json(&["run", "1", "--limit", "5", "--json"]);
    let status = desk.json(&["status", "--json"]);
    for object in [&run, &status] {
        assert_has(object, &["mode", "run_id", "layers", "phi"]);
        assert_eq!(object["mode"], "dry");
        assert_eq!(object["run_id"], 1);
        let layers = object["layers"].as_array().unwrap();
        assert_eq!(layers.len(), 9);
        for (at, layer) in layers.iter().enumerate() {
            assert_eq!(layer["layer"], at + 1);
            assert_has(
                layer,
                &["name", "container", "units", "attempts", "effects", "duration_ms"],
            );
            assert_has(
                &layer["units"],
                &["scheduled", "ready", "leased", "retry_wait", "held", "done", "dead", "skipped"],
            );
            assert_has(&layer["attempts"], &["ok", "failed"]);
            assert_has(&layer["effects"], &["confirmed", "simulated", "unknown"]);
        }
        assert_has(&object["phi"], &["value", "band", "coupling", "containers"]);
        assert!(object["phi"]["value"].is_null(), "two containers have no figures yet");
        for container in object["phi"]["containers"].as_array().unwrap() {
            assert_has(
                container,
                &[
                    "name",
                    "weight",
                    "health",
                    "conversion",
                    "efficiency",
                    "error_rate",
                    "throughput_per_h",
                ],
            );
        }
    }
    assert!(run["layers"][0]["units"]["done"].as_u64().unwrap() > 0);
}

#[test]
fn lists_are_one_object_a_line_and_an_empty_list_is_no_line() {
    let desk = Desk::new();
    desk.done(&["run", "1", "--limit", "5"]);
    for list in ["units", "runs", "events"] {
        let text = desk.done(&[list, "--json"]);
        assert!(text.lines().count() > 0, "{list} is empty");
        for line in text.lines() {
            assert!(serde_json::from_str::<Value>(line).unwrap().is_object(), "{line}");
        }
    }
    assert_eq!(desk.done(&["errors", "--json"]), "");
    let events = desk.done(&["events", "--since", "0", "--json"]);
    let ids: Vec<i64> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids.first(), Some(&1));
    assert!(ids.is_sorted());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let desk = Desk::new();
    for arguments in [&["--help"][..], &["config", "show"], &["status"], &["events", "--json"]] {
        let mut child =
            desk.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?} said: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn a_broken_source_is_cited_by_file_and_place_and_leaves_a_dead_unit() {
    let desk = Desk::new();
    let file = desk.write("town.json", "{\"elements\": [\n  {\"type\": \"node\", \"id\": }\n]}");
    let output = desk.cep(&["run", "1", "--input", &file]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("town.json"), "{said}");
    assert!(said.contains("line 2"), "{said}");
    assert!(said.contains("cep errors"), "{said}");
}

#[test]
fn secrets_are_shown_as_set_and_never_printed() {
    let desk = Desk::new();
    let output = desk
        .command(&["config", "show"])
        .env("CEP_STRIPE_SECRET", "whsec_very_private")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("stripe: set"), "{text}");
    assert!(!text.contains("private"), "{text}");
}

#[test]
fn every_command_that_changes_something_is_answered_in_one_json_object() {
    let desk = Desk::new();
    let ack = desk.json(&["advance", "1h", "--json"]);
    assert_has(&ack, &["id", "run", "text"]);
    assert!(desk.refused(&["retry", "999"], 2).contains("no unit 999"));
    assert!(desk.refused(&["cancel", "999"], 2).contains("no run 999"));
    assert!(desk.refused(&["advance", "400d"], 2).contains("hint: "));
}

#[test]
fn what_waits_for_a_person_is_listed_noted_and_ended_in_its_own_words() {
    let desk = Desk::new();
    for layer in ["1", "2", "3"] {
        desk.json(&["run", layer, "--limit", "40", "--json"]);
    }
    let list = || -> Vec<Value> {
        let output = desk.cep(&["tasks", "--json"]);
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let tasks = list();
    let task = tasks.first().expect("some prospect has no e-mail and is called");
    assert_has(task, &["id", "layer", "kind", "title", "entity", "due_at", "urgency", "answers"]);
    let id = task["id"].to_string();
    let shown = desk.json(&["tasks", "show", &id, "--json"]);
    assert!(shown["details"].as_str().unwrap().contains(": "), "the number or the link: {shown}");
    let why = desk.refused(&["tasks", "done", &id, "--result", "maybe"], 2);
    assert!(why.contains("answer with done") && why.contains("opted_out"), "{why}");
    desk.refused(&["tasks", "failed", &id, "--note", " "], 2);
    desk.json(&["tasks", "note", &id, "back", "at", "two", "--json"]);
    let noted = desk.json(&["tasks", "show", &id, "--json"]);
    assert_eq!(noted["notes"][0]["text"], "back at two");
    let before = tasks.len();
    desk.json(&["tasks", "done", &id, "--result", "declined", "--json"]);
    assert_eq!(list().len(), before - 1);
    assert!(desk.refused(&["tasks", "done", &id], 2).contains("waits for nobody"));
    assert!(desk.refused(&["tasks", "show", "99999"], 2).contains("asked no person"));
}

#[test]
fn who_looks_at_tasks_in_the_wrong_world_is_told_of_those_in_the_other() {
    let desk = Desk::new();
    let said = String::from_utf8(desk.cep(&["promote", "--preview"]).stderr).unwrap();
    assert!(said.contains("cep run 2"), "nothing has been pitched yet: {said}");
    for layer in ["1", "2"] {
        desk.json(&["run", layer, "--limit", "20", "--json"]);
    }
    desk.json(&["promote", "--json"]);
    // Live works by the real clock, and this test at any hour.
    let always = "outreach:\n  quiet_hours: {open_hour: 0, close_hour: 24, weekdays_only: false}\n";
    let config = desk.path("always.yaml");
    std::fs::write(&config, always).unwrap();
    desk.json(&["--config", &config, "run", "3", "--live", "--confirm", "live", "--json"]);
    let tasks = desk.done(&["--mode", "live", "tasks", "--json"]).lines().count();
    let said = String::from_utf8(desk.cep(&["tasks"]).stderr).unwrap();
    let hint = format!("{tasks} wait in the live world: cep --mode live tasks");
    assert!(tasks > 0 && said.contains(&hint), "{tasks} tasks, {said}");
}

#[test]
fn an_address_that_is_suppressed_by_hand_gets_nothing_more_and_is_listed_with_the_reason() {
    let desk = Desk::new();
    for layer in ["1", "2", "3"] {
        desk.json(&["run", layer, "--limit", "40", "--json"]);
    }
    let address = "Office@Adeyemi-Partners.example";
    desk.refused(&["suppress", address], 2);
    desk.refused(&["suppress", "nobody", "--reason", "x"], 2);
    desk.json(&["suppress", address, "--reason", "asked by phone", "--json"]);
    let listed = desk.json(&["suppress", "--json"]);
    assert_eq!(listed["address"], "office@adeyemi-partners.example");
    assert!(listed["evidence"].as_str().unwrap().contains("asked by phone"));
    let campaign = desk.json(&["campaigns", "--json"]);
    assert_has(&campaign, &["name", "sent", "planned", "stopped_because"]);
    assert!(desk.refused(&["campaigns", "resume", "intro"], 2).contains("is not stopped"));
}

/// Waits for a fact that another process brings about.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        if holds() {
            return;
        }
    }
    panic!("{what} never came");
}

#[test]
fn a_run_that_is_asked_to_stop_is_interrupted_and_comes_to_the_same_end_when_resumed() {
    let desk = Desk::new();
    let straight = desk.json(&["--db", "straight.db", "run", "all", "--limit", "12", "--json"]);
    let mut child = desk
        .command(&["--db", "stopped.db", "run", "all", "--limit", "12"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("the run's row", || {
        child.try_wait().unwrap().is_some()
            || !desk.cep(&["--db", "stopped.db", "runs", "--json"]).stdout.is_empty()
    });
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("takes the run up where it stopped"), "{said}");
    let runs = desk.json(&["--db", "stopped.db", "runs", "--json"]);
    assert_eq!(runs["state"], "interrupted");
    let resumed = desk.json(&["--db", "stopped.db", "resume", "1", "--json"]);
    assert_eq!(resumed["run_state"], "succeeded");
    assert_eq!(resumed["phi"]["value"], straight["phi"]["value"]);
    let told = desk.json(&["--db", "stopped.db", "changes", "--since", "1h", "--json"]);
    let told: Vec<_> = told["changes"].as_array().unwrap().iter().map(|one| &one["text"]).collect();
    let resumes = |text: &&&Value| {
        let text = text.as_str().unwrap();
        text.starts_with("resume") && text.contains("run 1 taken up again")
    };
    assert!(told.iter().any(|text| resumes(&text)), "{told:#?}");
    for layer in 0..9 {
        let units = |object: &Value| object["layers"][layer]["units"].clone();
        assert_eq!(units(&resumed), units(&straight), "layer {}", layer + 1);
        let effects = |object: &Value| object["layers"][layer]["effects"].clone();
        assert_eq!(effects(&resumed), effects(&straight), "layer {}", layer + 1);
    }
}

#[test]
fn the_demo_is_walked_twice_with_the_same_result_and_names_its_database_last() {
    let desk = Desk::new();
    let walk = || {
        let text = desk.done(&["demo", "--headless", "--businesses", "12"]);
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines[..lines.len() - 1] {
            assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
        }
        let database = (*lines.last().unwrap()).to_owned();
        let mut status = desk.json(&["--db", &database, "status", "--json"]);
        status["database"].take();
        for layer in status["layers"].as_array_mut().unwrap() {
            assert!(layer["units"]["done"].as_u64().unwrap() > 0, "{layer}");
            layer["duration_ms"].take();
        }
        assert!(status["phi"]["value"].as_f64().unwrap() >= 0.88);
        (database, status)
    };
    let (first, second) = (walk(), walk());
    assert_ne!(first.0, second.0);
    assert_eq!(first.1, second.1);
}

#[test]
fn a_demo_that_falls_short_names_the_figure_and_the_red_flags() {
    let desk = Desk::new();
    let output =
        desk.cep(&["demo", "--headless", "--businesses", "12", "--faults", "0.4", "--json"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("fell short"), "{said}");
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!object["short"].as_array().unwrap().is_empty());
    assert!(!object["phi"]["red_flags"].as_array().unwrap().is_empty());
}

#[test]
fn a_shift_is_told_who_did_what_what_failed_and_what_of_it_still_stands() {
    let desk = Desk::new();
    desk.cep(&["run", "all", "--limit", "4", "--faults", "0.9"]);
    let stuck = desk.lines(&["units", "--state", "dead", "--json"]);
    assert!(!stuck.is_empty(), "nine of ten calls fail, so some unit gives up");
    let unit = stuck[0]["id"].to_string();
    desk.done(&["skip", &unit, "--reason", "not worth it"]);
    let told = desk.json(&["changes", "--since", "1h", "--json"]);
    let changes = told["changes"].as_array().unwrap();
    let of = |kind: &str| changes.iter().filter(|one| one["kind"] == kind).collect::<Vec<_>>();
    assert!(of("run")[0]["text"].as_str().unwrap().contains("run 1 started"));
    let skip =
        of("command").into_iter().find(|one| one["text"].as_str().unwrap().starts_with("skip"));
    // The environment names nobody here.
    let who = skip.unwrap()["who"].as_str().unwrap();
    assert!(who.starts_with("uid") && who.ends_with("(cli)"), "{who}");
    let open: u64 = of("failure").iter().map(|one| one["open"].as_u64().unwrap()).sum();
    assert_eq!(open, stuck.len() as u64 - 1, "{changes:#?}");
    let groups = desk.lines(&["errors", "--since", "1h", "--json"]);
    let dead: u64 = groups.iter().map(|group| group["dead"].as_u64().unwrap()).sum();
    assert_eq!(dead, open);
    assert!(desk.lines(&["errors", "--since", "2100-01-01T00:00:00Z", "--json"]).is_empty());
    assert!(desk.refused(&["changes", "--since", "noon"], 2).contains("22:00 (UTC)"));
}

#[test]
fn a_proposal_is_approved_applied_and_rolled_back_and_the_settings_say_by_which() {
    let desk = Desk::new();
    let floor = |settings: &Value| settings["learning"]["floor"].as_f64().unwrap();
    assert!((floor(&desk.json(&["config", "show", "--json"])) - 0.05).abs() < 1e-9);
    let made = ["proposals", "make", "--set", "learning.floor=0.1", "--note", "too few tries"];
    assert!(desk.done(&made).contains("proposal 1 is open"));
    let said = desk.refused(&["proposals", "apply", "1"], 2);
    assert!(said.contains("a proposal that is open cannot take apply"), "{said}");
    desk.done(&["proposals", "approve", "1", "--note", "agreed"]);
    desk.done(&["proposals", "apply", "1"]);
    let settings = desk.json(&["config", "show", "--json"]);
    assert!((floor(&settings) - 0.1).abs() < 1e-9);
    assert_eq!(settings["set_by_proposals"][0]["proposal"], 1);
    let text = desk.done(&["config", "show"]);
    assert!(text.starts_with("# learning.floor = 0.1 by proposal 1 ("), "{text}");
    let live = desk.json(&["config", "show", "--mode", "live", "--json"]);
    assert!((floor(&live) - 0.05).abs() < 1e-9, "a dry decision does not hold in live");
    let card = desk.done(&["proposals", "show", "1"]);
    assert!(card.contains("too early") && card.contains("agreed"), "{card}");
    desk.done(&["proposals", "roll-back", "1"]);
    assert!((floor(&desk.json(&["config", "show", "--json"])) - 0.05).abs() < 1e-9);
    let listed = desk.json(&["proposals", "--json"]);
    assert_eq!(
        (listed["state"].as_str(), listed["applied_at"].is_null()),
        (Some("rolled_back"), false)
    );
}

#[test]
fn a_proposal_that_makes_no_sense_is_refused_with_what_would() {
    let desk = Desk::new();
    let said = desk.refused(&["proposals", "approve", "7"], 2);
    assert!(said.contains("there is no proposal 7"), "{said}");
    let make = |set: &str| ["proposals", "make", "--note", "n", "--set", set].map(str::to_owned);
    for (set, says) in [
        ("learning.floor=0.9", "0 to 0.5"),
        ("outreach.sms_enabled=1", "outreach.caps.CHANNEL"),
        ("learning.floor", "KEY=VALUE"),
    ] {
        let arguments = make(set);
        let said = desk.refused(&arguments.each_ref().map(String::as_str), 2);
        assert!(said.contains(says), "{set}: {said}");
    }
    desk.refused(&["proposals", "make", "--note", "n"], 2);
}

#[test]
fn the_last_live_variant_cannot_be_stopped_and_a_later_decision_is_not_restored_over() {
    let desk = Desk::new();
    let pass = |id: &str| {
        desk.done(&["proposals", "approve", id]);
        desk.cep(&["proposals", "apply", id])
    };
    let mut refused = 0;
    let mut id = 0;
    let book = cep_machine::domain::pitch::Book::own().unwrap();
    for variant in book.variants("en", "dental") {
        desk.done(&["proposals", "make", "--stop-variant", variant, "--note", "n"]);
        id += 1;
        refused += i32::from(pass(&id.to_string()).status.code() == Some(4));
    }
    assert!(refused >= 1, "one variant has to stay");
    for value in ["0.1", "0.2"] {
        let set = format!("learning.floor={value}");
        desk.done(&["proposals", "make", "--set", &set, "--note", "n"]);
        id += 1;
        assert_eq!(pass(&id.to_string()).status.code(), Some(0));
    }
    let said = desk.refused(&["proposals", "roll-back", &(id - 1).to_string()], 4);
    assert!(said.contains(&format!("roll-back {id}")), "{said}");
    desk.done(&["proposals", "roll-back", &id.to_string()]);
    let floor = desk.json(&["config", "show", "--json"])["learning"]["floor"].as_f64().unwrap();
    assert!((floor - 0.1).abs() < 1e-9, "the earlier decision holds again: {floor}");
}
