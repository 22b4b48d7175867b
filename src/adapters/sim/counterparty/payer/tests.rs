use serde_json::json;

use super::*;
use crate::config::Secrets;
use crate::domain::effect::{Action, EffectKey, Receipt};
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::money::Currency;
use crate::domain::signature::verify;
use crate::domain::stripe::{News, StripeEvent};
use crate::domain::unit::UnitName;

const ISSUED: Moment = Moment(1_767_603_600_000);

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::new("USD").unwrap())
}

fn confirmed(number: u32, action: Action, id: &str, effect: Effect) -> ConfirmedEffect {
    let entity = format!("osm:node/{number}");
    ConfirmedEffect {
        id: i64::from(number),
        key: EffectKey(format!("{number:032x}")),
        unit: UnitName::new(Layer::FinanceTracker, &entity, "invoice/setup"),
        action,
        version: "setup".to_owned(),
        effect,
        receipt: Receipt {
            reference: format!("sim:{id}_{number}"),
            data: json!({"id": format!("{id}_{number}"), "customer": format!("cus_{number}")}),
        },
        settled_at: ISSUED,
        entity,
    }
}

fn invoice(number: u32) -> ConfirmedEffect {
    let request = InvoiceRequest {
        entity: format!("osm:node/{number}"),
        period: "setup".to_owned(),
        name: "A Dental".to_owned(),
        email: "a@dental.example".to_owned(),
        lines: Vec::new(),
        tax: usd(19_000),
        total: usd(119_000),
        due_at: ISSUED.plus_ms(7 * DAY_MS),
        paper: crate::domain::effect::InvoicePaper::default(),
    };
    confirmed(number, Action::IssueInvoice, "in", Effect::Invoice(request))
}

fn subscription(number: u32) -> ConfirmedEffect {
    let request = SubscriptionRequest {
        entity: format!("osm:node/{number}"),
        email: "a@dental.example".to_owned(),
        plan: "starter".to_owned(),
        monthly: usd(50_000),
        tax_bp: 1_900,
        yearly: None,
        changes: None,
    };
    confirmed(number, Action::StartSubscription, "sub", Effect::Subscription(request))
}

/// What a payer sends, in the order in which it arrives.
fn sent(effect: &ConfirmedEffect) -> Vec<(Moment, StripeEvent)> {
    let payer = Payer::new(&Market::warm_town().unwrap()).unwrap();
    let mut told: Vec<_> = payer
        .react(Seed(1), effect)
        .into_iter()
        .map(|one| {
            let body = serde_json::from_slice(&one.delivery.body).unwrap();
            (one.due, StripeEvent::read(&body).unwrap())
        })
        .collect();
    told.sort_by_key(|(due, _)| *due);
    told
}

#[test]
fn every_delivery_is_really_signed_and_verifies_when_it_arrives() {
    let payer = Payer::new(&Market::warm_town().unwrap()).unwrap();
    let secrets = Secrets::default();
    let key = secrets.webhook_key(Mode::Dry, "stripe").unwrap();
    for number in 0..40 {
        for effect in [invoice(number), subscription(number)] {
            for one in payer.react(Seed(1), &effect) {
                let at = one.due.ceil_quarter_hour();
                let (name, header) = &one.delivery.headers[0];
                assert_eq!(name, "stripe-signature");
                verify(Provider::Stripe, key, header, &one.delivery.body, at).unwrap();
            }
        }
    }
}

#[test]
fn every_set_up_is_paid_and_some_only_at_the_second_try() {
    let mut failed = 0;
    for number in 0..200 {
        let told = sent(&invoice(number));
        let paid: Vec<_> = told
            .iter()
            .filter_map(|(at, event)| {
                let News::InvoicePaid(facts) = &event.news else { return None };
                Some((at, facts))
            })
            .collect();
        assert!(!paid.is_empty(), "{number} never pays");
        let (paid_at, facts) = paid[0];
        assert_eq!((facts.paid, facts.tax), (usd(119_000), usd(19_000)));
        assert_eq!(facts.metadata.get("period").map(String::as_str), Some("setup"));
        if let News::InvoiceFailed(_) = &told[0].1.news {
            failed += 1;
            assert!(paid_at.since(told[0].0) >= DAY_MS, "{number} pays too soon after failing");
        }
    }
    assert!((5..50).contains(&failed), "{failed} of 200 failed first");
}

#[test]
fn a_subscription_is_told_once_and_paid_each_month() {
    for number in 0..50 {
        let told = sent(&subscription(number));
        let created = told
            .iter()
            .filter_map(|(_, event)| {
                let News::SubscriptionCreated(facts) = &event.news else { return None };
                Some((&event.id, facts))
            })
            .collect::<Vec<_>>();
        assert!(created.iter().all(|(id, _)| *id == created[0].0), "one event, maybe twice");
        assert_eq!(created[0].1.mrr(), usd(50_000));
        let mut months: Vec<_> = told
            .iter()
            .filter_map(|(_, event)| {
                let News::InvoicePaid(facts) = &event.news else { return None };
                Some(facts.id.clone())
            })
            .collect();
        months.sort();
        months.dedup();
        assert_eq!(i64::try_from(months.len()).unwrap(), 1 + RENEWALS);
    }
}

#[test]
fn the_oddities_of_the_real_provider_all_occur() {
    let (mut twice, mut two_events, mut early, mut old) = (0, 0, 0, 0);
    for number in 0..200 {
        let told = sent(&subscription(number));
        let ids: Vec<_> = told.iter().map(|(_, event)| event.id.clone()).collect();
        let unique: std::collections::BTreeSet<_> = ids.iter().collect();
        twice += ids.len() - unique.len();
        two_events += told
            .iter()
            .filter(|(_, event)| matches!(&event.news, News::InvoicePaid(_)))
            .map(|(_, event)| (event.invoice().map(str::to_owned), event.id.clone()))
            .collect::<std::collections::BTreeSet<_>>()
            .len()
            .saturating_sub(1 + usize::try_from(RENEWALS).unwrap());
        early += usize::from(matches!(&told[0].1.news, News::InvoicePaid(_)));
        old += usize::from(told[0].1.api_version.as_deref() == Some("2024-06-20"));
    }
    assert!(twice > 0 && two_events > 0, "{twice} twice, {two_events} by two events");
    assert!((5..80).contains(&early), "{early} paid before created");
    assert!((20..120).contains(&old), "{old} of an old API version");
}

#[test]
fn the_same_effect_always_has_the_same_consequences() {
    let payer = Payer::new(&Market::warm_town().unwrap()).unwrap();
    let effect = subscription(3);
    assert_eq!(payer.react(Seed(1), &effect), payer.react(Seed(1), &effect));
    assert_ne!(payer.react(Seed(1), &effect), payer.react(Seed(2), &effect));
}

#[test]
fn a_changed_plan_is_billed_at_its_new_price_from_the_next_month_on_and_at_the_old_one_never_again()
{
    let payer = Payer::new(&Market::warm_town().unwrap()).unwrap();
    let changed_at = ISSUED.plus_ms(40 * DAY_MS);
    for number in 0..50 {
        let start = subscription(number);
        let Effect::Subscription(mut request) = start.effect.clone() else { panic!() };
        let id = start.receipt.data["id"].as_str().unwrap().to_owned();
        request.monthly = usd(150_000);
        request.changes = Some(PlanChange {
            subscription: id.clone(),
            from: ISSUED.plus_ms(35 * DAY_MS),
            running_since: Some(ISSUED),
        });
        let mut change =
            confirmed(number, Action::ChangeSubscription, "chg", Effect::Subscription(request));
        change.settled_at = changed_at;
        let cut = payer.gives_up(&change).unwrap();
        assert_eq!((cut.to.as_str(), cut.at), (id.as_str(), changed_at), "never in the past");
        let read = |one: &Consequence| {
            StripeEvent::read(&serde_json::from_slice(&one.delivery.body).unwrap()).unwrap()
        };
        let old = payer.react(Seed(1), &start).into_iter().filter(|one| {
            let belongs = one.belongs.as_ref().unwrap();
            belongs.to != cut.to || belongs.at < cut.at
        });
        let mut months = std::collections::BTreeMap::new();
        for one in old.chain(payer.react(Seed(1), &change)) {
            if let News::InvoicePaid(facts) = read(&one).news {
                months.insert(facts.service_from.unwrap(), facts.paid.minor);
            }
        }
        let paid: Vec<i64> = months.into_values().collect();
        assert_eq!(paid[..4], [59_500, 59_500, 178_500, 178_500], "{number}");
        assert_eq!(i64::try_from(paid.len()).unwrap(), 1 + RENEWALS, "each month once");
    }
    assert!(payer.gives_up(&subscription(1)).is_none());
}

#[test]
fn a_year_that_is_billed_at_once_is_not_billed_by_the_month_as_well() {
    let mut start = subscription(1);
    let Effect::Subscription(request) = &mut start.effect else { panic!() };
    request.yearly = Some(usd(500_000));
    let paid: std::collections::BTreeSet<_> = sent(&start)
        .into_iter()
        .filter_map(|(_, event)| {
            let News::InvoicePaid(facts) = event.news else { return None };
            Some((facts.id, facts.paid.minor))
        })
        .collect();
    assert_eq!(paid.len(), 2, "a year and the next: {paid:?}");
    assert!(paid.iter().all(|(_, minor)| *minor == 595_000));
}
