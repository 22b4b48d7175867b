//! Defines what is known of a source as a whole: what it lists, what is listed twice, and how many
//! businesses of it are taken now.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::assess::{Assessment, assess};
use super::leave_out::Likeness;
use super::normalise::is_contactable;
use super::place::Place;
use super::record::Record;
use super::twins::{self, Features};
use crate::domain::sales::Stage;

/// A record with what only the whole source could tell of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The record.
    pub record: Record,
    /// The record of the same business that stays, if this one does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<(String, Likeness)>,
}

/// The reading of a whole source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// Elements per main tag of the source, before anything is filtered.
    pub by_tag: BTreeMap<String, usize>,
    /// Elements in the source.
    pub n_listed: usize,
    /// What is taken now, in the order of the source.
    pub taken: Vec<Found>,
    /// Qualified and reachable ones among them.
    pub n_prospects: usize,
    /// Elements that the limit leaves for a later run.
    pub n_left_for_later: usize,
}

/// Surveys the records of a source. At most `limit` qualified and reachable businesses are taken,
/// with everything listed before the last of them; the cut depends on the source alone. Records of
/// one name at most `near_m` metres apart are one business.
pub fn survey(records: Vec<Record>, default: &Place, near_m: f64, limit: Option<u32>) -> Survey {
    let mut survey = Survey { n_listed: records.len(), ..Survey::default() };
    let limit = limit.map_or(usize::MAX, |limit| limit as usize);
    let assessed: Vec<Assessment> =
        records.iter().map(|record| assess(record, None, default)).collect();
    let twins = twins::find(&assessed.iter().map(features).collect::<Vec<_>>(), near_m);
    let entities: Vec<String> = records.iter().map(|record| record.entity.clone()).collect();
    for ((record, assessment), twin) in records.into_iter().zip(&assessed).zip(&twins) {
        *survey.by_tag.entry(record.main_tag()).or_default() += 1;
        if survey.n_prospects >= limit {
            survey.n_left_for_later += 1;
            continue;
        }
        let is_prospect = twin.is_none()
            && assessment.prospect.stage == Stage::Qualified
            && is_contactable(&assessment.prospect);
        survey.n_prospects += usize::from(is_prospect);
        let twin = twin.map(|twin| (entities[twin.of].clone(), twin.because));
        survey.taken.push(Found { record, twin });
    }
    survey
}

/// What twins are recognised by. A record that is left out for another reason keeps only its key:
/// a closed branch must not make its successor a duplicate.
fn features(assessment: &Assessment) -> Features {
    let prospect = &assessment.prospect;
    let alive = prospect.stage != Stage::LeftOut;
    Features {
        entity: prospect.entity.clone(),
        name: prospect.name.clone(),
        phone: prospect.phone.clone().filter(|_| alive),
        email: prospect.email.clone().filter(|_| alive),
        position: prospect.lat.zip(prospect.lon).filter(|_| alive),
        richness: assessment.richness(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::prospect::record::tests::element;
    use crate::domain::prospect::{ColumnMap, source};
    use crate::domain::test_data;

    fn default() -> Place {
        Place { country: "GB".into(), zone: "Europe/London".into(), language: "en".into() }
    }

    fn dentist(n: u32, phone: bool) -> Record {
        let number = format!("+44 1632 960{n:03}");
        let mut tags = vec![("amenity", "dentist"), ("name", "A")];
        if phone {
            tags.push(("phone", &number));
        }
        let mut record = element(&format!("osm:node/{n}"), &tags);
        record.lat = Some(50.0 + f64::from(n) / 100.0);
        record
    }

    #[test]
    fn the_limit_counts_reachable_prospects_and_says_what_is_left() {
        let records = vec![dentist(1, true), dentist(2, false), dentist(3, true), dentist(4, true)];
        let survey = survey(records, &default(), 75.0, Some(2));
        assert_eq!((survey.n_prospects, survey.taken.len(), survey.n_left_for_later), (2, 3, 1));
        assert_eq!(survey.by_tag["amenity=dentist"], 4);
    }

    #[test]
    fn a_closed_branch_does_not_make_its_successor_a_duplicate() {
        let mut closed = dentist(1, true);
        closed.tags.insert("disused:shop".into(), "bakery".into());
        let mut open = dentist(1, true);
        open.entity = "osm:node/9".into();
        let survey = survey(vec![closed, open], &default(), 75.0, None);
        assert!(survey.taken.iter().all(|found| found.twin.is_none()));
    }

    #[test]
    fn counts_before_filtering_equal_the_statistics_of_all_four_towns() {
        for town in ["berlin", "liechtenstein", "monaco", "ottawa"] {
            let Some(text) = test_data::read(&format!("osm-{town}/overpass.json")) else { return };
            let Some(stats) = test_data::read(&format!("osm-{town}/stats.json")) else { return };
            let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
            let expected: BTreeMap<String, usize> = stats["by_category"]
                .as_object()
                .unwrap()
                .iter()
                .map(|(tag, row)| {
                    (tag.clone(), usize::try_from(row["count"].as_u64().unwrap()).unwrap())
                })
                .collect();
            let records =
                source::read("overpass.json", &text, &ColumnMap::default()).unwrap().records;
            let survey = survey(records, &default(), 75.0, None);
            assert_eq!(survey.by_tag, expected, "{town}");
            assert_eq!(survey.taken.len(), survey.n_listed, "{town}: nothing disappears");
        }
    }
}
