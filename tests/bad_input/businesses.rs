//! Hostile strings as everything that a source can say of a business, through all nine layers.

use cep_machine::domain::layer::Layer;
use cep_machine::domain::lifecycle::run::RunState;
use cep_machine::domain::text::clean;
use serde_json::{Value, json};

use super::clean::{assert_clean, assert_database, assert_value};
use super::desk::{Desk, naughty_strings, run};
use super::screen;

/// Three elements for each string: as what is read, as how to reach it, as a brand.
fn elements(n: usize, text: &str) -> [Value; 3] {
    let place = |row: usize, tags: Value| {
        let id = 3 * n + row + 1;
        #[expect(clippy::cast_precision_loss, reason = "some thousand")]
        let (lat, lon) = (46.0 + 0.002 * n as f64, 7.0 + 0.1 * row as f64);
        json!({ "type": "node", "id": id, "lat": lat, "lon": lon, "tags": tags })
    };
    [
        place(
            0,
            json!({
                "amenity": "dentist", "name": text, "description": text, "opening_hours": text,
                "addr:street": text, "addr:housenumber": text, "addr:city": text,
                "addr:postcode": text, "email": format!("desk@b{n}.example"),
                "phone": format!("+42326{n:05}"), text: text,
            }),
        ),
        place(
            1,
            json!({
                "amenity": "dentist", "name": format!("Practice {n}"), "phone": text,
                "website": text, "email": text, "contact:linkedin": text, "addr:country": text,
            }),
        ),
        place(2, json!({ "amenity": text, "name": format!("Shop {n}"), "brand": text })),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_map_data_go_through_nine_layers_with_a_row_or_a_reason_for_each_element() {
    let Some(all) = naughty_strings() else { return };
    // A rehearsal of every sixth, and of those made to break a terminal, takes seconds.
    let made = all.len() - 6;
    let rest = all.iter().take(made).step_by(6).chain(&all[made..]);
    let hostile: Vec<String> = rest.cloned().collect();
    let desk = Desk::new();
    let all: Vec<Value> =
        hostile.iter().enumerate().flat_map(|(n, text)| elements(n, text)).collect();
    let answer = json!({ "version": 0.6, "elements": all }).to_string();
    let input = desk.write("naughty.json", answer);
    let machine = desk.machine();
    let report = run(&machine, &Layer::ALL, Some(&input)).await;
    let dead =
        desk.texts("SELECT layer || ': ' || coalesce(why, '') FROM units WHERE state = 'dead'");
    assert_eq!(report.state, RunState::Succeeded, "{:?}", dead.first());

    assert_eq!(desk.count("SELECT count(*) FROM prospects"), all.len(), "nothing is lost");
    let silent = "SELECT count(*) FROM prospects
        WHERE stage IN ('left_out', 'not_qualified', 'lost', 'no_channel')
        AND coalesce(reason, conclusion, '') = ''";
    assert_eq!(desk.count(silent), 0, "whoever is left out has a reason");
    let sent = desk.count("SELECT count(*) FROM messages");
    assert!(sent > 30, "{sent} messages: hardly anything got as far as layer 3");
    assert!(desk.count("SELECT count(*) FROM clients") > 0, "nobody got as far as layer 5");

    for (n, text) in hostile.iter().enumerate() {
        let sql = format!("SELECT name FROM prospects WHERE entity = 'osm:node/{}'", 3 * n + 1);
        let shown = desk.texts(&sql).remove(0);
        let expected = clean(text, 1_000);
        let nameless = expected.is_empty() && shown.starts_with("(node/");
        assert!(shown == expected || nameless, "{text:?} is called {shown:?}");
    }
    assert_database(&desk.database());
    screen::assert_every_screen(&machine).await;
    answers_of_the_binary(&desk);
}

fn answers_of_the_binary(desk: &Desk) {
    for question in ["status", "units", "errors", "effects", "events", "runs", "phi"] {
        let said = desk.cep(&[question]);
        assert_eq!(said.code, 0, "{question}: {}", said.err);
        let said = desk.cep(&[question, "--json"]);
        assert_eq!(said.code, 0, "{question} --json: {}", said.err);
        for line in said.out.lines() {
            assert_value(&serde_json::from_str(line).unwrap(), question);
        }
    }
    let log = std::fs::read_to_string(desk.path("state/cep/cep.log")).unwrap();
    assert_clean(&log, "the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hostile_string_is_read_audited_and_pitched_and_none_is_lost() {
    let Some(hostile) = naughty_strings() else { return };
    let desk = Desk::new();
    let all: Vec<Value> =
        hostile.iter().enumerate().flat_map(|(n, text)| elements(n, text)).collect();
    let input = desk.write("naughty.json", json!({ "elements": all }).to_string());
    let machine = desk.machine();
    let layers = [Layer::ProspectResearch, Layer::PitchGenerator];
    let report = run(&machine, &layers, Some(&input)).await;
    assert_eq!(report.state, RunState::Succeeded, "{report:?}");
    assert_eq!(desk.count("SELECT count(*) FROM prospects"), all.len(), "nothing is lost");
    let pitched = desk.count("SELECT count(*) FROM pitches");
    assert!(pitched > hostile.len() / 2, "{pitched} pitches");
    assert_database(&desk.database());
}

#[test]
fn a_hostile_table_is_imported_by_the_binary_with_a_row_or_a_reason_for_each_line() {
    let Some(hostile) = naughty_strings() else { return };
    let desk = Desk::new();
    let mut table = csv::Writer::from_writer(Vec::new());
    let header = ["id", "name", "category", "email", "phone", "website", "address", "description"];
    table.write_record(header).unwrap();
    for (n, text) in hostile.iter().enumerate() {
        let (id, mail) = (format!("a-{n}"), format!("desk@b{n}.example"));
        table.write_record([&id, text, "dental", &mail, "", "", text, text]).unwrap();
        let (id, name) = (format!("b-{n}"), format!("Practice {n}"));
        table.write_record([&id, &name, "dental", text, text, text, text, text]).unwrap();
    }
    desk.write("naughty.csv", table.into_inner().unwrap());
    let said = desk.cep(&["run", "1", "--input", "naughty.csv"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(desk.count("SELECT count(*) FROM prospects"), 2 * hostile.len());
    let silent = "SELECT count(*) FROM prospects
        WHERE stage IN ('left_out', 'not_qualified') AND coalesce(reason, '') = ''";
    assert_eq!(desk.count(silent), 0);
    assert_database(&desk.database());
    answers_of_the_binary(&desk);
}
