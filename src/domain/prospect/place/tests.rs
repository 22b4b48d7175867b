use jiff::tz::TimeZone;

use super::*;
use crate::domain::prospect::record::tests::element;

fn default() -> Place {
    Place { country: "GB".into(), zone: "Europe/London".into(), language: "en".into() }
}

fn at(lat: f64, lon: f64) -> String {
    let mut record = element("osm:node/1", &[]);
    (record.lat, record.lon) = (Some(lat), Some(lon));
    place(&record, None, &default()).country
}

#[test]
fn what_the_source_says_goes_before_number_and_position() {
    let record = element("osm:node/1", &[("addr:country", "ch")]);
    assert_eq!(place(&record, Some("+4232600000"), &default()).country, "CH");
    let record = element("osm:node/1", &[]);
    let found = place(&record, Some("+4232600000"), &default());
    assert_eq!((found.country.as_str(), found.zone.as_str()), ("LI", "Europe/Vaduz"));
}

#[test]
fn the_towns_we_have_data_for_lie_in_their_countries() {
    assert_eq!(at(52.52, 13.40), "DE");
    assert_eq!(at(47.14, 9.52), "LI");
    assert_eq!(at(43.738, 7.424), "MC");
    assert_eq!(at(45.42, -75.69), "CA");
    assert_eq!(at(48.21, 16.37), "AT");
    assert_eq!(at(-33.9, 18.4), "GB", "the default");
}

#[test]
fn every_zone_in_the_table_is_known_to_the_calendar() {
    for country in ["DE", "AT", "CH", "LI", "MC", "FR", "IT", "GB", "CA", "US"] {
        for lon in [None, Some(-120.0), Some(-110.0), Some(-90.0)] {
            let place = known(country, lon).unwrap();
            assert!(TimeZone::get(&place.zone).is_ok(), "{}", place.zone);
        }
    }
}
