//! Tests of whole pitches: their length, their honesty, and what hostile names do to them.

use proptest::prelude::*;

use super::proof::{everything, part_of, prospect, sender};
use super::*;
use crate::domain::profile::{Signal, Source};

fn book() -> std::sync::Arc<Book> {
    Book::own().unwrap()
}

fn compose(
    prospect: &Prospect,
    observed: &[Claim],
    sender: &Sender,
    variant: &str,
) -> Result<Pitch, PitchFault> {
    Desk { book: &book(), prospect, observed, sender }.compose("c", variant, 0.5)
}

fn trace_of(pitch: &Pitch) -> Trace {
    serde_json::from_value(pitch.claims.clone()).unwrap()
}

#[test]
fn our_own_templates_hold_for_every_variant_language_and_wording() {
    let book = book();
    assert_eq!(proof(&book), Ok(()));
    assert_eq!(book.sample_categories().len(), 8, "seven groups and the general text");
    for language in LANGUAGES {
        assert_eq!(book.variants(language, "dental"), ["direct", "friendly", "question"]);
    }
    let tones: Vec<_> = book.variants("en", "gym").iter().map(|one| book.tone(one)).collect();
    assert_eq!(tones, [Some("formal"), Some("friendly"), Some("curious")]);
}

#[test]
fn a_business_without_an_observed_gap_gets_no_pitch() {
    let fault = compose(&prospect("A", None, "en", "gym"), &[], &sender("B"), "direct");
    assert_eq!(fault.unwrap_err(), PitchFault::NothingToSay);
}

#[test]
fn an_unknown_variant_is_named_with_those_that_there_are() {
    let observed = everything(Source::Csv, "en");
    let fault = compose(&prospect("A", None, "en", "gym"), &observed, &sender("B"), "loud");
    let PitchFault::Template(fault) = fault.unwrap_err() else { panic!("a template's fault") };
    assert!(fault.to_string().contains("loud") && fault.hint.contains("friendly"), "{fault}");
}

#[test]
fn a_pitch_reads_as_written_and_every_sentence_says_what_it_rests_on() {
    let observed = everything(Source::OverpassJson, "en");
    let prospect = prospect("Zähne & Co", Some("Ottawa"), "en", "dental");
    let pitch = compose(&prospect, &observed[..2], &sender("Agency & Sons"), "direct").unwrap();
    assert_eq!(
        pitch.email,
        "Hello,\n\n\
         we looked up the public entry of Zähne & Co in Ottawa, as patients would.\n\n\
         On OpenStreetMap we found:\n\
         - no web site of your own\n\
         - no opening hours\n\n\
         OpenStreetMap is a free map that many apps use.\n\n\
         We keep the public entries of dental practices complete: contact details, opening hours, \
         holidays. Answers to reviews never mention anybody's health.\n\n\
         A first call takes 15 minutes and costs nothing:\n\
         https://calendly.com/agency/intro?utm_campaign=osm%3Anode%2F1&utm_source=email\n\n\
         Kind regards\nSam\nAgency & Sons"
    );
    let trace = trace_of(&pitch);
    let email: Vec<_> = trace["email"].iter().map(|one| (one.kind, one.rests_on.len())).collect();
    assert_eq!(
        email,
        [
            (Kind::Greeting, 0),
            (Kind::About, 0),
            (Kind::Lead, 0),
            (Kind::Claim, 1),
            (Kind::Claim, 1),
            (Kind::Background, 0),
            (Kind::Offer, 0),
            (Kind::Offer, 0),
            (Kind::Offer, 0),
            (Kind::Link, 0),
            (Kind::Greeting, 0),
            (Kind::Signature, 0),
            (Kind::Signature, 0),
        ]
    );
    assert_eq!(trace["sms"][1].rests_on, ["add_website", "add_regular_hours"]);
}

/// Sentences that a careless writer, or a language model, might add.
const PLANTED: [&str; 32] = [
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
    "We found no useful website for you on OpenStreetMap.",
    "We found your opening hours on OpenStreetMap.",
    "Everybody in town talks about it.",
    "The place looks deserted.",
    "We noticed that you close early.",
    "Did you know that nobody can find you?",
    "Why is the entry so neglected?",
    "Hello, you are the worst of all practices in the whole town.",
    "If your shop matters to you, act now.",
    "See https://elsewhere.example/offer for more.",
    "Sie haben keine Webseite.",
    "Ihre Bewertungen sind schlecht.",
    "Sie verlieren jeden Tag Kunden.",
    "Ihr Umsatz leidet.",
    "Im Internet fehlt Ihre Telefonnummer.",
    "Ihre Konkurrenz ist weiter.",
    "Wir haben bei OpenStreetMap keine gute Beschreibung gefunden.",
    "Uns ist aufgefallen, dass Sie selten geöffnet haben.",
    "Wussten Sie, dass niemand Sie findet?",
    "Alle reden schon darüber.",
    "Bitte denken Sie an Ihren Ruf.",
    "Der Laden wirkt verlassen.",
];

#[test]
fn planted_sentences_that_rest_on_nothing_are_refused_by_name_in_every_part() {
    for language in LANGUAGES {
        let observed = everything(Source::OverpassJson, language);
        let (book, sender) = (book(), sender("Agency"));
        let prospect = prospect("Alpha", Some("Bonn"), language, "dental");
        let desk = Desk { book: &book, prospect: &prospect, observed: &observed, sender: &sender };
        let pitch = desk.compose("c", "friendly", 1.0).unwrap();
        for channel in [None].into_iter().chain(Channel::ALL.map(Some)) {
            let honest = part_of(&pitch, channel.map_or("subject", Channel::as_column));
            let (text, _) = desk.check(channel, honest).unwrap();
            assert_eq!(text, honest, "an honest text comes through as it is");
            for lie in PLANTED {
                let fault = desk.check(channel, &format!("{honest}\n\n{lie}")).unwrap_err();
                let PitchFault::Claim(unsupported) = fault else { panic!("{lie}: {fault}") };
                assert!(unsupported.sentence.contains(lie), "{lie}: {unsupported}");
            }
        }
    }
}

#[test]
fn what_a_person_may_write_is_understood() {
    let cases = [
        ("en", "Dear Dr. Meier,", Kind::Greeting),
        ("en", "I could not find your opening hours on OpenStreetMap.", Kind::Claim),
        ("en", "On OpenStreetMap we looked for these things:", Kind::Lead),
        ("en", "May I call you on Tuesday?", Kind::Question),
        ("en", "Hello, may I call you on Tuesday?", Kind::Question),
        ("en", "We would gladly show you how it is done.", Kind::Offer),
        ("en", "If you prefer a letter, please tell us.", Kind::Courtesy),
        ("en", "Thank you for reading.", Kind::Greeting),
        ("de", "Sehr geehrte Frau Dr. Meier,", Kind::Greeting),
        ("de", "Wir haben bei OpenStreetMap leider keine Öffnungszeiten gefunden.", Kind::Claim),
        ("de", "Darf ich Sie am Dienstag anrufen?", Kind::Question),
        ("de", "Wir zeigen Ihnen gern, wie das geht.", Kind::Offer),
        ("de", "Wenn Sie lieber einen Brief möchten, sagen Sie es uns bitte.", Kind::Courtesy),
        ("de", "Mit freundlichen Grüßen", Kind::Greeting),
    ];
    for (language, sentence, kind) in cases {
        let observed = everything(Source::OverpassJson, language);
        let (book, sender) = (book(), sender("Agency"));
        let prospect = prospect("Alpha", None, language, "gym");
        let desk = Desk { book: &book, prospect: &prospect, observed: &observed, sender: &sender };
        let (_, traced) = desk.check(Some(Channel::Email), sentence).unwrap();
        assert_eq!((traced.len(), traced[0].kind), (1, kind), "{sentence}");
    }
}

#[test]
fn what_is_listed_may_not_be_called_missing() {
    let observed = everything(Source::OverpassJson, "en");
    let without_phone: Vec<Claim> =
        observed.iter().filter(|claim| claim.signal != Signal::Phone).cloned().collect();
    let (book, sender) = (book(), sender("Agency"));
    let prospect = prospect("Alpha", None, "en", "gym");
    let sentence = "We found no phone number for you on OpenStreetMap.";
    let check = |observed: &[Claim]| {
        Desk { book: &book, prospect: &prospect, observed, sender: &sender }
            .check(Some(Channel::Sms), sentence)
            .is_ok()
    };
    assert!(check(&observed) && !check(&without_phone));
}

#[test]
fn what_is_said_to_the_caller_does_not_go_out_as_a_letter() {
    let observed = everything(Source::OverpassJson, "en");
    let (book, sender) = (book(), sender("Agency"));
    let prospect = prospect("Alpha", None, "en", "gym");
    let desk = Desk { book: &book, prospect: &prospect, observed: &observed, sender: &sender };
    let script = desk.compose("c", "direct", 1.0).unwrap().phone;
    assert!(desk.check(Some(Channel::Phone), &script).is_ok());
    assert!(desk.check(Some(Channel::Email), &script).is_err());
}

#[test]
fn a_long_text_is_refused_with_its_count_as_it_goes_out() {
    let observed = everything(Source::OverpassJson, "en");
    let (book, sender) = (book(), sender("Agency"));
    let prospect = prospect("Alpha", None, "en", "gym");
    let desk = Desk { book: &book, prospect: &prospect, observed: &observed, sender: &sender };
    let footer = desk.as_it_goes_out(Channel::Email, "", "link").split_whitespace().count();
    for (channel, more) in [(Channel::Email, footer), (Channel::Sms, 0), (Channel::Phone, 0)] {
        let most = words_max(channel) - more;
        let text = |n: usize| format!("We {}.", vec!["go"; n - 1].join(" "));
        assert!(desk.check(Some(channel), &text(most)).is_ok(), "{channel:?}");
        let fault = desk.check(Some(channel), &text(most + 1)).unwrap_err();
        let words = words_max(channel) + 1;
        assert!(fault.to_string().contains(&format!("has {words} words")), "{fault}");
    }
}

#[test]
fn by_hand_reads_back() {
    for column in ["", "email", "sms,variant", "variant"] {
        assert_eq!(ByHand::from_column(column).unwrap().as_column(), column);
    }
    assert!(ByHand::from_column("fax").is_err());
}

#[test]
fn a_business_town_or_agency_called_by_any_mark_is_written_to_like_others() {
    let book = book();
    let marks: Vec<char> =
        ('!'..='~').filter(char::is_ascii_punctuation).chain("–—…·„“”‚‘’¿¡".chars()).collect();
    let names = marks.iter().flat_map(|&a| {
        [a.to_string(), format!("{a}{a}"), format!("A{a}"), format!("{a}A"), format!("A{a} {a} A")]
    });
    for (n, name) in names.chain(["!@#$%^&*()".to_owned()]).enumerate() {
        let language = if n % 2 == 0 { "en" } else { "de" };
        let category = book.sample_categories()[n % 8];
        let variant = book.variants(language, category)[n % 3];
        let observed = everything(Source::Csv, language);
        let prospect = prospect(&name, Some(&name), language, category);
        let sender = sender(&name);
        let desk = Desk { book: &book, prospect: &prospect, observed: &observed, sender: &sender };
        if let Err(fault) = desk.compose("c", variant, 1.0) {
            panic!("{name:?}, {language}, {category}, {variant}: {fault}");
        }
    }
}

proptest! {
    // Each case renders five texts, which takes its time in a debug build.
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_name_breaks_a_pitch_makes_it_too_long_or_is_read_as_a_template(
        name in ".{0,120}",
        city in ".{0,60}",
        agency in "\\PC{1,60}",
        which in 0..3_usize,
        german in any::<bool>(),
        wording in 0..8_usize,
        n in 1..7_usize,
    ) {
        let book = book();
        let language = if german { "de" } else { "en" };
        let category = book.sample_categories()[wording];
        let variant = book.variants(language, category)[which];
        let observed = everything(Source::Csv, language);
        let observed = &observed[..n.min(observed.len())];
        let sender = sender(&agency);
        let prospect = prospect(&name, Some(&city), language, category);
        let desk = Desk { book: &book, prospect: &prospect, observed, sender: &sender };
        let pitch = desk.compose("c", variant, 1.0).expect("a pitch");
        prop_assert!(!pitch.subject.contains(['\n', '\r']));
        for channel in Channel::ALL {
            let text = part_of(&pitch, channel.as_column());
            prop_assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || is_ours(c)));
            let whole = desk.as_it_goes_out(channel, text, "https://u.example/u/1");
            prop_assert!(whole.split_whitespace().count() <= words_max(channel), "{}", whole);
        }
        for sentence in trace_of(&pitch).values().flatten() {
            prop_assert_eq!(sentence.kind == Kind::Claim, !sentence.rests_on.is_empty());
        }
    }

    #[test]
    fn a_name_in_template_marks_stays_a_name(inner in "[a-z]{1,8}") {
        let name = format!("{{{{ {inner} }}}}");
        let observed = everything(Source::Csv, "en");
        let prospect = prospect(&name, None, "en", "gym");
        let pitch = compose(&prospect, &observed, &sender("B"), "direct").expect("a pitch");
        prop_assert!(pitch.email.contains(&name));
    }
}
