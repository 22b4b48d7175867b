//! Reads the mails that prospects get, as prospects do: every variant, in every language, for every
//! wording, as the file that goes out.

#![expect(clippy::unwrap_used, reason = "a letter that cannot be made has failed")]

use cep_machine::adapters::outbox::eml;
use cep_machine::domain::effect::{Action, EffectKey, Mail};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::pitch::{Book, Claim, Desk, Kind, LANGUAGES, Trace};
use cep_machine::domain::profile::{Facts, Knowable, Source, audit, opportunities};
use cep_machine::domain::sales::{ByHand, Prospect, Stage};
use cep_machine::domain::sender::Sender;
use cep_machine::domain::time::Moment;
use cep_machine::domain::unsubscribe::UnsubscribeKey;

const ADDRESS: &str = "12 Quay Street, Portland, ME 04101, USA";

fn sender() -> Sender {
    Sender {
        from: "mara@harbour-vane.example".to_owned(),
        from_name: "Mara Vane".to_owned(),
        agency: "Harbour & Vane Local".to_owned(),
        postal_address: ADDRESS.to_owned(),
        unsubscribe_url: "https://harbour-vane.example/unsubscribe".to_owned(),
        unsubscribe_key: UnsubscribeKey::new("letters"),
        booking_url: "https://calendly.com/harbour-vane/intro".to_owned(),
    }
}

fn prospect(language: &str, category: &str) -> Prospect {
    let (name, city) =
        if language == "de" { ("Müller & Söhne", "Köln") } else { ("Miller & Sons", "Norwich") };
    Prospect {
        entity: "osm:node/1".to_owned(),
        name: name.to_owned(),
        category: category.to_owned(),
        address: None,
        city: Some(city.to_owned()),
        postcode: None,
        country: None,
        zone: "Europe/Berlin".to_owned(),
        language: language.to_owned(),
        lat: None,
        lon: None,
        phone: None,
        email: Some("info@miller.example".to_owned()),
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

/// An entry that has address, phone and category: what it lacks is known, and nothing else may be said.
fn observed(source: Source, language: &str) -> Vec<Claim> {
    let facts = Facts { category: Some("any".to_owned()), ..Facts::default() };
    opportunities(&audit(&facts, Knowable::of(source)))
        .iter()
        .map(|opportunity| Claim::of(opportunity, source, language))
        .collect()
}

/// The body of a mail as a mail program shows it.
fn shown(mail: &str) -> String {
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    let body = if head.contains("Content-Transfer-Encoding: quoted-printable") {
        unquoted(body)
    } else {
        assert!(head.contains("Content-Transfer-Encoding: 7bit"), "{head}");
        body.to_owned()
    };
    body.replace("\r\n", "\n")
}

fn unquoted(body: &str) -> String {
    let body = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = body.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first == b'=' {
            let hex = std::str::from_utf8(&after[..2]).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8(bytes).unwrap()
}

struct Letter {
    label: String,
    language: &'static str,
    /// The whole file.
    file: String,
    /// The body as read.
    text: String,
    trace: Trace,
    observed: Vec<Claim>,
}

/// Every letter that our templates can make of two sources and of one, two and all observations.
fn letters() -> Vec<Letter> {
    let (book, sender) = (Book::own().unwrap(), sender());
    let mut letters = Vec::new();
    for language in LANGUAGES {
        for category in book.sample_categories() {
            let prospect = prospect(language, category);
            for variant in book.variants(language, category) {
                for (source, n) in [(Source::OverpassJson, 4), (Source::Csv, 2), (Source::Csv, 1)] {
                    let observed: Vec<Claim> =
                        observed(source, language).into_iter().take(n).collect();
                    let desk = Desk {
                        book: &book,
                        prospect: &prospect,
                        observed: &observed,
                        sender: &sender,
                    };
                    let pitch = desk.compose("intro", variant, 1.0).unwrap();
                    assert_eq!(pitch.by_hand, ByHand::default());
                    let to = "info@miller.example";
                    let link = sender.unsubscribe_link(&prospect.entity, to, "intro").unwrap();
                    let mail = Mail {
                        to: to.to_owned(),
                        to_name: prospect.name.clone(),
                        from: sender.from.clone(),
                        from_name: sender.from_name.clone(),
                        subject: pitch.subject.clone(),
                        text: sender.letter(&pitch.email, language, &link),
                        unsubscribe_url: Some(link),
                        booking_url: Some(sender.booking_link(&prospect.entity)),
                    };
                    let key = EffectKey::new(
                        Mode::Live,
                        Layer::OutreachEngine,
                        &prospect.entity,
                        Action::SendEmail,
                        "intro/1",
                    );
                    let bytes = eml::mail_bytes(&key, Moment(1_767_603_600_000), &mail).unwrap();
                    let file = String::from_utf8(bytes).unwrap();
                    letters.push(Letter {
                        label: format!("{language}/{category}/{variant}/{n}"),
                        language,
                        text: shown(&file),
                        file,
                        trace: serde_json::from_value(pitch.claims).unwrap(),
                        observed,
                    });
                }
            }
        }
    }
    letters
}

#[test]
fn every_mail_says_who_writes_that_it_is_advertising_and_how_to_end_it() {
    let letters = letters();
    assert_eq!(letters.len(), 2 * 8 * 3 * 3);
    for Letter { label, language, file, text, .. } in &letters {
        let head = file.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        for line in [
            "From: \"Mara Vane\" <mara@harbour-vane.example>",
            "List-Unsubscribe: <https://harbour-vane.example/unsubscribe/u/",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
            "Subject: ",
            "Date: ",
            "Message-ID: <",
        ] {
            let found = head.contains(line) || head.contains(&line.replace('"', ""));
            assert!(found, "{label} has no {line:?}:\n{head}");
        }
        let (advertising, way_out) = match *language {
            "de" => {
                ("Dies ist Werbung von Harbour & Vane Local, ", "Keine weiteren Nachrichten: https")
            }
            _ => (
                "This is advertising from Harbour & Vane Local, ",
                "To hear no more from us: https",
            ),
        };
        let (body, footer) = text.split_once("\n\n--\n").unwrap();
        assert!(footer.contains(advertising) && footer.contains(ADDRESS), "{label}:\n{text}");
        assert!(footer.contains(way_out), "{label}:\n{text}");
        assert!(body.ends_with("\nMara Vane\nHarbour & Vane Local"), "{label}:\n{text}");
        assert!(body.contains("https://calendly.com/harbour-vane/intro?"), "{label}:\n{text}");
        assert!(text.split_whitespace().count() <= 150, "{label}:\n{text}");
    }
}

#[test]
fn every_fact_in_a_mail_is_one_that_was_observed() {
    for Letter { label, text, trace, observed, .. } in letters() {
        let claims: Vec<_> = trace["email"].iter().filter(|one| one.kind == Kind::Claim).collect();
        assert_eq!(claims.len(), observed.len(), "{label}:\n{text}");
        for (claim, observation) in claims.iter().zip(&observed) {
            assert_eq!(claim.rests_on, [observation.code.as_str()], "{label}");
            assert!(text.contains(&claim.text), "{label}: {}", claim.text);
        }
        assert!(
            text.to_lowercase().contains(&observed[0].place.to_lowercase()),
            "{label}:\n{text}"
        );
        // The trace holds the whole letter: nothing stands in it that no sentence covers.
        let mut rest = text.split("\n\n--\n").next().unwrap().to_owned();
        for sentence in &trace["email"] {
            let at = rest.find(&sentence.text).unwrap_or_else(|| panic!("{label}: {sentence:?}"));
            assert!(rest[..at].trim().is_empty(), "{label}: {:?} is not traced", &rest[..at]);
            rest = rest[at + sentence.text.len()..].to_owned();
        }
        assert!(rest.trim().is_empty(), "{label}: {rest:?} is not traced");
    }
}

#[test]
fn a_mail_is_in_one_language_and_reads_as_if_nobody_had_filled_it_in() {
    const GERMAN: [&str; 8] = ["und", "wir", "sie", "haben", "der", "nicht", "ist", "für"];
    const ENGLISH: [&str; 9] = ["and", "we", "you", "the", "not", "is", "for", "of", "find"];
    for Letter { label, language, text, .. } in letters() {
        let foreign: &[&str] = if language == "de" { &ENGLISH } else { &GERMAN };
        let words = text.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase);
        let odd: Vec<String> = words.filter(|word| foreign.contains(&word.as_str())).collect();
        assert!(odd.is_empty(), "{label} has {odd:?}:\n{text}");
        for residue in
            ["{{", "{%", "}}", "%}", "  ", " ,", " .", "..", "\n\n\n", "\n- \n", "[", "None"]
        {
            assert!(!text.contains(residue), "{label} has {residue:?}:\n{text}");
        }
        if language == "de" {
            assert!(!text.contains(" du ") && !text.contains(" dein"), "{label}:\n{text}");
        }
        assert!(text.lines().all(|line| line.trim_end() == line), "{label}:\n{text}");
    }
}

/// Three letters as their recipients read them; whoever changes a template reads the difference here.
#[test]
fn three_letters_as_they_arrive() {
    let letters = letters();
    let text = |label: &str| {
        let letter = letters.iter().find(|letter| letter.label == label).unwrap();
        letter.text.split("utm_campaign").next().unwrap().to_owned()
    };
    insta::assert_snapshot!("en_dental_direct", text("en/dental/direct/4"));
    insta::assert_snapshot!("de_hvac_friendly", text("de/hvac/friendly/2"));
    insta::assert_snapshot!("de_restaurant_question", text("de/restaurant/question/1"));
}
