//! Defines the raw record: one business as its source lists it, before anything is judged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::profile::{Knowable, Source};
use crate::domain::text;

/// Longest tag value kept; map tags end at 255 characters, table cells may hold a description.
const VALUE_CHARS_MAX: usize = 1_000;
/// Longest key kept.
const KEY_CHARS_MAX: usize = 100;
/// Most tags kept of one element; real ones have fewer than eighty.
const TAGS_MAX: usize = 200;

/// The keys that say what an element is, in the order in which they decide its main tag.
pub(super) const MAIN_KEYS: [&str; 7] =
    ["shop", "amenity", "craft", "office", "healthcare", "leisure", "tourism"];

/// The column of a table that holds our own word for a category.
pub(super) const CATEGORY_KEY: &str = "category";

/// One business as listed. Tags use the map's keys, also for rows of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Natural key: `osm:node/123`, `csv:acme-dental`.
    pub entity: String,
    /// Where it was read.
    pub source: Source,
    /// Its line in a table, its place among the elements of a map, from 1.
    #[serde(default)]
    pub place: u64,
    /// What this source could have revealed.
    pub knowable: Knowable,
    /// Degrees north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Degrees east.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// The age of the data, as the source states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Clean tags.
    pub tags: BTreeMap<String, String>,
}

impl Record {
    /// Returns the value of the first of `keys` that is there.
    pub fn first(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.tags.get(*key)).map(String::as_str)
    }

    /// Whether `key` lists `value`, alone or in a `;` list.
    pub fn lists(&self, key: &str, value: &str) -> bool {
        self.tags.get(key).is_some_and(|list| list.split(';').any(|one| one.trim() == value))
    }

    /// Returns the source's own word for what the element is: `shop=bakery`. Elements that only
    /// say what they were, and elements without tags, get a word of their own, so that every
    /// element of a source is counted somewhere.
    pub fn main_tag(&self) -> String {
        let plain = MAIN_KEYS.iter().find_map(|key| Some((*key, self.tags.get(*key)?)));
        if let Some((key, value)) = plain {
            return format!("{key}={value}");
        }
        if let Some(word) = self.tags.get(CATEGORY_KEY) {
            return format!("{CATEGORY_KEY}={word}");
        }
        super::leave_out::closed_tag(self).unwrap_or_else(|| "no main tag".to_owned())
    }
}

/// Cleans tags from outside; a key or value of which nothing is left is dropped.
pub(super) fn clean_tags(
    raw: impl IntoIterator<Item = (String, String)>,
) -> BTreeMap<String, String> {
    raw.into_iter()
        .filter_map(|(key, value)| {
            let key = text::clean_or_none(&key, KEY_CHARS_MAX)?;
            Some((key, text::clean_or_none(&value, VALUE_CHARS_MAX)?))
        })
        .take(TAGS_MAX)
        .collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Makes a record of the map for tests.
    pub(in crate::domain::prospect) fn element(entity: &str, tags: &[(&str, &str)]) -> Record {
        Record {
            entity: entity.to_owned(),
            source: Source::OverpassJson,
            place: 1,
            knowable: Knowable::of(Source::OverpassJson),
            lat: Some(52.5),
            lon: Some(13.4),
            as_of: None,
            tags: tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        }
    }

    #[test]
    fn every_element_has_a_main_tag_to_be_counted_under() {
        let tag = |tags: &[(&str, &str)]| element("osm:node/1", tags).main_tag();
        assert_eq!(tag(&[("amenity", "cafe"), ("shop", "bakery")]), "shop=bakery");
        assert_eq!(tag(&[("disused:shop", "bakery")]), "disused:shop=bakery");
        assert_eq!(tag(&[]), "no main tag");
    }

    #[test]
    fn hostile_tags_are_bounded_and_clean() {
        let raw = (0..10_000).map(|n| (format!("k{n}"), "\u{1b}[31m".repeat(1_000)));
        let tags = clean_tags(raw);
        assert_eq!(tags.len(), TAGS_MAX);
        assert!(tags.values().all(|value| value.chars().count() <= VALUE_CHARS_MAX));
        assert!(tags.values().all(|value| !value.contains('\u{1b}')));
    }
}
