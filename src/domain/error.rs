//! Defines the error taxonomy: what can be done about a failure, not where it came from.
//!
//! Every failed attempt stores one `WorkError`. Its class decides the retry, its cause chain is
//! kept whole, and its fingerprint groups it with others of the same cause.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::column::{self, UnknownWord};
use super::layer::Layer;
use super::text;
use super::time::Moment;

/// Characters of a message, a cause or a hint. Parsers quote what they could not read, however long
/// and hostile it is.
const LINE_CHARS_MAX: usize = 1_000;

/// What can be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Worth another try after a back-off.
    Transient,
    /// Worth another try, but not before the receiver's own time.
    RateLimited,
    /// No retry will help until something changes.
    Permanent,
    /// Nobody knows whether the call had an effect.
    Indeterminate,
    /// The program is wrong: a panic, or a broken invariant.
    Bug,
    /// A person or the shutdown stopped it.
    Cancelled,
    /// Another holder has the lease; nothing may be written.
    LeaseLost,
}

impl ErrorClass {
    /// All classes.
    pub const ALL: [Self; 7] = [
        Self::Transient,
        Self::RateLimited,
        Self::Permanent,
        Self::Indeterminate,
        Self::Bug,
        Self::Cancelled,
        Self::LeaseLost,
    ];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::RateLimited => "rate_limited",
            Self::Permanent => "permanent",
            Self::Indeterminate => "indeterminate",
            Self::Bug => "bug",
            Self::Cancelled => "cancelled",
            Self::LeaseLost => "lease_lost",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("error class", word, &Self::ALL, Self::as_column)
    }

    /// Whether another try of the same unit can help without anybody acting.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Transient | Self::RateLimited)
    }
}

/// A failure of a unit's work, complete enough to be acted on without the logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkError {
    /// What can be done about it.
    pub class: ErrorClass,
    /// A short stable word: `connection_refused`, `bad_element`, `5.1.1`.
    pub code: String,
    /// One line for a person, with the details that differ between occurrences.
    pub message: String,
    /// Causes, outer to root; empty when the message is the root.
    pub causes: Vec<String>,
    /// The earliest time at which the receiver accepts another try (a floor for the back-off).
    pub retry_after: Option<Moment>,
    /// What a person should do next.
    pub hint: Option<String>,
}

impl WorkError {
    /// Makes an error without causes.
    pub fn new(class: ErrorClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            class,
            code: code.into(),
            message: text::clean(&message.into(), LINE_CHARS_MAX),
            causes: Vec::new(),
            retry_after: None,
            hint: None,
        }
    }

    /// Makes a permanent error: input or configuration has to change first.
    pub fn permanent(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Permanent, code, message)
    }

    /// Makes a bug: an invariant that does not hold.
    pub fn bug(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorClass::Bug, code, message)
    }

    /// Records the chain of sources of `error`, outer to root.
    #[must_use]
    pub fn caused_by(mut self, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(cause) = next {
            self.causes.push(text::clean(&cause.to_string(), LINE_CHARS_MAX));
            next = cause.source();
        }
        self
    }

    /// Says what a person should do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(text::clean(&hint.into(), LINE_CHARS_MAX));
        self
    }

    /// Returns the fingerprint shared by all errors with this cause in this step of this layer:
    /// the first 12 hex digits of a digest over layer, step, class, code and the message with
    /// everything that varies (numbers, ids, addresses, URLs, quoted names) taken out.
    pub fn fingerprint(&self, layer: Layer, step: &str) -> String {
        let mut hasher = Sha256::new();
        for part in [
            layer.name(),
            step,
            self.class.as_column(),
            self.code.as_str(),
            &without_variables(&self.message),
        ] {
            hasher.update(part.as_bytes());
            hasher.update([0]);
        }
        hex::encode(&hasher.finalize()[..6])
    }
}

impl fmt::Display for WorkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for WorkError {}

/// Replaces each word that carries an identity by one mark, and each quoted text likewise.
fn without_variables(message: &str) -> String {
    let mut plain = String::with_capacity(message.len());
    for (index, piece) in message.split('"').enumerate() {
        if index % 2 == 1 {
            plain.push('#');
            continue;
        }
        for word in piece.split_whitespace() {
            let varies =
                word.contains(|c: char| c.is_ascii_digit() || c == '@') || word.contains("://");
            plain.push_str(if varies { "#" } else { word });
            plain.push(' ');
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(message: &str) -> String {
        WorkError::new(ErrorClass::Transient, "refused", message)
            .fingerprint(Layer::OutreachEngine, "send")
    }

    #[test]
    fn errors_that_differ_in_ids_and_addresses_share_a_fingerprint() {
        assert_eq!(
            refused("mail to a@b.example refused after 31 ms"),
            refused("mail to c@d.example refused after 7 ms")
        );
        assert_eq!(refused("no route to \"A Dental\""), refused("no route to \"B Vets\""));
    }

    #[test]
    fn errors_of_another_cause_have_another_fingerprint() {
        assert_ne!(refused("mail refused"), refused("calendar refused"));
    }
}
