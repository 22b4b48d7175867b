//! Turns what was written into what it means, or names the key whose value does not fit.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::raw::{
    RawAgency, RawBackup, RawBooking, RawBreaker, RawBucket, RawChannels, RawLearning, RawLog,
    RawOrchestrator, RawOutreach, RawPaths, RawPitch, RawPlan, RawPricing, RawRate, RawReporting,
    RawResearch, RawRetry, RawSettings, RawSim, RawWarmUp,
};
use super::secrets::{Environment, Secrets};
use super::settings::{
    Agency, Backup, Booking, Breaker, Bucket, DueAfterDays, Learning, Log, NewTimeBy, Orchestrator,
    Outreach, Paths, PerChannel, Pitch, PlanPrice, Pricing, ProfileWork, QuietHours, Rate,
    Reporting, Research, Retry, RetryBudget, Settings, Sim,
};
use crate::domain::bounce::SoftBounceRules;
use crate::domain::dunning;
use crate::domain::fault::FaultPlan;
use crate::domain::money::{Currency, Money};
use crate::domain::pitch::Book;
use crate::domain::pricing::{TaxRule, Treatment};
use crate::domain::quota::WarmUp;
use crate::domain::report::Cadence;

/// A value that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Its dotted key.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

pub(super) type Fit<T> = Result<T, Misfit>;

pub(super) fn misfit<T>(key: &str, message: impl Into<String>, hint: impl Into<String>) -> Fit<T> {
    Err(Misfit { key: key.to_owned(), message: message.into(), hint: hint.into() })
}

/// Returns a value that some file has to give.
pub(super) fn need<T>(value: Option<T>, key: &str) -> Fit<T> {
    let Some(value) = value else { return misfit(key, "is missing", "give it a value") };
    Ok(value)
}

/// Returns a number that lies within its limits.
pub(super) fn within<T: PartialOrd + Display + Copy>(
    value: Option<T>,
    key: &str,
    limits: RangeInclusive<T>,
) -> Fit<T> {
    let value = need(value, key)?;
    if limits.contains(&value) {
        return Ok(value);
    }
    let (low, high) = (limits.start(), limits.end());
    misfit(key, format!("{value} is out of range"), format!("use a number from {low} to {high}"))
}

/// Makes settings of everything that was written.
pub(super) fn settings(
    raw: RawSettings,
    environment: &Environment,
    secrets: Secrets,
) -> Fit<Settings> {
    Ok(Settings {
        agency: agency(raw.agency)?,
        research: research(raw.research)?,
        pitch: pitch(raw.pitch)?,
        outreach: outreach(raw.outreach)?,
        booking: booking(&raw.booking)?,
        retry: retry(&raw.retry)?,
        rate: rate(&raw.rate)?,
        breaker: breaker(&raw.breaker)?,
        orchestrator: orchestrator(raw.orchestrator)?,
        sim: sim(&raw.sim)?,
        pricing: pricing(&raw.pricing)?,
        profile: ProfileWork {
            machine_answers_low_ratings: need(
                raw.profile.machine_answers_low_ratings,
                "profile.machine_answers_low_ratings",
            )?,
        },
        reporting: reporting(&raw.reporting)?,
        learning: learning(&raw.learning)?,
        paths: paths(raw.paths, environment)?,
        log: log(raw.log)?,
        backup: backup(raw.backup)?,
        serve: super::serve::serve(raw.serve)?,
        screen: super::screen::screen(raw.screen)?,
        secrets,
        environment: None,
    })
}

fn agency(raw: RawAgency) -> Fit<Agency> {
    let agency = Agency {
        name: header_text(raw.name, "agency.name")?,
        from_name: header_text(raw.from_name, "agency.from_name")?,
        from_email: header_text(raw.from_email, "agency.from_email")?,
        postal_address: header_text(raw.postal_address, "agency.postal_address")?,
        booking_url: https(raw.booking_url, "agency.booking_url")?,
        unsubscribe_base_url: https(raw.unsubscribe_base_url, "agency.unsubscribe_base_url")?,
    };
    let address = &agency.from_email;
    if !address.is_empty() && !email_address::EmailAddress::is_valid(address) {
        return misfit("agency.from_email", "is not an e-mail address", "use name@host");
    }
    Ok(agency)
}

/// A text that goes into mail headers: one line, no control characters.
fn header_text(value: Option<String>, key: &str) -> Fit<String> {
    let text = need(value, key)?.trim().to_owned();
    if text.chars().any(char::is_control) {
        return misfit(key, "contains control characters", "write it on one line");
    }
    Ok(text)
}

fn https(value: Option<String>, key: &str) -> Fit<String> {
    let text = header_text(value, key)?;
    let fits = text.is_empty() || url::Url::parse(&text).is_ok_and(|url| url.scheme() == "https");
    if fits { Ok(text) } else { misfit(key, "is not an https URL", "begin it with https://") }
}

fn research(raw: RawResearch) -> Fit<Research> {
    let default_country = need(raw.default_country, "research.default_country")?;
    if !is_country(&default_country) {
        return misfit("research.default_country", "is not a country code", "two capitals: US, DE");
    }
    let zone = need(raw.zone, "research.zone")?;
    if TimeZone::get(&zone).is_err() {
        let hint = "use an IANA name such as Europe/Berlin";
        return misfit("research.zone", format!("{zone:?} is not a time zone"), hint);
    }
    let language = need(raw.language, "research.language")?;
    if !["en", "de"].contains(&language.as_str()) {
        return misfit("research.language", format!("{language:?} is not known"), "use en or de");
    }
    let dedupe_radius_m = within(raw.dedupe_radius_m, "research.dedupe_radius_m", 0.0..=10_000.0)?;
    Ok(Research { default_country, zone, language, dedupe_radius_m })
}

fn pitch(raw: RawPitch) -> Fit<Pitch> {
    let folder = need(raw.templates_dir, "pitch.templates_dir")?;
    let own = Book::own().or_else(|fault| {
        misfit("pitch.templates_dir", fault.to_string(), "this is a bug in our own templates")
    })?;
    Ok(Pitch { templates_dir: (!folder.is_empty()).then(|| PathBuf::from(folder)), book: own })
}

fn outreach(raw: RawOutreach) -> Fit<Outreach> {
    let campaign = need(raw.campaign, "outreach.campaign")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if campaign.is_empty() || campaign.len() > 40 || !campaign.chars().all(plain) {
        let hint = "use at most 40 letters, digits, - and _: it becomes part of links and keys";
        return misfit("outreach.campaign", format!("{campaign:?} is not a plain name"), hint);
    }
    let hours = raw.quiet_hours;
    let open_hour = within(hours.open_hour, "outreach.quiet_hours.open_hour", 0..=23)?;
    let close_hour = within(hours.close_hour, "outreach.quiet_hours.close_hour", 1..=24)?;
    if close_hour <= open_hour {
        let message = format!("close_hour {close_hour} is not after open_hour {open_hour}");
        return misfit("outreach.quiet_hours", message, "give the day some hours");
    }
    let weekdays_only = need(hours.weekdays_only, "outreach.quiet_hours.weekdays_only")?;
    Ok(Outreach {
        campaign,
        caps: per_channel(&raw.caps, "outreach.caps", 10_000)?,
        warm_up: warm_up(&raw.warm_up)?,
        domain_per_day: within(raw.domain_per_day, "outreach.domain_per_day", 1..=10_000)?,
        countries: countries(raw.countries)?,
        sequence_hours: per_channel(&raw.sequence_hours, "outreach.sequence_hours", 720)?,
        quiet_hours: QuietHours { open_hour, close_hour, weekdays_only },
        sms_enabled: need(raw.sms_enabled, "outreach.sms_enabled")?,
        expire_after_days: within(raw.expire_after_days, "outreach.expire_after_days", 1..=90)?,
        away_wait_days: within(raw.away_wait_days, "outreach.away_wait_days", 1..=30)?,
        soft_bounces: SoftBounceRules {
            max: within(raw.soft_bounces.max, "outreach.soft_bounces.max", 1..=10)?,
            wait_days: within(
                raw.soft_bounces.wait_days,
                "outreach.soft_bounces.wait_days",
                1..=14,
            )?,
        },
    })
}

fn warm_up(raw: &RawWarmUp) -> Fit<WarmUp> {
    let key = |name| format!("outreach.warm_up.{name}");
    Ok(WarmUp {
        start_per_day: within(raw.start_per_day, &key("start_per_day"), 1..=10_000)?,
        growth_percent: within(raw.growth_percent, &key("growth_percent"), 1..=1_000)?,
    })
}

fn countries(raw: Option<Vec<String>>) -> Fit<Vec<String>> {
    let countries = need(raw, "outreach.countries")?;
    match countries.iter().find(|code| !is_country(code)) {
        Some(wrong) => {
            let message = format!("{wrong:?} is not a country code");
            misfit("outreach.countries", message, "two capitals each: [US, GB]")
        }
        None => Ok(countries),
    }
}

/// Whether a text has the form of ISO 3166-1 alpha-2.
fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

fn per_channel(raw: &RawChannels, key: &str, most: u32) -> Fit<PerChannel> {
    Ok(PerChannel {
        email: within(raw.email, &format!("{key}.email"), 0..=most)?,
        linkedin: within(raw.linkedin, &format!("{key}.linkedin"), 0..=most)?,
        sms: within(raw.sms, &format!("{key}.sms"), 0..=most)?,
        phone: within(raw.phone, &format!("{key}.phone"), 0..=most)?,
    })
}

fn retry(raw: &RawRetry) -> Fit<Retry> {
    Ok(Retry {
        base_s: within(raw.base_s, "retry.base_s", 1..=86_400)?,
        factor: within(raw.factor, "retry.factor", 1.0..=10.0)?,
        cap_s: within(raw.cap_s, "retry.cap_s", 1..=604_800)?,
        max_tries: within(raw.max_tries, "retry.max_tries", 1..=100)?,
        deadline_h: within(raw.deadline_h, "retry.deadline_h", 1..=720)?,
        budget: RetryBudget {
            share: within(raw.budget.share, "retry.budget.share", 0.0..=1.0)?,
            // None at all would leave what failed once without another try for ever.
            per_minute: within(raw.budget.per_minute, "retry.budget.per_minute", 1..=100_000)?,
            burst: within(raw.budget.burst, "retry.budget.burst", 1..=1_000_000)?,
        },
    })
}

fn rate(raw: &RawRate) -> Fit<Rate> {
    let default = bucket(&raw.default, None, "rate.default")?;
    let hosts = raw
        .hosts
        .iter()
        .map(|(host, raw)| {
            let bucket = bucket(raw, Some(default), &format!("rate.hosts.{host}"))?;
            Ok((host.clone(), bucket))
        })
        .collect::<Fit<_>>()?;
    Ok(Rate { default, hosts })
}

/// A bucket; what a host's own entry leaves out is as in the default.
pub(super) fn bucket(raw: &RawBucket, default: Option<Bucket>, key: &str) -> Fit<Bucket> {
    let per_s = raw.per_s.or(default.map(|bucket| bucket.per_s));
    let burst = raw.burst.or(default.map(|bucket| bucket.burst));
    Ok(Bucket {
        per_s: within(per_s, &format!("{key}.per_s"), 0.001..=100_000.0)?,
        burst: within(burst, &format!("{key}.burst"), 1..=1_000_000)?,
    })
}

fn breaker(raw: &RawBreaker) -> Fit<Breaker> {
    Ok(Breaker {
        failure_ratio: within(raw.failure_ratio, "breaker.failure_ratio", 0.01..=1.0)?,
        min_calls: within(raw.min_calls, "breaker.min_calls", 1..=1_000)?,
        open_s: within(raw.open_s, "breaker.open_s", 1..=86_400)?,
    })
}

fn orchestrator(raw: RawOrchestrator) -> Fit<Orchestrator> {
    let start = need(raw.dry_start, "orchestrator.dry_start")?;
    let Ok(dry_start) = start.parse() else {
        let hint = "use RFC 3339 with a zone: \"2026-01-05T09:00:00Z\"";
        return misfit("orchestrator.dry_start", format!("{start:?} is not an instant"), hint);
    };
    let count = |value: Option<u32>, key, most| {
        within(value, key, 1..=most).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
    };
    let call_timeout_s = within(raw.call_timeout_s, "orchestrator.call_timeout_s", 1..=600)?;
    let lease_s = within(raw.lease_s, "orchestrator.lease_s", 2..=3_600)?;
    if lease_s < call_timeout_s * 2 {
        let what = format!("{lease_s} s leave too little time for a call of {call_timeout_s} s");
        let hint = format!(
            "use at least {}, or shorten orchestrator.call_timeout_s: a lease is renewed every third \
             of its time, and what is left must always be longer than a call",
            call_timeout_s * 2
        );
        return misfit("orchestrator.lease_s", what, hint);
    }
    Ok(Orchestrator {
        concurrency: count(raw.concurrency, "orchestrator.concurrency", 256)?,
        claim_batch: count(raw.claim_batch, "orchestrator.claim_batch", 1_024)?,
        unit_timeout_s: within(raw.unit_timeout_s, "orchestrator.unit_timeout_s", 1..=3_600)?,
        call_timeout_s,
        lease_s,
        horizon_days: within(raw.horizon_days, "orchestrator.horizon_days", 1..=3_650)?,
        settle_days: within(raw.settle_days, "orchestrator.settle_days", 0..=365)?,
        dry_start,
    })
}

fn sim(raw: &RawSim) -> Fit<Sim> {
    let by_layer = raw.fault_rate_by_layer.clone().unwrap_or_default();
    for (layer, rate) in &by_layer {
        let key = format!("sim.fault_rate_by_layer.{layer}");
        within(Some(*layer), &key, 1..=9)?;
        within(Some(*rate), &key, 0.0..=1.0)?;
    }
    let script = raw.fault_script.clone().unwrap_or_default();
    for fault in &script {
        within(Some(fault.layer), "sim.fault_script.layer", 1..=9)?;
    }
    let rate = within(raw.fault_rate, "sim.fault_rate", 0.0..=1.0)?;
    let market = need(raw.market.as_deref(), "sim.market")?;
    let Ok(market) = market.parse() else {
        return misfit("sim.market", format!("{market:?} is not known"), "use warm or realistic");
    };
    let rates = raw.rates.clone().unwrap_or_default();
    for (key, rate) in &rates {
        // A rate is a share, or a count of hours, days or the like.
        within(Some(*rate), &format!("sim.rates.{key}"), 0.0..=10_000.0)?;
    }
    Ok(Sim {
        market,
        rates,
        seed: need(raw.seed, "sim.seed")?,
        faults: FaultPlan { rate, by_layer, script },
        mail_keys: need(raw.mail_keys, "sim.mail_keys")?,
        receiver_log: raw.receiver_log.clone(),
    })
}

fn booking(raw: &RawBooking) -> Fit<Booking> {
    let new_time_by = match need(raw.new_time_by.as_deref(), "booking.new_time_by")? {
        "mail" => NewTimeBy::Mail,
        "task" => NewTimeBy::Task,
        "none" => NewTimeBy::Nobody,
        other => {
            let what = format!("{other:?} offers no new time");
            return misfit("booking.new_time_by", what, "use mail, task or none");
        }
    };
    Ok(Booking {
        chain_wait_h: within(raw.chain_wait_h, "booking.chain_wait_h", 0..=72)?,
        new_time_by,
        new_time_after_h: within(raw.new_time_after_h, "booking.new_time_after_h", 0..=168)?,
        new_time_days: within(raw.new_time_days, "booking.new_time_days", 1..=60)?,
    })
}

fn pricing(raw: &RawPricing) -> Fit<Pricing> {
    let code = need(raw.currency.as_deref(), "pricing.currency")?;
    let Ok(currency) = Currency::new(code) else {
        return misfit(
            "pricing.currency",
            format!("{code:?} is not a currency"),
            "use ISO 4217: USD",
        );
    };
    let amount = |value: Option<i64>, key: &str| {
        Ok(Money::new(within(value, key, 0..=100_000_000)?, currency))
    };
    let plan = |raw: &RawPlan, name: &str| {
        Ok(PlanPrice {
            monthly: amount(raw.monthly_minor, &format!("pricing.plans.{name}.monthly_minor"))?,
            yearly: amount(raw.yearly_minor, &format!("pricing.plans.{name}.yearly_minor"))?,
            setup: amount(raw.setup_minor, &format!("pricing.plans.{name}.setup_minor"))?,
        })
    };
    Ok(Pricing {
        currency,
        tax_bp: within(raw.tax_bp, "pricing.tax_bp", 0..=10_000)?.into(),
        tax_rules: tax_rules(raw.tax_rules.as_deref().unwrap_or_default())?,
        dunning_days: dunning_days(raw.dunning_days.as_deref().unwrap_or_default())?,
        due_days: within(raw.due_days, "pricing.due_days", 0..=365)?,
        contact_cost: amount(raw.contact_cost_minor, "pricing.contact_cost_minor")?,
        starter: plan(&raw.plans.starter, "starter")?,
        professional: plan(&raw.plans.professional, "professional")?,
        enterprise: plan(&raw.plans.enterprise, "enterprise")?,
    })
}

/// Reads rules such as `DE 1900`, `AT reverse_charge` or `CH exempt`; a country has one.
fn tax_rules(raw: &[String]) -> Fit<Vec<TaxRule>> {
    let mut rules: Vec<TaxRule> = Vec::new();
    for text in raw {
        let read = text.split_once(' ').and_then(|(country, word)| {
            let fits = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
            let treatment = Treatment::read(word.trim()).filter(|_| fits)?;
            Some(TaxRule { country: country.to_owned(), treatment })
        });
        let twice = |rule: &TaxRule| rules.iter().any(|known| known.country == rule.country);
        match read {
            Some(rule) if !twice(&rule) => rules.push(rule),
            _ => {
                return misfit(
                    "pricing.tax_rules",
                    format!("{text:?} is no rule, or its country has one already"),
                    "write a country and its basis points, reverse_charge or exempt: DE 1900",
                );
            }
        }
    }
    Ok(rules)
}

fn dunning_days(raw: &[u32]) -> Fit<[u32; dunning::STEPS]> {
    let rising = raw.windows(2).all(|pair| pair[0] < pair[1]);
    match <[u32; dunning::STEPS]>::try_from(raw) {
        Ok(days) if rising && raw.iter().all(|day| *day <= 365) => Ok(days),
        _ => misfit(
            "pricing.dunning_days",
            format!("{raw:?} is not four rising numbers of days up to 365"),
            "first and second reminder, last notice, a person: [3, 10, 20, 30]",
        ),
    }
}

fn reporting(raw: &RawReporting) -> Fit<Reporting> {
    let words = need(raw.cadences.as_deref(), "reporting.cadences")?;
    let mut cadences = Vec::new();
    for word in words {
        let Ok(cadence) = Cadence::from_column(word) else {
            return misfit(
                "reporting.cadences",
                format!("{word:?} is no cadence"),
                "use weekly, monthly and quarterly",
            );
        };
        if !cadences.contains(&cadence) {
            cadences.push(cadence);
        }
    }
    let settle_days = within(raw.settle_days, "reporting.settle_days", 3..=30)?;
    let days = |value: Option<u32>, key: &str| {
        let days = within(value, key, 1..=90)?;
        if settle_days >= days {
            return misfit(
                key,
                format!(
                    "figures settle for {settle_days} days, and the report is due after {days}"
                ),
                "use more days than reporting.settle_days",
            );
        }
        Ok(days)
    };
    let raw = &raw.due_after_days;
    let due_after_days = DueAfterDays {
        weekly: days(raw.weekly, "reporting.due_after_days.weekly")?,
        monthly: days(raw.monthly, "reporting.due_after_days.monthly")?,
        quarterly: days(raw.quarterly, "reporting.due_after_days.quarterly")?,
    };
    Ok(Reporting { cadences, due_after_days, settle_days })
}

fn learning(raw: &RawLearning) -> Fit<Learning> {
    Ok(Learning {
        floor: within(raw.floor, "learning.floor", 0.0..=0.5)?,
        window_days: within(raw.window_days, "learning.window_days", 1..=365)?,
        stop_below: within(raw.stop_below, "learning.stop_below", 0.0..=0.5)?,
        discount_per_day: within(raw.discount_per_day, "learning.discount_per_day", 0.5..=1.0)?,
        complaint_max: within(raw.complaint_max, "learning.complaint_max", 0.0..=1.0)?,
        opt_out_max: within(raw.opt_out_max, "learning.opt_out_max", 0.0..=1.0)?,
        min_contacts: within(raw.min_contacts, "learning.min_contacts", 1..=100_000)?,
        measure_days: within(raw.measure_days, "learning.measure_days", 1..=180)?,
    })
}

fn paths(raw: RawPaths, environment: &Environment) -> Fit<Paths> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty()).map(PathBuf::from);
    let usual = || {
        let home = |name| environment.get(name).map(Path::new);
        home("XDG_STATE_HOME")
            .map(Path::to_path_buf)
            .or_else(|| home("HOME").map(|home| home.join(".local/state")))
            .map(|state| state.join("cep"))
    };
    let Some(state_dir) = given(raw.state_dir).or_else(usual) else {
        let hint = "set paths.state_dir, XDG_STATE_HOME or HOME";
        return misfit("paths.state_dir", "no folder for the machine's files is known", hint);
    };
    Ok(Paths {
        outbox_dir: given(raw.outbox_dir).unwrap_or_else(|| state_dir.join("outbox")),
        log_file: given(raw.log_file).unwrap_or_else(|| state_dir.join("cep.log")),
        state_dir,
    })
}

fn backup(raw: RawBackup) -> Fit<Backup> {
    Ok(Backup {
        dir: raw.dir.filter(|dir| !dir.is_empty()).map(PathBuf::from),
        // The one that was just made always stays.
        keep: within(raw.keep, "backup.keep", 1..=10_000)?,
        every_h: within(raw.every_h, "backup.every_h", 0..=8_760)?,
    })
}

fn log(raw: RawLog) -> Fit<Log> {
    let level = need(raw.level, "log.level")?;
    if level.parse::<tracing_subscriber::EnvFilter>().is_err() {
        let hint = "use error, warn, info, debug or trace";
        return misfit("log.level", format!("{level:?} is not a log filter"), hint);
    }
    Ok(Log { level, max_mib: within(raw.max_mib, "log.max_mib", 1..=4_096)? })
}
