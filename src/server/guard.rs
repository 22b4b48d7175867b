//! Stands before every route: who asks, how often, how long it may take; and counts what happened.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt as _;

use super::address;
use super::router::{Desk, said};

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) IpAddr);

/// Who asks, behind trusted proxies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client(pub(super) IpAddr);

pub(super) async fn stand(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let started_us = desk.clock.monotonic_us();
    let route =
        request.extensions().get::<MatchedPath>().map_or("none", |path| known_route(path.as_str()));
    let method = request.method().clone();
    let client = address::client(peer, request.headers(), &desk.settings.trusted_proxies);
    request.extensions_mut().insert(Client(client));
    let response = match desk.limiter.take(client, desk.clock.wall()) {
        Ok(()) => answer(&desk, request, next).await,
        Err(seconds) => {
            let mut response = said(StatusCode::TOO_MANY_REQUESTS, "too many requests");
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            response
        }
    };
    let status = response.status();
    let took_us = desk.clock.monotonic_us().saturating_sub(started_us);
    desk.counters.request(route, &method, status, took_us);
    tracing::debug!(route, %method, status = status.as_u16(), %client, took_us, "request");
    response
}

/// Answers within the time limit; a panic is an error of this request alone.
async fn answer(desk: &Desk, request: Request, next: Next) -> Response {
    let limit = Duration::from_secs(u64::from(desk.settings.timeout_s));
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    let mut response = match tokio::time::timeout(limit, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!("a request made its route panic");
            said(StatusCode::INTERNAL_SERVER_ERROR, "this is a bug of ours")
        }
        Err(_) => said(StatusCode::REQUEST_TIMEOUT, "it took too long"),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Routes as labels: a fixed set, so that nobody can make metrics grow.
fn known_route(path: &str) -> &'static str {
    match path {
        "/livez" | "/healthz" => "/livez",
        "/readyz" => "/readyz",
        "/metrics" => "/metrics",
        "/webhooks/{provider}" => "/webhooks",
        "/unsubscribe/u/{token}" => "/unsubscribe",
        _ => "none",
    }
}
