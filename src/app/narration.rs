//! Tells what the demo does at this moment, from what the picture shows and nothing else.

use super::pace::Control;
use super::snapshot::{DemoNarration, Snapshot};
use crate::domain::layer::Layer;
use crate::domain::time::DAY_MS;

/// Returns the narration of `snapshot`.
pub(super) fn tell(snapshot: &Snapshot, control: Control) -> DemoNarration {
    let reached = snapshot.layers.iter().filter(|row| row.units.done > 0).count();
    let ended = snapshot.run.as_ref().is_some_and(|run| run.ended_wall.is_some());
    DemoNarration {
        text: text(snapshot, ended),
        stage: u32::try_from(reached).unwrap_or(9).max(1),
        stages: 9,
        paused: control.paused,
        speed: control.speed,
        ended,
    }
}

fn text(snapshot: &Snapshot, ended: bool) -> String {
    if ended {
        return match snapshot.phi.value {
            Some(phi) => format!("The path is walked: Φ_sync {phi:.4} as computed from its rows."),
            None => "The path is walked; Φ_sync is unknown, a container has no figures.".to_owned(),
        };
    }
    let clock = snapshot.dry_clock;
    let day = clock.now.since(clock.start).div_euclid(DAY_MS) + 1;
    let latest = snapshot.events.iter().rev().find_map(|event| event.layer);
    let layer = latest.unwrap_or(Layer::ProspectResearch);
    let done =
        snapshot.layers.iter().find(|row| row.layer == layer).map_or(0, |row| row.units.done);
    format!("Day {day}: {} ({done} units done)", sentence(layer))
}

const fn sentence(layer: Layer) -> &'static str {
    match layer {
        Layer::ProspectResearch => "the town's businesses are read, matched, audited and scored",
        Layer::PitchGenerator => "each weak profile gets a pitch that claims only what was seen",
        Layer::OutreachEngine => "messages go out within caps and hours; replies stop a sequence",
        Layer::BookingHandler => "signed booking notices become meetings with invites",
        Layer::OnboardingFlow => "clients who signed are taken through their six tasks to go-live",
        Layer::GbpOptimizer => "profiles are compared with complete ones, mended and read again",
        Layer::ReportingEngine => "clients get what was measured, against the period before",
        Layer::FinanceTracker => "invoices go out, signed payment notices come in, MRR is booked",
        Layer::SelfLearning => "bookings are counted for each pitch variant and shift the choice",
    }
}
