//! Defines a mail that came back to us, in our words, and what it is about.
//!
//! A mail is unsigned: anybody can write one in anybody's name. What follows from one may therefore
//! only stop or pause what we send, note it, or ask a person; it never pays, books or promotes
//! anything. Nothing here parses MIME: the reader of raw mail is an adapter, and this is what it
//! hands over, cleaned and bounded.

mod calendar;
mod report;
mod sort;

use serde::{Deserialize, Serialize};

use super::effect::EffectKey;
use super::text;
use super::time::Moment;

pub use calendar::{InviteAnswer, PartStat};
pub use report::{Action, Recipient};
pub use sort::{Incoming, sorted};

/// Bytes of a raw mail that are kept and read: what large providers let through. Of a larger one
/// the rest is left out, and its item says so.
pub const BYTES_MAX: usize = 25 * 1024 * 1024;

/// Characters of a letter's text that are read: a long letter, not a book.
pub const TEXT_CHARS_MAX: usize = 20_000;

/// Characters of a subject: RFC 5322 allows a line of 998, and no honest one is longer than this.
pub const SUBJECT_CHARS_MAX: usize = 300;

/// Characters of an address or a message's id; RFC 5321 allows an address of 254.
pub const ID_CHARS_MAX: usize = 300;

/// Messages of a thread that are looked up, the one that was answered first.
const REFERENCES_MAX: usize = 20;

/// A mail as its reader understood it. All texts are clean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// Its own id, without the angle brackets.
    pub message_id: Option<String>,
    /// The messages it answers, the nearest first.
    pub refers_to: Vec<String>,
    /// Who it says it is from, in lower case.
    pub from: Option<String>,
    /// Its subject.
    pub subject: String,
    /// Its text; of HTML alone, that text.
    pub text: String,
    /// Headers by which programs make themselves known, names in lower case.
    pub signs: Vec<(String, String)>,
    /// Parts that programs wrote for programs.
    pub parts: Vec<Part>,
    /// The message of ours that it carries along.
    pub original: Option<Original>,
    /// What could not be read as it was meant, for a person.
    pub faults: Vec<String>,
}

/// A part of a mail that a program wrote for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Its text.
    pub text: String,
}

/// What programs write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// `message/delivery-status` (RFC 3464).
    DeliveryStatus,
    /// `message/feedback-report` (RFC 5965).
    Feedback,
    /// `message/disposition-notification` (RFC 8098): it was shown, or deleted.
    Disposition,
    /// `text/calendar` (RFC 5545).
    Calendar,
}

/// What is known of a message that a report is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// Its id, without the angle brackets.
    pub message_id: Option<String>,
    /// Whom it was written to, in lower case.
    pub to: Option<String>,
}

/// What the mailbox delivers: one of these for each recipient that a mail is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Whom it is about: the sender of a reply, the recipient of a bounce; empty when unknown.
    #[serde(default)]
    pub address: String,
    /// The prospect, where whoever delivers knows it.
    pub entity: Option<String>,
    /// The campaign, likewise.
    pub campaign: Option<String>,
    /// Keys of our effects that it refers to, the nearest first.
    #[serde(default)]
    pub keys: Vec<EffectKey>,
    /// Subject of a reply.
    #[serde(default)]
    pub subject: String,
    /// Text of a reply, or what the server said.
    #[serde(default)]
    pub text: String,
    /// Whether its headers say that a program wrote it (`Auto-Submitted`, `X-Autoreply`,
    /// `Precedence`).
    #[serde(default)]
    pub automatic: bool,
    /// Enhanced status of a bounce, `5.1.1`.
    pub status: Option<String>,
    /// Reply code of a bounce, 550.
    pub reply_code: Option<u16>,
}

impl Item {
    /// Makes an item of which nothing else is known.
    pub fn new(kind: ItemKind, address: impl Into<String>) -> Self {
        Self {
            kind,
            address: address.into(),
            entity: None,
            campaign: None,
            keys: Vec::new(),
            subject: String::new(),
            text: String::new(),
            automatic: false,
            status: None,
            reply_code: None,
        }
    }
}

/// What an item of the mailbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Somebody, or their program, wrote back.
    Reply,
    /// A server refused a message for good, or gave up on it.
    Bounce,
    /// A server still tries to deliver a message.
    Delay,
    /// Somebody used the unsubscribe link or button.
    OptOut,
    /// Somebody called it spam.
    Complaint,
    /// A server told that it took a message; nothing follows.
    Receipt,
    /// A program wrote something that only a person can make sense of.
    Unclear,
}

impl ItemKind {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Bounce => "bounce",
            Self::Delay => "delay",
            Self::OptOut => "opt-out",
            Self::Complaint => "complaint",
            Self::Receipt => "receipt",
            Self::Unclear => "report for a person",
        }
    }
}

/// Reads the id of a message of ours: its local part is the key of the effect that sent it.
pub fn key_of(message_id: &str) -> Option<EffectKey> {
    let local = message_id.trim().trim_start_matches('<').split('@').next()?;
    is_key(local).then(|| EffectKey(local.to_owned()))
}

/// Whether a word has the form of an effect's key.
fn is_key(word: &str) -> bool {
    word.len() == 32 && word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Returns an address as it is compared: clean, in lower case, without brackets.
pub fn address(raw: &str) -> String {
    text::clean(raw, ID_CHARS_MAX).trim_matches(['<', '>', ' ']).to_lowercase()
}

/// Returns the value of a header in a block of headers, with its continuation lines.
fn field(block: &str, name: &str) -> Option<String> {
    let mut lines = block.lines();
    let first = lines.by_ref().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.trim().eq_ignore_ascii_case(name).then_some(value)
    })?;
    let rest = lines.take_while(|line| line.starts_with([' ', '\t'])).collect::<Vec<_>>().join(" ");
    Some(format!("{} {}", first.trim(), rest.trim()).trim().to_owned())
}

/// Days after which an instant is not believed any more: a clock that is wrong by more is broken.
const AHEAD_MS_MAX: i64 = super::time::DAY_MS;

/// Returns when something was written, by its own word or, when that is in the future, by ours.
fn believed(told: Option<Moment>, now: Moment) -> Moment {
    told.filter(|at| at.since(now) <= AHEAD_MS_MAX).unwrap_or(now)
}

#[cfg(test)]
mod tests;
