//! Files of the YAML test suite, and files made to hurt a parser, in place of the settings.

use std::path::Path;

use cep_machine::config::{ConfigError, Environment, Settings, load};
use serde::Deserialize;
use serde_json::Value;

use super::clean::assert_clean;
use super::desk::{Desk, list};

#[derive(Deserialize)]
struct Case {
    id: String,
    must_fail: bool,
    yaml: String,
    /// What the file says, where the suite tells it.
    json: Option<String>,
}

fn read(desk: &Desk, path: &Path) -> Result<Settings, ConfigError> {
    let home = desk.path("home");
    load(&Environment::of(&[("HOME", home.to_str().unwrap())]), None, Some(path))
}

/// Whether all that a file says is nothing.
fn says_nothing(case: &Case) -> bool {
    let said = case.json.as_deref().unwrap_or_default();
    matches!(serde_json::from_str(said), Ok(Value::Null) | Err(_)) && said.trim().len() < 6
}

/// Fails when an error does not name the file, where it can the line, and what to do.
fn assert_helps(error: &ConfigError, path: &Path, whose: &str) {
    let said = error.to_string();
    assert!(said.starts_with(path.to_str().unwrap()), "{whose}: {said}");
    assert!(error.place.is_some_and(|(line, _)| line > 0), "{whose}: no line: {said}");
    assert!(error.hint.as_ref().is_some_and(|hint| hint.len() > 5), "{whose}: {said}");
    assert!(!error.message.trim().is_empty(), "{whose}: {said}");
    assert_clean(&said, whose);
}

#[test]
fn no_file_of_the_yaml_test_suite_is_taken_for_settings_unless_it_says_nothing() {
    let Some(text) = list("yaml-cases.json") else { return };
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 268);
    let desk = Desk::new();
    let nothing = desk.write("nothing.yaml", "# nothing\n");
    let defaults = serde_json::to_value(read(&desk, &nothing).unwrap()).unwrap();
    let mut accepted = Vec::new();
    for case in &cases {
        let path = desk.write("case.yaml", &case.yaml);
        match read(&desk, &path) {
            Ok(settings) => {
                assert!(!case.must_fail && says_nothing(case), "{}: {}", case.id, case.yaml);
                assert_eq!(serde_json::to_value(settings).unwrap(), defaults, "{}", case.id);
                accepted.push(case.id.as_str());
            }
            Err(error) => assert_helps(&error, &path, &case.id),
        }
    }
    assert_eq!(accepted, ["8G76", "98YD", "AVM7"], "they hold comments alone");
    // Every tenth through the binary, with its exit code.
    for case in cases.iter().step_by(10).filter(|case| !accepted.contains(&case.id.as_str())) {
        desk.write("case.yaml", &case.yaml);
        let said = desk.bare(&["--config", "case.yaml", "status"]);
        assert_eq!(said.code, 2, "{}: {}", case.id, said.err);
        assert!(said.err.contains("case.yaml:") && said.err.contains("hint: "), "{}", said.err);
    }
}

#[test]
fn a_file_made_to_hurt_the_reader_is_refused_at_its_line() {
    let desk = Desk::new();
    let deep = |open: &str, n: usize| format!("sim: {}\n", open.repeat(n));
    let bomb = (1..12).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |bomb, n| {
        let one = format!("*a{}", n - 1);
        format!("{bomb}a{n}: &a{n} [{}]\n", vec![one; 9].join(","))
    });
    let nested = (0..400).fold(String::new(), |nested, n| nested + &" ".repeat(n) + "a:\n");
    for (name, text) in [
        ("lists", deep("[", 100_000)),
        ("maps", deep("{a: ", 50_000)),
        ("levels", nested),
        ("bomb", bomb),
        ("twice", "sim:\n  seed: 1\nsim:\n  seed: 2\n".to_owned()),
        ("escape", "\"a\\e[31m\\u202e\": 1\n".to_owned()),
        ("bell", "sim:\n  market: \"\\a\\x9b\"\n".to_owned()),
        ("number", format!("sim:\n  seed: {}\n", "9".repeat(400))),
        ("tag", "sim: !!python/object/apply:os.system ['id']\n".to_owned()),
        ("merge", "sim:\n  <<: {seed: 2}\n".to_owned()),
        ("nul", "sim:\n  seed: \0\n".to_owned()),
    ] {
        let path = desk.write("hurt.yaml", &text);
        let error = read(&desk, &path).err().unwrap_or_else(|| panic!("{name} is taken"));
        assert_helps(&error, &path, name);
    }
}

#[test]
fn what_is_no_settings_file_at_all_is_named_with_the_next_step() {
    let desk = Desk::new();
    desk.write("large.yaml", vec![b'#'; 300 * 1024]);
    desk.write("latin.yaml", b"agency:\n  name: Caf\xe9\n");
    desk.write("utf16.yaml", b"\xff\xfes\0i\0m\0");
    desk.write("binary.yaml", [0_u8, 159, 146, 150].repeat(100));
    std::fs::create_dir(desk.path("folder.yaml")).unwrap();
    for (name, word) in [
        ("large.yaml", "larger than"),
        ("latin.yaml", "not UTF-8 text from line 2"),
        ("utf16.yaml", "not UTF-8 text from line 1"),
        ("binary.yaml", "not UTF-8 text from line 1"),
        ("folder.yaml", "cannot be read"),
        ("absent.yaml", "cannot be read"),
        ("", "cannot be read"),
    ] {
        let said = desk.bare(&["--config", &format!("./{name}"), "status"]);
        assert_eq!(said.code, 2, "{name}: {}", said.err);
        assert!(said.err.contains(word) && said.err.contains("hint: "), "{name}: {}", said.err);
        assert!(said.err.contains(name), "{}", said.err);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_is_named_with_the_next_step() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::new();
    for name in ["locked.yaml", "locked.csv"] {
        let path = desk.write(name, "name,category\n");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o000)).unwrap();
        if std::fs::File::open(&path).is_ok() {
            return; // This user reads everything.
        }
    }
    let said = desk.bare(&["--config", "locked.yaml", "status"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("locked.yaml") && said.err.contains("hint: "), "{}", said.err);
    let said = desk.bare(&["run", "1", "--input", "locked.csv"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("locked.csv") && said.err.contains("hint: "), "{}", said.err);
}
