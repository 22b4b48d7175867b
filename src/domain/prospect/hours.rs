//! Defines how opening hours are read: lightly. The notation is kept as its source wrote it; only
//! what the audit asks is found out.

/// What the audit needs to know of opening hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hours {
    /// The notation with its white space in order.
    pub regular: String,
    /// What is said about public holidays, if anything.
    pub special: Option<String>,
}

/// Reads the value of `opening_hours`; text in which no time stands is no opening hours.
pub(super) fn read(raw: &str) -> Option<Hours> {
    let regular = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    let always = regular == "24/7";
    if !always && !has_time(&regular) {
        return None;
    }
    // "24/7" has no exceptions, so it answers for holidays too.
    let special = if always {
        Some(regular.clone())
    } else {
        let rules: Vec<&str> =
            regular.split(';').map(str::trim).filter(|rule| names_holidays(rule)).collect();
        (!rules.is_empty()).then(|| rules.join("; "))
    };
    Some(Hours { regular, special })
}

/// Whether a clock time or an event of the day stands in the text.
fn has_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let clock = bytes.windows(4).any(|w| {
        w[0].is_ascii_digit() && w[1] == b':' && w[2].is_ascii_digit() && w[3].is_ascii_digit()
    });
    let whole_hours = bytes.windows(5).any(|w| {
        w[0].is_ascii_digit()
            && w[1].is_ascii_digit()
            && w[2] == b'-'
            && w[3].is_ascii_digit()
            && w[4].is_ascii_digit()
    });
    clock || whole_hours || text.contains("sunrise") || text.contains("sunset")
}

fn names_holidays(rule: &str) -> bool {
    rule.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "PH")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::test_data;

    #[test]
    fn holiday_rules_are_found_and_the_notation_is_kept() {
        let hours = read(" Mo-Fr  09:00-17:00;\tPH,Su off ").unwrap();
        assert_eq!(hours.regular, "Mo-Fr 09:00-17:00; PH,Su off");
        assert_eq!(hours.special.as_deref(), Some("PH,Su off"));
        assert_eq!(read("Mo-Fr 09:00-17:00").unwrap().special, None);
    }

    #[test]
    fn always_open_answers_for_holidays_too() {
        assert_eq!(read("24/7").unwrap().special.as_deref(), Some("24/7"));
    }

    #[test]
    fn text_without_a_time_is_no_opening_hours() {
        for raw in ["", "by appointment", "\"call us\"", "Mo-Fr", "yes"] {
            assert_eq!(read(raw), None, "{raw:?}");
        }
    }

    #[test]
    fn hours_of_real_maps_that_a_full_parser_reads_are_nearly_all_read_here() {
        let Some(text) = test_data::read("contact-strings/opening_hours.json") else { return };
        let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        let parsed: Vec<_> = rows
            .iter()
            .filter(|r| r["parses"] == true)
            .filter_map(|r| r["value"].as_str())
            .collect();
        let missed = parsed.iter().filter(|raw| read(raw).is_none()).count();
        // What is missed says "by appointment" and the like.
        assert!(missed * 50 <= parsed.len(), "{missed} of {} missed", parsed.len());
    }
}
