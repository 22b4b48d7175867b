//! Executes the rules of the house that no compiler checks: sizes, leftovers, wiring, documents.

#![expect(clippy::unwrap_used, reason = "a check that cannot read the sources has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// Lines; one concept or one table fits.
const FILE_LINES_MAX: usize = 600;

/// Lines; debt hides in the tail, beauty lives in the median.
const FILE_LINES_MEDIAN_MAX: usize = 150;

/// Lines from the signature to the closing brace.
const FUNCTION_LINES_MAX: usize = 70;

/// What may stand at the top level, besides dot-files.
const TOP_LEVEL: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "src",
    "config",
    "tests",
    "benches",
    "deploy",
    "docs",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the Rust files below `folder`, as (path below the root, text).
fn rust_files(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(&root().join(folder), &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            (name, text)
        })
        .collect()
}

/// Returns (line, length) of each function with a body; rustfmt puts its closing brace in the
/// column in which it began.
fn functions(text: &str) -> Vec<(usize, usize)> {
    const HEADS: [&str; 4] = ["fn ", "async fn ", "const fn ", "unsafe fn "];
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let content = line.trim_start();
        let indent = &line[..line.len() - content.len()];
        let bare = content
            .strip_prefix("pub ")
            .or_else(|| {
                content.strip_prefix("pub(").and_then(|rest| rest.split_once(") ")?.1.into())
            })
            .unwrap_or(content);
        if !HEADS.iter().any(|head| bare.starts_with(head)) {
            continue;
        }
        let closing = format!("{indent}}}");
        let end = lines[start..].iter().position(|line| {
            let same_column = line.starts_with(indent)
                && !line[indent.len()..].starts_with([' ', '\t'])
                && !line.is_empty();
            **line == closing || (same_column && line.ends_with([';', '}']))
        });
        if let Some(end) = end {
            found.push((start + 1, end + 1));
        }
    }
    found
}

#[test]
fn files_are_short_and_half_of_them_very_short() {
    let files = rust_files("src");
    let mut lengths: Vec<usize> = Vec::new();
    for (name, text) in &files {
        let lines = text.lines().count();
        assert!(lines <= FILE_LINES_MAX, "{name} has {lines} lines; the limit is {FILE_LINES_MAX}");
        lengths.push(lines);
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    assert!(median <= FILE_LINES_MEDIAN_MAX, "the median file has {median} lines");
}

#[test]
fn functions_fit_on_a_screen() {
    for (name, text) in rust_files("src").into_iter().chain(rust_files("tests")) {
        for (line, lines) in functions(&text) {
            assert!(lines <= FUNCTION_LINES_MAX, "{name}:{line}: a function of {lines} lines");
        }
    }
}

#[test]
fn the_length_of_a_function_is_measured() {
    let text = "impl A {\n    pub(crate) async fn f(\n        a: u8,\n    ) {\n        x\n    }\n}\n\
                trait B {\n    fn g();\n}\nfn h() {}\n";
    assert_eq!(functions(text), [(2, 5), (9, 1), (11, 1)]);
}

#[test]
fn nothing_unfinished_and_no_sleep_is_left_behind() {
    // Written in two halves, so that this file does not find itself.
    let words = [
        concat!("FIX", "ME"),
        concat!("dbg", "!("),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[igno", "re"),
    ];
    let sleep = concat!("sle", "ep(");
    for (name, text) in rust_files("src").into_iter().chain(rust_files("tests")) {
        for (index, line) in text.lines().enumerate() {
            let place = format!("{name}:{}", index + 1);
            for word in words {
                assert!(!line.contains(word), "{place}: {word}");
            }
            let sleeps = line.contains(sleep) && !name.starts_with("src/runtime/");
            assert!(!sleeps, "{place}: only the runtime waits for time");
        }
    }
}

#[test]
fn every_source_file_is_wired_in() {
    let declared = |text: &str, stem: &str| {
        text.lines().any(|line| {
            let line = line.trim();
            line.ends_with(&format!("mod {stem};")) && !line.starts_with("//")
        })
    };
    for folder in ["src", "tests"] {
        let files = rust_files(folder);
        for (name, _) in &files {
            let path = Path::new(name);
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let parent = path.parent().unwrap().to_str().unwrap();
            let is_root = (parent == "src" && ["lib", "main"].contains(&stem))
                || parent == "tests"
                || (parent.starts_with("tests/") && stem == "main");
            if is_root {
                continue;
            }
            // `a/b.rs` is declared in `a/mod.rs`, `a.rs`, `a/main.rs` or a crate root; `a/mod.rs`
            // one folder higher.
            let (home, stem) = if stem == "mod" {
                let parent = Path::new(parent);
                let folder = parent.file_name().unwrap().to_str().unwrap();
                (parent.parent().unwrap().to_str().unwrap().to_owned(), folder)
            } else {
                (parent.to_owned(), stem)
            };
            let wired = files.iter().any(|(other, text)| {
                let other_path = Path::new(other);
                let beside = other_path.parent().unwrap().to_str().unwrap() == home;
                let above = other.trim_end_matches(".rs") == home;
                // What several test programs share lies beside their folders and is named by its path.
                let shared = text.contains(&format!("#[path = \"../{stem}/mod.rs\"]"));
                ((beside || above) && declared(text, stem))
                    || (shared && declared(text, stem) && home == "tests")
            });
            assert!(wired, "{name} is in no module: nothing in it is compiled");
        }
    }
}

#[test]
fn unsafe_code_is_forbidden_at_both_roots() {
    for file in ["src/lib.rs", "src/main.rs"] {
        assert!(read(file).contains("#![forbid(unsafe_code)]"), "{file}");
    }
}

/// A key is documented by the comment right above it, or above the group it stands in.
#[test]
fn every_setting_says_what_it_is_and_why() {
    let text = read("config/default.yaml");
    let mut groups: Vec<(usize, bool)> = Vec::new();
    let mut commented = false;
    for (index, line) in text.lines().enumerate() {
        let content = line.trim_start();
        if content.starts_with('#') {
            commented = true;
            continue;
        }
        if content.contains(':') {
            let indent = line.len() - content.len();
            groups.retain(|&(outer, _)| outer < indent);
            // The comment above a whole section does not explain its keys.
            let inherited = groups.iter().any(|&(outer, documented)| outer > 0 && documented);
            assert!(commented || inherited, "config/default.yaml:{}: {content}", index + 1);
            groups.push((indent, commented || inherited));
        }
        commented = false;
    }
}

#[test]
fn the_readme_and_the_pipeline_run_the_same_test_command() {
    let is_command = |line: &str| line.trim() == "cargo test";
    assert!(read("README.md").lines().any(is_command), "README.md does not say `cargo test`");
    assert!(read(".ci/run").lines().any(is_command), ".ci/run does not run `cargo test`");
}

/// Returns what stands between single backticks in a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_path_that_a_document_names_exists() {
    for file in ["README.md", "docs/ARCHITECTURE.md", "docs/REVIEW.md"] {
        let text = read(file).replace("```", "");
        for word in quoted(&text) {
            let is_path =
                ["src/", "docs/", "tests/", "config/"].iter().any(|f| word.starts_with(f));
            assert!(!is_path || root().join(word).exists(), "{file}: {word} does not exist");
        }
    }
}

#[test]
fn the_readme_names_every_command_and_no_other() {
    let definition = cep_machine::cli::definition();
    let known: Vec<&str> = definition.get_subcommands().map(clap::Command::get_name).collect();
    let text = read("README.md");
    let named: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("cep "))
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|word| *word != "the")
        .collect();
    assert_eq!(named, known);
}

#[test]
fn every_key_that_the_readme_names_does_something() {
    use cep_machine::tui::keymap::ACTIONS;
    let known: Vec<String> =
        ACTIONS.iter().flat_map(|spec| spec.keys.iter().map(|key| key.name())).collect();
    let text = read("README.md");
    let keys = text.split("### Keys").nth(1).unwrap().split("### Exit codes").next().unwrap();
    for row in keys.lines().filter_map(|line| line.strip_prefix("| `")) {
        let cell = format!("`{}", row.split('|').next().unwrap());
        for key in quoted(&cell) {
            assert!(known.iter().any(|known| known == key), "no action has the key {key}");
        }
    }
}

#[test]
fn the_top_level_holds_only_what_belongs_there() {
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_str().unwrap().to_owned();
        let known = name.starts_with('.') || name == "target" || TOP_LEVEL.contains(&name.as_str());
        assert!(known, "{name} does not belong at the top level");
    }
}
