//! Provides the simulated calendar server.
//!
//! It accepts invites and their updates; a meeting is moved and cancelled by deliveries, not here.

use async_trait::async_trait;

use super::Sim;
use crate::domain::effect::{Invite, Receipt, Recovery};
use crate::domain::error::WorkError;
use crate::domain::time::DAY_MS;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Like the HTTP interface of a mail provider: a repeat within a day gets the first answer.
const BY_KEY: Recovery =
    Recovery::Idempotent { key_in: "Idempotency-Key", retention_ms: Some(DAY_MS) };

/// Accepts invites that nobody gets.
#[derive(Clone)]
pub struct SimCalendar(pub Sim);

#[async_trait]
impl Port<Invite> for SimCalendar {
    fn name(&self) -> &'static str {
        "sim invite"
    }

    fn host(&self) -> &'static str {
        "sim-invite"
    }

    fn recovery(&self) -> Recovery {
        BY_KEY
    }

    async fn call(&self, _: &Permit, call: &Call, _: &Invite) -> Result<Receipt, WorkError> {
        self.0.answer(call, receipt(call)).await
    }

    async fn find(&self, _: &Permit, call: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(self.0.has_arrived(call)?.then(|| receipt(call)))
    }
}

fn receipt(call: &Call) -> Receipt {
    Receipt { reference: format!("sim:invite/{}", call.key), data: serde_json::Value::Null }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::conformance;
    use crate::adapters::sim::FaultPlan;

    #[tokio::test]
    async fn it_behaves_as_every_port_must() {
        let effect = conformance::invite();
        for rate in [0.0, 0.3, 1.0] {
            let plan = FaultPlan { rate, ..FaultPlan::default() };
            let sim = Sim::new(conformance::SEED, plan, None);
            conformance::check(&SimCalendar(sim), &effect).await;
        }
    }
}
