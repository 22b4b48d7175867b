//! Defines how an e-mail address is read.

use std::str::FromStr;

use email_address::{EmailAddress, Options};

/// The longest address that SMTP carries (RFC 5321 with erratum 1690).
const BYTES_MAX: usize = 254;

/// Returns the first usable address of a `;` list, in lower case.
///
/// Only plain addresses are taken: no display name, no quoted local part, no address literal, and a
/// domain with a dot, because nothing else belongs to a business.
pub fn first_email(raw: &str) -> Option<String> {
    raw.split([';', ',']).find_map(one)
}

fn one(raw: &str) -> Option<String> {
    let text = raw.trim();
    let text = text.strip_prefix("mailto:").unwrap_or(text).to_lowercase();
    if text.len() > BYTES_MAX || text.contains(['"', '[', '(', '<', ' ', '%']) {
        return None;
    }
    let options =
        Options::default().without_display_text().without_domain_literal().with_required_tld();
    EmailAddress::parse_with_options(&text, options).ok()?;
    // The host part must also be one a URL could have, which refuses odd but legal domains.
    let host = EmailAddress::from_str(&text).ok()?.domain().to_owned();
    url::Host::parse(&host).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_usable_address_of_a_list_is_taken_in_lower_case() {
        assert_eq!(first_email("n/a; Info@Acme.Example"), Some("info@acme.example".to_owned()));
        assert_eq!(first_email("mailto:a@b.example"), Some("a@b.example".to_owned()));
    }

    #[test]
    fn what_is_no_plain_business_address_is_left_out() {
        for raw in [
            "",
            "test",
            "a@",
            "@b.example",
            "a@localhost",
            "\"a b\"@c.example",
            "a@[10.0.0.1]",
            "A <a@b.example>",
            "a@b.example\r\nBcc: x@y.example",
            "a@b..example",
        ] {
            assert_eq!(first_email(raw), None, "{raw:?}");
        }
    }
}
