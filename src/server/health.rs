//! Answers whether the process lives and whether it can serve.
//!
//! Live means only that it answers: a failure here makes a supervisor kill it. Ready means that it may
//! be sent work; the reasons are told to whoever asks with `?verbose`, without any secret.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::router::{Desk, said};
use crate::app::serving::Check;

pub(super) async fn live() -> Response {
    said(StatusCode::OK, "ok")
}

pub(super) async fn ready(State(desk): State<Arc<Desk>>, RawQuery(query): RawQuery) -> Response {
    let mut checks = desk.handle.checks(&desk.serving).await;
    let why = desk.is_draining().then(|| "the process is being stopped".to_owned());
    checks.push(Check { name: "accepting", why });
    let is_ready = checks.iter().all(|check| check.why.is_none());
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let verbose =
        query.as_deref().is_some_and(|query| query.split('&').any(|key| key == "verbose"));
    let mut text = String::new();
    for check in checks.iter().filter(|check| verbose || check.why.is_some()) {
        _ = match &check.why {
            None => writeln!(text, "[+]{} ok", check.name),
            Some(why) => writeln!(text, "[-]{} failed: {why}", check.name),
        };
    }
    text.push_str(if is_ready { "ready" } else { "not ready" });
    said(status, text)
}
