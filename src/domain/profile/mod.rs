//! Defines what was observed of a public profile and how it is scored.
//!
//! One audit serves both ends of the business: layer 1 judges a stranger's map entry with it, layer
//! 6 a client's own profile before and after the work. It never guesses: what the source cannot
//! reveal is outside the score, and too little of it is "insufficient data", not a low score.

mod opportunity;
mod signal;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use opportunity::{Opportunity, opportunities, sentence_of};
pub use signal::{Knowable, Signal, Source};

use super::contact::opening_hours::HoursForm;
use super::contact::website::Website;
use super::sales::{ProfileAudit, Tier};
use super::time::Moment;

/// Below this share of knowable weight (percent) a score would say more about the source than about
/// the business.
pub const COVERAGE_MIN: f64 = 40.0;

/// How many photos make the photo signal complete.
const PHOTOS_FULL: f64 = 10.0;
/// How many reviews make the count complete.
const REVIEWS_FULL: f64 = 50.0;
/// How many services or attributes make that signal complete; our own number.
const SERVICES_FULL: f64 = 5.0;
/// The share of the hours signal that hours without a single reading earn: people may still
/// understand them, programs do not.
const UNREADABLE_HOURS_SHARE: f64 = 0.5;
/// How many posts in 30 days make that signal complete: one a week.
const POSTS_FULL: f64 = 4.0;

/// What was observed. `None` is "not seen there", which is not "does not exist".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Our word for the kind of business.
    pub category: Option<String>,
    /// Street and number, or the whole address.
    pub address: Option<String>,
    /// What else the business is, as its profile says; a list that earns no points.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additional_categories: Vec<String>,
    /// E.164.
    pub phone: Option<String>,
    /// Further numbers, E.164.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additional_phones: Vec<String>,
    /// A site, with whose it is.
    pub website: Option<Website>,
    /// Opening hours in the map's notation, normalised where they can be read.
    pub regular_hours: Option<String>,
    /// In what form they are stated; `None` where that was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours_form: Option<HoursForm>,
    /// What is said about public holidays.
    pub special_hours: Option<String>,
    /// What the business says about itself.
    pub description: Option<String>,
    /// The whole postal address in one line, as far as it is listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal: Option<String>,
    /// A picture that the listing names; how many a profile has is another matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Profiles on social platforms: platform → address.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub socials: BTreeMap<String, String>,
    /// When somebody last looked whether the listing is true: a day or a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked_on: Option<String>,
    /// Number of photos.
    pub photos: Option<u32>,
    /// Number of services and attributes.
    pub services: Option<u32>,
    /// Reviews, if any were seen.
    pub reviews: Option<Reviews>,
    /// Posts in the last 30 days.
    pub posts_30d: Option<u32>,
    /// Where to book.
    pub booking_link: Option<String>,
}

/// What was observed of the reviews.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reviews {
    /// How many.
    pub count: u32,
    /// Their mean, 1 to 5.
    pub rating: f64,
    /// How many have a reply.
    pub replied: u32,
}

/// One line of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SignalScore {
    /// Which signal.
    pub signal: Signal,
    /// What it is worth.
    pub weight: f64,
    /// What was earned; `None` when the source cannot reveal the signal.
    pub earned: Option<f64>,
}

/// The result of judging one set of facts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Every signal, known or not.
    pub signals: Vec<SignalScore>,
    /// 0–100, `None` when the coverage is below `COVERAGE_MIN`.
    pub score: Option<f64>,
    /// Share of the weights that the source reveals, 0–100.
    pub coverage: f64,
}

/// What follows from an audit for a business that is not a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Weak enough to be worth a pitch.
    Qualified(Tier),
    /// The profile needs no help.
    Complete,
    /// Too little is knowable from this source.
    InsufficientData,
}

/// Scores `facts` over the signals in `knowable`.
pub fn audit(facts: &Facts, knowable: Knowable) -> Audit {
    let signals: Vec<SignalScore> = Signal::ALL
        .into_iter()
        .map(|signal| SignalScore {
            signal,
            weight: signal.weight(),
            earned: knowable.has(signal).then(|| signal.weight() * facts.share(signal)),
        })
        .collect();
    let earned: f64 = signals.iter().filter_map(|line| line.earned).sum();
    let coverage = knowable.weight();
    let score = (coverage >= COVERAGE_MIN).then(|| 100.0 * earned / coverage);
    Audit { signals, score, coverage }
}

impl Audit {
    /// Returns what the audit means for a prospect.
    pub fn verdict(&self) -> Verdict {
        match self.score {
            None => Verdict::InsufficientData,
            Some(score) => tier(score).map_or(Verdict::Complete, Verdict::Qualified),
        }
    }

    /// Makes the row that keeps this audit; `version` is `found`, `before` or `after`.
    pub fn to_row(
        &self,
        entity: &str,
        source: Source,
        version: &str,
        observed_at: Moment,
        facts: &Facts,
    ) -> ProfileAudit {
        ProfileAudit {
            entity: entity.to_owned(),
            source: source.as_column().to_owned(),
            version: version.to_owned(),
            observed_at,
            facts: serde_json::to_value(facts).unwrap_or_default(),
            score: self.score,
            coverage: self.coverage,
            signals: serde_json::to_value(&self.signals).unwrap_or_default(),
        }
    }
}

/// Returns how weak a profile with this score is; from 80 on it needs no help.
pub fn tier(score: f64) -> Option<Tier> {
    match score {
        s if s < 30.0 => Some(Tier::Hot),
        s if s < 60.0 => Some(Tier::Warm),
        s if s < 80.0 => Some(Tier::Cold),
        _ => None,
    }
}

impl Facts {
    /// Returns the share of a signal's weight that these facts earn, 0 to 1.
    fn share(&self, signal: Signal) -> f64 {
        let given = |text: &Option<String>| f64::from(u8::from(text.is_some()));
        let of = |n: Option<u32>, full: f64| (f64::from(n.unwrap_or(0)) / full).min(1.0);
        match signal {
            Signal::Category => given(&self.category),
            Signal::Address => given(&self.address),
            Signal::Phone => given(&self.phone),
            Signal::Website => self.website.as_ref().map_or(0.0, |site| site.kind.share()),
            Signal::RegularHours => {
                let riddle = self.hours_form == Some(HoursForm::Unreadable);
                given(&self.regular_hours) * if riddle { UNREADABLE_HOURS_SHARE } else { 1.0 }
            }
            Signal::SpecialHours => given(&self.special_hours),
            Signal::Description => given(&self.description),
            Signal::Photos => of(self.photos, PHOTOS_FULL),
            Signal::Services => of(self.services, SERVICES_FULL),
            Signal::ReviewCount => of(self.reviews.map(|r| r.count), REVIEWS_FULL),
            Signal::ReviewRating => {
                self.reviews.map_or(0.0, |r| ((r.rating - 3.0) / 2.0).clamp(0.0, 1.0))
            }
            Signal::ReviewReplies => self.reviews.map_or(0.0, Reviews::reply_rate),
            Signal::Posts => of(self.posts_30d, POSTS_FULL),
            Signal::BookingLink => given(&self.booking_link),
        }
    }
}

impl Reviews {
    /// The share of reviews with a reply; nothing to answer is nothing missed.
    pub fn reply_rate(self) -> f64 {
        if self.count == 0 {
            1.0
        } else {
            (f64::from(self.replied) / f64::from(self.count)).min(1.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::contact::website::WebsiteKind;

    fn map_entry([phone, site, hours, address]: [bool; 4]) -> Facts {
        Facts {
            category: Some("dental".to_owned()),
            phone: phone.then(|| "+441632960001".to_owned()),
            website: site
                .then(|| Website { url: "https://a.example/".to_owned(), kind: WebsiteKind::Own }),
            regular_hours: hours.then(|| "Mo-Fr 09:00-17:00".to_owned()),
            address: address.then(|| "1 High Street".to_owned()),
            ..Facts::default()
        }
    }

    fn score(facts: &Facts) -> f64 {
        audit(facts, Knowable::of(Source::OverpassJson)).score.unwrap()
    }

    #[test]
    fn a_bare_map_entry_is_hot_and_a_full_one_needs_no_help() {
        let bare =
            audit(&map_entry([false, false, false, false]), Knowable::of(Source::OverpassJson));
        assert_eq!((bare.score, bare.coverage), (Some(16.0), 50.0));
        assert_eq!(bare.verdict(), Verdict::Qualified(Tier::Hot));
        let full = Facts {
            special_hours: Some("PH off".to_owned()),
            description: Some("Teeth.".to_owned()),
            ..map_entry([true, true, true, true])
        };
        assert!((score(&full) - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn tiers_change_at_thirty_sixty_and_eighty() {
        let at = |s| tier(s);
        assert_eq!(
            [at(29.9), at(30.0), at(59.9), at(60.0), at(79.9), at(80.0)],
            [
                Some(Tier::Hot),
                Some(Tier::Warm),
                Some(Tier::Warm),
                Some(Tier::Cold),
                Some(Tier::Cold),
                None
            ]
        );
    }

    #[test]
    fn a_source_that_reveals_too_little_gives_no_score_at_all() {
        let few = Knowable::NONE.with(Signal::Category).with(Signal::Phone);
        let audit = audit(&map_entry([true, false, false, false]), few);
        assert_eq!((audit.score, audit.verdict()), (None, Verdict::InsufficientData));
    }

    #[test]
    fn reviews_count_by_number_mean_and_replies() {
        let facts = Facts {
            reviews: Some(Reviews { count: 25, rating: 4.0, replied: 5 }),
            ..Facts::default()
        };
        let earned: f64 = audit(&facts, Knowable::of(Source::Gbp))
            .signals
            .iter()
            .filter_map(|line| line.earned)
            .sum();
        assert!((earned - (4.0 + 3.5 + 1.0)).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn knowing_one_thing_more_never_lowers_a_score(
            phone: bool, site: bool, hours: bool, address: bool
        ) {
            let base = score(&map_entry([phone, site, hours, address]));
            prop_assert!((0.0..=100.0).contains(&base));
            prop_assert!(score(&map_entry([true, site, hours, address])) >= base);
            prop_assert!(score(&map_entry([phone, true, hours, address])) >= base);
            prop_assert!(score(&map_entry([phone, site, true, address])) >= base);
            prop_assert!(score(&map_entry([phone, site, hours, true])) >= base);
        }
    }
}
