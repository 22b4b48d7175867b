//! Defines how text from outside is made safe: one line or several, no control sequences, a bounded
//! length.
//!
//! Everything that was not written by us goes through here before it is stored, so a hostile name
//! can reach neither a terminal's escape codes nor a mail header, a CSV cell's line end or a PDF.
//! What was written before is made safe once more on its way out; nothing else decides what is safe.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

/// Characters of one string in a document from outside: a long letter, not a book.
const STRING_CHARS_MAX: usize = 20_000;

/// Makes one clean line of `raw`: control and direction-changing characters are dropped, runs of
/// white space become one blank, and the result has at most `chars_max` characters.
pub fn clean(raw: &str, chars_max: usize) -> String {
    let mut line = String::with_capacity(raw.len().min(chars_max.saturating_mul(4)));
    let mut n_chars = 0;
    let mut gap = false;
    for c in raw.chars() {
        if c.is_whitespace() {
            gap = n_chars > 0;
            continue;
        }
        if is_unsafe(c) {
            continue;
        }
        if gap && n_chars < chars_max {
            line.push(' ');
            n_chars += 1;
        }
        gap = false;
        if n_chars >= chars_max {
            break;
        }
        line.push(c);
        n_chars += 1;
    }
    line.truncate(line.trim_end().len());
    line
}

/// Makes clean lines of `raw`: line ends of every kind become `\n`, white space other than a blank
/// becomes one, other unsafe characters are dropped, and at most `chars_max` characters stay.
pub fn clean_lines(raw: &str, chars_max: usize) -> String {
    let mut chars = raw.chars().peekable();
    let lines = std::iter::from_fn(|| {
        let c = chars.next()?;
        if c == '\r' {
            chars.next_if_eq(&'\n');
        }
        Some(c)
    });
    lines
        .filter_map(|c| match c {
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            '\t' | '\u{b}' | '\u{c}' => Some(' '),
            c => (!is_unsafe(c)).then_some(c),
        })
        .take(chars_max)
        .collect()
}

/// Makes every text in a document from outside clean, names of members included.
pub fn clean_value(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean_lines(&text, STRING_CHARS_MAX)),
        Value::Array(items) => items.into_iter().map(clean_value).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (clean_lines(&name, STRING_CHARS_MAX), clean_value(value)))
            .collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

/// Returns JSON that says the same in characters that are safe to print. JSON itself lets DEL, the
/// control characters above it and those that change the direction stand as they are.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    let is_layout = |c: char| matches!(c, '\n' | '\r' | '\t');
    if !json.contains(|c: char| is_unsafe(c) && !is_layout(c)) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if is_unsafe(c) && !is_layout(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// Like `clean`, and nothing at all when nothing is left.
pub fn clean_or_none(raw: &str, chars_max: usize) -> Option<String> {
    Some(clean(raw, chars_max)).filter(|line| !line.is_empty())
}

/// Whether a character can change how the rest of a line is read or shown. Line ends and tabs count.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00AD}'                    // soft hyphen
            | '\u{061C}'                  // Arabic letter mark
            | '\u{180E}'                  // Mongolian vowel separator
            | '\u{2028}' | '\u{2029}'     // line and paragraph separators
            | '\u{200B}'..='\u{200F}'     // zero width and direction marks
            | '\u{202A}'..='\u{202E}'     // direction embedding and override
            | '\u{2060}'..='\u{206F}'     // joiners, isolates, deprecated marks
            | '\u{FEFF}'                  // byte order mark
            | '\u{FFF9}'..='\u{FFFB}'     // interlinear annotation
            | '\u{E0000}'..='\u{E007F}'   // tags
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_any_length_is_cleaned_when_no_length_is_given() {
        assert_eq!(clean(" May we\u{1b}[1m call\tyou? ", usize::MAX), "May we[1m call you?");
    }

    #[test]
    fn an_escape_sequence_in_a_name_arrives_as_harmless_letters() {
        assert_eq!(clean("Acme\u{1b}[2J\r\nDental\u{9b}31m", 80), "Acme[2J Dental31m");
    }

    #[test]
    fn direction_overrides_and_zero_width_characters_are_gone() {
        assert_eq!(clean("\u{202E}evil\u{202C} a\u{200B}b\u{FEFF}", 80), "evil ab");
    }

    #[test]
    fn the_length_is_counted_in_characters_and_never_ends_in_a_blank() {
        assert_eq!(clean("Zähne  und mehr", 6), "Zähne");
        assert_eq!(clean("日本語テキスト", 3), "日本語");
        assert_eq!(clean_or_none(" \t\n\u{0}", 10), None);
    }

    #[test]
    fn a_letter_keeps_its_lines_and_loses_what_could_hide_in_them() {
        let raw = "Dear\tAnn,\r\n\r\u{1b}]0;x\u{7}I\u{2028}\u{202e}agree.";
        assert_eq!(clean_lines(raw, 80), "Dear Ann,\n\n]0;xI\nagree.");
        assert_eq!(clean_lines("abc", 2), "ab");
        let body = serde_json::json!({"na\u{0}me": ["a\u{9b}b", 7, null]});
        assert_eq!(clean_value(body), serde_json::json!({"name": ["ab", 7, null]}));
    }

    #[test]
    fn printed_json_says_the_same_without_a_character_that_acts() {
        let value = serde_json::json!({"a": "\u{9b}31m \u{7f}\u{202e}\u{e0001} \u{1b} ä"});
        let raw = value.to_string();
        let safe = printable_json(&raw);
        assert!(!safe.contains(is_unsafe), "{safe}");
        assert_eq!(serde_json::from_str::<Value>(&safe).unwrap(), value);
        assert!(matches!(printable_json("{\n  \"a\": 1\n}"), Cow::Borrowed(_)));
    }
}
