//! Answers unsubscribe links (RFC 8058). Opening one shows a page, because scanners open every link of
//! a mail; only its button, or the mail program's own, acts.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::router::Desk;
use crate::app::deliver::Unsubscribe;

/// Characters of a name on the page.
const NAME_CHARS_MAX: usize = 120;

pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let link = link(token, query.as_deref());
    let agency = desk.handle.parts().settings().agency.name.clone();
    match desk.handle.unsubscriber(&link) {
        Ok(Some(_)) => html(
            StatusCode::OK,
            &format!("No more messages from {}?", escaped(&agency)),
            "<form method=\"post\"><button>Yes, no more messages</button></form>",
        ),
        Ok(None) => not_ours(),
        Err(error) => failed(&error),
    }
}

pub(super) async fn act(
    State(desk): State<Arc<Desk>>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let link = link(token, query.as_deref());
    match desk.handle.unsubscribe(&link).await {
        Ok(true) => {
            let text = "You will get no more messages. It holds from this moment on.";
            html(StatusCode::OK, "Done", &format!("<p>{text}</p>"))
        }
        Ok(false) => not_ours(),
        Err(error) => failed(&error),
    }
}

fn link(token: String, query: Option<&str>) -> Unsubscribe {
    let mut link = Unsubscribe { entity: String::new(), campaign: String::new(), token };
    for (key, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match key.as_ref() {
            "p" => link.entity = value.into_owned(),
            "c" => link.campaign = value.into_owned(),
            _ => {}
        }
    }
    link
}

fn not_ours() -> Response {
    let text = "<p>This link is not complete. Please copy it whole from the message, or answer the \
                message with the word STOP.</p>";
    html(StatusCode::NOT_FOUND, "This link is not complete", text)
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "an unsubscribe link could not be obeyed");
    let text = "<p>Please try again in a minute, or answer the message with the word STOP.</p>";
    html(StatusCode::SERVICE_UNAVAILABLE, "That did not work", text)
}

fn html(status: StatusCode, title: &str, body: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title>\n<h1>{title}</h1>\n{body}\n</html>\n"
    );
    (status, headers, page).into_response()
}

fn escaped(text: &str) -> String {
    let text = crate::domain::text::clean(text, NAME_CHARS_MAX);
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
