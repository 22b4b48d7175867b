//! Defines what can go wrong with the database, in terms of what a person can do about it.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::domain::column::UnknownWord;
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::lifecycle::IllegalTransition;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be opened or created.
    #[error("cannot open the database {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is not a database of this program.
    #[error("{} is not a CEP Machine database", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of the program wrote it.
    #[error("the database {} has schema {found}, this version knows {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest schema known here.
        known: i64,
    },
    /// A migration's text is not the one that made this database.
    #[error("migration {number} of the database is not the one this version has")]
    MigrationChanged {
        /// Which migration.
        number: usize,
    },
    /// Its pages contradict each other.
    #[error("the database {} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first thing that was found.
        what: String,
    },
    /// A setting that safety rests on was not taken.
    #[error("SQLite did not accept {name} = {wanted} and has {found}")]
    Pragma {
        /// Which setting.
        name: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// SQLite refused a statement.
    #[error("the database refused {what}")]
    Sqlite {
        /// The command that was running.
        what: &'static str,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A file beside the database could not be written or read.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was tried: `write`, `rename`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A copy of a database does not hold together.
    #[error("{} is not sound: {why}", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// The epoch in the row is newer: somebody else has the unit or lease now.
    #[error("{what} belongs to another holder now")]
    Fenced {
        /// What the write was for.
        what: &'static str,
    },
    /// A stored word or JSON is not what this version writes.
    #[error("a stored value cannot be read: {0}")]
    Unreadable(String),
    /// A lifecycle forbids the step.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The writer thread has ended.
    #[error("the database writer has stopped")]
    WriterGone,
}

impl StoreError {
    /// Returns what a person should do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Open { source, .. } => open_hint(source),
            Self::Foreign { .. } => "name another file with --db".to_owned(),
            Self::Newer { .. } => {
                "use the version of cep that wrote it, or name another file with --db".to_owned()
            }
            Self::MigrationChanged { .. } => {
                "the file was made by another build; start a new one with --db".to_owned()
            }
            Self::Damaged { .. } => DAMAGED.to_owned(),
            Self::Pragma { .. } => {
                "the file system may not support write-ahead logging (network mounts do not)"
                    .to_owned()
            }
            Self::Sqlite { source, .. } => sqlite_hint(source.sqlite_error_code()),
            Self::File { source, .. } => file_hint(source.kind()),
            Self::Unsound { .. } => {
                "keep the file as it is, and take another copy: `cep backup` makes one".to_owned()
            }
            Self::Fenced { .. } => "nothing to do: the other holder goes on with it".to_owned(),
            Self::Unreadable(_) | Self::Illegal(_) => {
                "this is a bug; keep the database and the log, and report both".to_owned()
            }
            Self::WriterGone => "see the log for the first error, then start again".to_owned(),
        }
    }

    /// Whether the disk is full or failing: nothing may be started until it is cured.
    pub fn is_disk_trouble(&self) -> bool {
        matches!(self, Self::Sqlite { source, .. } | Self::Open { source, .. } if matches!(
            source.sqlite_error_code(),
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly
                | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ))
    }
}

fn file_hint(kind: io::ErrorKind) -> String {
    use io::ErrorKind;
    if kind == ErrorKind::AlreadyExists {
        "name another file; what is there is never written over"
    } else if kind == ErrorKind::NotFound {
        "check the name; its folder has to exist"
    } else if kind == ErrorKind::StorageFull {
        "free some space on that disk, or name a file on another one"
    } else {
        "make the folder writable for this user, or name another one"
    }
    .to_owned()
}

fn open_hint(source: &rusqlite::Error) -> String {
    let cause = if let rusqlite::Error::ToSqlConversionFailure(cause) = source {
        cause.downcast_ref::<io::Error>()
    } else {
        None
    };
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => DISK_FULL,
        Some(_) => {
            "check that the folder exists and can be written, or name another file with --db"
        }
        None => return sqlite_hint(source.sqlite_error_code()),
    }
    .to_owned()
}

const DISK_FULL: &str = "free some space on the disk that holds the database, then start again; \
                         nothing committed is lost, and nothing was sent that is not noted";

const DAMAGED: &str = "the file is damaged, and nothing is worked on it: end every cep on it, keep the \
                       file with its -wal and -shm, check the disk, and go on with a backup";

fn sqlite_hint(code: Option<ErrorCode>) -> String {
    match code {
        Some(ErrorCode::DiskFull) => DISK_FULL,
        Some(ErrorCode::SystemIoFailure) => {
            "the disk that holds the database failed: look at the system's log (dmesg) and at the disk, \
             then start again; nothing committed is lost"
        }
        Some(ErrorCode::CannotOpen) => {
            "a file beside the database cannot be made: free some space on its disk, and make its \
             folder writable"
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "make the database and its folder writable, or name another file with --db"
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another program holds the database; close it and try again"
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            DAMAGED
        }
        _ => "see the cause; the log has the whole statement",
    }
    .to_owned()
}

impl From<rusqlite::Error> for StoreError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Sqlite { what: "a statement", source }
    }
}

impl From<UnknownWord> for StoreError {
    fn from(word: UnknownWord) -> Self {
        Self::Unreadable(word.to_string())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<StoreError> for WorkError {
    fn from(error: StoreError) -> Self {
        let (class, code) = match &error {
            StoreError::Fenced { .. } => (ErrorClass::LeaseLost, "fenced"),
            StoreError::Unreadable(_) | StoreError::Illegal(_) => (ErrorClass::Bug, "store"),
            StoreError::Open { .. }
            | StoreError::Foreign { .. }
            | StoreError::Newer { .. }
            | StoreError::MigrationChanged { .. }
            | StoreError::Unsound { .. }
            | StoreError::Damaged { .. }
            | StoreError::Pragma { .. } => (ErrorClass::Permanent, "database"),
            StoreError::Sqlite { .. } | StoreError::File { .. } | StoreError::WriterGone => {
                (ErrorClass::Transient, if error.is_disk_trouble() { "disk" } else { "store" })
            }
        };
        let hint = error.hint();
        let mut work = Self::new(class, code, error.to_string());
        if let Some(source) = std::error::Error::source(&error) {
            work = work.caused_by(source);
        }
        work.hint(hint)
    }
}
