//! Works the units of layer 6, GBP Optimizer: from access to a profile to one that is complete.
//!
//! `audit` reads the profile, compares it with what its owner says and plans one `action` for each
//! field; `reaudit` reads it again days later, because an accepted edit is not a visible one, and
//! plans what is still missing. `calendar` plans four weeks of posts, `post` publishes one and
//! `post_check` sees whether it is live, and
//! plans another or hands it over. `review` decides on a review that came in, `reply` answers it.
//! While the client disputes a payment no post and no reply goes out; both go on when it has ended.
//!
//! What a crash leaves: an edit, post or reply that was confirmed and not committed finds its
//! receipt in the journal. A reading is simply made again.

mod decide;
mod hold;
mod publish;
mod reviews;

pub use publish::post_unit;
use serde::Deserialize;
use serde_json::json;

use super::onboarding_flow::client_of;
use super::unknown_kind;
use crate::domain::effect::{Action, Audience, Effect, ProfileEdit, ProfileRead, Receipt};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::gbp::{Intake, ProfileReading};
use crate::domain::layer::Layer;
use crate::domain::onboarding::INTAKE_FORM;
use crate::domain::operations::{
    ActionState, Client, ClientDocument, OperationsChange, ProfileAction,
};
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, EffectRequest, LayerContext};
use crate::store::operations::{onboarding, profile_work};

/// Returns the unit that starts the work on a client's profile; layer 5 plans it when access is
/// given.
pub fn audit_unit(client: &Client) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::GbpOptimizer, &client.entity, "audit/1"),
        "audit",
        format!("audit of {}", client.name),
        json!({ "round": 1 }),
    )
}

/// Returns work that time or earlier rows call for: none, every unit plans the next one.
pub fn discover(_ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    Ok(Vec::new())
}

/// Works one unit.
pub async fn run_layer(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    match unit.kind.as_str() {
        "audit" | "reaudit" => audit(ctx, unit).await,
        "action" => action(ctx, unit).await,
        "calendar" => publish::calendar(ctx, unit),
        "post" => publish::post(ctx, unit).await,
        "post_check" => publish::post_check(ctx, unit).await,
        "handover" => publish::handover(ctx, unit).await,
        "review" => reviews::review(ctx, unit).await,
        "reply" => reviews::reply(ctx, unit).await,
        _ => Err(unknown_kind(unit)),
    }
}

/// Reads what a client's intake form says; a form that is not in says nothing.
pub fn intake(form: Option<ClientDocument>) -> Intake {
    form.and_then(|form| form.content)
        .and_then(|content| serde_json::from_value(content).ok())
        .unwrap_or_default()
}

/// The input of an audit.
#[derive(Deserialize)]
struct AuditInput {
    #[serde(default)]
    cycle: u32,
    round: u32,
}

async fn audit(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let AuditInput { cycle, round } = input(unit)?;
    let client = client_of(ctx, &unit.name.entity)?;
    let (form, known) = ctx
        .store
        .read(|conn| {
            Ok((
                onboarding::document(conn, ctx.mode, &client.entity, INTAKE_FORM)?,
                profile_work::actions(conn, ctx.mode, &client.entity)?,
            ))
        })
        .map_err(WorkError::from)?;
    let intake = intake(form);
    let reading = read_profile(ctx, &client, &unit.name.version).await?;
    Ok(decide::audited(&decide::AuditFacts {
        client: &client,
        cycle,
        round,
        reading: &reading,
        intake: &intake,
        known: &known,
        now: ctx.now,
    }))
}

/// The input of an edit.
#[derive(Deserialize)]
struct ActionInput {
    #[serde(default)]
    cycle: u32,
    round: u32,
    field: String,
    before: Option<String>,
    after: String,
}

async fn action(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let ActionInput { cycle, round, field, before, after } = input(unit)?;
    let client = client_of(ctx, &unit.name.entity)?;
    let text = format!("{}: {field} sent to the profile", client.name);
    let entity = client.entity.clone();
    let version =
        if cycle == 0 { format!("{round}/{field}") } else { format!("{cycle}.{round}/{field}") };
    let known = ctx.store.read(|conn| profile_work::actions(conn, ctx.mode, &entity));
    let row = known.map_err(WorkError::from)?.into_iter().find(|row| row.action == field);
    let edit = Effect::ProfileEdit(ProfileEdit { entity, field, before, after });
    perform(ctx, &client, Action::EditProfile, &version, edit).await?;
    // Accepted is not visible: the next audit says when it is done.
    let sent = row.map(|row| ProfileAction { state: ActionState::Sent, ..row });
    let outcome = StepOutcome::done().event(NewEvent::info("profile_edited", text));
    Ok(sent.into_iter().map(OperationsChange::Action).fold(outcome, StepOutcome::change))
}

/// Reads the profile of a client as its provider shows it now.
async fn read_profile(
    ctx: &LayerContext<'_>,
    client: &Client,
    version: &str,
) -> Result<ProfileReading, Stop> {
    let effect = Effect::ProfileRead(ProfileRead { entity: client.entity.clone() });
    let receipt = perform(ctx, client, Action::ReadProfile, version, effect).await?;
    ProfileReading::deserialize(&receipt.data).map_err(|error| {
        WorkError::permanent("bad_profile", "the provider's answer is not a profile")
            .caused_by(&error)
            .hint("compare the answer with the provider's documentation")
            .into()
    })
}

async fn perform(
    ctx: &LayerContext<'_>,
    client: &Client,
    action: Action,
    version: &str,
    effect: Effect,
) -> Result<Receipt, Stop> {
    ctx.perform(EffectRequest {
        action,
        entity: client.entity.clone(),
        version: version.to_owned(),
        audience: Audience::Client,
        effect,
    })
    .await
}

/// Reads a unit's input in its own type.
fn input<'a, T: Deserialize<'a>>(unit: &'a Unit) -> Result<T, WorkError> {
    T::deserialize(&unit.payload).map_err(|error| {
        WorkError::bug("bad_payload", format!("the input of {:?} cannot be read", unit.label))
            .caused_by(&error)
    })
}
