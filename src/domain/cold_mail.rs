//! Defines where mail may go that nobody asked for.
//!
//! In some countries a business may be written to until it says no, in others only after it said
//! yes. Which is which is a matter of law and of the agency's own basis, so the operator names the
//! countries, and everything else is refused with the law that stands in the way.

/// Where cold e-mail and SMS may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailPolicy {
    /// Anywhere: nothing leaves a rehearsal.
    Everywhere,
    /// To businesses in these countries alone, ISO 3166-1 alpha-2.
    Only(Vec<String>),
}

impl MailPolicy {
    /// Returns why a business in `country` may not be written to; `None` when it may.
    pub fn refusal(&self, country: Option<&str>) -> Option<String> {
        let Self::Only(countries) = self else { return None };
        let Some(country) = country else {
            return Some(
                "its country is unknown, and with it the law on mail nobody asked for".to_owned(),
            );
        };
        let listed = countries.iter().any(|listed| listed.eq_ignore_ascii_case(country));
        (!listed).then(|| format!("{country} is not in outreach.countries: {}", law_of(country)))
    }
}

/// Returns what a country's law asks of mail that nobody asked for, in one phrase.
pub fn law_of(country: &str) -> &'static str {
    match country.to_ascii_uppercase().as_str() {
        "US" => "CAN-SPAM (15 USC 7704) allows it with sender, postal address and opt-out",
        "CA" => "CASL needs consent, or a published address without a no and a fitting role",
        "GB" => "PECR reg. 22 and the UK GDPR: companies may be written to, sole traders not",
        "DE" => "UWG § 7 needs prior express consent, of businesses too",
        "AT" => "TKG 2021 § 174 needs prior consent, of businesses too",
        "CH" | "LI" => "the UWG needs prior consent to mass advertising",
        "AU" => "the Spam Act 2003 needs consent, express or inferred",
        "NZ" => "the Unsolicited Electronic Messages Act 2007 needs consent",
        "BE" | "BG" | "CY" | "CZ" | "DK" | "EE" | "ES" | "FI" | "FR" | "GR" | "HR" | "HU"
        | "IE" | "IS" | "IT" | "LT" | "LU" | "LV" | "MC" | "MT" | "NL" | "NO" | "PL" | "PT"
        | "RO" | "SE" | "SI" | "SK" => {
            "ePrivacy art. 13 and the GDPR need consent, or a legal basis for business addresses"
        }
        _ => "its law on mail nobody asked for has not been looked at",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_that_is_not_listed_is_refused_with_the_name_of_its_law() {
        let policy = MailPolicy::Only(vec!["US".to_owned()]);
        assert_eq!(policy.refusal(Some("us")), None);
        for (country, law) in [("DE", "UWG"), ("CA", "CASL"), ("FR", "GDPR"), ("BR", "looked at")] {
            let why = policy.refusal(Some(country)).unwrap();
            assert!(why.contains(law) && why.contains("outreach.countries"), "{why}");
        }
        assert!(policy.refusal(None).unwrap().contains("unknown"));
    }

    #[test]
    fn a_rehearsal_may_write_to_any_town() {
        assert_eq!(MailPolicy::Everywhere.refusal(Some("DE")), None);
        assert_eq!(MailPolicy::Everywhere.refusal(None), None);
    }
}
