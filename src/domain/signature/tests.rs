//! The published vectors, the recorded cases and the hostile ones.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::domain::test_data;

const STRIPE_SECRET: &str = "whsec_test_0123456789abcdef";
const STRIPE_BODY: &[u8] = br#"{"id":"evt_test_1","object":"event","type":"invoice.paid"}"#;
const STRIPE_V1: &str = "61fc881a23b95f546680818dc56d23b281f804d0f53de829fd23c4bc4c5d48f6";
const SIGNED_AT: Moment = Moment(1_735_689_600_000);

fn stripe(header: &str, now: Moment) -> Result<Moment, Rejection> {
    verify(Provider::Stripe, STRIPE_SECRET, header, STRIPE_BODY, now)
}

#[test]
fn the_published_vectors_of_both_providers_are_reproduced() {
    assert_eq!(sign(STRIPE_SECRET, STRIPE_BODY, SIGNED_AT), format!("t=1735689600,v1={STRIPE_V1}"));
    let calendly = br#"{"event":"invitee.created","payload":{"email":"a@example.com"}}"#;
    assert_eq!(
        sign("calendly_test_key", calendly, SIGNED_AT),
        "t=1735689600,v1=fff615514637dca2484b85f5cbf997ef2dfe1254b1b6e3b88a49547683a42ea2"
    );
}

#[test]
fn one_good_signature_among_several_is_enough_while_a_secret_is_rolled() {
    let old = "0".repeat(64);
    let header = format!("t=1735689600, v1={old}, v1={STRIPE_V1}, v0=abc");
    assert_eq!(stripe(&header, SIGNED_AT), Ok(SIGNED_AT));
}

#[test]
fn the_age_is_bounded_on_both_sides_and_the_bound_itself_is_allowed() {
    let header = format!("t=1735689600,v1={STRIPE_V1}");
    let at = |seconds: i64| stripe(&header, SIGNED_AT.plus_ms(seconds * SECOND_MS));
    assert_eq!(at(300), Ok(SIGNED_AT));
    assert_eq!(at(301), Err(Rejection::TooOld { age_s: 301 }));
    assert_eq!(at(-300), Ok(SIGNED_AT));
    assert_eq!(at(-301), Err(Rejection::TooNew { ahead_s: 301 }));
}

#[test]
fn calendly_and_our_own_senders_are_given_three_minutes() {
    for provider in [Provider::Calendly, Provider::Mailbox, Provider::Person, Provider::Profile] {
        let header = sign("key", b"{}", SIGNED_AT);
        let at = |seconds: i64| {
            verify(provider, "key", &header, b"{}", SIGNED_AT.plus_ms(seconds * SECOND_MS))
        };
        assert_eq!(at(180), Ok(SIGNED_AT));
        assert_eq!(at(181), Err(Rejection::TooOld { age_s: 181 }));
    }
}

#[test]
fn each_broken_header_is_refused_for_its_own_reason() {
    for (header, why) in [
        ("", Rejection::Missing),
        ("   ", Rejection::Missing),
        ("hello world", Rejection::Malformed),
        ("v1=ab", Rejection::NoTimestamp),
        ("t=,v1=ab", Rejection::NoTimestamp),
        ("t=-5,v1=ab", Rejection::NoTimestamp),
        ("t=99999999999999999999,v1=ab", Rejection::NoTimestamp),
        ("t=1735689600", Rejection::NoSignature),
        ("t=1735689600,v0=ab", Rejection::NoSignature),
        ("t=1735689600,v1=ab", Rejection::Mismatch),
        ("t=1735689600,v1=", Rejection::Mismatch),
    ] {
        assert_eq!(stripe(header, SIGNED_AT), Err(why), "{header:?}");
    }
    let endless = format!("t=1735689600,{}v1={STRIPE_V1}", "v1=ab,".repeat(2_000));
    assert_eq!(stripe(&endless, SIGNED_AT), Err(Rejection::Malformed));
}

#[test]
fn an_upper_case_signature_is_another_scheme_and_is_refused() {
    let header = format!("t=1735689600,v1={}", STRIPE_V1.to_uppercase());
    assert_eq!(stripe(&header, SIGNED_AT), Err(Rejection::Mismatch));
}

#[test]
fn a_signature_of_another_time_stamp_is_refused() {
    let header = format!("t=1735689601,v1={STRIPE_V1}");
    assert_eq!(stripe(&header, SIGNED_AT), Err(Rejection::Mismatch));
}

#[derive(Deserialize)]
struct Case {
    name: String,
    secret: String,
    body: String,
    header: String,
    now: i64,
    tolerance_seconds: i64,
    valid: bool,
}

#[test]
fn every_recorded_case_is_judged_as_recorded() {
    for folder in ["webhooks-stripe", "webhooks-calendly"] {
        let Some(text) = test_data::read(&format!("{folder}/signatures.json")) else {
            continue;
        };
        let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
        assert!(cases.len() >= 12, "{folder} has {} cases", cases.len());
        for case in cases {
            let verdict = verify_within(
                case.tolerance_seconds * SECOND_MS,
                &case.secret,
                &case.header,
                case.body.as_bytes(),
                Moment(case.now * SECOND_MS),
            );
            assert_eq!(verdict.is_ok(), case.valid, "{folder} {}: {verdict:?}", case.name);
        }
    }
}

proptest! {
    #[test]
    fn what_was_signed_verifies_and_any_changed_byte_does_not(
        secret in ".{1,40}",
        body in proptest::collection::vec(any::<u8>(), 1..200),
        seconds in 0_i64..4_000_000_000,
        place in any::<proptest::sample::Index>(),
    ) {
        let at = Moment(seconds * SECOND_MS);
        let header = sign(&secret, &body, at);
        prop_assert_eq!(verify(Provider::Mailbox, &secret, &header, &body, at), Ok(at));
        let mut changed = body.clone();
        changed[place.index(body.len())] ^= 1;
        prop_assert_eq!(
            verify(Provider::Mailbox, &secret, &header, &changed, at),
            Err(Rejection::Mismatch)
        );
    }

    #[test]
    fn no_header_whatever_makes_the_check_panic(header in ".{0,200}") {
        prop_assert!(stripe(&header, SIGNED_AT).is_err());
    }
}
