//! Defines the sixteen kinds of business we serve, and how a map's tags name them.

use serde::{Deserialize, Serialize};

use super::record::{CATEGORY_KEY, Record};
use crate::domain::column::{self, UnknownWord};

/// A kind of business we serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Dentists and orthodontists.
    Dental,
    /// Heating, ventilation and air conditioning.
    Hvac,
    /// Plumbers.
    Plumber,
    /// Electricians.
    Electrician,
    /// Roofers.
    Roofing,
    /// Gardeners and landscapers.
    Landscaping,
    /// Garages and tyre shops.
    AutoRepair,
    /// Chiropractors.
    Chiropractor,
    /// Vets.
    Veterinarian,
    /// Estate agents.
    RealEstate,
    /// Lawyers.
    Attorney,
    /// Accountants and tax advisers.
    Accountant,
    /// Restaurants; cafés and fast food are other amenities.
    Restaurant,
    /// Hairdressers and beauty salons.
    Salon,
    /// Massage, sauna, public baths.
    Spa,
    /// Fitness centres.
    Gym,
}

/// One way in which a map names a category: every pair must be listed.
type Filter = &'static [(&'static str, &'static str)];

/// Filters in the order in which they decide; the narrower ones (a beauty shop that is a spa)
/// stand before the wider ones.
const FILTERS: [(Category, &[Filter]); 16] = [
    (Category::Dental, &[&[("amenity", "dentist")], &[("healthcare", "dentist")]]),
    (Category::Hvac, &[&[("craft", "hvac")], &[("craft", "heating_engineer")]]),
    (Category::Plumber, &[&[("craft", "plumber")], &[("shop", "plumber")]]),
    (Category::Electrician, &[&[("craft", "electrician")]]),
    (Category::Roofing, &[&[("craft", "roofer")]]),
    (Category::Landscaping, &[&[("craft", "gardener")], &[("craft", "landscaper")]]),
    (
        Category::AutoRepair,
        &[
            &[("shop", "car_repair")],
            &[("shop", "tyres")],
            &[("amenity", "car_repair")],
            &[("craft", "car_repair")],
        ],
    ),
    (
        Category::Chiropractor,
        &[
            &[("healthcare", "alternative"), ("healthcare:speciality", "chiropractic")],
            &[("healthcare", "chiropractor")],
        ],
    ),
    (Category::Veterinarian, &[&[("amenity", "veterinary")]]),
    (
        Category::RealEstate,
        &[
            &[("office", "estate_agent")],
            &[("office", "real_estate")],
            &[("shop", "estate_agent")],
            &[("shop", "real_estate")],
            &[("amenity", "real_estate")],
        ],
    ),
    (Category::Attorney, &[&[("office", "lawyer")]]),
    (Category::Accountant, &[&[("office", "accountant")], &[("office", "tax_advisor")]]),
    (Category::Restaurant, &[&[("amenity", "restaurant")]]),
    (
        Category::Spa,
        &[
            &[("shop", "massage")],
            &[("shop", "beauty"), ("beauty", "spa")],
            &[("leisure", "sauna")],
            &[("amenity", "public_bath")],
        ],
    ),
    (Category::Salon, &[&[("shop", "hairdresser")], &[("shop", "beauty")]]),
    (Category::Gym, &[&[("leisure", "fitness_centre")], &[("amenity", "gym")]]),
];

impl Category {
    /// All categories.
    pub const ALL: [Self; 16] = [
        Self::Dental,
        Self::Hvac,
        Self::Plumber,
        Self::Electrician,
        Self::Roofing,
        Self::Landscaping,
        Self::AutoRepair,
        Self::Chiropractor,
        Self::Veterinarian,
        Self::RealEstate,
        Self::Attorney,
        Self::Accountant,
        Self::Restaurant,
        Self::Salon,
        Self::Spa,
        Self::Gym,
    ];

    /// The stored word.
    pub const fn as_column(self) -> &'static str {
        match self {
            Self::Dental => "dental",
            Self::Hvac => "hvac",
            Self::Plumber => "plumber",
            Self::Electrician => "electrician",
            Self::Roofing => "roofing",
            Self::Landscaping => "landscaping",
            Self::AutoRepair => "auto_repair",
            Self::Chiropractor => "chiropractor",
            Self::Veterinarian => "veterinarian",
            Self::RealEstate => "real_estate",
            Self::Attorney => "attorney",
            Self::Accountant => "accountant",
            Self::Restaurant => "restaurant",
            Self::Salon => "salon",
            Self::Spa => "spa",
            Self::Gym => "gym",
        }
    }

    /// Reads the stored word.
    pub fn from_column(word: &str) -> Result<Self, UnknownWord> {
        column::parse("category", word, &Self::ALL, Self::as_column)
    }

    /// What such a business is called in a sentence, in English or German.
    pub const fn noun(self, german: bool) -> &'static str {
        match (self, german) {
            (Self::Dental, false) => "dental practice",
            (Self::Dental, true) => "Zahnarztpraxis",
            (Self::Hvac, false) => "heating and cooling firm",
            (Self::Hvac, true) => "Heizungs- und Klimafirma",
            (Self::Plumber, false) => "plumber",
            (Self::Plumber, true) => "Installateurbetrieb",
            (Self::Electrician, false) => "electrician",
            (Self::Electrician, true) => "Elektrobetrieb",
            (Self::Roofing, false) => "roofing firm",
            (Self::Roofing, true) => "Dachdeckerbetrieb",
            (Self::Landscaping, false) => "landscaping firm",
            (Self::Landscaping, true) => "Gartenbaubetrieb",
            (Self::AutoRepair, false) => "garage",
            (Self::AutoRepair, true) => "Autowerkstatt",
            (Self::Chiropractor, false) => "chiropractic practice",
            (Self::Chiropractor, true) => "Chiropraktik-Praxis",
            (Self::Veterinarian, false) => "veterinary practice",
            (Self::Veterinarian, true) => "Tierarztpraxis",
            (Self::RealEstate, false) => "estate agency",
            (Self::RealEstate, true) => "Immobilienbüro",
            (Self::Attorney, false) => "law office",
            (Self::Attorney, true) => "Kanzlei",
            (Self::Accountant, false) => "accountancy",
            (Self::Accountant, true) => "Steuerkanzlei",
            (Self::Restaurant, _) => "restaurant",
            (Self::Salon, _) => "salon",
            (Self::Spa, _) => "spa",
            (Self::Gym, false) => "gym",
            (Self::Gym, true) => "Fitnessstudio",
        }
    }

    /// Returns the category that a record's tags name, if it is one we serve.
    pub fn of(record: &Record) -> Option<Self> {
        if let Some(word) = record.tags.get(CATEGORY_KEY) {
            return Self::of_word(word);
        }
        FILTERS
            .iter()
            .find(|(_, filters)| {
                filters.iter().any(|pairs| pairs.iter().all(|(k, v)| record.lists(k, v)))
            })
            .map(|(category, _)| *category)
    }

    /// Reads a cell of a table: our own word in any case, or one tag of the map.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let word = word.to_lowercase();
        if let Some((key, value)) = word.split_once('=') {
            return FILTERS
                .iter()
                .find(|(_, filters)| filters.iter().any(|pairs| *pairs == [(key, value)]))
                .map(|(category, _)| *category);
        }
        Self::from_column(&word.replace([' ', '-'], "_")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::prospect::record::tests::element;

    fn of(tags: &[(&str, &str)]) -> Option<Category> {
        Category::of(&element("osm:node/1", tags))
    }

    #[test]
    fn each_category_is_found_by_each_of_its_filters() {
        for (category, filters) in FILTERS {
            for filter in filters {
                assert_eq!(of(filter), Some(category), "{filter:?}");
            }
        }
    }

    #[test]
    fn a_beauty_shop_is_a_salon_unless_it_says_it_is_a_spa() {
        assert_eq!(of(&[("shop", "beauty"), ("beauty", "nails")]), Some(Category::Salon));
        assert_eq!(of(&[("shop", "beauty"), ("beauty", "nails;spa")]), Some(Category::Spa));
    }

    #[test]
    fn look_alikes_are_not_served() {
        assert_eq!(of(&[("shop", "electronics")]), None);
        assert_eq!(of(&[("amenity", "cafe")]), None);
        assert_eq!(of(&[("healthcare", "alternative")]), None);
    }

    #[test]
    fn a_table_may_use_our_word_or_the_tag_of_the_map() {
        assert_eq!(of(&[("category", "Auto Repair")]), Some(Category::AutoRepair));
        assert_eq!(of(&[("category", "amenity=dentist")]), Some(Category::Dental));
        assert_eq!(of(&[("category", "bakery")]), None);
    }
}
