//! Reads the closed word lists that rows store (states, modes, kinds) back into enums.
//!
//! Every stored enum has `as_column` and is read through `parse`, so a word this version does not
//! know is an error that names itself, never a silent default.

/// A stored word that no variant of the enum has: the row was written by another version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} {word:?}")]
pub struct UnknownWord {
    /// Which list was read.
    pub what: &'static str,
    /// The word found.
    pub word: String,
}

/// Finds the variant whose column word is `word`.
pub fn parse<T: Copy>(
    what: &'static str,
    word: &str,
    all: &[T],
    as_column: impl Fn(T) -> &'static str,
) -> Result<T, UnknownWord> {
    all.iter()
        .copied()
        .find(|&variant| as_column(variant) == word)
        .ok_or_else(|| UnknownWord { what, word: word.to_owned() })
}
