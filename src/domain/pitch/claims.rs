//! Checks that a text says nothing of a business that was not observed.
//!
//! The check reads sentences, not intentions: it knows the words by which a sentence speaks of a
//! public profile, and lets such a sentence pass only if that very part of the profile was observed
//! to be missing and the sentence says where it was looked for. What nobody observed (reviews,
//! ratings, rankings, lost customers, numbers) has no pass at all. So the check is strict with
//! wording that is merely unusual, and that is the side on which it should err.

use serde::{Deserialize, Serialize};

use crate::domain::profile::{Opportunity, Signal, Source};

/// One thing that may be said: an observation, and the sentence that states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// The opportunity's code.
    pub code: String,
    /// The part of the profile it is about.
    pub signal: Signal,
    /// The words of an audit, or the sentence in which a text makes the claim.
    pub sentence: String,
    /// Where it was looked for, as the sentence has to say.
    pub place: String,
}

impl Claim {
    /// Makes the claim that an observed opportunity allows.
    pub fn of(opportunity: &Opportunity, source: Source, language: &str) -> Self {
        Self {
            code: opportunity.code(),
            signal: opportunity.signal,
            sentence: opportunity.sentence(source, language),
            place: source.listed_in(language == "de").to_owned(),
        }
    }
}

/// A sentence that claims more than was observed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}: {sentence:?}")]
pub struct UnsupportedClaim {
    /// The sentence.
    pub sentence: String,
    /// What is wrong with it.
    pub why: String,
}

/// Words by which a sentence speaks of a part of a profile, English and German together: a word of
/// one language does no harm in a text of the other. The longer phrase of two stands first.
const TOPICS: [(&str, Signal); 36] = [
    ("holiday hours", Signal::SpecialHours),
    ("public holiday", Signal::SpecialHours),
    ("feiertag", Signal::SpecialHours),
    ("opening hours", Signal::RegularHours),
    ("opening times", Signal::RegularHours),
    ("business hours", Signal::RegularHours),
    ("öffnungszeit", Signal::RegularHours),
    ("web site", Signal::Website),
    ("website", Signal::Website),
    ("webseite", Signal::Website),
    ("homepage", Signal::Website),
    ("web page", Signal::Website),
    ("phone number", Signal::Phone),
    ("telephone", Signal::Phone),
    ("telefonnummer", Signal::Phone),
    ("rufnummer", Signal::Phone),
    ("address", Signal::Address),
    ("anschrift", Signal::Address),
    ("adresse", Signal::Address),
    ("description", Signal::Description),
    ("beschreibung", Signal::Description),
    ("category", Signal::Category),
    ("kategorie", Signal::Category),
    ("photo", Signal::Photos),
    ("foto", Signal::Photos),
    ("picture", Signal::Photos),
    ("review", Signal::ReviewCount),
    ("bewertung", Signal::ReviewCount),
    ("rating", Signal::ReviewRating),
    ("stars", Signal::ReviewRating),
    ("sterne", Signal::ReviewRating),
    ("services", Signal::Services),
    ("leistungen", Signal::Services),
    ("booking link", Signal::BookingLink),
    ("terminbuchung", Signal::BookingLink),
    ("posts", Signal::Posts),
];

/// Words for what no audit observes.
const NEVER_OBSERVED: [&str; 24] = [
    "competitor",
    "rank",
    "search result",
    "losing",
    "you lose",
    "you are missing out",
    "customers leave",
    "revenue",
    "traffic",
    "visibility",
    "reputation",
    "guarantee",
    "percent",
    "konkurren",
    "wettbewerb",
    "platzierung",
    "suchergebnis",
    "verlieren",
    "verpassen",
    "umsatz",
    "sichtbarkeit",
    "garantie",
    "prozent",
    "%",
];

/// Wording that takes "not listed" for "does not exist".
const EXISTENCE: [&str; 10] = [
    "you have no",
    "you don't have",
    "you do not have",
    "you lack",
    "does not exist",
    "has no website",
    "sie haben kein",
    "ihnen fehlt",
    "gibt es nicht",
    "existiert nicht",
];

/// Numbers that are our own offer, not a claim: the length of the first call.
const OWN_NUMBERS: [&str; 1] = ["15"];

/// Returns the claims that `text` makes, each traced to one of `observed`; `names` are the values
/// put into it (names, links), whose words are nobody's claim.
///
/// # Errors
/// The first sentence that says more than was observed.
pub fn check(
    text: &str,
    language: &str,
    observed: &[Claim],
    names: &[&str],
) -> Result<Vec<Claim>, UnsupportedClaim> {
    let mut text = text.to_owned();
    let mut found = Vec::new();
    // The audit's own words are the one form that needs no reading.
    for claim in
        observed.iter().filter(|claim| text.contains(&claim.sentence)).cloned().collect::<Vec<_>>()
    {
        text = text.replace(&claim.sentence, "");
        found.push(claim);
    }
    let mut longest_first: Vec<&str> = names.iter().copied().filter(|n| !n.is_empty()).collect();
    longest_first.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in longest_first {
        text = without_name(&text, name);
    }
    for sentence in sentences(&text) {
        found.extend(read(sentence, language, observed)?);
    }
    Ok(found)
}

/// Takes a name out where it stands as a word of its own; inside other words it is no name.
fn without_name(text: &str, name: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (before, from) = rest.split_at(at);
        let after = &from[name.len()..];
        let joins = |c: Option<char>, edge: Option<char>| {
            c.is_some_and(char::is_alphanumeric) && edge.is_some_and(char::is_alphanumeric)
        };
        plain.push_str(before);
        let inside = joins(plain.chars().last(), name.chars().next())
            || joins(after.chars().next(), name.chars().last());
        plain.push_str(if inside { name } else { "…" });
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// Reads a sentence in free words.
fn read(
    sentence: &str,
    language: &str,
    observed: &[Claim],
) -> Result<Vec<Claim>, UnsupportedClaim> {
    let plain = sentence.to_lowercase();
    let refuse = |why: String| Err(UnsupportedClaim { sentence: sentence.to_owned(), why });
    if let Some(word) = NEVER_OBSERVED.iter().find(|word| plain.contains(**word)) {
        return refuse(format!("nobody observed anything about {word:?}"));
    }
    if let Some(words) = EXISTENCE.iter().find(|words| plain.contains(**words)) {
        return refuse(format!("{words:?} takes \"not listed\" for \"does not exist\""));
    }
    if let Some(number) = numbers(&plain).find(|number| !OWN_NUMBERS.contains(number)) {
        return refuse(format!("the number {number} rests on no observation"));
    }
    let mut rest = plain.clone();
    let mut made = Vec::new();
    for (word, signal) in TOPICS {
        if !rest.contains(word) {
            continue;
        }
        rest = rest.replace(word, " ");
        let Some(claim) = observed.iter().find(|claim| claim.signal == signal) else {
            return refuse(format!("no observation about {word:?}"));
        };
        if !plain.contains(&claim.place.to_lowercase()) {
            let wanted =
                if language == "de" { "wo gesucht wurde" } else { "where it was looked for" };
            return refuse(format!("it does not say {wanted} ({:?})", claim.place));
        }
        made.push(Claim { sentence: sentence.to_owned(), ..claim.clone() });
    }
    Ok(made)
}

/// Splits at line ends and at what ends a sentence; a dot inside a word (`15.5`, `a.example`) ends
/// nothing.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| {
            let mut parts = Vec::new();
            let mut start = 0;
            let mut chars = line.char_indices().peekable();
            while let Some((at, c)) = chars.next() {
                let ends = matches!(c, '.' | '!' | '?')
                    && chars.peek().is_none_or(|&(_, next)| next.is_whitespace() || next == '"');
                if ends {
                    parts.push(&line[start..at + c.len_utf8()]);
                    start = at + c.len_utf8();
                }
            }
            parts.push(&line[start..]);
            parts
        })
        .map(|sentence| sentence.trim_matches(|c: char| c.is_whitespace() || c == '-' || c == '"'))
        .filter(|sentence| !sentence.is_empty())
}

fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty())
}
