//! Defines how text from outside is made safe: one line, no control sequences, a bounded length.
//!
//! Everything that was not written by us goes through here before it is stored, so a hostile name
//! can reach neither a terminal's escape codes nor a mail header, a CSV cell's line end or a PDF.

/// Makes one clean line of `raw`: control and direction-changing characters are dropped, runs of
/// white space become one blank, and the result has at most `chars_max` characters.
pub fn clean(raw: &str, chars_max: usize) -> String {
    let mut line = String::with_capacity(raw.len().min(chars_max * 4));
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

/// Like `clean`, and nothing at all when nothing is left.
pub fn clean_or_none(raw: &str, chars_max: usize) -> Option<String> {
    Some(clean(raw, chars_max)).filter(|line| !line.is_empty())
}

/// Whether a character can change how the rest of a line is read or shown.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00AD}'                    // soft hyphen
            | '\u{061C}'                  // Arabic letter mark
            | '\u{180E}'                  // Mongolian vowel separator
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
}
