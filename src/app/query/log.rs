//! Defines what is asked of the log file, and what comes back.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{AttemptId, RunId, UnitId};

/// Whose lines of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogOf {
    /// Everybody's.
    #[default]
    All,
    /// Those written while units of a run were worked.
    Run(RunId),
    /// Those of a unit.
    Unit(UnitId),
    /// Those of one attempt.
    Attempt(AttemptId),
}

impl LogOf {
    /// Returns it in words: `unit 7`.
    pub fn words(self) -> String {
        match self {
            Self::All => "all".to_owned(),
            Self::Run(id) => format!("run {id}"),
            Self::Unit(id) => format!("unit {id}"),
            Self::Attempt(id) => format!("attempt {}", id.0),
        }
    }
}

/// The end of the log file, as far as it was looked through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogTail {
    /// The file.
    pub file: String,
    /// Lines that fit, the newest first.
    pub lines: Vec<LogLine>,
    /// How many bytes of it were looked through, from its end.
    pub looked_bytes: u64,
    /// Whether that was all there is.
    pub whole: bool,
}

/// One line of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, RFC 3339.
    pub at: String,
    /// `ERROR` to `TRACE`.
    pub level: String,
    /// The module that wrote it.
    pub target: String,
    /// Its message and fields in one line.
    pub text: String,
    /// The run it was written in.
    pub run: Option<i64>,
    /// The unit.
    pub unit: Option<i64>,
    /// The attempt.
    pub attempt: Option<i64>,
}
