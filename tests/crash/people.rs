//! Kills before and after the commit of everything that a person can tell the machine: the act and its
//! row happen once, together, or not at all, and no row is left waiting for a process that is gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::bench::{Bench, Start};
use crate::invariants;

/// In which state the machine is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Given {
    /// Pitches are written.
    Pitched,
    /// All layers have run to their horizon; something of everything waits for a person.
    Worked,
    /// The first messages were refused for good.
    Dead,
    /// A mail may have gone out.
    Unknown,
    /// A run was cut short.
    Open,
}

/// What is told, in the words of a command line; `{…}` is asked of the database.
struct Act {
    /// The name of its command.
    name: &'static str,
    given: Given,
    words: &'static [&'static str],
    /// Whether the process does nothing but this.
    comparable: bool,
}

const fn act(name: &'static str, given: Given, words: &'static [&'static str]) -> Act {
    Act { name, given, words, comparable: true }
}

const CLIENT: &str =
    "{SELECT entity FROM clients WHERE plan <> 'enterprise' AND state = 'active' LIMIT 1}";
const PITCHED: &str = "{SELECT entity FROM pitches ORDER BY id LIMIT 1}";
const POSTED: &str = "{SELECT entity FROM posts WHERE state = 'planned' ORDER BY id LIMIT 1}";
const SLOT: &str = "{SELECT slot FROM posts WHERE state = 'planned' ORDER BY id LIMIT 1}";
const DEAD: &str = "{SELECT id FROM units WHERE state = 'dead' ORDER BY id LIMIT 1}";
const CAUSE: &str = "{SELECT fingerprint FROM attempts WHERE fingerprint IS NOT NULL LIMIT 1}";
const UNKNOWN: &str = "{SELECT key FROM effects WHERE state = 'unknown' ORDER BY id LIMIT 1}";
const TASK: &str = "{SELECT id FROM units WHERE state = 'waiting' AND kind = 'meeting' LIMIT 1}";
const PAPERS: &str = "{SELECT entity FROM documents WHERE state = 'requested' ORDER BY id LIMIT 1}";
const PAPER: &str =
    "{SELECT document FROM documents WHERE state = 'requested' ORDER BY id LIMIT 1}";

const ACTS: [Act; 28] = [
    act("retry", Given::Dead, &["retry", DEAD]),
    act("retry_fingerprint", Given::Dead, &["retry", "--fingerprint", CAUSE]),
    act("acknowledge", Given::Dead, &["acknowledge", CAUSE, "--note", "asked the receiver"]),
    act("note_cause", Given::Dead, &["note", CAUSE, "their office opens at nine"]),
    act("skip", Given::Dead, &["skip", DEAD, "--reason", "gone"]),
    act("resolve", Given::Unknown, &["resolve", UNKNOWN, "happened", "--evidence", "its log"]),
    act("cancel", Given::Open, &["cancel", "1"]),
    Act {
        name: "promote",
        given: Given::Pitched,
        words: &["promote", "--limit", "1"],
        comparable: false,
    },
    act("suppress", Given::Pitched, &["suppress", "a@b.example", "--reason", "asked"]),
    act("resume_campaign", Given::Pitched, &["campaigns", "resume", "intro"]),
    Act {
        name: "end_doubt",
        given: Given::Pitched,
        words: &["restore", "--settled", "--evidence", "all told"],
        comparable: false,
    },
    act("edit_pitch", Given::Pitched, &["pitches", "edit", PITCHED, "--subject", "Hello there"]),
    act("rewrite_pitch", Given::Pitched, &["pitches", "rewrite", PITCHED]),
    act("receive_mail", Given::Pitched, &["receive", "mail", "letter.eml"]),
    Act {
        name: "map_columns",
        given: Given::Pitched,
        words: &["import", "table.csv", "--map", "name=Firma"],
        comparable: false,
    },
    Act {
        name: "arm_live",
        given: Given::Pitched,
        words: &["run", "2", "--live", "--confirm", "live"],
        comparable: false,
    },
    act("advance", Given::Worked, &["advance", "1d"]),
    act(
        "answer",
        Given::Worked,
        &["tasks", "done", TASK, "--result", "won", "--data", "plan=starter"],
    ),
    act("note", Given::Worked, &["tasks", "note", TASK, "call again"]),
    act("document", Given::Worked, &["documents", "receive", PAPERS, PAPER]),
    act("edit_post", Given::Worked, &["posts", "edit", POSTED, SLOT, "--text-file", "post.txt"]),
    act("hold_post", Given::Worked, &["posts", "hold", POSTED, SLOT]),
    act("change_plan", Given::Worked, &["finance", "plan", CLIENT, "enterprise"]),
    act(
        "enter_cost",
        Given::Worked,
        &[
            "finance",
            "cost",
            "add",
            "--category",
            "sales",
            "--amount",
            "12.50 USD",
            "--date",
            "2026-01-06",
            "--reference",
            "bill 1",
        ],
    ),
    act(
        "enter_payment",
        Given::Worked,
        &[
            "invoices",
            "pay",
            "DRY-2025-9001",
            "10.00 USD",
            "--date",
            "2026-01-06",
            "--reference",
            "bank 1",
        ],
    ),
    act(
        "propose",
        Given::Worked,
        &["proposals", "make", "--set", "learning.floor=0.1", "--note", "too few tries"],
    ),
    act("proposal", Given::Worked, &["proposals", "approve", "{SELECT max(id) FROM proposals}"]),
    // A command of a process that died in between is given up by whoever starts next.
    Act {
        name: "give up commands",
        given: Given::Open,
        words: &["advance", "1d"],
        comparable: false,
    },
];

/// Every commit at which a scenario of this suite kills.
pub(crate) fn killed() -> BTreeSet<&'static str> {
    ACTS.iter().map(|act| act.name).collect()
}

/// A campaign that a receiver stopped, and a restore that left a doubt.
const MORE: &str = "
INSERT INTO stopped_campaigns VALUES ('dry', 'intro', 'blocked', 1765584000000);
INSERT INTO restores (generation, backup_at, restored_at, source) VALUES (1, 0, 0, 'a backup');
INSERT INTO doubts (generation, mode, made_at, remembers) VALUES (1, 'dry', 0, 1)";
/// An invoice that nobody has paid, a paper that is asked for, and a meeting that nobody has told of.
const WORKED_MORE: &str = "
INSERT INTO invoices (mode, entity, period, number, net_minor, tax_minor, total_minor, currency, lines,
  issued_at, due_at, state)
SELECT 'dry', entity, 'by-hand', 'DRY-2025-9001', 1000, 0, 1000, 'USD', '[]', 1765584000000,
  1766188800000, 'open' FROM clients LIMIT 1;
UPDATE documents SET state = 'requested', file = NULL WHERE id = (SELECT max(id) FROM documents);
UPDATE units SET state = 'waiting', ended_at = NULL, answer = NULL
  WHERE id = (SELECT max(id) FROM units WHERE kind = 'meeting' AND state = 'done');
UPDATE meetings SET state = 'booked', outcome = NULL, noted_at = NULL WHERE entity =
  (SELECT entity FROM units WHERE kind = 'meeting' AND state = 'waiting')";

fn given(given: Given) -> Bench {
    let small = ["run", "1", "--limit", "4"];
    let bench = match given {
        Given::Dead => Bench::new("sim:\n  fault_script: [{layer: 3, sends: 9, kind: rejected}]\n"),
        Given::Unknown => Bench::new("sim:\n  mail_keys: false\n"),
        Given::Pitched | Given::Worked | Given::Open => Bench::new(""),
    };
    match given {
        Given::Worked => {
            bench.said(&["run", "all", "--limit", "6"], 0);
            bench.said(&["proposals", "make", "--set", "learning.floor=0.2", "--note", "one"], 0);
            bench.connect().execute_batch(WORKED_MORE).unwrap();
        }
        Given::Open => {
            let all = ["run", "all", "--limit", "4"];
            bench.dies(&all, &Start::dying("commit.after:start run"));
        }
        Given::Pitched | Given::Dead | Given::Unknown => {
            bench.said(&small, 0);
            bench.said(&["run", "2"], 0);
        }
    }
    match given {
        Given::Pitched => bench.connect().execute_batch(MORE).unwrap(),
        Given::Dead => drop(bench.said(&["run", "3"], 3)),
        Given::Unknown => {
            bench.dies(&["run", "3"], &Start::dying("effect.sent"));
            bench.said(&["run", "3"], 3);
        }
        Given::Worked | Given::Open => {}
    }
    let letter = "From: a@b.example\r\nTo: us@c.example\r\nMessage-ID: <1@b.example>\r\n\
                  Subject: stop\r\n\r\nPlease never write again.\r\n";
    std::fs::write(bench.path("letter.eml"), letter).unwrap();
    std::fs::write(bench.path("post.txt"), "Open on Sunday.\nCome in!\n").unwrap();
    std::fs::write(bench.path("table.csv"), "Firma,phone\nUmber,+12025550143\n").unwrap();
    bench
}

impl Act {
    /// Its words with what the database says.
    fn words(&self, bench: &Bench) -> Vec<String> {
        let word = |word: &&str| {
            let Some(sql) = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
                return (*word).to_owned();
            };
            let one = format!("SELECT CAST(({sql}) AS TEXT)");
            let found: Option<String> =
                bench.connect().query_row(&one, [], |row| row.get(0)).unwrap();
            found.unwrap_or_else(|| panic!("{}: nothing answers {sql}", self.name))
        };
        self.words.iter().map(word).collect()
    }
}

/// What a copy of the database says apart from real time and processes.
fn facts(bench: &Bench) -> BTreeMap<String, Vec<String>> {
    let conn = bench.connect();
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('leases')";
    let mut statement = conn.prepare(names).unwrap();
    let names: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let lasting = |table: &str, column: &str| {
        let of_time = column.starts_with("wall") || column == "performer" || column == "owner";
        !of_time
            && !matches!((table, column), ("commands", "ended_at") | ("settings", "changed_at"))
    };
    names
        .into_iter()
        .map(|name| {
            let mut rows = conn.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
            let columns: Vec<usize> = rows
                .column_names()
                .iter()
                .enumerate()
                .filter(|(_, column)| lasting(&name, column))
                .map(|(at, _)| at)
                .collect();
            let line = |row: &rusqlite::Row<'_>| {
                let value = |&at: &usize| row.get::<_, rusqlite::types::Value>(at);
                let values: Result<Vec<_>, _> = columns.iter().map(value).collect();
                Ok(format!("{:?}", values?))
            };
            let rows = rows.query_map([], line).unwrap().map(Result::unwrap).collect();
            (name, rows)
        })
        .collect()
}

fn assert_same(one: &Bench, other: &Bench, at: &str) {
    let (one, other) = (facts(one), facts(other));
    for (table, rows) in &one {
        assert_eq!(rows, &other[table], "{at}: table {table}");
    }
}

fn done(bench: &Bench, act: &Act) -> i64 {
    let done = "SELECT count(*) FROM commands WHERE state = 'done' AND name = ";
    bench.number(&format!("{done}'{}'", act.name))
}

/// Kills around the commit of an act.
fn kill_around(act: &Act, base: &Bench) {
    let clean = Bench::copy_of(base);
    let words = act.words(&clean);
    let (before, after) =
        (format!("commit.before:{}", act.name), format!("commit.after:{}", act.name));
    let (status, said) = clean.run(&words, &Start::default());
    assert!(status.code().is_some_and(|code| code != 1), "{words:?}: {said}");

    let killed = Bench::copy_of(base);
    killed.dies(&words, &Start::dying(&before));
    if act.given != Given::Open {
        assert_same(base, &killed, &before);
    }
    invariants::after_death(&killed, &before);
    killed.run(&words, &Start::default());
    if act.comparable {
        assert_same(&clean, &killed, &before);
    }
    assert_eq!(done(&killed, act), done(&clean, act), "{before}: not done by the next process");

    let killed = Bench::copy_of(base);
    killed.dies(&words, &Start::dying(&after));
    if act.comparable {
        assert_same(&clean, &killed, &after);
    }
    assert_eq!(done(&killed, act), done(&clean, act), "{after}: done more or less than once");
    invariants::after_death(&killed, &after);
    // Whatever starts next leaves no row without an answer.
    killed.run(&["advance", "1m"], &Start::default());
    let open = killed.rows("SELECT name FROM commands WHERE state = 'accepted'");
    assert_eq!(open, BTreeSet::new(), "{after}");
    eprintln!("{}: once or not at all", act.name);
}

#[test]
fn killed_around_what_a_person_says_it_happens_once_or_not_at_all() {
    if !cfg!(debug_assertions) {
        eprintln!("skipped: release builds have no failpoints");
        return;
    }
    for kind in [Given::Pitched, Given::Dead, Given::Unknown, Given::Open, Given::Worked] {
        let base = given(kind);
        for act in ACTS.iter().filter(|act| act.given == kind) {
            kill_around(act, &base);
        }
    }
}
