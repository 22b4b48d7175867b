//! Shows figures in the text form of Prometheus 0.0.4.
//!
//! What happened in this process is counted here; everything about the business is read from the rows
//! at each scrape, so a restart changes no figure. No label holds a name, an address or an id: each
//! has a fixed, small set of values.

mod families;

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
};
use subtle::ConstantTimeEq as _;

use super::guard::Client;
use super::router::{Desk, said};
use crate::config::Secret;
use crate::domain::signature::Provider;

/// Buckets of request times in seconds: the usual ones of HTTP servers.
const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What can become of a delivery.
const RESULTS: [&str; 7] =
    ["accepted", "duplicate", "bad_signature", "stale", "no_key", "unusable", "error"];

/// Counts what happens in this process.
pub(super) struct Counters {
    registry: Registry,
    requests: IntCounterVec,
    seconds: HistogramVec,
    deliveries: IntCounterVec,
}

impl Counters {
    #[expect(clippy::expect_used, reason = "names and labels are constants; a test makes them")]
    pub(super) fn new() -> Self {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("cep_http_requests_total", "Requests answered, by route and status class."),
            &["route", "method", "status"],
        );
        let seconds = HistogramVec::new(
            HistogramOpts::new("cep_http_request_duration_seconds", "Time until the answer.")
                .buckets(SECONDS.to_vec()),
            &["route"],
        );
        let deliveries = IntCounterVec::new(
            Opts::new("cep_webhooks_received_total", "Deliveries, by what became of them."),
            &["provider", "result"],
        );
        let (requests, seconds, deliveries) = (
            requests.expect("a valid name"),
            seconds.expect("a valid name"),
            deliveries.expect("a valid name"),
        );
        for provider in Provider::ALL {
            for result in RESULTS {
                deliveries.with_label_values(&[provider.as_column(), result]).reset();
            }
        }
        registry.register(Box::new(requests.clone())).expect("registered once");
        registry.register(Box::new(seconds.clone())).expect("registered once");
        registry.register(Box::new(deliveries.clone())).expect("registered once");
        Self { registry, requests, seconds, deliveries }
    }

    pub(super) fn request(&self, route: &str, method: &Method, status: StatusCode, took_us: u64) {
        // Anything may stand for a method; only those we know are labels.
        let method = match *method {
            Method::GET => "GET",
            Method::POST => "POST",
            Method::HEAD => "HEAD",
            _ => "other",
        };
        let class = match status.as_u16() {
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.requests.with_label_values(&[route, method, class]).inc();
        #[expect(clippy::cast_precision_loss, reason = "microseconds of one request")]
        self.seconds.with_label_values(&[route]).observe(took_us as f64 / 1e6);
    }

    pub(super) fn delivery(&self, provider: Provider, result: &str) {
        self.deliveries.with_label_values(&[provider.as_column(), result]).inc();
    }
}

pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Extension(Client(client)): Extension<Client>,
    headers: HeaderMap,
) -> Response {
    let token = desk.metrics_token.as_ref();
    if !may_read(token, &headers, client.is_loopback()) {
        return said(StatusCode::UNAUTHORIZED, "metrics need the token");
    }
    match desk.handle.gauges().await {
        Ok(gauges) => {
            let mut families = desk.counters.registry.gather();
            families.extend(families::of(&gauges));
            families.sort_by(|left, right| left.name().cmp(right.name()));
            let mut text = Vec::new();
            if let Err(error) = TextEncoder::new().encode(&families, &mut text) {
                tracing::error!(%error, "the figures could not be written");
                return said(StatusCode::INTERNAL_SERVER_ERROR, "this is a bug of ours");
            }
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text)
                .into_response()
        }
        Err(refusal) => {
            tracing::warn!(why = refusal.why, "the figures could not be read");
            said(StatusCode::SERVICE_UNAVAILABLE, "the database cannot be read")
        }
    }
}

/// With a token only who knows it may read; without one, only this machine.
fn may_read(token: Option<&Secret>, headers: &HeaderMap, is_local: bool) -> bool {
    let Some(token) = token else { return is_local };
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|text| text.strip_prefix("Bearer ")).unwrap_or_default();
    given.as_bytes().ct_eq(token.expose().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_asked_for_where_one_is_set_and_else_only_this_machine_reads() {
        let environment =
            crate::config::Environment::of(&[("HOME", "/"), ("CEP_METRICS_TOKEN", "t0k3n")]);
        let token = crate::config::load(&environment, None, None).unwrap().secrets.metrics;
        let mut headers = HeaderMap::new();
        assert!(may_read(None, &headers, true) && !may_read(None, &headers, false));
        assert!(!may_read(token.as_ref(), &headers, true));
        headers.insert(header::AUTHORIZATION, "Bearer t0k3n".parse().unwrap());
        assert!(may_read(token.as_ref(), &headers, false));
        headers.insert(header::AUTHORIZATION, "Bearer other".parse().unwrap());
        assert!(!may_read(token.as_ref(), &headers, true));
    }
}
