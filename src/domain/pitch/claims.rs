//! Defines what may be said of a business: observations, and the sentences that state them.

use serde::{Deserialize, Serialize};

use super::words::{FINDING_WORDS, NEGATIONS, TOPICS};
use crate::domain::profile::{Opportunity, Signal, Source, sentence_of};

/// One thing that may be said: an observation, and the words that state it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The opportunity's code.
    pub code: String,
    /// The part of the profile it is about.
    pub signal: Signal,
    /// The observation as one whole sentence.
    pub sentence: String,
    /// The observation as a line of a list whose head says where it was looked for.
    pub item: String,
    /// Where it was looked for, as the sentence has to say.
    pub place: String,
    /// What the sentence was made of, to join it with others.
    #[serde(skip)]
    found: Option<(Opportunity, Source)>,
}

/// A sentence that claims more than was observed, or that rests on nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}: {sentence:?}")]
pub struct UnsupportedClaim {
    /// The sentence.
    pub sentence: String,
    /// What is wrong with it.
    pub why: String,
}

impl Claim {
    /// Makes the claim that an observed opportunity allows.
    pub fn of(opportunity: &Opportunity, source: Source, language: &str) -> Self {
        Self {
            code: opportunity.code(),
            signal: opportunity.signal,
            sentence: opportunity.sentence(source, language),
            item: opportunity.item(language),
            place: source.listed_in(language == "de").to_owned(),
            found: Some((*opportunity, source)),
        }
    }

    /// Whether it was observed on the free map, which a pitch explains.
    pub(super) fn is_of_the_map(&self) -> bool {
        self.found.is_some_and(|(_, source)| source == Source::OverpassJson)
    }

    /// States two observations in one sentence.
    pub(super) fn joined(one: &Self, other: &Self, language: &str) -> Option<String> {
        let (first, source) = one.found?;
        let (second, _) = other.found?;
        Some(sentence_of(&[first, second], source, language))
    }
}

/// Returns the codes of the observations that `sentence` states in the audit's own words, if it
/// does. A line of a list counts only below a head that says where it was looked for.
pub(super) fn stated(
    sentence: &str,
    language: &str,
    observed: &[Claim],
    in_list: bool,
) -> Option<Vec<String>> {
    let line = sentence.trim_start_matches(['-', '•', '*', ' ']);
    let bare = |text: &str| text.trim_end_matches(['.', ',', ';']).to_owned();
    for claim in observed {
        if line == claim.sentence || (in_list && bare(line) == bare(&claim.item)) {
            return Some(vec![claim.code.clone()]);
        }
    }
    for (at, one) in observed.iter().enumerate() {
        for other in &observed[at + 1..] {
            if Claim::joined(one, other, language).is_some_and(|joined| joined == line) {
                return Some(vec![one.code.clone(), other.code.clone()]);
            }
        }
    }
    None
}

/// Reads an observation in free words: each topic must have been observed to be missing, the place
/// must be named, and no other word may add to it. `plain` is in small letters and without names.
pub(super) fn read(plain: &str, observed: &[Claim]) -> Result<Vec<String>, String> {
    let mut rest = plain.to_owned();
    let mut codes = Vec::new();
    for (word, signal) in TOPICS {
        if !rest.contains(word) {
            continue;
        }
        let Some(claim) = observed.iter().find(|claim| claim.signal == signal) else {
            return Err(format!("no observation about {word:?}"));
        };
        let place = claim.place.to_lowercase();
        if !plain.contains(&place) {
            return Err(format!("it does not say where it was looked for ({:?})", claim.place));
        }
        rest = without_topic(&rest, word).replace(&place, " ");
        codes.push(claim.code.clone());
    }
    let words: Vec<&str> = rest
        .split(|c: char| !(c.is_alphanumeric() || c == '\''))
        .filter(|word| !word.is_empty())
        .collect();
    if let Some(odd) = words.iter().find(|word| !FINDING_WORDS.contains(word)) {
        return Err(format!("{odd:?} adds to what was observed"));
    }
    if codes.is_empty() || !words.iter().any(|word| NEGATIONS.contains(word)) {
        return Err("it does not say what was not found".to_owned());
    }
    Ok(codes)
}

/// Takes a topic out, with the ending that German puts on it.
fn without_topic(text: &str, topic: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(topic) {
        plain.push_str(&rest[..at]);
        plain.push(' ');
        rest = rest[at + topic.len()..].trim_start_matches(char::is_alphabetic);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests;
