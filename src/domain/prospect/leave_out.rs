//! Defines why a listed business is no prospect. Every one that is left out has one of these.

use std::fmt;

use super::category::Category;
use super::record::{MAIN_KEYS, Record};

/// Prefixes by which a map marks what an element was.
const CLOSED_PREFIXES: [&str; 6] =
    ["disused:", "abandoned:", "was:", "removed:", "demolished:", "razed:"];

/// Why a record is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Nothing is known but where it is.
    NoTags,
    /// It does not operate any more; the tag that says so.
    Closed(String),
    /// Not one of our categories.
    NotServed,
    /// One of many under one brand; decisions are not made there.
    Chain(String),
    /// Nobody to write to.
    NoName,
    /// Listed more than once; `of` stays.
    Duplicate {
        /// The record that stays.
        of: String,
        /// What gave it away.
        because: Likeness,
    },
}

/// What two records of one business have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Likeness {
    /// The same element of the map, or the same key in a table.
    Element,
    /// The same phone number.
    Phone,
    /// The same mailbox: whoever reads it must not be written to twice.
    Email,
    /// The same name a few steps away: an entrance and its building, usually.
    NameNearby,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTags => f.write_str("no tags"),
            Self::Closed(tag) => write!(f, "closed: {tag}"),
            Self::NotServed => f.write_str("category not served"),
            Self::Chain(brand) => write!(f, "chain: {brand}"),
            Self::NoName => f.write_str("no name"),
            Self::Duplicate { of, because } => {
                let like = match because {
                    Likeness::Element => "same element",
                    Likeness::Phone => "same phone",
                    Likeness::Email => "same e-mail address",
                    Likeness::NameNearby => "same name nearby",
                };
                write!(f, "duplicate of {of}: {like}")
            }
        }
    }
}

/// Returns why this record alone is no prospect, if it is none. Duplicates need the whole source,
/// see `twins`.
pub(super) fn left_out(record: &Record) -> Option<LeftOut> {
    if record.tags.is_empty() {
        return Some(LeftOut::NoTags);
    }
    if let Some(tag) = closed_tag(record) {
        return Some(LeftOut::Closed(tag));
    }
    if Category::of(record).is_none() {
        return Some(LeftOut::NotServed);
    }
    if let Some(brand) = chain(record) {
        return Some(LeftOut::Chain(brand));
    }
    super::normalise::name(record).is_none().then_some(LeftOut::NoName)
}

/// Returns the tag that says the business does not operate any more.
pub fn closed_tag(record: &Record) -> Option<String> {
    if let Some(never) = record.first(&["opening_hours"]).filter(|h| matches!(*h, "off" | "closed"))
    {
        return Some(format!("opening_hours={never}"));
    }
    record.tags.iter().find_map(|(key, value)| {
        let was = CLOSED_PREFIXES.iter().find_map(|prefix| key.strip_prefix(prefix))?;
        MAIN_KEYS.contains(&was).then(|| format!("{key}={value}"))
    })
}

/// Returns the brand, if the business belongs to one. An operator is a chain only when it is known
/// well enough to have an entry of its own; any dentist may be named as the operator of a practice.
fn chain(record: &Record) -> Option<String> {
    let brand = record.tags.iter().find(|(key, _)| *key == "brand" || key.starts_with("brand:"));
    brand.map(|(_, value)| value.clone()).or_else(|| {
        let known = record.first(&["operator:wikidata"])?;
        Some(record.first(&["operator"]).unwrap_or(known).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::prospect::record::tests::element;

    fn why(tags: &[(&str, &str)]) -> Option<String> {
        left_out(&element("osm:node/1", tags)).map(|reason| reason.to_string())
    }

    #[test]
    fn each_reason_is_said_in_words() {
        let name = ("name", "A");
        assert_eq!(why(&[]).unwrap(), "no tags");
        assert_eq!(
            why(&[("disused:amenity", "dentist"), name]).unwrap(),
            "closed: disused:amenity=dentist"
        );
        assert_eq!(why(&[("shop", "bakery"), name]).unwrap(), "category not served");
        assert_eq!(
            why(&[("amenity", "restaurant"), ("brand:wikidata", "Q1"), name]).unwrap(),
            "chain: Q1"
        );
        let operated = [("amenity", "dentist"), ("operator", "Dr. B"), name];
        assert_eq!(why(&operated), None, "an operator alone is no chain");
        let known =
            [("amenity", "dentist"), ("operator", "Big"), ("operator:wikidata", "Q2"), name];
        assert_eq!(why(&known).unwrap(), "chain: Big");
        assert_eq!(why(&[("amenity", "dentist")]).unwrap(), "no name");
        assert_eq!(why(&[("amenity", "dentist"), name]), None);
    }

    #[test]
    fn every_prefix_for_what_was_closes_every_kind_of_business() {
        for prefix in CLOSED_PREFIXES {
            for key in MAIN_KEYS {
                let tag = format!("{prefix}{key}");
                let closed = why(&[(tag.as_str(), "x"), ("amenity", "dentist"), ("name", "A")]);
                assert_eq!(closed.unwrap(), format!("closed: {tag}=x"));
            }
        }
    }

    #[test]
    fn a_former_name_does_not_close_a_business() {
        assert_eq!(why(&[("amenity", "dentist"), ("name", "A"), ("was:name", "B")]), None);
    }
}
