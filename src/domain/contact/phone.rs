//! Defines how a phone number is read: E.164, by the numbering plans of the countries we work in.
//!
//! A full plan of the world is a library of its own. This is a small table of the plans that occur
//! in our sources; a number outside it is "not understood" and the prospect has no phone channel,
//! which is safer than calling a stranger.

/// The numbering plan of one country, as far as it tells possible numbers from impossible ones.
struct Plan {
    /// Calling code without `+`.
    code: &'static str,
    /// What a national number starts with, before it is dropped; empty where there is none.
    trunk: &'static str,
    /// Fewest and most digits after the calling code.
    digits: (usize, usize),
    /// Whether a number may be written without trunk prefix and without calling code.
    bare: bool,
}

/// Germany: area codes of 2 to 5 digits; direct lines of large offices make numbers long.
const DE: Plan = Plan { code: "49", trunk: "0", digits: (6, 13), bare: false };
/// Canada and the United States.
const NANP: Plan = Plan { code: "1", trunk: "1", digits: (10, 10), bare: true };
/// Liechtenstein.
const LI: Plan = Plan { code: "423", trunk: "", digits: (7, 7), bare: true };
/// Switzerland.
const CH: Plan = Plan { code: "41", trunk: "0", digits: (9, 9), bare: false };
/// Austria.
const AT: Plan = Plan { code: "43", trunk: "0", digits: (6, 13), bare: false };
/// Monaco; nine digits are mobile numbers.
const MC: Plan = Plan { code: "377", trunk: "", digits: (8, 9), bare: true };
/// France.
const FR: Plan = Plan { code: "33", trunk: "0", digits: (9, 9), bare: false };
/// The United Kingdom.
const GB: Plan = Plan { code: "44", trunk: "0", digits: (9, 10), bare: false };
/// Italy keeps its leading zero.
const IT: Plan = Plan { code: "39", trunk: "", digits: (6, 11), bare: false };

/// All plans; no code is a prefix of another.
const PLANS: [&Plan; 9] = [&DE, &NANP, &LI, &CH, &AT, &MC, &FR, &GB, &IT];

/// Returns the plan of a country, if we have it.
fn plan_of(country: &str) -> Option<&'static Plan> {
    Some(match country {
        "DE" => &DE,
        "CA" | "US" => &NANP,
        "LI" => &LI,
        "CH" => &CH,
        "AT" => &AT,
        "MC" => &MC,
        "FR" => &FR,
        "GB" => &GB,
        "IT" => &IT,
        _ => return None,
    })
}

/// Returns the first number of a `;` or `,` list that can be understood, as E.164. `country` (ISO
/// 3166-1 alpha-2) says how a number without calling code is meant.
pub fn first_phone(raw: &str, country: &str) -> Option<String> {
    raw.split([';', ',']).find_map(|part| one(part, country))
}

/// Returns the country that the calling code of an E.164 number names, if it names exactly one.
pub fn country_of(e164: &str) -> Option<&'static str> {
    let digits = e164.strip_prefix('+')?;
    [
        ("423", "LI"),
        ("377", "MC"),
        ("49", "DE"),
        ("41", "CH"),
        ("43", "AT"),
        ("33", "FR"),
        ("44", "GB"),
        ("39", "IT"),
    ]
    .into_iter()
    .find(|(code, _)| digits.starts_with(code))
    .map(|(_, country)| country)
}

fn one(raw: &str, country: &str) -> Option<String> {
    let text = without_extension(raw.trim());
    // "+44 (0)20": the zero in brackets is for callers from inside the country.
    let text = text.replace("(0)", "");
    let international = text.starts_with('+') || text.starts_with("00");
    let mut digits = String::with_capacity(text.len());
    for (place, c) in text.chars().enumerate() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if place == 0 => {}
            '-' | '.' | '/' | '(' | ')' | '\u{2010}'..='\u{2015}' => {}
            _ if c.is_whitespace() => {}
            _ => return None,
        }
    }
    if international {
        let digits = if text.starts_with('+') { &digits } else { &digits[2..] };
        let plan = PLANS.into_iter().find(|plan| digits.starts_with(plan.code))?;
        return plan.e164(&digits[plan.code.len()..]);
    }
    let plan = plan_of(country)?;
    let first_word = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    if first_word.strip_prefix('0') == Some(plan.code) {
        // "049 30 …": a calling code behind a stray zero; which digit is wrong cannot be known.
        return None;
    }
    if first_word == plan.code && first_word != digits {
        // "49 30 …": somebody left out the plus.
        return plan.e164(&digits[plan.code.len()..]);
    }
    if !plan.trunk.is_empty()
        && let Some(rest) = digits.strip_prefix(plan.trunk)
        && let Some(number) = plan.e164(rest)
    {
        return Some(number);
    }
    plan.bare.then(|| plan.e164(&digits)).flatten()
}

/// Cuts `ext. 12`, `x12` and the like: the main line answers.
fn without_extension(text: &str) -> &str {
    let lower_end = text
        .char_indices()
        .skip(1)
        .find(|&(at, c)| {
            matches!(c, 'x' | 'X' | '#') || text[at..].to_ascii_lowercase().starts_with("ext")
        })
        .map_or(text.len(), |(at, _)| at);
    text[..lower_end].trim_end()
}

impl Plan {
    /// Returns the E.164 form of a national number without trunk prefix, if it can exist.
    fn e164(&self, national: &str) -> Option<String> {
        // "+49 030 …": the trunk prefix does not belong behind a calling code.
        let national = match self.trunk {
            "0" => national.strip_prefix('0').unwrap_or(national),
            _ => national,
        };
        let (least, most) = self.digits;
        let possible = (least..=most).contains(&national.len()) && self.starts_well(national);
        possible.then(|| format!("+{}{national}", self.code))
    }

    fn starts_well(&self, national: &str) -> bool {
        let digit = |place: usize| national.as_bytes().get(place).copied().unwrap_or(b'0');
        match self.code {
            // Area code and exchange both start with 2 to 9.
            "1" => digit(0) >= b'2' && digit(3) >= b'2',
            // Mobile numbers (15x, 16x, 17x) are ten or eleven digits long.
            "49" if matches!(&national[..2], "15" | "16" | "17") => national.len() >= 10,
            "39" => true,
            _ => digit(0) != b'0',
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::test_data;

    fn read(raw: &str, country: &str) -> Option<String> {
        first_phone(raw, country)
    }

    #[test]
    fn national_forms_become_e_164_by_the_country_of_the_business() {
        let cases = [
            ("030/440 37 635", "DE", "+493044037635"),
            ("0049 30 123456", "DE", "+4930123456"),
            ("+49 (0)30 123456", "DE", "+4930123456"),
            ("(613) 241-6222 ext. 5", "CA", "+16132416222"),
            ("1-613-241-6222", "CA", "+16132416222"),
            ("260 00 00", "LI", "+4232600000"),
            ("044 211 33 44", "CH", "+41442113344"),
            ("93 25 39 05", "MC", "+37793253905"),
            ("01 42 68 53 00", "FR", "+33142685300"),
            ("01632 960 123", "GB", "+441632960123"),
            ("020 7946 0958", "GB", "+442079460958"),
        ];
        for (raw, country, expected) in cases {
            assert_eq!(read(raw, country).as_deref(), Some(expected), "{raw}");
        }
    }

    #[test]
    fn the_first_number_of_a_list_that_can_be_understood_is_taken() {
        assert_eq!(
            read("none; +49 30 3911155; +49 30 69598003", "DE").as_deref(),
            Some("+49303911155")
        );
    }

    #[test]
    fn a_number_that_cannot_exist_is_not_guessed_at() {
        for raw in [
            "",
            "+49",
            "+49 30 +5589089",
            "32591933",
            "049 30 694 58 07",
            "+49 179 297602",
            "+37 79 79 79 45",
            "Mo-Fr 11:30-23:00",
            "+999 123 456 789",
            "+1 013 241 6222",
        ] {
            assert_eq!(read(raw, "DE"), None, "{raw:?}");
        }
    }

    #[test]
    fn a_calling_code_names_its_country_unless_two_share_it() {
        assert_eq!(country_of("+4232600000"), Some("LI"));
        assert_eq!(country_of("+16132416222"), None);
    }

    /// What the reference library says of one part of a value.
    #[derive(Debug, serde::Deserialize)]
    struct Expected {
        e164: Option<String>,
        #[serde(default)]
        possible: bool,
        #[serde(default)]
        valid: bool,
    }

    /// Where we and the reference library differ on a part, and why.
    const DISAGREEMENTS: [(&str, &str); 2] = [
        (
            "+49 30\u{2009}56701770",
            "a thin space is white space; the reference takes no other blanks than the common ones",
        ),
        (
            "+493290 452 25",
            "the area code 3290 is not assigned, which only a full table of the five thousand \
             German area codes tells; the form is that of a German number",
        ),
    ];

    #[derive(serde::Deserialize)]
    struct Row {
        raw: String,
        region: String,
        numbers: Vec<Expected>,
    }

    #[test]
    fn every_number_of_every_value_is_read_as_the_reference_library_reads_it() {
        let Some(text) = test_data::read("contact-strings/phones.json") else { return };
        let rows: Vec<Row> = serde_json::from_str(&text).unwrap();
        let mut compared = 0;
        let mut differing = Vec::new();
        for row in &rows {
            let parts = row.raw.split(';').map(str::trim).filter(|part| !part.is_empty());
            let parts: Vec<&str> = parts.collect();
            assert_eq!(parts.len(), row.numbers.len(), "{:?}", row.raw);
            for (part, expected) in parts.iter().zip(&row.numbers) {
                compared += 1;
                let ours = one(part, &row.region);
                // What is possible but not valid reaches nobody; we make no number of it.
                let agrees = match expected {
                    Expected { valid: true, possible: true, e164 } => ours == *e164,
                    Expected { valid, .. } => !valid && ours.is_none(),
                };
                if !agrees {
                    differing.push(*part);
                }
            }
        }
        let named: Vec<&str> = DISAGREEMENTS.iter().map(|(part, _)| *part).collect();
        assert_eq!(differing, named, "of {compared}");
        assert!(DISAGREEMENTS.iter().all(|(_, why)| !why.is_empty()));
    }
}
