//! Defines which columns of a table hold what: the fields, the names people give them in English
//! and German, and the mapping that a person gives where the names say nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::category::Category;
use crate::domain::profile::Signal;
use crate::domain::text;

/// Longest header that is shown or mapped.
const HEADER_CHARS_MAX: usize = 100;

/// What a column can hold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its word in `--map`.
    pub word: &'static str,
    /// The tag its cells are kept under; empty for what is no tag.
    pub tag: &'static str,
    /// The signal that it reveals.
    pub signal: Option<Signal>,
    /// Other headers that name it, in plain form: lower case, no blanks or signs.
    pub aliases: &'static [&'static str],
}

const fn field(
    word: &'static str,
    tag: &'static str,
    signal: Option<Signal>,
    aliases: &'static [&'static str],
) -> Field {
    Field { word, tag, signal, aliases }
}

/// Every field, in the order in which they are shown.
pub(super) const FIELDS: [Field; 26] = [
    field("id", "", None, &["key", "nr", "nummer", "kundennummer", "placeid"]),
    field(
        "name",
        "name",
        None,
        &[
            "firma",
            "firmenname",
            "company",
            "companyname",
            "business",
            "businessname",
            "betrieb",
            "unternehmen",
            "bezeichnung",
        ],
    ),
    field(
        "category",
        "category",
        Some(Signal::Category),
        &["kategorie", "branche", "type", "typ", "art", "industry"],
    ),
    field(
        "phone",
        "phone",
        Some(Signal::Phone),
        &["telefon", "tel", "telefonnummer", "phonenumber", "telephone", "festnetz", "rufnummer"],
    ),
    field(
        "mobile",
        "mobile",
        Some(Signal::Phone),
        &["mobil", "handy", "mobiltelefon", "cell", "mobilnummer"],
    ),
    field(
        "website",
        "website",
        Some(Signal::Website),
        &["url", "web", "webseite", "homepage", "internet", "www", "site", "internetseite"],
    ),
    field("email", "email", None, &["mail", "emailadresse", "emailaddress", "mailadresse"]),
    field("linkedin", "contact:linkedin", None, &["contactlinkedin"]),
    field("facebook", "contact:facebook", None, &["contactfacebook"]),
    field("instagram", "contact:instagram", None, &["contactinstagram"]),
    field(
        "address",
        "addr:full",
        Some(Signal::Address),
        &["adresse", "anschrift", "fulladdress", "addrfull"],
    ),
    field(
        "street",
        "addr:street",
        Some(Signal::Address),
        &["strasse", "straße", "streetaddress", "addrstreet", "straßenname"],
    ),
    field(
        "housenumber",
        "addr:housenumber",
        None,
        &["hausnummer", "hausnr", "hnr", "addrhousenumber"],
    ),
    field("unit", "addr:unit", None, &["suite", "einheit", "addrunit"]),
    field("city", "addr:city", None, &["stadt", "ort", "town", "wohnort", "addrcity"]),
    field(
        "state",
        "addr:state",
        None,
        &["bundesland", "region", "province", "kanton", "addrstate"],
    ),
    field(
        "postcode",
        "addr:postcode",
        None,
        &["plz", "postleitzahl", "zip", "zipcode", "postalcode", "addrpostcode"],
    ),
    field("country", "addr:country", None, &["land", "countrycode", "ländercode", "addrcountry"]),
    field(
        "suburb",
        "addr:suburb",
        None,
        &["ortsteil", "stadtteil", "bezirk", "district", "addrsuburb"],
    ),
    field(
        "opening_hours",
        "opening_hours",
        Some(Signal::RegularHours),
        &["hours", "öffnungszeiten", "oeffnungszeiten", "geöffnet"],
    ),
    field(
        "description",
        "description",
        Some(Signal::Description),
        &["beschreibung", "about", "info"],
    ),
    field("brand", "brand", None, &["marke", "kette", "chain"]),
    field("image", "image", None, &["bild", "foto", "photo", "logo"]),
    field("checked", "check_date", None, &["checkdate", "geprüft", "stand", "lastchecked"]),
    field("lat", "", None, &["latitude", "breite", "breitengrad", "y"]),
    field("lon", "", None, &["lng", "long", "longitude", "länge", "längengrad", "x"]),
];

/// Returns the place of a field's word in `FIELDS`.
pub(super) fn place_of(word: &str) -> Option<usize> {
    FIELDS.iter().position(|field| field.word == word)
}

/// Returns the place of the field that a header names.
pub(super) fn named(header: &str) -> Option<usize> {
    let plain = plain(header);
    FIELDS
        .iter()
        .position(|field| self::plain(field.word) == plain || field.aliases.contains(&&*plain))
}

/// A header without case, blanks and signs: `E-Mail` and `email` are one.
pub(super) fn plain(header: &str) -> String {
    header.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a person said about the columns of a table: `name=Firma,phone=Telefon`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ColumnMap {
    /// Field → header.
    pub columns: BTreeMap<String, String>,
    /// The category of every row, for a table without such a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// Why a mapping was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// A part without `=`.
    #[error("{0:?} is not of the form field=header")]
    Form(String),
    /// A field that does not exist.
    #[error("there is no field {0:?}; there are {known}", known = words())]
    Field(String),
    /// A field named twice.
    #[error("the field {0:?} is mapped twice")]
    Twice(String),
    /// A category that we do not serve.
    #[error("there is no category {0:?}; there are {known}", known = categories())]
    Category(String),
}

impl ColumnMap {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Says that every row is of one category, by our word or by a tag of the map.
    ///
    /// # Errors
    /// A word that names none.
    pub fn with_category(mut self, word: &str) -> Result<Self, MapError> {
        let shown = text::clean(word, HEADER_CHARS_MAX);
        let category = Category::of_word(&shown).ok_or(MapError::Category(shown))?;
        self.category = Some(category.as_column().to_owned());
        Ok(self)
    }
}

impl FromStr for ColumnMap {
    type Err = MapError;

    fn from_str(raw: &str) -> Result<Self, MapError> {
        let mut columns = BTreeMap::new();
        for part in raw.split(',').filter(|part| !part.trim().is_empty()) {
            let shown = || text::clean(part, HEADER_CHARS_MAX);
            let (field, header) = part.split_once('=').ok_or_else(|| MapError::Form(shown()))?;
            let field = field.trim().to_lowercase();
            let header = text::clean(header, HEADER_CHARS_MAX);
            if place_of(&field).is_none() {
                return Err(MapError::Field(text::clean(&field, HEADER_CHARS_MAX)));
            }
            if header.is_empty() {
                return Err(MapError::Form(shown()));
            }
            if columns.insert(field.clone(), header).is_some() {
                return Err(MapError::Twice(field));
            }
        }
        Ok(Self { columns, category: None })
    }
}

impl fmt::Display for ColumnMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> =
            self.columns.iter().map(|(field, header)| format!("{field}={header}")).collect();
        parts.extend(self.category.iter().map(|word| format!("every row is {word}")));
        f.write_str(&parts.join(", "))
    }
}

fn words() -> String {
    FIELDS.map(|field| field.word).join(", ")
}

fn categories() -> String {
    Category::ALL.map(Category::as_column).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_in_english_and_german_name_their_fields() {
        for (header, word) in [
            ("Firma", "name"),
            ("Business Name", "name"),
            ("E-Mail", "email"),
            ("E-Mail-Adresse", "email"),
            ("Telefon", "phone"),
            ("Telefon-Nr.", ""),
            ("PLZ", "postcode"),
            ("Straße", "street"),
            ("Öffnungszeiten", "opening_hours"),
            ("addr:housenumber", "housenumber"),
            ("Branche", "category"),
            ("Umsatz", ""),
        ] {
            let found = named(header).map_or("", |place| FIELDS[place].word);
            assert_eq!(found, word, "{header}");
        }
    }

    #[test]
    fn no_header_names_two_fields() {
        let mut seen = std::collections::BTreeSet::new();
        for field in FIELDS {
            for name in field.aliases.iter().copied().chain([plain(field.word).as_str()]) {
                assert_eq!(plain(name), name, "an alias is in plain form");
                assert!(seen.insert(name.to_owned()), "{name} names two fields");
            }
        }
    }

    #[test]
    fn a_mapping_is_read_and_its_mistakes_are_named() {
        let map: ColumnMap = "name=Firma, phone=Tel. (privat)".parse().unwrap();
        assert_eq!(map.columns["phone"], "Tel. (privat)");
        assert_eq!("name".parse::<ColumnMap>(), Err(MapError::Form("name".into())));
        assert_eq!("a=b".parse::<ColumnMap>(), Err(MapError::Field("a".into())));
        assert_eq!("name=A,NAME=B".parse::<ColumnMap>(), Err(MapError::Twice("name".into())));
        assert!("name=".parse::<ColumnMap>().is_err());
        assert!(map.clone().with_category("bakery").is_err());
        assert_eq!(map.with_category("Auto Repair").unwrap().category.unwrap(), "auto_repair");
    }
}
