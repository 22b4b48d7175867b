//! Works the steps by which a client is reminded of an unpaid invoice.

use serde_json::json;

use super::{client_of, perform};
use crate::domain::dunning::{self, PERSON};
use crate::domain::effect::{Action, Effect};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::finance::{FinanceChange, Invoice};
use crate::domain::layer::Layer;
use crate::domain::onboarding::Sender;
use crate::domain::outcome::{Next, StepOutcome, Stop};
use crate::domain::time::DAY_MS;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, LayerContext};
use crate::store::finance;

/// How many overdue invoices are looked at in one round; the rest wait for the next.
const ROUND_MAX: u32 = 500;

/// Days after which it is looked again whether a dispute has ended.
const DISPUTE_DAYS: i64 = 3;

/// Returns the unit of one step for an invoice.
pub(super) fn unit_name(entity: &str, period: &str, step: u32) -> UnitName {
    UnitName::new(Layer::FinanceTracker, entity, format!("dunning/{period}/{step}"))
}

/// Plans the steps that have fallen due.
pub(super) fn discover(ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    let overdue =
        ctx.store.read(|conn| finance::invoices::overdue(conn, ctx.mode, ctx.now, ROUND_MAX))?;
    let days = &ctx.settings.pricing.dunning_days;
    let planned = overdue.iter().filter_map(|invoice| {
        let (step, at) = dunning::next_step(invoice, days)?;
        (at <= ctx.now).then(|| {
            NewUnit::ready(
                unit_name(&invoice.entity, &invoice.period, step),
                "dunning",
                format!("reminder {step} of invoice {}", invoice.name()),
                json!({"period": invoice.period, "step": step}),
            )
        })
    });
    Ok(planned.collect())
}

/// Takes one step, unless the invoice was paid meanwhile or the client disputes a charge.
pub(super) async fn remind(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let entity = &unit.name.entity;
    let period = unit.payload["period"].as_str().unwrap_or_default();
    let step = unit.payload["step"].as_u64().and_then(|step| u32::try_from(step).ok()).unwrap_or(0);
    let (invoice, disputed) = ctx
        .store
        .read(|conn| {
            let invoice = finance::invoices::get(conn, ctx.mode, entity, period)?;
            Ok::<_, crate::store::error::StoreError>((
                invoice,
                finance::facts::at_risk(conn, ctx.mode, entity)?,
            ))
        })
        .map_err(WorkError::from)?;
    let Some(invoice) = invoice else {
        return Err(WorkError::permanent("no_invoice", format!("{entity} has no {period}")).into());
    };
    if dunning::next_step(&invoice, &ctx.settings.pricing.dunning_days).is_none()
        && unit.answer.is_none()
    {
        return Ok(StepOutcome::skipped(format!("invoice {} is settled", invoice.name())));
    }
    if !disputed.is_empty() {
        let at = ctx.now.plus_ms(DISPUTE_DAYS * DAY_MS);
        return Ok(StepOutcome::with(Next::Scheduled {
            at,
            why: "the client disputes a charge".to_owned(),
        }));
    }
    take(ctx, unit, &invoice, step).await
}

async fn take(
    ctx: &LayerContext<'_>,
    unit: &Unit,
    invoice: &Invoice,
    step: u32,
) -> Result<StepOutcome, Stop> {
    let client = client_of(ctx, &invoice.entity)?;
    let taken = FinanceChange::Dunned {
        entity: invoice.entity.clone(),
        period: invoice.period.clone(),
        step,
        at: ctx.now,
    };
    let version = format!("{}/{step}", invoice.period);
    if step < PERSON {
        let agency = &ctx.settings.agency;
        let from =
            Sender { agency: &agency.name, name: &agency.from_name, email: &agency.from_email };
        let mail = Effect::Mail(dunning::letter(invoice, &client, step, &from));
        perform(ctx, &client, Action::SendReminder, &version, mail).await?;
        let text = format!("reminder {step} of invoice {} went to {}", invoice.name(), client.name);
        let event = NewEvent::warn("reminder_sent", text);
        return Ok(StepOutcome::done().change(taken).event(event));
    }
    if let Some(answer) = &unit.answer {
        let said = answer["result"].as_str().unwrap_or("done");
        let text = format!("invoice {} after the call: {said}", invoice.name());
        return Ok(StepOutcome::done().event(NewEvent::warn("reminder_answered", text)));
    }
    let task = Effect::Task(dunning::call(invoice, &client, ctx.now));
    perform(ctx, &client, Action::AssignCollection, &version, task).await?;
    let why = format!("a person: call {} about invoice {}", client.name, invoice.name());
    Ok(StepOutcome::with(Next::Waiting { why }).change(taken))
}
