//! Takes in what comes from outside: the one entry for the simulated world and for webhooks.
//!
//! The order is verify → store raw → queue the work → answer, and the last three are one commit: an
//! acknowledged delivery is never without its work, and a duplicate makes neither. A forged one is
//! counted and leaves no row, so that nobody can fill the disk by guessing. A raw mail has nothing to
//! verify (`mail`), and so it asks for little.

mod mail;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::config::Settings;
use crate::domain::column::UnknownWord;
use crate::domain::error::WorkError;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::signature::{self, Provider, Rejection};
use crate::domain::text;
use crate::domain::time::{DAY_MS, Moment};
use crate::domain::trace::TraceContext;
use crate::domain::unit::{NewUnit, UnitName};
use crate::effects::counterparty::RawDelivery;
use crate::engines::orchestrator::contract::Receive;
use crate::runtime::clock::Clock;
use crate::store::error::StoreError;
use crate::store::{Write, inbox, units};

pub(super) use mail::{TakenMail, read_mail};

/// How old a dry delivery may be. Dry time stands still while a person works on something else, and
/// a simulated sender signs once; a real one would sign each of its retries anew.
const DRY_TOLERANCE_MS: i64 = 400 * DAY_MS;

/// Characters of a delivery's id; providers use some forty, a Message-ID has at most a line.
const ID_CHARS_MAX: usize = 200;

/// The entry for deliveries.
pub(super) struct Inbox {
    clock: Arc<dyn Clock>,
    settings: Arc<Settings>,
    forged: AtomicU64,
}

impl Inbox {
    /// Opens the entry.
    pub(super) const fn new(clock: Arc<dyn Clock>, settings: Arc<Settings>) -> Self {
        Self { clock, settings, forged: AtomicU64::new(0) }
    }

    /// Returns how many deliveries were refused for their signature since this process started.
    pub(super) fn forged(&self) -> u64 {
        self.forged.load(Ordering::Relaxed)
    }

    /// Checks a delivery's signature; a refused one is counted.
    pub(super) fn verify(
        &self,
        mode: Mode,
        now: Moment,
        delivery: &RawDelivery,
    ) -> Result<Provider, Unverified> {
        self.check(mode, now, delivery).inspect_err(|why| {
            self.forged.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(provider = delivery.provider, %why, "a delivery was refused");
        })
    }

    fn check(
        &self,
        mode: Mode,
        now: Moment,
        delivery: &RawDelivery,
    ) -> Result<Provider, Unverified> {
        let provider = Provider::from_column(delivery.provider)?;
        let key = self
            .settings
            .secrets
            .webhook_key(mode, delivery.provider)
            .ok_or(Unverified::NoKey { provider })?;
        let wanted = provider.header();
        let header = delivery
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map_or("", |(_, value)| value);
        let tolerance_ms = match mode {
            Mode::Dry => DRY_TOLERANCE_MS,
            Mode::Live => self.settings.serve.tolerance_ms(provider),
        };
        signature::verify_within(tolerance_ms, key, header, &delivery.body, now)?;
        Ok(provider)
    }
}

/// Why a delivery is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// Nobody by this name delivers.
    #[error(transparent)]
    NoSuchProvider(#[from] UnknownWord),
    /// There is no key to check it with.
    #[error("no {provider} signing key is set")]
    NoKey {
        /// Whose.
        provider: Provider,
    },
    /// Its signature does not fit.
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl Receive for Inbox {
    fn receive(
        &self,
        mode: Mode,
        now: Moment,
        mut delivery: RawDelivery,
    ) -> Result<Write, WorkError> {
        let provider = self
            .verify(mode, now, &delivery)
            .map_err(|why| WorkError::permanent("bad_signature", why.to_string()))?;
        delivery.delivery_id = plain_id(&delivery.delivery_id);
        let work = work_of(provider, &delivery)?;
        let wall = self.clock.wall();
        Ok(Box::new(move |tx| {
            take_in(tx, mode, provider, &delivery, work, now, wall).map(|_is_new| ())
        }))
    }
}

/// Returns a delivery's id as it is stored and shown. One that is not plain keeps what tells it from
/// others: a sender chooses the id of a mail, and two ids must never become one.
pub(super) fn plain_id(id: &str) -> String {
    let plain = text::clean(id, ID_CHARS_MAX);
    if plain == id && !id.is_empty() {
        return plain;
    }
    let digest = hex::encode(&Sha256::digest(id.as_bytes())[..8]);
    format!("{plain}#{digest}")
}

/// What a delivery asks for.
pub(super) enum Work {
    /// Units that process it; their payloads are completed with the row of the inbox.
    Process(Vec<NewUnit>),
    /// The answer that a waiting unit gets.
    Answer(UnitName, Value),
}

/// A person's result of a task.
#[derive(Deserialize)]
struct PersonResult {
    unit: UnitName,
}

pub(super) fn work_of(provider: Provider, delivery: &RawDelivery) -> Result<Work, WorkError> {
    // A body that is not JSON was signed all the same; its layer says what is wrong with it. The
    // inbox keeps it raw, as the proof of what was signed; what is worked on is clean.
    let body = text::clean_value(serde_json::from_slice(&delivery.body).unwrap_or(Value::Null));
    let (layer, kind, what) = match provider {
        Provider::Calendly => (Layer::BookingHandler, "delivery", "booking notice"),
        Provider::Stripe => (Layer::FinanceTracker, "delivery", "payment notice"),
        Provider::Mailbox => (Layer::OutreachEngine, "mailbox", "mail"),
        Provider::Profile => (Layer::GbpOptimizer, "review", "review"),
        Provider::Person => {
            let result: PersonResult = serde_json::from_value(body.clone()).map_err(|error| {
                WorkError::permanent("bad_result", "a person's result names no unit")
                    .caused_by(&error)
            })?;
            return Ok(Work::Answer(result.unit, body));
        }
    };
    let name = UnitName::new(layer, delivery.delivery_id.clone(), kind);
    let label = format!("{what} {}", delivery.delivery_id);
    Ok(Work::Process(vec![NewUnit::ready(name, kind, label, json!({ "body": body }))]))
}

/// Stores a delivery with its work; returns whether it was new.
pub(super) fn take_in(
    tx: &Connection,
    mode: Mode,
    provider: Provider,
    delivery: &RawDelivery,
    work: Work,
    now: Moment,
    wall: Moment,
) -> Result<bool, StoreError> {
    let stored = inbox::put(
        tx,
        mode,
        provider.as_column(),
        &delivery.delivery_id,
        &delivery.headers,
        &delivery.body,
        now,
        wall,
    )?;
    let Some(inbox_id) = stored else { return Ok(false) };
    match work {
        Work::Process(new) => {
            let named = |name: &str| name.eq_ignore_ascii_case("traceparent");
            let header = delivery.headers.iter().find(|(name, _)| named(name));
            let trace = header.and_then(|(_, value)| TraceContext::read(value));
            for mut unit in new {
                unit.payload["inbox_id"] = inbox_id.into();
                units::insert(tx, mode, None, now, &unit)?;
                if let Some(trace) = &trace {
                    units::trace(tx, mode, &unit.name, &trace.to_string())?;
                }
            }
        }
        Work::Answer(name, answer) => {
            if !units::answer(tx, mode, &name, &answer)? {
                tracing::info!(unit = name.as_column(), "an answer found nobody waiting");
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod bad_input_tests;
#[cfg(test)]
mod tests;
