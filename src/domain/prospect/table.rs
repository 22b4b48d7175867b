//! Defines how a CSV table of businesses is read.
//!
//! The header names the columns in any order and case. `name` and `category` are needed; the
//! others are optional, and a signal whose column is missing is unknowable for the whole table.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};

use super::record::{Record, clean_tags};
use super::source::{ELEMENTS_MAX, SourceError};
use crate::domain::profile::{Knowable, Signal, Source};
use crate::domain::text;

/// Column names, the tag each one is kept under, and the signal it reveals.
const COLUMNS: [(&str, &str, Option<Signal>); 20] = [
    ("name", "name", None),
    ("category", "category", Some(Signal::Category)),
    ("phone", "phone", Some(Signal::Phone)),
    ("website", "website", Some(Signal::Website)),
    ("url", "website", Some(Signal::Website)),
    ("email", "email", None),
    ("e-mail", "email", None),
    ("linkedin", "contact:linkedin", None),
    ("address", "addr:full", Some(Signal::Address)),
    ("street", "addr:street", Some(Signal::Address)),
    ("housenumber", "addr:housenumber", None),
    ("city", "addr:city", None),
    ("postcode", "addr:postcode", None),
    ("country", "addr:country", None),
    ("opening_hours", "opening_hours", Some(Signal::RegularHours)),
    ("hours", "opening_hours", Some(Signal::RegularHours)),
    ("description", "description", Some(Signal::Description)),
    ("brand", "brand", None),
    ("lat", "", None),
    ("lon", "", None),
];

/// Longest part of a key made from a name.
const KEY_CHARS_MAX: usize = 60;

/// What the header said.
struct Header {
    /// The place of each column: its name, and the tag it is kept under.
    tags: Vec<(usize, &'static str)>,
    id: Option<usize>,
    lat: Option<usize>,
    lon: Option<usize>,
    knowable: Knowable,
    width: usize,
}

/// Reads every row of a table.
pub(super) fn parse(text: &str) -> Result<Vec<Record>, SourceError> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .from_reader(text.as_bytes());
    let mut rows = reader.records();
    let first = rows.next().ok_or(SourceError::Empty)?.map_err(|error| unreadable(&error))?;
    let header = Header::read(&first)?;
    let mut records = Vec::new();
    for row in rows {
        if records.len() == ELEMENTS_MAX {
            return Err(SourceError::TooMany);
        }
        records.push(header.record(&row.map_err(|error| unreadable(&error))?)?);
    }
    Ok(records)
}

/// Spreadsheets of some countries write `;` between cells.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    if header.matches(';').count() > header.matches(',').count() { b';' } else { b',' }
}

impl Header {
    fn read(row: &StringRecord) -> Result<Self, SourceError> {
        let names: Vec<String> = row.iter().map(|cell| cell.trim().to_lowercase()).collect();
        let place = |name: &str| names.iter().position(|cell| cell == name);
        for missing in ["name", "category"] {
            place(missing).ok_or(SourceError::Header { missing })?;
        }
        let mut knowable = Knowable::NONE;
        let mut tags = Vec::new();
        for (name, tag, signal) in COLUMNS {
            let Some(at) = place(name) else { continue };
            if !tag.is_empty() {
                tags.push((at, tag));
            }
            knowable = signal.map_or(knowable, |signal| knowable.with(signal));
        }
        if knowable.has(Signal::RegularHours) {
            // Holiday rules stand in the same notation.
            knowable = knowable.with(Signal::SpecialHours);
        }
        let (id, lat, lon) = (place("id"), place("lat"), place("lon"));
        Ok(Self { tags, id, lat, lon, knowable, width: row.len() })
    }

    fn record(&self, row: &StringRecord) -> Result<Record, SourceError> {
        let line = row.position().map_or(0, csv::Position::line);
        if row.len() != self.width {
            let what = format!("{} cells, the header has {}", row.len(), self.width);
            return Err(SourceError::Row { line, what });
        }
        let cells = self.tags.iter().map(|&(at, tag)| (tag.to_owned(), row[at].to_owned()));
        let tags = clean_tags(cells);
        let number = |at: Option<usize>, name: &str, limit: f64| {
            let cell = at.map_or("", |at| row[at].trim());
            match cell.parse::<f64>() {
                _ if cell.is_empty() => Ok(None),
                Ok(degrees) if degrees.abs() <= limit => Ok(Some(degrees)),
                _ => Err(SourceError::Row {
                    line,
                    what: format!("{name} {:?} is no position", text::clean(cell, 40)),
                }),
            }
        };
        let position = number(self.lat, "lat", 90.0)?.zip(number(self.lon, "lon", 180.0)?);
        Ok(Record {
            entity: entity(self.id.map_or("", |at| &row[at]), &tags, line),
            source: Source::Csv,
            knowable: self.knowable,
            lat: position.map(|position| position.0),
            lon: position.map(|position| position.1),
            as_of: None,
            tags,
        })
    }
}

/// Makes the natural key: the row's own id, or its name with what tells branches apart.
fn entity(id: &str, tags: &BTreeMap<String, String>, line: u64) -> String {
    let tag = |key: &str| tags.get(key).map(String::as_str);
    let named = [
        tag("name"),
        tag("addr:postcode").or(tag("addr:city")),
        tag("addr:street").or(tag("addr:full")),
    ];
    let key = match slug(id) {
        id if !id.is_empty() => id,
        _ => named
            .into_iter()
            .flatten()
            .map(slug)
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join("-"),
    };
    if key.is_empty() { format!("csv:line-{line}") } else { format!("csv:{key}") }
}

fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.trim().chars().flat_map(char::to_lowercase).take(KEY_CHARS_MAX) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

fn unreadable(error: &csv::Error) -> SourceError {
    let line = error.position().map_or(1, csv::Position::line);
    SourceError::Row { line, what: text::clean(&error.to_string(), 200) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_by_the_names_in_the_header() {
        let records = parse(
            "Category,Name,Phone,lat,lon,id\n\
             dental,\"Acme, Dental\",030 123456,52.5,13.4,\n\
             gym,Fit,,,,F-7\n",
        )
        .unwrap();
        assert_eq!(records[0].entity, "csv:acme-dental");
        assert_eq!(records[0].tags["phone"], "030 123456");
        assert_eq!(records[0].lat, Some(52.5));
        assert_eq!(records[1].entity, "csv:f-7");
        assert!(!records[1].tags.contains_key("phone"));
    }

    #[test]
    fn a_column_that_is_missing_makes_its_signal_unknowable() {
        let knowable = parse("name;category;opening_hours\nA;gym;24/7\n").unwrap()[0].knowable;
        assert!(knowable.has(Signal::SpecialHours) && !knowable.has(Signal::Website));
    }

    #[test]
    fn a_bad_header_and_a_bad_row_are_named_with_their_line() {
        assert_eq!(parse("title,category\nA,gym\n"), Err(SourceError::Header { missing: "name" }));
        let short = parse("name,category,phone\nA,gym,1\n\"B\nC\",gym,2\nD,gym\n");
        assert_eq!(
            short,
            Err(SourceError::Row { line: 5, what: "2 cells, the header has 3".to_owned() })
        );
        assert_eq!(
            parse("name,category,lat,lon\nA,gym,north,1\n"),
            Err(SourceError::Row { line: 2, what: "lat \"north\" is no position".to_owned() })
        );
        assert!(parse("name,category,lat,lon\nA,gym,NaN,1\n").is_err());
    }

    #[test]
    fn two_branches_of_one_name_have_keys_of_their_own() {
        let rows = parse("name,category,postcode\nA,gym,10115\nA,gym,10117\n").unwrap();
        assert_ne!(rows[0].entity, rows[1].entity);
    }
}
