//! Reads a book through before it is used: every variant, in every language, for every wording, with
//! values that are as awkward as real ones get.

use super::book::{Book, LANGUAGES, TemplateFault};
use super::{Claim, Desk, PART_NAMES, PitchFault};
use crate::domain::profile::{Facts, Knowable, Source, audit, opportunities};
use crate::domain::sales::{Pitch, Prospect, Stage};
use crate::domain::sender::Sender;
use crate::domain::unsubscribe::UnsubscribeKey;

/// Names that have broken a template, a sentence or a mail before.
const NAMES: [&str; 5] = [
    "Zähne & Co",
    "Dr. Who? & Sons Ltd.",
    "{{ claims }} {% raw %} [offer] %s ${x}",
    "A B C D E F G H I J K L M N O P",
    "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz GmbH",
];
/// Towns likewise; `None` is a business whose town nobody knows.
const TOWNS: [Option<&str>; 3] =
    [None, Some("Ottawa"), Some("Saint Remy en Bouzemont Saint Genest")];

/// What a template's text must not have once it is rendered.
const RESIDUE: [&str; 9] = ["{{", "}}", "{%", "%}", "  ", " .", " ,", "\n- \n", "()"];

/// Reads every text of `book` through.
///
/// # Errors
/// The first text that cannot be rendered, is too long or says what it should not.
pub fn proof(book: &Book) -> Result<(), TemplateFault> {
    for language in LANGUAGES {
        for category in book.sample_categories() {
            for variant in book.variants(language, category) {
                proof_one(book, (language, category, variant))?;
            }
        }
    }
    Ok(())
}

fn proof_one(book: &Book, key: (&str, &str, &str)) -> Result<(), TemplateFault> {
    let (language, category, _) = key;
    let observed = [Source::OverpassJson, Source::Csv].map(|source| everything(source, language));
    for (at, name) in NAMES.into_iter().enumerate() {
        let town = TOWNS[at % TOWNS.len()];
        let prospect = prospect(name, town, language, category);
        let sender = sender(name);
        let observed = &observed[at % observed.len()];
        for n in [1, 4] {
            let observed = &observed[..n.min(observed.len())];
            let desk = Desk { book, prospect: &prospect, observed, sender: &sender };
            read_through(&desk, key)?;
        }
    }
    Ok(())
}

fn read_through(desk: &Desk<'_>, key: (&str, &str, &str)) -> Result<(), TemplateFault> {
    let (book, variant) = (desk.book, key.2);
    let pitch = desk.compose("proof", variant, 1.0).map_err(|fault| match fault {
        PitchFault::Template(fault) => fault,
        PitchFault::NothingToSay
        | PitchFault::Claim(_)
        | PitchFault::Empty(_)
        | PitchFault::TooLong { .. } => at_fault(book, key, &fault),
    })?;
    for part in PART_NAMES {
        let text = desk.bounded().names().masked(part_of(&pitch, part));
        if let Some(residue) = RESIDUE.into_iter().find(|odd| text.contains(odd)) {
            return Err(TemplateFault {
                why: format!("its text comes out with {residue:?} in it"),
                hint: "look at blanks, loops and conditions".to_owned(),
                ..cited(book, key, part)
            });
        }
    }
    Ok(())
}

fn at_fault(book: &Book, key: (&str, &str, &str), fault: &PitchFault) -> TemplateFault {
    let part = match fault {
        PitchFault::TooLong { channel, .. } => channel,
        PitchFault::NothingToSay
        | PitchFault::Claim(_)
        | PitchFault::Empty(_)
        | PitchFault::Template(_) => "email",
    };
    TemplateFault {
        why: format!("{fault}, with long names and one observation"),
        hint: "shorten it".to_owned(),
        ..cited(book, key, part)
    }
}

fn cited(book: &Book, key: (&str, &str, &str), part: &str) -> TemplateFault {
    let (file, line) = book.place_of(key, part).unwrap_or_default();
    TemplateFault {
        file,
        section: Some(part.to_owned()),
        line: Some(line),
        why: String::new(),
        hint: String::new(),
    }
}

/// Returns the text of one part.
pub(super) fn part_of<'p>(pitch: &'p Pitch, part: &str) -> &'p str {
    match part {
        "subject" => &pitch.subject,
        "email" => &pitch.email,
        "linkedin" => &pitch.linkedin,
        "phone" => &pitch.phone,
        _ => &pitch.sms,
    }
}

/// Every observation that a source allows of a business of which it only knows the category.
pub(super) fn everything(source: Source, language: &str) -> Vec<Claim> {
    let facts = Facts { category: Some("dental".to_owned()), ..Facts::default() };
    opportunities(&audit(&facts, Knowable::of(source)))
        .iter()
        .map(|opportunity| Claim::of(opportunity, source, language))
        .collect()
}

pub(super) fn sender(name: &str) -> Sender {
    Sender {
        from: "sam@agency.example".to_owned(),
        from_name: "Sam".to_owned(),
        agency: name.to_owned(),
        postal_address: "Floor 3, 12 North Main Street, Newtown upon Water, ME 04101, USA"
            .to_owned(),
        unsubscribe_url: "https://u.agency.example".to_owned(),
        unsubscribe_key: UnsubscribeKey::new("proof"),
        booking_url: "https://calendly.com/agency/intro".to_owned(),
    }
}

pub(super) fn prospect(name: &str, town: Option<&str>, language: &str, category: &str) -> Prospect {
    Prospect {
        entity: "osm:node/1".to_owned(),
        name: name.to_owned(),
        category: category.to_owned(),
        address: None,
        city: town.map(str::to_owned),
        postcode: None,
        country: None,
        zone: "Europe/Berlin".to_owned(),
        language: language.to_owned(),
        lat: None,
        lon: None,
        phone: None,
        email: Some("a@business.example".to_owned()),
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
