//! Provides the simulated task list of our own people.
//!
//! It accepts tasks; that they are done, when and with which result is `counterparty::person`.

use async_trait::async_trait;

use super::Sim;
use crate::domain::effect::{Receipt, Recovery};
use crate::domain::error::WorkError;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Accepts tasks for people, and that they are taken back.
#[derive(Clone)]
pub struct SimPeople(pub Sim);

#[async_trait]
impl<E: Sync> Port<E> for SimPeople {
    fn name(&self) -> &'static str {
        "sim task"
    }

    fn host(&self) -> &'static str {
        "sim-task"
    }

    fn recovery(&self) -> Recovery {
        Recovery::Queryable
    }

    async fn call(&self, _: &Permit, call: &Call, _: &E) -> Result<Receipt, WorkError> {
        self.0.answer(call, receipt(call)).await
    }

    async fn find(&self, _: &Permit, call: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(self.0.has_arrived(call)?.then(|| receipt(call)))
    }
}

fn receipt(call: &Call) -> Receipt {
    Receipt { reference: format!("sim:task/{}", call.key), data: serde_json::Value::Null }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::conformance;
    use crate::adapters::sim::FaultPlan;

    #[tokio::test]
    async fn it_behaves_as_every_port_must() {
        let effect = conformance::task();
        for rate in [0.0, 0.3, 1.0] {
            let plan = FaultPlan { rate, ..FaultPlan::default() };
            let sim = Sim::new(conformance::SEED, plan, None);
            conformance::check(&SimPeople(sim), &effect).await;
        }
    }
}
