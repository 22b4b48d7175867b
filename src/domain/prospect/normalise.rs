//! Defines how a raw record becomes a prospect and the facts that its profile is judged by.

use super::category::Category;
use super::place::{self, Place};
use super::record::Record;
use crate::domain::contact::website::WebsiteKind;
use crate::domain::contact::{email, opening_hours, phone, social, website};
use crate::domain::profile::{Facts, Source};
use crate::domain::sales::{Prospect, Stage};

/// What must be shown wherever data of the map is shown (`ODbL` 1.0).
const OSM_ATTRIBUTION: &str =
    "© OpenStreetMap contributors, ODbL 1.0, https://www.openstreetmap.org/copyright";

/// Returns the name under which a business is listed.
pub(super) fn name(record: &Record) -> Option<&str> {
    record.first(&["name", "official_name", "alt_name", "brand"])
}

/// Reads every field of a record. The prospect is `Found`; judging it is `assess`'s part.
pub(super) fn normalise(record: &Record, default: &Place) -> (Prospect, Facts) {
    let number = phone_of(record, default);
    let place = place::place(record, number.as_deref(), default);
    let site =
        record.first(&["website", "contact:website", "url"]).and_then(website::first_website);
    let hours = record.first(&["opening_hours"]).and_then(opening_hours::read);
    let category =
        Category::of(record).map_or_else(|| record.main_tag(), |c| c.as_column().to_owned());
    let address = address(record, &place.country);
    let socials =
        social::profiles(|platform| record.first(&[&format!("contact:{platform}"), platform]));
    let facts = Facts {
        category: Some(category.clone()),
        address: address.clone(),
        phone: number.clone(),
        website: site.clone(),
        regular_hours: hours.as_ref().and_then(|hours| hours.regular.clone()),
        hours_form: hours.as_ref().map(|hours| hours.form),
        special_hours: hours.and_then(|hours| hours.special),
        description: description(record, &place.language),
        postal: postal(record, address.as_deref(), &place.country),
        image: image(record),
        checked_on: record.first(&["check_date", "survey:date"]).and_then(checked_on),
        socials: socials.clone(),
        ..Facts::default()
    };
    let own = |text: Option<&str>| text.map(str::to_owned);
    let prospect = Prospect {
        entity: record.entity.clone(),
        name: name(record).map_or_else(|| nameless(record), str::to_owned),
        category,
        address,
        city: own(record.first(&["addr:city", "addr:town", "addr:suburb", "addr:place"])),
        postcode: own(record.first(&["addr:postcode"])),
        country: Some(place.country),
        zone: place.zone,
        language: place.language,
        lat: record.lat,
        lon: record.lon,
        phone: number,
        email: record.first(&["email", "contact:email"]).and_then(email::first_email),
        website: site.filter(|site| site.kind == WebsiteKind::Own).map(|site| site.url),
        linkedin: socials.get("linkedin").cloned(),
        source: record.source.as_column().to_owned(),
        attribution: attribution(record),
        stage: Stage::Found,
        reason: None,
        score: None,
        coverage: None,
        tier: None,
    };
    (prospect, facts)
}

/// Whether a message of any kind can reach the prospect.
pub const fn is_contactable(prospect: &Prospect) -> bool {
    prospect.email.is_some() || prospect.phone.is_some() || prospect.linkedin.is_some()
}

fn phone_of(record: &Record, default: &Place) -> Option<String> {
    let country = place::dialling_country(record, default);
    ["phone", "contact:phone", "mobile", "contact:mobile"]
        .iter()
        .filter_map(|key| record.tags.get(*key))
        .find_map(|raw| phone::first_phone(raw, &country))
}

/// Street and number in the order of the country, or the whole address in one field.
fn address(record: &Record, country: &str) -> Option<String> {
    let street = record.first(&["addr:street", "addr:place"]);
    let number = record.first(&["addr:housenumber"]);
    match (street, number) {
        (Some(street), Some(number)) => Some(match country {
            "GB" | "US" | "CA" | "FR" | "MC" => format!("{number} {street}"),
            _ => format!("{street} {number}"),
        }),
        (Some(street), None) => Some(street.to_owned()),
        (None, _) => record.first(&["addr:full"]).map(str::to_owned),
    }
}

/// The whole postal address in one line: what a letter needs, as far as it is listed.
fn postal(record: &Record, street: Option<&str>, country: &str) -> Option<String> {
    let tag = |key: &str| record.first(&[key]);
    if let Some(full) = tag("addr:full") {
        return Some(full.to_owned());
    }
    let unit = tag("addr:unit").map(|unit| format!("Unit {unit}"));
    let town = tag("addr:city").or(tag("addr:place")).or(tag("addr:suburb"));
    let (state, postcode) = (tag("addr:state"), tag("addr:postcode"));
    let words = |parts: &[Option<&str>]| {
        let line = parts.iter().flatten().copied().collect::<Vec<_>>().join(" ");
        (!line.is_empty()).then_some(line)
    };
    let lines = match country {
        "US" | "CA" | "GB" => [street.map(str::to_owned), unit, words(&[town, state, postcode])],
        _ => [street.map(str::to_owned), unit, words(&[postcode, town, state])],
    };
    let line = lines.into_iter().flatten().collect::<Vec<_>>().join(", ");
    (!line.is_empty()).then_some(line)
}

/// A picture, or its page in the commons.
fn image(record: &Record) -> Option<String> {
    let link = record.first(&["image"]).and_then(website::first_website).map(|site| site.url);
    link.or_else(|| {
        let page = record.first(&["wikimedia_commons"])?;
        let known = page.starts_with("File:") || page.starts_with("Category:");
        known.then(|| format!("https://commons.wikimedia.org/wiki/{}", page.replace(' ', "_")))
    })
}

/// The day, or at least the month, on which somebody last looked.
fn checked_on(raw: &str) -> Option<String> {
    let is_day = raw.parse::<jiff::civil::Date>().is_ok() && raw.len() == 10;
    let is_month = raw.len() == 7 && format!("{raw}-01").parse::<jiff::civil::Date>().is_ok();
    (is_day || is_month).then(|| raw.to_owned())
}

fn description(record: &Record, language: &str) -> Option<String> {
    let known = [format!("description:{language}"), "description:en".to_owned()];
    let other = record.tags.keys().find(|key| key.starts_with("description:"));
    record
        .first(&["description"])
        .or_else(|| known.iter().chain(other).find_map(|key| record.first(&[key])))
        .map(str::to_owned)
}

fn attribution(record: &Record) -> String {
    let dated = |text: &str| match &record.as_of {
        Some(as_of) => format!("{text} (data of {as_of})"),
        None => text.to_owned(),
    };
    match record.source {
        Source::OverpassJson => dated(OSM_ATTRIBUTION),
        Source::Csv => "Table of the operator".to_owned(),
        Source::DemoTown => "Fictional data, made for this demo".to_owned(),
        Source::Gbp => "Google Business Profile, by its owner".to_owned(),
    }
}

/// A line for screens where there is no name: `(node/123, amenity=dentist)`.
fn nameless(record: &Record) -> String {
    let short = record.entity.split_once(':').map_or(record.entity.as_str(), |(_, id)| id);
    format!("({short}, {})", record.main_tag())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::prospect::record::tests::element;

    fn default() -> Place {
        Place { country: "DE".into(), zone: "Europe/Berlin".into(), language: "de".into() }
    }

    #[test]
    fn a_full_entry_is_read_into_every_field() {
        let record = element(
            "osm:node/1",
            &[
                ("amenity", "dentist"),
                ("name", "Zahnzentrum"),
                ("addr:street", "Müllerstraße"),
                ("addr:housenumber", "34a"),
                ("addr:city", "Berlin"),
                ("contact:phone", "030 123456"),
                ("contact:website", "www.zahn.example"),
                ("email", "Info@Zahn.example"),
                ("opening_hours", "Mo-Fr 08:00-18:00; PH off"),
                ("description:de", "Zähne."),
                ("contact:linkedin", "zahn"),
            ],
        );
        let (prospect, facts) = normalise(&record, &default());
        assert_eq!(prospect.category, "dental");
        assert_eq!(prospect.address.as_deref(), Some("Müllerstraße 34a"));
        assert_eq!(prospect.phone.as_deref(), Some("+4930123456"));
        assert_eq!(prospect.email.as_deref(), Some("info@zahn.example"));
        assert_eq!(prospect.website.as_deref(), Some("https://www.zahn.example/"));
        assert_eq!(prospect.attribution, OSM_ATTRIBUTION);
        assert_eq!(facts.special_hours.as_deref(), Some("PH off"));
        assert_eq!(facts.description.as_deref(), Some("Zähne."));
        assert!(is_contactable(&prospect));
    }

    /// The order in which keys are read: of two that are there, the first one holds.
    const KEYS: [(&str, &[&str]); 8] = [
        ("name", &["name", "official_name", "alt_name", "brand"]),
        ("phone", &["phone", "contact:phone", "mobile", "contact:mobile"]),
        ("website", &["website", "contact:website", "url"]),
        ("email", &["email", "contact:email"]),
        ("city", &["addr:city", "addr:town", "addr:suburb", "addr:place"]),
        ("description", &["description", "description:de", "description:en", "description:it"]),
        ("image", &["image", "wikimedia_commons"]),
        ("checked", &["check_date", "survey:date"]),
    ];

    fn value(field: &str, place: usize) -> (String, String) {
        let twice = |text: String| (text.clone(), text);
        match field {
            "phone" => twice(format!("+493012345{place}")),
            "website" => twice(format!("https://w{place}.example/")),
            "email" => twice(format!("a@m{place}.example")),
            "image" if place == 0 => twice("https://a.example/a.jpg".to_owned()),
            "image" => (
                "File:A b.jpg".to_owned(),
                "https://commons.wikimedia.org/wiki/File:A_b.jpg".to_owned(),
            ),
            "checked" => twice(format!("2025-01-0{}", place + 1)),
            _ => twice(format!("value {place}")),
        }
    }

    #[test]
    fn of_several_keys_for_one_field_the_first_that_is_there_holds() {
        for (field, keys) in KEYS {
            for first in 0..keys.len() {
                let values: Vec<_> = (first..keys.len()).map(|n| value(field, n)).collect();
                let tags: Vec<_> =
                    (first..keys.len()).map(|n| (keys[n], values[n - first].0.as_str())).collect();
                let (prospect, facts) = normalise(&element("osm:node/1", &tags), &default());
                let read = match field {
                    "name" => Some(prospect.name),
                    "phone" => prospect.phone,
                    "website" => prospect.website,
                    "email" => prospect.email,
                    "city" => prospect.city,
                    "description" => facts.description,
                    "image" => facts.image,
                    _ => facts.checked_on,
                };
                assert_eq!(read.as_deref(), Some(values[0].1.as_str()), "{field}: {}", keys[first]);
            }
        }
    }

    #[test]
    fn the_postal_line_has_every_part_in_the_order_of_the_country() {
        let tags = [
            ("addr:street", "Main Street"),
            ("addr:housenumber", "5"),
            ("addr:unit", "12"),
            ("addr:city", "Ottawa"),
            ("addr:state", "ON"),
            ("addr:postcode", "K1A 0B1"),
        ];
        let postal = |country: &'static str| {
            let mut tags = tags.to_vec();
            tags.push(("addr:country", country));
            normalise(&element("osm:node/1", &tags), &default()).1.postal.unwrap()
        };
        assert_eq!(postal("CA"), "5 Main Street, Unit 12, Ottawa ON K1A 0B1");
        assert_eq!(postal("DE"), "Main Street 5, Unit 12, K1A 0B1 Ottawa ON");
        let whole = element("osm:node/1", &[("addr:full", "1 A Road, B"), ("addr:city", "B")]);
        assert_eq!(normalise(&whole, &default()).1.postal.as_deref(), Some("1 A Road, B"));
    }

    #[test]
    fn a_page_on_a_platform_is_a_fact_but_not_the_prospects_own_site() {
        let record = element("osm:node/1", &[("website", "facebook.com/zahn")]);
        let (prospect, facts) = normalise(&record, &default());
        assert_eq!(prospect.website, None);
        assert_eq!(facts.website.unwrap().kind, WebsiteKind::Social);
    }

    #[test]
    fn an_entry_without_a_name_is_still_shown_as_something() {
        let (prospect, _) = normalise(&element("osm:way/7", &[("shop", "massage")]), &default());
        assert_eq!(prospect.name, "(way/7, shop=massage)");
    }
}
