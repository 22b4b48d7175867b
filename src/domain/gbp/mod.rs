//! Defines the work on a client's public profile: what is read, what is planned, what is written.
//!
//! The plan is the difference between the profile as read and what its owner says belongs there. A
//! value that nobody gave is never invented: the gap stays a gap and the audit shows it. The score
//! afterwards is the audit of the profile as read again, not a bonus for work done.

mod plan;
mod posts;
mod replies;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use plan::{Improvement, apply, is_visible, plan};
pub use posts::{POST_WEEKS, calendar, calendar_version, next_calendar_at, posts_per_week};
pub use replies::{HEALTH_WORDS, reply};

use super::operations::PostState;
use super::profile::Facts;
use super::text;

/// Characters of one value; Google's own limit for the description is 750.
const VALUE_CHARS_MAX: usize = 750;

/// Services that are taken over from a form.
const SERVICES_MAX: usize = 30;

/// What the owner says belongs on the profile: the filled-in intake form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Intake {
    /// Street, number, town.
    pub address: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// Own web site.
    pub website: Option<String>,
    /// Hours of an ordinary week.
    pub regular_hours: Option<String>,
    /// Hours of holidays.
    pub special_hours: Option<String>,
    /// What the business says about itself.
    pub description: Option<String>,
    /// What it offers.
    pub services: Vec<String>,
    /// Photos it handed in.
    pub photos: Option<u32>,
    /// Where to book.
    pub booking_link: Option<String>,
    /// What a job brings, in minor units of the currency it is billed in; for reports only.
    pub job_value_minor: Option<i64>,
    /// How many of a hundred calls become a job; for reports only.
    pub jobs_per_100_calls: Option<u32>,
}

impl Intake {
    /// Makes every text safe and bounded; it comes from outside.
    #[must_use]
    pub fn cleaned(self) -> Self {
        let clean =
            |value: Option<String>| value.and_then(|v| text::clean_or_none(&v, VALUE_CHARS_MAX));
        Self {
            address: clean(self.address),
            phone: clean(self.phone),
            website: clean(self.website),
            regular_hours: clean(self.regular_hours),
            special_hours: clean(self.special_hours),
            description: clean(self.description),
            services: self
                .services
                .iter()
                .take(SERVICES_MAX)
                .filter_map(|service| text::clean_or_none(service, 80))
                .collect(),
            photos: self.photos,
            booking_link: clean(self.booking_link),
            job_value_minor: self.job_value_minor.filter(|&minor| minor > 0),
            jobs_per_100_calls: self.jobs_per_100_calls.filter(|n| (1..=100).contains(n)),
        }
    }
}

/// A public profile as its provider answers a reading; it is the receipt's `data`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileReading {
    /// What is visible now.
    pub facts: Facts,
    /// Fields with an edit that is accepted but not visible yet.
    pub pending: Vec<String>,
    /// State of each post, by slot.
    pub posts: BTreeMap<String, PostState>,
    /// What people did with the profile, by UTC date (`2026-01-05`), the settled days only.
    pub daily: BTreeMap<String, DailyFigures>,
}

/// What people did with a profile on one day, in the provider's own terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DailyFigures {
    /// Times it was shown, in search and on maps.
    pub impressions: u32,
    /// Taps on the phone number.
    pub call_clicks: u32,
    /// Taps on the web site.
    pub website_clicks: u32,
    /// Requests for directions.
    pub direction_requests: u32,
}
