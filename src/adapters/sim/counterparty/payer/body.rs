//! Writes the provider's objects in the shapes of two API versions.
//!
//! Only the places that moved between the versions differ (`domain::stripe` reads both).

use serde_json::{Value, json};

use crate::domain::effect::SubscriptionRequest;
use crate::domain::money::Money;
use crate::domain::time::{DAY_MS, Moment, SECOND_MS};

/// Days that one bill of a subscription covers.
const BILLED_DAYS: i64 = 30;

/// Which API version shapes a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Before `2025-03-31.basil`.
    Old,
    /// Since.
    New,
}

/// Writes an event around an object.
pub(super) fn event(shape: Shape, id: &str, kind: &str, object: &Value, made: Moment) -> Value {
    json!({
        "id": id,
        "object": "event",
        "api_version": match shape {
            Shape::Old => "2024-06-20",
            Shape::New => "2026-06-24.dahlia",
        },
        "created": seconds(made),
        "livemode": false,
        "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null},
        "type": kind,
        "data": {"object": object},
    })
}

/// An invoice before it is known how it was paid.
pub(super) struct Bill {
    pub(super) shape: Shape,
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) subscription: Option<String>,
    pub(super) total: Money,
    pub(super) tax: Money,
    pub(super) created: Moment,
    pub(super) reason: &'static str,
    pub(super) client: String,
    pub(super) period: Option<String>,
}

impl Bill {
    /// Writes the invoice as it stands at `at`, with `paid` of it paid.
    pub(super) fn body(
        &self,
        paid: Money,
        attempts: i64,
        next_attempt: Option<Moment>,
        at: Moment,
    ) -> Value {
        let is_paid = paid.minor >= self.total.minor;
        let mut body = json!({
            "id": self.id,
            "object": "invoice",
            "customer": self.customer,
            "currency": self.total.currency.code().to_lowercase(),
            "status": if is_paid { "paid" } else { "open" },
            "billing_reason": self.reason,
            "total": self.total.minor,
            "amount_due": self.total.minor,
            "amount_paid": paid.minor,
            "amount_remaining": self.total.minor - paid.minor,
            "attempt_count": attempts,
            "next_payment_attempt": next_attempt.map(seconds),
            "created": seconds(self.created),
            "status_transitions": {"paid_at": is_paid.then(|| seconds(at.ceil_quarter_hour()))},
            "lines": {"object": "list", "data": [{
                "amount": self.total.minor - self.tax.minor,
                "period": {
                    "start": seconds(self.created),
                    "end": seconds(self.created.plus_ms(BILLED_DAYS * DAY_MS)),
                },
            }]},
        });
        match self.shape {
            Shape::New => self.add_new(&mut body),
            Shape::Old => self.add_old(&mut body),
        }
        body
    }

    fn add_new(&self, body: &mut Value) {
        body["total_excluding_tax"] = json!(self.total.minor - self.tax.minor);
        body["total_taxes"] = json!([{"amount": self.tax.minor}]);
        match &self.subscription {
            Some(subscription) => {
                body["metadata"] = json!({});
                body["parent"] = json!({
                    "type": "subscription_details",
                    "subscription_details": {
                        "subscription": subscription,
                        "metadata": {"client": self.client},
                    },
                });
            }
            None => body["metadata"] = json!({"client": self.client, "period": self.period}),
        }
    }

    fn add_old(&self, body: &mut Value) {
        body["tax"] = json!(self.tax.minor);
        body["subscription"] = json!(self.subscription);
        if self.subscription.is_some() {
            body["metadata"] = json!({});
            body["subscription_details"] = json!({"metadata": {"client": self.client}});
        } else {
            body["metadata"] = json!({"client": self.client, "period": self.period});
        }
    }
}

/// A subscription as it stands at one instant.
pub(super) struct Subscription<'a> {
    pub(super) shape: Shape,
    pub(super) id: &'a str,
    pub(super) customer: &'a str,
    pub(super) status: &'static str,
    pub(super) started: Moment,
    pub(super) billed_from: Moment,
}

impl Subscription<'_> {
    /// Writes the subscription to what was asked for.
    pub(super) fn body(&self, request: &SubscriptionRequest) -> Value {
        let currency = request.monthly.currency.code().to_lowercase();
        let mut item = json!({
            "id": self.id.replace("sub_", "si_"),
            "quantity": 1,
            "price": {
                "id": format!("price_{}", request.plan),
                "unit_amount": request.yearly.unwrap_or(request.monthly).minor,
                "currency": currency,
                "recurring": {"interval": if request.yearly.is_some() { "year" } else { "month" },
                    "interval_count": 1, "usage_type": "licensed"},
            },
        });
        let mut body = json!({
            "id": self.id,
            "object": "subscription",
            "customer": self.customer,
            "status": self.status,
            "currency": currency,
            "start_date": seconds(self.started),
            "created": seconds(self.started),
            "cancel_at_period_end": false,
            "metadata": {"client": request.entity},
        });
        let billed_until = self.billed_from.plus_ms(BILLED_DAYS * DAY_MS);
        for (name, moment) in
            [("current_period_start", self.billed_from), ("current_period_end", billed_until)]
        {
            match self.shape {
                Shape::New => item[name] = json!(seconds(moment)),
                Shape::Old => body[name] = json!(seconds(moment)),
            }
        }
        body["items"] = json!({"object": "list", "data": [item]});
        body
    }
}

const fn seconds(at: Moment) -> i64 {
    at.0.div_euclid(SECOND_MS)
}
