//! Defines where a business is: country, time zone and the language to write in.
//!
//! Quiet hours are kept in the business's own zone, so a wrong zone means a message at night. What
//! the source says goes first, then an unambiguous calling code, then a rough box of the regions
//! we have data for, and last the operator's default.

use serde::{Deserialize, Serialize};

use super::record::Record;
use crate::domain::contact::phone;

/// Country, zone and language; also the operator's default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// IANA time zone.
    pub zone: String,
    /// `en` or `de`.
    pub language: String,
}

/// A rough box: south, west, north, east, and the country taken to fill it.
const BOXES: [(f64, f64, f64, f64, &str); 9] = [
    (43.72, 7.39, 43.76, 7.45, "MC"),
    (47.04, 9.47, 47.28, 9.64, "LI"),
    (46.3, 9.64, 49.1, 17.2, "AT"),
    (45.8, 5.9, 47.6, 9.64, "CH"),
    (47.3, 5.9, 55.1, 15.1, "DE"),
    (42.3, -4.9, 51.1, 8.3, "FR"),
    (49.8, -8.7, 60.9, 1.8, "GB"),
    (44.8, -77.5, 46.6, -74.5, "CA"),
    (24.5, -125.0, 49.0, -66.9, "US"),
];

/// Berlin and the other German towns south of 49.1° and east of 9.64° would fall into the Austrian
/// box; Bavaria north of this line is taken as German.
const BAVARIA_SOUTH: f64 = 47.8;

/// Returns the place of a record. The phone number, when it has a calling code, is read before this
/// is known; `e164` is that number.
pub(super) fn place(record: &Record, e164: Option<&str>, default: &Place) -> Place {
    let named = country_tag(record)
        .or_else(|| e164.and_then(phone::country_of).map(str::to_owned))
        .or_else(|| boxed(record.lat, record.lon).map(str::to_owned));
    match named {
        None => default.clone(),
        Some(country) if country == default.country => default.clone(),
        Some(country) => known(&country, record.lon).unwrap_or_else(|| Place {
            country,
            zone: default.zone.clone(),
            language: default.language.clone(),
        }),
    }
}

/// Returns the country in whose form a number without calling code is meant.
pub(super) fn dialling_country(record: &Record, default: &Place) -> String {
    country_tag(record)
        .or_else(|| boxed(record.lat, record.lon).map(str::to_owned))
        .unwrap_or_else(|| default.country.clone())
}

fn country_tag(record: &Record) -> Option<String> {
    let code = record.tags.get("addr:country")?.to_ascii_uppercase();
    (code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())).then_some(code)
}

fn boxed(lat: Option<f64>, lon: Option<f64>) -> Option<&'static str> {
    let (lat, lon) = (lat?, lon?);
    if lat > BAVARIA_SOUTH && (9.64..=13.1).contains(&lon) && lat < 55.1 {
        return Some("DE");
    }
    BOXES
        .iter()
        .find(|(south, west, north, east, _)| {
            (*south..=*north).contains(&lat) && (*west..=*east).contains(&lon)
        })
        .map(|(.., country)| *country)
}

/// Returns zone and language of the countries we know; the United States by longitude.
fn known(country: &str, lon: Option<f64>) -> Option<Place> {
    let (zone, language) = match country {
        "DE" => ("Europe/Berlin", "de"),
        "AT" => ("Europe/Vienna", "de"),
        "CH" => ("Europe/Zurich", "de"),
        "LI" => ("Europe/Vaduz", "de"),
        "MC" => ("Europe/Monaco", "en"),
        "FR" => ("Europe/Paris", "en"),
        "IT" => ("Europe/Rome", "en"),
        "GB" => ("Europe/London", "en"),
        "CA" => ("America/Toronto", "en"),
        "US" => match lon {
            Some(lon) if lon < -115.0 => ("America/Los_Angeles", "en"),
            Some(lon) if lon < -101.0 => ("America/Denver", "en"),
            Some(lon) if lon < -85.0 => ("America/Chicago", "en"),
            _ => ("America/New_York", "en"),
        },
        _ => return None,
    };
    Some(Place {
        country: country.to_owned(),
        zone: zone.to_owned(),
        language: language.to_owned(),
    })
}

#[cfg(test)]
mod tests;
