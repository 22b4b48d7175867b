//! Writes calendar invites (RFC 5545, 5546): the same UID for the life of a meeting, a growing
//! SEQUENCE, and a cancellation that removes what the request added.

use std::fmt::Write as _;

use icalendar::{Calendar, Component, Event, Property};

use crate::domain::effect::{Invite, InviteMethod};
use crate::domain::error::WorkError;
use crate::domain::text::clean;
use crate::domain::time::Moment;

/// Characters of one property: more than any address (254) or any title that we write.
const LINE_CHARS_MAX: usize = 500;

/// Returns the calendar object of an invite; lines end in CRLF and are folded.
///
/// # Errors
/// A permanent error for a meeting that ends before it starts, a bug when the text cannot be written.
pub fn calendar_text(invite: &Invite) -> Result<String, WorkError> {
    if invite.ends_at <= invite.starts_at {
        let what = format!("the meeting from {} to {}", invite.starts_at, invite.ends_at);
        return Err(WorkError::permanent("invite_without_length", what + " has no length")
            .hint("correct its times where it was booked, then skip this invite"));
    }
    let (method, status) = match invite.method {
        InviteMethod::Request => ("REQUEST", "CONFIRMED"),
        InviteMethod::Cancel => ("CANCEL", "CANCELLED"),
    };
    let mut event = Event::new();
    event
        .uid(&line(&invite.uid))
        .sequence(u32::try_from(invite.sequence).unwrap_or(0))
        .add_property("DTSTAMP", utc(invite.stamped_at))
        .add_property("DTSTART", utc(invite.starts_at))
        .add_property("DTEND", utc(invite.ends_at))
        .summary(&line(&invite.summary))
        .add_property("STATUS", status)
        .append_property(
            Property::new("ORGANIZER", format!("mailto:{}", line(&invite.organizer)))
                .add_parameter("CN", &line(&invite.mail.from_name))
                .done(),
        )
        .append_property(
            Property::new("ATTENDEE", format!("mailto:{}", line(&invite.attendee)))
                .add_parameter("ROLE", "REQ-PARTICIPANT")
                .add_parameter("PARTSTAT", "NEEDS-ACTION")
                .add_parameter("RSVP", "TRUE")
                .done(),
        );
    let mut calendar = Calendar::empty();
    for (name, value) in
        [("VERSION", "2.0"), ("PRODID", "-//CEP Machine//Booking Handler//EN"), ("METHOD", method)]
    {
        calendar.append_property(Property::new(name, value));
    }
    calendar.push(event);
    let mut text = String::new();
    write!(text, "{calendar}").map_err(|error| {
        WorkError::bug("invite_unbuildable", "the invite cannot be written").caused_by(&error)
    })?;
    Ok(text)
}

fn utc(at: Moment) -> String {
    at.to_timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A property is one line; what would end it, or hide in it, is taken out.
fn line(text: &str) -> String {
    clean(text, LINE_CHARS_MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::effect::Mail;

    pub(in crate::adapters::outbox) fn invite(method: InviteMethod) -> Invite {
        Invite {
            uid: "6f1e@agency.example".to_owned(),
            sequence: 1,
            method,
            starts_at: "2026-01-12T15:00:00Z".parse().unwrap(),
            ends_at: "2026-01-12T15:30:00Z".parse().unwrap(),
            stamped_at: "2026-01-05T09:00:00Z".parse().unwrap(),
            summary: "Profile review; 15 minutes, with Zähne & Co and a name that is long"
                .to_owned(),
            organizer: "sam@agency.example".to_owned(),
            attendee: "ann@dental.example".to_owned(),
            mail: Mail {
                to: "ann@dental.example".to_owned(),
                to_name: "Ann".to_owned(),
                from: "sam@agency.example".to_owned(),
                from_name: "Sam, Agency".to_owned(),
                subject: "Our call".to_owned(),
                text: "See you then.\n".to_owned(),
                unsubscribe_url: None,
                booking_url: None,
            },
        }
    }

    #[test]
    fn a_request_is_written_as_the_standard_says() {
        let text = calendar_text(&invite(InviteMethod::Request)).unwrap();
        for line in [
            "METHOD:REQUEST",
            "UID:6f1e@agency.example",
            "SEQUENCE:1",
            "DTSTAMP:20260105T090000Z",
            "DTSTART:20260112T150000Z",
            "DTEND:20260112T153000Z",
            "STATUS:CONFIRMED",
            "ORGANIZER;CN=\"Sam, Agency\":mailto:sam@agency.example",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert!(text.contains("Profile review\\; 15 minutes\\, with"), "{text}");
        assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{text}");
        assert_eq!(text, calendar_text(&invite(InviteMethod::Request)).unwrap());
    }

    #[test]
    fn a_meeting_without_length_is_refused_and_not_written() {
        let call = invite(InviteMethod::Request);
        for ends_at in [call.starts_at, call.starts_at.plus_ms(-1)] {
            let error = calendar_text(&Invite { ends_at, ..call.clone() }).unwrap_err();
            assert!(error.hint.is_some() && error.to_string().contains("no length"), "{error}");
        }
    }

    /// Reads a calendar object by the letter of RFC 5545 §3.1 and §3.3.11, and not with the library
    /// that wrote it: (name, parameters, raw value) of each content line.
    fn strictly_read(text: &str) -> Vec<(String, Vec<String>, String)> {
        assert!(text.ends_with("\r\n"), "the last line ends too");
        let mut lines: Vec<String> = Vec::new();
        for line in text.split_terminator("\r\n") {
            assert!(line.len() <= 75, "{} octets: {line}", line.len());
            assert!(!line.contains(['\r', '\n']), "a bare line break in {line:?}");
            match line.strip_prefix(' ') {
                Some(rest) => lines.last_mut().unwrap().push_str(rest),
                None => lines.push(line.to_owned()),
            }
        }
        lines.iter().map(|line| content_line(line)).collect()
    }

    fn content_line(line: &str) -> (String, Vec<String>, String) {
        let mut quoted = false;
        let colon = line
            .char_indices()
            .find(|&(_, c)| {
                quoted ^= c == '"';
                c == ':' && !quoted
            })
            .map_or_else(|| panic!("no colon in {line:?}"), |(at, _)| at);
        let mut parts = line[..colon].split(';');
        let name = parts.next().unwrap().to_owned();
        let is_name = |c: char| c.is_ascii_uppercase() || c == '-';
        assert!(!name.is_empty() && name.chars().all(is_name), "{name}");
        (name, parts.map(str::to_owned).collect(), line[colon + 1..].to_owned())
    }

    /// Takes the escapes of a TEXT value away; one that stands alone is a mistake.
    fn text_value(raw: &str) -> String {
        let mut text = String::new();
        let mut chars = raw.chars();
        while let Some(c) = chars.next() {
            assert!(c != ',' && c != ';', "unescaped {c} in {raw:?}");
            text.push(match c {
                '\\' => match chars.next() {
                    Some('n' | 'N') => '\n',
                    Some(escaped @ ('\\' | ';' | ',')) => escaped,
                    other => panic!("the escape {other:?} in {raw:?}"),
                },
                other => other,
            });
        }
        text
    }

    #[test]
    fn a_strict_reader_finds_every_letter_of_a_title_with_umlauts_emoji_and_commas() {
        let title = "Zähne & Überkronen; Kaffee, Kuchen \\ 🦷🦷🦷🦷🦷🦷🦷🦷🦷🦷 für Größe äöüß 日本語日本語日本語";
        for method in [InviteMethod::Request, InviteMethod::Cancel] {
            let call = Invite { summary: title.to_owned(), ..invite(method) };
            let lines = strictly_read(&calendar_text(&call).unwrap());
            let all = |name: &str| -> Vec<&str> {
                let found = lines.iter().filter(|(found, ..)| found == name);
                found.map(|(.., value)| value.as_str()).collect()
            };
            assert_eq!(all("BEGIN"), ["VCALENDAR", "VEVENT"]);
            assert_eq!(all("END"), ["VEVENT", "VCALENDAR"]);
            let [summary] = all("SUMMARY")[..] else { panic!("one title") };
            assert_eq!(text_value(summary), title);
            for name in ["UID", "SEQUENCE", "METHOD", "STATUS", "ORGANIZER", "ATTENDEE", "VERSION"]
            {
                assert_eq!(all(name).len(), 1, "{name}");
            }
            for name in ["DTSTAMP", "DTSTART", "DTEND"] {
                let [time] = all(name)[..] else { panic!("one {name}") };
                let shape: String =
                    time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
                assert_eq!(shape, "00000000T000000Z", "{name} is in UTC");
            }
            assert!(all("DTSTART")[0] < all("DTEND")[0]);
        }
    }

    #[test]
    fn a_cancellation_keeps_the_uid() {
        let text = calendar_text(&invite(InviteMethod::Cancel)).unwrap();
        for line in ["METHOD:CANCEL", "STATUS:CANCELLED", "UID:6f1e@agency.example"] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_name_cannot_add_a_property() {
        let mut evil = invite(InviteMethod::Request);
        evil.summary = "Call\r\nATTENDEE:mailto:everybody@example.com".to_owned();
        let text = calendar_text(&evil).unwrap();
        let attendees = text.lines().filter(|line| line.starts_with("ATTENDEE")).count();
        assert_eq!(attendees, 1, "{text}");
    }
}
