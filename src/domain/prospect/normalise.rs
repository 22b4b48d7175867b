//! Defines how a raw record becomes a prospect and the facts that its profile is judged by.

use super::category::Category;
use super::place::{self, Place};
use super::record::Record;
use crate::domain::contact::website::WebsiteKind;
use crate::domain::contact::{email, opening_hours, phone, website};
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
    let facts = Facts {
        category: Some(category.clone()),
        address: address.clone(),
        phone: number.clone(),
        website: site.clone(),
        regular_hours: hours.as_ref().and_then(|hours| hours.regular.clone()),
        hours_form: hours.as_ref().map(|hours| hours.form),
        special_hours: hours.and_then(|hours| hours.special),
        description: description(record, &place.language),
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
        linkedin: record.first(&["contact:linkedin", "linkedin"]).and_then(website::linkedin),
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

fn description(record: &Record, language: &str) -> Option<String> {
    record
        .first(&["description", &format!("description:{language}"), "description:en"])
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
