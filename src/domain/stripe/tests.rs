//! Both shapes of each object, the recorded events, and events that lack what they need.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::money::{Currency, Money};
use crate::domain::test_data;

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::new("USD").unwrap())
}

fn event(kind: &str, object: &Value) -> Value {
    json!({"id": "evt_1", "object": "event", "created": 1_767_225_600, "livemode": false,
        "api_version": "2026-06-24.dahlia", "type": kind, "data": {"object": object}})
}

fn read(kind: &str, object: &Value) -> News {
    StripeEvent::read(&event(kind, object)).unwrap().news
}

fn merged(mut base: Value, more: &Value) -> Value {
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

fn subscription() -> Value {
    json!({"id": "sub_1", "customer": "cus_1", "status": "active", "currency": "usd",
        "start_date": 1_767_225_600, "metadata": {"client": "osm:node/1", "other": "x"}})
}

fn items(extra: &Value) -> Value {
    let item = merged(
        json!({"quantity": 2, "price": {"unit_amount": 9_900, "currency": "usd",
            "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"}}}),
        extra,
    );
    json!({"items": {"data": [item]}})
}

#[test]
fn a_subscription_reads_the_same_in_the_new_and_the_old_shape() {
    let end = json!({"current_period_end": 1_769_817_600});
    let new = merged(subscription(), &items(&end));
    let old = merged(merged(subscription(), &items(&json!({}))), &end);
    let facts = read("customer.subscription.created", &new);
    assert_eq!(facts, read("customer.subscription.created", &old));
    let News::SubscriptionCreated(facts) = facts else { panic!("{facts:?}") };
    assert_eq!(facts.mrr(), usd(19_800));
    assert_eq!(facts.period_end, Some(Moment(1_769_817_600_000)));
    assert_eq!(facts.metadata.get("client").map(String::as_str), Some("osm:node/1"));
}

#[test]
fn a_subscription_of_the_oldest_shape_is_priced_by_its_plan() {
    let old = merged(
        subscription(),
        &json!({"items": {"data": [{"plan": {"amount": 12_000, "currency": "usd",
            "interval": "year", "interval_count": 1}}]}}),
    );
    let News::SubscriptionCreated(facts) = read("customer.subscription.created", &old) else {
        panic!("another kind")
    };
    assert_eq!(facts.mrr(), usd(1_000));
}

#[test]
fn only_active_and_past_due_subscriptions_count() {
    for (status, counts) in [
        ("active", true),
        ("past_due", true),
        ("unpaid", false),
        ("canceled", false),
        ("trialing", false),
        ("paused", false),
        ("incomplete", false),
        ("a_word_of_next_year", false),
    ] {
        let body = merged(merged(subscription(), &items(&json!({}))), &json!({"status": status}));
        let News::SubscriptionUpdated(facts) = read("customer.subscription.updated", &body) else {
            panic!("another kind")
        };
        assert_eq!(facts.mrr().minor > 0, counts, "{status}");
        assert_eq!(facts.monthly, usd(19_800));
    }
}

#[test]
fn a_recurring_discount_is_read_in_both_shapes_and_a_single_one_is_not() {
    let priced = |discount: &Value| {
        let body = merged(merged(subscription(), &items(&json!({}))), discount);
        let News::SubscriptionUpdated(facts) = read("customer.subscription.updated", &body) else {
            panic!("another kind")
        };
        facts.monthly
    };
    let coupon = json!({"duration": "forever", "percent_off": 10.0});
    assert_eq!(priced(&json!({"discounts": [{"source": {"coupon": coupon}}]})), usd(17_820));
    assert_eq!(priced(&json!({"discount": {"coupon": coupon}})), usd(17_820));
    let once = json!({"duration": "once", "percent_off": 10.0});
    assert_eq!(priced(&json!({"discount": {"coupon": once}})), usd(19_800));
    assert_eq!(priced(&json!({"discounts": ["di_123"]})), usd(19_800), "an id tells nothing");
}

fn invoice() -> Value {
    json!({"id": "in_1", "customer": "cus_1", "currency": "usd", "amount_paid": 11_900,
        "total": 11_900, "created": 1_767_225_600, "attempt_count": 1,
        "billing_reason": "subscription_cycle", "next_payment_attempt": null})
}

fn paid(extra: &Value) -> InvoiceFacts {
    let News::InvoicePaid(facts) = read("invoice.paid", &merged(invoice(), extra)) else {
        panic!("another kind")
    };
    facts
}

#[test]
fn an_invoice_finds_its_subscription_and_our_notes_in_both_shapes() {
    let notes = json!({"client": "osm:node/1", "period": "2026-01"});
    let new = paid(&json!({"parent": {"type": "subscription_details",
        "subscription_details": {"subscription": "sub_1", "metadata": notes}}}));
    let old = paid(&json!({"subscription": "sub_1", "subscription_details": {"metadata": notes}}));
    let expanded = paid(&json!({"subscription": {"id": "sub_1"}, "metadata": notes}));
    assert_eq!(new.subscription.as_deref(), Some("sub_1"));
    assert_eq!(new, old);
    assert_eq!(new, expanded);
}

#[test]
fn tax_is_found_wherever_the_api_version_put_it() {
    for place in [
        json!({"total_excluding_tax": 10_000}),
        json!({"total_taxes": [{"amount": 1_000}, {"amount": 900}]}),
        json!({"total_tax_amounts": [{"amount": 1_900}]}),
        json!({"tax": 1_900}),
        json!({"total_excluding_tax": null, "total_taxes": null, "tax": 1_900}),
    ] {
        assert_eq!(paid(&place).tax, usd(1_900), "{place}");
    }
    assert_eq!(paid(&json!({})).tax, usd(0));
}

#[test]
fn an_unknown_type_is_ignored_with_a_reason_and_needs_no_fields() {
    let News::Ignored { kind, why } = read("invoice.upcoming", &json!({})) else {
        panic!("another kind")
    };
    assert_eq!(
        (kind.as_str(), why.as_str()),
        ("invoice.upcoming", "no booking depends on this type")
    );
    assert!(matches!(read("refund.created", &json!({})), News::Ignored { .. }));
}

#[test]
fn an_event_that_lacks_what_it_needs_names_the_field() {
    let complaint = |body: &Value| StripeEvent::read(body).unwrap_err().to_string();
    assert_eq!(complaint(&json!([])), "the event has no usable type: it is missing");
    let without = |field: &str| {
        let mut object = invoice();
        object.as_object_mut().unwrap().remove(field);
        complaint(&event("invoice.paid", &object))
    };
    assert_eq!(without("id"), "the event has no usable data.object.id: it is missing");
    assert_eq!(without("currency"), "the event has no usable data.object.currency: it is missing");
    assert_eq!(
        complaint(&event("invoice.paid", &merged(invoice(), &json!({"total": "11900"})))),
        "the event has no usable data.object.total: \"11900\""
    );
}

#[test]
fn a_dispute_is_lost_only_when_the_provider_says_so() {
    for (status, outcome) in [
        ("lost", DisputeOutcome::Lost),
        ("won", DisputeOutcome::Won),
        ("warning_closed", DisputeOutcome::Won),
        ("under_review", DisputeOutcome::Open),
    ] {
        let body = json!({"id": "dp_1", "charge": "ch_1", "amount": 500, "currency": "usd",
            "status": status, "reason": "fraudulent"});
        let News::DisputeClosed(facts) = read("charge.dispute.closed", &body) else {
            panic!("another kind")
        };
        assert_eq!(facts.outcome, outcome, "{status}");
    }
}

/// The recorded events, or nothing where the data is not.
fn recorded() -> Vec<(String, Value)> {
    let Some(folder) = test_data::path("webhooks-stripe") else {
        return Vec::new();
    };
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| !path.ends_with("signatures.json"))
        .map(|path| {
            let body = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            (path.file_stem().unwrap().to_string_lossy().into_owned(), body)
        })
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn every_recorded_event_is_read_and_none_is_ignored() {
    let recorded = recorded();
    if recorded.is_empty() {
        return;
    }
    for (name, body) in &recorded {
        let event = StripeEvent::read(body).unwrap();
        assert!(!matches!(event.news, News::Ignored { .. }), "{name} was ignored");
        assert_eq!(event.customer(), Some("cus_test0001"), "{name}");
        assert!(!event.livemode, "{name}");
    }
    let of = |name: &str| {
        let body = &recorded.iter().find(|(found, _)| found.starts_with(name)).unwrap().1;
        StripeEvent::read(body).unwrap().news
    };
    let (News::InvoicePaid(new), News::InvoicePaid(old)) = (of("02"), of("08")) else {
        panic!("02 and 08 are the same payment in two shapes")
    };
    assert_eq!(
        (&new.id, &new.subscription, new.paid, new.tax),
        (&old.id, &old.subscription, old.paid, old.tax)
    );
}

proptest! {
    #[test]
    fn no_document_makes_the_reader_panic(
        kind in prop_oneof!["invoice.paid", "customer.subscription.created", "charge.refunded"],
        text in ".{0,40}", number in any::<i64>(), flag in any::<bool>(),
    ) {
        let odd = json!({"id": text, "currency": text, "total": number, "amount_paid": flag,
            "items": {"data": [{"price": {"unit_amount": number, "recurring": number}}, text]},
            "created": number, "start_date": number, "status": text, "discounts": number});
        drop(StripeEvent::read(&event(&kind, &odd)));
        drop(StripeEvent::read(&json!({"type": kind, "data": text})));
    }
}

#[test]
fn a_subscription_whose_collection_is_paused_counts_nothing() {
    let paused = merged(
        merged(subscription(), &items(&json!({}))),
        &json!({"pause_collection": {"behavior": "void", "resumes_at": null}}),
    );
    let News::SubscriptionUpdated(facts) = read("customer.subscription.updated", &paused) else {
        panic!("another kind")
    };
    assert_eq!(
        (facts.status.0.as_str(), facts.mrr(), facts.monthly),
        ("paused", usd(0), usd(19_800))
    );
}

#[test]
fn a_discount_counts_while_it_recurs_and_is_in_force() {
    let mrr = |discount: &Value| {
        let body =
            merged(merged(subscription(), &items(&json!({}))), &json!({"discounts": [discount]}));
        let News::SubscriptionUpdated(facts) = read("customer.subscription.updated", &body) else {
            panic!("another kind")
        };
        facts.mrr().minor
    };
    let off = |duration: &str| json!({"duration": duration, "percent_off": 50});
    assert_eq!(mrr(&json!({"source": {"coupon": off("forever")}, "end": null})), 9_900);
    assert_eq!(mrr(&json!({"coupon": off("repeating"), "end": 1_769_904_000})), 9_900, "in force");
    assert_eq!(mrr(&json!({"coupon": off("repeating"), "end": 1_767_225_600})), 19_800, "over");
    assert_eq!(mrr(&json!({"coupon": off("once"), "end": null})), 19_800);
}

#[test]
fn a_failed_refund_reads_the_same_from_either_version_and_one_that_went_through_is_no_news() {
    let refund = |status: &str| json!({"id": "re_1", "charge": "ch_1", "amount": 500, "currency": "usd", "status": status});
    let new = read("refund.failed", &refund("failed"));
    assert_eq!(new, read("charge.refund.updated", &refund("failed")));
    assert!(matches!(read("charge.refund.updated", &refund("succeeded")), News::Ignored { .. }));
}
