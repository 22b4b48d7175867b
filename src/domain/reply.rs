//! Defines what a prospect's reply asks for, as far as plain words can tell.
//!
//! Any reply stops the sequence: nobody wants an automatic follow-up after having answered. Beyond
//! that this file only recognises what must be obeyed at once (leave me alone) and what needs no
//! answer (no, thank you). Everything else is a person's to read; nothing is guessed.

mod away;

pub use away::back_on;

/// What a reply asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplyIntent {
    /// No more messages, ever.
    OptOut,
    /// No, thank you.
    Declined,
    /// Out of office: nobody has read it yet.
    Automatic,
    /// A person has to read it.
    NeedsPerson,
}

/// Phrases that end all contact, in the languages we write in.
const OPT_OUT: [&str; 16] = [
    "unsubscribe",
    "opt out",
    "opt-out",
    "remove me",
    "take me off",
    "do not contact",
    "don't contact",
    "stop emailing",
    "abmelden",
    "austragen",
    "keine weiteren e-mails",
    "keine weiteren mails",
    "keine mails mehr",
    "keine e-mails mehr",
    "no more emails",
    "no more e-mails",
];

/// Phrases of a plain no.
const DECLINED: [&str; 8] = [
    "not interested",
    "no interest",
    "no thank you",
    "no, thank you",
    "no thanks",
    "kein interesse",
    "nein danke",
    "nein, danke",
];

/// Phrases of a machine.
const AUTOMATIC: [&str; 8] = [
    "out of office",
    "out of the office",
    "automatic reply",
    "auto-reply",
    "autoreply",
    "abwesenheitsnotiz",
    "abwesenheit:",
    "automatische antwort",
];

/// Longest reply that may be read by phrase; a longer one has more to say than its first no.
const SHORT_REPLY_WORDS_MAX: usize = 40;

/// What a whole reply may consist of to end all contact, where the word alone could mean anything.
const OPT_OUT_ALONE: [&str; 5] = ["stop", "stopp", "stop please", "bitte stopp", "remove"];

/// Returns the lines that the sender wrote: not those that are quoted, and nothing from where a mail
/// program begins to repeat our message. Our own footer would otherwise opt everybody out.
fn own_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !begins_quotation(line.trim()))
        .filter(|line| !line.trim_start().starts_with('>'))
}

fn begins_quotation(line: &str) -> bool {
    let line = line.to_lowercase();
    let introduces = (line.starts_with("on ") && line.ends_with("wrote:"))
        || (line.starts_with("am ") && line.contains("schrieb"));
    introduces
        || line.starts_with("from: ")
        || line.starts_with("von: ")
        || (line.starts_with("--") && line.contains("original"))
        || (line.starts_with("--") && line.contains("ursprüngliche"))
        || line.chars().count() > 20 && line.chars().all(|c| c == '_')
}

/// Reads a reply; only what its sender wrote counts.
pub fn intent(subject: &str, text: &str) -> ReplyIntent {
    let own: String =
        own_lines(text).flat_map(|line| [line, " "]).collect::<String>().to_lowercase();
    let alone = own.trim().trim_end_matches(['.', '!']);
    let subject = subject.to_lowercase();
    let by_link = matches!(subject.trim(), "unsubscribe" | "re: unsubscribe");
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| own.contains(phrase));
    if is_automatic_subject(&subject) {
        ReplyIntent::Automatic
    } else if by_link || says(&OPT_OUT) || OPT_OUT_ALONE.contains(&alone) {
        ReplyIntent::OptOut
    } else if says(&DECLINED) && own.split_whitespace().count() <= SHORT_REPLY_WORDS_MAX {
        ReplyIntent::Declined
    } else {
        ReplyIntent::NeedsPerson
    }
}

/// Whether a subject is one that programs write in somebody's absence.
pub fn is_automatic_subject(subject: &str) -> bool {
    let subject = subject.to_lowercase();
    AUTOMATIC.iter().any(|phrase| subject.contains(phrase))
}

#[cfg(test)]
mod tests;
