//! Tests the settings on good, broken and hostile files.

use std::path::PathBuf;

use super::*;
use crate::domain::mode::Mode;
use crate::domain::operations::Plan;

fn read(text: &str) -> Result<Settings, ConfigError> {
    let environment = Environment::of(&[("HOME", "/home/ops")]);
    let base = Source::from_text("default.yaml", DEFAULT_YAML.to_owned())?;
    let file = Source::from_text("my.yaml", text.to_owned())?;
    merge(&[base, file], &environment, |_| Ok(()))
}

fn refusal(text: &str) -> String {
    read(text).expect_err("the file is wrong").to_string()
}

#[test]
fn the_machine_runs_with_no_file_at_all() {
    let environment = Environment::of(&[("HOME", "/home/ops")]);
    let settings = load(&environment, None, None).unwrap();
    assert_eq!(settings.paths.state_dir, PathBuf::from("/home/ops/.local/state/cep"));
    assert_eq!(settings.outreach.caps.email, 50);
    assert_eq!(settings.pricing.of(Plan::Starter).monthly.to_string(), "500.00 USD");
    assert_eq!(settings.orchestrator.dry_start.to_string(), "2026-01-05T09:00:00Z");
    assert!(settings.secrets.webhook_key(Mode::Live, "stripe").is_none());
    for profile in [Profile::Dev, Profile::Prod] {
        load(&environment, Some(profile), None).unwrap();
    }
}

#[test]
fn a_file_changes_only_what_it_names() {
    let settings = read("outreach:\n  caps:\n    email: 7\n").unwrap();
    assert_eq!(settings.outreach.caps.email, 7);
    assert_eq!(settings.outreach.caps.phone, 20);
    assert_eq!(read("# nothing\n").unwrap().outreach.caps.email, 50);
}

#[test]
fn a_host_keeps_the_default_for_what_its_bucket_leaves_out() {
    let settings = read("rate:\n  hosts:\n    profile:\n      burst: 10\n").unwrap();
    assert_eq!(settings.rate.of("profile").burst, 10);
    assert_eq!(settings.rate.of("profile").per_s.to_bits(), 50.0_f64.to_bits());
    assert_eq!(settings.rate.of("mail").burst, 1000);
}

#[test]
fn an_unknown_key_is_cited_with_its_place_and_the_nearest_known_one() {
    insta::assert_snapshot!(refusal("outreach:\n  caps:\n    emial: 7\n    phone: 3\n"), @r"
    my.yaml:3:5: outreach.caps.emial: unknown key
         2 |   caps:
    >    3 |     emial: 7
         4 |     phone: 3
    hint: did you mean `email`?
    ");
}

#[test]
fn a_value_of_the_wrong_type_is_cited_with_its_key() {
    insta::assert_snapshot!(refusal("outreach:\n  sms_enabled: perhaps\n"), @r#"
    my.yaml:2:16: outreach.sms_enabled: invalid type: string "perhaps", expected a boolean
         1 | outreach:
    >    2 |   sms_enabled: perhaps
    hint: config/default.yaml shows every key with its type and unit
    "#);
}

#[test]
fn a_value_out_of_range_is_cited_in_the_file_that_gives_it() {
    insta::assert_snapshot!(refusal("# mine\nsim:\n  fault_rate: 1.5\n"), @r"
    my.yaml:3:3: sim.fault_rate: 1.5 is out of range
         2 | sim:
    >    3 |   fault_rate: 1.5
    hint: use a number from 0 to 1
    ");
}

#[test]
fn values_that_would_break_later_are_refused_at_the_start() {
    for (text, word) in [
        ("agency:\n  from_email: nobody\n", "not an e-mail address"),
        ("agency:\n  from_name: \"a\\nBcc: b@c.d\"\n", "control characters"),
        ("agency:\n  booking_url: http://plain.example\n", "not an https URL"),
        ("research:\n  zone: Mars/Olympus\n", "not a time zone"),
        ("research:\n  default_country: usa\n", "not a country code"),
        ("outreach:\n  campaign: a b\n", "not a plain name"),
        ("outreach:\n  quiet_hours:\n    open_hour: 17\n", "not after open_hour"),
        ("orchestrator:\n  dry_start: soon\n", "not an instant"),
        ("sim:\n  fault_rate: .nan\n", "out of range"),
        ("pricing:\n  currency: dollars\n", "not a currency"),
        ("log:\n  level: \"[[\"\n", "not a log filter"),
    ] {
        let message = refusal(text);
        assert!(message.contains(word), "{message}");
        assert!(message.contains("my.yaml:") && message.contains("hint:"), "{message}");
    }
}

#[test]
fn tabs_duplicates_aliases_and_second_documents_are_named_for_what_they_are() {
    for (text, word) in [
        ("outreach:\n\tcampaign: x\n", "tab"),
        ("sim:\n  seed: 1\n  seed: 2\n", "duplicate"),
        ("rate:\n  hosts:\n    a: {burst: 1}\n    a: {burst: 2}\n", "duplicate"),
        ("sim: &s\n  seed: 1\n", "anchors and aliases"),
        ("sim:\n  seed: *s\n", "anchors and aliases"),
        ("sim: {seed: *s}\n", "anchors and aliases"),
        ("sim:\n  seed: 1\n---\nsim:\n  seed: 2\n", "more than one document"),
        ("- a\n- b\n", "invalid type: sequence"),
    ] {
        let message = refusal(text);
        assert!(message.contains(word), "{text:?}: {message}");
    }
    assert_eq!(read("agency:\n  name: 'Salt & *Stars*'\n").unwrap().agency.name, "Salt & *Stars*");
    assert_eq!(read("agency:\n  name: Salt & Stars\n").unwrap().agency.name, "Salt & Stars");
}

#[test]
fn a_file_that_is_too_large_or_not_text_is_refused_before_it_is_parsed() {
    let large = Source::from_bytes("big.yaml", vec![b'#'; 256 * 1024 + 1]).err().unwrap();
    assert!(large.to_string().contains("larger than 262144 bytes"), "{large}");
    let binary = Source::from_bytes("bin.yaml", vec![b'a', b'\n', 0xff, 0xfe]).err().unwrap();
    assert!(binary.to_string().contains("not UTF-8 text from line 2"), "{binary}");
    let absent = Source::read(Path::new("/nowhere/cep.yaml")).err().unwrap();
    assert!(absent.to_string().starts_with("/nowhere/cep.yaml: cannot be read"), "{absent}");
}

#[test]
fn an_error_shows_no_control_sequences_of_the_file() {
    let message = refusal("sim:\n  see\u{1b}[31md: 1\n");
    assert!(!message.contains('\u{1b}'), "{message:?}");
}
