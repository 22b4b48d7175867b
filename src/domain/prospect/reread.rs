//! Defines what a source says when it is read again: what is new, what changed, what is gone.
//!
//! A second reading updates and never erases: what a person or a later stage added stays, and an
//! entry that is missing from a newer file is noted as gone and not taken for closed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::place::Place;
use super::survey::Found;
use crate::domain::sales::{Prospect, Stage};
use crate::domain::time::Moment;

/// Grows when this module's reading changes, so that a file read before is read anew.
const READER: u32 = 1;

/// What the last reading left of a business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The digest of what was listed; `None` where that was not kept.
    pub digest: Option<String>,
    /// The age of the data, as their source stated it.
    pub as_of: Option<String>,
    /// Where it was listed last.
    pub source: Option<String>,
    /// Whether it was gone from there.
    pub gone: bool,
}

/// What a listing keeps of a business: where it stood, under which licence, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Natural key.
    pub entity: String,
    /// A file's path, or `demo-town`.
    pub source: String,
    /// The licence of the data.
    pub licence: String,
    /// The age of the data, as their source states it.
    pub as_of: Option<String>,
    /// Digest of everything listed.
    pub digest: String,
    /// When it was read.
    pub seen_at: Moment,
}

/// How an entry compares with what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was never listed.
    New,
    /// Something in it is different, or it was gone.
    Changed,
    /// Nothing is.
    Unchanged,
    /// The file is older than what is known.
    Older,
}

/// Returns how each of `found` compares with what is known, and what this source has lost: entries
/// it listed once that are not among `listed`.
pub fn compare(
    found: &[Found],
    listed: &BTreeSet<&str>,
    known: &BTreeMap<String, Known>,
    source: &str,
    default: &Place,
) -> (Vec<Standing>, Vec<String>) {
    let standings = found.iter().map(|found| standing(found, known, default)).collect();
    let mut gone: Vec<String> = known
        .iter()
        .filter(|(entity, known)| {
            known.source.as_deref() == Some(source)
                && !known.gone
                && !listed.contains(entity.as_str())
        })
        .map(|(entity, _)| entity.clone())
        .collect();
    gone.sort_unstable();
    (standings, gone)
}

fn standing(found: &Found, known: &BTreeMap<String, Known>, default: &Place) -> Standing {
    let Some(known) = known.get(&found.record.entity) else { return Standing::New };
    let older = matches!(
        (&found.record.as_of, &known.as_of),
        (Some(ours), Some(theirs)) if ours < theirs
    );
    if older {
        Standing::Older
    } else if known.gone || known.digest.as_deref() != Some(&*digest(found, default)) {
        Standing::Changed
    } else {
        Standing::Unchanged
    }
}

/// Returns the digest of what is listed and of how it is read; the age of the data is no part of it.
pub fn digest(found: &Found, default: &Place) -> String {
    let record = &found.record;
    let position = record.lat.zip(record.lon).map(|(lat, lon)| (lat.to_bits(), lon.to_bits()));
    let read = (READER, default, record.knowable, position, &record.tags, &found.twin);
    // Plain maps and strings always have a JSON form.
    let text = serde_json::to_string(&read).unwrap_or_default();
    hex::encode(&Sha256::digest(text.as_bytes())[..12])
}

/// Returns the row as it is after a new reading, and the words of the fields that changed. What the
/// source does not say erases nothing.
pub fn updated(old: &Prospect, mut fresh: Prospect) -> (Prospect, Vec<&'static str>) {
    let mut changed = Vec::new();
    let mut merge = |word, old: &Option<String>, new: &mut Option<String>| {
        if new.is_none() {
            new.clone_from(old);
        } else if new != old {
            changed.push(word);
        }
    };
    merge("address", &old.address, &mut fresh.address);
    merge("city", &old.city, &mut fresh.city);
    merge("postcode", &old.postcode, &mut fresh.postcode);
    merge("phone", &old.phone, &mut fresh.phone);
    merge("email", &old.email, &mut fresh.email);
    merge("website", &old.website, &mut fresh.website);
    merge("linkedin", &old.linkedin, &mut fresh.linkedin);
    if fresh.name.starts_with('(') && !old.name.starts_with('(') {
        // Without a name of its own an entry is shown by its key.
        fresh.name.clone_from(&old.name);
    }
    for (word, differs) in [
        ("name", fresh.name != old.name),
        ("category", fresh.category != old.category),
        ("country", fresh.country != old.country),
    ] {
        if differs {
            changed.push(word);
        }
    }
    (fresh.lat, fresh.lon) = fresh.lat.zip(fresh.lon).or(old.lat.zip(old.lon)).unzip();
    (fresh, changed)
}

/// Whether outreach has begun, so that a new judgement of the listing moves nothing any more.
pub const fn has_begun(stage: Stage) -> bool {
    matches!(
        stage,
        Stage::Pitched
            | Stage::NoChannel
            | Stage::Contacted
            | Stage::Booked
            | Stage::Client
            | Stage::Lost
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::prospect::record::tests::element;
    use crate::domain::prospect::{Record, assess};

    fn default() -> Place {
        Place { country: "GB".into(), zone: "Europe/London".into(), language: "en".into() }
    }

    fn found(entity: &str, phone: &str) -> Found {
        let gb = ("addr:country", "GB");
        let tags = [("amenity", "dentist"), ("name", "A"), ("phone", phone), gb];
        Found { record: element(entity, &tags), twin: None }
    }

    fn known(found: &Found) -> Known {
        Known {
            digest: Some(digest(found, &default())),
            as_of: found.record.as_of.clone(),
            source: Some("a.json".to_owned()),
            gone: false,
        }
    }

    fn row(record: &Record) -> Prospect {
        assess(record, None, &default()).prospect
    }

    #[test]
    fn what_is_new_changed_unchanged_and_gone_is_told_apart() {
        let [same, old, lost] = ["n/1", "n/2", "n/3"].map(|entity| found(entity, "01632 960001"));
        let before: BTreeMap<_, _> =
            [&same, &old, &lost].map(|found| (found.record.entity.clone(), known(found))).into();
        let now = [same, found("n/2", "01632 960002"), found("n/4", "01632 960004")];
        let listed = now.iter().map(|found| found.record.entity.as_str()).collect();
        let (standings, gone) = compare(&now, &listed, &before, "a.json", &default());
        assert_eq!(standings, [Standing::Unchanged, Standing::Changed, Standing::New]);
        assert_eq!(gone, ["n/3"]);
        let (_, gone) = compare(&now, &listed, &before, "b.json", &default());
        assert!(gone.is_empty(), "another file says nothing of what this one lists");
    }

    #[test]
    fn an_older_file_changes_nothing_and_a_return_is_a_change() {
        let mut entry = found("n/1", "01632 960001");
        entry.record.as_of = Some("2026-01-02T00:00:00Z".to_owned());
        let mut past = known(&entry);
        past.as_of = Some("2026-03-01T00:00:00Z".to_owned());
        assert_eq!(
            standing(&entry, &BTreeMap::from([("n/1".into(), past)]), &default()),
            Standing::Older
        );
        let gone = Known { gone: true, ..known(&entry) };
        assert_eq!(
            standing(&entry, &BTreeMap::from([("n/1".into(), gone)]), &default()),
            Standing::Changed
        );
    }

    #[test]
    fn a_new_reading_updates_what_it_says_and_erases_nothing() {
        let old = row(&found("n/1", "01632 960001").record);
        let old = Prospect { email: Some("by@hand.example".to_owned()), ..old };
        let fresh = row(&found("n/1", "01632 960002").record);
        let (now, changed) = updated(&old, fresh);
        assert_eq!(changed, ["phone"]);
        assert_eq!(now.phone.as_deref(), Some("+441632960002"));
        assert_eq!(now.email.as_deref(), Some("by@hand.example"));
        let silent = row(&element("n/1", &[("amenity", "dentist"), ("addr:country", "GB")]));
        let (now, changed) = updated(&old, silent);
        assert_eq!((now.name.as_str(), now.phone, changed.len()), ("A", old.phone.clone(), 0));
    }
}
