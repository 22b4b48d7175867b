//! Defines a key as tables and settings write it.

use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One key, with or without Ctrl.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    ctrl: bool,
}

/// Keys that have names instead of characters.
const NAMED: [(&str, KeyCode); 15] = [
    ("Space", KeyCode::Char(' ')),
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Shift-Tab", KeyCode::BackTab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PgUp", KeyCode::PageUp),
    ("PgDn", KeyCode::PageDown),
];

pub(super) const fn ch(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: false }
}

pub(super) const fn ctrl(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: true }
}

pub(super) const fn key(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

impl Key {
    /// Whether `event` is this key. Shift is part of the character, so it is not compared.
    pub(super) fn matches(self, event: &KeyEvent) -> bool {
        event.code == self.code
            && event.modifiers.contains(KeyModifiers::CONTROL) == self.ctrl
            && !event.modifiers.contains(KeyModifiers::ALT)
    }

    /// The key itself.
    pub(super) const fn code(self) -> KeyCode {
        self.code
    }

    /// Whether Ctrl is held.
    pub(super) const fn ctrl(self) -> bool {
        self.ctrl
    }

    /// Returns the key's name for a reader; reading it gives the key again.
    pub fn name(self) -> String {
        let named = NAMED.iter().find(|(_, code)| *code == self.code);
        let name = match (named, self.code) {
            (Some((name, _)), _) => (*name).to_owned(),
            (None, KeyCode::Char(c)) => c.to_string(),
            (None, code) => code.to_string(),
        };
        if self.ctrl { format!("Ctrl-{name}") } else { name }
    }
}

impl FromStr for Key {
    type Err = &'static str;

    /// Reads a key: one character, a name such as Enter, or either behind `Ctrl-`.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other key comes out of the list above")]
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let behind = text
            .split_once('-')
            .filter(|(word, rest)| word.eq_ignore_ascii_case("ctrl") && !rest.is_empty());
        let (is_ctrl, word) = behind.map_or((false, text), |(_, rest)| (true, rest));
        let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        let mut chars = word.chars();
        let code = match (named, chars.next(), chars.next()) {
            (Some((_, code)), ..) => *code,
            (None, Some(c), None) if !c.is_control() => KeyCode::Char(c),
            (None, Some('f' | 'F'), Some('1'..='9')) => {
                return Err("function keys are eaten by terminal multiplexers");
            }
            (None, ..) => return Err("is no key: write one character, or a name such as Enter"),
        };
        match code {
            KeyCode::Char('s' | 'S' | 'q' | 'Q') if is_ctrl => {
                Err("Ctrl-s and Ctrl-q stop and start the output of many terminals")
            }
            // A terminal sends the same byte for both.
            KeyCode::Char('i' | 'I') if is_ctrl => Err("Ctrl-i is Tab"),
            KeyCode::Char('m' | 'M') if is_ctrl => Err("Ctrl-m is Enter"),
            KeyCode::Char('h' | 'H') if is_ctrl => Err("Ctrl-h is Backspace in many terminals"),
            KeyCode::Char(c) if is_ctrl => Ok(ctrl(c.to_ascii_lowercase())),
            code if is_ctrl && !matches!(code, KeyCode::Char(_)) => {
                Err("few terminals tell this key with Ctrl from the key alone")
            }
            code => Ok(key(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_written_down_is_read_back() {
        for (name, code) in NAMED {
            assert_eq!(name.parse(), Ok(key(code)));
            assert_eq!(key(code).name(), name);
        }
        for text in ["a", "R", "?", ":", "-", "Ctrl-z", "ä"] {
            assert_eq!(text.parse::<Key>().map(Key::name).as_deref(), Ok(text));
        }
        assert_eq!("ctrl-Z".parse(), Ok(ctrl('z')));
        assert_eq!("enter".parse(), Ok(key(KeyCode::Enter)));
    }

    #[test]
    fn keys_that_terminals_mangle_are_refused_with_the_reason() {
        for text in
            ["F5", "f12", "Ctrl-s", "Ctrl-Q", "Ctrl-i", "Ctrl-m", "Ctrl-Up", "", "ab", "\u{7}"]
        {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }
}
