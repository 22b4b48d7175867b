//! Defines the settings as the machine uses them: complete, checked, each with its unit.
//!
//! `config/default.yaml` says why each value is what it is; `validate.rs` makes these out of what
//! was written.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use super::Profile;
use super::screen::Screen;
use super::secrets::Secrets;
use super::serve::Serve;
use crate::domain::bounce::SoftBounceRules;
use crate::domain::cold_mail::MailPolicy;
use crate::domain::dunning;
use crate::domain::fault::FaultPlan;
use crate::domain::hours::ContactHours;
use crate::domain::market::MarketName;
use crate::domain::mode::Mode;
use crate::domain::money::{Currency, Money};
use crate::domain::operations::Plan;
use crate::domain::pitch::Book;
use crate::domain::pricing::TaxRule;
use crate::domain::quota::{DailyCap, WarmUp};
use crate::domain::report::Cadence;
use crate::domain::resilience::backoff::RetryPolicy;
use crate::domain::resilience::breaker::BreakerPolicy;
use crate::domain::resilience::bucket::RateLimit;
use crate::domain::resilience::budget::BudgetPolicy;
use crate::domain::sales::Channel;
use crate::domain::sequence::SequenceRules;
use crate::domain::time::{HOUR_MS, Moment, SECOND_MS};

/// All settings of one process.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Who writes to prospects.
    pub agency: Agency,
    /// Layer 1.
    pub research: Research,
    /// Layer 2.
    pub pitch: Pitch,
    /// Layers 2–3.
    pub outreach: Outreach,
    /// Layer 4.
    pub booking: Booking,
    /// How failed work is tried again.
    pub retry: Retry,
    /// Token buckets.
    pub rate: Rate,
    /// Circuit breakers.
    pub breaker: Breaker,
    /// The engine.
    pub orchestrator: Orchestrator,
    /// The simulated world.
    pub sim: Sim,
    /// What clients pay.
    pub pricing: Pricing,
    /// Layer 7.
    pub profile: ProfileWork,
    /// Layer 7.
    pub reporting: Reporting,
    /// Layer 9.
    pub learning: Learning,
    /// Where files go.
    pub paths: Paths,
    /// The log.
    pub log: Log,
    /// Copies of the database.
    pub backup: Backup,
    /// Webhooks, health and metrics.
    pub serve: Serve,
    /// The dashboard.
    pub screen: Screen,
    /// Keys of webhooks; printed as set or unset.
    pub secrets: Secrets,
    /// Which set of settings was laid over the defaults.
    pub environment: Option<Profile>,
}

/// The sender. An empty text means "not named", and outreach is refused where it is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agency {
    /// Shown in invites, reports and invoices.
    pub name: String,
    /// Name in the From header.
    pub from_name: String,
    /// Address in the From header.
    pub from_email: String,
    /// Street address for the footer of commercial mail.
    pub postal_address: String,
    /// Where a prospect books a call, an https URL.
    pub booking_url: String,
    /// Start of the one-click unsubscribe link, an https URL.
    pub unsubscribe_base_url: String,
}

/// What happens around a booked call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Booking {
    /// Hours to wait for the booking that a moved one replaces.
    pub chain_wait_h: u32,
    /// Who offers a new time after a call that did not take place.
    pub new_time_by: NewTimeBy,
    /// Hours after the call at which that is done.
    pub new_time_after_h: u32,
    /// Days without a new booking after which the prospect is lost.
    pub new_time_days: u32,
}

/// Who offers a new time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NewTimeBy {
    /// A mail.
    Mail,
    /// A person, who calls.
    Task,
    /// Nobody.
    Nobody,
}

/// What is assumed about a business whose source does not say it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Research {
    /// ISO 3166-1 alpha-2, capital letters.
    pub default_country: String,
    /// IANA zone.
    pub zone: String,
    /// `en` or `de`.
    pub language: String,
    /// Metres within which businesses of one name are one business.
    pub dedupe_radius_m: f64,
}

/// How pitches are written.
#[derive(Clone, Debug, Serialize)]
pub struct Pitch {
    /// An operator's own templates, laid over ours.
    pub templates_dir: Option<PathBuf>,
    /// All templates, proof-read.
    #[serde(skip)]
    pub book: Arc<Book>,
}

/// How prospects are approached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outreach {
    /// Name of the campaign.
    pub campaign: String,
    /// Messages per day.
    pub caps: PerChannel,
    /// How the e-mail cap of a new sender grows.
    pub warm_up: WarmUp,
    /// E-mails per day to one mail domain.
    pub domain_per_day: u32,
    /// Countries to which live e-mail and SMS may go, ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
    /// Hours after the start of a sequence.
    pub sequence_hours: PerChannel,
    /// When prospects may be approached.
    pub quiet_hours: QuietHours,
    /// Whether SMS is used at all.
    pub sms_enabled: bool,
    /// Days without an answer after the last step until the outreach is concluded.
    pub expire_after_days: u32,
    /// Days a sequence waits for somebody who is away without saying until when.
    pub away_wait_days: u32,
    /// What follows when servers give up on a mail for now.
    pub soft_bounces: SoftBounceRules,
}

impl Outreach {
    /// Returns the rules of sequences in `mode`. Where mail may go is asked only where it leaves.
    pub fn rules(&self, mode: Mode) -> SequenceRules {
        let (hours, caps) = (self.sequence_hours, self.caps);
        let warmed = |full| DailyCap { full, warm_up: Some(self.warm_up) };
        SequenceRules {
            after_hours: Channel::ALL.map(|channel| i64::from(hours.of(channel))),
            per_day: Channel::ALL.map(|channel| match channel {
                Channel::Email => warmed(caps.email),
                Channel::Linkedin | Channel::Sms | Channel::Phone => {
                    DailyCap::flat(caps.of(channel))
                }
            }),
            per_domain: self.domain_per_day,
            mail_policy: match mode {
                Mode::Dry => MailPolicy::Everywhere,
                Mode::Live => MailPolicy::Only(self.countries.clone()),
            },
            sms: self.sms_enabled,
            hours: self.quiet_hours.contact_hours(),
            concluded_after_days: i64::from(self.expire_after_days),
            away_wait_days: i64::from(self.away_wait_days),
            soft_bounces: self.soft_bounces,
        }
    }
}

/// One number for each channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PerChannel {
    /// For e-mail.
    pub email: u32,
    /// For LinkedIn.
    pub linkedin: u32,
    /// For SMS.
    pub sms: u32,
    /// For the phone.
    pub phone: u32,
}

impl PerChannel {
    /// Changes the number of `channel`.
    pub const fn set(&mut self, channel: Channel, number: u32) {
        match channel {
            Channel::Email => self.email = number,
            Channel::Linkedin => self.linkedin = number,
            Channel::Sms => self.sms = number,
            Channel::Phone => self.phone = number,
        }
    }

    /// Returns the number of `channel`.
    pub const fn of(self, channel: Channel) -> u32 {
        match channel {
            Channel::Email => self.email,
            Channel::Linkedin => self.linkedin,
            Channel::Sms => self.sms,
            Channel::Phone => self.phone,
        }
    }
}

/// When prospects may be approached, in their own zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct QuietHours {
    /// First hour of the day, 0–23.
    pub open_hour: i8,
    /// First hour in which nothing is sent any more, 1–24.
    pub close_hour: i8,
    /// Whether Saturdays and Sundays are left out.
    pub weekdays_only: bool,
}

impl QuietHours {
    /// Returns them as the hours in which prospects may be reached.
    pub const fn contact_hours(self) -> ContactHours {
        ContactHours {
            open_hour: self.open_hour,
            close_hour: self.close_hour,
            weekends: !self.weekdays_only,
        }
    }
}

/// How failed work is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Retry {
    /// Seconds; the first back-off is drawn from zero to this.
    pub base_s: u32,
    /// Growth of the back-off from one try to the next, at least 1.
    pub factor: f64,
    /// Seconds; the longest back-off.
    pub cap_s: u32,
    /// Tries in all.
    pub max_tries: u32,
    /// Hours from the first failure after which no try is made.
    pub deadline_h: u32,
    /// How much of what a receiver is sent may be sent again.
    pub budget: RetryBudget,
}

/// How much of what a receiver is sent may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RetryBudget {
    /// Retries for each first send, 0–1.
    pub share: f64,
    /// Retries a minute besides.
    pub per_minute: u32,
    /// Retries that can be saved up.
    pub burst: u32,
}

impl RetryBudget {
    /// Returns the same as the budget's value takes it.
    pub fn policy(self) -> BudgetPolicy {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "validated to lie between 0 and 1"
        )]
        let percent = (self.share * 100.0).round() as u32;
        let free = RateLimit { per_minute: self.per_minute, burst: self.burst };
        BudgetPolicy { percent, free }
    }
}

impl Retry {
    /// Returns the same as the planner takes it.
    pub fn policy(self) -> RetryPolicy {
        RetryPolicy {
            base_ms: i64::from(self.base_s) * SECOND_MS,
            factor: self.factor,
            cap_ms: i64::from(self.cap_s) * SECOND_MS,
            max_tries: self.max_tries,
            deadline_ms: i64::from(self.deadline_h) * HOUR_MS,
        }
    }
}

/// Token buckets per receiver.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// For receivers without their own.
    pub default: Bucket,
    /// By host.
    pub hosts: BTreeMap<String, Bucket>,
}

impl Rate {
    /// Returns the bucket of `host`.
    pub fn of(&self, host: &str) -> Bucket {
        self.hosts.get(host).copied().unwrap_or(self.default)
    }
}

/// One token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bucket {
    /// Tokens per second.
    pub per_s: f64,
    /// Tokens it holds.
    pub burst: u32,
}

impl Bucket {
    /// Returns the same as the bucket's value takes it: whole tokens per minute.
    pub fn limit(self) -> RateLimit {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "validated to lie between 0.001 and 100,000"
        )]
        let per_minute = (self.per_s * 60.0).round().max(1.0) as u32;
        RateLimit { per_minute, burst: self.burst }
    }
}

/// Circuit breakers, the same for every receiver.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Breaker {
    /// Share of failed calls at which it opens, 0–1.
    pub failure_ratio: f64,
    /// Calls that are looked at.
    pub min_calls: u32,
    /// Seconds until a probe is let through.
    pub open_s: u32,
}

impl Breaker {
    /// Returns the same as the breaker's value takes it.
    pub fn policy(self) -> BreakerPolicy {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "validated to lie between 0.01 and 1"
        )]
        let failure_percent = (self.failure_ratio * 100.0).round() as u32;
        BreakerPolicy {
            failure_percent,
            calls: self.min_calls.min(64),
            open_ms: i64::from(self.open_s) * SECOND_MS,
        }
    }
}

/// The engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Orchestrator {
    /// Units worked at the same time.
    pub concurrency: usize,
    /// Units claimed in one transaction.
    pub claim_batch: usize,
    /// Seconds an attempt may take.
    pub unit_timeout_s: u32,
    /// Seconds a receiver may take to answer.
    pub call_timeout_s: u32,
    /// Seconds a lease holds without renewal; at least twice as long as a call.
    pub lease_s: u32,
    /// Days of dry time that a whole run covers.
    pub horizon_days: u32,
    /// Days after the horizon in which awaited answers may still arrive.
    pub settle_days: u32,
    /// First instant of dry time.
    pub dry_start: Moment,
}

impl Orchestrator {
    /// Returns how long a receiver may take to answer, in milliseconds.
    pub const fn call_timeout_ms(&self) -> i64 {
        self.call_timeout_s as i64 * SECOND_MS
    }

    /// Returns how long a lease holds without renewal, in milliseconds.
    pub const fn lease_ms(&self) -> i64 {
        self.lease_s as i64 * SECOND_MS
    }
}

/// The simulated world.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sim {
    /// Everything simulated follows from it.
    pub seed: u64,
    /// How its people behave.
    pub market: MarketName,
    /// Rates of the market that have another value, by `section.rate`.
    pub rates: BTreeMap<String, f64>,
    /// Which calls fail.
    pub faults: FaultPlan,
    /// Whether the simulated mail server knows a mail that is sent again.
    pub mail_keys: bool,
    /// Where the simulated receivers note every call that arrives, if anywhere.
    pub receiver_log: Option<PathBuf>,
}

/// What clients pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pricing {
    /// Currency of every amount.
    pub currency: Currency,
    /// The usual tax in basis points.
    pub tax_bp: i64,
    /// Countries that are taxed otherwise.
    pub tax_rules: Vec<TaxRule>,
    /// Days after an invoice was due: two reminders, the last notice, a person's call.
    pub dunning_days: [u32; dunning::STEPS],
    /// Days until an invoice is due.
    pub due_days: u32,
    /// What it costs the agency to reach one prospect.
    pub contact_cost: Money,
    /// The smallest plan.
    pub starter: PlanPrice,
    /// The middle plan.
    pub professional: PlanPrice,
    /// The largest plan.
    pub enterprise: PlanPrice,
}

impl Pricing {
    /// Returns the price of `plan`.
    pub const fn of(&self, plan: Plan) -> PlanPrice {
        match plan {
            Plan::Starter => self.starter,
            Plan::Professional => self.professional,
            Plan::Enterprise => self.enterprise,
        }
    }
}

/// What one plan costs, net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PlanPrice {
    /// Each month.
    pub monthly: Money,
    /// Each year, when it is billed by the year.
    pub yearly: Money,
    /// Once.
    pub setup: Money,
}

/// Layer 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ProfileWork {
    /// Whether reviews with one or two stars are answered without a person's approval.
    pub machine_answers_low_ratings: bool,
}

/// Layer 7.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reporting {
    /// How often a client gets a report.
    pub cadences: Vec<Cadence>,
    /// Days after the end of a period by which its report is due.
    pub due_after_days: DueAfterDays,
    /// Days that figures need to settle.
    pub settle_days: u32,
}

/// Days after the end of a period by which its report is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct DueAfterDays {
    /// Of a week.
    pub weekly: u32,
    /// Of a month.
    pub monthly: u32,
    /// Of a quarter.
    pub quarterly: u32,
}

impl DueAfterDays {
    /// Returns the days of one cadence.
    pub const fn of(self, cadence: Cadence) -> u32 {
        match cadence {
            Cadence::Weekly => self.weekly,
            Cadence::Monthly => self.monthly,
            Cadence::Quarterly => self.quarterly,
        }
    }
}

/// Layer 9.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Learning {
    /// Least share of pitches of each live variant, 0–1.
    pub floor: f64,
    /// Days after the first contact in which a booking counts.
    pub window_days: u32,
    /// Chance of being the best below which a variant is stopped, 0–1.
    pub stop_below: f64,
    /// What a day leaves of an outcome's weight in the draw, 0–1.
    pub discount_per_day: f64,
    /// Share of contacts that report us which is not to be exceeded, 0–1.
    pub complaint_max: f64,
    /// Share of contacts that want no more which a variant is not to exceed, 0–1.
    pub opt_out_max: f64,
    /// Contacts needed before anything is concluded.
    pub min_contacts: u32,
    /// Days before and after a proposal was applied that are compared.
    pub measure_days: u32,
}

/// Where files go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Paths {
    /// The folder of everything the machine keeps.
    pub state_dir: PathBuf,
    /// Files that live mode writes for a person.
    pub outbox_dir: PathBuf,
    /// The log.
    pub log_file: PathBuf,
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Log {
    /// A filter: `info`, or `info,cep_machine::store=debug`.
    pub level: String,
    /// MiB above which it is renamed at the next start.
    pub max_mib: u32,
}

/// Copies of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// Their folder; the state directory's own when `None`.
    pub dir: Option<PathBuf>,
    /// How many are kept there.
    pub keep: u32,
    /// Hours between two of them while serving; 0 for none.
    pub every_h: u32,
}

impl Settings {
    /// Returns the folder of backups.
    pub fn backups(&self) -> PathBuf {
        self.backup.dir.clone().unwrap_or_else(|| self.paths.state_dir.join("backups"))
    }
}
