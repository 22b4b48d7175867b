//! Defines how the notation of opening hours is put in order before it is parsed.
//!
//! People write `Mo, Tu 9 - 12 Uhr` or `Di-So 11.00–23.00`. Each rule here has one reading only: a
//! weekday in another language, a dash of another kind, a blank too many. What could mean two
//! things is left as it is, and the parser refuses it.

/// Weekdays and words as people write them, lower case, and the notation's own word.
const WORDS: [(&str, &str); 56] = [
    ("mo", "Mo"),
    ("mon", "Mo"),
    ("monday", "Mo"),
    ("montag", "Mo"),
    ("montags", "Mo"),
    ("tu", "Tu"),
    ("tue", "Tu"),
    ("tues", "Tu"),
    ("tuesday", "Tu"),
    ("di", "Tu"),
    ("dienstag", "Tu"),
    ("dienstags", "Tu"),
    ("we", "We"),
    ("wed", "We"),
    ("wednesday", "We"),
    ("mi", "We"),
    ("mittwoch", "We"),
    ("mittwochs", "We"),
    ("th", "Th"),
    ("thu", "Th"),
    ("thur", "Th"),
    ("thurs", "Th"),
    ("thursday", "Th"),
    ("do", "Th"),
    ("donnerstag", "Th"),
    ("donnerstags", "Th"),
    ("fr", "Fr"),
    ("fri", "Fr"),
    ("friday", "Fr"),
    ("freitag", "Fr"),
    ("freitags", "Fr"),
    ("sa", "Sa"),
    ("sat", "Sa"),
    ("saturday", "Sa"),
    ("samstag", "Sa"),
    ("samstags", "Sa"),
    ("sonnabend", "Sa"),
    ("su", "Su"),
    ("sun", "Su"),
    ("sunday", "Su"),
    ("so", "Su"),
    ("sonntag", "Su"),
    ("sonntags", "Su"),
    ("ph", "PH"),
    ("feiertag", "PH"),
    ("feiertage", "PH"),
    ("feiertags", "PH"),
    ("sh", "SH"),
    ("daily", "Mo-Su"),
    ("täglich", "Mo-Su"),
    ("ruhetag", "off"),
    ("geschlossen", "off"),
    ("off", "off"),
    ("closed", "off"),
    ("bis", "-"),
    ("uhr", ""),
];

/// A piece of notation.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A weekday, `PH` or `SH`, or a range of them as one word.
    Day(String),
    /// `9:00`, `18:00+`.
    Time(String),
    /// A number that is no time.
    Number(String),
    /// Any other word.
    Word(String),
    /// A quoted comment, with its quotes.
    Comment(String),
    /// One sign, or `||`.
    Sign(&'static str),
    /// A sign that has no part in the notation.
    Other(char),
    /// White space.
    Gap,
}

/// Puts a value in order; what is not understood stays as it is, white space apart.
pub(super) fn tidy(raw: &str) -> String {
    let tokens = without_needless_gaps(tokens(raw));
    let mut text = String::with_capacity(raw.len());
    for (place, token) in tokens.iter().enumerate() {
        let before = place.checked_sub(1).map(|place| &tokens[place]);
        write(&mut text, before, token, tokens.get(place + 1));
    }
    // "until midnight or later" is open until midnight; what comes then is another day.
    text.trim_end_matches([';', ' ', ',']).replace("24:00+", "24:00")
}

fn tokens(raw: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = raw.trim();
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '"' => rest[1..].find('"').map_or(1, |end| end + 2),
            c if c.is_alphabetic() => span(rest, char::is_alphabetic),
            c if c.is_ascii_digit() => span(rest, |c| c.is_ascii_digit()),
            '|' if rest.starts_with("||") => 2,
            c if c.is_whitespace() => span(rest, char::is_whitespace),
            c => c.len_utf8(),
        };
        let (piece, behind) = rest.split_at(length);
        rest = behind;
        push(&mut tokens, piece);
    }
    tokens
}

fn span(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.find(|c| !of(c)).unwrap_or(text.len())
}

fn push(tokens: &mut Vec<Token>, piece: &str) {
    let c = piece.chars().next().unwrap_or(' ');
    let token = match c {
        '"' if piece.len() > 1 => Token::Comment(piece.to_owned()),
        c if c.is_alphabetic() => return push_word(tokens, piece),
        c if c.is_ascii_digit() => match minutes(tokens, piece) {
            Some(time) => Token::Time(time),
            None => Token::Number(piece.to_owned()),
        },
        c if c.is_whitespace() => Token::Gap,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => Token::Sign("-"),
        ',' => Token::Sign(","),
        ';' => Token::Sign(";"),
        '|' if piece == "||" => Token::Sign("||"),
        '+' => match tokens.last_mut() {
            Some(Token::Time(time)) => return time.push('+'),
            _ => Token::Other('+'),
        },
        // Doubt about hours is no part of them.
        '?' => return,
        c => Token::Other(c),
    };
    tokens.push(token);
}

fn push_word(tokens: &mut Vec<Token>, word: &str) {
    let lower = word.to_lowercase();
    let known = WORDS.iter().find(|(written, _)| *written == lower).map(|(_, meant)| *meant);
    match known {
        // "Mo." and "Sa,Su:" end in signs that say nothing; see `write`.
        Some("") => {}
        Some("-") => tokens.push(Token::Sign("-")),
        Some("off") => tokens.push(Token::Word("off".to_owned())),
        Some(day) => tokens.push(Token::Day(day.to_owned())),
        None => tokens.push(Token::Word(word.to_owned())),
    }
}

/// Joins `9`, `:` and `00` into a time when the last of them is `piece`; a dot stands for a colon.
fn minutes(tokens: &mut Vec<Token>, piece: &str) -> Option<String> {
    let [.., Token::Number(hours), Token::Other(':' | '.')] = tokens.as_slice() else {
        return None;
    };
    if piece.len() != 2 || hours.len() > 2 {
        return None;
    }
    let time = format!("{hours:0>2}:{piece}");
    tokens.truncate(tokens.len() - 2);
    Some(time)
}

/// Drops gaps beside signs, and the signs `.` and `:` behind a weekday.
fn without_needless_gaps(raw: Vec<Token>) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::with_capacity(raw.len());
    for token in raw {
        match (tokens.last(), &token) {
            (None | Some(Token::Sign(_) | Token::Gap), Token::Gap)
            | (Some(Token::Day(_)), Token::Other(':')) => continue,
            (Some(Token::Gap), Token::Sign(_)) => {
                tokens.pop();
            }
            (Some(Token::Day(_)), Token::Other('.')) => {
                tokens.push(Token::Sign(","));
                continue;
            }
            _ => {}
        }
        tokens.push(token);
    }
    tokens
}

/// Whether a rule of the notation can end with this.
const fn ends_rule(token: &Token) -> bool {
    matches!(token, Token::Time(_) | Token::Comment(_) | Token::Word(_))
}

/// Writes one token with the white space that the notation wants beside it.
fn write(text: &mut String, before: Option<&Token>, token: &Token, next: Option<&Token>) {
    match token {
        Token::Sign(";") => text.push_str("; "),
        Token::Sign("||") => text.push_str(" || "),
        Token::Sign(",") => {
            // Behind a time a comma before a weekday begins a rule; elsewhere it joins a list.
            let begins = match (before, next) {
                (Some(before), Some(Token::Day(_))) => ends_rule(before),
                (Some(Token::Time(_) | Token::Comment(_)), Some(Token::Word(_))) => true,
                _ => false,
            };
            text.push_str(if begins { ", " } else { "," });
        }
        Token::Sign(sign) => text.push_str(sign),
        Token::Gap => text.push_str(match (before, next) {
            // Somebody left out the sign between two rules, or between two spans of a day.
            (Some(Token::Time(_)), Some(Token::Day(_))) => "; ",
            (Some(Token::Time(_)), Some(Token::Time(_)))
            | (Some(Token::Day(_)), Some(Token::Day(_))) => ",",
            _ => " ",
        }),
        Token::Time(time) => {
            if before.is_some_and(|before| matches!(before, Token::Day(_))) {
                text.push(' ');
            }
            text.push_str(time);
        }
        Token::Comment(comment) => {
            if before.is_some_and(ends_rule) {
                text.push(' ');
            }
            text.push_str(comment);
        }
        Token::Day(word) | Token::Word(word) | Token::Number(word) => text.push_str(word),
        Token::Other(c) => text.push(*c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_becomes_the_notation() {
        for (raw, expected) in [
            ("Mo, Tu 09:00-13:00, 15:00-18:00", "Mo,Tu 09:00-13:00,15:00-18:00"),
            ("Di-So 11.00–23.00", "Tu-Su 11:00-23:00"),
            ("Mo 07:00 -14:00,Tu 14:00 - 21:00", "Mo 07:00-14:00, Tu 14:00-21:00"),
            ("Mo-Fr 9:00 bis 17:00 Uhr", "Mo-Fr 09:00-17:00"),
            ("Mo-Fr 08:00-20:00 Sa 08:00-18:00;", "Mo-Fr 08:00-20:00; Sa 08:00-18:00"),
            ("Sa,Su: 09:00-16:00", "Sa,Su 09:00-16:00"),
            ("Mo-Su.PH 11:00-22:00", "Mo-Su,PH 11:00-22:00"),
            ("Sa-Su11:00-13:00", "Sa-Su 11:00-13:00"),
            (
                "Mo-Fr 08:00-13:00||\"nach Vereinbarung\" ; PH off",
                "Mo-Fr 08:00-13:00 || \"nach Vereinbarung\"; PH off",
            ),
            ("täglich", "Mo-Su"),
        ] {
            assert_eq!(tidy(raw), expected, "{raw}");
        }
    }

    #[test]
    fn notation_in_order_stays_as_it_is() {
        for text in [
            "Mo-Fr 08:00-18:00; PH off",
            "24/7",
            "Mo-Sa 10:00-20:00; Dec 24,31 10:00-14:00",
            "Mo-Fr 18:00+",
            "week 1-53/2 Fr 09:00-12:00",
            "Jun-Aug: Mo-Fr 08:00-20:00",
            "Mo-Fr 09:00-12:00 open \"so, und: nur Di\"",
            "sunrise-sunset",
        ] {
            assert_eq!(tidy(text), text);
            assert_eq!(tidy(&tidy(text)), text);
        }
    }

    #[test]
    fn what_could_mean_two_things_is_left_to_be_refused() {
        for text in ["Mo-Fr 08:00-20:000", "24.12. off", "Mo-Sa 08-20"] {
            assert!(tidy(text).contains(text.split(' ').next_back().unwrap()), "{}", tidy(text));
        }
    }
}
