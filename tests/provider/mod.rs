//! A payment provider that delivers signed webhooks over a socket.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use cep_machine::domain::signature;
use cep_machine::domain::time::Moment;
use serde_json::{Value, json};

/// What it signs with.
pub(crate) const STRIPE_KEY: &str = "whsec_planted_secret_of_stripe_0123456789";

/// A payment of nobody's invoice, as Stripe tells of it.
pub(crate) fn payment(id: &str) -> Value {
    json!({
        "id": id, "object": "event", "type": "invoice.paid", "livemode": true,
        "created": 1_767_225_660, "api_version": "2026-06-24.dahlia",
        "data": {"object": {
            "id": format!("in_{id}"), "object": "invoice", "customer": "cus_nobody",
            "status": "paid", "currency": "usd", "amount_due": 5000, "amount_paid": 5000,
            "amount_remaining": 0, "subtotal": 5000, "total": 5000, "billing_reason": "manual",
            "created": 1_767_225_660,
        }},
    })
}

/// Sends a delivery on an open connection; returns the status, `None` when nobody answered.
pub(crate) fn deliver(stream: &mut TcpStream, event: &Value, now: Moment) -> Option<u16> {
    let body = event.to_string();
    let signature = signature::sign(STRIPE_KEY, body.as_bytes(), now);
    let request = format!(
        "POST /webhooks/stripe HTTP/1.1\r\nhost: t\r\nstripe-signature: {signature}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut part = [0; 512];
    while !answer.ends_with(b"\n") || !answer.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(n) => answer.extend_from_slice(&part[..n]),
        }
    }
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}
