//! Defines how profiles on social platforms are read: a link or a bare name becomes one address.

use std::collections::BTreeMap;

use super::website;

/// A platform: its word, its hosts, and what stands before a profile's name.
const PLATFORMS: [(&str, &[&str], &str); 4] = [
    ("facebook", &["facebook.com", "fb.com", "fb.me"], "https://www.facebook.com/"),
    ("instagram", &["instagram.com", "instagr.am"], "https://www.instagram.com/"),
    ("twitter", &["twitter.com", "x.com"], "https://x.com/"),
    ("youtube", &["youtube.com", "youtu.be"], "https://www.youtube.com/@"),
];

/// Longest name of a profile.
const NAME_CHARS_MAX: usize = 100;

/// Reads the profiles of a business: platform → address. `value` returns what is listed under a
/// platform's word.
pub fn profiles<'a>(value: impl Fn(&str) -> Option<&'a str>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (word, hosts, start) in PLATFORMS {
        if let Some(address) = value(word).and_then(|raw| profile(raw, hosts, start)) {
            found.insert(word.to_owned(), address);
        }
    }
    if let Some(address) = value("linkedin").and_then(website::linkedin) {
        found.insert("linkedin".to_owned(), address);
    }
    found
}

fn profile(raw: &str, hosts: &[&str], start: &str) -> Option<String> {
    let first = raw.split(';').next()?.trim();
    let name = first.trim_start_matches('@');
    let is_name = !name.is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let is_host = hosts.iter().any(|host| name.eq_ignore_ascii_case(host));
    if is_name && !is_host {
        return Some(format!("{start}{name}"));
    }
    let url = website::web_url(first)?;
    let host = url.host_str()?;
    let here = hosts
        .iter()
        .any(|name| host.strip_suffix(name).is_some_and(|r| r.is_empty() || r.ends_with('.')));
    (here && url.path().len() > 1).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(word: &str, raw: &str) -> Option<String> {
        profiles(|asked| (asked == word).then_some(raw)).remove(word)
    }

    #[test]
    fn a_name_and_a_link_become_an_address_on_the_platform() {
        for (word, raw, expected) in [
            ("facebook", "Acme.Dental", "https://www.facebook.com/Acme.Dental"),
            ("facebook", "https://de-de.facebook.com/acme/", "https://de-de.facebook.com/acme/"),
            ("instagram", "@acme", "https://www.instagram.com/acme"),
            ("twitter", "https://twitter.com/acme", "https://twitter.com/acme"),
            ("youtube", "acme", "https://www.youtube.com/@acme"),
            ("linkedin", "acme", "https://www.linkedin.com/company/acme"),
        ] {
            assert_eq!(read(word, raw).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn another_place_is_no_profile() {
        for raw in
            ["", "yes!", "https://evil.example/acme", "facebook.com", "https://facebook.com/"]
        {
            assert_eq!(read("facebook", raw), None, "{raw}");
        }
    }
}
