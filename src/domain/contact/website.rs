//! Defines how a web address is read, and whose page it leads to.

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// Longer addresses are tracking links or attacks, not a business's front page.
const BYTES_MAX: usize = 500;

/// Platforms on which a business has a profile, not a site.
const SOCIAL: [&str; 14] = [
    "facebook.com",
    "fb.com",
    "fb.me",
    "instagram.com",
    "twitter.com",
    "x.com",
    "youtube.com",
    "linkedin.com",
    "xing.com",
    "tiktok.com",
    "linktr.ee",
    "t.me",
    "wa.me",
    "pinterest.com",
];

/// Builders and portals that host pages under their own name.
const HOSTED: [&str; 29] = [
    "business.site",
    "sites.google.com",
    "goo.gl",
    "wixsite.com",
    "wix.com",
    "jimdo.com",
    "jimdofree.com",
    "jimdosite.com",
    "weebly.com",
    "wordpress.com",
    "blogspot.com",
    "squarespace.com",
    "webflow.io",
    "godaddysites.com",
    "webnode.page",
    "strikingly.com",
    "myshopify.com",
    "square.site",
    "npage.de",
    "eatbu.com",
    "metro.bar",
    "metro.rest",
    "lieferando.de",
    "speisekarte.de",
    "jameda.de",
    "doctolib.de",
    "tripadvisor.com",
    "yelp.com",
    "yelp.de",
];

/// Whose page an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebsiteKind {
    /// A site under a name of its own.
    Own,
    /// A page under a builder's or portal's name.
    Hosted,
    /// A profile on a social platform.
    Social,
}

impl WebsiteKind {
    /// The share of the website signal that such a page earns: a hosted or social page can be
    /// reached, but it is not the business's own.
    pub const fn share(self) -> f64 {
        match self {
            Self::Own => 1.0,
            Self::Hosted | Self::Social => 0.5,
        }
    }
}

/// A web address in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Website {
    /// Normalised URL.
    pub url: String,
    /// Whose page it is.
    pub kind: WebsiteKind,
}

/// Returns the business's own site from a list separated by `;` or white space, or else the first
/// usable address in it.
pub fn first_website(raw: &str) -> Option<Website> {
    let sites: Vec<Website> =
        raw.split(|c: char| c == ';' || c.is_whitespace()).filter_map(one).collect();
    let own = sites.iter().position(|site| site.kind == WebsiteKind::Own);
    sites.into_iter().nth(own.unwrap_or(0))
}

fn one(raw: &str) -> Option<Website> {
    let url = web_url(raw)?;
    let kind = kind(url.host_str()?);
    Some(Website { url: url.into(), kind })
}

/// Reads an http(s) URL with a public host name and nothing secret in it; a missing scheme is taken
/// as https.
pub(super) fn web_url(raw: &str) -> Option<Url> {
    let text = raw.trim();
    if text.is_empty() || text.len() > BYTES_MAX || text.contains('@') {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let mut url = if lower.starts_with("http://") || lower.starts_with("https://") {
        Url::parse(text).ok()?
    } else if lower.contains("://") {
        return None;
    } else {
        Url::parse(&format!("https://{text}")).ok()?
    };
    let Some(Host::Domain(host)) = url.host() else { return None };
    let top_level = host.rsplit('.').next().unwrap_or_default();
    if !host.contains('.') || top_level.len() < 2 || top_level.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    url.set_fragment(None);
    Some(url)
}

fn kind(host: &str) -> WebsiteKind {
    let under = |names: &[&str]| {
        names.iter().any(|name| {
            host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    };
    if under(&SOCIAL) {
        WebsiteKind::Social
    } else if under(&HOSTED) {
        WebsiteKind::Hosted
    } else {
        WebsiteKind::Own
    }
}

/// Returns the canonical URL of a `LinkedIn` profile from a URL or a bare company handle.
pub fn linkedin(raw: &str) -> Option<String> {
    let first = raw.split(';').next()?.trim().trim_start_matches('@');
    if !first.is_empty()
        && first.len() <= 100
        && first.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    {
        return Some(format!("https://www.linkedin.com/company/{}", first.to_lowercase()));
    }
    let url = web_url(first)?;
    let host = url.host_str()?;
    if host != "linkedin.com" && !host.ends_with(".linkedin.com") {
        return None;
    }
    let path = url.path().trim_end_matches('/');
    let known = ["/company/", "/in/", "/school/", "/showcase/"];
    known
        .iter()
        .any(|start| path.len() > start.len() && path.starts_with(start))
        .then(|| format!("https://www.linkedin.com{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::test_data;

    fn read(raw: &str) -> Option<(String, WebsiteKind)> {
        first_website(raw).map(|site| (site.url, site.kind))
    }

    #[test]
    fn a_bare_host_gets_a_scheme_and_a_list_its_first_address() {
        let own = |url: &str| Some((url.to_owned(), WebsiteKind::Own));
        assert_eq!(read("www.dadona.li"), own("https://www.dadona.li/"));
        assert_eq!(read("http://www.Müller.de/;http://b.de"), own("http://www.xn--mller-kva.de/"));
        assert_eq!(read("https://www.bluberi.de/  :note"), own("https://www.bluberi.de/"));
    }

    #[test]
    fn what_is_no_public_web_address_is_left_out() {
        for raw in [
            "",
            "yes",
            "info@acme.example",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://localhost",
            "https://user:pw@acme.example/",
            "hhttps://www.acme.example/",
        ] {
            assert_eq!(read(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn a_profile_on_a_platform_is_not_a_site_of_its_own() {
        let kind = |raw| read(raw).map(|(_, kind)| kind);
        assert_eq!(kind("https://de-de.facebook.com/x/"), Some(WebsiteKind::Social));
        assert_eq!(kind("cafe.business.site"), Some(WebsiteKind::Hosted));
        assert_eq!(kind("https://notfacebook.com/"), Some(WebsiteKind::Own));
    }

    /// Odd forms of real maps, and the site that is read from each.
    const ODD_FORMS: [(&str, Option<&str>); 23] = [
        ("hhttps://www.meinfreundharvey.com/", None),
        ("http://www.893ryotei.de/;http://893ryotei.de", Some("http://www.893ryotei.de/")),
        ("https://shop.gujrat.de;http://shop.gujrat.de", Some("https://shop.gujrat.de/")),
        ("https://www.bluberi.de/  :führt nur zu lieferando", Some("https://www.bluberi.de/")),
        (
            "https://www.einkaufsbahnhof.de/berlin-hauptbahnhof/store/apotheke hmm",
            Some("https://www.einkaufsbahnhof.de/berlin-hauptbahnhof/store/apotheke"),
        ),
        (
            "https://www.speisekarte.de/berlin/restaurant/kaffee_marlene\nhttp://kaffeemarlene.de/",
            Some("http://kaffeemarlene.de/"),
        ),
        ("info@zahnarztpraxis-berlin-zehlendorf.de", None),
        ("kaffeekurbel.de", Some("https://kaffeekurbel.de/")),
        ("lafeve.de", Some("https://lafeve.de/")),
        ("notredame@happygoatcoffee.com", None),
        ("shima-berlin.de", Some("https://shima-berlin.de/")),
        ("ww.cardio.li", Some("https://ww.cardio.li/")),
        ("www.Mundvollberlin.de", Some("https://www.mundvollberlin.de/")),
        ("www.dadona.li", Some("https://www.dadona.li/")),
        ("www.dionysos.berlin", Some("https://www.dionysos.berlin/")),
        ("www.dos-pescdos-berlin.de", Some("https://www.dos-pescdos-berlin.de/")),
        ("www.gmg.biz", Some("https://www.gmg.biz/")),
        ("www.indivsports.de", Some("https://www.indivsports.de/")),
        ("www.learnpantarei.com", Some("https://www.learnpantarei.com/")),
        ("www.matanga-belin.com", Some("https://www.matanga-belin.com/")),
        ("www.piazza.li", Some("https://www.piazza.li/")),
        ("www.unikum.li", Some("https://www.unikum.li/")),
        ("www.yoga-institut-berlin.de", Some("https://www.yoga-institut-berlin.de/")),
    ];

    const BUILDER: &str = "a builder's page under the builder's name";
    /// What the ordinary sample holds that is not the business's own site.
    const NOT_ORDINARY: [(&str, &str); 12] = [
        ("http://roseneckrestaurant.npage.de/", BUILDER),
        ("https://cafe-fleury.eatbu.com/?lang=en", BUILDER),
        ("https://gogiya-sushi-n-poke.square.site", BUILDER),
        ("https://hoan-kiem.jimdo.com/", BUILDER),
        ("https://kinza.metro.bar/?lang=de", BUILDER),
        ("https://la-famiglia-restaurant.eatbu.com/?lang=de", BUILDER),
        ("https://maps.app.goo.gl/GbHtuvsaqWzBu5kn9", "a pin on a map"),
        ("https://muenzeryoga.jimdofree.com/", BUILDER),
        ("https://romano-berlin.eatbu.com", BUILDER),
        ("https://sonnemondundsterne-weissensee.jimdofree.com/", BUILDER),
        ("https://trattoria-il-pomodorino.eatbu.com/", BUILDER),
        ("https://www.lieferando.de/speisekarte/pizzeria-da-latto", "a page of a delivery portal"),
    ];

    #[test]
    fn addresses_of_real_maps_are_classed_as_their_lists_say() {
        let Some(text) = test_data::read("contact-strings/websites.json") else { return };
        let lists: serde_json::Value = serde_json::from_str(&text).unwrap();
        let rows = |name: &str| {
            lists[name].as_array().unwrap().iter().filter_map(|v| v.as_str()).collect::<Vec<_>>()
        };
        for raw in rows("social_or_hosted_only") {
            let site = first_website(raw).unwrap_or_else(|| panic!("{raw}"));
            assert_ne!(site.kind, WebsiteKind::Own, "{raw}");
        }
        // The sample was drawn without looking for builders' pages; these are the ones in it.
        let sample = rows("ordinary_sample");
        let differing: Vec<&str> = sample
            .into_iter()
            .filter(|raw| first_website(raw).is_none_or(|site| site.kind != WebsiteKind::Own))
            .collect();
        let named: Vec<&str> = NOT_ORDINARY.iter().map(|(raw, _)| *raw).collect();
        assert_eq!(differing, named);
        assert!(NOT_ORDINARY.iter().all(|(_, why)| !why.is_empty()));
    }

    #[test]
    fn odd_forms_of_real_maps_are_read_where_they_have_one_reading() {
        for (raw, expected) in ODD_FORMS {
            let expected = expected.map(|url| (url.to_owned(), WebsiteKind::Own));
            assert_eq!(read(raw), expected, "{raw:?}");
        }
        let Some(text) = test_data::read("contact-strings/websites.json") else { return };
        let lists: serde_json::Value = serde_json::from_str(&text).unwrap();
        let listed: Vec<&str> =
            lists["odd_form"].as_array().unwrap().iter().filter_map(|v| v.as_str()).collect();
        assert_eq!(listed, ODD_FORMS.map(|(raw, _)| raw));
    }

    #[test]
    fn a_linkedin_handle_and_a_link_lead_to_the_same_page() {
        let page = Some("https://www.linkedin.com/company/acme-dental".to_owned());
        assert_eq!(linkedin("Acme-Dental"), page);
        assert_eq!(linkedin("http://de.linkedin.com/company/acme-dental/"), page);
        assert_eq!(linkedin("https://evil.example/company/acme"), None);
        assert_eq!(linkedin("https://www.linkedin.com/"), None);
    }
}
