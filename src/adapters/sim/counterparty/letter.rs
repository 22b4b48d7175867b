//! Writes deliveries as their providers do: a body, its signature, and a name that duplicates share.

use serde_json::Value;

use crate::config::Secrets;
use crate::domain::mode::Mode;
use crate::domain::signature::{self, Provider};
use crate::domain::time::Moment;
use crate::effects::counterparty::RawDelivery;

/// Makes the delivery of `body` that arrives at `due`, really signed with the dry world's key.
///
/// `delivery_id` is what duplicates of one delivery share; it must follow from the effect alone.
pub fn letter(provider: Provider, delivery_id: String, body: &Value, due: Moment) -> RawDelivery {
    // Deliveries arrive at the next quarter hour, and the signature is made then.
    let at = due.ceil_quarter_hour();
    let body = body.to_string().into_bytes();
    let secrets = Secrets::default();
    let key = secrets.webhook_key(Mode::Dry, provider.as_column()).unwrap_or_default();
    let signature = signature::sign(key, &body, at);
    RawDelivery {
        provider: provider.as_column(),
        delivery_id,
        headers: vec![(provider.header().to_lowercase(), signature)],
        body,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::time::HOUR_MS;

    #[test]
    fn a_letter_is_accepted_when_it_arrives_and_not_with_another_key() {
        let due = Moment(1_000);
        for provider in Provider::ALL {
            let letter = letter(provider, "d1".to_owned(), &json!({"a": 1}), due);
            let (_, signature) = &letter.headers[0];
            let secrets = Secrets::default();
            let key = secrets.webhook_key(Mode::Dry, letter.provider).unwrap();
            let at = due.ceil_quarter_hour();
            let verify = |key: &str, at| {
                signature::verify(provider, key, signature, &letter.body, at).is_ok()
            };
            assert!(verify(key, at));
            assert!(!verify("another", at));
            assert!(!verify(key, at.plus_ms(HOUR_MS)));
        }
    }
}
