//! Judges whether the golden path has been walked, by figures alone.

use crate::app::Leftovers;
use crate::app::snapshot::Snapshot;
use crate::domain::lifecycle::run::RunState;
use crate::domain::market::MarketName;
use crate::domain::phi::Band;

/// Returns what fell short, each with its figure; nothing when the path has been walked.
///
/// Only the warm town has to come to something in every layer and to a Φ_sync: in a realistic market
/// nobody may have booked.
pub(super) fn shortfalls(snapshot: &Snapshot, left: &Leftovers, market: MarketName) -> Vec<String> {
    let barred = market == MarketName::Warm;
    let mut short = Vec::new();
    if let Some(run) = &snapshot.run
        && run.state != RunState::Succeeded
    {
        short.push(format!("run {} {}", run.id, run.state.as_column().replace('_', " ")));
    }
    for row in &snapshot.layers {
        if barred && row.units.done == 0 {
            short.push(format!("L{} {} has no unit done", row.layer.number(), row.layer));
        }
    }
    let units = &left.units;
    if left.due() > 0 {
        short.push(format!(
            "{} units are still due (ready {}, leased {}, retrying {}, waiting {}, planned {}, \
             stranded {})",
            left.due(),
            units.ready,
            units.leased,
            units.retry_wait,
            units.waiting,
            left.planned,
            left.stranded
        ));
    }
    if units.dead + units.held > 0 {
        short.push(format!("{} units are dead, {} are held", units.dead, units.held));
    }
    let bar = Band::MachineComplete.floor();
    match snapshot.phi.value {
        Some(phi) if phi >= bar => {}
        Some(_) | None if !barred => {}
        Some(phi) => short.push(format!("Φ_sync {phi:.4} is below {bar:.2}")),
        None => short.push(format!(
            "Φ_sync is unknown: {} of 3 containers have figures",
            snapshot.phi.containers_known
        )),
    }
    short
}
