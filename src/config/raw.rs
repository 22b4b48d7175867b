//! Defines what a settings file may say: the same shape as `config/default.yaml`, every key
//! optional, no key unknown. What the values mean is the business of `settings`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use crate::domain::fault::ScriptedFault;

/// Lays a file's settings over those of the file below it.
pub(super) trait Overlay {
    /// Takes over everything that `upper` says.
    fn overlay(&mut self, upper: Self);
}

impl<T> Overlay for Option<T> {
    fn overlay(&mut self, upper: Self) {
        if upper.is_some() {
            *self = upper;
        }
    }
}

impl<T: Overlay + Default> Overlay for BTreeMap<String, T> {
    fn overlay(&mut self, upper: Self) {
        for (name, value) in upper {
            self.entry(name).or_default().overlay(value);
        }
    }
}

macro_rules! section {
    ($name:ident { $($field:ident: $type:ty),+ $(,)? }) => {
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        #[allow(clippy::struct_field_names, reason = "fields are the keys of the file, units and all")]
        pub(super) struct $name {
            $(pub(super) $field: $type,)+
        }

        impl Overlay for $name {
            fn overlay(&mut self, upper: Self) {
                $(self.$field.overlay(upper.$field);)+
            }
        }
    };
}

section!(RawSettings {
    agency: RawAgency,
    research: RawResearch,
    pitch: RawPitch,
    outreach: RawOutreach,
    booking: RawBooking,
    retry: RawRetry,
    rate: RawRate,
    breaker: RawBreaker,
    orchestrator: RawOrchestrator,
    sim: RawSim,
    pricing: RawPricing,
    profile: RawProfile,
    reporting: RawReporting,
    learning: RawLearning,
    paths: RawPaths,
    log: RawLog,
    backup: RawBackup,
    serve: RawServe,
    screen: RawScreen,
});

section!(RawScreen {
    low_bandwidth: Option<bool>,
    theme: Option<String>,
    colors: Option<String>,
    keys: BTreeMap<String, Option<Vec<String>>>,
});

section!(RawBackup {
    dir: Option<String>,
    keep: Option<u32>,
    every_h: Option<u32>,
});

section!(RawServe {
    listen: Option<String>,
    tls_cert_file: Option<String>,
    tls_key_file: Option<String>,
    trusted_proxies: Option<Vec<String>>,
    body_kib_max: Option<u32>,
    head_kib_max: Option<u32>,
    connections_max: Option<u32>,
    timeout_s: Option<u32>,
    drain_s: Option<u32>,
    per_address: RawBucket,
    tolerance_s: RawTolerance,
    look_s: RawLooks,
});

section!(RawTolerance {
    calendly: Option<u32>,
    stripe: Option<u32>,
});

section!(RawLooks {
    prospect_research: Option<u32>,
    pitch_generator: Option<u32>,
    outreach_engine: Option<u32>,
    booking_handler: Option<u32>,
    onboarding_flow: Option<u32>,
    gbp_optimizer: Option<u32>,
    reporting_engine: Option<u32>,
    finance_tracker: Option<u32>,
    self_learning: Option<u32>,
});

section!(RawAgency {
    name: Option<String>,
    from_name: Option<String>,
    from_email: Option<String>,
    postal_address: Option<String>,
    booking_url: Option<String>,
    unsubscribe_base_url: Option<String>,
});

section!(RawResearch {
    default_country: Option<String>,
    zone: Option<String>,
    language: Option<String>,
    dedupe_radius_m: Option<f64>,
});

section!(RawPitch { templates_dir: Option<String> });

section!(RawOutreach {
    campaign: Option<String>,
    caps: RawChannels,
    warm_up: RawWarmUp,
    domain_per_day: Option<u32>,
    countries: Option<Vec<String>>,
    sequence_hours: RawChannels,
    quiet_hours: RawQuietHours,
    sms_enabled: Option<bool>,
    expire_after_days: Option<u32>,
    away_wait_days: Option<u32>,
    soft_bounces: RawSoftBounces,
});

section!(RawSoftBounces {
    max: Option<u32>,
    wait_days: Option<u32>,
});

section!(RawBooking {
    chain_wait_h: Option<u32>,
    new_time_by: Option<String>,
    new_time_after_h: Option<u32>,
    new_time_days: Option<u32>,
});

section!(RawChannels {
    email: Option<u32>,
    linkedin: Option<u32>,
    sms: Option<u32>,
    phone: Option<u32>,
});

section!(RawWarmUp {
    start_per_day: Option<u32>,
    growth_percent: Option<u32>,
});

section!(RawQuietHours {
    open_hour: Option<i8>,
    close_hour: Option<i8>,
    weekdays_only: Option<bool>,
});

section!(RawRetry {
    base_s: Option<u32>,
    factor: Option<f64>,
    cap_s: Option<u32>,
    max_tries: Option<u32>,
    deadline_h: Option<u32>,
    budget: RawRetryBudget,
});

section!(RawRetryBudget {
    share: Option<f64>,
    per_minute: Option<u32>,
    burst: Option<u32>,
});

section!(RawRate {
    default: RawBucket,
    hosts: BTreeMap<String, RawBucket>,
});

section!(RawBucket {
    per_s: Option<f64>,
    burst: Option<u32>,
});

section!(RawBreaker {
    failure_ratio: Option<f64>,
    min_calls: Option<u32>,
    open_s: Option<u32>,
});

section!(RawOrchestrator {
    concurrency: Option<u32>,
    claim_batch: Option<u32>,
    unit_timeout_s: Option<u32>,
    call_timeout_s: Option<u32>,
    lease_s: Option<u32>,
    horizon_days: Option<u32>,
    settle_days: Option<u32>,
    dry_start: Option<String>,
});

section!(RawSim {
    seed: Option<u64>,
    market: Option<String>,
    rates: Option<BTreeMap<String, f64>>,
    fault_rate: Option<f64>,
    fault_rate_by_layer: Option<BTreeMap<u8, f64>>,
    fault_script: Option<Vec<ScriptedFault>>,
    mail_keys: Option<bool>,
    receiver_log: Option<PathBuf>,
});

section!(RawPricing {
    currency: Option<String>,
    tax_bp: Option<u32>,
    tax_rules: Option<Vec<String>>,
    dunning_days: Option<Vec<u32>>,
    due_days: Option<u32>,
    contact_cost_minor: Option<i64>,
    plans: RawPlans,
});

section!(RawPlans { starter: RawPlan, professional: RawPlan, enterprise: RawPlan });

section!(RawPlan {
    monthly_minor: Option<i64>,
    yearly_minor: Option<i64>,
    setup_minor: Option<i64>,
});

section!(RawProfile {
    machine_answers_low_ratings: Option<bool>,
});

section!(RawReporting {
    cadences: Option<Vec<String>>,
    due_after_days: RawCadences,
    settle_days: Option<u32>,
});

section!(RawCadences {
    weekly: Option<u32>,
    monthly: Option<u32>,
    quarterly: Option<u32>,
});

section!(RawLearning {
    floor: Option<f64>,
    window_days: Option<u32>,
    stop_below: Option<f64>,
    discount_per_day: Option<f64>,
    complaint_max: Option<f64>,
    opt_out_max: Option<f64>,
    min_contacts: Option<u32>,
    measure_days: Option<u32>,
});

section!(RawPaths {
    state_dir: Option<String>,
    outbox_dir: Option<String>,
    log_file: Option<String>,
});

section!(RawLog {
    level: Option<String>,
    max_mib: Option<u32>,
});
