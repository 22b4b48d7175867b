//! Sorts a letter into items: what it is, whom it concerns, and which of our messages it answers.

use super::calendar::{self, InviteAnswer};
use super::report::{self, Action, Recipient};
use super::{Item, ItemKind, Letter, PartKind, REFERENCES_MAX, is_key, key_of};
use crate::domain::effect::EffectKey;
use crate::domain::reply;
use crate::domain::time::Moment;

/// What a letter brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Something for the mailbox of outreach.
    Item(Box<Item>),
    /// An answer to a calendar invite.
    Invite(Box<InviteAnswer>),
}

/// Returns what a letter brings; at least one item, so that no letter is lost.
pub fn sorted(letter: &Letter, now: Moment) -> Vec<Incoming> {
    let from = letter.from.as_deref().unwrap_or_default();
    let of_calendar = letter
        .parts
        .iter()
        .filter(|part| part.kind == PartKind::Calendar)
        .find_map(|part| calendar::answer(&part.text, from, now));
    if let Some(answer) = of_calendar {
        return vec![Incoming::Invite(Box::new(answer))];
    }
    let items = items(letter, from);
    items.into_iter().map(|item| Incoming::Item(Box::new(item))).collect()
}

fn items(letter: &Letter, from: &str) -> Vec<Item> {
    let base = Item {
        keys: keys(letter),
        subject: letter.subject.clone(),
        text: with_faults(letter),
        ..Item::new(ItemKind::Unclear, from)
    };
    if has(letter, PartKind::DeliveryStatus) {
        let told = report::recipients(letter);
        let about = |it: &Recipient| bounce(letter, &base, it);
        return if told.is_empty() { vec![base] } else { told.iter().map(about).collect() };
    }
    if let Some(feedback) = report::feedback(letter) {
        let kind = match feedback.kind.as_str() {
            "abuse" | "fraud" | "virus" => ItemKind::Complaint,
            "opt-out" | "opt-out-list" => ItemKind::OptOut,
            "not-spam" => ItemKind::Receipt,
            // `auth-failure` is about our own set-up, and what is new a person reads.
            _ => ItemKind::Unclear,
        };
        let address = feedback.address.or_else(|| original_to(letter)).unwrap_or_default();
        return vec![Item { kind, address, automatic: true, ..base }];
    }
    if has(letter, PartKind::Disposition) {
        return vec![Item { kind: ItemKind::Receipt, automatic: true, ..base }];
    }
    if let Some(named) = by_button(&letter.subject) {
        let keys = named.into_iter().chain(base.keys).collect();
        return vec![Item { kind: ItemKind::OptOut, keys, ..base }];
    }
    if let Some(about) = daemon(letter, from) {
        return vec![Item { address: about, automatic: true, ..base }];
    }
    vec![Item { kind: ItemKind::Reply, automatic: is_automatic(letter), ..base }]
}

fn has(letter: &Letter, kind: PartKind) -> bool {
    letter.parts.iter().any(|part| part.kind == kind)
}

fn bounce(letter: &Letter, base: &Item, told: &Recipient) -> Item {
    let kind = match told.action {
        Some(Action::Failed) => ItemKind::Bounce,
        Some(Action::Delayed) => ItemKind::Delay,
        Some(Action::Passed) => ItemKind::Receipt,
        None => ItemKind::Unclear,
    };
    let unnamed = !told.address.contains('@');
    let address = if unnamed { original_to(letter) } else { None };
    let text = if told.said.is_empty() { base.text.clone() } else { told.said.clone() };
    Item {
        kind,
        address: address.unwrap_or_else(|| told.address.clone()),
        text,
        automatic: true,
        status: told.status.clone(),
        reply_code: told.reply_code,
        ..base.clone()
    }
}

fn original_to(letter: &Letter) -> Option<String> {
    letter.original.as_ref().and_then(|original| original.to.clone())
}

/// The keys of our messages that a letter names: of the one it carries along, then of its thread.
fn keys(letter: &Letter) -> Vec<EffectKey> {
    let original = letter.original.as_ref().and_then(|original| original.message_id.as_ref());
    let mut keys: Vec<EffectKey> = Vec::new();
    for id in original.into_iter().chain(&letter.refers_to).take(REFERENCES_MAX) {
        keys.extend(key_of(id).filter(|key| !keys.contains(key)));
    }
    keys
}

/// Reads the subject that a mail program writes when its unsubscribe button is pressed: the key that
/// our header gave it, if it kept it.
fn by_button(subject: &str) -> Option<Vec<EffectKey>> {
    let mut words = subject.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("unsubscribe") {
        return None;
    }
    match (words.next(), words.next()) {
        (None, _) => Some(Vec::new()),
        (Some(word), None) if is_key(word) => Some(vec![EffectKey(word.to_owned())]),
        (Some(_), _) => None,
    }
}

/// Whether a mail server's own program wrote it without a report that programs can read, and about
/// whom, if a header says it.
fn daemon(letter: &Letter, from: &str) -> Option<String> {
    let local = from.split('@').next().unwrap_or_default();
    let failed = sign(letter, "x-failed-recipients");
    let is_daemon = matches!(local, "mailer-daemon" | "postmaster" | "mail-daemon");
    (is_daemon || failed.is_some()).then(|| {
        let one = failed.filter(|list| !list.contains(','));
        one.map(super::address).or_else(|| original_to(letter)).unwrap_or_default()
    })
}

fn sign<'a>(letter: &'a Letter, name: &str) -> Option<&'a str> {
    letter.signs.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
}

/// Whether a program wrote it in somebody's absence, or for many (RFC 3834 and its elders).
fn is_automatic(letter: &Letter) -> bool {
    let submitted = sign(letter, "auto-submitted")
        .is_some_and(|value| !value.is_empty() && !value.eq_ignore_ascii_case("no"));
    let precedence = sign(letter, "precedence").map(str::to_ascii_lowercase);
    let of_many = matches!(precedence.as_deref(), Some("bulk" | "junk" | "list" | "auto_reply"));
    let odd = ["x-autoreply", "x-autorespond", "x-autoresponder", "list-id", "x-auto-reply-from"];
    submitted
        || of_many
        || odd.iter().any(|name| sign(letter, name).is_some())
        || reply::is_automatic_subject(&letter.subject)
}

fn with_faults(letter: &Letter) -> String {
    if letter.faults.is_empty() {
        return letter.text.clone();
    }
    format!("{}\n\n(reader's note: {})", letter.text.trim_end(), letter.faults.join("; "))
}
