//! Works the units of layer 8, Finance Tracker: invoices, subscriptions, and what the billing
//! provider tells of them.
//!
//! | kind | version | effect | what follows |
//! |---|---|---|---|
//! | `invoice` | `invoice/setup` | issue the invoice, once it has its number | an open invoice |
//! | `plan` | plan and day | change the subscription | nothing until the provider tells |
//! | `dunning` | period and step | remind the client, in the end a person | the next step, later |
//! | `credit` | period and place | issue the credit note, once it has its number | nothing |
//! | `subscription` | `subscription` | start the subscription | nothing until the provider tells |
//! | `delivery` | `delivery` | none | books; a paid set-up answers the onboarding |
//! | `close` | a month | none | the month's figures: MRR, churn, cash, cost of a new client |
//!
//! Money is booked only from what the provider tells, never from what was asked of it.

mod close;
mod credit;
mod decide;
mod dunning;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::unknown_kind;
use crate::domain::bookkeeping::SETUP;
use crate::domain::effect::{Action, Audience, Effect, PlanChange, Receipt, SubscriptionRequest};
use crate::domain::error::WorkError;
use crate::domain::finance::Invoice;
use crate::domain::layer::Layer;
use crate::domain::operations::{Client, Plan};
use crate::domain::outcome::{StepOutcome, Stop};
use crate::domain::pricing::{Treatment, treatment};
use crate::domain::report::{Cadence, Period};
use crate::domain::stripe::StripeEvent;
use crate::domain::time::DAY_MS;
use crate::domain::unit::{NewUnit, Unit, UnitName};
use crate::engines::orchestrator::contract::{Discover, EffectRequest, LayerContext};
use crate::store::error::StoreError;
use crate::store::operations::clients;
use crate::store::{finance, units};

use self::decide::Gathered;

/// What the units that close a month concern.
const BOOKS: &str = "books";

/// The version of a delivery that is worked again because its client has become known.
const AGAIN: &str = "delivery/again";

/// Days after a month until it is closed: payments of its last day are told by then.
const CLOSE_AFTER_DAYS: i64 = 1;

/// Plans the close of the last and of this month, once there was a client. Everything else comes
/// with the row it rests on: a contract brings its set-up invoice, go-live its subscription and a
/// delivery its unit.
pub fn discover(ctx: &Discover<'_>) -> Result<Vec<NewUnit>, WorkError> {
    let month = Period::containing(Cadence::Monthly, ctx.now);
    let mut planned = Vec::new();
    for period in [month.previous(), month] {
        let name = UnitName::new(Layer::FinanceTracker, BOOKS, period.label());
        let wanted = ctx.store.read(|conn| {
            Ok::<_, StoreError>(
                units::state_of(conn, ctx.mode, &name)?.is_none()
                    && finance::has_client_before(conn, ctx.mode, period.ends_at)?,
            )
        })?;
        if wanted {
            let label = format!("close of {}", period.label());
            let at = period.ends_at.plus_ms(CLOSE_AFTER_DAYS * DAY_MS);
            planned.push(NewUnit::ready(name, "close", label, json!({})).at(at));
        }
    }
    let outdated = ctx.store.read(|conn| finance::closes::outdated(conn, ctx.mode))?;
    planned.extend(outdated.into_iter().map(|(month, revision)| {
        let name = UnitName::new(Layer::FinanceTracker, BOOKS, format!("{month}/{}", revision + 1));
        NewUnit::ready(name, "close", format!("close of {month}, again"), json!({}))
    }));
    planned.extend(dunning::discover(ctx)?);
    planned.extend(credit::discover(ctx)?);
    let matched = ctx.store.read(|conn| finance::matched_since(conn, ctx.mode, AGAIN))?;
    planned.extend(matched.into_iter().map(|(event, payload)| {
        let name = UnitName::new(Layer::FinanceTracker, &event, AGAIN);
        NewUnit::ready(
            name,
            "delivery",
            format!("payment notice {event}, its client known"),
            payload,
        )
    }));
    Ok(planned)
}

/// Returns the unit that issues the invoice for setting a client up; layer 4 plans it with the
/// contract.
pub fn setup_unit(client: &Client) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::FinanceTracker, &client.entity, "invoice/setup"),
        "invoice",
        format!("set-up invoice of {}", client.name),
        json!({}),
    )
}

/// Returns the set-up invoice as it is before it is issued.
#[cfg(test)]
pub(super) fn planned_setup(
    client: &Client,
    pricing: &crate::config::Pricing,
    tax: Treatment,
) -> Invoice {
    decide::setup_invoice(client, pricing, tax)
}

/// Returns the unit that starts a client's subscription; layer 5 plans it at go-live.
pub fn subscription_unit(client: &Client) -> NewUnit {
    NewUnit::ready(
        UnitName::new(Layer::FinanceTracker, &client.entity, "subscription"),
        "subscription",
        format!("subscription of {}", client.name),
        json!({}),
    )
}

/// Works one unit.
pub async fn run_layer(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    match unit.kind.as_str() {
        "invoice" => issue(ctx, unit).await,
        "subscription" => subscribe(ctx, unit).await,
        "delivery" => Ok(book(ctx, unit)?),
        "plan" => change_plan(ctx, unit).await,
        "credit" => credit::issue(ctx, unit).await,
        "dunning" => dunning::remind(ctx, unit).await,
        "close" => Ok(close_month(ctx, unit)?),
        _ => Err(unknown_kind(unit)),
    }
}

/// Issues an invoice in two steps: the first takes its number in a commit of its own, so that the
/// paper that goes out has it and a crash in between loses neither.
async fn issue(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let client = client_of(ctx, &unit.name.entity)?;
    let tax = tax_of(ctx, &client)?;
    let known = ctx
        .store
        .read(|conn| finance::invoices::get(conn, ctx.mode, &client.entity, SETUP))
        .map_err(WorkError::from)?;
    let Some(invoice) = known.filter(|invoice| invoice.number.is_some()) else {
        let invoice = decide::setup_invoice(&client, &ctx.settings.pricing, tax);
        return Ok(decide::numbered(invoice, ctx.now));
    };
    let request = decide::request(&invoice, &client, &ctx.settings.agency, tax);
    let effect = Effect::Invoice(request);
    let receipt = perform(ctx, &client, Action::IssueInvoice, &invoice.period, effect).await?;
    Ok(decide::issued(&invoice, &receipt, ctx.now))
}

/// How a client's services are taxed, by its country.
fn tax_of(ctx: &LayerContext<'_>, client: &Client) -> Result<Treatment, WorkError> {
    let country = ctx.store.read(|conn| finance::country_of(conn, ctx.mode, &client.entity))?;
    let pricing = &ctx.settings.pricing;
    Ok(treatment(&pricing.tax_rules, pricing.tax_bp, country.as_deref()))
}

async fn subscribe(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let client = client_of(ctx, &unit.name.entity)?;
    let tax = tax_of(ctx, &client)?;
    let request = decide::subscription(&client, client.plan, &ctx.settings.pricing, tax);
    let effect = Effect::Subscription(request.clone());
    let receipt = perform(ctx, &client, Action::StartSubscription, &request.plan, effect).await?;
    Ok(decide::subscribed(&request, &receipt))
}

/// What a change of plan carries.
#[derive(Debug, Serialize, Deserialize)]
struct PlanWanted {
    plan: Plan,
    yearly: bool,
    change: PlanChange,
}

/// Returns the unit that puts a client on another plan; a person asks for it.
pub fn plan_unit(client: &Client, plan: Plan, yearly: bool, change: PlanChange) -> NewUnit {
    let at = change.from;
    let name = UnitName::new(
        Layer::FinanceTracker,
        &client.entity,
        format!("plan/{}/{}", plan.as_column(), at.utc_date()),
    );
    let label = format!("plan {} of {}", plan.as_column(), client.name);
    NewUnit::ready(name, "plan", label, json!(PlanWanted { plan, yearly, change })).at(at)
}

/// Returns which onboarding task a paid invoice answers, if one.
pub fn answered_by(invoice: &Invoice) -> Option<(UnitName, Value)> {
    (invoice.period == SETUP).then(|| {
        let name = UnitName::new(Layer::OnboardingFlow, &invoice.entity, "task/payment");
        (name, json!({"result": "done", "note": "the set-up invoice is paid"}))
    })
}

async fn change_plan(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, Stop> {
    let client = client_of(ctx, &unit.name.entity)?;
    let wanted = PlanWanted::deserialize(&unit.payload).map_err(|error| {
        WorkError::bug("bad_payload", format!("{:?} names no plan", unit.label)).caused_by(&error)
    })?;
    let pricing = &ctx.settings.pricing;
    let from = wanted.change.from;
    let version = format!("{}/{}", wanted.plan.as_column(), from.utc_date());
    let request = SubscriptionRequest {
        yearly: wanted.yearly.then(|| pricing.of(wanted.plan).yearly),
        changes: Some(wanted.change),
        ..decide::subscription(&client, wanted.plan, pricing, tax_of(ctx, &client)?)
    };
    let effect = Effect::Subscription(request);
    perform(ctx, &client, Action::ChangeSubscription, &version, effect).await?;
    Ok(decide::plan_changed(&client, wanted.plan, from))
}

fn book(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    let event = StripeEvent::read(&unit.payload["body"]).map_err(|error| {
        WorkError::permanent("bad_event", error.to_string())
            .hint("read the raw delivery in the inbox; skip the unit when it means nothing to us")
    })?;
    let gathered = gather(ctx, &event)?;
    Ok(decide::book(&event, &gathered, ctx.mode, ctx.settings.pricing.due_days))
}

fn close_month(ctx: &LayerContext<'_>, unit: &Unit) -> Result<StepOutcome, WorkError> {
    // `2026-01`, and `2026-01/2` when it is closed again.
    let month = unit.name.version.split('/').next().unwrap_or_default();
    let name = format!("{}:{month}", Cadence::Monthly.as_column());
    let period = Period::read(&name).ok_or_else(|| {
        WorkError::bug("bad_period", format!("{:?} names no month", unit.name.version))
    })?;
    let books = ctx.store.read(|conn| {
        let until = Some(period.ends_at);
        let wanted = finance::ledger::Wanted { until, ..finance::ledger::Wanted::default() };
        Ok::<_, StoreError>(close::Books {
            period,
            ledger_id: finance::ledger::last_id(conn, ctx.mode)?,
            rows: finance::ledger::rows(conn, ctx.mode, &wanted)?,
            contacts: finance::contacts(conn, ctx.mode, period.starts_at, period.ends_at)?,
            disputed: finance::facts::disputed(conn, ctx.mode)?,
            before: finance::closes::latest(conn, ctx.mode, month)?,
        })
    })?;
    Ok(close::closed(books, &ctx.settings.pricing))
}

/// Reads what is known of the client an event concerns: by the provider's customer, by the invoice
/// or charge it names, or by our own note on it.
fn gather(ctx: &LayerContext<'_>, event: &StripeEvent) -> Result<Gathered, WorkError> {
    let mode = ctx.mode;
    Ok(ctx.store.read(|conn| {
        let invoice = match event.invoice() {
            Some(id) => finance::invoices::by_provider(conn, mode, id)?,
            None => None,
        };
        let mut entity = match event.customer() {
            Some(customer) => finance::client_of_customer(conn, mode, customer)?,
            None => None,
        };
        if entity.is_none() {
            entity = invoice.as_ref().map(|invoice| invoice.entity.clone());
        }
        for payment in event.payments() {
            if entity.is_none() {
                entity = finance::facts::client_of_payment(conn, mode, payment)?;
            }
        }
        let entity = entity.as_deref().or(event.noted_client());
        let Some(entity) = entity else { return Ok(Gathered { invoice, ..Gathered::default() }) };
        let client = clients::get(conn, mode, entity)?;
        // The invoice may have been told of before our own row of it was written.
        let invoice = match (invoice, event.noted_period()) {
            (None, Some(period)) => finance::invoices::get(conn, mode, entity, period)?,
            (invoice, _) => invoice,
        };
        let subscriptions = finance::subscriptions::of_client(conn, mode, entity)?;
        Ok::<_, StoreError>(Gathered { client, invoice, subscriptions })
    })?)
}

fn client_of(ctx: &LayerContext<'_>, entity: &str) -> Result<Client, WorkError> {
    ctx.store.read(|conn| clients::get(conn, ctx.mode, entity))?.ok_or_else(|| {
        WorkError::permanent("no_client", format!("{entity} is no client"))
            .hint("the contract's row is missing; skip the unit or enter the client")
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

#[cfg(test)]
mod tests;
