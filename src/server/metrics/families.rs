//! Turns the machine's figures into metric families. An unknown figure has no sample: 0 would lie.

use prometheus::core::Collector as _;
use prometheus::proto::MetricFamily;
use prometheus::{CounterVec, GaugeVec, Opts};

use crate::app::gauges::{Gauges, WorldGauges};
use crate::domain::lifecycle::unit::UnitState;

/// One family under construction.
struct Family {
    values: Option<GaugeVec>,
}

impl Family {
    fn new(name: &str, help: &str, labels: &[&str]) -> Self {
        Self { values: GaugeVec::new(Opts::new(name, help), labels).ok() }
    }

    fn set(&self, labels: &[&str], value: f64) {
        if let Some(values) = &self.values {
            values.with_label_values(labels).set(value);
        }
    }

    fn collect(self) -> Vec<MetricFamily> {
        self.values.map(|values| values.collect()).unwrap_or_default()
    }
}

/// Returns a family of counts that only grow.
fn counted<const N: usize>(
    name: &str,
    help: &str,
    labels: &[&str; N],
    counts: &[([String; N], u64)],
) -> Vec<MetricFamily> {
    let Ok(family) = CounterVec::new(Opts::new(name, help), labels) else { return Vec::new() };
    for (values, n) in counts {
        family.with_label_values(values).inc_by(number(*n));
    }
    family.collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^52")]
const fn number(n: u64) -> f64 {
    n as f64
}

/// Returns every family of the machine's figures.
pub(super) fn of(gauges: &Gauges) -> Vec<MetricFamily> {
    let mut families = process(gauges);
    families.extend(work(&gauges.worlds));
    families.extend(coherence(&gauges.worlds));
    families.extend(limits(&gauges.worlds));
    // A family without a sample would be a name without a figure.
    families.retain(|family| !family.get_metric().is_empty());
    families
}

fn process(gauges: &Gauges) -> Vec<MetricFamily> {
    let mut families = Vec::new();
    let mut one = |name: &str, help: &str, value: Option<f64>| {
        let family = Family::new(name, help, &[]);
        if let Some(value) = value {
            family.set(&[], value);
        }
        families.extend(family.collect());
    };
    let started_s = gauges.started_at_s;
    one("cep_live_armed", "Whether this process works the live world.", Some(flag(gauges.armed)));
    one("cep_store_wal_bytes", "Bytes in the write-ahead log.", Some(number(gauges.wal_bytes)));
    one("cep_store_database_bytes", "Bytes of the database file.", gauges.db_bytes.map(number));
    let commit_s = number(gauges.commit_us) / 1e6;
    one("cep_store_commit_seconds", "Time of the writer's latest commit.", Some(commit_s));
    let (backup_at, backup_ok) = gauges.backup.unzip();
    one("cep_backup_timestamp_seconds", "When a backup was last tried.", backup_at);
    one("cep_backup_ok", "Whether the last backup was made and verified.", backup_ok.map(flag));
    one("process_resident_memory_bytes", "Resident memory.", gauges.resident_bytes.map(number));
    one("process_start_time_seconds", "Start of the process since the epoch.", Some(started_s));
    families.extend(counted(
        "cep_log_dropped_total",
        "Log lines dropped because the disk could not keep up.",
        &[],
        &[([], gauges.dropped)],
    ));
    let info = Family::new("cep_build_info", "The version that runs.", &["version"]);
    info.set(&[env!("CARGO_PKG_VERSION")], 1.0);
    families.extend(info.collect());
    families
}

const fn flag(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

fn work(worlds: &[WorldGauges]) -> Vec<MetricFamily> {
    let layer = ["mode", "layer"];
    let units = Family::new("cep_units", "Units by state.", &["mode", "layer", "state"]);
    let mut attempts = Vec::new();
    let effects = Family::new(
        "cep_effects",
        "Effects by what is known of them; simulated ones are of the dry world.",
        &["mode", "layer", "state"],
    );
    let tries = Family::new(
        "cep_next_retry_timestamp_seconds",
        "When the next retry of a layer comes due, on the mode's clock.",
        &layer,
    );
    let due = Family::new("cep_due_units", "Units that could be worked now.", &["mode"]);
    let oldest = Family::new(
        "cep_oldest_due_age_seconds",
        "How long the oldest due unit has been due, on the mode's clock.",
        &["mode"],
    );
    for world in worlds {
        let mode = world.mode.as_column();
        due.set(&[mode], number(world.counts.due));
        if let Some(age_s) = world.oldest_due_age_s {
            oldest.set(&[mode], age_s);
        }
        for row in &world.layers {
            let layer = row.layer.number().to_string();
            for state in UnitState::ALL {
                let n = number(row.units.of(state));
                units.set(&[mode, &layer, state.as_column()], n);
            }
            for (outcome, n) in [("ok", row.attempts.ok), ("failed", row.attempts.failed)] {
                attempts.push(([mode, &layer, outcome].map(str::to_owned), n));
            }
            effects.set(&[mode, &layer, "confirmed"], number(row.effects.confirmed));
            effects.set(&[mode, &layer, "simulated"], number(row.effects.simulated));
            effects.set(&[mode, &layer, "unknown"], number(row.effects.unknown));
            if let Some(next) = &row.next_retry {
                #[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch")]
                tries.set(&[mode, &layer], next.run_at.0 as f64 / 1_000.0);
            }
        }
    }
    let attempts = counted(
        "cep_attempts_total",
        "Attempts that ended, by how, over the whole history of the database.",
        &["mode", "layer", "outcome"],
        &attempts,
    );
    let gauges = [units, effects, tries, due, oldest].into_iter().flat_map(Family::collect);
    gauges.chain(attempts).collect()
}

fn coherence(worlds: &[WorldGauges]) -> Vec<MetricFamily> {
    let labels = ["mode", "container"];
    let phi = Family::new("cep_phi_sync_ratio", "Φ_sync; absent while unknown.", &["mode"]);
    let known = Family::new("cep_phi_containers_known", "Containers with a health.", &["mode"]);
    let health = Family::new("cep_container_health_ratio", "Health of a container.", &labels);
    let conversion =
        Family::new("cep_container_conversion_ratio", "Achieved ÷ target, at most 1.", &labels);
    let efficiency =
        Family::new("cep_container_efficiency_ratio", "Clean units ÷ ended units.", &labels);
    let errors = Family::new("cep_container_error_ratio", "Failed attempts ÷ attempts.", &labels);
    for world in worlds {
        let mode = world.mode.as_column();
        if let Some(value) = world.phi.value {
            phi.set(&[mode], value);
        }
        known.set(&[mode], f64::from(world.phi.containers_known));
        for row in &world.containers {
            let labels = [mode, row.container.name()];
            for (family, value) in [
                (&health, row.health),
                (&conversion, row.conversion.value),
                (&efficiency, row.efficiency.value),
                (&errors, row.error_rate.value),
            ] {
                if let Some(value) = value {
                    family.set(&labels, value);
                }
            }
        }
    }
    let all = [phi, known, health, conversion, efficiency, errors];
    all.into_iter().flat_map(Family::collect).collect()
}

fn limits(worlds: &[WorldGauges]) -> Vec<MetricFamily> {
    let tokens = Family::new(
        "cep_rate_tokens",
        "Calls that a receiver would be sent at once, as last counted.",
        &["mode", "receiver"],
    );
    let breakers = Family::new(
        "cep_breaker_state",
        "Circuit of a receiver: 0 closed, 1 half-open, 2 open.",
        &["mode", "receiver"],
    );
    let leases = Family::new(
        "cep_lease_seconds",
        "Seconds until a held lease ends unless it is renewed.",
        &["mode", "lease"],
    );
    for world in worlds {
        let mode = world.mode.as_column();
        for (receiver, n) in &world.tokens {
            tokens.set(&[mode, receiver], *n);
        }
        for (receiver, state) in &world.breakers {
            breakers.set(&[mode, receiver], f64::from(*state));
        }
        for (lease, seconds) in &world.leases {
            leases.set(&[mode, lease], *seconds);
        }
    }
    [tokens, breakers, leases].into_iter().flat_map(Family::collect).collect()
}
