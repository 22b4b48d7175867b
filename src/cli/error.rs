//! Defines the one error of the command line: what kind it is, what happened, what to do next.
//!
//! The kind decides the exit code, and nothing else does.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use crate::app::command::{Refusal, RefusalKind};
use crate::config::ConfigError;
use crate::telemetry::TelemetryError;

/// What kind of end a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was tried and failed.
    Failed,
    /// The request or the configuration makes no sense.
    Usage,
    /// It ended, and left dead or held units behind.
    Unfinished,
    /// A safeguard said no.
    Safeguard,
    /// A signal or a person ended it early; it can be taken up again.
    Interrupted,
    /// Whoever read our output has had enough, which is no failure.
    BrokenPipe,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Failed,
        Self::Usage,
        Self::Unfinished,
        Self::Safeguard,
        Self::Interrupted,
        Self::BrokenPipe,
    ];

    /// The exit code, part of the contract with scripts.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::BrokenPipe => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unfinished => 3,
            Self::Safeguard => 4,
            Self::Interrupted => 130,
        }
    }
}

/// Why a command did not end well.
#[derive(Debug)]
pub struct Error {
    /// What kind of end it is.
    pub kind: Kind,
    /// What happened.
    pub source: Box<dyn StdError + Send + Sync>,
    /// What to do next.
    pub hint: Option<String>,
}

impl Error {
    /// Makes an error of one sentence.
    pub fn new(kind: Kind, why: impl Into<String>) -> Self {
        Self { kind, source: why.into().into(), hint: None }
    }

    /// Makes an error about how the command was written.
    pub fn usage(why: impl Into<String>) -> Self {
        Self::new(Kind::Usage, why)
    }

    /// Says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    /// Writes the cause with its own causes, and the next step on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        let mut cause = self.source.source();
        while let Some(deeper) = cause {
            write!(f, ": {deeper}")?;
            cause = deeper.source();
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal.kind {
            RefusalKind::Usage => Kind::Usage,
            RefusalKind::Safeguard => Kind::Safeguard,
            RefusalKind::Failed => Kind::Failed,
        };
        Self { kind, hint: refusal.hint.clone(), source: Box::new(refusal) }
    }
}

impl From<ConfigError> for Error {
    /// The settings' own message ends with its hint.
    fn from(error: ConfigError) -> Self {
        Self { kind: Kind::Usage, source: Box::new(error), hint: None }
    }
}

impl From<TelemetryError> for Error {
    fn from(error: TelemetryError) -> Self {
        let hint = match &error {
            TelemetryError::File { .. } => {
                "make its folder writable, or name another with paths.log_file or XDG_STATE_HOME"
            }
            TelemetryError::Filter { .. } => {
                "use error, warn, info, debug or trace, also per module: info,cep_machine::store=debug"
            }
            TelemetryError::Twice => "this is a bug: report it with what you typed",
        };
        // The cause is in the message already.
        Self::usage(error.to_string()).hint(hint)
    }
}

impl From<io::Error> for Error {
    /// Only output is written through `io` here.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { kind: Kind::BrokenPipe, source: Box::new(error), hint: None };
        }
        Self::new(Kind::Failed, format!("the output cannot be written: {error}"))
            .hint("check where stdout leads; what the command did is stored all the same")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_has_its_own_exit_code() {
        let codes: HashSet<_> = Kind::ALL.map(Kind::exit_code).into();
        assert_eq!(codes, HashSet::from([0, 1, 2, 3, 4, 130]));
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure() {
        let gone = io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(Error::from(gone).kind.exit_code(), 0);
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert_eq!(Error::from(full).kind.exit_code(), 1);
    }

    #[test]
    fn an_error_says_what_happened_and_on_the_next_line_what_to_do() {
        let refusal = Refusal {
            kind: RefusalKind::Safeguard,
            why: "layer 3 is worked by serve pid 412@host".to_owned(),
            hint: Some("let it end".to_owned()),
        };
        let error = Error::from(refusal);
        assert_eq!(error.kind.exit_code(), 4);
        assert_eq!(error.to_string(), "layer 3 is worked by serve pid 412@host\nhint: let it end");
    }
}
