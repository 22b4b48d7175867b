//! The provider's published objects, each with a clear result, in any order.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::stage::Desk;

/// The recorded events; `None`, said aloud, when they are absent.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn recorded() -> Option<Vec<Value>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/webhooks-stripe");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: {} is absent", folder.display());
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with('0'));
    paths.sort();
    Some(
        paths
            .iter()
            .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
            .collect(),
    )
}

/// The subscription of the published objects has its collection paused throughout, so it counts no
/// MRR; 99.00 was paid at once and all of it given back in January (the instant of the first refund
/// that told the full sum). The checkout names no client of ours, and changes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_published_event_has_its_result_in_any_order() {
    let Some(events) = recorded() else { return };
    for turn in [0, 3, 5, 7] {
        let desk = Desk::open();
        for index in 0..events.len() {
            desk.deliver(&events[(index + turn) % events.len()]).await;
            desk.book().await;
        }
        assert_eq!(
            desk.months(),
            ["2026-01 USD refund -9900", "2026-01 USD revenue 9900"],
            "{turn}"
        );
        assert_eq!(
            desk.lines(
                "SELECT u.entity || ' ' || e.kind FROM events e JOIN units u ON u.id = e.unit_id
                 WHERE u.kind = 'delivery' AND e.level IN ('info', 'warn', 'error')
                   AND e.kind NOT IN ('unit_done', 'unit_started') ORDER BY u.entity, e.kind"
            ),
            [
                "evt_1_01 subscription_told",
                "evt_1_02 invoice_paid",
                "evt_1_03 payment_failed",
                "evt_1_04 subscription_told",
                "evt_1_05 charge_refunded",
                "evt_1_06 client_standing",
                "evt_1_06 subscription_told",
                "evt_1_07 charge_refunded",
                "evt_1_08 invoice_paid",
            ],
            "{turn}"
        );
    }
}
