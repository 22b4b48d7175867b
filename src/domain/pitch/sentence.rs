//! Defines the sentences of a pitch: how a text is cut into them, and what each may rest on.
//!
//! Names and links are masked before a text is cut, so a business called "Dr. Who? & Sons" neither
//! ends a sentence nor lends its words to one. Cutting loses nothing but white space.

use serde::{Deserialize, Serialize};

/// What a sentence does in a pitch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// States what an audit observed.
    Claim,
    /// Says where the observations that follow were made.
    Lead,
    /// Says what we do for businesses.
    Offer,
    /// Says what we are or did.
    About,
    /// States something that is no statement about the business.
    Background,
    /// Asks.
    Question,
    /// Leaves the recipient free: a courtesy, a way out.
    Courtesy,
    /// Opens or closes a letter.
    Greeting,
    /// Names the sender.
    Signature,
    /// Leads to one of our own pages.
    Link,
    /// Tells the caller what to do; the business never hears it.
    Instruction,
    /// What the law asks for under a commercial mail.
    Footer,
}

impl Kind {
    /// Every kind that a template may give a sentence, by its tag.
    pub(super) const TAGS: [(&'static str, Self); 11] = [
        ("claim", Self::Claim),
        ("lead", Self::Lead),
        ("offer", Self::Offer),
        ("about", Self::About),
        ("background", Self::Background),
        ("question", Self::Question),
        ("courtesy", Self::Courtesy),
        ("greeting", Self::Greeting),
        ("signature", Self::Signature),
        ("link", Self::Link),
        ("instruction", Self::Instruction),
    ];

    /// What a person reads beside the sentence.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Claim => "observed",
            Self::Lead => "where it was observed",
            Self::Offer => "our offer",
            Self::About => "about us",
            Self::Background => "background",
            Self::Question => "question",
            Self::Courtesy => "courtesy",
            Self::Greeting => "greeting",
            Self::Signature => "signature",
            Self::Link => "our link",
            Self::Instruction => "to the caller",
            Self::Footer => "required by law",
        }
    }

    /// The character that stands for this kind in a rendered template.
    pub(super) fn mark(self) -> char {
        let at = Self::TAGS.iter().position(|&(_, kind)| kind == self).unwrap_or_default();
        char::from_u32(MARKS + u32::try_from(at).unwrap_or_default()).unwrap_or('\u{E000}')
    }

    /// Reads such a character.
    pub(super) fn of_mark(c: char) -> Option<Self> {
        let at = usize::try_from(u32::from(c).checked_sub(MARKS)?).ok()?;
        Self::TAGS.get(at).map(|&(_, kind)| kind)
    }
}

/// Characters for private use: the first of those that stand for kinds.
const MARKS: u32 = 0xE000;
/// The first of those that stand for names; no value from outside may contain any of them.
const MASKS: u32 = 0xE100;
/// How many are ours.
const OURS: std::ops::Range<u32> = MARKS..MASKS + 0x100;

/// Whether a character is one of those that stand for something here.
pub(super) fn is_ours(c: char) -> bool {
    OURS.contains(&u32::from(c))
}

/// A sentence and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// As it stands in the text.
    pub text: String,
    /// What it does.
    pub kind: Kind,
    /// The codes of the observations that a claim states: `add_website`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests_on: Vec<String>,
}

/// Whose name or link a mask stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Business,
    Town,
    Sender,
    Agency,
    Link,
}

impl Of {
    const ALL: [Self; 5] = [Self::Business, Self::Town, Self::Sender, Self::Agency, Self::Link];

    /// The character that stands for it.
    pub(super) fn mask(self) -> char {
        char::from_u32(MASKS + self as u32).unwrap_or('\u{E100}')
    }
}

/// The values of a text that are nobody's words.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The business's name.
    pub business: &'a str,
    /// Its town; empty when unknown.
    pub town: &'a str,
    /// The person who writes.
    pub sender: &'a str,
    /// The agency.
    pub agency: &'a str,
    /// The page on which a call is booked.
    pub booking_url: &'a str,
}

impl Names<'_> {
    fn of(&self, whose: Of) -> &str {
        match whose {
            Of::Business => self.business,
            Of::Town => self.town,
            Of::Sender => self.sender,
            Of::Agency => self.agency,
            Of::Link => self.booking_url,
        }
    }

    /// Puts a mask in the place of each name and link, the longest first.
    pub(super) fn masked(&self, text: &str) -> String {
        // A dot that ends a name may end the sentence too; it is left to be looked at. Of a name of
        // dots alone nothing is left, and nothing is found everywhere.
        let mut whose = Of::ALL.map(|whose| (self.of(whose).trim_end_matches('.'), whose));
        whose.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        whose
            .into_iter()
            .filter(|(name, _)| !name.is_empty())
            .fold(text.to_owned(), |text, (name, whose)| replaced(&text, name, whose.mask()))
    }

    /// Puts the names back.
    pub(super) fn unmasked(&self, text: &str) -> String {
        Of::ALL.into_iter().fold(text.to_owned(), |text, whose| {
            text.replace(whose.mask(), self.of(whose).trim_end_matches('.'))
        })
    }

    /// Cuts a text into sentences, with the names in their places.
    pub(super) fn sentences(&self, text: &str) -> Vec<String> {
        cut(&self.masked(text)).iter().map(|sentence| self.unmasked(sentence)).collect()
    }
}

/// Replaces a name where it stands as a word of its own; inside other words it is no name, and a
/// name of marks alone is none beside a letter, where every sentence has marks.
fn replaced(text: &str, name: &str, mask: char) -> String {
    let marks = !name.chars().any(char::is_alphanumeric);
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, from) = rest.split_at(at);
        let after = &from[name.len()..];
        let joins = |c: Option<char>, edge: Option<char>| {
            let letter = edge.is_some_and(char::is_alphanumeric) || marks;
            c.is_some_and(char::is_alphanumeric) && letter
        };
        plain.push_str(before);
        let inside = joins(plain.chars().last(), name.chars().next())
            || joins(after.chars().next(), name.chars().last());
        if inside {
            plain.push_str(name);
        } else {
            plain.push(mask);
        }
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// Words whose dot ends no sentence.
const ABBREVIATIONS: [&str; 11] =
    ["Dr", "Mr", "Mrs", "Ms", "St", "Prof", "Nr", "No", "z. B", "z.B", "med"];

/// Cuts a masked text: at line ends and at what ends a sentence. A dot inside a word (`15.5`) ends
/// nothing, and a line that goes on in small letters belongs to the one before.
fn cut(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in unwrapped(text) {
        let mut start = 0;
        let mut chars = line.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let last = chars.peek().is_none_or(|&(_, next)| {
                next.is_whitespace() || matches!(next, '"' | '“' | '”' | '\'' | ')')
            });
            let short = c == '.'
                && (ABBREVIATIONS.iter().any(|word| ends_in(&line[..at], word))
                    || (line[..at].ends_with(is_ours) && goes_on(&line[at + 1..])));
            if matches!(c, '.' | '!' | '?') && last && !short {
                found.push(line[start..at + c.len_utf8()].to_owned());
                start = at + c.len_utf8();
            }
        }
        found.push(line[start..].to_owned());
    }
    found
        .iter()
        .map(|sentence| sentence.trim().to_owned())
        .filter(|sentence| sentence.chars().any(char::is_alphanumeric) || has_mask(sentence))
        .collect()
}

/// Whether a sentence goes on after a name that ends in a dot.
fn goes_on(rest: &str) -> bool {
    rest.trim_start().chars().next().is_some_and(|c| !c.is_uppercase() && !is_ours(c))
}

fn has_mask(sentence: &str) -> bool {
    sentence.chars().any(is_ours)
}

fn ends_in(text: &str, word: &str) -> bool {
    text.strip_suffix(word)
        .is_some_and(|before| before.chars().last().is_none_or(|c| !c.is_alphanumeric()))
}

/// Joins lines that a mail program has broken.
fn unwrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let goes_on = line.chars().next().is_some_and(char::is_lowercase);
        match lines.last_mut() {
            Some(before) if goes_on && !before.trim().is_empty() => {
                before.push(' ');
                before.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: Names<'static> = Names {
        business: "Dr. Who? & Sons",
        town: "St. Ives",
        sender: "Sam",
        agency: "Agency Inc.",
        booking_url: "https://calendly.com/agency/intro",
    };

    #[test]
    fn a_name_with_a_dot_or_a_question_mark_ends_no_sentence() {
        let text = "We looked at Dr. Who? & Sons in St. Ives. Is it yours? Dear Dr. Meier,\nSam\n\
                    Agency Inc.";
        assert_eq!(
            NAMES.sentences(text),
            [
                "We looked at Dr. Who? & Sons in St. Ives.",
                "Is it yours?",
                "Dear Dr. Meier,",
                "Sam",
                "Agency Inc."
            ]
        );
    }

    #[test]
    fn a_business_that_is_called_by_dots_alone_is_written_to_like_others() {
        let names = Names { business: "...", town: ".", ..NAMES };
        let text = "Hello ... in . today.";
        assert_eq!(names.sentences(text).join(" "), text);
        let names = Names { business: ":", ..NAMES };
        let text = "We found: nothing of : today.";
        assert_eq!(names.sentences(text).join(" "), text);
    }

    #[test]
    fn a_line_that_a_mail_program_broke_is_one_sentence() {
        assert_eq!(NAMES.sentences("We keep entries\ncomplete."), ["We keep entries complete."]);
        assert_eq!(NAMES.sentences("Hello,\n\nwe write."), ["Hello,", "we write."]);
    }

    #[test]
    fn a_name_inside_another_word_is_no_name() {
        assert!(!has_mask(&NAMES.masked("Samba")));
        assert!(has_mask(&NAMES.masked("(Sam)")));
    }

    #[test]
    fn every_tag_has_its_mark() {
        for (_, kind) in Kind::TAGS {
            assert_eq!(Kind::of_mark(kind.mark()), Some(kind));
        }
        assert_eq!(Kind::of_mark('a'), None);
    }
}
