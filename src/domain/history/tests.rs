use proptest::prelude::*;

use super::*;

fn money(minor: i64, code: &str) -> Money {
    Money::new(minor, Currency::new(code).unwrap())
}

fn told(subscription: &str, telling: Telling, status: &str, monthly: Money, at: i64) -> Told {
    let counts = SubscriptionStatus(status.to_owned()).counts();
    Told {
        subscription: subscription.to_owned(),
        entity: "osm:node/1".to_owned(),
        telling,
        status: status.to_owned(),
        mrr: Money::new(if counts { monthly.minor } else { 0 }, monthly.currency),
        monthly,
        started_at: Moment(0),
        at: Moment(at),
        told_by: format!("evt_{subscription}_{at}"),
    }
}

fn short(told: &[Told]) -> Vec<(Movement, i64, i64)> {
    movements(told)
        .into_iter()
        .map(|moved| (moved.movement, moved.amount.minor, moved.at.0))
        .collect()
}

#[test]
fn messages_in_any_order_give_the_same_movements() {
    let usd = |minor| money(minor, "USD");
    let all = [
        told("sub_1", Telling::Created, "active", usd(50_000), 0),
        told("sub_1", Telling::Updated, "active", usd(150_000), 10),
        told("sub_1", Telling::Updated, "active", usd(50_000), 20),
        told("sub_1", Telling::Ended, "canceled", usd(50_000), 30),
        told("sub_1", Telling::Updated, "active", usd(50_000), 31),
    ];
    let expected = [
        (Movement::New, 50_000, 0),
        (Movement::Expansion, 100_000, 10),
        (Movement::Contraction, -100_000, 20),
        (Movement::Churn, -50_000, 30),
    ];
    assert_eq!(short(&all), expected, "what has ended never comes back");
    let mut reversed = all.to_vec();
    reversed.reverse();
    assert_eq!(short(&reversed), expected);
    assert_eq!(latest(all.iter()).unwrap().status, "canceled");
}

#[test]
fn a_change_of_currency_is_churn_in_one_and_new_in_the_other() {
    let all = [
        told("sub_1", Telling::Created, "active", money(50_000, "USD"), 0),
        told("sub_2", Telling::Created, "active", money(46_000, "EUR"), 9),
        told("sub_1", Telling::Ended, "canceled", money(50_000, "USD"), 10),
    ];
    let mut all = all.to_vec();
    all[1].started_at = Moment(9);
    let moved = movements(&all);
    let of = |code: &str| {
        moved
            .iter()
            .filter(|one| one.amount.currency.code() == code)
            .map(|one| (one.movement, one.amount.minor))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("USD"), [(Movement::New, 50_000), (Movement::Churn, -50_000)]);
    assert_eq!(of("EUR"), [(Movement::New, 46_000)]);
}

#[test]
fn a_trial_counts_when_it_is_paid_for_and_an_end_heard_first_counted_before() {
    let usd = money(50_000, "USD");
    let trial = [
        told("sub_1", Telling::Created, "trialing", usd, 0),
        told("sub_1", Telling::Updated, "active", usd, 14),
    ];
    assert_eq!(short(&trial), [(Movement::New, 50_000, 14)]);
    let end = [told("sub_1", Telling::Ended, "canceled", usd, 30)];
    assert_eq!(short(&end), [(Movement::New, 50_000, 0), (Movement::Churn, -50_000, 30)]);
    let expired = [told("sub_1", Telling::Updated, "incomplete_expired", usd, 1)];
    assert_eq!(short(&expired), []);
}

proptest! {
    #[test]
    fn the_movements_sum_to_the_last_word_on_every_subscription_in_any_order(
        parts in proptest::collection::vec((0_u8..3, 0_usize..6, 0_i64..4, 0_i64..40, 0_u8..2), 0..30),
        turn in 0_usize..30,
    ) {
        let statuses = ["active", "past_due", "unpaid", "canceled", "trialing", "paused"];
        let mut all: Vec<_> = parts
            .iter()
            .enumerate()
            .map(|(index, (which, status, units, at, currency))| {
                let code = ["USD", "EUR"][usize::from(*currency)];
                let monthly = money(units * 10_000, code);
                let telling = if *status == 3 { Telling::Ended } else { Telling::Updated };
                let mut one =
                    told(&format!("sub_{which}"), telling, statuses[*status], monthly, *at);
                one.told_by = format!("evt_{index:02}");
                one
            })
            .collect();
        let moved = movements(&all);
        for code in ["USD", "EUR"] {
            let sum: i64 = moved
                .iter()
                .filter(|one| one.amount.currency.code() == code)
                .map(|one| one.amount.minor)
                .sum();
            let standing: i64 = (0..3)
                .filter_map(|which| {
                    let name = format!("sub_{which}");
                    latest(all.iter().filter(|one| one.subscription == name))
                })
                .filter(|last| last.mrr.currency.code() == code)
                .map(|last| last.mrr.minor)
                .sum();
            prop_assert_eq!(sum, standing);
        }
        if !all.is_empty() {
            let by = turn % all.len();
            all.rotate_left(by);
        }
        prop_assert_eq!(movements(&all), moved);
    }
}
