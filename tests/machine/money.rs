//! Layers 7 to 9 in a whole rehearsal: what was sold is invoiced, paid, booked, reported and learnt
//! from, while one call in ten fails.

use std::path::Path;
use std::sync::Arc;

use cep_machine::app::{Origin, Setup, build};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::lifecycle::run::RunState;
use cep_machine::domain::prospect::source::DEMO_TOWN;
use cep_machine::engines::orchestrator::contract::RunInput;
use cep_machine::engines::orchestrator::engine::{AtOnce, RunOrder, Steer};
use cep_machine::runtime::clock::SystemClock;
use cep_machine::store::Store;
use cep_machine::store::error::StoreError;
use tokio::sync::watch;

use super::stage::order;

/// Prospects that the town has for this test: enough for a few clients.
const BUSINESSES: u32 = 40;

/// Runs all layers to the horizon and returns the database.
async fn rehearsed(folder: &Path) -> Store {
    let mut settings = cep_machine::config::embedded(folder).unwrap();
    settings.sim.faults.rate = 0.1;
    let database = folder.join("town.db");
    let setup = Setup {
        database: database.clone(),
        settings,
        origin: Origin::Cli,
        user: "test".to_owned(),
    };
    let parts = build(setup).map_err(|refusal| refusal.why).unwrap();
    let input = RunInput { source: DEMO_TOWN.to_owned(), limit: Some(BUSINESSES) };
    let order = RunOrder { input: Some(input), ..order(Layer::ALL.to_vec()) };
    let (_steer, steered) = watch::channel(Steer::Go);
    let report = parts.dry.run(&order, &AtOnce, steered).await.unwrap();
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.why);
    Store::open(&database, Arc::new(SystemClock::new())).unwrap()
}

fn number(store: &Store, sql: &str) -> i64 {
    store
        .read(|conn| Ok::<_, StoreError>(conn.query_row(sql, [], |row| row.get(0))?))
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_town_s_money_is_invoiced_paid_booked_reported_and_learnt_from() {
    let folder = tempfile::tempdir().unwrap();
    let store = rehearsed(folder.path()).await;
    let is = |expected: i64, sql: &str| assert_eq!(number(&store, sql), expected, "{sql}");
    let clients = number(&store, "SELECT count(*) FROM clients WHERE state = 'active'");
    assert!(clients > 0, "nobody was won, so this shows nothing");

    // Nothing of these layers is stuck, and what has not ended waits for a later day.
    is(0, "SELECT count(*) FROM units WHERE layer >= 7 AND state NOT IN ('done', 'scheduled')");
    // Every set-up was paid, and its payment went on to the onboarding.
    is(clients, "SELECT count(*) FROM invoices WHERE period = 'setup' AND state = 'paid'");
    is(
        clients,
        "SELECT count(*) FROM onboarding_tasks WHERE task = 'payment' AND done_at IS NOT NULL",
    );
    // The ledger is what was paid, each invoice once, and MRR what is subscribed.
    is(
        0,
        "SELECT (SELECT sum(minor) FROM ledger WHERE account IN ('revenue', 'tax'))
             - (SELECT sum(paid_minor) FROM invoices)",
    );
    is(
        0,
        "SELECT (SELECT sum(minor) FROM ledger WHERE account = 'mrr')
             - (SELECT sum(mrr_minor) FROM subscriptions)",
    );
    is(clients, "SELECT count(*) FROM subscriptions WHERE status = 'active'");
    // January was closed, with the MRR that the ledger had at its end and what its contacts cost.
    is(1, "SELECT count(*) FROM units WHERE layer = 8 AND kind = 'close' AND state = 'done'");
    is(
        0,
        "SELECT (SELECT json_extract(data, '$.mrr_end') FROM events WHERE kind = 'books_closed')
             - (SELECT sum(minor) FROM ledger WHERE account = 'mrr' AND at < 1769904000000)",
    );
    is(1, "SELECT count(*) FROM ledger WHERE account = 'cost' AND minor < 0");
    // Every event came in once, and each was of a client of ours.
    is(0, "SELECT count(*) - count(DISTINCT delivery_id) FROM inbox WHERE provider = 'stripe'");
    is(0, "SELECT count(*) FROM events WHERE kind IN ('billing_unmatched', 'billing_wrong_world')");
    // Every report that fell due was delivered; the first of a client has nothing before it.
    is(
        0,
        "SELECT count(*) FROM reports
           WHERE delivered_at IS NULL AND due_at <= (SELECT max(ended_at) FROM runs)",
    );
    is(
        clients,
        "SELECT count(*) FROM reports r
         WHERE json_extract(metrics, '$.metrics.posts_live.previous') IS NULL AND delivered_at IS NOT NULL
           AND starts_at = (SELECT min(starts_at) FROM reports
                            WHERE entity = r.entity AND period LIKE 'weekly:%')
           AND period LIKE 'weekly:%'",
    );
    let monthly = "SELECT count(*) FROM reports WHERE delivered_at IS NOT NULL AND period = 'monthly:2026-01'";
    assert!(number(&store, monthly) > 0, "January was reported to those who were live in it");
    is(0, "SELECT count(*) FROM reports
           WHERE delivered_at IS NOT NULL AND json_extract(metrics, '$.metrics.calls.current') IS NULL");
    // Every contact's window has closed by the horizon, so each one counts as won or lost.
    is(
        0,
        "SELECT (SELECT sum(successes + failures) FROM variants)
             - (SELECT count(*) FROM prospects WHERE first_contact_at IS NOT NULL)",
    );
    assert!(number(&store, "SELECT count(*) FROM insights WHERE kind = 'bottleneck'") > 0);
}
