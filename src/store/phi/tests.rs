use super::*;
use crate::domain::time::{DAY_MS, HOUR_MS};
use crate::store::coherence;

/// A database with nothing in it but what a test writes.
fn database() -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let conn = crate::store::open::writer(&folder.path().join("t.db")).unwrap();
    (folder, conn)
}

/// The instant at which the latest unit of most tests ends.
const END: i64 = 1_000 * DAY_MS;

/// A unit that ended at `at`, with one attempt for each of `attempts` ending then too.
struct Ended<'a> {
    layer: u8,
    state: &'a str,
    skipped_by: Option<&'a str>,
    operated: bool,
    at: i64,
    attempts: &'a [&'a str],
}

const DONE: Ended<'_> = Ended {
    layer: 1,
    state: "done",
    skipped_by: None,
    operated: false,
    at: END,
    attempts: &["ok"],
};

fn put(conn: &Connection, unit: &Ended<'_>) {
    let faulted = unit.attempts.iter().any(|one| ["failed", "timed_out", "lost"].contains(one));
    let ended_at = (unit.state != "held").then_some(unit.at);
    let id: i64 = conn
        .query_row(
            "INSERT INTO units (mode, layer, kind, entity, version, label, state, skipped_by,
               faulted, operated, created_at, ended_at)
             VALUES ('dry', ?1, 'k', (SELECT count(*) FROM units), 'v', 'l', ?2, ?3, ?4, ?5, 0, ?6)
             RETURNING id",
            params![unit.layer, unit.state, unit.skipped_by, faulted, unit.operated, ended_at],
            |row| row.get(0),
        )
        .unwrap();
    for (number, state) in (1_i64..).zip(unit.attempts) {
        conn.execute(
            "INSERT INTO attempts (unit_id, mode, layer, number, state, epoch, owner, trace_id, at,
               ended_at, wall_at)
             VALUES (?1, 'dry', ?2, ?3, ?4, 1, 'o', 't', 0, ?5, 0)",
            params![id, unit.layer, number, state, unit.at],
        )
        .unwrap();
    }
}

fn concluded(conn: &Connection, conclusion: &str, at: i64) {
    conn.execute(
        "INSERT INTO prospects (mode, entity, name, category, zone, language, source, attribution,
           stage, concluded_at, conclusion, created_at, changed_at)
         VALUES ('dry', (SELECT count(*) FROM prospects), 'n', 'c', 'UTC', 'en', 's', 'a',
           'contacted', ?1, ?2, 0, 0)",
        params![at, conclusion],
    )
    .unwrap();
}

fn sales(conn: &Connection) -> ContainerInputs {
    inputs(conn, Mode::Dry, Container::Sales).unwrap()
}

fn layer_one(conn: &Connection) -> LayerInputs {
    sales(conn).layers[0]
}

#[test]
fn an_empty_database_has_an_unknown_phi_and_no_container() {
    let (_folder, conn) = database();
    let phi = current(&conn, Mode::Dry).unwrap();
    assert_eq!((phi.value, phi.containers_known()), (None, 0));
    assert!(phi.containers.iter().all(|one| one.inputs.window_end.is_none()));
}

#[test]
fn the_window_ends_at_the_latest_ended_unit_and_is_open_at_its_start() {
    let (_folder, conn) = database();
    for at in [END, END - 7 * DAY_MS + 1, END - 7 * DAY_MS, END - 30 * DAY_MS] {
        put(&conn, &Ended { at, ..DONE });
    }
    assert_eq!(sales(&conn).window_end, Some(Moment(END)));
    let layer = layer_one(&conn);
    assert_eq!((layer.units.n, layer.attempts.n, layer.done), (2, 2, 2));
    assert_eq!(layer.units.ids, Some(IdRange { first: 1, last: 2 }));
}

#[test]
fn a_unit_skipped_by_rule_counts_nowhere_and_one_skipped_by_a_person_does() {
    let (_folder, conn) = database();
    put(&conn, &DONE);
    let later = END + HOUR_MS;
    for (skipped_by, at) in [("rule", later), ("person", END)] {
        let skipped_by = Some(skipped_by);
        put(&conn, &Ended { state: "skipped", skipped_by, at, attempts: &[], ..DONE });
    }
    assert_eq!(sales(&conn).window_end, Some(Moment(END)));
    let layer = layer_one(&conn);
    assert_eq!((layer.units.hits, layer.units.n), (1, 2));
}

#[test]
fn attempts_deferred_cancelled_or_fenced_count_nowhere() {
    let (_folder, conn) = database();
    put(&conn, &Ended { attempts: &["deferred", "cancelled", "fenced", "lost", "ok"], ..DONE });
    let layer = layer_one(&conn);
    assert_eq!((layer.attempts.hits, layer.attempts.n), (1, 2));
    assert_eq!((layer.units.hits, layer.units.n, layer.done), (0, 1, 1));
}

#[test]
fn a_unit_that_needed_an_operator_is_done_but_not_clean() {
    let (_folder, conn) = database();
    put(&conn, &Ended { operated: true, ..DONE });
    let layer = layer_one(&conn);
    assert_eq!((layer.units.hits, layer.units.n, layer.done), (0, 1, 1));
}

#[test]
fn a_held_unit_counts_as_ended_without_success_at_the_end_of_its_latest_attempt() {
    let (_folder, conn) = database();
    put(&conn, &DONE);
    put(&conn, &Ended { state: "held", attempts: &["timed_out"], at: END + 5, ..DONE });
    assert_eq!(sales(&conn).window_end, Some(Moment(END + 5)));
    let layer = layer_one(&conn);
    assert_eq!((layer.units.hits, layer.units.n, layer.done), (1, 2, 1));
    assert_eq!(layer.units.ids, Some(IdRange { first: 1, last: 2 }));
}

#[test]
fn sales_counts_the_bookings_of_eight_weeks() {
    let (_folder, conn) = database();
    put(&conn, &DONE);
    for (conclusion, at) in [
        ("booked", END),
        ("expired", END - 56 * DAY_MS + 1),
        ("booked", END - 56 * DAY_MS),
        ("booked", END + 1),
    ] {
        concluded(&conn, conclusion, at);
    }
    let conversion = sales(&conn).conversion[0];
    assert_eq!((conversion.hits, conversion.n), (1, 2));
}

#[test]
fn a_withdrawn_invoice_is_not_due_and_a_retried_card_that_pays_is_paid() {
    let (_folder, conn) = database();
    put(&conn, &Ended { layer: 8, ..DONE });
    for (state, paid_at) in [("paid", Some(END)), ("failed", None), ("void", None)] {
        conn.execute(
            "INSERT INTO invoices (mode, entity, period, net_minor, tax_minor, total_minor,
               currency, lines, due_at, paid_at, state)
             VALUES ('dry', ?1, 'setup', 1, 0, 1, 'USD', '[]', ?2, ?3, ?1)",
            params![state, END - 1, paid_at],
        )
        .unwrap();
    }
    let finance = inputs(&conn, Mode::Dry, Container::Finance).unwrap();
    assert_eq!(finance.conversion_counts(), (1, 2));
}

#[test]
fn the_other_world_is_never_counted() {
    let (_folder, conn) = database();
    put(&conn, &DONE);
    assert_eq!(inputs(&conn, Mode::Live, Container::Sales).unwrap().window_end, None);
}

#[test]
fn every_count_follows_an_index_and_scans_no_table() {
    let (_folder, conn) = database();
    let of_container = Container::ALL.into_iter().flat_map(conversions).map(|one| one.sql);
    for sql in [LATEST_ENDED, LATEST_HELD, ATTEMPTS, UNITS, HELD].into_iter().chain(of_container) {
        let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps: Vec<String> = plan
            .query_map(rusqlite::params_from_iter(vec![0; plan.parameter_count()]), |row| {
                row.get(3)
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert!(steps.iter().all(|step| !step.starts_with("SCAN")), "{sql}: {steps:?}");
    }
    let plan: Vec<String> = conn
        .prepare(&format!("EXPLAIN QUERY PLAN {UNITS}"))
        .unwrap()
        .query_map(params![0, 0, 0, 0], |row| row.get(3))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(plan.iter().any(|step| step.contains("units_counted")), "{plan:?}");
}

#[test]
fn a_stored_value_is_the_one_of_the_rows_and_keeps_its_inputs() {
    let (_folder, conn) = database();
    put(&conn, &DONE);
    concluded(&conn, "booked", END);
    let phi = coherence::record(&conn, Mode::Dry, None, Moment(END), Moment(7)).unwrap();
    assert_eq!(phi, current(&conn, Mode::Dry).unwrap());
    let trend = coherence::trend(&conn, Mode::Dry, 60).unwrap();
    assert_eq!(trend, [(Moment(END), None)]);
    let inputs: String =
        conn.query_row("SELECT inputs FROM coherence_metrics", [], |row| row.get(0)).unwrap();
    let inputs: serde_json::Value = serde_json::from_str(&inputs).unwrap();
    assert_eq!(inputs["containers"][0]["inputs"]["conversion"][0]["n"], 1);
    assert_eq!(inputs["containers"][1]["health"], serde_json::Value::Null);
}

#[test]
fn an_earlier_moment_counts_what_had_ended_and_what_had_been_done_by_then() {
    let (_folder, conn) = database();
    for hour in 1..=4 {
        put(&conn, &Ended { at: END - hour * HOUR_MS, ..DONE });
    }
    put(&conn, &Ended { attempts: &["failed", "failed"], state: "dead", ..DONE });
    concluded(&conn, "booked", END - 3 * HOUR_MS);
    concluded(&conn, "declined", END);
    let then = as_of(&conn, Mode::Dry, Moment(END - 2 * HOUR_MS)).unwrap();
    let now = current(&conn, Mode::Dry).unwrap();
    let of = |phi: &Phi| {
        let inputs = &phi.containers[0].inputs;
        let layer = inputs.layers[0];
        (inputs.window_end, layer.attempts.hits, layer.attempts.n, inputs.conversion_counts())
    };
    assert_eq!(of(&then), (Some(Moment(END - 2 * HOUR_MS)), 0, 3, (1, 1)));
    assert_eq!(of(&now), (Some(Moment(END)), 2, 6, (1, 2)));
    assert_eq!(as_of(&conn, Mode::Dry, Moment(END)).unwrap(), now);
}
