//! Provides the payer: the billing provider and the client's card behind it.
//!
//! An issued invoice is paid, some only at the second try. A started subscription is told of, its
//! first month is paid at once and every later one a month on. As the real provider does, it sends
//! some deliveries twice, tells some facts by two events, now and then tells a payment before the
//! subscription it belongs to, and writes bodies of an old API version for endpoints that are pinned
//! to one.

mod body;

use jiff::ToSpan;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use self::body::{Bill, Shape};
use super::{Member, letter};
use crate::adapters::sim::market::{Market, MarketError, Rate};
use crate::domain::bookkeeping::SETUP;
use crate::domain::credit::CreditReason;
use crate::domain::draw::Seed;
use crate::domain::effect::{Effect, InvoiceRequest, PlanChange, SubscriptionRequest};
use crate::domain::money::Money;
use crate::domain::pricing::taxed;
use crate::domain::signature::Provider;
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Moment};
use crate::effects::counterparty::{Belongs, ConfirmedEffect, Consequence};

/// Months that a subscription is renewed for: longer than any horizon that is run.
const RENEWALS: i64 = 12;

/// How often a subscription that is billed by the year is not.
const MONTHS_OF_A_YEAR: i64 = 12;

/// The section `payer` of the market.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rates {
    pay_days: Rate,
    fails_first: Rate,
    renewal_fails: Rate,
    retry_days: Rate,
    delivered_twice: Rate,
    told_twice: Rate,
    out_of_order: Rate,
    old_shape: Rate,
}

/// Those who pay.
pub struct Payer {
    rates: Rates,
}

impl Payer {
    /// Reads how payers behave.
    ///
    /// # Errors
    /// A market without the section `payer` in its shape.
    pub fn new(market: &Market) -> Result<Self, MarketError> {
        Ok(Self { rates: market.section("payer")? })
    }
}

impl Member for Payer {
    fn react(&self, seed: Seed, effect: &ConfirmedEffect) -> Vec<Consequence> {
        let Some(id) = effect.receipt.data["id"].as_str() else { return Vec::new() };
        let account = Account {
            rates: &self.rates,
            seed,
            id,
            customer: effect.receipt.data["customer"].as_str().unwrap_or_default(),
        };
        let mut told = Vec::new();
        if let Effect::Invoice(invoice) = &effect.effect {
            account.pay_invoice(invoice, effect.settled_at, &mut told);
        }
        if let Effect::Subscription(subscription) = &effect.effect {
            match &subscription.changes {
                Some(change) => {
                    account.change_plan(subscription, change, effect.settled_at, &mut told);
                }
                None => account.keep_subscription(subscription, effect.settled_at, &mut told),
            }
        }
        told
    }

    /// A changed subscription is not billed at its old price any more, and nobody pays an invoice
    /// that was withdrawn.
    fn gives_up(&self, effect: &ConfirmedEffect) -> Option<Belongs> {
        if let Effect::CreditNote(note) = &effect.effect
            && note.credit.reason == CreditReason::Withdrawn
        {
            return Some(Belongs { to: note.provider_invoice.clone()?, at: effect.settled_at });
        }
        let Effect::Subscription(subscription) = &effect.effect else { return None };
        let change = subscription.changes.as_ref()?;
        let at = change.from.max(effect.settled_at);
        Some(Belongs { to: change.subscription.clone(), at })
    }
}

/// A subscription as it runs at the provider.
#[derive(Clone, Copy)]
struct Running<'a> {
    request: &'a SubscriptionRequest,
    /// The provider's id.
    id: &'a str,
    since: Moment,
}

impl Running<'_> {
    fn belongs(&self, at: Moment) -> Belongs {
        Belongs { to: self.id.to_owned(), at }
    }
}

/// How a bill is paid: at `at`, or when that try fails, at the next one.
#[derive(Clone, Copy)]
struct Paid {
    at: Moment,
    fails: bool,
    /// Whether somebody waits for it.
    settles: bool,
}

/// One customer at the provider, as far as one effect made it act.
struct Account<'a> {
    rates: &'a Rates,
    seed: Seed,
    /// The provider's id of what the effect made.
    id: &'a str,
    customer: &'a str,
}

impl Account<'_> {
    fn happens(&self, what: &str, part: &str, rate: &Rate) -> bool {
        self.seed.unit(&["payer", what, self.id, part]) < rate.value
    }

    fn shape(&self) -> Shape {
        // An endpoint keeps its API version, so all events of one customer have one shape.
        let draw = self.seed.unit(&["payer", "shape", self.customer]);
        if draw < self.rates.old_shape.value { Shape::Old } else { Shape::New }
    }

    /// Pays the invoice of a set-up within some days, maybe at the second try.
    fn pay_invoice(&self, invoice: &InvoiceRequest, issued: Moment, told: &mut Vec<Consequence>) {
        let hours = whole(self.rates.pay_days.value * 24.0);
        let wait = self.seed.between(&["payer", "wait", self.id], 4, hours.max(4));
        let bill = Bill {
            shape: self.shape(),
            id: self.id.to_owned(),
            customer: self.customer.to_owned(),
            subscription: None,
            total: invoice.total,
            tax: invoice.tax,
            created: issued,
            reason: "manual",
            client: invoice.entity.clone(),
            period: Some(invoice.period.clone()),
        };
        let settles = invoice.period == SETUP;
        let fails = self.happens("fails", "first", &self.rates.fails_first);
        let at = issued.plus_ms(wait * HOUR_MS);
        let belongs = Belongs { to: self.id.to_owned(), at };
        self.settle(&bill, Paid { at, fails, settles }, &belongs, told);
    }

    /// Tells of a subscription and pays its months.
    fn keep_subscription(
        &self,
        request: &SubscriptionRequest,
        started: Moment,
        told: &mut Vec<Consequence>,
    ) {
        let swapped = self.happens("order", "first", &self.rates.out_of_order);
        let created_due = started.plus_ms(if swapped { 2 * HOUR_MS } else { 15 * MINUTE_MS });
        let running = Running { request, id: self.id, since: started };
        let created = self.subscription(&running, "active", started);
        let belongs = running.belongs(started);
        let name = ("customer.subscription.created", "created");
        self.tell(name, &created, created_due, false, &belongs, told);
        self.pay_months(&running, started, told);
    }

    /// Pays the months of a subscription that begin at `from` or later.
    fn pay_months(&self, running: &Running<'_>, from: Moment, told: &mut Vec<Consequence>) {
        let mut billed = 0;
        for month in 0..=RENEWALS {
            let begins = months_after(running.since, month);
            if begins < from {
                continue;
            }
            billed += 1;
            if running.request.yearly.is_some() && billed % MONTHS_OF_A_YEAR != 1 {
                continue;
            }
            let fails = month > 0
                && self.happens("renewal fails", &month.to_string(), &self.rates.renewal_fails);
            let bill = self.month(running, month, begins);
            if fails {
                let retried = begins.plus_ms(HOUR_MS + self.retry_ms());
                for (status, at) in [("past_due", begins), ("active", retried)] {
                    let body = self.subscription(running, status, begins);
                    let name = format!("{status} {month}");
                    let due = at.plus_ms(2 * HOUR_MS);
                    let name = ("customer.subscription.updated", name.as_str());
                    self.tell(name, &body, due, false, &running.belongs(at), told);
                }
            }
            let paid = Paid { at: begins.plus_ms(HOUR_MS), fails, settles: false };
            self.settle(&bill, paid, &running.belongs(begins), told);
        }
    }

    /// Tells that a running subscription has another price, and pays the months that begin after.
    /// The month that runs is not reckoned anew.
    fn change_plan(
        &self,
        request: &SubscriptionRequest,
        change: &PlanChange,
        settled: Moment,
        told: &mut Vec<Consequence>,
    ) {
        let from = change.from.max(settled);
        let since = change.running_since.unwrap_or(change.from);
        let running = Running { request, id: &change.subscription, since };
        let body = self.subscription(&running, "active", from);
        let due = from.plus_ms(15 * MINUTE_MS);
        let name = ("customer.subscription.updated", "changed");
        self.tell(name, &body, due, false, &running.belongs(from), told);
        self.pay_months(&running, from, told);
    }

    fn month(&self, running: &Running<'_>, month: i64, begins: Moment) -> Bill {
        let request = running.request;
        let price = taxed(request.yearly.unwrap_or(request.monthly), request.tax_bp);
        Bill {
            shape: self.shape(),
            id: format!("in_{}", self.digest(&format!("month {month}"))),
            customer: self.customer.to_owned(),
            subscription: Some(running.id.to_owned()),
            total: price.total,
            tax: price.tax,
            created: begins,
            reason: if month == 0 { "subscription_create" } else { "subscription_cycle" },
            client: request.entity.clone(),
            period: None,
        }
    }

    fn subscription(
        &self,
        running: &Running<'_>,
        status: &'static str,
        billed_from: Moment,
    ) -> Value {
        let subscription = body::Subscription {
            shape: self.shape(),
            id: running.id,
            customer: self.customer,
            status,
            started: running.since,
            billed_from,
        };
        subscription.body(running.request)
    }

    /// Tells how a bill was paid.
    fn settle(
        &self,
        bill: &Bill,
        Paid { at, fails, settles }: Paid,
        belongs: &Belongs,
        told: &mut Vec<Consequence>,
    ) {
        let nothing = Money::new(0, bill.total.currency);
        let mut paid_at = at;
        if fails {
            paid_at = at.plus_ms(self.retry_ms());
            let body = bill.body(nothing, 1, Some(paid_at), at);
            let name = format!("{} failed", bill.id);
            let name = ("invoice.payment_failed", name.as_str());
            self.tell(name, &body, at, false, belongs, told);
        }
        let body = bill.body(bill.total, 1 + i64::from(fails), None, paid_at);
        let name = format!("{} paid", bill.id);
        self.tell(("invoice.paid", &name), &body, paid_at, settles, belongs, told);
        if self.happens("twice", &name, &self.rates.told_twice) {
            let again = format!("{name} again");
            let later = paid_at.plus_ms(HOUR_MS);
            self.tell(("invoice.paid", &again), &body, later, false, belongs, told);
        }
    }

    fn retry_ms(&self) -> i64 {
        whole(self.rates.retry_days.value) * DAY_MS
    }

    /// Sends one event, some of them twice.
    fn tell(
        &self,
        (kind, name): (&str, &str),
        object: &Value,
        due: Moment,
        settles: bool,
        belongs: &Belongs,
        told: &mut Vec<Consequence>,
    ) {
        let event = format!("evt_{}", self.digest(name));
        let made = due.ceil_quarter_hour();
        let body = body::event(self.shape(), &event, kind, object, made);
        let mut send = |due: Moment| {
            let delivery = letter(Provider::Stripe, event.clone(), &body, due);
            told.push(Consequence { due, settles, delivery, belongs: Some(belongs.clone()) });
        };
        send(due);
        if self.happens("delivered twice", name, &self.rates.delivered_twice) {
            send(due.plus_ms(HOUR_MS));
        }
    }

    fn digest(&self, name: &str) -> String {
        hex::encode(&Sha256::digest(format!("{}/{name}", self.id))[..12])
    }
}

/// The same day of a later month, or that month's last: how the provider renews.
fn months_after(start: Moment, months: i64) -> Moment {
    let start = start.to_timestamp().to_zoned(TimeZone::UTC);
    start.saturating_add(months.months()).timestamp().into()
}

/// A rate of whole units; the market's rates are small.
#[expect(clippy::cast_possible_truncation, reason = "days and hours of a market file are small")]
const fn whole(value: f64) -> i64 {
    value as i64
}

#[cfg(test)]
mod tests;
