use super::*;

#[test]
fn who_wants_no_more_mail_is_understood_in_both_languages() {
    for text in [
        "STOP",
        "Stop!",
        "Bitte keine Mails mehr.",
        "no more emails please",
        "Please remove me from your list.",
        "Bitte abmelden!",
    ] {
        assert_eq!(intent("Re: your profile", text), ReplyIntent::OptOut, "{text}");
    }
}

#[test]
fn a_plain_no_is_a_no_and_a_long_letter_is_read_by_a_person() {
    assert_eq!(intent("", "Thanks, but we are not interested."), ReplyIntent::Declined);
    assert_eq!(intent("", "Nein danke."), ReplyIntent::Declined);
    let letter = format!("We were not interested last year. {}", "However, ".repeat(60));
    assert_eq!(intent("", &letter), ReplyIntent::NeedsPerson);
}

#[test]
fn our_own_quoted_footer_does_not_unsubscribe_anybody() {
    let text = "Call me on Monday.\n> To unsubscribe, follow the link";
    assert_eq!(intent("Re: hello", text), ReplyIntent::NeedsPerson);
}

#[test]
fn our_message_repeated_below_an_answer_does_not_unsubscribe_anybody() {
    for begin in [
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        "From: Mara Vane <mara@agency.example>",
        "On Mon, 5 Jan 2026 at 10:00, Mara Vane wrote:",
        "Am 05.01.2026 um 10:00 schrieb Mara Vane:",
        "________________________________",
    ] {
        let text = format!("Call me on Monday.\n\n{begin}\nunsubscribe: https://u.example/u/1");
        assert_eq!(intent("Re: hello", &text), ReplyIntent::NeedsPerson, "{begin}");
    }
}

#[test]
fn the_mail_that_a_mail_program_sends_for_its_unsubscribe_button_is_understood() {
    assert_eq!(intent("unsubscribe", ""), ReplyIntent::OptOut);
}

#[test]
fn a_machine_that_answers_has_not_read_anything() {
    assert_eq!(intent("Automatic reply: holidays", "not interested"), ReplyIntent::Automatic);
}
