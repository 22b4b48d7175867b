//! Clears the folder in which files wait on their way to a client's workspace.
//!
//! Clients' papers are not kept twice: a file goes as soon as no unit needs it any more. One whose copy
//! has failed stays, because the unit may be tried again.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::app::parts::Parts;
use crate::store::error::StoreError;
use crate::store::operations::documents;

/// Hex digits of a file's name, which is the digest of its content.
const NAME_CHARS: usize = 64;

/// Where files wait.
pub(super) fn folder(parts: &Parts) -> PathBuf {
    parts.settings.paths.state_dir.join("received")
}

/// Removes every file that was taken over, except the one that is just being handed in. It runs in
/// the writer's transaction, as everything that begins to need a file does.
pub(super) fn clear(tx: &Connection, folder: &Path, keep: Option<&Path>) -> Result<(), StoreError> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_ours = name.len() == NAME_CHARS && name.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_ours || Some(path.as_path()) == keep || !documents::taken_over(tx, &name)? {
            continue;
        }
        // It is only waste: what cannot be removed now is tried again the next time.
        if let Err(error) = fs::remove_file(&path) {
            tracing::warn!(%error, path = %path.display(), "a file that was taken over stays");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mode::Mode;
    use crate::domain::onboarding::tests::client;
    use crate::domain::operations::StoredFile;
    use crate::domain::time::Moment;
    use crate::layers::onboarding_flow::file_unit;
    use crate::store::units;

    #[test]
    fn a_file_goes_when_every_unit_has_taken_it_over_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let clock = std::sync::Arc::new(crate::runtime::clock::SystemClock::new());
        drop(crate::store::Store::open(&path, clock).unwrap());
        let conn = Connection::open(path).unwrap();
        let spool = folder.path().join("received");
        fs::create_dir(&spool).unwrap();
        let name = |letter: &str| letter.repeat(NAME_CHARS);
        for file in [name("a"), name("b"), name("c"), "notes.txt".to_owned()] {
            fs::write(spool.join(file), "x").unwrap();
        }
        let client = client("hvac", "en");
        let plan = |mode, document: &str, letter: &str| {
            let path = format!("documents/{document}.png");
            let file = StoredFile { path, digest: name(letter), bytes: 1 };
            let unit = file_unit(&client, document, &file, &spool.join(name(letter)));
            assert!(units::insert(&conn, mode, None, Moment(0), &unit).unwrap());
        };
        // One paper for two documents, one of each world; nobody has asked for the third one yet.
        plan(Mode::Dry, "logo", "a");
        plan(Mode::Live, "photos", "a");
        plan(Mode::Live, "logo", "b");
        let there = || -> Vec<bool> {
            ["a", "b", "c"].iter().map(|letter| spool.join(name(letter)).exists()).collect()
        };
        let end = |what: &str, state: &str| {
            let sql = "UPDATE units SET state = ?2, ended_at = 1 WHERE version GLOB ?1";
            conn.execute(sql, [what, state]).unwrap();
        };
        clear(&conn, &spool, None).unwrap();
        assert_eq!(there(), [true, true, true]);
        end("file/logo/a*", "done");
        end("file/logo/b*", "dead");
        clear(&conn, &spool, None).unwrap();
        assert_eq!(there(), [true, true, true], "another document needs it, and a copy has failed");
        end("file/*", "done");
        clear(&conn, &spool, Some(&spool.join(name("b")))).unwrap();
        assert_eq!(there(), [false, true, true], "what is handed in at this moment stays");
        clear(&conn, &spool, None).unwrap();
        assert_eq!(there(), [false, false, true]);
        assert!(spool.join("notes.txt").exists(), "what is not ours is left alone");
    }
}
