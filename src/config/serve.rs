//! Defines how the machine serves: where it listens, whom it believes, how much it bears.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use serde::Serialize;

use super::raw::{RawLooks, RawServe};
use super::settings::Bucket;
use super::validate::{self, Fit, misfit, need, within};
use crate::domain::layer::Layer;
use crate::domain::signature::Provider;
use crate::domain::time::SECOND_MS;

/// Serving.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Serve {
    /// Address and port.
    pub listen: SocketAddr,
    /// Certificate chain and key, both PEM; plain HTTP without.
    pub tls: Option<TlsFiles>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// KiB; a longer body is refused with 413.
    pub body_kib_max: u32,
    /// KiB; longer headers are refused with 431.
    pub head_kib_max: u32,
    /// Connections at once; further ones wait to be accepted.
    pub connections_max: u32,
    /// Seconds for the head of a request, and again for its answer.
    pub timeout_s: u32,
    /// Seconds for what is in flight when the process is asked to stop.
    pub drain_s: u32,
    /// Requests of one address.
    pub per_address: Bucket,
    /// Seconds a signature of Calendly may be away from now.
    pub calendly_tolerance_s: u32,
    /// Seconds a signature of Stripe may be away from now.
    pub stripe_tolerance_s: u32,
    /// Seconds between two looks for new work, layer by layer.
    pub look_s: [u32; Layer::ALL.len()],
}

/// The files of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TlsFiles {
    /// The chain, the server's own first.
    pub cert: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Serve {
    /// Returns how far a delivery's time stamp may be from now.
    pub const fn tolerance_ms(&self, provider: Provider) -> i64 {
        let seconds = match provider {
            Provider::Calendly => self.calendly_tolerance_s,
            Provider::Stripe => self.stripe_tolerance_s,
            Provider::Mailbox | Provider::Person | Provider::Profile => {
                return provider.tolerance_ms();
            }
        };
        seconds as i64 * SECOND_MS
    }

    /// Whether only this machine can connect.
    pub const fn is_local(&self) -> bool {
        match self.listen.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        }
    }

    /// Whether what arrives here may have crossed a network: directly, or through a proxy.
    pub fn is_public(&self) -> bool {
        !self.is_local() || !self.trusted_proxies.is_empty()
    }
}

pub(super) fn serve(raw: RawServe) -> Fit<Serve> {
    let listen = need(raw.listen, "serve.listen")?;
    let Ok(listen) = listen.parse::<SocketAddr>() else {
        let hint = "use an IP address and a port: 127.0.0.1:8787 or [::1]:8787";
        return misfit("serve.listen", format!("{listen:?} is no address to listen on"), hint);
    };
    let proxies = raw.trusted_proxies.unwrap_or_default();
    let trusted_proxies = proxies
        .iter()
        .map(|text| {
            text.parse().or_else(|_| {
                let hint = "name each proxy by its IP address: [10.0.0.2]";
                misfit("serve.trusted_proxies", format!("{text:?} is no IP address"), hint)
            })
        })
        .collect::<Fit<_>>()?;
    let tolerance = |seconds, key| within(seconds, key, 1..=600);
    Ok(Serve {
        listen,
        tls: tls(raw.tls_cert_file, raw.tls_key_file)?,
        trusted_proxies,
        body_kib_max: within(raw.body_kib_max, "serve.body_kib_max", 1..=16_384)?,
        head_kib_max: within(raw.head_kib_max, "serve.head_kib_max", 8..=256)?,
        connections_max: within(raw.connections_max, "serve.connections_max", 1..=10_000)?,
        timeout_s: within(raw.timeout_s, "serve.timeout_s", 1..=120)?,
        drain_s: within(raw.drain_s, "serve.drain_s", 1..=60)?,
        per_address: validate::bucket(&raw.per_address, None, "serve.per_address")?,
        calendly_tolerance_s: tolerance(raw.tolerance_s.calendly, "serve.tolerance_s.calendly")?,
        stripe_tolerance_s: tolerance(raw.tolerance_s.stripe, "serve.tolerance_s.stripe")?,
        look_s: looks(&raw.look_s)?,
    })
}

fn tls(cert: Option<String>, key: Option<String>) -> Fit<Option<TlsFiles>> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty()).map(PathBuf::from);
    match (given(cert), given(key)) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => misfit("serve.tls_key_file", "is empty", "name the key's PEM file"),
        (None, Some(_)) => misfit("serve.tls_cert_file", "is empty", "name the chain's PEM file"),
    }
}

fn looks(raw: &RawLooks) -> Fit<[u32; Layer::ALL.len()]> {
    let seconds = |value, name: &str| within(value, &format!("serve.look_s.{name}"), 1..=604_800);
    Ok([
        seconds(raw.prospect_research, "prospect_research")?,
        seconds(raw.pitch_generator, "pitch_generator")?,
        seconds(raw.outreach_engine, "outreach_engine")?,
        seconds(raw.booking_handler, "booking_handler")?,
        seconds(raw.onboarding_flow, "onboarding_flow")?,
        seconds(raw.gbp_optimizer, "gbp_optimizer")?,
        seconds(raw.reporting_engine, "reporting_engine")?,
        seconds(raw.finance_tracker, "finance_tracker")?,
        seconds(raw.self_learning, "self_learning")?,
    ])
}
