//! Traces every sentence of a text to what it rests on, or refuses the text and names the sentence.
//!
//! A sentence of a template brings its kind with it; one that a person or a model wrote is read by
//! how it begins. Either way a kind is earned, not given: whatever speaks of the business must be an
//! observation, and a sentence that fits no kind is refused. So the check is strict with wording
//! that is merely unusual, and that is the side on which it should err.

use super::claims::{self, Claim, UnsupportedClaim};
use super::sentence::{Kind, Names, Of, Sentence, is_ours};
use super::words::{
    COURTESIES, EXISTENCE, GREETINGS, IHRE, NEVER_OBSERVED, OURSELVES, OWN_NUMBERS, PERCEPTIONS,
    QUESTIONS, TOPICS, YOURS,
};

/// The longest greeting, in words; a longer one says something else besides.
const GREETING_WORDS_MAX: usize = 7;

/// Everything by which sentences are judged.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// `en` or `de`.
    pub language: &'a str,
    /// What may be said of the business.
    pub observed: &'a [Claim],
    /// The values that are nobody's words.
    pub names: Names<'a>,
    /// Sentences of our templates as they read for this business, with their kinds.
    pub known: &'a [Sentence],
}

/// A piece of a rendered template: its kind and its text.
pub(super) type Piece = (Kind, String);

impl Ground<'_> {
    /// Traces what a template wrote.
    pub(super) fn trace_pieces(&self, pieces: &[Piece]) -> Result<Vec<Sentence>, UnsupportedClaim> {
        let mut traced = Vec::new();
        for (kind, text) in pieces {
            for sentence in self.names.sentences(text) {
                let in_list = below_a_head(&traced);
                traced.push(self.judge(sentence, *kind, in_list)?);
            }
        }
        Ok(traced)
    }

    /// Traces a text in anybody's words.
    ///
    /// # Errors
    /// The first sentence that says more than was observed, or that fits no kind.
    pub fn trace(&self, text: &str) -> Result<Vec<Sentence>, UnsupportedClaim> {
        let mut traced = Vec::new();
        for sentence in self.names.sentences(text) {
            let in_list = below_a_head(&traced);
            let known = self.known.iter().find(|known| known.text == sentence);
            traced.push(match known {
                Some(known) if known.kind != Kind::Claim => {
                    self.judge(sentence, known.kind, in_list)?
                }
                Some(_) | None => self.read(sentence, in_list)?,
            });
        }
        Ok(traced)
    }

    /// Judges a sentence whose kind its template gives.
    fn judge(&self, text: String, kind: Kind, in_list: bool) -> Result<Sentence, UnsupportedClaim> {
        let masked = self.names.masked(&text);
        let why = match kind {
            Kind::Claim => return self.claim(text, &masked, in_list),
            Kind::Lead if !self.is_lead(&masked) => {
                Some("it does not say where the observations were made".to_owned())
            }
            Kind::Signature if !is_names_only(&masked) => {
                Some("a signature is made of names alone".to_owned())
            }
            Kind::Link if !(is_names_only(&masked) && masked.contains(Of::Link.mask())) => {
                Some("it is none of our own links".to_owned())
            }
            Kind::Offer | Kind::Background | Kind::Question | Kind::Instruction => {
                says_too_much(&masked).or_else(|| speaks_of_theirs(&masked))
            }
            Kind::About | Kind::Courtesy | Kind::Greeting => says_too_much(&masked)
                .or_else(|| topic(&masked))
                .or_else(|| speaks_of_theirs(&masked)),
            Kind::Lead | Kind::Signature | Kind::Link | Kind::Footer => None,
        };
        match why {
            Some(why) => Err(UnsupportedClaim { sentence: text, why }),
            None => Ok(Sentence { text, kind, rests_on: Vec::new() }),
        }
    }

    /// Reads a sentence in anybody's words.
    fn read(&self, text: String, in_list: bool) -> Result<Sentence, UnsupportedClaim> {
        let masked = self.names.masked(&text);
        let plain = masked.to_lowercase();
        if is_names_only(&masked) {
            let link = masked.contains(Of::Link.mask());
            let kind = if link { Kind::Link } else { Kind::Signature };
            return Ok(Sentence { text, kind, rests_on: Vec::new() });
        }
        let refuse =
            |sentence: String, why: &str| Err(UnsupportedClaim { sentence, why: why.to_owned() });
        if plain.contains("://") || plain.contains("www.") {
            return refuse(text, "it leads to a page that is not ours");
        }
        if self.is_lead(&masked) {
            return Ok(Sentence { text, kind: Kind::Lead, rests_on: Vec::new() });
        }
        let stated = claims::stated(&text, self.language, self.observed, in_list).is_some();
        if stated || topic(&masked).is_some() || self.names_the_place(&plain) {
            return self.claim(text, &masked, in_list);
        }
        if let Some(why) = says_too_much(&masked).or_else(|| speaks_of_theirs(&masked)) {
            return refuse(text, &why);
        }
        match kind_of(&plain) {
            Some(kind) => Ok(Sentence { text, kind, rests_on: Vec::new() }),
            None => refuse(text, "it is no observation, offer, question, courtesy or greeting"),
        }
    }

    fn claim(
        &self,
        text: String,
        masked: &str,
        in_list: bool,
    ) -> Result<Sentence, UnsupportedClaim> {
        let stated = claims::stated(&text, self.language, self.observed, in_list);
        let read = || {
            says_too_much(masked)
                .map_or_else(|| claims::read(&masked.to_lowercase(), self.observed), Err)
        };
        match stated.map_or_else(read, Ok) {
            Ok(rests_on) => Ok(Sentence { text, kind: Kind::Claim, rests_on }),
            Err(why) => Err(UnsupportedClaim { sentence: text, why }),
        }
    }

    fn names_the_place(&self, plain: &str) -> bool {
        self.observed.iter().any(|claim| plain.contains(&claim.place.to_lowercase()))
    }

    /// A head says where, and says nothing else: it ends in a colon and speaks of no topic.
    fn is_lead(&self, masked: &str) -> bool {
        let plain = masked.to_lowercase();
        masked.ends_with(':')
            && self.names_the_place(&plain)
            && topic(masked).is_none()
            && says_too_much(masked).is_none()
    }
}

/// Whether the sentence before is the head of a list, or a line of one.
fn below_a_head(traced: &[Sentence]) -> bool {
    let list = traced.iter().rev().take_while(|sentence| sentence.kind == Kind::Claim).count();
    traced.len().checked_sub(list + 1).is_some_and(|head| traced[head].kind == Kind::Lead)
}

/// Whether nothing is left but names, links and marks of punctuation.
fn is_names_only(masked: &str) -> bool {
    masked.chars().any(is_ours) && !masked.chars().any(char::is_alphanumeric)
}

/// What is wrong with a sentence whatever it is about.
fn says_too_much(masked: &str) -> Option<String> {
    let plain = masked.to_lowercase();
    if let Some(word) = NEVER_OBSERVED.iter().find(|word| plain.contains(**word)) {
        return Some(format!("nobody observed anything about {word:?}"));
    }
    if let Some(words) = EXISTENCE.iter().find(|words| plain.contains(**words)) {
        return Some(format!("{words:?} takes \"not listed\" for \"does not exist\""));
    }
    plain
        .split(|c: char| !c.is_ascii_digit())
        .find(|digits| !digits.is_empty() && !OWN_NUMBERS.contains(digits))
        .map(|number| format!("the number {number} rests on no observation"))
}

fn topic(masked: &str) -> Option<String> {
    let plain = masked.to_lowercase();
    TOPICS
        .iter()
        .find(|(word, _)| plain.contains(word))
        .map(|(word, _)| format!("only an observation may speak of {word:?}"))
}

/// Whether a sentence speaks of something that is the recipient's.
fn speaks_of_theirs(masked: &str) -> Option<String> {
    masked
        .split(|c: char| !c.is_alphanumeric())
        .find(|word| IHRE.contains(word) || YOURS.contains(&word.to_lowercase().as_str()))
        .map(|word| format!("only an observation may speak of what is {word:?}"))
}

/// Returns what a sentence says after its greeting: `may I call you?` of `Hello, may I call you?`
fn after_a_greeting(plain: &str) -> Option<&str> {
    let rests = GREETINGS.iter().filter_map(|greeting| plain.strip_prefix(greeting));
    let rest = rests.filter_map(|rest| rest.strip_prefix(',')).map(str::trim_start).next()?;
    rest.chars().any(char::is_alphanumeric).then_some(rest)
}

/// Returns the kind of a sentence that speaks of nothing of the recipient's, by how it begins.
fn kind_of(plain: &str) -> Option<Kind> {
    let begins = |openers: &[&str]| openers.iter().any(|opener| plain.starts_with(opener));
    let of_the_business = plain.contains(Of::Business.mask());
    let n_words = plain.split_whitespace().count();
    if let Some(rest) = after_a_greeting(plain) {
        return kind_of(rest);
    }
    if plain.ends_with('?') {
        return begins(&QUESTIONS).then_some(Kind::Question);
    }
    if begins(&GREETINGS) && n_words <= GREETING_WORDS_MAX && !plain.contains("you are") {
        return Some(Kind::Greeting);
    }
    let perceives = PERCEPTIONS.iter().any(|word| plain.contains(word));
    if begins(&OURSELVES) && !of_the_business && !perceives {
        return Some(Kind::Offer);
    }
    (begins(&COURTESIES) && !of_the_business && !perceives).then_some(Kind::Courtesy)
}
