use proptest::prelude::*;

use super::*;

fn spans(text: &str) -> Vec<(u8, u16, u16)> {
    week(text).unwrap().into_iter().map(|one| (one.day, one.from, one.to)).collect()
}

#[test]
fn a_day_may_be_split_end_at_midnight_or_run_over_it() {
    assert_eq!(spans("Mo 09:00-12:00,13:00-17:00"), [(0, 540, 720), (0, 780, 1020)]);
    assert_eq!(spans("Sa 18:00-24:00"), [(5, 1080, 1440)]);
    assert_eq!(spans("Su 22:00-02:00"), [(6, 1320, 1560)]);
    assert_eq!(spans("24/7").len(), 7);
    assert_eq!(spans("Mo-Fr 09:00-17:00; We off").len(), 4);
    assert_eq!(spans("Sa-Mo 10:00-12:00").len(), 3, "over the end of the week");
}

#[test]
fn what_is_no_week_is_named() {
    for (text, why) in [
        ("Mo 9-17", "no time"),
        ("Mo 09:00-25:00", "no time"),
        ("Mon 09:00-17:00", "no day"),
        ("Mo 09:00-13:00,12:00-17:00", "overlap"),
        ("Mo 22:00-10:00; Tu 09:00-12:00", "overlap"),
        ("Su 20:00-09:00; Mo 08:00-12:00", "overlap"),
        ("Mo-Su off", "no day is open"),
        ("", "no day is open"),
    ] {
        let error = week(text).unwrap_err();
        assert!(error.contains(why), "{text:?}: {error}");
    }
}

#[test]
fn holidays_that_have_passed_are_left_out_and_nothing_is_added() {
    let today = jiff::civil::date(2026, 12, 25);
    assert_eq!(special("PH off", today).unwrap(), "PH off");
    let kept = special("2026-12-24 10:00-14:00; 2026-12-25 off; 2027-01-01 off", today);
    assert_eq!(kept.unwrap(), "2026-12-25 off; 2027-01-01 off");
    assert!(special("2026-12-24 off", today).unwrap_err().contains("passed"));
    assert!(special("Christmas off", today).unwrap_err().contains("no date"));
    assert!(special("2026-12-26 9-12", today).unwrap_err().contains("no time"));
}

proptest! {
    #[test]
    fn reading_a_week_never_panics_and_what_is_read_lies_in_a_week(text in "[MoTuWe0-9:;, \\-]{0,40}") {
        for one in week(&text).unwrap_or_default() {
            prop_assert!(one.day < 7 && one.from < 1_440 && one.from < one.to && one.to < 2_880);
        }
    }
}
