//! Provides the live world without credentials: files that a person sends, imports or acts on.
//!
//! Live mode never pretends to have an account it was not given. Mail becomes an `.eml` that any
//! mail program opens as a draft, an invite an `.ics` with its mail, everything else a task as
//! Markdown for a person and JSON for a program. A file is named by its effect's key, so writing it
//! twice is writing it once: every port here is idempotent for ever.
//!
//! What a crash leaves: either no file or the whole one. A half-written file has a name that starts
//! with a dot and is replaced by the next try.

#[cfg(test)]
mod bad_input;
pub mod billing;
pub mod eml;
mod ics;
pub mod mail;
mod paper;
pub mod people;
pub mod profile;
mod revised;
pub mod workspace;

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::domain::effect::{EffectKey, Receipt, Recovery};
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::text;
use crate::domain::time::Moment;
use crate::runtime::durable;

/// Characters of a heading or of any other line that a name from outside stands in.
const LINE_CHARS_MAX: usize = 300;

pub use eml::{Attachment, mail_bytes, report_bytes};
pub use ics::calendar_text;

/// How every port of the outbox is recovered: the file's name is the key.
const BY_FILE_NAME: Recovery = Recovery::Idempotent { key_in: "file name", retention_ms: None };

/// Whom the outbox's ports call, for limits and breakers.
const HOST: &str = "outbox";

/// The folder in which live effects wait for a person.
#[derive(Clone, Debug)]
pub struct OutboxDir {
    root: PathBuf,
}

/// One file of an effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxFile {
    /// `eml`, `ics`, `md`, `json`.
    pub extension: &'static str,
    /// Its whole content.
    pub bytes: Vec<u8>,
}

impl OutboxFile {
    /// Makes a file of bytes as they are.
    pub fn new(extension: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { extension, bytes: bytes.into() }
    }

    /// Makes a text for a person, in which nothing acts on the terminal or editor that shows it.
    pub fn text(extension: &'static str, text: &str) -> Self {
        Self::new(extension, text::clean_lines(text, usize::MAX))
    }

    /// Makes a JSON document for a program, likewise.
    pub fn json(value: &Value) -> Self {
        let json = format!("{value:#}\n");
        Self::new("json", text::printable_json(&json).into_owned())
    }
}

impl OutboxDir {
    /// Names the folder; it is made when the first file is written.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Writes the files of one effect into `folder`, as `<date>-<kind>-<key>.<extension>`, and
    /// returns a receipt that names the last of them. Files that are there already stay as they
    /// are, with the date of the first try: a person may have acted on them.
    ///
    /// # Errors
    /// A permanent error that names path and next step when the folder cannot be written; a
    /// transient one when the disk is full.
    pub fn put(
        &self,
        folder: &str,
        kind: &str,
        key: &EffectKey,
        now: Moment,
        files: &[OutboxFile],
    ) -> Result<Receipt, WorkError> {
        let folder = self.root.join(folder);
        let suffix = format!("-{kind}-{key}");
        let stem =
            earlier_stem(&folder, &suffix).unwrap_or_else(|| format!("{}{suffix}", now.utc_date()));
        let mut last = folder.clone();
        for file in files {
            last = folder.join(format!("{stem}.{}", file.extension));
            write_once(&last, &file.bytes).map_err(|error| unwritable(&last, &error))?;
        }
        Ok(receipt(&last))
    }

    /// Takes the files of an effect in `folder` back: they move to its folder `withdrawn`, those for
    /// people under a line that says why. Where they are gone, that line alone stands there.
    ///
    /// # Errors
    /// As `put`.
    pub fn withdraw(
        &self,
        folder: &str,
        kind: &str,
        key: &EffectKey,
        now: Moment,
        banner: &str,
    ) -> Result<Receipt, WorkError> {
        let folder = self.root.join(folder);
        let withdrawn = folder.join("withdrawn");
        let suffix = format!("-{kind}-{key}");
        let stem = earlier_stem(&folder, &suffix)
            .or_else(|| earlier_stem(&withdrawn, &suffix))
            .unwrap_or_else(|| format!("{}{suffix}", now.utc_date()));
        for extension in ["json", "md"] {
            let name = format!("{stem}.{extension}");
            let (from, to) = (folder.join(&name), withdrawn.join(&name));
            let text = fs::read_to_string(&from).unwrap_or_default();
            let text = if extension == "md" { format!("{banner}\n\n{text}") } else { text };
            if text.is_empty() {
                continue;
            }
            let moved = write_once(&to, text.as_bytes()).and_then(|()| gone(&from));
            moved.map_err(|error| unwritable(&to, &error))?;
        }
        Ok(receipt(&withdrawn.join(format!("{stem}.md"))))
    }

    /// Writes one file under its own name below the outbox, and leaves one that exists alone.
    fn put_named(&self, relative: &Path, bytes: &[u8]) -> Result<PathBuf, WorkError> {
        let path = self.root.join(relative);
        write_once(&path, bytes).map_err(|error| unwritable(&path, &error))?;
        Ok(path)
    }
}

fn receipt(path: &Path) -> Receipt {
    Receipt { reference: path.display().to_string(), data: Value::Null }
}

/// Finds the name under which an earlier try of the same effect wrote, whatever day that was.
fn earlier_stem(folder: &Path, suffix: &str) -> Option<String> {
    fs::read_dir(folder).ok()?.filter_map(Result::ok).find_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        let stem = name.rsplit_once('.')?.0;
        (stem.ends_with(suffix) && !stem.starts_with('.')).then(|| stem.to_owned())
    })
}

/// A text from outside as part of one line.
fn line(text: &str) -> String {
    text::clean(text, LINE_CHARS_MAX)
}

/// Removes a file, which a try before this one may have done.
fn gone(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a file so that it is whole and lasting, or not there at all.
fn write_once(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file's path"));
    };
    if path.exists() {
        return Ok(());
    }
    write_whole(folder, name, path, bytes)
}

fn write_whole(folder: &Path, name: &OsStr, path: &Path, bytes: &[u8]) -> io::Result<()> {
    durable::make_folder(folder)?;
    let unfinished = folder.join(format!(".{}.unfinished", name.display()));
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    // The rename itself has to reach the disk before the journal says that it happened.
    durable::sync_folder(folder)
}

fn unwritable(path: &Path, error: &io::Error) -> WorkError {
    let message = format!("cannot write {}", path.display());
    if error.kind() == io::ErrorKind::StorageFull {
        return WorkError::new(ErrorClass::Transient, "disk_full", message)
            .caused_by(error)
            .hint("free some space; the file is written by the next try");
    }
    WorkError::permanent("outbox_unwritable", message).caused_by(error).hint(format!(
        "make {} a folder that this user may write, or set paths.outbox_dir, then retry the unit",
        path.parent().unwrap_or(path).display()
    ))
}

/// Turns a natural key into a part of a file's name: `osm:node/1` becomes `osm-node-1`.
fn file_word(text: &str) -> String {
    const CHARS_MAX: usize = 60;
    text.chars()
        .take(CHARS_MAX)
        .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::conformance;
    use crate::domain::effect::Action;
    use crate::domain::layer::Layer;
    use crate::domain::mode::Mode;

    fn key(version: &str) -> EffectKey {
        EffectKey::new(Mode::Live, Layer::OutreachEngine, "osm:node/1", Action::SendEmail, version)
    }

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_second_try_on_another_day_finds_the_file_of_the_first() {
        let root = tempfile::tempdir().unwrap();
        let outbox = OutboxDir::new(root.path());
        let put = |day: &str, text: &str| {
            let files = [OutboxFile::new("eml", text)];
            outbox.put("mail", "email", &key("c/1"), at(day), &files).unwrap()
        };
        let first = put("2026-01-05T23:59:00Z", "first");
        let second = put("2026-01-06T00:01:00Z", "second");
        assert_eq!(first, second);
        assert_eq!(names(&root.path().join("mail")).len(), 1);
        assert_eq!(fs::read_to_string(&first.reference).unwrap(), "first");
        assert!(first.reference.ends_with(&format!("2026-01-05-email-{}.eml", key("c/1"))));
    }

    #[test]
    fn an_unfinished_file_of_a_crash_is_replaced_and_never_taken_for_a_whole_one() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("mail");
        fs::create_dir_all(&folder).unwrap();
        let whole = format!("2026-01-05-email-{}.eml", key("c/1"));
        fs::write(folder.join(format!(".{whole}.unfinished")), "hal").unwrap();
        let files = [OutboxFile::new("eml", "whole")];
        let now = at("2026-01-05T09:00:00Z");
        OutboxDir::new(root.path()).put("mail", "email", &key("c/1"), now, &files).unwrap();
        assert_eq!(names(&folder), std::slice::from_ref(&whole));
        assert_eq!(fs::read_to_string(folder.join(whole)).unwrap(), "whole");
    }

    #[test]
    fn a_path_that_cannot_be_written_is_named_with_the_next_step() {
        let root = tempfile::tempdir().unwrap();
        let blocked = root.path().join("outbox");
        fs::write(&blocked, "a file where the folder should be").unwrap();
        let files = [OutboxFile::new("eml", "x")];
        let now = at("2026-01-05T09:00:00Z");
        let error =
            OutboxDir::new(&blocked).put("mail", "email", &key("c/1"), now, &files).unwrap_err();
        assert_eq!(error.class, ErrorClass::Permanent);
        assert!(error.message.contains(&blocked.display().to_string()), "{error}");
        assert!(error.hint.unwrap().contains("paths.outbox_dir"));
        assert!(!error.causes.is_empty());
    }

    #[test]
    fn a_task_that_is_taken_back_lies_in_another_folder_and_says_why_first() {
        let root = tempfile::tempdir().unwrap();
        let outbox = OutboxDir::new(root.path());
        let (day, folder) = (at("2026-01-05T09:00:00Z"), root.path().join("tasks"));
        let files = [OutboxFile::new("json", "{}"), OutboxFile::new("md", "# Call Ann")];
        outbox.put("tasks", "task", &key("c/1"), day, &files).unwrap();
        let later = at("2026-01-07T09:00:00Z");
        let back = |version| outbox.withdraw("tasks", "task", &key(version), later, "# WITHDRAWN");
        let first = back("c/1").unwrap();
        assert_eq!(back("c/1").unwrap(), first);
        assert_eq!(names(&folder), ["withdrawn"]);
        assert_eq!(names(&folder.join("withdrawn")).len(), 2);
        assert_eq!(fs::read_to_string(&first.reference).unwrap(), "# WITHDRAWN\n\n# Call Ann");
        assert!(first.reference.contains("2026-01-05-task-"), "it keeps its date");
        // Somebody has moved the other task away; that it is withdrawn is said all the same.
        let moved = back("c/2").unwrap();
        assert_eq!(fs::read_to_string(&moved.reference).unwrap(), "# WITHDRAWN\n\n");
    }

    #[tokio::test]
    async fn the_outbox_behaves_as_every_port_must() {
        let root = tempfile::tempdir().unwrap();
        let outbox = OutboxDir::new(root.path());
        conformance::check(&mail::OutboxMail(outbox.clone()), &conformance::mail()).await;
        conformance::check(&mail::OutboxInvite(outbox.clone()), &conformance::invite()).await;
        conformance::check(&people::OutboxPeople(outbox), &conformance::task()).await;
    }

    #[test]
    fn a_key_becomes_a_harmless_name() {
        assert_eq!(file_word("osm:node/1"), "osm-node-1");
        assert_eq!(file_word("../../etc/passwd"), "------etc-passwd");
    }
}
