//! Gathers what writing and checking one prospect's pitch rests on: the same rows for layer 2, for a
//! person's edit and for a preview.

use std::sync::Arc;

use rusqlite::Connection;

use crate::config::Settings;
use crate::domain::error::WorkError;
use crate::domain::mode::Mode;
use crate::domain::pitch::{Book, Claim, Desk};
use crate::domain::profile::{Audit, SignalScore, Source, opportunities};
use crate::domain::sales::{ProfileAudit, Prospect};
use crate::domain::sender::Sender;
use crate::layers::outreach_engine;
use crate::store::sales::{profiles, prospects};

/// The rows of one prospect that a pitch rests on.
#[derive(Clone, Debug)]
pub struct PitchGround {
    /// To whom.
    pub prospect: Prospect,
    /// What may be said, in the prospect's language, the most valuable first.
    pub observed: Vec<Claim>,
    /// Who writes.
    pub sender: Sender,
    book: Arc<Book>,
}

impl PitchGround {
    /// Reads the rows of `entity`.
    ///
    /// # Errors
    /// A prospect without a row or an audit, and an audit that cannot be read.
    pub fn read(
        conn: &Connection,
        settings: &Settings,
        mode: Mode,
        entity: &str,
    ) -> Result<Self, WorkError> {
        let missing = |what: &str| {
            WorkError::permanent("missing_row", format!("{entity} has no {what} in the database"))
                .hint("run layer 1 again, then repeat this")
        };
        let prospect = prospects::get(conn, mode, entity)?.ok_or_else(|| missing("row"))?;
        let audit = profiles::found(conn, mode, entity)?.ok_or_else(|| missing("audit"))?;
        Self::of(prospect, &audit, settings, mode)
    }

    /// Makes the ground of rows that were read.
    pub(super) fn of(
        prospect: Prospect,
        audit: &ProfileAudit,
        settings: &Settings,
        mode: Mode,
    ) -> Result<Self, WorkError> {
        Ok(Self {
            observed: observed(audit, &prospect.language)?,
            sender: outreach_engine::sender(settings, mode),
            book: Arc::clone(&settings.pitch.book),
            prospect,
        })
    }

    /// Returns the desk at which the pitch is written.
    pub fn desk(&self) -> Desk<'_> {
        Desk {
            book: &self.book,
            prospect: &self.prospect,
            observed: &self.observed,
            sender: &self.sender,
        }
    }
}

/// What the audit found missing, as sentences in the prospect's language.
fn observed(row: &ProfileAudit, language: &str) -> Result<Vec<Claim>, WorkError> {
    let unreadable = |what: &str| {
        WorkError::bug("audit_unreadable", format!("the audit's {what} cannot be read"))
    };
    let source = Source::from_column(&row.source).map_err(|_| unreadable("source"))?;
    let signals: Vec<SignalScore> = serde_json::from_value(row.signals.clone())
        .map_err(|error| unreadable("signals").caused_by(&error))?;
    let audit = Audit { signals, score: row.score, coverage: row.coverage };
    Ok(opportunities(&audit).iter().map(|found| Claim::of(found, source, language)).collect())
}
