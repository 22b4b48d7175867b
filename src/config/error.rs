//! Defines the one error of the settings: where it stands, what is wrong, what to do next.

use std::fmt;
use std::fmt::Write as _;

use crate::domain::text::{clean_lines, is_unsafe};

/// Characters of a message: a parser quotes what it could not read, and lists what it expected.
const MESSAGE_CHARS_MAX: usize = 1_000;

/// What is wrong with the settings, as a person needs it to mend them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file, or the variable, that says it.
    pub file: String,
    /// Line and column, from 1.
    pub place: Option<(u32, u32)>,
    /// Dotted key: `outreach.caps.email`.
    pub key: Option<Box<str>>,
    /// What is wrong.
    pub message: String,
    /// The line with its neighbours, numbered; empty when there is no line.
    pub snippet: Box<str>,
    /// What to do next.
    pub hint: Option<Box<str>>,
}

impl ConfigError {
    pub(super) fn new(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            place: None,
            key: None,
            message: clean_lines(&message.into(), MESSAGE_CHARS_MAX),
            snippet: Box::default(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(clean_lines(&hint.into(), MESSAGE_CHARS_MAX).into_boxed_str());
        self
    }

    pub(super) fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(clean_lines(&key.into(), MESSAGE_CHARS_MAX).into_boxed_str());
        self
    }

    /// Says where in `text` it stands and quotes the line with its two neighbours.
    pub(super) fn at(mut self, text: &str, line: usize, column: usize) -> Self {
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        self.place = Some((number(line), number(column)));
        let mut snippet = String::new();
        let first = line.saturating_sub(1).max(1);
        for (index, content) in text.lines().enumerate().skip(first - 1).take(line + 2 - first) {
            let mark = if index + 1 == line { '>' } else { ' ' };
            // Writing to a String cannot fail.
            let _ = writeln!(snippet, "{mark} {:>4} | {}", index + 1, visible(content));
        }
        self.snippet = snippet.into_boxed_str();
        self
    }
}

/// A line as it may reach a terminal: without control characters, cut at a screen's width.
fn visible(line: &str) -> String {
    line.chars()
        .take(120)
        .map(|c| {
            if c == '\t' {
                '→'
            } else if is_unsafe(c) {
                '�'
            } else {
                c
            }
        })
        .collect()
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}", self.message)?;
        if !self.snippet.is_empty() {
            write!(f, "\n{}", self.snippet.trim_end_matches('\n'))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
