//! Writes replies to reviews, by rating and in the review's language.
//!
//! A reply says nothing about what the business did for the reviewer, and neither confirms nor
//! denies that there was a visit: for a practice that alone would be a health detail. It therefore
//! never quotes the review, and no text contains a word of `HEALTH_WORDS` (tested). It never argues,
//! promises nothing for a better rating, and takes what went wrong to a talk outside.

use super::topics::Group;
use crate::domain::text::clean;

/// Bytes of a reply that the provider takes.
pub const REPLY_BYTES_MAX: usize = 4_096;

/// Words that must not stand in a reply, in lower case.
pub const HEALTH_WORDS: [&str; 40] = [
    "patient",
    "treat",
    "diagnos",
    "appointment",
    "visit",
    "surgery",
    "surgical",
    "procedure",
    "tooth",
    "teeth",
    "dental",
    "dentist",
    "implant",
    "crown",
    "filling",
    "canal",
    "pain",
    "x-ray",
    "medic",
    "prescri",
    "health",
    "condition",
    "therap",
    "insurance",
    "symptom",
    "injur",
    "pet",
    "behandl",
    "zahn",
    "schmerz",
    "termin",
    "praxis",
    "krank",
    "gesund",
    "besuch",
    "arzt",
    "ärzt",
    "operation",
    "beschwerden",
    "tier",
];

/// How a reply begins and ends; `@` stands for the reviewer's first name. Five and four of them, so
/// that twenty replies in a row differ.
struct Texts {
    begins: [&'static str; 5],
    ends: [&'static str; 4],
}

const ENGLISH: [Texts; 4] = [
    Texts {
        begins: [
            "We are sorry to read this@.",
            "Thank you for telling us@. This is not what we want to be known for.",
            "This is not how it should be@, and we take your words seriously.",
            "Thank you for being open@. We would like to understand what happened.",
            "We regret that you had reason to write this@.",
        ],
        ends: [
            "Please call or write to us, so that we can look into it together.",
            "Our number is on this profile; please ask for whoever is in charge.",
            "We would be glad to talk about it directly.",
            "Please get in touch with us, so that we can talk in private.",
        ],
    },
    Texts {
        begins: [
            "Thank you for your honest words@.",
            "Thank you for the feedback@.",
            "We appreciate that you took the time@.",
            "It helps us to read this@.",
            "Thank you for writing@.",
        ],
        ends: [
            "We would like to do better: please tell us directly what we can change.",
            "We take it seriously and would be glad to hear more from you.",
            "If something was missing, let us know; we listen.",
            "Tell us what would have made the difference.",
        ],
    },
    Texts {
        begins: [
            "Thank you for the kind review@!",
            "Thank you@, that is good to read.",
            "We are glad about your words@.",
            "How nice of you to write@!",
            "Many thanks for this review@.",
        ],
        ends: [
            "If there is anything we can do better, let us know.",
            "The team is glad about it.",
            "We pass it on to everyone here.",
            "Ideas of yours are always welcome.",
        ],
    },
    Texts {
        begins: [
            "Thank you so much for your kind words@!",
            "Thank you for taking the time to write this@.",
            "What a lovely review@, thank you!",
            "That made our day@. Thank you!",
            "We are so glad to read this@.",
        ],
        ends: [
            "The whole team is happy to read it.",
            "It means a lot to all of us.",
            "We will share it with everyone here.",
            "Words like these keep us going.",
        ],
    },
];

const GERMAN: [Texts; 4] = [
    Texts {
        begins: [
            "Es tut uns leid, das zu lesen@.",
            "Danke, dass Sie uns das sagen@. So möchten wir nicht bekannt sein.",
            "So soll es nicht sein@, und wir nehmen Ihre Worte ernst.",
            "Danke für die Offenheit@. Wir möchten verstehen, was geschehen ist.",
            "Wir bedauern, dass Sie Anlass hatten, das zu schreiben@.",
        ],
        ends: [
            "Bitte melden Sie sich bei uns, damit wir der Sache gemeinsam nachgehen können.",
            "Unsere Nummer steht in diesem Profil; fragen Sie bitte nach der Leitung.",
            "Wir würden gern direkt mit Ihnen darüber sprechen.",
            "Bitte nehmen Sie Kontakt mit uns auf, damit wir unter vier Augen reden können.",
        ],
    },
    Texts {
        begins: [
            "Danke für die offenen Worte@.",
            "Danke für die Rückmeldung@.",
            "Schön, dass Sie sich die Zeit genommen haben@.",
            "Das zu lesen hilft uns@.",
            "Danke fürs Schreiben@.",
        ],
        ends: [
            "Wir möchten besser werden: Sagen Sie uns gern direkt, was wir ändern können.",
            "Wir nehmen sie ernst und freuen uns, mehr von Ihnen zu hören.",
            "Wenn etwas gefehlt hat, sagen Sie es uns; wir hören zu.",
            "Sagen Sie uns, was den Unterschied gemacht hätte.",
        ],
    },
    Texts {
        begins: [
            "Vielen Dank für die freundliche Bewertung@!",
            "Danke@, das freut uns.",
            "Wir freuen uns über Ihre Worte@.",
            "Wie schön, dass Sie schreiben@!",
            "Herzlichen Dank für diese Bewertung@.",
        ],
        ends: [
            "Wenn wir etwas besser machen können, sagen Sie es uns.",
            "Das Team freut sich darüber.",
            "Wir geben es an alle hier weiter.",
            "Ihre Ideen sind immer willkommen.",
        ],
    },
    Texts {
        begins: [
            "Herzlichen Dank für Ihre freundlichen Worte@!",
            "Danke, dass Sie sich die Zeit genommen haben@.",
            "Was für eine schöne Bewertung@, danke!",
            "Das hat uns den Tag verschönert@. Danke!",
            "Wir freuen uns sehr, das zu lesen@.",
        ],
        ends: [
            "Das ganze Team freut sich darüber.",
            "Das bedeutet uns allen viel.",
            "Wir erzählen es allen hier weiter.",
            "Solche Worte tragen uns.",
        ],
    },
];

/// What a reply is written from.
#[derive(Clone, Copy, Debug)]
pub struct ReplyTo<'a> {
    /// 1 to 5.
    pub rating: u8,
    /// What the reviewer wrote; only its language is looked at.
    pub text: &'a str,
    /// The reviewer's name as shown; `None` for an anonymous one.
    pub reviewer: Option<&'a str>,
    /// The client's category.
    pub category: &'a str,
    /// The client's language, for a review without words.
    pub language: &'a str,
    /// How many reviews of the client came before.
    pub nth: usize,
}

/// Whether a reply to this rating is shown to a person before it goes out, by the house's rule.
pub const fn is_low(rating: u8) -> bool {
    rating <= 2
}

/// Returns the reply.
pub fn reply(to: &ReplyTo<'_>) -> String {
    let table = if language_of(to.text, to.language) == "de" { &GERMAN } else { &ENGLISH };
    let texts = &table[match to.rating {
        0..=2 => 0,
        3 => 1,
        4 => 2,
        _ => 3,
    }];
    let name = to
        .reviewer
        .and_then(|name| first_name(name, Group::of(to.category)))
        .map_or_else(String::new, |name| format!(", {name}"));
    let begin = texts.begins[to.nth % texts.begins.len()].replace('@', &name);
    format!("{begin} {}", texts.ends[to.nth % texts.ends.len()])
}

/// Returns the language to answer in: German or English as the review is, English for any other,
/// and `silent` for a review without words.
fn language_of<'a>(text: &str, silent: &'a str) -> &'a str {
    const DE: [&str; 16] = [
        "und", "der", "die", "das", "nicht", "ist", "sehr", "ich", "wir", "mit", "ein", "eine",
        "danke", "gut", "immer", "auch",
    ];
    const EN: [&str; 16] = [
        "and", "the", "was", "very", "not", "is", "with", "for", "they", "my", "this", "great",
        "good", "thank", "of", "to",
    ];
    let words = || text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    if words().next().is_none() {
        return silent;
    }
    let count = |known: &[&str]| {
        words().filter(|word| known.contains(&word.to_lowercase().as_str())).count()
    };
    if count(&DE) > count(&EN) { "de" } else { "en" }
}

/// Returns a first name that can be said back; `None` for a pseudonym, and where it says too much.
fn first_name(shown: &str, group: Group) -> Option<String> {
    const NOBODY: [&str; 6] = ["a", "google", "anonymous", "anonym", "ein", "user"];
    let shown = clean(shown, 60);
    let name = shown.split(' ').next()?;
    let lower = name.to_lowercase();
    let is_name = (2..=20).contains(&name.chars().count())
        && name.chars().all(|c| c.is_alphabetic() || c == '-')
        && name.chars().next().is_some_and(char::is_uppercase)
        && !NOBODY.contains(&lower.as_str())
        && !(group.is_health() && HEALTH_WORDS.iter().any(|word| lower.contains(word)));
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn to(rating: u8, text: &str, nth: usize) -> ReplyTo<'_> {
        ReplyTo { rating, text, reviewer: Some("Anna B."), category: "dental", language: "en", nth }
    }

    /// The words of every reply that can be written.
    fn vocabulary() -> BTreeSet<String> {
        ENGLISH
            .iter()
            .chain(&GERMAN)
            .flat_map(|texts| texts.begins.iter().chain(&texts.ends))
            .flat_map(|text| text.split(|c: char| !c.is_alphabetic()))
            .map(str::to_lowercase)
            .collect()
    }

    proptest! {
        #[test]
        fn no_word_of_a_review_reaches_its_reply_but_the_first_name(
            words in proptest::collection::vec("[a-zäöüß]{3,12}", 0..30),
            health in proptest::sample::subsequence(HEALTH_WORDS.to_vec(), 0..5),
            rating in 0_u8..7, nth in 0_usize..40, category in "dental|veterinarian|chiropractor"
        ) {
            let review = format!("{} {}", words.join(" "), health.join(" "));
            let reply = reply(&ReplyTo { category: &category, ..to(rating, &review, nth) });
            let ours = vocabulary();
            let said: BTreeSet<String> =
                reply.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase).collect();
            for word in review.split(' ').filter(|word| !word.is_empty() && !ours.contains(*word)) {
                prop_assert!(!said.contains(word), "{word:?} of the review is in {reply:?}");
            }
            let lower = reply.to_lowercase();
            for word in HEALTH_WORDS {
                prop_assert!(!lower.contains(word), "{word:?} in {reply:?}");
            }
            for confirming in [
                "coming in", "came in", "your stay", "see you", "again", "customer", "client",
                "kunde", "kundin", "wiedersehen", "bis bald", "for choosing", "we never",
                "no record", "nicht unser", "not our",
            ] {
                prop_assert!(!lower.contains(confirming), "{confirming:?} in {reply:?}");
            }
            prop_assert!(reply.len() <= REPLY_BYTES_MAX);
        }
    }

    #[test]
    fn ten_replies_in_a_row_do_not_read_the_same() {
        for rating in 1..=5 {
            for text in ["it was good", "es war sehr gut und nicht teuer"] {
                let replies: BTreeSet<_> =
                    (7..27).map(|nth| reply(&to(rating, text, nth))).collect();
                assert_eq!(replies.len(), 20, "{rating} {text}");
            }
        }
    }

    #[test]
    fn a_review_is_answered_in_its_own_language_or_in_english() {
        assert!(reply(&to(5, "Sehr gut und freundlich, danke", 0)).contains("Dank"));
        assert!(reply(&to(5, "Très bien, merci beaucoup", 0)).contains("Thank"));
        let silent = ReplyTo { language: "de", ..to(5, "", 0) };
        assert!(reply(&silent).contains("Dank"), "a review without words");
    }

    #[test]
    fn a_first_name_is_said_and_a_pseudonym_is_not() {
        assert!(reply(&to(5, "good", 0)).contains(", Anna!"));
        for name in ["A Google User", "x7", "anonymous", "\u{1b}[31m", "Zahn Weh", ""] {
            let reply = reply(&ReplyTo { reviewer: Some(name), ..to(5, "good", 0) });
            assert!(!reply.contains(", "), "{name:?}: {reply}");
        }
    }

    #[test]
    fn a_bad_review_is_never_argued_with_or_thanked_for_kindness() {
        for nth in 0..20 {
            let reply = reply(&to(1, "bad", nth)).to_lowercase();
            for word in ["kind", "but ", "however", "wrong", "never", "discount", "refund", "stars"]
            {
                assert!(!reply.contains(word), "{word}: {reply}");
            }
        }
    }
}
