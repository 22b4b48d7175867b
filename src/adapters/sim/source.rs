//! Reads sources in the simulated world: the same files, with the faults of the plan.

use async_trait::async_trait;

use super::Sim;
use crate::adapters::source_file;
use crate::domain::effect::{Receipt, Recovery, SourceRead};
use crate::domain::error::WorkError;
use crate::effects::permit::Permit;
use crate::effects::port::{Call, Port};

/// Files, through the fault plan.
#[derive(Clone)]
pub struct SimSource(pub Sim);

#[async_trait]
impl Port<SourceRead> for SimSource {
    fn name(&self) -> &'static str {
        "sim source"
    }

    fn host(&self) -> &'static str {
        "source.sim"
    }

    fn recovery(&self) -> Recovery {
        Recovery::ReadOnly
    }

    async fn call(&self, _: &Permit, call: &Call, read: &SourceRead) -> Result<Receipt, WorkError> {
        let mut receipt = source_file::receipt(read).await?;
        receipt.reference = format!("sim:{}", receipt.reference);
        self.0.answer_read(call, receipt)
    }

    async fn find(&self, _: &Permit, _: &Call) -> Result<Option<Receipt>, WorkError> {
        Ok(None)
    }
}
