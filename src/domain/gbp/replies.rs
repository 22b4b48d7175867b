//! Writes replies to reviews, by rating and language.
//!
//! A reply says nothing about what the business did for the reviewer, and does not even confirm
//! that there was a visit: for a practice that alone would be a health detail. It therefore never
//! quotes the review, and no template contains a word of `HEALTH_WORDS` (tested).

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

const ENGLISH: [[&str; 2]; 4] = [
    [
        "We are sorry to read this. Please call or write to us, so that we can look into it with you.",
        "Thank you for telling us. This is not what we want to be known for; please get in touch \
         with us directly.",
    ],
    [
        "Thank you for your honest words. We would like to do better: please tell us directly what \
         we can change.",
        "Thank you for the feedback. We take it seriously and would be glad to hear more from you.",
    ],
    [
        "Thank you for the kind review! If there is anything we can do better, let us know.",
        "Thank you, that is good to read. Tell us what would make it five stars.",
    ],
    [
        "Thank you so much for your kind words! The whole team is happy to read them.",
        "Thank you for taking the time to write this. It means a lot to all of us.",
    ],
];

const GERMAN: [[&str; 2]; 4] = [
    [
        "Es tut uns leid, das zu lesen. Bitte melden Sie sich direkt bei uns, damit wir der Sache \
         nachgehen können.",
        "Danke, dass Sie uns das sagen. So möchten wir nicht bekannt sein; bitte sprechen Sie uns \
         direkt an.",
    ],
    [
        "Danke für die offenen Worte. Wir möchten besser werden: Sagen Sie uns gern direkt, was wir \
         ändern können.",
        "Danke für die Rückmeldung. Wir nehmen sie ernst und freuen uns, mehr von Ihnen zu hören.",
    ],
    [
        "Vielen Dank für die freundliche Bewertung! Wenn wir etwas besser machen können, sagen Sie \
         es uns.",
        "Danke, das freut uns. Verraten Sie uns, was zum fünften Stern fehlt.",
    ],
    [
        "Herzlichen Dank für Ihre freundlichen Worte! Das ganze Team freut sich darüber.",
        "Danke, dass Sie sich die Zeit genommen haben. Das bedeutet uns allen viel.",
    ],
];

/// Returns the reply to the review called `review` with `rating` stars. The same review always gets
/// the same reply.
pub fn reply(rating: u8, review: &str, language: &str) -> &'static str {
    let texts = if language == "de" { &GERMAN } else { &ENGLISH };
    let row = match rating {
        0..=2 => 0,
        3 => 1,
        4 => 2,
        _ => 3,
    };
    let variant = review.bytes().map(usize::from).sum::<usize>() % 2;
    texts[row][variant]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_reply_contains_a_health_detail_whatever_the_review_says() {
        for language in ["en", "de", "fr"] {
            for rating in 0..=6 {
                for review in ["a", "b", "my root canal hurts", "Zahnschmerzen"] {
                    let reply = reply(rating, review, language);
                    let lower = reply.to_lowercase();
                    for word in HEALTH_WORDS {
                        assert!(!lower.contains(word), "{word:?} in {reply:?}");
                    }
                    assert!(reply.len() <= 4_096);
                }
            }
        }
    }

    #[test]
    fn a_bad_review_is_never_thanked_for_kindness_and_a_good_one_never_pitied() {
        assert!(!reply(1, "r", "en").contains("kind"));
        assert!(!reply(5, "r", "en").contains("sorry"));
        assert!(reply(5, "r", "de").contains("Dank"));
    }
}
