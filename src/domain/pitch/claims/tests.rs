use super::*;
use crate::domain::profile::{Facts, Knowable, audit, opportunities};

fn observed(language: &str) -> Vec<Claim> {
    let facts = Facts { category: Some("dental".to_owned()), ..Facts::default() };
    let source = Source::OverpassJson;
    opportunities(&audit(&facts, Knowable::of(source)))
        .iter()
        .map(|opportunity| Claim::of(opportunity, source, language))
        .collect()
}

#[test]
fn an_observation_may_be_said_in_other_words_that_say_where_it_was_looked_for() {
    let observed = observed("en");
    let codes = read("i could not find your opening hours on openstreetmap!", &observed);
    assert_eq!(codes, Ok(vec!["add_regular_hours".to_owned()]));
    assert!(read("i could not find your opening hours.", &observed).is_err());
}

#[test]
fn a_word_that_judges_or_turns_it_round_is_named() {
    let observed = observed("en");
    let odd = read("we found no useful website on openstreetmap.", &observed).unwrap_err();
    assert!(odd.contains("useful"), "{odd}");
    assert!(read("we found the opening hours on openstreetmap.", &observed).is_err());
}

#[test]
fn a_line_counts_only_below_a_head_that_says_where() {
    let observed = observed("de");
    let line = "- keine Öffnungszeiten";
    assert_eq!(stated(line, "de", &observed, true), Some(vec!["add_regular_hours".to_owned()]));
    assert_eq!(stated(line, "de", &observed, false), None);
}
