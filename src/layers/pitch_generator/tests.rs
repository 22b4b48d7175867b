//! Tests of the decisions of layer 2.

#![expect(clippy::wildcard_enum_match_arm, reason = "a test looks for one of many changes")]

use std::collections::BTreeMap;

use super::*;
use crate::config::embedded;
use crate::domain::change::Change;
use crate::domain::learning::VariantState;
use crate::domain::outcome::Next;
use crate::domain::profile::{Knowable, Source, audit};
use crate::domain::sales::MessageState;

const NOW: Moment = Moment(1_767_603_600_000);

fn settings() -> Settings {
    embedded(std::path::Path::new("/nowhere")).unwrap()
}

fn facts(settings: &Settings, n: u32) -> Facts<'_> {
    let entity = format!("osm:node/{n}");
    let observed = crate::domain::profile::Facts {
        category: Some("dental".to_owned()),
        ..crate::domain::profile::Facts::default()
    };
    let audit = audit(&observed, Knowable::of(Source::OverpassJson)).to_row(
        &entity,
        Source::OverpassJson,
        "found",
        NOW,
        &observed,
    );
    Facts {
        mode: crate::domain::mode::Mode::Dry,
        campaign: "intro".to_owned(),
        prospect: Prospect {
            entity,
            name: "A Dental".to_owned(),
            category: "dental".to_owned(),
            address: None,
            city: None,
            postcode: None,
            country: None,
            zone: "Europe/London".to_owned(),
            language: "en".to_owned(),
            lat: None,
            lon: None,
            phone: None,
            email: Some("a@dental.example".to_owned()),
            website: None,
            linkedin: None,
            source: "overpass-json".to_owned(),
            attribution: String::new(),
            stage: Stage::Qualified,
            reason: None,
            score: audit.score,
            coverage: Some(audit.coverage),
            tier: None,
        },
        audit,
        variants: Vec::new(),
        pinned: None,
        has_begun: false,
        gone_out: None,
        existing: None,
        again: false,
        wanted: None,
        settings,
        seed: Seed(1),
    }
}

fn pitch_of(outcome: &StepOutcome) -> &Pitch {
    outcome
        .changes
        .iter()
        .find_map(|change| match change {
            Change::Sales(SalesChange::Pitch(pitch)) => Some(&**pitch),
            _ => None,
        })
        .unwrap()
}

#[test]
fn a_qualified_prospect_gets_a_pitch_and_the_first_step_of_its_sequence() {
    let settings = settings();
    let outcome = decide(&facts(&settings, 1), NOW).unwrap();
    let pitch = pitch_of(&outcome);
    assert!(["direct", "friendly", "question"].contains(&pitch.variant.as_str()));
    assert!(pitch.propensity > 0.0 && pitch.propensity <= 1.0);
    assert!(pitch.email.contains("On OpenStreetMap"), "{}", pitch.email);
    let kinds: Vec<&str> = outcome.units.iter().map(|unit| unit.kind.as_str()).collect();
    assert_eq!(kinds, ["message", "conclude"]);
    assert!(outcome.changes.iter().any(|change| matches!(
        change,
        Change::Sales(SalesChange::Message(row)) if row.state == MessageState::Planned
    )));
}

#[test]
fn the_same_prospect_always_gets_the_same_pitch() {
    let settings = settings();
    let facts = facts(&settings, 1);
    assert_eq!(decide(&facts, NOW), decide(&facts, NOW));
}

#[test]
fn a_prospect_that_no_channel_reaches_is_counted_and_not_written_to() {
    let settings = settings();
    let mut facts = facts(&settings, 1);
    facts.prospect.email = None;
    let outcome = decide(&facts, NOW).unwrap();
    assert!(matches!(&outcome.next, Next::Skipped(why) if why.starts_with("no_channel")));
    assert!(matches!(
        &outcome.changes[..],
        [Change::Sales(SalesChange::ProspectStage { stage: Stage::NoChannel, .. })]
    ));
    assert!(outcome.units.is_empty());
}

#[test]
fn a_client_is_not_pitched_again() {
    let settings = settings();
    for stage in [Stage::Client, Stage::Booked, Stage::LeftOut, Stage::NotQualified] {
        let mut facts = facts(&settings, 1);
        facts.prospect.stage = stage;
        assert!(matches!(decide(&facts, NOW).unwrap().next, Next::Skipped(_)), "{stage:?}");
    }
}

#[test]
fn a_pitch_is_not_changed_once_its_outreach_has_begun() {
    let settings = settings();
    let begun = Facts { has_begun: true, ..facts(&settings, 1) };
    let outcome = decide(&begun, NOW).unwrap();
    assert!(matches!(outcome.next, Next::Skipped(_)) && outcome.changes.is_empty());
}

#[test]
fn a_variant_that_works_is_chosen_more_often_and_a_stopped_one_never() {
    let settings = settings();
    let row = |arm: &str, successes: u32, failures: u32, state| Variant {
        arm: arm.to_owned(),
        successes: successes.into(),
        failures: failures.into(),
        weighted_successes: successes.into(),
        weighted_failures: failures.into(),
        state,
        reason: None,
    };
    let mut chosen: BTreeMap<String, u32> = BTreeMap::new();
    for n in 0..300 {
        let mut facts = facts(&settings, n);
        facts.variants = vec![
            row("direct", 60, 140, VariantState::Live),
            row("friendly", 10, 190, VariantState::Live),
            row("question", 90, 10, VariantState::Stopped),
        ];
        let variant = choose(&facts).unwrap().arm;
        *chosen.entry(variant).or_default() += 1;
    }
    assert!(chosen["direct"] > 250, "{chosen:?}");
    assert!(chosen["friendly"] > 0, "{chosen:?}");
    assert!(!chosen.contains_key("question"), "{chosen:?}");
}

#[test]
fn a_recipient_keeps_its_variant_whatever_is_learned_until_that_variant_is_stopped() {
    let settings = settings();
    let mut facts = facts(&settings, 1);
    let first = choose(&facts).unwrap();
    assert_eq!((first.seed, first.draw_key.as_str()), (1, "osm:node/1/intro"));
    let row = |arm: &str, state, weight| Variant {
        arm: arm.to_owned(),
        successes: 0,
        failures: 0,
        weighted_successes: weight,
        weighted_failures: 9.0,
        state,
        reason: None,
    };
    facts.pinned = Some(first.clone());
    let others = settings.pitch.book.variants("en", "dental");
    let others = others.into_iter().filter(|arm| *arm != first.arm);
    facts.variants = others.map(|arm| row(arm, VariantState::Live, 500.0)).collect();
    assert_eq!(choose(&facts).unwrap(), first);
    facts.variants.push(row(&first.arm, VariantState::Stopped, 0.0));
    assert_ne!(choose(&facts).unwrap().arm, first.arm);
}

#[test]
fn with_every_variant_stopped_a_person_has_to_decide() {
    let settings = settings();
    let mut facts = facts(&settings, 1);
    facts.variants = ["direct", "friendly", "question"]
        .iter()
        .map(|arm| Variant {
            arm: (*arm).to_owned(),
            successes: 0,
            failures: 9,
            weighted_successes: 0.0,
            weighted_failures: 9.0,
            state: VariantState::Stopped,
            reason: None,
        })
        .collect();
    assert_eq!(decide(&facts, NOW).unwrap_err().code, "no_variant");
}

#[test]
fn a_pitch_that_a_person_edited_is_kept_word_for_word_and_checked_again() {
    let settings = settings();
    let mut facts = facts(&settings, 1);
    let mut pitch = pitch_of(&decide(&facts, NOW).unwrap()).clone();
    pitch.linkedin = "Hello, may I call you on Tuesday?".to_owned();
    pitch.by_hand.edit(Channel::Linkedin);
    facts.existing = Some(pitch.clone());
    let kept = decide(&facts, NOW).unwrap();
    assert_eq!(pitch_of(&kept), &pitch);
    assert!(!kept.units.is_empty(), "its sequence begins");

    pitch.linkedin = "Everybody laughs about the entry.".to_owned();
    facts.existing = Some(pitch);
    let error = decide(&facts, NOW).unwrap_err();
    assert_eq!(error.code, "pitch_rejected");
    assert!(error.message.contains("Everybody laughs"), "{error}");
}

#[test]
fn a_person_has_a_pitch_written_again_in_the_variant_they_chose_until_it_has_gone_out() {
    let settings = settings();
    let mut facts = facts(&settings, 1);
    facts.existing = Some(pitch_of(&decide(&facts, NOW).unwrap()).clone());
    (facts.has_begun, facts.again, facts.wanted) = (true, true, Some("question".to_owned()));
    let again = decide(&facts, NOW).unwrap();
    let pitch = pitch_of(&again);
    assert_eq!((pitch.variant.as_str(), pitch.by_hand.chosen), ("question", true));
    assert!(again.units.is_empty(), "the sequence is planned already");
    facts.gone_out = Some("the email message was sent".to_owned());
    let outcome = decide(&facts, NOW).unwrap();
    assert!(matches!(&outcome.next, Next::Skipped(why) if why.contains("was sent")));
}
