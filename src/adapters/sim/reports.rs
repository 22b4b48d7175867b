//! Provides the simulated way of reports to clients: they are accepted and nobody reads them.

use async_trait::async_trait;

use super::Sim;
use crate::domain::effect::{Receipt, Recovery, ReportDelivery};
use crate::domain::error::WorkError;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Accepts reports that nobody gets.
#[derive(Clone)]
pub struct SimReports(pub Sim);

#[async_trait]
impl Port<ReportDelivery> for SimReports {
    fn name(&self) -> &'static str {
        "sim report"
    }

    fn host(&self) -> &'static str {
        "sim-report"
    }

    fn recovery(&self) -> Recovery {
        Recovery::Queryable
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        _: &ReportDelivery,
    ) -> Result<Receipt, WorkError> {
        self.0.answer(call, receipt(call)).await
    }

    async fn find(&self, _: &Permit, call: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(self.0.has_arrived(call)?.then(|| receipt(call)))
    }
}

fn receipt(call: &Call) -> Receipt {
    Receipt { reference: format!("sim:report/{}", call.key), data: serde_json::Value::Null }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::adapters::conformance;
    use crate::adapters::sim::FaultPlan;

    #[tokio::test]
    async fn it_behaves_as_every_port_must() {
        let report = ReportDelivery {
            entity: "osm:node/1".to_owned(),
            period: "weekly:2026-W06".to_owned(),
            markdown: "# Report".to_owned(),
            json: json!({}),
            mail: conformance::mail(),
        };
        for rate in [0.0, 0.3, 1.0] {
            let plan = FaultPlan { rate, ..FaultPlan::default() };
            let sim = Sim::new(conformance::SEED, plan, None);
            conformance::check(&SimReports(sim), &report).await;
        }
    }
}
