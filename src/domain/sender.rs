//! Defines who writes to prospects, and refuses to write as nobody.
//!
//! Commercial mail needs a real sender, a postal address and a working way out (CAN-SPAM, and most
//! laws like it). A missing one is a typed refusal that names the setting, so that no mail leaves
//! first and is regretted later.

use super::error::WorkError;
use super::unsubscribe::UnsubscribeKey;

/// The agency as its mails show it. Empty means not set.
#[derive(Clone, Debug)]
pub struct Sender {
    /// From address.
    pub from: String,
    /// From name: a person or the agency.
    pub from_name: String,
    /// The agency's name.
    pub agency: String,
    /// Street, town, country: where a letter reaches the agency.
    pub postal_address: String,
    /// Where unsubscribe links lead: an `https` address.
    pub unsubscribe_url: String,
    /// Signs unsubscribe links.
    pub unsubscribe_key: UnsubscribeKey,
    /// The page on which a call is booked.
    pub booking_url: String,
}

/// Why nothing may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SenderFault {
    /// There is no From address.
    #[error("no From address is set")]
    From,
    /// There is no postal address.
    #[error("no postal address is set")]
    PostalAddress,
    /// There is no https address for unsubscribe links.
    #[error("no https address for unsubscribe links is set")]
    Unsubscribe,
}

impl SenderFault {
    /// The setting that mends it.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::From => "agency.from_email",
            Self::PostalAddress => "agency.postal_address",
            Self::Unsubscribe => "agency.unsubscribe_base_url",
        }
    }
}

impl From<SenderFault> for WorkError {
    fn from(fault: SenderFault) -> Self {
        Self::permanent("sender_incomplete", format!("outreach mail is refused: {fault}"))
            .hint(format!("set {} in the configuration, then retry the unit", fault.setting()))
    }
}

impl Sender {
    /// Refuses a sender that may not write to prospects.
    pub fn checked(&self) -> Result<(), SenderFault> {
        if !email_address::EmailAddress::is_valid(self.from.trim()) {
            return Err(SenderFault::From);
        }
        if self.postal_address.trim().is_empty() {
            return Err(SenderFault::PostalAddress);
        }
        let https = url::Url::parse(&self.unsubscribe_url).is_ok_and(|url| url.scheme() == "https");
        if https { Ok(()) } else { Err(SenderFault::Unsubscribe) }
    }

    /// Returns the unsubscribe link for one recipient of one campaign.
    pub fn unsubscribe_link(
        &self,
        entity: &str,
        address: &str,
        campaign: &str,
    ) -> Result<String, SenderFault> {
        self.unsubscribe_key
            .link(&self.unsubscribe_url, entity, address, campaign)
            .map(String::from)
            .ok_or(SenderFault::Unsubscribe)
    }

    /// Returns the page on which `entity` books; the booking comes back with the entity in it.
    pub fn booking_link(&self, entity: &str) -> String {
        url::Url::parse(&self.booking_url).map_or_else(
            |_| self.booking_url.clone(),
            |mut url| {
                url.query_pairs_mut()
                    .append_pair("utm_campaign", entity)
                    .append_pair("utm_source", "email");
                url.into()
            },
        )
    }

    /// Returns what must stand under every commercial mail: what it is, from whom, and the way out.
    pub fn footer(&self, language: &str, unsubscribe_link: &str) -> String {
        let agency = self.agency.trim_end_matches('.');
        let address = self.postal_address.trim_end_matches('.');
        if language == "de" {
            format!(
                "--\nDies ist Werbung von {agency}, {address}.\n\
                 Keine weiteren Nachrichten: {unsubscribe_link}\n"
            )
        } else {
            format!(
                "--\nThis is advertising from {agency}, {address}.\n\
                 To hear no more from us: {unsubscribe_link}\n"
            )
        }
    }

    /// Returns a mail's text as the recipient gets it.
    pub fn letter(&self, text: &str, language: &str, unsubscribe_link: &str) -> String {
        format!("{text}\n\n{}", self.footer(language, unsubscribe_link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agency() -> Sender {
        Sender {
            from: "sam@agency.example".to_owned(),
            from_name: "Sam".to_owned(),
            agency: "Agency".to_owned(),
            postal_address: "1 Main Street, Town".to_owned(),
            unsubscribe_url: "https://u.agency.example".to_owned(),
            unsubscribe_key: UnsubscribeKey::new("secret"),
            booking_url: "https://calendly.com/agency/intro?month=2026-01".to_owned(),
        }
    }

    #[test]
    fn a_complete_sender_may_write() {
        assert_eq!(agency().checked(), Ok(()));
    }

    #[test]
    fn a_missing_duty_is_refused_by_the_name_of_its_setting() {
        let cases: [(Sender, &str); 5] = [
            (Sender { from: String::new(), ..agency() }, "agency.from_email"),
            (Sender { from: "not an address".to_owned(), ..agency() }, "agency.from_email"),
            (Sender { postal_address: "  ".to_owned(), ..agency() }, "agency.postal_address"),
            (Sender { unsubscribe_url: String::new(), ..agency() }, "agency.unsubscribe_base_url"),
            (
                Sender { unsubscribe_url: "http://u.agency.example".to_owned(), ..agency() },
                "agency.unsubscribe_base_url",
            ),
        ];
        for (sender, setting) in cases {
            let error = WorkError::from(sender.checked().unwrap_err());
            assert!(error.hint.unwrap().contains(setting), "{setting}");
        }
    }

    #[test]
    fn the_footer_says_that_it_is_an_advertisement_and_how_to_end_it() {
        for language in ["en", "de"] {
            let footer = agency().footer(language, "https://u.agency.example/u/1");
            assert!(footer.contains("1 Main Street") && footer.contains("/u/1"));
        }
    }

    #[test]
    fn the_booking_link_carries_the_prospect_home() {
        let link = agency().booking_link("osm:node/1");
        assert_eq!(
            link,
            "https://calendly.com/agency/intro?month=2026-01&utm_campaign=osm%3Anode%2F1&utm_source=email"
        );
    }
}
