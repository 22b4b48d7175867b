//! Addresses that validators are tested with, against the reader of addresses. It is stricter than
//! the standard where no business has such an address, and forgives white space around one.

use std::collections::BTreeMap;

use cep_machine::domain::contact::email::first_email;
use serde::Deserialize;

use super::clean::assert_clean;
use super::desk::list;

#[derive(Deserialize)]
struct Case {
    id: u32,
    address: String,
    category: String,
    diagnosis: String,
}

const NO_DOT: &str = "a domain without a dot is no business's";
const PERCENT: &str = "% was a relay's sign and is an escape in links";

/// Good addresses that are refused, and why.
const REFUSED: [(u32, &str); 2] = [(5, NO_DOT), (19, PERCENT)];

const BLANKS: &str = "white space around an address is a slip of whoever filled the table";
const NO_DNS: &str = "whether a name has a mail server is known when a mail is sent";

/// Addresses that are bad or odd and are taken all the same, and why.
const TAKEN: [(u32, &str); 20] = [
    (13, NO_DNS),
    (37, NO_DNS),
    (38, NO_DNS),
    (88, BLANKS),
    (89, BLANKS),
    (127, BLANKS),
    (128, BLANKS),
    (142, BLANKS),
    (143, BLANKS),
    (145, BLANKS),
    (146, BLANKS),
    (148, BLANKS),
    (149, BLANKS),
    (151, BLANKS),
    (152, BLANKS),
    (154, BLANKS),
    (155, BLANKS),
    (157, BLANKS),
    (158, BLANKS),
    (167, NO_DNS),
];

/// Category, how many are taken, how many refused.
const COUNTS: [(&str, usize, usize); 7] = [
    ("CFWS", 4, 2),
    ("DEPREC", 2, 12),
    ("DNSWARN", 4, 0),
    ("ERR", 10, 35),
    ("RFC5321", 0, 9),
    ("RFC5322", 0, 20),
    ("VALID_CATEGORY", 10, 2),
];

#[test]
fn an_address_is_read_as_the_standard_says_but_for_the_named_exceptions() {
    let Some(text) = list("emails-isemail.json") else { return };
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 110);
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut refused, mut taken) = (Vec::new(), Vec::new());
    for case in &cases {
        let category = case.category.trim_start_matches("ISEMAIL_").to_owned();
        let is_good = category == "VALID_CATEGORY";
        let found = first_email(&case.address);
        let count = counts.entry(category).or_default();
        match &found {
            Some(address) => {
                count.0 += 1;
                assert_clean(address, &case.diagnosis);
                assert!(!address.contains([' ', '\n', ',', ';', '<', '"']), "{address:?}");
            }
            None => count.1 += 1,
        }
        match found {
            None if is_good => refused.push(case.id),
            Some(_) if !is_good => taken.push(case.id),
            Some(_) | None => {}
        }
    }
    let ids = |table: &[(u32, &str)]| table.iter().map(|(id, _)| *id).collect::<Vec<_>>();
    assert_eq!(refused, ids(&REFUSED), "good ones that are refused");
    assert_eq!(taken, ids(&TAKEN), "others that are taken");
    let counts: Vec<_> = counts.iter().map(|(name, n)| (name.as_str(), n.0, n.1)).collect();
    assert_eq!(counts, COUNTS);
}
