//! Takes a task back from where it was handed to a person. Any layer may have asked for it.

use crate::domain::effect::{Action, Audience, Effect, TaskWithdrawal};
use crate::domain::event::NewEvent;
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::unit::Unit;
use crate::engines::orchestrator::contract::{EffectRequest, LayerContext};

/// The kind of these units, in every layer.
pub(super) const KIND: &str = "withdraw";

/// Works one unit.
pub(super) async fn run(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let withdrawal: TaskWithdrawal = super::payload(unit)?;
    let text = format!("{} is taken back: {}", withdrawal.title, withdrawal.why);
    ctx.perform(EffectRequest {
        action: Action::WithdrawTask,
        entity: unit.name.entity.clone(),
        version: unit.name.version.clone(),
        audience: Audience::Agency,
        effect: Effect::Withdrawal(withdrawal),
    })
    .await?;
    Ok(StepOutcome::done().event(NewEvent::info("task_withdrawn", text)))
}
