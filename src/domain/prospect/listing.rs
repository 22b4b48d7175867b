//! Defines what a source is once it is read: its records, and what was left out of them and why.

use serde::{Deserialize, Serialize};

use super::record::Record;

/// Everything that a source lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listing {
    /// What could be read, in the order of the source.
    pub records: Vec<Record>,
    /// What could not be read.
    pub left: Vec<LeftEntry>,
    /// Which column of a table became what.
    pub columns: Option<Columns>,
}

impl Listing {
    /// How much is listed, read or not.
    pub fn len(&self) -> usize {
        self.records.len() + self.left.len()
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A row or an element that was left out before it became a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftEntry {
    /// Its line in a table, its place among the elements of a map, from 1.
    pub number: u64,
    /// Its name as far as it can be seen.
    pub label: String,
    /// Why.
    pub reason: String,
}

/// How the columns of a table were understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Columns {
    /// What stands between cells.
    pub delimiter: char,
    /// Field and header, in the order of the fields.
    pub taken: Vec<(String, String)>,
    /// Headers of which nothing was read.
    pub ignored: Vec<String>,
    /// The category of every row, where no column says it.
    pub category: Option<String>,
}
