//! Reads the answer to a calendar invite (RFC 5546 §3.2.3).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ID_CHARS_MAX, address, believed};
use crate::domain::column::{self, UnknownWord};
use crate::domain::text;
use crate::domain::time::Moment;

/// Characters of a comment: a sentence or two.
const COMMENT_CHARS_MAX: usize = 500;

/// What an invitee answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartStat {
    /// Comes.
    Accepted,
    /// Does not come.
    Declined,
    /// Perhaps.
    Tentative,
}

impl PartStat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Declined, Self::Tentative];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Tentative => "tentative",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("answer", word, &Self::ALL, Self::as_column)
    }
}

impl fmt::Display for PartStat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_column())
    }
}

/// An answer to an invite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteAnswer {
    /// Which event.
    pub uid: String,
    /// Which edition of the invite it answers.
    pub sequence: i64,
    /// Who answers, in lower case.
    pub attendee: String,
    /// Who sent the mail, in lower case.
    pub from: String,
    /// What.
    pub answer: PartStat,
    /// When it was given.
    pub at: Moment,
    /// What was written with it.
    pub comment: Option<String>,
}

/// Reads a calendar object; `None` for one that is no whole answer to an invite.
pub(super) fn answer(calendar: &str, from: &str, now: Moment) -> Option<InviteAnswer> {
    let lines = unfolded(calendar);
    let value =
        |name: &str| lines.iter().find(|line| line.name == name).map(|it| it.value.as_str());
    if !value("METHOD")?.eq_ignore_ascii_case("REPLY") {
        return None;
    }
    // An answer has the one attendee who answers.
    let attendee = lines.iter().find(|line| line.name == "ATTENDEE")?;
    let answer = match attendee.parameter("PARTSTAT")?.to_ascii_uppercase().as_str() {
        "ACCEPTED" => PartStat::Accepted,
        "DECLINED" => PartStat::Declined,
        "TENTATIVE" => PartStat::Tentative,
        _ => return None,
    };
    let who = attendee.value.trim();
    let is_mail = who.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    let stamp = value("DTSTAMP").and_then(utc);
    Some(InviteAnswer {
        uid: text::clean_or_none(value("UID")?, ID_CHARS_MAX)?,
        sequence: value("SEQUENCE").and_then(|n| n.trim().parse().ok()).unwrap_or(0),
        attendee: address(if is_mail { &who[7..] } else { who }),
        from: from.to_owned(),
        answer,
        at: believed(stamp, now),
        comment: value("COMMENT")
            .and_then(|it| text::clean_or_none(&unescaped(it), COMMENT_CHARS_MAX)),
    })
}

struct Line {
    name: String,
    parameters: Vec<(String, String)>,
    value: String,
}

impl Line {
    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Joins folded lines and parts each into name, parameters and value.
fn unfolded(calendar: &str) -> Vec<Line> {
    let mut whole: Vec<String> = Vec::new();
    for line in calendar.lines() {
        match (line.strip_prefix([' ', '\t']), whole.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            (_, _) => whole.push(line.to_owned()),
        }
    }
    whole.iter().filter_map(|line| content_line(line)).collect()
}

fn content_line(line: &str) -> Option<Line> {
    let mut quoted = false;
    let mut cuts = Vec::new();
    let colon = line.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        if c == ';' && !quoted {
            cuts.push(at);
        }
        (c == ':' && !quoted).then_some(at)
    })?;
    cuts.push(colon);
    let mut parts = Vec::new();
    let mut from = 0;
    for cut in cuts {
        parts.push(line.get(from..cut)?);
        from = cut + 1;
    }
    let mut parts = parts.into_iter();
    let name = parts.next()?.trim().to_ascii_uppercase();
    let parameters = parts
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (name.to_ascii_uppercase(), value.trim_matches('"').to_owned()))
        .collect();
    Some(Line { name, parameters, value: line.get(from..)?.to_owned() })
}

/// Reads `20260105T090000Z`.
fn utc(stamp: &str) -> Option<Moment> {
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp.trim()).ok()?;
    let at = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Moment::from(at.timestamp()))
}

fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push('\n'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_767_603_600_000);
    const ANSWER: &str = "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:6f1e@agency.ex\n ample\n\
        SEQUENCE:1\nDTSTAMP:20260105T080000Z\n\
        ATTENDEE;CN=\"Ann; Lee\";PARTSTAT=DECLINED:MAILTO:Ann@Dental.example\n\
        COMMENT:Not then\\, sorry.\nEND:VEVENT\nEND:VCALENDAR\n";

    #[test]
    fn an_answer_is_read_with_folded_lines_and_quoted_parameters() {
        let answer = answer(ANSWER, "ann@dental.example", NOW).unwrap();
        assert_eq!(answer.uid, "6f1e@agency.example");
        assert_eq!((answer.sequence, answer.answer), (1, PartStat::Declined));
        assert_eq!(answer.attendee, "ann@dental.example");
        assert_eq!(answer.at, NOW.plus_ms(-3_600_000));
        assert_eq!(answer.comment.as_deref(), Some("Not then, sorry."));
    }

    #[test]
    fn what_is_no_whole_answer_is_none() {
        for (from, to) in [
            ("METHOD:REPLY", "METHOD:REQUEST"),
            ("PARTSTAT=DECLINED", "PARTSTAT=NEEDS-ACTION"),
            ("UID:", "X:"),
            ("ATTENDEE", "X"),
            ("METHOD:REPLY\n", ""),
        ] {
            assert!(answer(&ANSWER.replace(from, to), "a@b.example", NOW).is_none(), "{to}");
        }
    }

    #[test]
    fn an_answer_from_next_year_is_dated_by_its_arrival() {
        let odd = ANSWER.replace("20260105T", "20270105T");
        assert_eq!(answer(&odd, "a@b.example", NOW).unwrap().at, NOW);
    }
}
