//! Finds the real data that tests compare with; absent data skip a test, and say so.

use std::path::{Path, PathBuf};

/// Returns the path of `name` under the data folder: `CEP_TEST_DATA`, or `../shared/data`.
#[expect(clippy::disallowed_methods, reason = "tests alone read this variable")]
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    let folder = std::env::var("CEP_TEST_DATA").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is absent", path.display());
    None
}

/// Returns the text of a data file.
pub(crate) fn read(name: &str) -> Option<String> {
    std::fs::read_to_string(path(name)?).ok()
}

/// Returns strings that have broken programs, and a few that would break this one's files.
pub(crate) fn naughty_strings() -> Option<Vec<String>> {
    let listed = read("bad-input/naughty-strings.json")?;
    let mut strings: Vec<String> = serde_json::from_str(&listed).unwrap_or_default();
    assert!(strings.len() > 300, "the list is broken");
    let own = [
        "A\r\nBcc: everybody@example.com\r\n\r\nbody",
        "B\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nATTENDEE:mailto:everybody@example.com",
        "C\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m",
        "D\u{0}E\u{7f}",
        "../../../etc/passwd\u{202e}",
        "=HYPERLINK(\"https://evil.example\")",
    ];
    strings.extend(own.map(str::to_owned));
    Some(strings)
}
