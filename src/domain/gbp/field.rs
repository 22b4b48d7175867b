//! Defines the fields of a profile that can be written: those that the audit scores, and the lists
//! beside them that it does not.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::column::{self, UnknownWord};
use crate::domain::profile::Signal;

/// Categories beside the first that the provider takes.
pub const CATEGORIES_MAX: usize = 9;

/// Phone numbers beside the first that the provider takes.
pub const PHONES_MAX: usize = 2;

/// What stands between two values of a list.
const APART: &str = "; ";

/// A list beside a scored field; it earns no points of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Extra {
    /// Categories beside the first.
    Categories,
    /// Phone numbers beside the first.
    Phones,
}

impl Extra {
    /// Both, in the order in which screens list them.
    pub const ALL: [Self; 2] = [Self::Categories, Self::Phones];

    const fn as_column(self) -> &'static str {
        match self {
            Self::Categories => "additional_categories",
            Self::Phones => "additional_phones",
        }
    }

    /// How many values the provider takes.
    pub const fn most(self) -> usize {
        match self {
            Self::Categories => CATEGORIES_MAX,
            Self::Phones => PHONES_MAX,
        }
    }
}

/// One field of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Field {
    /// One that the audit scores.
    Scored(Signal),
    /// A list beside one.
    Extra(Extra),
}

impl Field {
    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Scored(signal) => signal.as_column(),
            Self::Extra(extra) => extra.as_column(),
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        match column::parse("field", word, &Extra::ALL, Extra::as_column) {
            Ok(extra) => Ok(Self::Extra(extra)),
            Err(_) => Signal::from_column(word).map(Self::Scored),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_column())
    }
}

impl From<Field> for String {
    fn from(field: Field) -> Self {
        field.as_column().to_owned()
    }
}

impl TryFrom<String> for Field {
    type Error = UnknownWord;

    fn try_from(word: String) -> Result<Self, UnknownWord> {
        Self::from_column(&word)
    }
}

/// Writes a list as one value; an empty one is none.
pub(super) fn joined(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| values.join(APART))
}

/// Reads a list back.
pub(super) fn listed(text: &str) -> Vec<String> {
    text.split(APART).filter(|value| !value.is_empty()).map(str::to_owned).collect()
}

/// Returns what a list shall be: what stands there stays, and what the client names is added.
///
/// # Errors
/// More values than the provider takes.
pub(super) fn merged(
    extra: Extra,
    first: Option<&str>,
    there: &[String],
    given: &[String],
) -> Result<Option<String>, String> {
    if given.is_empty() {
        return Ok(None);
    }
    let mut all: Vec<String> = Vec::new();
    for value in there.iter().chain(given) {
        let same = |other: &str| other.eq_ignore_ascii_case(value);
        if !first.is_some_and(same) && !all.iter().any(|other| same(other)) {
            all.push(value.clone());
        }
    }
    if all.len() > extra.most() {
        return Err(format!(
            "with what stands there it would be {}, and {} fit beside the first",
            all.len(),
            extra.most()
        ));
    }
    Ok(joined(&all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(values: &[&str]) -> Vec<String> {
        values.iter().map(|&value| value.to_owned()).collect()
    }

    #[test]
    fn every_field_reads_back_from_its_word() {
        let scored = Signal::ALL.into_iter().map(Field::Scored);
        for field in scored.chain(Extra::ALL.map(Field::Extra)) {
            assert_eq!(Field::from_column(field.as_column()).unwrap(), field);
        }
        assert!(Field::from_column("title").is_err(), "the title is never written");
    }

    #[test]
    fn what_stands_there_stays_and_nothing_is_named_twice_or_beside_itself() {
        let (there, given) =
            (values(&["orthodontist"]), values(&["Dental", "Orthodontist", "spa"]));
        let merged_list = merged(Extra::Categories, Some("dental"), &there, &given);
        assert_eq!(merged_list.unwrap().as_deref(), Some("orthodontist; spa"));
        assert_eq!(merged(Extra::Categories, None, &there, &[]), Ok(None), "nothing was asked for");
        assert_eq!(listed("orthodontist; spa"), values(&["orthodontist", "spa"]));
    }

    #[test]
    fn more_than_the_provider_takes_is_refused_and_not_cut() {
        let nine: Vec<String> = (0..9).map(|n| format!("category {n}")).collect();
        assert!(merged(Extra::Categories, None, &[], &nine).is_ok());
        let why = merged(Extra::Categories, None, &values(&["one more"]), &nine).unwrap_err();
        assert!(why.contains("10") && why.contains('9'), "{why}");
        let three = values(&["+12075550101", "+12075550102", "+12075550103"]);
        assert!(merged(Extra::Phones, None, &[], &three).unwrap_err().contains("2 fit"));
    }
}
