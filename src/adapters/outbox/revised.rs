//! Replaces a file of a workspace by a newer revision of it, and never loses what a person wrote there.
//!
//! The last line of such a file says which revision it is and what text it had. A late try of an old
//! revision changes nothing; a text that somebody has edited is kept beside the new one.

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::write_whole;

/// How the last line begins; a reader of Markdown does not see it.
const MARK: &str = "<!-- revision ";

/// Digits of the text's digest in the last line: enough to notice an edit.
const DIGEST_DIGITS: usize = 16;

/// Names for edited texts that are tried; more edits than that between two revisions are a mistake.
const KEPT_MAX: u32 = 1_000;

fn digest(text: &str) -> String {
    let mut digest = hex::encode(Sha256::digest(text.as_bytes()));
    digest.truncate(DIGEST_DIGITS);
    digest
}

/// Returns the revision of a file's text, and whether it is still as it was written.
fn standing(text: &str) -> Option<(u32, bool)> {
    let start = text.rfind(MARK)?;
    let (body, mark) = text.split_at(start);
    let mut words = mark.strip_prefix(MARK)?.split_whitespace();
    let revision = words.next()?.parse().ok()?;
    let untouched = words.next()? == digest(body) && words.next() == Some("-->");
    Some((revision, untouched && words.next().is_none()))
}

/// Writes `text` as `revision` of the file at `path`, unless that or a newer one is there.
pub(super) fn replace(path: &Path, text: &str, revision: u32) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file's path"));
    };
    if path.exists() {
        // A file that is not even text is a person's.
        let there = fs::read(path)?;
        let known = std::str::from_utf8(&there).ok().and_then(standing);
        match known {
            Some((at, _)) if at >= revision => return Ok(()),
            Some((_, true)) => {}
            Some((_, false)) | None => keep(path)?,
        }
    }
    let separator = if text.ends_with('\n') { "" } else { "\n" };
    let body = format!("{text}{separator}\n");
    let whole = format!("{body}{MARK}{revision} {} -->\n", digest(&body));
    write_whole(folder, name, path, whole.as_bytes())
}

/// Copies what a person has written to a name of its own beside the file.
fn keep(path: &Path) -> io::Result<()> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    for number in 1..KEPT_MAX {
        let beside = path.with_file_name(format!("{stem}.edited-{number}.{ending}"));
        if beside.exists() {
            // A try that died after keeping it finds its own copy.
            if fs::read(&beside)? == fs::read(path)? {
                return Ok(());
            }
            continue;
        }
        // A link and not a move: until the new file takes its place, the old one stays where it is.
        return fs::hard_link(path, &beside);
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many edited texts beside it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_newer_revision_takes_the_place_of_an_older_one_and_not_the_other_way_round() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c/checklist.md");
        replace(&path, "one\n", 1).unwrap();
        replace(&path, "two\n", 2).unwrap();
        let there = read(&path);
        assert!(there.starts_with("two\n\n<!-- revision 2 "), "{there}");
        replace(&path, "late\n", 1).unwrap();
        replace(&path, "another two\n", 2).unwrap();
        assert_eq!(read(&path), there);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing beside it");
    }

    #[test]
    fn what_a_person_wrote_into_it_is_kept_beside_the_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checklist.md");
        replace(&path, "one", 1).unwrap();
        let edited = read(&path).replace("one", "one, call them on Monday");
        fs::write(&path, &edited).unwrap();
        replace(&path, "one", 1).unwrap();
        assert_eq!(read(&path), edited, "the same revision is no reason to touch it");
        replace(&path, "two", 2).unwrap();
        let kept = folder.path().join("checklist.edited-1.md");
        assert_eq!(read(&kept), edited);
        // Another one, without any mark and not even text.
        fs::write(&path, b"\xff\xfe all mine").unwrap();
        replace(&path, "three", 3).unwrap();
        assert!(read(&path).starts_with("three\n"));
        assert_eq!(
            fs::read(folder.path().join("checklist.edited-2.md")).unwrap(),
            b"\xff\xfe all mine"
        );
        assert_eq!(read(&kept), edited);
    }
}
