//! Writes what a person wants to keep to files of their own, beside the database.
//!
//! Such a file may hold what customers wrote, so nobody but its owner can read it.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::runtime::durable;

/// Writes `text` as `folder/name` and returns where it lies.
///
/// # Errors
/// The folder or the file cannot be written.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    durable::make_folder(folder)?;
    let path = folder.join(name);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    durable::sync_folder(folder)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_its_owners_alone_and_a_folder_that_cannot_be_made_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let path = write(&root.path().join("kept"), "error-7.json", "{}\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write(&path, "below", "x").is_err());
    }
}
