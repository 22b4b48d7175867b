//! Works the units of layer 5, Onboarding Flow: from a signed contract to go-live.
//!
//! Layer 4 plans everything at once when a meeting is won (`first_units`): the checklist, the
//! workspace, the welcome mail and six tasks, each blocked on what it needs. A task hands itself
//! over to a person, waits for the answer, and may be handed over again when something is missing;
//! reminders are planned with it and stopped when it is done. Going live waits for the rows, not
//! only for a person's word.
//!
//! What a crash leaves: a task that was handed over and not committed finds its receipt in the
//! journal and waits, without asking anybody twice.

mod decide;
mod remind;

use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::unknown_kind;
use crate::domain::effect::{
    Action, Audience, Effect, EffectKey, Receipt, Workspace, WorkspaceFile,
};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::onboarding::{self, Answer, LastCheck, Sender, Terms, task_unit};
use crate::domain::operations::{Client, OnboardingStep, StoredFile};
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::time::Moment;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, EffectRequest, LayerContext};
use crate::store::effects;
use crate::store::error::StoreError;
use crate::store::finance::invoices;
use crate::store::operations::{clients, documents, onboarding as tasks, profile_work};
use crate::store::sales::profiles;
use crate::store::units;

/// Reminders after which a person has to act: the client has been asked often enough.
const REMINDERS_MAX: u32 = 5;

/// How layer 8 calls the period of the set-up invoice.
const SETUP_PERIOD: &str = "setup";

/// Returns the units that take a new client to go-live; layer 4 plans them when a meeting is won.
pub fn first_units(client: &Client, now: Moment) -> Vec<NewUnit> {
    let name = |version: &str| UnitName::new(Layer::OnboardingFlow, &client.entity, version);
    let unit = |version: &str, label: &str| {
        NewUnit::ready(name(version), version, format!("{label} {}", client.name), json!({}))
    };
    let mut planned = vec![
        unit("checklist", "checklist of"),
        unit("workspace", "workspace of"),
        unit("welcome", "welcome mail to"),
    ];
    planned.extend(onboarding::checklist(client).into_iter().map(|row| {
        let step = row.task;
        let unit = NewUnit::ready(
            task_unit(&client.entity, step),
            "task",
            format!("{} of {}", step.as_column().replace('_', "-"), client.name),
            json!({ "task": step }),
        )
        .due(row.due_at.max(now));
        match step.node().needs {
            [] => unit.after(name("checklist")),
            needed => needed
                .iter()
                .fold(unit, |unit, &needed| unit.after(task_unit(&client.entity, needed))),
        }
    }));
    planned
}

/// Returns work that time or earlier rows call for: none, every unit follows from another one.
pub fn discover(_ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    Ok(Vec::new())
}

/// Works one unit.
pub async fn run_layer(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let client = client_of(ctx, &unit.name.entity)?;
    match unit.kind.as_str() {
        "checklist" => Ok(decide::checklist(&client)),
        "workspace" => {
            let workspace = Effect::Workspace(onboarding::workspace(&client));
            let receipt = perform(ctx, &client, Action::CreateWorkspace, "1", workspace).await?;
            Ok(decide::workspace(&client, &receipt))
        }
        "welcome" => {
            let mail = Effect::Mail(onboarding::welcome(&client, sender(ctx)?));
            perform(ctx, &client, Action::SendClientMail, "welcome", mail).await?;
            Ok(decide::welcomed(&client))
        }
        "reminder" => remind::again(ctx, unit, &client).await,
        "progress" => progress(ctx, unit, &client).await,
        "file" => file(ctx, unit, &client).await,
        "contract" => contract(ctx, unit, &client).await,
        "nudge" => remind::nudge(ctx, unit, &client).await,
        "call" => remind::call(ctx, unit, &client).await,
        "task" => task(ctx, unit, &client).await,
        _ => Err(unknown_kind(unit)),
    }
}

/// Returns the unit that copies a document, which lies at `source`, into the client's workspace.
pub fn file_unit(client: &Client, document: &str, file: &StoredFile, source: &Path) -> NewUnit {
    let wanted = WorkspaceFile {
        path: file.path.clone(),
        source: source.display().to_string(),
        digest: file.digest.clone(),
    };
    let version = format!("file/{document}/{}", file.digest);
    NewUnit::ready(
        UnitName::new(Layer::OnboardingFlow, &client.entity, version),
        "file",
        format!("{document} of {} into its workspace", client.name),
        json!(wanted),
    )
}

/// Copies a document into the client's workspace.
async fn file(ctx: &LayerContext<'_>, unit: &Unit, client: &Client) -> Result<StepOutcome, Stop> {
    let file: WorkspaceFile = super::payload(unit)?;
    let text = format!("{}: {} is in the workspace", client.name, file.path);
    let workspace = Effect::Workspace(Workspace {
        entity: client.entity.clone(),
        name: client.name.clone(),
        documents: Vec::new(),
        files: vec![file],
    });
    perform(ctx, client, Action::CreateWorkspace, &unit.name.version, workspace).await?;
    Ok(StepOutcome::done().event(NewEvent::info("document_filed", text)))
}

/// Returns the unit that writes the checklist anew after a step is done.
fn progress_unit(client: &Client, step: OnboardingStep) -> NewUnit {
    let step = step.as_column();
    NewUnit::ready(
        UnitName::new(Layer::OnboardingFlow, &client.entity, format!("checklist/{step}")),
        "progress",
        format!("checklist of {}, {} done", client.name, step.replace('_', "-")),
        json!({}),
    )
}

/// Writes the checklist anew, as the rows are. What was sent once is sent again as it was, whatever
/// has been done meanwhile: that has a unit of its own, and the older one gives way to it.
async fn progress(
    ctx: &LayerContext<'_>,
    unit: &Unit,
    client: &Client,
) -> Result<StepOutcome, Stop> {
    let (mode, entity, version) = (ctx.mode, client.entity.as_str(), &unit.name.version);
    let action = Action::CreateWorkspace;
    let key = EffectKey::new(mode, Layer::OnboardingFlow, entity, action, version);
    let (sent, rows) = ctx
        .store
        .read(|conn| {
            Ok::<_, StoreError>((
                effects::get(conn, mode, &key)?,
                tasks::tasks(conn, mode, entity)?,
            ))
        })
        .map_err(WorkError::from)?;
    let effect = sent.map_or_else(
        || Effect::Workspace(onboarding::progress(client, &rows)),
        |sent| sent.payload,
    );
    perform(ctx, client, action, version, effect).await?;
    Ok(StepOutcome::done())
}

/// Returns the unit that writes the draft of the contract.
fn contract_unit(client: &Client) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::OnboardingFlow, &client.entity, "contract/1"),
        "contract",
        format!("contract of {}, a draft", client.name),
        json!({}),
    )
}

/// Writes the draft of the contract into the client's workspace.
async fn contract(
    ctx: &LayerContext<'_>,
    unit: &Unit,
    client: &Client,
) -> Result<StepOutcome, Stop> {
    let (agency, pricing) = (&ctx.settings.agency, &ctx.settings.pricing);
    let price = pricing.of(client.plan);
    let terms = Terms {
        agency: &agency.name,
        address: &agency.postal_address,
        monthly: price.monthly,
        setup: price.setup,
        due_days: pricing.due_days,
    };
    let workspace = Effect::Workspace(onboarding::contract(client, terms));
    perform(ctx, client, Action::CreateWorkspace, &unit.name.version, workspace).await?;
    Ok(decide::drafted(client))
}

/// Hands a task over, or works with the answer to it.
async fn task(ctx: &LayerContext<'_>, unit: &Unit, client: &Client) -> Result<StepOutcome, Stop> {
    let step = step_of(unit)?;
    let Some(answer) = &unit.answer else {
        if let Some(task) = onboarding::handover(client, step) {
            let effect = Effect::Task(task);
            perform(ctx, client, Action::AssignOnboarding, step.as_column(), effect).await?;
        }
        let outcome = remind::planned(decide::handed_over(client, step), client, step, ctx.now);
        return Ok(if step == OnboardingStep::Contract {
            outcome.unit(contract_unit(client))
        } else {
            outcome
        });
    };
    let answer = onboarding::read_answer(step, answer)?;
    if step == OnboardingStep::GoLive && matches!(answer, Answer::Done { .. }) {
        let missing = onboarding::missing(client, &last_check(ctx, client)?);
        if !missing.is_empty() {
            return Ok(decide::not_live_yet(client, &missing, ctx.now));
        }
    }
    let reminders = reminders(ctx, client, step)?;
    let outcome = decide::answered(client, step, &answer, reminders, ctx.now);
    if matches!(answer, Answer::Declined { .. }) {
        let invoice = ctx
            .store
            .read(|conn| invoices::get(conn, ctx.mode, &client.entity, SETUP_PERIOD))
            .map_err(WorkError::from)?;
        return Ok(decide::withdrawn(outcome, invoice.as_ref()));
    }
    Ok(decide::with_followers(outcome, client, step, &answer, ctx.now))
}

/// Reads what has to be true before a client goes live.
fn last_check(ctx: &LayerContext<'_>, client: &Client) -> Result<LastCheck, WorkError> {
    let (mode, entity) = (ctx.mode, client.entity.as_str());
    let check = ctx.store.read(|conn| {
        let actions = profile_work::actions(conn, mode, entity)?;
        let invoice = invoices::get(conn, mode, entity, SETUP_PERIOD)?;
        Ok(LastCheck {
            tasks: tasks::tasks(conn, mode, entity)?,
            documents: documents::of_client(conn, mode, entity)?,
            profile_read: profiles::version(conn, mode, entity, "before")?.is_some(),
            edits: actions.len(),
            edits_visible: actions.iter().filter(|action| action.done_at.is_some()).count(),
            setup_invoice: invoice.map(|invoice| invoice.state),
        })
    })?;
    Ok(check)
}

fn step_of(unit: &Unit) -> Result<OnboardingStep, WorkError> {
    OnboardingStep::deserialize(&unit.payload["task"]).map_err(|error| {
        WorkError::bug("bad_payload", format!("{:?} names no onboarding task", unit.label))
            .caused_by(&error)
    })
}

/// Counts the reminders for a step that were planned so far.
fn reminders(
    ctx: &LayerContext<'_>,
    client: &Client,
    step: OnboardingStep,
) -> Result<u32, WorkError> {
    let count = ctx.store.read(|conn| {
        for number in 1..=REMINDERS_MAX {
            let name = decide::reminder_unit(&client.entity, step, number);
            if units::state_of(conn, ctx.mode, &name)?.is_none() {
                return Ok(number - 1);
            }
        }
        Ok(REMINDERS_MAX)
    })?;
    Ok(count)
}

/// Reads the client that a unit is about; layer 6 does the same.
pub(super) fn client_of(ctx: &LayerContext<'_>, entity: &str) -> Result<Client, WorkError> {
    let client = ctx.store.read(|conn| clients::get(conn, ctx.mode, entity))?;
    client.ok_or_else(|| {
        WorkError::permanent("no_client", format!("{entity} is not a client"))
            .hint("skip the unit, or restore the client's row and retry it")
    })
}

/// Names who signs; a client is never written to by nobody.
fn sender<'a>(ctx: &'a LayerContext<'_>) -> Result<Sender<'a>, WorkError> {
    let agency = &ctx.settings.agency;
    if agency.from_email.is_empty() {
        return Err(WorkError::permanent("sender_incomplete", "no From address is set")
            .hint("set agency.from_email in the configuration, then retry the unit"));
    }
    Ok(Sender { agency: &agency.name, name: &agency.from_name, email: &agency.from_email })
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
