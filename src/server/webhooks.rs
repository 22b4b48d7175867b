//! Takes in signed deliveries. The answer says what the sender has to do, never why it was not
//! believed.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::router::{Desk, said};
use crate::app::deliver::{Declined, Taken, Unverified};
use crate::domain::signature::{Provider, Rejection};

/// Headers that are kept with a delivery: what was signed, and whose trace it belongs to. Others say
/// nothing about it and may hold what nobody should keep.
const KEPT: [&str; 2] = ["traceparent", "content-type"];

/// Seconds after which a sender may try again what we could not store.
const AGAIN_S: i64 = 30;

pub(super) async fn take(
    State(desk): State<Arc<Desk>>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Ok(provider) = Provider::from_column(&provider) else {
        return said(StatusCode::NOT_FOUND, "nobody by this name delivers here");
    };
    let taken = desk.handle.deliver(provider, kept(provider, &headers), body.to_vec()).await;
    desk.counters.delivery(provider, word(&taken));
    match taken {
        Ok(Taken::New | Taken::Known) => said(StatusCode::OK, "taken"),
        Err(Declined::Unverified(Unverified::NoKey { .. })) => {
            later("no key is set here for this provider")
        }
        Err(Declined::Unverified(Unverified::Rejected(_) | Unverified::NoSuchProvider(_))) => {
            said(StatusCode::BAD_REQUEST, "not signed as it has to be")
        }
        Err(Declined::Unusable(error)) => {
            tracing::warn!(%provider, %error, "a signed delivery is of no use");
            said(StatusCode::UNPROCESSABLE_ENTITY, "signed, but nothing can be done with it")
        }
        Err(Declined::Failed(error)) => {
            tracing::error!(%provider, %error, "a delivery could not be stored");
            later("it could not be stored")
        }
    }
}

fn later(text: &str) -> Response {
    let mut response = said(StatusCode::SERVICE_UNAVAILABLE, text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(AGAIN_S));
    response
}

fn kept(provider: Provider, headers: &HeaderMap) -> Vec<(String, String)> {
    let signature = provider.header().to_ascii_lowercase();
    let names = KEPT.into_iter().chain([signature.as_str()]);
    names
        .filter_map(|name| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.to_owned())))
        .collect()
}

/// The stable word under which a delivery is counted.
const fn word(taken: &Result<Taken, Declined>) -> &'static str {
    match taken {
        Ok(Taken::New) => "accepted",
        Ok(Taken::Known) => "duplicate",
        Err(Declined::Unverified(Unverified::NoKey { .. })) => "no_key",
        Err(Declined::Unverified(Unverified::Rejected(
            Rejection::TooOld { .. } | Rejection::TooNew { .. },
        ))) => "stale",
        Err(Declined::Unverified(_)) => "bad_signature",
        Err(Declined::Unusable(_)) => "unusable",
        Err(Declined::Failed(_)) => "error",
    }
}
