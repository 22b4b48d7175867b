//! Shows what an import would take, before anything is stored.
//!
//! The file is read and judged by the same functions as in a run; only twins of businesses that
//! other sources listed are not seen here.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::command::{Refusal, RefusalKind};
use crate::adapters::source_file;
use crate::config::Settings;
use crate::domain::error::WorkError;
use crate::domain::prospect::{ColumnMap, Columns, LeftEntry, Place, assess, source, survey};
use crate::domain::sales::{Prospect, Stage};

/// What a file holds, as it would be stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Preview {
    /// The file's path.
    pub source: String,
    /// How its text is written.
    pub encoding: &'static str,
    /// Which column became what; for a table.
    pub columns: Option<Columns>,
    /// Rows or elements listed, readable or not.
    pub listed: usize,
    /// Businesses by the stage they would have.
    pub by_stage: BTreeMap<&'static str, usize>,
    /// The first businesses as they would be stored.
    pub first: Vec<Prospect>,
    /// Everything that would be left out, with line and reason.
    pub left_out: Vec<LeftEntry>,
}

/// Reads `path` and judges all of it; the first `rows` businesses are shown in full.
///
/// # Errors
/// A file that cannot be read at all, with the next step.
pub fn preview(
    path: &Path,
    map: &ColumnMap,
    rows: usize,
    settings: &Settings,
) -> Result<Preview, Refusal> {
    let name = path.display().to_string();
    let decoded = source_file::read(&name).map_err(refused)?;
    let listing =
        source::read(&name, &decoded.text, map).map_err(|error| refused(error.in_source(&name)))?;
    let listed = listing.len();
    let mut left_out = listing.left;
    let research = &settings.research;
    let default = Place {
        country: research.default_country.clone(),
        zone: research.zone.clone(),
        language: research.language.clone(),
    };
    let survey = survey(listing.records, &default, research.dedupe_radius_m, None);
    let mut by_stage = BTreeMap::new();
    let mut first = Vec::new();
    for found in survey.taken {
        let prospect = assess(&found.record, found.twin.as_ref(), &default).prospect;
        *by_stage.entry(prospect.stage.as_column()).or_default() += 1;
        if prospect.stage == Stage::LeftOut {
            let reason = prospect.reason.unwrap_or_default();
            left_out.push(LeftEntry { number: found.record.place, label: prospect.name, reason });
        } else if first.len() < rows {
            first.push(prospect);
        }
    }
    left_out.sort_by_key(|entry| entry.number);
    Ok(Preview {
        source: name,
        encoding: decoded.encoding,
        columns: listing.columns,
        listed,
        by_stage,
        first,
        left_out,
    })
}

fn refused(error: WorkError) -> Refusal {
    Refusal { kind: RefusalKind::Usage, why: error.message, hint: error.hint }
}
