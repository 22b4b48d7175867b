//! Plans the edits of a profile and tells afterwards which of them can be seen.

use super::Intake;
use crate::domain::contact::website::first_website;
use crate::domain::operations::Client;
use crate::domain::profile::{Facts, Knowable, Signal, Source, audit, opportunities};

/// One field to bring up to what its owner says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Improvement {
    /// Which field.
    pub signal: Signal,
    /// As read; `None` when there was nothing.
    pub before: Option<String>,
    /// As it shall be.
    pub after: String,
}

/// Returns what to change, the most valuable first.
///
/// Reviews and posts are not among it: the first are other people's words, the second have a
/// calendar of their own.
pub fn plan(facts: &Facts, intake: &Intake, client: &Client) -> Vec<Improvement> {
    opportunities(&audit(facts, Knowable::of(Source::Gbp)))
        .into_iter()
        .filter_map(|gap| {
            let after = wanted(gap.signal, intake, client)?;
            let before = current(facts, gap.signal);
            (!is_visible(facts, gap.signal, &after)).then_some(Improvement {
                signal: gap.signal,
                before,
                after,
            })
        })
        .collect()
}

/// Returns what the owner says about a field.
fn wanted(signal: Signal, intake: &Intake, client: &Client) -> Option<String> {
    match signal {
        Signal::Category => Some(client.category.clone()),
        Signal::Address => intake.address.clone(),
        Signal::Phone => intake.phone.clone().or_else(|| client.phone.clone()),
        Signal::Website => Some(first_website(intake.website.as_deref()?)?.url),
        Signal::RegularHours => intake.regular_hours.clone(),
        Signal::SpecialHours => intake.special_hours.clone(),
        Signal::Description => intake.description.clone(),
        Signal::Photos => intake.photos.filter(|&n| n > 0).map(|n| counted(n, "own photo")),
        Signal::Services => {
            let names = &intake.services;
            let count = u32::try_from(names.len()).unwrap_or(u32::MAX);
            (count > 0).then(|| format!("{}: {}", counted(count, "service"), names.join("; ")))
        }
        Signal::BookingLink => intake.booking_link.clone(),
        Signal::ReviewCount | Signal::ReviewRating | Signal::ReviewReplies | Signal::Posts => None,
    }
}

/// Returns a field as it can be seen.
fn current(facts: &Facts, signal: Signal) -> Option<String> {
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
        Signal::ReviewCount | Signal::ReviewRating | Signal::ReviewReplies | Signal::Posts => None,
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

    #[test]
    fn an_empty_profile_is_planned_whole_and_the_most_valuable_field_comes_first() {
        let planned = plan(&Facts::default(), &full(), &client("dental", "en"));
        assert_eq!(planned[0].signal, Signal::Photos);
        assert_eq!(planned.len(), 10);
        assert!(planned.iter().all(|step| step.before.is_none()));
    }

    #[test]
    fn what_nobody_said_is_not_invented() {
        let planned = plan(&Facts::default(), &Intake::default(), &client("dental", "en"));
        let signals: Vec<_> = planned.iter().map(|step| step.signal).collect();
        assert_eq!(signals, [Signal::Category, Signal::Phone]);
    }

    #[test]
    fn what_is_there_already_is_left_alone() {
        let client = client("dental", "en");
        let done = plan(&Facts::default(), &full(), &client)
            .into_iter()
            .fold(Facts::default(), |facts, step| apply(facts, step.signal, &step.after));
        assert_eq!(plan(&done, &full(), &client), []);
    }

    proptest! {
        #[test]
        fn every_edit_that_becomes_visible_raises_the_score_and_none_lowers_it(
            phone: bool, photos in proptest::option::of(0_u32..20), visible in 0_usize..11
        ) {
            let client = client("restaurant", "en");
            let mut facts = Facts {
                phone: phone.then(|| "+12075550199".to_owned()), photos, ..Facts::default()
            };
            let before = score(&facts);
            for (done, step) in plan(&facts, &full(), &client).iter().take(visible).enumerate() {
                let last = score(&facts);
                facts = apply(facts, step.signal, &step.after);
                prop_assert!(is_visible(&facts, step.signal, &step.after), "{done}: {step:?}");
                prop_assert!(score(&facts) >= last, "{step:?}");
            }
            prop_assert!(score(&facts) >= before);
        }
    }
}
