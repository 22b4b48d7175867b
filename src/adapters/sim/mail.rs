//! Provides the simulated mail server.
//!
//! It accepts mail and, unless it is to be like SMTP, knows the key of what it accepted. What the recipients do is not its
//! business: that is `counterparty::prospect`.

use async_trait::async_trait;

use super::Sim;
use crate::domain::effect::{Mail, Receipt, Recovery};
use crate::domain::error::WorkError;
use crate::domain::time::DAY_MS;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Like the HTTP interface of a mail provider: a repeat within a day gets the first answer.
const BY_KEY: Recovery =
    Recovery::Idempotent { key_in: "Idempotency-Key", retention_ms: Some(DAY_MS) };

/// Accepts mail that nobody gets.
#[derive(Clone)]
pub struct SimMail {
    /// The world it is part of.
    pub sim: Sim,
    /// Whether it knows idempotency keys. SMTP has none: there a mail whose answer was lost may have
    /// gone out, and a repeat would go out again.
    pub keys: bool,
}

#[async_trait]
impl Port<Mail> for SimMail {
    fn name(&self) -> &'static str {
        "sim mail"
    }

    fn host(&self) -> &'static str {
        "sim-mail"
    }

    fn recovery(&self) -> Recovery {
        if self.keys { BY_KEY } else { Recovery::AtMostOnce }
    }

    async fn call(&self, _: &Permit, call: &Call, _: &Mail) -> Result<Receipt, WorkError> {
        let receipt = receipt(call);
        if self.keys {
            self.sim.answer(call, receipt).await
        } else {
            self.sim.answer_keyless(call, receipt).await
        }
    }

    async fn find(&self, _: &Permit, call: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(self.sim.has_arrived(call)?.then(|| receipt(call)))
    }
}

fn receipt(call: &Call) -> Receipt {
    Receipt { reference: format!("sim:mail/{}", call.key), data: serde_json::Value::Null }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::conformance;
    use crate::adapters::sim::FaultPlan;

    #[tokio::test]
    async fn it_behaves_as_every_port_must() {
        let effect = conformance::mail();
        for rate in [0.0, 0.3, 1.0] {
            let plan = FaultPlan { rate, ..FaultPlan::default() };
            let sim = Sim::new(conformance::SEED, plan, None);
            conformance::check(&SimMail { sim, keys: true }, &effect).await;
        }
    }
}
