//! Makes backups: a verified copy under its final name, or nothing.
//!
//! Whoever asks (a command, or the process that serves) waits for a thread of its own; work goes on
//! meanwhile. What a crash leaves is a file that ends with `.partial`; the next backup removes it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::command::{Refusal, RefusalKind};
use super::parts::Parts;
use super::{Handle, wiring};
use crate::config::Settings;
use crate::domain::time::{HOUR_MS, Moment};
use crate::runtime::process::ProcessIdentity;
use crate::store::copies::{self, Contents, Latest};
use crate::store::error::StoreError;

/// How a copy that is not verified yet ends.
const PARTIAL: &str = "partial";

/// How often it is looked whether a backup is due.
const LOOK: Duration = Duration::from_mins(1);

/// A backup that failed is tried again after an hour: what filled the disk may be gone by then.
const AGAIN_MS: i64 = HOUR_MS;

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Made {
    /// The file.
    pub file: PathBuf,
    /// What is in it.
    pub contents: Contents,
    /// Older ones that were removed, because enough are kept.
    pub removed: Vec<PathBuf>,
}

/// Makes a backup of `database`: in the new file `to`, or in the folder of backups, where the oldest
/// beyond those that are kept are removed afterwards. What came of it is noted in the database.
///
/// # Errors
/// A file that exists, a folder or disk that refuses, a database that is not ours, a copy that does
/// not hold together. Nothing is left behind then.
pub fn make(
    database: &Path,
    to: Option<&Path>,
    settings: &Settings,
    wall: Moment,
) -> Result<Made, Refusal> {
    let file = match to {
        Some(file) => file.to_owned(),
        None => settings.backups().join(format!("{}{}.db", stem_of(database), stamp(wall))),
    };
    let made = copy_and_name(database, &file, to.is_none(), wall);
    let (bytes, why) = match &made {
        Ok(contents) => (Some(contents.bytes), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let latest = Latest { at: wall, file: file.clone(), bytes, why };
    if let Err(error) = copies::note(database, &latest) {
        tracing::warn!(%error, "what came of a backup could not be noted");
    }
    let contents = made.map_err(|error| refused(&error))?;
    let removed = match to {
        Some(_) => Vec::new(),
        None => rotate(database, &settings.backups(), &file, settings.backup.keep),
    };
    Ok(Made { file, contents, removed })
}

fn copy_and_name(
    database: &Path,
    file: &Path,
    own_folder: bool,
    wall: Moment,
) -> Result<Contents, StoreError> {
    let failed = |what, source| StoreError::File { what, path: file.to_owned(), source };
    if own_folder && let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|source| failed("write", source))?;
    }
    if file.exists() {
        return Err(failed("write", std::io::ErrorKind::AlreadyExists.into()));
    }
    let partial = file.with_added_extension(format!("{}.{PARTIAL}", std::process::id()));
    let copied = copies::copy(database, &partial, Some(wall))
        .and_then(|()| copies::verify(&partial))
        .and_then(|contents| {
            fs::rename(&partial, file).map_err(|source| failed("name", source))?;
            copies::sync_folder(file)?;
            Ok(contents)
        });
    if copied.is_err() {
        remove_database(&partial);
    }
    copied
}

/// Removes a file that was to become a database, and what SQLite may have written beside it.
pub(super) fn remove_database(path: &Path) {
    for beside in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        // What was never made cannot be removed.
        drop(fs::remove_file(name));
    }
}

/// Returns an instant as it stands in names of files: `20261126T184512Z`.
pub(super) fn stamp(wall: Moment) -> String {
    wall.to_timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
}

fn stem_of(database: &Path) -> String {
    let stem = database.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    format!("{}-", stem.unwrap_or_else(|| "cep".to_owned()))
}

/// Removes the oldest backups of `database` beyond `keep`, and what a killed process left unfinished.
/// Returns the backups.
fn rotate(database: &Path, folder: &Path, newest: &Path, keep: u32) -> Vec<PathBuf> {
    let stem = stem_of(database);
    sweep(folder, &stem, PARTIAL);
    let mut names = names_in(folder, &stem);
    // Only what is named as we name it is ours to remove. The names have the order of their times.
    names.retain(|name| {
        name.strip_prefix(&stem).and_then(|rest| rest.strip_suffix(".db")).is_some_and(is_stamp)
    });
    names.sort_unstable();
    let beyond = names.len().saturating_sub(keep as usize);
    let old = names.into_iter().take(beyond).map(|name| folder.join(name));
    old.filter(|path| path != newest && fs::remove_file(path).is_ok()).collect()
}

fn is_stamp(text: &str) -> bool {
    text.len() == 16
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
}

/// Returns the names in a folder that begin with `stem`; none of a folder that cannot be read.
pub(super) fn names_in(folder: &Path, stem: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.starts_with(stem)).collect()
}

/// Removes unfinished files whose process is gone: those named `<stem>…<pid>.<ending>`.
pub(super) fn sweep(folder: &Path, stem: &str, ending: &str) {
    for name in names_in(folder, stem) {
        let pid = name
            .strip_suffix(ending)
            .and_then(|rest| rest.trim_end_matches('.').rsplit('.').next());
        if pid.and_then(|pid| pid.parse().ok()).is_some_and(|pid| !ProcessIdentity::runs(pid)) {
            remove_database(&folder.join(name));
        }
    }
}

pub(super) fn refused(error: &StoreError) -> Refusal {
    let full = matches!(error, StoreError::File { source, .. }
        if source.kind() == std::io::ErrorKind::StorageFull);
    let refusal = wiring::unusable(error);
    if full { Refusal { kind: RefusalKind::Failed, ..refusal } } else { refusal }
}

/// Makes backups in the rhythm of the settings for as long as this process serves.
pub async fn in_rhythm(handle: Handle) {
    let parts = Arc::clone(handle.shared_parts());
    let every_ms = i64::from(parts.settings.backup.every_h) * HOUR_MS;
    if every_ms == 0 {
        return;
    }
    loop {
        if is_due(&parts, every_ms) {
            let ours = Arc::clone(&parts);
            let made = tokio::task::spawn_blocking(move || {
                make(ours.store.path(), None, &ours.settings, ours.clock.wall())
            });
            match made.await {
                Ok(Ok(made)) => {
                    tracing::info!(file = %made.file.display(), bytes = made.contents.bytes, "backup made");
                }
                Ok(Err(refusal)) => tracing::error!(why = refusal.why, "no backup was made"),
                Err(error) => tracing::error!(%error, "a backup ended badly"),
            }
        }
        parts.clock.pause(LOOK).await;
    }
}

fn is_due(parts: &Parts, every_ms: i64) -> bool {
    let wall = parts.clock.wall();
    match parts.store.read(copies::latest) {
        Ok(Some(latest)) => {
            let wait_ms = if latest.why.is_some() { every_ms.min(AGAIN_MS) } else { every_ms };
            wall >= latest.at.plus_ms(wait_ms)
        }
        Ok(None) => true,
        Err(error) => {
            tracing::error!(%error, "whether a backup is due cannot be read");
            false
        }
    }
}
