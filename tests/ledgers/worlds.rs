//! The worlds: events as they would arrive, and beside them the sums reckoned by hand.

use serde_json::{Value, json};

use super::stage::{Desk, Event, Shape, check, seconds, told};

/// A subscription to one price, in minor units.
struct Sub {
    id: &'static str,
    since: &'static str,
    price: i64,
    currency: &'static str,
    interval: &'static str,
    quantity: i64,
    discount: Value,
}

const fn monthly(id: &'static str, since: &'static str, price: i64) -> Sub {
    let discount = Value::Null;
    Sub { id, since, price, currency: "usd", interval: "month", quantity: 1, discount }
}

impl Sub {
    fn told(&self, day: &str, kind: &'static str, status: &str) -> Event {
        let price = json!({"id": "price_1", "unit_amount": self.price, "currency": self.currency,
            "recurring": {"interval": self.interval, "interval_count": 1, "usage_type": "licensed"}});
        let base = json!({"id": self.id, "object": "subscription", "customer": "cus_test0001",
            "status": status, "currency": self.currency, "start_date": seconds(self.since),
            "ended_at": if status == "canceled" { json!(seconds(day)) } else { Value::Null },
            "metadata": {}});
        let ends = seconds(day) + 30 * 86_400;
        let mut new = base.clone();
        new["items"] = json!({"data": [{"quantity": self.quantity, "price": price,
            "current_period_end": ends}]});
        new["discounts"] = if self.discount.is_null() {
            json!([])
        } else {
            json!([{"source": {"coupon": self.discount}, "end": null}])
        };
        let mut old = base;
        old["items"] = json!({"data": [{"quantity": self.quantity, "price": price}]});
        old["current_period_end"] = json!(ends);
        if !self.discount.is_null() {
            old["discount"] = json!({"coupon": self.discount, "end": null});
        }
        Event { day: day.to_owned(), kind, new, old }
    }

    fn created(&self) -> Event {
        self.told(self.since, "customer.subscription.created", "active")
    }

    fn updated(&self, day: &str, status: &str) -> Event {
        self.told(day, "customer.subscription.updated", status)
    }

    fn ended(&self, day: &str) -> Event {
        self.told(day, "customer.subscription.deleted", "canceled")
    }
}

/// An invoice over 119.00 EUR with 19.00 EUR of tax, paid by the charge `ch_1`.
pub(crate) fn invoice(day: &str, kind: &'static str, status: &str, paid: i64) -> Event {
    let base = json!({"id": "in_1", "object": "invoice", "customer": "cus_test0001", "currency": "eur",
        "status": status, "total": 11_900, "amount_paid": paid, "attempt_count": 1,
        "next_payment_attempt": null, "created": seconds("2026-01-10"),
        "status_transitions": {"paid_at": if status == "paid" { json!(seconds(day)) } else { Value::Null }},
        "metadata": {}});
    let mut new = base.clone();
    new["total_excluding_tax"] = json!(10_000);
    new["total_taxes"] = json!([{"amount": 1_900}]);
    new["payments"] =
        json!({"data": [{"payment": {"type": "payment_intent", "payment_intent": "pi_1"}}]});
    let mut old = base;
    old["tax"] = json!(1_900);
    old["charge"] = json!("ch_1");
    Event { day: day.to_owned(), kind, new, old }
}

/// The charge of that invoice, with what was given back of it so far.
pub(crate) fn refunded(day: &str, so_far: i64) -> Event {
    let new = json!({"id": "ch_1", "object": "charge", "customer": "cus_test0001", "currency": "eur",
        "amount": 11_900, "amount_refunded": so_far, "payment_intent": "pi_1", "metadata": {}});
    let mut old = new.clone();
    old["invoice"] = json!("in_1");
    Event { day: day.to_owned(), kind: "charge.refunded", new, old }
}

pub(crate) fn refund_failed(day: &str, minor: i64) -> Event {
    let object = json!({"id": "re_1", "object": "refund", "charge": "ch_1", "amount": minor,
        "currency": "eur", "status": "failed"});
    Event { day: day.to_owned(), kind: "refund.failed", new: object.clone(), old: object }
}

pub(crate) fn dispute(day: &str, kind: &'static str, status: &str) -> Event {
    let object = json!({"id": "dp_1", "object": "dispute", "charge": "ch_1", "payment_intent": "pi_1",
        "amount": 11_900, "currency": "eur", "status": status, "reason": "fraudulent",
        "balance_transactions": [{"amount": -11_900, "fee": 1_500, "currency": "eur"}]});
    Event { day: day.to_owned(), kind, new: object.clone(), old: object }
}

/// Starter 500 → professional 1,500: expansion of 1,000 in the month of the change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_is_expansion_by_the_difference() {
    let starter = monthly("sub_1", "2026-01-10", 50_000);
    let professional = monthly("sub_1", "2026-01-10", 150_000);
    check(
        &[starter.created(), professional.updated("2026-02-03", "active")],
        &["2026-01 USD new 50000", "2026-02 USD expansion 100000"],
    )
    .await;
}

/// Professional 1,500 → starter 500 in March: contraction of 1,000. The card that fails meanwhile
/// (`past_due`) moves nothing, because it still counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_downgrade_is_contraction_and_a_late_card_is_nothing() {
    let professional = monthly("sub_1", "2026-01-10", 150_000);
    let starter = monthly("sub_1", "2026-01-10", 50_000);
    check(
        &[
            professional.created(),
            professional.updated("2026-02-10", "past_due"),
            professional.updated("2026-02-13", "active"),
            starter.updated("2026-03-01", "active"),
        ],
        &["2026-01 USD new 150000", "2026-03 USD contraction -100000"],
    )
    .await;
}

/// 500 from January, ended on 20 February: churn of 500 in February; what is told after it is nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_leaves_is_churn_in_the_month_it_ended() {
    let starter = monthly("sub_1", "2026-01-10", 50_000);
    check(
        &[starter.created(), starter.ended("2026-02-20"), starter.updated("2026-03-05", "active")],
        &["2026-01 USD new 50000", "2026-02 USD churn -50000"],
    )
    .await;
}

/// Left in February, back in April with professional: a reactivation of 1,500 and not a new client.
/// The trial before it (from 20 March) counts nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_who_comes_back_is_a_reactivation_and_a_trial_counts_nothing() {
    let starter = monthly("sub_1", "2026-01-10", 50_000);
    let again = monthly("sub_2", "2026-03-20", 150_000);
    check(
        &[
            starter.created(),
            starter.ended("2026-02-20"),
            again.told("2026-03-20", "customer.subscription.created", "trialing"),
            again.updated("2026-04-03", "active"),
        ],
        &["2026-01 USD new 50000", "2026-02 USD churn -50000", "2026-04 USD reactivation 150000"],
    )
    .await;
}

/// 1,188.00 a year ÷ 12 = 99.00 a month. From monthly 120.00 to yearly 1,188.00 is a contraction of
/// 21.00, though the client pays more at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yearly_plan_counts_a_twelfth() {
    let by_month = monthly("sub_1", "2026-01-10", 12_000);
    let by_year = Sub { interval: "year", price: 118_800, ..monthly("sub_1", "2026-01-10", 0) };
    check(
        &[by_month.created(), by_year.updated("2026-02-10", "active")],
        &["2026-01 USD new 12000", "2026-02 USD contraction -2100"],
    )
    .await;
}

/// 2 × 99.00 a month + 1,188.00 a year ÷ 12 = 198.00 + 99.00 = 297.00; 3.00 a week × 52 ÷ 12 = 13.00.
/// Together 310.00. A recurring 50 % off the weekly one takes 6.50; one that is granted once, nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seats_years_weeks_and_discounts_come_out_to_the_cent() {
    let seats = Sub { quantity: 2, ..monthly("sub_1", "2026-01-10", 9_900) };
    let year = Sub { interval: "year", ..monthly("sub_2", "2026-02-10", 118_800) };
    let week = |discount| Sub { interval: "week", discount, ..monthly("sub_3", "2026-03-10", 300) };
    let off = |duration: &str| json!({"duration": duration, "percent_off": 50});
    check(
        &[
            seats.created(),
            year.created(),
            week(off("once")).created(),
            week(off("forever")).updated("2026-04-10", "active"),
        ],
        &[
            "2026-01 USD new 19800",
            "2026-02 USD expansion 9900",
            "2026-03 USD expansion 1300",
            "2026-04 USD contraction -650",
        ],
    )
    .await;
}

/// USD 500 ends and EUR 460 begins: churn of 500 in one currency, new of 460 in the other, never added.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_currency_is_churn_and_new_apart() {
    let dollars = monthly("sub_1", "2026-01-10", 50_000);
    let euros = Sub { currency: "eur", ..monthly("sub_2", "2026-02-01", 46_000) };
    check(
        &[dollars.created(), euros.created(), dollars.ended("2026-02-01")],
        &["2026-01 USD new 50000", "2026-02 EUR new 46000", "2026-02 USD churn -50000"],
    )
    .await;
}

/// Collection paused in February: 500 gone (churn, nothing else is left), back in April.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_counts_nothing_while_it_lasts() {
    let starter = monthly("sub_1", "2026-01-10", 50_000);
    let mut paused = starter.updated("2026-02-10", "active");
    for body in [&mut paused.new, &mut paused.old] {
        body["pause_collection"] = json!({"behavior": "void", "resumes_at": null});
    }
    check(
        &[starter.created(), paused, starter.updated("2026-04-01", "active")],
        &["2026-01 USD new 50000", "2026-02 USD churn -50000", "2026-04 USD reactivation 50000"],
    )
    .await;
}

/// 59.50 in January and 59.50 in February of 119.00 with 19.00 tax: each month 50.00 net and 9.50 tax.
/// Paid only with the second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partial_payment_is_booked_when_it_came_and_the_invoice_is_paid_with_the_rest() {
    let events = [
        invoice("2026-01-20", "invoice.updated", "open", 5_950),
        invoice("2026-02-05", "invoice.paid", "paid", 11_900),
    ];
    check(
        &events,
        &[
            "2026-01 EUR revenue 5000",
            "2026-01 EUR tax 950",
            "2026-02 EUR revenue 5000",
            "2026-02 EUR tax 950",
        ],
    )
    .await;
    let state = |desk: &Desk| {
        desk.lines("SELECT state || ' ' || paid_minor || ' of ' || total_minor FROM invoices")
    };
    let part = told(&events, &[0], Shape::New).await;
    assert_eq!(state(&part), ["open 5950 of 11900"]);
    let whole = told(&events, &[1, 0], Shape::New).await;
    assert_eq!(state(&whole), ["paid 11900 of 11900"]);
}

/// 119.00 paid in January; 23.80 given back in February, the rest (95.20) in March. Net: 20.00 and
/// 80.00; tax: 3.80 and 15.20. The sums told are 23.80 and 119.00.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_over_two_months_is_booked_in_each() {
    check(
        &[
            invoice("2026-01-12", "invoice.paid", "paid", 11_900),
            refunded("2026-02-10", 2_380),
            refunded("2026-03-10", 11_900),
        ],
        &[
            "2026-01 EUR revenue 10000",
            "2026-01 EUR tax 1900",
            "2026-02 EUR refund -2000",
            "2026-02 EUR tax -380",
            "2026-03 EUR refund -8000",
            "2026-03 EUR tax -1520",
        ],
    )
    .await;
}

/// A refund of 23.80 in February does not arrive and comes back in March: +20.00 net, +3.80 tax.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_fails_is_taken_back_when_it_failed() {
    check(
        &[
            invoice("2026-01-12", "invoice.paid", "paid", 11_900),
            refunded("2026-02-10", 2_380),
            refund_failed("2026-03-02", 2_380),
        ],
        &[
            "2026-01 EUR revenue 10000",
            "2026-01 EUR tax 1900",
            "2026-02 EUR refund -2000",
            "2026-02 EUR tax -380",
            "2026-03 EUR refund 2000",
            "2026-03 EUR tax 380",
        ],
    )
    .await;
}

/// Disputed in February (fee 15.00), lost in March: −100.00 net and −19.00 tax in March. A refund of
/// the same money told in April is not a second loss.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_dispute_is_lost_in_the_month_it_was_lost_and_only_once() {
    check(
        &[
            invoice("2026-01-12", "invoice.paid", "paid", 11_900),
            dispute("2026-02-10", "charge.dispute.created", "needs_response"),
            dispute("2026-03-15", "charge.dispute.closed", "lost"),
            refunded("2026-04-01", 11_900),
        ],
        &[
            "2026-01 EUR revenue 10000",
            "2026-01 EUR tax 1900",
            "2026-02 EUR cost -1500",
            "2026-03 EUR dispute -10000",
            "2026-03 EUR tax -1900",
        ],
    )
    .await;
}

/// A won dispute costs its fee and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_won_dispute_moves_no_revenue() {
    check(
        &[
            invoice("2026-01-12", "invoice.paid", "paid", 11_900),
            dispute("2026-02-10", "charge.dispute.created", "needs_response"),
            dispute("2026-03-15", "charge.dispute.closed", "won"),
        ],
        &["2026-01 EUR revenue 10000", "2026-01 EUR tax 1900", "2026-02 EUR cost -1500"],
    )
    .await;
}

/// The payment of a customer nobody knows yet is kept, and booked when the checkout names the client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_of_an_unknown_customer_is_booked_once_the_customer_is_known() {
    let desk = Desk::open();
    desk.books.execute("UPDATE clients SET customer_id = NULL", []).unwrap();
    desk.deliver(&invoice("2026-01-12", "invoice.paid", "paid", 11_900).body("evt_1", Shape::New))
        .await;
    desk.book().await;
    assert_eq!(desk.number("SELECT count(*) FROM ledger"), 0);
    assert_eq!(desk.number("SELECT count(*) FROM events WHERE kind = 'billing_unmatched'"), 1);
    let checkout = Event {
        day: "2026-01-13".to_owned(),
        kind: "checkout.session.completed",
        new: json!({"id": "cs_1", "customer": "cus_test0001", "client_reference_id": "osm:node/1"}),
        old: Value::Null,
    };
    desk.deliver(&checkout.body("evt_2", Shape::New)).await;
    desk.book().await;
    assert_eq!(desk.months(), ["2026-01 EUR revenue 10000", "2026-01 EUR tax 1900"]);
}
