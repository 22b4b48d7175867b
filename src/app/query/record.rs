//! Defines business records as lists and pages show them: prospects, pitches, messages and the rest,
//! all in one form, because a reader asks the same of each: which are there, and what is in this one.

use serde::{Deserialize, Serialize};

use super::UnitRow;

/// What kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// Businesses found in a source.
    Prospects,
    /// What is to be said to them.
    Pitches,
    /// Steps of outreach.
    Messages,
    /// Booked calls.
    Meetings,
    /// Who signed.
    Clients,
    /// What they owe and paid.
    Invoices,
    /// What they were told.
    Reports,
    /// What the machine proposes.
    Proposals,
}

/// A column of a list of records: its heading, its width, and the field it shows; behind a bar, the one
/// in its place when it is empty.
pub type Column = (&'static str, usize, &'static str);

impl RecordKind {
    /// All kinds, in the order of the pipeline.
    pub const ALL: [Self; 8] = [
        Self::Prospects,
        Self::Pitches,
        Self::Messages,
        Self::Meetings,
        Self::Clients,
        Self::Invoices,
        Self::Reports,
        Self::Proposals,
    ];

    /// The word that is typed for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Prospects => "prospects",
            Self::Pitches => "pitches",
            Self::Messages => "messages",
            Self::Meetings => "meetings",
            Self::Clients => "clients",
            Self::Invoices => "invoices",
            Self::Reports => "reports",
            Self::Proposals => "proposals",
        }
    }

    /// The kind `steps` further, around the end.
    #[must_use]
    pub const fn step(self, steps: usize) -> Self {
        Self::ALL[(self as usize + steps) % Self::ALL.len()]
    }

    /// The columns of its list, the most telling first. The last one has the rest of the width.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Prospects => &[
                ("NAME", 28, "name"),
                ("STAGE", 13, "stage"),
                ("TIER", 5, "tier"),
                ("SCORE", 6, "score"),
                ("CITY", 14, "city"),
                ("EMAIL", 40, "email"),
            ],
            Self::Pitches => &[
                ("NAME", 28, "name"),
                ("STAGE", 13, "stage"),
                ("VARIANT", 14, "variant"),
                ("WRITER", 9, "writer"),
                ("SUBJECT", 60, "subject"),
            ],
            Self::Messages => &[
                ("PROSPECT", 24, "entity"),
                ("STEP", 4, "step"),
                ("CHANNEL", 9, "channel"),
                ("STATE", 8, "state"),
                ("PLANNED", 16, "planned_at"),
                ("WHY", 60, "reason"),
            ],
            Self::Meetings => &[
                ("WITH", 22, "name"),
                ("BUSINESS", 24, "business"),
                ("STARTS", 16, "starts_at"),
                ("STATE", 11, "state"),
                ("OUTCOME", 20, "outcome"),
            ],
            Self::Clients => &[
                ("NAME", 28, "name"),
                ("PLAN", 13, "plan"),
                ("STATE", 12, "state"),
                ("SIGNED", 16, "signed_at"),
                ("LIVE", 16, "live_at"),
            ],
            Self::Invoices => &[
                ("NUMBER", 16, "number|provider_id"),
                ("STATE", 9, "state"),
                ("TOTAL", 14, "total"),
                ("DUE", 16, "due_at"),
                ("PERIOD", 10, "period"),
                ("CLIENT", 30, "entity"),
            ],
            Self::Reports => &[
                ("CLIENT", 28, "name"),
                ("PERIOD", 18, "period"),
                ("DUE", 16, "due_at"),
                ("DELIVERED", 16, "delivered_at"),
            ],
            Self::Proposals => {
                &[("NO", 5, "id"), ("STATE", 11, "state"), ("PROPOSAL", 80, "proposal.text")]
            }
        }
    }
}

/// A record in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordRow {
    /// What `Query::Record` knows it by.
    pub key: String,
    /// Its columns, in words.
    pub cells: Vec<String>,
}

/// A record with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordDetail {
    /// Its kind.
    pub kind: RecordKind,
    /// What it is known by.
    pub key: String,
    /// Every field with its value in words, in the order of the record.
    pub fields: Vec<(String, String)>,
    /// The units that worked on it, the newest first.
    pub units: Vec<UnitRow>,
}
