//! Defines how an answer of the Overpass API is read: `[out:json]`, with `out tags center` or more.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde_json::Value;

use super::listing::{LeftEntry, Listing};
use super::record::{Record, clean_tags};
use super::source::{ELEMENTS_MAX, SourceError};
use crate::domain::profile::{Knowable, Source};
use crate::domain::text;

/// Marks an error inside one element, so that its number can be told apart from its reason.
const ELEMENT_MARK: &str = "\u{1}element ";
/// Marks a list that is too long.
const TOO_MANY_MARK: &str = "\u{1}too many";

#[derive(Deserialize)]
#[serde(bound = "E: Deserialize<'de>")]
struct Answer<E> {
    #[serde(deserialize_with = "numbered")]
    elements: Vec<E>,
    #[serde(default)]
    remark: Option<String>,
    #[serde(default)]
    osm3s: Option<Base>,
}

#[derive(Deserialize)]
struct Base {
    #[serde(default)]
    timestamp_osm_base: Option<String>,
}

#[derive(Deserialize)]
struct Element {
    #[serde(rename = "type")]
    kind: Kind,
    id: u64,
    #[serde(default)]
    lat: Option<f64>,
    #[serde(default)]
    lon: Option<f64>,
    #[serde(default)]
    center: Option<Center>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Node,
    Way,
    Relation,
}

#[derive(Deserialize)]
struct Center {
    lat: f64,
    lon: f64,
}

/// Reads every element of an answer. Elements without tags are kept, because they are counted; one
/// that is not as Overpass writes it is left out.
///
/// # Errors
/// An answer that is cut off, incomplete or something else.
pub(super) fn parse(answer: &str, source: Source) -> Result<Listing, SourceError> {
    match serde_json::from_str::<Answer<Element>>(answer) {
        Ok(answer) => listed(answer.map(Ok), source),
        // One element may be at fault. Each is read by itself, which takes longer.
        Err(error) if error.is_data() => {
            let loose: Answer<Value> = serde_json::from_str(answer).map_err(|_| refused(&error))?;
            let listing = listed(loose.map(read_alone), source)?;
            if listing.records.is_empty() { Err(refused(&error)) } else { Ok(listing) }
        }
        Err(error) => Err(refused(&error)),
    }
}

/// An element, or its name and what is wrong with it.
type Alone = Result<Element, (String, String)>;

fn read_alone(value: Value) -> Alone {
    let word = |key: &str| value.get(key).map_or_else(String::new, Value::to_string);
    let label = text::clean(&format!("{}/{}", word("type"), word("id")).replace('"', ""), 80);
    Element::deserialize(value).map_err(|error| (label, text::clean(&error.to_string(), 200)))
}

impl<E> Answer<E> {
    fn map<T>(self, of: impl Fn(E) -> T) -> Answer<T> {
        let elements = self.elements.into_iter().map(of).collect();
        Answer { elements, remark: self.remark, osm3s: self.osm3s }
    }
}

fn listed(answer: Answer<Alone>, source: Source) -> Result<Listing, SourceError> {
    if let Some(remark) = answer.remark.filter(|remark| remark.contains("error")) {
        return Err(SourceError::Incomplete { remark: text::clean(&remark, 300) });
    }
    let as_of = answer
        .osm3s
        .and_then(|base| base.timestamp_osm_base)
        .and_then(|stamp| text::clean_or_none(&stamp, 40));
    let mut listing = Listing::default();
    for (place, element) in answer.elements.into_iter().enumerate() {
        let number = place as u64 + 1;
        let record =
            element.and_then(|element| element.into_record(number, source, as_of.as_ref()));
        match record {
            Ok(record) => listing.records.push(record),
            Err((label, reason)) => {
                listing.left.push(LeftEntry { number, label, reason });
            }
        }
    }
    Ok(listing)
}

impl Element {
    fn into_record(
        self,
        place: u64,
        source: Source,
        as_of: Option<&String>,
    ) -> Result<Record, (String, String)> {
        let center = self.center.map(|center| (center.lat, center.lon));
        let position = self.lat.zip(self.lon).or(center);
        let kind = match self.kind {
            Kind::Node => "node",
            Kind::Way => "way",
            Kind::Relation => "relation",
        };
        let prefix = if source == Source::DemoTown { "demo" } else { "osm" };
        let on_earth = |(lat, lon): (f64, f64)| lat.abs() <= 90.0 && lon.abs() <= 180.0;
        if let Some((lat, lon)) = position.filter(|&position| !on_earth(position)) {
            let reason = format!("lies at {lat}, {lon}, which is not on Earth");
            return Err((format!("{kind}/{}", self.id), reason));
        }
        Ok(Record {
            entity: format!("{prefix}:{kind}/{}", self.id),
            source,
            place,
            knowable: Knowable::of(source),
            lat: position.map(|position| position.0),
            lon: position.map(|position| position.1),
            as_of: as_of.cloned(),
            tags: clean_tags(self.tags),
        })
    }
}

/// Reads the list of elements and, when one is wrong, says which.
fn numbered<'de, D, E>(deserializer: D) -> Result<Vec<E>, D::Error>
where
    D: Deserializer<'de>,
    E: Deserialize<'de>,
{
    struct Elements<E>(PhantomData<E>);
    impl<'de, E: Deserialize<'de>> Visitor<'de> for Elements<E> {
        type Value = Vec<E>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of elements")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<E>, A::Error> {
            let mut elements = Vec::new();
            loop {
                if elements.len() > ELEMENTS_MAX {
                    return Err(A::Error::custom(TOO_MANY_MARK));
                }
                match seq.next_element() {
                    Ok(Some(element)) => elements.push(element),
                    Ok(None) => return Ok(elements),
                    Err(error) => {
                        let number = elements.len() + 1;
                        return Err(A::Error::custom(format!(
                            "{ELEMENT_MARK}{number}\u{1}{error}"
                        )));
                    }
                }
            }
        }
    }
    deserializer.deserialize_seq(Elements(PhantomData))
}

/// Turns the parser's words into ours; a cut-off file is named as one.
fn refused(error: &serde_json::Error) -> SourceError {
    let said = error.to_string();
    let bare = said.split(" at line ").next().unwrap_or(&said);
    if bare == TOO_MANY_MARK {
        return SourceError::TooMany;
    }
    let (line, column) = (error.line(), error.column());
    if let Some((number, what)) =
        bare.strip_prefix(ELEMENT_MARK).and_then(|rest| rest.split_once('\u{1}'))
    {
        let number = number.parse().unwrap_or(0);
        let what = if what.starts_with("EOF") { "the file ends in its middle" } else { what };
        return SourceError::Element { number, line, what: text::clean(what, 200) };
    }
    let what = text::clean(bare, 200);
    SourceError::Json { what: format!("{what} (line {line}, column {column})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::test_data;

    fn read(text: &str) -> Result<Vec<Record>, SourceError> {
        parse(text, Source::OverpassJson).map(|listing| listing.records)
    }

    #[test]
    fn nodes_have_their_own_position_and_ways_their_centre() {
        let records = read(
            r#"{"version":0.6,"osm3s":{"timestamp_osm_base":"2026-11-20T10:00:00Z"},"elements":[
            {"type":"node","id":1,"lat":30.5,"lon":-97.5,"tags":{"amenity":"dentist","name":"A"}},
            {"type":"way","id":2,"center":{"lat":30.25,"lon":-97.75},"tags":{"name":"B"}},
            {"type":"relation","id":3}]}"#,
        )
        .unwrap();
        assert_eq!(records[0].entity, "osm:node/1");
        assert_eq!((records[1].lat, records[1].lon), (Some(30.25), Some(-97.75)));
        assert!(records[2].tags.is_empty() && records[2].lat.is_none());
        assert_eq!(records[0].as_of.as_deref(), Some("2026-11-20T10:00:00Z"));
    }

    #[test]
    fn a_runtime_error_with_status_200_is_no_town() {
        let remark = "runtime error: Query timed out in \\\"query\\\" at line 3 after 60 seconds.";
        let error = read(&format!(r#"{{"elements":[],"remark":"{remark}"}}"#)).unwrap_err();
        assert!(matches!(error, SourceError::Incomplete { .. }), "{error}");
    }

    #[test]
    fn one_element_of_a_wrong_type_is_left_out_and_the_others_are_read() {
        let listing = parse(
            r#"{"elements":[{"type":"node","id":1},{"type":"node","id":2,"tags":[]},
            {"type":"moon","id":3},7,{"type":"node","id":4,"lat":1e300,"lon":2}]}"#,
            Source::OverpassJson,
        )
        .unwrap();
        assert_eq!(listing.records.len(), 1);
        let left: Vec<_> =
            listing.left.iter().map(|left| (left.number, left.label.as_str())).collect();
        assert_eq!(left, [(2, "node/2"), (3, "moon/3"), (4, "/"), (5, "node/4")]);
        assert!(listing.left[0].reason.starts_with("invalid type"), "{:?}", listing.left);
        assert!(listing.left[3].reason.contains("not on Earth"));
    }

    #[test]
    fn an_answer_of_which_nothing_can_be_read_is_refused_with_element_and_line() {
        let error =
            read("{\"elements\":[\n{\"type\":\"node\",\"id\":2,\"tags\":[]}\n]}").unwrap_err();
        assert!(
            matches!(&error, SourceError::Element { number: 1, line: 2, what } if what.starts_with("invalid type")),
            "{error}"
        );
    }

    #[test]
    fn a_file_cut_off_anywhere_is_refused_and_never_read_in_part() {
        let whole = r#"{"elements":[{"type":"node","id":1,"lat":1,"lon":2,"tags":{"name":"Ä"}}]}"#;
        assert!(read(whole).is_ok());
        for end in (0..whole.len()).filter(|&end| whole.is_char_boundary(end)) {
            assert!(read(&whole[..end]).is_err(), "{}", &whole[..end]);
        }
    }

    #[test]
    fn other_json_is_not_taken_for_a_map() {
        for text in ["[]", "{}", "null", "42", "{\"elements\":{}}", "<html>", "{\"elements\":[1]}"]
        {
            assert!(read(text).is_err(), "{text}");
        }
        let deep = format!("{{\"elements\":{}", "[".repeat(100_000));
        assert!(read(&deep).is_err());
    }

    #[test]
    fn real_extracts_are_read_whole() {
        for (town, n) in
            [("berlin", 11_930), ("liechtenstein", 554), ("monaco", 395), ("ottawa", 3_622)]
        {
            let Some(text) = test_data::read(&format!("osm-{town}/overpass.json")) else { return };
            assert_eq!(read(&text).unwrap().len(), n, "{town}");
        }
    }
}
