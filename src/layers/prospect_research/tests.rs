use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::domain::change::Change;
use crate::domain::error::ErrorClass;
use crate::domain::mode::Mode;
use crate::domain::outcome::Next;
use crate::domain::sales::Prospect;
use crate::domain::test_data;
use crate::domain::time::Moment;
use crate::runtime::clock::SystemClock;
use crate::store::Store;
use crate::store::runs::NewRun;

const NOW: Moment = Moment(1_767_603_600_000);

fn research() -> Research {
    Research {
        default_country: "CA".to_owned(),
        zone: "America/Toronto".to_owned(),
        language: "en".to_owned(),
        dedupe_radius_m: 75.0,
    }
}

fn planned(source: &str, text: &str, limit: Option<u32>) -> Result<StepOutcome, WorkError> {
    read_again(source, text, limit, &BTreeMap::new())
}

/// Plans a reading in run 2 by one that knows these businesses.
fn read_again(
    source: &str,
    text: &str,
    limit: Option<u32>,
    known: &BTreeMap<String, Known>,
) -> Result<StepOutcome, WorkError> {
    let reading = Reading { source: source.to_owned(), limit, columns: ColumnMap::default() };
    plan(&reading, &Read { text, encoding: "UTF-8", known, run: "2" }, &research())
}

fn judged(unit: &NewUnit) -> StepOutcome {
    let research = research();
    let version = &unit.name.version;
    if unit.kind == "row" {
        return StepOutcome::skipped(from_json::<LeftEntry>(&unit.payload).unwrap().reason);
    }
    let case = judge::Case { research: &research, campaign: "intro", version, now: NOW };
    judge::judge(&from_json(&unit.payload).unwrap(), None, &case)
}

/// Works a source and everything it plans; returns the prospects that would be written.
fn worked(source: &str, text: &str) -> Vec<Prospect> {
    planned(source, text, None)
        .unwrap()
        .units
        .iter()
        .flat_map(|unit| judged(unit).changes)
        .filter_map(|change| {
            let Change::Sales(SalesChange::Prospect(prospect)) = change else { return None };
            Some(*prospect)
        })
        .collect()
}

fn answer(elements: &[String]) -> String {
    format!("{{\"elements\":[{}]}}", elements.join(",\n"))
}

fn dentist(id: u32, more: &str) -> String {
    format!(
        r#"{{"type":"node","id":{id},"lat":{},"lon":-75.69,"tags":{{"amenity":"dentist"{more}}}}}"#,
        45.0 + f64::from(id) / 100.0
    )
}

#[test]
fn a_weak_listing_is_written_audited_and_handed_to_layer_2() {
    let text = answer(&[dentist(1, r#","name":"Acme","phone":"613-241-6222""#)]);
    let outcome = judged(&planned("x.json", &text, None).unwrap().units[0]);
    assert_eq!(outcome.next, Next::Done);
    assert_eq!(outcome.changes.len(), 3, "the row, its audit, its listing");
    let pitch = &outcome.units[0].name;
    assert_eq!((pitch.layer, pitch.entity.as_str()), (Layer::PitchGenerator, "osm:node/1"));
    assert_eq!(outcome.events[0].kind, "prospect_qualified");
}

#[test]
fn what_is_left_out_ends_by_rule_with_its_reason_and_a_row() {
    let text = answer(&[
        dentist(1, r#","name":"Acme","brand":"Acme""#),
        dentist(2, r#","name":"B","phone":"613-241-6222""#),
        dentist(3, r#","name":"C","phone":"+1 613 241 6222""#),
        dentist(2, r#","name":"B""#),
    ]);
    let outcome = planned("x.json", &text, None).unwrap();
    let ends: Vec<_> = outcome.units.iter().map(judged).collect();
    let skipped = |why: &str| Next::Skipped(why.to_owned());
    assert_eq!(ends[0].next, skipped("chain: Acme"));
    assert_eq!(ends[1].next, Next::Done);
    assert_eq!(ends[2].next, skipped("duplicate of osm:node/2: same phone"));
    assert_eq!(ends[3].next, skipped("duplicate of osm:node/2: same element"));
    let rows: Vec<_> = ends.iter().map(|end| end.changes.len()).collect();
    assert_eq!(rows, [2, 3, 2, 0], "the element listed again has no second row");
}

#[test]
fn a_limit_plans_no_more_and_tells_how_many_are_left() {
    let elements: Vec<_> = (1..=9)
        .map(|id| dentist(id, &format!(r#","name":"D{id}","email":"a@d{id}.example""#)))
        .collect();
    let outcome = planned("x.json", &answer(&elements), Some(4)).unwrap();
    assert_eq!(outcome.units.len(), 4);
    assert!(outcome.events[1].text.contains("5 elements left for a later run"));
}

#[test]
fn a_source_read_again_plans_the_same_names() {
    let Some(text) = test_data::read("osm-liechtenstein/overpass.json") else { return };
    let names = |outcome: StepOutcome| {
        outcome.units.into_iter().map(|unit| unit.name).collect::<BTreeSet<_>>()
    };
    let first = planned("a.json", &text, None).unwrap();
    let n = first.units.len();
    let first = names(first);
    assert_eq!(first.len(), n, "no two units share a name");
    assert_eq!(first, names(planned("b.json", &text, None).unwrap()));
}

#[test]
fn the_event_of_a_real_town_counts_as_its_statistics_and_everything_has_an_end() {
    for town in ["berlin", "liechtenstein", "monaco", "ottawa"] {
        let Some(text) = test_data::read(&format!("osm-{town}/overpass.json")) else { return };
        let Some(stats) = test_data::read(&format!("osm-{town}/stats.json")) else { return };
        let stats: Value = serde_json::from_str(&stats).unwrap();
        let outcome = planned("overpass.json", &text, None).unwrap();
        let told = outcome.events[0].data.as_ref().unwrap();
        let expected: BTreeMap<&str, &Value> = stats["by_category"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(tag, row)| (tag.as_str(), &row["count"]))
            .collect();
        let counted: BTreeMap<&str, &Value> =
            told["by_tag"].as_object().unwrap().iter().map(|(t, n)| (t.as_str(), n)).collect();
        assert_eq!(counted, expected, "{town}");
        assert_eq!(told["listed"], stats["total"]["count"], "{town}");
        let n_qualified = outcome.units.iter().map(judged).filter(|end| {
            assert!(
                end.next == Next::Done
                    || matches!(&end.next, Next::Skipped(why) if !why.is_empty())
            );
            !end.units.is_empty()
        });
        assert!(n_qualified.count() > 50, "{town}");
    }
}

#[test]
fn naughty_strings_in_every_field_reach_no_row_as_control_characters() {
    let Some(text) = test_data::read("bad-input/naughty-strings.json") else { return };
    let naughty: Vec<String> = serde_json::from_str(&text).unwrap();
    let mut elements = Vec::new();
    for (id, raw) in naughty.iter().enumerate() {
        let tags = json!({
            "amenity": "dentist", "name": raw, "phone": raw, "email": raw, "website": raw,
            "opening_hours": raw, "description": raw, "addr:street": raw, "addr:country": raw,
            "contact:linkedin": raw, "brand ": raw, raw.as_str(): raw,
        });
        elements
            .push(json!({"type": "node", "id": id, "lat": 1, "lon": 2, "tags": tags}).to_string());
    }
    let from_map = worked("x.json", &answer(&elements));
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["name", "category", "phone", "email", "website", "city", "hours"]).unwrap();
    for raw in &naughty {
        table.write_record([raw, "dental", raw, raw, raw, raw, raw]).unwrap();
    }
    let table = String::from_utf8(table.into_inner().unwrap()).unwrap();
    let from_table = worked("x.csv", &table);
    assert!(from_map.len() > 300 && from_table.len() > 300);
    for prospect in from_map.iter().chain(&from_table) {
        let row = serde_json::to_string(prospect).unwrap();
        assert!(!row.contains("\\u00") && !row.contains("\\n"), "{row}");
        for hidden in ['\u{202e}', '\u{200b}', '\u{feff}', '\u{9b}', '\u{7f}'] {
            assert!(!row.contains(hidden), "{row}");
        }
        assert!(prospect.phone.as_ref().is_none_or(|phone| phone.starts_with('+')));
        assert!(!prospect.name.is_empty() && !prospect.entity.is_empty());
    }
}

#[test]
fn a_broken_source_ends_for_good_and_names_file_place_and_next_step() {
    let cases = [
        ("a.json", "not json", "source_not_overpass", "line 1"),
        ("a.json", "{\"elements\":[{\"type\":\"node\"", "bad_element", "element 1"),
        ("a.json", "{\"elements\":[{\"type\":\"x\",\"id\":1}]}", "bad_element", "element 1"),
        ("a.json", "{\"elements\":[],\"remark\":\"runtime error: x\"}", "source_incomplete", "x"),
        ("a.csv", "title\nA\n", "bad_header", "name"),
        ("a.csv", "name,category\nA\n", "bad_row", "line 2"),
        ("a.csv", "", "source_empty", "empty"),
    ];
    for (source, text, code, place) in cases {
        let error = planned(source, text, None).unwrap_err();
        assert_eq!((error.code.as_str(), error.class), (code, ErrorClass::Permanent), "{text}");
        assert!(error.message.starts_with(source) && error.message.contains(place), "{error}");
        assert!(error.hint.is_some());
    }
}

#[test]
fn a_source_that_lists_nothing_is_done_and_says_so() {
    let outcome = planned("x.json", "{\"elements\":[]}", None).unwrap();
    assert_eq!((outcome.next, outcome.units.len()), (Next::Done, 0));
    assert_eq!(outcome.events[0].kind, "source_empty");
}

#[tokio::test]
async fn each_run_reads_its_source_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = Store::open(&path, Arc::new(SystemClock::new())).unwrap();
    let settings = crate::config::embedded(folder.path()).unwrap();
    let found = || {
        let ctx =
            Discover { mode: Mode::Dry, now: NOW, store: &store, settings: &settings, input: None };
        discover(&ctx).unwrap()
    };
    assert!(found().is_empty(), "no run, no source");
    let run = NewRun {
        mode: Mode::Dry,
        scope: "all".to_owned(),
        input: Some("town.json".to_owned()),
        input_limit: Some(7),
        owner: "test".to_owned(),
    };
    store.write("run", move |tx| runs::start(tx, &run, NOW, NOW)).await.unwrap();
    let units = found();
    assert_eq!(units[0].name.version, "run/1");
    assert_eq!(from_json::<Reading>(&units[0].payload).unwrap().limit, Some(7));
    let unit = units[0].clone();
    store.write("unit", move |tx| units::insert(tx, Mode::Dry, None, NOW, &unit)).await.unwrap();
    assert!(found().is_empty());
}
