//! Writes e-mail as RFC 5322 messages that a mail program opens, signs and sends.
//!
//! The bytes depend on the effect's key, payload and time alone: the Message-ID and the boundaries
//! come from the key, so that the same message written twice is the same file, and a receiver that
//! gets it twice can tell.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lettre::message::header::{ContentDisposition, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MessageBuilder, MultiPart, MultiPartKind, SinglePart};

use super::ics;
use crate::domain::effect::{EffectKey, Invite, InviteMethod, Mail};
use crate::domain::error::WorkError;
use crate::domain::text::{clean, clean_lines};
use crate::domain::time::Moment;

/// Longest header value that is written, in characters; RFC 5322 allows lines of 998 bytes, and no
/// honest name or subject is longer than this.
const HEADER_CHARS_MAX: usize = 200;

/// Returns the message as bytes.
///
/// # Errors
/// A permanent error when an address is none.
pub fn mail_bytes(key: &EffectKey, now: Moment, mail: &Mail) -> Result<Vec<u8>, WorkError> {
    let message = headers(key, now, mail)?
        .singlepart(SinglePart::plain(crlf(&mail.text)))
        .map_err(|error| unbuildable(&error))?;
    Ok(message.formatted())
}

/// A file that travels with a mail.
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Its MIME type.
    pub kind: &'static str,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Returns a message that carries files.
///
/// # Errors
/// A permanent error when an address is none.
pub fn report_bytes(
    key: &EffectKey,
    now: Moment,
    mail: &Mail,
    files: &[Attachment],
) -> Result<Vec<u8>, WorkError> {
    let mut parts = mixed(key).singlepart(SinglePart::plain(crlf(&mail.text)));
    for file in files {
        let attachment = SinglePart::builder()
            .header(ContentType::parse(file.kind).map_err(|error| unbuildable(&error))?)
            .header(ContentDisposition::attachment(&header_text(&file.name)))
            .body(file.bytes.clone());
        parts = parts.singlepart(attachment);
    }
    let message = headers(key, now, mail)?.multipart(parts).map_err(|error| unbuildable(&error))?;
    Ok(message.formatted())
}

/// Returns the mail of an invite, with the calendar both as an alternative and as a file (RFC 6047).
///
/// # Errors
/// A permanent error when an address is none.
pub(super) fn invite_bytes(
    key: &EffectKey,
    now: Moment,
    invite: &Invite,
) -> Result<Vec<u8>, WorkError> {
    let calendar = ics::calendar_text(invite)?;
    let method = match invite.method {
        InviteMethod::Request => "REQUEST",
        InviteMethod::Cancel => "CANCEL",
    };
    let kind = format!("text/calendar; method={method}; charset=UTF-8; component=VEVENT");
    let inline = SinglePart::builder()
        .header(ContentType::parse(&kind).map_err(|error| unbuildable(&error))?)
        .body(calendar.clone());
    let file = SinglePart::builder()
        .header(ContentType::parse("application/ics").map_err(|error| unbuildable(&error))?)
        .header(ContentDisposition::attachment("invite.ics"))
        .body(calendar);
    let alternative = MultiPart::builder()
        .kind(MultiPartKind::Alternative)
        .boundary(format!("alternative-{key}"))
        .singlepart(SinglePart::plain(crlf(&invite.mail.text)))
        .singlepart(inline);
    let parts = mixed(key).multipart(alternative).singlepart(file);
    let message =
        headers(key, now, &invite.mail)?.multipart(parts).map_err(|error| unbuildable(&error))?;
    Ok(message.formatted())
}

fn mixed(key: &EffectKey) -> lettre::message::MultiPart {
    MultiPart::builder().kind(MultiPartKind::Mixed).boundary(format!("mixed-{key}")).build()
}

fn headers(key: &EffectKey, now: Moment, mail: &Mail) -> Result<MessageBuilder, WorkError> {
    let domain = mail.from.rsplit_once('@').map_or("localhost", |(_, domain)| domain.trim());
    let mut builder = Message::builder()
        .from(mailbox(&mail.from_name, &mail.from)?)
        .to(mailbox(&mail.to_name, &mail.to)?)
        .subject(header_text(&mail.subject))
        .message_id(Some(format!("<{key}@{}>", header_text(domain))))
        .date(system_time(now))
        // Mail programs open a file with this header as a draft instead of as received mail.
        .raw_header(raw("X-Unsent", "1".to_owned()));
    if let Some(link) = &mail.unsubscribe_url {
        builder = builder
            .raw_header(raw("List-Unsubscribe", unsubscribe(link, &mail.from, key)))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    Ok(builder)
}

/// The one https address that programs post to, and a mail for those that only write (RFC 2369). Its
/// subject names the message, so that it opts the right recipient out from whatever address it comes.
fn unsubscribe(link: &str, from: &str, key: &EffectKey) -> String {
    format!("<{}>, <mailto:{}?subject=unsubscribe%20{key}>", header_text(link), header_text(from))
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

fn mailbox(name: &str, address: &str) -> Result<Mailbox, WorkError> {
    let address = address.trim().parse().map_err(|error| {
        WorkError::permanent("bad_address", format!("{address:?} is not an e-mail address"))
            .caused_by(&error as &lettre::address::AddressError)
            .hint("correct the address in its source, then retry the unit")
    })?;
    let name = header_text(name);
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// Makes a value that cannot end its header: one line, no control characters, bounded.
fn header_text(text: &str) -> String {
    clean(text, HEADER_CHARS_MAX)
}

/// Mail lines end in CRLF (RFC 5322); our texts end theirs in LF.
fn crlf(text: &str) -> String {
    clean_lines(text, usize::MAX).replace('\n', "\r\n")
}

fn system_time(now: Moment) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0))
}

fn unbuildable(error: &(dyn std::error::Error + 'static)) -> WorkError {
    WorkError::bug("mail_unbuildable", "the message cannot be written as mail").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::Action;
    use crate::domain::layer::Layer;
    use crate::domain::mode::Mode;

    fn key() -> EffectKey {
        EffectKey::new(Mode::Live, Layer::OutreachEngine, "osm:node/1", Action::SendEmail, "c/1")
    }

    fn mail() -> Mail {
        Mail {
            to: "ann@dental.example".to_owned(),
            to_name: "Zähne & Co".to_owned(),
            from: "sam@agency.example".to_owned(),
            from_name: "Sam".to_owned(),
            subject: "Zähne & Co: the map".to_owned(),
            text: "Hello,\n\nÄpfel.\n".to_owned(),
            unsubscribe_url: Some("https://u.agency.example/u/1?p=osm%3Anode%2F1&c=c".to_owned()),
            booking_url: None,
        }
    }

    fn written(mail: &Mail) -> String {
        let now = "2026-01-05T09:00:00Z".parse().unwrap();
        String::from_utf8(mail_bytes(&key(), now, mail).unwrap()).unwrap()
    }

    #[test]
    fn a_commercial_mail_has_all_headers_it_must_have() {
        let text = written(&mail());
        for line in [
            "From: Sam <sam@agency.example>\r\n",
            "Date: Mon, 05 Jan 2026 09:00:00 +0000\r\n",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        ] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
        let whole = text.replace("\r\n ", " ");
        let ways_out = format!(
            "List-Unsubscribe: <https://u.agency.example/u/1?p=osm%3Anode%2F1&c=c>, \
             <mailto:sam@agency.example?subject=unsubscribe%20{}>",
            key()
        );
        assert!(whole.contains(&ways_out), "{whole}");
        // Nothing in it can tell us that it was opened: it is plain text, and loads nothing.
        assert!(text.contains("Content-Type: text/plain; charset=utf-8\r\n"), "{text}");
        assert!(!text.to_lowercase().contains("<img") && !text.contains("text/html"), "{text}");
        assert!(text.contains(&format!("Message-ID: <{}@agency.example>\r\n", key())), "{text}");
        assert!(text.is_ascii(), "other characters are encoded");
    }

    #[test]
    fn the_same_mail_is_the_same_file() {
        assert_eq!(written(&mail()), written(&mail()));
    }

    #[test]
    fn a_name_or_subject_cannot_add_a_header() {
        let evil = "A\r\nBcc: everybody@example.com\r\n\r\nbody".to_owned();
        let text = written(&Mail {
            to_name: evil.clone(),
            subject: evil.clone(),
            from_name: evil.clone(),
            unsubscribe_url: Some(evil),
            ..mail()
        });
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        assert!(!head.contains("\nbody"), "{head}");
    }

    #[test]
    fn what_is_no_address_is_refused_and_named() {
        for bad in ["", "ann", "ann@dental.example\r\nBcc: b@c.example", "ann@"] {
            let mail = Mail { to: bad.to_owned(), ..mail() };
            let error = mail_bytes(&key(), Moment(0), &mail).unwrap_err();
            assert_eq!(error.code, "bad_address", "{bad:?}");
        }
    }
}
