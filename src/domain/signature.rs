//! Checks and makes the signatures of deliveries that come in from outside.
//!
//! All providers here use one scheme: a header `t=<unix seconds>,v1=<hex>`, where `v1` is the
//! HMAC-SHA256 of `"{t}.{raw body}"`. The check runs over the raw bytes as received, before any
//! parsing, and in the order header → time stamp → `v1` → signature → age, so that a forged
//! delivery learns nothing but that it is refused. Nothing here reads a clock or a secret.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::column::{self, UnknownWord};
use super::time::{Moment, SECOND_MS};

/// The longest header that is looked at. A real one with two signatures has about 150 bytes; this
/// leaves room for a roll of secrets and bounds the work that a forged one can cause.
const HEADER_BYTES_MAX: usize = 4_096;

/// Who delivers. The word is the one stored in `inbox.provider`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Bookings.
    Calendly,
    /// Money.
    Stripe,
    /// Our own mailbox reader: replies, bounces, opt-outs, complaints.
    Mailbox,
    /// A person's result of a task.
    Person,
    /// What happens on a client's public profile: a review appeared.
    Profile,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Calendly, Self::Stripe, Self::Mailbox, Self::Person, Self::Profile];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Calendly => "calendly",
            Self::Stripe => "stripe",
            Self::Mailbox => "mailbox",
            Self::Person => "person",
            Self::Profile => "profile",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("provider", word, &Self::ALL, Self::as_column)
    }

    /// The header that carries the signature. Header names are compared without case.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Calendly => "Calendly-Webhook-Signature",
            Self::Stripe => "Stripe-Signature",
            Self::Mailbox | Self::Person | Self::Profile => "Cep-Signature",
        }
    }

    /// How far the time stamp may be from now, in either direction: Stripe's documented default of
    /// 300 s; Calendly's sample rejects after 180 s, and our own senders follow it.
    pub const fn tolerance_ms(self) -> i64 {
        match self {
            Self::Stripe => 300 * SECOND_MS,
            Self::Calendly | Self::Mailbox | Self::Person | Self::Profile => 180 * SECOND_MS,
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_column())
    }
}

/// Why a delivery is refused. The sender is told none of it; it is counted by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Rejection {
    /// There is no signature header, or it is empty.
    #[error("no signature header")]
    Missing,
    /// The header is not a list of `key=value`, or is far too long.
    #[error("signature header is not a list of key=value")]
    Malformed,
    /// There is no `t`, or it is not a number of seconds.
    #[error("signature header has no valid time stamp")]
    NoTimestamp,
    /// There is no `v1`; other schemes are not accepted.
    #[error("signature header has no v1 signature")]
    NoSignature,
    /// No `v1` belongs to this body and secret.
    #[error("signature does not match the body")]
    Mismatch,
    /// It was signed too long ago.
    #[error("signature is {age_s} s old, older than the tolerance")]
    TooOld {
        /// How old.
        age_s: i64,
    },
    /// It claims to be signed in the future.
    #[error("signature is {ahead_s} s ahead of the clock, more than the tolerance")]
    TooNew {
        /// How far ahead.
        ahead_s: i64,
    },
}

impl Rejection {
    /// The stable word under which rejections of this kind are counted.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::NoTimestamp => "no_timestamp",
            Self::NoSignature => "no_signature",
            Self::Mismatch => "mismatch",
            Self::TooOld { .. } => "too_old",
            Self::TooNew { .. } => "too_new",
        }
    }
}

/// Checks a delivery of `provider` with the provider's own tolerance and returns when it was signed.
///
/// # Errors
/// The first reason in the documented order for which the delivery is refused.
pub fn verify(
    provider: Provider,
    secret: &str,
    header: &str,
    body: &[u8],
    now: Moment,
) -> Result<Moment, Rejection> {
    verify_within(provider.tolerance_ms(), secret, header, body, now)
}

/// Checks a delivery with a tolerance of `tolerance_ms` to both sides of `now`.
///
/// The key is the whole `secret` as written (`whsec_` included, nothing is decoded). Several `v1`
/// are allowed, as while a secret is rolled; every one is compared, in constant time.
///
/// # Errors
/// The first reason in the documented order for which the delivery is refused.
pub fn verify_within(
    tolerance_ms: i64,
    secret: &str,
    header: &str,
    body: &[u8],
    now: Moment,
) -> Result<Moment, Rejection> {
    let parts = Parts::read(header)?;
    let expected = digest_hex(secret, parts.timestamp, body);
    let matches = parts.signatures.iter().fold(Choice::from(0), |found, candidate| {
        found | expected.as_bytes().ct_eq(candidate.as_bytes())
    });
    if !bool::from(matches) {
        return Err(Rejection::Mismatch);
    }
    let signed_at = Moment(parts.seconds.saturating_mul(SECOND_MS));
    // Providers stamp whole seconds, so the age is measured in whole seconds too: a delivery signed
    // within the running second is not from the future.
    let age_s = now.since(signed_at).div_euclid(SECOND_MS);
    let allowed = tolerance_ms / SECOND_MS;
    if age_s > allowed {
        return Err(Rejection::TooOld { age_s });
    }
    if -age_s > allowed {
        return Err(Rejection::TooNew { ahead_s: -age_s });
    }
    Ok(signed_at)
}

/// Makes the header value for `body`, signed at `at`: what the simulated world sends.
pub fn sign(secret: &str, body: &[u8], at: Moment) -> String {
    let timestamp = at.0.div_euclid(SECOND_MS).to_string();
    let signature = digest_hex(secret, &timestamp, body);
    format!("t={timestamp},v1={signature}")
}

/// The parts of a header that the check uses; everything else in it is ignored.
struct Parts<'h> {
    /// `t` as written, because that text was signed.
    timestamp: &'h str,
    /// `t` as a number.
    seconds: i64,
    /// Every `v1`.
    signatures: Vec<&'h str>,
}

impl<'h> Parts<'h> {
    fn read(header: &'h str) -> Result<Self, Rejection> {
        if header.trim().is_empty() {
            return Err(Rejection::Missing);
        }
        if header.len() > HEADER_BYTES_MAX {
            return Err(Rejection::Malformed);
        }
        let mut timestamp = None;
        let mut signatures = Vec::new();
        for part in header.split(',') {
            let (key, value) = part.split_once('=').ok_or(Rejection::Malformed)?;
            match key.trim() {
                "t" => timestamp = Some(value.trim()),
                "v1" => signatures.push(value.trim()),
                _ => {}
            }
        }
        let timestamp = timestamp.ok_or(Rejection::NoTimestamp)?;
        if timestamp.is_empty() || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Rejection::NoTimestamp);
        }
        let seconds = timestamp.parse().map_err(|_| Rejection::NoTimestamp)?;
        if signatures.is_empty() {
            return Err(Rejection::NoSignature);
        }
        Ok(Self { timestamp, seconds, signatures })
    }
}

/// Returns the lower-case hex of the HMAC-SHA256 of `"{timestamp}.{body}"`.
fn digest_hex(secret: &str, timestamp: &str, body: &[u8]) -> String {
    #[expect(clippy::expect_used, reason = "an HMAC key may have any length, so none is refused")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests;
