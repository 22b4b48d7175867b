//! Reads the bytes of a mail into a `Letter`: MIME, encodings and character sets are taken care of
//! here and nowhere else.
//!
//! Whatever the bytes are, a letter comes of them; what could not be read as it was meant is named in
//! it. Nothing is decided here, and nothing leaves that was not cleaned and bounded.

use mail_parser::decoders::html::html_to_text;
use mail_parser::{
    Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};

use crate::domain::letter::{
    BYTES_MAX, ID_CHARS_MAX, Letter, Original, Part, PartKind, SUBJECT_CHARS_MAX, TEXT_CHARS_MAX,
    address,
};
use crate::domain::text::{clean, clean_lines, clean_or_none};

/// Parts of one mail that are looked at; a newsletter with all its pictures has fewer.
const PARTS_MAX: usize = 200;

/// Bodies of one mail whose text is joined.
const BODIES_MAX: usize = 10;

/// Ids of a thread that are read; mail programs keep about this many.
const IDS_MAX: usize = 50;

/// The headers by which programs make themselves known.
const SIGNS: [&str; 9] = [
    "auto-submitted",
    "precedence",
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply-from",
    "x-failed-recipients",
    "list-id",
    "return-path",
];

/// Reads a mail.
pub fn read(raw: &[u8]) -> Letter {
    let kept = raw.get(..BYTES_MAX).unwrap_or(raw);
    let mut letter = MessageParser::default().parse(kept).map_or_else(
        || Letter {
            text: clean_lines(&String::from_utf8_lossy(kept), TEXT_CHARS_MAX),
            faults: vec!["it has no headers, so this is all there was".to_owned()],
            ..Letter::default()
        },
        |message| of_message(&message),
    );
    if kept.len() < raw.len() {
        letter.faults.push(format!("only the first {BYTES_MAX} of {} bytes were read", raw.len()));
    }
    letter
}

fn of_message(message: &Message<'_>) -> Letter {
    let mut letter = Letter {
        message_id: message.message_id().and_then(id),
        refers_to: refers_to(message),
        from: first_address(message.from()).or_else(|| first_address(message.sender())),
        subject: clean(message.subject().unwrap_or_default(), SUBJECT_CHARS_MAX),
        text: text(message),
        signs: signs(message),
        ..Letter::default()
    };
    for part in message.parts.iter().take(PARTS_MAX) {
        look_at(part, &mut letter);
    }
    if message.parts.len() > PARTS_MAX {
        letter.faults.push(format!("{PARTS_MAX} of {} parts were read", message.parts.len()));
    }
    if message.parts.iter().any(|part| part.is_encoding_problem) {
        letter.faults.push("a part of it is broken or cut off".to_owned());
    }
    letter
}

fn look_at(part: &MessagePart<'_>, letter: &mut Letter) {
    if let PartType::Message(nested) = &part.body {
        letter.original.get_or_insert_with(|| original(nested));
        return;
    }
    let kind = part.content_type().map(|kind| {
        let subtype = kind.subtype().unwrap_or_default();
        format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase()
    });
    let kind = match kind.as_deref() {
        Some("message/delivery-status" | "message/global-delivery-status") => {
            PartKind::DeliveryStatus
        }
        Some("message/feedback-report") => PartKind::Feedback,
        Some("message/disposition-notification") => PartKind::Disposition,
        Some("text/calendar") => PartKind::Calendar,
        Some("text/rfc822-headers" | "message/global-headers") => {
            if let Some(headers) = MessageParser::default().parse(part.contents()) {
                letter.original.get_or_insert_with(|| original(&headers));
            }
            return;
        }
        Some(_) | None => return,
    };
    // Folded lines begin with white space, which has to stay: only control characters go.
    let text = clean_lines(&String::from_utf8_lossy(part.contents()), TEXT_CHARS_MAX);
    letter.parts.push(Part { kind, text });
}

fn original(message: &Message<'_>) -> Original {
    Original { message_id: message.message_id().and_then(id), to: first_address(message.to()) }
}

fn id(raw: &str) -> Option<String> {
    clean_or_none(raw.trim_matches(['<', '>', ' ']), ID_CHARS_MAX)
}

/// The messages that this one answers: first the one it names, then its thread backwards.
fn refers_to(message: &Message<'_>) -> Vec<String> {
    let named = ids(message.in_reply_to());
    let thread = ids(message.references());
    named.into_iter().chain(thread.into_iter().rev()).filter_map(id).take(IDS_MAX).collect()
}

fn ids<'a>(value: &'a HeaderValue<'_>) -> Vec<&'a str> {
    match value {
        HeaderValue::Text(one) => vec![one],
        HeaderValue::TextList(list) => list.iter().map(AsRef::as_ref).collect(),
        HeaderValue::Address(_)
        | HeaderValue::DateTime(_)
        | HeaderValue::ContentType(_)
        | HeaderValue::Received(_)
        | HeaderValue::Empty => Vec::new(),
    }
}

fn first_address(list: Option<&Address<'_>>) -> Option<String> {
    let found = list?.first()?.address()?;
    Some(address(found)).filter(|address| address.contains('@'))
}

/// The text that a person would read first; of a mail that has HTML alone, its text.
fn text(message: &Message<'_>) -> String {
    let mut text = String::new();
    let bodies = message.text_body.iter().filter_map(|&n| message.part(n));
    for part in bodies.take(BODIES_MAX) {
        match &part.body {
            PartType::Text(plain) => text.push_str(plain),
            PartType::Html(html) => text.push_str(&html_to_text(html)),
            PartType::Binary(_)
            | PartType::InlineBinary(_)
            | PartType::Message(_)
            | PartType::Multipart(_) => continue,
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    clean_lines(&text, TEXT_CHARS_MAX).trim().to_owned()
}

fn signs(message: &Message<'_>) -> Vec<(String, String)> {
    let named = message.headers_raw().filter_map(|(name, value)| {
        let name = name.trim().to_ascii_lowercase();
        let known = SIGNS.contains(&name.as_str());
        known.then(|| (name, clean(value, ID_CHARS_MAX)))
    });
    named.take(IDS_MAX).collect()
}

#[cfg(test)]
mod tests;
