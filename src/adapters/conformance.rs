//! Tests what every port must do, whoever is behind it: one suite for the simulated world, the
//! outbox and real clients.

use serde_json::Value;

use crate::domain::credit::{Credit, CreditReason};
use crate::domain::draw::Seed;
use crate::domain::effect::{
    CreditNoteRequest, EffectKey, Invite, InviteMethod, InvoicePaper, Mail, PersonTask, Recovery,
    TaskKind,
};
use crate::domain::error::ErrorClass;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::money::{Currency, Money};
use crate::domain::time::Moment;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// The world of these tests.
pub(super) const SEED: Seed = Seed(11);

/// Effects tried on each port: enough for every kind of fault to come up.
const N_KEYS: u32 = 20;

/// Tries of one effect.
const N_ATTEMPTS: u32 = 3;

fn call(number: u32, attempt: u32) -> Call {
    Call {
        key: EffectKey(format!("{number:032x}")),
        mode: Mode::Dry,
        layer: Layer::OutreachEngine,
        attempt,
        now: Moment(1_767_603_600_000),
    }
}

/// Checks the promises of `Port` with as many keys as it takes.
pub(super) async fn check<E: Sync>(port: &dyn Port<E>, effect: &E) {
    let permit = Permit::of_a_test();
    assert!(!port.name().is_empty() && !port.host().is_empty());
    let mut references = Vec::new();
    for number in 0..N_KEYS {
        let mut reference: Option<(String, Value)> = None;
        for attempt in 1..=N_ATTEMPTS {
            let call = call(number, attempt);
            match port.call(&permit, &call, effect).await {
                Ok(receipt) => {
                    assert!(!receipt.reference.is_empty(), "{}: an empty reference", port.name());
                    let answer = (receipt.reference, receipt.data);
                    let first = reference.get_or_insert_with(|| answer.clone());
                    assert_eq!(*first, answer, "{}: a second answer for one key", port.name());
                }
                Err(error) => {
                    assert!(!error.code.is_empty() && !error.message.is_empty());
                    let mutates_blindly = error.class == ErrorClass::Indeterminate
                        && port.recovery() == Recovery::ReadOnly;
                    assert!(!mutates_blindly, "{}: a reading is never unknown", port.name());
                    if let Some(at) = error.retry_after {
                        assert!(at > call.now, "{}: retry in the past", port.name());
                    }
                }
            }
            if port.recovery() == Recovery::Queryable && reference.is_some() {
                let found = port.find(&permit, &call).await.unwrap();
                let found = found.map(|receipt| (receipt.reference, receipt.data));
                assert_eq!(found, reference, "{}: what was confirmed is found", port.name());
            }
        }
        references.extend(reference.map(|(reference, _)| reference));
    }
    let n = references.len();
    references.sort();
    references.dedup();
    assert_eq!(references.len(), n, "{}: two effects share a reference", port.name());
}

pub(super) fn mail() -> Mail {
    Mail {
        to: "ann@dental.example".to_owned(),
        to_name: "Ann".to_owned(),
        from: "sam@agency.example".to_owned(),
        from_name: "Sam".to_owned(),
        subject: "The map".to_owned(),
        text: "Hello.\n".to_owned(),
        unsubscribe_url: Some("https://u.agency.example/u/1".to_owned()),
        booking_url: None,
    }
}

pub(super) fn invite() -> Invite {
    Invite {
        uid: "1@agency.example".to_owned(),
        sequence: 0,
        method: InviteMethod::Request,
        starts_at: Moment(1_768_230_000_000),
        ends_at: Moment(1_768_231_800_000),
        stamped_at: Moment(1_767_603_600_000),
        summary: "Call".to_owned(),
        organizer: "sam@agency.example".to_owned(),
        attendee: "ann@dental.example".to_owned(),
        mail: mail(),
    }
}

pub(super) fn task() -> PersonTask {
    PersonTask {
        kind: TaskKind::Phone,
        entity: "osm:node/1".to_owned(),
        title: "Call A Dental".to_owned(),
        details: "+44 1632 960001".to_owned(),
        due_at: Moment(1_767_690_000_000),
    }
}

/// A credit note over a part of an invoice.
pub(super) fn credit_note() -> CreditNoteRequest {
    let usd = |minor| Money::new(minor, Currency::new("USD").unwrap());
    CreditNoteRequest {
        entity: "osm:node/1".to_owned(),
        name: "A Dental\n# Total: never".to_owned(),
        email: "a@dental.example".to_owned(),
        credit: Credit {
            reason: CreditReason::Refund,
            net: usd(2_000),
            tax: usd(380),
            total: usd(2_380),
        },
        invoice: "2026-0007".to_owned(),
        provider_invoice: Some("in_1".to_owned()),
        invoiced_at: Moment(1_767_603_600_000),
        paper: InvoicePaper {
            number: "CN-2026-0001".to_owned(),
            issuer: "Agency".to_owned(),
            issuer_address: "1 Main St, Portland".to_owned(),
            language: "en".to_owned(),
            tax_note: "19.00 %".to_owned(),
        },
    }
}
