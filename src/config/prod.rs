//! Says which settings a real agency's machine must not run with, each with the reason.
//!
//! The profile `prod` is checked where something real may follow from it: serving, and arming live.
//! Looking at a database stays possible, also where a secret is not at hand.

use super::error::ConfigError;
use super::secrets::Secret;
use super::settings::Settings;

/// Bytes; a shorter secret can be guessed. Providers' own have 32 and more.
const SECRET_BYTES_MIN: usize = 16;

/// Ends of names that exist only in examples (RFC 2606, RFC 6761).
const RESERVED: [&str; 7] =
    [".example", ".test", ".invalid", ".localhost", "example.com", "example.net", "example.org"];

/// Returns everything that is unsafe in production. With `serves` the keys of those who deliver are
/// looked at too.
pub fn unsafe_in_prod(settings: &Settings, serves: bool) -> Vec<ConfigError> {
    let mut found = Vec::new();
    sender(settings, &mut found);
    rehearsal(settings, &mut found);
    if settings
        .log
        .level
        .to_ascii_lowercase()
        .split([',', '='])
        .any(|word| matches!(word.trim(), "debug" | "trace"))
    {
        let why = "debug logs hold what people wrote, and fill a disk";
        found.push(unsafe_value("log.level", why, "use info, warn or error"));
    }
    secrets(settings, serves, &mut found);
    found
}

fn unsafe_value(key: &str, why: &str, hint: &str) -> ConfigError {
    ConfigError::new("prod", why).key(key).hint(hint)
}

/// Whoever writes to strangers has to be who they say.
fn sender(settings: &Settings, found: &mut Vec<ConfigError>) {
    let agency = &settings.agency;
    for (key, value) in [
        ("agency.name", &agency.name),
        ("agency.from_name", &agency.from_name),
        ("agency.from_email", &agency.from_email),
        ("agency.postal_address", &agency.postal_address),
        ("agency.booking_url", &agency.booking_url),
        ("agency.unsubscribe_base_url", &agency.unsubscribe_base_url),
    ] {
        if value.is_empty() {
            let why = "is empty, and the law asks who writes, from where, and how to stop it";
            found.push(unsafe_value(key, why, "name your own agency in the --config file"));
        } else if is_reserved(value) {
            let why = "is a name for examples: answers and objections would reach nobody";
            found.push(unsafe_value(key, why, "name a domain of your own"));
        }
    }
}

fn is_reserved(value: &str) -> bool {
    let host = url::Url::parse(value).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.or_else(|| value.rsplit_once('@').map(|(_, host)| host.to_owned()));
    let Some(host) = host.map(|host| host.to_lowercase()) else { return false };
    RESERVED.iter().any(|end| host.ends_with(end)) || host == "localhost"
}

/// A drill that somebody forgot would look like trouble, or hide it.
fn rehearsal(settings: &Settings, found: &mut Vec<ConfigError>) {
    let faults = &settings.sim.faults;
    let hint = "leave it out; drills belong into a --config of their own, without prod";
    for (key, is_set) in [
        ("sim.fault_rate", faults.rate > 0.0),
        ("sim.fault_rate_by_layer", !faults.by_layer.is_empty()),
        ("sim.fault_script", !faults.script.is_empty()),
        ("sim.rates", !settings.sim.rates.is_empty()),
    ] {
        if is_set {
            found.push(unsafe_value(
                key,
                "is a drill: its rehearsals say nothing about work",
                hint,
            ));
        }
    }
}

fn secrets(settings: &Settings, serves: bool, found: &mut Vec<ConfigError>) {
    let secrets = &settings.secrets;
    let mailbox =
        "without it unsubscribe links are signed with what everybody knows, the From address";
    let delivers =
        "without it every delivery is refused, and the provider gives up after some days";
    let metrics = "without it whoever reaches the address reads how the business goes";
    let public = serves && settings.serve.is_public();
    for (key, secret, needed, why) in [
        ("CEP_MAILBOX_SECRET", &secrets.mailbox, true, mailbox),
        ("CEP_CALENDLY_SECRET", &secrets.calendly, serves, delivers),
        ("CEP_STRIPE_SECRET", &secrets.stripe, serves, delivers),
        ("CEP_METRICS_TOKEN", &secrets.metrics, public, metrics),
        ("CEP_PERSON_SECRET", &secrets.person, false, ""),
        ("CEP_PROFILE_SECRET", &secrets.profile, false, ""),
    ] {
        match secret {
            None if needed => {
                let hint =
                    format!("set {key}, or {key}_FILE with the path of a file that holds it");
                found.push(unsafe_value(key, why, &hint));
            }
            Some(secret) if is_short(secret) => {
                let why = format!("has fewer than {SECRET_BYTES_MIN} bytes and can be guessed");
                found.push(unsafe_value(key, &why, "use a random one: openssl rand -hex 32"));
            }
            Some(_) | None => {}
        }
    }
}

fn is_short(secret: &Secret) -> bool {
    secret.expose().len() < SECRET_BYTES_MIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Profile, load};

    const SET: [(&str, &str); 5] = [
        ("HOME", "/"),
        ("CEP_MAILBOX_SECRET", "0123456789abcdef"),
        ("CEP_CALENDLY_SECRET", "0123456789abcdef"),
        ("CEP_STRIPE_SECRET", "whsec_0123456789abcdef"),
        ("CEP_METRICS_TOKEN", "0123456789abcdef"),
    ];

    fn good() -> Settings {
        let mut settings = load(&Environment::of(&SET), Some(Profile::Prod), None).unwrap();
        settings.agency = crate::config::Agency {
            name: "Nord & Söhne".to_owned(),
            from_name: "Ann".to_owned(),
            from_email: "ann@nord-soehne.de".to_owned(),
            postal_address: "Hauptstr. 1, 20095 Hamburg".to_owned(),
            booking_url: "https://calendly.com/nord/intro".to_owned(),
            unsubscribe_base_url: "https://u.nord-soehne.de/unsubscribe".to_owned(),
        };
        settings
    }

    fn keys(settings: &Settings) -> Vec<String> {
        let found = unsafe_in_prod(settings, true);
        assert!(found.iter().all(|error| error.hint.is_some() && !error.message.is_empty()));
        found.into_iter().filter_map(|error| error.key.map(String::from)).collect()
    }

    #[test]
    fn a_real_agencys_settings_are_accepted() {
        assert_eq!(keys(&good()), Vec::<String>::new());
    }

    #[test]
    fn the_bare_profile_is_refused_until_an_agency_is_named() {
        let settings = load(&Environment::of(&[("HOME", "/")]), Some(Profile::Prod), None).unwrap();
        let keys = keys(&settings);
        assert_eq!(keys.len(), 9, "{keys:?}");
        assert!(keys.contains(&"agency.postal_address".to_owned()));
        assert!(keys.contains(&"CEP_STRIPE_SECRET".to_owned()));
    }

    /// Makes one setting unsafe.
    type Change = fn(&mut Settings);

    #[test]
    fn each_unsafe_value_is_named_alone() {
        let cases: [(&str, Change); 9] = [
            ("agency.from_email", |s| s.agency.from_email = "mara@harbour-vane.example".to_owned()),
            ("agency.booking_url", |s| s.agency.booking_url = "https://example.com/x".to_owned()),
            ("agency.name", |s| s.agency.name.clear()),
            ("log.level", |s| s.log.level = "info,cep_machine::store=debug".to_owned()),
            ("sim.fault_rate", |s| s.sim.faults.rate = 0.1),
            ("sim.rates", |s| s.sim.rates = [("payer.pay_days".to_owned(), 1.0)].into()),
            ("CEP_MAILBOX_SECRET", |s| s.secrets.mailbox = None),
            ("CEP_STRIPE_SECRET", |s| {
                let short = Environment::of(&[("HOME", "/"), ("CEP_STRIPE_SECRET", "short")]);
                s.secrets.stripe = load(&short, None, None).unwrap().secrets.stripe;
            }),
            ("CEP_METRICS_TOKEN", |s| {
                s.secrets.metrics = None;
                s.serve.trusted_proxies = vec!["10.0.0.2".parse().unwrap()];
            }),
        ];
        for (key, change) in cases {
            let mut settings = good();
            change(&mut settings);
            assert_eq!(keys(&settings), [key]);
        }
    }
}
