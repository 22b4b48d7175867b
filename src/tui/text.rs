//! Cleans and measures text before it is drawn.
//!
//! Names, messages and causes come from map data, mail and web pages. A control sequence in one of
//! them would otherwise reach the operator's terminal and could repaint it, so every such text
//! passes `clean` on its way into a cell.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::domain::text::is_unsafe;

/// Returns `text` on one line, without control characters, escape sequences and the marks that
/// reorder or hide what follows them.
pub fn clean(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut chars),
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => plain.push(' '),
            c if is_unsafe(c) => {}
            c => plain.push(c),
        }
    }
    plain
}

/// Leaves out the rest of an escape sequence: CSI up to its final byte, OSC and its kin up to
/// their terminator, anything else by one character.
fn skip_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => {
            for c in chars.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    break;
                }
            }
        }
        Some(']' | 'P' | '^' | '_' | 'X') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || (c == '\u{1b}' && chars.next_if_eq(&'\\').is_some()) {
                    break;
                }
            }
        }
        _ => {}
    }
}

/// Returns `text` in exactly `width` columns: cut with a mark, or filled with spaces.
pub fn fit(text: &str, width: usize) -> String {
    let mut out = cut(text, width);
    let missing = width.saturating_sub(out.width());
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// Returns `text` in exactly `width` columns, its end at the right.
pub fn fit_right(text: &str, width: usize) -> String {
    let out = cut(text, width);
    let missing = width.saturating_sub(out.width());
    format!("{}{out}", " ".repeat(missing))
}

/// Returns `text` in at most `width` columns; a `~` stands for what was cut off.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::with_capacity(width);
    let mut used = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w + 1 > width {
            break;
        }
        out.push(c);
        used += w;
    }
    if used < width {
        out.push('~');
    }
    out
}

/// Returns the end of `text` in at most `width` columns; a `~` stands for what was cut off before it.
pub fn cut_start(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    if width == 0 {
        return String::new();
    }
    let mut used = 1;
    let mut kept = text.len();
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept = at;
    }
    format!("~{}", &text[kept..])
}

/// Breaks `text` at spaces into lines of at most `width` columns; a longer word is cut hard.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
        loop {
            let gap = usize::from(!line.is_empty());
            if line.width() + gap + word.width() <= width {
                if gap == 1 {
                    line.push(' ');
                }
                line.push_str(&word);
                break;
            }
            if line.is_empty() {
                let head: String = take_width(&word, width);
                word = word.split_off(head.len());
                lines.push(head);
            } else {
                lines.push(std::mem::take(&mut line));
            }
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// Returns the longest start of `text` in `width` columns, at least one character.
fn take_width(text: &str, width: usize) -> String {
    let mut used = 0;
    text.chars()
        .enumerate()
        .take_while(|(index, c)| {
            used += c.width().unwrap_or(0);
            used <= width || *index == 0
        })
        .map(|(_, c)| c)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_cannot_move_the_cursor_or_set_the_title() {
        assert_eq!(clean("A\u{1b}[2J\u{1b}[31mDental\u{1b}[0m"), "ADental");
        assert_eq!(clean("A\u{1b}]0;owned\u{7}B\u{1b}]52;c;x\u{1b}\\C"), "ABC");
        assert_eq!(clean("A\u{9b}31mB\r\nC\u{8}"), "A31mB  C");
    }

    #[test]
    fn of_a_line_that_is_too_long_to_type_in_the_end_stays_in_view() {
        assert_eq!(cut_start("why 3h 1h", 9), "why 3h 1h");
        assert_eq!(cut_start("why 3h 1h", 8), "~y 3h 1h");
        assert_eq!(cut_start("why 日本", 4), "~本", "half of a sign cannot be shown");
        assert_eq!(cut_start("why", 0), "");
    }

    #[test]
    fn a_hostile_name_cannot_reorder_the_line() {
        assert_eq!(clean("invoice\u{202e}fdp.exe\u{200b}"), "invoicefdp.exe");
    }

    #[test]
    fn a_fitted_text_has_its_width_whatever_is_in_it() {
        for text in ["", "abc", "日本語の店", "a日b本c語", "longer than that"] {
            for width in 0..12 {
                assert_eq!(fit(text, width).width(), width, "{text:?} in {width}");
                assert_eq!(fit_right(text, width).width(), width, "{text:?} in {width}");
            }
        }
    }

    #[test]
    fn wrapped_lines_keep_every_word_and_the_width() {
        let lines = wrap("one two threeandmore four", 6);
        assert_eq!(lines, ["one", "two", "threea", "ndmore", "four"]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
    }
}
