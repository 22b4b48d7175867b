//! What layer 1 costs per listed business: reading, telling twins apart, judging, comparing.
//!
//! Berlin's extract is cut to a tenth, a half and the whole, so that a cost that grows faster than
//! the file is seen. Without the extract the fictional town stands in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cep_machine::domain::prospect::{
    ColumnMap, Found, Place, Record, assess, compare, source, survey,
};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

/// Metres within which one name is one business; the default of the settings.
const NEAR_M: f64 = 75.0;

fn main() {
    divan::main();
}

fn place() -> Place {
    Place { country: "DE".into(), zone: "Europe/Berlin".into(), language: "de".into() }
}

/// Returns the text of a town, or a table of made-up rows where no extract is at hand.
fn text() -> (String, String) {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/osm-berlin/overpass.json");
    if let Ok(text) = std::fs::read_to_string(path) {
        return ("berlin.json".to_owned(), text);
    }
    let row = |n: u32| format!("Shop {n},dental,030 1{n:05},Mo-Fr 09:00-17:00\n");
    let rows: String = (0..12_000).map(row).collect();
    ("rows.csv".to_owned(), format!("name,category,phone,hours\n{rows}"))
}

#[expect(clippy::expect_used, reason = "without an input there is nothing to measure")]
fn records(tenths: usize) -> Vec<Record> {
    let (name, text) = text();
    let mut records =
        source::read(&name, &text, &ColumnMap::default()).expect("the extract is readable").records;
    records.truncate(records.len() * tenths / 10);
    records
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn read(bencher: Bencher<'_, '_>) {
    let (name, text) = text();
    let n = records(10).len();
    bencher
        .counter(ItemsCount::new(n))
        .bench(|| source::read(black_box(&name), black_box(&text), &ColumnMap::default()));
}

#[divan::bench(args = [1, 5, 10], sample_count = 5, sample_size = 1)]
fn tell_twins_apart(bencher: Bencher<'_, '_>, tenths: usize) {
    let records = records(tenths);
    bencher
        .counter(ItemsCount::new(records.len()))
        .with_inputs(|| records.clone())
        .bench_values(|records| survey(records, &place(), NEAR_M, None));
}

#[divan::bench(args = [1, 5, 10], sample_count = 5, sample_size = 1)]
fn judge(bencher: Bencher<'_, '_>, tenths: usize) {
    let records = records(tenths);
    bencher.counter(ItemsCount::new(records.len())).bench(|| {
        records.iter().filter(|record| assess(record, None, &place()).audit.score.is_some()).count()
    });
}

#[divan::bench(args = [1, 5, 10], sample_count = 5, sample_size = 1)]
fn compare_with_nothing_known(bencher: Bencher<'_, '_>, tenths: usize) {
    let found: Vec<Found> =
        records(tenths).into_iter().map(|record| Found { record, twin: None }).collect();
    let listed: BTreeSet<&str> = found.iter().map(|found| found.record.entity.as_str()).collect();
    let known = BTreeMap::new();
    bencher
        .counter(ItemsCount::new(found.len()))
        .bench(|| compare(&found, &listed, &known, "berlin.json", &place()));
}
