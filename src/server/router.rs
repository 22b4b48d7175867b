//! Puts the routes together, and holds what all of them share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::address::Limiter;
use super::metrics::Counters;
use super::{guard, health, metrics, unsubscribe, webhooks};
use crate::app::Handle;
use crate::app::serving::Serving;
use crate::config::{Secret, Serve};
use crate::runtime::clock::Clock;

/// What the routes share.
pub struct Desk {
    pub(super) handle: Handle,
    pub(super) serving: Serving,
    pub(super) settings: Serve,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics_token: Option<Secret>,
    pub(super) limiter: Limiter,
    pub(super) counters: Counters,
    draining: AtomicBool,
}

impl Desk {
    /// Makes the desk of a machine that serves.
    pub fn new(handle: Handle, serving: Serving) -> Arc<Self> {
        let parts = handle.parts();
        let settings = parts.settings().serve.clone();
        Arc::new(Self {
            clock: parts.clock(),
            metrics_token: parts.settings().secrets.metrics.clone(),
            limiter: Limiter::new(settings.per_address.limit()),
            counters: Counters::new(),
            draining: AtomicBool::new(false),
            handle,
            serving,
            settings,
        })
    }

    /// From here on the machine says that it is not ready, so that nobody sends it more.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Returns whether this process still has the right to serve.
    pub fn is_owner(&self) -> bool {
        !self.serving.is_lost()
    }
}

/// Returns all routes behind the guard.
pub(super) fn router(desk: Arc<Desk>) -> Router {
    let body_max = usize::try_from(desk.settings.body_kib_max).unwrap_or(usize::MAX) * 1024;
    Router::new()
        .route("/livez", get(health::live))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::page))
        .route("/webhooks/{provider}", post(webhooks::take))
        .route("/unsubscribe/u/{token}", get(unsubscribe::page).post(unsubscribe::act))
        .fallback(|| async { said(StatusCode::NOT_FOUND, "nothing is here") })
        .method_not_allowed_fallback(|| async {
            said(StatusCode::METHOD_NOT_ALLOWED, "this is not done here")
        })
        .layer(DefaultBodyLimit::max(body_max))
        .layer(middleware::from_fn_with_state(Arc::clone(&desk), guard::stand))
        .with_state(desk)
}

/// Makes a short answer of plain text that nobody keeps.
pub(super) fn said(status: StatusCode, text: impl Into<String>) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    let mut text = text.into();
    text.push('\n');
    (status, headers, text).into_response()
}
