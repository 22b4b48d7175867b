use super::*;
use crate::domain::change::Change;
use crate::domain::outcome::Next;
use crate::domain::prospect::{ColumnMap, Found, source};
use crate::domain::sales::ProfileAudit;

const NOW: Moment = Moment(1_767_603_600_000);

fn entry(tags: &str) -> Entry {
    let text = format!(
        r#"{{"elements":[{{"type":"node","id":1,"lat":45.4,"lon":-75.7,"tags":{{"amenity":"dentist","name":"Acme","addr:country":"CA"{tags}}}}}]}}"#
    );
    let record = source::read("x.json", &text, &ColumnMap::default()).unwrap().records.remove(0);
    let found = Found { record, twin: None };
    Entry { found, source: "x.json".to_owned(), digest: "d".to_owned() }
}

fn judged_as(entry: &Entry, existing: Option<Existing>, version: &str) -> StepOutcome {
    let research = Research {
        default_country: "CA".to_owned(),
        zone: "America/Toronto".to_owned(),
        language: "en".to_owned(),
        dedupe_radius_m: 75.0,
    };
    judge(entry, existing, &Case { research: &research, campaign: "intro", version, now: NOW })
}

fn row(outcome: &StepOutcome) -> Prospect {
    let rows = outcome.changes.iter().filter_map(|change| {
        let Change::Sales(SalesChange::Prospect(row)) = change else { return None };
        Some((**row).clone())
    });
    rows.collect::<Vec<_>>().remove(0)
}

fn audits(outcome: &StepOutcome) -> Vec<&ProfileAudit> {
    let audits = outcome.changes.iter().filter_map(|change| {
        let Change::Sales(SalesChange::Profile(audit)) = change else { return None };
        Some(audit)
    });
    audits.collect()
}

/// What the database holds after `entry` was judged and the prospect came to `stage`.
fn after(entry: &Entry, stage: Option<Stage>) -> Existing {
    let outcome = judged_as(entry, None, "found");
    let mut prospect = row(&outcome);
    prospect.stage = stage.unwrap_or(prospect.stage);
    Existing {
        prospect,
        facts: audits(&outcome).first().map(|audit| audit.facts.clone()),
        pitch: None,
        suppressed: None,
        pending: Pending::of_a_test("osm:node/1"),
    }
}

fn events(outcome: &StepOutcome) -> Vec<&str> {
    outcome.events.iter().map(|event| event.kind.as_str()).collect()
}

const PHONE: &str = r#","phone":"613-241-6222""#;

#[test]
fn a_listing_that_changed_updates_its_fields_and_gets_an_audit_of_its_own() {
    let before = after(&entry(PHONE), None);
    let more = entry(r#","phone":"613-241-6223","website":"https://acme.example""#);
    let outcome = judged_as(&more, Some(before), "read/7");
    assert_eq!(outcome.next, Next::Done);
    assert_eq!(row(&outcome).phone.as_deref(), Some("+16132416223"));
    assert_eq!(audits(&outcome)[0].version, "found/7");
    assert_eq!(events(&outcome), ["prospect_updated"]);
    assert!(outcome.units.is_empty(), "its pitch is planned already");
}

#[test]
fn an_audit_that_would_say_the_same_again_is_not_written() {
    let before = after(&entry(PHONE), None);
    let moved = entry(r#","phone":"613-241-6222","note":"corner""#);
    assert!(audits(&judged_as(&moved, Some(before), "read/7")).is_empty());
}

#[test]
fn what_was_left_out_and_now_qualifies_gets_a_pitch() {
    let chain = entry(r#","brand":"Acme","phone":"613-241-6222""#);
    let before = after(&chain, None);
    assert_eq!(before.prospect.stage, Stage::LeftOut);
    let outcome = judged_as(&entry(PHONE), Some(before), "read/7");
    assert_eq!(row(&outcome).stage, Stage::Qualified);
    assert_eq!(outcome.units[0].name.version, "pitch/intro");
    assert_eq!(audits(&outcome)[0].version, "found");
    let stopped = Existing { pitch: Some(UnitState::Skipped), ..after(&chain, None) };
    let outcome = judged_as(&entry(PHONE), Some(stopped), "read/8");
    assert_eq!(outcome.units[0].name.version, "pitch/intro/read/8");
}

#[test]
fn what_qualified_and_is_closed_now_loses_its_pitch() {
    let before = after(&entry(PHONE), None);
    let closed = entry(r#","phone":"613-241-6222","disused:amenity":"dentist""#);
    let outcome = judged_as(&closed, Some(before), "read/7");
    assert_eq!(row(&outcome).stage, Stage::LeftOut);
    assert_eq!(outcome.stops[0].0.version, "pitch/intro");
    assert_eq!(outcome.stops[0].1, "closed: disused:amenity=dentist");
}

#[test]
fn the_outreach_to_a_business_that_closed_stops_with_the_reason() {
    let closed = entry(r#","phone":"613-241-6222","disused:amenity":"dentist""#);
    for stage in [Stage::Pitched, Stage::Contacted] {
        let outcome = judged_as(&closed, Some(after(&entry(PHONE), Some(stage))), "read/7");
        assert_eq!(outcome.next, Next::Done);
        assert_eq!(outcome.stops[0].1, "closed: disused:amenity=dentist");
        let stages = outcome.changes.iter().any(|change| {
            matches!(change, Change::Sales(SalesChange::ProspectStage {
                stage: Stage::Lost, reason: Some(reason), ..
            }) if reason == "closed: disused:amenity=dentist")
        });
        assert!(stages, "{:?}", outcome.changes);
        assert_eq!(events(&outcome), ["outreach_stopped"]);
    }
    let client = judged_as(&closed, Some(after(&entry(PHONE), Some(Stage::Client))), "read/7");
    assert!(client.stops.is_empty());
    assert_eq!(events(&client), ["closed_in_listing"]);
}

#[test]
fn who_is_contacted_already_is_not_taken_for_a_duplicate() {
    let mut twin = entry(PHONE);
    twin.found.twin = Some(("osm:node/2".to_owned(), Likeness::Phone));
    let contacted = after(&entry(PHONE), Some(Stage::Contacted));
    let outcome = judged_as(&twin, Some(contacted), "read/7");
    assert_eq!((outcome.next, outcome.stops.len()), (Next::Done, 0));
}

#[test]
fn a_suppression_follows_the_business_to_its_new_address() {
    let old = entry(r#","email":"old@acme.example""#);
    let known = Existing {
        suppressed: Some("old@acme.example".to_owned()),
        ..after(&old, Some(Stage::Contacted))
    };
    let outcome = judged_as(&entry(r#","email":"new@acme.example""#), Some(known), "read/7");
    let suppressed = outcome.changes.iter().any(|change| {
        matches!(change, Change::Sales(SalesChange::Suppress(row)) if row.address == "new@acme.example")
    });
    assert!(suppressed, "{:?}", outcome.changes);
    assert_eq!(row(&outcome).email.as_deref(), Some("new@acme.example"));
}
