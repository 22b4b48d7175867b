//! Provides the simulated folders of clients' workspaces.

use async_trait::async_trait;

use super::Sim;
use crate::domain::effect::{Receipt, Recovery, Workspace};
use crate::domain::error::WorkError;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Accepts workspaces that nobody opens.
#[derive(Clone)]
pub struct SimWorkspace(pub Sim);

#[async_trait]
impl Port<Workspace> for SimWorkspace {
    fn name(&self) -> &'static str {
        "sim workspace"
    }

    fn host(&self) -> &'static str {
        "sim-workspace"
    }

    fn recovery(&self) -> Recovery {
        Recovery::Idempotent { key_in: "folder name", retention_ms: None }
    }

    async fn call(
        &self,
        _: &Permit,
        call: &Call,
        wanted: &Workspace,
    ) -> Result<Receipt, WorkError> {
        let reference = format!("sim:workspace/{}", call.key);
        let texts = wanted.documents.iter().map(|document| &document.path);
        let would_hold: Vec<&String> =
            texts.chain(wanted.files.iter().map(|file| &file.path)).collect();
        let data = serde_json::json!({ "would_hold": would_hold });
        self.0.answer(call, Receipt { reference, data }).await
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::conformance;
    use crate::adapters::sim::FaultPlan;

    #[tokio::test]
    async fn it_behaves_as_every_port_must() {
        let effect = Workspace {
            entity: "c".to_owned(),
            name: "C".to_owned(),
            documents: Vec::new(),
            files: Vec::new(),
        };
        for rate in [0.0, 0.3, 1.0] {
            let plan = FaultPlan { rate, ..FaultPlan::default() };
            let sim = Sim::new(conformance::SEED, plan, None);
            conformance::check(&SimWorkspace(sim), &effect).await;
        }
    }
}
