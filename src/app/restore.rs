//! Puts a backup in the place of a database, so that nothing goes out a second time.
//!
//! Everything is checked before anything is changed, the new file is complete before it gets its
//! name, and the database that was there is kept. A crash leaves the old database in its place, or
//! the new one; a file that ends with `.restoring` is of no use to anybody.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::backup::{names_in, refused, remove_database, stamp, sweep};
use super::command::{Refusal, RefusalKind};
use crate::config::Settings;
use crate::runtime::clock::Now;
use crate::runtime::process::ProcessIdentity;
use crate::store::copies::{self, Contents};
use crate::store::error::StoreError;
use crate::store::restores::{self, Before, Order, Restored};

/// How a file that is to become the database ends.
const RESTORING: &str = "restoring";

/// What a person wants restored.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The backup.
    pub file: &'a Path,
    /// Where the database is to stand.
    pub target: &'a Path,
    /// Whether a database that stands there may be replaced; it is kept under another name.
    pub replace: bool,
    /// Who asks, without the host.
    pub user: String,
    /// Now.
    pub now: Now,
}

/// What was restored.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The database.
    pub database: PathBuf,
    /// What was in the backup.
    pub contents: Contents,
    /// Where the replaced database is kept.
    pub kept: Option<PathBuf>,
    /// Why the replaced database could not be read.
    pub unreadable: Option<String>,
    /// What was taken back, carried over and put in doubt.
    pub restored: Restored,
    /// The outbox, where it does not hold what the backup says was written there.
    pub outbox_lost: Option<PathBuf>,
}

/// Restores a backup.
///
/// # Errors
/// A backup that is damaged or newer, a database that is in use or must not be replaced, a disk that
/// refuses. The place is then as it was.
pub fn restore(request: &Request<'_>, settings: &Settings) -> Result<Report, Refusal> {
    let Request { file, target, .. } = request;
    if is_one_file(file, target) {
        return Err(refuse(
            RefusalKind::Usage,
            format!("{} is the backup and the database", file.display()),
            "name another place with --db",
        ));
    }
    let contents = copies::verify(file).map_err(|error| refused(&error))?;
    let me = ProcessIdentity::current();
    let before = restores::look(target, &me, request.now).map_err(|error| refused(&error))?;
    if !matches!(before, Before::Nothing) && !request.replace {
        return Err(refuse(
            RefusalKind::Safeguard,
            format!("{} is not empty", target.display()),
            "name a new file with --db, or add --replace: what is there is kept under another name",
        ));
    }
    let (old, unreadable) = match before {
        Before::Nothing => (None, None),
        Before::Quiet if restores::gather(target).map_err(|error| refused(&error))? => {
            (Some((*target).to_owned()), None)
        }
        Before::Quiet => return Err(in_use(target, "another process has it open")),
        Before::Unreadable(why) => (None, Some(why)),
        Before::InUse(who) => return Err(in_use(target, &who)),
    };
    let kept = (old.is_some() || unreadable.is_some())
        .then(|| with_added(target, &format!(".replaced-{}", stamp(request.now.wall))));
    let receipts = restores::outbox_receipts(file).map_err(|error| refused(&error))?;
    let order = Order {
        source: file.display().to_string(),
        backup_at: contents.made_at,
        old,
        kept: kept.as_ref().map(|kept| kept.display().to_string()),
        actor: format!("{}@{}", request.user, me.host),
        wall: request.now.wall,
        remembers: is_outbox_there(&receipts, &settings.paths.outbox_dir),
        dry_start: settings.orchestrator.dry_start,
    };
    let restored = put(file, target, kept.as_deref(), &order).map_err(|error| refused(&error))?;
    let is_lost = !order.remembers && !receipts.is_empty();
    let outbox_lost = is_lost.then(|| settings.paths.outbox_dir.clone());
    let database = (*target).to_owned();
    Ok(Report { database, contents, kept, unreadable, restored, outbox_lost })
}

/// Whether the outbox holds any of what was last written there; of a backup that knows of nothing,
/// whether there is an outbox. Files that are gone cannot tell that they were sent.
fn is_outbox_there(receipts: &[String], outbox: &Path) -> bool {
    if receipts.is_empty() {
        return outbox.is_dir();
    }
    receipts.iter().map(Path::new).any(|path| {
        let (folder, name) = (path.parent().and_then(Path::file_name), path.file_name());
        let moved = folder.zip(name).map(|(folder, name)| outbox.join(folder).join(name));
        path.exists() || moved.is_some_and(|path| path.exists())
    })
}

fn refuse(kind: RefusalKind, why: String, hint: &str) -> Refusal {
    Refusal { kind, why, hint: Some(hint.to_owned()) }
}

fn in_use(target: &Path, who: &str) -> Refusal {
    refuse(
        RefusalKind::Safeguard,
        format!("{} is in use: {who}", target.display()),
        "stop that process first; what it has in flight finishes and is in its database",
    )
}

fn is_one_file(one: &Path, other: &Path) -> bool {
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

fn with_added(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Makes the new database beside `target`, and only then gives it the name.
fn put(
    file: &Path,
    target: &Path,
    kept: Option<&Path>,
    order: &Order,
) -> Result<Restored, StoreError> {
    let failed =
        |what, path: &Path, source| StoreError::File { what, path: path.to_owned(), source };
    if let Some(folder) = target.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|source| failed("make", folder, source))?;
    }
    if let Some(kept) = kept.filter(|kept| kept.exists()) {
        return Err(failed("write", kept, io::ErrorKind::AlreadyExists.into()));
    }
    clear(target);
    let new = with_added(target, &format!(".{}.{RESTORING}", std::process::id()));
    let made = copies::copy(file, &new, None)
        .and_then(|()| restores::begin(&new, order))
        .and_then(|restored| copies::verify(&new).map(|_| restored))
        .and_then(|restored| {
            if let Some(kept) = kept {
                keep(target, kept).map_err(|source| failed("keep", kept, source))?;
            }
            fs::rename(&new, target).map_err(|source| failed("name", target, source))?;
            copies::sync_folder(target)?;
            Ok(restored)
        });
    if made.is_err() {
        remove_database(&new);
    }
    made
}

/// Removes what a restore that was killed has left beside `target`: an unfinished file, or a second name
/// of the database itself, under which nobody must open it.
fn clear(target: &Path) {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let Some(name) = target.file_name().and_then(|name| name.to_str()) else { return };
    sweep(folder, &format!("{name}."), RESTORING);
    let Ok(own) = fs::metadata(target) else { return };
    for other in names_in(folder, &format!("{name}.replaced-")) {
        let path = folder.join(other);
        let is_same = fs::metadata(&path)
            .is_ok_and(|data| (data.dev(), data.ino()) == (own.dev(), own.ino()));
        if is_same {
            // The other name stays, and with it all that is in the file.
            drop(fs::remove_file(path));
        }
    }
}

/// Gives the old database a second name, so that the first one can pass to the new file in one step.
/// What a damaged one has beside it goes along: a log must not meet a database that is not its own.
fn keep(target: &Path, kept: &Path) -> io::Result<()> {
    for beside in ["-wal", "-shm", "-journal"] {
        match fs::rename(with_added(target, beside), with_added(kept, beside)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    match fs::hard_link(target, kept) {
        // Some file systems have no second names.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => fs::rename(target, kept),
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outbox_is_there_if_it_holds_any_of_what_was_written_last_also_when_it_has_moved() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = folder.path().join("outbox");
        let receipts = ["/srv/old/outbox/mail/a.eml", "/srv/old/outbox/mail/b.eml"];
        let receipts = receipts.map(str::to_owned);
        assert!(!is_outbox_there(&[], &outbox), "there is none");
        fs::create_dir_all(outbox.join("mail")).unwrap();
        assert!(is_outbox_there(&[], &outbox), "nothing was written, and there is one");
        assert!(!is_outbox_there(&receipts, &outbox), "it is another one");
        // A person has moved one of them away.
        fs::write(outbox.join("mail/b.eml"), "x").unwrap();
        assert!(is_outbox_there(&receipts, &outbox));
    }
}
