//! ΔMRR is the sum of its movements, whatever comes and in whatever order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::stage::{Desk, Event, Shape};

/// A message about one of three subscriptions: which, status, price, day, currency.
type Message = (u8, usize, i64, i64, bool);

const STATUSES: [&str; 6] = ["active", "past_due", "unpaid", "canceled", "trialing", "paused"];

fn event(message: &Message) -> Event {
    let (which, status, units, day, euro) = *message;
    let currency = if euro { "eur" } else { "usd" };
    let object = json!({"id": format!("sub_{which}"), "customer": "cus_test0001",
        "status": STATUSES[status], "currency": currency, "start_date": 1_767_571_200,
        "items": {"data": [{"quantity": 1, "price": {"unit_amount": units * 10_000,
            "currency": currency, "recurring": {"interval": "month"}}}]}});
    Event {
        day: format!("2026-{:02}-{:02}", 1 + day / 28, 1 + day % 28),
        kind: "customer.subscription.updated",
        new: object,
        old: Value::Null,
    }
}

/// MRR by month and currency: (moved in the month by its movements, at its end by the sum of lines).
fn by_month(desk: &Desk) -> BTreeMap<(String, String), i64> {
    desk.months()
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            ((words[0].to_owned(), words[1].to_owned()), words[3].parse::<i64>().unwrap())
        })
        .fold(BTreeMap::new(), |mut months, (month, minor)| {
            *months.entry(month).or_insert(0) += minor;
            months
        })
}

fn told(messages: &[(usize, Message)]) -> Desk {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let desk = Desk::open();
        for (index, message) in messages {
            desk.deliver(&event(message).body(&format!("evt_{index:02}"), Shape::New)).await;
        }
        desk.book().await;
        desk
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn mrr_moves_by_the_sum_of_its_movements_through_the_whole_machine(
        messages in proptest::collection::vec(
            (0_u8..3, 0_usize..6, 0_i64..4, 5_i64..150, any::<bool>()), 1..24,
        ),
        turn in 0_usize..24,
    ) {
        let straight: Vec<(usize, Message)> = messages.iter().copied().enumerate().collect();
        let desk = told(&straight);
        // The movements of each currency sum to what its subscriptions count at the end.
        let apart = desk.lines(
            "SELECT currency || ' ' || sum(minor) FROM (
               SELECT currency, minor FROM ledger WHERE account = 'mrr'
               UNION ALL SELECT currency, -mrr_minor FROM subscriptions)
             GROUP BY currency HAVING sum(minor) <> 0",
        );
        prop_assert_eq!(apart, Vec::<String>::new());
        // No client has less than nothing at any instant.
        let negative = desk.number(
            "SELECT count(*) FROM (SELECT sum(sum(minor)) OVER (PARTITION BY currency ORDER BY at) AS mrr
             FROM ledger WHERE account = 'mrr' GROUP BY currency, at) WHERE mrr < 0",
        );
        prop_assert_eq!(negative, 0);
        // Turned round and told twice, each month moves by the same.
        let mut turned = straight.clone();
        turned.rotate_left(turn % messages.len());
        turned.extend(straight);
        prop_assert_eq!(by_month(&told(&turned)), by_month(&desk));
    }
}
