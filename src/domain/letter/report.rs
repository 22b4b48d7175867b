//! Reads what servers report: delivery status (RFC 3464) and feedback (RFC 5965).
//!
//! A report is blocks of fields, parted by empty lines. What is not there stays unknown; nothing is
//! concluded from the prose around it.

use super::{Letter, PartKind, address, field};
use crate::domain::bounce::MailStatus;
use crate::domain::text;

/// Recipients of one report that are read. A mail of ours has one; a report with more than this is
/// somebody else's.
const RECIPIENTS_MAX: usize = 20;

/// Characters of what a server said.
const SAID_CHARS_MAX: usize = 500;

/// What a server did with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It gave up.
    Failed,
    /// It still tries.
    Delayed,
    /// It delivered it, or passed it on.
    Passed,
}

/// What a report says of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Whom we wrote to, in lower case; the original one where a forward is told.
    pub address: String,
    /// What became of it; `None` for a word that no standard knows.
    pub action: Option<Action>,
    /// The enhanced status code.
    pub status: Option<String>,
    /// The three-digit reply code.
    pub reply_code: Option<u16>,
    /// What the server said.
    pub said: String,
}

/// Returns what the delivery reports of a letter say of each recipient, in their order.
pub(super) fn recipients(letter: &Letter) -> Vec<Recipient> {
    let reports = letter.parts.iter().filter(|part| part.kind == PartKind::DeliveryStatus);
    reports
        .flat_map(|part| blocks(&part.text))
        .filter_map(|block| recipient(&block))
        .take(RECIPIENTS_MAX)
        .collect()
}

/// Parts a report at its empty lines.
fn blocks(report: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in report.lines() {
        match blocks.last_mut() {
            Some(block) if !line.trim().is_empty() => {
                block.push_str(line);
                block.push('\n');
            }
            Some(block) if !block.is_empty() => blocks.push(String::new()),
            Some(_) | None => {}
        }
    }
    blocks
}

/// Reads one block; the first one, about the message as a whole, names no recipient.
fn recipient(block: &str) -> Option<Recipient> {
    let typed = |name| field(block, name).map(|value| address(after_type(&value)));
    let to = typed("Original-Recipient").or_else(|| typed("Final-Recipient"))?;
    let said = field(block, "Diagnostic-Code").unwrap_or_default();
    let said = text::clean(after_type(&said), SAID_CHARS_MAX);
    let action = field(block, "Action").and_then(|word| {
        match word.split([' ', ';', '(']).next().unwrap_or_default().to_lowercase().as_str() {
            "failed" => Some(Action::Failed),
            "delayed" => Some(Action::Delayed),
            "delivered" | "relayed" | "expanded" => Some(Action::Passed),
            _ => None,
        }
    });
    let status = field(block, "Status");
    let status = status.as_deref().and_then(|status| status.split([' ', '(']).next());
    Some(Recipient {
        address: to,
        action,
        status: the_surer(status, &said),
        reply_code: reply_code(&said),
        said,
    })
}

/// Takes `rfc822;` and the like off a value.
fn after_type(value: &str) -> &str {
    value.split_once(';').map_or(value, |(_, value)| value).trim()
}

/// Returns the status of a report. Many servers write `5.0.0` there, and what they know into what
/// they say; of the same class, that one is taken.
fn the_surer(status: Option<&str>, said: &str) -> Option<String> {
    let told: Option<MailStatus> = status.and_then(|status| status.parse().ok());
    let in_prose = said
        .split(|c: char| c.is_whitespace() || matches!(c, '-' | '(' | ')' | '[' | ']' | '<' | '#'))
        .find_map(|word| word.trim_end_matches([':', ',', ';']).parse::<MailStatus>().ok());
    let surer = match (told, in_prose) {
        (Some(told), Some(said)) if told.subject == 0 && told.class == said.class => Some(said),
        (Some(told), _) => Some(told),
        (None, said) => said,
    };
    surer.map(|status| status.to_string())
}

fn reply_code(said: &str) -> Option<u16> {
    let digits = said.get(..3).filter(|code| code.bytes().all(|b| b.is_ascii_digit()))?;
    let ends = said.get(3..4).is_none_or(|next| matches!(next, " " | "-"));
    digits.parse().ok().filter(|code| ends && (200..600).contains(code))
}

/// What a feedback report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Feedback {
    /// `abuse`, `not-spam`, ... in lower case.
    pub(super) kind: String,
    /// Whom the message was written to; providers often leave it out.
    pub(super) address: Option<String>,
}

/// Returns the feedback report of a letter.
pub(super) fn feedback(letter: &Letter) -> Option<Feedback> {
    let part = letter.parts.iter().find(|part| part.kind == PartKind::Feedback)?;
    let kind = field(&part.text, "Feedback-Type").unwrap_or_default();
    let rcpt = field(&part.text, "Original-Rcpt-To").map(|to| address(after_type(&to)));
    Some(Feedback {
        kind: text::clean(&kind, 40).to_lowercase(),
        address: rcpt.filter(|to| to.contains('@')),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_says_more_than_its_status_is_believed_within_its_class() {
        for (status, said, wanted) in [
            (Some("5.0.0"), "550 5.1.1 <a@b.example> User unknown", Some("5.1.1")),
            (Some("5.0.0"), "550-5.1.1 The email account that you tried", Some("5.1.1")),
            (Some("5.0.0"), "421 4.7.0 try later", Some("5.0.0")),
            (Some("5.2.2"), "552 5.1.1 odd", Some("5.2.2")),
            (None, "550 #5.1.0 Address rejected.", Some("5.1.0")),
            (Some("nonsense"), "no code at all", None),
        ] {
            assert_eq!(the_surer(status, said).as_deref(), wanted, "{status:?} {said}");
        }
    }

    #[test]
    fn a_reply_code_is_three_digits_at_the_start() {
        assert_eq!(reply_code("550 5.1.1 no"), Some(550));
        assert_eq!(reply_code("550-5.1.1 no"), Some(550));
        for none in ["", "55", "5501 x", "x550", "999 x", "äöü 550"] {
            assert_eq!(reply_code(none), None, "{none}");
        }
    }
}
