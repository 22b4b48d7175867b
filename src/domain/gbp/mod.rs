//! Defines the work on a client's public profile: what is read, what is planned, what is written.
//!
//! The plan is the difference between the profile as read and what its owner says belongs there. A
//! value that nobody gave is never invented: the gap stays a gap and the audit shows it. The score
//! afterwards is the audit of the profile as read again, not a bonus for work done.

mod field;
mod plan;
mod posts;
mod replies;
mod topics;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use field::{CATEGORIES_MAX, Extra, Field, PHONES_MAX};
pub use plan::{Gap, Standing, apply, assess, current, is_visible};
pub use posts::{
    POST_CHARS_MAX, POST_WEEKS, calendar, calendar_version, next_calendar_at, post_problem,
    post_text, posts_per_week, replacement,
};
pub use replies::{HEALTH_WORDS, REPLY_BYTES_MAX, ReplyTo, is_low, reply};

use super::money::Money;
use super::operations::PostState;
use super::profile::Facts;
use super::text;

/// Characters of one value of a form. It is more than a profile takes, so that a description that
/// is too long is named as such and not cut in the middle of a sentence.
const VALUE_CHARS_MAX: usize = 3_000;

/// Events and offers that are taken over from a form.
const ANNOUNCEMENTS_MAX: usize = 20;

/// Services that are taken over from a form.
const SERVICES_MAX: usize = 30;

/// Further phone numbers and categories that are taken over from a form. It is more than a profile
/// takes, so that too many are named as such.
const EXTRAS_MAX: usize = 20;

/// What the owner says belongs on the profile: the filled-in intake form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Intake {
    /// Street, number, town.
    pub address: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    /// Phone numbers beside the first.
    pub additional_phones: Vec<String>,
    /// What else the business is, in the provider's own words.
    pub additional_categories: Vec<String>,
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
    /// Events and offers of its own, to be posted in its words.
    pub announcements: Vec<Announcement>,
}

/// An event or an offer that the client gave us to post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Announcement {
    /// Its title, at most 58 characters.
    pub title: String,
    /// What it is.
    pub text: String,
    /// When it begins, in the client's zone: `2026-02-07T10:00`.
    pub starts: String,
    /// When it ends.
    pub ends: String,
    /// Whether it is an offer.
    pub is_offer: bool,
    /// Terms of an offer.
    pub terms: Option<String>,
    /// Code of an offer.
    pub coupon: Option<String>,
}

impl Intake {
    /// Makes every text safe and bounded; it comes from outside.
    #[must_use]
    pub fn cleaned(self) -> Self {
        let clean =
            |value: Option<String>| value.and_then(|v| text::clean_or_none(&v, VALUE_CHARS_MAX));
        let list = |values: &[String], most: usize| -> Vec<String> {
            values.iter().take(most).filter_map(|v| text::clean_or_none(v, 80)).collect()
        };
        Self {
            address: clean(self.address),
            phone: clean(self.phone),
            additional_phones: list(&self.additional_phones, EXTRAS_MAX),
            additional_categories: list(&self.additional_categories, EXTRAS_MAX),
            website: clean(self.website),
            regular_hours: clean(self.regular_hours),
            special_hours: clean(self.special_hours),
            description: clean(self.description),
            services: list(&self.services, SERVICES_MAX),
            photos: self.photos,
            booking_link: clean(self.booking_link),
            job_value_minor: self.job_value_minor.filter(|&minor| minor > 0),
            jobs_per_100_calls: self.jobs_per_100_calls.filter(|n| (1..=100).contains(n)),
            announcements: self
                .announcements
                .into_iter()
                .take(ANNOUNCEMENTS_MAX)
                .map(|one| Announcement {
                    title: text::clean(&one.title, 200),
                    text: text::clean(&one.text, POST_CHARS_MAX),
                    terms: clean(one.terms),
                    coupon: clean(one.coupon),
                    ..one
                })
                .collect(),
        }
    }
}

/// Says why nothing is posted or answered for a client whose payments are under dispute; `at_risk`
/// is how much, in each currency. `None` when nothing is.
pub fn rests(at_risk: &[Money]) -> Option<String> {
    let sums: Vec<String> = at_risk.iter().map(Money::to_string).collect();
    let sums = (!sums.is_empty()).then(|| sums.join(" and "))?;
    Some(format!("the client disputes {sums}: no post and no reply goes out until that has ended"))
}

/// A public profile as its provider answers a reading; it is the receipt's `data`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileReading {
    /// What is visible now.
    pub facts: Facts,
    /// Fields with an edit that is accepted but not visible yet.
    pub pending: Vec<String>,
    /// Fields in which the provider's own update stands instead of our edit.
    pub overridden: Vec<String>,
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
