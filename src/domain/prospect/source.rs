//! Defines how the text of a source becomes records, and what is said when it cannot.
//!
//! A file that is cut off is refused whole: half of it would look like a small town. One entry that
//! cannot be read is left out with its reason, and the others go on. Each refusal names the line or
//! the element and what to do next.

use std::path::Path;

use super::columns::ColumnMap;
use super::listing::Listing;
use super::{overpass, table};
use crate::domain::error::WorkError;
use crate::domain::profile::Source;
use crate::domain::text;

/// The largest source accepted; a whole city's extract is a few megabytes.
pub const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The most elements accepted of one source: all of them are planned in one commit, which then still
/// takes less than a lease. Berlin's extract has twelve thousand.
pub const ELEMENTS_MAX: usize = 100_000;

/// The name under which the embedded fictional town is read.
pub const DEMO_TOWN: &str = "demo-town";

/// Why a source was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It is larger than `BYTES_MAX`.
    #[error("the file has {bytes} bytes, more than the {BYTES_MAX} that are read")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// It lists more than `ELEMENTS_MAX`.
    #[error("more than {ELEMENTS_MAX} elements are listed")]
    TooMany,
    /// It is something else than a text.
    #[error("this is {what}, not a text")]
    NotText {
        /// What it looks like.
        what: &'static str,
    },
    /// A line of it is in no encoding that tables come in.
    #[error("line {line} is not text")]
    NotUtf8 {
        /// The first line with a byte that is no text.
        line: usize,
    },
    /// Nothing is in it.
    #[error("the file is empty")]
    Empty,
    /// It is not the JSON that Overpass writes.
    #[error("not Overpass JSON: {what}")]
    Json {
        /// What is wrong, with line and column.
        what: String,
    },
    /// One element is not as Overpass writes it.
    #[error("element {number} (line {line}): {what}")]
    Element {
        /// Its place among the elements, from 1.
        number: usize,
        /// The line at which it was noticed.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The server stopped before it was done; the rest of the data is missing.
    #[error("the data are incomplete, the map server wrote: {remark}")]
    Incomplete {
        /// Its words.
        remark: String,
    },
    /// The first line of a table does not name the columns.
    #[error("line 1: no column is the {missing}; there are {}", .headers.join(" | "))]
    Header {
        /// The first field that has no column.
        missing: &'static str,
        /// What the columns are called.
        headers: Vec<String>,
    },
    /// A table has more columns than a table of businesses can have.
    #[error("line 1: {n} columns, more than are read")]
    Columns {
        /// How many.
        n: usize,
    },
    /// The mapping names a column that is not there.
    #[error("line 1: {field} is mapped to {header:?}, which is no column; there are {}", .headers.join(" | "))]
    Mapped {
        /// The field.
        field: String,
        /// The header that was named.
        header: String,
        /// What the columns are called.
        headers: Vec<String>,
    },
    /// One row of a table cannot be read.
    #[error("line {line}: {what}")]
    Row {
        /// Its line in the file.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

impl SourceError {
    /// Makes the error that ends the unit: permanent, because the same file will not get better.
    pub fn in_source(&self, source: &str) -> WorkError {
        let (code, hint) = match self {
            Self::TooLarge { .. } | Self::TooMany => {
                ("source_too_large", "split the file, or extract a smaller area")
            }
            Self::NotUtf8 { .. } | Self::NotText { .. } => (
                "source_not_text",
                "save it as a CSV table in UTF-8 (or the map's answer as JSON) and run again",
            ),
            Self::Empty => ("source_empty", "check the path, or download the file again"),
            Self::Json { .. } => (
                "source_not_overpass",
                "the file must be the whole answer of Overpass with [out:json], or a CSV table; \
                 download it again if it was cut off",
            ),
            Self::Element { .. } => ("bad_element", "correct or remove this element and run again"),
            Self::Incomplete { .. } => (
                "source_incomplete",
                "ask the map server for a smaller area or allow more time, then run again",
            ),
            Self::Header { missing: "category", .. } => (
                "bad_header",
                "say `--map category=HEADER`, or `--category dental` when all rows are of one kind",
            ),
            Self::Header { .. } | Self::Mapped { .. } => (
                "bad_header",
                "say which column it is, as in `--map name=Firma`; `--preview` shows what is read",
            ),
            Self::Columns { .. } => ("bad_header", "keep only the columns that are needed"),
            Self::Row { .. } => ("bad_row", "correct this line and run again"),
        };
        WorkError::permanent(code, format!("{}: {self}", text::clean(source, 300))).hint(hint)
    }
}

/// Reads what a source lists. A name that ends in `.csv` is a table, in `.json` a map extract;
/// otherwise the first character tells. `map` says what the columns of a table are.
///
/// # Errors
/// A source of which nothing may be taken; see `SourceError`.
pub fn read(name: &str, text: &str, map: &ColumnMap) -> Result<Listing, SourceError> {
    let start = text.trim_start().chars().next().ok_or(SourceError::Empty)?;
    let extension = Path::new(name).extension().unwrap_or_default();
    let is_named = |form: &str| extension.eq_ignore_ascii_case(form);
    let is_table = is_named("csv") || is_named("tsv");
    if name == DEMO_TOWN {
        overpass::parse(text, Source::DemoTown)
    } else if is_table || (!is_named("json") && start != '{' && start != '[') {
        table::parse(text, map)
    } else {
        overpass::parse(text, Source::OverpassJson)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Listing, SourceError> {
        super::read(name, text, &ColumnMap::default())
    }

    #[test]
    fn an_error_names_file_place_and_next_step() {
        let error = SourceError::Row { line: 7, what: "3 cells, the header has 5".to_owned() }
            .in_source("shops.csv");
        assert_eq!(error.to_string(), "bad_row: shops.csv: line 7: 3 cells, the header has 5");
        assert!(error.hint.is_some() && !error.class.is_retryable());
    }

    #[test]
    fn a_source_of_more_elements_than_one_commit_takes_is_refused() {
        let element = r#"{"type":"node","id":1}"#;
        let answer = |n: usize| format!("{{\"elements\":[{}]}}", vec![element; n].join(","));
        assert_eq!(read("x.json", &answer(ELEMENTS_MAX + 1)), Err(SourceError::TooMany));
        let table = |n: usize| format!("name,category\n{}", "A,gym\n".repeat(n));
        assert_eq!(read("x.csv", &table(ELEMENTS_MAX + 1)), Err(SourceError::TooMany));
    }

    #[test]
    fn the_form_is_told_by_name_or_first_character() {
        assert_eq!(read("x", " \n"), Err(SourceError::Empty));
        assert!(read("x", "{\"elements\": []}").unwrap().is_empty());
        assert_eq!(read("x", "name,category\nA,dental\n").unwrap().len(), 1);
        assert!(matches!(read("x.csv", "{}"), Err(SourceError::Header { .. })));
        assert!(matches!(read("x.json", "name,category\n"), Err(SourceError::Json { .. })));
    }
}
