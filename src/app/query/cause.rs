//! Defines who looks after a cause of failures, and what people have noted on it.

use serde::{Deserialize, Serialize};

use crate::domain::time::Moment;

/// Who looks after a cause, and what is known about it at the desk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Care {
    /// The latest acknowledgement, whether it still stands or not.
    pub acknowledged: Option<Acknowledged>,
    /// What people noted, the latest first.
    pub notes: Vec<CauseNote>,
}

/// Somebody said that they look after a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledged {
    /// Who: `ann@desk`.
    pub by: String,
    /// Since when, on the wall clock.
    pub wall_at: Moment,
    /// In which words, if any.
    pub note: Option<String>,
    /// Attempts that have failed of the cause since; the first of them took the acknowledgement back.
    pub failed_since: u64,
}

/// What somebody noted on a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CauseNote {
    /// Who.
    pub by: String,
    /// When, on the wall clock.
    pub wall_at: Moment,
    /// What.
    pub text: String,
}

impl Acknowledged {
    /// Whether nothing has failed of the cause since.
    pub const fn stands(&self) -> bool {
        self.failed_since == 0
    }

    /// Says in a few words who looks after the cause, or that it came back.
    pub fn told(&self) -> String {
        let Self { by, failed_since, .. } = self;
        if self.stands() {
            format!("{by} looks after it")
        } else {
            format!("failed x{failed_since} since {by} acknowledged it")
        }
    }
}

impl Care {
    /// Returns who looks after the cause at present.
    pub fn keeper(&self) -> Option<&str> {
        self.acknowledged.as_ref().filter(|it| it.stands()).map(|it| it.by.as_str())
    }
}
