//! Tests of whole pitches: their length, their honesty, and what hostile names do to them.

use proptest::prelude::*;

use super::*;
use crate::domain::profile::{Facts, Knowable, Source, audit, opportunities};
use crate::domain::sales::Stage;
use crate::domain::unsubscribe::UnsubscribeKey;

fn sender() -> Sender {
    Sender {
        from: "sam@agency.example".to_owned(),
        from_name: "Sam".to_owned(),
        agency: "Agency & Sons".to_owned(),
        postal_address: "1 Main Street, Town".to_owned(),
        unsubscribe_url: "https://u.agency.example".to_owned(),
        unsubscribe_key: UnsubscribeKey::new("secret"),
        booking_url: "https://calendly.com/agency/intro".to_owned(),
    }
}

fn prospect(name: &str, language: &str) -> Prospect {
    Prospect {
        entity: "osm:node/1".to_owned(),
        name: name.to_owned(),
        category: "dental".to_owned(),
        address: None,
        city: Some("Ottawa".to_owned()),
        postcode: None,
        country: None,
        zone: "America/Toronto".to_owned(),
        language: language.to_owned(),
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
        score: None,
        coverage: None,
        tier: None,
    }
}

/// What an audit of an entry that has nothing but a category may say.
fn observed(source: Source, language: &str) -> Vec<Claim> {
    let facts = Facts { category: Some("dental".to_owned()), ..Facts::default() };
    opportunities(&audit(&facts, Knowable::of(source)))
        .iter()
        .map(|opportunity| Claim::of(opportunity, source, language))
        .collect()
}

#[test]
fn every_variant_in_every_language_fits_its_channels_and_names_what_it_rests_on() {
    for language in ["en", "de"] {
        for source in Source::ALL {
            let observed = observed(source, language);
            for variant in VARIANTS {
                for n in 1..=observed.len() {
                    let prospect = prospect(&"Long Name ".repeat(20), language);
                    let pitch =
                        compose(&prospect, "c", (variant, 0.5), &observed[..n], &sender()).unwrap();
                    let claims = pitch.claims.as_array().unwrap().len();
                    assert_eq!(claims, n.min(CLAIMS_MAX), "{variant} {language}");
                    assert!(pitch.email.contains("utm_campaign=osm%3Anode%2F1"), "{}", pitch.email);
                    assert!(!pitch.subject.contains('\n'));
                }
            }
        }
    }
}

#[test]
fn a_business_without_an_observed_gap_gets_no_pitch() {
    let fault = compose(&prospect("A", "en"), "c", ("direct", 1.0), &[], &sender()).unwrap_err();
    assert_eq!(fault, PitchFault::NothingToSay);
}

#[test]
fn an_unknown_variant_is_named() {
    let observed = observed(Source::Csv, "en");
    let fault =
        compose(&prospect("A", "en"), "c", ("loud", 1.0), &observed, &sender()).unwrap_err();
    assert!(fault.to_string().contains("loud"));
}

#[test]
fn a_pitch_reads_as_written() {
    let observed = observed(Source::OverpassJson, "en");
    let pitch =
        compose(&prospect("Zähne & Co", "en"), "c", ("direct", 0.5), &observed[..2], &sender())
            .unwrap();
    assert_eq!(
        pitch.email,
        "Hello,\n\n\
         I looked at how Zähne & Co appears to people who search in Ottawa.\n\n\
         - We found no web site of your own for you on OpenStreetMap.\n\
         - We found no opening hours for you on OpenStreetMap.\n\n\
         We keep public profiles complete for local businesses and report every month what \
         changed.\n\n\
         A first call takes 15 minutes, and you keep the list of open points either way:\n\
         https://calendly.com/agency/intro?utm_campaign=osm%3Anode%2F1&utm_source=email\n\n\
         Sam\nAgency & Sons"
    );
}

/// Sentences that a careless writer, or a language model, might add.
const PLANTED: [&str; 16] = [
    "You have no website.",
    "Your website is outdated.",
    "Your photos are blurry.",
    "Your rating on OpenStreetMap is low.",
    "You are losing customers to your competitors.",
    "40 people looked for you last week.",
    "Businesses like yours gain 30% more calls.",
    "We guarantee the first place.",
    "We found no phone number for you.",
    "You rank below the others.",
    "Sie haben keine Webseite.",
    "Ihre Bewertungen sind schlecht.",
    "Sie verlieren jeden Tag Kunden.",
    "Ihr Umsatz leidet.",
    "Im Internet fehlt Ihre Telefonnummer.",
    "Ihre Konkurrenz ist weiter.",
];

#[test]
fn planted_false_claims_are_rejected_in_every_channel() {
    for language in ["en", "de"] {
        let observed = observed(Source::OverpassJson, language);
        let pitch =
            compose(&prospect("A", language), "c", ("direct", 1.0), &observed, &sender()).unwrap();
        let honest = PitchTexts {
            subject: pitch.subject,
            email: pitch.email,
            linkedin: pitch.linkedin,
            phone: pitch.phone,
            sms: pitch.sms,
        };
        let names =
            ["https://calendly.com/agency/intro?utm_campaign=osm%3Anode%2F1&utm_source=email"];
        assert!(honest.checked(language, &observed, &names).is_ok());
        for lie in PLANTED {
            let with = |text: &str| format!("{text} {lie}");
            let texts = [
                PitchTexts { subject: with(&honest.subject), ..honest.clone() },
                PitchTexts { email: with(&honest.email), ..honest.clone() },
                PitchTexts { linkedin: with(&honest.linkedin), ..honest.clone() },
                PitchTexts { phone: with(&honest.phone), ..honest.clone() },
                PitchTexts { sms: with(&honest.sms), ..honest.clone() },
            ];
            for text in texts {
                let fault = text.checked(language, &observed, &names).unwrap_err();
                assert!(matches!(fault, PitchFault::Claim(_)), "{lie}: {fault}");
            }
        }
    }
}

#[test]
fn what_is_listed_may_not_be_called_missing() {
    let observed = observed(Source::OverpassJson, "en");
    let without_phone: Vec<Claim> = observed
        .iter()
        .filter(|claim| claim.signal != crate::domain::profile::Signal::Phone)
        .cloned()
        .collect();
    let sentence = "We found no phone number for you on OpenStreetMap.";
    assert!(check(sentence, "en", &observed, &[]).is_ok());
    assert!(check(sentence, "en", &without_phone, &[]).is_err());
}

#[test]
fn an_observation_may_be_said_in_other_words_that_say_where_it_was_looked_for() {
    let observed = observed(Source::OverpassJson, "en");
    let claims =
        check("I could not find your opening hours on OpenStreetMap!", "en", &observed, &[])
            .unwrap();
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].code, "add_regular_hours");
}

#[test]
fn a_long_text_is_refused_with_its_count() {
    let texts = PitchTexts {
        subject: String::new(),
        email: "word ".repeat(151),
        linkedin: String::new(),
        phone: String::new(),
        sms: String::new(),
    };
    assert_eq!(
        texts.checked("en", &[], &[]),
        Err(PitchFault::TooLong { channel: "email", words: 151, words_max: 150 })
    );
}

proptest! {
    #[test]
    fn no_name_breaks_a_pitch_or_is_read_as_a_template(name in ".{0,120}", city in ".{0,60}") {
        let mut prospect = prospect(&name, "en");
        prospect.city = Some(city);
        let observed = observed(Source::Csv, "en");
        let pitch = compose(&prospect, "c", ("friendly", 1.0), &observed, &sender());
        let pitch = pitch.expect("a pitch");
        prop_assert!(!pitch.subject.contains(['\n', '\r']));
        prop_assert!(!pitch.email.chars().any(|c| c.is_control() && c != '\n'));
    }

    #[test]
    fn a_name_in_template_marks_stays_a_name(inner in "[a-z]{1,8}") {
        let name = format!("{{{{ {inner} }}}}");
        let observed = observed(Source::Csv, "en");
        let pitch = compose(&prospect(&name, "en"), "c", ("direct", 1.0), &observed, &sender());
        prop_assert!(pitch.expect("a pitch").email.contains(&name));
    }
}
