//! Keeps the list of failpoints whole: no commit and no effect boundary without one, and none without
//! a test that kills there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cep_machine::runtime::failpoint;

use crate::{boundaries, commits, people, serving};

/// Where the store hands a command's name on instead of giving one.
const HANDED_ON: [&str; 3] = ["src/store/mod.rs", "src/store/wave.rs", "src/app/owner/record.rs"];

/// The one place that opens a connection which may write, besides copies of the file.
const CONNECTS: [&str; 1] = ["src/store/open.rs"];

/// How tests begin at the end of a file.
const TESTS: &str = "#[cfg(test)]\nmod ";

/// What is written here are files, and what is accepted are calls.
const NO_DATABASE: &str = "src/adapters/";

/// Calls that name a command of the writer.
const NAMES_A_COMMAND: [&str; 5] = [".write(", ".at_once(", ".accept(", ".steer_run(", "Job::new("];

fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(&root.join("src"), &mut files);
    files.sort();
    let texts: Vec<(String, String)> = files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    // Tests stand at the end of their file, or in files of their own that are declared there.
    let mut of_tests = BTreeSet::new();
    for (_, text) in &texts {
        for rest in text.split(TESTS).skip(1) {
            of_tests.extend(rest.split_once(';').map(|(name, _)| name.to_owned()));
        }
    }
    let is_test = |name: &str| {
        let stem = Path::new(name).file_stem().unwrap().to_str().unwrap();
        of_tests.contains(stem) || name.contains("/tests/")
    };
    texts
        .into_iter()
        .filter(|(name, _)| !is_test(name) && !name.starts_with(NO_DATABASE))
        .map(|(name, text)| (name, text.split(TESTS).next().unwrap_or_default().to_owned()))
        .collect()
}

/// Returns the arguments of a call, up to its closing bracket.
fn arguments(rest: &str) -> &str {
    let mut depth = 1;
    let end = rest.char_indices().find(|(_, c)| {
        depth += match c {
            '(' | '[' | '{' => 1,
            ')' | ']' | '}' => -1,
            _ => 0,
        };
        depth == 0
    });
    end.map_or(rest, |(at, _)| &rest[..at])
}

/// Returns the string that stands among the first arguments of a call itself, not of a call within.
fn name_in(arguments: &str) -> Option<&str> {
    const ARGUMENTS_BEFORE: usize = 3;
    let (mut depth, mut commas, mut start) = (0, 0, None);
    for (at, c) in arguments.char_indices() {
        match (c, start) {
            ('"', None) if depth == 0 => start = Some(at + 1),
            ('"', Some(from)) => return Some(&arguments[from..at]),
            ('(' | '[' | '{', None) => depth += 1,
            (')' | ']' | '}', None) => depth -= 1,
            (',', None) if depth == 0 => commas += 1,
            (_, _) => {}
        }
        if commas > ARGUMENTS_BEFORE {
            return None;
        }
    }
    None
}

#[test]
fn every_commit_is_listed_and_has_a_scenario_that_kills_before_and_after_it() {
    let mut found = BTreeSet::new();
    for (file, code) in sources() {
        for call in NAMES_A_COMMAND {
            for (at, _) in code.match_indices(call) {
                let line = code[..at].matches('\n').count() + 1;
                let arguments = arguments(&code[at + call.len()..]);
                match name_in(arguments) {
                    Some(name) => _ = found.insert(name.to_owned()),
                    None if HANDED_ON.contains(&file.as_str()) || !writes(&code, arguments) => {}
                    None => panic!("{file}:{line}: a command without a name in sight: {arguments}"),
                }
            }
        }
    }
    let listed: BTreeSet<String> = failpoint::COMMITS.iter().map(|&name| name.to_owned()).collect();
    let unlisted: Vec<_> = found.difference(&listed).collect();
    assert!(unlisted.is_empty(), "not in failpoint::COMMITS, so nothing kills there: {unlisted:?}");
    let vanished: Vec<_> = listed.difference(&found).collect();
    assert!(vanished.is_empty(), "in failpoint::COMMITS and nowhere in the code: {vanished:?}");
    let killed: BTreeSet<&str> =
        commits::killed().into_iter().chain(people::killed()).chain(serving::killed()).collect();
    let unkilled: Vec<_> = listed.iter().filter(|name| !killed.contains(name.as_str())).collect();
    assert!(unkilled.is_empty(), "no scenario in tests/crash kills at {unkilled:?}");
    for name in failpoint::COMMITS {
        eprintln!("commit.before:{name}\ncommit.after:{name}");
    }
}

/// Whether a call that gives no name writes to the database at all; other things are written too.
fn writes(code: &str, arguments: &str) -> bool {
    code.contains("store") && (arguments.contains("tx") || arguments.contains("conn"))
}

#[test]
fn every_boundary_stands_in_the_code_is_listed_and_is_killed_at() {
    let mut found = BTreeSet::new();
    for (_, code) in sources() {
        for rest in code.split("failpoint::hit(\"").skip(1) {
            found.insert(rest.split('"').next().unwrap_or_default().to_owned());
        }
    }
    let listed: BTreeSet<_> = failpoint::ALL.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(found, listed);
    for name in failpoint::ALL {
        assert!(!boundaries::hits_of(name).is_empty(), "nothing kills at {name}");
        eprintln!("{name}");
    }
}

#[test]
fn sqlite_is_written_by_the_writer_and_by_nobody_else() {
    for (file, code) in sources() {
        if CONNECTS.contains(&file.as_str()) {
            continue;
        }
        let found = code.contains("Connection::open");
        assert!(!found, "{file} opens a connection: its commits have no failpoint");
    }
}
