//! Defines the one-click unsubscribe link (RFC 8058): who may be unsubscribed by whom.
//!
//! The link must work without a login, so the only thing that stops a stranger from unsubscribing
//! everybody is a token that nobody else can make. It covers address and campaign; the link itself
//! names only the prospect's key, so that no address leaks into server logs.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use url::Url;

/// The secret with which links are signed; it never appears in logs.
#[derive(Clone)]
pub struct UnsubscribeKey(Vec<u8>);

impl std::fmt::Debug for UnsubscribeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnsubscribeKey(set)")
    }
}

impl UnsubscribeKey {
    /// Makes a key from secret bytes.
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Self(secret.into())
    }

    /// Returns the token for `address` in `campaign`: 32 hex digits.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    pub fn token(&self, address: &str, campaign: &str) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any key length is valid");
        for part in [address.trim().to_lowercase().as_str(), campaign] {
            // The length goes first, so that no two pairs share one digest.
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        hex::encode(&mac.finalize().into_bytes()[..16])
    }

    /// Whether `token` is the one for `address` in `campaign`; takes the same time for any answer.
    pub fn verifies(&self, token: &str, address: &str, campaign: &str) -> bool {
        self.token(address, campaign).as_bytes().ct_eq(token.as_bytes()).into()
    }

    /// Builds the link: `https://u.example.com/u/TOKEN?p=osm:node/1&c=spring`.
    ///
    /// Returns `None` when `base` is not an `https` address, which the header requires.
    pub fn link(&self, base: &str, entity: &str, address: &str, campaign: &str) -> Option<Url> {
        let mut link = Url::parse(base).ok().filter(|url| url.scheme() == "https")?;
        link.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .push("u")
            .push(&self.token(address, campaign));
        link.query_pairs_mut().append_pair("p", entity).append_pair("c", campaign);
        Some(link)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> UnsubscribeKey {
        UnsubscribeKey::new("a secret of the test")
    }

    #[test]
    fn a_token_fits_its_address_and_campaign_and_no_other() {
        let token = key().token("Ann@Example.com", "spring");
        assert!(key().verifies(&token, "ann@example.com", "spring"));
        assert!(!key().verifies(&token, "bob@example.com", "spring"));
        assert!(!key().verifies(&token, "ann@example.com", "summer"));
        assert!(!UnsubscribeKey::new("other").verifies(&token, "ann@example.com", "spring"));
        assert!(!key().verifies("", "ann@example.com", "spring"));
    }

    #[test]
    fn the_link_is_https_and_carries_no_address() {
        let link =
            key().link("https://u.agency.example/", "osm:node/1", "a@b.example", "c").unwrap();
        assert!(link.as_str().starts_with("https://u.agency.example/u/"));
        assert!(!link.as_str().contains("b.example"));
        assert!(key().link("http://u.agency.example", "osm:node/1", "a@b.example", "c").is_none());
        assert!(key().link("nonsense", "osm:node/1", "a@b.example", "c").is_none());
    }

    #[test]
    fn a_printed_key_hides_its_secret() {
        assert_eq!(format!("{:?}", key()), "UnsubscribeKey(set)");
    }
}
