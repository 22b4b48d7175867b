//! Reads one settings file: its bytes, its text, its YAML, in that order, so that each kind of
//! mistake is named for what it is and none reaches the next stage.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::ConfigError;
use super::raw::RawSettings;

/// Bytes; a larger file is refused before it is parsed (the defaults with all comments are 8 KiB).
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Brackets in brackets; the deepest setting that is given in them has three.
const DEPTH_MAX: usize = 32;

/// A settings file as read: its name for messages, its text, and what it says.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) raw: RawSettings,
}

impl Source {
    /// Reads the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let unreadable = |error: std::io::Error| {
            ConfigError::new(&name, format!("cannot be read: {error}"))
                .hint("check the path after --config or in CEP_CONFIG")
        };
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        Self::from_bytes(&name, bytes)
    }

    /// Reads the settings in `bytes`.
    pub(super) fn from_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, ConfigError> {
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(ConfigError::new(name, format!("is larger than {FILE_BYTES_MAX} bytes"))
                .hint("settings are a few lines; is it another file?"));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..good].split(|&byte| byte == b'\n').count();
            ConfigError::new(name, format!("is not UTF-8 text from line {line} on"))
                .hint("save it as UTF-8")
        })?;
        Self::from_text(name, text)
    }

    /// Reads the settings in `text`.
    pub(super) fn from_text(name: &str, text: String) -> Result<Self, ConfigError> {
        refuse_directives(name, &text)?;
        refuse_depth(name, &text)?;
        refuse_tabs(name, &text)?;
        refuse_anchors(name, &text)?;
        // Read twice: into a tree, which refuses a key that stands twice even where keys are free
        // (rate.hosts), and into our own shape, which refuses keys we do not know.
        let tree: serde_yaml::Value =
            serde_yaml::from_str(&text).map_err(|error| located(name, &text, &error))?;
        let raw = if tree.is_null() {
            RawSettings::default()
        } else {
            serde_yaml::from_str(&text).map_err(|error| located(name, &text, &error))?
        };
        Ok(Self { name: name.to_owned(), text, raw })
    }
}

/// A `%` at the start of a line is a directive, which no setting needs and the parser half ignores.
fn refuse_directives(name: &str, text: &str) -> Result<(), ConfigError> {
    match text.lines().position(|line| line.starts_with('%')) {
        Some(index) => Err(ConfigError::new(name, "YAML directives (%) are not supported")
            .at(text, index + 1, 1)
            .hint("take the line out")),
        None => Ok(()),
    }
}

/// A parser's time grows with the square of the depth, and no setting is deeper than five.
fn refuse_depth(name: &str, text: &str) -> Result<(), ConfigError> {
    let mut depth = 0_usize;
    for (index, line) in text.lines().enumerate() {
        for (column, c) in line.chars().enumerate() {
            match c {
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > DEPTH_MAX {
                let message = format!("brackets stand more than {DEPTH_MAX} deep");
                return Err(ConfigError::new(name, message)
                    .at(text, index + 1, column + 1)
                    .hint("close them, or take the line out; no setting needs them"));
            }
        }
    }
    Ok(())
}

/// Returns the line at which a second document begins.
fn second_document(text: &str) -> usize {
    text.lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("---"))
        .last()
        .map_or(1, |(n, _)| n + 1)
}

/// YAML forbids tabs as indentation; the parser's own message does not say so.
fn refuse_tabs(name: &str, text: &str) -> Result<(), ConfigError> {
    for (index, line) in text.lines().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if let Some(column) = line[..indent].find('\t') {
            return Err(ConfigError::new(name, "a tab is used as indentation")
                .at(text, index + 1, column + 1)
                .hint("indent with spaces"));
        }
    }
    Ok(())
}

/// Refuses anchors and aliases: no setting needs them, and a short file could grow without bound.
///
/// A value cannot begin with `&` or `*` unless it is quoted, so it is enough to look at the first
/// character of each value; text that merely contains them is left alone.
fn refuse_anchors(name: &str, text: &str) -> Result<(), ConfigError> {
    for (index, line) in text.lines().enumerate() {
        let content = line.trim_start();
        let indent = line.chars().count() - content.chars().count();
        let Some(offset) = anchor_offset(content) else { continue };
        return Err(ConfigError::new(name, "anchors and aliases (& and *) are not supported")
            .at(text, index + 1, indent + offset + 1)
            .hint("write the value out, or put it in quotes"));
    }
    Ok(())
}

/// Returns the place of an unquoted `&` or `*` that begins a key or a value of this line.
fn anchor_offset(content: &str) -> Option<usize> {
    let mut quote = None;
    let mut begins = true;
    for (offset, c) in content.chars().enumerate() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) | (None, ' ') => {}
            (None, '"' | '\'') if begins => quote = Some(c),
            (None, '&' | '*') if begins => return Some(offset),
            (None, '#') if begins => return None,
            (None, ':' | '-' | '[' | '{' | ',' | '?') => begins = true,
            (None, _) => begins = false,
        }
    }
    None
}

/// Turns the parser's error into ours: place, key, message and the nearest known key.
fn located(name: &str, text: &str, error: &serde_yaml::Error) -> ConfigError {
    let whole = error.to_string();
    let message = whole.split(" at line ").next().unwrap_or(&whole);
    let (path, message) = match message.split_once(": ") {
        Some((path, rest)) if !path.contains(' ') => (Some(path), rest),
        _ => (None, message),
    };
    let mut problem = ConfigError::new(name, message);
    if let Some(place) = error.location() {
        problem = problem.at(text, place.line(), place.column());
    } else if message.contains("more than one document") {
        problem = problem.at(text, second_document(text), 1);
    }
    if let Some(unknown) = message.strip_prefix("unknown field `") {
        let wrong = unknown.split('`').next().unwrap_or_default();
        let key = path.map_or_else(|| wrong.to_owned(), |path| format!("{path}.{wrong}"));
        problem.message = String::from("unknown key");
        let hint = match nearest(wrong, message) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                format!("known keys here: {}", known_keys(message).collect::<Vec<_>>().join(", "))
            }
        };
        return problem.key(key).hint(hint);
    }
    match path {
        Some(path) if path != "." => problem.key(path),
        _ => problem,
    }
    .hint("config/default.yaml shows every key with its type and unit")
}

/// The known keys that the parser lists, in its words: "unknown field `x`, expected one of `a`, `b`".
fn known_keys(message: &str) -> impl Iterator<Item = &str> {
    message.split('`').skip(3).step_by(2)
}

/// Returns the known key that is at most three letters away from `wrong`.
fn nearest<'a>(wrong: &str, message: &'a str) -> Option<&'a str> {
    known_keys(message)
        .map(|known| (distance(wrong, known), known))
        .filter(|&(letters, known)| letters <= 3 && letters < known.chars().count())
        .min()
        .map(|(_, known)| known)
}

/// Counts the letters to insert, delete or replace to make one word the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

/// Returns line and column of a dotted key in a block-style file, to cite a value that does not fit.
pub(super) fn place_of(text: &str, key: &str) -> Option<(usize, usize)> {
    let parts: Vec<&str> = key.split('.').collect();
    let mut open: Vec<(usize, &str)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let content = line.trim_start();
        let Some((word, _)) = content.split_once(':').filter(|_| !content.starts_with('#')) else {
            continue;
        };
        let indent = line.len() - content.len();
        while open.last().is_some_and(|&(outer, _)| outer >= indent) {
            open.pop();
        }
        open.push((indent, word.trim_matches(['"', '\''])));
        if open.iter().map(|&(_, word)| word).eq(parts.iter().copied()) {
            return Some((index + 1, indent + 1));
        }
    }
    None
}
