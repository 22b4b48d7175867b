//! Provides the simulated billing provider.
//!
//! It gives what it makes ids in the provider's style, derived from the effect's key, and knows a
//! client as one customer. It takes no money: what follows comes as deliveries from the payer
//! (`counterparty::payer`). Like the real one it remembers idempotency keys for a day.

use async_trait::async_trait;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Sim;
use crate::domain::effect::{
    CreditNoteRequest, InvoiceRequest, Receipt, Recovery, SubscriptionRequest,
};
use crate::domain::error::WorkError;
use crate::domain::time::DAY_MS;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Issues invoices and starts subscriptions that nobody is charged for.
#[derive(Clone)]
pub struct SimBilling(pub Sim);

/// How the provider is asked again after an unknown outcome: keys may be forgotten after 24 hours.
const RECOVERY: Recovery =
    Recovery::Idempotent { key_in: "Idempotency-Key", retention_ms: Some(DAY_MS) };

const HOST: &str = "sim-billing";

#[async_trait]
impl Port<InvoiceRequest> for SimBilling {
    fn name(&self) -> &'static str {
        "sim invoice"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        RECOVERY
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        invoice: &InvoiceRequest,
    ) -> Result<Receipt, WorkError> {
        self.0.answer(call, receipt("in", call, &invoice.entity)).await
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[async_trait]
impl Port<CreditNoteRequest> for SimBilling {
    fn name(&self) -> &'static str {
        "sim credit note"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        RECOVERY
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        note: &CreditNoteRequest,
    ) -> Result<Receipt, WorkError> {
        self.0.answer(call, receipt("cn", call, &note.entity)).await
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[async_trait]
impl Port<SubscriptionRequest> for SimBilling {
    fn name(&self) -> &'static str {
        "sim subscription"
    }

    fn host(&self) -> &'static str {
        HOST
    }

    fn recovery(&self) -> Recovery {
        RECOVERY
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        subscription: &SubscriptionRequest,
    ) -> Result<Receipt, WorkError> {
        self.0.answer(call, receipt("sub", call, &subscription.entity)).await
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

fn receipt(kind: &str, call: &Call, entity: &str) -> Receipt {
    let id = format!("{kind}_{}", call.key);
    Receipt {
        reference: format!("sim:{id}"),
        data: json!({"id": id, "customer": customer(entity)}),
    }
}

/// The provider's name of a client.
fn customer(entity: &str) -> String {
    format!("cus_{}", hex::encode(&Sha256::digest(entity.as_bytes())[..7]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::conformance;
    use crate::adapters::sim::FaultPlan;
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::Moment;

    #[tokio::test]
    async fn it_behaves_as_every_port_must() {
        let money = |minor| Money::new(minor, Currency::new("USD").unwrap());
        let invoice = InvoiceRequest {
            entity: "osm:node/1".to_owned(),
            period: "setup".to_owned(),
            name: "A Dental".to_owned(),
            email: "a@dental.example".to_owned(),
            lines: Vec::new(),
            tax: money(0),
            total: money(100_000),
            due_at: Moment(0),
            paper: crate::domain::effect::InvoicePaper::default(),
        };
        let subscription = SubscriptionRequest {
            entity: "osm:node/1".to_owned(),
            email: "a@dental.example".to_owned(),
            plan: "starter".to_owned(),
            monthly: money(50_000),
            tax_bp: 0,
            yearly: None,
            changes: None,
        };
        for rate in [0.0, 0.3, 1.0] {
            let plan = FaultPlan { rate, ..FaultPlan::default() };
            let billing = SimBilling(Sim::new(conformance::SEED, plan, None));
            conformance::check::<InvoiceRequest>(&billing, &invoice).await;
            conformance::check::<CreditNoteRequest>(&billing, &conformance::credit_note()).await;
            conformance::check::<SubscriptionRequest>(&billing, &subscription).await;
        }
    }

    #[test]
    fn a_client_is_one_customer_whatever_is_billed() {
        assert_eq!(customer("osm:node/1"), customer("osm:node/1"));
        assert_ne!(customer("osm:node/1"), customer("osm:node/2"));
    }
}
