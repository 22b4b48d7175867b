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
