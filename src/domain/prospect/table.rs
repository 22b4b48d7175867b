//! Defines how a table of businesses is read.
//!
//! The first line names the columns, in any order and in English or German; a mapping names those
//! that it does not. A row that cannot be read is left out with its line and reason, and the others
//! go on; a signal whose column is missing is unknowable for the whole table.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};

use super::columns::{ColumnMap, FIELDS, named, place_of, plain};
use super::listing::{Columns, LeftEntry, Listing};
use super::record::{CATEGORY_KEY, Record, clean_tags};
use super::source::{ELEMENTS_MAX, SourceError};
use crate::domain::profile::{Knowable, Signal, Source};
use crate::domain::text;

/// Longest part of a key made from a name.
const KEY_CHARS_MAX: usize = 60;
/// More columns are no table of businesses; an export of everything has some eighty.
const COLUMNS_MAX: usize = 200;
/// A longer cell is a quotation mark that is never closed, and holds the rows behind it.
const CELL_CHARS_MAX: usize = 10_000;
/// Rows that are looked at to find out what stands between cells.
const ROWS_SAMPLED: usize = 10;
/// What can stand between cells; the first of equals is taken.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads every row of a table.
///
/// # Errors
/// A table of which no row can be read, or whose columns say neither name nor category.
pub(super) fn parse(text: &str, map: &ColumnMap) -> Result<Listing, SourceError> {
    let delimiter = delimiter(text);
    let mut reader = reader(text, delimiter);
    let mut rows = reader.records();
    let first = rows.next().ok_or(SourceError::Empty)?.map_err(|error| unreadable(&error))?;
    let header = Header::read(&first, map)?;
    let mut listing =
        Listing { columns: Some(header.told(&first, delimiter)), ..Listing::default() };
    for row in rows {
        if listing.len() == ELEMENTS_MAX {
            return Err(SourceError::TooMany);
        }
        let row = row.map_err(|error| unreadable(&error))?;
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match header.record(&row) {
            Ok(record) => listing.records.push(record),
            Err(left) => listing.left.push(left),
        }
    }
    match listing.left.first() {
        Some(left) if listing.records.is_empty() => {
            Err(SourceError::Row { line: left.number, what: left.reason.clone() })
        }
        _ => Ok(listing),
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes())
}

/// Returns what stands between cells: with it most rows of the sample are as wide as the header, and
/// the header is widest.
fn delimiter(text: &str) -> u8 {
    let fit = |delimiter: u8| {
        let rows: Vec<usize> = reader(text, delimiter)
            .records()
            .take(ROWS_SAMPLED)
            .map_while(Result::ok)
            .map(|row| row.len())
            .collect();
        let width = rows.first().copied().unwrap_or(0);
        let alike = rows.iter().filter(|row| **row == width).count();
        (width > 1, alike * width)
    };
    let best = DELIMITERS.iter().rev().max_by_key(|delimiter| fit(**delimiter));
    best.copied().unwrap_or(b',')
}

/// What the header and the mapping say.
struct Header {
    /// For each field of `FIELDS` its column.
    places: [Option<usize>; FIELDS.len()],
    /// The category of every row, where there is no such column.
    category: Option<String>,
    knowable: Knowable,
    width: usize,
}

impl Header {
    fn read(row: &StringRecord, map: &ColumnMap) -> Result<Self, SourceError> {
        if row.len() > COLUMNS_MAX {
            return Err(SourceError::Columns { n: row.len() });
        }
        let mut places = [None; FIELDS.len()];
        for (word, header) in &map.columns {
            let column = row.iter().position(|cell| plain(cell) == plain(header));
            let column = column.ok_or_else(|| SourceError::Mapped {
                field: word.clone(),
                header: header.clone(),
                headers: headers(row),
            })?;
            if let Some(place) = place_of(word) {
                places[place] = Some(column);
            }
        }
        for (column, cell) in row.iter().enumerate() {
            let mapped = places.contains(&Some(column));
            if let Some(place) = named(cell).filter(|_| !mapped) {
                // Of two columns of one meaning the first is read; the other is told as ignored.
                places[place].get_or_insert(column);
            }
        }
        let has = |word: &str| place_of(word).is_some_and(|place| places[place].is_some());
        for missing in ["name", CATEGORY_KEY] {
            if !has(missing) && (missing != CATEGORY_KEY || map.category.is_none()) {
                return Err(SourceError::Header { missing, headers: headers(row) });
            }
        }
        let mut knowable = FIELDS
            .iter()
            .zip(&places)
            .filter_map(|(field, place)| field.signal.filter(|_| place.is_some()))
            .fold(Knowable::NONE.with(Signal::Category), Knowable::with);
        if knowable.has(Signal::RegularHours) {
            // Holiday rules stand in the same notation.
            knowable = knowable.with(Signal::SpecialHours);
        }
        let category = map.category.clone().filter(|_| !has(CATEGORY_KEY));
        Ok(Self { places, category, knowable, width: row.len() })
    }

    /// Says which column became what.
    fn told(&self, row: &StringRecord, delimiter: u8) -> Columns {
        let shown = |column: usize| text::clean(row.get(column).unwrap_or_default(), 100);
        let taken = FIELDS.iter().zip(&self.places);
        Columns {
            delimiter: char::from(delimiter),
            taken: taken
                .filter_map(|(field, place)| Some((field.word.to_owned(), shown((*place)?))))
                .collect(),
            ignored: (0..row.len())
                .filter(|column| !self.places.contains(&Some(*column)))
                .map(shown)
                .collect(),
            category: self.category.clone(),
        }
    }

    fn cell<'a>(&self, row: &'a StringRecord, word: &str) -> &'a str {
        let column = place_of(word).and_then(|place| self.places[place]);
        column.and_then(|column| row.get(column)).unwrap_or_default()
    }

    fn record(&self, row: &StringRecord) -> Result<Record, LeftEntry> {
        let line = row.position().map_or(0, csv::Position::line);
        let left = |reason: String| {
            let label = text::clean(self.cell(row, "name"), 80);
            LeftEntry { number: line, label, reason }
        };
        if let Some(cell) = row.iter().find(|cell| cell.chars().count() > CELL_CHARS_MAX) {
            let n_lines = cell.lines().count();
            return Err(left(format!(
                "a cell has more than {CELL_CHARS_MAX} characters in {n_lines} lines; a quotation \
                 mark may be missing"
            )));
        }
        let surplus = row.iter().skip(self.width).any(|cell| !cell.trim().is_empty());
        if row.len() < self.width || surplus {
            return Err(left(format!("{} cells, the header has {}", row.len(), self.width)));
        }
        let tags = FIELDS.iter().zip(&self.places).filter_map(|(field, place)| {
            let cell = row.get((*place)?)?;
            (!field.tag.is_empty()).then(|| (field.tag.to_owned(), cell.to_owned()))
        });
        let category = self.category.iter().map(|word| (CATEGORY_KEY.to_owned(), word.clone()));
        let tags = clean_tags(tags.chain(category));
        if tags.is_empty() {
            return Err(left("nothing readable is in this row".to_owned()));
        }
        let lat = degrees(self.cell(row, "lat"), "lat", 90.0).map_err(left)?;
        let lon = degrees(self.cell(row, "lon"), "lon", 180.0).map_err(left)?;
        let position = lat.zip(lon);
        Ok(Record {
            entity: entity(self.cell(row, "id"), &tags, line),
            source: Source::Csv,
            place: line,
            knowable: self.knowable,
            lat: position.map(|position| position.0),
            lon: position.map(|position| position.1),
            as_of: None,
            tags,
        })
    }
}

/// Reads degrees; spreadsheets of some countries write a comma before the decimals.
fn degrees(cell: &str, name: &str, limit: f64) -> Result<Option<f64>, String> {
    let cell = cell.trim();
    match cell.replacen(',', ".", 1).parse::<f64>() {
        _ if cell.is_empty() => Ok(None),
        Ok(degrees) if degrees.abs() <= limit => Ok(Some(degrees)),
        _ => Err(format!("{name} {:?} is no position", text::clean(cell, 40))),
    }
}

fn headers(row: &StringRecord) -> Vec<String> {
    row.iter().take(COLUMNS_MAX).map(|cell| text::clean(cell, 40)).collect()
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

    fn read(text: &str) -> Result<Listing, SourceError> {
        parse(text, &ColumnMap::default())
    }

    fn records(text: &str) -> Vec<Record> {
        read(text).unwrap().records
    }

    #[test]
    fn rows_are_read_by_the_names_in_the_header() {
        let records = records(
            "Category,Name,Phone,lat,lon,id\n\
             dental,\"Acme, Dental\",030 123456,52.5,13.4,\n\
             gym,Fit,,,,F-7\n",
        );
        assert_eq!(records[0].entity, "csv:acme-dental");
        assert_eq!(records[0].tags["phone"], "030 123456");
        assert_eq!(records[0].lat, Some(52.5));
        assert_eq!(records[1].entity, "csv:f-7");
        assert!(!records[1].tags.contains_key("phone"));
    }

    #[test]
    fn a_column_that_is_missing_makes_its_signal_unknowable() {
        let knowable = records("name;category;opening_hours\nA;gym;24/7\n")[0].knowable;
        assert!(knowable.has(Signal::SpecialHours) && !knowable.has(Signal::Website));
    }

    #[test]
    fn a_bad_row_is_left_out_with_line_and_reason_and_the_others_go_on() {
        let listing =
            read("name,category,phone\nA,gym,1\n\"B\nC\",gym,2\nD,gym\nE,gym,3,,\n").unwrap();
        assert_eq!(listing.records.len(), 3, "surplus empty cells are no fault");
        let [left] = listing.left.as_slice() else { panic!("{:?}", listing.left) };
        assert_eq!((left.number, left.label.as_str()), (5, "D"));
        assert_eq!(left.reason, "2 cells, the header has 3");
        let nowhere =
            read("name,category,lat,lon\nA,gym,north,1\nB,gym,52,13\nC,gym,NaN,1\n").unwrap();
        assert_eq!((nowhere.records.len(), nowhere.left.len()), (1, 2));
        assert_eq!(nowhere.left[0].reason, "lat \"north\" is no position");
    }

    #[test]
    fn a_table_of_bad_rows_alone_and_a_header_that_names_nothing_are_refused() {
        let what = "1 cells, the header has 2".to_owned();
        assert_eq!(read("name,category\nA\n"), Err(SourceError::Row { line: 2, what }));
        let missing = read("title,category\nA,gym\n").unwrap_err();
        assert!(
            matches!(&missing, SourceError::Header { missing: "name", headers } if headers == &["title", "category"])
        );
        assert!(matches!(read(&"a,".repeat(300)), Err(SourceError::Columns { .. })));
    }

    #[test]
    fn a_german_spreadsheet_is_read_without_a_mapping() {
        let listing = read(
            "Firma;Branche;Straße;Hausnummer;PLZ;Ort;Telefon;E-Mail;Umsatz;Breite;Länge\n\
             Zahn GmbH;dental;Hauptstr.;1;10115;Berlin;030 123456;a@zahn.example;12;52,5;13,4\n",
        )
        .unwrap();
        let record = &listing.records[0];
        assert_eq!(record.tags["addr:street"], "Hauptstr.");
        assert_eq!((record.lat, record.lon), (Some(52.5), Some(13.4)));
        let columns = listing.columns.unwrap();
        assert_eq!(
            (columns.delimiter, columns.ignored.as_slice()),
            (';', ["Umsatz".to_owned()].as_slice())
        );
    }

    #[test]
    fn a_mapping_goes_before_the_names_in_the_header() {
        let map: ColumnMap = "name=Inhaber,phone=Spalte 3".parse().unwrap();
        let map = map.with_category("dental").unwrap();
        let listing = parse("Firma\tInhaber\tSpalte 3\nX\tY\t030 123456\n", &map).unwrap();
        let tags = &listing.records[0].tags;
        assert_eq!((tags["name"].as_str(), tags["category"].as_str()), ("Y", "dental"));
        assert_eq!(tags["phone"], "030 123456");
        assert_eq!(listing.columns.unwrap().ignored, ["Firma"]);
        let absent: ColumnMap = "name=Nirgends".parse().unwrap();
        assert!(matches!(
            parse("name,category\nA,gym\n", &absent),
            Err(SourceError::Mapped { .. })
        ));
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_is_named_with_its_line() {
        let rows = "B,gym\n".repeat(2_000);
        let listing = read(&format!("name,category\nA,gym\n\"C,gym\n{rows}")).unwrap();
        assert_eq!(listing.records.len(), 1);
        assert_eq!(listing.left[0].number, 3);
        assert!(listing.left[0].reason.contains("quotation mark"), "{:?}", listing.left);
    }

    #[test]
    fn two_branches_of_one_name_have_keys_of_their_own() {
        let rows = records("name,category,postcode\nA,gym,10115\nA,gym,10117\n");
        assert_ne!(rows[0].entity, rows[1].entity);
    }
}
