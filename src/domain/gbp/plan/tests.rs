use proptest::prelude::*;

use super::*;
use crate::domain::onboarding::tests::client;

fn full() -> Intake {
    Intake {
        address: Some("1 Quay".to_owned()),
        phone: Some("+12075550100".to_owned()),
        website: Some("https://bright-smiles.example".to_owned()),
        regular_hours: Some("Mo-Fr 09:00-17:00".to_owned()),
        special_hours: Some("PH off".to_owned()),
        description: Some("A practice by the harbour.".to_owned()),
        services: ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec(),
        photos: Some(12),
        booking_link: Some("https://bright-smiles.example/book".to_owned()),
        ..Intake::default()
    }
}

fn score(facts: &Facts) -> f64 {
    audit(facts, Knowable::of(Source::Gbp)).score.unwrap()
}

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 1, 20);

fn planned(facts: &Facts, intake: &Intake) -> Vec<Gap> {
    let client = client("dental", "en");
    let gaps = assess(facts, intake, &client, TODAY);
    assert_eq!(gaps.len(), Signal::ALL.len(), "every signal has a line");
    gaps.into_iter().filter(|gap| gap.standing == Standing::Planned).collect()
}

fn standing(intake: &Intake, signal: Signal) -> Standing {
    let gaps = assess(&Facts::default(), intake, &client("dental", "en"), TODAY);
    gaps.into_iter().find(|gap| gap.field == Field::Scored(signal)).unwrap().standing
}

#[test]
fn an_empty_profile_is_planned_whole_and_the_most_valuable_field_comes_first() {
    let planned = planned(&Facts::default(), &full());
    assert_eq!(planned[0].field, Field::Scored(Signal::Photos));
    assert_eq!(planned.len(), 10);
    assert!(planned.iter().all(|gap| gap.before.is_none() && gap.by == "machine"));
    assert!(planned.iter().all(|gap| gap.field.as_column() != "title"));
}

#[test]
fn what_nobody_said_is_not_invented_and_says_who_can_send_it() {
    let signals: Vec<_> =
        planned(&Facts::default(), &Intake::default()).iter().map(|gap| gap.field).collect();
    assert_eq!(signals, [Signal::Category, Signal::Phone].map(Field::Scored));
    for gap in assess(&Facts::default(), &Intake::default(), &client("dental", "en"), TODAY) {
        match gap.standing {
            Standing::NotGiven => assert_eq!(gap.by, "client", "{gap:?}"),
            Standing::Elsewhere => assert!(!gap.remedy.contains("send"), "{gap:?}"),
            Standing::Planned | Standing::Complete | Standing::Invalid(_) => {}
        }
    }
}

#[test]
fn a_value_that_a_profile_cannot_take_is_named_and_not_cut() {
    let description = |n| Intake { description: Some("x".repeat(n)), ..Intake::default() };
    assert_eq!(standing(&description(750), Signal::Description), Standing::Planned);
    let too_long = standing(&description(751), Signal::Description);
    assert!(matches!(&too_long, Standing::Invalid(why) if why.contains("751")), "{too_long:?}");
    let bad = Intake {
        phone: Some("call us".to_owned()),
        website: Some("not a site".to_owned()),
        regular_hours: Some("9 to 5".to_owned()),
        special_hours: Some("2025-12-25 off".to_owned()),
        ..Intake::default()
    };
    for signal in [Signal::Phone, Signal::Website, Signal::RegularHours, Signal::SpecialHours] {
        assert!(matches!(standing(&bad, signal), Standing::Invalid(_)), "{signal:?}");
    }
}

#[test]
fn holiday_rules_are_written_for_certain_dates_and_what_is_left_out_is_named() {
    let special = |intake: &Intake, zone: &str| {
        let mut client = client("dental", "en");
        zone.clone_into(&mut client.zone);
        let gaps = assess(&Facts::default(), intake, &client, TODAY);
        gaps.into_iter().find(|gap| gap.field == Field::Scored(Signal::SpecialHours)).unwrap()
    };
    let week =
        Intake { regular_hours: Some("Mo-Fr 9:00-17:00; PH off".to_owned()), ..Intake::default() };
    let here = special(&week, "America/New_York");
    assert_eq!(here.wanted.as_deref(), Some("2026-12-25 off; 2027-01-01 off"));
    assert!(here.left_out.unwrap().contains("not certain"), "the others are named");
    let elsewhere = special(&week, "Asia/Tokyo");
    assert!(matches!(&elsewhere.standing, Standing::Invalid(why) if why.contains("PH off")));
    let dated = Intake { special_hours: Some("2026-07-04 off".to_owned()), ..Intake::default() };
    let dated = special(&dated, "Asia/Tokyo");
    assert_eq!((dated.standing, dated.left_out), (Standing::Planned, None));
}

#[test]
fn further_numbers_and_categories_are_written_beside_what_is_there() {
    let facts = Facts {
        category: Some("dental".to_owned()),
        phone: Some("+12075550100".to_owned()),
        additional_categories: vec!["orthodontist".to_owned()],
        ..Facts::default()
    };
    let intake = Intake {
        additional_categories: vec!["Dental".to_owned(), "oral surgeon".to_owned()],
        additional_phones: vec!["+1 207 555 0101".to_owned(), "+12075550100".to_owned()],
        ..Intake::default()
    };
    let gaps = assess(&facts, &intake, &client("dental", "en"), TODAY);
    let [categories, phones] = &gaps[Signal::ALL.len()..] else { panic!("{gaps:?}") };
    assert_eq!(categories.field, Field::Extra(Extra::Categories));
    assert_eq!(categories.before.as_deref(), Some("orthodontist"));
    assert_eq!(categories.wanted.as_deref(), Some("orthodontist; oral surgeon"));
    assert_eq!(phones.wanted.as_deref(), Some("+12075550101"), "the first one is no further one");
    for gap in [categories, phones] {
        assert_eq!((&gap.standing, gap.points()), (&Standing::Planned, 0.0));
        let after = gap.wanted.as_deref().unwrap();
        let written = apply(facts.clone(), gap.field, after);
        assert!(is_visible(&written, gap.field, after));
        assert!((score(&written) - score(&facts)).abs() < f64::EPSILON, "a list earns no points");
    }
}

#[test]
fn a_list_that_does_not_fit_is_named_and_one_that_nobody_has_is_no_line() {
    let intake = Intake {
        additional_phones: vec!["call us".to_owned()],
        additional_categories: (0..10).map(|n| format!("category {n}")).collect(),
        ..Intake::default()
    };
    let gaps = assess(&Facts::default(), &intake, &client("dental", "en"), TODAY);
    let why = |gap: &Gap| {
        let Standing::Invalid(why) = &gap.standing else { panic!("{:?}", gap.standing) };
        why.clone()
    };
    assert!(why(&gaps[Signal::ALL.len()]).contains("10"));
    assert!(why(&gaps[Signal::ALL.len() + 1]).contains("call us"));
}

#[test]
fn what_is_there_already_is_left_alone() {
    let done =
        planned(&Facts::default(), &full()).into_iter().fold(Facts::default(), |facts, gap| {
            apply(facts, gap.field, gap.wanted.as_deref().unwrap())
        });
    assert_eq!(planned(&done, &full()), []);
}

proptest! {
    #[test]
    fn every_edit_that_becomes_visible_raises_the_score_and_none_lowers_it(
        phone: bool, photos in proptest::option::of(0_u32..20), visible in 0_usize..11
    ) {
        let mut facts = Facts {
            phone: phone.then(|| "+12075550199".to_owned()), photos, ..Facts::default()
        };
        let before = score(&facts);
        for (done, gap) in planned(&facts, &full()).iter().take(visible).enumerate() {
            let last = score(&facts);
            let after = gap.wanted.as_deref().unwrap();
            facts = apply(facts, gap.field, after);
            prop_assert!(is_visible(&facts, gap.field, after), "{done}: {gap:?}");
            prop_assert!(score(&facts) >= last, "{gap:?}");
        }
        prop_assert!(score(&facts) >= before);
    }
}
