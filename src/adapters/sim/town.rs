//! Defines the fictional town of the demo, Marlow Ferry, and as many districts of it as are asked
//! for.
//!
//! The town is written in `config/demo/town.json` in the form of a map extract, with everything a
//! real one has: twins, chains, closed places, missing tags, `;` lists, elements without tags. Its
//! numbers lie in the ranges that Ofcom keeps free for drama, its addresses under `.example`, its
//! streets in the sea. Further districts repeat it with names, streets and numbers of their own;
//! nothing is drawn, so every reading of one size is the same text.

use serde_json::{Map, Value, json};

/// The old town: the first district.
const OLD_TOWN: &str = include_str!("../../../config/demo/town.json");

/// Qualified and reachable businesses in each district; a test counts them.
pub const PROSPECTS_PER_DISTRICT: u32 = 238;

/// Phone numbers used in one district, rounded up.
const NUMBERS_PER_DISTRICT: usize = 320;

/// Numbers in one range for drama: three free digits.
const NUMBERS_PER_RANGE: usize = 1_000;

/// Ranges that Ofcom keeps free for drama, without the leading zero and the last three digits.
const DRAMA_RANGES: [&str; 18] = [
    "1632 960",
    "20 7946 0",
    "113 496 0",
    "114 496 0",
    "115 496 0",
    "116 496 0",
    "117 496 0",
    "118 496 0",
    "121 496 0",
    "131 496 0",
    "141 496 0",
    "151 496 0",
    "161 496 0",
    "191 498 0",
    "29 2018 0",
    "28 9649 6",
    "3069 990",
    "7700 900",
];

/// More districts would need more numbers than there are for drama.
const DISTRICTS_MAX: usize = DRAMA_RANGES.len() * NUMBERS_PER_RANGE / NUMBERS_PER_DISTRICT;

/// Names of the further districts; a number follows when they are used up.
const DISTRICTS: [&str; 8] = [
    "Eastmarsh",
    "Gullhaven",
    "Netherfield",
    "Saltings",
    "Upper Quay",
    "Westering",
    "Fenwick Rise",
    "Longshore",
];

/// Returns the town with at least `wanted` qualified, reachable businesses, as far as there are
/// phone numbers for them, in the form of an Overpass answer.
pub fn answer(wanted: Option<u32>) -> String {
    let wanted = wanted.unwrap_or(PROSPECTS_PER_DISTRICT);
    let districts = wanted.div_ceil(PROSPECTS_PER_DISTRICT).max(1) as usize;
    if districts == 1 {
        return OLD_TOWN.to_owned();
    }
    // The embedded text is checked by a test; were it broken, the reader would refuse it as text.
    let Ok(mut town) = serde_json::from_str::<Value>(OLD_TOWN) else { return OLD_TOWN.to_owned() };
    if let Some(elements) = town.get_mut("elements").and_then(Value::as_array_mut) {
        let old_town = elements.clone();
        for number in 1..districts.min(DISTRICTS_MAX) {
            let district = District::new(number);
            elements.extend(old_town.iter().map(|element| district.element(element)));
        }
    }
    town.to_string()
}

/// A further district.
struct District {
    number: usize,
    name: String,
}

impl District {
    fn new(number: usize) -> Self {
        let name = DISTRICTS[(number - 1) % DISTRICTS.len()];
        let round = (number - 1) / DISTRICTS.len();
        let name = if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) };
        Self { number, name }
    }

    /// Repeats an element of the old town here.
    fn element(&self, element: &Value) -> Value {
        let mut here = element.clone();
        here["id"] = json!(element["id"].as_u64().unwrap_or(0) + self.number as u64 * 100_000);
        let place = if here.get("center").is_some() { &mut here["center"] } else { &mut here };
        #[expect(clippy::cast_precision_loss, reason = "a few dozen districts")]
        let (north, east) = ((self.number % 8) as f64 * 0.05, (self.number / 8) as f64 * 0.08);
        for (axis, shift) in [("lat", north), ("lon", east)] {
            place[axis] = json!(place[axis].as_f64().unwrap_or(0.0) + shift);
        }
        if let Some(tags) = here.get_mut("tags").and_then(Value::as_object_mut) {
            self.retag(tags);
        }
        here
    }

    /// Gives names, streets, numbers and addresses of this district to an element's tags.
    fn retag(&self, tags: &mut Map<String, Value>) {
        for (key, value) in &mut *tags {
            let Some(old) = value.as_str() else { continue };
            let new = match key.as_str() {
                "name" => format!("{old} of {}", self.name),
                "addr:street" => format!("{} {old}", self.name),
                "phone" | "contact:phone" => self.phones(old),
                "contact:linkedin" => format!("{old}-d{}", self.number),
                "website" | "contact:website" | "email" | "contact:email" => old
                    .replace(".example", &format!("-d{}.example", self.number))
                    .replace("ferry.demo.", &format!("ferry.demo.d{}.", self.number)),
                _ => continue,
            };
            *value = Value::String(new);
        }
        if tags.contains_key("addr:city") {
            tags.insert("addr:suburb".to_owned(), Value::String(self.name.clone()));
        }
    }

    /// Moves each number of the list to this district's share of the ranges for drama.
    fn phones(&self, list: &str) -> String {
        let first_range = DRAMA_RANGES[0];
        let list = list.replace("1632-960", first_range);
        let mut parts = list.split(first_range);
        let mut moved = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (last_digits, rest) = part.split_at(3.min(part.len()));
            let number = last_digits.parse::<usize>().unwrap_or(0);
            let number = number + self.number * NUMBERS_PER_DISTRICT;
            let range = DRAMA_RANGES[number / NUMBERS_PER_RANGE % DRAMA_RANGES.len()];
            let last_digits = format!("{:03}", number % NUMBERS_PER_RANGE);
            moved.extend([range, &last_digits, rest]);
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::domain::prospect::source::{self, DEMO_TOWN};
    use crate::domain::prospect::{Assessment, Category, ColumnMap, Place, Survey, assess, survey};
    use crate::domain::sales::Stage;

    fn place() -> Place {
        Place { country: "US".into(), zone: "America/New_York".into(), language: "en".into() }
    }

    fn surveyed(wanted: u32, limit: Option<u32>) -> Survey {
        let records =
            source::read(DEMO_TOWN, &answer(Some(wanted)), &ColumnMap::default()).unwrap().records;
        survey(records, &place(), 75.0, limit)
    }

    fn assessed(survey: &Survey) -> Vec<Assessment> {
        survey
            .taken
            .iter()
            .map(|found| assess(&found.record, found.twin.as_ref(), &place()))
            .collect()
    }

    #[test]
    fn the_old_town_has_every_category_and_every_reason_to_be_left_out() {
        let survey = surveyed(1, None);
        assert!(survey.n_listed >= 320);
        assert_eq!(survey.n_prospects, PROSPECTS_PER_DISTRICT as usize);
        let town = assessed(&survey);
        let served: BTreeSet<_> = town
            .iter()
            .filter(|found| found.prospect.stage == Stage::Qualified)
            .map(|found| found.prospect.category.clone())
            .collect();
        assert_eq!(served, Category::ALL.map(|c| c.as_column().to_owned()).into());
        let mut reasons = BTreeMap::new();
        for reason in town.iter().filter_map(|found| found.prospect.reason.as_deref()) {
            let words: Vec<&str> = reason.split([':', '(']).collect();
            let kind =
                if reason.starts_with("duplicate") { words[words.len() - 1] } else { words[0] };
            *reasons.entry(kind.trim()).or_insert(0) += 1;
        }
        for reason in [
            "no tags",
            "closed",
            "category not served",
            "chain",
            "no name",
            "same phone",
            "same name nearby",
            "the listing is complete enough",
        ] {
            assert!(reasons.contains_key(reason), "{reason} in {reasons:?}");
        }
    }

    #[test]
    fn forty_prospects_show_all_of_it_and_three_quarters_of_them_have_an_address() {
        let survey = surveyed(40, Some(40));
        let town = assessed(&survey);
        let prospects: Vec<_> =
            town.iter().filter(|found| found.prospect.stage == Stage::Qualified).collect();
        let categories: BTreeSet<_> = prospects.iter().map(|f| &f.prospect.category).collect();
        assert_eq!((survey.n_prospects, categories.len()), (40, 16));
        let with_email = prospects.iter().filter(|f| f.prospect.email.is_some()).count();
        assert!((26..=36).contains(&with_email), "{with_email} of 40");
        assert!(survey.n_left_for_later > 300);
    }

    #[test]
    fn nobody_real_can_be_reached() {
        for found in assessed(&surveyed(2_000, None)) {
            let prospect = &found.prospect;
            assert_eq!(prospect.country.as_deref(), Some("GB"), "{}", prospect.entity);
            assert_eq!(prospect.zone, "Europe/London");
            assert!(prospect.entity.starts_with("demo:"));
            assert!(prospect.email.as_ref().is_none_or(|email| email.ends_with(".example")));
            if let Some(phone) = &prospect.phone {
                let national = &phone[3..phone.len() - 3];
                let free = DRAMA_RANGES.map(|range| range.replace(' ', ""));
                assert!(free.iter().any(|range| range == national), "{phone}");
            }
        }
    }

    #[test]
    fn a_larger_town_is_made_of_districts_that_share_nobody() {
        let (old, large) = (surveyed(1, None), surveyed(5_000, Some(5_000)));
        assert_eq!(large.n_prospects, 5_000);
        let twins = |survey: &Survey| survey.taken.iter().filter(|f| f.twin.is_some()).count();
        let districts = 5_000_usize.div_ceil(PROSPECTS_PER_DISTRICT as usize);
        assert!(twins(&large) <= twins(&old) * districts);
        let whole = surveyed(u32::MAX, None);
        assert_eq!(twins(&whole), twins(&old) * DISTRICTS_MAX);
        assert_eq!(whole.n_prospects, PROSPECTS_PER_DISTRICT as usize * DISTRICTS_MAX);
    }

    #[test]
    fn the_first_district_does_not_depend_on_how_many_there_are() {
        let (small, large) = (surveyed(1, None), surveyed(1_000, None));
        assert_eq!(small.taken[..], large.taken[..small.taken.len()]);
    }
}
