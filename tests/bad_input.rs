//! Puts the worst published inputs through whatever takes text, settings and addresses: nothing
//! breaks, nothing slips into a header or a terminal, and what is refused is named.
//!
//! The sets are skipped aloud when they are absent.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its input has failed")]
#![expect(clippy::print_stderr, reason = "a skipped test must be seen")]

use std::fs;
use std::path::Path;

use cep_machine::adapters::outbox::eml;
use cep_machine::config::{self, Environment};
use cep_machine::domain::contact::email::first_email;
use cep_machine::domain::effect::{Action, EffectKey, Mail};
use cep_machine::domain::layer::Layer;
use cep_machine::domain::mode::Mode;
use cep_machine::domain::text::clean;
use cep_machine::domain::time::Moment;
use serde_json::Value;

fn set(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/bad-input").join(name);
    let Ok(text) = fs::read_to_string(&path) else {
        eprintln!("skipped: {} is absent", path.display());
        return Vec::new();
    };
    serde_json::from_str(&text).unwrap()
}

/// Whether a character can steer a terminal or turn a line round.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

#[test]
fn no_naughty_string_adds_a_header_or_a_control_sequence_to_a_mail() {
    let plain = Mail {
        to: "ann@dental.example".to_owned(),
        to_name: "Ann".to_owned(),
        from: "sam@agency.example".to_owned(),
        from_name: "Sam".to_owned(),
        subject: "Hello".to_owned(),
        text: "Hello".to_owned(),
        unsubscribe_url: Some("https://u.agency.example/u/1".to_owned()),
        booking_url: None,
    };
    let key =
        EffectKey::new(Mode::Live, Layer::OutreachEngine, "osm:node/1", Action::SendEmail, "c/1");
    let names = |mail: &Mail| -> Vec<String> {
        let bytes = eml::mail_bytes(&key, Moment(0), mail).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap();
        assert!(!head.chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n')), "{head:?}");
        let fields = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        fields.map(|line| line.split(':').next().unwrap().to_owned()).collect()
    };
    let expected = names(&plain);
    for naughty in set("naughty-strings.json") {
        let naughty = naughty.as_str().unwrap();
        let line = clean(naughty, 200);
        assert!(!line.chars().any(steers), "{naughty:?} becomes {line:?}");
        for evil in [naughty.to_owned(), format!("{naughty}\r\nBcc: all@example.com")] {
            let mail = Mail {
                to_name: evil.clone(),
                from_name: evil.clone(),
                subject: evil,
                ..plain.clone()
            };
            assert_eq!(names(&mail), expected, "{naughty:?}");
        }
    }
}

#[test]
fn every_yaml_case_is_read_or_refused_with_its_file_and_a_clean_message() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cep.yaml");
    let environment = Environment::of(&[("HOME", "/")]);
    let (mut refused, mut taken) = (0, Vec::new());
    for case in set("yaml-cases.json") {
        let (id, text) = (case["id"].as_str().unwrap(), case["yaml"].as_str().unwrap());
        fs::write(&path, text).unwrap();
        match config::load(&environment, None, Some(&path)) {
            Ok(_) => taken.push((id.to_owned(), case["must_fail"] == true)),
            Err(error) => {
                let said = error.to_string();
                assert!(said.starts_with(&path.display().to_string()), "{id}: {said}");
                assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{id}: {said:?}");
                refused += 1;
            }
        }
    }
    // What is taken says nothing: no document, or only comments. A broken one is never taken.
    let broken: Vec<_> = taken.iter().filter(|(_, must_fail)| *must_fail).collect();
    assert!(broken.is_empty(), "taken though broken: {broken:?}; {refused} refused");
}

#[test]
fn no_broken_address_is_written_to() {
    let mut taken = Vec::new();
    for case in set("emails-isemail.json") {
        let address = case["address"].as_str().unwrap();
        let Some(read) = first_email(address) else { continue };
        assert!(!read.chars().any(steers) && read.contains('@'), "{address:?}");
        // Defended: white space around an address is how tables and maps are filled in, not part of it.
        let trimmed = address.trim() != address && read == address.trim().to_lowercase();
        if case["category"] == "ISEMAIL_ERR" && !trimmed {
            taken.push(format!("{address:?} as {read:?}: {}", case["diagnosis"]));
        }
    }
    assert!(taken.is_empty(), "taken though broken: {taken:#?}");
}
