//! Defines the settings as the machine uses them: complete, checked, each with its unit.
//!
//! `config/default.yaml` says why each value is what it is; `validate.rs` makes these out of what
//! was written.

mod calls;
mod clients;
mod machine;
mod outreach;

pub use calls::{Breaker, Bucket, Rate, Retry, RetryBudget};
pub use clients::{DueAfterDays, PlanPrice, Pricing, ProfileWork, Reporting};
pub use machine::{Orchestrator, Sim};
pub use outreach::{Outreach, PerChannel, QuietHours};

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::config::Profile;
use crate::config::screen::Screen;
use crate::config::secrets::Secrets;
use crate::config::serve::Serve;
use crate::domain::pitch::Book;

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
