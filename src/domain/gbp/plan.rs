//! Compares a profile with a complete one, signal by signal, and tells afterwards what can be seen.
//!
//! Every signal has a line, also those that no edit of ours mends: it says what would mend it, who
//! can, and why an edit is not planned. The title is no signal and is never written.

use serde::{Deserialize, Serialize};

use super::Intake;
use crate::domain::contact::opening_hours::{self, Exceptions};
use crate::domain::contact::phone::first_phone;
use crate::domain::contact::website::first_website;
use crate::domain::operations::Client;
use crate::domain::profile::{Facts, Knowable, Signal, Source, audit};

/// Characters of a description that the provider takes.
const DESCRIPTION_CHARS_MAX: usize = 750;

/// What one signal of a profile lacks, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Which.
    pub signal: Signal,
    /// What it is worth.
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

/// Compares the profile with a complete one; the signal that lacks most comes first.
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
                (Some(after), None) if is_visible(facts, line.signal, after) => Standing::NotGiven,
                (Some(_), None) => Standing::Planned,
            };
            let (remedy, by) = remedy(line.signal, &standing);
            let left_out = match line.signal {
                Signal::SpecialHours => {
                    exceptions(intake, client, today).ok().and_then(|found| found.left_out)
                }
                _ => None,
            };
            Gap {
                signal: line.signal,
                weight: line.weight,
                earned,
                before: current(facts, line.signal),
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
    gaps
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
pub fn current(facts: &Facts, signal: Signal) -> Option<String> {
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
pub fn is_visible(facts: &Facts, signal: Signal, after: &str) -> bool {
    let counted = match signal {
        Signal::Photos => facts.photos,
        Signal::Services => facts.services,
        Signal::Category
        | Signal::Address
        | Signal::Phone
        | Signal::Website
        | Signal::RegularHours
        | Signal::SpecialHours
        | Signal::Description
        | Signal::ReviewCount
        | Signal::ReviewRating
        | Signal::ReviewReplies
        | Signal::Posts
        | Signal::BookingLink => return current(facts, signal).as_deref() == Some(after),
    };
    counted.is_some_and(|n| n >= leading_number(after))
}

/// Returns the profile with one edit visible; the simulated world and the tests share it.
#[must_use]
pub fn apply(mut facts: Facts, signal: Signal, after: &str) -> Facts {
    let text = Some(after.to_owned());
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::onboarding::tests::client;

    fn full() -> Intake {
        Intake {
            address: Some("1 Quay".to_owned()),
            phone: Some("+12075550100".to_owned()),
            website: Some("https://bright-smiles.example".to_owned()),
            regular_hours: Some("Mo-Fr 09:00-17:00".to_owned()),
            special_hours: Some("PH off".to_owned()),
            description: Some("A practice by the harbour.".to_owned()),
            services: ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec(),
            photos: Some(12),
            booking_link: Some("https://bright-smiles.example/book".to_owned()),
            ..Intake::default()
        }
    }

    fn score(facts: &Facts) -> f64 {
        audit(facts, Knowable::of(Source::Gbp)).score.unwrap()
    }

    const TODAY: jiff::civil::Date = jiff::civil::date(2026, 1, 20);

    fn planned(facts: &Facts, intake: &Intake) -> Vec<Gap> {
        let client = client("dental", "en");
        let gaps = assess(facts, intake, &client, TODAY);
        assert_eq!(gaps.len(), Signal::ALL.len(), "every signal has a line");
        gaps.into_iter().filter(|gap| gap.standing == Standing::Planned).collect()
    }

    fn standing(intake: &Intake, signal: Signal) -> Standing {
        let gaps = assess(&Facts::default(), intake, &client("dental", "en"), TODAY);
        gaps.into_iter().find(|gap| gap.signal == signal).unwrap().standing
    }

    #[test]
    fn an_empty_profile_is_planned_whole_and_the_most_valuable_field_comes_first() {
        let planned = planned(&Facts::default(), &full());
        assert_eq!(planned[0].signal, Signal::Photos);
        assert_eq!(planned.len(), 10);
        assert!(planned.iter().all(|gap| gap.before.is_none() && gap.by == "machine"));
        assert!(planned.iter().all(|gap| gap.signal.as_column() != "title"));
    }

    #[test]
    fn what_nobody_said_is_not_invented_and_says_who_can_send_it() {
        let signals: Vec<_> =
            planned(&Facts::default(), &Intake::default()).iter().map(|gap| gap.signal).collect();
        assert_eq!(signals, [Signal::Category, Signal::Phone]);
        for gap in assess(&Facts::default(), &Intake::default(), &client("dental", "en"), TODAY) {
            match gap.standing {
                Standing::NotGiven => assert_eq!(gap.by, "client", "{gap:?}"),
                Standing::Elsewhere => assert!(!gap.remedy.contains("send"), "{gap:?}"),
                Standing::Planned | Standing::Complete | Standing::Invalid(_) => {}
            }
        }
    }

    #[test]
    fn a_value_that_a_profile_cannot_take_is_named_and_not_cut() {
        let description = |n| Intake { description: Some("x".repeat(n)), ..Intake::default() };
        assert_eq!(standing(&description(750), Signal::Description), Standing::Planned);
        let too_long = standing(&description(751), Signal::Description);
        assert!(matches!(&too_long, Standing::Invalid(why) if why.contains("751")), "{too_long:?}");
        let bad = Intake {
            phone: Some("call us".to_owned()),
            website: Some("not a site".to_owned()),
            regular_hours: Some("9 to 5".to_owned()),
            special_hours: Some("2025-12-25 off".to_owned()),
            ..Intake::default()
        };
        for signal in [Signal::Phone, Signal::Website, Signal::RegularHours, Signal::SpecialHours] {
            assert!(matches!(standing(&bad, signal), Standing::Invalid(_)), "{signal:?}");
        }
    }

    #[test]
    fn holiday_rules_are_written_for_certain_dates_and_what_is_left_out_is_named() {
        let special = |intake: &Intake, zone: &str| {
            let mut client = client("dental", "en");
            zone.clone_into(&mut client.zone);
            let gaps = assess(&Facts::default(), intake, &client, TODAY);
            gaps.into_iter().find(|gap| gap.signal == Signal::SpecialHours).unwrap()
        };
        let week = Intake {
            regular_hours: Some("Mo-Fr 9:00-17:00; PH off".to_owned()),
            ..Intake::default()
        };
        let here = special(&week, "America/New_York");
        assert_eq!(here.wanted.as_deref(), Some("2026-12-25 off; 2027-01-01 off"));
        assert!(here.left_out.unwrap().contains("not certain"), "the others are named");
        let elsewhere = special(&week, "Asia/Tokyo");
        assert!(matches!(&elsewhere.standing, Standing::Invalid(why) if why.contains("PH off")));
        let dated =
            Intake { special_hours: Some("2026-07-04 off".to_owned()), ..Intake::default() };
        let dated = special(&dated, "Asia/Tokyo");
        assert_eq!((dated.standing, dated.left_out), (Standing::Planned, None));
    }

    #[test]
    fn what_is_there_already_is_left_alone() {
        let done =
            planned(&Facts::default(), &full()).into_iter().fold(Facts::default(), |facts, gap| {
                apply(facts, gap.signal, gap.wanted.as_deref().unwrap())
            });
        assert_eq!(planned(&done, &full()), []);
    }

    proptest! {
        #[test]
        fn every_edit_that_becomes_visible_raises_the_score_and_none_lowers_it(
            phone: bool, photos in proptest::option::of(0_u32..20), visible in 0_usize..11
        ) {
            let mut facts = Facts {
                phone: phone.then(|| "+12075550199".to_owned()), photos, ..Facts::default()
            };
            let before = score(&facts);
            for (done, gap) in planned(&facts, &full()).iter().take(visible).enumerate() {
                let last = score(&facts);
                let after = gap.wanted.as_deref().unwrap();
                facts = apply(facts, gap.signal, after);
                prop_assert!(is_visible(&facts, gap.signal, after), "{done}: {gap:?}");
                prop_assert!(score(&facts) >= last, "{gap:?}");
            }
            prop_assert!(score(&facts) >= before);
        }
    }
}
