use super::*;

/// Monday, 22 December 2025.
fn today() -> Date {
    jiff::civil::date(2025, 12, 22)
}

fn back(text: &str) -> Option<String> {
    back_on(text, today()).map(|date| date.to_string())
}

#[test]
fn an_absence_with_a_clear_end_is_read_in_english_and_german() {
    for (text, date) in [
        ("I am out of the office until 2 January 2026.", "2026-01-03"),
        ("I'm away until Friday, January 2nd and will reply then.", "2026-01-03"),
        ("Out of office from 20 December to 2 January 2026.", "2026-01-03"),
        ("I am on leave through January 2, 2026", "2026-01-03"),
        ("I will be back in the office on Monday, 5 January 2026.", "2026-01-05"),
        ("Thank you for your message. I will return on the 5th of January.", "2026-01-05"),
        ("I will be returning on 2026-01-05.", "2026-01-05"),
        ("Out until 31/12/2025, urgent matters to Bob.", "2026-01-01"),
        ("I am away until Friday 2 January and back on Monday 5 January.", "2026-01-05"),
        ("Ich bin bis zum 02.01.2026 nicht erreichbar.", "2026-01-03"),
        ("Ich bin vom 20.12.2025 bis einschließlich 2.1.2026 im Urlaub.", "2026-01-03"),
        ("Ab dem 05.01.2026 bin ich wieder für Sie da.", "2026-01-05"),
        ("Ich bin ab Montag, den 5. Januar, wieder im Büro.", "2026-01-05"),
        ("Bis 5. Jan. geschlossen", "2026-01-06"),
        ("Ab dem 20.12. bin ich im Urlaub und ab dem 5.1. wieder da.", "2026-01-05"),
        ("Unsere Praxis bleibt bis Freitag, 2. Januar 2026 geschlossen.", "2026-01-03"),
    ] {
        assert_eq!(back(text).as_deref(), Some(date), "{text}");
    }
}

#[test]
fn what_is_not_certain_is_not_read() {
    for text in [
        "",
        "I am out of the office.",
        "We have received your message, ticket 12.01.2026-77.",
        // Which of the two is the month?
        "I am out until 3/4/2026.",
        // It is over, or long ahead.
        "Out until 2 January 2025.",
        "Out until 2 January 2027.",
        // They contradict each other.
        "Away until 2 January 2026. Back on 2 February 2026.",
        // A date that is not about the absence.
        "Our opening hours change on 5 January 2026.",
        "Ab dem 5.1. bin ich im Urlaub.",
        "I am not available from 5 January 2026.",
        "Until 31 February 2026",
        "Back on Monday",
        "bis 2.1",
        "decor until 1 designer",
        // Below this our own message is quoted.
        "Thanks!\n\nOn Mon, 22 Dec 2025 Sam wrote:\nuntil 2 January 2026",
    ] {
        assert_eq!(back(text), None, "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn any_text_gives_a_day_ahead_or_none(text in ".{0,200}") {
        if let Some(date) = back_on(&text, today()) {
            proptest::prop_assert!(date > today());
        }
    }

    #[test]
    fn any_mix_of_the_words_it_knows_gives_a_day_ahead_or_none(
        words in proptest::collection::vec("until|bis|ab|wieder|back|on|to|12\\.1\\.|2\\.2\\.26|3rd|of|jan|mai|99\\.99\\.|31|feb", 0..12)
    ) {
        if let Some(date) = back_on(&words.join(" "), today()) {
            proptest::prop_assert!(date > today());
        }
    }
}
