//! Proves the shape of the crate: which module may name which, and where SQL may stand.
//!
//! A module may name only modules of a lower rank; modules of one rank are strangers. The table
//! below is the rule, `docs/ARCHITECTURE.md` explains it, and both are compared here.

#![expect(clippy::unwrap_used, reason = "a check that cannot read the sources has failed")]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every top-level module with its rank.
const MODULES: [(&str, u8); 13] = [
    ("domain", 0),
    ("runtime", 1),
    ("config", 1),
    ("telemetry", 1),
    ("store", 2),
    ("effects", 3),
    ("engines", 4),
    ("adapters", 4),
    ("layers", 5),
    ("app", 6),
    ("server", 7),
    ("tui", 7),
    ("cli", 8),
];

/// The one part of the engines that layers may know.
const CONTRACT: &str = "orchestrator::contract";

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 5] = ["util", "common", "helpers", "misc", "manager"];

fn rank(module: &str) -> Option<u8> {
    MODULES.iter().find(|(name, _)| *name == module).map(|&(_, rank)| rank)
}

/// Returns every Rust file below `folder`.
fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the sources as (path below src, module, text without whole-line comments).
fn sources() -> Vec<(String, String, String)> {
    let src = root().join("src");
    rust_files(&src)
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
            let module = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<&str> =
                text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (name, module, code.join("\n"))
        })
        .collect()
}

/// Returns the paths after each `crate::` of `code`, with the members of `crate::{..}` groups.
fn named(code: &str) -> Vec<String> {
    let path = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == ':').collect()
    };
    let mut found = Vec::new();
    for (at, word) in code.match_indices("crate::") {
        // `$crate::` and `my_crate::` are other things.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + word.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            found.push(path(rest));
            continue;
        };
        let mut depth = 0;
        let mut begins = true;
        for (offset, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                c if begins && c.is_alphanumeric() => {
                    found.push(path(&group[offset..]));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    found
}

/// Returns what is wrong with one file's imports.
fn faults(file: &str, module: &str, code: &str) -> Vec<String> {
    let Some(own) = rank(module) else {
        return vec![format!("{file}: module {module} is not in the table of ranks")];
    };
    let mut faults = Vec::new();
    for path in named(code) {
        let other = path.split("::").next().unwrap_or_default();
        match rank(other) {
            _ if other == module => {}
            None => faults.push(format!("{file}: crate::{path} is not in the table of ranks")),
            Some(rank) if rank >= own => {
                faults.push(format!("{file}: {module} (rank {own}) names {other} (rank {rank})"));
            }
            Some(_) if module == "layers" && other == "engines" => {
                let inner = path.trim_start_matches("engines::");
                if !inner.starts_with(CONTRACT) {
                    faults.push(format!("{file}: layers know only engines::{CONTRACT}"));
                }
            }
            Some(_) => {}
        }
    }
    faults
}

/// Returns a module that can reach itself, if there is one.
fn cycle(names: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let mut left = names.clone();
    // Whoever names nobody that is left cannot be on a cycle; what remains at the end is.
    loop {
        let free: Vec<String> = left
            .iter()
            .filter(|(_, others)| others.iter().all(|other| !left.contains_key(other)))
            .map(|(module, _)| module.clone())
            .collect();
        if free.is_empty() {
            return left.into_keys().next();
        }
        for module in free {
            left.remove(&module);
        }
    }
}

#[test]
fn a_module_names_only_modules_of_lower_rank() {
    let faults: Vec<String> = sources()
        .iter()
        .filter(|(file, ..)| file != "lib.rs" && file != "main.rs")
        .flat_map(|(file, module, code)| faults(file, module, code))
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_modules_as_they_are_have_no_cycle() {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, module, code) in sources() {
        let others = named(&code)
            .into_iter()
            .filter_map(|path| path.split("::").next().map(str::to_owned))
            .filter(|other| *other != module);
        names.entry(module.clone()).or_default().extend(others);
    }
    assert_eq!(cycle(&names), None);
}

#[test]
fn planted_faults_are_caught() {
    assert_eq!(faults("a.rs", "domain", "use crate::store::Store;").len(), 1);
    assert_eq!(faults("a.rs", "engines", "use crate::{domain::mode, adapters::{a, b}};").len(), 1);
    assert_eq!(faults("a.rs", "tui", "fn f() { crate::nowhere::g() }").len(), 1);
    assert_eq!(faults("a.rs", "nowhere", "").len(), 1);
    assert_eq!(faults("a.rs", "layers", "use crate::engines::orchestrator::plan;").len(), 1);
    assert_eq!(faults("a.rs", "layers", "use crate::engines::orchestrator::contract::X;").len(), 0);
    assert_eq!(faults("a.rs", "store", "use crate::store::units; use crate::domain;").len(), 0);

    let edge = |from: &str, to: &str| (from.to_owned(), BTreeSet::from([to.to_owned()]));
    assert_eq!(cycle(&BTreeMap::from([edge("a", "b"), edge("b", "c")])), None);
    assert!(cycle(&BTreeMap::from([edge("a", "b"), edge("b", "a")])).is_some());
}

#[test]
fn no_sql_stands_outside_the_store() {
    const WORDS: [&str; 5] = ["SELECT ", "INSERT INTO ", "INSERT OR ", "DELETE FROM ", "PRAGMA "];
    let mut faults = Vec::new();
    for (file, module, code) in sources() {
        // Tests may look at rows as they are; the rule is for what runs.
        if module == "store" || file.ends_with("tests.rs") {
            continue;
        }
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        for word in WORDS {
            let quoted = [format!("\"{word}"), format!("\"\n    {word}")];
            if quoted.iter().any(|text| code.contains(text)) {
                faults.push(format!("{file}: {word}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn no_module_has_an_empty_name() {
    for (file, ..) in sources() {
        for part in file.trim_end_matches(".rs").split('/') {
            assert!(!EMPTY_NAMES.contains(&part), "src/{file}: what is inside a {part}?");
        }
    }
}

#[test]
fn the_table_of_modules_in_the_documents_is_the_tested_one() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let documented: BTreeMap<String, u8> = text
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            let rank = cells.next()?.parse().ok()?;
            Some((cells.next()?.trim_matches('`').to_owned(), rank))
        })
        .collect();
    let tested = MODULES.iter().map(|&(name, rank)| (name.to_owned(), rank)).collect();
    assert_eq!(documented, tested);
}
