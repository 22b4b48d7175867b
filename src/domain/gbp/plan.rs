//! Compares a profile with a complete one, signal by signal, and tells afterwards what can be seen.
//!
//! Every signal has a line, also those that no edit of ours mends: it says what would mend it, who
//! can, and why an edit is not planned. The title is no signal and is never written.

use serde::{Deserialize, Serialize};

use super::Intake;
use super::field::{Extra, Field, joined, listed, merged};
use crate::domain::contact::opening_hours::{self, Exceptions};
use crate::domain::contact::phone::first_phone;
use crate::domain::contact::website::first_website;
use crate::domain::operations::Client;
use crate::domain::profile::{Facts, Knowable, Signal, Source, audit};

/// Characters of a description that the provider takes.
const DESCRIPTION_CHARS_MAX: usize = 750;

/// What one field of a profile lacks, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Which.
    pub field: Field,
    /// What it is worth; a list beside a scored field is worth nothing.
    pub weight: f64,
    /// What of it is earned.
    pub earned: f64,
    /// As read; `None` when there was nothing.
    pub before: Option<String>,
    /// As the client wants it; `None` when nobody said.
    pub wanted: Option<String>,
    /// What would mend it.
    pub remedy: String,
    /// Who can: `machine`, `client`, `customers`.
    pub by: String,
    /// Whether an edit is planned, or why not.
    pub standing: Standing,
    /// What of the client's value is not written, and why; `None` when nothing is.
    pub left_out: Option<String>,
}

impl Gap {
    /// The points that are missing.
    pub fn points(&self) -> f64 {
        self.weight - self.earned
    }
}

/// Whether an edit is planned for a signal, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// There is nothing to do.
    Complete,
    /// The machine edits it.
    Planned,
    /// Nobody gave the value.
    NotGiven,
    /// The value that was given cannot be written, and why.
    Invalid(String),
    /// It is mended in another way than by an edit.
    Elsewhere,
}

/// Compares the profile with a complete one; the signal that lacks most comes first, and the lists
/// beside the signals come last, where the profile or the client has any.
pub fn assess(
    facts: &Facts,
    intake: &Intake,
    client: &Client,
    today: jiff::civil::Date,
) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = audit(facts, Knowable::of(Source::Gbp))
        .signals
        .into_iter()
        .map(|line| {
            let earned = line.earned.unwrap_or(0.0);
            let (wanted, problem) = match wanted(line.signal, intake, client, today) {
                Ok(wanted) => (wanted, None),
                Err(why) => (None, Some(why)),
            };
            let standing = match (&wanted, problem) {
                _ if earned >= line.weight => Standing::Complete,
                (_, Some(why)) => Standing::Invalid(why),
                _ if !is_editable(line.signal) => Standing::Elsewhere,
                (None, None) => Standing::NotGiven,
                (Some(after), None) if is_visible(facts, Field::Scored(line.signal), after) => {
                    Standing::NotGiven
                }
                (Some(_), None) => Standing::Planned,
            };
            let (remedy, by) = remedy(line.signal, &standing);
            let left_out = (line.signal == Signal::SpecialHours)
                .then(|| exceptions(intake, client, today).ok()?.left_out)
                .flatten();
            let field = Field::Scored(line.signal);
            Gap {
                field,
                weight: line.weight,
                earned,
                before: current(facts, field),
                wanted,
                remedy: remedy.to_owned(),
                by: by.to_owned(),
                standing,
                left_out,
            }
        })
        .collect();
    // A stable sort: equal points keep the order of the table of signals.
    gaps.sort_by(|a, b| b.points().total_cmp(&a.points()));
    gaps.extend(Extra::ALL.into_iter().filter_map(|extra| beside(facts, intake, client, extra)));
    gaps
}

/// Compares a list beside a scored field; one that neither the profile nor the client has is no
/// line.
fn beside(facts: &Facts, intake: &Intake, client: &Client, extra: Extra) -> Option<Gap> {
    let field = Field::Extra(extra);
    let before = current(facts, field);
    let wanted = match extra {
        Extra::Categories => {
            let first = facts.category.as_deref().unwrap_or(&client.category);
            let there = &facts.additional_categories;
            merged(extra, Some(first), there, &intake.additional_categories)
        }
        Extra::Phones => phones(facts, intake, client),
    };
    let (wanted, standing) = match wanted {
        Err(why) => (None, Standing::Invalid(why)),
        Ok(None) => (None, Standing::Complete),
        Ok(Some(after)) if is_visible(facts, field, &after) => (Some(after), Standing::Complete),
        Ok(Some(after)) => (Some(after), Standing::Planned),
    };
    let (remedy, by) = match &standing {
        Standing::Complete => ("nothing to do", "nobody"),
        Standing::Invalid(_) => ("send the list again, corrected", "client"),
        Standing::Planned | Standing::NotGiven | Standing::Elsewhere => {
            ("write the client's values beside what is there", "machine")
        }
    };
    let is_empty = before.is_none() && wanted.is_none() && standing == Standing::Complete;
    (!is_empty).then(|| Gap {
        field,
        weight: 0.0,
        earned: 0.0,
        before,
        wanted,
        remedy: remedy.to_owned(),
        by: by.to_owned(),
        standing,
        left_out: None,
    })
}

fn phones(facts: &Facts, intake: &Intake, client: &Client) -> Result<Option<String>, String> {
    let read = |text: &String| {
        first_phone(text, "US").ok_or_else(|| format!("{text:?} is no phone number"))
    };
    let given = intake.additional_phones.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let own = wanted(Signal::Phone, intake, client, jiff::civil::Date::MIN).ok().flatten();
    let first = facts.phone.as_deref().or(own.as_deref());
    merged(Extra::Phones, first, &facts.additional_phones, &given)
}

/// Whether an edit of ours can mend a signal. Reviews are other people's words, and posts have a
/// calendar of their own.
const fn is_editable(signal: Signal) -> bool {
    !matches!(
        signal,
        Signal::ReviewCount | Signal::ReviewRating | Signal::ReviewReplies | Signal::Posts
    )
}

/// Returns what would mend a signal, and who can do it.
const fn remedy(signal: Signal, standing: &Standing) -> (&'static str, &'static str) {
    match (signal, standing) {
        (_, Standing::Complete) => ("nothing to do", "nobody"),
        (Signal::ReviewCount | Signal::ReviewRating, _) => {
            ("ask every customer for a review: no reward, no choosing whom", "customers")
        }
        (Signal::ReviewReplies, _) => {
            ("new reviews are answered as they come; older ones by hand", "machine and client")
        }
        (Signal::Posts, _) => ("the calendar of posts fills it within a month", "machine"),
        (_, Standing::Planned) => ("write the client's value", "machine"),
        (Signal::Photos, _) => ("send ten or more own photos of the place", "client"),
        (Signal::Services, _) => ("name five or more services", "client"),
        (_, Standing::Invalid(_)) => ("send the value again, corrected", "client"),
        (_, Standing::NotGiven | Standing::Elsewhere) => ("send the value", "client"),
    }
}

/// Returns what the client says about a field.
///
/// # Errors
/// Why a value that was given cannot be written, in words for a person.
fn wanted(
    signal: Signal,
    intake: &Intake,
    client: &Client,
    today: jiff::civil::Date,
) -> Result<Option<String>, String> {
    let site = |text: &Option<String>, what: &str| match text.as_deref() {
        Some(text) => match first_website(text) {
            Some(site) => Ok(Some(site.url)),
            None => Err(format!("{what} is no web address")),
        },
        None => Ok(None),
    };
    Ok(match signal {
        Signal::Category => Some(client.category.clone()),
        Signal::Address => intake.address.clone(),
        Signal::Phone => {
            let given = intake.phone.as_deref().or(client.phone.as_deref());
            match given {
                // An E.164 number names its country itself.
                Some(text) => Some(
                    first_phone(text, "US").ok_or_else(|| "it is no phone number".to_owned())?,
                ),
                None => None,
            }
        }
        Signal::Website => site(&intake.website, "it")?,
        Signal::RegularHours => match &intake.regular_hours {
            Some(text) => Some(opening_hours::week(text)?),
            None => None,
        },
        Signal::SpecialHours => {
            let found = exceptions(intake, client, today)?;
            match (found.dated, found.left_out) {
                (dated, None) => Some(dated).filter(|dated| !dated.is_empty()),
                (dated, Some(why)) if dated.is_empty() => return Err(why),
                (dated, Some(_)) => Some(dated),
            }
        }
        Signal::Description => match &intake.description {
            Some(text) if text.chars().count() > DESCRIPTION_CHARS_MAX => {
                let n = text.chars().count();
                return Err(format!("it has {n} characters, and {DESCRIPTION_CHARS_MAX} fit"));
            }
            text => text.clone(),
        },
        Signal::Photos => intake.photos.filter(|&n| n > 0).map(|n| counted(n, "own photo")),
        Signal::Services => {
            let names = &intake.services;
            let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
            (count > 0).then(|| format!("{}: {}", counted(count, "service"), names.join("; ")))
        }
        Signal::BookingLink => {
            site(&intake.booking_link, "it")?;
            intake.booking_link.clone()
        }
        Signal::ReviewCount | Signal::ReviewRating | Signal::ReviewReplies | Signal::Posts => None,
    })
}

/// Reads what the client says about holidays; the ordinary week may hold rules for them.
fn exceptions(
    intake: &Intake,
    client: &Client,
    today: jiff::civil::Date,
) -> Result<Exceptions, String> {
    let in_week = || intake.regular_hours.as_deref().and_then(opening_hours::holiday_rules);
    match intake.special_hours.clone().or_else(in_week) {
        Some(text) => opening_hours::exceptions(&text, &client.zone, today),
        None => Ok(Exceptions::default()),
    }
}

/// Returns a field as it can be seen.
pub fn current(facts: &Facts, field: Field) -> Option<String> {
    let signal = match field {
        Field::Scored(signal) => signal,
        Field::Extra(Extra::Categories) => return joined(&facts.additional_categories),
        Field::Extra(Extra::Phones) => return joined(&facts.additional_phones),
    };
    match signal {
        Signal::Category => facts.category.clone(),
        Signal::Address => facts.address.clone(),
        Signal::Phone => facts.phone.clone(),
        Signal::Website => facts.website.as_ref().map(|site| site.url.clone()),
        Signal::RegularHours => facts.regular_hours.clone(),
        Signal::SpecialHours => facts.special_hours.clone(),
        Signal::Description => facts.description.clone(),
        Signal::Photos => facts.photos.map(|n| counted(n, "photo")),
        Signal::Services => facts.services.map(|n| counted(n, "service")),
        Signal::BookingLink => facts.booking_link.clone(),
        Signal::ReviewCount => facts.reviews.map(|reviews| counted(reviews.count, "review")),
        Signal::ReviewRating => facts.reviews.map(|reviews| format!("{:.1} of 5", reviews.rating)),
        Signal::ReviewReplies => facts
            .reviews
            .map(|reviews| format!("{} of {} answered", reviews.replied, reviews.count)),
        Signal::Posts => facts.posts_30d.map(|n| format!("{n} in 30 days")),
    }
}

/// Whether the profile shows what an edit asked for.
pub fn is_visible(facts: &Facts, field: Field, after: &str) -> bool {
    let counted = match field {
        Field::Scored(Signal::Photos) => facts.photos,
        Field::Scored(Signal::Services) => facts.services,
        Field::Extra(Extra::Categories) => return has_all(&facts.additional_categories, after),
        Field::Extra(Extra::Phones) => return has_all(&facts.additional_phones, after),
        Field::Scored(_) => return current(facts, field).as_deref() == Some(after),
    };
    counted.is_some_and(|n| n >= leading_number(after))
}

/// Whether a list holds every value of an edit, in whatever order the provider shows them.
fn has_all(there: &[String], after: &str) -> bool {
    listed(after).iter().all(|value| there.iter().any(|one| one.eq_ignore_ascii_case(value)))
}

/// Returns the profile with one edit visible; the simulated world and the tests share it.
#[must_use]
pub fn apply(mut facts: Facts, field: Field, after: &str) -> Facts {
    let text = Some(after.to_owned());
    let signal = match field {
        Field::Scored(signal) => signal,
        Field::Extra(Extra::Categories) => {
            return Facts { additional_categories: listed(after), ..facts };
        }
        Field::Extra(Extra::Phones) => return Facts { additional_phones: listed(after), ..facts },
    };
    match signal {
        Signal::Category => facts.category = text,
        Signal::Address => facts.address = text,
        Signal::Phone => facts.phone = text,
        Signal::Website => facts.website = first_website(after),
        Signal::RegularHours => facts.regular_hours = text,
        Signal::SpecialHours => facts.special_hours = text,
        Signal::Description => facts.description = text,
        Signal::Photos => facts.photos = Some(leading_number(after)),
        Signal::Services => facts.services = Some(leading_number(after)),
        Signal::BookingLink => facts.booking_link = text,
        Signal::ReviewCount | Signal::ReviewRating | Signal::ReviewReplies | Signal::Posts => {}
    }
    facts
}

fn counted(n: u32, what: &str) -> String {
    if n == 1 { format!("{n} {what}") } else { format!("{n} {what}s") }
}

fn leading_number(text: &str) -> u32 {
    text.split(' ').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
