//! Takes in raw mail: what came to the sender's mailbox, handed over by an operator or a mail server.
//!
//! A mail is unsigned, so that there is nothing to verify. It is stored raw all the same, once, and
//! what it brings is a unit that its layer decides on like every other delivery. The layers that take
//! these units may stop and pause what we send, note, and ask a person; a mail never pays, books or
//! promotes anything (`docs/adr/0015`).

use rusqlite::Connection;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Work, plain_id, take_in};
use crate::adapters::mail_reader;
use crate::domain::layer::Layer;
use crate::domain::letter::{self, BYTES_MAX, Incoming, Item, Letter};
use crate::domain::mode::Mode;
use crate::domain::signature::Provider;
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, UnitName};
use crate::effects::counterparty::RawDelivery;
use crate::store::error::StoreError;

/// Hexadecimal digits of a content's digest in a delivery's id: 64 bits tell any two mails apart.
const DIGEST_DIGITS: usize = 16;

/// A mail that was read and waits to be stored.
pub(in crate::app) struct TakenMail {
    delivery: RawDelivery,
    units: Vec<NewUnit>,
    /// What it brings, in a few words: `reply from ann@dental.example`.
    pub(in crate::app) words: String,
}

/// Reads a raw mail that arrived at `now`.
pub(in crate::app) fn read_mail(raw: &[u8], now: Moment) -> TakenMail {
    let letter = mail_reader::read(raw);
    let body = raw.get(..BYTES_MAX).unwrap_or(raw).to_vec();
    let delivery_id = plain_id(&id_of(&letter, &body));
    let brought = letter::sorted(&letter, now);
    let units: Vec<NewUnit> =
        (1..).zip(&brought).map(|(n, incoming)| unit_of(&delivery_id, n, incoming)).collect();
    let words = units.iter().map(|unit| unit.label.as_str()).collect::<Vec<_>>().join(", ");
    let provider = Provider::Mailbox.as_column();
    TakenMail {
        delivery: RawDelivery { provider, delivery_id, headers: Vec::new(), body },
        units,
        words,
    }
}

impl TakenMail {
    /// Stores the mail and queues its work; returns whether it was new.
    pub(in crate::app) fn store(
        self,
        tx: &Connection,
        mode: Mode,
        now: Moment,
        wall: Moment,
    ) -> Result<bool, StoreError> {
        let work = Work::Process(self.units);
        take_in(tx, mode, Provider::Mailbox, &self.delivery, work, now, wall)
    }
}

/// Names a mail so that its copies share the name: by its Message-ID and what stands below its
/// headers. Headers grow on the way, and an id alone is its sender's to choose: with somebody else's
/// id a mail must not pass for one that is known.
fn id_of(letter: &Letter, raw: &[u8]) -> String {
    let (id, told_apart) = match &letter.message_id {
        Some(id) => (id.as_str(), below_headers(raw)),
        None => ("without id", raw),
    };
    let mut hasher = Sha256::new();
    // Line ends differ between a mail in a file and the same one through a pipe.
    told_apart.split(|&b| b == b'\r').for_each(|piece| hasher.update(piece));
    let digest = hex::encode(hasher.finalize());
    format!("{id} {digest:.DIGEST_DIGITS$}")
}

fn below_headers(raw: &[u8]) -> &[u8] {
    let mut empty = true;
    let mut at = 0;
    for line in raw.split_inclusive(|&b| b == b'\n') {
        at += line.len();
        let is_empty = line.iter().all(|b| matches!(b, b'\r' | b'\n'));
        if is_empty && !empty {
            return raw.get(at..).unwrap_or_default();
        }
        empty = false;
    }
    raw
}

fn unit_of(delivery_id: &str, n: u32, incoming: &Incoming) -> NewUnit {
    let version = if n == 1 { "mail".to_owned() } else { format!("mail/{n}") };
    match incoming {
        Incoming::Item(item) => {
            let name = UnitName::new(Layer::OutreachEngine, delivery_id, version);
            NewUnit::ready(name, "mail", label(item), json!({ "body": item }))
        }
        Incoming::Invite(answer) => {
            let name = UnitName::new(Layer::BookingHandler, delivery_id, version);
            let label = format!("invite {} by {}", answer.answer, answer.attendee);
            NewUnit::ready(name, "mail", label, json!({ "body": answer }))
        }
    }
}

fn label(item: &Item) -> String {
    let what = if item.automatic && item.kind == letter::ItemKind::Reply {
        "automatic answer"
    } else {
        item.kind.word()
    };
    match item.address.as_str() {
        "" => what.to_owned(),
        address => format!("{what} from or about {address}"),
    }
}
